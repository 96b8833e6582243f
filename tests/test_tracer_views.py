"""Views, aliases and in-place writes, traced against plain."""

import linecache
import warnings

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import run_both
from tests.tracer_table import Table, check_refused

case = Table()
V = np.arange(6.0)
W = np.array([3.0, -1.0, 2.0, 0.5, 7.0, -4.0])
I = np.arange(6)
M = np.arange(12.0).reshape(3, 4)
N = np.arange(9.0).reshape(3, 3) - 4
T = np.arange(24.0).reshape(2, 3, 4)
B = W > 0


# Views --------------------------------------------------------------------------------------------------------------


@case([V], [I], [V[::2]])
def view_of_view(x):
    y = x[1:]
    z = y[1:]
    z[0] = 9
    return x, y, z


@case([V], [W])
def reversed_view(x):
    y = x[::-1]
    y[0] = 100
    y[1:3] += x[0]
    return y.sum(), x[0]


@case([M], [N])
def transposed(x):
    y = x.T
    y[0, 1] = -5
    y[1] *= 2
    return y


@case([M], [M.T], [N])
def transpose_then_row(x):
    r = x.T[1]
    r += 1
    return r, x.sum()


@case([M[:, ::2]])
@case([M.T])
@case([M])
def ravel_view_or_copy(x):
    y = x.ravel()
    y[0] = -1
    return y, x[0, 0]


@case([M[:, ::2]])
@case([M.T])
@case([M])
def reshape_view_or_copy(x):
    y = x.reshape(-1)
    y[1] = -1
    return y, x[0, 1], x[1, 0]


@case([M.T])
@case([M])
def reshape_split(x):
    y = x.reshape(2, 6) if x.shape[0] == 3 else x.reshape(6, 2)
    y[1, 1] = 50
    return x.sum()


@case([T])
def reshape_middle(x):
    y = x.reshape(6, 4)
    y[:, 2] = 0
    z = y.reshape(2, 12)[1]
    z[::5] = -1
    return y


@case([M], [T[0]])
def flatten_copies(x):
    y = x.flatten()
    y[:] = 0
    return x.sum(), y


@case([M])
def diagonal_of_square(x):
    d = np.diagonal(x)
    return d, d.sum()


@case([M], [T])
def newaxis_view(x):
    y = x[np.newaxis, ..., None]
    y[0, 0] = 3
    return y.shape, x.sum()


@case([T])
def swapaxes_moveaxis(x):
    y = np.swapaxes(x, 0, 2)
    y[0] += 1
    z = np.moveaxis(x, 0, -1)
    z[..., 1] *= -1
    return y[1], z


@case([T])
def transpose_axes(x):
    y = x.transpose(2, 0, 1)
    y[1, :, 1:] = -7
    z = y.transpose((1, 0, 2))
    z[0, 0, 0] += 1
    return z


@case([np.ones((1, 3, 1))], [np.ones((1, 4, 1), dtype=int)])
def squeeze_view(x):
    y = x.squeeze()
    y[1] = 5
    return y


@case([V], [I])
def expand_dims_view(x):
    y = np.expand_dims(x, 0)
    y[0, ::2] = 0
    return y


@case([V], refused="the array attribute .flags")
def broadcast_to_readonly(x):
    y = np.broadcast_to(x, (2, 6))
    return y.sum(), y.flags.writeable


@case([V])
def broadcast_to_write(x):
    y = np.broadcast_to(x, (2, 6))
    y[0, 0] = 1
    return x


@case([V], [I])
def ellipsis_view(x):
    y = x[...]
    y[0] = 4
    return y is x, y


@case([V])
def full_slice_is_not_same(x):
    y = x[:]
    y += 1
    return y is x, x


@case([M])
def row_alias(x):
    r = x[1]
    s = x[1]
    r[0] = 1
    s[0] += 1
    return r is s, r


@case([V])
def scalar_item_is_no_view(x):
    a = x[0]
    x[0] = 10
    return a, x[0]


@case([np.array(3.0)], [np.array(2)])
def zero_d(x):
    y = x
    y += 1
    z = x[()]
    y[...] = 7
    return x, z, y


@case([np.array(3.0)])
def zero_d_arithmetic(x):
    y = x + 1
    z = -x
    return y, z, x[...], x.item()


@case([V])
def real_imag(x):
    z = x + 1j
    z.real[0] = 9
    z.imag[1:] = 2
    return z


@case([V])
def real_of_real(x):
    y = x.real
    y[0] = 9
    return y


@case([np.arange(4) + 1j])
def imag_argument(x):
    x.imag += 1
    y = x.real
    y *= 3
    return y


@case([np.arange(6, dtype=np.int32)], refused="is known at run time only")
def dtype_view(x):
    y = x.view(np.uint32)
    y[0] = 2**31
    return y, x[0]


@case([V])
def astype_copy(x):
    y = x.astype(np.int64)
    y[0] = 100
    z = x.astype(float, copy=False)
    z[1] = 33
    return y, z is x


@case([V], [W])
def asarray_alias(x):
    y = np.asarray(x)
    y[0] = 5
    return y is x


@case([V])
def array_copy(x):
    y = np.array(x)
    y[0] = 5
    z = np.copy(x)
    z[1] = 6
    return y, z, x


@case([np.ones((4, 4))], [np.ones((6, 4))])
def contiguous_array_itself(x):
    found = [np.ascontiguousarray(u) for u in (x[None], x[::2], x.T, x[1:], x[0])]
    for v in found:
        v += 1
    return found, x


@case([V])
def ascontiguousarray(x):
    y = np.ascontiguousarray(x)
    y[0] = 5
    z = np.ascontiguousarray(x[::2])
    z[0] = 6
    return z


@case([V])
def split_views(x):
    a, b = np.split(x, 2)
    a[0] = b[0]
    b *= 2
    return a, b


@case([M])
def unpack_rows(x):
    a, b, c = x
    a += b
    c[:] = a
    return a, c


@case([M])
def iterate_rows(x):
    for r in x:
        r[0] = r.sum()
    return x


@case([M])
def iterate_rows_rebind(x):
    for r in x:
        r = r * 2
        r[0] = 100
    return x


@case([M], [M[:1]])
def iterate_flat_rows_augmented(x):
    for r in x:
        r *= 2
    return r


@case([T])
def index_then_slice(x):
    y = x[1][:, 1:3]
    y[0] = 1
    w = x[:, 0][1]
    w[0] = 2
    return x


@case([V, 2], [V, -1], [V, 5])
def view_at_traced_index(x, k):
    y = x[k:]
    y[0] = 50
    return y


@case([M, 1], [M, 0], [M, -1])
def row_at_traced_index(x, k):
    y = x[k]
    y += 10
    x[k, 0] = 3
    return y


@case([V, 1, 4], [V, 0, 6], [V, 4, 2], [V, -3, -1], [V, -10, 10])
def traced_slice(x, a, b):
    y = x[a:b]
    y += 1
    return y.shape, y


@case([V, 1], [V, 2], [V, -1], [V, -2])
def traced_step(x, k):
    y = x[::k]
    y += 1
    return y


@case([V, 0])
def zero_step(x, k):
    return x[::k]


# Results and identity -----------------------------------------------------------------------------------------------


@case([V], [I])
def returns_argument(x):
    return x


@case([V], [I])
def returns_view(x):
    return x[1:]


@case([V], [M])
def returns_view_twice(x):
    y = x[1:]
    return y, y, x[1:]


@case([V, W])
def returns_both(x, y):
    return y, x, x


@case([V])
def returns_written_and_view(x):
    x[0] = 8
    return x, x[::2]


@case([V])
def returns_new_and_view_of_new(x):
    y = x + 1
    return y, y[1:], y


@case([V])
def is_tests(x):
    y = x
    z = x + 0
    return y is x, z is x, z is not x, x is None


@case([V, 1], [V, -1])
def returns_either(x, k):
    return x if k > 0 else x + 1


@case([V, W, 1], [V, W, -1])
def returns_either_argument(x, y, k):
    r = x if k > 0 else y
    r[0] = 100
    return r


@case([V, W, 1], [V, W, -1])
def returns_either_view(x, y, k):
    if k > 0:
        r = x[1:]
    else:
        r = y[1:]
    r += 1
    return r, x[0]


# Writes -------------------------------------------------------------------------------------------------------------


@case([V, W], [I, W], [V, I], [V, 2.0], [I, 3])
def augmented_array(x, y):
    x += y
    return x


@case([V], [I])
def augmented_all(x):
    x += 3
    x -= 1
    x *= 2
    x **= 2
    x //= 3
    x %= 7
    return x


@case([V], [I])
def true_divide(x):
    x /= 2
    return x


@case([I], [np.arange(6, dtype=np.uint8)])
def bit_operations(x):
    x |= 1
    x ^= 3
    x <<= 2
    x >>= 1
    x &= 0x7
    return x


@case([M, N])
def matmul_augmented(x, y):
    y @= y
    return x[:, :3] @ y


@case([V, 3], [W, 0], [V, -1], [V, 6])
def item_augmented(x, k):
    x[k] += 5
    x[k] *= 2
    x[k - 1] -= x[k]
    return x[k]


@case([V, W])
def ufunc_out(a, b):
    r = np.add(a, b, a)
    np.multiply(a, 2, out=b)
    return r is a, r


@case([V, W])
def ufunc_out_tuple(a, b):
    np.exp(a, out=(b,))
    return b


@case([V, W])
def ufunc_out_view(a, b):
    np.subtract(a[1:], a[:-1], out=b[1:])
    return b


@case([V, B])
def ufunc_where(a, mask):
    out = np.zeros(6)
    np.sqrt(a, out=out, where=mask)
    return out


@case([M])
def reduction_out(x):
    out = np.empty(4)
    r = np.sum(x, axis=0, out=out)
    return r is out, out


@case([V])
def overlapping_shift(x):
    x[1:] = x[:-1]
    return x


@case([V])
def overlapping_shift_augmented(x):
    x[1:] += x[:-1]
    x[:-1] -= x[1:]
    return x


@case([V])
def overlapping_reverse(x):
    x[:] = x[::-1]
    return x


@case([N])
def overlapping_transpose(x):
    x[:] = x.T
    return x


@case([N])
def add_transpose(x):
    x += x.T
    return x


@case([V])
def swap_slices(x):
    x[:3], x[3:] = x[3:], x[:3]
    return x


@case([V])
def swap_slices_copied(x):
    x[:3], x[3:] = x[3:].copy(), x[:3].copy()
    return x


@case([V, 1, 4], [V, 2, 2])
def swap_elements(x, i, j):
    x[i], x[j] = x[j], x[i]
    return x


@case([M, 0, 2])
def swap_rows_fancy(x, i, j):
    x[[i, j]] = x[[j, i]]
    return x


@case([M, 0, 2])
def swap_rows_views(x, i, j):
    x[i], x[j] = x[j], x[i]
    return x


@case([V])
def shape_assignment(x):
    y = x.copy()
    y.shape = (2, 3)
    y[1] = 0
    return y


@case([V], refused="the .shape of an array from outside")
def shape_assignment_of_argument(x):
    x.shape = (3, 2)
    x[0] = 1
    return x.sum(axis=0)


@case([V, np.array([0, 2, 2])], [I, np.array([1, -1, 1])])
def fancy_write(x, i):
    x[i] = 9
    x[i] += 1
    return x


@case([V, np.array([0, 2, 2])])
def fancy_read_is_copy(x, i):
    y = x[i]
    y[:] = 0
    return x, y


@case([V, np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0])])
def add_at(x, i, v):
    np.add.at(x, i, v)
    np.subtract.at(x, [0, 0], 1)
    return x


@case([V, B], [I, ~B], [V, B & False])
def boolean_write(x, m):
    x[m] = -1
    x[~m] *= 2
    return x


@case([V, B], [V, B & False])
def boolean_write_array(x, m):
    x[m] = x[m] * 2
    return x[m]


@case([V, 2.5], [V, 100.0])
def boolean_write_condition(x, t):
    x[x > t] = t
    return x


@case([M])
def boolean_two_d(x):
    x[x % 2 == 0] = 0
    x[x > 5] += 100
    return x


@case([M, np.array([0, 2]), np.array([1, 3])])
def fancy_pairs(x, i, j):
    x[i, j] = [10, 20]
    x[i][:, 0] = 99
    x[np.ix_(i, j)] += 1
    return x


@case([M, np.array([0, 2])])
def mixed_index(x, i):
    x[i, 1:3] = 5
    x[1, i] = 6
    x[:, i] -= 1
    return x[i, 0]


@case([M], [N])
def row_and_column(x):
    x[0] = x[1]
    x[:, 1] = x[:, 0]
    x[-1] += x[0]
    return x


@case([V])
def write_converts(x):
    y = np.zeros(6, dtype=int)
    y[:] = x + 0.7
    y[0] = 2.9
    return y


@case([I])
def write_float_into_int(x):
    x[0] = 3.7
    x[1:3] = np.array([1.9, -1.9])
    return x


@case([I])
def augmented_unsafe_raises(x):
    x += 0.5
    return x


@case([np.arange(4, dtype=np.uint8)])
def write_too_large(x):
    x[0] = 300
    return x


@case(
    [np.arange(4, dtype=np.uint8), 255],
    [np.arange(4, dtype=np.uint8), 256],
    [np.arange(4, dtype=np.uint8), -1],
)
def write_traced_too_large(x, k):
    x[0] = k
    return x


@case([V, np.zeros(4)])
def shape_mismatch(x, y):
    x[:5] = y
    return x


@case([V, 6], [V, -7])
def out_of_bounds(x, k):
    x[k] = 0
    return x


@case([V])
def broadcast_write(x):
    y = np.zeros((2, 6))
    y[...] = x
    y[:, 0:1] = [[1], [2]]
    return y


@case([M])
def fill_and_put(x):
    x.fill(3)
    np.put(x, [0, 5], -1)
    return x


@case([M])
def fill_diagonal(x):
    y = np.zeros((3, 3))
    np.fill_diagonal(y, 2)
    np.copyto(x, 1)
    return y


@case([W], [np.array([3, 1, 2])])
def sort_in_place(x):
    x.sort()
    return x[0]


@case([M])
def sort_view_in_place(x):
    x[:, ::-1].sort(axis=0)
    x[0, ::-1].sort()
    return x


@case([M])
def del_local(x):
    y = x[0]
    del y
    x[0] = 1
    return x


@case([V], refused="the array attribute .flags")
def setflags(x):
    y = x.view()
    y.flags.writeable = False
    return y.sum()


@case([V])
def chained_assignment(x):
    y = z = x[1:3]
    y += 1
    return z, y is z


@case([V])
def augmented_rebinds_number(x):
    a = b = x[0]
    a += 1
    return a, b


@case([V])
def augmented_keeps_alias(x):
    a = b = x + 0
    a += 1
    return a, b, a is b


@case([V])
def binary_makes_new(x):
    a = b = x
    a = a + 1
    return a, b


@case([I])
def iadd_kind(x):
    s = x.sum()
    t = s
    s += 1
    s += 0.5
    return s, t


@case([V])
def flat_write(x):
    y = x.reshape(2, 3)
    y.flat[4] = 70
    y.flat = 1
    return y


@case([V])
def take_and_compress(x):
    y = x.take([0, 1])
    y[0] = 9
    z = x.compress([True, False, True])
    return y, z, x


@case([V])
def partial_views_in_tuple(x):
    t = (x[:2], x[2:4], x[4:])
    for v in t:
        v *= v[0]
    return t


@case([V])
def views_in_list(x):
    parts = [x[k : k + 2] for k in range(0, 6, 2)]
    parts[1][:] = 0
    parts[-1] += 5
    return x


@case([V])
def view_kept_over_rebinding(x):
    y = x[1:]
    x = x * 2
    y[0] = -1
    return x, y


@case([V])
def write_after_read(x):
    total = x + 1
    x[:] = 0
    return total


@case([V])
def lazy_view_after_write(x):
    y = x[1:]
    s = y.sum()
    x[:] = 1
    return s, y.sum()


@case([np.array(2.0)], [np.array([2.0])])
def reshape_of_one_element(x):
    y = x.reshape(1)
    y[0] -= 3
    z = y.reshape(())
    z[...] *= 2
    return y


@case([np.array(3.0)])
def zero_d_item_kept(x):
    z = x[()]
    x[...] = 7
    return z, np.array(3.0)[()]


@case([V])
def same_views_are_not_one(x):
    return x[1:] is x[1:], x.T is x.T, x[:] is x, x is x


@case([V], refused="the .shape of an array from outside")
def shape_assignment_through_alias(x):
    y = x
    y.shape = (2, 3)
    return x.shape


@case([V], refused="the .shape of an array from outside")
def shape_assignment_of_view(x):
    y = x[:]
    y.shape = (2, 3)
    y[1] = 0
    return y, x.shape


test_same = case.test()


def test_bound_method_returned():
    def plain(x):
        return x.sum

    method = tt.trace(plain, strict=True)(V)
    assert method.__self__ is V
    assert method() == 15


# Arguments that are the same array, or share memory ------------------------------------------------------------------

shared = Table()
S = np.arange(8.0)


@shared([S, S], [S, S[1:]], [S, S[::2]], [S[:4], S[4:]], [S[::2], S[1::2]])
def write_first(a, b):
    a[0] = 100
    return b.sum()


@shared([S, S], [S[1:], S[:-1]], [S[:-1], S[1:]], [S, S + 1])
def add_into(a, b):
    a += b
    return a, b


@shared([S, S, S], [S, S, S + 1], [S, S + 1, S], [S, S + 1, S + 2])
def three(a, b, c):
    a[0] += 1
    b[0] += 1
    c[0] += 1
    return a is b, b is c, a


@shared([S, S], [S, S[1:]], [S, S + 1])
def read_only(a, b):
    return a + b, a is b


@shared([S, S], [S, S + 1])
def return_second(a, b):
    a[0] = 5
    return b


@shared([(S, S)], [(S, S[2:])], [(S, S + 1)])
def pair(p):
    p[0][3] = -1
    return p[1]


@shared([[S, S]], [[S, S + 1]])
def in_list(p):
    p[0][3] = -1
    p[1] = p[0] + 1
    return p


test_shared = shared.test()


# Functions and methods that return views of their argument, or the argument itself -----------------------------------

VIEWS_OF_VECTOR = """
np.require(x); np.lib.stride_tricks.sliding_window_view(x, 1, writeable=True); np.trim_zeros(x); np.asanyarray(x); np.array(x, copy=None)
np.broadcast_arrays(x, x)[0]; np.atleast_1d(x); np.atleast_2d(x); np.atleast_3d(x); np.flip(x); np.flipud(x); x.conj(); x.conjugate()
np.conjugate(x); np.positive(x); x.squeeze(); x.view(); x.view(np.int64); x.view(np.ndarray); x.reshape(2, 3); x.ravel(); np.ravel(x)
x.swapaxes(0, 0); np.rollaxis(x, 0); x[:, None]; x.T; x.real; np.real(x); np.asarray(x, dtype=float); np.ascontiguousarray(x); np.asfortranarray(x)
np.astype(x, float, copy=False); np.split(x, 2)[1]; np.array_split(x, 4)[0]; np.hsplit(x, 2)[0]; np.real_if_close(x); np.nan_to_num(x, copy=False)
np.squeeze(x[None]); np.permute_dims(x, (0,)); np.ix_(x.view(np.int64), [0])[0]; np.meshgrid(x, [1.0], copy=False)[0]; np.asarray_chkfinite(x)
x.flat; x.data; np.lib.stride_tricks.as_strided(x, (2,), (8,)); np.resize(x, 6); np.tile(x, 1); np.array(x, copy=False); x[...]; x[()]; np.round(x)
np.expand_dims(x, (0, 2)); x.astype(float, copy=False); x.astype("f8"); np.moveaxis(x, 0, 0); np.reshape(x, -1); x.reshape(-1, 1); np.copy(x)
x.__array__(); np.lib.stride_tricks.broadcast_to(x, (6,)); np.concatenate([x]); np.stack([x])[0]; np.sort(x); x.take([0, 1]); np.where(True, x, 0)
np.unstack(x)[0]; np.repeat(x, 1); np.clip(x, None, 100); x.getfield(float); np.squeeze(x); np.roll(x, 0); np.delete(x, []); np.pad(x, 0)
""".replace("\n", ";").split(";")
VIEWS_OF_MATRIX = """
np.einsum("ii->i", x); np.einsum("ij->ji", x); np.einsum("ij", x); x.diagonal(); np.diag(x); np.rot90(x); np.fliplr(x); np.matrix_transpose(x); x.mT; np.linalg.diagonal(x)
np.vsplit(x, 3)[1]; np.hsplit(x, 3)[1]; np.unstack(x)[1]; np.swapaxes(x, 0, 1); np.transpose(x); x.transpose(1, 0); np.triu(x); np.tril(x); np.rot90(x, 2); np.rot90(x, 4)
np.row_stack([x]) if hasattr(np, "row_stack") else 0; x[np.newaxis]; x[:, :, None]; x.T.ravel(); x.ravel("F"); x.ravel("K"); x.reshape(9, order="A")
np.asarray(x, order="F"); np.asfortranarray(x); np.array(x, order="F", copy=None); x.flatten("K"); x.swapaxes(0, 1).ravel("A"); x[1:][0]; x[[1]]; x[1, ...]; x[..., 1]; x[1, 1, ...]
""".replace("\n", ";").split(";")

# What cannot be written through, for now; all the others are traced.
REFUSED = dict.fromkeys(
    """
np.require(x); np.lib.stride_tricks.sliding_window_view(x, 1, writeable=True); np.trim_zeros(x); x.view(np.int64); x.view(np.ndarray)
np.asfortranarray(x); np.real_if_close(x); np.ix_(x.view(np.int64), [0])[0]
np.meshgrid(x, [1.0], copy=False)[0]; np.asarray_chkfinite(x); np.lib.stride_tricks.as_strided(x, (2,), (8,))
np.array(x, copy=False); x.__array__(); np.einsum("ii->i", x); np.einsum("ij->ji", x); np.einsum("ij", x)
x.ravel("K"); x.reshape(9, order="A"); np.asarray(x, order="F"); np.array(x, order="F", copy=None)
x.swapaxes(0, 1).ravel("A")
""".strip()
    .replace("\n", "; ")
    .split("; "),
    "gave a view or a copy",
) | {
    "x.data": "the array attribute .data",
    "x.getfield(float)": "the array method .getfield() is not traced",
}


def make(text):
    """A function that writes to what an expression of x gives."""
    lines = [
        "def f(x):",
        f"    y = {text}",
        "    y[(0,) * y.ndim] = 50",
        "    s = x.sum()",
        "    x[-1] = 7",
        "    return y, s, y is x",
    ]
    name = f"<views of {text}>"
    source = "\n".join(lines) + "\n"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    space = {"np": np}
    exec(compile(source, name, "exec"), space)
    return space["f"]


@pytest.mark.parametrize(
    ("text", "array"),
    [
        (t.strip(), a)
        for texts, a in ((VIEWS_OF_VECTOR, V + 1), (VIEWS_OF_MATRIX, N))
        for t in texts
        if t.strip()
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
@pytest.mark.filterwarnings("ignore")
def test_write_to_what_it_returns(text, array):
    f = make(text)
    if text in REFUSED:
        check_refused(f, [array], REFUSED[text])
    else:
        run_both(f, tt.trace(f, strict=True), [array])


def test_view_of_what_may_be_a_view_of_a_written_argument():
    def f(b):
        b[0] = b[0]
        return b.T.reshape(-1)[:]

    run_both(f, tt.trace(f, strict=True), [np.arange(2).reshape(2, 1)])


@pytest.mark.parametrize("join", [np.concatenate, np.stack, np.vstack, np.hstack])
def test_layouts_of_what_is_joined(join):
    def f(a, b):
        w = join((a, b))
        v = w.reshape(-1)
        v[:] += v[::-1]
        return w

    c, d = np.arange(12.0).reshape(3, 4), np.arange(12).reshape(4, 3).T
    for first, second in ((c, c), (d, d), (c, d), (np.asfortranarray(c), d), (c[0], c[1])):
        run_both(f, tt.trace(f), [first, second])


def test_result_that_rewriting_finds_to_be_another_one():
    def f(b, n):
        u = b.ravel()
        for _ in range(n):
            u = u
        u = u[::2]
        w = u & u
        return w, u

    traced = tt.trace(f, strict=True)
    for b in (np.arange(12).reshape(3, 4), np.arange(24).reshape(6, 4)[::2]):
        run_both(f, traced, [b, 5])
        run_both(f, traced, [b, 0])


def test_layouts_of_arrays_that_change_places():
    def f(a, b, n, s):
        u = a + 1
        for _ in range(n):
            if s > 0.5:
                b[..., -1].reshape(-1)[:] = u[0]
            else:
                b, u = (u, b)
            s = s + 2.0
        a = a[:-2, 2:]
        return a[-1], u

    b = np.ones((2, 4)).T.copy().T[:, :2]
    traced = tt.trace(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n in (2, 0, 3):
            run_both(f, traced, [np.ones((2, 2)), b, n, 0.5])
            run_both(f, traced, [np.ones((4, 4)), np.ones((4, 4)), n, 0.5])


def test_view_that_exists_in_one_branch_is_not_taken_in_the_other():
    def f(a, u, w):
        for _ in range(3):
            v = u.T
            for _x, _y in zip(u, w):
                a, v = v, a
            x = a[:, 0]
        return a, u, x

    traced = tt.trace(f, strict=True)
    for n in (0, 1, 3):
        run_both(f, traced, [np.ones((4, 6)), np.arange(24.0).reshape(6, 4), np.ones(n)])


def test_results_are_no_views_of_arguments_after_rewriting():
    def f(b):
        v = np.conj(b[:, None])
        return v, v.ravel() + 1

    run_both(f, tt.trace(f, strict=True), [np.arange(3.0)])


@pytest.mark.filterwarnings("ignore:.*memory layout:tracetensor.FallbackWarning")
def test_written_reshapes_follow_the_layout_of_the_call():
    def of_result(a):
        v = a + 1
        w = v.reshape(-1)
        w[0] = 100
        v[1, 1] = 7
        return v, w

    def of_argument(a, n):
        a[-1, -1] = 255
        for _ in range(n):
            a += 2
        return a, a.ravel(), a.T.reshape(-1)

    m = np.arange(9.0).reshape(3, 3)
    for array in (m, m.T, m[::-1], m[:, ::2], m[:2], np.asfortranarray(m)):
        for first in (m, m.T):
            traced = tt.trace(of_result, strict=True)
            for a in (first, array, first):
                run_both(of_result, traced, [a])
            for n in (0, 2):
                traced = tt.trace(of_argument, strict=True)
                for a in (first, array, first):
                    run_both(of_argument, traced, [a, n])


def test_arrays_that_are_one_of_two_stay_the_very_arrays():
    def f(x, n, m):
        if m > 0:
            a = x + 1
            b = x + 2
            r = a if n > 0 else b
        else:
            a = x * 2
            b = x * 3
            r = a
        a[0] = 100
        return r, a, b

    traced = tt.trace(f, strict=True)
    for n in (0, 1):
        for m in (0, 1):
            run_both(f, traced, [np.arange(3.0), n, m])


def test_a_view_that_a_loop_carries_is_not_the_argument_itself():
    def f(a):
        i = 0
        while i < 3:
            i += 1
            a = a[:]
        return a, i

    run_both(f, tt.trace(f, strict=True), [np.arange(3.0)])


def test_a_view_of_rank_0_that_a_loop_carries_stays_a_view():
    def f(a, b, n):
        b = b[2, ...]
        for _ in range(n):
            a, b = a[...], b[...]
        b[()] = 7
        return a, b

    traced = tt.trace(f, strict=True)
    for n in (0, 1, 3):
        run_both(f, traced, [np.array(4, np.uint8), np.arange(4), n])


def _rows_written(b, k):
    for i in range(len(b)):
        row = b[i]
        row[k] = 1


def _column_written(b, k):
    column = b[:, 0]
    column[k] = 1


def _column_of_rows_written(b, k):
    row = b[:, 0][1]
    row[k] = 1.5


def _too_deep(b, k):
    row = b[0]
    row[k, k] = 1


@pytest.mark.parametrize("f", [_rows_written, _column_written, _column_of_rows_written, _too_deep])
@pytest.mark.parametrize("shape", [(3, 4), (3, 0), (3, 4, 5)])
@pytest.mark.parametrize("k", [1, 3, 9, -1, -9])
def test_errors_of_writes_through_views_speak_of_the_view(f, shape, k):
    run_both(f, tt.trace(f), [np.zeros(shape), k])


@pytest.mark.parametrize("select", [lambda a: a, lambda a: a.T, lambda a: a[:, ::2], lambda a: a[::2]])
@pytest.mark.parametrize(
    "new",
    [
        lambda x: x.astype(x.dtype),
        lambda x: x | 0,
        lambda x: np.maximum(x, x),
        lambda x: np.where(True, x, x),
    ],
)
def test_what_leaves_the_values_as_they_are_is_an_array_of_its_own(select, new):
    def f(a):
        b = new(select(a))
        return b.ravel(), b

    a = np.arange(24).reshape(4, 6)
    run_both(f, tt.trace(f, strict=True), [a])
    strides = [g(a)[1].strides for g in (f, tt.trace(f, strict=True))]
    assert strides[0] == strides[1]


def test_real_part_cast_to_what_it_is():
    def f(a):
        b = (a * 2).real.astype(np.float64)
        return b.ravel(), b

    run_both(f, tt.trace(f, strict=True), [np.ones((3, 5), complex)])


@pytest.mark.parametrize("loop", [False, True])
def test_output_that_is_read_only_in_a_branch(loop):
    def in_branch(a, n):
        if n:
            a ^= 3

    def in_loop(a, n):
        for _ in range(n):
            a ^= 3

    f = in_loop if loop else in_branch
    a = np.ones((1, 1), np.uint8)
    a.flags.writeable = False
    run_both(f, tt.trace(f), [a, 2])


def _out_of_two(a, b):
    np.subtract(a, a, out=b[1:])


def _out_of_columns(a, b):
    np.add(a[:, 0], a[:, 1], out=b[:, 0])


def _out_over_itself(a, b):
    np.multiply(b[:-1], b[1:], out=b[:0:-1])
    np.add(b[:-1], 1, out=b[1:])


@pytest.mark.parametrize("f", [_out_of_two, _out_of_columns, _out_over_itself])
@pytest.mark.parametrize(
    "shapes", [((2, 3, 1), (3, 1)), ((2, 3), (3, 3)), ((2, 3), (1, 3)), ((3, 4), (3, 3)), ((4, 4), (5, 4))]
)
def test_outputs_that_are_parts(f, shapes):
    a, b = [np.arange(float(np.prod(s))).reshape(s) for s in shapes]
    run_both(f, tt.trace(f), [a, b])


def test_what_a_branch_leaves_as_it_was_is_new_all_the_same():
    def f(a):
        for _ in range(len(a)):
            a = 3 + a
        y = a.ravel() * 1.0
        return a[1], y

    traced = tt.trace(f, strict=True)
    run_both(f, traced, [np.ones((2, 2))])
    run_both(f, traced, [np.ones((3, 3))])


def test_write_to_a_copy_of_a_view_with_gaps():
    def f(a):
        u = (a + 1).real.astype(np.float64)
        x = u.ravel()
        u[0] = 0
        return x, u

    run_both(f, tt.trace(f, strict=True), [np.ones((6, 2), complex)])


def test_a_new_array_equal_to_one_that_a_loop_made_a_view_of():
    def f(a):
        a ^= 3
        w = a.ravel()
        while len(w) > 1:
            w = w[::2]
        return w, a * 1

    run_both(f, tt.trace(f, strict=True), [np.arange(48).reshape(6, 2, 4)[::2]])


@pytest.mark.parametrize(
    "statement", ["a += 1", "a += np.ones(3)", "a |= 1.5", "np.add(a, 1j, out=a)", "a[:] |= 1", "a %= 2"]
)
def test_what_is_read_only_is_refused_first(statement):
    source = f"def f(a, n):\n    for _ in range(n):\n        {statement}\n"
    namespace = {"np": np}
    linecache.cache["<read only>"] = (len(source), None, source.splitlines(keepends=True), "<read only>")
    exec(compile(source, "<read only>", "exec"), namespace)
    a = np.ones(1, bool)
    a.flags.writeable = False
    run_both(namespace["f"], tt.trace(namespace["f"]), [a, 2])


@pytest.mark.parametrize(
    "flat", [np.ravel, lambda a: a.ravel(), lambda a: a.reshape(-1), lambda a: a.flatten()]
)
@pytest.mark.parametrize("select", [lambda a: a, lambda a: a[::-1], lambda a: a[::2], lambda a: a[2:5]])
@pytest.mark.parametrize("inside", [False, True])
def test_a_flat_array_is_a_view_only_where_numpys_is(flat, select, inside):
    def f(a):
        if inside:
            a = select(a)
        v = flat(a)
        a[a > 0] = 5
        return v

    a = np.arange(-3, 5)
    run_both(f, tt.trace(f), [a if inside else select(a)])


LAYOUTS = [
    lambda n: np.arange(2.0 * n).reshape(n, 2),
    lambda n: np.asfortranarray(np.arange(2.0 * n).reshape(n, 2)),
    lambda n: np.arange(4.0 * n).reshape(n, 4)[:, ::2],
    lambda n: np.arange(2.0 * n).reshape(n, 2)[::-1],
    lambda n: np.arange(2.0 * n).reshape(2, n)[::-1].T,
    lambda n: np.arange(4.0 * n).reshape(2 * n, 2)[::2],
]


def _written_flat(a):
    flat = a.T.reshape(-1)
    flat += 1
    return flat


def _written_copy(a):
    c = a * 2
    flat = c.ravel()
    flat += 1
    return c, flat


def _written_in_part(a):
    part = a[:-1].ravel()
    part[0] = 7
    return a, part


def _written_in_a_loop(a):
    for row in a[::-1]:
        a.reshape(1, -1)[...] += row[0]
    return a


@pytest.mark.parametrize("f", [_written_flat, _written_copy, _written_in_part, _written_in_a_loop])
def test_each_layout_has_a_version(f):
    traced = tt.trace(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error", tt.FallbackWarning)
        for n in (3, 2, 5):
            for made in LAYOUTS:
                run_both(f, traced, [made(n)])
    assert 1 < len(traced.versions) <= 8


def test_a_version_of_one_layout_serves_its_calls():
    traced = tt.trace(_written_flat, strict=True)
    for made in LAYOUTS[:2] * 5:
        run_both(_written_flat, traced, [made(3)])
    assert [v.calls for v in traced.versions] == [5, 5]
    assert "laid out as when it was traced" in traced.explain()


def test_answers_of_the_run_make_versions():
    def f(a):
        part = a[:-1].ravel()
        part[0] = 7
        return a, part

    traced = tt.trace(f)
    for _ in range(3):
        for n in (2, 3, 4):  # of two rows, one is flat without a copy
            run_both(f, traced, [np.arange(3.0 * n).reshape(n, 3)[::-1]])
    assert len(traced.versions) == 2
    assert "a run of another version was given up: reshape gave a copy" in traced.explain()
    assert "plain Python" not in traced.explain()


def test_where_no_further_version_may_be_made_the_call_runs_plain():
    traced = tt.trace(_written_in_part)
    with tt.config(versions=1):
        run_both(_written_in_part, traced, [np.arange(6.0).reshape(2, 3)[::-1]])
        with pytest.warns(tt.FallbackWarning, match="the memory layout is not that of the first call"):
            run_both(_written_in_part, traced, [np.arange(9.0).reshape(3, 3)[::-1]])
    assert len(traced.versions) == 1


def test_layout_of_an_array_that_a_loop_makes():
    def f(a, n):
        for _ in range(n):
            a = np.square(a[:, ::-1])
            a.reshape(-1)[1:] -= a[0, 0]
        return a

    traced = tt.trace(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error", tt.FallbackWarning)
        for n in (2, 0, 3):
            for made in LAYOUTS:
                run_both(f, traced, [made(3), n])


def test_two_copies_by_equal_reshapes_are_two_arrays():
    def f(b, n):
        b += 1
        v, w = b.reshape(-1), b.reshape(-1)
        for _ in range(n):
            w = w[1:]
        return w, v

    for made in LAYOUTS:
        run_both(f, tt.trace(f), [made(3), 2])


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("step", [1, 2, 4, 8, -4])
def test_negative_of_items_far_apart_in_place(dtype, step):
    """NumPy's own loop gives wrong results where it is told to do this in place."""

    def f(a):
        a[:] = np.negative(a)
        a[1:] = -a[1:] + 1
        return a.sum()

    run_both(f, tt.trace(f, strict=True), [np.arange(80).astype(dtype)[::step]])


def test_a_loop_that_leaves_an_array_as_it_was_leaves_its_views_so():
    def f(a, n):
        u = np.tile(a, (2, 1))
        v = u.ravel()
        for j in range(n):
            if j:
                break
            u = 0
        return v, u

    traced = tt.trace(f)
    for n in (0, 2):
        run_both(f, traced, [np.arange(4.0)[::-1], n])


@case([np.arange(6).reshape(2, 3), 0], [np.arange(6).reshape(2, 3), 4])
def own_memory_though_equal_to_the_argument(b, n):
    u = b | b
    for _w in u.ravel():
        pass
    for _ in range(1, n):
        u = u
    return u


@case([np.arange(6.0).reshape(2, 3), 0], [np.arange(6.0).reshape(3, 2).T, 5])
def own_memory_though_nothing_is_added(b, n):
    u = b + 0.0 * 0
    w = u.reshape(-1)
    for i in range(n):
        if i > 3:
            u = u * 1
    return u, w.sum()
