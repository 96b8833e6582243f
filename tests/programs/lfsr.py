import numpy as np


def berlekamp_massey(s):
    """The shortest linear-feedback shift register that makes the bits s."""
    n = s.size
    c = np.zeros(n + 1, dtype=np.uint8)
    b = np.zeros(n + 1, dtype=np.uint8)
    c[0] = b[0] = 1
    length, m = 0, -1
    for i in range(n):
        d = s[i]
        for j in range(1, length + 1):
            d ^= c[j] & s[i - j]
        if d == 1:
            t = c.copy()
            shift = i - m
            c[shift:] ^= b[:n + 1 - shift]
            if 2 * length <= i:
                length = i + 1 - length
                m = i
                b = t
    return length, c[:length + 1]


def lfsr(taps, register, count):
    """Bits of a Fibonacci register held in an int."""
    width = register.bit_length()
    out = np.zeros(count, dtype=np.uint8)
    for i in range(count):
        out[i] = register & 1
        feedback = 0
        for t in taps:
            feedback ^= register >> t & 1
        register = register >> 1 | feedback << width - 1
    return out


def analyse(taps, register, count):
    bits = lfsr(taps, register, count)
    length, poly = berlekamp_massey(bits)
    runs = np.flatnonzero(np.diff(bits)) if count > 1 else np.array([], dtype=np.intp)
    return bits, length, poly, len(runs)


# --- how the test-suite calls it
PROGRAM = analyse
SIZES = (1, 12, 80)
BENCH = 3000
SCAN = True


def make_inputs(size):
    return ((0, 2, 3, 5), 0b1011010011001010, size), {}


def check(result, before, after):
    bits, length, poly, runs = result
    for i in range(length, len(bits)):
        assert bits[i] == np.bitwise_and(poly[1:], bits[i - length:i][::-1]).sum() % 2
    if len(bits) >= 80:
        assert length == 16
