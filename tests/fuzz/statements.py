"""Random programs: statements over `Expressions`, in families, and the source text of a whole program."""

import dataclasses

import numpy as np

from . import passages
from .expressions import CALLS, Expressions
from .inputs import Choose, inputs, signature
from .kinds import BOOL, FLOAT, HELPERS, INT, Expr, Type, apply, less, views

LOCALS = ("u", "v", "w", "x", "y", "z", "p", "q", "r", "t")
COUNTERS = ("i", "j", "k", "m")
DEPTH = 3


@dataclasses.dataclass(frozen=True)
class Program:
    source: str  # of a module that defines program(a, b, n, s)
    inputs: list[str]  # per call: statements that bind a, b, n, s
    smooth: bool  # rounding may differ


class Writer(Expressions):
    """Writes the body of one program, line by line."""

    def __init__(self, choose: Choose, family: str, smooth: bool, parameters: dict[str, Type]):
        super().__init__(choose, smooth, parameters)
        self.family = family
        self.lines: list[str] = []
        self.module: list[str] = []  # helper functions beside the program
        self.extras: list[str] = []  # names to return of which nothing is known
        self.indent = 1
        self.frozen = set() if choose(4) == 3 else {"n"}  # never assigned: loop bounds and indices
        self.untouched = frozenset({"s"})
        self.loops = 0
        self.bumps = False
        self.budget = 22
        self.weights = STATEMENTS[family]

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def bind(self, name: str, t: Type) -> None:
        self.scope.pop(name, None)  # the latest binding comes last: `array` prefers it
        self.scope[name] = t
        if name == "s":
            self.untouched = frozenset()

    def target(self, t: Type) -> str:
        """A name to bind: a new one, or (outside loops, where types may change) one in use."""
        unused = [v for v in LOCALS if v not in self.scope]
        if self.loops or (unused and self.choose(4) < 3):
            return unused[0] if unused else "spare"
        mine = (
            (*LOCALS, "a", "b") if t.kind == "array" else LOCALS
        )  # a and b stay arrays: there is always one
        return self.pick([v for v in mine if v in self.scope and v not in self.frozen] or ["spare"])

    # ------------------------------------------------------------------------------------------ statements on names

    def assign(self) -> None:
        x = self.grow(self.base(grows=not self.loops), 3)
        name = self.target(x.type)
        self.emit(f"{name} = {x.text}")
        self.bind(name, x.type)

    def assign_scalar(self) -> None:
        x = self.pick((self.scalar, self.scalar, lambda: Expr(f"bool({self.bool()})", BOOL)))()
        name = self.target(x.type)
        self.emit(f"{name} = {x.text}")
        self.bind(name, x.type)

    def alias(self) -> None:
        x = self.array()
        if self.choose(3):
            x = self.view(x)
            if x.type.ndim and self.choose(4) == 3:
                x = self.view(x)
        name = self.target(x.type)
        self.emit(f"{name} = {x.text}")
        self.bind(name, x.type)
        if self.choose(2):
            self.write_to(name)

    def rebind(self) -> None:
        """Assign a value of the same type to a name in use: a carried variable, in a loop."""
        names = [v for v, t in self.scope.items() if v not in self.frozen and t.kind != "list"]
        if not names:
            return self.assign()
        name = names[-1 - self.choose(len(names))]
        t = self.scope[name]
        if t.kind == "int":
            text = self.pick((f"{name} + {self.int(0)}", f"{name} * 2 % 11", f"{self.int()}", f"{name} - 1"))
        elif t.kind == "float":
            text = self.pick((f"{name} * 0.5", f"{name} + {self.float(0)}", self.float()))
        elif t.kind == "bool":
            text = self.pick((f"not {name}", f"bool({self.bool()})"))
        elif t.kind == "scalar":
            x = self.grow(Expr(name, t), 2)
            x = x if x.type == t else Expr(f"{name} + {name}", t)
            text = x.text
        else:
            x = self.fitting(t)
            text = x.text if x else name
        self.emit(f"{name} = {text}")
        self.bind(name, t)

    def augment(self) -> None:
        """`name += value`, of a Python scalar, a NumPy scalar or an array."""
        names = [v for v, t in self.scope.items() if v not in self.frozen and t.kind != "list"]
        if not names:
            return self.assign()
        name = names[-1 - self.choose(len(names))]
        t = self.scope[name]
        if t.kind == "array":
            return self.write_in_place(Expr(name, t), whole=True)
        self.bind(name, t)
        if t.kind == "int":
            self.emit(
                f"{name} {self.pick(('+=', '-=', '+=', '%=', '//=', '^='))} {self.pick((self.int(0), '3', '2'))}"
            )
            return None
        if t.kind == "float":
            self.emit(f"{name} {self.pick(('+=', '-=', '*='))} {self.float()}")
            return None
        if t.kind == "bool":
            self.emit(f"{name} = {name} {self.pick(('and', 'or'))} {self.bool(0)}")
            self.bind(name, BOOL)
            return None
        x = self.scalar()
        new = apply("({x} + {y})", Expr(name, t), x)
        self.emit(f"{name} += {x.text}")
        self.bind(name, new.type if new else t)
        return None

    def swap(self) -> None:
        arrays = self.arrays()
        pairs = [
            (x.text, y.text)
            for x in arrays
            for y in arrays
            if x.text < y.text and x.type == y.type and not {x.text, y.text} & self.frozen
        ]
        if not pairs:
            return self.rebind()
        x, y = self.pick(pairs)
        self.emit(f"{x}, {y} = {y}, {x}")
        return None

    def tuple_assign(self) -> None:
        x, y = self.grow(self.base(grows=False), 1), self.scalar()
        names = [v for v in LOCALS if v not in self.scope][:2]
        if len(names) < 2:
            return self.rebind()
        if self.chance(3):
            self.emit(f"{names[0]} = {names[1]} = {x.text}")
            y = x
        else:
            self.emit(f"{names[0]}, {names[1]} = {x.text}, {y.text}")
        self.bind(names[0], x.type)
        self.bind(names[1], y.type)
        return None

    def change_type(self) -> None:
        """Bind a name in use to something of another type, in whatever block this is."""
        names = [v for v in self.scope if v in LOCALS and v not in self.frozen]
        if not names:
            return self.assign()
        name = self.pick(names)
        t = self.scope[name]
        if t.kind == "array" and t.ndim:
            suffix, new = self.pick(views(t)[:9]) if t.ndim == 1 else self.pick(views(t)[:7])
            self.emit(f"{name} = {name}{suffix}")
            self.bind(name, new)
        elif t.kind in ("int", "float", "scalar"):
            x = self.scalar()
            self.emit(f"{name} = {x.text}")
            self.bind(name, x.type)
        return None

    # ------------------------------------------------------------------------------------------ writes

    def write(self) -> None:
        self.write_to(self.array().text)

    def write_to(self, name: str) -> None:
        x = Expr(name, self.scope[name])
        kind = self.choose(10)
        if x.type.ndim == 0 or kind < 4:
            self.write_in_place(x, whole=False)
        elif kind < 6:
            self.write_element(x)
        elif kind == 6:
            self.write_fancy(x)
        elif kind == 7:
            self.write_masked(x)
        else:
            self.write_out(x)

    def place(self, x: Expr, whole: bool) -> Expr:
        """A view of x, or a view of a view, spelt so that it can be assigned to."""
        suffix = ""
        t = x.type
        for _ in range(1 + self.chance(3)):
            if t.ndim and not whole:
                more, t = self.pick(views(t))
                suffix += more
        if not whole and (not suffix.endswith("]") or not suffix):
            suffix += "[...]" if t.ndim == 0 else self.pick(("[...]", "[:]"))
        return Expr(x.text + suffix, t)

    def operators(self, dtype: str) -> tuple[str, ...]:
        code = np.dtype(dtype).kind
        if code == "b":
            return "&=", "|=", "^="
        if code in "iu":
            return "+=", "-=", "*=", "+=", "&=", "|=", "^=", "//=", "%=", "<<="
        return ("+=", "-=", "*=", "+=", "/=") if code == "f" and not self.smooth else ("+=", "-=", "*=")

    def write_in_place(self, x: Expr, whole: bool) -> None:
        at = self.place(x, whole)
        operator = "=" if not whole and self.choose(2) == 0 else self.pick(self.operators(x.type.dtype))
        if operator == "<<=":
            value = Expr("1", INT)
        elif operator == "=":
            value = self.value_for(at.type, x.type.dtype)
        else:
            value = self.value_for(at.type, x.type.dtype)
            if operator[0] in "&|^" and value and value.type.code not in "biu":
                value = None
        if value is None:
            value = Expr("True" if x.type.code == "b" else "2", INT)
        self.emit(f"{at.text} {operator} {value.text}")

    def write_element(self, x: Expr) -> None:
        index = []
        for d in range(x.type.ndim):
            if self.indices and self.choose(2):
                index.append(
                    self.pick(("{0}", "{0} % {1}.shape[{2}]", "-1 - {0}", "{0} - 1")).format(
                        self.pick(self.indices), x.text, d
                    )
                )
            else:
                index.append(self.pick(("0", "-1", "1", "n % {1}.shape[{2}]")).format("", x.text, d))
        at = Expr(f"{x.text}[{', '.join(index)}]", x.type._replace(shape=()))
        value = self.value_for(at.type, x.type.dtype)
        if value is None or value.type.ndim:
            value = Expr("1", INT)
        operator = "=" if self.choose(2) == 0 else self.pick(self.operators(x.type.dtype)[:3])
        if operator[0] in "&|^" and value.type.code not in "biu":
            value = Expr("1", INT)
        self.emit(f"{at.text} {operator} {value.text}")

    def write_fancy(self, x: Expr) -> None:
        t = x.type
        options = [("[[0, -1]]", (2, *t.shape[1:])), ("[np.array([0, -1, 0])]", (3, *t.shape[1:]))]
        options += [
            (f"[{i.text} % len({x.text})]", i.type.shape + t.shape[1:])
            for i in self.matching_ints()
            if i.type.ndim + t.ndim < 5
        ]
        if t.ndim == 2:
            options += [
                ("[:, [0, -1]]", (t.shape[0], 2)),
                ("[[0, -1], [-1, 0]]", (2,)),
                ("[[0, -1], 0]", (2,)),
                ("[[0], 1:]", (1, less(t.shape[1], 1))),
            ]
        suffix, shape = self.pick(options)
        value = self.value_for(t._replace(shape=shape), t.dtype)
        operator = "=" if self.choose(2) == 0 else self.pick(self.operators(t.dtype)[:3])
        if value is None or (operator[0] in "&|^" and value.type.code not in "biu"):
            value = Expr("1", INT)
        self.emit(f"{x.text}{suffix} {operator} {value.text}")

    def write_masked(self, x: Expr) -> None:
        found = [m for m in self.matching(x.type.shape, exact=True) if self.jumps(m.type)]
        if not found:
            return self.write_in_place(x, whole=False)
        m = self.pick(found)
        # A mask that is a view of what is written has no defined meaning in NumPy.
        mask = (
            f"{m.text}.copy()"
            if m.type.code == "b"
            else f"{m.text} {self.pick(('> 0', '<= 1', '!= 0', '< -50'))}"
        )
        operator = "=" if self.choose(2) == 0 else self.pick(self.operators(x.type.dtype)[:3])
        code = x.type.code
        value = (
            "1"
            if operator[0] in "&|^"
            else self.int()
            if code in "iu"
            else self.bool(0)
            if code == "b"
            else self.float()
        )
        if self.chance(4):
            value, operator = f"{x.text}[{mask}]" + (" + 1" if code != "b" else ""), "="
        self.emit(f"{x.text}[{mask}] {operator} {value}")
        return None

    def write_out(self, x: Expr) -> None:
        at = self.place(x, whole=False) if self.choose(2) else x
        kind = self.choose(6)
        code = x.type.code
        value = self.value_for(at.type, x.type.dtype)
        if kind == 5 and self.jumps(x.type) and x.type.ndim:
            self.emit(f"{x.text}.sort()")
        elif kind == 4 or value is None or code == "b":
            self.emit(f"{at.text}.fill({'True' if code == 'b' else self.int(0)})")
        elif kind == 3:
            self.emit(f"np.copyto({at.text}, {value.text})")
        else:
            other = [
                y
                for y in self.matching(at.type.shape)
                if np.can_cast(y.type.dtype, x.type.dtype, "same_kind")
            ]
            y = self.pick(other) if other else value
            self.emit(
                f"np.{self.pick(('add', 'multiply', 'add', 'subtract'))}({y.text}, {value.text}, out={at.text})"
            )

    def write_by_helper(self) -> None:
        """A helper that writes into its argument."""
        if not self.bumps:
            return self.write()
        x = self.array()
        at = self.view(x) if x.type.ndim and self.choose(2) else x
        self.emit(f"bump({at.text}, {'True' if x.type.code == 'b' else self.pick(('1', '2', 'n'))})")
        return None

    # ------------------------------------------------------------------------------------------ control flow

    def block(self, most: int = 4) -> None:
        """An indented block of at least one statement; what it binds is merged into the scope by the caller."""
        self.indent += 1
        start = len(self.lines)
        for i in range(most):
            if i and (self.choose(3) == 0 or self.budget <= 0):
                break
            self.statement()
        if len(self.lines) == start:
            self.emit("pass")
        self.indent -= 1

    def branch(self, before: dict[str, Type], write) -> dict[str, Type]:
        self.scope = dict(before)
        write()
        return self.scope

    def merge(self, *scopes: dict[str, Type]) -> None:
        """Keep the names that every path binds, with the types they have in common."""
        merged = {}
        for name, t in scopes[0].items():
            types = [s.get(name) for s in scopes]
            if all(x == t for x in types):
                merged[name] = t
            elif None in types:
                if name in ("a", "b", "n", "s") or self.chance(25):  # now and then a name that may be unbound
                    merged[name] = t
            elif all(x.kind == "array" and x.ndim == t.ndim for x in types):
                shape = tuple(
                    d if all(x.shape[i] == d for x in types) else self.fresh() for i, d in enumerate(t.shape)
                )
                merged[name] = Type("array", str(np.result_type(*(x.dtype for x in types))), shape)
            elif all(x.kind in ("int", "float", "bool", "scalar") for x in types):
                code = max((x.code for x in types), key="biufc".index)
                merged[name] = Type(
                    "scalar",
                    {"b": "bool", "i": "int64", "u": "int64", "f": "float64", "c": "complex128"}[code],
                )
            elif name in ("a", "b", "n", "s"):
                merged[name] = t
        self.scope = merged

    def condition(self) -> None:
        before = dict(self.scope)
        self.emit(f"if {self.bool()}:")
        ends = [self.branch(before, self.block)]
        if self.choose(3) == 2:
            self.emit(f"elif {self.bool()}:")
            ends.append(self.branch(before, self.block))
        if self.choose(2):
            self.emit("else:")
            ends.append(self.branch(before, self.block))
        else:
            ends.append(before)
        self.merge(before if len(ends) == 1 else ends[0], *ends)

    def counter(self) -> str:
        return next((c for c in COUNTERS if c not in self.scope and c not in self.indices), "spare_index")

    def header(self) -> tuple[str, list[tuple[str, Type]], list[str]]:
        """(text, names bound with their types, names that are small ints) of a for loop."""
        i = self.counter()
        bound = "n" if "n" in self.frozen else "abs(n) % 5"
        x = self.array()
        kind = self.choose(14)
        if kind < 4:
            return f"for {i} in range({bound}):", [], [i]
        if kind == 4:
            return (
                f"for {i} in range({self.pick((f'{bound}, 0, -1', f'1, {bound}', f'0, {bound} + 2, 2', f'{bound} - 1, -1, -1', '2, 5', '3'))}):",
                [],
                [i],
            )
        if kind == 5 and self.indices:
            return f"for {i} in range({self.pick(self.indices)}{self.pick((' + 1', ''))}):", [], [i]
        if kind == 6:
            return f"for {i} in reversed(range({bound})):", [], [i]
        if kind == 7 or x.type.ndim == 0:
            return f"for {i} in ({self.pick(('0, 1, 2', '2, 0', '1, 3, 2'))}):", [], [i]
        item = Type("scalar", x.type.dtype) if x.type.ndim == 1 else x.type._replace(shape=x.type.shape[1:])
        short = (
            x.text
            if isinstance(x.type.shape[0], int) or (x.type.shape[0][0] in "NMK" and len(x.type.shape[0]) < 4)
            else f"{x.text}[:4]"
        )
        if kind in (8, 9):
            start = self.pick(("", "", "1, "))
            return f"for {i} in range({start}min(len({x.text}), 5)):", [], [i]
        name = next((v for v in LOCALS if v not in self.scope), "spare")
        if kind == 10:
            return f"for {i}, {name} in enumerate({short}):", [(name, item)], [i]
        if kind == 11:
            y = self.array()
            other = next((v for v in LOCALS if v not in self.scope and v != name), "other")
            if y.type.ndim:
                second = (
                    Type("scalar", y.type.dtype)
                    if y.type.ndim == 1
                    else y.type._replace(shape=y.type.shape[1:])
                )
                return f"for {name}, {other} in zip({short}, {y.text}):", [(name, item), (other, second)], []
        return f"for {name} in {self.pick((short, short + '[::-1]'))}:", [(name, item)], []

    def loop_body(self, write) -> None:
        self.loops += 1
        write()
        self.loops -= 1

    def for_loop(self) -> None:
        before = dict(self.scope)
        text, bound, indices = self.header()
        if self.choose(4) == 3:  # something to carry that the loop changes
            carried = next(
                (v for v in LOCALS if v not in self.scope and v not in text.replace(",", " ").split()),
                "spare",
            )
            start = self.pick((Expr("0", INT), Expr("0.0", FLOAT), Expr("False", BOOL)))
            self.emit(f"{carried} = {start.text}")
            before[carried] = start.type
            self.scope[carried] = start.type
        self.emit(text)
        after = self.looped(before, bound, indices)
        if self.choose(8) == 7:
            self.scope = dict(before)
            self.emit("else:")
            self.block(2)
            after = self.scope
        self.merge(before, after)

    def looped(self, before, bound, indices) -> dict[str, Type]:
        frozen, had = set(self.frozen), list(self.indices)
        self.scope = dict(before)
        for name, t in bound:
            self.bind(name, t)
        self.frozen |= set(indices)
        self.indices += indices
        self.loop_body(lambda: (self.block(), self.leave()))
        self.frozen, self.indices = frozen, had
        return self.scope

    def leave(self) -> None:
        """Perhaps end the body with a conditional break or continue, and a statement that it guards."""
        kind = self.choose(6)
        if kind < 4:
            return
        self.indent += 1
        self.emit(f"if {self.bool()}:")
        self.emit("    " + ("break" if kind == 4 else "continue"))
        self.statement(simple=True)
        self.indent -= 1

    def while_loop(self) -> None:
        i = self.counter()
        before = dict(self.scope)
        self.emit(f"{i} = 0")
        limit = "n" if "n" in self.frozen else self.pick("34")
        kind = self.choose(4)
        endless = kind == 3
        self.emit(
            {
                0: f"while {i} < {limit}:",
                1: f"while {i} < {limit} and ({self.bool()}):",
                2: f"while {i} < 3 and not ({self.bool(0)}):",
                3: "while True:",
            }[kind]
        )
        self.indent += 1
        self.emit(f"{i} += 1")
        if endless:
            self.emit(f"if {i} > {limit} or {self.bool()}:")
            self.emit("    break")
        self.indent -= 1
        after = self.looped(before, [], [i])
        before[i] = INT
        self.merge(before, {**after, i: INT})
        self.frozen.discard(i)

    def listing(self) -> None:
        """A list that grows in a loop and becomes an array."""
        name, array = ([v for v in LOCALS if v not in self.scope] + ["spare", "other"])[:2]
        before = dict(self.scope)
        self.emit(f"{name} = []")
        text, bound, indices = self.header()
        if bound:  # it would bind the name of the list
            text, bound, indices = f"for {self.counter()} in range(3):", [], [self.counter()]
        self.emit(text)
        frozen, had = set(self.frozen), list(self.indices)
        for v, t in bound:
            self.bind(v, t)
        self.frozen |= set(indices)
        self.indices += indices
        x = self.grow(self.element(), 1) if self.choose(3) else self.scalar()
        self.indent += 1
        if self.chance(4):
            self.emit(f"if {self.bool()}:")
            self.emit(f"    {name}.append({x.text})")
        else:
            self.emit(f"{name}.append({x.text})")
        self.indent -= 1
        self.frozen, self.indices = frozen, had
        self.scope = before
        found = apply("np.array([{x}])", x, shape=(self.fresh(),))
        kind = self.choose(4)
        if kind == 3 or found is None:
            self.emit(f"{array} = len({name})")
            self.bind(array, INT)
        else:
            self.emit(f"{array} = np.array({name})")
            self.bind(array, found.type)

    def leave_function(self) -> None:
        """An early return, an assertion or a raise, under a condition."""
        kind = self.choose(6)
        if kind == 5:
            self.emit(f"assert {self.bool()}, 'not so'")
            return
        self.emit(f"if {self.bool()}:")
        if kind == 4:
            self.emit(f"    raise ValueError('bad', {self.int(0)})")
        else:
            self.indent += 1
            self.give_back(2)
            self.indent -= 1

    def give_back(self, most: int) -> None:
        names = [v for v in reversed(self.scope) if v not in ("n", "s")]
        parts = []
        for _ in range(1 + self.choose(most)):
            kind = self.choose(8)
            if kind < 6:
                parts.append(names[self.choose(len(names))])
            elif kind == 6:
                parts.append(self.view(self.array()).text)
            else:
                parts.append(self.scalar().text)
        if most > 2:  # whatever else is alive, so that less goes unseen
            parts += [v for v in names if v not in parts and v not in ("a", "b")][:4]
            parts += [v for v in dict.fromkeys(reversed(self.extras)) if v not in parts][:3]
        self.emit("return " + ", ".join(parts))

    def statement(self, simple: bool = False) -> None:
        self.budget -= 1
        options = self.weights
        if simple or self.budget <= 0 or self.indent > DEPTH or self.loops > 2:
            options = [w for w in options if w not in BLOCKS]
        self.pick(options)(self)

    def define(self, source: str) -> None:
        for line in source.split("\n"):
            self.emit(line)

    def body(self, most: int) -> None:
        for call in CALLS:
            if self.chance(8):
                self.calls.append(call)
                self.define(HELPERS[call[1]][0])
        if self.chance(6):
            self.bumps = True
            self.define("def bump(x, v):\n    x[...] = x + v")
        for _ in range(most):
            if self.choose(10) == 0:
                break
            self.statement()
        self.give_back(3)


W = Writer
BLOCKS = (
    W.condition,
    W.for_loop,
    W.while_loop,
    W.listing,
    passages.attempt,
    passages.catching_loop,
    passages.algorithm,
    passages.containers,
)
STATEMENTS = {  # equal shares; the simplest first, towards which failures shrink
    "expressions": (W.assign,) * 8
    + (W.assign_scalar, W.tuple_assign, W.rebind, W.augment, W.swap, W.alias, W.write),
    "writes": (W.write,) * 7
    + (W.alias,) * 4
    + (W.assign,) * 3
    + (W.augment, W.augment, W.swap, W.rebind, W.write_by_helper, W.condition, W.for_loop),
    "control": (
        W.write,
        W.write,
        W.augment,
        W.augment,
        W.augment,
        W.rebind,
        W.rebind,
        W.assign,
        W.assign,
        W.alias,
        W.assign_scalar,
        W.assign_scalar,
        W.swap,
        W.tuple_assign,
        W.change_type,
        W.write_by_helper,
        W.condition,
        W.condition,
        W.condition,
        W.condition,
        W.for_loop,
        W.for_loop,
        W.for_loop,
        W.for_loop,
        W.while_loop,
        W.while_loop,
        W.listing,
        W.leave_function,
    ),
    "calls": (
        W.assign,
        W.write,
        W.rebind,
        W.assign_scalar,
        W.condition,
        W.for_loop,
        W.while_loop,
        passages.call_helper,
        passages.call_helper,
        passages.call_helper,
        passages.call_helper,
        passages.containers,
        passages.containers,
        passages.containers,
        passages.algorithm,
        W.leave_function,
    ),
    "exceptions": (
        W.assign,
        W.write,
        W.rebind,
        W.augment,
        W.condition,
        W.for_loop,
        passages.attempt,
        passages.attempt,
        passages.attempt,
        passages.catching_loop,
        passages.catching_loop,
        passages.call_helper,
        W.leave_function,
    ),
    "kinds": (
        W.assign,
        W.write,
        W.augment,
        W.assign_scalar,
        W.change_type,
        W.condition,
        W.for_loop,
        passages.kinds,
        passages.kinds,
        passages.kinds,
        passages.numpy_calls,
        passages.numpy_calls,
        passages.numpy_calls,
        passages.algorithm,
    ),
}
LENGTH = {"expressions": 8, "writes": 9, "control": 7, "calls": 7, "exceptions": 6, "kinds": 7}
FAMILIES = tuple(STATEMENTS)


def write_program(choose: Choose, family: str) -> Program:
    """A program of the family; `choose(n)` draws an int below n, and 0 is always the simplest choice."""
    smooth = choose(3) == 2
    parameters, shared = signature(choose, smooth)
    calls = inputs(choose, parameters, shared, smooth)
    writer = Writer(choose, family, smooth, parameters)
    writer.body(LENGTH[family])
    program = "def program(a, b, n, s):\n" + "\n".join(writer.lines) + "\n"
    source = "\n\n".join([*writer.module, program])
    return Program(source, calls, smooth)
