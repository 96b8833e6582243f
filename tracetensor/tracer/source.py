"""The syntax tree of a function, found by the positions of its code, and what its names are."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import linecache
import textwrap
import threading
import types
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback

if TYPE_CHECKING:
    from tracetensor.graph.graph import SourceLine

FunctionNode = ast.FunctionDef | ast.Lambda
LOOPS = (ast.For, ast.While)


@dataclasses.dataclass(eq=False)
class FunctionSource:
    """A function's tree and names. assigned: names that are its locals; nonlocals and globals as declared.

    live, bound, lines: what was found out about its statements, loops and lines.
    """

    node: Any
    filename: str
    name: str
    qualname: str
    assigned: frozenset[str]
    nonlocals: frozenset[str]
    globals: frozenset[str]
    captured: frozenset[str]
    body: list[ast.stmt]
    generator: bool = False
    cleans_up: bool = False
    live: dict[ast.AST, Liveness] = dataclasses.field(default_factory=dict)
    bound: dict[ast.AST, frozenset[str]] = dataclasses.field(default_factory=dict)
    lines: dict[int, SourceLine] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Liveness:
    """Of a statement: names that may be read after it; of a loop, also those that may be read at its head."""

    after: frozenset[str]
    head: frozenset[str] = frozenset()


_cache: dict[Any, FunctionSource] = {}
_latest: dict[int, tuple[types.CodeType, FunctionSource]] = {}
"""The same by the identity of the code, which is found at once."""
MOST_SOURCES = 1024  # kept: functions that are made and thrown away, or modules reloaded, must not pile up
_lock = threading.Lock()


def source_of(function: types.FunctionType) -> FunctionSource:
    """The tree of a Python function; raises Fallback if its source cannot be had."""
    code = function.__code__
    latest = _latest.get(id(code))
    if latest is not None and latest[0] is code:
        return latest[1]
    key = (code, code.co_filename, tuple(code.co_positions()))  # equal code may stand in two places
    found = _cache.get(key)
    if found is None:
        found = describe(_find(function), code.co_filename, function.__qualname__)
        _keep(_cache, key, found)
    _keep(_latest, id(code), (code, found))
    return found


def _keep(table: dict[Any, Any], key: Any, value: Any) -> None:
    with _lock:
        while len(table) >= MOST_SOURCES:
            del table[next(iter(table))]
        table[key] = value


def describe(node: Any, filename: str, qualname: str) -> FunctionSource:
    """What the interpreter wants to know of a function definition or lambda."""
    if isinstance(node, ast.AsyncFunctionDef):
        msg = f"{qualname} is an async function"
        raise Fallback(msg)
    body = (
        [ast.copy_location(ast.Return(node.body), node.body)] if isinstance(node, ast.Lambda) else node.body
    )
    names = _Names()
    for statement in body:
        names.visit(statement)
    if names.awaits:
        msg = f"{qualname} is async"
        raise Fallback(msg)
    args = node.args
    parameters = {a.arg for a in [*args.posonlyargs, *args.args, *args.kwonlyargs]}
    parameters |= {a.arg for a in (args.vararg, args.kwarg) if a is not None}
    assigned = (names.assigned | parameters) - names.nonlocals - names.globals
    source = FunctionSource(
        node,
        filename,
        getattr(node, "name", "<lambda>"),
        qualname,
        frozenset(assigned),
        frozenset(names.nonlocals),
        frozenset(names.globals),
        frozenset(names.captured),
        body,
        names.generator,
        names.generator and any(isinstance(n, (ast.Try, ast.With)) for s in body for n in ast.walk(s)),
    )
    _Live(source).function()
    return source


@functools.lru_cache(maxsize=64)
def _parse(filename: str, text: str) -> ast.Module:
    return ast.parse(text, filename)


def _find(function: types.FunctionType) -> Any:
    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        try:
            source, first = inspect.getsourcelines(function)
        except (OSError, TypeError):
            msg = f"the source of {function.__qualname__} is not available"
            raise Fallback(msg) from None
        lines = ["\n"] * (first - 1) + textwrap.dedent("".join(source)).splitlines(keepends=True)
    block = _block(lines, code)
    if block is not None:
        return block
    try:
        tree = _parse(code.co_filename, "".join(lines))
    except SyntaxError:
        msg = f"the source of {function.__qualname__} does not parse on its own"
        raise Fallback(msg) from None
    candidates = [n for n in ast.walk(tree) if matches(n, code)]
    if len(candidates) > 1:
        positions = {p for p in code.co_positions() if p[0] is not None and p[2] is not None}
        candidates = [n for n in candidates if all(inside(n, p) for p in positions)] or candidates
    if len(candidates) != 1:
        msg = f"the source of {function.__qualname__} cannot be told from its neighbours, or has changed"
        raise Fallback(msg)
    return candidates[0]


def _block(lines: list[str], code: types.CodeType) -> Any:
    """The definition of a function parsed without the rest of its file, which may be long; None if that fails.

    It ends in front of a line that is indented no more than its first: inside a string or brackets such a line leaves
    a text that does not parse.
    """
    start = code.co_firstlineno - 1
    if code.co_name == "<lambda>" or start >= len(lines):
        return None
    indent = _indent(lines[start])
    end = start
    while end < len(lines) and not (
        lines[end].lstrip().startswith(("def ", "async ")) and _indent(lines[end]) == indent
    ):
        end += 1
    end += 1
    while end < len(lines) and (
        _indent(lines[end]) > indent or not lines[end].strip() or lines[end].lstrip()[0] in "#)]}"
    ):
        end += 1
    before = "\n" * (start - 1) + "if 1:\n" if indent else "\n" * start  # the lines are the file's
    try:
        tree = ast.parse(before + "".join(lines[start:end]), code.co_filename)
    except SyntaxError:
        return None
    node = tree.body[0].body[0] if indent else tree.body[0]  # type: ignore[attr-defined]
    return node if matches(node, code) else None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def matches(node: ast.AST, code: types.CodeType) -> bool:
    """Whether a code object may be that of a function definition or lambda."""
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno <= code.co_firstlineno <= (
            node.end_lineno or node.lineno
        )
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        return node.name == code.co_name and first == code.co_firstlineno
    return False


def inside(node: Any, position: tuple[Any, ...]) -> bool:
    """Whether a position of a code object lies in a function definition or lambda."""
    line, end_line, column, end_column = position
    if isinstance(node, ast.Lambda):
        body = node.body
        start, end = (node.lineno, node.col_offset), (body.end_lineno, body.end_col_offset)
        if (line, column) == (end_line, end_column):  # the artificial position of the prologue
            return True
        return start <= (line, column) and (end_line, end_column) <= end
    return True


class _Names(ast.NodeVisitor):
    """Names bound in a function's own scope, and what nested scopes capture."""

    def __init__(self) -> None:
        self.assigned: set[str] = set()
        self.nonlocals: set[str] = set()
        self.globals: set[str] = set()
        self.captured: set[str] = set()
        self.generator = False
        self.awaits = False

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.assigned.add(node.id)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.nonlocals.update(node.names)

    def visit_Global(self, node: ast.Global) -> None:
        self.globals.update(node.names)

    def visit_Yield(self, node: ast.Yield) -> None:
        self.generator = True
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self.generator = True
        self.generic_visit(node)

    def visit_Await(self, node: ast.Await) -> None:
        self.awaits = True

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.assigned.add(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.assigned.add(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.assigned.add(node.rest)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.assigned.update((a.asname or a.name).split(".")[0] for a in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.assigned.update(a.asname or a.name for a in node.names)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.assigned.add(node.name)
        for part in [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]:
            self.visit(part)
        self._nested(node, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]:
            self.visit(part)
        self._nested(node, [node.body])

    def _nested(self, node: Any, body: list[Any]) -> None:
        """Note what the body of a function defined here reads that is none of its own names."""
        inner = _Names()
        for part in body:
            inner.visit(part)
        arguments = node.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [p for p in (arguments.vararg, arguments.kwarg) if p is not None]
        own = (inner.assigned | {p.arg for p in parameters}) - inner.nonlocals - inner.globals
        self.captured |= names_read(body) - own

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.assigned.add(node.name)
        self.captured |= names_read([node])

    def visit_ListComp(self, node: Any) -> None:
        # The comprehension's own variables are its own; a walrus inside binds here.
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                self.assigned.add(inner.target.id)

    visit_SetComp = visit_DictComp = visit_ListComp

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        # Its body runs later, unless it is handed to a function that runs over it at once.
        if not getattr(node, "_at_once", False):
            self.captured |= names_read([node])
        self.visit_ListComp(node)

    def visit_Call(self, node: ast.Call) -> None:
        for argument in node.args:
            if isinstance(argument, ast.GeneratorExp) and runs_over_at_once(node.func):
                argument._at_once = True  # type: ignore[attr-defined]
        self.generic_visit(node)


AT_ONCE = frozenset(
    "sum any all list tuple set frozenset dict max min sorted next prod fsum join fromiter".split()
)


def runs_over_at_once(function: ast.expr) -> bool:
    """Whether a call of what this expression names takes all it wants of an iterator before it returns."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in AT_ONCE


def names_read(nodes: list[Any]) -> set[str]:
    """All names that occur in the nodes."""
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        name
        for node in nodes
        for n in ast.walk(node)
        if isinstance(n, (ast.Nonlocal, ast.Global))
        for name in n.names
    }


def names_assigned(nodes: list[Any]) -> set[str]:
    """The names that statements bind in their own scope."""
    names = _Names()
    for node in nodes:
        names.visit(node)
    return names.assigned


def names_of_loop(source: FunctionSource, node: Any) -> frozenset[str]:
    """The names that a loop binds: its target, and in its body and test."""
    found = source.bound.get(node)
    if found is None:
        head = ast.Expr(node.test) if isinstance(node, ast.While) else node
        found = source.bound[node] = frozenset(names_assigned([*node.body, head]))
    return found


class _Live:
    """Backward liveness over the tree; a result for every compound statement."""

    def __init__(self, source: FunctionSource) -> None:
        self.source = source
        self.always = source.captured & source.assigned
        self.raising: frozenset[str] = (
            frozenset()
        )  # what is read after an exception: live wherever one may be raised

    def function(self) -> None:
        self.block(self.source.body, frozenset(), frozenset(), frozenset())

    def block(
        self,
        statements: list[ast.stmt],
        after: frozenset[str],
        on_break: frozenset[str],
        on_continue: frozenset[str],
    ) -> frozenset[str]:
        live = after
        for statement in reversed(statements):
            live = self.statement(statement, live | self.always | self.raising, on_break, on_continue)
            live |= self.raising
        return live

    def statement(
        self, node: Any, after: frozenset[str], on_break: frozenset[str], on_continue: frozenset[str]
    ) -> frozenset[str]:
        self.source.live[node] = Liveness(after)
        if isinstance(node, ast.If):
            branches = self.block(node.body, after, on_break, on_continue)
            branches |= self.block(node.orelse, after, on_break, on_continue)
            return branches | names_loaded(node.test)
        if isinstance(node, (ast.For, ast.While)):
            return self.loop(node, after, on_break, on_continue)
        if isinstance(node, ast.Break):
            return on_break
        if isinstance(node, ast.Continue):
            return on_continue
        if isinstance(node, (ast.Return, ast.Raise)):
            return names_loaded(node) | self.always
        if isinstance(node, ast.Match):
            live = after | names_loaded(node.subject)
            for case in node.cases:
                live |= self.block(case.body, after, on_break, on_continue) | names_loaded(case.pattern)
                live |= frozenset() if case.guard is None else names_loaded(case.guard)
            return live
        if isinstance(node, ast.Try):
            return self.attempt(node, after, on_break, on_continue)
        if isinstance(node, ast.With):
            return self.within(node, after, on_break, on_continue)
        if isinstance(node, ast.TryStar):
            return after | names_read([node])
        if isinstance(node, ast.FunctionDef):
            names = _Names()
            names.visit(node)
            defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
            return (
                (after - {node.name})
                | names.captured
                | frozenset().union(*map(names_loaded, [*node.decorator_list, *defaults]))
            )
        if isinstance(node, ast.ClassDef):
            return after | names_read([node])
        killed = set()
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            killed = {n for t in targets for n in names_stored(t)}
            if isinstance(node, ast.AnnAssign) and node.value is None:
                killed = set()
        loaded = names_loaded(node)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            loaded |= {node.target.id}
        return (after - killed) | loaded

    def attempt(
        self, node: ast.Try, after: frozenset[str], on_break: frozenset[str], on_continue: frozenset[str]
    ) -> frozenset[str]:
        """A try statement; what its handlers may read is live in all of its body."""
        outside = self.raising
        final = after
        if node.finalbody:
            final = self.block(node.finalbody, after | on_break | on_continue, on_break, on_continue)
            self.raising |= final
            on_break, on_continue = on_break | final, on_continue | final
        handled = final if node.finalbody else frozenset()
        for handler in node.handlers:
            handled |= self.block(handler.body, final, on_break, on_continue)
            handled |= names_loaded(handler.type) if handler.type is not None else frozenset()
        body = self.block(node.orelse, final, on_break, on_continue)
        self.raising |= handled
        body = self.block(node.body, body, on_break, on_continue)
        self.raising = outside
        self.source.live[node] = Liveness(after, handled)
        return body | handled

    def within(
        self, node: ast.With, after: frozenset[str], on_break: frozenset[str], on_continue: frozenset[str]
    ) -> frozenset[str]:
        """A with statement, whose manager may swallow an exception."""
        outside = self.raising
        self.raising |= after
        body = self.block(node.body, after, on_break, on_continue)
        self.raising = outside
        self.source.live[node] = Liveness(after, after)
        return body | after | frozenset(n for item in node.items for n in names_loaded(item))

    def loop(
        self, node: Any, after: frozenset[str], on_break: frozenset[str], on_continue: frozenset[str]
    ) -> frozenset[str]:
        exhausted = self.block(node.orelse, after, on_break, on_continue) if node.orelse else after
        targets = frozenset(names_stored(node.target)) if isinstance(node, ast.For) else frozenset()
        test = names_loaded(node.test) if isinstance(node, ast.While) else frozenset()
        head = exhausted | test
        while True:
            body = self.block(node.body, head, after, head)
            grown = head | (body - targets) | test
            if grown == head:
                break
            head = grown
        self.source.live[node] = Liveness(after | exhausted, head)
        iterated = names_loaded(node.iter) if isinstance(node, ast.For) else frozenset()
        return head | iterated


COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})


def names_loaded(node: Any) -> frozenset[str]:
    """Names that an expression or simple statement may read, nested scopes included, but what these bind themselves."""
    found: frozenset[str] | None = getattr(node, "names_loaded", None)
    if found is None:  # kept with the node: loops are looked at until nothing changes
        names: set[str] = set()
        _add_loaded(node, names)
        found = node.names_loaded = frozenset(names)
    return found


def _add_loaded(node: Any, names: set[str]) -> None:
    kind = type(node)
    if kind is ast.Name:
        if type(node.ctx) is not ast.Store:
            names.add(node.id)
    elif kind in COMPREHENSIONS:
        inner: set[str] = set()
        _add_loaded_in(node, inner)
        names |= inner.difference(*[names_stored(g.target) for g in node.generators])
        _add_loaded(node.generators[0].iter, names)
    else:
        _add_loaded_in(node, names)


def _add_loaded_in(node: ast.AST, names: set[str]) -> None:
    for field in node._fields:
        value = getattr(node, field, None)
        for child in value if type(value) is list else (value,):
            if isinstance(child, ast.AST):
                _add_loaded(child, names)


def names_stored(target: Any) -> set[str]:
    """Plain names that an assignment target binds."""
    if isinstance(target, ast.Name):
        return {target.id}
    if isinstance(target, (ast.Tuple, ast.List)):
        return {n for t in target.elts for n in names_stored(t)}
    if isinstance(target, ast.Starred):
        return names_stored(target.value)
    return set()
