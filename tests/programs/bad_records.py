import numpy as np


def decoded(record):
    """Station, time and value of one record, which is checked."""
    station, hour, minute, raw, checksum = record
    if (station + hour + minute + raw) % 256 != checksum:
        raise ValueError(f"checksum of station {station}: {checksum}")
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise ValueError(f"time {hour}:{minute}")
    return station, int(60 * hour + minute), 100 / int(raw)


def table(records, stations):
    """Sums by station of all good records; the bad ones are counted by what is wrong with them."""
    sums, counts = np.zeros(stations), np.zeros(stations, dtype=int)
    malformed, unknown, dead, late = 0, 0, 0, []
    for record in records:
        try:
            station, time, value = decoded(record)
        except ValueError:
            malformed += 1
            continue
        except ZeroDivisionError:
            dead += 1
            continue
        try:
            sums[station] += value
            counts[station] += 1
        except IndexError:
            unknown += 1
        else:
            if time > 1200:
                late.append(time)
        finally:
            malformed += 0
    return sums, counts, (malformed, unknown, dead), late


# --- how the test-suite calls it
PROGRAM = table
SIZES = (1, 30, 400)
BENCH = 5000
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(size)
    records = np.empty((size, 5), dtype=int)
    records[:, :4] = rng.integers(0, [9, 26, 60, 5], (size, 4))
    records[:, 4] = (records[:, :4].sum(axis=1) + (rng.random(size) < 0.1)) % 256
    return (records, 7), {}


def check(result, before, after):
    sums, counts, (malformed, unknown, dead), _ = result
    assert counts.sum() + malformed + unknown + dead == len(before[0])
    assert (sums > 0).sum() == (counts > 0).sum()
