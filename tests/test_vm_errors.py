"""Errors with the user's lines, threads, interruption, and programs as objects."""

import _thread
import copy
import gc
import pickle
import sys
import threading
import time
import traceback
import weakref

import numpy as np
import pytest

from tests.vm_graphs import (
    add,
    agree,
    loop,
    multiply,
    new,
    py,
)
from tracetensor.errors import Deoptimise, GraphError
from tracetensor.graph.graph import Graph, SourceLine
from tracetensor.graph.ops.control import (
    callback,
    deoptimise_if,
    raise_if,
)
from tracetensor.graph.ops.elementwise import UFUNCS, cast
from tracetensor.graph.ops.indexing import getitem, setitem
from tracetensor.graph.types import (
    BOOL,
    FLOAT,
    INT,
)
from tracetensor.vm import instructions
from tracetensor.vm.compiler import compile_graph
from tracetensor.vm.traceback import add_user_frames

# ------------------------------------------------------------------------------------------------------------- errors


def located(graph, op_name, *lines):
    for node in graph.nodes():
        if node.op.name == op_name:
            graph.locations[node] = lines
    return graph


def test_errors_show_the_users_lines():
    x, i = new(), new(INT)
    lines = (SourceLine("model.py", 12, "train"), SourceLine("/a/b.py", 3, "step.<locals>.inner"))
    graph = located(Graph([x, i], [add(getitem(x, i, spec=("i",)), 1.0)]), "getitem", *lines)
    with pytest.raises(IndexError, match="index 7 is out of bounds") as caught:
        compile_graph(graph)(np.arange(3.0), 7)
    frames = [(f.filename, f.lineno, f.name) for f in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-2:] == [("model.py", 12, "train"), ("/a/b.py", 3, "inner")]
    assert "line 3, in " in "".join(traceback.format_exception(caught.value))


def test_errors_inside_bodies_and_callbacks():
    n, x = new(INT), new()
    outs = loop(lambda i, s: [setitem(s, 1.0, i, spec=("i",))], [x], steps=n)
    graph = Graph([n, x], outs)
    located(outs[0].node.params["body"], "setitem", SourceLine("loop.py", 4, "f"))
    with pytest.raises(IndexError) as caught:
        compile_graph(graph)(5, np.zeros(3))
    assert traceback.extract_tb(caught.value.__traceback__)[-1][:3] == ("loop.py", 4, "f")

    def fail(v):
        raise KeyError(v)

    graph = located(
        Graph([n], [callback(n, function=fail, type=INT)]), "callback", SourceLine("user.py", 9, "g")
    )
    with pytest.raises(KeyError) as caught:
        compile_graph(graph)(5)
    names = [f.name for f in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-2:] == ["g", "fail"]


def test_errors_leave_no_trace():
    x, i = new(), new(INT)
    program = compile_graph(Graph([x, i], [getitem(add(x, 1.0), i, spec=("i",))]))
    a = np.arange(3.0)
    count = sys.getrefcount(a)
    for _ in range(20):
        with pytest.raises(IndexError):
            program(a, 5)
        assert program(a, 1)[0] == 2
    gc.collect()
    assert sys.getrefcount(a) == count


def test_guards():
    c, k = new(BOOL), new(INT)
    check = raise_if(c, k, exception=ValueError, arguments=(("text", ("bad ", (0, "", ""))),))
    graph = Graph([c, k], [k], [check])
    agree(graph, False, 3)
    assert agree(graph, True, 3) == (ValueError, "bad 3")
    leave = deoptimise_if(c, reason="why")
    with pytest.raises(Deoptimise, match="why"):
        compile_graph(located(Graph([c], [c], [leave]), "deoptimise_if", SourceLine("a.py", 1, "f")))(True)


def test_errors_keep_their_order():
    x, y, i = new(), new(), new(INT)
    first = getitem(x, i, spec=("i",))
    second = raise_if(py["ge"](i, 0), exception=KeyError, arguments=("no",))
    third = setitem(x, 1.0, py["add"](i, 100), spec=("i",))
    graph = Graph([x, y, i], [third, first], [first, second, third])
    assert agree(graph, np.ones(2), np.ones(2), 0)[0] is KeyError
    assert agree(graph, np.ones(2), np.ones(2), 9)[0] is IndexError


def test_wrong_results_deoptimise():
    x = new(INT)
    y = callback(x, function=lambda v: [v], type=INT)
    with pytest.raises(Deoptimise):
        compile_graph(Graph([x], [y]))(3)


def test_floating_point_errors_are_silent_and_state_is_put_back():
    x = new()
    division = UFUNCS["divide"](x, 0.0)
    casted = cast(UFUNCS["log"](x), dtype=np.dtype(np.int32))
    program = compile_graph(Graph([x], [division, casted]))
    with np.errstate(all="raise"):
        program(np.array([-1.0, 0.0]))
        assert np.geterr()["divide"] == "raise"
        with pytest.raises(FloatingPointError):
            np.array([1.0]) / 0.0


# -------------------------------------------------------------------------------------------- threads and interruption


def test_threads():
    n, x = new(INT), new()
    graph = Graph([n, x], loop(lambda i, s: [setitem(add(s, 1.0), 0.0, 0, spec=("i",))], [x], steps=n))
    program = compile_graph(graph)
    expected = graph(50, np.arange(5.0))[0]
    wrong = []

    def work():
        for _ in range(100):
            if not np.array_equal(program(50, np.arange(5.0))[0], expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_programs_call_themselves():
    x = new(INT)
    program = None

    def again(v):
        return program(v - 1)[0] if v else 0

    y = callback(x, function=again, type=INT)
    program = compile_graph(Graph([x], [py["add"](py["add"](y, 1), x)]))
    assert program(20) == [20 * 21 // 2 + 21]


def test_ctrl_c_stops_a_loop():
    n, x = new(INT), new(FLOAT)
    program = compile_graph(Graph([n, x], loop(lambda i, s: [py["add"](s, 1.0)], [x], steps=n)))
    timer = threading.Timer(0.1, _thread.interrupt_main)
    timer.start()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        program(10**12, 0.0)
    assert time.perf_counter() - start < 10
    timer.join()


def test_other_threads_run_during_a_loop():
    n, x = new(INT), new(FLOAT)
    program = compile_graph(Graph([n, x], loop(lambda i, s: [py["add"](s, 1.0)], [x], steps=n)))
    ticks = []
    done = threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    program(20_000_000, 0.0)
    done.set()
    thread.join()
    assert len(ticks) > 3


# ----------------------------------------------------------------------------------------------- programs as objects


def test_pickle_and_copies():
    n, x = new(INT), new()
    program = compile_graph(Graph([n, x], loop(lambda i, s: [multiply(s, 2.0)], [x], steps=n)), donated={1})
    other = pickle.loads(pickle.dumps(program))
    assert other.donated == {1} and other(3, np.ones(2))[0].tolist() == [8, 8]
    assert copy.deepcopy(program) is program
    assert program.graph == other.graph
    assert weakref.ref(program)() is program


def test_disassembly():
    n, x = new(INT), new()
    text = str(
        compile_graph(Graph([n, x], loop(lambda i, s: [setitem(s, 1.0, i, spec=("i",))], [x], steps=n)))
    )
    assert text == (
        "program of graph: 2 inputs, 7 registers\n"
        "   0  loop_start       r3, r4, r0\n"
        "   1  move             r2, r1  takes 1\n"
        "   2  loop_head        interpreted, to 7\n"
        "   3  loop_test        -> 7, r3, r4\n"
        "   4  store            r6 = r2[r3] <- r5  takes 1\n"
        "   5  move             r2, r6  takes 1\n"
        "   6  loop_next        -> 2, r3\n"
        "   7  halt             \n"
        "returns r2"
    )


def test_instructions_are_checked():
    assert set(instructions.TABLE) == set(instructions.Opcode)
    code = instructions.Opcode
    instructions.check(code.F_ADD, 0, 1, 2, -1, None)
    for fields in (
        (code.F_ADD, 0, 1, -1, -1, None),
        (code.F_NEG, 0, 1, 2, -1, None),
        (code.I_ADD, 0, 1, 2, -1, None),
    ):
        with pytest.raises(GraphError):
            instructions.check(*fields)


def test_user_frames_are_innermost():
    try:
        raise ValueError("x")
    except ValueError as error:
        add_user_frames(error, (SourceLine("a.py", 1, "f"), SourceLine("b.py", 2, "g")))
        frames = traceback.extract_tb(error.__traceback__)
        assert [f.name for f in frames] == ["f", "g", "test_user_frames_are_innermost"]
