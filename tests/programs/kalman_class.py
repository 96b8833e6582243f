import numpy as np


class Kalman:
    """A filter with a state of its own, that refuses measurements which cannot be."""

    def __init__(self, position, noise):
        self.x = np.array([position, 0.0])
        self.P = np.eye(2)
        self.noise = noise
        self.refused = 0
        self.log = []

    @property
    def speed(self):
        return float(self.x[1])

    def predict(self, dt):
        F = np.array([[1.0, dt], [0.0, 1.0]])
        self.x = F @ self.x
        self.P = F @ self.P @ F.T + 0.01 * np.eye(2)

    def update(self, z):
        S = self.P[0, 0] + self.noise
        residual = z - self.x[0]
        if residual**2 > 25 * S:
            raise ValueError(f"measurement {z:.1f} is {residual:.1f} off")
        K = self.P[:, 0] / S
        self.x = self.x + K * residual
        self.P = self.P - np.outer(K, self.P[0])


def track(measurements, dt):
    f = Kalman(measurements[0], 0.5)
    path = []
    for z in measurements:
        f.predict(dt)
        try:
            f.update(z)
        except ValueError as error:
            f.refused += 1
            f.log.append(str(error))
        path.append((f.x[0], f.speed))
    return np.array(path), f.refused, f.log


# --- how the test-suite calls it
PROGRAM = track
SIZES = (1, 8, 60)
BENCH = 400
EXACT = False
RTOL = 1e-10
SCAN = True


def make_inputs(size):
    z = 0.3 * np.arange(size) + 0.2 * np.random.default_rng(5).normal(size=size)
    z[size // 2 :: 7] += 40.0
    return (z, 0.1), {}


def check(result, before, after):
    path, refused, log = result
    assert len(path) == len(before[0]) and refused == len(log)
