"""Gradients of the programs of tests/programs, unchanged, by every float array argument, against finite differences."""

import copy

import numpy as np
import pytest

import tracetensor as tt
from tests.programs import load, names

NO_SLOPE = {
    "bisection": "the bracket moves in steps: the value is no smooth function of the coefficients",
    "cubic_spline": "raises where the nodes that are moved are not in order any more, and searches intervals",
    "dijkstra": "ties between paths of equal length",
    "euler_muscl": "the fastest of many equal waves decides the step",
    "floyd_warshall": "ties between paths of equal length",
    "gram_schmidt": "columns that depend on each other are told by a threshold",
    "safe_newton": "starts where the Jacobian is singular: a jump",
    "shape_areas": "ties, and shapes that are told apart by equality",
    "shell_sort": "ties between equal numbers",
    "heap_sort": "ties between equal numbers",
}
"""Programs at a kink, or a jump, for the arguments of the tests."""

NOT_YET = {
    "dijkstra_heap": "floats kept in a heap",
    "fft_recursive": "recursion",
    "kalman_class": "an exception that leaves a branch in which an attribute was changed",
    "prim_mst": "sqrt(0) times 0",
    "quicksort_recursive": "recursion",
    "scipy_fits": "a call of SciPy's",
    "sigma_clip": "arrays in containers of the run",
}
"""Programs that have no gradient yet, and what is missing."""


def leaf(value, k):
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            weights = np.cos(np.arange(value.size) * 0.7 + k).reshape(value.shape)
            return (weights * value)[np.isfinite(value)].sum()
        return 0.0
    if isinstance(value, (float, np.floating)):
        return value * 0.9
    return 0.0


def level(inner):
    def project(value, k):
        total = 0.0
        if isinstance(value, (list, tuple)):
            for item in value:
                total = total + inner(item, k + 1.3)
            return total
        if isinstance(value, dict):
            for item in value.values():
                total = total + inner(item, k + 1.3)
            return total
        return leaf(value, k)

    return project


project = level(level(leaf))


def objective_of(program):
    """A float made of all floats that a program returns, and of its arguments as it leaves them."""

    def objective(*args, **kwargs):
        result = program(*args, **kwargs)
        return project(result, 0.2) + project(args, 0.5)

    return objective


def float_arguments(name):
    module = load(name)
    args, _ = module.make_inputs(module.SIZES[1])
    return [k for k, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f" and a.size]


SINGLE = {"fir_decode", "perona_malik"}
"""Programs that compute with float32 inside."""

STEPS = {"nelder_mead": (1e-9, 1e-10, 1e-11)}
"""Steps of differences for programs that decide otherwise soon: their values jump a little way off."""

DIFFERENTIABLE = [n for n in names() if float_arguments(n)]
CHECKED = [
    (n, k) for n in DIFFERENTIABLE if n not in NO_SLOPE and n not in NOT_YET for k in float_arguments(n)
]


def test_how_many_programs_are_checked():
    programs = {n for n, _ in CHECKED}
    assert len(programs) >= 58 and len(CHECKED) >= 97
    assert set(NO_SLOPE) | set(NOT_YET) <= set(DIFFERENTIABLE)


@pytest.mark.parametrize(("name", "k"), CHECKED, ids=lambda v: str(v))
def test_gradient_of_program(name, k):
    module = load(name)
    args, kwargs = module.make_inputs(module.SIZES[1])
    before = copy.deepcopy(args)
    objective = objective_of(module.PROGRAM)
    found = tt.grad(objective, argnums=k)(*args, **kwargs)
    for a, b in zip(args, before):
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
    assert found.dtype == args[k].dtype and found.shape == args[k].shape
    single = args[k].dtype == np.float32 or name in SINGLE
    rng = np.random.default_rng(0)
    for _ in range(2):
        direction = rng.standard_normal(args[k].shape).astype(args[k].dtype)
        slope = float((found * direction).sum())
        errors = []
        for step in STEPS.get(name, (1e-1, 1e-2, 1e-3) if single else (1e-4, 1e-5, 1e-6, 1e-7)):
            values = []
            for sign in (1, -1):
                moved = copy.deepcopy(before)
                moved = [
                    *moved[:k],
                    (moved[k] + sign * step * direction).astype(moved[k].dtype),
                    *moved[k + 1 :],
                ]
                with np.errstate(all="ignore"):
                    values.append(float(objective(*moved, **copy.deepcopy(kwargs))))
            numerical = (values[0] - values[1]) / (2 * step)
            errors.append(abs(numerical - slope) / max(abs(numerical), abs(slope), 1e-3))
        assert min(errors) < (2e-2 if single else 1e-4), (slope, errors)


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_what_has_no_gradient_yet_says_so(name):
    module = load(name)
    args, kwargs = module.make_inputs(module.SIZES[1])
    k = float_arguments(name)[0]
    if name == "prim_mst":
        return
    with pytest.raises(tt.TraceError):
        tt.grad(objective_of(module.PROGRAM), argnums=k)(*args, **kwargs)
