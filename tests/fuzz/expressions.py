"""Random expressions over the locals of a program that is being written.

An *exact* program has only operations whose every bit NumPy defines, so its results are compared bitwise. A *smooth*
program also has sums, products and transcendental functions of floats, whose rounding may differ, and no operation that
turns a rounding error into a jump (comparing, flooring or truncating floats).
"""

import numpy as np

from .kinds import BOOL, FLOAT, HELPERS, INT, Expr, Type, apply, broadcast, less, product, total, views, wordy

UNARY = (  # template, codes of x that it is for
    ("({x} + 1)", "biufc"),
    ("({x} * 2)", "biufc"),
    ("(-{x})", "iufc"),
    ("np.abs({x})", "iuf"),
    ("({x} - 0.5)", "iufc"),
    ("({x} * 0.5)", "biufc"),
    ("np.clip({x}, -3, 3)", "if"),
    ("np.square({x})", "iuf"),
    ("(1 - {x})", "iufc"),
    ("({x} ** 2)", "iuf"),
    ("np.conj({x})", "fc"),
    ("{x}.real", "fc"),
    ("{x}.imag", "c"),
    ("np.negative({x})", "ifc"),
    ("({x} & 3)", "iu"),
    ("({x} ^ 1)", "iu"),
    ("({x} | 2)", "iu"),
    ("({x} << 1)", "iu"),
    ("({x} >> 1)", "iu"),
    ("({x} // 3)", "iu"),
    ("({x} % 3)", "iu"),
    ("(~{x})", "biu"),
    ("({x} > 2)", "biu"),
    ("({x} == 1)", "biu"),
    ("np.logical_not({x})", "biu"),
    ("({x} / 4)", "iuf"),
    ("np.sign({x})", "iu"),
    ("np.where({x}, 1.0, -1.0)", "b"),
    ("(7 - {x} % 5)", "iu"),
    ("abs({x})", "iuf"),
    ("({x} + True)", "biuf"),
)
UNARY_EXACT = (
    ("({x} > 0)", "f"),
    ("({x} <= 0.5)", "f"),
    ("np.sqrt(np.abs({x}))", "f"),
    ("np.floor({x})", "f"),
    ("np.ceil({x})", "f"),
    ("np.sign({x})", "f"),
    ("np.trunc({x})", "f"),
    ("({x} // 2)", "f"),
    ("({x} % 3)", "f"),
    ("np.where({x} > 0, {x}, 0)", "if"),
    ("({x} / 3)", "iuf"),
    ("np.isnan({x})", "f"),
    ("np.rint({x})", "f"),
    ("(1 / (np.abs({x}) + 1))", "if"),
    ("({x} != 0)", "f"),
    ("np.minimum({x}, 1.5)", "f"),
    ("np.maximum({x}, -1)", "f"),
    ("np.signbit({x})", "f"),
)
UNARY_SMOOTH = (
    ("np.sin({x})", "if"),
    ("np.tanh({x})", "if"),
    ("np.exp(np.minimum({x}, 3))", "if"),
    ("np.cos({x})", "if"),
    ("np.sqrt(np.abs({x}) + 1)", "if"),
    ("np.log1p(np.abs({x}))", "if"),
    ("(1 / (1 + {x} * {x}))", "if"),
    ("np.arctan({x})", "f"),
    ("np.log(np.abs({x}) + 2)", "f"),
    ("np.exp(-np.abs({x}))", "f"),
    ("np.maximum({x}, 0)", "f"),
)
BINARY = (
    ("({x} + {y})", "biufc"),
    ("({x} - {y})", "iufc"),
    ("({x} * {y})", "biufc"),
    ("({y} + {x})", "biufc"),
    ("({y} - {x})", "iufc"),
    ("np.maximum({x}, {y})", "iu"),
    ("np.minimum({x}, {y})", "biu"),
    ("({x} & {y})", "biu"),
    ("({x} | {y})", "biu"),
    ("({x} ^ {y})", "biu"),
    ("({x} < {y})", "biu"),
    ("({x} == {y})", "biu"),
    ("({x} >= {y})", "biu"),
    ("({x} // {y})", "iu"),
    ("({x} % {y})", "iu"),
    ("np.add({x}, {y})", "biufc"),
    ("np.multiply({x}, {y})", "biufc"),
    ("np.where({x} > {y}, {x}, {y})", "biu"),
    ("np.logical_and({x}, {y})", "biu"),
    ("np.logical_or({x}, {y})", "biu"),
    ("({x} / (np.abs({y}) + 1))", "biu"),
    ("np.where({x}, {y}, 0)", "b"),
    ("np.subtract({x}, {y})", "iuf"),
    ("({x} * {y} + {x})", "iuf"),
)
BINARY_EXACT = (
    ("({x} < {y})", "f"),
    ("({x} != {y})", "fc"),
    ("(np.maximum({x}, {y}) + 0.0)", "f"),
    ("np.where({x} > {y}, {x}, {y})", "f"),
    ("({x} / (np.abs({y}) + 1))", "f"),
    ("({x} >= {y})", "f"),
    ("np.where({x} != {y}, {y}, -1)", "f"),
    ("({x} / {y})", "f"),
    ("np.where(({x} > 0) & ({y} > 0), {x} - {y}, {y})", "if"),
)
BINARY_SMOOTH = (
    ("({x} / (np.abs({y}) + 1))", "f"),
    ("np.maximum({x}, {y})", "f"),
    ("np.hypot({x}, {y})", "f"),
    ("({x} / (1 + {y} * {y}))", "f"),
    ("({x} * np.sin({y}))", "f"),
    ("np.minimum({x}, {y})", "f"),
    ("np.arctan2({x}, np.abs({y}) + 1)", "f"),
)
CALLS = tuple(
    (f"{name}({', '.join('{' + p + '}' for p in 'xy'[:count])})", name, count)
    for name, (_, count) in HELPERS.items()
)

COPIES = (
    "{x}.copy()",
    "np.array({x})",
    "np.zeros_like({x})",
    "np.ones({x}.shape)",
    "np.full({x}.shape, 2)",
    "np.zeros({x}.shape)",
    "np.full_like({x}, 3)",
    "np.ascontiguousarray({x})",
    "np.empty({x}.shape, dtype=np.int64) * 0",
    "np.zeros({x}.shape, dtype=bool)",
    "np.zeros({x}.shape, {x}.dtype)",
)


class Expressions:
    """What the statements of a program draw on: the locals in scope, and random expressions of them."""

    def __init__(self, choose, smooth: bool, parameters: dict[str, Type]):
        self.choose = choose
        self.smooth = smooth
        self.scope = dict(parameters)
        self.indices: list[str] = []  # loop indices in scope: small ints
        self.calls: list[tuple[str, str, int]] = []  # of the helper functions that the program defines
        self.unary = UNARY + (UNARY_SMOOTH if smooth else UNARY_EXACT)
        self.binary = BINARY + (BINARY_SMOOTH if smooth else BINARY_EXACT)
        self.by_code = {c: [t for t, codes in self.unary if c in codes] for c in "biufc"}
        self.by_code_2 = {c: [t for t, codes in self.binary if c in codes] for c in "biufc"}

    def pick(self, options):
        return options[self.choose(len(options))]

    def chance(self, one_in: int) -> bool:
        return self.choose(one_in) == one_in - 1

    # ------------------------------------------------------------------------------------------ what is in scope

    def named(self, kind: str) -> list[Expr]:
        return [Expr(v, t) for v, t in self.scope.items() if t.kind == kind]

    def arrays(self, ndim: int | None = None) -> list[Expr]:
        return [x for x in self.named("array") if ndim is None or x.type.ndim == ndim]

    def array(self) -> Expr:
        """Some array in scope, the later ones too."""
        found = self.arrays()
        return found[-1 - self.choose(len(found))]

    def matching(self, shape, exact: bool = False) -> list[Expr]:
        """Arrays in scope and their views that have this shape, or (unless exact) broadcast to it."""
        found = []
        for name, t in self.scope.items():
            if t.kind == "array":
                if t.shape == shape or (not exact and broadcast(shape, t.shape) == shape):
                    found.append(Expr(name, t))
                found += [
                    Expr(name + suffix, v)
                    for suffix, v in views(t)
                    if v.shape == shape or (not exact and broadcast(shape, v.shape) == shape)
                ]
        return found

    # ------------------------------------------------------------------------------------------ scalars

    def int(self, depth: int = 1) -> str:
        options = [
            "1",
            *self.indices,
            "n",
            "2",
            *self.indices,
            *[x.text for x in self.named("int")],
            "0",
            "3",
        ]
        kind = self.choose(12) if depth else 0
        if kind < 5:
            return self.pick(options)
        if kind < 7:
            return f"({self.int(0)} + {self.int(depth - 1)})"
        if kind == 7:
            return f"({self.int(depth - 1)} {self.pick(('- 1', '* 2', '% 3', '// 2', '& 1', '- n', '+ n', '% (n + 1)', '** 2 % 7', '<< 1', '>> 1', '^ 1'))})"
        if kind == 8:
            x = self.array().text
            return self.pick((f"len({x})", f"{x}.shape[0]", f"{x}.size", f"{x}.ndim", f"{x}.shape[-1]"))
        if kind == 9:
            return self.pick(
                (
                    f"min({self.int(0)}, {self.int(0)})",
                    f"max({self.int(0)}, {self.int(0)})",
                    f"abs({self.int(0)})",
                    f"(-{self.int(0)})",
                    f"int({self.bool(0)})",
                )
            )
        if kind == 10:
            return f"({self.int(0)} if {self.bool(0)} else {self.int(0)})"
        x = self.element()
        return f"int({x.text})" if x.type.code in "biu" else self.pick(options)

    def float(self, depth: int = 1) -> str:
        options = (
            ["0.5", "2.0", "-1.5"]
            + ["s"] * (self.scope["s"].kind == "float")
            + [x.text for x in self.named("float") if x.text != "s"]
        )
        kind = self.choose(9) if depth else 0
        if kind < 4:
            return self.pick(options)
        if kind == 4:
            return f"({self.float(0)} {self.pick('+-*')} {self.float(depth - 1)})"
        if kind == 5:
            return f"({self.int(0)} {self.pick(('* 0.5', '/ 2', '+ 0.25'))})"
        if kind == 6:
            return self.pick(
                (
                    f"float({self.int(0)})",
                    f"abs({self.float(0)})",
                    f"(-{self.float(0)})",
                    f"({self.float(0)} / 4)",
                )
            )
        if kind == 7:
            x = self.element()
            return f"float({x.text})" if x.type.code != "c" else self.pick(options)
        return f"({self.float(0)} if {self.bool(0)} else {self.float(0)})"

    def bool(self, depth: int = 1) -> str:
        """A condition: of Python's values, or of data."""
        kind = self.choose(12) if depth else self.choose(3)
        if kind < 3:
            return f"{self.int(0)} {self.pick(('>', '<', '==', '!=', '<=', '>='))} {self.int(0)}"
        if kind == 3:
            return f"{self.int(0)} % 2 == {self.pick('01')}"
        if kind in (4, 5):
            x = self.element()
            return (
                f"{x.text} {self.pick(('>', '<=', '!='))} {self.pick(('0', '1', '2'))}"
                if self.jumps(x.type)
                else f"{self.int(0)} > 1"
            )
        if kind == 6:
            found = [x for x in self.arrays() if self.jumps(x.type)]
            if not found:
                return f"{self.int(0)} >= 1"
            return self.pick(("({x} > 1).any()", "np.any({x} < 0)", "({x} >= 0).all()", "{x}.any()")).format(
                x=self.pick(found).text
            )
        if kind == 7:
            return f"len({self.array().text}) > {self.pick('123')}"
        if kind == 8:
            names = [x.text for x in self.named("bool")] + [x.text for x in self.named("int")]
            return self.pick((f"not {self.bool(0)}", self.pick(names)))
        if kind == 9:
            return f"({self.bool(0)}) {self.pick(('and', 'or'))} ({self.bool(depth - 1)})"
        if kind == 10:
            return f"0 {self.pick(('<', '<='))} {self.int(0)} < {self.int(0)}"
        return (
            "s > 0.5"
            if not self.smooth or (self.scope["s"].kind == "float" and self.parameter("s"))
            else "n > 2"
        )

    def parameter(self, name: str) -> bool:
        """Is the name still what the caller gave? Then it carries no rounding error."""
        return name in self.untouched

    untouched: frozenset[str] = frozenset()

    def jumps(self, t: Type) -> bool:
        """May a value of this type be compared, floored or truncated?"""
        return t.code in "biu" or (t.code == "f" and not self.smooth)

    def element(self) -> Expr:
        """A NumPy scalar: an element of an array, or a reduction of it."""
        x = self.array()
        if x.type.ndim and self.choose(3) == 2:
            return self.reduced(x)
        if x.type.ndim == 0:
            return Expr(x.text + "[()]", x.type._replace(kind="scalar"))
        if self.indices and self.choose(2):
            index = [
                self.pick(("{0}", "{0} % len({1})", "-1 - {0}", "{0} - 1")).format(
                    self.pick(self.indices), x.text
                )
            ]
        else:
            index = [self.pick(("0", "-1", "0", "1", "n % len(" + x.text + ")"))]
        index += [self.pick(("0", "-1")) for _ in x.type.shape[1:]]
        return Expr(f"{x.text}[{', '.join(index)}]", x.type._replace(kind="scalar", shape=()))

    def reduced(self, x: Expr) -> Expr:
        options = [
            "{x}.max()",
            "{x}.min()",
            "{x}.sum()",
            "{x}.any()",
            "np.all({x})",
            "np.sum({x})",
            "{x}.prod()",
        ]
        if x.type.code == "f":
            options = (
                [
                    "{x}.sum()",
                    "{x}.mean()",
                    "np.mean({x} * {x})",
                    "({x} ** 2).sum()",
                    "np.max({x})",
                    "{x}.std()",
                ]
                if self.smooth
                else [
                    "({x}.max() + 0.0)",
                    "({x}.min() + 0.0)",
                    "{x}.argmax()",
                    "{x}.any()",
                    "np.argmin({x})",
                    "({x} > 0).sum()",
                ]
            )
        elif x.type.code == "c":
            options = ["{x}.sum()"] if self.smooth else ["{x}.any()", "{x}.real.any()"]
        return apply(self.pick(options), x, shape=()) or Expr(f"{x.text}.any()", Type("scalar", "bool"))

    def scalar(self) -> Expr:
        """Any scalar."""
        kind = self.choose(8)
        if kind < 3:
            return Expr(self.int(), INT)
        if kind < 5:
            return Expr(self.float(), FLOAT)
        if kind == 5:
            found = self.named("scalar")
            return self.pick(found) if found else self.element()
        return self.element()

    # ------------------------------------------------------------------------------------------ arrays

    def base(self, grows: bool = True) -> Expr:
        """An array made in one step from what is in scope; `grows` allows it to be larger than what it is made of."""
        x = self.array()
        kind = self.choose(16)
        t = x.type
        if kind < 4:
            return x
        if kind < 7 or t.ndim == 0:
            return self.view(x)
        if kind == 7:
            return apply(self.pick(COPIES), x, shape=t.shape) or x
        if kind == 8:
            return self.along_axis(x) or x
        if kind == 9:
            return self.gathered(x)
        if kind == 10:
            return self.product(x) or x
        if not grows or wordy(t.shape):
            return self.view(x)
        if kind == 11:
            return self.joined(x) or x
        if kind == 12:
            return self.masked(x)
        if kind == 13:
            return self.rearranged(x) or x
        if kind == 14:
            length = self.pick(
                (
                    f"np.arange(len({x.text}))",
                    f"np.arange({x.text}.shape[0]) * 0.5",
                    f"np.ones({x.text}.shape[:1])",
                )
            )
            return Expr(
                length,
                Type(
                    "array",
                    "int64" if length.endswith("))") and "arange" in length else "float64",
                    t.shape[:1],
                ),
            )
        if t.ndim == 1:
            return apply("({x}[:, None] * {x}[None, :])", x, shape=(t.shape[0], t.shape[0])) or x
        return apply("{x}.sum(axis=0)", x, shape=t.shape[1:]) if t.code in "biu" else self.view(x)

    def view(self, x: Expr) -> Expr:
        suffix, t = self.pick(views(x.type))
        return Expr(x.text + suffix, t)

    def along_axis(self, x: Expr) -> Expr | None:
        t = x.type
        axis = self.choose(t.ndim)
        rest = t.shape[:axis] + t.shape[axis + 1 :]
        kept = t.shape[:axis] + (1,) + t.shape[axis + 1 :]
        shorter = t.shape[:axis] + (less(t.shape[axis], 1),) + t.shape[axis + 1 :]
        options = (
            [
                ("np.diff({x}, axis=AXIS)", shorter),
                ("np.flip({x}, axis=AXIS)", t.shape),
                ("({x} != 0).sum(axis=AXIS)", rest),
                ("np.roll({x}, 1, axis=AXIS)", t.shape),
                ("np.any({x}, axis=AXIS)", rest),
                ("np.sort({x}, axis=AXIS)", t.shape),
            ]
            if self.jumps(t) and t.code != "b"
            else [("np.flip({x}, axis=AXIS)", t.shape)]
        )
        if t.code in "biu" or self.smooth:
            options += [
                ("{x}.sum(axis=AXIS)", rest),
                ("np.cumsum({x}, axis=AXIS)", t.shape),
                ("{x}.sum(axis=AXIS, keepdims=True)", kept),
            ]
        if t.code in "biu":
            options += [
                ("{x}.max(axis=AXIS)", rest),
                ("np.min({x}, axis=AXIS, keepdims=True)", kept),
                ("{x}.argmax(axis=AXIS)", rest),
            ]
        elif t.code == "f":
            options += [
                ("({x}.max(axis=AXIS) + 0.0)", rest),
                ("(np.min({x}, axis=AXIS, keepdims=True) + 0.0)", kept),
            ]
            if self.smooth:
                options += [("{x}.mean(axis=AXIS)", rest), ("np.var({x}, axis=AXIS)", rest)]
        template, shape = self.pick(options)
        return apply(template.replace("AXIS", self.pick((str(axis), str(axis - t.ndim)))), x, shape=shape)

    def gathered(self, x: Expr) -> Expr:
        t = x.type
        if t.ndim > 2:
            return self.view(x)
        if t.ndim == 1 and self.choose(3) == 2:
            return self.along(x)
        index = [i for i in self.matching_ints() if broadcast((), i.type.shape) is not None]
        if index and self.choose(2):
            i = self.pick(index)
            if i.type.ndim + t.ndim - 1 <= 3:
                return Expr(
                    f"{x.text}[{i.text} % len({x.text})]", t._replace(shape=i.type.shape + t.shape[1:])
                )
        if t.ndim == 2 and self.choose(2):
            return self.pick(
                (
                    Expr(f"{x.text}[[0, -1], [0, 0]]", t._replace(shape=(2,))),
                    Expr(f"{x.text}[:, [0, -1, 0]]", t._replace(shape=(t.shape[0], 3))),
                    Expr(f"{x.text}[0, [0, 0]]", t._replace(shape=(2,))),
                )
            )
        return self.pick(
            (
                Expr(f"{x.text}[[0, -1]]", t._replace(shape=(2, *t.shape[1:]))),
                Expr(f"np.take({x.text}, [0, 0, -1], axis=0)", t._replace(shape=(3, *t.shape[1:]))),
                Expr(f"{x.text}[np.array([[0], [-1]])]", t._replace(shape=(2, 1, *t.shape[1:]))),
            )
        )

    def along(self, x: Expr) -> Expr:
        """A slice whose bounds are Python ints of the program."""
        i = self.pick(self.indices + ["n"])
        text = self.pick(
            ("{x}[{i}:]", "{x}[:{i}]", "{x}[{i}:{i} + 2]", "{x}[::-1][:{i}]", "{x}[-{i}:]", "{x}[::{i} + 1]")
        ).format(x=x.text, i=i)
        return Expr(text, x.type._replace(shape=(self.fresh(), *x.type.shape[1:])))

    def matching_ints(self) -> list[Expr]:
        return [x for x in self.arrays() if x.type.code == "i" and 0 < x.type.ndim < 3]

    _fresh = 0

    def fresh(self) -> str:
        """A dim that equals no other."""
        self._fresh += 1
        return f"?{self._fresh}"

    def product(self, x: Expr) -> Expr | None:
        t = x.type
        if not (self.smooth or t.code in "iu"):
            return None
        if t.ndim == 1:
            other = [y for y in self.matching(t.shape, exact=True) if y.type.code in "iu" or self.smooth]
            square = [
                m
                for m in self.arrays(2)
                if m.type.shape[1] == t.shape[0] and (m.type.code in "iu" or self.smooth)
            ]
            if square and self.choose(2):
                m = self.pick(square)
                return apply(self.pick(("({y} @ {x})", "np.dot({y}, {x})")), x, m, shape=m.type.shape[:1])
            y = self.pick(other)
            return (
                apply("(np.dot({x}, {y}) * {x})", x, y, shape=t.shape)
                if broadcast((), y.type.shape)
                else None
            )
        if t.ndim == 2:
            return self.pick(
                (
                    apply("({x} @ {x}.T)", x, shape=(t.shape[0],) * 2),
                    apply("np.dot({x}.T, {x})", x, shape=(t.shape[1],) * 2),
                )
            )
        return None

    def joined(self, x: Expr) -> Expr | None:
        t = x.type
        y = self.pick(self.matching(t.shape, exact=True))
        kind = self.choose(5)
        if kind == 0:
            return apply(
                "np.concatenate([{x}, {y}])", x, y, shape=(total(t.shape[0], y.type.shape[0]), *t.shape[1:])
            )
        if kind == 1 and t.ndim < 3:
            return apply("np.stack([{x}, {y}])", x, y, shape=(2, *t.shape))
        if kind == 2 and t.ndim < 3:
            return apply("np.stack(({x}, {y}), axis=-1)", x, y, shape=(*t.shape, 2))
        if kind == 3 and t.ndim < 3:
            return apply("np.array([{x}, {y}, {x}])", x, y, shape=(3, *t.shape))
        axis = t.ndim - 1
        return apply(
            f"np.concatenate(({{x}}, {{y}}), axis={axis})",
            x,
            y,
            shape=(*t.shape[:-1], total(t.shape[-1], t.shape[-1])),
        )

    def masked(self, x: Expr) -> Expr:
        t = x.type
        masks = [m for m in self.arrays() if m.type.code == "b" and m.type.shape == t.shape]
        if masks and self.choose(2):
            return Expr(f"{x.text}[{self.pick(masks).text}]", t._replace(shape=(self.fresh(),)))
        y = self.pick([m for m in self.matching(t.shape, exact=True) if self.jumps(m.type)] or [None])
        if y is None:
            return x
        return self.pick(
            (
                Expr(f"{x.text}[{y.text} > 0]", t._replace(shape=(self.fresh(),))),
                Expr(f"np.nonzero({y.text})[0]", Type("array", "int64", (self.fresh(),))),
                Expr(f"{x.text}[({y.text} != 0) & ({y.text} < 3)]", t._replace(shape=(self.fresh(),))),
                Expr(f"np.where({y.text} > 0, {x.text}, {y.text})", y.type._replace(dtype=t.dtype))
                if t.dtype == y.type.dtype
                else x,
            )
        )

    def rearranged(self, x: Expr) -> Expr | None:
        t = x.type
        whole = (product(t.shape),)
        options = [
            ("{x}.reshape({x}.shape[::-1])", t.shape[::-1]),
            ("{x}.flatten()", whole),
            ("np.tile({x}, 2)", (*t.shape[:-1], total(t.shape[-1], t.shape[-1]))),
            ("np.transpose({x})", t.shape[::-1]),
            ("{x}.reshape(1, -1)", (1, *whole)),
            ("np.repeat({x}, 2, axis=0)", (total(t.shape[0], t.shape[0]), *t.shape[1:])),
            ("np.ravel({x})", whole),
            ("np.asarray({x})", t.shape),
            ("{x}.T.copy()", t.shape[::-1]),
        ]
        if t.ndim == 2:
            options += [
                ("np.swapaxes({x}, 0, 1)[::-1]", t.shape[::-1]),
                ("np.vstack([{x}, {x}[:1]])", (total(t.shape[0], 1), t.shape[1])),
            ]
        template, shape = self.pick(options)
        return apply(template, x, shape=shape)

    def operand(self, shape) -> Expr:
        """Something that broadcasts into the shape: mostly an array."""
        if self.choose(3):
            found = self.matching(shape)
            if found:
                return self.pick(found)
        return self.scalar()

    def grow(self, x: Expr, most: int = 3) -> Expr:
        """Apply elementwise operations; the shape stays."""
        shape = x.type.shape
        for _ in range(most):
            kind = self.choose(5)
            if kind == 0:
                break
            code = x.type.code
            if kind < 3:
                y = self.operand(shape)
                code = max(code, y.type.code, key="biufc".index)
                new = apply(self.pick(self.by_code_2[code]), x, y)
            elif self.calls and self.choose(3) == 2:
                template, _, count = self.pick(self.calls)
                new = apply(template, x, *([self.operand(shape)] if count == 2 else []))
            else:
                new = apply(self.pick(self.by_code[code]), x)
            if new is not None and new.type.shape == shape and len(new.text) < 200:
                x = new
        return x

    def cast(self, x: Expr, dtype: str) -> Expr | None:
        """x with another dtype, guarded where C leaves the conversion undefined; None where a smooth program must not cast."""
        if x.type.dtype == dtype:
            return x
        code = Type("array", dtype).code
        text = x.text
        if code in "biu":
            if not self.jumps(x.type):
                return None
            if code == "b":
                text = f"({text} != 0)"
                return Expr(text, x.type._replace(dtype="bool", kind="array" if x.type.ndim else "scalar"))
            if x.type.code == "f":
                text = f"np.where(np.abs({text}) < 100, {'np.abs(' + text + ')' if code == 'u' else text}, 0)"
        elif code == "f" and x.type.code == "c":
            text = f"{text}.real"
        return Expr(
            f"{text}.astype(np.{dtype})",
            x.type._replace(dtype=dtype, kind="array" if x.type.ndim else "scalar"),
        )

    def fitting(self, t: Type, grow: int = 2) -> Expr | None:
        """An array expression of exactly this type."""
        found = self.matching(t.shape, exact=True)
        if not found:
            return None
        x = self.grow(self.pick(found), grow)
        if x.type.kind not in ("array", "scalar"):
            return None
        return self.cast(x, t.dtype)

    def value_for(self, t: Type, dtype: str) -> Expr | None:
        """What may be written into a place of this shape and dtype: it broadcasts, and casts by "same_kind"."""
        kind = self.choose(5)
        if kind == 0:
            return Expr(self.int(), INT) if Type("array", dtype).code in "iufc" else Expr(self.bool(), BOOL)
        if kind == 1 and Type("array", dtype).code in "fc":
            return Expr(self.float(), FLOAT)
        found = self.matching(t.shape)
        x = self.grow(self.pick(found), 3) if found else self.scalar()
        if x.type.kind in ("int", "float", "bool"):
            return x if "biufc".index(x.type.code) <= "biufc".index(Type("array", dtype).code) else None
        return x if np.can_cast(x.type.dtype, dtype, "same_kind") else self.cast(x, dtype)
