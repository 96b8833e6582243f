import numpy as np


def conv2d(x, w, b, stride=1, pad=0):
    c_out, c_in, kh, kw = w.shape
    if pad > 0:
        x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    _, h, wd = x.shape
    oh = (h - kh) // stride + 1
    ow = (wd - kw) // stride + 1
    y = np.zeros((c_out, oh, ow), dtype=x.dtype)
    for o in range(c_out):
        for i in range(oh):
            for j in range(ow):
                patch = x[:, i * stride:i * stride + kh, j * stride:j * stride + kw]
                y[o, i, j] = np.sum(patch * w[o]) + b[o]
    return y


def max_pool(x, k=2):
    c, h, w = x.shape
    out = np.full((c, h // k, w // k), -np.inf, dtype=x.dtype)
    for i in range(k):
        for j in range(k):
            np.maximum(out, x[:, i:h // k * k:k, j:w // k * k:k], out=out)
    return out


def forward(image, layers, classes):
    """A small convolutional network, layer by layer; layers is a list of dicts."""
    x = image
    for layer in layers:
        x = conv2d(x, layer["w"], layer["b"], stride=layer["stride"], pad=1)
        x[x < 0] *= np.float32(0.01)                       # leaky
        if layer["pool"]:
            x = max_pool(x)
    features = x.mean(axis=(1, 2))
    logits = classes @ features
    logits -= logits.max()
    p = np.exp(logits)
    return p / p.sum()


# --- how the test-suite calls it
PROGRAM = forward
SIZES = ((1, 4, 5), (2, 8, 7), (3, 16, 14))
BENCH = (3, 28, 24)
SCAN = True
EXACT = False
RTOL = 1e-5


def make_inputs(size):
    c, h, w = size
    rng = np.random.default_rng(40)

    def normal(*shape):
        return (0.3 * rng.standard_normal(shape)).astype(np.float32)

    layers = [
        {"w": normal(4, c, 3, 3), "b": normal(4), "stride": 1, "pool": True},
        {"w": normal(5, 4, 3, 3), "b": normal(5), "stride": 2, "pool": False},
    ]
    return (normal(c, h, w), layers, normal(6, 5)), {}


def check(result, before, after):
    from scipy.signal import correlate
    image, layers, classes = before
    x = image.astype(float)
    for layer in layers:
        x = np.stack([correlate(np.pad(x, ((0, 0), (1, 1), (1, 1))), w, mode="valid")[0] + b
                      for w, b in zip(layer["w"].astype(float), layer["b"])])
        x = x[:, ::layer["stride"], ::layer["stride"]]
        x = np.where(x < 0, 0.01 * x, x)
        if layer["pool"]:
            c, h, w = x.shape
            x = x[:, :h // 2 * 2, :w // 2 * 2].reshape(c, h // 2, 2, w // 2, 2).max(axis=(2, 4))
    z = np.exp(classes.astype(float) @ x.mean(axis=(1, 2)))
    assert result.dtype == np.float32 and np.allclose(result, z / z.sum(), rtol=1e-3)
