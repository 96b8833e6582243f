"""The functions of itertools: positions where these tell all, else generators written in Python in the prelude."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.tracer.builtin import handles
from tracetensor.tracer.generators import INFINITE, is_lazy
from tracetensor.tracer.values import TracedGenerator, TracedIterator, TracedScalar, is_traced

if TYPE_CHECKING:
    from tracetensor.tracer.interpreter import Interpreter


def _prelude(function: Any, name: str, *defaults: Any) -> None:
    """Enter a function of itertools as a generator of the prelude."""

    @handles(function, unions=False)
    def generator(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return interpreter.outside.prelude(interpreter, name, args, kwargs)


for _function, _name in (
    (itertools.chain, "chain_"),
    (itertools.chain.from_iterable, "chain_from"),
    (itertools.accumulate, "accumulate_"),
    (itertools.takewhile, "takewhile_"),
    (itertools.dropwhile, "dropwhile_"),
    (itertools.starmap, "starmap_"),
    (itertools.filterfalse, "filterfalse_"),
    (itertools.pairwise, "pairwise_"),
):
    _prelude(_function, _name)


@handles(itertools.compress)
def _compress(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return interpreter.outside.prelude(interpreter, "compress_", [interpreter.generators.zip(args)])


@handles(itertools.islice)
def _islice(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value, *bounds = args
    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    start, step = 0 if start is None else start, 1 if step is None else step
    for bound in (start, stop, step):
        if type(bound) is int and bound < (1 if bound is step else 0) and not is_traced(bound):
            msg = "islice() with bounds that it refuses"
            raise Fallback(msg)
        if is_traced(bound) and not (type(bound) is TracedScalar and bound.type.kind == "int"):
            msg = "islice() with bounds that are no ints"
            raise Fallback(msg)
    return interpreter.outside.prelude(
        interpreter, "islice_", [interpreter.generators.iterator(value), start, stop, step]
    )


@handles(itertools.count)
def _count(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    start = args[0] if args else kwargs.get("start", 0)
    step = args[1] if len(args) > 1 else kwargs.get("step", 1)
    if not all(type(v) is int or (type(v) is TracedScalar and v.type.kind == "int") for v in (start, step)):
        return interpreter.outside.prelude(interpreter, "count_", [start, step])
    binary = interpreter.operations.binary
    return interpreter.generators.made(
        INFINITE, lambda k: binary("add", start, binary("mul", k, step)), whole=True
    )


@handles(itertools.repeat)
def _repeat(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value = args[0] if args else kwargs["object"]
    times = args[1] if len(args) > 1 else kwargs.get("times", INFINITE)
    if type(times) is int:
        times = max(times, 0)
    else:
        times = interpreter.call(max, [times, 0], {})
    return interpreter.generators.made(times, lambda k: value, whole=True, sources=(value,))


@handles(itertools.cycle)
def _cycle(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (value,) = args
    if is_lazy(value):
        if type(value) is TracedGenerator or value.lazy:
            return interpreter.outside.prelude(interpreter, "cycle_", [value])
        value = interpreter.generators.settled(value)
    length, item = interpreter.sequences._steps(value)
    binary = interpreter.operations.binary
    if type(length) is int:
        total: Any = INFINITE if length else 0
    else:
        some = interpreter.truth_of(binary("gt", length, 0))
        total = interpreter.control.choose(some, lambda: INFINITE, lambda: 0)
    return interpreter.generators.made(
        total, lambda k: item(binary("mod", k, length)), whole=interpreter.sequences.indexable(value),
        sources=(value,),
    )  # fmt: skip


def _pool(interpreter: Interpreter, value: Any) -> Any:
    """What combinations are taken of: all its items, before the first combination."""
    settled = interpreter.generators.settled(interpreter.iterated(value))
    return interpreter.generators.settled(settled)


@handles(itertools.product)
def _product(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    repeat = kwargs.get("repeat", 1)
    if is_traced(repeat):
        repeat = interpreter.calls.force(repeat, "repeat= of itertools.product")
    pools = [_pool(interpreter, a) for a in args] * repeat
    parts = [interpreter.sequences._steps(p) for p in pools]
    if all(type(n) is int for n, _ in parts):
        rows = list(itertools.product(*[[item(k) for k in range(n)] for n, item in parts]))
        if len(rows) <= 64 or not all(map(interpreter.sequences.indexable, pools)):
            return interpreter.generators.made(
                len(rows), lambda k: rows[k], whole=False, sources=tuple(pools)
            )
    binary = interpreter.operations.binary
    total: Any = 1
    for n, _ in parts:
        total = binary("mul", total, n)

    def row(k: Any) -> Any:
        found = []
        for n, item in reversed(parts):
            found.append(item(binary("mod", k, n)))
            k = binary("floordiv", k, n)
        return tuple(reversed(found))

    whole = all(map(interpreter.sequences.indexable, pools))
    return interpreter.generators.made(total, row, whole=whole, sources=tuple(pools))


def _choices(function: Any, name: str) -> None:
    @handles(function)
    def choices(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        pool = _pool(interpreter, args[0])
        size = args[1] if len(args) > 1 else kwargs.get("r")
        length, item = interpreter.sequences._steps(pool)
        if size is None:
            size = interpreter.calls.force(length, "the size of permutations")
        if is_traced(size):
            size = interpreter.calls.force(size, f"r of itertools.{function.__name__}")
        if type(length) is int:
            items = [item(k) for k in range(length)]
            rows = [tuple([items[j] for j in row]) for row in function(range(length), size)]
            return interpreter.generators.made(len(rows), lambda k: rows[k], whole=False, sources=(pool,))
        if size < 0:
            msg = "r must be non-negative"
            raise ValueError(msg)
        return interpreter.outside.prelude(interpreter, name, [pool, size])


_choices(itertools.combinations, "combinations_")
_choices(itertools.combinations_with_replacement, "combinations_again")
_choices(itertools.permutations, "permutations_")


@handles(itertools.groupby)
def _groupby(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    items = _pool(interpreter, args[0])
    key = args[1] if len(args) > 1 else kwargs.get("key")
    keys = items if key is None else interpreter.outside.prelude(interpreter, "keys_of", [items, key])
    return interpreter.outside.prelude(interpreter, "groupby_", [items, keys])


@handles(itertools.zip_longest)
def _zip_longest(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    fill = kwargs.get("fillvalue")
    values = [interpreter.iterated(a) for a in args]
    for value in values:
        if type(value) is TracedGenerator or (type(value) is TracedIterator and value.lazy):
            msg = "zip_longest() of generators"
            raise Fallback(msg)
    whole = all(map(interpreter.sequences.indexable, values))
    parts = [interpreter.generators.taken_over(v) for v in values]
    total = interpreter.call(max, [0, *[n for n, _ in parts]], {})
    binary = interpreter.operations.binary

    def one(length: Any, item: Any, k: Any) -> Any:
        inside = interpreter.truth_of(binary("lt", k, length))
        if type(inside) is bool:
            return item(k) if inside else fill
        return interpreter.control.choose(inside, lambda: item(k), lambda: fill)

    return interpreter.generators.made(
        total, lambda k: tuple([one(n, item, k) for n, item in parts]), whole=whole, sources=tuple(values)
    )


@handles(itertools.tee)
def _tee(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value = interpreter.iterated(args[0])
    count = args[1] if len(args) > 1 else kwargs.get("n", 2)
    if type(value) is TracedGenerator or (type(value) is TracedIterator and value.lazy):
        msg = "itertools.tee() of a generator"
        raise Fallback(msg)
    whole = interpreter.sequences.indexable(value)
    length, item = interpreter.generators.taken_over(value)
    return tuple(
        [interpreter.generators.made(length, item, whole=whole, sources=(value,)) for _ in range(count)]
    )
