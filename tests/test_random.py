"""Random draws under tt.trace: the same numbers, of the same kinds, the generators left in the same state."""

import copy
import random

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import Outcome, assert_same, clone

SEED = 20240


def states():
    """The states of the generators that all programs share."""
    return random.getstate(), np.random.get_state(legacy=False)


def start():
    random.seed(SEED)
    np.random.seed(SEED)


def state_of(value):
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, np.random.RandomState):
        return value.get_state(legacy=False)
    if isinstance(value, random.Random):
        return value.getstate()
    return value


def same_as_plain(function, *args, traced=None, times=2):
    """Assert that traced calls give, raise, write and draw what plain ones do."""
    traced = traced or tt.trace(function, strict=True)
    outcomes = []
    for called in (function, traced):
        start()
        own = clone(args)
        results = []
        for _ in range(times):
            done = Outcome(called, own, {})
            results.append((repr(done.error), done.where, done.result))
        outcomes.append((results, [state_of(a) for a in own], states()))
    assert_same(outcomes[1], outcomes[0])
    return traced


def rng():
    return np.random.default_rng(SEED)


# Every distribution ------------------------------------------------------------------------------------------

M = np.array([0.5, 1.5])
C = np.array([[2.0, 0.3], [0.3, 1.0]])
P = np.array([0.2, 0.3, 0.5])
BOTH = {
    "beta": (2.0, 3.0), "binomial": (10, 0.3), "chisquare": (3.0,), "dirichlet": ((1.0, 2.0, 3.0),), "exponential": (2.0,),
    "f": (3.0, 4.0), "gamma": (2.0, 3.0), "geometric": (0.3,), "gumbel": (0.0, 2.0), "hypergeometric": (5, 6, 4),
    "laplace": (0.0, 1.0), "logistic": (0.0, 1.0), "lognormal": (0.0, 1.0), "logseries": (0.4,), "multinomial": (20, P),
    "multivariate_normal": (M, C), "negative_binomial": (5, 0.4), "noncentral_chisquare": (3.0, 1.0),
    "noncentral_f": (3.0, 4.0, 1.0), "normal": (1.0, 2.0), "pareto": (3.0,), "poisson": (4.0,), "power": (3.0,),
    "rayleigh": (2.0,), "standard_gamma": (2.0,), "standard_t": (4.0,), "triangular": (0.0, 1.0, 3.0), "uniform": (1.0, 5.0),
    "vonmises": (0.0, 2.0), "wald": (1.0, 2.0), "weibull": (2.0,), "zipf": (3.0,),
    "standard_cauchy": (), "standard_exponential": (), "standard_normal": (), "random": (),
    "choice": (7,), "permutation": (6,), "bytes": (5,),
}  # fmt: skip
ONE_GENERATOR = {
    "integers": (3, 9),
    "multivariate_hypergeometric": ([5, 6, 4], 6),
    "permuted": (np.arange(5),),
}
ONE_STATE = {
    "rand": (2, 3), "randn": (4,), "randint": (3, 9), "random_sample": (), "ranf": None, "sample": None,
    "tomaxint": (), "random_integers": None,
}  # fmt: skip
NO_SIZE = {"permutation", "bytes", "permuted", "rand", "randn"}
GENERATOR_METHODS = {**BOTH, **ONE_GENERATOR}
STATE_METHODS = {name: args for name, args in {**BOTH, **ONE_STATE}.items() if args is not None}


def drawing(name, args, size):
    """A function that draws from its argument three times, once in a loop."""

    def once(source):
        return getattr(source, name)(*args)

    def sized(source, n):
        return [getattr(source, name)(*args, size=s) for s in (3, (2, 4), (), n, (n, 2))]

    def of_numbers(source):
        total = 0
        for _ in range(6):
            total = getattr(source, name)(*args)
        return total

    return sized if size else (once, of_numbers)


@pytest.mark.parametrize(
    ("make", "name", "args"),
    [(rng, *item) for item in GENERATOR_METHODS.items()]
    + [(lambda: np.random.RandomState(SEED), *item) for item in STATE_METHODS.items()],
    ids=[f"Generator.{n}" for n in GENERATOR_METHODS] + [f"RandomState.{n}" for n in STATE_METHODS],
)
def test_every_method(make, name, args):
    for function in drawing(name, args, size=False):
        same_as_plain(function, make())
    if name not in NO_SIZE:
        same_as_plain(drawing(name, args, size=True), make(), 5)


def test_every_method_has_a_test():
    others = {"bit_generator", "shuffle", "spawn", "seed", "get_state", "set_state", "random_integers"}
    for cls, methods in ((np.random.Generator, GENERATOR_METHODS), (np.random.RandomState, STATE_METHODS)):
        assert {n for n in dir(cls) if not n.startswith("_")} - others <= set(methods)


LEGACY = {n: a for n, a in STATE_METHODS.items() if n not in {"tomaxint"}}


@pytest.mark.parametrize("name", LEGACY)
def test_legacy_functions(name):
    args = LEGACY[name]
    function = getattr(np.random, name)

    def f(n):
        drawn = function(*args)
        for _ in range(n):
            drawn = function(*args)
        return drawn

    same_as_plain(f, 6)


PYTHON = {
    "random": (), "uniform": (1.0, 2.0), "triangular": (1.0, 4.0, 2.0), "betavariate": (2.0, 3.0), "expovariate": (2.0,),
    "gammavariate": (2.0, 3.0), "gauss": (0.0, 1.0), "lognormvariate": (0.0, 1.0), "normalvariate": (0.0, 1.0),
    "vonmisesvariate": (0.0, 2.0), "paretovariate": (3.0,), "weibullvariate": (1.0, 2.0), "randint": (1, 6),
    "randrange": (3, 30, 3), "getrandbits": (40,), "randbytes": (4,), "choice": ((1, 2, 5, 7),),
    "choices": ((1.0, 2.0, 5.0),), "sample": (range(100), 4),
}  # fmt: skip


@pytest.mark.parametrize("name", PYTHON)
def test_python_random(name):
    args = PYTHON[name]
    function = getattr(random, name)

    def shared(n):
        drawn = function(*args)
        for _ in range(n):
            drawn = function(*args)
        return drawn

    def own(source):
        return getattr(source, name)(*args), getattr(source, name)(*args)

    def shared_lists():
        return function(*args), function(*args)

    same_as_plain(shared_lists)
    if name not in {"choices", "sample"}:  # lists
        same_as_plain(shared, 6)
    same_as_plain(own, random.Random(SEED))


# Dtypes, options ---------------------------------------------------------------------------------------------


def test_dtypes_and_kinds():
    def f(g):
        return (
            g.integers(5), g.integers(5, dtype=np.uint8), g.integers(2, dtype=bool), g.integers(5, size=3, dtype="int16"),
            g.integers([3, 4], endpoint=True), g.random(dtype=np.float32), g.random(3, dtype="f4"), g.random(()),
            g.standard_normal(dtype=np.float32), g.standard_exponential(2, dtype=np.float32, method="inv"),
            g.standard_gamma(2.0, dtype=np.float32), g.normal([0.0, 10.0], 1), g.normal(np.zeros((2, 1)), [1.0, 2, 3]),
            g.poisson(np.float64(3)), g.binomial(5, [0.2, 0.3]), g.uniform(np.float32(2), 3),
        )  # fmt: skip

    same_as_plain(f, rng())


def test_choices_and_orders():
    def f(g, x, m):
        return (
            g.choice(x), g.choice(x, 3), g.choice(x, 3, replace=False), g.choice(m, 2, axis=1), g.choice(5, p=[0.1, 0, 0.4, 0.5, 0]),
            g.choice([1.5, 2.5]), g.choice(m, (2, 2)), g.permutation(x), g.permutation(m, axis=1), g.permuted(m, axis=0),
            g.permuted(m), g.permutation([3, 4, 5]), g.multivariate_normal(x[:2], m[:2, :2] @ m[:2, :2].T, 4),
        )  # fmt: skip

    same_as_plain(f, rng(), np.arange(6.0), np.arange(12.0).reshape(3, 4))


def test_sizes_that_are_traced():
    def f(g, x, n):
        return (
            g.normal(size=n),
            g.normal(size=(n, 2)),
            g.random(x.shape),
            g.normal(size=len(x)),
            g.random(x.size),
        )

    traced = same_as_plain(f, rng(), np.ones((3, 2)), 4)
    same_as_plain(f, rng(), np.ones((5, 7)), 6, traced=traced)
    assert len(traced.graphs) == 1


# Writes ------------------------------------------------------------------------------------------------------


def test_shuffle_writes_in_place():
    def f(g, x, m):
        row = m[1]
        g.shuffle(x)
        g.shuffle(m)
        g.shuffle(m, axis=1)
        g.shuffle(m[:, 0])
        g.shuffle(x[::2])
        return row, x.sum(), g.random()

    for make in (rng, lambda: np.random.default_rng(np.random.MT19937(3))):
        traced = same_as_plain(f, make(), np.arange(7.0), np.arange(12.0).reshape(3, 4))
        assert len(traced.graphs) == 1


def test_shuffle_of_lists():
    def f(g, items):
        own = [1.0, 2.0, 3.0]
        g.shuffle(own)
        random.shuffle(items)
        np.random.shuffle(items)
        return own

    same_as_plain(f, rng(), [1, 2, 3, 4, 5])
    same_as_plain(f, random.Random(3), [1, 2, 3, 4, 5])


def test_legacy_shuffle_and_permutation():
    def f(x):
        np.random.shuffle(x)
        return np.random.permutation(x), np.random.permutation(5), np.random.choice(x, 2, replace=False)

    same_as_plain(f, np.arange(6))


def test_out():
    def f(g, x, m):
        a = g.random(out=x)
        g.standard_normal(out=m)
        g.standard_exponential(out=x)
        g.standard_gamma(2.0, out=m)
        return a, a is x

    same_as_plain(f, rng(), np.zeros(3), np.zeros((2, 4)))

    def permuted(g, m):
        return g.permuted(m, axis=1, out=m)

    same_as_plain(permuted, rng(), np.arange(8.0).reshape(2, 4))


# Order and times ---------------------------------------------------------------------------------------------


def test_draws_in_branches_and_loops():
    def f(g, x, n):
        total, k = 0.0, 0
        while total < n:
            step = g.exponential()
            if step > 1:
                total += g.normal() ** 2
            elif step > 0.5:
                total += step
                g.random()  # drawn, and not used
            k += 1
            if k > 200:
                break
        for v in x:
            if v > 0 and g.random() < 0.5:
                total += v
        return total, k, [g.integers(10) for _ in range(3)], [g.random() for v in x if v > 1]

    traced = same_as_plain(f, rng(), np.arange(9.0) - 3, 5.0)
    same_as_plain(f, rng(), np.arange(90.0) - 3, 50.0, traced=traced)
    assert len(traced.graphs) == 1


def test_several_generators_are_drawn_from_in_turn():
    def f(a, b, n):
        drawn = []
        for _ in range(n):
            drawn.append(a.random() + b.normal())
            drawn.append(np.random.rand() - random.random())
        return drawn, a.random(), b.random()

    g = rng()
    traced = same_as_plain(f, rng(), np.random.RandomState(1), 5)
    assert len(traced.graphs) == 1
    same_as_plain(f, g, g, 5)


def test_equal_draws_are_two_draws():
    def f(g):
        a, b = g.random(), g.random()
        c = np.random.default_rng(3)
        d = np.random.default_rng(3)
        return a, b, a == b, c.random(), c.random(), d.random()

    same_as_plain(f, rng())


def test_a_draw_before_a_branch_is_used_in_it():
    def f(x):
        a = np.random.random()
        b = np.random.normal(size=3)
        if x > 0:
            return a + b
        for _ in range(6):
            x = x + a
        return x * b

    same_as_plain(f, 1.0)
    same_as_plain(f, -1.0)


def test_tracing_draws_nothing():
    def f(g, x):
        if x.sum() > 100:
            return np.random.normal() + random.random()
        return g.random() if x[0] > 100 else 0.0

    g = rng()
    start()
    before = copy.deepcopy((states(), g.bit_generator.state))
    assert tt.trace(f, strict=True)(g, np.ones(3)) == 0.0
    tt.make_graph(f, g, np.ones(3))
    assert_same((states(), g.bit_generator.state), before)


# Where generators come from ----------------------------------------------------------------------------------

GENERATOR = np.random.default_rng(7)


class Model:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.noise = 0.1

    def step(self, x):
        return x + self.noise * self.rng.normal(size=x.shape)


def test_generators_in_globals_attributes_and_containers():
    def f(model, pair, x):
        x = model.step(model.step(x))
        return x + pair[0].random() + pair[1]["g"].random() + GENERATOR.random()

    traced = tt.trace(f, strict=True)
    for seed in (1, 2):
        results = []
        for called in (f, traced):
            GENERATOR.bit_generator.state = np.random.PCG64(seed).state
            pair = (np.random.default_rng(seed), {"g": np.random.RandomState(seed)})
            results.append(called(Model(seed), pair, np.ones(3)))
        assert_same(results[1], results[0])
    assert len(traced.graphs) == 1


def test_a_new_global_generator_is_seen():
    def f():
        return GENERATOR.random()

    global GENERATOR
    traced, saved = tt.trace(f, strict=True), GENERATOR
    try:
        for seed in range(3):
            GENERATOR = np.random.default_rng(seed)
            assert traced() == np.random.default_rng(seed).random()
    finally:
        GENERATOR = saved
    assert len(traced.graphs) == 1


def test_generators_made_inside():
    def f(seed, x):
        g = np.random.default_rng(seed)
        h = np.random.Generator(np.random.MT19937(seed))
        r = np.random.RandomState(seed)
        p = random.Random(seed)
        for k in range(len(x)):
            x[k] += g.normal() + h.random() + r.rand() + p.gauss(0, 1)
        return g, r.rand(), h.bit_generator.state["bit_generator"] if False else None

    traced = tt.trace(f, strict=True)
    for seed in range(3):
        x, y = np.arange(4.0), np.arange(4.0)
        plain, result = f(seed, x), traced(seed, y)
        assert_same(y, x)
        assert_same(result[1:], plain[1:])
        assert result[0].bit_generator.state == plain[0].bit_generator.state
    assert len(traced.graphs) == 1


def test_a_generator_returned_is_the_callers():
    def f(g):
        g.random()
        return g

    g = rng()
    assert tt.trace(f, strict=True)(g) is g


def test_choice_between_generators():
    def f(a, b, n):
        g = a
        for k in range(n):
            g = b if k % 3 else a
            g.random()
        return g.random()

    same_as_plain(f, rng(), np.random.default_rng(1), 7)


def test_optional_generator():
    def f(x, g=None):
        if g is None:
            g = np.random.default_rng(0)
        assert isinstance(g, np.random.Generator)
        return x + g.random()

    same_as_plain(f, 1.0)
    same_as_plain(f, 1.0, rng())


def test_bound_methods_as_functions():
    def f(g, n):
        normal = g.normal
        return [normal() for _ in range(n)], sum(map(g.uniform, range(4)))

    same_as_plain(f, rng(), 5)


def test_seeding_inside():
    def f(n):
        np.random.seed(n)
        random.seed(n)
        a = np.random.rand(), random.random()
        state = np.random.get_state()
        b = np.random.rand()
        np.random.set_state(state)
        return a, b, np.random.rand() == b

    same_as_plain(f, 5)


# Errors ------------------------------------------------------------------------------------------------------


def test_errors_are_numpys():
    def f(g, scale):
        x = g.random()
        return x + g.normal(0.0, scale)

    traced = tt.trace(f, strict=True)
    same_as_plain(f, rng(), 1.0, traced=traced)
    same_as_plain(f, rng(), -1.0, traced=traced)

    def empty(items):
        return random.choice(items)

    traced = tt.trace(empty)
    same_as_plain(empty, [1, 2], traced=traced)


# A run that is given up --------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::tracetensor.FallbackWarning")
def test_a_repeated_call_draws_once():
    """a ** 0.5 of a negative number is complex: the run is given up after it has drawn."""

    def f(g, a):
        x = g.random() + np.random.rand() + random.random()
        return x, a**0.5

    traced = tt.trace(f)
    same_as_plain(f, rng(), 4.0, traced=traced)
    same_as_plain(f, rng(), -4.0, traced=traced)
