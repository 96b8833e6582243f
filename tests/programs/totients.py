import math

import numpy as np


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def modpow(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def totients(n):
    """Euler's phi below n by counting, checked against Euler's theorem, and the lcm of all that fits in 50 bits."""
    phi = np.zeros(n, dtype=np.int64)
    for m in range(1, n):
        count = 0
        for k in range(1, m + 1):
            if gcd(k, m) == 1:
                count += 1
        phi[m] = count
    holds = all([modpow(2, int(phi[m]), m) == 1 % m for m in range(1, n, 2)])
    lcm = 1
    last = 1
    for m in range(2, n):
        bigger = lcm // math.gcd(lcm, m) * m
        if bigger >= 2 ** 50:
            break
        lcm, last = bigger, m
    return phi, holds, lcm, last


# --- how the test-suite calls it
PROGRAM = totients
SIZES = (1, 7, 60)
BENCH = 300
SCAN = True


def make_inputs(size):
    return (size,), {}


def check(result, before, after):
    phi, holds, lcm, last = result
    assert phi.tolist() == [sum(math.gcd(k, m) == 1 for k in range(1, m + 1)) for m in range(before[0])]
    assert holds is True and lcm == math.lcm(*range(1, last + 1))
