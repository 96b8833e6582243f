import numpy as np


def run(codes, values):
    """A stack machine for postfix formulas, by patterns on the code and on the top of the stack."""
    stack = []
    errors = 0
    for code, value in zip(codes, values):
        match code:
            case 0:
                stack.append(value)
            case 1 | 2 | 3 if len(stack) >= 2:
                b = stack.pop()
                a = stack.pop()
                match code:
                    case 1:
                        stack.append(a + b)
                    case 2:
                        stack.append(a - b)
                    case _:
                        stack.append(a * b)
            case 4 if len(stack) > 0:
                stack[-1] = -stack[-1]
            case _:
                errors += 1
    total = 0.0
    for item in stack:
        total += item
    return total, len(stack), errors


# --- how the test-suite calls it
PROGRAM = run
SIZES = (1, 15, 300)
BENCH = 20000
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(4)
    codes = rng.choice(6, size, p=[0.45, 0.15, 0.15, 0.1, 0.1, 0.05])
    return (codes, rng.uniform(-1.0, 1.0, size).round(3)), {}


def check(result, before, after):
    total, left, errors = result
    codes = before[0]
    assert 0 <= errors <= np.sum(codes != 0)
    assert left <= np.sum(codes == 0)
    assert np.isfinite(total)
