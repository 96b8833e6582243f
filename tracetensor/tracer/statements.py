"""Statements: blocks, branches, loops, and what leaves them."""

from __future__ import annotations

import ast
import functools
import types
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.node import Variable
from tracetensor.graph.ops import control
from tracetensor.tracer import source as source_
from tracetensor.tracer.changing import may_change
from tracetensor.tracer.derived import Scheduled
from tracetensor.tracer.expressions import OPERATORS, Expressions
from tracetensor.tracer.flow import (
    BREAK,
    COMPLETIONS,
    CONTINUE,
    NORMAL,
    RETURN,
    Completion,
    Loop,
    RaisedInBranch,
)
from tracetensor.tracer.frames import RETURN_NAME
from tracetensor.tracer.generators import Consumer, is_lazy
from tracetensor.tracer.state import Box
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    UNBOUND,
    Traced,
    TracedArray,
    TracedList,
    TracedStore,
    TracedUnion,
    is_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.frames import Frame


class Statements(Expressions):
    """Executes statements."""

    def block(self, frame: Frame, statements: list[ast.stmt]) -> Completion:
        """Execute statements; those after one that may leave the block are guarded by whether it did."""
        for position, statement in enumerate(statements):
            rest = statements[position + 1 :]
            if isinstance(statement, ast.If) and rest and _leaves(statement):
                return self._if(frame, statement, rest)
            if isinstance(statement, ast.Try) and rest and _handlers_leave(statement):
                return self.try_(frame, statement, rest)
            completion = self.statement(frame, statement)
            if completion.only == NORMAL:
                continue
            if NORMAL not in completion.kinds or not rest:
                return completion
            going_on = self.control.is_kind(completion, {NORMAL})
            left = Completion(completion.kinds - {NORMAL}, completion.code)
            return self._guarded(frame, rest, going_on, left)
        return COMPLETIONS[NORMAL]

    def try_(self, frame: Frame, node: ast.Try, rest: list[ast.stmt]) -> Completion:
        """A try statement, and what follows where it completes without an exception: see handlers.py."""
        raise NotImplementedError

    def _guarded(self, frame: Frame, rest: list[ast.stmt], going_on: Any, left: Completion) -> Completion:
        """The rest of a block, unless it was left."""
        return self.control.choose_block(going_on, lambda: self.block(frame, rest), lambda: left)

    def statement(self, frame: Frame, node: ast.stmt) -> Completion:
        """Execute one statement."""
        frame.line = node.lineno
        method = getattr(self, "do_" + type(node).__name__, None)
        if method is None:
            name = {"ClassDef": "class", "TryStar": "except*"}.get(
                type(node).__name__, type(node).__name__.lower()
            )
            msg = f"line {node.lineno}: `{name}` statements are not traced"
            raise Fallback(msg)
        try:
            completion: Completion | None = method(frame, node)
        except Exception as error:
            self.state.note_raised(error)
            raise
        return completion or COMPLETIONS[NORMAL]

    def do_Expr(self, frame: Frame, node: ast.Expr) -> Completion | None:
        if isinstance(node.value, (ast.Yield, ast.YieldFrom)):
            return self._yield(frame, node.value, None)
        if not isinstance(node.value, ast.Constant):
            self.expression(frame, node.value)
        return None

    def _yield(
        self, frame: Frame, node: ast.Yield | ast.YieldFrom, then: Callable[[Any], None] | None
    ) -> Completion:
        """A yield as a statement; `then` is done with what it gives: what was sent, None, or a generator's result."""
        value = None if node.value is None else self.expression(frame, node.value)
        if isinstance(node, ast.Yield):
            completion, result = self.generators.yielded(frame, value), None
        else:
            completion, result = self.generators.delegate(frame, value)
        frame.line = node.lineno
        if then is None:
            return completion
        going_on = self.control.is_kind(completion, {NORMAL})
        if going_on is True:
            then(result)
            return COMPLETIONS[NORMAL]
        if going_on is False:
            return completion
        left = Completion(completion.kinds - {NORMAL}, completion.code)

        def on() -> Completion:
            then(self.without_unbound(result))
            return COMPLETIONS[NORMAL]

        return self.control.choose_block(going_on, on, lambda: left)

    def without_unbound(self, value: Any) -> Any:
        """The value of a name that is known to be bound where it is used."""
        if type(value) is TracedUnion:
            return self.control.without(value, lambda v: v is UNBOUND)
        return value

    def do_Pass(self, frame: Frame, node: ast.Pass) -> None:
        pass

    def do_Break(self, frame: Frame, node: ast.Break) -> Completion:
        return COMPLETIONS[BREAK]

    def do_Continue(self, frame: Frame, node: ast.Continue) -> Completion:
        return COMPLETIONS[CONTINUE]

    def do_Global(self, frame: Frame, node: ast.Global) -> None:
        pass

    def do_Nonlocal(self, frame: Frame, node: ast.Nonlocal) -> None:
        pass

    def do_Return(self, frame: Frame, node: ast.Return) -> Completion:
        if isinstance(node.value, (ast.Yield, ast.YieldFrom)) and frame.source.generator:
            completion = self._yield(
                frame, node.value, lambda value: self.set_local(frame, RETURN_NAME, value)
            )
            return self.control.recoded(completion, {NORMAL: RETURN})
        value = None if node.value is None else self.expression(frame, node.value)
        self.set_local(frame, RETURN_NAME, value)
        return COMPLETIONS[RETURN]

    def do_Assign(self, frame: Frame, node: ast.Assign) -> Completion | None:
        def bind(value: Any) -> None:
            for target in node.targets:
                self.assign(frame, target, value)

        if isinstance(node.value, (ast.Yield, ast.YieldFrom)):
            return self._yield(frame, node.value, bind)
        bind(self.expression(frame, node.value))
        return None

    def do_AnnAssign(self, frame: Frame, node: ast.AnnAssign) -> Completion | None:
        if isinstance(node.value, (ast.Yield, ast.YieldFrom)):
            return self._yield(frame, node.value, lambda value: self.assign(frame, node.target, value))
        if node.value is not None:
            self.assign(frame, node.target, self.expression(frame, node.value))
        return None

    def do_AugAssign(self, frame: Frame, node: ast.AugAssign) -> None:
        name = OPERATORS[type(node.op)]
        target: Any = node.target
        if isinstance(target, ast.Name):
            old = self.load_name(frame, target.id)
            self.store_name(frame, target.id, self.augment(name, old, self.expression(frame, node.value)))
        elif isinstance(target, ast.Subscript):
            container = self.expression(frame, target.value)
            index = self.expression(frame, target.slice)
            self.control.resolve_all(
                [container, index], lambda pair: self._augment_item(frame, pair[0], pair[1], name, node.value)
            )
        else:
            owner = self.expression(frame, target.value)
            self.control.resolve_all(
                [owner], lambda v: self._augment_attribute(frame, v[0], target.attr, name, node.value)
            )

    def _augment_attribute(
        self, frame: Frame, owner: Any, attribute: str, name: str, expression: ast.expr
    ) -> None:
        old = self.calls.attribute(owner, attribute)
        self.calls.set_attribute(
            owner, attribute, self.augment(name, old, self.expression(frame, expression))
        )

    def _augment_item(
        self, frame: Frame, container: Any, index: Any, name: str, expression: ast.expr
    ) -> None:
        old = self.sequences.get_item(container, index)
        value = self.expression(frame, expression)
        if type(container) is TracedArray:
            augmented = type(old) is TracedArray and old.storage is container.storage
            if augmented:
                value = self.operations.augmented(name, old, value)
            elif type(old) is TracedArray:  # a copy, computed in place and then written
                value = self.augment(name, old, value)
            else:
                value = self.operations.binary(name, old, value)
            self.control.resolve_all(
                [value], lambda v: self.arrays.set_index(container, index, v[0], augmented=augmented)
            )
            return
        self.sequences.set_item(container, index, self.augment(name, old, value))

    def augment(self, name: str, old: Any, value: Any) -> Any:
        """old op= value: in place for arrays and lists, else a new value."""
        if type(old) is TracedUnion:
            return self.control.resolve(old, lambda v: self.augment(name, v, value))
        if is_object(old):
            return self.special.binary(name, old, value, in_place=True)
        if type(old) is TracedStore:
            return self.stores.augment(name, old, value)
        if type(old) is TracedArray:
            result = self.operations.augmented(name, old, value)
            self.control.resolve_all(
                [result], lambda v: self.arrays.overwrite(old, self.arrays.variable(v[0]), augmented=True)
            )
            return old
        if type(old) is TracedList and name == "add":
            self.sequences.extend(old, value)
            return old
        if type(old) is TracedList and name == "mul":
            self.sequences.check_list(old, "repetition")
            new = self.sequences.repeated(old, value)
            self.state.write(
                ("items", Box(old)), (list(list.__iter__(new)) if new.dynamic is None else [], new.dynamic)
            )
            return old
        return self.operations.binary(name, old, value, in_place=True)

    def do_If(self, frame: Frame, node: ast.If) -> Completion:
        return self._if(frame, node, [])

    def _if(self, frame: Frame, node: ast.If, rest: list[ast.stmt]) -> Completion:
        """An if statement; `rest`, what follows in the block, belongs to the branches that get there."""
        frame.line = node.lineno
        test = self.truth(frame, node.test)
        if type(test) is bool:
            return self.block(frame, [*(node.body if test else node.orelse), *rest])
        then_rest = [] if _always_leaves(node.body) else rest
        else_rest = [] if _always_leaves(node.orelse) else rest
        if then_rest and else_rest:
            then_rest = else_rest = []
        elif rest:
            return self._choose(frame, node, test, [*node.body, *then_rest], [*node.orelse, *else_rest], None)
        completion = self._choose(frame, node, test, node.body, node.orelse, node)
        if not rest or NORMAL not in completion.kinds:
            return completion
        going_on = self.control.is_kind(completion, {NORMAL})
        if going_on is True:
            return self.block(frame, rest)
        left = Completion(completion.kinds - {NORMAL}, completion.code)
        return self._guarded(frame, rest, going_on, left)

    def then(self, frame: Frame, completion: Completion, rest: list[ast.stmt]) -> Completion:
        """What follows a statement that completed in this way."""
        if not rest or NORMAL not in completion.kinds:
            return completion
        if completion.only == NORMAL:
            return self.block(frame, rest)
        going_on = self.control.is_kind(completion, {NORMAL})
        left = Completion(completion.kinds - {NORMAL}, completion.code)
        return self._guarded(frame, rest, going_on, left)

    def _choose(
        self, frame: Frame, node: ast.If, test: Variable, body: Any, orelse: Any, dead_after: ast.If | None
    ) -> Completion:
        def branch(statements: list[ast.stmt], holds: bool) -> Callable[[], Completion]:
            def action() -> Completion:
                self.refine(frame, node.test, holds)
                completion = self.block(frame, statements)
                if dead_after is not None and completion.only == NORMAL:
                    self.forget(frame, dead_after)
                return completion

            return action

        return self.control.choose_block(test, branch(body, True), branch(orelse, False))

    def forget(self, frame: Frame, node: ast.AST) -> None:
        """Drop locals that nothing reads any more, so that they need not be merged."""
        live = frame.source.live.get(node)
        if live is None:
            return
        for place in list(self.state.region.log):
            if (
                place[0] == "local"
                and place[1] is frame
                and place[2] not in live.after
                and place[2][0] != "<"
            ):
                self.state.set_place(place, self.state.region.log.pop(place))

    def do_While(self, frame: Frame, node: ast.While) -> Completion:
        live = frame.source.live[node]
        loop = Loop(
            frame,
            (id(node), len(self.state.frames)),
            None,
            None,
            lambda: self.block(frame, node.body),
            lambda: self._while_test(frame, node),
            source_.names_of_loop(frame.source, node),
            live.head,
            live.after,
            node.lineno,
        )
        return self._after_loop(frame, node, self.control.loop(loop))

    def _while_test(self, frame: Frame, node: ast.While) -> Any:
        frame.line = node.lineno
        return self.truth(frame, node.test)

    def do_For(self, frame: Frame, node: ast.For) -> Completion:
        live = frame.source.live[node]
        iterable = self.expression(frame, node.iter)
        if type(iterable) is TracedUnion:
            iterable = self.sequences.unified(iterable)
        schedule = iterable.schedule if type(iterable) is Scheduled else None
        iterable = self.iterated(iterable)
        if type(iterable) is TracedList and may_change(self.sequences.interpreter):
            iterable = self.generators.iterator(iterable)
        if is_lazy(iterable) or type(iterable) is TracedStore:
            return self._for_lazy(frame, node, iterable)
        length, item = self.sequences.steps(iterable)
        loop = Loop(
            frame,
            (id(node), len(self.state.frames)),
            length,
            lambda k: self.assign(frame, node.target, item(k)),
            lambda: self.block(frame, node.body),
            None,
            source_.names_of_loop(frame.source, node),
            live.head,
            live.after,
            node.lineno,
            over=iterable,
            schedule=schedule,
        )
        loop.must_unroll = not self.sequences.indexable(iterable)
        return self._after_loop(frame, node, self.control.loop(loop))

    def iterated(self, value: Any) -> Any:
        """What a loop over a value runs over: itself, or what its class's __iter__ gives."""
        if type(value) is Scheduled:
            return self.iterated(value.over)
        if type(value) is TracedText:
            return self.stores.text(value)
        method = getattr(type(value), "__iter__", None)
        if isinstance(method, types.FunctionType) and not isinstance(value, (Traced, tuple, list, dict)):
            iterator = self.call(method, [value], {})
            if hasattr(type(iterator), "__next__"):
                msg = f"an iterator of class {type(iterator).__name__} is run over"
                raise Fallback(msg)
            return iterator
        return value

    def _for_lazy(self, frame: Frame, node: ast.For, iterable: Any) -> Completion:
        """A loop over an iterator or generator."""
        live = frame.source.live[node]

        def body(value: Any) -> Completion:
            frame.line = node.lineno
            self.assign(frame, node.target, value)
            return self.block(frame, node.body)

        consumer = Consumer(
            frame, body, frozenset(source_.names_assigned([*node.body, node])), live.head, live.after
        )
        temporary = isinstance(node.iter, (ast.Call, ast.GeneratorExp)) or getattr(node, "_temporary", False)
        completion = self.generators.run_over(iterable, consumer, id(node), temporary=temporary)
        frame.line = node.lineno
        return self._after_loop(frame, node, completion)

    def _after_loop(self, frame: Frame, node: Any, completion: Completion) -> Completion:
        if node.orelse:
            ended = self.control.is_kind(completion, {NORMAL})
            if ended is True:
                completion = self.block(frame, node.orelse)
            elif ended is not False:
                left = Completion(completion.kinds - {NORMAL}, completion.code)
                completion = self.control.choose_block(
                    ended, lambda: self.block(frame, node.orelse), lambda: left
                )
                # A break of this very loop ends it normally.
                return self._broken_is_normal(completion)
        return self._broken_is_normal(completion)

    def _broken_is_normal(self, completion: Completion) -> Completion:
        return self.control.recoded(completion, {BREAK: NORMAL})

    def do_FunctionDef(self, frame: Frame, node: ast.FunctionDef) -> None:
        function: Any = self._function(frame, node, f"{frame.source.qualname}.<locals>.{node.name}")
        for decorator in reversed(node.decorator_list):
            function = self.call(self.expression(frame, decorator), [function], {})
        self.store_name(frame, node.name, function)

    def do_Match(self, frame: Frame, node: ast.Match) -> Completion:
        return self.matching.statement(frame, node)

    def do_Assert(self, frame: Frame, node: ast.Assert) -> None:
        test = self.truth(frame, node.test)
        if test is True:
            return

        def fail() -> None:
            self._raise(AssertionError, [] if node.msg is None else [self.expression(frame, node.msg)])

        if test is False:
            fail()
        else:
            self.control.choose(test, lambda: None, fail)

    def _raise(self, cls: type[BaseException], args: list[Any]) -> None:
        """Raise at run time, in the branch or loop being traced; at once where nothing is conditional."""
        values: list[Variable] = []
        templates = tuple([self.calls.template(a, values) for a in args])
        self.state.emit(
            control.raise_if,
            [True, *values],
            {"exception": cls, "arguments": templates},
        )
        raise RaisedInBranch

    def do_Delete(self, frame: Frame, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.load_name(frame, target.id)
                self.store_name(frame, target.id, UNBOUND)
            elif isinstance(target, ast.Subscript):
                container = self.expression(frame, target.value)
                self.sequences.delete_item(container, self.expression(frame, target.slice))
            elif isinstance(target, ast.Attribute):
                self.calls.delete_attribute(self.expression(frame, target.value), target.attr)
            else:
                for part in getattr(target, "elts", ()):
                    self.do_Delete(frame, ast.copy_location(ast.Delete([part]), node))

    def do_Import(self, frame: Frame, node: ast.Import) -> None:
        for alias in node.names:
            module = __import__(alias.name)
            if alias.asname:
                for part in alias.name.split(".")[1:]:
                    module = getattr(module, part)
            self.store_name(frame, alias.asname or alias.name.split(".")[0], module)

    def do_ImportFrom(self, frame: Frame, node: ast.ImportFrom) -> None:
        package = frame.globals.get("__package__") if node.level else None
        names = [alias.name for alias in node.names]
        module = __import__(node.module or "", {"__package__": package}, None, names, node.level)
        for alias in node.names:
            if not hasattr(module, alias.name):
                msg = f"cannot import name {alias.name!r} from {module.__name__!r}"
                raise Fallback(msg)
            self.store_name(frame, alias.asname or alias.name, getattr(module, alias.name))


@functools.lru_cache(maxsize=4096)
def _leaves(node: ast.If) -> bool:
    """Whether a branch of an if may leave the block it stands in."""
    return any(
        isinstance(inner, (ast.Return, ast.Break, ast.Continue, ast.Raise)) for inner in ast.walk(node)
    )


def _always_leaves(statements: list[ast.stmt]) -> bool:
    if not statements:
        return False
    last = statements[-1]
    if isinstance(last, ast.With):
        return False  # its manager may swallow an exception
    if isinstance(last, ast.If):
        return _always_leaves(last.body) and _always_leaves(last.orelse)
    return isinstance(last, (ast.Return, ast.Break, ast.Continue, ast.Raise))


def _handlers_leave(node: ast.Try) -> bool:
    """Whether what follows a try statement is reached only where no exception was raised."""
    return not node.finalbody and all(_always_leaves(h.body) for h in node.handlers)
