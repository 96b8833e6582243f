"""The dispatcher: what each check lets through, and what calls come to."""

import functools
import sys
import threading
import weakref

import numpy as np
import pytest

import tracetensor as tt
from tracetensor.errors import Deoptimise
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import input_variable
from tracetensor.graph.ops.control import deoptimise_if
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import BOOL, FLOAT, array_type, scalar_type
from tracetensor.vm.compiler import compile_graph
from tracetensor.vm.dispatch import Dispatcher, Entry

FLOATS = ("array", np.dtype(np.float64), 1, (-1,), False, None)


def slow(args, kwargs):
    return "slow", args, kwargs


def adder(type_=FLOAT):
    a, b = input_variable(type_), input_variable(type_)
    add = PYTHON["add"] if type_ is FLOAT else UFUNCS["add"]
    return compile_graph(Graph([a, b], [add(a, b)]))


def dispatcher(checks, program, finish=None, inputs=None):
    d = Dispatcher(slow)
    d.entries = (Entry(checks, program, finish, inputs),)
    return d


def test_python_scalars():
    d = dispatcher([("python", "float")] * 2, adder())
    assert d(1.5, 2.0) == 3.5
    for args in ((1, 2.0), (1.5,), (1.5, 2.0, 3.0), (np.float64(1), 2.0), (True, 2.0), ()):
        assert d(*args) == ("slow", args, {})
    assert d(1.5, b=2.0) == ("slow", (1.5,), {"b": 2.0})


def test_numpy_scalars():
    number = np.dtype(np.float32).num
    d = dispatcher([("scalar", number)] * 2, adder(scalar_type(np.float32)))
    assert d(np.float32(1), np.float32(2)).dtype == np.float32
    assert d(np.float64(1), np.float32(2))[0] == "slow"


def test_arrays():
    program = adder(array_type(np.float64, (None,)))
    a, b = np.ones(3), np.ones(3)
    d = dispatcher([FLOATS] * 2, program)
    assert d(a, b).tolist() == [2, 2, 2]
    assert d(a[::2], b[:2]).tolist() == [2, 2]
    other = np.zeros(25, np.uint8)[1:].view(np.float64)
    for args in (
        (a, a),
        (a, np.ones(1)),
        (a, np.ones((1, 3))),
        (a, np.ones(3, "f4")),
        (a, np.ones(3, ">f8")),
        (a, [1.0]),
        (a, other),
        (a, np.ma.ones(3)),
    ):
        assert d(*args)[0] == "slow"


def test_flags_and_dims():
    program = adder(array_type(np.float64, (None,)))
    for row, good, bad in (
        (("array", np.dtype(float), 1, (3,), False, None), np.ones(3), np.ones(4)),
        (("array", np.dtype(float), 1, (1,), False, None), np.ones(1), np.ones(4)),
        (("array", np.dtype(float), 1, (-1,), True, None), np.ones(3), np.broadcast_to(1.0, 3)),
        (("array", np.dtype(float), 1, (-1,), False, True), np.ones(3), np.ones(6)[::2]),
        (("array", np.dtype(float), 1, (-1,), False, False), np.ones(6)[::2], np.ones(3)),
    ):
        d = dispatcher([row, FLOATS], program)
        assert isinstance(d(good, np.ones(3)), np.ndarray)
        assert d(bad, np.ones(3))[0] == "slow"


def test_same_object():
    a = np.ones(3)
    x = input_variable(array_type(np.float64, (None,)))
    d = dispatcher([FLOATS, ("same", 0)], compile_graph(Graph([x], [UFUNCS["add"](x, x)])))
    assert d(a, a).tolist() == [2, 2, 2]
    assert d(a, a.copy())[0] == "slow"


def test_constants():
    x = input_variable(FLOAT)
    program = compile_graph(Graph([x], [PYTHON["neg"](x)]))
    for value, others in (
        (None, [0]),
        (1, [True, 1.0, 2]),
        (0.0, [-0.0, 0]),
        ("a", ["b"]),
        ((1, 2.0), [(1, 2), (True, 2.0)]),
    ):
        d = dispatcher([("constant", value), ("python", "float")], program)
        assert d(value, 2.0) == -2.0
        for other in others:
            assert d(other, 2.0)[0] == "slow"


def test_finish_and_inputs():
    a, b = input_variable(FLOAT), input_variable(FLOAT)
    program = compile_graph(Graph([a, b], [PYTHON["sub"](a, b), PYTHON["mul"](a, b)]))
    d = dispatcher([("python", "float")] * 2, program, lambda outs, args: (outs, args), (1, 0))
    assert d(5.0, 2.0) == ([-3.0, 10.0], (5.0, 2.0))


def test_entries_are_tried_in_order():
    d = Dispatcher(slow)
    assert d(1.0) == ("slow", (1.0,), {})
    d.entries = (
        Entry([FLOATS] * 2, adder(array_type(np.float64, (None,)))),
        Entry([("python", "float")] * 2, adder()),
    )
    assert d(1.0, 2.0) == 3.0
    assert d(np.ones(2), np.ones(2)).tolist() == [2, 2]
    with pytest.raises(TypeError):
        d.entries = (1,)


def test_deoptimise():
    c = input_variable(BOOL)
    program = compile_graph(Graph([c], [c], [deoptimise_if(c, reason="why")]))
    d = dispatcher([("python", "bool")], program)
    assert d(False) is False
    with pytest.raises(Deoptimise):
        d(True)
    d.deoptimised = lambda args, kwargs, error: (args, kwargs, error.reason)
    assert d(True) == ((True,), {}, "why")


def test_errors_pass():
    a = input_variable(FLOAT)
    d = dispatcher([("python", "float")], compile_graph(Graph([a], [PYTHON["truediv"](1.0, a)])))
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        d(0.0)


def test_looks_like_a_function():
    class Traced(Dispatcher):
        def __init__(self, function):
            super().__init__(lambda args, kwargs: function(*args, **kwargs))
            functools.update_wrapper(self, function)

    @Traced
    def f(x, y=1):
        """Doc."""
        return x, y

    assert (f.__name__, f.__doc__, f(1), f(1, y=2)) == ("f", "Doc.", (1, 1), (1, 2))
    assert weakref.ref(f)() is f

    class Thing:
        method = Traced(lambda self, x: (self, x))

    thing = Thing()
    assert thing.method(3) == (thing, 3)
    assert Thing.method(thing, 3) == (thing, 3)


def test_unfit_checks_are_refused():
    for checks in (
        [("list",)],
        [("array", np.dtype(">f8"), 1, (-1,), False, None)],
        [("python", "float")] * 17,
    ):
        with pytest.raises(ValueError):
            Entry(checks, adder())


def test_replacement_while_calls_run():
    d = Dispatcher(slow)
    entries = (Entry([("python", "float")] * 2, adder()),)
    stop = threading.Event()
    wrong = []

    def call():
        while not stop.is_set():
            if d(1.0, 2.0) not in (3.0, ("slow", (1.0, 2.0), {})):
                wrong.append(1)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for k in range(2000):
        d.entries = entries if k % 2 else ()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


SCALE = 2.0
WEIGHTS = np.arange(3.0)


def helper(x):
    return x * SCALE + WEIGHTS


def uses_globals(x):
    return helper(x)


def test_globals_are_fetched_at_each_call(monkeypatch):
    f = tt.trace(uses_globals)
    x = np.ones(3)
    assert f(x).tolist() == [2, 3, 4]
    assert len(f.entries) == 1
    f.slow = slow
    assert f(x).tolist() == [2, 3, 4]
    module = sys.modules[__name__]
    monkeypatch.setattr(module, "WEIGHTS", np.zeros(3))
    assert f(x).tolist() == [2, 2, 2]
    for name, value in (
        ("SCALE", 3.0),
        ("SCALE", 2),
        ("WEIGHTS", np.zeros((3, 1))),
        ("WEIGHTS", x),
        ("helper", lambda x: x),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            assert f(x)[0] == "slow", name
    monkeypatch.delattr(module, "WEIGHTS")
    assert f(x)[0] == "slow"


class Layer:
    def __init__(self, weights):
        self.weights = weights


def apply_layer(layer, x):
    x += layer.weights
    return x


def test_attributes_are_fetched_and_arrays_written_to():
    f = tt.trace(apply_layer)
    layer, x = Layer(np.ones(3)), np.zeros(3)
    assert f(layer, x) is x
    f.slow = slow
    assert f(layer, x) is x and x.tolist() == [2, 2, 2]
    layer.weights = np.full(3, 5.0)
    assert f(layer, x) is x and x.tolist() == [7, 7, 7]
    both = np.arange(4.0)
    layer.weights = both[1:]
    assert f(layer, both[:3])[0] == "slow"  # they overlap
    layer.weights = both[::-1][:2][::-1]
    assert f(layer, both[:2]) is not None and both[:2].tolist() == [2, 4]
    fixed = np.zeros(3)
    fixed.flags.writeable = False
    assert f(layer, fixed)[0] == "slow"
    del layer.weights
    assert f(layer, x)[0] == "slow"
    assert f(None, x)[0] == "slow"


def test_closures_are_fetched():
    def make():
        factor = 2.0

        def f(x):
            return x * factor

        def put(value):
            nonlocal factor
            factor = value

        return f, put

    plain, put = make()
    f = tt.trace(plain)
    assert f(3.0) == 6.0
    f.slow = slow
    for value in (2, 5.0, None):
        put(value)
        assert f(3.0)[0] == "slow"
    put(2.0)
    assert f(3.0) == 6.0
