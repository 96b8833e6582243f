"""Python's built-in functions over iterables, written in Python: interpreted where an argument is traced."""

from __future__ import annotations

import operator

from tracetensor.errors import Fallback

# ruff: noqa: ANN001, ANN002, ANN201, SIM110, D103
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


def same_or_equal(item, value):
    """How containers compare; traced by `Operations.same_or_equal`."""
    return item is value or item == value


def contains_(iterable, value):
    for item in iterable:
        if same_or_equal(item, value):
            return True
    return False


def map_(function, iterable):
    for item in iterable:
        yield function(item)


def starmap_(function, iterable):
    for item in iterable:
        yield function(*item)


def filter_(function, iterable):
    for item in iterable:
        if function(item):
            yield item


def filter_true(function, iterable):
    for item in iterable:
        if item:
            yield item


def enumerate_(iterable, start=0):
    position = start
    for item in iterable:
        yield position, item
        position = position + 1


def zip_first(iterable, after):
    position = 0
    for item in iterable:
        if position >= len(after):
            return
        yield (item, *after[position])
        position = position + 1


def zip_last(before, iterable):
    # Python asks one after the other: what comes before must have an item before `iterable` is asked for one.
    if len(before) <= 0:
        return
    position = 0
    for item in iterable:
        yield (*before[position], item)
        position = position + 1
        if position >= len(before):
            return


def zip_between(before, iterable, after):
    if len(before) <= 0:
        return
    position = 0
    for item in iterable:
        if position >= len(after):
            return
        yield (*before[position], item, *after[position])
        position = position + 1
        if position >= len(before):
            return


def zip_strict(zipped, lengths):
    yield from zipped
    least = min(lengths)
    for k, n in enumerate(lengths):
        before = "argument 1" if k == 1 else f"arguments 1-{k}"
        if k and n == least and all(m != least for m in lengths[:k]):
            raise ValueError(f"zip() argument {k + 1} is shorter than {before}")
        if k and n != least and all(m == least for m in lengths[:k]):
            raise ValueError(f"zip() argument {k + 1} is longer than {before}")


def iter_until(function, sentinel):
    while True:
        value = function()
        if value == sentinel:
            return
        yield value


def reduce_lazy(function, iterable):
    found, result = False, None
    for item in iterable:
        if found:
            result = function(result, item)
        else:
            result = item
            found = True
    if not found:
        raise TypeError("reduce() of empty iterable with no initial value")
    return result


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
        if same_or_equal(item, value):
            return position
    raise ValueError("list.index(x): x not in list")


def list_remove(items, value):
    found = -1
    for position, item in enumerate(items):
        if same_or_equal(item, value):
            found = position
            break
    if found < 0:
        raise ValueError("list.remove(x): x not in list")
    items.pop(found)


def list_delete(items, index):
    if index < -len(items) or index >= len(items):
        raise IndexError("list assignment index out of range")
    items.pop(index)


def list_count(items, value):
    total = 0
    for item in items:
        if same_or_equal(item, value):
            total += 1
    return total


def nothing():
    pass


def chain_(*iterables):
    for iterable in iterables:
        yield from iterable


def chain_from(iterables):
    for iterable in iterables:
        yield from iterable


def accumulate_(iterable, func=operator.add, *, initial=None):
    found = False
    if initial is not None:
        total = initial
        found = True
        yield total
    for item in iterable:
        if found:
            total = func(total, item)
        else:
            total = item
            found = True
        yield total


def takewhile_(predicate, iterable):
    for item in iterable:
        if not predicate(item):
            return
        yield item


def dropwhile_(predicate, iterable):
    dropping = True
    for item in iterable:
        if dropping and predicate(item):
            continue
        dropping = False
        yield item


def filterfalse_(predicate, iterable):
    for item in iterable:
        if not (item if predicate is None else predicate(item)):
            yield item


def compress_(pairs):
    for item, selected in pairs:
        if selected:
            yield item


def pairwise_(iterable):
    found, before = False, None
    for item in iterable:
        if found:
            yield before, item
        before = item
        found = True


def islice_(iterator, start, stop, step):
    position = 0
    wanted = start
    if stop is not None and stop <= 0:
        return
    for item in iterator:
        if position == wanted and (stop is None or position < stop):
            yield item
            wanted = wanted + step
        position = position + 1
        if stop is not None and position >= stop:
            return


def count_(start, step):
    value = start
    while True:
        yield value
        value = value + step


def cycle_(iterable):
    saved = []
    for item in iterable:
        yield item
        saved.append(item)
    while saved:
        yield from saved


def combinations_(pool, size, start=0, chosen=()):
    if size == 0:
        yield chosen
        return
    for position in range(start, len(pool)):
        yield from combinations_(pool, size - 1, position + 1, (*chosen, pool[position]))


def combinations_again(pool, size, start=0, chosen=()):
    if size == 0:
        yield chosen
        return
    for position in range(start, len(pool)):
        yield from combinations_again(pool, size - 1, position, (*chosen, pool[position]))


def permutations_(pool, size, taken=(), chosen=()):
    if size == 0:
        yield chosen
        return
    for position in range(len(pool)):
        if position not in taken:
            yield from permutations_(pool, size - 1, (*taken, position), (*chosen, pool[position]))


def groupby_(items, keys):
    start = 0
    while start < len(keys):
        current = keys[start]
        stop = start + 1
        while stop < len(keys) and keys[stop] == current:
            stop += 1
        group = iter(items[start:stop])
        yield current, group
        for _ in group:  # once the next group is asked for, this one is empty
            pass
        start = stop


def keys_of(items, key):
    return [key(item) for item in items]


def check_flat(index, size):
    if index >= size or index < -size:
        raise IndexError(f"index {index} is out of bounds for size {size}")


def nested_list(array):
    return [row.tolist() for row in array]


def append_all(store, iterable):
    for item in iterable:
        store.append(item)


def append_left_all(store, iterable):
    for item in iterable:
        store.appendleft(item)


def add_all(store, iterable):
    for item in iterable:
        store.add(item)


def set_all(store, pairs):
    for key, value in pairs:
        store[key] = value


def dict_get(store, key, default):
    return store[key] if key in store else default  # noqa: SIM401 - this is what get() is


def dict_setdefault(store, key, default):
    if key not in store:
        store[key] = default
    return store[key]


def dict_pop(store, key, default):
    return store.pop(key) if key in store else default


def new_list(label):
    """A list that is a store, one of those of this label."""
    return []


def arrange(items, keys, reverse):
    """Sort a list by the keys of its items."""
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=reverse)
    items[:] = [items[k] for k in order]


def sort_store(items, key, reverse):
    keys = new_list("keys")
    for item in items:
        keys.append(key(item))
    arrange(items, keys, reverse)


def sorted_store(iterable, key, reverse):
    items = new_list("items")
    for item in iterable:
        items.append(item)
    if key is None:
        items.sort(reverse=reverse)
    else:
        sort_store(items, key, reverse)
    return items


def nlargest_(count, iterable, key):
    return sorted_store(iterable, key, True)[: max(count, 0)]


def nsmallest_(count, iterable, key):
    return sorted_store(iterable, key, False)[: max(count, 0)]


def closing_(thing):
    try:
        yield thing
    finally:
        thing.close()


def structure(tree, name, *args):
    """tree.name(*args) of a value of a registered class: done on its structure while tracing."""
    raise Fallback("a value of a registered class is handed to code that is not traced")


def tree_compared(tree):
    """Comparisons of such values."""
    return structure(tree, "__eq__")


def tree_keys(self):
    return structure(self, "keys")


def tree_getitem(self, key):
    return structure(self, "__getitem__", key)


def tree_setitem(self, key, value):
    structure(self, "__setitem__", key, value)


def tree_delitem(self, key):
    structure(self, "__delitem__", key)


def tree_len(self):
    return structure(self, "__len__")


def tree_iter(self):
    return structure(self, "__iter__")


def tree_contains(self, value):
    return structure(self, "__contains__", value)


def tree_add(self, other):
    return structure(self, "__add__", other)


def tree_radd(self, other):
    return structure(self, "__radd__", other)


def tree_iadd(self, other):
    return structure(self, "__iadd__", other)


def tree_mul(self, other):
    return structure(self, "__mul__", other)


def tree_rmul(self, other):
    return structure(self, "__rmul__", other)


def tree_or(self, other):
    return structure(self, "__or__", other)


def tree_ror(self, other):
    return structure(self, "__ror__", other)


def tree_ior(self, other):
    return structure(self, "__ior__", other)


def tree_bool(self):
    return structure(self, "__bool__")


def tree_equal(self, other):
    return tree_compared(self)
