import math

import numpy as np


class DoublePendulum:
    """Semi-implicit Euler, with what is constant worked out when the object is made."""

    def __init__(self, l1=1.0, l2=0.8, m1=1.0, m2=0.7, g=9.81, friction=None):
        self.lengths = (l1, l2)
        self.masses = np.array([m1, m2])
        self.g = g
        self.friction = friction

    @property
    def total_mass(self):
        return self.masses.sum()

    def forces(self, a, w):
        l1, l2 = self.lengths
        m2 = self.masses[1]
        M = self.total_mass
        delta = a[0] - a[1]
        c, s = math.cos(delta), math.sin(delta)
        den = M - m2 * c * c
        f1 = -m2 * l2 * w[1] ** 2 * s - M * self.g * math.sin(a[0])
        f2 = l1 * w[0] ** 2 * s - self.g * math.sin(a[1])
        acc = np.array([(f1 - m2 * c * f2) / (l1 * den), (M * f2 - c * f1) / (l2 * den)])
        if self.friction is not None:
            acc -= self.friction * w
        return acc

    def simulate(self, angles, dt, steps, flips=True):
        """Angles over time, in (-pi, pi]; and how often each arm went over the top."""
        a = np.array(angles, dtype=float)
        w = np.zeros(2)
        out = np.zeros((steps, 2))
        over = [0, 0]
        for i in range(steps):
            w += dt * self.forces(a, w)
            a += dt * w
            if flips:
                for k in range(2):
                    if a[k] > math.pi:
                        a[k] -= 2 * math.pi
                        over[k] += 1
                    elif a[k] <= -math.pi:
                        a[k] += 2 * math.pi
                        over[k] += 1
            out[i] = a
        return out, tuple(over)


# --- how the test-suite calls it
PROGRAM = DoublePendulum(friction=0.05).simulate
SIZES = (1, 5, 200)
BENCH = 2000
SCAN = True


def make_inputs(size):
    return ((3.0, 2.0), 0.005, size), {}


def check(result, before, after):
    out, over = result
    assert np.abs(out).max() <= math.pi and type(over[0]) is int
