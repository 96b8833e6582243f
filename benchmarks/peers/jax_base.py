"""What the JAX versions share: doubles, and results as NumPy arrays."""

import functools

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def host(tree):
    """Results as NumPy arrays."""
    return jax.tree.map(np.asarray, tree)


def jit(static=(), donate=()):
    """jax.jit with some arguments, by name, known when it compiles, and the buffers of others given away."""
    return functools.partial(jax.jit, static_argnames=static, donate_argnames=donate)


def scan_last(step, carry, xs=None, length=None):
    """What a scan carries to its end."""
    return jax.lax.scan(lambda c, x: (step(c, x), None), carry, xs, length)[0]
