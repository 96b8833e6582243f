"""Random programs: a loop that does a few operations to arrays that it carries, and arguments for it."""

import numpy as np

DTYPES = "?bBhHiIlLfd"
CARRIED = ("x", "y", "z")
SHAPES = {
    1: [(5,), (4,), (1,), (0,), (17,), (300,), (1200,)],
    2: [(3, 4), (4, 3), (1, 5), (5, 1), (1, 1), (0, 3), (3, 0), (9, 17), (40, 30)],
    3: [(2, 3, 4), (1, 3, 1), (2, 0, 3), (4, 1, 2)],
}
UNARY = [
    "-{}",
    "abs({})",
    "np.sqrt({})",
    "np.exp({})",
    "np.logical_not({})",
    "np.square({})",
    "np.floor({})",
    "np.sign({})",
]
BINARY = ["{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} // {}", "{} % {}", "{} < {}", "{} == {}", "{} & {}", "{} | {}",
          "np.maximum({}, {})", "np.minimum({}, {})", "{} >= {}", "np.logical_and({}, {})", "np.hypot({}, {})"]  # fmt: skip
REDUCTIONS = ["sum", "prod", "max", "min", "mean", "argmax", "argmin", "any", "all"]
SLICES = [":", "::-1", "1:", ":-1", "::2", "::-2", "1:3", "k:", ":k", "-2:", "-1::-1", "5:1:-1", "0:0"]
ITEMS = ["0", "-1", "k", "-k - 1", "1"]


class Writer:
    """Makes the lines of a program, and runs them on examples, so that most of what it makes is no error.

    pick: chooses one of a sequence.
    """

    def __init__(self, pick, names):
        self.pick, self.names = pick, dict(names)
        self.lines = []
        self.count = 0

    def arrays(self, test=lambda a: True):
        """Names of arrays of which this holds."""
        return [
            name
            for name, a in self.names.items()
            if isinstance(a, np.ndarray) and name not in {"idx", "m"} and test(a)
        ]

    def index(self, a):
        """A basic index."""
        entries = [self.pick([*SLICES, *SLICES, *ITEMS]) for _ in range(self.pick(range(1, a.ndim + 1)))]
        if self.pick(range(8)) == 0:
            entries.insert(self.pick(range(len(entries) + 1)), self.pick(["None", "..."]))
        return ", ".join(entries)

    def operand(self):
        """An array, a view of one, or a number."""
        kind = self.pick(["name"] * 4 + ["view"] * 2 + ["number"])
        if kind == "number":
            return self.pick(["2", "-1.5", "True", "k", "s", "np.float32(0.5)", "np.int8(3)"])
        name = self.pick(self.arrays())
        return (
            name if kind == "name" or not self.names[name].ndim else f"{name}[{self.index(self.names[name])}]"
        )

    def axis(self, a):
        """Options of a reduction."""
        options = self.pick(
            ["", "", "axis=0", "axis=-1", "axis=1", "axis=None", "axis=(0, 1)", "keepdims=True"]
        )
        return options + (
            ", keepdims=True" if options.startswith("axis=") and not self.pick(range(3)) else ""
        )

    def expression(self):
        """An array or number made from others."""
        kind = self.pick(
            ["binary"] * 4 + ["unary"] * 2 + ["view"] * 3 + ["transpose", "where", "cast", "clip", "copy", "filled", "full", "arange"]
            + ["reshape"] * 2 + ["take"] * 3 + ["mask"] * 2 + ["nonzero"] + ["reduce"] * 5 + ["product", "like"]
        )  # fmt: skip
        name = self.pick(self.arrays())
        a = self.names[name]
        if kind == "binary":
            return self.pick(BINARY).format(self.operand(), name)
        if kind == "unary":
            return self.pick(UNARY).format(self.operand())
        if kind == "view":
            return f"{name}[{self.index(a)}]"
        if kind == "transpose":
            return self.pick([f"{name}.T", f"np.transpose({name})", f"np.swapaxes({name}, 0, -1)"])
        if kind == "where":
            return f"np.where({self.operand()}, {name}, {self.operand()})"
        if kind == "cast":
            return f"{name}.astype({self.pick(DTYPES)!r})"
        if kind == "clip":
            return f"np.clip({name}, {self.pick([-1, 0])}, {self.pick([2, 3])})"
        if kind == "copy":
            return self.pick([f"{name}.copy()", f"np.array({name})"])
        if kind == "filled":
            dims = ", ".join([self.pick(["k", "3", f"len({name})", "1"]) for _ in range(self.pick([1, 2]))])
            return f"np.{self.pick(['zeros', 'ones'])}(({dims},), {self.pick(DTYPES)!r})"
        if kind == "full":
            return f"np.full({self.pick(['3', '(k, 2)', '(2,)'])}, {self.pick(['s', 'k', '1.5', 'True'])})"
        if kind == "arange":
            return f"np.arange({self.pick(['k', '5', 'k, 4', '7, k, -2', 'k, 9, 3', '0.5, 3'])})"
        if kind == "reshape":
            shape = self.pick(["-1", "1, -1", "-1, 1", "2, -1", "-1, 3", f"{a.size}", "(3, 4)"])
            return self.pick([f"{name}.reshape({shape})", f"{name}.ravel()"])
        if kind == "take":
            return f"{self.pick([name, f'{name}[::-1]', f'{name}[1:]'])}[idx{self.pick(['', ' + 0', ' - 1', '[::-1]'])}]"
        if kind == "mask":
            return self.pick([f"{name}[m]", f"{name}[{name} > {self.pick(['0', 'k', 's'])}]"])
        if kind == "nonzero":
            return f"np.nonzero({name})[0]"
        if kind == "reduce":
            return f"{self.pick([name, name, f'{name}.T', f'{name}[::-1]', f'{name}[::2]'])}.{self.pick(REDUCTIONS)}({self.axis(a)})"
        if kind == "product":
            other = self.pick(self.arrays())
            return self.pick([f"{name} @ {other}", f"np.dot({name}, {other})"])
        return f"np.{self.pick(['zeros', 'ones'])}_like({name})"

    def statement(self):
        """A line."""
        kind = self.pick(
            ["new"] * 6
            + ["write"] * 3
            + ["update"] * 2
            + ["scatter"] * 2
            + ["carry"] * 3
            + ["swap", "number", "alias"]
        )
        name = self.pick(self.arrays())
        a = self.names[name]
        if kind == "new":
            self.count += 1
            return f"t{self.count} = {self.expression()}"
        if kind == "write":
            return f"{name}[{self.index(a)}] = {self.operand()}"
        if kind == "update":
            target = self.pick([name, f"{name}[{self.index(a)}]"])
            return f"{target} {self.pick(['+=', '-=', '*=', '/=', '//=', '&='])} {self.operand()}"
        if kind == "scatter":
            index = self.pick(["idx", "m", "idx - 1", f"{name} > 1", "idx[:2]"])
            return f"{self.pick([name, f'{name}[::-1]'])}[{index}] {self.pick(['=', '=', '+='])} {self.operand()}"
        if kind == "carry":
            return f"{self.pick(CARRIED)} = {self.pick([self.expression(), self.operand()])}"
        if kind == "swap":
            one, other = self.pick(CARRIED), self.pick(CARRIED)
            return f"{one}, {other} = {other}, {one}"
        if kind == "alias":
            self.count += 1
            return f"t{self.count} = {name}"
        return f"s = s * 0.5 + float({name}.{self.pick(['sum', 'max', 'mean', 'min'])}())"

    def add(self, wrong):
        """Try a line; keep it if it is no error, or if errors are wanted, and carries keep their kind."""
        line = self.statement()
        before = dict(self.names)
        copies = {name: a.copy(order="K") for name, a in before.items() if isinstance(a, np.ndarray)}
        try:
            with np.errstate(all="ignore"):
                exec(line, {"np": np}, self.names)
        except Exception:
            if wrong:
                self.lines.append(line)
            good = False
        else:
            good = all(
                type(self.names[c]) is type(before[c])
                and (self.names[c].ndim, self.names[c].dtype) == (before[c].ndim, before[c].dtype)
                for c in CARRIED
            ) and all(
                not isinstance(a, np.ndarray) or (1 <= a.ndim <= 3 and a.dtype.char in DTYPES)
                for a in self.names.values()
            )
        if good:
            self.lines.append(line)
            return
        self.names = before
        for name, a in copies.items():
            if before[name].flags.writeable:
                before[name][...] = a


def arguments(pick, kinds):
    """Arguments of these kinds, (dtype, rank) each, in any layout."""
    arrays = []
    shapes = {rank: pick(choice) for rank, choice in SHAPES.items()}
    for char, rank in kinds:
        shape = shapes[rank]
        seed = pick(range(50))
        rng = np.random.default_rng(seed)
        values = (
            rng.normal(size=shape) * 3
            if char in "fd"
            else rng.integers(0 if char in "?BHIL" else -4, 5, shape)
        )
        a = values.astype(char)
        if char in "fd" and a.size and pick(range(4)) == 0:
            a.flat[:: max(a.size // 3, 1)] = pick([0.0, -0.0, np.nan, np.inf])
        layout = pick(["C", "C", "F", "backwards", "spread", "row"])
        if layout == "F":
            a = np.asfortranarray(a)
        elif layout == "backwards":
            a = a[::-1]
        elif layout == "spread":
            a = np.repeat(a, 2, axis=-1)[..., ::2]
        elif layout == "row" and rank > 1 and a.shape[0]:
            a = np.broadcast_to(a[:1], shape).copy() if pick([0, 1]) else a[:, ::-1]
        arrays.append(a)
    length = len(arrays[0])
    rng = np.random.default_rng(pick(range(50)))
    most = pick([length, length, length, length + 1])
    idx = rng.integers(-most, most, pick([3, 3, 1, 0])) if most else np.zeros(0, np.int64)
    m = rng.integers(0, 2, pick([length, length, length, 4])) > 0
    return [*arrays, idx, m, pick([3, 3, 4, 1])]


def make_program(pick):
    """(text, calls): a function f(x, y, z, idx, m, n), and lists of arguments for it."""
    kinds = [(pick(DTYPES), pick([1, 1, 2, 2, 3])) for _ in CARRIED]
    if pick([0, 1]):
        kinds[1] = kinds[0]
    calls = [arguments(pick, kinds) for _ in range(3)]
    example = [a.copy(order="K") if isinstance(a, np.ndarray) else a for a in calls[0]]
    names = dict(zip(("x", "y", "z", "idx", "m"), example, strict=False)) | {"k": 1, "s": 0.5}
    writer = Writer(pick, names)
    for _ in range(pick([3, 5, 8, 12])):
        writer.add(wrong=pick(range(40)) == 0)
    shown = sorted(name for name in writer.names if name.startswith("t") and name[1:].isdigit())
    shown = [name for name in shown if any(line.startswith(f"{name} =") for line in writer.lines)]
    kept = [f"out.append({pick(shown)} * 2)"] if shown and pick(range(3)) == 0 else []
    body = [f"        {line}" for line in [*writer.lines, *kept]]
    text = [
        "import numpy as np",
        "",
        "def f(x, y, z, idx, m, n):",
        "    s = 0.5",
        "    out = []",
        "    for k in range(n):",
    ]
    return "\n".join([*text, *(body or ["        pass"]), "    return x, y, z, s, out", ""]), calls
