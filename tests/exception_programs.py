"""Random functions full of try, raise, loops and branches, on small integers, an array and a list."""

import linecache
import random

import numpy as np

CLASSES = ("ZeroDivisionError", "IndexError", "ValueError", "Custom", "LookupError", "Exception")
RAISED = ("ValueError({!r})", "Custom({!r}, b)", "KeyError({!r})", "ArithmeticError", "IndexError({!r})")


class Custom(ValueError):
    """An exception with a constructor of its own."""

    def __init__(self, text, extra=0):
        super().__init__(text)
        self.extra = extra


class Writer:
    """Writes one function as source text."""

    def __init__(self, seed, depth=3):
        self.random = random.Random(seed)
        self.lines = []
        self.count = 0
        self.depth = depth

    def source(self):
        self.line(0, "def f(x, a, b, n):")
        self.line(1, "c = 0")
        self.line(1, "t = []")
        self.block(1, self.depth, loop=False, handler=False, size=4)
        self.line(1, "return a, b, c, t")
        return "\n".join(self.lines) + "\n"

    def line(self, indent, text):
        self.lines.append("    " * indent + text)

    def number(self):
        self.count += 1
        return self.count

    def name(self):
        return self.random.choice("abc")

    def value(self):
        draw = self.random
        kind = draw.randrange(7)
        if kind == 0:
            return str(draw.randrange(-1, 4))
        if kind == 1:
            return f"{self.name()} // {draw.choice('abcn')}"
        if kind == 2:
            return f"int(x[{draw.choice('abcn')}])"
        if kind == 3:
            return f"t[{draw.choice('abcn')}]"
        return (
            f"{self.name()} {draw.choice('+-*')} {draw.choice('abcn')}"
            if kind < 6
            else f"({self.name()} + 1) % 5"
        )

    def test(self):
        return f"{self.random.choice('abcn')} {self.random.choice(['<', '>', '==', '!='])} {self.random.randrange(3)}"

    def block(self, indent, depth, *, loop, handler, size=3):
        for _ in range(self.random.randint(1, size)):
            if self.statement(indent, depth, loop=loop, handler=handler):
                return

    def statement(self, indent, depth, *, loop, handler):
        """Write one statement; whether nothing may follow it."""
        draw = self.random
        kind = draw.randrange(16 if depth else 9)
        if kind < 4:
            self.line(indent, f"{self.name()} = {self.value()}")
        elif kind == 4:
            self.line(indent, f"{self.name()} {draw.choice(['+=', '-=', '//='])} {self.value()}")
        elif kind == 5:
            self.line(indent, f"x[{draw.choice('abcn')}] = {self.value()}")
        elif kind == 6:
            self.line(indent, f"t.append({self.name()})")
        elif kind == 7:
            return self.leaving(indent, loop=loop, handler=handler)
        elif kind == 8:
            self.line(indent, f"t.append({self.value()})")
        elif kind in {9, 10}:
            self.line(indent, f"if {self.test()}:")
            self.block(indent + 1, depth - 1, loop=loop, handler=handler, size=2)
            if draw.random() < 0.4:
                self.line(indent, "else:")
                self.block(indent + 1, depth - 1, loop=loop, handler=handler, size=2)
        elif kind in {11, 12}:
            self.line(indent, f"for i{depth} in range({draw.choice(['n', '3', 'n + 4', '6'])}):")
            self.block(indent + 1, depth - 1, loop=True, handler=handler)
        else:
            self.trying(indent, depth, loop=loop, handler=handler)
        return False

    def leaving(self, indent, *, loop, handler):
        draw = self.random
        choices = ["raise", "raise", "return"] + ["break", "continue"] * loop + ["again"] * handler
        kind = draw.choice(choices)
        if kind == "raise":
            self.line(indent, "raise " + draw.choice(RAISED).format(f"r{self.number()}"))
        elif kind == "return":
            self.line(indent, f"return {self.number()}, a, b, c")
        else:
            self.line(indent, "raise" if kind == "again" else kind)
        return True

    def trying(self, indent, depth, *, loop, handler):
        draw = self.random
        self.line(indent, "try:")
        self.block(indent + 1, depth - 1, loop=loop, handler=handler)
        kinds = draw.randrange(3)
        final = kinds == 0 or draw.random() < 0.3
        for k in range(kinds):
            self.handler(indent, depth, k == kinds - 1, loop=loop)
        if kinds and draw.random() < 0.3:
            self.line(indent, "else:")
            self.block(indent + 1, depth - 1, loop=loop, handler=handler, size=2)
        if final:
            self.line(indent, "finally:")
            self.block(indent + 1, depth - 1, loop=loop, handler=handler, size=2)

    def handler(self, indent, depth, last, *, loop):
        draw = self.random
        classes = draw.choice(CLASSES) if draw.random() < 0.8 else f"({', '.join(draw.sample(CLASSES, 2))})"
        bare = last and draw.random() < 0.2
        named = not bare and draw.random() < 0.4
        self.line(indent, f"except{'' if bare else ' ' + classes}{' as e' if named else ''}:")
        if named:
            self.line(
                indent + 1,
                f"t.append(len(e.args) if {self.test()} else -{self.number()})" if False else "c += 1",
            )
        self.block(indent + 1, depth - 1, loop=loop, handler=True, size=2)


def program(seed, depth=3):
    """A function made of this seed, and its source."""
    source = Writer(seed, depth).source()
    name = f"<exceptions {seed} {depth}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    names = {"Custom": Custom, "np": np}
    exec(compile(source, name, "exec"), names)
    return names["f"], source


ARGUMENTS = [(0, 0, 0), (1, 2, 0), (2, 0, 1), (-1, 3, 2), (3, 1, 3), (5, -2, 2), (0, 1, 5)]


def arguments(k):
    a, b, n = ARGUMENTS[k % len(ARGUMENTS)]
    return np.arange(4.0) - 1, a, b, n
