"""tt.checkpoint: the same values and derivatives, with less kept."""

import math

import numpy as np
import pytest

import tracetensor as tt
from benchmarks import memory
from tracetensor.graph.ops.checkpoints import _advance, revolve, segment
from tracetensor.testing import check_grads

RNG = np.random.default_rng(0)
X, W = RNG.random(3), RNG.random((3, 3))
SCHEDULES = ("sqrt", "binomial", 1, 3, 100)


def step(x, w):
    return np.sin(np.tanh(w @ x)) + x


def plain(x, w, steps):
    for _ in range(steps):
        x = step(x, w)
    return (x**2).sum()


def same(f, g, *args, argnums=(0, 1)):
    for wanted, found in zip(tt.grad(f, argnums)(*args), tt.grad(g, argnums)(*args)):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


# Functions ---------------------------------------------------------------------------------------------------------


def test_function_that_is_computed_again():
    again = tt.checkpoint(step)

    def steps_again(x, w, steps):
        for _ in range(steps):
            x = again(x, w)
        return (x**2).sum()

    assert steps_again(X, W, 7) == plain(X, W, 7)
    assert tt.trace(steps_again, strict=True)(X, W, 7) == plain(X, W, 7)
    same(plain, steps_again, X, W, 7)
    same(plain, tt.checkpoint(plain), X, W, 7)
    check_grads(lambda x, w: steps_again(x, w, 3), (X, W), order=2)
    np.testing.assert_allclose(tt.hessian(steps_again)(X, W, 5), tt.hessian(plain)(X, W, 5), rtol=1e-10)


def test_arguments_only_are_kept():
    def wide(x):
        y = np.outer(x, x)
        for _ in range(3):
            y = np.sin(y @ y)
        return y.sum(axis=0)

    again = tt.checkpoint(wide)

    def kept_by(f):
        def loss(x, steps):
            for _ in range(steps):
                x = f(x)
            return x.sum()

        gradient = tt.grad(loss)
        x = RNG.random(40) * 0.2
        found = gradient(x, 50)
        return min(memory.peak_of(lambda: gradient(x, 50)) for _ in range(3)), found

    (much, wanted), (little, found) = kept_by(wide), kept_by(again)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert little < much / 5


def test_writes_of_the_function_are_seen():
    def relax(u, k):
        u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
        return u[0] * 2

    def outer(f):
        def loss(u, k):
            total = 0.0
            for _ in range(6):
                total = total + f(u, k)
            return total + (u**3).sum()

        return loss

    u = RNG.random(8)
    again = tt.checkpoint(relax)
    a, b = u.copy(), u.copy()
    assert again(a, 0.1) == relax(b, 0.1)
    np.testing.assert_array_equal(a, b)
    c, d = u.copy(), u.copy()
    assert tt.trace(outer(again), strict=True)(c, 0.1) == outer(relax)(d, 0.1)
    np.testing.assert_array_equal(c, d)
    same(outer(relax), outer(again), u, 0.1)


def test_structures_methods_and_exceptions():
    class Layer:
        def __init__(self, w):
            self.w = w
            self.calls = 0

        @tt.checkpoint
        def apply(self, p):
            self.calls += 1
            if p["x"].sum() > 1e6:
                raise ValueError("too large")
            return {"x": np.tanh(self.w @ p["x"]), "n": p["n"] + 1}

    def loss(x, w):
        layer = Layer(w)
        p = {"x": x, "n": 0}
        for _ in range(4):
            p = layer.apply(p)
        return (p["x"] ** 2).sum() * p["n"] + layer.calls

    def direct(x, w):
        for _ in range(4):
            x = np.tanh(w @ x)
        return (x**2).sum() * 4 + 4

    assert loss(X, W) == direct(X, W)
    same(direct, loss, X, W)
    with pytest.raises(ValueError, match="too large"):
        tt.grad(loss)(X * 1e7, W)


def test_draws_are_made_once():
    @tt.checkpoint
    def dropout(x, rng):
        keep = rng.random(x.shape) > 0.5
        return np.sin(np.where(keep, x * 2.0, 0.0))

    def loss(x, rng):
        for _ in range(3):
            x = x + dropout(x, rng)
        return (x**2).sum()

    x = RNG.random(6)
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    found = tt.grad(loss)(x, ours)
    numerical = [
        (loss(x + e, np.random.default_rng(3)) - loss(x - e, np.random.default_rng(3))) / 2e-6
        for e in np.eye(6) * 1e-6
    ]
    np.testing.assert_allclose(found, numerical, rtol=1e-6)
    loss(x, theirs)
    assert ours.random() == theirs.random()


# Loops -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_loop_with_a_schedule(schedule):
    def scheduled(x, w, steps):
        for _ in tt.checkpoint(range(steps), schedule):
            x = step(x, w)
        return (x**2).sum()

    for steps in (0, 1, 2, 5, 6, 17, 50):
        assert scheduled(X, W, steps) == plain(X, W, steps)
        same(plain, scheduled, X, W, steps)
    assert tt.trace(scheduled, strict=True)(X, W, 9) == plain(X, W, 9)
    np.testing.assert_allclose(
        tt.jvp(scheduled, (X, W, 9), (X, W, None)), tt.jvp(plain, (X, W, 9), (X, W, None))
    )


def rows(a, x, steps):
    last = 0.0
    for t in range(steps):
        i = t % a.shape[0]
        a[i] = np.sin(a[i]) * 0.5 + x * a[i - 1] / (1 + t)
        last = last * 0.5 + a[i, 0] * x[1]
    return (a * a).sum() + last


def root(x, tol):
    y = np.ones_like(x)
    while np.abs(y * y - x).max() > tol:
        y = 0.5 * (y + x / y)
    return y.sum()


def leaving(x, limit):
    total, k = 0.0, 0
    for k, v in enumerate(x):
        if total > limit:
            break
        if v < 0.3:
            continue
        for j in range(3):
            total = total + np.sin(v + j) * total * 0.1 + v
    return total * (k + 1)


def shrinking(x, steps):
    total = 0.0
    for _ in range(steps):
        total = total + (x[0] * x).sum()
        x = np.sin(x[1:] * x[:-1])
    return total


def grown(x, steps):
    found = []
    y = x[0]
    for i in range(steps):
        y = np.sin(y) * x[i % len(x)]
        found.append(y)
    return np.array(found).sum() + found[2] * found[-1]


def two_arrays(x, steps):
    a, b = x.copy(), x * 2
    for _ in range(steps):
        a, b = b * 0.9, np.cos(a) * b
        a[0] += b[1]
    return (a * b).sum()


def linear(u, steps, k):
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u.sum() * u[2]


PROGRAMS = (
    (rows, (RNG.random((4, 3)), RNG.random(3), 23), (0, 1)),
    (root, (RNG.random(4) + 0.5, 1e-9), (0,)),
    (leaving, (RNG.random(20), 4.0), (0,)),
    (leaving, (RNG.random(20), 400.0), (0,)),
    (shrinking, (RNG.random(12), 9), (0,)),
    (grown, (RNG.random(5), 13), (0,)),
    (two_arrays, (RNG.random(4), 11), (0,)),
    (linear, (RNG.random(9), 14, 0.1), (0, 2)),
)


@pytest.mark.parametrize("schedule", ["sqrt", "binomial", 4])
@pytest.mark.parametrize(("f", "args", "argnums"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_loops_of_a_function(f, args, argnums, schedule):
    scheduled = tt.checkpoint(f, loops=schedule)
    before = [np.copy(a) for a in args]
    same(f, scheduled, *args, argnums=argnums)
    for a, b in zip(args, before):
        np.testing.assert_array_equal(a, b)
    floats = [a for a in args if isinstance(a, np.ndarray)]
    rest = args[len(floats) :]

    def squared(*floats):
        return sum((g * g).sum() for g in tt.grad(scheduled, tuple(range(len(floats))))(*floats, *rest))

    def plainly(*floats):
        return sum((g * g).sum() for g in tt.grad(f, tuple(range(len(floats))))(*floats, *rest))

    np.testing.assert_allclose(tt.grad(squared)(*floats), tt.grad(plainly)(*floats), rtol=1e-9)


def test_loop_that_draws_keeps_what_it_did():
    def noisy(x, rng, steps):
        for _ in tt.checkpoint(range(steps)):
            x = np.sin(x + 0.1 * rng.normal(size=x.shape))
        return x.sum()

    found = tt.grad(noisy)(X, np.random.default_rng(5), 12)
    ahead, behind = (
        [noisy(X + s * e, np.random.default_rng(5), 12) for e in np.eye(3) * 1e-6] for s in (1, -1)
    )
    np.testing.assert_allclose(found, (np.array(ahead) - behind) / 2e-6, rtol=1e-6)


def test_other_things_to_run_over():
    def over(x, schedule):
        total = 0.0
        for k, v in enumerate(x) if schedule is None else tt.checkpoint(enumerate(x), schedule):
            total = total + np.sin(v * total + k)
        return total

    for schedule in ("sqrt", "binomial"):
        np.testing.assert_allclose(tt.grad(over)(RNG.random(9), schedule).shape, (9,))
        x = RNG.random(9)
        np.testing.assert_allclose(tt.grad(over)(x, schedule), tt.grad(over)(x, None), rtol=1e-12)


def test_what_is_made_of_a_function_is_one_function():
    assert tt.checkpoint(plain) is tt.checkpoint(plain)
    first = tt.checkpoint(plain, loops="sqrt")
    assert first is tt.checkpoint(plain, loops="sqrt") and first is not tt.checkpoint(plain, loops=3)
    gradient = tt.grad(first)
    gradient(X, W, 6)
    assert tt.grad(tt.checkpoint(plain, loops="sqrt")) is gradient
    assert len(gradient.graphs) == 1


def test_loops_within_loops():
    """Of loops in loops the outer ones have the schedule; a loop of its own schedule keeps it."""

    def inner_marked(x, w, steps):
        for _ in range(steps):
            for _ in tt.checkpoint(range(5), 2):
                x = step(x, w) * 0.7
            if x.sum() > 2:
                x = x - 0.1
        return (x**2).sum()

    def unmarked(x, w, steps):
        for _ in range(steps):
            for _ in range(5):
                x = step(x, w) * 0.7
            if x.sum() > 2:
                x = x - 0.1
        return (x**2).sum()

    same(unmarked, inner_marked, X, W, 6)
    for schedule in ("sqrt", "binomial"):
        same(unmarked, tt.checkpoint(unmarked, loops=schedule), X, W, 6)
        same(unmarked, tt.checkpoint(tt.checkpoint(inner_marked, loops=schedule)), X, W, 6)


def test_exceptions_are_caught_in_what_is_computed_again():
    @tt.checkpoint
    def safe(x, low):
        try:
            if x.min() < low:
                raise ValueError
            return np.sqrt(x)
        except ValueError:
            return x * 2

    def loss(x, low):
        for _ in range(4):
            x = safe(x, low)
        return x.sum()

    for low in (0.0, 0.5, 0.9):
        numerical = [(loss(X + e, low) - loss(X - e, low)) / 2e-6 for e in np.eye(3) * 1e-6]
        np.testing.assert_allclose(tt.grad(loss)(X, low), numerical, rtol=1e-6)


def test_schedules_are_checked():
    for wrong in ("cube", 0, -1, 2.0):
        with pytest.raises(ValueError, match="a schedule is one of"):
            tt.checkpoint(range(3), wrong)
    with pytest.raises(TypeError, match="loops="):
        tt.checkpoint(step, "sqrt")
    assert list(tt.checkpoint(range(3))) == [0, 1, 2] and len(tt.checkpoint(range(3))) == 3


def cost(total, schedule):
    """Steps taken forward, those of segments included, and the most states kept at once, of the loop that goes back."""
    steps, most, stack, end = 0, 1, [0], total
    while end > 0:
        while (far := _advance(end - stack[-1], total, len(stack), schedule=schedule)) > 0:
            steps += far
            stack.append(stack[-1] + far)
            most = max(most, len(stack))
        steps += end - stack[-1]
        end = stack.pop()
    return steps, most


def test_what_the_schedules_cost():
    for total in (1, 2, 10, 1000, 100_000):
        steps, most = cost(total, "sqrt")
        assert steps < 2 * total + 1 and most <= math.isqrt(total) + 2
        steps, most = cost(total, "binomial")
        assert steps <= 6 * total and most <= max(total.bit_length(), 2) + 2
    assert segment(100, "sqrt") == 10 and segment(101, "sqrt") == 11 and segment(5, 3) == 3


def test_revolve_is_optimal():
    """Against the recurrence for the fewest steps by which `units` are reversed, given so many states."""
    fewest = {}

    def best(units, snapshots):
        if units <= 1:
            return 0
        if snapshots == 1:
            return units * (units - 1) // 2
        key = units, snapshots
        if key not in fewest:
            fewest[key] = min(
                m + best(m, snapshots) + best(units - m, snapshots - 1) for m in range(1, units)
            )
        return fewest[key]

    def taken(units, snapshots):
        if units <= 1:
            return 0
        if snapshots == 1:
            return units * (units - 1) // 2
        m = revolve(units, snapshots)
        return m + taken(m, snapshots) + taken(units - m, snapshots - 1)

    for snapshots in range(2, 7):
        for units in range(2, 60):
            assert taken(units, snapshots) == best(units, snapshots), (units, snapshots)


def test_memory_of_long_loops():
    found = {(r["steps"], r["schedule"]): r["peak"] for r in memory.measure_all(steps=(200, 5000), repeats=1)}
    assert found[5000, "sqrt"] < found[5000, "none"] / 4
    assert found[5000, "binomial"] < found[5000, "none"] / 4
    # Without: rows, not copies of the array. With: it hardly grows.
    assert found[5000, "none"] < 5000 * memory.COLUMNS * 8 * 4
    assert found[5000, "binomial"] < 3 * max(found[200, "binomial"], 100_000)
