"""Is the result of a traced function the one that plain Python with NumPy gives?"""

import copy
import dataclasses
import math
import pathlib
import sys
import sysconfig
import traceback
import types

import numpy as np

# ---------------------------------------------------------------------------------------------- equality


def assert_same(actual, expected, *, rtol=0.0, path="result"):
    """Assert that two results are the same: types, structure, dtypes, shapes and values.

    With rtol == 0 values are compared bitwise, except that all NaNs are equal (0.0 and -0.0 are not). Otherwise
    inexact values may differ by rtol, relative to themselves or to the largest magnitude in the same array.
    """
    _same(actual, expected, rtol, path, set())


def _same(actual, expected, rtol, path, seen):
    ta, te = type(actual), type(expected)
    assert ta is te, (
        f"{path}: type {_type_name(ta)}, expected {_type_name(te)} ({_short(actual)} against {_short(expected)})"
    )
    if isinstance(expected, np.ndarray):
        _same_array(actual, expected, rtol, path, seen)
    elif isinstance(expected, np.generic):
        _same_array(np.asarray(actual), np.asarray(expected), rtol, path, seen)
    elif te is float:
        assert _same_float(actual, expected, rtol), f"{path}: {actual!r}, expected {expected!r}"
    elif te is complex:
        scale = rtol * abs(expected) if rtol else 0.0
        assert _same_float(actual.real, expected.real, rtol, scale) and _same_float(
            actual.imag, expected.imag, rtol, scale
        ), f"{path}: {actual!r}, expected {expected!r}"
    elif (
        expected is None
        or isinstance(
            expected,
            (
                bool,
                int,
                str,
                bytes,
                slice,
                range,
                type,
                types.FunctionType,
                types.BuiltinFunctionType,
                types.ModuleType,
                np.dtype,
                np.ufunc,
            ),
        )
        or expected is Ellipsis
    ):
        assert actual == expected, f"{path}: {_short(actual)}, expected {_short(expected)}"
    else:
        key = (id(actual), id(expected))
        if key in seen:
            return
        seen.add(key)
        if isinstance(expected, (list, tuple)):
            assert len(actual) == len(expected), f"{path}: length {len(actual)}, expected {len(expected)}"
            for i, (a, e) in enumerate(zip(actual, expected)):
                _same(a, e, rtol, f"{path}[{i}]", seen)
        elif isinstance(expected, dict):
            ka, ke = list(actual), list(expected)
            _same(ka, ke, 0.0, f"{path}.keys()", seen)
            for a, e in zip(ka, ke):
                _same(actual[a], expected[e], rtol, f"{path}[{e!r}]", seen)
        elif isinstance(expected, (set, frozenset)):
            assert actual == expected, f"{path}: {_short(actual)}, expected {_short(expected)}"
        elif isinstance(expected, BaseException):
            _same(actual.args, expected.args, rtol, f"{path}.args", seen)
        elif isinstance(expected, types.MethodType):
            _same(actual.__func__, expected.__func__, rtol, f"{path}.__func__", seen)
            _same(actual.__self__, expected.__self__, rtol, f"{path}.__self__", seen)
        elif _attributes(expected) is not None:
            _same(_attributes(actual), _attributes(expected), rtol, f"{path}.__dict__", seen)
        else:
            assert actual == expected, f"{path}: {_short(actual)}, expected {_short(expected)}"


def _same_array(a, e, rtol, path, seen):
    # dtype equality ignores neither byte order (">f8" != "<f8") nor units; metadata it does
    assert a.dtype == e.dtype, f"{path}: dtype {a.dtype.str} ({a.dtype}), expected {e.dtype.str} ({e.dtype})"
    assert a.shape == e.shape, f"{path}: shape {a.shape}, expected {e.shape}"
    if e.dtype.kind == "O":
        for i in np.ndindex(e.shape):
            _same(a[i], e[i], rtol, f"{path}[{', '.join(map(str, i))}]", seen)
        return
    if e.dtype.names:
        for name in e.dtype.names:
            _same_array(a[name], e[name], rtol, f"{path}[{name!r}]", seen)
        return
    if e.dtype.kind == "c":
        if rtol == 0:
            good = _bits(a.real, e.real) & _bits(a.imag, e.imag)
        else:
            good = _close(a, e, rtol)
    elif e.dtype.kind == "f":
        good = _bits(a, e) if rtol == 0 else _close(a, e, rtol)
    elif e.dtype.kind in "mM":
        good = a.view("i8") == e.view("i8") if a.dtype.isnative else (a == e) | (np.isnat(a) & np.isnat(e))
    else:
        good = a == e
    if not np.all(good):
        bad = np.argwhere(~np.asarray(good))
        where = tuple(int(i) for i in bad[0])
        x, y = a[where], e[where]
        at = f"[{', '.join(map(str, where))}]" if where else ""
        raise AssertionError(
            f"{path}{at}: {x!r}, expected {y!r}; {len(bad)} of {e.size} values of a {e.dtype} array of shape "
            f"{e.shape} differ{'' if rtol == 0 else f' by more than rtol {rtol:g}'}"
        )


def _bits(a, e):
    """Where two real floating-point arrays hold the same number: any NaN is the same as any other, -0.0 is not 0.0."""
    return ((a == e) & (np.signbit(a) == np.signbit(e))) | ((a != a) & (e != e))


def _close(a, e, rtol):
    finite = np.isfinite(e)
    scale = np.abs(np.where(finite, e, 0)).max(initial=0)
    with np.errstate(all="ignore"):
        near = finite & np.isfinite(a) & (np.abs(a - e) <= rtol * scale)
    return near | (~finite & ((a == e) | (np.isnan(a) & np.isnan(e))))


def _same_float(a, e, rtol, slack=0.0):
    if a != a or e != e:
        return a != a and e != e
    if rtol and math.isfinite(a) and math.isfinite(e):
        return abs(a - e) <= max(rtol * abs(e), slack)
    return a == e and math.copysign(1.0, a) == math.copysign(1.0, e)


def _type_name(t):
    return t.__name__ if t.__module__ == "builtins" else f"{t.__module__}.{t.__name__}"


def _short(x):
    text = repr(x)
    return text if len(text) <= 120 else text[:117] + "..."


def _attributes(x):
    if dataclasses.is_dataclass(x):
        return {f.name: getattr(x, f.name) for f in dataclasses.fields(x) if hasattr(x, f.name)}
    return getattr(x, "__dict__", None)


# ---------------------------------------------------------------------------------------------- copies


def children(x):
    """(name, value) of the things directly inside a container or object; nothing for a leaf."""
    if isinstance(x, (list, tuple)):
        return [(f"[{i}]", v) for i, v in enumerate(x)]
    if isinstance(x, dict):
        return [(f"[{k!r}]", v) for k, v in x.items()]
    if isinstance(x, types.MethodType):
        return [(".__self__", x.__self__)]
    if isinstance(
        x,
        (
            np.ndarray,
            np.generic,
            type,
            types.FunctionType,
            types.BuiltinFunctionType,
            types.ModuleType,
            np.ufunc,
        ),
    ):
        return []
    inside = _attributes(x)
    return [(f".{k}", v) for k, v in inside.items()] if inside else []


def mutables(x, path="result"):
    """(path, object) of all arrays and mutable containers that x reaches, each once."""
    found, seen, stack = [], set(), [(path, x)]
    while stack:
        where, v = stack.pop()
        if isinstance(v, np.ndarray) or isinstance(v, (list, dict)):
            if id(v) in seen:
                continue
            seen.add(id(v))
            found.append((where, v))
        elif isinstance(v, tuple) or _attributes(v) is not None:
            if id(v) in seen:
                continue
            seen.add(id(v))
        stack.extend((where + name, child) for name, child in reversed(children(v)))
    return found


def clone(x):
    """A deep copy in which arrays keep their strides, and views still look at the (copied) memory that they shared."""
    memo, owners = {}, {}
    keep = []
    for _, a in mutables(x):
        if (
            isinstance(a, np.ndarray)
            and type(a) is np.ndarray
            and a.dtype.kind != "O"
            and not a.dtype.hasobject
        ):
            new = _clone_array(a, owners)
            memo[id(a)] = new
            keep.append(a)
    return copy.deepcopy(x, memo)


def _clone_array(a, owners):
    owner = a
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    contiguous = owner.flags.c_contiguous or owner.flags.f_contiguous
    if type(owner) is not np.ndarray or not contiguous or owner.dtype.hasobject:
        return a.copy(order="K")
    if id(owner) not in owners:
        owners[id(owner)] = owner.copy(order="K")
    new_owner = owners[id(owner)]
    if a is owner:
        new = new_owner
    elif a.size == 0:
        new = a.copy(order="K")
    else:
        raw = new_owner.reshape(-1, order="A").view(np.uint8)
        offset = a.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        low = offset + sum(s * (n - 1) for s, n in zip(a.strides, a.shape) if s < 0)
        high = offset + sum(s * (n - 1) for s, n in zip(a.strides, a.shape) if s > 0) + a.itemsize
        if low < 0 or high > raw.nbytes:  # as_strided beyond its owner
            return a.copy(order="K")
        new = (
            np.ndarray(a.shape, a.dtype, raw, offset, a.strides)
            if all(s >= 0 for s in a.strides)
            else np.lib.stride_tricks.as_strided(np.ndarray((), a.dtype, raw, offset), a.shape, a.strides)
        )
    if not a.flags.writeable and new is not new_owner:
        new.flags.writeable = False
    elif not a.flags.writeable:
        new = new.view()
        new.flags.writeable = False
    return new


# ---------------------------------------------------------------------------------------------- running

_NOT_USER = [pathlib.Path(__file__).resolve()] + [
    pathlib.Path(p).resolve()
    for k, p in sysconfig.get_paths().items()
    if k in ("stdlib", "platstdlib", "purelib", "platlib")
]


def user_frame(error):
    """(file, line) of the last frame of an exception's traceback that is in the user's own code."""
    skip = list(_NOT_USER)
    package = sys.modules.get("tracetensor")
    if package is not None and getattr(package, "__file__", None):
        skip.append(pathlib.Path(package.__file__).resolve().parent)
    last = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if name.startswith("<"):
            continue
        file = pathlib.Path(name).resolve()
        if not any(file == s or s in file.parents for s in skip):
            last = (str(file), line)
    return last


class Outcome:
    """What a call did: result or exception, the arguments as the call left them, and what aliases what."""

    def __init__(self, f, args, kwargs):
        self.args, self.kwargs = args, kwargs
        self.result = self.error = self.where = None
        before = mutables(
            (args, kwargs), "arguments"
        )  # paths are taken before the call: it may change containers
        try:
            self.result = f(*args, **kwargs)
        except Exception as e:
            self.error, self.where = e, user_frame(e)
        self.aliases = aliases(self.result, before)


def aliases(result, before):
    """The set of facts 'this leaf of the result is, or shares memory with, that argument or that other leaf'."""
    facts = set()
    leaves = mutables(result)
    others = [(p, o) for p, o in before]
    for i, (p, x) in enumerate(leaves):
        for q, y in others + leaves[:i]:
            if x is y:
                facts.add(f"{p} is {q}")
            elif isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and shares(x, y):
                facts.add(f"{p} shares memory with {q}")
    return facts


def shares(x, y):
    if not np.may_share_memory(x, y):
        return False
    try:
        return bool(np.shares_memory(x, y, max_work=100_000))
    except np.exceptions.TooHardError:
        return True


def run_both(f_plain, f_traced, args, kwargs=None, *, rtol=0.0):
    """Call both functions on equal copies of the arguments and assert that they do the same; give the plain Outcome.

    The same: the result (`assert_same`), or the exception (type, message, the user's line), the arguments as the calls
    left them (not after an exception), and which parts of the result are, or are views of, which arguments.
    """
    kwargs = kwargs or {}
    plain = Outcome(f_plain, *clone((tuple(args), dict(kwargs))))
    traced = Outcome(f_traced, *clone((tuple(args), dict(kwargs))))
    if plain.error is not None or traced.error is not None:
        if plain.error is None:
            raise AssertionError(
                f"raised {traced.error!r} at {traced.where}, where plain Python returned "
                f"{_short(plain.result)}"
            ) from traced.error
        if traced.error is None:
            raise AssertionError(
                f"returned {_short(traced.result)}, where plain Python raised {plain.error!r} at {plain.where}"
            )
        e, t = plain.error, traced.error
        if type(t) is not type(e) or str(t) != str(e):
            raise AssertionError(f"raised {t!r} at {traced.where}, expected {e!r} at {plain.where}") from t
        if traced.where != plain.where:
            raise AssertionError(f"raised {t!r} from {traced.where}, expected from {plain.where}") from t
        return plain
    assert_same(traced.result, plain.result, rtol=rtol)
    assert_same(traced.args, plain.args, rtol=rtol, path="arguments after the call")
    assert_same(traced.kwargs, plain.kwargs, rtol=rtol, path="keyword arguments after the call")
    missing, extra = plain.aliases - traced.aliases, traced.aliases - plain.aliases
    assert not missing and not extra, f"aliasing: missing {sorted(missing)}, unexpected {sorted(extra)}"
    return plain
