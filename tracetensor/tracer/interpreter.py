"""Statements and expressions: the syntax tree is walked, over concrete values as Python would, over traced ones as graph."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.node import Constant, Variable
from tracetensor.graph.ops import control
from tracetensor.graph.ops.scalars import CONVERSIONS
from tracetensor.tracer import source as source_
from tracetensor.tracer.arrays import Arrays
from tracetensor.tracer.calls import Calls
from tracetensor.tracer.control import Control
from tracetensor.tracer.flow import (
    BREAK,
    COMPLETIONS,
    CONTINUE,
    NORMAL,
    RETURN,
    Completion,
    Loop,
    RaisedInBranch,
)
from tracetensor.tracer.operations import Operations
from tracetensor.tracer.sequences import Sequences
from tracetensor.tracer.state import Box
from tracetensor.tracer.values import (
    UNBOUND,
    InterpretedFunction,
    Traced,
    TracedArray,
    TracedList,
    TracedScalar,
    TracedUnion,
    is_traced,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.source import FunctionSource
    from tracetensor.tracer.state import Region, State

RETURN_NAME = "<return>"
OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv",
    ast.Mod: "mod", ast.Pow: "pow", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.LShift: "lshift", ast.RShift: "rshift", ast.MatMult: "matmul",
    ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne", ast.Gt: "gt", ast.GtE: "ge",
    ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
}  # fmt: skip


class Frame:
    """The state of one call of an interpreted function."""

    __slots__ = ("enclosing", "function", "globals", "line", "locals", "region", "source")

    def __init__(
        self,
        source: FunctionSource,
        region: Region,
        globals_: Any,
        function: Any = None,
        enclosing: Frame | None = None,
    ) -> None:
        self.source = source
        self.region = region
        self.globals = globals_
        self.function = function
        self.enclosing = enclosing
        self.locals: dict[str, Any] = {}
        self.line = getattr(source.node, "lineno", 0)


class Interpreter:
    """Interprets functions within the state of one trace. `outside` answers for globals and attributes."""

    def __init__(self, state: State, outside: Any) -> None:
        self.state = state
        self.outside = outside
        self.arrays = Arrays(state)
        self.control = Control(state, self.arrays)
        self.operations = Operations(self)
        self.sequences = Sequences(self)
        self.calls = Calls(self)
        self.control.force = lambda variable, what: outside.force(self, variable, what)

    # Functions -------------------------------------------------------------------------------------------------

    def run(self, frame: Frame) -> Any:
        """Execute a function whose parameters are bound; its result."""
        if len(self.state.frames) > 60:
            msg = f"recursion in {frame.source.qualname}"
            raise Fallback(msg)
        self.state.frames.append(frame)
        try:
            completion = self.block(frame, frame.source.body)
            if RETURN not in completion.kinds:
                return None
            value = self._returned(frame)
            if completion.only == RETURN:
                return value
            returned = self.control.is_kind(completion, {RETURN})
            return self.control.choose(returned, lambda: value, lambda: None)
        except Fallback:
            self.state.failed = self.state.failed or self.state.location()
            raise
        finally:
            self.state.frames.pop()

    def _returned(self, frame: Frame) -> Any:
        value = frame.locals[RETURN_NAME]
        if type(value) is TracedUnion:
            return self.control.without(value, lambda v: v is UNBOUND)
        return value

    def call_interpreted(self, function: InterpretedFunction, args: Any, kwargs: Any) -> Any:
        """Call a function that was defined inside a traced function."""
        frame = Frame(function.source, self.state.region, function.frame.globals, function, function.frame)
        self.bind_parameters(frame, function.source, args, kwargs, function.defaults, function.kw_defaults)
        return self.run(frame)

    def bind_parameters(
        self, frame: Frame, source: FunctionSource, args: Any, kwargs: Any, defaults: Any, kw_defaults: Any
    ) -> None:
        """Bind arguments as Python does; TypeError with Python's text if they do not fit."""
        parameters = source.node.args
        names = [a.arg for a in [*parameters.posonlyargs, *parameters.args]]
        name = source.name
        values = dict(zip(names, args, strict=False))
        extra = tuple(args[len(names) :])
        if extra and parameters.vararg is None:
            msg = f"{name}() takes {len(names)} positional arguments but {len(args)} were given"
            raise TypeError(msg)
        keyword_only = [a.arg for a in parameters.kwonlyargs]
        positional_only = {a.arg for a in parameters.posonlyargs}
        rest = {}
        for key, value in kwargs.items():
            if key in values and key not in positional_only:
                msg = f"{name}() got multiple values for argument {key!r}"
                raise TypeError(msg)
            if (key in names and key not in positional_only) or key in keyword_only:
                values[key] = value
            elif parameters.kwarg is not None:
                rest[key] = value
            else:
                msg = f"{name}() got an unexpected keyword argument {key!r}"
                raise TypeError(msg)
        for key, value in zip(names[len(names) - len(defaults) :], defaults, strict=True):
            values.setdefault(key, value)
        for key, value in (kw_defaults or {}).items():
            values.setdefault(key, value)
        missing = [n for n in [*names, *keyword_only] if n not in values]
        if missing:
            msg = f"{name}() missing required arguments: {', '.join(map(repr, missing))}"
            raise TypeError(msg)
        if parameters.vararg is not None:
            values[parameters.vararg.arg] = extra
        if parameters.kwarg is not None:
            values[parameters.kwarg.arg] = self.state.made(rest)
        frame.locals.update(values)

    # Statements ------------------------------------------------------------------------------------------------

    def block(self, frame: Frame, statements: list[ast.stmt]) -> Completion:
        """Execute statements; those after one that may leave the block are guarded by whether it did."""
        for position, statement in enumerate(statements):
            rest = statements[position + 1 :]
            if isinstance(statement, ast.If) and rest and _leaves(statement):
                return self._if(frame, statement, rest)
            completion = self.statement(frame, statement)
            if completion.only == NORMAL:
                continue
            if NORMAL not in completion.kinds or not rest:
                return completion
            going_on = self.control.is_kind(completion, {NORMAL})
            left = Completion(completion.kinds - {NORMAL}, completion.code)
            return self._guarded(frame, rest, going_on, left)
        return COMPLETIONS[NORMAL]

    def _guarded(self, frame: Frame, rest: list[ast.stmt], going_on: Any, left: Completion) -> Completion:
        """The rest of a block, unless it was left."""
        return self.control.choose_block(going_on, lambda: self.block(frame, rest), lambda: left)

    def statement(self, frame: Frame, node: ast.stmt) -> Completion:
        """Execute one statement."""
        frame.line = node.lineno
        method = getattr(self, "do_" + type(node).__name__, None)
        if method is None:
            msg = f"line {node.lineno}: `{type(node).__name__.lower()}` statements are not traced"
            raise Fallback(msg)
        completion: Completion | None = method(frame, node)
        return completion or COMPLETIONS[NORMAL]

    def do_Expr(self, frame: Frame, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.expression(frame, node.value)

    def do_Pass(self, frame: Frame, node: ast.Pass) -> None:
        pass

    def do_Break(self, frame: Frame, node: ast.Break) -> Completion:
        return COMPLETIONS[BREAK]

    def do_Continue(self, frame: Frame, node: ast.Continue) -> Completion:
        return COMPLETIONS[CONTINUE]

    def do_Global(self, frame: Frame, node: ast.Global) -> None:
        pass

    def do_Nonlocal(self, frame: Frame, node: ast.Nonlocal) -> None:
        pass

    def do_Return(self, frame: Frame, node: ast.Return) -> Completion:
        value = None if node.value is None else self.expression(frame, node.value)
        self.set_local(frame, RETURN_NAME, value)
        return COMPLETIONS[RETURN]

    def do_Assign(self, frame: Frame, node: ast.Assign) -> None:
        value = self.expression(frame, node.value)
        for target in node.targets:
            self.assign(frame, target, value)

    def do_AnnAssign(self, frame: Frame, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(frame, node.target, self.expression(frame, node.value))

    def do_AugAssign(self, frame: Frame, node: ast.AugAssign) -> None:
        name = OPERATORS[type(node.op)]
        target: Any = node.target
        if isinstance(target, ast.Name):
            old = self.load_name(frame, target.id)
            self.store_name(frame, target.id, self.augment(name, old, self.expression(frame, node.value)))
        elif isinstance(target, ast.Subscript):
            container = self.expression(frame, target.value)
            index = self.expression(frame, target.slice)
            self.control.resolve_all(
                [container, index], lambda pair: self._augment_item(frame, pair[0], pair[1], name, node.value)
            )
        else:
            owner = self.expression(frame, target.value)
            old = self.calls.attribute(owner, target.attr)
            self.calls.set_attribute(
                owner, target.attr, self.augment(name, old, self.expression(frame, node.value))
            )

    def _augment_item(
        self, frame: Frame, container: Any, index: Any, name: str, expression: ast.expr
    ) -> None:
        old = self.sequences.get_item(container, index)
        value = self.expression(frame, expression)
        if type(container) is TracedArray:
            if type(old) is TracedArray:
                value = self.operations.augmented(name, old, value)
                self.arrays.set_index(container, index, value, augmented=True)
            else:
                self.arrays.set_index(container, index, self.operations.binary(name, old, value))
            return
        self.sequences.set_item(container, index, self.augment(name, old, value))

    def augment(self, name: str, old: Any, value: Any) -> Any:
        """old op= value: in place for arrays and lists, else a new value."""
        if type(old) is TracedUnion:
            return self.control.resolve(old, lambda v: self.augment(name, v, value))
        if type(old) is TracedArray:
            result = self.operations.augmented(name, old, value)
            self.arrays.overwrite(old, self.arrays.variable(result), augmented=True)
            return old
        if type(old) is TracedList and name == "add":
            self.sequences.extend(old, value)
            return old
        if type(old) is TracedList and name == "mul":
            self.sequences.check_list(old, "repetition")
            new = self.sequences.repeated(old, value)
            self.state.write(
                ("items", Box(old)), (list(list.__iter__(new)) if new.dynamic is None else [], new.dynamic)
            )
            return old
        return self.operations.binary(name, old, value)

    def do_If(self, frame: Frame, node: ast.If) -> Completion:
        return self._if(frame, node, [])

    def _if(self, frame: Frame, node: ast.If, rest: list[ast.stmt]) -> Completion:
        """An if statement; `rest`, what follows in the block, belongs to the branches that get there."""
        frame.line = node.lineno
        test = self.truth(frame, node.test)
        if type(test) is bool:
            return self.block(frame, [*(node.body if test else node.orelse), *rest])
        then_rest = [] if _always_leaves(node.body) else rest
        else_rest = [] if _always_leaves(node.orelse) else rest
        if then_rest and else_rest:
            then_rest = else_rest = []
        elif rest:
            return self._choose(frame, node, test, [*node.body, *then_rest], [*node.orelse, *else_rest], None)
        completion = self._choose(frame, node, test, node.body, node.orelse, node)
        if not rest or NORMAL not in completion.kinds:
            return completion
        going_on = self.control.is_kind(completion, {NORMAL})
        if going_on is True:
            return self.block(frame, rest)
        left = Completion(completion.kinds - {NORMAL}, completion.code)
        return self._guarded(frame, rest, going_on, left)

    def _choose(
        self, frame: Frame, node: ast.If, test: Variable, body: Any, orelse: Any, dead_after: ast.If | None
    ) -> Completion:
        def branch(statements: list[ast.stmt], holds: bool) -> Callable[[], Completion]:
            def action() -> Completion:
                self.refine(frame, node.test, holds)
                completion = self.block(frame, statements)
                if dead_after is not None and completion.only == NORMAL:
                    self._forget(frame, dead_after)
                return completion

            return action

        return self.control.choose_block(test, branch(body, True), branch(orelse, False))

    def refine(self, frame: Frame, test: ast.AST, holds: bool) -> None:
        """Where a test like `x is None` is known to hold, or not, the union that x is has fewer alternatives."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.refine(frame, test.operand, not holds)
        elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
            for part in test.values:
                self.refine(frame, part, holds)
        elif (
            isinstance(test, ast.Compare)
            and isinstance(test.ops[0], (ast.Is, ast.IsNot))
            and isinstance(test.left, ast.Name)
            and isinstance(test.comparators[0], ast.Constant)
            and test.comparators[0].value is None
        ):
            value = frame.locals.get(test.left.id)
            if type(value) is TracedUnion:
                none = isinstance(test.ops[0], ast.Is) is holds
                refined = self.control.without(value, lambda v: (v is None) is not none)
                self.set_local(frame, test.left.id, refined)

    def _forget(self, frame: Frame, node: ast.AST) -> None:
        """Drop locals that nothing reads any more, so that they need not be merged."""
        live = frame.source.live.get(node)
        if live is None:
            return
        for place in list(self.state.region.log):
            if (
                place[0] == "local"
                and place[1] is frame
                and place[2] not in live.after
                and place[2][0] != "<"
            ):
                self.state.set_place(place, self.state.region.log.pop(place))

    def do_While(self, frame: Frame, node: ast.While) -> Completion:
        live = frame.source.live[node]
        loop = Loop(
            frame,
            (id(node), len(self.state.frames)),
            None,
            None,
            lambda: self.block(frame, node.body),
            lambda: self._while_test(frame, node),
            frozenset(source_.names_assigned([*node.body, ast.Expr(node.test)])),
            live.head,
            live.after,
            node.lineno,
        )
        return self._after_loop(frame, node, self.control.loop(loop))

    def _while_test(self, frame: Frame, node: ast.While) -> Any:
        frame.line = node.lineno
        return self.truth(frame, node.test)

    def do_For(self, frame: Frame, node: ast.For) -> Completion:
        live = frame.source.live[node]
        iterable = self.expression(frame, node.iter)
        if type(iterable) is TracedUnion:
            iterable = self.sequences.unified(iterable)
        length, item = self.sequences.steps(iterable)
        loop = Loop(
            frame,
            (id(node), len(self.state.frames)),
            length,
            lambda k: self.assign(frame, node.target, item(k)),
            lambda: self.block(frame, node.body),
            None,
            frozenset(source_.names_assigned([*node.body, node])),
            live.head,
            live.after,
            node.lineno,
        )
        loop.must_unroll = not self.sequences.indexable(iterable)
        return self._after_loop(frame, node, self.control.loop(loop))

    def _after_loop(self, frame: Frame, node: Any, completion: Completion) -> Completion:
        if node.orelse:
            ended = self.control.is_kind(completion, {NORMAL})
            if ended is True:
                completion = self.block(frame, node.orelse)
            elif ended is not False:
                left = Completion(completion.kinds - {NORMAL}, completion.code)
                completion = self.control.choose_block(
                    ended, lambda: self.block(frame, node.orelse), lambda: _as_left(left)
                )
                # A break of this very loop ends it normally.
                return self._broken_is_normal(completion)
        return self._broken_is_normal(completion)

    def _broken_is_normal(self, completion: Completion) -> Completion:
        if BREAK not in completion.kinds:
            return completion
        kinds = (completion.kinds - {BREAK}) | {NORMAL}
        if kinds == {NORMAL}:
            return COMPLETIONS[NORMAL]
        returned = self.control.is_kind(completion, {RETURN})
        code = self.control.choose(returned, lambda: RETURN, lambda: NORMAL)
        return Completion(frozenset(kinds), code)

    def do_FunctionDef(self, frame: Frame, node: ast.FunctionDef) -> None:
        function: Any = self._function(frame, node, f"{frame.source.qualname}.<locals>.{node.name}")
        for decorator in reversed(node.decorator_list):
            function = self.call(self.expression(frame, decorator), [function], {})
        self.store_name(frame, node.name, function)

    def _function(self, frame: Frame, node: Any, qualname: str) -> InterpretedFunction:
        source = self.outside.described(node, frame.source.filename, qualname)
        defaults = [self.expression(frame, d) for d in node.args.defaults]
        kw_defaults = {
            a.arg: self.expression(frame, d)
            for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if d is not None
        }
        return InterpretedFunction(self, source, frame, defaults, kw_defaults)

    def do_Assert(self, frame: Frame, node: ast.Assert) -> None:
        test = self.truth(frame, node.test)
        if test is True:
            return

        def fail() -> None:
            self._raise(AssertionError, [] if node.msg is None else [self.expression(frame, node.msg)])

        if test is False:
            fail()
        else:
            self.control.choose(test, lambda: None, fail)

    def do_Raise(self, frame: Frame, node: ast.Raise) -> Completion:
        if node.exc is None or node.cause is not None:
            msg = f"line {node.lineno}: this form of raise is not traced"
            raise Fallback(msg)
        if isinstance(node.exc, ast.Call):
            cls = self.expression(frame, node.exc.func)
            args = [self.expression(frame, a) for a in node.exc.args]
            if node.exc.keywords:
                msg = f"line {node.lineno}: an exception made with keyword arguments"
                raise Fallback(msg)
        else:
            cls, args = self.expression(frame, node.exc), []
        if isinstance(cls, BaseException):
            cls, args = type(cls), list(cls.args)
        if not (isinstance(cls, type) and issubclass(cls, BaseException)):
            msg = "exceptions must derive from BaseException"
            raise TypeError(msg)
        self._raise(cls, args)
        return COMPLETIONS[RETURN]

    def _raise(self, cls: type[BaseException], args: list[Any]) -> None:
        """Raise at run time, in the branch or loop being traced; at once where nothing is conditional."""
        values: list[Variable] = []
        templates = tuple([self.calls.template(a, values) for a in args])
        self.state.emit(
            control.raise_if,
            [True, *values],
            {"exception": cls, "arguments": templates},
        )
        raise RaisedInBranch

    def do_Delete(self, frame: Frame, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.load_name(frame, target.id)
                self.set_local(frame, target.id, UNBOUND)
            elif isinstance(target, ast.Subscript):
                container = self.expression(frame, target.value)
                self.sequences.delete_item(container, self.expression(frame, target.slice))
            else:
                msg = f"line {node.lineno}: deletion of an attribute"
                raise Fallback(msg)

    def do_Import(self, frame: Frame, node: ast.Import) -> None:
        for alias in node.names:
            module = __import__(alias.name)
            if alias.asname:
                for part in alias.name.split(".")[1:]:
                    module = getattr(module, part)
            self.store_name(frame, alias.asname or alias.name.split(".")[0], module)

    def do_ImportFrom(self, frame: Frame, node: ast.ImportFrom) -> None:
        package = frame.globals.get("__package__") if node.level else None
        module = __import__(node.module or "", {"__package__": package}, None, ["*"], node.level)
        for alias in node.names:
            self.store_name(frame, alias.asname or alias.name, getattr(module, alias.name))

    # Names and targets -----------------------------------------------------------------------------------------

    def set_local(self, frame: Frame, name: str, value: Any) -> None:
        self.state.write(("local", frame, name), value)

    def _owner(self, frame: Frame, name: str) -> Frame | None:
        """The frame whose local a name is, None for a global or a variable of a real closure."""
        owner: Frame | None = frame
        if name in frame.source.globals:
            return None
        while owner is not None:
            if name in owner.source.assigned or name in owner.locals:
                return owner
            owner = owner.enclosing
        return None

    def load_name(self, frame: Frame, name: str) -> Any:
        owner = self._owner(frame, name)
        if owner is not None:
            value = owner.locals.get(name, UNBOUND)
            if value is UNBOUND:
                if owner is frame:
                    msg = f"cannot access local variable '{name}' where it is not associated with a value"
                    raise UnboundLocalError(msg)
                msg = f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
                raise NameError(msg)
            if type(value) is TracedUnion and any(v is UNBOUND for v in value.alternatives):
                value = self._bound(frame, owner, name, value)
            return value
        return self.outside.load_global(self._outermost(frame), name)

    def _outermost(self, frame: Frame) -> Frame:
        while frame.enclosing is not None:
            frame = frame.enclosing
        return frame

    def _bound(self, frame: Frame, owner: Frame, name: str, union: TracedUnion) -> Any:
        """The value of a name that may be unbound at run time: checked there."""
        msg = f"cannot access local variable '{name}' where it is not associated with a value"

        def read(value: Any) -> Any:
            if value is UNBOUND:
                raise UnboundLocalError(msg)
            return value

        value = self.control.resolve(union, read)
        self.set_local(owner, name, value)
        return value

    def store_name(self, frame: Frame, name: str, value: Any) -> None:
        owner = self._owner(frame, name)
        if owner is None:
            msg = f"line {frame.line}: `{name}`, a variable outside of the traced function, is assigned"
            raise Fallback(msg)
        self.set_local(owner, name, value)

    def assign(self, frame: Frame, target: Any, value: Any) -> None:
        """Bind a target."""
        if isinstance(target, ast.Name):
            self.store_name(frame, target.id, value)
        elif isinstance(target, ast.Subscript):
            container = self.expression(frame, target.value)
            index = self.expression(frame, target.slice)
            frame.line = target.lineno
            self.sequences.set_item(container, index, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(frame, target.elts, value)
        elif isinstance(target, ast.Attribute):
            self.calls.set_attribute(self.expression(frame, target.value), target.attr, value)
        else:
            msg = f"line {frame.line}: this assignment target is not traced"
            raise Fallback(msg)

    def _unpack(self, frame: Frame, targets: list[ast.expr], value: Any) -> None:
        starred = next((k for k, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
        if type(value) is TracedUnion:
            items = self._unpack_union(value, len(targets) if starred is None else None)
        else:
            items = self.sequences.unpack(value, len(targets) if starred is None else None)
        if starred is not None:
            if len(items) < len(targets) - 1:
                msg = f"not enough values to unpack (expected at least {len(targets) - 1}, got {len(items)})"
                raise ValueError(msg)
            after = len(targets) - starred - 1
            middle = self.state.made(TracedList(items[starred : len(items) - after]))
            items = [*items[:starred], middle, *items[len(items) - after :]]
            targets = [t.value if isinstance(t, ast.Starred) else t for t in targets]
        for target, item in zip(targets, items, strict=True):
            self.assign(frame, target, item)

    def _unpack_union(self, value: TracedUnion, count: int | None) -> list[Any]:
        result = self.control.resolve(value, lambda v: tuple(self.sequences.unpack(v, count)))
        if not isinstance(result, tuple):
            msg = "a value that has one length or another at run time is unpacked"
            raise Fallback(msg)
        return list(result)

    # Expressions -----------------------------------------------------------------------------------------------

    def expression(self, frame: Frame, node: ast.AST) -> Any:
        """The value of an expression."""
        method = getattr(self, "eval_" + type(node).__name__, None)
        if method is None:
            msg = f"line {getattr(node, 'lineno', 0)}: `{type(node).__name__}` expressions are not traced"
            raise Fallback(msg)
        frame.line = getattr(node, "lineno", frame.line)
        return method(frame, node)

    def distribute(self, value: Any, action: Callable[[Any], Any]) -> Any:
        """Do something with a value, whichever of its alternatives it is."""
        return self.control.resolve(value, action) if type(value) is TracedUnion else action(value)

    def eval_Constant(self, frame: Frame, node: ast.Constant) -> Any:
        return node.value

    def eval_Name(self, frame: Frame, node: ast.Name) -> Any:
        return self.load_name(frame, node.id)

    def eval_NamedExpr(self, frame: Frame, node: ast.NamedExpr) -> Any:
        value = self.expression(frame, node.value)
        self.assign(frame, node.target, value)
        return value

    def eval_Attribute(self, frame: Frame, node: ast.Attribute) -> Any:
        owner = self.expression(frame, node.value)
        frame.line = node.lineno
        return self.distribute(owner, lambda v: self.calls.attribute(v, node.attr))

    def eval_BinOp(self, frame: Frame, node: ast.BinOp) -> Any:
        left = self.expression(frame, node.left)
        right = self.expression(frame, node.right)
        frame.line = node.lineno
        return self.operations.binary(OPERATORS[type(node.op)], left, right)

    def eval_UnaryOp(self, frame: Frame, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return self._not(self.truth(frame, node.operand))
        return self.operations.unary(OPERATORS[type(node.op)], self.expression(frame, node.operand))

    def _not(self, truth: Any) -> Any:
        if type(truth) is bool:
            return not truth
        return TracedScalar(self.operations.logical_not(truth))

    def eval_BoolOp(self, frame: Frame, node: ast.BoolOp) -> Any:
        stop = isinstance(node.op, ast.Or)

        def evaluate(position: int) -> Any:
            value = self.expression(frame, node.values[position])
            if position == len(node.values) - 1:
                return value
            truth = self.truth_of(value)
            if type(truth) is bool:
                return value if truth is stop else evaluate(position + 1)
            if stop:
                return self.control.choose(truth, lambda: value, lambda: evaluate(position + 1))
            return self.control.choose(truth, lambda: evaluate(position + 1), lambda: value)

        return evaluate(0)

    def truth(self, frame: Frame, node: ast.AST) -> Any:
        """Whether an expression is true: a bool, or a BOOL variable; `and`, `or`, `not` without their values."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(frame, node.operand)
            return (not inner) if type(inner) is bool else self.operations.logical_not(inner)
        if isinstance(node, ast.BoolOp):
            return self._truth_of_chain(frame, isinstance(node.op, ast.Or), node.values)
        value = self.expression(frame, node)
        frame.line = getattr(node, "lineno", frame.line)
        return self.truth_of(value)

    def _truth_of_chain(self, frame: Frame, stop: bool, nodes: list[ast.expr]) -> Any:
        first = self.truth(frame, nodes[0])
        if len(nodes) == 1:
            return first
        if type(first) is bool:
            return stop if first is stop else self._truth_of_chain(frame, stop, nodes[1:])

        def rest() -> Any:
            self.refine(frame, nodes[0], not stop)
            inner = self._truth_of_chain(frame, stop, nodes[1:])
            return inner if type(inner) is bool else TracedScalar(inner)

        if stop:
            return self.truth_of(self.control.choose(first, lambda: True, rest))
        return self.truth_of(self.control.choose(first, rest, lambda: False))

    def truth_of(self, value: Any) -> Any:
        """bool(value): a bool, or a BOOL variable."""
        if type(value) is TracedUnion:

            def each(alternative: Any) -> Any:
                truth = self.truth_of(alternative)
                return truth if type(truth) is bool else TracedScalar(truth)

            return self.truth_of(self.control.resolve(value, each))
        if isinstance(value, Variable):
            return value
        if type(value) in (TracedScalar, TracedArray):
            variable = self.arrays.variable(value)
            if isinstance(variable, Constant):
                return bool(variable.value)
            if variable.tensor.kind == "bool":
                return variable
            return self.state.emit(CONVERSIONS["bool"], [variable]).out
        if type(value) is TracedList and value.dynamic is not None:
            length = self.sequences.length(value)
            return self.truth_of(self.operations.binary("gt", length, 0))
        if type(value) is InterpretedFunction:
            return True
        if isinstance(value, Traced):
            msg = "the truth of a value that is known at run time only"
            raise Fallback(msg)
        return bool(value) if not isinstance(value, (tuple, list, dict)) else bool(len(value))

    def eval_Compare(self, frame: Frame, node: ast.Compare) -> Any:
        left = self.expression(frame, node.left)
        if len(node.ops) == 1:
            right = self.expression(frame, node.comparators[0])
            frame.line = node.lineno
            return self.compare(node.ops[0], left, right)

        def chain(position: int, value: Any) -> Any:
            right = self.expression(frame, node.comparators[position])
            result = self.compare(node.ops[position], value, right)
            if position == len(node.ops) - 1:
                return result
            truth = self.truth_of(result)
            if type(truth) is bool:
                return chain(position + 1, right) if truth else result
            return self.control.choose(truth, lambda: chain(position + 1, right), lambda: result)

        return chain(0, left)

    def compare(self, op: ast.cmpop, left: Any, right: Any) -> Any:
        """One comparison."""
        kind = type(op)
        if kind in OPERATORS:
            return self.operations.binary(OPERATORS[kind], left, right)
        if kind in (ast.Is, ast.IsNot):
            same = self.distribute(left, lambda a: self.distribute(right, lambda b: self._is(a, b)))
            return same if kind is ast.Is else self._not(self.truth_of(same))
        inside = self.distribute(right, lambda b: self.sequences.contains(b, left))
        return inside if kind is ast.In else self._not(self.truth_of(inside))

    def _is(self, a: Any, b: Any) -> bool:
        if type(a) is TracedArray and type(b) is TracedArray:
            return a is b or (a.storage is b.storage and not a.steps and not b.steps)
        if isinstance(a, TracedScalar) or isinstance(b, TracedScalar):
            if a is None or b is None:
                return False
            msg = "`is` between scalars that are traced"
            raise Fallback(msg)
        return a is b

    def eval_IfExp(self, frame: Frame, node: ast.IfExp) -> Any:
        test = self.truth(frame, node.test)
        if type(test) is bool:
            return self.expression(frame, node.body if test else node.orelse)
        return self.control.choose(
            test, lambda: self.expression(frame, node.body), lambda: self.expression(frame, node.orelse)
        )

    def eval_Subscript(self, frame: Frame, node: ast.Subscript) -> Any:
        container = self.expression(frame, node.value)
        index = self.expression(frame, node.slice)
        frame.line = node.lineno
        return self.control.resolve_all([container, index], lambda pair: self.sequences.get_item(*pair))

    def eval_Slice(self, frame: Frame, node: ast.Slice) -> Any:
        parts = [
            None if p is None else self.expression(frame, p) for p in (node.lower, node.upper, node.step)
        ]
        return slice(*parts)

    def _elements(self, frame: Frame, nodes: list[ast.expr]) -> list[Any]:
        items: list[Any] = []
        for element in nodes:
            if isinstance(element, ast.Starred):
                items.extend(self.sequences.unpack(self.expression(frame, element.value), None))
            else:
                items.append(self.expression(frame, element))
        return items

    def eval_Tuple(self, frame: Frame, node: ast.Tuple) -> Any:
        return tuple(self._elements(frame, node.elts))

    def eval_List(self, frame: Frame, node: ast.List) -> Any:
        return self.state.made(TracedList(self._elements(frame, node.elts)))

    def eval_Set(self, frame: Frame, node: ast.Set) -> Any:
        items = self._elements(frame, node.elts)
        if is_traced(items):
            msg = f"line {node.lineno}: a set of traced values"
            raise Fallback(msg)
        return set(items)

    def eval_Dict(self, frame: Frame, node: ast.Dict) -> Any:
        result: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                result.update(self.expression(frame, value))
                continue
            name = self.expression(frame, key)
            if is_traced(name):
                name = self.calls.force(name, "a dict's key")
            result[name] = self.expression(frame, value)
        return self.state.made(result)

    def eval_Lambda(self, frame: Frame, node: ast.Lambda) -> Any:
        return self._function(frame, node, f"{frame.source.qualname}.<locals>.<lambda>")

    def eval_JoinedStr(self, frame: Frame, node: ast.JoinedStr) -> Any:
        parts: list[Any] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(part.value)
                continue
            assert isinstance(part, ast.FormattedValue)
            value = self.expression(frame, part.value)
            spec = "" if part.format_spec is None else self.expression(frame, part.format_spec)
            conversion = "" if part.conversion == -1 else chr(part.conversion)
            parts.append(self.calls.text_part(value, conversion, spec))
        return self.calls.text(parts)

    def eval_ListComp(self, frame: Frame, node: ast.ListComp) -> Any:
        return self.sequences.comprehension(frame, node)

    def eval_GeneratorExp(self, frame: Frame, node: ast.GeneratorExp) -> Any:
        return self.sequences.comprehension(frame, node)

    def eval_DictComp(self, frame: Frame, node: ast.DictComp) -> Any:
        pairs = self.sequences.comprehension(
            frame,
            ast.copy_location(
                ast.ListComp(
                    ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node), node.generators
                ),
                node,
            ),
        )
        return self.state.made(dict(pairs))

    def eval_Call(self, frame: Frame, node: ast.Call) -> Any:
        function = self.expression(frame, node.func)
        args = self._elements(frame, node.args)
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.expression(frame, keyword.value)
            if keyword.arg is None:
                kwargs.update(value)
            else:
                kwargs[keyword.arg] = value
        frame.line = node.lineno
        return self.call(function, args, kwargs)

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call any function on values that may be traced."""
        if type(function) is TracedUnion:
            return self.control.resolve(function, lambda f: self.call(f, args, kwargs))
        return self.calls.call(function, args, kwargs)


def _leaves(node: ast.If) -> bool:
    """Whether a branch of an if may leave the block it stands in."""
    return any(
        isinstance(inner, (ast.Return, ast.Break, ast.Continue, ast.Raise)) for inner in ast.walk(node)
    )


def _always_leaves(statements: list[ast.stmt]) -> bool:
    if not statements:
        return False
    last = statements[-1]
    if isinstance(last, ast.If):
        return _always_leaves(last.body) and _always_leaves(last.orelse)
    return isinstance(last, (ast.Return, ast.Break, ast.Continue, ast.Raise))


def _as_left(left: Completion) -> Completion:
    return left
