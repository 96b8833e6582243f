"""Strings that are made of what is known at run time only, traced against plain."""

import collections

import numpy as np

from tests.tracer_table import Table

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1, 2, 0.5, 7])
I = np.array([3, 1, 3, 2, 1, 3])
E = np.array([], dtype=int)
G = np.array([[0, 1], [1, 2], [2, 0], [3, 1], [0, 3]])


@case([17.5])
def hexf(a):
    return a.hex()


@case([3, 2.5])
def fmt(a, b):
    return f"{a:5d}|{b:.3f}|{a!r}|{b:>10.2e}|{a:x}|{a:,}"


@case([3, 2.5])
def pct(a, b):
    return "%d %5.2f %s %r %%" % (a, b, a, b)


@case([3, 2.5])
def fm2(a, b):
    return "{} {:.2f} {x}".format(a, b, x=a)


@case([3, 2.5])
def fmtw(a, b):
    w = 10
    return f"{b:{w}.2f}", f"{a=}", f"{a+b=:.1f}"


@case([W])
def strbuild(x):
    s = ""
    for v in x:
        s += f"{v:.1f},"
    return s


@case([W])
def strjoin(x):
    return ",".join(str(v) for v in x)


@case([W])
def strjoin2(x):
    return " ".join([f"{v:.2f}" for v in x.tolist()])


@case([4])
def strmul(n):
    return "*" * n


@case([4])
def pyramid(n):
    rows = []
    for i in range(n):
        rows.append(" " * (n - i) + "*" * (2 * i + 1))
    return "\n".join(rows)


@case([37], [0], [255])
def binary(n):
    return bin(n), hex(n), oct(n), str(n), len(str(n))


@case([37], [5], [0])
def digits(n):
    return sum(int(c) for c in str(n))


@case([121], [123])
def palin(n):
    return str(n) == str(n)[::-1]


@case([37])
def tobin(n):
    out = ""
    while n > 0:
        out = str(n % 2) + out
        n //= 2
    return out


@case(["hello world"])
def strm(s):
    return s.upper(), s.split(), s.count("o"), s[::-1], s.title(), s.find("w")


@case([W])
def dictcomp(x):
    return {i: v for i, v in enumerate(x)}


@case([W])
def setcomp(x):
    return sorted({int(v) for v in x})


@case([10])
def bytesm(n):
    return n.to_bytes(4, "big"), int.from_bytes(b"\x00\x01", "big")


@case([W])
def try_ret(x):
    try:
        return x[10]
    except IndexError as e:
        return str(e)


@case([W])
def try_key(x):
    d = {"a": 1}
    try:
        return d["b"]
    except KeyError as e:
        return repr(e), e.args


@case(["(a[b]{c})"], ["(]"], ["(("], [""])
def brackets(s):
    pairs = {")": "(", "]": "[", "}": "{"}
    st = []
    for c in s:
        if c in "([{":
            st.append(c)
        elif c in pairs:
            if not st or st.pop() != pairs[c]:
                return False
    return not st


CACHE = {}


@case(["the cat the dog the end"])
def words(s):
    c = {}
    for w in s.split():
        c[w] = c.get(w, 0) + 1
    return c, max(c.items(), key=lambda t: t[1]), collections.Counter(s.split()).most_common(1)


@case([W])
def roman(x):
    out = []
    for v in x:
        n = int(abs(v))
        s = ""
        for val, sym in [(5, "V"), (4, "IV"), (1, "I")]:
            while n >= val:
                s += sym
                n -= val
        out.append(s)
    return out


@case(["hello", 3])
def caesar(s, k):
    return "".join(chr((ord(c) - 97 + k) % 26 + 97) for c in s)


@case([15])
def fizz(n):
    return [
        "FizzBuzz" if i % 15 == 0 else "Fizz" if i % 3 == 0 else "Buzz" if i % 5 == 0 else str(i)
        for i in range(1, n + 1)
    ]


@case([15])
def fizz2(n):
    out = []
    for i in range(1, n + 1):
        s = ""
        if i % 3 == 0:
            s += "Fizz"
        if i % 5 == 0:
            s += "Buzz"
        out.append(s or i)
    return out


test_same = case.test()
