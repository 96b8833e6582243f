"""Gradients of programs with loops, branches and writes, against finite differences; how transforms compose."""

import numpy as np
import pytest

import tracetensor as tt


def heat(u, steps, k):
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
    return (u * u).sum()


def branchy(x):
    s = 0.0
    for v in x:
        if v > 0.5:
            s = s + v * v
        else:
            s = s - v
    while s > 1:
        s = s / 2
    return s


def grown(x):
    y = np.zeros_like(x)
    found = []
    for i in range(len(x)):
        y[i] = y[i - 1] * 0.5 + x[i]
        found.append(y[i] ** 2)
    return np.array(found).sum()


def root(x, tol):
    y = np.ones_like(x)
    while np.abs(y * y - x).max() > tol:
        y = 0.5 * (y + x / y)
    return y.sum()


def numerical(f, x, *rest):
    found = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = 1e-6
        ahead, behind = x.copy(), x.copy()
        ahead[i] += step
        behind[i] -= step
        found[i] = (f(ahead, *rest) - f(behind, *rest)) / (2 * step)
    return found


PROGRAMS = ((heat, (5, 0.1)), (branchy, ()), (grown, ()), (root, (1e-9,)))


@pytest.mark.parametrize(("f", "rest"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_gradient_of_a_loop(f, rest):
    x = np.random.default_rng(0).uniform(0.3, 1.0, 6)
    before = x.copy()
    found = tt.grad(f)(x, *rest)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(found, numerical(f, x, *rest), atol=1e-6)
    np.testing.assert_allclose(tt.grad(tt.trace(f))(x, *rest), found)


@pytest.mark.parametrize(("f", "rest"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_gradient_of_a_gradient(f, rest):
    x = np.random.default_rng(1).uniform(0.3, 1.0, 5)

    def squared(x):
        return (tt.grad(f)(x, *rest) ** 2).sum()

    found = tt.grad(squared)(x)
    np.testing.assert_allclose(found, numerical(squared, x), atol=1e-6)
    np.testing.assert_allclose(tt.trace(squared, strict=True)(x), squared(x))


def test_orders_of_a_number():
    def cube(x):
        return x * x * x

    first = tt.grad(cube)
    assert first(2.0) == 12.0 and type(first(2.0)) is float
    assert tt.grad(first)(2.0) == 12.0
    assert tt.grad(tt.grad(first))(2.0) == 6.0


def test_structure_of_arguments():
    def loss(p, y):
        return ((p["w"] * y).sum() + p["b"]) ** 2

    value, (by_p, by_y) = tt.value_and_grad(loss, argnums=(0, 1))({"w": np.arange(3.0), "b": 2.0}, np.ones(3))
    assert value == 25.0
    assert list(by_p) == ["w", "b"] and by_p["b"] == 10.0 and type(by_p["b"]) is float
    np.testing.assert_array_equal(by_p["w"], [10.0, 10.0, 10.0])
    np.testing.assert_array_equal(by_y, [0.0, 10.0, 20.0])


def test_what_cannot_be_differentiated():
    with pytest.raises(tt.TraceError, match=r"returns float64\[\?\], not a float"):
        tt.grad(lambda x: x * 2)(np.ones(3))
    with pytest.raises(tt.TraceError, match="argument 0 is int"):
        tt.grad(lambda x: x * 1.0)(3)


def test_exceptions_are_the_functions_own():
    def f(x):
        if x.sum() > 0:
            raise ValueError("positive")
        return x.sum()

    with pytest.raises(ValueError, match="positive"):
        tt.grad(f)(np.ones(2))
    np.testing.assert_array_equal(tt.grad(f)(-np.ones(2)), [1.0, 1.0])


def f_of(x):
    return np.sin(x) * x


def slope_of(x):
    return np.cos(x) * x + np.sin(x)


X = np.arange(3.0) + 0.5


def test_jvp_vjp_linearize():
    value, tangent = tt.jvp(f_of, (X,), (X,))
    np.testing.assert_array_equal(value, f_of(X))
    np.testing.assert_allclose(tangent, slope_of(X) * X)
    value, pullback = tt.vjp(f_of, X)
    np.testing.assert_array_equal(value, f_of(X))
    np.testing.assert_allclose(pullback(X)[0], slope_of(X) * X)
    value, linear = tt.linearize(f_of, X)
    np.testing.assert_allclose(linear(2 * X), 2 * slope_of(X) * X)
    value, pullback, aux = tt.vjp(lambda x: (f_of(x), "aux"), X, has_aux=True)
    assert aux == "aux"
    np.testing.assert_allclose(pullback(X)[0], slope_of(X) * X)
    np.testing.assert_allclose(tt.jvp(lambda a, b: a * b, (X, 2.0), (None, 1.0))[1], X)
    np.testing.assert_allclose(tt.elementwise_grad(f_of)(X), slope_of(X))


def test_jacobian_and_hessian():
    a = np.random.default_rng(0).random((4, 3))

    def h(x):
        return np.tanh(a @ x)

    wanted = (1 - h(X) ** 2)[:, None] * a
    for transform in (tt.jacrev, tt.jacfwd, tt.jacobian):
        np.testing.assert_allclose(transform(h)(X), wanted)

    def g(x):
        return (np.sin(x) * x[::-1]).sum()

    hessian = tt.hessian(g)(X)
    np.testing.assert_allclose(hessian, hessian.T)
    np.testing.assert_allclose(
        np.diag(hessian), [-np.sin(0.5) * 2.5, 2 * np.cos(1.5) - np.sin(1.5) * 1.5, -np.sin(2.5) * 0.5]
    )
    np.testing.assert_allclose(tt.hvp(g)(X, X), hessian @ X)
    np.testing.assert_allclose(tt.trace(lambda x: tt.hessian(g)(x), strict=True)(X), hessian)
    by_two = tt.jacobian(lambda x, y: x * y, argnums=(0, 1))(X, 2.0)
    np.testing.assert_allclose(by_two[0], 2 * np.eye(3))
    np.testing.assert_allclose(by_two[1], X)


def test_stop_gradient():
    np.testing.assert_array_equal(tt.grad(lambda x: (tt.stop_gradient(x) * x).sum())(X), X)
    assert tt.stop_gradient(X) is X


def test_custom_jvp():
    @tt.custom_jvp
    def f(x, y):
        return np.sin(x) * y

    @f.defjvp
    def rule(primals, tangents):
        (x, y), (tx, ty) = primals, tangents
        return f.function(x, y), 2 * np.cos(x) * y * tx + np.sin(x) * ty

    np.testing.assert_allclose(tt.grad(lambda x: f(x, 2.0).sum())(X), 4 * np.cos(X))
    np.testing.assert_allclose(tt.jvp(lambda x: f(x, 2.0), (X,), (X,))[1], 4 * np.cos(X) * X)
    np.testing.assert_array_equal(f(X, 2.0), np.sin(X) * 2.0)
    np.testing.assert_array_equal(tt.trace(lambda x: f(x, 2.0), strict=True)(X), np.sin(X) * 2.0)


def test_custom_vjp_of_a_function_that_is_called_as_it_is():
    import scipy.special

    @tt.custom_vjp
    def log_gamma(x):
        return scipy.special.gammaln(x)

    log_gamma.defvjp(lambda x: (scipy.special.gammaln(x), x), lambda x, c: (c * scipy.special.digamma(x),))
    np.testing.assert_allclose(tt.grad(lambda x: log_gamma(x).sum())(X), scipy.special.digamma(X))
    with pytest.raises(tt.TraceError, match="forward mode"):
        tt.jvp(log_gamma, (X,), (X,))
    with pytest.raises(tt.TraceError, match="called as it is"):
        tt.grad(lambda x: scipy.special.gammaln(x).sum())(X)


def test_custom_vjp_to_second_order():
    @tt.custom_vjp
    def g(x):
        return np.exp(x)

    g.defvjp(lambda x: (np.exp(x), x), lambda x, c: (c * 3 * x,))
    np.testing.assert_allclose(tt.grad(lambda x: tt.grad(lambda z: g(z).sum())(x).sum())(X), [3.0, 3.0, 3.0])


def test_floats_kept_in_containers_of_the_run_are_refused():
    import heapq

    def f(x):
        heap = []
        for i in range(len(x)):
            heapq.heappush(heap, (x[i] * 2.0, i))
        total = 0.0
        while heap:
            d, i = heapq.heappop(heap)
            total = total + d * (i + 1)
        return total

    with pytest.raises(tt.TraceError, match="cannot be differentiated"):
        tt.grad(f)(X)


def test_dtypes_and_complex():
    single = tt.grad(lambda x: (x * x).sum())(X.astype(np.float32))
    assert single.dtype == np.float32
    z = X + 2j
    np.testing.assert_allclose(tt.grad(lambda z: (np.abs(z) ** 2).sum())(z), 2 * np.conj(z))
    assert type(tt.grad(lambda z: abs(z))(1 + 1j)) is complex


def test_edges():
    np.testing.assert_array_equal(
        tt.grad(lambda x: np.where(x > 0, np.sqrt(x), 0.0).sum())(np.array([0.0, 4.0])), [0.0, 0.25]
    )
    np.testing.assert_array_equal(tt.grad(lambda x: np.linalg.norm(x))(np.zeros(3)), np.zeros(3))
    np.testing.assert_array_equal(tt.grad(lambda x: x.max())(np.array([1.0, 3.0, 3.0])), [0.0, 0.5, 0.5])
    np.testing.assert_array_equal(
        tt.grad(lambda x: x[np.array([0, 0, 1])].sum())(np.zeros(3)), [2.0, 1.0, 0.0]
    )
    np.testing.assert_array_equal(
        tt.grad(lambda x, y: (x + y).sum(), 1)(np.ones((3, 2)), np.ones(2)), [3.0, 3.0]
    )


def test_arguments_are_not_written_to():
    def f(p, k):
        p["w"] += 1
        p["w"] *= k
        p["n"] = 3
        return (p["w"] ** 2).sum()

    p = {"w": np.ones(2)}
    found = tt.grad(f)(p, 2.0)
    assert list(p) == ["w"] and (p["w"] == 1).all()
    np.testing.assert_array_equal(found["w"], [16.0, 16.0])


def test_same_graph_for_all_sizes():
    gradient = tt.grad(heat)
    for n in (5, 6, 7):
        gradient(np.ones(n), 3, 0.1)
    assert len(gradient.graphs) == 1


def test_a_loop_that_writes_rows_keeps_rows():
    def rows(a, x, steps):
        for t in range(steps):
            i = t % a.shape[0]
            a[i] = np.sin(a[i]) * 0.5 + x
        return (a * a).sum()

    gradient = tt.grad(rows, argnums=(0, 1))
    rng = np.random.default_rng(0)
    a, x = rng.random((4, 3)), rng.random(3)
    by_a, by_x = gradient(a, x, 9)
    np.testing.assert_allclose(by_a, numerical(lambda v: rows(v.copy(), x, 9), a), atol=1e-6)
    np.testing.assert_allclose(by_x, numerical(lambda v: rows(a.copy(), v, 9), x), atol=1e-6)
    kept = [
        v
        for node in gradient.graphs[0].all_nodes()
        if node.op.name == "scan"
        for v in node.outputs[node.params["n_carry"] :]
    ]
    assert kept and all(v.ndim <= 2 for v in kept)  # steps by row, no copy of the array per step


def test_transforms_are_traced_and_bound_like_functions():
    traced = tt.trace(tt.grad(f_of_sum), strict=True)
    np.testing.assert_allclose(traced(X), slope_of(X))
    assert len(traced.graphs) == 1

    class Model:
        def __init__(self, scale):
            self.scale = scale

        def loss(self, x):
            return (self.scale * f_of(x)).sum()

        slope = tt.grad(loss, argnums=1)

    model = Model(2.0)
    np.testing.assert_allclose(model.slope(X), 2 * slope_of(X))
    np.testing.assert_allclose(tt.trace(lambda m, x: m.slope(x), strict=True)(model, X), 2 * slope_of(X))


def f_of_sum(x):
    return f_of(x).sum()


def test_pullback_computes_nothing_again():
    calls = []

    @tt.callback(result=0.0)
    def seen(x):
        calls.append(x)
        return 1.0

    def f(p, y, n):
        total = seen(0.0)
        for k in range(n):
            if p["w"][k % 2] > 0.5:
                total = total + np.sin(p["w"][k % 2] * y).sum()
            else:
                total = total * 0.9
        p["w"][0] = 7.0
        return {"total": total, "w": p["w"] * y, "n": n}

    p, y = {"w": np.array([0.7, 0.2])}, np.array([1.5, 2.5])
    value, pullback = tt.vjp(f, p, y, 5)
    assert len(calls) == 1 and p["w"][0] == 0.7
    cotangent = {"total": 2.0, "w": np.array([1.0, 3.0]), "n": 0}
    by_p, by_y, by_n = pullback(cotangent)
    again = pullback(cotangent)
    np.testing.assert_array_equal(again[0]["w"], by_p["w"])
    assert len(calls) == 1 and value["n"] == 5

    def loss(w, y):
        result = f({"w": w.copy()}, y, 5)
        return 2 * result["total"] + (cotangent["w"] * result["w"]).sum()

    np.testing.assert_allclose(by_p["w"], numerical(lambda w: loss(w, y), p["w"]), atol=1e-6)
    np.testing.assert_allclose(by_y, numerical(lambda y: loss(p["w"], y), y), atol=1e-6)
    p["w"][:] = 0  # what the pullback needs is its own
    y[:] = 0
    np.testing.assert_array_equal(pullback(cotangent)[1], by_y)


def test_pullback_of_several_kinds_and_shapes():
    def f(x, flag):
        return np.cumsum(np.exp(x))[::-1] if flag else x * x

    for x in (np.arange(3.0), np.arange(4.0), np.arange(3.0, dtype=np.float32), np.array([2.0])):
        for flag in (True, False):
            value, pullback = tt.vjp(f, x, flag)
            found = pullback(np.ones_like(value))[0]
            assert found.dtype == x.dtype and found.shape == x.shape
            wanted = np.exp(x) * np.arange(len(x), 0, -1) if flag else 2 * x
            np.testing.assert_allclose(found, wanted, rtol=1e-6)
    (by_x,) = tt.vjp(lambda x: (x, x * 2), 3.0)[1]((1.0, 10.0))
    assert by_x == 21.0 and type(by_x) is float
    second = tt.grad(lambda x: tt.vjp(lambda v: v**3, x)[1](1.0)[0])(2.0)
    assert second == 12.0
    x = np.arange(3.0)
    by_both = tt.vjp(lambda a, b: a * b, x, x)[1](np.ones(3))
    np.testing.assert_array_equal(by_both[0], by_both[1])


def test_pullback_through_lists_of_the_run():
    def f(x, n):
        rows = []
        for k in range(n):
            rows.append(x[k % 3 :] * 2.0)
        total = 0.0
        for row in rows:
            total = total + (row * row).sum()
        return total

    value, pullback = tt.vjp(f, X, 5)
    np.testing.assert_allclose(pullback(1.0)[0], tt.grad(f)(X, 5))
