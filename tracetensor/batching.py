"""tt.vmap: a function of one example as a function of a batch of them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import AlwaysRaises
from tracetensor.function import Traced
from tracetensor.tracer.derived import Call, Derived, makes_functions
from tracetensor.transforms import Transformed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["vmap"]


@makes_functions
def vmap(function: Any, in_axes: Any = 0, out_axes: Any = 0, *, axis_size: int | None = None) -> Any:
    """The function of a batch: what it returns for each example, stacked.

    in_axes: along which axis of an argument the examples lie, None for an argument that all of them share; one for all, or
    a tuple with one for each argument, in which lists, tuples and dicts may stand for the parts of an argument. Keyword arguments
    are taken apart along their first axis. out_axes: along which axis of the results they are stacked, likewise. axis_size: how many examples
    there are, needed where no argument is taken apart.

    Values and dtypes are those of a loop over the examples; results are arrays, with the structure that the function returns. It is that loop, compiled as loops are: so whatever can be traced can be batched, `while` loops of other lengths for
    each example too, and transforms go through it in any order, `tt.vmap(tt.grad(loss), in_axes=(None, 0, 0))` for example. No
    argument is written to. A function that cannot be traced runs as plain Python, example by example, with a warning.

    Raises ValueError where arguments have other numbers of examples, where there are none, where an axis is none of the
    argument's, and where results of two examples have other shapes; TypeError where the structure of in_axes is not the arguments'.
    """
    if not callable(function):
        msg = f"vmap() takes a function, not {function!r}"
        raise TypeError(msg)
    return Vmapped(function, in_axes, out_axes, None if axis_size is None else operator.index(axis_size))


class _TracedBatch(Traced):
    """The loop over the examples, traced; as plain Python where that cannot be."""

    def __init__(self, derivative: Any, batch: Vmapped) -> None:
        super().__init__(derivative, strict=None)
        self.batch = batch

    def _plain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.batch.plain(args, kwargs)


class Vmapped(Transformed):
    """A function made by tt.vmap. `traced`: the traced function behind it, with its graphs and explain()."""

    def __init__(self, function: Any, in_axes: Any, out_axes: Any, axis_size: int | None) -> None:
        super().__init__(function, "vmap", self._build)
        self.in_axes, self.out_axes, self.axis_size = in_axes, out_axes, axis_size

    def compiled(self, derivative: Any) -> Traced:
        """What traces it."""
        return _TracedBatch(derivative, self)

    # As plain Python -------------------------------------------------------------------------------------------

    def plain(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What it means: a loop over the examples."""
        axes = per_argument(self.in_axes, len(args))
        sizes: dict[int, None] = dict.fromkeys([] if self.axis_size is None else [self.axis_size])

        def note(value: Any, axis: int | None) -> None:
            if axis is not None:
                shape = np.shape(value)
                if not -len(shape) <= axis < len(shape):
                    raise ValueError(_no_axis(axis, len(shape)))
                sizes[shape[axis]] = None

        for value, axis in zip([*args, *kwargs.values()], [*axes, *[0] * len(kwargs)], strict=True):
            walk(value, axis, note, "in_axes")
        if len(sizes) != 1:
            raise ValueError(_other_sizes(list(sizes)))
        n = next(iter(sizes))
        if not n:
            raise ValueError(NO_EXAMPLE)
        found = []
        for k in range(n):

            def one(value: Any, axis: int | None, k: int = k) -> Any:
                if axis is None:
                    return value.copy() if isinstance(value, np.ndarray) else value
                item = np.moveaxis(np.asarray(value), axis, 0)[k]
                return item.copy() if isinstance(item, np.ndarray) else item

            given = [walk(v, axis, one, "in_axes") for v, axis in zip(args, axes, strict=True)]
            named = {name: walk(v, 0, one, "in_axes") for name, v in kwargs.items()}
            found.append(self.function(*given, **named))
        rows = [_leaves(value) for value in found]
        stacked = iter([_stack([row[k] for row in rows]) for k in range(len(rows[0]))])
        whole = walk(found[0], None, lambda value, _: next(stacked), "out_axes")
        return walk(whole, self.out_axes, _moved, "out_axes")

    # Traced ----------------------------------------------------------------------------------------------------

    def _build(self, call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        helper = call.interpreter.outside.call_function
        try:
            axes = [*per_argument(self.in_axes, len(args)), *[0] * len(kwargs)]
            values = [*args, *kwargs.values()]
            sources: list[Any] = []

            def note(value: Any, axis: int | None) -> Any:
                if axis is not None:
                    rank = call.variable(value).ndim
                    if not -rank <= axis < rank:
                        raise ValueError(_no_axis(axis, rank))
                    sources.append((value, axis))
                return value

            for value, axis in zip(values, axes, strict=True):
                walk(value, axis, note, "in_axes", call)
            if not sources and self.axis_size is None:
                raise ValueError(_other_sizes([]))
        except (TypeError, ValueError) as error:
            raise AlwaysRaises(str(error)) from error
        count = helper(
            _count, [tuple([v for v, _ in sources]), tuple([a for _, a in sources]), self.axis_size], {}
        )
        structure: list[Any] = []

        def step(_: Any, index: list[Any], __: Any) -> Any:
            (k,) = index

            def one(value: Any, axis: int | None) -> Any:
                if axis is not None:
                    value = helper(_example, [value, axis, k], {})
                return call.fresh(value)

            given = [walk(v, axis, one, "in_axes", call) for v, axis in zip(values, axes, strict=True)]
            named = dict(zip(kwargs, given[len(args) :], strict=True))
            result = call.mapped(call.run(given[: len(args)], named), call.number)
            structure[:] = [result]
            return tuple(call.leaves(result))

        rows = helper(_batch, [Derived(self.function, step), count], {})
        rest = iter(rows)
        whole = call.mapped(structure[0], lambda _: next(rest))
        try:
            return walk(
                whole,
                self.out_axes,
                lambda v, axis: call.interpreter.call(np.moveaxis, [v, 0, axis], {}) if axis else v,
                "out_axes",
                call,
            )
        except (TypeError, ValueError) as error:
            raise AlwaysRaises(str(error)) from error


# What is interpreted by the tracer ---------------------------------------------------------------------------------


def _count(arrays: Any, axes: Any, size: Any) -> Any:
    """How many examples there are."""
    for x, axis in zip(arrays, axes, strict=True):
        n = x.shape[axis]
        if size is None:
            size = n
        elif n != size:
            raise ValueError(f"vmap: arguments have {size} and {n} examples")
    if size == 0:
        raise ValueError("vmap: there is no example to learn the form of the results from")
    return size


def _example(x: Any, axis: Any, k: Any) -> Any:
    return np.moveaxis(x, axis, 0)[k] if axis else x[k]


def _batch(step: Any, n: Any) -> Any:
    """The results of n examples, stacked."""
    first = step(0)
    rows = tuple([np.empty((n, *np.shape(v)), np.asarray(v).dtype) for v in first])
    for row, v in zip(rows, first, strict=True):
        row[0] = v
    for k in range(1, n):
        for row, v in zip(rows, step(k), strict=True):
            if np.shape(v) != row.shape[1:]:
                raise ValueError(
                    f"vmap: results of two examples have shapes {row.shape[1:]} and {np.shape(v)}"
                )
            row[k] = v
    return rows


# Structures --------------------------------------------------------------------------------------------------------

NO_EXAMPLE = "vmap: there is no example to learn the form of the results from"


def _no_axis(axis: int, rank: int) -> str:
    return f"vmap: in_axes says axis {axis} of an argument of {rank} dimensions; None is for what all examples share"


def _other_sizes(sizes: list[int]) -> str:
    if not sizes:
        return "vmap: no argument is taken apart; axis_size says how many examples there are"
    return f"vmap: arguments have {sizes[0]} and {sizes[1]} examples"


def per_argument(axes: Any, count: int) -> list[Any]:
    """in_axes, for each positional argument."""
    if not isinstance(axes, (tuple, list)):
        return [axes] * count
    if len(axes) != count:
        msg = f"vmap: in_axes has {len(axes)} entries for {count} positional arguments"
        raise ValueError(msg)
    return list(axes)


def walk(value: Any, axes: Any, leaf: Callable[[Any, Any], Any], what: str, call: Call | None = None) -> Any:
    """A value of the same structure, each leaf replaced by leaf(it, its axis). call: for the tracer's values."""
    if axes is None or isinstance(axes, (int, np.integer)):
        axis = None if axes is None else int(axes)
        return (
            _mapped(value, lambda v: leaf(v, axis))
            if call is None
            else call.mapped(value, lambda v: leaf(v, axis))
        )
    if isinstance(axes, dict) and isinstance(value, dict) and axes.keys() == value.keys():
        parts = {k: walk(v, axes[k], leaf, what, call) for k, v in value.items()}
        return parts if call is None else call.mapped(parts, lambda v: v)
    same = isinstance(axes, (tuple, list)) and isinstance(value, (tuple, list)) and len(axes) == len(value)
    if not same:
        msg = f"vmap: {what} has {axes!r} where the structure is another"
        raise TypeError(msg)
    items = list.__iter__(value) if isinstance(value, list) else iter(value)
    found = [walk(v, axis, leaf, what, call) for v, axis in zip(items, axes, strict=True)]
    if isinstance(value, list):
        return found if call is None else call.mapped(found, lambda v: v)
    return type(value)(*found) if hasattr(value, "_fields") else tuple(found)


def _mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    if isinstance(value, (np.ndarray, np.generic, bool, int, float, complex)):
        return leaf(value)
    if isinstance(value, dict):
        return {k: _mapped(v, leaf) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        items = [_mapped(v, leaf) for v in value]
        return (
            items
            if isinstance(value, list)
            else type(value)(*items)
            if hasattr(value, "_fields")
            else tuple(items)
        )
    return value


def _leaves(value: Any) -> list[Any]:
    found: list[Any] = []
    _mapped(value, found.append)
    return found


def _stack(rows: Sequence[Any]) -> Any:
    first = np.shape(rows[0])
    for row in rows:
        if np.shape(row) != first:
            msg = f"vmap: results of two examples have shapes {first} and {np.shape(row)}"
            raise ValueError(msg)
    return np.stack([np.asarray(row) for row in rows])


def _moved(value: Any, axis: int | None) -> Any:
    return np.moveaxis(value, 0, axis) if axis else value
