"""Functions and classes as people write them beside the program that calls them, and ways to call each."""

from typing import NamedTuple


class Helper(NamedTuple):
    """source: of the module level. calls: (template, type of the result), as in `templates`. jumps: it compares floats."""

    source: str
    calls: tuple[tuple[str, str], ...]
    jumps: bool = True


HELPERS = (
    Helper(
        """def clamp(x, low=-1.0, high=2.0):
    if x < low:
        return low
    if x > high:
        return high
    return x
""",
        (("clamp({e})", "number"), ("clamp({f}, high={f2})", "number"), ("clamp({i}, 0, 3)", "number")),
    ),
    Helper(
        """def factorial(k):
    return 1 if k <= 1 else k * factorial(k - 1)
""",
        (("factorial(n)", "int"), ("factorial(3)", "int"), ("factorial({i} % 5)", "int")),
        False,
    ),
    Helper(
        """def power(x, k):
    if k == 0:
        return 1
    half = power(x, k // 2)
    return half * half * x if k % 2 else half * half
""",
        (("power({f}, n)", "number"), ("power({i}, 3)", "int"), ("power(2, {i} % 7)", "int")),
        False,
    ),
    Helper(
        """def halves(x, depth):
    if depth == 0 or len(x) < 2:
        return x.copy()
    k = len(x) // 2
    return np.concatenate([halves(x[k:], depth - 1), halves(x[:k], depth - 1)])
""",
        (("halves({v}, 2)", "vector"), ("halves({v}, 1)", "vector")),
        False,
    ),
    Helper(
        """def norm(x):
    total = 0.0
    for v in x:
        total += abs(v) ** 2
    return total**0.5
""",
        (("norm({v})", "number"),),
    ),
    Helper(
        """def split(x, k=1):
    return x[:k], x[k:]
""",
        (("split({v})[0]", "vector"), ("split({v}, n)[1]", "vector"), ("split({v}, k={i})", "any")),
        False,
    ),
    Helper(
        """def ratio(x, y):
    try:
        return x / y
    except ZeroDivisionError:
        return 0.0
""",
        (("ratio({i}, {i2})", "float"), ("ratio({f}, {i})", "number")),
        False,
    ),
    Helper(
        """def positive(x, name="x"):
    if x <= 0:
        raise ValueError(f"{name} is {x}, not positive")
    return x
""",
        (
            ("positive({i})", "int"),
            ("positive({e}, 'element')", "number"),
            ("positive({i}, name='i')", "int"),
        ),
    ),
    Helper(
        """def first_above(x, level):
    for i, v in enumerate(x):
        if v > level:
            return i
    return None
""",
        (("first_above({v}, 1)", "any"), ("first_above({v}, {i})", "any")),
    ),
    Helper(
        """def adder(k):
    def add(x):
        return x + k

    return add
""",
        (("adder({i})({x})", "same x"), ("adder({x})({i})", "same x"), ("adder({f})({i})", "number")),
        False,
    ),
    Helper(
        """def twice_over(f, x):
    return f(f(x))
""",
        (
            ("twice_over(lambda q: q + 1, {x})", "same x"),
            ("twice_over(lambda q: q * {i}, {i2})", "int"),
            ("twice_over(np.abs, {v})", "any"),
        ),
        False,
    ),
    Helper(
        """def pairs(x):
    for i in range(len(x) - 1):
        yield x[i], x[i + 1]
""",
        (
            ("[p - q for p, q in pairs({g})]", "any"),
            ("sum(p * q for p, q in pairs({g}))", "any"),
            ("max([p + 0 * q for p, q in pairs({g})])", "any"),
        ),
        False,
    ),
    Helper(
        """def odd(limit):
    i = 0
    while True:
        i += 1
        if i >= limit:
            return
        if i % 2 == 0:
            continue
        yield i
""",
        (("list(odd(n))", "any"), ("sum(odd(n + 3))", "int"), ("[k * k for k in odd(6)]", "any")),
        False,
    ),
    Helper(
        """def running(x, start=0):
    total = start
    for v in x:
        total = total + v
        yield total
""",
        (("list(running({g}))", "any"), ("np.array(list(running({g}, 1)))", "any")),
        False,
    ),
    Helper(
        """def weighted(*args, scale=1, **options):
    total = 0
    for v in args:
        total = total + v * scale
    return total + options.get("offset", 0)
""",
        (
            ("weighted({i}, {i2})", "int"),
            ("weighted({x}, {x}, scale={i})", "same x"),
            ("weighted({f}, {i}, offset=1)", "float"),
            ("weighted(*[{i}, 2], scale=3)", "int"),
        ),
        False,
    ),
    Helper(
        """def bump_all(x, by=1):
    x += by
    return x
""",
        (("bump_all({x})", "same x"), ("bump_all({v}[1:])", "vector"), ("bump_all({x}, by=2)", "same x")),
        False,
    ),
    Helper(
        """def raise_to(x, level):
    count = 0
    for i in range(len(x)):
        if x[i] < level:
            x[i] = level
            count += 1
    return count
""",
        (("raise_to({v}, 0)", "int"), ("raise_to({v}, 1)", "int")),
    ),
    Helper(
        """def scaled_by_max(x):
    m = x.max()
    if m == 0:
        return x
    return x / m
""",
        (("scaled_by_max({v})", "vector float64"), ("scaled_by_max({x} * 1.0)", "any")),
    ),
    Helper(
        """def gcd(p, q):
    while q:
        p, q = q, p % q
    return p
""",
        (("gcd({i}, {i2})", "int"), ("gcd(12, n)", "int")),
        False,
    ),
    Helper(
        """def collatz(k):
    steps = 0
    while k != 1 and steps < 20:
        k = k // 2 if k % 2 == 0 else 3 * k + 1
        steps += 1
    return steps
""",
        (("collatz(n)", "int"), ("collatz({i})", "int")),
        False,
    ),
    Helper(
        """def search(x, v):
    low, high = 0, len(x)
    while low < high:
        middle = (low + high) // 2
        if x[middle] < v:
            low = middle + 1
        else:
            high = middle
    return low
""",
        (("search({v}, {i})", "int"), ("search(np.sort({v}), {f})", "int")),
    ),
    Helper(
        """def tally(x):
    counts = {"low": 0, "high": 0}
    for v in x:
        counts["high" if v > 0 else "low"] += 1
    return counts
""",
        (("tally({v})", "any"), ("tally({v})['high']", "int")),
    ),
    Helper(
        """def extremes(x):
    if len(x) == 0:
        return None
    low = high = x[0]
    for v in x[1:]:
        if v < low:
            low = v
        elif v > high:
            high = v
    return low, high
""",
        (("extremes({v})", "any"),),
    ),
    Helper(
        """class Mean:
    def __init__(self, start=0.0):
        self.total = start
        self.count = 0

    def add(self, v):
        self.total = self.total + v
        self.count += 1
        return self

    @property
    def value(self):
        return self.total / self.count
""",
        (
            ("Mean().add({f}).add({i}).value", "number"),
            ("Mean({i}).add({v}).total", "any"),
            ("Mean().value", "any"),
        ),
        False,
    ),
    Helper(
        """class Grid:
    def __init__(self, cells):
        self.cells = cells

    def __len__(self):
        return len(self.cells)

    def __getitem__(self, k):
        return self.cells[k]

    def __setitem__(self, k, v):
        self.cells[k] = v

    def __add__(self, other):
        return Grid(self.cells + other)
""",
        (
            ("Grid({v})[{i}]", "any"),
            ("(Grid({v}) + {i}).cells", "vector"),
            ("len(Grid({v}))", "int"),
        ),
        False,
    ),
    Helper(
        """class TooLarge(ValueError):
    def __init__(self, value, limit):
        super().__init__(f"{value} > {limit}")
        self.value = value


def limited(v, limit=2):
    if v > limit:
        raise TooLarge(v, limit)
    return v
""",
        (("limited({i})", "int"), ("limited({e})", "number"), ("limited({i}, limit=n)", "int")),
    ),
)
