"""Statements about exceptions: `raise`, `try` with all its parts, and `with`."""

from __future__ import annotations

import ast
import contextlib
import functools
import types
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback, TracerSignal
from tracetensor.graph.node import Variable, constant
from tracetensor.graph.ops import exceptions
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.tracer import source as source_
from tracetensor.tracer.attempts import ANY, Outcome
from tracetensor.tracer.builtin import handles
from tracetensor.tracer.flow import COMPLETIONS, NORMAL, Completion, RaisedInBranch
from tracetensor.tracer.generators import Consumer
from tracetensor.tracer.statements import Statements
from tracetensor.tracer.values import (
    UNBOUND,
    InterpretedFunction,
    Traced,
    TracedManager,
    TracedObject,
    TracedUnion,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.frames import Frame
    from tracetensor.tracer.interpreter import Interpreter

HARMLESS_FILTERS = frozenset({"ignore", "default", "once", "module"})
HARMLESS_MODES = frozenset({"ignore", "warn"})
"""Modes of numpy.errstate under which a run, which never warns, does what it does anyway."""


@handles(warnings.simplefilter, warnings.filterwarnings)
def _filter(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> None:
    if not interpreter.attempts.quiet or (args or [kwargs.get("action")])[0] not in HARMLESS_FILTERS:
        msg = "a filter of warnings is set"
        raise Fallback(msg)


@handles(np.seterr, np.seterrcall, np.set_printoptions, np.setbufsize)
def _global_setting(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> None:
    msg = "a setting of NumPy's is changed for good (seterr, set_printoptions, …)"
    raise Fallback(msg)


def _manager(cls: Any) -> None:
    """Let a call of a class of context managers make one while tracing."""
    handles(cls)(lambda interpreter, args, kwargs: cls(*args, **kwargs))


for _cls in (contextlib.suppress, contextlib.nullcontext, warnings.catch_warnings, np.errstate):
    _manager(_cls)


@handles(contextlib.closing)
def _closing(interpreter: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return TracedManager(interpreter.outside.prelude(interpreter, "closing_", args, kwargs))


@handles(contextlib.contextmanager)
def _contextmanager(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (function,) = args
    return (
        functools.partial(_managing, function)
        if type(function) is InterpretedFunction
        else contextlib.contextmanager(function)
    )


def _managing(*args: Any, **kwargs: Any) -> Any:
    """Stands for a context manager that is a generator function defined inside: see its handler."""
    raise NotImplementedError


@handles(_managing)
def _make_manager(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> TracedManager:
    return TracedManager(interpreter.call(args[0], args[1:], kwargs))


class Handlers(Statements):
    """Executes `raise`, `try` and `with`."""

    # raise -------------------------------------------------------------------------------------------------------

    def do_Raise(self, frame: Frame, node: ast.Raise) -> Completion:
        if node.exc is None:
            if not self.attempts.handled:
                msg = f"line {node.lineno}: `raise` where no exception is handled"
                raise Fallback(msg)
            self._raise_object(self.attempts.handled[-1], again=True)
        if isinstance(node.exc, ast.Call):
            cls = self.expression(frame, node.exc.func)
            if _is_exception(cls):
                args = self._elements(frame, node.exc.args)
                kwargs = {k.arg or "": self.expression(frame, k.value) for k in node.exc.keywords}
                if "" in kwargs:
                    msg = f"line {node.lineno}: an exception made with ** arguments"
                    raise Fallback(msg)
                if node.cause is None and not kwargs:
                    frame.line = node.lineno
                    self._raise(cls, args)
                value: Any = self.make_exception(cls, args, kwargs)
            else:
                value = self.expression(frame, node.exc)
        else:
            assert node.exc is not None
            value = self.expression(frame, node.exc)
        cause = () if node.cause is None else (self.expression(frame, node.cause),)
        frame.line = node.lineno
        self.distribute(value, lambda v: self._raise_value(v, cause))
        raise RaisedInBranch

    def make_exception(self, cls: type, args: list[Any], kwargs: dict[str, Any]) -> TracedObject:
        """cls(*args, **kwargs), made at run time."""
        values: list[Variable] = []
        arguments = tuple([self.calls.template(a, values) for a in args])
        keywords = tuple([(k, self.calls.template(v, values)) for k, v in kwargs.items()])
        params = {"exception": cls, "arguments": arguments, "keywords": keywords}
        made = self.state.emit(
            exceptions.make_exception, values, {**params, "serial": self.attempts.next_serial()}
        )
        return TracedObject(made.out)

    def _raise_value(self, value: Any, cause: tuple[Any, ...]) -> None:
        if _is_exception(value):
            if not cause:
                self._raise(value, [])
            value = self.make_exception(value, [], {})
        if isinstance(value, BaseException):
            value = TracedObject(constant(value, exceptions.EXCEPTION))
        if type(value) is not TracedObject:
            if isinstance(value, Traced) and type(value) is TracedUnion:
                msg = "one of several values is raised"
                raise Fallback(msg)
            self._raise(TypeError, ["exceptions must derive from BaseException"])
        if not cause:
            self._raise_object(value)
        self.distribute(cause[0], lambda c: self._raise_object(value, (c,)))

    def _raise_object(self, value: TracedObject, cause: tuple[Any, ...] = (), *, again: bool = False) -> None:
        """Raise an exception that is known at run time, perhaps from a cause."""
        inputs = [self.arrays.variable(value)]
        for found in cause:
            if type(found) is TracedObject:
                inputs.append(self.arrays.variable(found))
            elif found is None or _is_exception(found) or isinstance(found, BaseException):
                inputs.append(constant(found, exceptions.EXCEPTION))
            else:
                self._raise(TypeError, ["exception causes must derive from BaseException"])
        self.state.emit(exceptions.raise_object, inputs, {"again": again})
        raise RaisedInBranch

    # try -----------------------------------------------------------------------------------------------------------

    def do_Try(self, frame: Frame, node: ast.Try) -> Completion:
        return self.try_(frame, node, [])

    def try_(self, frame: Frame, node: ast.Try, rest: list[ast.stmt]) -> Completion:
        if not node.finalbody:
            return self._excepting(frame, node, rest)
        live = frame.source.live[node].head

        def protected() -> Completion:
            return self._excepting(frame, node, []) if node.handlers else self.block(frame, node.body)

        def finished(completion: Completion) -> Completion:
            return self._finally(completion, lambda: self.block(frame, node.finalbody))

        def failed(exception: TracedObject) -> Completion:
            ended = self.block(frame, node.finalbody)
            return self._reraised_unless_left(exception, ended)

        return self._caught(frame, live, protected, finished, failed)

    def _caught(
        self,
        frame: Frame,
        live: frozenset[str],
        protected: Callable[[], Completion],
        finished: Callable[[Completion], Completion],
        failed: Callable[[TracedObject], Completion],
    ) -> Completion:
        """Run a block, then `finished`; or `failed`, while its exception is handled."""
        kinds: set[int] = set()
        outcome = self.attempts.attempt(frame, live, ANY, _coded(protected, kinds))

        def completed() -> Completion:
            return finished(Completion(frozenset(kinds), outcome.completed()))

        def caught() -> Completion:
            outcome.failed()
            return self._handling(outcome.exception, lambda: failed(outcome.exception))

        return self._after(outcome, completed, caught)

    def _after(
        self, outcome: Outcome, completed: Callable[[], Completion], caught: Callable[[], Completion]
    ) -> Completion:
        """Go on after a block in one of two ways."""
        if outcome.code is None:
            return completed()
        if outcome.raised:
            return caught()
        fine = self.state.emit(PYTHON["eq"], [outcome.code, constant(0)]).out
        return self.control.choose_block(fine, completed, caught)

    def _handling(self, exception: TracedObject, action: Callable[[], Completion]) -> Completion:
        kinds: set[int] = set()
        code = self.attempts.handling(exception, _coded(action, kinds))
        return Completion(frozenset(kinds), code)

    def _finally(self, pending: Completion, final: Callable[[], Completion]) -> Completion:
        """What a block completes with, unless its `finally` leaves in a way of its own."""
        ended = final()
        if ended.only == NORMAL:
            return pending
        if NORMAL not in ended.kinds:
            return ended
        fine = self.control.is_kind(ended, {NORMAL})
        left = Completion(ended.kinds - {NORMAL}, ended.code)
        return self.control.choose_block(fine, lambda: pending, lambda: left)

    def _reraised_unless_left(self, exception: TracedObject, ended: Completion) -> Completion:
        """Raise the exception again, unless the block that ran meanwhile ended by return, break or continue."""
        if NORMAL not in ended.kinds:
            return ended

        def again() -> Completion:
            self._raise_object(exception, again=True)
            return COMPLETIONS[NORMAL]

        if ended.only == NORMAL:
            return again()
        fine = self.control.is_kind(ended, {NORMAL})
        left = Completion(ended.kinds - {NORMAL}, ended.code)
        return self.control.choose_block(fine, again, lambda: left)

    def _excepting(self, frame: Frame, node: ast.Try, rest: list[ast.stmt]) -> Completion:
        """try … except … else …, then what follows in the block where no exception was raised."""
        live = frame.source.live[node].head
        classes = self._classes(frame, node)
        kinds: set[int] = set()
        outcome = self.attempts.attempt(
            frame, live, classes, _coded(lambda: self.block(frame, node.body), kinds)
        )

        def completed() -> Completion:
            completion = Completion(frozenset(kinds), outcome.completed())
            return self.then(frame, completion, [*node.orelse, *rest])

        def caught(k: int) -> Completion:
            if k < len(node.handlers) - 1:
                assert outcome.code is not None
                code = self.state.region.lift(outcome.code)
                is_k = self.state.emit(PYTHON["eq"], [code, constant(k + 1)]).out
                return self.control.choose_block(
                    is_k, lambda: self._handler(frame, node.handlers[k], outcome), lambda: caught(k + 1)
                )
            return self._handler(frame, node.handlers[k], outcome)

        return self._after(outcome, completed, lambda: caught(0))

    def _handler(self, frame: Frame, handler: ast.ExceptHandler, outcome: Outcome) -> Completion:
        outcome.failed()
        frame.line = handler.lineno

        def action() -> Completion:
            if handler.name is None:
                return self.block(frame, handler.body)
            name = handler.name
            self.store_name(frame, name, outcome.exception)
            completion: Completion = self.attempts.naming(
                frame, name, lambda: self.block(frame, handler.body)
            )
            self.store_name(frame, name, UNBOUND)
            return completion

        return self._handling(outcome.exception, action)

    def _classes(self, frame: Frame, node: ast.Try) -> tuple[tuple[type, ...], ...]:
        """The classes of exceptions that each handler takes."""
        changed = source_.names_assigned(node.body)
        result: list[tuple[type, ...]] = []
        for handler in node.handlers:
            if handler.type is None:
                result.append((BaseException,))
                continue
            frame.line = handler.lineno
            try:
                found = self.expression(frame, handler.type)
            except Exception:
                found = None
            group = _flat(found)
            if group is None or changed & source_.names_loaded(handler.type):
                msg = f"line {handler.lineno}: the classes of an `except` are not known while tracing"
                raise Fallback(msg)
            if any(issubclass(c, (KeyboardInterrupt, TracerSignal)) for c in group):
                msg = f"line {handler.lineno}: `except KeyboardInterrupt`"
                raise Fallback(msg)
            result.append(group)
        return tuple(result)

    def do_TryStar(self, frame: Frame, node: Any) -> Completion:
        msg = f"line {node.lineno}: `except*`"
        raise Fallback(msg)

    # with ----------------------------------------------------------------------------------------------------------

    def do_With(self, frame: Frame, node: ast.With) -> Completion:
        return self._with(frame, node, 0)

    def _with(self, frame: Frame, node: ast.With, position: int) -> Completion:
        """The managers from this position on, around the body."""
        if position == len(node.items):
            return self.block(frame, node.body)
        item = node.items[position]
        manager = self.expression(frame, item.context_expr)
        frame.line = item.context_expr.lineno

        def inside(value: Any) -> Completion:
            if item.optional_vars is not None:
                self.assign(frame, item.optional_vars, value)
            return self._with(frame, node, position + 1)

        if isinstance(manager, np.errstate):
            self._check_errstate(manager, node.lineno)
            return inside(None)
        if type(manager) is contextlib.nullcontext:
            return inside(manager.enter_result)
        if type(manager) is contextlib.suppress:
            return self._suppressing(frame, node, manager, lambda: inside(None))
        if type(manager) is warnings.catch_warnings:
            return self._without_warnings(manager, node.lineno, lambda: inside(None))
        if type(manager) is TracedManager:
            return self._around(frame, node, manager, inside)
        return self._managed(frame, node, manager, inside)

    def _around(
        self, frame: Frame, node: ast.With, manager: TracedManager, inside: Callable[[Any], Completion]
    ) -> Completion:
        """A generator around the block, which is executed where it yields; what the block raises is raised there.

        However the block is left, the generator goes on behind its yield.
        """
        source = manager.generator.source
        if manager.generator.finished is not False or manager.generator.running:
            msg = f"line {node.lineno}: the context manager {source.qualname} is entered twice"
            raise Fallback(msg)
        if not _yields_once(source.body):
            msg = f"line {node.lineno}: the context manager {source.qualname} does not yield just once"
            raise Fallback(msg)
        name, kinds = f".with {len(self.state.frames)}:{node.lineno}:{node.col_offset}", {NORMAL}
        self.set_local(frame, name, NORMAL)

        def body(value: Any) -> Completion:
            completion = inside(value)
            kinds.update(completion.kinds)
            self.set_local(frame, name, completion.code)
            return COMPLETIONS[NORMAL]

        live = frame.source.live[node]
        names = frozenset(source_.names_assigned([node]))
        consumer = Consumer(frame, body, names | {name}, live.head, live.after | {name}, manager=True)
        self.generators.drive(manager.generator, consumer)
        code = frame.locals.pop(name)
        if type(code) is int:
            return COMPLETIONS[code] if code < len(COMPLETIONS) else Completion(frozenset({code}), code)
        return Completion(frozenset(kinds), code)

    def _check_errstate(self, manager: np.errstate, line: int) -> None:
        modes = set(_state_of(manager).values()) - {None}
        if not modes <= HARMLESS_MODES:
            msg = f"line {line}: numpy.errstate that raises, calls or prints"
            raise Fallback(msg)

    def _suppressing(
        self, frame: Frame, node: ast.With, manager: Any, inside: Callable[[], Completion]
    ) -> Completion:
        classes = _flat(manager._exceptions)
        if classes is None or any(issubclass(c, KeyboardInterrupt) for c in classes):
            msg = f"line {node.lineno}: contextlib.suppress of classes that are not known while tracing"
            raise Fallback(msg)
        kinds: set[int] = set()
        outcome = self.attempts.attempt(
            frame, frame.source.live[node].head, (classes,), _coded(inside, kinds)
        )

        def caught() -> Completion:
            outcome.failed()
            return COMPLETIONS[NORMAL]

        return self._after(outcome, lambda: Completion(frozenset(kinds), outcome.completed()), caught)

    def _without_warnings(self, manager: Any, line: int, inside: Callable[[], Completion]) -> Completion:
        """A run never warns, so filters of warnings change nothing, where no library function is called back."""
        action = manager._filter[0] if manager._filter else "ignore"
        if manager._record or action not in HARMLESS_FILTERS:
            msg = f"line {line}: warnings are recorded, or made errors"
            raise Fallback(msg)
        before = self.state.callbacks
        self.attempts.quiet += 1
        try:
            completion = inside()
        finally:
            self.attempts.quiet -= 1
        if self.state.callbacks != before:
            msg = f"line {line}: a library function that might warn is called where warnings are filtered"
            raise Fallback(msg)
        return completion

    def _managed(
        self, frame: Frame, node: ast.With, manager: Any, inside: Callable[[Any], Completion]
    ) -> Completion:
        """A manager whose methods are interpreted."""
        enter, leave = (getattr(type(manager), name, None) for name in ("__enter__", "__exit__"))
        if isinstance(manager, Traced) or not (
            isinstance(enter, types.FunctionType) and isinstance(leave, types.FunctionType)
        ):
            msg = f"line {node.lineno}: `with` a {type(manager).__name__}"
            raise Fallback(msg)
        line = frame.line
        value = self.call(enter, [manager], {})

        def leaving(*arguments: Any) -> Any:
            frame.line = line
            return self.call(leave, [manager, *arguments], {})

        def finished(completion: Completion) -> Completion:
            leaving(None, None, None)
            return completion

        def failed(exception: TracedObject) -> Completion:
            values = [self.calls.about(exception, name) for name in ("__class__", "__traceback__")]
            swallowed = self.truth_of(leaving(values[0], exception, values[1]))

            def again() -> Completion:
                self._raise_object(exception, again=True)
                return COMPLETIONS[NORMAL]

            if type(swallowed) is bool:
                return COMPLETIONS[NORMAL] if swallowed else again()
            return self.control.choose_block(swallowed, lambda: COMPLETIONS[NORMAL], again)

        return self._caught(frame, frame.source.live[node].head, lambda: inside(value), finished, failed)


def _yields_once(body: list[ast.stmt]) -> bool:
    """Whether a generator's body yields at one place, which is reached once unless something is raised before."""
    count = sum(isinstance(n, (ast.Yield, ast.YieldFrom)) for s in body for n in ast.walk(s))

    def reached(statements: list[ast.stmt]) -> bool:
        for statement in statements:
            value = getattr(statement, "value", None)
            if isinstance(value, ast.Yield):
                return True
            if isinstance(statement, ast.Try) and (reached(statement.body) or reached(statement.orelse)):
                return True
            if isinstance(statement, ast.With) and reached(statement.body):
                return True
            if any(isinstance(n, ast.Return) for n in ast.walk(statement)):
                return False
        return False

    return count == 1 and reached(body)


def _coded(block: Callable[[], Completion], kinds: set[int]) -> Callable[[], Any]:
    """The block as an action whose result is the code of its completion, of one of the `kinds`."""

    def action() -> Any:
        completion = block()
        kinds.update(completion.kinds)
        return completion.code

    return action


def _is_exception(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _flat(classes: Any) -> tuple[type, ...] | None:
    """The classes in nested tuples; None if something else is among them."""
    if _is_exception(classes):
        return (classes,)
    if type(classes) is not tuple:
        return None
    parts = [_flat(c) for c in classes]
    return None if any(p is None for p in parts) else tuple([c for p in parts for c in p or ()])


def _state_of(manager: np.errstate) -> dict[str, Any]:
    """The modes that a numpy.errstate sets."""
    found = getattr(manager, "kwargs", None)
    if found is not None:
        return dict(found)
    modes = {name: getattr(manager, name) for name in ("_all", "_divide", "_over", "_under", "_invalid")}
    return modes if np.errstate()._call is manager._call else {**modes, "_call": manager._call}  # type: ignore[attr-defined]
