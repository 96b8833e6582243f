"""Generators and iterators: a generator's body is interpreted with its consumer's body in the place of each yield.

A generator that is run over to its end, or left for good, needs no state between its steps: control is inverted, and
the consumer's statements are executed where the generator yields. What leaves the consumer (`break`, `return`) leaves
the generator's loops too, as a completion of a further kind. Iterators over what can be indexed have a position,
which is a place like any other: they can be continued.
"""

from __future__ import annotations

import ast
import dataclasses
import sys
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.tracer.changing import may_change
from tracetensor.tracer.flow import (
    BREAK,
    COMPLETIONS,
    CONTINUE,
    LEFT,
    NORMAL,
    Completion,
    Loop,
)
from tracetensor.tracer.frames import RETURN_NAME, Frame
from tracetensor.tracer.state import Box
from tracetensor.tracer.values import (
    Traced,
    TracedGenerator,
    TracedIterator,
    TracedList,
    TracedScalar,
    TracedSequence,
    TracedStore,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.interpreter import Interpreter
    from tracetensor.tracer.state import Place


@dataclasses.dataclass
class Consumer:
    """Who runs over a generator: `body` is done with each value; the names of `frame` as in Loop."""

    frame: Frame
    body: Callable[[Any], Completion]
    assigned: frozenset[str]
    head: frozenset[str]
    after: frozenset[str]
    frames: list[Frame] = dataclasses.field(default_factory=list)
    manager: bool = False  # its exceptions are raised where the generator yields
    depth: tuple[int, int] = (0, 0)  # blocks whose exceptions are caught, and handlers, around the consumer


class Generators:
    """Runs over generators and iterators."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state

    # Generators ------------------------------------------------------------------------------------------------

    def expression(self, frame: Frame, node: ast.GeneratorExp) -> TracedGenerator:
        """A generator expression: its first iterable is evaluated now, the rest when it is run over."""
        interpreter = self.interpreter
        first = interpreter.iterated(interpreter.expression(frame, node.generators[0].iter))
        if not is_lazy(first):
            interpreter.sequences._steps(first)  # raises for what cannot be run over
        function = _as_function(node)
        source = interpreter.outside.described(
            function, frame.source.filename, f"{frame.source.qualname}.<locals>.<genexpr>"
        )
        own = Frame(source, self.state.region, frame.globals, None, frame)
        own.locals[FIRST] = first
        generator = TracedGenerator(own)
        generator.at_once = getattr(node, "_at_once", False)
        return self.state.made(generator)  # type: ignore[no-any-return]

    def scope(self, frame: Frame, node: Any) -> Frame:
        """A frame for the variables of a comprehension."""
        function = _as_function(
            ast.copy_location(ast.GeneratorExp(getattr(node, "elt", node), node.generators), node)
        )
        source = self.interpreter.outside.described(
            function, frame.source.filename, f"{frame.source.qualname}.<locals>.<listcomp>"
        )
        own = Frame(source, self.state.region, frame.globals, None, frame)
        own.line = frame.line
        return own

    def drive(self, generator: TracedGenerator, consumer: Consumer) -> Completion:
        """Run over a generator: NORMAL if it came to its end, else as the consumer's body completed."""
        if generator.running:
            msg = "generator already executing"
            raise ValueError(msg)
        if generator.left is not False:
            msg = f"{generator.source.qualname}: a generator that may have been left before its end is continued"
            raise Fallback(msg)
        finished = generator.finished
        if finished is True:
            return COMPLETIONS[NORMAL]
        if finished is False:
            return self._drive(generator, consumer)
        over = self.interpreter.truth_of(finished)
        return self.interpreter.control.choose_block(
            over, lambda: COMPLETIONS[NORMAL], lambda: self._drive(generator, consumer)
        )

    def _drive(self, generator: TracedGenerator, consumer: Consumer) -> Completion:
        state, made = self.state, generator.frame
        frame = Frame(made.source, state.region, made.globals, made.function, made.enclosing)
        frame.locals = dict(made.locals)
        consumer.frames = list(state.frames)
        consumer.depth = self._depth()
        if state.attempts and not consumer.manager:  # should an exception leave it, it is not to be continued
            state.write(("attribute", Box(generator), "left"), True)
        frame.consumer = consumer
        frame.manager = consumer.manager
        if len(state.frames) > 60:
            msg = f"recursion in {frame.source.qualname}"
            raise Fallback(msg)
        generator.running = True
        state.frames.append(frame)
        try:
            completion = self.interpreter.block(frame, frame.source.body)
        except Fallback:
            state.failed = state.failed or state.location()
            raise
        finally:
            generator.running = False
            state.frames[:] = consumer.frames
        state.write(("attribute", Box(generator), "finished"), True)
        if state.attempts:
            state.write(("attribute", Box(generator), "left"), False)
        if any(k >= LEFT for k in completion.kinds):
            if frame.source.cleans_up:
                msg = f"a generator with `try` or `with` around a yield, {frame.source.qualname}, is left before its end"
                raise Fallback(msg)
            state.write(("attribute", Box(generator), "left"), True)
        generator.frame = frame
        ends = {k: k - LEFT if k >= LEFT else NORMAL for k in completion.kinds}
        return self.interpreter.control.recoded(completion, ends)

    def yielded(self, frame: Frame, value: Any) -> Completion:
        """A yield: what the consumer does with the value, seen as a statement of the generator."""
        consumer: Consumer | None = frame.consumer
        if consumer is None:
            msg = f"line {frame.line}: a yield outside of a generator that is run over"
            raise Fallback(msg)
        if consumer.depth != self._depth() and not consumer.manager:
            msg = f"line {frame.line}: a yield inside `try` or `with`"  # the consumer's exceptions are not the generator's
            raise Fallback(msg)
        frames = self.state.frames
        suspended = list(frames)
        waiting = suspended[len(consumer.frames) :]
        frames[:] = consumer.frames
        self.state.suspended.extend(waiting)
        try:
            done = consumer.body(value)
        except Exception as error:
            self.state.note_raised(error)  # on the consumer's line
            raise
        finally:
            frames[:] = suspended
            del self.state.suspended[len(self.state.suspended) - len(waiting) :]
        on = {k: NORMAL if k in {NORMAL, CONTINUE} else k + LEFT for k in done.kinds}
        return self.interpreter.control.recoded(done, on)

    def _depth(self) -> tuple[int, int]:
        return len(self.state.attempts), len(self.interpreter.attempts.handled)

    def delegate(self, frame: Frame, iterable: Any) -> tuple[Completion, Any]:
        """yield from: how it completed, and the generator's result."""
        names = frozenset(frame.locals)
        consumer = Consumer(frame, lambda v: self.yielded(frame, v), frozenset(), names, names)
        if type(iterable) is not TracedGenerator:
            return self.run_over(iterable, consumer, 0), None
        completion = self.drive(iterable, consumer)
        value = iterable.frame.locals.get(RETURN_NAME)
        return completion, value

    def finite(self, length: Any) -> None:
        if type(length) is int and length == INFINITE:
            msg = "all items of an iterator without end are wanted"
            raise Fallback(msg)

    def collected(self, generator: TracedGenerator, most: int | None = None) -> TracedList:
        """What a generator yields, as a list; no more than `most` items."""
        result: TracedList = self.state.made(TracedList())
        sequences = self.interpreter.sequences

        def body(value: Any) -> Completion:
            sequences.append(result, value)
            if most is None:
                return COMPLETIONS[NORMAL]
            if result.dynamic is None:
                return COMPLETIONS[BREAK if len(result) == most else NORMAL]
            full = self.interpreter.operations.binary("ge", sequences.length(result), most)
            return self.interpreter.control.choose_block(
                self.interpreter.truth_of(full), lambda: COMPLETIONS[BREAK], lambda: COMPLETIONS[NORMAL]
            )

        frame = self.state.frames[-1]
        names = frozenset(frame.locals)
        self.drive(generator, Consumer(frame, body, frozenset(), names, frozenset()))
        return result

    # Anything that can be run over -------------------------------------------------------------------------------

    def run_over(self, iterable: Any, consumer: Consumer, key: Any, *, temporary: bool = True) -> Completion:
        """for value in iterable: body(value). NORMAL if it came to its end."""
        if type(iterable) is TracedGenerator:
            return self.drive(iterable, consumer)
        if type(iterable) is TracedStore:
            return self.interpreter.stores.run_over(iterable, consumer, key)
        sequences = self.interpreter.sequences
        if type(iterable) is TracedList and may_change(self.interpreter):
            iterable = self.iterator(iterable)
        alone = temporary and type(iterable) is TracedIterator and iterable.position == 0
        if type(iterable) is TracedIterator and (not alone or iterable.length is None):
            return self._continued(iterable, consumer, key)
        length, item = sequences.steps(iterable)
        frame = consumer.frame
        held: list[Any] = [None]

        def bind(k: Any) -> None:
            held[0] = item(k)

        loop = Loop(
            frame, (key, len(self.state.frames)), length, bind, lambda: consumer.body(held[0]), None,
            consumer.assigned, consumer.head, consumer.after, frame.line, over=iterable,
        )  # fmt: skip
        loop.must_unroll = not sequences.indexable(iterable)
        return self.interpreter.control.loop(loop)

    def _continued(self, iterator: TracedIterator, consumer: Consumer, key: Any) -> Completion:
        """A loop over an iterator that others may look at: its position is kept up to date."""
        self.free(iterator)
        frame = consumer.frame
        loop = Loop(
            frame, (key, len(self.state.frames)), None, None, lambda: consumer.body(self._take(iterator)),
            lambda: self._more(iterator), consumer.assigned, consumer.head, consumer.after, frame.line,
        )  # fmt: skip
        loop.must_unroll = not iterator.whole
        return self.interpreter.control.loop(loop)

    def free(self, iterator: TracedIterator) -> None:
        if iterator.owned:
            msg = "an iterator that another iterator runs over is used besides it"
            raise Fallback(msg)

    def rest(self, iterator: TracedIterator) -> tuple[Any, Callable[[Any], Any]]:
        """The length of what an iterator still gives, and its items; it is exhausted from now on."""
        self.free(iterator)
        position, binary = iterator.position, self.interpreter.operations.binary
        length = self.length(iterator)
        self.state.write(position_of(iterator), length)
        if type(position) is int and position == 0:
            return length, iterator.item
        return binary("sub", length, position), lambda k: iterator.item(binary("add", k, position))

    def taken_over(self, value: Any) -> tuple[Any, Callable[[Any], Any]]:
        """The length and the items of what another iterator runs over from now on."""
        if type(value) is not TracedIterator:
            return self.interpreter.sequences._steps(value)
        result = self.rest(value)
        self.state.write(("attribute", Box(value), "owned"), True)
        return result

    def zip(self, values: list[Any]) -> Any:
        """What zip gives: positional where nothing tells it from that, else a generator around the one that runs code."""
        sequences = self.interpreter.sequences
        values = [sequences.unified(v) for v in values]
        for value in values:
            if type(value) is TracedIterator:
                self.free(value)
        if len(values) > 1 and type(values[0]) is TracedIterator and all(v is values[0] for v in values):
            return self._grouped(values[0], len(values))
        pushed = [k for k, v in enumerate(values) if type(v) is TracedGenerator]
        if not pushed:
            lengths = [
                self.length(v) if type(v) is TracedIterator else sequences._steps(v)[0] for v in values
            ]
            if not same_lengths(lengths):
                pushed = [k for k, v in enumerate(values[:-1]) if type(v) is TracedIterator]
                pushed = [k for k in pushed if values[k].lazy] or pushed[:0]
        if len(pushed) > 1:
            msg = "zip() of more than one generator"
            raise Fallback(msg)
        if pushed:
            (k,) = pushed
            before, after = (
                [self._positional(part)] if part else [] for part in (values[:k], values[k + 1 :])
            )
            name = "zip_between" if before and after else "zip_last" if before else "zip_first"
            return self.interpreter.outside.prelude(self.interpreter, name, [*before, values[k], *after])
        return self._zipped(values)

    def _zipped(self, values: list[Any]) -> TracedIterator:
        sequences = self.interpreter.sequences
        whole = all(map(sequences.indexable, values))
        lazy = any(type(v) is TracedIterator and v.lazy for v in values)
        for value in values:
            if type(value) is TracedGenerator:
                msg = "zip() of more than one generator"
                raise Fallback(msg)
        parts = [self.taken_over(v) for v in values]
        length = sequences.shortest([p[0] for p in parts])
        return self.made(
            length,
            lambda k: tuple([item(k) for _, item in parts]),
            whole=whole,
            lazy=lazy,
            sources=tuple(values),
        )

    def _positional(self, values: list[Any]) -> TracedSequence:
        zipped = self._zipped(values)
        return TracedSequence(zipped.length, zipped.item, zipped.whole)

    def _grouped(self, value: TracedIterator, size: int) -> TracedIterator:
        """zip(it, it, …): the items of one iterator in groups."""
        binary = self.interpreter.operations.binary
        whole = value.whole
        length, item = self.taken_over(value)

        def group(k: Any) -> Any:
            start = binary("mul", k, size)
            return tuple([item(binary("add", start, j)) for j in range(size)])

        return self.made(binary("floordiv", length, size), group, whole=whole, sources=(value,))

    def map(self, function: Any, values: list[Any]) -> Any:
        """What map gives."""
        if any(type(v) is TracedGenerator for v in values):
            if len(values) > 1:
                return self.interpreter.outside.prelude(
                    self.interpreter, "starmap_", [function, self.zip(values)]
                )
            return self.interpreter.outside.prelude(self.interpreter, "map_", [function, *values])
        zipped = self.zip(values)
        if type(zipped) is TracedGenerator:
            return self.interpreter.outside.prelude(self.interpreter, "starmap_", [function, zipped])
        length, item = self.taken_over(zipped)
        return self.made(
            length, lambda k: self.interpreter.call(function, list(item(k)), {}),
            whole=zipped.whole, lazy=True, sources=(function, zipped),
        )  # fmt: skip

    def settled(self, value: Any) -> Any:
        """A list of what an iterator or generator gives; other values as they are."""
        return self.interpreter.sequences.whole_list(value) if is_lazy(value) else value

    def made(self, length: Any, item: Any, **options: Any) -> TracedIterator:
        """A new iterator."""
        return self.state.made(TracedIterator(length, item, **options))  # type: ignore[no-any-return]

    def length(self, iterator: TracedIterator) -> Any:
        """The length of what an iterator runs over."""
        if iterator.length is None:
            return self.interpreter.sequences.length(iterator.sources[0])
        return iterator.length

    def _more(self, iterator: TracedIterator) -> Any:
        return self.interpreter.truth_of(
            self.interpreter.operations.binary("lt", iterator.position, self.length(iterator))
        )

    def _take(self, iterator: TracedIterator) -> Any:
        position = iterator.position
        self.state.write(position_of(iterator), self.interpreter.operations.binary("add", position, 1))
        return iterator.item(position)

    # Iterators -------------------------------------------------------------------------------------------------

    def iterator(self, value: Any) -> Any:
        """iter(value)."""
        kind = type(value)
        if kind in (TracedGenerator, TracedIterator):
            return value
        sequences = self.interpreter.sequences
        value = sequences.unified(value)
        method = getattr(type(value), "__iter__", None)
        if hasattr(method, "__code__") and not isinstance(value, (list, tuple, Traced)):
            return self.interpreter.call(method, [value], {})
        if type(value) is TracedList:
            # What is appended while it is run over is seen.
            return self.made(
                None,
                lambda k: sequences.get_item(value, k),
                whole=True if may_change(self.interpreter) else sequences.indexable(value),
                sources=(value,),
            )
        length, item = sequences._steps(value)
        return self.made(length, item, whole=sequences.indexable(value), sources=(value,))

    def next(self, iterator: Any, default: list[Any], *, temporary: bool = False) -> Any:
        """The next item of an iterator, or a default in a list of one."""
        if type(iterator) is TracedGenerator:
            return self._first(iterator, default)
        if type(iterator) is not TracedIterator:
            method = getattr(type(iterator), "__next__", None)
            if hasattr(method, "__code__") and not default:
                return self.interpreter.call(method, [iterator], {})
            msg = f"next() of a {type(iterator).__name__}"
            raise (Fallback if hasattr(method, "__code__") else TypeError)(
                msg
                if hasattr(method, "__code__")
                else f"'{type(iterator).__name__}' object is not an iterator"
            )
        self.free(iterator)
        more = self._more(iterator)
        if more is True:
            return self._take(iterator)

        if more is False:
            return self._end(default)
        return self.interpreter.control.choose(more, lambda: self._take(iterator), lambda: self._end(default))

    def _end(self, default: list[Any]) -> Any:
        if default:
            return default[0]
        if any(f.consumer is not None for f in (*self.state.frames, *self.state.suspended)):
            msg = "next() of an iterator that may be exhausted, within a generator"
            raise Fallback(msg)
        raise StopIteration

    def _first(self, generator: TracedGenerator, default: list[Any]) -> Any:
        """The first value of a generator, which is not continued."""
        frame = self._helper_frame()

        def body(value: Any) -> Completion:
            self.interpreter.set_local(frame, FOUND, value)
            return COMPLETIONS[BREAK]

        names = frozenset({FOUND})
        consumer = Consumer(frame, body, names, frozenset(), names)
        self.state.frames.append(frame)
        try:
            completion = self.drive(generator, consumer)
        finally:
            self.state.frames.pop()
        hit = self.interpreter.control.is_kind(completion, {BREAK})

        if hit is True:
            return self.interpreter.without_unbound(frame.locals[FOUND])
        if hit is False:
            return self._end(default)
        return self.interpreter.control.choose(
            hit, lambda: self.interpreter.without_unbound(frame.locals[FOUND]), lambda: self._end(default)
        )

    def _helper_frame(self) -> Frame:
        """A frame without statements: holds what a built-in function keeps while it runs over something."""
        top = self.state.frames[-1]
        return Frame(self.interpreter.outside.nothing(), self.state.region, top.globals)


INFINITE = sys.maxsize
"""The length of iterators that have no end."""
FIRST = ".0"
FOUND = ".found"


def position_of(iterator: TracedIterator) -> Place:
    """The place of an iterator's position."""
    return ("attribute", Box(iterator), "position")


def is_lazy(value: Any) -> bool:
    """Whether a value is an iterator or generator: run over once, in steps."""
    return type(value) in (TracedGenerator, TracedIterator)


def same_lengths(lengths: list[Any]) -> bool:
    """Whether lengths are known to be equal."""
    first = lengths[0] if lengths else 0
    return all(
        n is first
        or (type(n) is int and type(first) is int and n == first)
        or (type(n) is type(first) is TracedScalar and n.variable is first.variable)
        for n in lengths
    )


def _as_function(node: ast.GeneratorExp) -> ast.FunctionDef:
    """The generator function that a generator expression stands for; the same tree at each call."""
    known: ast.FunctionDef | None = getattr(node, "_as_function", None)
    if known is not None:
        return known
    body: ast.stmt = ast.Expr(ast.Yield(node.elt))
    for position, generator in reversed(list(enumerate(node.generators))):
        for condition in reversed(generator.ifs):
            body = ast.copy_location(ast.If(condition, [body], []), condition)
        iterable = generator.iter if position else ast.Name(FIRST, ast.Load())
        body = ast.For(generator.target, iterable, [body], [])
        body._temporary = isinstance(generator.iter, (ast.Call, ast.GeneratorExp))  # type: ignore[attr-defined]
    walrus = sorted({n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)})
    statements: list[ast.stmt] = [ast.Nonlocal(walrus)] if walrus else []
    empty = ast.arguments([], [], None, [], [], None, [])
    function = ast.FunctionDef("<genexpr>", empty, [*statements, body], [])
    for inner in ast.walk(function):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            ast.copy_location(inner, node)
    node._as_function = function  # type: ignore[attr-defined]
    return function
