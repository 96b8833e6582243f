"""raise, try and with: what is caught, how things stand in a handler, what leaves, and how it looks from outside.

PYTEST_DONT_REWRITE: pytest would change the text of a traced `assert`.
"""

import contextlib
import math
import threading
import warnings

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import run_both
from tests.exception_programs import arguments, program
from tests.tracer_table import Table

case = Table()
V = np.array([1.0, 2.0, 4.0])
M = np.array([[2.0, 1.0], [1.0, 3.0]])
SINGULAR = np.ones((2, 2))


class Trouble(Exception):
    """An exception of the user's, with a constructor and an attribute of its own."""

    def __init__(self, step, *, limit=0):
        super().__init__(f"step {step} of {limit}")
        self.step = step


class Small(Trouble):
    pass


# What is caught ------------------------------------------------------------------------------------------------------


@case([3, 1], [3, 0])
def division(a, b):
    try:
        c = a // b
    except ZeroDivisionError:
        c = -1
    return c


@case([V, 1], [V, 3], [V, -4])
def index(x, k):
    try:
        return x[k]
    except IndexError:
        return None


@case([[1, 2], 1], [[1, 2], 5])
def index_of_list(items, k):
    try:
        v = items[k]
    except IndexError as e:
        return str(e)
    return v


@case([(1, 2), 0], [(1, 2), 2])
def index_of_tuple(items, k):
    try:
        return items[k]
    except LookupError:
        return 7


@case(["a"], ["z"])
def key_of_known_dict(key):
    table = {"a": 1.5}
    try:
        return table[key]
    except KeyError as e:
        return f"no {e}"


@case(["12"], ["x"])
def int_of_text(text):
    try:
        return int(text)
    except ValueError as e:
        return str(e)


@case([M], [SINGULAR])
def singular(a):
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return np.linalg.pinv(a) * 0


@case([M, np.ones(2)], [SINGULAR, np.ones(2)], [M, np.ones(3)], rtol=1e-12)
def singular_or_shape(a, b):
    try:
        x = np.linalg.solve(a, b)
    except np.linalg.LinAlgError as e:
        return str(e)
    except ValueError:
        return "shapes"
    return x


@case([np.ones(3), np.ones(3)], [np.ones(3), np.ones(2)])
def broadcast(a, b):
    try:
        return a + b
    except ValueError as e:
        return str(e)


@case([710.0], [1.0])
def overflow_of_math(v):
    try:
        return math.exp(v)
    except OverflowError:
        return math.inf


@case([-1.0], [4.0])
def domain_of_math(v):
    try:
        return math.sqrt(v)
    except ValueError:
        return 0.0


@case([10.0, 400], [2.0, 3])
def overflow_of_power(a, n):
    try:
        return a**n
    except OverflowError as e:
        return e.args[0] if n < 0 else math.inf


@case([np.array([300]), 1], [np.array([3]), 0])
def integer_that_does_not_fit(x, n):
    y = np.zeros(2, np.uint8)
    try:
        y[0] = 200 + n * 100
    except OverflowError:
        y[1] = 9
    return y


@case([math.inf], [2.5])
def overflow_of_int(v):
    try:
        return int(v)
    except (ValueError, OverflowError):
        return 0


@case([1], [0])
def stop_iteration(n):
    try:
        if n:
            raise StopIteration(n)
    except StopIteration as e:
        return e.args
    return ()


@case([0], [1], [2], [3])
def one_of_several(n):
    try:
        if n == 0:
            raise ValueError("zero")
        if n == 1:
            raise IndexError("one")
        if n == 2:
            raise KeyError("two")
        r = "none"
    except ValueError as e:
        r = f"value {e}"
    except (IndexError, ZeroDivisionError) as e:
        r = f"index {e}"
    except LookupError as e:
        r = f"lookup {e}"
    return r


@case([0], [2])
def bare(n):
    try:
        return 1 // n
    except:
        return -1


@case([0], [2])
def not_caught(n):
    try:
        return 1 // n
    except (IndexError, ValueError):
        return -1


@case([0], [2])
def caught_outside(n):
    try:
        try:
            r = 1 // n
        except IndexError:
            r = -1
    except ArithmeticError:
        r = -2
    return r


@case([3, 0], [3, 2])
def from_helper(a, b):
    try:
        return _halved(a, b)
    except ZeroDivisionError:
        return None


def _halved(a, b):
    c = a // b
    if c > 100:
        raise OverflowError
    return c


@case([V, 0], [V, 2])
def in_helper(x, b):
    return [_safe(v, b) for v in (1, 2, 3)], _safe(b, 1)


def _safe(a, b):
    try:
        return a // b
    except ZeroDivisionError:
        return -a


@case([V, 2], [V, 5])
def in_comprehension(x, n):
    return [_element(x, k) for k in range(n)]


def _element(x, k):
    try:
        return float(x[k])
    except IndexError:
        return math.nan


@case([0], [1], [-3])
def assertion(n):
    try:
        assert n >= 0, f"negative {n}"
        assert n, "zero"
    except AssertionError as e:
        return str(e)
    return "fine"


@case([2], [5])
def unbound(n):
    try:
        if n > 3:
            v = n
        return v
    except UnboundLocalError as e:
        return str(e)


# How things stand in a handler -----------------------------------------------------------------------------------------


@case([1, 1], [0, 1], [1, 0])
def values_at_the_raise(a, b):
    s = 0
    try:
        s = 1
        10 // a
        s = 2
        10 // b
        s = 3
    except ZeroDivisionError:
        return s, "caught"
    return s, "fine"


@case([1, 1], [0, 1], [1, 0])
def kinds_at_the_raise(a, b):
    s = None
    try:
        s = a // b
        s = b / a
        s = np.zeros(a)
    except ZeroDivisionError:
        pass
    return s


@case([V, 1], [V, 3], [V, 2])
def writes_before_the_raise(x, k):
    try:
        x[0] = 10
        x[k] = 20
        x[k + 1] = 30
    except IndexError:
        x[1] -= 1
    return x.sum()


@case([V, 1], [V, 3])
def made_before_the_raise(x, k):
    y = x
    try:
        y = x * 2
        y[0] = -1
        y[k] = 5
        y[k + 1] = 6
    except IndexError:
        y = y + 1
    return y


@case([V, 0], [V, 3])
def view_at_the_raise(x, k):
    v = x
    try:
        v = x[1:]
        v[k] = 9
    except IndexError:
        v[0] = 7
    return v


@case([3, 1], [3, 0], [0, 0])
def list_at_the_raise(n, d):
    out = []
    try:
        for i in range(n):
            out.append(10 // (d + 1 - i))
    except ZeroDivisionError:
        out.append(-1)
    return out


@case([V, 2], [V, 6])
def loop_left_by_a_raise(x, n):
    total, last = 0.0, -1
    try:
        for i in range(n):
            total += x[i]
            last = i
    except IndexError:
        return total, last, i
    return total, last, "fine"


@case([np.zeros(4), 2], [np.zeros(4), 9])
def writes_in_a_loop(x, n):
    k = 0
    try:
        while True:
            x[k] = 1 / (n - k)
            k += 1
    except ZeroDivisionError:
        x[0] = -1
    except IndexError:
        x[1] = -1
    return k


@case([3], [0], [7])
def raise_inside_branches(n):
    a = b = 0
    try:
        if n > 2:
            a = 1
            if n > 5:
                b = 2
                raise ValueError
            a = 3
        else:
            b = 4
            1 // n
    except (ValueError, ZeroDivisionError):
        b += 10
    return a, b


@case([1], [0])
def two_arrays(n):
    x, y = np.zeros(2), np.ones(2)
    try:
        x, y = y, x
        x[0] = 5
        1 // n
        y[1] = 6
    except ZeroDivisionError:
        x[1] = 7
    return x, y


@case([1], [0])
def dict_at_the_raise(n):
    d = {"a": 0, "b": 0}
    try:
        d["a"] = 1
        d["b"] = 1 // n
    except ZeroDivisionError:
        d["b"] = -1
    return d


@case([2, 1], [2, 0])
def closure(n, d):
    count = 0

    def step():
        nonlocal count
        count += 1
        return n // d

    try:
        step()
        step()
    except ZeroDivisionError:
        count += 100
    return count


# Loops -----------------------------------------------------------------------------------------------------------------


@case([np.array([4.0, -1.0, 9.0, -2.0, 1.0])], [np.array([1.0])], [np.zeros(0)])
def bad_rows_skipped(xs):
    out, bad = [], 0
    for x in xs:
        try:
            if x < 0:
                raise ValueError(f"negative: {x}")
            out.append(x**0.5)
        except ValueError:
            bad += 1
            continue
    return out, bad


@case([5], [0], [1], [8])
def broken_by_handler(n):
    r = []
    for i in range(10):
        try:
            r.append(12 // (n - i))
        except ZeroDivisionError:
            break
    else:
        r.append(99)
    return r


@case([0.5, 10], [64.0, 10], [4096.0, 3])
def retry(step, most):
    for k in range(most):
        try:
            if step > 1:
                raise Trouble(k, limit=most)
            return step, k
        except Trouble:
            step /= 2
    raise Trouble(most)


@case([0], [3], [20])
def retry_unrolled(n):
    error = None
    for k in range(3):
        try:
            if k < n:
                raise ValueError(f"try {k}")
            return k
        except ValueError as e:
            error = e
    raise error


@case([0], [3], [20])
def last_error_kept(n):
    error = None
    for k in range(12):
        try:
            if k < n:
                raise ValueError(f"try {k}")
            break
        except ValueError as e:
            error = e
    return None if error is None else str(error)


@case([4], [0])
def try_in_while(n):
    s = 0
    while True:
        try:
            s += 12 // n
            n -= 1
        except ZeroDivisionError:
            break
    return s


@case([V, 2], [V, 4])
def try_around_and_inside(x, n):
    total = 0.0
    try:
        for i in range(n):
            try:
                total += 1 // i
            except ZeroDivisionError:
                total += 100
            total += x[i]
    except IndexError:
        total = -total
    return total


@case([5])
def caught_at_every_step(n):
    s = 0
    for i in range(n):
        try:
            raise KeyError(i)
        except KeyError:
            s += i
    return s


# finally and else ---------------------------------------------------------------------------------------------------------


@case([1], [0])
def finally_runs(n):
    log = [0]
    try:
        log[0] += 1 // n
    except ZeroDivisionError:
        log[0] += 10
    finally:
        log[0] += 100
    return log


@case([1], [0])
def finally_overrides_return(n):
    try:
        return 1 // n
    finally:
        return -5


@case([1], [0], [2])
def finally_overrides_sometimes(n):
    try:
        return 1 // n
    finally:
        if n < 2:
            return -5


@case([1], [0])
def finally_then_raised(n):
    x = np.zeros(2)
    try:
        try:
            1 // n
        finally:
            x[0] += 1
    except ZeroDivisionError:
        x[1] = 1
    return x


@case([2], [5])
def finally_and_loop(n):
    s = 0
    for i in range(8):
        try:
            if i == n:
                break
            if i % 2:
                continue
            s += 1
        finally:
            s += 10
    return s


@case([5])
def finally_continues(n):
    s = 0
    for i in range(n):
        try:
            s += 10 // (i - 2)
        finally:
            continue
    return s


@case([1], [0])
def uncaught_with_finally(n):
    x = np.zeros(3)
    try:
        return x[n] // n, 1 // n
    finally:
        x[0] = 4


@case([1], [0])
def else_part(n):
    try:
        r = 1 // n
    except ZeroDivisionError:
        r = 0
    else:
        r += 10
    return r


@case([1], [0], [2])
def else_is_not_protected(n):
    try:
        try:
            r = 1 // n
        except ZeroDivisionError:
            r = "inner"
        else:
            r = 1 // (n - 1)
    except ZeroDivisionError:
        r = "outer"
    return r


@case([1], [0], [2])
def everything(n):
    out = []
    for k in range(4):
        try:
            out.append(12 // (n - k))
        except ZeroDivisionError:
            out.append(-1)
        else:
            out.append(1)
        finally:
            out.append(k)
    return out


# raise ---------------------------------------------------------------------------------------------------------------------


@case([0], [1])
def again(n):
    try:
        return 1 // n
    except ZeroDivisionError:
        n += 1
        raise


@case([0], [1])
def again_by_name(n):
    try:
        return 1 // n
    except ZeroDivisionError as e:
        raise e


@case([0], [1])
def another_in_handler(n):
    try:
        return 1 // n
    except ZeroDivisionError as e:
        raise ValueError(f"bad: {e}") from e


@case([0], [1])
def from_none(n):
    try:
        return 1 // n
    except ZeroDivisionError:
        raise Trouble(3, limit=4) from None


@case([0], [1])
def from_class(n):
    if not n:
        raise KeyError("k") from IndexError
    return n


@case([0], [1])
def from_number(n):
    if not n:
        raise KeyError("k") from n
    return n


@case([0], [1])
def held_in_a_variable(n):
    error = ValueError("held", n)
    try:
        if not n:
            raise error
    except ValueError as e:
        return e.args, e is None
    return error.args


@case([0], [1])
def made_of_constants(n):
    error = ValueError("held")
    if n:
        try:
            raise error
        except ValueError as e:
            return str(e), error.args
    return [error, error]


@case([0], [1])
def raised_whatever_comes(n):
    if n:
        try:
            raise ValueError("always")
        except KeyError:
            return 0
        except ValueError as e:
            if n > 0:
                return str(e)
    return 1


@case([0], [1], [2])
def one_of_two_classes(n):
    cls = ValueError if n else KeyError
    try:
        raise cls("x", n)
    except ValueError as e:
        return "value", e.args
    except KeyError as e:
        return "key", e.args


@case([0], [1])
def own_class_with_attributes(n):
    try:
        if n:
            raise Small(n, limit=7)
    except Trouble as e:
        return str(e), e.step, type(e).__name__, isinstance(e, Small), isinstance(e, ValueError)
    return None


@case([0], [1])
def class_of_exception(n):
    try:
        1 // n
    except Exception as e:
        return type(e) is ZeroDivisionError, type(e).__name__, f"{e!r}", e.args
    return ()


@case([0], [1])
def name_is_unbound_after(n):
    e = 5
    try:
        1 // n
    except ZeroDivisionError as e:
        pass
    return e


@case([0], [1])
def exception_is_returned(n):
    try:
        1 // n
    except ZeroDivisionError as e:
        return e


@case([0], [1])
def not_an_exception(n):
    try:
        if not n:
            raise n
    except TypeError as e:
        return str(e)


@case([0], [1])
def raised_by_helper_in_handler(n):
    try:
        return 1 // n
    except ZeroDivisionError:
        return _again(n)


def _again(n):
    if n == 0:
        raise  # noqa: PLE0704
    return n


@case([0], [1])
def printed(n):
    try:
        1 // n
    except ZeroDivisionError as e:
        print("error:", e)
    return n


# with ------------------------------------------------------------------------------------------------------------------------


@case([V], [-V], rtol=1e-15)
def errstate(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x) / 0


@case([V], refused="numpy.errstate that raises")
def errstate_raises(x):
    with np.errstate(all="raise"):
        return np.log(x)


@case([0], [1])
def suppressed(n):
    r = 5
    with contextlib.suppress(ZeroDivisionError, IndexError):
        r = 1 // n
    return r


@case([0], [1])
def suppressed_otherwise(n):
    with contextlib.suppress(ValueError):
        return 1 // n
    return 3


@case([0], [1])
def nothing_done(n):
    with contextlib.nullcontext(3) as three:
        n += three
    return n


class Guard:
    """A context manager that notes what happens, and swallows one class of exceptions."""

    def __init__(self, log, swallowed):
        self.log = log
        self.swallowed = swallowed

    def __enter__(self):
        self.log.append(1)
        return self.log

    def __exit__(self, exc_type, exc, tb):
        self.log.append(2)
        if exc_type is None:
            self.log.append(3)
            return False
        return issubclass(exc_type, self.swallowed)


@case([0], [1])
def own_manager(n):
    log = []
    with Guard(log, ZeroDivisionError) as inside:
        inside.append(1 // n)
    return log


@case([0], [1])
def own_manager_that_does_not_swallow(n):
    log = []
    try:
        with Guard(log, IndexError):
            log.append(1 // n)
    except ZeroDivisionError:
        log.append(-1)
    return log


@case([0], [1], [5])
def managers_together(n):
    log = []
    with Guard(log, ZeroDivisionError) as a, Guard(log, IndexError) as b:
        a.append(1 // n)
        if n > 2:
            b.append(V[n])
    return log


@case([0], [1])
def manager_and_return(n):
    log = []
    for _ in range(2):
        with Guard(log, ZeroDivisionError):
            if n:
                return log
            log.append(10 // n)
    return log


@case([V], refused="`with` a")
def file(x):
    with open(__file__) as f:
        return f.read()


@case([V])
def warnings_ignored(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        return np.log(x - 2)


@case([V], refused="library function that might warn")
def warnings_of_library(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return scipy.special.erf(x)


@case([V], refused="a filter of warnings")
def warnings_are_errors(x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return np.log(x)


@case([V], refused="a setting of NumPy's")
def errors_set(x):
    old = np.seterr(all="raise")
    y = x / 2
    np.seterr(**old)
    return y


LOCK = threading.Lock()


@case([V], refused="`with` a lock")
def lock(x):
    with LOCK:
        return x + 1


# What runs plain -------------------------------------------------------------------------------------------------------------


@case([0], [1], refused="except KeyboardInterrupt")
def interrupt(n):
    try:
        return n
    except KeyboardInterrupt:
        return 0


@case([1], refused="the classes of an `except`")
def classes_not_known(n):
    cls = ValueError
    try:
        cls = KeyError
        n // 1
    except cls:
        return 0
    return n


test_table = case.test()


# Chains and lines ----------------------------------------------------------------------------------------------------------


def _outcome(function, *args):
    try:
        function(*args)
    except Exception as error:
        return error
    return None


def _chain(error):
    found = []
    while error is not None:
        found.append((
            type(error), str(error), error.__suppress_context__,
            None if error.__cause__ is None else str(error.__cause__), _lines(error),
        ))  # fmt: skip
        error = error.__context__
    return found


def _lines(error):
    lines, trace = [], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == __file__:
            lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    return [line for line in lines if line[0] != "_outcome"]


def inner(n):
    return 1 // n


def chain_implicit(n):
    try:
        inner(n)
    except ZeroDivisionError:
        return V[n + 9]


def chain_deep(n):
    try:
        try:
            inner(n)
        except ZeroDivisionError:
            inner(n)
    except ZeroDivisionError as e:
        raise Trouble(1) from e


def chain_finally(n):
    try:
        inner(n)
    finally:
        V[n + 9]


def chain_again(n):
    try:
        try:
            inner(n)
        finally:
            n += 1
    except ZeroDivisionError as e:
        if n > 5:
            return 2
        raise e


@pytest.mark.parametrize(
    "function",
    [
        chain_implicit,
        chain_deep,
        chain_finally,
        chain_again,
        again,
        again_by_name,
        another_in_handler,
        from_none,
    ],
)
def test_chain(function):
    traced = tt.trace(function, strict=True)
    for _ in range(2):
        assert _chain(_outcome(traced, 0)) == _chain(_outcome(function, 0))


def test_leaves_its_types():
    """A call that leaves the types of its version is repeated as plain Python, through any try."""

    @tt.trace
    def root(a):
        try:
            return a**0.5
        except BaseException:
            return None

    assert root(4.0) == 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert root(-4.0).imag == 2.0


# Random programs -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(1, 3))
def test_random_programs(seed, depth):
    function, source = program(seed, depth)
    traced = tt.trace(function)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in range(7):
            try:
                run_both(function, traced, arguments(k))
            except AssertionError as error:
                error.add_note(f"arguments {arguments(k)}\n{source}")
                raise


def test_what_raises_only_after_simplifying_a_loop_raises_its_own_error():
    def f(a, n):
        for u in a:
            try:
                v = u[np.array([0, n])]
            except IndexError:
                v = None
            try:
                v = np.stack([u, u[2:]])
            except LookupError:
                v = None
        return v

    run_both(f, tt.trace(f), [np.ones((2, 4)), 1])


def test_a_reshape_of_nothing_to_any_length_raises_where_nothing_reads_it():
    def f(a):
        try:
            w = a[1:].ravel().reshape(0, -1)
        except ZeroDivisionError:
            w = a
        return len(a)

    for shape in ((1, 5, 3), (2, 5, 3), (1, 0)):
        run_both(f, tt.trace(f), [np.ones(shape)])
