"""Traced functions called from many threads at once, while they are compiled, and from call-backs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import tracetensor as tt
from tests.compare import assert_same

THREADS = 8


def together(tasks):
    """Run the tasks, each in a thread of its own, all started at once; their results."""
    barrier = threading.Barrier(len(tasks))

    def run(task):
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def body(x, n):
    total = x * 0
    for k in range(n):
        total = total + np.sin(x) * k
        x[0] += 1
    return total


def test_different_signatures_at_once():
    dtypes = ["f8", "f4", "i8", "i4", "c16", "u1", "f8", "f8"]
    shapes = [(3,), (4,), (5,), (6,), (2,), (7,), (2, 3), (1,)]
    traced = tt.trace(body, strict=True)

    def task(k):
        def run():
            results = []
            for n in range(5, 25):
                x = np.ones(shapes[k], dtypes[k])
                results.append((traced(x, n), x))
            return results

        return run

    with np.errstate(all="ignore"):
        found = together([task(k) for k in range(THREADS)])
        for k, results in enumerate(found):
            for n, (result, x) in zip(range(5, 25), results, strict=True):
                own = np.ones(shapes[k], dtypes[k])
                assert_same(result, body(own, n))
                assert_same(x, own)
    assert len(traced.graphs) == THREADS


def test_one_signature_at_once_is_compiled_once():
    traced = tt.trace(body, strict=True)
    found = together([lambda: traced(np.ones(4), 9) for _ in range(THREADS)])
    for result in found:
        assert_same(result, body(np.ones(4), 9))
    assert len(traced.graphs) == 1


def test_calls_while_another_thread_compiles():
    traced = tt.trace(body, strict=True)
    traced(np.ones(3), 5)

    def compile_more():
        for ndim in range(2, 6):
            traced(np.ones((2,) * ndim), 5)

    def call():
        return [traced(np.ones(3), 5) for _ in range(200)]

    for results in together([compile_more, call, call])[1:]:
        for result in results:
            assert_same(result, body(np.ones(3), 5))


def test_recursion_from_a_callback():
    def f(x, n):
        if n > 0:
            return again(x, n) + 1.0
        return x.sum()

    traced = tt.trace(f, strict=True)

    @tt.callback(result=0.0)
    def again(x, n):
        return float(traced(x + 1, n - 1))

    assert traced(np.ones(3), 3) == f(np.ones(3), 3) == 15.0


def test_draws_from_threads():
    def f(g, n):
        total = 0.0
        for _ in range(n):
            total += g.random()
        return total

    traced = tt.trace(f, strict=True)
    found = together([lambda k=k: traced(np.random.default_rng(k), 500) for k in range(THREADS)])
    assert found == [f(np.random.default_rng(k), 500) for k in range(THREADS)]
