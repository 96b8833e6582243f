import numpy as np


def make_table(poly=0xEDB88320):
    table = np.zeros(256, dtype=np.uint32)
    for i in range(256):
        c = i
        for _ in range(8):
            if c & 1:
                c = (c >> 1) ^ poly
            else:
                c >>= 1
        table[i] = c
    return table


def crc32(data, value=0):
    table = make_table()
    crc = value ^ 0xFFFFFFFF
    for byte in data:
        crc = int(table[(crc ^ int(byte)) & 0xFF]) ^ (crc >> 8)
    return int(crc) ^ 0xFFFFFFFF


# --- how the test-suite calls it
PROGRAM = crc32
SIZES = (0, 9, 2000)
BENCH = 30000
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(45).integers(0, 256, size, dtype=np.uint8),), {}


def check(result, before, after):
    import zlib
    assert result == zlib.crc32(before[0].tobytes()) and type(result) is int
