"""Derivatives of solvers by the equation that they solve, and what else a user says of derivatives."""

import numpy as np
import pytest
import scipy.optimize

import tracetensor as tt
from tracetensor.testing import check_grads

RNG = np.random.default_rng(0)
A = RNG.random((3, 3)) + 3 * np.eye(3)
B = RNG.random(3)


def equation(x, a, b):
    return a @ x + 0.1 * x**3 - b


def newton(x, a, b):
    for _ in range(30):
        x = x - np.linalg.solve(a + 0.3 * np.diag(x**2), equation(x, a, b))
    return x


solve = tt.implicit_root(equation, newton)


def test_root_against_the_unrolled_loop():
    x0 = np.zeros(3)
    np.testing.assert_array_equal(solve(x0, A, B), newton(x0, A, B))
    np.testing.assert_allclose(tt.trace(solve, strict=True)(x0, A, B), newton(x0, A, B), rtol=1e-12)
    for wanted, found in zip(
        tt.grad(lambda *args: (newton(*args) ** 2).sum(), (1, 2))(x0, A, B),
        tt.grad(lambda *args: (solve(*args) ** 2).sum(), (1, 2))(x0, A, B),
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-9)
    np.testing.assert_array_equal(tt.grad(lambda x: solve(x, A, B).sum())(x0), np.zeros(3))
    check_grads(lambda a, b: solve(x0, a, b), (A, B), order=2)
    jacobian = tt.jacobian(lambda b: solve(x0, A, b))(B)
    np.testing.assert_allclose(jacobian, np.linalg.inv(A + 0.3 * np.diag(solve(x0, A, B) ** 2)), rtol=1e-9)
    np.testing.assert_allclose(
        tt.hessian(lambda b: solve(x0, A, b).sum())(B),
        tt.hessian(lambda b: newton(x0, A, b).sum())(B),
        rtol=1e-7,
    )


def test_root_found_by_scipy():
    def f(x, a):
        return x**3 + x - a

    def brentq(x0, a):
        return scipy.optimize.brentq(lambda t: t**3 + t - a, x0, x0 + 10)

    root = tt.implicit_root(f, brentq)
    x = root(0.0, 2.0)
    assert abs(x - 1) < 1e-9 and type(x) is float
    slope = tt.grad(root, argnums=1)(0.0, 2.0)
    np.testing.assert_allclose(slope, 1 / (3 * x**2 + 1), rtol=1e-9)
    assert type(slope) is float
    np.testing.assert_allclose(tt.jvp(root, (0.0, 2.0), (None, 1.0)), (x, 0.25), rtol=1e-9)
    second = tt.grad(tt.grad(root, argnums=1), argnums=1)(0.0, 2.0)
    np.testing.assert_allclose(second, -6 * x / (3 * x**2 + 1) ** 3, rtol=1e-8)
    np.testing.assert_allclose(tt.trace(tt.grad(root, 1), strict=True)(0.0, 2.0), slope)


def test_a_minimum_in_a_structure():
    """Ridge regression: the weights are where the gradient is zero; their derivative by the penalty is known."""
    x, y = RNG.random((8, 3)), RNG.random(8)

    def loss(p, data, penalty):
        error = data["x"] @ p["w"] + p["b"] - data["y"]
        return 0.5 * (error**2).sum() + 0.5 * penalty * (p["w"] ** 2).sum()

    def minimise(p, data, penalty):
        x = np.concatenate([data["x"], np.ones((len(data["y"]), 1))], axis=1)
        ridge = penalty * np.diag(np.array([1.0, 1.0, 1.0, 0.0]))
        w = np.linalg.solve(x.T @ x + ridge, x.T @ data["y"])
        return {"w": w[:3], "b": w[3]}

    fit = tt.implicit_root(tt.grad(loss), minimise)
    start, data = {"w": np.zeros(3), "b": np.float64(0.0)}, {"x": x, "y": y}

    def outer(solver, data, penalty):
        p = solver(start, data, penalty)
        return (p["w"] ** 2).sum() + p["b"]

    found = tt.grad(lambda d, c: outer(fit, d, c), (0, 1))(data, 0.3)
    wanted = tt.grad(lambda d, c: outer(minimise, d, c), (0, 1))(data, 0.3)
    np.testing.assert_allclose(found[0]["x"], wanted[0]["x"], rtol=1e-8)
    np.testing.assert_allclose(found[0]["y"], wanted[0]["y"], rtol=1e-8)
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-8)


def test_fixed_point_against_the_unrolled_loop():
    def f(x, a, b):
        return np.tanh(a @ x * 0.2 + b)

    def unrolled(a, b):
        x = np.zeros(3)
        for _ in range(200):
            x = f(x, a, b)
        return x

    def found(a, b):
        return tt.fixed_point(f, np.zeros(3), a, b, tolerance=1e-14)

    np.testing.assert_allclose(found(A, B), unrolled(A, B), rtol=1e-12)
    np.testing.assert_allclose(tt.trace(found, strict=True)(A, B), found(A, B))
    for one, other in zip(
        tt.grad(lambda *p: (found(*p) ** 2).sum(), (0, 1))(A, B),
        tt.grad(lambda *p: (unrolled(*p) ** 2).sum(), (0, 1))(A, B),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9)
    check_grads(found, (A, B), order=2)


def test_fixed_point_of_structures_and_numbers():
    def babylonian(x, a):
        return 0.5 * (x + a / x)

    def root(a):
        return tt.fixed_point(babylonian, 1.0, a)

    assert abs(root(2.0) - np.sqrt(2)) < 1e-12
    np.testing.assert_allclose(tt.grad(root)(2.0), 0.5 / np.sqrt(2), rtol=1e-9)
    np.testing.assert_allclose(tt.grad(tt.grad(root))(2.0), -0.25 * 2**-1.5, rtol=1e-8)

    def both(state, a):
        u, v = state["u"], state["v"]
        u[0] = 0.3 * np.sin(v) + a  # in its own copy
        return {"u": u * 1.0, "v": 0.2 * np.cos(u).sum()}

    def solution(a):
        s = tt.fixed_point(both, {"u": np.array([0.0, 1.0]), "v": np.float64(0.0)}, a, steps=60)
        return s["u"][0] * s["v"]

    def unrolled(a):
        state = {"u": np.array([0.0, 1.0]), "v": np.float64(0.0)}
        for _ in range(60):
            state = both({"u": state["u"].copy(), "v": state["v"]}, a)
        return state["u"][0] * state["v"]

    np.testing.assert_allclose(solution(0.4), unrolled(0.4), rtol=1e-9)
    np.testing.assert_allclose(tt.trace(solution, strict=True)(0.4), solution(0.4), rtol=1e-9)
    with pytest.raises(np.linalg.LinAlgError):  # u[1] may be anything: it stays as it is
        tt.grad(solution)(0.4)


def test_steps_are_not_kept():
    def f(x, a):
        return 0.5 * np.cos(x) * a

    gradient = tt.grad(lambda a: tt.fixed_point(f, np.zeros(4), a, steps=50).sum())
    gradient(np.ones(4))
    names = [n.op.name for n in gradient.graphs[0].all_nodes()]
    assert names.count("scan") <= 2  # the iteration, and the columns of the Jacobian
    assert not any(
        n.outputs[n.params["n_carry"] :]
        for n in gradient.graphs[0].nodes()
        if n.op.name == "scan" and n.params["conditional"]
    )


def test_clip_gradient():
    x = np.array([0.1, 1.0, -2.0])

    def f(x):
        return (tt.clip_gradient(x, -1.0, 1.5) ** 2).sum()

    assert f(x) == (x**2).sum()
    np.testing.assert_array_equal(tt.grad(f)(x), [0.2, 1.5, -1.0])
    np.testing.assert_allclose(tt.jvp(f, (x,), (np.ones(3),))[1], 2 * x.sum())
    np.testing.assert_array_equal(tt.hvp(f)(x, np.ones(3)), [2.0, 0.0, 0.0])
    by = tt.grad(lambda p: (tt.clip_gradient(p, low=-1, high=1)["a"] * 3).sum() + p["n"])({"a": x, "n": 1.0})
    np.testing.assert_array_equal(by["a"], np.ones(3))
    assert by["n"] == 1.0

    def unstable(w, steps):
        y = 1.0
        for _ in range(steps):
            y = tt.clip_gradient(y * w, -2.0, 2.0)
        return y

    np.testing.assert_allclose(tt.grad(unstable)(3.0, 30), clipped_by_hand(3.0, 30))
    assert tt.trace(unstable, strict=True)(2.0, 10) == 1024


def clipped_by_hand(w, steps):
    """The slope of w ** steps, the cotangent clipped at each step."""
    y = [w**k for k in range(steps)]
    cotangent, slope = 1.0, 0.0
    for k in reversed(range(steps)):
        cotangent = min(max(cotangent, -2.0), 2.0)
        slope += cotangent * y[k]
        cotangent *= w
    return slope
