"""Hypothesis profiles, chosen by HYPOTHESIS_PROFILE (default "dev"): how many examples each test with random data tries."""

import atexit
import os
import shutil
import tempfile

from hypothesis import HealthCheck, settings

_COMMON = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}

settings.register_profile("ci", max_examples=60, derandomize=True, **_COMMON)
settings.register_profile("dev", max_examples=200, **_COMMON)
settings.register_profile("thorough", max_examples=1000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "dev")


if "TRACETENSOR_CACHE" not in os.environ:  # the workers of one run share theirs
    os.environ["TRACETENSOR_CACHE"] = tempfile.mkdtemp(prefix="tracetensor-tests-")
    atexit.register(shutil.rmtree, os.environ["TRACETENSOR_CACHE"], ignore_errors=True)


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden texts")
    parser.addoption(
        "--thorough", action="store_true", help="every combination of inputs in the table of NumPy calls"
    )
