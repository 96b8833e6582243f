"""Every op's derivative, in both modes, against differences: a differentiable op without a row fails."""

import numpy as np
import pytest

import tracetensor as tt
import tracetensor.rewrite.derivatives.modes
from tests.derivative_table import ROWS
from tracetensor.graph.op import OPS
from tracetensor.rewrite.derivatives.forward import CONSTANT, CONTROL, JVP
from tracetensor.testing import check_grads

WITHOUT_FLOATS = set(
    """argmin argmax nanargmin nanargmax subslice dim iscomplex isreal isneginf isposinf indices mgrid ogrid tril_indices
    triu_indices tril_indices_from triu_indices_from diag_indices diag_indices_from allclose array_equal array_equiv
    packbits unpackbits unravel_index ravel_multi_index list_len is_none math.isqrt math.isnan math.isinf math.isfinite
    math.gcd py.and py.or py.xor py.lshift py.rshift py.lt py.le py.eq py.ne py.gt py.ge py.invert py.not py.trunc
    py.bool py.int py.index py.range_length broadcast_dim broadcast_shapes split_size any all count_nonzero nonzero
    argwhere searchsorted digitize unique_counts unique_inverse isin argsort argpartition lexsort bitwise_and
    bitwise_count bitwise_or bitwise_xor equal gcd greater greater_equal invert isfinite isinf isnan lcm left_shift less
    less_equal logical_and logical_not logical_or logical_xor not_equal right_shift in1d
    raise_if deoptimise_if view_check failing print checkpoint make_exception raise_object object_isinstance
    object_issubclass object_is object_truth recomputing scheduled checkpoint_advance""".split()
)
"""Ops whose results are no floats: what depends on their inputs through them alone has derivative zero."""

REFUSED = set(
    """callback effect object_attribute object_item arange ufunc_accumulate
    ufunc_reduce i0 polyfit polyadd polysub polymul poly polyder polyint corrcoef vander
    trim_zeros numpy_clip list_insert list_clear list_sort math.gamma math.lgamma nanpercentile nanquantile unique
    unique_values unique_all intersect1d union1d setdiff1d setxor1d pulled_back""".split()
)
"""Ops whose derivative is an error, for now or for good."""

ELSEWHERE = set(
    """fresh_view independent with_derivative sum_to_shape int_max int_min list_pop list_repeat list_reverse list_set
    list_slice math.remainder py.complex py.conjugate py.imag py.real""".split()
)
"""Ops that no call of a row's makes by itself: met in second derivatives, or tested in tests/test_transforms.py."""


@pytest.mark.parametrize("k", range(len(ROWS)), ids=lambda k: f"{k}-{'-'.join(ROWS[k][0])}"[:60])
def test_derivative_of_op(k):
    _, function, args, order, modes, tolerance = ROWS[k]
    check_grads(function, args, order, modes, tolerance=tolerance)


def test_a_wrong_derivative_is_found():
    def wrong(x):
        return tt.stop_gradient(x) * 0.001 + x

    with pytest.raises(AssertionError, match="differences of values"):
        check_grads(wrong, (np.ones(3),), 1)


def test_every_op_is_accounted_for():
    shown = {name for row in ROWS for name in row[0]}
    assert shown <= set(OPS), "a row names an op that does not exist"
    rules = (set(JVP) | set(CONTROL)) & set(OPS)
    assert not rules - shown - ELSEWHERE - REFUSED, "a rule without a row in tests/derivative_table.py"
    known = rules | CONSTANT | WITHOUT_FLOATS | REFUSED
    assert not set(OPS) - known, "an op of which it is not said what its derivative is"
    assert (rules | CONSTANT) <= set(OPS)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.convolve(np.unique(x), x).sum(),
        lambda x: np.i0(x).sum(),
        lambda x: np.multiply.reduceat(x, [0, 1]).sum(),
    ],
)
def test_what_is_refused_says_so(f):
    with pytest.raises(tt.TraceError, match="has no derivative"):
        tt.grad(f)(np.array([0.3, 0.5, 0.9]))


def test_what_has_no_slope_is_zero():
    def f(x):
        k = int(np.argmax(x))
        return np.floor(x).sum() + x[k] * np.sign(x[0]) + float(np.count_nonzero(x > 0))

    np.testing.assert_array_equal(tt.grad(f)(np.array([0.3, 0.9, 0.5])), [0.0, 1.0, 0.0])
