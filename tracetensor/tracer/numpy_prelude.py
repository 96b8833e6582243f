"""NumPy's functions that call a function of the user's, written in Python: interpreted where that function is the user's.

What NumPy's own source does, with the arrays that it would make; np.vectorize calls in the order of the indices.
"""

from __future__ import annotations

import numpy as np

# ruff: noqa: ANN001, ANN002, ANN003, ANN201, D103
# mypy: ignore-errors


def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    arr = np.asanyarray(arr)
    rows = np.moveaxis(arr, axis, -1)
    rank = arr.ndim
    if axis < 0:
        axis = axis + rank
    shape = rows.shape[:-1]
    for n in shape:
        if n == 0:
            raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    zeros = (0,) * len(shape)
    first = np.asanyarray(func1d(rows[(*zeros, ...)], *args, **kwargs))
    result = np.zeros(shape + first.shape, first.dtype)
    result[zeros] = first
    started = False
    for index in np.ndindex(shape):
        if started:
            result[index] = np.asanyarray(func1d(rows[(*index, ...)], *args, **kwargs))
        started = True
    places = tuple(range(result.ndim))
    inner = result.ndim - first.ndim
    return np.transpose(result, places[:axis] + places[inner:] + places[axis:inner])


def piecewise(x, condlist, funclist, *args, **kwargs):
    x = np.asanyarray(x)
    count = len(funclist)
    if np.isscalar(condlist) or (not isinstance(condlist[0], (list, np.ndarray)) and x.ndim != 0):
        condlist = [condlist]
    conditions = np.asarray(condlist, dtype=bool)
    given = len(condlist)
    if given == count - 1:
        rest = ~np.any(conditions, axis=0, keepdims=True)
        conditions = np.concatenate([conditions, rest], axis=0)
    elif given != count:
        raise ValueError(f"with {given} condition(s), either {given} or {given + 1} functions are expected")
    result = np.zeros_like(x)
    for k, function in enumerate(funclist):
        if not callable(function):
            result[conditions[k]] = function
        else:
            values = x[conditions[k]]
            if values.size > 0:
                result[conditions[k]] = function(values, *args, **kwargs)
    return result


def fromfunction(function, shape, *, dtype=float, like=None, **kwargs):
    return function(*np.indices(shape, dtype=dtype), **kwargs)


def vectorize_typed(function, dtype, *arrays):
    arrays = [np.asarray(a) for a in arrays]
    return fill_by_element(function, dtype, arrays)


def vectorize(function, *arrays):
    arrays = [np.asarray(a) for a in arrays]
    for a in arrays:
        if a.size == 0:
            raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
    first = function(*[a.flat[0] for a in arrays])
    return fill_by_element(function, np.asarray(first).dtype, arrays)


def fill_by_element(function, dtype, arrays):
    layout = arrays[0]
    for a in arrays[1:]:
        layout = np.equal(layout, a)
    result = np.empty_like(layout, dtype=dtype)
    arrays = [np.broadcast_to(a, layout.shape) for a in arrays]
    if layout.ndim == 0:
        result[()] = function(*[a[()].item() for a in arrays])
    elif layout.ndim == 1:
        for i in range(layout.shape[0]):
            result[i] = function(*[a[i].item() for a in arrays])
    else:
        for index in np.ndindex(layout.shape):
            result[index] = function(*[a[index].item() for a in arrays])
    return result
