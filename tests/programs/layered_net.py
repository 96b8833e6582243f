import numpy as np


class Layer:
    def __init__(self, rng, n_in, n_out):
        self.w = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = np.zeros(n_out)
        self.input = None

    def forward(self, x):
        self.input = x
        return x @ self.w + self.b

    def backward(self, grad, rate):
        back = grad @ self.w.T
        self.w -= rate * self.input.T @ grad
        self.b = self.b - rate * grad.sum(axis=0)
        return back


class Tanh:
    output = None

    def forward(self, x):
        self.output = np.tanh(x)
        return self.output

    def backward(self, grad, rate):
        return grad * (1 - self.output**2)


class Net:
    def __init__(self, sizes, rate):
        rng = np.random.default_rng(5)
        self.layers = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:]):
            self.layers += [Layer(rng, n_in, n_out), Tanh()]
        self.layers.pop()
        self.rate = rate
        self.epochs = 0

    def __call__(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def train(self, x, y):
        error = self(x) - y
        grad = 2 * error / len(x)
        for layer in reversed(self.layers):
            grad = layer.backward(grad, self.rate)
        self.epochs += 1
        return (error**2).mean()


def train(net, x, y, epochs):
    """Train a small network by gradient descent; its layers keep weights and activations."""
    loss = net.train(x, y)
    for _ in range(epochs - 1):
        loss = net.train(x, y)
    return loss


# --- how the test-suite calls it
PROGRAM = train
SIZES = ((2, (1, 1), 1), (10, (2, 5, 1), 5), (50, (3, 8, 8, 2), 40))
BENCH = (100, (4, 16, 16, 2), 60)
SCAN = False
EXACT = False


def make_inputs(size):
    n, sizes, epochs = size
    rng = np.random.default_rng(6)
    x = rng.normal(size=(n, sizes[0]))
    return (Net(sizes, 0.05), x, np.sin(x.sum(axis=1, keepdims=True) * np.ones(sizes[-1])), epochs), {}


def check(result, args, after):
    assert after[0].epochs == args[3]
