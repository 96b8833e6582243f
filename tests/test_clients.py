"""SciPy's optimisers, as anyone uses them, with the gradients of ordinary NumPy functions."""

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize

import tracetensor as tt


def negative_log_likelihood(weights, inputs, labels, classes, decay):
    """Multinomial logistic regression; weights is flat, as SciPy wants it."""
    w = weights.reshape(inputs.shape[1] + 1, classes)
    scores = inputs @ w[:-1] + w[-1]
    scores -= scores.max(axis=1, keepdims=True)
    log_partition = np.log(np.exp(scores).sum(axis=1))
    chosen = scores[np.arange(len(labels)), labels]
    return (log_partition - chosen).mean() + decay * (w[:-1] ** 2).sum()


def accuracy(weights, inputs, labels, classes):
    w = weights.reshape(inputs.shape[1] + 1, classes)
    return ((inputs @ w[:-1] + w[-1]).argmax(axis=1) == labels).mean()


def fit(inputs, labels, classes, decay, xtol=1e-7):
    """The weights, by Newton's method with Hessian-vector products."""
    found = minimize(
        negative_log_likelihood,
        np.zeros((inputs.shape[1] + 1) * classes),
        (inputs, labels, classes, decay),
        method="Newton-CG",
        jac=tt.grad(negative_log_likelihood),
        hessp=tt.hvp(negative_log_likelihood),
        options={"xtol": xtol},
    )
    assert found.success, found.message
    return found


def test_logistic_regression_on_digits():
    datasets = pytest.importorskip("sklearn.datasets")
    linear_model = pytest.importorskip("sklearn.linear_model")
    digits = datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    inputs, labels = digits.data[order] / 16, digits.target[order]
    train, test = slice(0, 900), slice(900, None)
    decay = 1e-3
    found = fit(inputs[train], labels[train], 10, decay, xtol=1e-5)
    reached = accuracy(found.x, inputs[test], labels[test], 10)
    print(f"digits: {found.nit} steps of Newton-CG, test accuracy {reached:.3f}")
    assert reached > 0.93
    # The optimum is scikit-learn's: its C weighs the sum of the losses, against half the squares.
    peer = linear_model.LogisticRegression(C=1 / (2 * decay * 900), tol=1e-6, solver="newton-cg")
    peer.fit(inputs[train], labels[train])
    probabilities = peer.predict_proba(inputs[test])
    w = found.x.reshape(65, 10)
    scores = inputs[test] @ w[:-1] + w[-1]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    np.testing.assert_allclose(scores / scores.sum(axis=1, keepdims=True), probabilities, atol=1e-4)


def test_logistic_regression_on_made_up_data():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 90)
    inputs = np.array([[2.0, 0, 1, 0], [0, 2, 0, -1], [-1, -1, 2, 0]])[labels] + rng.normal(size=(90, 4))
    newton = fit(inputs, labels, 3, 0.01)
    w = np.zeros(15)
    arguments = (inputs, labels, 3, 0.01)
    value_and_grad = tt.value_and_grad(negative_log_likelihood)
    first_order = minimize(
        value_and_grad, w, arguments, jac=True, method="L-BFGS-B", options={"gtol": 1e-10, "ftol": 0}
    )
    trust = minimize(
        negative_log_likelihood,
        w,
        arguments,
        method="trust-exact",
        jac=tt.grad(negative_log_likelihood),
        hess=tt.hessian(negative_log_likelihood),
    )
    for other in (first_order, trust):
        np.testing.assert_allclose(other.fun, newton.fun, rtol=1e-9)
        np.testing.assert_allclose(other.x[:12], newton.x[:12], atol=1e-3)  # one bias too many: it may be any
    assert accuracy(newton.x, inputs, labels, 3) > 0.85
    np.testing.assert_array_equal(w, 0)


def predator_prey(state, rates):
    prey, predators = state
    birth, hunt, death, gain = rates
    return np.array([birth * prey - hunt * prey * predators, gain * prey * predators - death * predators])


def populations(parameters, times, substeps):
    """Runge-Kutta's method: the state at all times, one row written at a time."""
    rates, found = parameters[:4], np.empty((len(times), 2))
    state = parameters[4:]
    found[0] = state
    for i in range(1, len(times)):
        h = (times[i] - times[i - 1]) / substeps
        for _ in range(substeps):
            k1 = predator_prey(state, rates)
            k2 = predator_prey(state + h / 2 * k1, rates)
            k3 = predator_prey(state + h / 2 * k2, rates)
            k4 = predator_prey(state + h * k3, rates)
            state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        found[i] = state
    return found


def residuals(parameters, times, seen, substeps):
    return (populations(parameters, times, substeps) - seen).ravel()


def test_curve_fit_whose_model_is_an_integration():
    truth = np.array([1.1, 0.4, 0.4, 0.1, 10.0, 5.0])
    times = np.linspace(0, 8, 30)
    seen = populations(truth, times, 10)
    start = np.array([0.9, 0.3, 0.5, 0.13, 8.0, 6.0])
    jacobian = tt.jacobian(residuals)
    found = least_squares(
        residuals, start, jac=jacobian, args=(times, seen, 10), xtol=1e-14, ftol=1e-14, gtol=1e-12
    )
    assert found.success
    np.testing.assert_allclose(found.x, truth, rtol=1e-7)
    for method in ("lm", "dogbox"):
        again = least_squares(residuals, start, jac=jacobian, args=(times, seen, 10), method=method)
        np.testing.assert_allclose(again.x, truth, rtol=1e-5)
    assert len(jacobian.graphs) == 1
    # The integration is the equation's, and the derivative is that of the solution, by SciPy's own integrator.
    from scipy.integrate import solve_ivp

    def solved(p):
        found = solve_ivp(
            lambda t, y: predator_prey(y, p[:4]), (0, 8), p[4:], t_eval=times, rtol=1e-11, atol=1e-11
        )
        return found.y.T.ravel()

    np.testing.assert_allclose(seen.ravel(), solved(truth), atol=1e-3)
    rows = jacobian(truth, times, seen, 10)
    for k in range(6):
        step = np.zeros(6)
        step[k] = 1e-4
        wanted = (solved(truth + step) - solved(truth - step)) / 2e-4
        np.testing.assert_allclose(rows[:, k], wanted, atol=2e-3 * np.abs(wanted).max())


def test_root_and_curve_fit_with_a_jacobian():
    from scipy.optimize import curve_fit, root

    def heat(u, forcing, steps):
        v = u.copy()
        for _ in range(steps):
            v[1:-1] += 0.2 * (v[2:] - 2 * v[1:-1] + v[:-2]) - 0.01 * v[1:-1] ** 3
        return v - u + forcing

    forcing = 0.1 * np.sin(np.arange(6.0))
    forcing[0] = forcing[-1] = 0
    inner = lambda u: heat(np.concatenate([[1.0], u, [2.0]]), forcing, 5)[1:-1]
    found = root(inner, np.ones(4), jac=tt.jacobian(inner), method="hybr")
    assert found.success and np.abs(inner(found.x)).max() < 1e-9

    def decay(t, a, k, floor):
        y = np.empty_like(t)
        for i in range(len(t)):
            y[i] = floor + a * np.exp(-k * t[i])
        return y

    t = np.linspace(0, 4, 25)
    by_parameters = tt.jacobian(decay, argnums=(1, 2, 3))
    fitted, _ = curve_fit(
        decay,
        t,
        decay(t, 2.0, 1.3, 0.5),
        (1.0, 1.0, 0.0),
        jac=lambda *a: np.stack(by_parameters(*map(as_float, a)), axis=1),
    )
    np.testing.assert_allclose(fitted, [2.0, 1.3, 0.5], rtol=1e-7)


def as_float(value):
    return value if isinstance(value, np.ndarray) and value.ndim else float(value)
