"""Graph -> Program: nodes in order, each lowered to instructions; bodies of branches and loops become blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.edit import captured_from
from tracetensor.graph.graph import bodies
from tracetensor.graph.node import Constant, Variable
from tracetensor.graph.op import may_raise
from tracetensor.graph.ops.control import placeholder
from tracetensor.graph.ops.scalars import OPERATORS, RAISING
from tracetensor.vm import lowering_creation  # noqa: F401 - registers its lowerings
from tracetensor.vm.aliases import find_aliases
from tracetensor.vm.assembler import (
    OBJECT,
    PY_INT,
    Assembler,
    Attempt,
    Branch,
    CallForm,
    Instruction,
    Item,
    Loop,
    flatten,
    register_class,
)
from tracetensor.vm.callbacks import specialised
from tracetensor.vm.calls import CallSite
from tracetensor.vm.instructions import Opcode
from tracetensor.vm.loops import StackSite
from tracetensor.vm.lowering import LOWERINGS
from tracetensor.vm.lowering_index import find_updates, lower_update, lower_write
from tracetensor.vm.lowering_library import lower_array_cast
from tracetensor.vm.lowering_views import Views, find_views
from tracetensor.vm.machine import Program
from tracetensor.vm.regions import fuse
from tracetensor.vm.schedule import schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tracetensor.graph.graph import Graph, Location
    from tracetensor.graph.node import Node
    from tracetensor.vm.lowering_index import Update, Write

QUIET_FAMILIES = frozenset({"python", "math", "list", "effect", "callback"})
LOOKS_AWAY = frozenset({"handling", "raise_object", "object_isinstance", "object_is", "object_truth"})
"""Ops that take an exception first, and do not look at its traceback."""
SMALL = frozenset({"list_append", "list_set"})
NO_LIMIT = 2**63 - 1


def compile_graph(graph: Graph, *, donated: Iterable[int] = frozenset()) -> Program:
    """The program of a graph. donated: numbers of the inputs whose arrays the program may overwrite."""
    compiler = Compiler()
    registers = [compiler.register(register_class(v.type), v.type) for v in graph.inputs]
    values = dict(zip(graph.inputs, registers, strict=True))
    compiler.block(graph, values)
    outputs = [compiler.read(values, v) for v in graph.outputs]
    live = {r for r in outputs if compiler._counts(r)}
    needed = set(live)
    find_aliases(compiler.items)
    items = compiler.mark_last_uses(compiler.items, needed)
    unused = {r for r in registers if compiler._counts(r)} - needed
    items = fuse(compiler._drops(unused) + items, compiler.constants)
    last = {r: k for k, r in enumerate(outputs)}
    kept = [(r, last[r] == k and r in live) for k, r in enumerate(outputs)]
    rows, handlers, spared = flatten(items)
    contents = (rows, compiler.classes, compiler.types, compiler.constants, kept, handlers, spared)
    return Program(graph, frozenset(donated), *contents)


def is_calm(node: Node) -> bool:
    """Whether a node never raises, and needs no more memory than a number does."""
    small = node.op.name in SMALL or all(register_class(v.type) != OBJECT for v in node.outputs)
    return small and not may_raise(node)


def recompile(graph: Graph, donated: frozenset[int]) -> Program:
    """What unpickling a program does."""
    return compile_graph(graph, donated=donated)


class Compiler(Assembler):
    """Lowers the nodes of a graph and of its bodies, into one flat file of registers."""

    def __init__(self) -> None:
        super().__init__()
        self.views = Views()  # of the block being lowered
        self.locate: Callable[[Node], Location] = lambda _: ()
        self.slots: dict[int, list[int]] = {}
        self.graph: Any = None  # whose block is being lowered
        self.loops = 0  # around it

    def read(self, values: dict[Variable, int], variable: Variable) -> int:
        """The register of a variable."""
        if isinstance(variable, Constant):
            return self.constant(variable.value, register_class(variable.type))
        return values[variable]

    def result(self, values: dict[Variable, int], variable: Variable) -> int:
        """A fresh register for a variable."""
        values[variable] = register = self.register(register_class(variable.type), variable.type)
        return register

    def block(self, graph: Graph, values: dict[Variable, int]) -> None:
        """Lower all nodes of a graph whose inputs are in `values`."""
        order = schedule(graph)
        updates = find_updates(graph, order)
        outside = self.views, self.locate, self.graph
        self.graph = graph
        self.locate = graph.location
        self.views = views = find_views(graph, order, updates)
        for node in order:
            if node in views.stages or node in views.absorbed:
                continue
            self.location = graph.location(node)
            if node.op.name == "raise_object" and node.params["again"]:
                self.location = self.location[:-1]  # that line stands in the exception's traceback already
            write = views.writes.get(node)
            update = updates.get(node if write is None else write.node)
            if update is not None and (write is not None or node is update.write):
                self.update(update, write, values)
            elif write is not None:
                self.location = graph.location(write.node) or self.location
                lower_write(self, write, values)
            elif update is None:
                self.lower(node, values)
        self.views, self.locate, self.graph = outside
        self.items = self.fuse_attempts(self.items)

    def update(self, update: Update, write: Write | None, values: dict[Variable, int]) -> None:
        """Lower x[index] op= value: one instruction, or its parts."""
        self.location = self.locate(update.compute) or self.location
        if lower_update(self, update, values, write):
            return
        for part in update.parts[:-1]:
            self.location = self.locate(part) or self.location
            self.lower(part, values)
        self.location = self.locate(update.write) or self.location
        if write is None:
            self.lower(update.write, values)
        else:
            lower_write(self, write, values)

    def lower(self, node: Node, values: dict[Variable, int]) -> None:
        """Lower one node."""
        if node.op.name == "ifelse":
            self.ifelse(node, values)
        elif node.op.name == "scan":
            self.scan(node, values)
        elif node.op.name == "attempt":
            self.attempt(node, values)
        elif node.op.name == "handling":
            self.handling(node, values)
        elif node.op.name == "checkpoint":
            slots = self.slots[node.params["label"]]
            for slot, v in zip(node.params["slots"], node.inputs, strict=True):
                self.move(slots[slot], self.read(values, v))
            values[node.out] = self.constant(None, OBJECT)
        else:
            first = len(self.items)
            self.plain(node, values)
            if self.slots and is_calm(node):
                for item in self.items[first:]:
                    if isinstance(item, Instruction):
                        item.calm = True

    def plain(self, node: Node, values: dict[Variable, int]) -> None:
        """Lower a node without bodies."""
        lower = LOWERINGS.get(node.op.name)
        if lower is not None and lower(self, node, values):
            return
        if node.op.name != "cast" or not lower_array_cast(self, node, values):
            self.call(node, values)

    def call_site(self, node: Node, values: dict[Variable, int]) -> CallSite:
        """The site of a call of the op's own function; the outputs have registers already."""
        function, params = node.op.evaluate, node.params
        name = node.op.name.removeprefix("py.")
        if node.op.family == "python" and name not in RAISING:  # the machine looks at the result's class
            function = OPERATORS.get(name, function)
        if node.op.family in {"effect", "callback"} and "type" in params:
            called = specialised(params["function"], params["type"])
            if called is not None:
                function, params = called, {}
        return CallSite(
            function,
            [self.read(values, v) for v in node.inputs],
            [values[v] for v in node.outputs],
            [v.type for v in node.outputs],
            params,
            quiet=node.op.family in QUIET_FAMILIES,
        )

    def call(self, node: Node, values: dict[Variable, int]) -> None:
        """Lower a node to a call of the op's own function."""
        for v in node.outputs:
            self.result(values, v)
        reads = [self.read(values, v) for v in node.inputs]
        writes = [values[v] for v in node.outputs]
        form = CallForm(node.op.name, tuple(reads), node.params)
        self.emit_site(Opcode.CALL, self.call_site(node, values), reads, writes, form=form)

    def nested(self) -> tuple[list[Item], Any]:
        """Begin a block of its own: the enclosing list, to be put back, and the enclosing location."""
        outside = self.items, self.location
        self.items = []
        return outside

    def ifelse(self, node: Node, values: dict[Variable, int]) -> None:
        """Lower a branch: each body in a block, its results moved to the node's registers."""
        condition = self.read(values, node.inputs[0])
        if self.classes[condition] == OBJECT:
            condition = self.as_bool(condition)
        captured = [self.read(values, v) for v in node.inputs[1:]]
        targets = [self.result(values, v) for v in node.outputs]
        blocks: list[list[Item]] = []
        for body in (node.params["then"], node.params["orelse"]):
            outside = self.nested()
            inner = dict(zip(body.inputs, captured, strict=True))
            self.block(body, inner)
            for target, v in zip(targets, body.outputs, strict=True):
                self.move(target, self.read(inner, v))
            blocks.append(self.items)
            self.items, self.location = outside
        self.items.append(Branch(condition, *blocks))

    def attempt(self, node: Node, values: dict[Variable, int]) -> None:
        """Lower a body whose exceptions are caught: its slots are registers that checkpoints move values to."""
        params = node.params
        label, n_slots, body = params["label"], len(params["types"]), params["body"]
        # moves may not take from a register what a constant's register would keep: results are always fresh ones
        code, exception, *targets = [self.result(values, v) for v in node.outputs]
        slots, targets = targets[:n_slots], targets[n_slots:]
        for slot, v in zip(slots, node.inputs, strict=False):
            self.move(slot, self.read(values, v))
        captured = [self.read(values, v) for v in node.inputs[n_slots:]]
        outer = self.slots.get(label)
        self.slots[label] = slots
        outside = self.nested()
        inner = dict(zip(body.inputs, captured, strict=True))
        self.block(body, inner)
        for target, v in zip(targets, body.outputs, strict=True):
            self.move(target, self.read(inner, v))
        self.move(code, self.constant(0, PY_INT))
        self.move(exception, self.constant(None, OBJECT))
        done, self.items = self.items, []
        for target, v in zip(targets, body.outputs, strict=True):
            self.move(target, self.constant(placeholder(v.type), self.classes[target]))
        failed = self.items
        self.items, self.location = outside
        if outer is None:
            del self.slots[label]
        else:
            self.slots[label] = outer
        self.items.append(
            Attempt(
                done,
                failed,
                params["classes"],
                code,
                exception,
                frozenset(slots),
                self.location,
                wanted=_is_seen(node.outputs[1], self.graph),
            )
        )

    def handling(self, node: Node, values: dict[Variable, int]) -> None:
        """Lower a body that runs while an exception is handled."""
        body = node.params["body"]
        exception, *captured = [self.read(values, v) for v in node.inputs]
        targets = [self.result(values, v) for v in node.outputs]
        outside = self.nested()
        inner = dict(zip(body.inputs, captured, strict=True))
        self.block(body, inner)
        for target, v in zip(targets, body.outputs, strict=True):
            self.move(target, self.read(inner, v))
        block = self.items
        self.items, self.location = outside
        self.items.append(Attempt(block, [], None, -1, exception, location=self.location))

    def as_bool(self, register: int) -> int:
        """The truth of a value that is not unboxed."""
        from tracetensor.graph.types import BOOL

        target = self.register(register_class(BOOL))
        self.emit_site(Opcode.CALL, CallSite(bool, [register], [target], [BOOL], {}), [register], [target])
        return target

    def scan(self, node: Node, values: dict[Variable, int]) -> None:
        """Lower a loop: its carry lives in registers that the body reads and the end of a step rewrites."""
        params = node.params
        body, n_carry = params["body"], params["n_carry"]
        counted, conditional = params["counted"], params["conditional"]
        rest = [self.read(values, v) for v in node.inputs]
        steps = rest.pop(0) if counted else self.constant(NO_LIMIT, PY_INT)
        go = self.register(self.classes[rest[0]]) if conditional else -1
        if conditional:
            self.move(go, rest.pop(0))
        initial, captured = rest[:n_carry], rest[n_carry:]
        carry = [self.result(values, v) for v in node.outputs[:n_carry]]
        stacks = self.start_stacks(node, values, steps if counted else self.constant(0, PY_INT))
        counter, limit = self.register(PY_INT), self.register(PY_INT)
        self.emit(Opcode.LOOP_START, counter, limit, steps)
        for target, source in zip(carry, initial, strict=True):
            self.move(target, source)
        outside = self.nested()
        inner = dict(zip(body.inputs, [*[counter] * counted, *carry, *captured], strict=True))
        self.loops += 1
        self.block(body, inner)
        self.loops -= 1
        outputs = [self.read(inner, v) for v in body.outputs]
        for stack, value in zip(stacks, outputs[conditional + n_carry :], strict=True):
            self.emit(Opcode.STACK_PUSH, stack, value)
        self.parallel_move(
            list(zip([*[go] * conditional, *carry], outputs[: conditional + n_carry], strict=True))
        )
        tests = [(Opcode.LOOP_TEST, counter, limit)] * counted + [(Opcode.JUMP_UNLESS, go, -1)] * conditional
        loop = Loop(tests, counter, self.items, outside[1])
        self.items, self.location = outside
        self.items.append(loop)
        for stack, v in zip(stacks, node.outputs[n_carry:], strict=True):
            self.emit(Opcode.STACK_FINISH, self.result(values, v), stack)

    def start_stacks(self, node: Node, values: dict[Variable, int], steps: int) -> list[int]:
        """Registers for the stacked outputs of a loop, each begun."""
        body = node.params["body"]
        stacks = []
        for v in body.outputs[node.params["conditional"] + node.params["n_carry"] :]:
            stacks.append(self.register(OBJECT))
            self.emit(Opcode.STACK_START, stacks[-1], steps, site=StackSite(v.type))
        return stacks


def _is_seen(exception: Variable, graph: Graph) -> bool:
    """Whether anything may see the traceback of an exception before it is raised again."""
    if exception in graph.outputs:
        return True
    for node in graph.nodes():
        for k, v in enumerate(node.inputs):
            if v is not exception or (k == 0 and node.op.name in LOOKS_AWAY) or node.op.name == "print":
                continue
            if node.op.name not in {"ifelse", "attempt", "handling"} or k < captured_from(node):
                return True
            place = k - captured_from(node)
            if any(_is_seen(body.inputs[place], body) for body in bodies(node)):
                return True
    return False
