import numpy as np


def primes_below(n):
    if n < 3:
        return np.array([], dtype=np.int64)
    is_prime = np.ones(n, dtype=bool)
    is_prime[:2] = False
    p = 2
    while p * p < n:
        if is_prime[p]:
            is_prime[p * p::p] = False
        p += 1
    return np.flatnonzero(is_prime)


def goldbach(n):
    """Primes below n; and for each even number below n the number of ways as a sum of two of them."""
    primes = primes_below(n)
    ways = np.zeros(n, dtype=np.int32)
    for i, p in enumerate(primes):
        q = primes[i:]
        q = q[q < n - p]
        ways[p + q] += 1
    return primes, ways[4::2]


# --- how the test-suite calls it
PROGRAM = goldbach
SIZES = (2, 30, 2000)
BENCH = 10000
SCAN = True


def make_inputs(size):
    return (size,), {}


def check(result, before, after):
    primes, ways = result
    n, = before
    ok = [k for k in range(2, n) if all(k % d for d in range(2, int(k ** 0.5) + 1))]
    assert primes.tolist() == ok
    if n <= 30:
        assert ways.tolist() == [sum(1 for p in ok if p <= e - p and e - p in ok) for e in range(4, n, 2)]
    assert (ways > 0).all()
