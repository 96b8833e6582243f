"""Statements made of templates: passages, calls of helper functions, and blocks that catch exceptions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .helpers import HELPERS, Helper
from .kinds import BOOL, FLOAT, INT, Expr, Type
from .templates import ALGORITHMS, CONTAINERS, KINDS, NUMPY, RAISES, Passage

if TYPE_CHECKING:
    from .statements import Writer

HOLE = re.compile(r"\{([a-zA-Z]\d?)\}")
STATEMENTS_HOLE = re.compile(r"( *)\{S\}")
NAMES = ("u", "v", "w", "x", "y", "z", "p", "q", "r", "t", "value", "found", "best", "total", "part")
COUNTERS = ("i", "j", "k", "m", "row", "step")
OPERATORS = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>")
COMPARISONS = (">", "<", ">=", "<=", "==", "!=")
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
DTYPES = ("float", "int", "np.float32", "bool", "np.int16", "np.uint8", "complex", "'f8'")
CAUGHT = (
    "Exception",
    "ZeroDivisionError",
    "(ArithmeticError, LookupError, ValueError)",
    "IndexError",
    "ValueError",
    "(ValueError, IndexError)",
    "Exception",
    "(ValueError, TypeError, LookupError)",
    "Exception",
    "ArithmeticError",
    "(TypeError, KeyError)",
    "LookupError",
    "np.linalg.LinAlgError",
    "AssertionError",
    "(ZeroDivisionError, OverflowError, RuntimeError)",
)


class Filled(NamedTuple):
    names: dict[str, str]
    types: dict[str, Type]


def new_name(w: Writer, taken: set[str], options=NAMES) -> str:
    unused = [v for v in options if v not in w.scope and v not in taken and v not in w.indices]
    return unused[0] if unused else "spare" + str(len(taken))


def vector(w: Writer, integers: bool = False) -> Expr:
    """Something with one axis: a local, or a part of one."""
    x = w.array()
    t = x.type
    if integers and t.code not in "biu":
        if not w.jumps(t) or t.code == "c":
            return Expr("np.arange(n)", Type("array", "int64", (w.fresh(),)))
        found = w.cast(x, "int64") or Expr("np.arange(n)", Type("array", "int64", (w.fresh(),)))
        x, t = found, found.type
    if t.ndim == 1:
        return x
    if t.ndim == 0:
        return Expr(f"{x.text}.reshape(1)", t._replace(shape=(1,)))
    suffix = w.pick((".ravel()", "[0]" if t.ndim == 2 else ".ravel()", ".reshape(-1)", ".ravel()"))
    return Expr(x.text + suffix, t._replace(shape=(w.fresh(),)))


def matrix(w: Writer) -> Expr:
    found = w.arrays(2)
    if found:
        return w.pick(found)
    x = vector(w)
    return Expr(f"({x.text}[:, None] + {x.text})", x.type._replace(shape=x.type.shape * 2))


def hole(w: Writer, name: str, taken: set[str]) -> Expr | str:
    """What fills one hole."""
    kind = name[0]
    if kind in "xv" and w.choose(4):
        return w.array() if kind == "x" else vector(w)
    fillings = {
        "x": lambda: w.view(w.array()),
        "v": lambda: vector(w),
        "m": lambda: matrix(w),
        "g": lambda: vector(w, integers=True),
        "i": lambda: Expr(w.int(w.choose(2)), INT),
        "f": lambda: Expr(w.float(w.choose(2)), FLOAT),
        "b": lambda: Expr(f"({w.bool()})", BOOL),
        "e": w.element,
        "z": w.scalar,
        "n": lambda: new_name(w, taken),
        "k": lambda: new_name(w, taken, COUNTERS),
        "o": lambda: w.pick(OPERATORS[:3] if w.smooth else OPERATORS),
        "c": lambda: w.pick(COMPARISONS),
        "I": lambda: w.pick(INTEGERS),
        "D": lambda: w.pick(DTYPES),
    }
    return fillings[kind]()


def fill(w: Writer, text: str) -> tuple[str, dict[str, Expr | str]]:
    """The text with its holes filled, and by what."""
    fillings: dict[str, Expr | str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(HOLE.findall(text)):
        if name == "S":
            continue
        found = fillings[name] = hole(w, name, taken)
        if isinstance(found, str):
            taken.add(found)

    def filling(match: re.Match) -> str:
        found = fillings.get(match.group(1), match.group())
        return found if isinstance(found, str) else found.text

    return HOLE.sub(filling, text), fillings


def held(w: Writer, what: str, fillings: dict[str, Expr | str]) -> Type | None:
    """The type of what a passage binds; None if nothing is known of it."""
    if what in ("int", "float", "bool"):
        return Type(what)
    if what == "number":
        return Type("scalar", "float64")
    if what == "list":
        return Type("list")
    word, _, rest = what.partition(" ")
    model = fillings.get(rest if word == "same" else "v")
    if not isinstance(model, Expr):
        return Type("array", "float64", (w.fresh(),)) if word == "vector" else None
    if word == "same":
        return model.type if model.type.kind == "array" else None
    if word == "element":
        return Type("scalar", model.type.dtype)
    if word == "vector":
        return Type("array", rest or model.type.dtype, (w.fresh(),))
    return None


def bind(w: Writer, name: str, what: str, fillings: dict[str, Expr | str]) -> None:
    t = held(w, what, fillings)
    w.scope.pop(name, None)
    if t is not None and t.kind != "list":
        w.bind(name, t)
    elif w.indent == 1:
        w.extras.append(name)


def write(w: Writer, passage: Passage) -> None:
    """Emit a passage, with random statements where it has room for some."""
    text, fillings = fill(w, passage.text)
    before = dict(w.scope)
    for key, name in fillings.items():
        if key[0] in "nk":  # not to be taken by the statements inside
            w.scope[name] = Type("list")
    for line in text.split("\n"):
        room = STATEMENTS_HOLE.fullmatch(line)
        if room is None:
            w.emit(line)
            continue
        w.indent += len(room.group(1)) // 4
        w.loops += 1
        frozen, indices = set(w.frozen), list(w.indices)
        counters = [v for k, v in fillings.items() if k[0] == "k"]
        w.frozen |= {v for k, v in fillings.items() if k[0] in "kn"}
        w.indices += counters
        start = len(w.lines)
        w.statement(simple=w.budget < 8 or w.indent > 3)
        if len(w.lines) == start:
            w.emit("pass")
        w.frozen, w.indices = frozen, indices
        w.loops -= 1
        w.indent -= len(room.group(1)) // 4
        w.merge(before, w.scope)
    w.scope = {v: t for v, t in w.scope.items() if v in before}
    for key, what in passage.binds.items():
        bind(w, fillings[key], what, fillings)


def passage_of(passages: tuple[Passage, ...]):
    """A statement: one of these passages."""
    fit = {True: [p for p in passages if p.smooth], False: list(passages)}

    def statement(w: Writer) -> None:
        write(w, w.pick(fit[w.smooth]))

    return statement


containers = passage_of(CONTAINERS)
kinds = passage_of(KINDS)
numpy_calls = passage_of(NUMPY)
algorithm = passage_of(ALGORITHMS)
risk = passage_of(RAISES)


def call_helper(w: Writer) -> None:
    """Bind what a helper function returns."""
    helper: Helper = w.pick([h for h in HELPERS if not (w.smooth and h.jumps)])
    if helper.source not in w.module:
        w.module.append(helper.source)
    template, what = w.pick(helper.calls)
    write(w, Passage("{n} = " + template, {"n": what}, True))


def attempt(w: Writer) -> None:
    """try, except, perhaps else and finally."""
    before = dict(w.scope)

    def risky() -> None:
        w.indent += 1
        if w.choose(3) == 2:
            w.statement()
        risk(w)
        if w.choose(2):
            w.statement()
        w.indent -= 1

    w.emit("try:")
    ends = [w.branch(before, risky)]
    final = w.choose(6) == 5
    count = 0 if final and w.choose(3) == 2 else 1 + (w.choose(3) == 2)
    for _ in range(count):
        ends.append(w.branch(before, lambda: handler(w)))
    if count and w.choose(4) == 3:
        w.scope = dict(ends[0])
        w.emit("else:")
        w.block(2)
        ends[0] = w.scope
    w.merge(before if len(ends) == 1 else ends[0], *ends)
    if final:
        w.emit("finally:")
        w.block(2)


def handler(w: Writer) -> None:
    caught = w.pick(CAUGHT)
    kind = w.choose(12)
    if kind < 3 or kind > 7:
        w.emit(f"except {caught}:")
        w.block(2)
        return
    w.emit(f"except {caught} as error:")
    w.indent += 1
    if kind == 3:
        name = new_name(w, set())
        w.emit(f"{name} = {w.pick(('str(error)', 'type(error).__name__', 'repr(error)', 'error'))}")
        w.scope.pop(name, None)
    elif kind == 4:
        w.emit(
            w.pick(("raise", "raise RuntimeError('in between') from error", "raise KeyError(n) from None"))
        )
    elif kind == 5:
        name = new_name(w, set())
        w.emit(f"{name} = f'failed: {{error}}'")
        w.emit("return " + name if w.choose(2) else "pass")
        w.scope.pop(name, None)
    elif kind == 6:
        w.emit(f"{new_name(w, set())} = isinstance(error, (ValueError, IndexError))")
        w.statement(simple=True)
    else:
        w.emit(f"raise ValueError('gave up', {w.int(0)}) from error")
    w.indent -= 1
    if kind == 4 or kind == 7:
        w.scope = dict(w.scope)


def catching_loop(w: Writer) -> None:
    """A loop that goes on, or ends, at the step that raises."""
    before = dict(w.scope)
    k, n = new_name(w, set(), COUNTERS), new_name(w, set())
    w.emit(f"{n} = 0")
    w.bind(n, INT)
    before[n] = INT
    w.emit(f"for {k} in range({w.pick(('n', '4', 'n + 1'))}):")
    w.loops += 1
    frozen, indices = set(w.frozen), list(w.indices)
    w.frozen.add(k)
    w.frozen.add(n)
    w.indices.append(k)
    w.indent += 1
    w.emit("try:")
    inside = w.branch(before, lambda: (setattr(w, "indent", w.indent + 1), risk(w)))
    if w.choose(2):
        w.statement(simple=True)
        inside = w.scope
    w.indent -= 1
    w.emit(f"except {w.pick(CAUGHT)}:")
    w.emit(f"    {n} += 1")
    if w.choose(2):
        w.emit("    " + w.pick(("continue", "break")))
    w.scope = dict(before)
    w.statement(simple=True)
    w.indent -= 1
    w.loops -= 1
    w.frozen, w.indices = frozen, indices
    w.merge(before, inside, w.scope)
