"""Nothing answers for NumPy without a sample that is compared with NumPy."""

import inspect
import math

import numpy as np

from tests import (
    test_ops_composed,
    test_ops_creation,
    test_ops_joining,
    test_ops_linalg,
    test_ops_products,
    test_ops_reduction,
    test_ops_shape,
    test_ops_sorting,
)
from tracetensor.graph.answers import METHODS, NUMPY

MODULES = [
    test_ops_shape, test_ops_reduction, test_ops_creation, test_ops_products, test_ops_joining, test_ops_linalg,
    test_ops_sorting, test_ops_composed,
]  # fmt: skip
CASES = [c for module in MODULES for c in module.CASES if c.covered and not c.rejected]
ELSEWHERE = {np.empty, np.empty_like}  # test_ops_creation.test_empty


def test_every_function_has_a_sample():
    tested = [c.function for c in CASES]
    missing = [
        f for f in NUMPY
        if f not in tested and f not in ELSEWHERE and not is_ufunc_method(f) and not isinstance(f, np.ufunc) and is_numpy(f)
    ]  # fmt: skip
    assert not missing, missing


def test_every_method_has_a_sample():
    tested = [c.function for c in CASES]
    assert not [name for name in METHODS if name not in tested]


def is_ufunc_method(function):
    return isinstance(getattr(function, "__self__", None), np.ufunc)


def is_numpy(function):
    return inspect.getmodule(function) is not math
