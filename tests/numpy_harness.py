"""Calls of NumPy, each traced once and run on awkward arrays of every dtype: is all that they do what NumPy does?

A call is a text, as `np.sum(m, axis=0)`, whose one-letter names are arguments; ARGUMENTS says what each stands for.
Its statements are divided by ";"; the last one is what the function returns.
"""

import dataclasses
import itertools
import linecache
import re
import warnings
import zlib

import numpy as np

import tracetensor as tt
from tests.compare import Outcome, assert_same

DTYPES = {
    "ALL": "? int8 int32 int64 uint8 float16 float32 float64 complex64 complex128",
    "REAL": "? int8 int32 int64 uint8 float16 float32 float64",
    "INT": "? int8 int32 int64 uint8",
    "INEXACT": "float16 float32 float64 complex64 complex128",
    "LAPACK": "int64 float32 float64 complex64 complex128",
    "FLOAT": "float32 float64",
    "ONE": "float64",
}
SIZES = {0: ((), ()), 1: ((5,), (7,)), 2: ((3, 4), (5, 2)), 3: ((2, 3, 4), (3, 2, 5))}
LAYOUTS = (
    "C", "F", "reversed", "strided", "transposed", "broadcast", "read-only", "empty", "ones", "one", "plain",
)  # fmt: skip
SPECIAL = (np.nan, np.inf, -np.inf, -0.0, 0.0)


# Arguments -------------------------------------------------------------------------------------------------------


def values(dtype, shape, rng):
    """Small numbers with ties; specials among those of inexact dtypes."""
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind == "c":
        result = np.empty(shape, dtype)
        result.real = values(result.real.dtype, shape, rng)
        result.imag = values(result.real.dtype, shape, rng)
        return result
    found = rng.integers(0 if dtype.kind == "u" else -4, 6, shape).astype(dtype)
    if dtype.kind == "f":
        found = np.asarray(found + (rng.integers(0, 8, shape) / 8).astype(dtype), dtype)
        if rng.random() < 0.5:
            found = np.asarray(found * dtype.type(1.1))  # sums that are rounded
        if rng.random() < 0.6:
            found = np.where(rng.random(shape) < 0.15, rng.choice(SPECIAL, size=shape), found).astype(dtype)
    return np.asarray(found)


def reshaped(shape, layout):
    """The shape that an argument has in a layout: empty and size-1 dims are kinds of layout too."""
    if layout == "empty":
        return (*shape[:-1], 0)
    if layout == "ones":
        return (1,) * len(shape)
    if layout == "one":
        return (1, *shape[1:])
    return shape


def laid_out(x, layout):
    """An array with the same values (of some layouts: values of its own) and another layout in memory."""
    if not x.ndim:
        pass
    elif layout == "F":
        x = np.asfortranarray(x)
    elif layout == "reversed":
        flip = (slice(None, None, -1),) * x.ndim
        x = x[flip].copy()[flip]
    elif layout == "strided":
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        wide[..., ::2] = x
        x = wide[..., ::2]
    elif layout == "transposed":
        axes = (*range(1, x.ndim), 0)
        x = np.ascontiguousarray(x.transpose(axes)).transpose(np.argsort(axes))
    elif layout == "broadcast":
        x = np.broadcast_to(x[..., :1].copy(), x.shape)
    if layout == "read-only":
        x.flags.writeable = False
    return x


class Draw:
    """Draws the arguments of one call: of one dtype, rank, size and layout."""

    def __init__(self, dtype, rank, size, layout, seed):
        self.dtype, self.rank, self.size, self.layout = np.dtype(dtype), rank, size, layout
        self.rng = np.random.default_rng(seed)

    def shape(self, rank):
        return reshaped(SIZES[rank][self.size], self.layout)

    def array(self, rank, dtype=None):
        return laid_out(values(np.dtype(dtype or self.dtype), self.shape(rank), self.rng), self.layout)

    def output(self, dtype):
        layout = "C" if self.layout in {"read-only", "broadcast"} else self.layout
        return laid_out(values(np.dtype(dtype), self.shape(self.rank), self.rng), layout)

    def indices(self, bound, shape):
        bound = max(bound, 1)
        return laid_out(np.asarray(self.rng.integers(-bound, bound, shape)), self.layout)

    def matrix(self, stack=()):
        n = reshaped((self.size + 2,), self.layout)[0]
        dtype = self.dtype if self.dtype.kind in "fc" else np.dtype(float)
        x = self.rng.integers(-3, 4, (*stack, n, n)).astype(dtype)
        if dtype.kind == "c":
            x = x + 1j * self.rng.integers(-3, 4, x.shape)
        x = x @ np.swapaxes(x.conj(), -1, -2) + 5 * np.eye(n)
        return laid_out(x.astype(self.dtype), self.layout)


ARGUMENTS = {
    "a": lambda d: d.array(d.rank),  # of every rank
    "c": lambda d: d.array(d.rank),
    "h": lambda d: d.array(d.rank, bool),
    "j": lambda d: d.array(d.rank, np.int64),
    "o": lambda d: d.output(np.float64),
    "d": lambda d: d.output(np.complex128),
    "v": lambda d: d.array(1),
    "w": lambda d: d.array(1),
    "b": lambda d: d.array(1, bool),
    "i": lambda d: d.indices(d.shape(1)[0], (3 + d.size,)),  # indices for v
    "l": lambda d: values(d.dtype, (4 - d.size,), d.rng),
    "e": lambda d: laid_out(np.sort(values(np.dtype("i2"), d.shape(1), d.rng)).astype(d.dtype), d.layout),
    "m": lambda d: d.array(2),
    "k": lambda d: d.array(2),
    "g": lambda d: d.array(2, bool),
    "t": lambda d: d.array(3),
    "q": lambda d: d.matrix(),
    "u": lambda d: d.matrix((3 - d.size,)),
    "r": lambda d: laid_out(values(d.dtype, reshaped((d.size + 2,), d.layout), d.rng), d.layout),
    "z": lambda d: laid_out(values(d.dtype, (), d.rng), d.layout),
    "s": lambda d: values(d.dtype, (), d.rng)[()],
    "n": lambda d: int(d.rng.integers(0, 4)),
    "f": lambda d: float(d.rng.integers(-8, 9)) / 4,
}


# Calls -----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Call:
    """A call. falls_back: part of the reason why some arguments make it run as plain Python, if they do."""

    text: str
    dtypes: tuple = ()
    rtol: float = 0.0
    falls_back: str = ""

    def __str__(self):
        return self.text

    @property
    def names(self):
        bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", self.text)
        return sorted(
            set(re.findall(r"(?<![\w.])([a-z])\b(?!\s*=[^=])", bare))
            | set(re.findall(r"^([a-z]) ?[-+*/]?=", bare))
        )

    @property
    def ranks(self):
        return (1, 2, 0, 3) if {"a", "c", "h", "j"} & set(self.names) else (1,)

    def function(self):
        """The call as a function of its arguments, with source that the tracer finds."""
        *before, last = [part.strip() for part in self.text.split(";")]
        lines = [
            f"def f({', '.join(self.names)}):",
            *[f"    {line}" for line in before],
            f"    return {last}",
        ]
        source = "\n".join(lines) + "\n"
        file = f"/tests/numpy-calls/{zlib.crc32(source.encode())}.py"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        space = dict(SPACE)
        exec(compile(source, file, "exec"), space)
        return space["f"]


SPACE = {"np": np}


def calls(dtypes, table, *, rtol=0.0):
    """The calls of a table: one a line, or several with two blanks between; after "#!" why some fall back."""
    found = []
    for line in table.strip().splitlines():
        text, _, reason = line.partition("#!")
        for part in re.split(r"\s{2,}", text.strip()):
            if part:
                found.append(Call(part, tuple(DTYPES[dtypes].split()), rtol, reason.strip()))
    return found


# Comparison ------------------------------------------------------------------------------------------------------


def same_memory(actual, expected, path="result"):
    """Assert that arrays have the same strides, where these matter, and may be written to alike."""
    if isinstance(expected, (list, tuple)):
        for k, (a, e) in enumerate(zip(actual, expected, strict=True)):
            same_memory(a, e, f"{path}[{k}]")
    elif isinstance(expected, np.ndarray):
        writable = expected.flags.writeable
        assert actual.flags.writeable == writable, f"{path}: writeable is {actual.flags.writeable}"
        if expected.size > 1:
            strides = [
                tuple([s for s, n in zip(x.strides, x.shape, strict=True) if n > 1])
                for x in (actual, expected)
            ]
            assert strides[0] == strides[1], f"{path}: strides {strides[0]}, expected {strides[1]}"


def compare(plain, traced, call):
    """Assert that two outcomes are the same."""
    if plain.error is not None or traced.error is not None:
        e, t = plain.error, traced.error
        assert type(t) is type(e) and str(t) == str(e), f"raised {t!r}, expected {e!r}"
        assert traced.where == plain.where, f"raised from {traced.where}, expected from {plain.where}"
        return
    assert_same(traced.result, plain.result, rtol=call.rtol)
    assert_same(traced.args, plain.args, rtol=call.rtol, path="arguments")
    same_memory(traced.result, plain.result)
    missing, extra = plain.aliases - traced.aliases, traced.aliases - plain.aliases
    assert not missing and not extra, f"aliasing: missing {sorted(missing)}, unexpected {sorted(extra)}"


def inputs(call, *, thorough):
    """(dtype, rank, layouts) that the call is run with: all of them, or a sample that is the same every time."""
    if thorough:
        for dtype, rank in itertools.product(call.dtypes, call.ranks):
            yield dtype, rank, LAYOUTS
        return
    rng = np.random.default_rng(zlib.crc32(call.text.encode()))
    rank = int(rng.choice(call.ranks))
    yield str(rng.choice(call.dtypes)), rank, ["C", *rng.choice(LAYOUTS[1:], 2, replace=False)]


def check(call, *, thorough=False):
    """Run a call traced and plain; the faults found, as texts, and how many calls were compared."""
    faults = []
    function = call.function()
    compared = plain_runs = 0
    for dtype, rank, layouts in inputs(call, thorough=thorough):
        traced = tt.trace(function, strict=True)
        for layout, size in itertools.product(layouts, (0, 1)):
            seed = zlib.crc32(f"{call.text} {dtype} {layout} {size}".encode())

            def drawn(seed=seed, layout=layout, size=size):
                draw = Draw(dtype, rank, size, layout, seed)
                return tuple([ARGUMENTS[n](draw) for n in call.names])

            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                plain = Outcome(function, drawn(), {})
                outcome = Outcome(traced, drawn(), {})
                compared += 1
                if call.falls_back and isinstance(outcome.error, tt.TraceError):
                    if call.falls_back in str(outcome.error):
                        plain_runs += 1
                        continue
                try:
                    compare(plain, outcome, call)
                except AssertionError as error:
                    faults.append(f"{call.text} [{dtype}, rank {rank}, {layout}, size {size}]: {error}")
    if call.falls_back and not plain_runs and thorough:
        faults.append(f"{call.text}: never falls back because of {call.falls_back!r}")
    return faults, compared
