"""The table of NumPy calls that tests/test_numpy_api.py compares, traced against plain."""

import numpy as np

from tests.numpy_harness import calls

ELSEWHERE = {np._core.umath.clip}
"""What is called under another name: the ufunc behind np.clip."""
SKIPPED_UFUNCS = {"isnat", "_arg", "_ones_like"}


def ufunc_calls():
    """Every ufunc of numbers, with out=, where=, dtype= and its methods."""
    found = []
    for name in sorted(n for n in dir(np) if isinstance(getattr(np, n), np.ufunc)):
        function = getattr(np, name)
        if name in SKIPPED_UFUNCS or function.signature is not None or function.__name__ != name:
            continue
        if function.nin == 1:
            args, scalars = "a", ["s", "z", "f", "n"]
        else:
            args, scalars = "a, c", ["a, 2", "f, a", "s, v", "v, n", "n, s", "m, v", "z, s", "m, m[:, :1]"]
        lines = [f"np.{name}({args})", *[f"np.{name}({x})" for x in scalars]]
        if function.nout == 1:
            lines += [
                f"np.{name}({args}, out=o)", f"np.{name}({args}, o)", f"np.{name}({args}, out=(d,))",
                f"np.{name}({args}, out=o, where=h)", f"np.{name}({args}, out=None)", f"np.{name}({args}, where=True)",
                f"np.{name}({args}, dtype=np.float64)", f"np.{name}({args}, casting='no')", f"np.{name}({args}, order='F')",
                f"np.{name}({args}, out=a)", f"np.{name}(a.T, out=a.T); a" if function.nin == 1 else f"np.{name}(a, a, out=a)",
            ]  # fmt: skip
        else:
            lines += [f"np.{name}({args}, out=(o, None))"]
        if function.nin == 2 and function.nout == 1:
            lines += [
                f"np.{name}.reduce(a)", f"np.{name}.reduce(m, axis=1)", f"np.{name}.reduce(t, axis=(0, 2))",
                f"np.{name}.reduce(m, axis=None)", f"np.{name}.reduce(m, 0, keepdims=True)",
                f"np.{name}.reduce(v, initial=1)", f"np.{name}.reduce(m, where=g, initial=1)",
                f"np.{name}.accumulate(a)", f"np.{name}.accumulate(m, axis=1)", f"np.{name}.outer(v, w)",
                f"np.{name}.outer(m, s)", f"np.{name}.outer(v, 2)", f"np.{name}.reduceat(v, [0, 1, 0])",
                f"np.{name}.reduceat(m, [1, 0], axis=1)", f"np.{name}.at(v, i, 1); v", f"np.{name}.at(v, i, w[0]); v",
                f"np.{name}.at(m, (slice(None), 0), 2); m", f"np.{name}.at(m, g, 1); m", f"np.{name}.reduce(a, dtype=float)",
                f"np.{name}.reduce(v, out=z)",
            ]  # fmt: skip
        elif function.nin == 1 and function.nout == 1:
            lines += [f"np.{name}.at(v, i); v"]
        rounding = (
            1e-3 if name in {"multiply", "square"} else 0.0
        )  # NumPy's loops differ by layout: docs/differences.md
        found += calls(
            "ALL",
            "\n".join([f"{x} #! on a read-only array" if ".at(" in x else x for x in lines]),
            rtol=rounding,
        )
    return found


REDUCTIONS = "sum prod min max any all mean var std ptp nansum nanprod nanmin nanmax nanmean nanvar nanstd median nanmedian"
RUNNING = "cumsum cumprod nancumsum nancumprod"
SEARCHES = "argmin argmax nanargmin nanargmax"


def reduction_calls():
    """Reductions over axes, as functions and as methods, with their options."""
    lines = []
    for name in REDUCTIONS.split():
        lines += [
            f"np.{name}(a)", f"np.{name}(m, axis=0)", f"np.{name}(m, 1)", f"np.{name}(t, axis=(0, -1))", f"np.{name}(t, axis=())",
            f"np.{name}(a, keepdims=True)", f"np.{name}(t, axis=1, keepdims=True)", f"np.{name}(m, axis=2)", f"np.{name}(s)",
            f"np.{name}(f)", f"np.{name}([n, f])", f"np.{name}(m.T, axis=-1)", f"np.{name}(m, axis=0, out=r[:0])",
            f"np.{name}(t, 0, out=m)", f"np.{name}(v, out=z)", f"np.{name}(m, axis=n)", f"np.{name}(v[1:])", f"np.{name}(m[::2, 1:], 0)",
            f"np.{name}(m, axis=None, out=o)",
        ]  # fmt: skip
        if "median" not in name and name != "ptp":
            lines += [
                f"np.{name}(m, where=g)"
                if name not in "min max nanmin nanmax"
                else f"np.{name}(m, where=g, initial=2)"
            ]
            lines += [f"np.{name}(m, axis=1, where=g)"]
        if name in {"sum", "prod", "mean", "var", "std", "nansum", "nanprod", "nanmean", "nanvar", "nanstd"}:
            lines += [
                f"np.{name}(m, axis=0, dtype=np.float32)",
                f"np.{name}(a, dtype=float)",
                f"np.{name}(v, dtype=int)",
            ]
        if name in {"sum", "prod", "min", "max", "nansum", "nanmin"}:
            lines += [
                f"np.{name}(m, axis=0, initial=1)",
                f"np.{name}(v, initial=f)",
                f"np.{name}(m, 0, initial=s)",
            ]
        if name in {"var", "std", "nanvar", "nanstd"}:
            lines += [f"np.{name}(m, axis=0, ddof=1)", f"np.{name}(v, ddof=0.5)", f"np.{name}(v, mean=2.0)"]
            lines += [
                f"np.{name}(m, 0, correction=1)",
                f"np.{name}(m, 1, None, None, 1)",
                f"np.{name}(v, ddof=n)",
            ]
        if name in {"sum", "prod", "min", "max", "any", "all", "mean", "var", "std"}:
            lines += [
                f"a.{name}()",
                f"m.{name}(0)",
                f"t.{name}(axis=(1, 2))",
                f"m.{name}(axis=1, keepdims=True)",
                f"s.{name}()",
            ]
            lines += [
                f"v.{name}(out=z)",
                f"m.T.{name}(axis=0)",
                f"m.{name}(axis=None)",
                f"t.transpose(1, 0, 2).{name}(axis=1)",
            ]
    lines += [
        "np.sum(m, 0, None, r)",
        "m.sum(0, None, r)",
        "m.sum(1, float)",
        "np.add.reduce(m, 0, None, r)",
        "np.sum(v, 0, None, z)",
    ]
    lines += [
        "np.amin(m, 0)",
        "np.amax(a)",
        "np.sum([v, w])",
        "np.sum((v, w), axis=0)",
        "np.mean([[n, f], [f, n]], axis=0)",
    ]
    lines += [
        "np.sum(v, out=z, dtype=np.float32)",
        "np.mean(m, 0, None, o)",
        "np.sum(t, (0, 1), out=o)",
        "np.sum(o, out=z)",
    ]
    for name in RUNNING.split():
        lines += [
            f"np.{name}({x})"
            for x in (
                "a",
                "m, axis=0",
                "m, 1",
                "t, axis=-2",
                "m.T",
                "s",
                "a, dtype=float",
                "m, axis=1, dtype='f4'",
                "v, out=w",
                "v, out=o",
                "v, 0, None, w",
                "m, 0, out=k",
                "m, axis=3",
            )
        ]
    lines += [
        "a.cumsum()",
        "m.cumsum(1)",
        "m.cumprod(axis=0)",
        "v.cumsum(out=w)",
        "s.cumsum()",
        "m.T.cumsum(0)",
    ]
    lines += [
        "np.cumulative_sum(v)",
        "np.cumulative_sum(m, axis=1, include_initial=True)",
        "np.cumulative_prod(v)",
        "np.cumulative_prod(m, axis=0, dtype=float)",
        "np.cumulative_sum(m)",
    ]
    for name in SEARCHES.split():
        lines += [
            f"np.{name}({x})"
            for x in (
                "a",
                "m, axis=0",
                "m, 1",
                "t, axis=-2",
                "m.T",
                "s",
                "m, axis=0, keepdims=True",
                "a, keepdims=True",
                "v, out=z",
                "m, axis=2",
            )
        ]
    lines += [
        "a.argmin()",
        "m.argmax(1)",
        "m.argmax(axis=0)",
        "m.T.argmin()",
        "s.argmax()",
        "m.argmin(axis=1, keepdims=True)",
    ]
    lines += [
        f"np.count_nonzero({x})"
        for x in ("a", "m, axis=0", "m, axis=(0, 1)", "h", "m, axis=1, keepdims=True", "s", "v > 1")
    ]
    for name in ("percentile", "quantile", "nanpercentile", "nanquantile"):
        q = "30" if "percentile" in name else "0.3"
        lines += [
            f"np.{name}(v, {q})",
            f"np.{name}(m, {q}, axis=0)",
            f"np.{name}(m, [{q}, 0.5], axis=1)",
            f"np.{name}(m, {q}, axis=(0, 1), keepdims=True)",
        ]
        lines += [
            f"np.{name}(v, {q}, method='nearest')",
            f"np.{name}(m, {q}, 0, method='lower')",
            f"np.{name}(v, [[0, {q}]])",
            f"np.{name}(v, 200)",
            f"np.{name}(v, {q}, weights=abs(w), method='inverted_cdf')",
        ]
        lines += [
            f"np.{name}(t, {q}, axis=1, out=m)",
            f"np.{name}(v, {q}, overwrite_input=True) #! overwrite",
        ]
    lines += [
        "np.median(v, overwrite_input=True) #! overwrite",
        "np.nanmedian(v, None, None, True) #! overwrite",
        "np.average(a)",
        "np.average(m, axis=0)",
        "np.average(v, weights=w)",
        "np.average(m, weights=k)",
        "np.average(m, axis=1, weights=k)",
    ]
    lines += [
        "np.average(m, axis=0, weights=k, returned=True)",
        "np.average(v, returned=True)",
        "np.average(m, axis=0, keepdims=True)",
        "np.average(m, axis=1, weights=m[0])",
    ]
    lines += [
        "np.trace(m)",
        "np.trace(t, 1)",
        "np.trace(t, 0, 1, 2)",
        "m.trace()",
        "t.trace(0, 2, 1)",
        "np.trace(m, dtype=float)",
        "np.trace(t, out=r)",
        "np.linalg.trace(t)",
        "np.linalg.trace(m, offset=-1)",
    ]
    return calls("ALL", "\n".join(lines))


SHAPES = """
np.transpose(a)  a.T  m.T  np.transpose(t, (1, 0, 2))  np.transpose(t, (-1, 0, 1))  t.transpose(2, 0, 1)  t.transpose((1, 2, 0))  t.transpose()  t.transpose(None)  np.permute_dims(t, (2, 1, 0))  np.transpose(m, (0, 0))  np.transpose(m, (0,))
np.matrix_transpose(t)  m.mT  v.mT  np.linalg.matrix_transpose(t)  np.swapaxes(t, 0, 2)  t.swapaxes(0, -1)  np.swapaxes(m, 0, 5)  np.moveaxis(t, 0, -1)  np.moveaxis(t, (0, 1), (-1, 0))  np.moveaxis(t, 0, (1, 2))  np.rollaxis(t, 2)  np.rollaxis(t, 1, 3)  np.rollaxis(m, 0)
np.reshape(a, -1)  np.reshape(m, (4, -1))  m.reshape(-1)  m.reshape(2, -1)  m.reshape((-1, 2))  m.T.reshape(-1)  m.reshape(-1, order='F')  np.reshape(m, (-1,), order='F')  np.reshape(m, -1, order='A')  np.reshape(m, (7, 3))  t.reshape(-1, t.shape[2])  t.reshape(t.shape[0], -1)  t.reshape(t.shape[1], t.shape[0], -1)  v.reshape(-1, 1)  v.reshape(1, -1)  m.reshape(m.shape)  m.reshape(m.size)  m[1:].reshape(-1)  m[:, 1:].reshape(-1)  t[0].reshape(-1)  t[:, 0].reshape(-1)  m.reshape(-1, copy=True)  np.reshape(m, m.shape[::-1])  m.reshape(m.shape[1], -1).T  z.reshape(1)  s.reshape(1, 1)  z.reshape(())  s.reshape(-1)
np.ravel(a)  a.ravel()  m.T.ravel()  m.ravel('F')  m.ravel(order='F')  np.ravel(m, 'K')  m.ravel('A')  m.T.ravel('K')  m.T.ravel(order='A')  m[:, ::2].ravel()  np.ravel(t.transpose(1, 0, 2), order='K')  s.ravel()  np.ravel(f)  np.ravel([v, w])
a.flatten()  m.T.flatten()  m.flatten('F')  m.flatten('K')  m.T.flatten('K')  m.flatten(order='A')  s.flatten()
np.squeeze(a)  np.squeeze(m[:, None])  np.squeeze(m[None], 0)  np.squeeze(m, axis=0)  m[None].squeeze()  m[:, None].squeeze(axis=1)  m[None, :, None].squeeze((0, 2))  s.squeeze()  v[:, None].squeeze(-1)
np.expand_dims(a, 0)  np.expand_dims(m, (0, 2))  np.expand_dims(v, -1)  np.expand_dims(v, 5)  v[None]  v[:, np.newaxis]  m[..., None]  np.atleast_1d(a)  np.atleast_2d(a)  np.atleast_3d(a)  np.atleast_2d(v, m)  np.atleast_1d(s, z)  np.atleast_2d(f)  np.atleast_3d(s, v)
np.broadcast_to(v, (2, v.shape[0]))  np.broadcast_to(a, (2, 3, 5, 4))  np.broadcast_to(s, (3,))  np.broadcast_to(v, m.shape)  np.broadcast_to(z, ())  np.broadcast_to(f, (2, 2))  np.broadcast_to(v, v.shape)  np.broadcast_arrays(m, m[0])  np.broadcast_arrays(v, s)  np.broadcast_arrays(v, w)  np.broadcast_arrays(m, v)  np.broadcast_shapes(v.shape, (1,))  np.broadcast_shapes(m.shape, (4,))
np.flip(a)  np.flip(m, 0)  np.flip(m, (0, 1))  np.flip(m, axis=-1)  np.flipud(m)  np.fliplr(m)  np.fliplr(v)  np.flip(m, 2)  np.rot90(m)  np.rot90(m, 2)  np.rot90(m, -1)  np.rot90(t, 1, (1, 2))  np.rot90(m, k=n)  np.rot90(v)
np.roll(a, 1)  np.roll(m, 1, axis=0)  np.roll(m, (1, 2), axis=(0, 1))  np.roll(v, n)  np.roll(m, -n, 1)  np.roll(v, (1, 2))  np.roll(m, 1, (0, 1))  np.roll(v, 1, 2)
np.diagonal(m)  np.diagonal(m, 1)  m.diagonal(-1)  t.diagonal(0, 1, 2)  np.diagonal(t)  np.linalg.diagonal(t, offset=1)  np.linalg.diagonal(m)  np.diagonal(v)  np.diagonal(m, 9)  np.diag(v)  np.diag(m)  np.diag(m, 1)  np.diag(v, -1)  np.diagflat(m)  np.diagflat(v, 1)  np.diag(t)  np.diag(s)  m.diagonal(offset=n)  np.diag(v, n)
a.real  a.imag  np.real(a)  np.imag(a)  s.real  s.imag  np.real(f)  np.imag(f)  np.real(s)  a.conj()  a.conjugate()  s.conj()  np.conj(a)  np.real_if_close(a)  np.angle(a)  np.angle(v, deg=True)  np.angle(s)  np.angle(z)
a.shape  a.size  a.ndim  a.dtype  a.itemsize  a.nbytes  s.shape  s.dtype  s.ndim  s.size  z.shape  np.shape(a)  np.shape(f)  np.shape([v, w])  np.size(a)  np.size(m, 0)  np.size(m, axis=-1)  np.size(m, (0, 1))  np.ndim(a)  np.ndim(f)  len(m)  len(z)  np.size(s)
a.view()  v.view(v.dtype)  a.copy()  a.copy('F')  a.copy('K')  a.copy(order='A')  np.copy(a)  np.copy(m, 'F')  np.copy(m.T)  np.copy(m, order='C')  s.copy()  np.copy(s)  m.T.copy()  m.T.copy('K')  m[::-1].copy('K')  np.copy(f)
np.array(a)  np.array(a, copy=False)  np.array(a, copy=None)  np.array(m, order='F')  np.array(m, order='C')  np.array(m, order='K')  np.array(m.T)  np.array(m, dtype=float)  np.array(m, dtype=np.complex128)  np.array(m, float, order='F')  np.array(v, ndmin=2)  np.array(m, ndmin=3)  np.array(s)  np.array(f)  np.array([v, w])  np.array([s, f])  np.array([[n, f], [f, 1]])  np.array((v, w), dtype=float)  np.array([n, 1])  np.array([m, k])  np.array([z, s])  np.array([[s], [z]])  np.array([])  np.array([v[0], w[1]])  np.array([v, 1])  np.array(n)  np.array([True, n])  np.array([f, 1j])
np.asarray(a)  np.asarray(a, dtype=float)  np.asarray(m, order='F')  np.asarray(m, order='C')  np.asanyarray(a)  np.asarray(s)  np.asarray([v, w])  np.asarray(a, dtype=a.dtype)  np.asarray(f)  np.asarray(m, copy=True)  np.ascontiguousarray(a)  np.ascontiguousarray(m.T)  np.ascontiguousarray(v[::2])  np.ascontiguousarray(s)  np.asfortranarray(a)  np.asfortranarray(m.T)  np.require(m, requirements='C')  np.require(m, float, ['F'])  np.asarray_chkfinite(v)  np.ascontiguousarray(m, dtype=float)
a.astype(float)  a.astype(np.float32)  a.astype(int)  a.astype(bool)  a.astype('i1')  a.astype(np.uint8)  a.astype(complex)  a.astype(a.dtype, copy=False)  a.astype(float, copy=False)  m.astype(float, order='C')  m.astype(float, order='F')  m.astype(m.dtype, 'F')  m.T.astype(float)  m.astype(float, casting='safe')  m.astype(np.int8, casting='same_kind')  s.astype(float)  s.astype(np.int32)  np.astype(a, np.float32)  np.astype(a, float, copy=False)
a.item()  v.item(0)  v.item(-1)  m.item(1, 2)  m.item(3)  m.item((1, 1))  v.item(99)  s.item()  z.item()  v.tolist()  z.tolist()  s.tolist()  v.item(n)  m.item(n, 0)
m.tolist()  t.tolist()  m.T.tolist()  a.tolist()
np.concatenate([v, w])  np.concatenate((m, k), axis=1)  np.concatenate([m, k], 0)  np.concatenate([m, v[None]])  np.concatenate([m, k], axis=None)  np.concatenate([v, [f, 1]])  np.concatenate([m, k], dtype=float)  np.concatenate([v, w], dtype=np.int8, casting='unsafe')  np.concatenate([v, o])  np.concatenate([m.T, k.T])  np.concatenate([t, t], 2)  np.concatenate([z, z])  np.concatenate([v, w], out=o)  np.concatenate(m)  np.concatenate(t, axis=1)  np.concatenate([m.T, k.T], 1)  np.concatenate([v])  np.concat([v, w])
np.stack([v, w])  np.stack([m, k], axis=-1)  np.stack([m, k], 1)  np.stack([m.T, k.T], 1)  np.stack([s, s])  np.stack([v, m])  np.stack([v, w], dtype=float)  np.stack(m)  np.stack([v, w], axis=3)  np.vstack([v, w])  np.vstack((m, k))  np.vstack([m, v])  np.vstack(m)  np.hstack([v, w])  np.hstack((m, k))  np.hstack([s, f])  np.dstack([v, w])  np.dstack([m, k])  np.dstack([t, t])  np.column_stack([v, w])  np.column_stack([v, m[:, :2]])  np.column_stack([m, k])  np.row_stack([v, w]) if hasattr(np, 'row_stack') else 0
np.append(v, w)  np.append(v, f)  np.append(m, k)  np.append(m, k, axis=0)  np.append(m, k, 1)  np.append(v, [1, 2])  np.append([], v)  np.insert(v, 1, 9)  np.insert(v, [0, 2], [7, 8])  np.insert(m, 1, 5, axis=0)  np.insert(m, 1, k[0], axis=0)  np.insert(m, [1], k[:, :1], axis=1)  np.insert(v, 99, 1)  np.insert(v, n, f)  np.insert(v, slice(0, 2), 3)  np.delete(v, 0)  np.delete(v, [0, -1])  np.delete(m, 1, axis=0)  np.delete(m, 0, 1)  np.delete(v, slice(1, 3))  np.delete(v, b)  np.delete(v, 99)  np.delete(m, 2)  np.delete(v, n)  np.delete(v, i)
np.split(v, [1, 3])  np.split(m, [1], axis=1)  np.split(v, v.shape[0])  np.split(v, 2)  np.array_split(v, 3)  np.array_split(m, 2, axis=1)  np.array_split(v, [2])  np.hsplit(m, [1, 2])  np.vsplit(m, [1])  np.dsplit(t, [2])  np.hsplit(v, [1])  np.vsplit(v, 2)  np.unstack(m)  np.unstack(m, axis=1)  np.split(t, [1], axis=2)  np.split(m, [n])
np.tile(a, 2)  np.tile(m, (2, 1))  np.tile(v, (2, 2))  np.tile(s, 3)  np.tile(m, (2, 1, 2))  np.tile(v, n)  np.tile(v, 0)  np.tile(m, 1)  np.repeat(a, 2)  np.repeat(m, 2, axis=0)  np.repeat(m, 3, 1)  np.repeat(v, 0)  np.repeat(s, 3)  v.repeat(2)  np.repeat(v, n)  np.repeat(v, i % 3)  np.repeat(m, [2], axis=0)  np.repeat(v, -1)  v.repeat([1] * 5)  np.repeat(v, v)  np.resize(v, 7)  np.resize(m, (2, 3))  np.resize(a, (4,))  np.resize(v, n)  np.resize(v, 0)
np.block([[m, k], [k, m]])  np.block([v, w])  np.block([[v], [w]])  np.block([s, v])  np.pad(v, 1)  np.pad(m, ((1, 0), (0, 2)))  np.pad(v, 2, mode='edge')  np.pad(m, 1, 'constant', constant_values=7)  np.pad(v, (1, 2), 'reflect')  np.pad(v, 1, mode='wrap')  np.pad(m, (1, 1), 'symmetric')  np.pad(v, 2, 'linear_ramp', end_values=3)  np.pad(v, 1, 'maximum')  np.pad(m, 1, 'mean')  np.pad(v, n)  np.pad(v, (n, 0))  np.pad(v, 1, constant_values=f)  np.pad(v, -1)  np.pad(v, 1, 'empty').shape  np.pad(m, 1, 'median')  np.pad(v, {0: (1, 2)})
np.tri(3)  np.tril(m)  np.triu(m, 1)  np.tril(t, -1)  np.triu(q)  np.tril(v)  np.triu(m, n)  np.tril_indices(n)  np.triu_indices(3, 1, 4)  np.tril_indices_from(q)  np.triu_indices_from(m, 1)  np.diag_indices(n)  np.diag_indices_from(q)  np.diag_indices_from(m)  np.eye(n)  np.eye(3, n, 1)  np.identity(n)  np.tri(n, 3, -1, dtype=int)  np.eye(n, dtype=m.dtype)  np.eye(2, k=n)  np.vander(v)  np.vander(v, 3)  np.vander(v, n, increasing=True)
np.zeros(n)  np.zeros(m.shape)  np.zeros((n, 2), dtype=v.dtype)  np.ones(n)  np.ones(m.shape, int)  np.ones((2, n), order='F')  np.full(n, f)  np.full((2, n), s)  np.full(3, v[0])  np.full((2, v.shape[0]), v)  np.full(n, n)  np.full(2, f, dtype=int)  np.empty(n).shape  np.empty((n, 2), v.dtype).dtype  np.zeros_like(a)  np.ones_like(a)  np.full_like(a, 2)  np.empty_like(a).shape  np.zeros_like(m.T)  np.zeros_like(m, dtype=int)  np.zeros_like(m, order='C')  np.ones_like(m, order='F')  np.zeros_like(m, shape=(2, 2))  np.full_like(m, f)  np.full_like(v, w)  np.full_like(m, s, dtype=float)  np.zeros_like(s)  np.ones_like(f)  np.zeros_like(n)  np.zeros_like(t.transpose(1, 2, 0))  np.ones_like(m[::-1, ::2])  np.full_like(a, 2.5)  np.full_like(v, -1)  np.zeros(-1)  np.zeros(f)
np.arange(n)  np.arange(n, 7)  np.arange(0, f, 0.25)  np.arange(n, dtype=float)  np.arange(f)  np.arange(s)  np.arange(v.shape[0])  np.arange(5, n, -1)  np.arange(0, 1, n)  np.arange(n, dtype=v.dtype)  np.linspace(0, f, 5)  np.linspace(f, 3, n)  np.linspace(v, w, 4)  np.linspace(v, 1, 3, axis=-1)  np.linspace(0, n, 4, endpoint=False)  np.linspace(0, 1, n, retstep=True)  np.linspace(s, 2, 3)  np.linspace(0, 10, 4, dtype=int)  np.linspace(0, n, 1)  np.logspace(0, f, 4)  np.logspace(v, 2, 3)  np.logspace(0, n, 3, base=2)  np.geomspace(1, 2 + abs(f), 4)  np.geomspace(1, abs(v) + 1, 3)  np.linspace(0, 1, -n)
np.meshgrid(v, w)  np.meshgrid(v, l, indexing='ij')  np.meshgrid(v, l, sparse=True)  np.meshgrid(v, w, copy=False)  np.meshgrid(v, l, r)  np.meshgrid(v)  np.meshgrid(s, v)  np.indices((2, n))  np.indices(m.shape)  np.indices((2, 3), sparse=True)  np.mgrid[0:n, 0:3]  np.ogrid[0:n, 0:3]  np.mgrid[0:f:3j]  np.r_[v, 0, w]  np.r_[0:n, f]  np.c_[v, w]  np.c_[m, k]  np.r_['0,2', v, w]  np.ix_([0, 1], [n])  np.ix_(v, w)  np.ndindex(2, 3).shape if 0 else 1
np.trim_zeros(v)  np.trim_zeros(v, 'f')  np.trim_zeros(w, trim='b')  np.lib.stride_tricks.sliding_window_view(v, 2)  np.lib.stride_tricks.sliding_window_view(m, (2, 2))  np.lib.stride_tricks.as_strided(v, (2,), (8,)).shape
np.s_[0:n]
np.einsum_path('ij,jk', q, q) #! einsum_path returns
np.min_scalar_type(s) #! min_scalar_type returns
np.empty_like(m.T).strides #! the array attribute .strides
a.astype('U3') #! dtype
"""
INDEXING = """
np.take(a, 0)  np.take(v, i)  np.take(v, [0, -1])  np.take(m, 1, axis=1)  np.take(m, [0, 1], axis=0)  np.take(m, [[0, 1], [1, 0]], axis=1)  v.take(i)  m.take([0, 1], 1)  np.take(v, 99)  np.take(v, [7, -9], mode='wrap')  np.take(v, [7, -9], mode='clip')  np.take(v, n)  np.take(m, n, 0)  np.take(v, i, out=v[: i.shape[0]])  np.take(m.T, [0], axis=0)  np.take(v, s)  np.take(v, b)
np.take_along_axis(m, np.argsort(m, axis=1), axis=1)  np.take_along_axis(m, np.argmax(m, 0, keepdims=True), 0)  np.take_along_axis(v, i, 0)  np.take_along_axis(m, np.argsort(m, axis=None), None)  np.take_along_axis(m, i, 0)
np.choose(b * 1, [v, w])  np.choose([0, 1], [[1, 2], [3, 4]])  np.choose(g * 1, (m, 2))  np.choose(i, [v[0], w[0]], mode='wrap')  np.choose(i, [1, 2], mode='clip')  b.astype(int).choose([v, w])  np.choose(b, [v, w])  np.compress(b, v)  np.compress([True, False], m, axis=0)  v.compress(b)  np.compress(b, m, axis=1)  np.compress([1, 0], m)  np.extract(b, v)  np.extract(g, m)  np.extract(v > 1, v)  np.select([b, v > 1], [v, w])  np.select([b], [v], 9)  np.select([g, m > 1], [m, 2 * k], default=-1)  np.select([b, ~b], [1, 2.5])  np.select([], [])
np.where(b, v, w)  np.where(g, m, 0)  np.where(h, a, c)  np.where(v > 1, f, w)  np.where(b)  np.where(m)  np.where(b, n, f)  np.where(b, s, n)  np.where(v, 1, 2)  np.where(g, m, m[0])  np.where(s, v, w)  np.where(z)  np.where(f > 0, v, w)  np.where(b, v, None) if 0 else 1  np.where(g.T, m.T, k.T)  np.where(g, m.T, k)
np.nonzero(a)  a.nonzero()  np.flatnonzero(a)  np.argwhere(a)  np.nonzero(b)  np.nonzero(m > 1)  np.argwhere(m.T)  np.flatnonzero(m.T)
np.unravel_index(n, (3, 4))  np.unravel_index(i % 3, (3, 4))  np.unravel_index(np.argmax(m), m.shape)  np.unravel_index([1, 2], (3, 4), order='F')  np.unravel_index(99, (2, 2))  np.ravel_multi_index((n, 1), (4, 4))  np.ravel_multi_index((i % 3, i % 2), (3, 4))  np.ravel_multi_index((1, n), (4, 4), order='F')  np.ravel_multi_index((9, 9), (3, 4), mode='clip')  np.ravel_multi_index(np.array([[n, 1], [0, 1]]), (4, 4))  np.ravel_multi_index((9, 9), (3, 4))
np.put(v, [0, -1], 7); v  np.put(v, i, w); v  np.put(m, [1, 3], [5, 6]); m  v.put([0], f); v  np.put(v, 99, 1)  np.put(v, [7], 1, mode='wrap'); v  np.put(v, [9], 2, mode='clip'); v  m.put(n, 3); m  np.put(m.T, [1], 9); m
np.place(v, b, [1, 2]); v  np.place(v, v > 1, 9); v  np.place(m, g, w); m  np.putmask(v, b, w); v  np.putmask(m, g, 7); m  np.putmask(v, v > 1, [1, 2]); v  np.putmask(m.T, g.T, 3); m
np.copyto(v, w); v  np.copyto(m, 3); m  np.copyto(m, m[0]); m  np.copyto(v, w, where=b); v  np.copyto(o, a); o  np.copyto(v, o[0]) if 0 else 1  np.copyto(v, 2.5); v  np.copyto(v, w, casting='unsafe'); v  np.copyto(m[0], m[1]); m  np.copyto(v, d) if 0 else 1
np.fill_diagonal(m, 7); m  np.fill_diagonal(m, v); m  np.fill_diagonal(q, f); q  np.fill_diagonal(m, 1, wrap=True); m  np.fill_diagonal(v, 1)  np.fill_diagonal(m.T, 4); m
np.put_along_axis(m, np.argmax(m, 1, keepdims=True), 9, 1); m  np.put_along_axis(v, i, 5, 0); v  np.put_along_axis(m, np.argsort(m, 0), k, axis=0); m  np.put_along_axis(m, np.argmax(m, keepdims=True), 9, axis=None); m
v.fill(3); v  m.fill(f); m  m[0].fill(n); m  m.T.fill(2); m  v.sort(); v  m.sort(0); m  m.sort(axis=-1); m  m.T.sort(0); m  v.sort(kind='stable'); v  v[::2].sort(); v  v.partition(2); v  m.partition(1, axis=0); m  v.sort(axis=2)  z.sort()
v[i] = 1; v  v[b] = w[b]; v  m[g] = 0; m  m[:, 0] = k[:, 1]; m  m[0] += 1; m  m[::2] *= 2; m  v[...] = w; v  v[::-1][:2] = 7; v  m.T[0] = 5; m  m.flat[2] = 9; m  m.flat[::3] = 1; m  m.flat = 2; m  v.real = 1; v  v.imag = 1; v  z[()] = 3; z  z[...] = 4; z  v[0] = s; v  v[n] = f; v  m[0, n] = n; m  v += w; v  v *= 2; v  m += m[0]; m  v -= f; v  v /= 2; v  v //= 2; v  v **= 2; v  v |= w; v  v <<= 1; v  m @= q; m  a += 1; a  a += c; a
v[i]  v[b]  v[1:3]  v[::-1]  v[n]  m[n]  m[0, n]  m[g]  m[[0, 1]]  m[:, [1, 0]]  m[[0, 1], [1, 0]]  m[..., 0]  m[None]  t[:, 0]  t[0, :, 1]  t[..., ::2]  t[[0, 1], :, [1, 0]]  t[0, [0, 1]]  t[:, [0, 1], 0]  v[v > 1]  m[m > m.mean()]  m[1:, ::2]  m.T[0]  z[()]  z[...]  z[None]  s[()]  s[...]  v[[]]  v[np.array([True, False])]  v[99]  m[0, 0, 0]  v['a'] if 0 else 1  v[f] if 0 else 1  m[-1]  m[::-1, ::-1]  m[slice(None, n)]  v[n:]  v[:-n]  v[True]  m[False]  v[None, b]  m[:, b] if 0 else 1  m.flat[3]  m.flat[::2]  m.flat[[0, 1]]  list(v.flat)  v[i, None]  t[g[:2]] if 0 else 1  v[np.ix_([0, 1])]  m[np.ix_([0, 1], [1, 0])]
"""
SORTING = """
np.sort(a)  np.sort(m, axis=0)  np.sort(m, axis=None)  np.sort(v, kind='stable')  np.sort(m.T)  np.sort(m, 2)  np.sort(s)  np.argsort(a)  np.argsort(m, 0)  np.argsort(m, axis=None)  np.argsort(v, kind='mergesort')  m.argsort()  m.argsort(0)  v.argsort(kind='stable')  m.T.argsort()  np.sort_complex(v)  np.sort(v)[::-1]  np.sort(m, stable=True)  np.argsort(m, stable=True, axis=0)
np.partition(v, 2)  np.partition(m, 1, axis=0)  np.partition(m, (0, 1))  np.argpartition(v, 2)  m.argpartition(1, axis=0)  v.argpartition(n)  np.partition(v, -1)  np.partition(v, 99)  np.partition(m, 1, axis=None)  np.partition(v, n)  np.lexsort((v, w))  np.lexsort(m)  np.lexsort((w, v, b))  np.lexsort([v])  np.lexsort((m, k), axis=0)
np.searchsorted(e, 2)  np.searchsorted(e, v)  np.searchsorted(e, v, side='right')  np.searchsorted(e, m)  e.searchsorted(v)  e.searchsorted(f, 'right')  np.searchsorted(v, w, sorter=np.argsort(v))  np.searchsorted([1, 2, 3], v)  np.searchsorted(e, s)  np.searchsorted(e, n)  np.searchsorted(e, [])  np.digitize(v, [0, 1, 2])  np.digitize(v, e)  np.digitize(m, [2, 1, 0], right=True)  np.digitize(s, [0, 1])  np.digitize(v, [1, 0, 2])  np.digitize(f, [0, 1])
np.unique(a)  np.unique(v, return_index=True)  np.unique(v, return_inverse=True)  np.unique(m, return_counts=True)  np.unique(m, axis=0)  np.unique(v, True, True, True)  np.unique(m, axis=1, return_inverse=True)  np.unique(v, equal_nan=False)  np.unique(m, return_inverse=True)  np.unique_all(v)  np.unique_counts(m)  np.unique_inverse(m)  np.unique_values(v)  np.unique(s)  np.unique(v, sorted=False)
np.isin(v, w)  np.isin(m, [1, 2])  np.isin(v, w, invert=True)  np.isin(s, v)  np.isin(v, [])  np.isin(v, w, assume_unique=True)  np.isin(v, w, kind='sort')  np.intersect1d(v, w)  np.intersect1d(v, w, return_indices=True)  np.union1d(v, w)  np.setdiff1d(v, w)  np.setxor1d(v, w)  np.setdiff1d(m, k)  np.in1d(v, w) if hasattr(np, 'in1d') else 0  np.intersect1d(v, w, assume_unique=True)
np.bincount(abs(i))  np.bincount(b * 1, minlength=4)  np.bincount(abs(i), weights=abs(i) * 0.5)  np.bincount(b, v)  np.bincount(v)  np.bincount(i)  np.bincount([])  np.histogram(v, 3)  np.histogram(v, [0, 1, 2])  np.histogram(v, 3, range=(0, 4))  np.histogram(v, 3, density=True)  np.histogram(v, bins=2, weights=w)  np.histogram(m)  np.histogram(v, 'auto')  np.histogram_bin_edges(v, 3)  np.histogram_bin_edges(v, 'sturges')  np.histogram2d(v, w, 2)  np.histogram2d(v, w, [2, 3])  np.histogram2d(v, w, bins=2, range=[[0, 1], [0, 2]])  np.histogramdd(m, 2)  np.histogramdd((v, w), bins=(2, 2))
"""
NUMERICAL = """
np.diff(a)  np.diff(m, axis=0)  np.diff(v, 2)  np.diff(m, 1, 1)  np.diff(v, prepend=0)  np.diff(v, append=w)  np.diff(v, 0)  np.diff(v, -1)  np.diff(m, prepend=f, axis=0)  np.diff(v, n)  np.diff(m.T)  np.diff(v, 9)  np.ediff1d(v)  np.ediff1d(m, to_begin=1)  np.ediff1d(v, to_end=[1, 2])  np.gradient(v)  np.gradient(m)  np.gradient(m, axis=0)  np.gradient(v, 2)  np.gradient(v, edge_order=2)  np.gradient(m, 1, 2)  np.gradient(v, e)  np.gradient(m, axis=(0,))  np.gradient(t)  np.gradient(s)  np.gradient(m, f)
np.trapezoid(v)  np.trapezoid(m, axis=0)  np.trapezoid(v, w)  np.trapezoid(m, dx=0.5)  np.trapezoid(m, v[: m.shape[1]])  np.trapezoid(m, k)  np.trapezoid(m, k, axis=0)  np.trapezoid(v, dx=f)  np.trapezoid(z)  np.interp(v, e, w)  np.interp(f, e, v)  np.interp(m, [0, 1, 2], [3, 4, 5])  np.interp(v, e, w, left=0, right=9)  np.interp(v, [0, 1, 2], [3, 4, 5], period=3)  np.interp(s, e, v)  np.interp(z, e, v)  np.interp(v, [], [])  np.interp(n, e, v)  np.interp(v, w, v)
np.unwrap(v)  np.unwrap(m, axis=0)  np.unwrap(v, period=4)  np.unwrap(v, discont=1)  np.sinc(a)  np.i0(a)  np.fix(a)  np.fix(s)  np.isneginf(a)  np.isposinf(a)  np.iscomplex(a)  np.isreal(a)  np.nan_to_num(a)  np.nan_to_num(v, nan=1.0)  np.nan_to_num(v, posinf=9, neginf=-9)  np.nan_to_num(v, copy=False)  np.nan_to_num(s)  np.nan_to_num(f)  np.sinc(f)  np.sinc(s)  np.i0(s)  np.iscomplex(s)  np.isreal(f)  np.isneginf(v, out=b)  np.fix(v, out=w)  np.isposinf(s)
np.round(a)  np.round(a, 1)  np.around(a, -1)  a.round()  a.round(2)  np.round(s, 1)  s.round()  np.round(f)  round(f)  round(f, 1)  round(s)  round(s, 1)  np.round(v, out=w)  v.round(1, w)  np.round(n)  np.clip(a, 0, 2)  np.clip(a, None, 2)  np.clip(a, 1, None)  a.clip(0, 1)  a.clip(min=1)  np.clip(v, w, 2)  np.clip(m, m[0], 3)  np.clip(v, 0, 2, out=w)  v.clip(0, 2, w)  np.clip(s, 0, 1)  np.clip(f, 0, 1)  np.clip(v, f, 3)  np.clip(v, n, 3)  np.clip(v, 0.5, 2.5)  np.clip(v, -1, 300)  np.clip(a, a_min=0, a_max=1)  v.clip()  np.clip(v, None, None)  np.clip(v, s, None)  v.clip(0, 1, dtype=float)
np.isclose(a, c)  np.isclose(v, f)  np.isclose(v, w, rtol=0.5)  np.isclose(v, v, equal_nan=True)  np.isclose(s, f)  np.isclose(f, f)  np.isclose(v, w, atol=abs(f))  np.allclose(a, c)  np.allclose(v, v, equal_nan=True)  np.allclose(v, w, 1, 2)  np.array_equal(a, c)  np.array_equal(v, v)  np.array_equal(v, w, equal_nan=True)  np.array_equiv(m, m[0])  np.array_equiv(a, c)  np.array_equal(f, s)  np.array_equal(v, [1, 2])  np.allclose(f, f)
np.convolve(v, w)  np.convolve(v, l, 'same')  np.convolve(v, l, mode='valid')  np.convolve(v, [1, 2])  np.convolve(s, v)  np.correlate(v, l)  np.correlate(v, w, 'full')  np.correlate(v, l, 'same')  np.convolve(v, f)  np.cov(m)  np.cov(v)  np.cov(v, w)  np.cov(m, rowvar=False)  np.cov(m, ddof=0)  np.cov(m, bias=True)  np.cov(m, k)  np.cov(v, aweights=abs(v))  np.cov(m, fweights=None)  np.corrcoef(m)  np.corrcoef(v, w)  np.corrcoef(v)  np.corrcoef(m, rowvar=False)  np.cov(m, dtype=float)  np.cov(m, None, False)
np.packbits(b)  np.packbits(g, axis=0)  np.packbits(b, bitorder='little')  np.packbits(v)  np.packbits(g, axis=1)  np.unpackbits(v)  np.unpackbits(m, axis=0)  np.unpackbits(v, count=3)  np.unpackbits(v, bitorder='little')
np.polyval(l, v)  np.polyval([1, 2, 3], v)  np.polyval(v, 2)  np.polyval([1, 2], s)  np.polyval([f, 1], f)  np.polyval(l, m)  np.polyfit(o, o + 1, 1) if 0 else 1  np.polyder(v)  np.polyder(v, 2)  np.polyder([1, 2, 3])  np.polyint(v)  np.polyint(v, 2)  np.polyint(v, k=3)  np.polyadd(v, l)  np.polysub(v, w)  np.polymul(v, l)  np.polydiv(v, l)  np.poly(v)  np.poly(q)  np.roots(v)  np.roots([1, -3, 2])  np.poly([1, 2])  np.polyadd([1], v)  np.polymul(f, v)  np.polydiv([1, 2, 1], [1, f])
np.result_type(a, c)  np.result_type(a, 2)  np.result_type(a, 1.5)  np.result_type(s, f)  np.result_type(a, np.int64)  np.common_type(v, w)  np.can_cast(v, np.float32)  np.can_cast(v.dtype, 'i4')  np.can_cast(a, float, 'same_kind')  np.isscalar(a)  np.isscalar(s)  np.isscalar(f)  np.iscomplexobj(a)  np.isrealobj(a)  np.iscomplexobj(f)  np.promote_types(v.dtype, 'f4')  np.issubdtype(v.dtype, np.floating)  np.finfo(float).eps  np.iterable(v)  np.iterable(f)  np.isfortran(m)  np.isfortran(m.T)  np.shares_memory(v, w)  np.may_share_memory(m, m.T)  np.can_cast(f, 'f4')  np.dtype(v.dtype)  np.isdtype(v.dtype, 'integral')  np.typename('d')
np.apply_along_axis(np.sum, 0, m)  np.apply_along_axis(np.sort, 1, m)  np.apply_along_axis(lambda row: row[0] + row[-1], 1, m)  np.apply_along_axis(lambda row: row * 2, 0, m)  np.apply_along_axis(lambda row, gain: row.sum() * gain, 0, m, 2)  np.apply_over_axes(np.sum, t, [0, 2])  np.apply_over_axes(np.max, t, 1)  np.piecewise(v, [v < 0, v >= 0], [-1, 1])  np.piecewise(v, [b], [lambda part: part * 2, 7])  np.piecewise(v, [v < 0], [lambda part: -part, lambda part: part])  np.piecewise(v, v > 1, [5, 6])  np.piecewise(s, [s > 1], [1, 2])  np.piecewise(m, [g], [3])  np.vectorize(lambda item: item + 1)(v)  np.vectorize(lambda item, other: item if item > other else other)(v, w)  np.vectorize(abs)(v)  np.vectorize(lambda item: item * 2, otypes=[float])(m)  np.fromfunction(lambda row, col: row + col, (2, 3))  np.fromfunction(lambda row, col: row * col, (n, 2), dtype=int)  np.fromiter(v, v.dtype)  np.fromiter(range(n), int)
np.hamming(n)  np.hanning(5)  np.blackman(n)  np.bartlett(n)  np.kaiser(5, f)  np.base_repr(n)  np.binary_repr(n)  np.array2string(v) #! str
np.array_str(v) #! str
np.nanmax(m, axis=0, initial=0)  np.nanmin(v, where=b, initial=9)  np.nan_to_num(m, nan=f)  np.max(m, axis=(0, 1))  np.ptp(m, axis=0)  np.ptp(v, keepdims=True)  np.mean(v > 1)  np.sum(v > 1)  np.sum(m * k, axis=1)  np.std(m.T, axis=0)  np.average(m[:, 0])
np.require(v)  np.asarray(v).sum()  np.einsum('i->', v)  np.einsum('ij->ji', m)  np.einsum('ij->i', m)  np.einsum('ii->i', q)  np.einsum('ii', q)  np.einsum('i,i', v, w)  np.einsum('ij,kj->ik', m, k)  np.einsum('i,j->ij', v, w)  np.einsum('ij,j', m, v)  np.einsum('ij,ij->', m, k)  np.einsum('...j->...', t)  np.einsum('ij,jk,kl', q, q, q, optimize=True)  np.einsum(m, [0, 1], k, [2, 1])  np.einsum('ij,ik->jk', m, k, dtype=float)  np.einsum('ijk->kji', t)  np.einsum('i,i->i', v, w)  np.einsum('ij', m)
"""
PRODUCTS = """
np.dot(v, w)  np.dot(m, k.T)  np.dot(q, r)  np.dot(r, q)  np.dot(s, v)  np.dot(2, m)  np.dot(t, k.T) if 0 else 1  v.dot(w)  m.dot(k.T)  q.dot(r)  np.dot(q, q, out=u[0])  np.dot(m, k)  z.dot(v)  np.dot(t, r)  np.dot(m, s)  np.dot(f, f)  np.dot(v, 2)  q.dot(q, q)
np.matmul(m, k.T)  np.matmul(q, r)  np.matmul(v, w)  np.matmul(u, q)  np.matmul(u, r)  m @ k.T  q @ r  r @ q  v @ w  u @ u  t @ t.transpose(0, 2, 1)  m @ k  m @ 2  np.matmul(q, q, out=q)  m.T @ k  q @ q @ r  np.linalg.matmul(m, k.T)  np.matmul(q, q, dtype=float)  m[::2] @ k.T  np.matmul(v, s)
np.inner(v, w)  np.inner(m, k)  np.inner(m, s)  np.inner(2, v)  np.outer(v, w)  np.outer(m, v)  np.outer(s, v)  np.linalg.outer(v, w)  np.outer(v, 2)  np.outer(v, w, out=m)  np.vdot(v, w)  np.vdot(m, k)  np.vdot(s, s)  np.vecdot(m, k)  np.vecdot(v, w)  np.vecdot(m, k, axis=0)  np.linalg.vecdot(m, k)  np.linalg.vecdot(v, w)  np.matvec(q, r)  np.vecmat(r, q)  np.matvec(m, v)
np.tensordot(m, k, 2)  np.tensordot(m, k, ((1,), (1,)))  np.tensordot(m, k, (0, 0))  np.tensordot(t, m, 0)  np.tensordot(t, t, ([0, 2], [0, 2]))  np.linalg.tensordot(m, k, axes=2)  np.kron(v, w)  np.kron(m, k)  np.kron(2, m)  np.kron(v, m)  np.kron(s, v)  np.cross([1, 2, 3], [f, 5, 6])  np.cross(v[:3], w[:3])  np.cross(t[..., :3], t[..., 1:]) if 0 else 1  np.linalg.cross(v[:3], w[:3])  np.cross(m[:, :3], k[:, :3])  np.cross(m.T[:3], k.T[:3], axis=0)
"""
LINALG = """
np.linalg.inv(q)  np.linalg.inv(u)  np.linalg.inv(m)  np.linalg.det(q)  np.linalg.det(u)  np.linalg.slogdet(q)  np.linalg.slogdet(u)  np.linalg.solve(q, r)  np.linalg.solve(u, q)  np.linalg.solve(q, q)  np.linalg.cholesky(q)  np.linalg.cholesky(u)  np.linalg.cholesky(q, upper=True)  np.linalg.qr(q)  np.linalg.qr(q, 'r')  np.linalg.qr(u, mode='complete')  np.linalg.qr(q).Q  np.linalg.svd(q)  np.linalg.svd(q, full_matrices=False)  np.linalg.svd(q, compute_uv=False)  np.linalg.svd(u).S  np.linalg.svdvals(q)  np.linalg.eigh(q)  np.linalg.eigh(u)  np.linalg.eigvalsh(q)  np.linalg.eigh(q, 'U')  np.linalg.eigvalsh(q, UPLO='U')  np.linalg.eigh(q).eigenvalues  np.linalg.pinv(q)  np.linalg.pinv(q, 0.1)  np.linalg.pinv(q, hermitian=True)  np.linalg.matrix_rank(q)  np.linalg.matrix_rank(u)  np.linalg.matrix_rank(r)  np.linalg.matrix_power(q, 3)  np.linalg.matrix_power(q, -1)  np.linalg.matrix_power(q, 0)  np.linalg.matrix_power(q, n)  np.linalg.cond(q)  np.linalg.cond(q, 1)  np.linalg.cond(u)  np.linalg.lstsq(q, r)  np.linalg.lstsq(q, r, rcond=None)  np.linalg.lstsq(q, q)  np.linalg.multi_dot([q, q, q])  np.linalg.multi_dot([q, r])  np.linalg.tensorinv(u.reshape(-1, u.shape[-1])) if 0 else 1  np.linalg.tensorinv(q, ind=1)  np.linalg.tensorsolve(q, r)  np.linalg.inv(np.zeros((2, 2)))  np.linalg.cholesky(-q)  np.linalg.solve(q, m)  np.linalg.inv(q.T)  np.linalg.solve(q.T, r)  np.linalg.eig(q).eigenvalues.shape
np.linalg.eig(q)  np.linalg.eigvals(q)  np.linalg.eigvals(u)  np.linalg.eigvals(np.triu(q))
"""
NORMS = """
np.linalg.norm(v)  np.linalg.norm(m)  np.linalg.norm(m, axis=1)  np.linalg.norm(v, 1)  np.linalg.norm(v, np.inf)  np.linalg.norm(v, -np.inf)  np.linalg.norm(v, 0)  np.linalg.norm(v, 3)  np.linalg.norm(m, 'fro')  np.linalg.norm(m, 1)  np.linalg.norm(m, np.inf)  np.linalg.norm(m, axis=0, keepdims=True)  np.linalg.norm(t)  np.linalg.norm(t, axis=(0, 1))  np.linalg.norm(m, ord=2, axis=0)  np.linalg.norm(s)  np.linalg.norm(m.T)  np.linalg.norm(m, ord=1, axis=1)  np.linalg.norm(t, axis=-1)  np.linalg.norm(v, keepdims=True)  np.linalg.vector_norm(v)  np.linalg.vector_norm(m, axis=0)  np.linalg.vector_norm(v, ord=1)  np.linalg.matrix_norm(m)  np.linalg.matrix_norm(t, ord=1)  np.linalg.norm([f, n])  np.linalg.norm(m, ord='bad')  np.linalg.norm(q, 2)  np.linalg.norm(q, 'nuc')  np.linalg.norm(v - w)  np.linalg.norm(m[0])
np.polyfit(np.arange(5.0), o[:5], 2) if 0 else 1
"""
FOURIER = """
np.fft.fft(a)  np.fft.fft(v, 4)  np.fft.fft(m, axis=0)  np.fft.fft(v, 9)  np.fft.fft(m, norm='ortho')  np.fft.ifft(v)  np.fft.ifft(m, axis=0)  np.fft.rfft(v)  np.fft.rfft(m, axis=0)  np.fft.rfft(v, 6)  np.fft.irfft(v)  np.fft.irfft(np.append(v, 1), 5)  np.fft.irfft(m, axis=0)  np.fft.hfft(v)  np.fft.ihfft(v)  np.fft.hfft(np.append(v, 1), 5)  np.fft.fft2(m)  np.fft.ifft2(m)  np.fft.fft2(t)  np.fft.fftn(t)  np.fft.ifftn(t)  np.fft.fftn(t, axes=(0, 2))  np.fft.fftn(m, s=(2, 2))  np.fft.rfft2(m)  np.fft.irfft2(m)  np.fft.rfftn(t)  np.fft.irfftn(t)  np.fft.rfftn(m, axes=(1,))  np.fft.fftshift(a)  np.fft.fftshift(m, axes=0)  np.fft.ifftshift(v)  np.fft.ifftshift(m, (0, 1))  np.fft.fftfreq(n + 1)  np.fft.fftfreq(5, 0.1)  np.fft.rfftfreq(n + 1, d=abs(f) + 1)  np.fft.fftfreq(v.shape[0])  np.fft.fft(v, n)  np.fft.fft(v, out=d)  np.fft.fft(m.T)  np.fft.fft(s)
"""
CALLS = [
    *ufunc_calls(), *reduction_calls(), *calls("ALL", SHAPES), *calls("ALL", INDEXING), *calls("ALL", SORTING), *calls("ALL", NUMERICAL),
    *calls("ALL", PRODUCTS), *calls("LAPACK", LINALG, rtol=1e-4), *calls("ALL", NORMS), *calls("ALL", FOURIER),
]  # fmt: skip
