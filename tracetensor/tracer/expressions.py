"""Expressions and targets: concrete values as Python has them, traced ones as graph."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.node import Constant, Variable
from tracetensor.graph.ops import exceptions
from tracetensor.graph.ops.scalars import CONVERSIONS
from tracetensor.graph.types import BOOL
from tracetensor.tracer.frames import Names
from tracetensor.tracer.objects import is_object
from tracetensor.tracer.state import Restart
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    InterpretedFunction,
    Traced,
    TracedArray,
    TracedGenerator,
    TracedList,
    TracedObject,
    TracedScalar,
    TracedStore,
    TracedUnion,
    is_traced,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.frames import Frame


OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv",
    ast.Mod: "mod", ast.Pow: "pow", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.LShift: "lshift", ast.RShift: "rshift", ast.MatMult: "matmul",
    ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne", ast.Gt: "gt", ast.GtE: "ge",
    ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
}  # fmt: skip


class Expressions(Names):
    """Evaluates expressions and binds targets."""

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
        return self.stores.placed(self.operations.binary(OPERATORS[type(node.op)], left, right), frame, node)

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
        if type(value) in (TracedStore, TracedText):
            return self.stores.truth(value)
        if is_object(value):
            return self.truth_of(self.special.truth(value))
        if self.calls.is_opened(value):
            return self.state.emit(exceptions.object_truth, [value.variable]).out
        if type(value) is TracedObject:
            return self.arrays.variable(self.calls.call(bool, [value], {}))
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

    def _is(self, a: Any, b: Any) -> Any:
        if type(a) is TracedArray and type(b) is TracedArray:
            if a.storage is not b.storage and all(v.storage in self.arrays.uncertain for v in (a, b)):
                msg = "whether two arrays are one object is known at run time only"
                raise Fallback(msg)
            return a is b or (a.storage is b.storage and not a.steps and not b.steps)
        if type(a) is TracedStore or type(b) is TracedStore:
            if type(a) is not type(b):
                return False
            return a.variable is b.variable or self.stores.emit(operator.is_, [a, b], BOOL)
        if type(a) is TracedObject or type(b) is TracedObject:
            return self._is_object(a, b)
        if isinstance(a, TracedScalar) or isinstance(b, TracedScalar):
            if a is None or b is None:
                return False
            msg = "`is` between scalars that are traced"
            raise Fallback(msg)
        if type(a) is type(b) or is_object(a):
            self.outside.identity_asked = True
        return a is b

    def _is_object(self, a: Any, b: Any) -> Any:
        """Whether two values, one of which is a run-time object, are one object."""
        for x, other in ((a, b), (b, a)):
            if self.calls.is_opened(x) and type(other) is not TracedObject:
                if other is None and x.variable.type is exceptions.EXCEPTION:
                    return False
                return TracedScalar(self.state.emit(exceptions.object_is, [x.variable], {"other": other}).out)
        if type(a) is TracedObject and type(b) is TracedObject and a.variable is b.variable:
            return True
        known = [v for v in (a, b) if type(v) is TracedObject and v.cls is not None]
        if a is None or b is None:
            return False if known else self.calls.is_none(a if b is None else b)
        msg = "`is` between objects that are known at run time only"
        raise Fallback(msg)

    def _is_object_itself(self, a: Any, b: Any) -> bool:
        """Whether two values are one object, which containers take for equal without asking it."""
        if type(a) is TracedScalar or type(b) is TracedScalar:
            return a is b
        asked = (is_object(a) and is_object(b)) or (type(a) is TracedArray and type(b) is TracedArray)
        return asked and self._is(a, b)

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
        return self.stores.placed(self.state.made(TracedList(self._elements(frame, node.elts))), frame, node)

    def eval_Set(self, frame: Frame, node: ast.Set) -> Any:
        items = self._elements(frame, node.elts)
        if is_traced(items):
            return self.stores.made_from(
                set, tuple(items), (frame.source.filename, node.lineno, node.col_offset)
            )
        return self.stores.placed(set(items), frame, node)

    def eval_Dict(self, frame: Frame, node: ast.Dict) -> Any:
        if self.stores.is_store(frame, node) is not None:
            return self._dict_store(frame, node)
        result: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                result.update(self.mapping(self.expression(frame, value)))
                continue
            name = self.expression(frame, key)
            self.calls.check_hashable(name)
            if is_traced(name):
                raise Restart({("store", (frame.source.filename, node.lineno, node.col_offset)): True})
            result[name] = self.expression(frame, value)
        return self.stores.placed(self.state.made(result), frame, node)

    def mapping(self, value: Any) -> Any:
        """What is given as a mapping, by `**` or to dict(): of an object, a dict of its `keys()`."""
        if not is_object(value):
            return value
        keys = self.call(self.calls.attribute(value, "keys"), [], {})
        return {k: self.sequences.get_item(value, k) for k in self.sequences.unpack(keys, None)}

    def _dict_store(self, frame: Frame, node: ast.Dict) -> Any:
        """A dict with keys that are known at run time only."""
        made = self.stores.make(dict, (frame.source.filename, node.lineno, node.col_offset))
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self.stores.method(made, "update", [self.expression(frame, value)], {})
            else:
                name = self.expression(frame, key)
                self.stores.set_item(made, name, self.expression(frame, value))
        return made

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
        site = self.stores.is_store(frame, node)
        if site is None:
            return self.stores.placed(self.sequences.comprehension(frame, node), frame, node)
        made = self.stores.make(list, site)
        self.sequences.comprehension(
            frame, node, lambda f: self.stores.method(made, "append", [self.expression(f, node.elt)], {})
        )
        return made

    def eval_SetComp(self, frame: Frame, node: ast.SetComp) -> Any:
        site = self.stores.is_store(frame, node)
        if site is None:
            items = self.sequences.comprehension(frame, node)
            made = self.stores.placed(self.state.made(items), frame, node)
            if is_traced(made):
                self.stores.demand(made)
            return self.state.made(set(list.__iter__(made)))
        made = self.stores.make(set, site)
        self.sequences.comprehension(
            frame, node, lambda f: self.stores.method(made, "add", [self.expression(f, node.elt)], {})
        )
        return made

    def eval_GeneratorExp(self, frame: Frame, node: ast.GeneratorExp) -> Any:
        return self.generators.expression(frame, node)

    def eval_Yield(self, frame: Frame, node: ast.Yield | ast.YieldFrom) -> Any:
        msg = f"line {node.lineno}: a yield in the middle of an expression"
        raise Fallback(msg)

    eval_YieldFrom = eval_Yield

    def eval_DictComp(self, frame: Frame, node: ast.DictComp) -> Any:
        site = self.stores.is_store(frame, node)
        if site is not None:
            store = self.stores.make(dict, site)

            def add(inner: Frame) -> None:
                key = self.expression(inner, node.key)
                self.stores.set_item(store, key, self.expression(inner, node.value))

            self.sequences.comprehension(frame, node, add)
            return store
        pairs = self.sequences.comprehension(
            frame,
            ast.copy_location(
                ast.ListComp(
                    ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node), node.generators
                ),
                node,
            ),
        )
        made = self.stores.placed(pairs, frame, node)
        if made.dynamic is not None or any(is_traced(k) for k, _ in list.__iter__(made)):
            self.stores.demand(made)
        return self.stores.placed(self.state.made(dict(list.__iter__(made))), frame, node)

    def eval_Call(self, frame: Frame, node: ast.Call) -> Any:
        function = self.expression(frame, node.func)
        if (
            function is zip
            and len(node.args) == 1
            and isinstance(node.args[0], ast.Starred)
            and not node.keywords
        ):
            rows = self.expression(frame, node.args[0].value)
            if type(rows) is TracedStore or (type(rows) is TracedList and rows.dynamic is not None):
                return self.stores.transposed(rows)
            args = self.sequences.unpack(rows, None)
        else:
            args = self._elements(frame, node.args)
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.expression(frame, keyword.value)
            if keyword.arg is None:
                kwargs.update(self.mapping(value))
            else:
                kwargs[keyword.arg] = value
        frame.line = node.lineno
        result = self.stores.placed(self.call(function, args, kwargs), frame, node)
        for argument in args:
            if type(argument) is TracedGenerator and argument.finished is False and argument.at_once:
                msg = (
                    f"line {node.lineno}: a generator expression is kept by a function that would run over it"
                )
                raise Fallback(msg)
        return result

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call any function on values that may be traced."""
        if type(function) is TracedUnion:
            return self.control.resolve(function, lambda f: self.call(f, args, kwargs))
        return self.calls.call(function, args, kwargs)

    # Targets --------------------------------------------------------------------------------------------------

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
            self.unpack_into(lambda part, item: self.assign(frame, part, item), target.elts, value)
        elif isinstance(target, ast.Attribute):
            self.calls.set_attribute(self.expression(frame, target.value), target.attr, value)
        else:
            msg = f"line {frame.line}: this assignment target is not traced"
            raise Fallback(msg)

    def unpack_into(self, bind: Callable[[ast.expr, Any], None], targets: list[ast.expr], value: Any) -> None:
        """Bind the targets of a tuple to the items of a value."""
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
            bind(target, item)

    def _unpack_union(self, value: TracedUnion, count: int | None) -> list[Any]:
        result = self.control.resolve(value, lambda v: tuple(self.sequences.unpack(v, count)))
        if not isinstance(result, tuple):
            msg = "a value that has one length or another at run time is unpacked"
            raise Fallback(msg)
        return list(result)

    # Functions -----------------------------------------------------------------------------------------------

    def _function(self, frame: Frame, node: Any, qualname: str) -> InterpretedFunction:
        source = self.outside.described(node, frame.source.filename, qualname)
        defaults = [self.expression(frame, d) for d in node.args.defaults]
        kw_defaults = {
            a.arg: self.expression(frame, d)
            for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if d is not None
        }
        return InterpretedFunction(self, source, frame, defaults, kw_defaults)

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
        elif isinstance(test, ast.Call) and _is_class_test(test):
            name = test.args[0].id  # type: ignore[attr-defined]
            value = frame.locals.get(name)
            if type(value) is TracedUnion and self.expression(frame, test.func) is isinstance:
                classes = self.expression(frame, test.args[1])
                refined = self.control.without(
                    value, lambda v: self.call(isinstance, [v, classes], {}) is not holds
                )
                self.set_local(frame, name, refined)


def _is_class_test(test: ast.Call) -> bool:
    """Whether a call looks like isinstance(name, classes), the classes being named."""
    if len(test.args) != 2 or test.keywords or not isinstance(test.args[0], ast.Name):
        return False
    named = all(
        isinstance(n, (ast.Name, ast.Attribute, ast.Tuple, ast.expr_context)) for n in ast.walk(test.args[1])
    )
    return named and isinstance(test.func, ast.Name) and test.func.id == "isinstance"
