"""Every program, interpreted and as machine code: bit for bit the same, and whose loops call the interpreter for nothing."""

import numpy as np
import pytest

import tracetensor as tt
from tests import programs
from tests.compare import run_both
from tracetensor.kernels import toolchain
from tracetensor.vm.loop_compiler import make_code

pytestmark = pytest.mark.skipif(toolchain.toolchain() is None, reason="there is no C compiler")

NATIVE = {
    "adam", "attention", "bellman_ford", "bfs_grid", "bilateral_filter", "binomial_option", "biquad_instance",
    "bisection", "black_scholes", "bytecode_vm", "cavity_flow", "cholesky", "collatz", "conv_net", "crc32",
    "csr_spmv", "csr_transpose", "cubic_spline", "dijkstra", "edit_distance", "expression_folder", "fft_recursive",
    "flood_fill", "gram_schmidt", "heap_sort", "heat1d", "heat2d", "hilbert_curve", "histogram_stack", "kmp_search",
    "knapsack", "label_components", "langton_ant", "layered_net", "lcg_monte_carlo", "lcg_walk", "lcs", "lfsr",
    "lorenz_rk4", "lstm", "lz77", "matrix_chain", "median_filter", "momentum_optimiser", "morton", "moving_averages",
    "nbody_loops", "needleman_wunsch", "nms_boxes", "pendulum_method", "perona_malik", "popcount", "prim_mst",
    "qr_householder", "quicksort", "quicksort_recursive", "rgb_to_hsv", "run_length", "running_statistics",
    "scipy_fits", "shallow_water", "shape_areas", "shell_sort", "sieve", "simplex_lp", "sor", "stream_windows",
    "thomas", "topological_order", "triangular_checked", "turnstile", "union_find", "viterbi", "wave1d", "xorshift",
}  # fmt: skip
"""Programs all of whose loops are machine code from the first instruction to the last."""


def on_tier(function, tier):
    """The traced function, and one that always calls it on a tier."""
    traced = tt.trace(function)

    def call(*args, **kwargs):
        with tt.config(tier=tier), np.errstate(all="ignore"):
            return traced(*args, **kwargs)

    return traced, call


def interpreted(traced):
    """How many instructions of a traced function's loops have no C text."""
    count = 0
    for version in traced.versions:
        for site in version.program.loops():
            code = make_code(version.program, site)
            code.text()
            count += code.interpreted
    return count


@pytest.mark.parametrize("name", programs.names())
def test_tiers_agree(name):
    module = programs.load(name)
    _, as_instructions = on_tier(module.PROGRAM, "interpreted")
    traced, as_machine_code = on_tier(module.PROGRAM, "native")
    args, kwargs = module.make_inputs(module.SIZES[1])
    for _ in range(2):
        run_both(as_instructions, as_machine_code, args, kwargs)
    assert name not in NATIVE or not interpreted(traced)
