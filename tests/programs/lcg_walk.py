import numpy as np


class Generator:
    """A linear congruential generator (the constants of Numerical Recipes)."""

    MULTIPLIER = 1664525
    INCREMENT = 1013904223

    def __init__(self, seed):
        self.state = seed % 2**32

    def next(self):
        self.state = (self.MULTIPLIER * self.state + self.INCREMENT) % 2**32
        return self.state / 2**32


class Walker:
    def __init__(self, generator, size):
        self.generator = generator
        self.position = 0
        self.turns = 0
        self.visits = np.zeros(2 * size + 1, dtype=int)
        self.size = size

    def step(self):
        move = 1 if self.generator.next() < 0.5 else -1
        if abs(self.position + move) > self.size:
            self.turns += 1
            move = -move
        self.position += move
        self.visits[self.position + self.size] += 1


def walk(walker, steps):
    """A random walk between two walls; the walker and its generator go on where they were left."""
    start = walker.position
    for _ in range(steps):
        walker.step()
    return walker.position - start, walker.turns


# --- how the test-suite calls it
PROGRAM = walk
SIZES = ((1, 3), (3, 40), (5, 2000))
BENCH = (10, 20000)
SCAN = True
EXACT = True


def make_inputs(size):
    width, steps = size
    return (Walker(Generator(12345), width), steps), {}


def check(result, args, after):
    assert after[0].visits.sum() == args[1]
