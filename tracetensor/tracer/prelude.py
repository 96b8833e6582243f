"""Python's built-in functions over iterables, written in Python: interpreted where an argument is traced."""

from __future__ import annotations

# ruff: noqa: ANN001, ANN201, SIM110, D103
# mypy: ignore-errors


def sum_(iterable, start=0):
    total = start
    for item in iterable:
        total = total + item
    return total


def any_(iterable):
    for item in iterable:
        if item:
            return True
    return False


def all_(iterable):
    for item in iterable:
        if not item:
            return False
    return True


def max_(iterable):
    best = iterable[0]
    for item in iterable:
        best = max(best, item)
    return best


def min_(iterable):
    best = iterable[0]
    for item in iterable:
        best = min(best, item)
    return best


def max_by(iterable, key):
    best = iterable[0]
    best_key = key(best)
    for item in iterable:
        value = key(item)
        if value > best_key:
            best, best_key = item, value
    return best


def min_by(iterable, key):
    best = iterable[0]
    best_key = key(best)
    for item in iterable:
        value = key(item)
        if value < best_key:
            best, best_key = item, value
    return best


def map_(function, iterable):
    return [function(item) for item in iterable]


def filter_(function, iterable):
    return [item for item in iterable if function(item)]


def reduce_(function, iterable):
    result = iterable[0]
    for position in range(1, len(iterable)):
        result = function(result, iterable[position])
    return result


def reduce_from(function, iterable, start):
    result = start
    for item in iterable:
        result = function(result, item)
    return result


def prod_(iterable, start=1):
    result = start
    for item in iterable:
        result = result * item
    return result


def list_index(items, value):
    for position, item in enumerate(items):
        if item == value:
            return position
    raise ValueError("list.index(x): x not in list")


def list_count(items, value):
    total = 0
    for item in items:
        if item == value:
            total += 1
    return total
