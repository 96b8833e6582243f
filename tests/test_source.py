"""Where the text of a function is found: whatever stands around it, and however it is laid out."""

import importlib.util
import textwrap

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import run_both

TEXT = '''
import functools


def decorated(*_):
    def keep(f):
        return f
    return keep


class Holder:
    def method(self, x):
        text = """
no indent here
        """
        y = (x +
1)
        # a comment
    # another, further left
        z = y + \\
2
        return z, len(text)

    @decorated(
        1,
    2)
    @staticmethod
    def static(
        x,
        k=2,
    ):
        if x[0] > 0:
            return x * k
        else:
            pass
        """A string at the end."""

    @property
    def value(self): return self.method(np.ones(2))[0]


def outer(n):
    if n:
        def inner(x):
            return x * n

        twice = lambda x: (inner(x),
                           inner(inner(x)))
    return twice

def last(x):
\tif x.sum() > 0:
\t\treturn x

\treturn -x
# the end
    # really'''


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "laid_out.py"
    path.write_text("import numpy as np\n" + TEXT)
    spec = importlib.util.spec_from_file_location("laid_out", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_functions_laid_out_in_odd_ways(module):
    x = np.arange(1.0, 4.0)
    for f in (
        module.Holder().method,
        module.Holder.static,
        lambda x: module.Holder().value + x[0],
        module.outer(3),
        module.last,
    ):
        traced = tt.trace(f, strict=True)
        run_both(f, traced, [x])
        run_both(f, traced, [-x])


def test_a_function_in_a_file_that_does_not_parse_as_a_whole(tmp_path):
    """What is parsed is the function only, so that what was added to the file since does not matter."""
    path = tmp_path / "edited.py"
    text = textwrap.dedent("""
        def f(x):
            return x + 1
    """)
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("edited", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    path.write_text(text + "\n\ndef half_written(:\n")
    run_both(found.f, tt.trace(found.f, strict=True), [np.ones(3)])


def test_a_function_that_moved_in_its_file_is_not_taken_for_another(tmp_path):
    path = tmp_path / "moved.py"
    path.write_text("def f(x):\n    return x + 1\n")
    spec = importlib.util.spec_from_file_location("moved", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    path.write_text("def g(x):\n    return x - 1\n\n\ndef f(x):\n    return x + 1\n")
    with pytest.warns(tt.FallbackWarning, match="has changed"):
        assert tt.trace(found.f)(1.0) == 2.0
