"""Gradients of random programs, with their writes through views, loops and branches, in both modes."""

import random

import pytest
from hypothesis import given, settings

import tracetensor as tt
from tests.fuzz import programs, write_program
from tests.fuzz.gradients import CHECKED, SKIPPED, check_gradient

FAMILIES = ("expressions", "writes", "control", "calls")


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_of_random_programs(family):
    @settings(derandomize=True, max_examples=60)
    @given(programs(family))
    def check(program):
        check_gradient(program.source, program.inputs[0])

    check()


@pytest.mark.parametrize("family", FAMILIES)
def test_most_programs_have_a_gradient(family):
    found = []
    for seed in range(25):
        draw = random.Random(seed)
        program = write_program(lambda n: draw.randrange(n) if n > 1 else 0, family)
        found.append(check_gradient(program.source, program.inputs[0]))
    refused = [f for f in found if f not in {CHECKED, SKIPPED}]
    assert found.count(CHECKED) >= 10 and len(refused) <= 5, refused


def test_a_wrong_gradient_is_found(monkeypatch):
    source = "def program(a, b, n, s):\n    v = a[1:]\n    for i in range(n):\n        v *= s\n    return v\n"
    inputs = "a = np.arange(4.0)\nb = np.ones(2)\nn = 3\ns = 1.5"
    assert check_gradient(source, inputs) == CHECKED
    right = tt.grad
    monkeypatch.setattr(tt, "grad", lambda f, argnums: lambda *args: right(f, argnums)(*args) * 1.001)
    with pytest.raises(AssertionError, match="slope"):
        check_gradient(source, inputs)


def test_kinks_are_left_out():
    inputs = "a = np.zeros(4)\nb = np.ones(2)\nn = 3\ns = 1.5"
    kink = (
        "def program(a, b, n, s):\n    return abs(a - (0.0 + 0.037 * np.sin(1.3 * np.arange(4) + 0))).sum()\n"
    )
    assert (
        check_gradient(kink, inputs.replace("b = np.ones(2)", "b = 1").replace("s = 1.5", "s = 1")) == SKIPPED
    )
