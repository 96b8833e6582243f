"""The programs of tests/programs as one writes them for Numba and for JAX.

A module holds a function for each of the programs that are listed under its name below. It has the program's name, takes
the program's arguments as they are (NumPy arrays, lists, objects) and does to them what the program does; its results are
usable as NumPy arrays. Where Numba compiles a program's own text, it is listed in OWN instead, with the few words of it
that Numba wants otherwise. This module imports neither Numba nor JAX: load() does, for one program.
"""

import importlib
import importlib.util

import numpy as np

NUMBA = {
    "numba_grids": "heat1d heat2d wave1d cavity_flow shallow_water perona_malik sobel_edges resize_bilinear "
    "rgb_to_hsv life conv_net",
    "numba_linalg": "conjugate_gradient gauss_jordan gram_schmidt jacobi_eigen lu_pivot qr_householder "
    "matrix_power power_iteration gmres csr_spmv solver_choice simplex_lp triangular_checked",
    "numba_discrete": "bad_records dijkstra_heap dither dtw floyd_warshall heap_sort knapsack langton_ant lcs lfsr "
    "lz77 matrix_chain memo_paths quicksort_recursive run_length topological_order turnstile shape_areas "
    "expression_folder seam_carving prim_mst nms_boxes lcg_walk",
    "numba_equations": "biquad_instance bisection euler_muscl lorenz_rk4 nelder_mead pendulum_method poly_horner "
    "rk45_adaptive safe_newton step_halving nbody_loops nbody_class",
    "numba_series": "binomial_option black_scholes fft_radix2 fft_recursive fir_decode ising mandelbrot_masks "
    "newton_fractal particle_filter popcount running_statistics sigma_clip stream_windows xorshift bilateral_filter",
    "numba_learning": "adam attention gmm_em kalman kalman_class kmeans layered_net logistic_newton lstm "
    "metropolis_pairs mlp_sgd momentum_optimiser pagerank viterbi jpeg_blocks",
}

# Programs that Numba compiles as they are, and what is replaced in their text first.
OWN = {
    "adaptive_simpson": (),
    "bellman_ford": (),
    "bfs_grid": (),
    "bootstrap_mean": (),
    "bytecode_vm": (),
    "cholesky": (),
    "collatz": (),
    "crc32": (),
    "csr_transpose": (),
    "cubic_spline": (),
    "dijkstra": (),
    "edit_distance": (),
    "flood_fill": (),
    "game_2048": (),
    "hilbert_curve": (),
    "hist_equalise": (),
    "histogram_stack": (),
    "jacobi": (),
    "kmp_search": (),
    "label_components": (),
    "lcg_monte_carlo": (),
    "mandelbrot_loops": (),
    "md_cells": (),
    "median_filter": (),
    "merge_sort": (),
    "morton": (),
    "moving_averages": (),
    "n_queens": (),
    "needleman_wunsch": (),
    "prefix_scan": (),
    "quicksort": (),
    "shell_sort": (),
    "sieve": (
        ("np.array([], dtype=np.int64)", "np.zeros(0, dtype=np.int64)"),
        ("dtype=bool", "dtype=np.bool_"),
    ),
    "sor": (),
    "thomas": (("reversed(range(n - 1))", "range(n - 2, -1, -1)"),),
    "totients": (
        (
            "all([modpow(2, int(phi[m]), m) == 1 % m for m in range(1, n, 2)])",
            "np.all(np.array([modpow(2, int(phi[m]), m) == 1 % m for m in range(1, n, 2)]))",
        ),
    ),
    "union_find": (("dtype=int)", "dtype=np.int64)"),),
}

WITHOUT_NUMBA = {
    "random_state_anneal": "Numba has no RandomState",
    "scipy_fits": "the time is SciPy's",
    "word_counts": "strings, Counter and formatting",
}

JAX = {
    "jax_grids": "heat1d heat2d wave1d cavity_flow shallow_water perona_malik sobel_edges resize_bilinear "
    "rgb_to_hsv life conv_net floyd_warshall mandelbrot_masks mandelbrot_loops newton_fractal "
    "bilateral_filter median_filter sor dither flood_fill hist_equalise seam_carving jpeg_blocks "
    "langton_ant ising",
    "jax_linalg": "conjugate_gradient gauss_jordan gram_schmidt jacobi jacobi_eigen lu_pivot qr_householder "
    "cholesky matrix_power power_iteration csr_spmv csr_transpose solver_choice simplex_lp "
    "triangular_checked thomas poly_horner",
    "jax_learning": "adam attention gmm_em kalman kalman_class kmeans layered_net logistic_newton lstm mlp_sgd "
    "momentum_optimiser pagerank viterbi particle_filter running_statistics",
    "jax_equations": "lorenz_rk4 rk45_adaptive step_halving pendulum_method biquad_instance bisection "
    "adaptive_simpson euler_muscl safe_newton nbody_loops nbody_class md_cells black_scholes "
    "binomial_option",
    "jax_sequences": "edit_distance lcs dtw needleman_wunsch knapsack matrix_chain collatz crc32 lfsr lcg_monte_carlo "
    "lcg_walk fft_radix2 fft_recursive fir_decode morton popcount xorshift prefix_scan "
    "moving_averages cubic_spline turnstile shape_areas bad_records stream_windows memo_paths "
    "dijkstra bellman_ford prim_mst nms_boxes hilbert_curve totients n_queens merge_sort heap_sort "
    "shell_sort quicksort_recursive",
}

WITHOUT_JAX = {
    "bfs_grid": "a queue, item by item, with a return from the middle",
    "bootstrap_mean": "JAX's generators draw other numbers than NumPy's",
    "bytecode_vm": "an interpreter, instruction by instruction",
    "dijkstra_heap": "a heap",
    "expression_folder": "a stack machine, instruction by instruction",
    "game_2048": "rows that are slid item by item",
    "gmres": "triangular solves with sparse factors, row by row",
    "histogram_stack": "a stack, item by item",
    "kmp_search": "a list of hits, and jumps back in a table",
    "label_components": "chains of equivalent labels, pixel by pixel",
    "lz77": "matches of lengths known at run time, found one after the other",
    "metropolis_pairs": "JAX's generators draw other numbers than NumPy's",
    "nelder_mead": "a dozen ways through a step, with arrays written in each",
    "quicksort": "a stack of ranges, whose depth is a result",
    "random_state_anneal": "JAX's generators draw other numbers than NumPy's",
    "run_length": "arrays whose lengths are known at run time",
    "scipy_fits": "the time is SciPy's",
    "sieve": "arrays whose lengths are known at run time",
    "sigma_clip": "arrays whose lengths are known at run time",
    "topological_order": "a list that is a stack, and a generator",
    "union_find": "chains of parents that are rewritten, one after the other",
    "word_counts": "strings, Counter and formatting",
}

# Programs of which only the result is compared: objects that they leave behind hold more than a peer would keep.
RESULT_ONLY = {"layered_net", "momentum_optimiser"}

# Programs whose results agree less closely, with the reason.
TOLERANCES = {
    "rgb_to_hsv": 1e-2,  # colours on the threshold fall to either side: float32 in another order
    "momentum_optimiser": 1e-2,  # a loss of 1e-23, all rounding
}


def function(system, name):
    """A peer's version of a program, or None where there is none. Raises ImportError if the peer isn't installed."""
    if system == "numba" and name in OWN:
        return own(name, OWN[name])
    for module, names in (NUMBA if system == "numba" else JAX).items():
        if name in names.split():
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    return None


def without(system):
    """The programs that a peer has no version of: {name: why}."""
    return WITHOUT_NUMBA if system == "numba" else WITHOUT_JAX


def names(system):
    """The programs that a peer has a version of."""
    listed = [name for text in (NUMBA if system == "numba" else JAX).values() for name in text.split()]
    return sorted(listed + (list(OWN) if system == "numba" else []))


def own(name, edits):
    """A program's own text, with all its functions compiled by Numba."""
    import types

    import numba

    from tests import programs

    original = programs.load(name)
    module = types.ModuleType(original.__name__)
    exec(compile(edited(name, edits), original.__file__, "exec"), vars(module))
    program = module.PROGRAM.__name__
    for key, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType) and key not in ("make_inputs", "check"):
            setattr(module, key, numba.njit(value))
    return getattr(module, program)


def edited(name, edits):
    """The text of a program with replacements, each of which must be found."""
    from tests import programs

    text = (programs.FOLDER / f"{name}.py").read_text(encoding="utf-8")
    for old, new in edits:
        if old not in text:
            raise LookupError(f"{name}: no {old!r} to replace")
        text = text.replace(old, new)
    return text


# Comparing ---------------------------------------------------------------------------------------------------------


def assert_agree(actual, expected, rtol, path="result"):
    """Assert that values agree to rtol, relative to the largest of an array; kinds and dtypes of numbers may differ."""
    if isinstance(expected, dict):
        assert set(actual) == set(expected), f"{path}: other keys"
        for key, value in expected.items():
            assert_agree(actual[key], value, rtol, f"{path}[{key!r}]")
    elif expected is None or isinstance(expected, str):
        assert actual == expected, f"{path}: {actual!r}, expected {expected!r}"
    elif isinstance(expected, (list, tuple)) and not _numbers(expected):
        assert len(actual) == len(expected), f"{path}: length {len(actual)}, expected {len(expected)}"
        for k, (a, e) in enumerate(zip(actual, expected, strict=True)):
            assert_agree(a, e, rtol, f"{path}[{k}]")
    elif hasattr(expected, "__dict__") and not isinstance(expected, np.ndarray):
        assert_agree(vars(actual), vars(expected), rtol, path)
    else:
        _assert_close(np.asarray(actual), np.asarray(expected), rtol, path)


def _numbers(values):
    return all(isinstance(value, (bool, int, float, complex, np.generic)) for value in values)


def _assert_close(actual, expected, rtol, path):
    assert actual.shape == expected.shape, f"{path}: shape {actual.shape}, expected {expected.shape}"
    if not expected.size:
        return
    if expected.dtype.kind in "biu" and actual.dtype.kind in "biu":
        share = (actual != expected).mean()
        assert share <= (rtol if rtol > 1e-3 else 0), f"{path}: {share:.1%} of the values are others"
        return
    if expected.dtype.kind in "OU":
        assert (actual == expected).all(), f"{path}: other values"
        return
    if expected.dtype.char in "efF":
        rtol = max(rtol, 1e-4)
    if expected.dtype.kind == "c" and expected.ndim == 1:  # roots: equal real parts come in either order
        actual, expected = (a[np.lexsort((a.imag, a.real.round(6)))] for a in (actual, expected))
    finite = np.isfinite(expected)
    scale = np.abs(expected[finite]).max(initial=0.0)
    close = np.isclose(actual, expected, rtol=rtol, atol=rtol * scale, equal_nan=True)
    assert close.all(), f"{path}: {close.size - close.sum()} of {close.size} differ by more than {rtol:g}"
