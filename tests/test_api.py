"""The public face: trace and its options, stages, configuration, threads, copies, the symbolic builder, the command line."""

import copy
import functools
import importlib
import inspect
import os
import pickle
import subprocess
import sys
import threading
import types
import warnings

import numpy as np
import pytest

import tracetensor as tt
from tests import compare
from tracetensor import __main__ as command_line
from tracetensor import doctor

X = np.array([3.0, 1.0, 2.0])


def python(program, **environment):
    """What a program prints, run by a Python of its own."""
    settings = {k: v for k, v in os.environ.items() if not k.startswith("TRACETENSOR_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**settings, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Names -------------------------------------------------------------------------------------------------------


def test_every_public_name_is_there():
    assert sorted(tt.__all__) == tt.__all__
    assert len(set(tt.__all__)) == len(tt.__all__)
    for name in tt.__all__:
        assert not isinstance(getattr(tt, name), types.ModuleType), name
        assert name in dir(tt)
    for name in ("scalar", "vector", "row", "col", "matrix", "tensor3", "tensor4", "dmatrix", "fvectors"):
        assert callable(getattr(tt, name))
        assert name in dir(tt)
    with pytest.raises(AttributeError, match="no attribute 'qmatrix'"):
        _ = tt.qmatrix


def test_every_public_function_and_class_has_a_docstring():
    for name in tt.__all__:
        assert getattr(tt, name).__doc__, name


def test_import_loads_nothing_heavy():
    heavy = {
        "scipy",
        "cupy",
        "sympy",
        "dask",
        "jax",
        "numba",
        "PIL",
        "subprocess",
        "multiprocessing",
        "asyncio",
    }
    program = (
        "import sys, numpy; before = set(sys.modules); import tracetensor; print(*set(sys.modules) - before)"
    )
    assert not heavy & {name.partition(".")[0] for name in python(program).split()}


def test_import_loads_none_of_numpys_lazy_parts():
    parts = ("numpy.f2py", "numpy.testing", "numpy.distutils", "unittest")
    assert python(f"import sys, tracetensor; print(*set({parts}) & set(sys.modules))").split() == []


def test_first_call_loads_no_scipy():
    program = (
        "import sys, types, linecache, numpy as np, tracetensor as tt\n"
        "text = 'def f(x):\\n    for i in range(3):\\n        x += i\\n    return np.exp(x)\\n'\n"
        "linecache.cache['made.py'] = (len(text), None, text.splitlines(True), 'made.py')\n"
        "space = {'np': np}; exec(compile(text, 'made.py', 'exec'), space)\n"
        "f = tt.trace(space['f'], strict=True); f(np.ones(3)); assert f.graphs\n"
        "print('scipy' in sys.modules, 'cupy' in sys.modules)"
    )
    assert python(program).split() == ["False", "False"]


# The decorator -----------------------------------------------------------------------------------------------


@tt.trace
def bare(x, scale=2.0, *, shift=0.0):
    """Scale and shift."""
    return x * scale + shift


@tt.trace()
def called(x):
    return x + 1


@tt.trace(strict=True)
def strict(x):
    return x + 1


def test_decorator_with_and_without_arguments():
    for f in (bare, called, strict):
        assert isinstance(f, tt.Traced)
        compare.assert_same(f(X), f.__wrapped__(X))
        assert f.graphs
    assert tt.trace(bare) is bare


def test_name_docstring_and_signature_are_kept():
    plain = bare.__wrapped__
    assert (bare.__name__, bare.__qualname__, bare.__module__) == ("bare", "bare", __name__)
    assert bare.__doc__ == "Scale and shift."
    assert inspect.signature(bare) == inspect.signature(plain)
    assert "Scale and shift." in inspect.getsource(bare)
    assert inspect.unwrap(bare) is plain
    assert repr(bare).startswith("<traced bare")


def test_arguments_by_position_and_by_name():
    for args, kwargs in [((X,), {}), ((X, 3.0), {}), ((), {"scale": 3.0, "x": X}), ((X,), {"shift": 1.0})]:
        compare.run_both(bare.__wrapped__, bare, args, kwargs)


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), ((X, 1.0, 2.0), {}), ((X,), {"wrong": 1}), ((X,), {"x": X})]
)
def test_wrong_arguments_raise_pythons_own_error(args, kwargs):
    with pytest.raises(TypeError) as expected:
        bare.__wrapped__(*args, **kwargs)
    with pytest.raises(TypeError) as error:
        bare(*args, **kwargs)
    assert str(error.value) == str(expected.value)


def test_starred_parameters():
    @tt.trace(strict=True)
    def total(first, *rest, factor=1.0, **named):
        for v in rest:
            first = first + v
        for value in named.values():
            first = first - value
        return first * factor

    for args, kwargs in [((X,), {}), ((X, X, 2.0), {"factor": 3.0}), ((X, 1.0), {"a": X, "b": 2.0})]:
        compare.run_both(total.__wrapped__, total, args, kwargs)


@pytest.mark.parametrize("value", [3, np.exp, len, X, "text", None])
def test_what_is_no_python_function_is_refused(value):
    if value is None:
        assert callable(tt.trace(value))  # tt.trace() is a decorator
        return
    with pytest.raises(TypeError, match=r"trace\(\) takes a Python function"):
        tt.trace(value)


def test_lambdas_and_closures():
    factor = 2.0
    doubled, shifted = (
        tt.trace(lambda x: x * factor, strict=True),
        tt.trace(lambda x: x + factor, strict=True),
    )
    compare.assert_same(doubled(X), X * 2.0)
    compare.assert_same(shifted(X), X + 2.0)
    factor = 5.0
    compare.assert_same(doubled(X), X * 5.0)


def test_functools_wraps_around_and_inside():
    def logged(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    @tt.trace(strict=True)
    @logged
    def f(x):
        return x * 2

    compare.assert_same(logged(f)(X), X * 2)
    assert f.__name__ == "f"


class Filter:
    gain = 2.0

    def __init__(self, taps):
        self.taps = taps

    @tt.trace(strict=True)
    def apply(self, x):
        return self.gain * self.taps @ x

    @staticmethod
    @tt.trace(strict=True)
    def inner(x, y):
        return x @ y

    @tt.trace(strict=True)
    @staticmethod
    def outer(x, y):
        return x[:, None] * y

    @classmethod
    @tt.trace(strict=True)
    def scaled(cls, x):
        return cls.gain * x

    @tt.trace(strict=True)
    @classmethod
    def halved(cls, x):
        return x / cls.gain

    @property
    @tt.trace(strict=True)
    def norm(self):
        return np.sqrt((self.taps**2).sum())

    @tt.trace(strict=True)
    def __call__(self, x):
        return x - self.taps


class Louder(Filter):
    gain = 3.0


def test_methods():
    for made, gain in ((Filter(X.copy()), 2.0), (Filter(X * 2), 2.0), (Louder(X * 2), 3.0)):
        assert made.apply(X) == gain * made.taps @ X
        compare.assert_same(made(X), X - made.taps)
        assert made.norm == np.sqrt((made.taps**2).sum())
        compare.assert_same(made.scaled(X), X * gain)
        compare.assert_same(type(made).halved(X), X / gain)
    assert Filter.inner(X, X) == Filter(X).inner(X, X) == X @ X
    compare.assert_same(Filter.outer(X, X), X[:, None] * X)
    assert Filter.apply.graphs


def test_method_that_writes_attributes():
    """Whether it is traced or not, what it writes is there afterwards, once."""

    class Counter:
        def __init__(self):
            self.calls = 0
            self.total = np.zeros(3)

        @tt.trace
        def add(self, x):
            self.calls += 1
            self.total += x
            self.last = x * 2
            return self.calls

    made = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tt.FallbackWarning)
        assert [made.add(X) for _ in range(3)] == [1, 2, 3]
    compare.assert_same(made.total, X * 3)
    compare.assert_same(made.last, X * 2)


def test_bound_methods_and_objects_with_a_call():
    class Plain:
        def __init__(self, k):
            self.k = k

        def scale(self, x):
            return x * self.k

        def __call__(self, x):
            return x + self.k

    made = Plain(3.0)
    scale, add = tt.trace(made.scale, strict=True), tt.trace(made, strict=True)
    compare.assert_same(scale(X), X * 3.0)
    compare.assert_same(add(X), X + 3.0)
    made.k = 4.0
    compare.assert_same(scale(X), X * 4.0)
    assert inspect.signature(scale) == inspect.signature(made.scale)


def test_traced_functions_call_traced_functions():
    @tt.trace(strict=True)
    def step(x, k):
        x[0] += k
        return x.sum()

    @tt.trace(strict=True)
    def run(x, n):
        s = 0.0
        for i in range(n):
            s += step(x, i * 1.0)
        return s

    x, y = X.copy(), X.copy()
    expected = sum(step.__wrapped__(y, i * 1.0) for i in range(5))
    assert run(x, 5) == expected
    compare.assert_same(x, y)
    assert not step.graphs  # it is part of the graph of the other


# Static arguments --------------------------------------------------------------------------------------------


def power(x, n, mode):
    for _ in range(n):
        x = x * x if mode == "square" else x + x
    return x


@pytest.mark.parametrize(
    "options",
    [
        {"static_argnames": "n"},
        {"static_argnames": ["n", "mode"]},
        {"static_argnums": 1},
        {"static_argnums": (1, 2)},
    ],
)
def test_static_arguments_are_constants(options):
    traced = tt.trace(power, strict=True, **options)
    for n in (2, 3, 2, 7):
        compare.run_both(power, traced, (X, n, "square"))
    assert len(traced.graphs) == 3
    assert not any(v.name == "n" for graph in traced.graphs for v in graph.inputs)
    for n in (2, 3, 7):
        compare.run_both(power, traced, (), {"mode": "square", "x": X, "n": n})
    assert len(traced.graphs) == 3


def test_without_static_arguments_a_number_is_an_input():
    traced = tt.trace(power, strict=True)
    for n in (2, 3, 4, 5):
        compare.run_both(power, traced, (X, n, "square"))
    assert len(traced.graphs) == 1
    compare.run_both(power, traced, (X, 3, "double"))
    assert len(traced.graphs) == 2  # strings are constants anyway


def test_static_arguments_that_are_not_there():
    with pytest.raises(TypeError, match="static_argnames: power has no parameter q"):
        tt.trace(power, static_argnames=["n", "q"])
    with pytest.raises(TypeError, match=r"static_argnums: .*power.* has 3 parameters"):
        tt.trace(power, static_argnums=3)


# Falling back ------------------------------------------------------------------------------------------------


def identifies(x):
    y = x * 2
    return y + 0 * id(x)


def test_fallback_warns_once_and_says_where_and_why():
    traced = tt.trace(identifies)
    with pytest.warns(tt.FallbackWarning) as caught:
        compare.assert_same(traced(X), identifies(X))
    (warning,) = caught
    text = str(warning.message)
    line = identifies.__code__.co_firstlineno
    assert f"identifies ({__file__}:{line}) runs as plain Python" in text
    assert "looks at the object" in text
    assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare.assert_same(traced(X), identifies(X))
    assert "plain Python: " in traced.explain()
    assert "looks at the object" in traced.explain()
    assert not traced.graphs


def test_fallback_names_the_line_of_the_statement():
    traced = tt.trace(identifies)
    with pytest.warns(tt.FallbackWarning, match=f":{identifies.__code__.co_firstlineno + 2}"):
        traced(X)


def test_fallback_is_for_one_kind_of_arguments():
    def f(x, rng):
        return x * 2 if rng is None else x + id(rng) * 0

    traced = tt.trace(f)
    with pytest.warns(tt.FallbackWarning):
        traced(X, np.random.default_rng(0))
    compare.assert_same(traced(X, None), X * 2)
    assert len(traced.graphs) == 1


def test_strict_raises():
    for traced in (tt.trace(identifies, strict=True), tt.trace(strict=True)(identifies)):
        for _ in range(2):
            with pytest.raises(tt.TraceError, match=r"identifies: .*looks at the object"):
                traced(X)
    with tt.config(strict=True), pytest.raises(tt.TraceError):
        tt.trace(identifies)(X)
    with tt.config(strict=True), pytest.warns(tt.FallbackWarning):
        tt.trace(identifies, strict=False)(X)


def test_fallback_writes_to_arguments_once():
    def f(x):
        x += 1
        return id(x) * 0

    x = X.copy()
    with pytest.warns(tt.FallbackWarning):
        tt.trace(f)(x)
    compare.assert_same(x, X + 1)


def test_function_without_source_falls_back():
    namespace = {}
    exec("def f(x):\n    return x + 1\n", namespace)
    traced = tt.trace(namespace["f"])
    with pytest.warns(tt.FallbackWarning, match="source of f is not available"):
        compare.assert_same(traced(X), X + 1)


# Stages ------------------------------------------------------------------------------------------------------


def smooth(u, steps):
    for _ in range(steps):
        u[1:-1] = (u[:-2] + u[2:]) / 2
    return u.sum() * 1


def names(graph):
    return [node.op.name for node in graph.all_nodes()]


def test_make_graph():
    graph = tt.make_graph(smooth, X, 3)
    assert isinstance(graph, tt.Graph)
    assert [v.name for v in graph.inputs] == ["u", "steps"]
    assert "scan" in names(graph)
    assert tt.make_graph(smooth, X, steps=3) == graph == tt.make_graph(tt.trace(smooth), X, 3)
    assert "smooth(u: float64[?], steps: int)" in str(graph)


def test_make_graph_of_types_alone():
    array, number = tt.TensorType(np.float64, (None,)), tt.TensorType(np.int64, (), "int")
    graph = tt.make_graph(smooth, array, number)
    assert graph == tt.make_graph(smooth, X, 3)
    fixed = tt.make_graph(lambda m: m.T @ m, tt.TensorType("f4", (None, None)))
    assert repr(fixed.outputs[0].type) == "float32[?, ?]"


def test_make_graph_writes_to_nothing_and_refuses_what_cannot_be_traced():
    u = X.copy()
    tt.make_graph(smooth, u, 3)
    compare.assert_same(u, X)
    with pytest.raises(tt.TraceError, match=r"identifies: .*looks at the object"):
        tt.make_graph(identifies, X)


def test_optimize_and_compile():
    graph = tt.make_graph(smooth, X, 3)
    better = tt.optimize(graph)
    assert len(names(better)) <= len(names(graph))
    expected = X.copy()
    total = smooth(expected, 4)
    for g in (graph, better, tt.optimize(graph, exclude=["canonical form", "canonical form of loops"])):
        for run in (g, tt.compile(g)):
            u = X.copy()
            result = run(u, 4)
            assert result[0] == total
            compare.assert_same(result[1], expected)
            compare.assert_same(u, X)  # a graph is a pure function


def test_compile_donated_inputs_may_be_overwritten():
    program = tt.compile(tt.optimize(tt.make_graph(smooth, X, 3)), donated=[0])
    u = X.copy()
    assert program(u, 4)[0] == smooth(X.copy(), 4)


def test_rules_are_excluded_by_name():
    graph = tt.make_graph(lambda x: -(-x), X)
    assert names(tt.optimize(graph)) != ["negative", "negative"]
    from tracetensor.rewrite.rules import identities

    everything = {rule.name for rule in identities.rules}
    assert names(tt.optimize(graph, exclude=everything)) == ["negative", "negative"]


def test_graphs_and_clear():
    traced = tt.trace(smooth, strict=True)
    assert traced.graphs == []
    traced(X.copy(), 3)
    traced(X.astype("f4"), 3)
    assert [repr(g.inputs[0].type) for g in traced.graphs] == ["float64[?]", "float32[?]"]
    assert all(isinstance(g, tt.Graph) for g in traced.graphs)
    traced.clear()
    assert traced.graphs == []
    traced(X.copy(), 3)
    assert len(traced.graphs) == 1


def test_clear_lets_a_function_warn_again():
    traced = tt.trace(identifies)
    for _ in range(2):
        with pytest.warns(tt.FallbackWarning):
            traced(X)
        traced.clear()


def test_explain():
    traced = tt.trace(smooth, strict=True)
    assert "not called yet" in traced.explain()
    traced(X.copy(), 3)
    text = traced.explain()
    assert f"smooth ({__file__}:{smooth.__code__.co_firstlineno})" in text
    for words in (
        "version 1",
        "u: float64[?]",
        "steps: int",
        "1 scan",
        "writes to u",
        "nodes",
    ):
        assert words in text
    traced(X.astype("f4"), 3)
    assert "version 2" in traced.explain()
    assert "u: float32[?]" in traced.explain()


def test_explain_names_call_backs():
    def f(x):
        return np.apply_along_axis(np.sort, 0, x) + 1

    traced = tt.trace(f, strict=True)
    compare.assert_same(traced(X), f(X))
    line = f.__code__.co_firstlineno + 1
    assert "call-back of apply_along_axis" in traced.explain().replace("numpy.", "")
    assert f"{__file__}:{line}" in traced.explain()


# Options -----------------------------------------------------------------------------------------------------


def test_config_is_for_a_while():
    traced = tt.trace(smooth, strict=True)
    with tt.config(run="plain"):
        traced(X.copy(), 3)
        assert not traced.graphs
        with tt.config(run="traced"):
            traced(X.copy(), 3)
            assert len(traced.graphs) == 1
        traced(X.astype("f4"), 3)
        assert len(traced.graphs) == 1
    traced(X.astype("f4"), 3)
    assert len(traced.graphs) == 2


def test_config_of_rewriting():
    with tt.config(optimize=False, check=True):
        traced = tt.trace(smooth, strict=True)
        traced(X.copy(), 3)
    assert "multiply" in names(traced.graphs[0])


def test_config_holds_in_its_thread_only():
    seen = []
    with tt.config(run="plain"):
        traced = tt.trace(called.__wrapped__)
        thread = threading.Thread(target=lambda: seen.append(traced(X)))
        thread.start()
        thread.join()
    compare.assert_same(seen[0], X + 1)
    assert len(traced.graphs) == 1


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"speed": 3}, TypeError, "no option 'speed'; the options are run"),
        ({"run": "fast"}, ValueError, "option run: 'fast' is none of 'traced', 'plain'"),
        ({"strict": 1}, ValueError, "option strict: 1 is none of"),
        ({"versions": "8"}, ValueError, "option versions: '8' is none of an int"),
    ],
)
def test_config_refuses_what_is_no_option(options, error, words):
    with pytest.raises(error, match=words):
        tt.config(**options)


PRINT_OPTIONS = "from tracetensor.config import options; print({name: value for name, value, _ in options()})"


def test_environment_variables():
    def found(**environment):
        return eval(python(PRINT_OPTIONS, **environment))

    assert found() == {
        "run": "traced",
        "strict": False,
        "callbacks": "allow",
        "check": False,
        "optimize": True,
        "tier": "auto",
        "versions": 8,
    }
    given = found(
        TRACETENSOR_RUN="plain", TRACETENSOR_STRICT="1", TRACETENSOR_OPTIMIZE="no", TRACETENSOR_VERSIONS="3"
    )
    assert given == {
        "run": "plain",
        "strict": True,
        "callbacks": "allow",
        "check": False,
        "optimize": False,
        "tier": "auto",
        "versions": 3,
    }


def test_environment_variables_that_mean_nothing_are_refused():
    with pytest.raises(AssertionError, match="TRACETENSOR_RUN='fast': not a value of the option `run`"):
        python("import tracetensor", TRACETENSOR_RUN="fast")


# Versions ----------------------------------------------------------------------------------------------------


def test_number_of_versions_is_limited():
    traced = tt.trace(power, static_argnames="n")
    with tt.config(versions=3):
        for n in range(3):
            compare.run_both(power, traced, (X, n, "square"))
        with pytest.warns(tt.FallbackWarning, match="3 compiled versions already"):
            compare.run_both(power, traced, (X, 3, "square"))
        for n in range(3):
            compare.run_both(power, traced, (X, n, "square"))
    assert len(traced.graphs) == 3


def test_globals_are_never_frozen(monkeypatch):
    traced = tt.trace(uses_globals, strict=True)
    for factor, table in [(2.0, X.copy()), (3.0, X * 2), (2.0, X.copy())]:
        monkeypatch.setitem(globals(), "FACTOR", factor)
        monkeypatch.setitem(globals(), "TABLE", table)
        compare.run_both(uses_globals, traced, (X,))
    TABLE[0] = 100.0
    compare.run_both(uses_globals, traced, (X,))
    assert traced(X)[0] > 100.0
    monkeypatch.setitem(globals(), "helper", helper_that_subtracts)
    compare.run_both(uses_globals, traced, (X,))
    monkeypatch.delitem(globals(), "helper")
    with pytest.raises(NameError, match="name 'helper' is not defined"):
        traced(X)


FACTOR = 1.0
TABLE = X.copy()


def helper(x):
    return x + 1


def helper_that_subtracts(x):
    return x - 1


def uses_globals(x):
    return helper(x) * FACTOR + TABLE


def test_a_function_defined_again(tmp_path, monkeypatch):
    """As in a notebook, or after a reload: the new text counts."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "module_that_changes.py"
    file.write_text("import tracetensor as tt\n\n@tt.trace(strict=True)\ndef f(x):\n    return x + 1\n")
    module = importlib.import_module("module_that_changes")
    compare.assert_same(module.f(X), X + 1)
    old = module.f
    file.write_text(
        "import tracetensor as tt\n\n# changed\n@tt.trace(strict=True)\ndef f(x):\n    return x * 5 - 2\n"
    )
    importlib.invalidate_caches()
    importlib.reload(module)
    assert module.f is not old
    compare.assert_same(module.f(X), X * 5 - 2)
    compare.assert_same(old(X), X + 1)
    del sys.modules["module_that_changes"]


def test_two_functions_of_one_name_on_one_line():
    f, g = [tt.trace(h, strict=True) for h in (lambda x: x + 1, lambda x: x * 3)]
    compare.assert_same(f(X), X + 1)
    compare.assert_same(g(X), X * 3)


def test_functions_made_in_a_loop_keep_their_cells():
    made = [tt.trace(lambda x, k=k: x * k + shift, strict=True) for k in (1, 2) for shift in (0.5,)]
    for k, f in enumerate(made, 1):
        compare.assert_same(f(X), X * k + 0.5)


# Copies and threads ------------------------------------------------------------------------------------------


def test_pickling_and_copying():
    strict(X)
    for other in (pickle.loads(pickle.dumps(strict)), copy.copy(strict), copy.deepcopy(strict)):
        assert isinstance(other, tt.Traced)
        assert other.__wrapped__ is strict.__wrapped__
        assert other.strict is True
        compare.assert_same(other(X), X + 1)
        assert other.graphs


def test_pickling_keeps_options():
    other = pickle.loads(pickle.dumps(static_in_module))
    other(X, 3)
    other(X, 4)
    assert len(other.graphs) == 2


@tt.trace(static_argnames="n")
def static_in_module(x, n):
    return x * n


def test_programs_can_be_pickled():
    graph = tt.optimize(tt.make_graph(smooth, X, 3))
    assert pickle.loads(pickle.dumps(graph)) == graph == copy.deepcopy(graph)
    program = pickle.loads(pickle.dumps(tt.compile(graph)))
    assert program(X, 3)[0] == tt.compile(graph)(X, 3)[0]


def test_threads_call_one_function():
    traced = tt.trace(smooth, strict=True)
    arguments = [(np.linspace(0, k, 50 + k), 20 + k) for k in range(8)]
    expected = []
    for u, steps in arguments:
        u = u.copy()
        expected.append((smooth(u, steps), u))
    failures = []
    start = threading.Barrier(len(arguments))

    def work(k):
        try:
            start.wait()
            for _ in range(50):
                u = arguments[k][0].copy()
                total = traced(u, arguments[k][1])
                compare.assert_same((total, u), expected[k])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(arguments))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    assert len(traced.graphs) == 1


def test_recursion():
    @tt.trace
    def factorial(n):
        return 1 if n <= 1 else n * factorial(n - 1)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tt.FallbackWarning)
        assert [factorial(n) for n in (0, 1, 5, 20, 25)] == [
            1,
            1,
            120,
            2432902008176640000,
            15511210043330985984000000,
        ]


# Numbers and memory ------------------------------------------------------------------------------------------


def test_python_ints_are_unbounded():
    def f(x, n):
        x += 1
        k = 1
        for _ in range(n):
            k = k * 3
        return k

    traced = tt.trace(f)
    for n in (5, 100, 6):
        compare.run_both(f, traced, (X, n))
    assert len(traced.graphs) == 1


# The symbolic builder ----------------------------------------------------------------------------------------


def test_function_of_symbolic_variables():
    x, b = tt.dmatrix("x"), tt.scalar("b")
    f = tt.function([x, b], np.log(1 + np.exp(x)) + b)
    m = np.arange(6.0).reshape(2, 3)
    compare.assert_same(f(m, 2.0), np.log(1 + np.exp(m)) + 2.0)
    compare.assert_same(f(m, b=2.0), f(m, 2.0))
    compare.assert_same(f(b=2, x=m.tolist()), f(m, 2.0))
    assert isinstance(f.graph, tt.Graph)
    assert "log" in names(f.graph)
    assert repr(f) == "<function function(x: float64[?, ?], b: float64)>"


def test_function_returns_the_structure_of_its_outputs():
    x = tt.dvector("x")
    y, z = x * 2, x.sum()
    compare.assert_same(tt.function([x], z)(X), X.sum())
    compare.assert_same(tt.function([x], [y, z])(X), [X * 2, X.sum()])
    compare.assert_same(tt.function([x], (y,))(X), (X * 2,))
    compare.assert_same(tt.function([x], {"y": y, "z": z})(X), {"y": X * 2, "z": X.sum()})
    compare.assert_same(tt.function([], tt.constant(2.5) + 1)(), 3.5)


def test_function_results_share_no_memory():
    x, c = tt.dmatrix("x"), tt.lscalar("c")
    m = np.arange(6.0).reshape(2, 3)
    outputs = [x, x.T, x + 0, tt.ifelse(c > 0, x, x * 2), x * 1, x[1:]]
    results = tt.function([x, c], outputs)(m, 1)
    for k, result in enumerate(results):
        assert not np.shares_memory(result, m)
        assert result.flags.writeable
        assert not any(np.shares_memory(result, other) for other in results[:k])


@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        ((X,), {}, "x is float64\\[\\?, \\?\\]: float64\\[3\\] does not fit"),
        ((X[None].astype(complex),), {}, "complex128\\[1, 3\\] does not fit"),
        ((X[None].astype("g"),), {}, r"fix: value.astype\('float64'\)"),
        ((), {}, "missing 1 arguments: x"),
        ((X, X), {}, "takes 1 arguments but 2 were given"),
        ((X,), {"x": X}, "multiple values for argument 'x'"),
        ((), {"y": X}, "unexpected keyword argument 'y'"),
    ],
)
def test_function_refuses_what_does_not_fit(args, kwargs, words):
    x = tt.dmatrix("x")
    with pytest.raises(TypeError, match=words):
        tt.function([x], x.sum())(*args, **kwargs)


def test_function_takes_values_that_convert_exactly():
    x, v = tt.scalar("x"), tt.dvector("v")
    f = tt.function([x, v], x * v)
    for number in (2, 2.0, np.int32(2), np.float32(2), np.array(2.0)):
        compare.assert_same(f(number, np.array([1, 2], "i4")), np.array([2.0, 4.0]))


def test_function_needs_all_its_inputs():
    x, y = tt.dvectors("x", "y")
    with pytest.raises(tt.GraphError, match="is not an input"):
        tt.function([x], x + y)
    with pytest.raises(TypeError, match="takes a list of inputs"):
        tt.function(x, x)


def test_function_with_loops_and_branches():
    x, n = tt.dvector("x"), tt.lscalar("n")
    powers = tt.scan(lambda v: v * x, outputs_info=x, n_steps=n)
    last, steps = tt.while_loop(lambda v, k: v < 100, lambda v, k: (v * 2, k + 1), (n, 0))
    sign = tt.ifelse(x.sum() > 0, lambda: 1, lambda: -1)
    f = tt.function([x, n], {"powers": powers, "last": last, "steps": steps, "sign": sign})
    result = f(X, 3)
    compare.assert_same(result["powers"], np.array([X**2, X**3, X**4]))
    assert (result["last"], result["steps"], result["sign"]) == (192, 6, 1)
    partial_sums = tt.scan(lambda a, s: (s + a, tt.until(s + a > 3.5)), x, 0.0)
    compare.assert_same(tt.function([x], partial_sums)(X), np.array([3.0, 4.0]))


def test_function_can_be_copied_and_called_by_threads():
    x = tt.dvector("x")
    f = tt.function([x], {"y": x * 2}, name="double")
    for other in (pickle.loads(pickle.dumps(f)), copy.copy(f), copy.deepcopy(f)):
        compare.assert_same(other(X), {"y": X * 2})
        assert other.graph == f.graph
        assert other.__name__ == "double"


def test_function_as_text_and_back():
    x = tt.dvector("x")
    f = tt.function([x], np.exp(x) + 1)
    graph = tt.parse_graph(tt.print_graph(f.graph))
    assert graph == f.graph
    compare.assert_same(tt.compile(graph)(X)[0], np.exp(X) + 1)


# The command line --------------------------------------------------------------------------------------------


def test_command_line(capsys):
    for arguments, words in [
        (["--help"], "COMMAND"),
        (["--version"], tt.__version__),
        (["demo", "--help"], "--size"),
    ]:
        with pytest.raises(SystemExit) as stop:
            command_line.main(arguments)
        assert stop.value.code == 0
        assert words in capsys.readouterr().out
    for arguments in ([], ["nothing"], ["--nothing"]):
        with pytest.raises(SystemExit) as stop:
            command_line.main(arguments)
        assert stop.value.code == 2
    capsys.readouterr()


def test_command_line_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "tracetensor", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"tracetensor {tt.__version__}"


def test_doctor(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_extensions", lambda: iter([("extension modules", "10 built", True)]))
    assert command_line.main(["doctor"]) == 0
    text = capsys.readouterr().out
    for words in (
        "Python",
        np.__version__,
        "SciPy",
        "BLAS",
        "option run",
        "C compiler",
        "GPU",
        "all is well",
    ):
        assert words in text


def test_doctor_finds_fault(capsys, monkeypatch):
    monkeypatch.setenv("TRACETENSOR_SPEED", "9")
    monkeypatch.setattr(doctor, "_version", lambda label, package: (label, "not installed", False))
    monkeypatch.setattr(doctor, "_extensions", lambda: iter([("extension modules", "1 not built", False)]))
    assert doctor.main([]) == 1
    text = capsys.readouterr().out
    assert "there is no option 'speed'" in text
    assert text.count("\n!! ") == 3


def test_doctor_sees_modules_that_are_not_built_or_stale(tmp_path, monkeypatch):
    package = tmp_path / "tracetensor"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "nowhere.pyx").write_text("")
    monkeypatch.setattr(doctor.tracetensor, "__file__", str(package / "__init__.py"))
    ((_, text, good),) = doctor._extensions()
    assert not good
    assert "1 not built (nowhere): run `make build`" in text


def test_interrupt_passes():
    def interrupted():
        raise KeyboardInterrupt

    def caught(n):
        try:
            interrupted() if n else None
        except BaseException:
            return 1
        return 0

    traced = tt.trace(caught, strict=True)
    assert traced(0) == 0
    with pytest.raises(KeyboardInterrupt):
        traced(1)
