"""Tracing a whole function: arguments in, a Graph and a recipe for its results and writes out."""

from __future__ import annotations

import dataclasses
import functools
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import AlwaysRaises, Fallback
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Constant, Node, Variable, apply
from tracetensor.graph.ops import elementwise, indexing
from tracetensor.graph.types import INT, ListType, TensorType
from tracetensor.tracer import source
from tracetensor.tracer.arrays import KEPT_APART
from tracetensor.tracer.closures import parts_of
from tracetensor.tracer.flow import RaisedInBranch
from tracetensor.tracer.forms import Blends
from tracetensor.tracer.frames import Frame
from tracetensor.tracer.interpreter import Interpreter
from tracetensor.tracer.lists import LEAF, Dynamic
from tracetensor.tracer.methods import Method
from tracetensor.tracer.objects import is_object, new_object, static
from tracetensor.tracer.slices import view_key
from tracetensor.tracer.state import Restart, State
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    UNBOUND,
    InterpretedFunction,
    Storage,
    TracedArray,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedStore,
    TracedUnion,
    Tree,
    is_traced,
)
from tracetensor.tracer.world import Check, Holder, Path, World, fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_RESTARTS = 64
DEOPTIMISING = frozenset(
    "callback deoptimise_if py.pow list_array view_check failing squeeze cross cov corrcoef".split()
)
"""Ops whose result may turn out to be of another type than the one inferred: a run is then given up."""


def may_deoptimise(node: Node) -> bool:
    """Whether a run may be given up at this node, to be repeated as plain Python."""
    return node.op.name in DEOPTIMISING or (node.op.name == "effect" and not node.params["certain"])


DIMS_ONLY = frozenset("index dim python math view control list effect callback scalar linalg fft".split())
"""Families of ops that take Python's ints as sizes, places and the like, or compute with them as Python does."""


def may_overflow(node: Node) -> bool:
    """Whether a node makes an array of a Python int of any size, which NumPy makes one of objects if it is large."""
    if node.op.family in DIMS_ONLY or node.op.name in {"zeros", "ones", "empty", "eye"}:
        return False
    types = [v.type for v in node.inputs if isinstance(v.type, TensorType)]
    if node.op.family == "ufunc" and not all(t.is_python for t in types):
        return False  # a weak int, which raises OverflowError
    return any(v.type is INT and not _is_size(v) for v in node.inputs)


def _is_size(v: Variable) -> bool:
    """Whether an int is made of constants and lengths."""
    if isinstance(v, Constant):
        return True
    if v.node is None:
        return False
    return v.node.op.name == "dim" or (v.node.op.family == "python" and all(map(_is_size, v.node.inputs)))


def _of_ufunc(node: Node) -> bool:
    """Whether a node calls a ufunc, whose results are of one type."""
    return node.op.name == "callback" and isinstance(node.params["function"].function, np.ufunc)


@dataclasses.dataclass
class Recipe:
    """How a value is rebuilt from a program's outputs. kind and content:

    "output" k; "constant" object; "same" path (the caller's own object); "view" (path, steps, recipes of leaves);
    "tuple" (class, items); "list" items; "dict" (keys, items); "dict view" (a dict, the name of the method); "union" (recipe of the tag, items);
    "object" (class, names, items); "tree" (how a registered class is put together, [what there is besides children, children]); "range" and "slice" items; "new list" (recipe, paths of lists that it is none of); "columns" (skeleton of an element, lists of its leaves).
    """

    kind: str
    content: Any

    def build(
        self, outputs: list[Any], parameters: dict[str, Any], made: dict[Any, Any] | None = None
    ) -> Any:
        """The value. `made` holds what was built already: what is one object to the function stays one."""
        made = {} if made is None else made
        if self.kind == "output":
            return outputs[self.content]
        if self.kind == "constant":
            return self.content
        if id(self) not in made:
            made[id(self)] = self._build(outputs, parameters, made)
        return made[id(self)]

    def _build(self, outputs: list[Any], parameters: dict[str, Any], made: dict[Any, Any]) -> Any:
        kind, content = self.kind, self.content

        def each(recipes: list[Recipe]) -> list[Any]:
            return [r.build(outputs, parameters, made) for r in recipes]

        if kind == "same":
            return fetch(content, parameters)
        if kind == "tuple":
            items = each(content[1])
            return content[0](*items) if hasattr(content[0], "_fields") else tuple(items)
        if kind == "list":
            return each(content)
        if kind == "dict":
            return dict(zip(content[0], each(content[1]), strict=True))
        if kind == "dict view":
            return getattr(each([content[0]])[0], content[1])()
        if kind == "union":
            (tag,) = each([content[0]])
            return content[1][tag].build(outputs, parameters, made)
        if kind in {"range", "slice"}:
            return (range if kind == "range" else slice)(*each(content))
        if kind == "text":
            convert: dict[str, Any] = {"r": repr, "s": str, "a": ascii, "": lambda value: value}
            return "".join(
                [
                    p
                    if isinstance(p, str)
                    else format(convert[p[1]](p[0].build(outputs, parameters, made)), p[2])
                    for p in content
                ]
            )
        if kind == "new list":
            found = content[0].build(outputs, parameters, made)
            # Rewriting may find that two lists are equal, or that one is an argument: they are two objects still.
            if id(found) in made or any(found is fetch(p, parameters) for p in content[1]):
                found = list(found)
            made[id(found)] = found
            return found
        if kind == "columns":
            return rows_of(content[0], *each(content[1]))
        if kind == "object":
            instance = made[id(self)] = new_object(content[0])
            for name, value in zip(content[1], each(content[2]), strict=True):
                if value is not UNBOUND:
                    object.__setattr__(instance, name, value)
            return instance
        if kind == "tree":
            return content[0].built(*each(content[1]))
        if kind == "function":
            return self._function(outputs, parameters, made)
        if kind == "partial":
            function, *values = each([content[0], *content[1], *content[2].values()])
            split = len(content[1])
            return functools.partial(
                function, *values[:split], **dict(zip(content[2], values[split:], strict=True))
            )
        if kind == "method":
            return getattr(each([content[0]])[0], content[1])
        if kind == "bound":
            return types.MethodType(*each(content))
        if kind == "view of":
            (value,) = each([content[0]])
        else:
            value = fetch(content[0], parameters)
        for op, leaves, params in content[1]:
            value = op.evaluate(value, *each(leaves), **params)
        return value

    def _function(self, outputs: list[Any], parameters: dict[str, Any], made: dict[Any, Any]) -> Any:
        """A function that the program made; it may be in its own cells."""
        cells, filled = made.setdefault("cells", ({}, set()))
        function = made[id(self)] = self.content.make(cells)
        self.content.fill(function, cells, filled, lambda r: r.build(outputs, parameters, made), UNBOUND)
        return function


def rows_of(skeleton: Any, *columns: list[Any]) -> list[Any]:
    """The elements of a list, from the lists of their leaves."""
    return [_element(skeleton, list(row)) for row in zip(*columns, strict=True)]


def _element(skeleton: Any, values: list[Any]) -> Any:
    """An element of a list, put together of its leaves, which are consumed."""
    if skeleton == LEAF:
        return values.pop(0)
    if skeleton[0] == "union":
        tag = values.pop(0)
        return [values.pop(0) for _ in skeleton[1]][tag]
    items = [_element(s, values) for s in skeleton[1]]
    if skeleton[0] is TracedList:
        return items
    return skeleton[0](*items) if hasattr(skeleton[0], "_fields") else tuple(items)


@dataclasses.dataclass
class Trace:
    """A traced function, for one kind of arguments.

    graph: its inputs are at `inputs` (paths); its outputs feed `result` and `writes`. checks: what must hold of the
    outside for the trace to be valid. writes: (path, how, recipe), how being "array", "list", "dict", "attribute" (the path's
    last step) or "name" (of a holder). distinct: groups of paths at which no two things must be the same.
    sources: the generators that are drawn from, ("path", path) or ("object", generator). unrepeatable: it does
    what cannot be taken back. surroundings: names outside that must stay what they are. groups: for each output that
    is memory made by the function, the number of that memory; None for others. places: where in the program each check
    was asked for. judged: the answers that it takes for granted to questions that the run answers.
    """

    graph: Graph
    inputs: list[Path]
    checks: list[Check]
    result: Recipe
    writes: list[tuple[Path, str, Recipe]]
    groups: list[int | None]
    callbacks: list[tuple[str, Any]]
    constants: dict[Any, Any]
    distinct: list[list[Path]] = dataclasses.field(default_factory=list)
    may_deoptimise: bool = False
    may_overflow: bool = False
    sources: list[tuple[str, Any]] = dataclasses.field(default_factory=list)
    unrepeatable: bool = False
    fetched: dict[Path, Any] = dataclasses.field(default_factory=dict)
    surroundings: list[tuple[Any, ...]] = dataclasses.field(default_factory=list)
    places: dict[Check, Any] = dataclasses.field(default_factory=dict)
    judged: dict[Any, bool] = dataclasses.field(default_factory=dict)


def trace_function(  # noqa: PLR0913 - the conditions of one trace
    function: types.FunctionType,
    parameters: dict[str, Any],
    *,
    unwrap: Callable[[Any], Any],
    static: frozenset[str] = frozenset(),
    refuse_callbacks: bool = False,
    changing: Iterable[Path] = (),
    recursion: tuple[Any, dict[Any, Any]] = (None, {}),
    answers: dict[Any, bool] | None = None,
) -> Trace:
    """Trace a function on these arguments, by parameter name, `*args` and `**kwargs` under their names.

    changing: where numbers are that are inputs, though they stand in globals and the like: they change from call to call.
    recursion: how recursive calls are run (function.Nesting), and what is taken for granted of their results.
    answers: what runs have found where tracing judged otherwise.
    Raises Fallback with the reason if it cannot be traced, AlwaysRaises if it raises on every such arguments.
    """
    constants: dict[Any, Any] = {(("parameter", name),): True for name in static}
    constants.update({("input", path): True for path in changing})
    constants.update(answers or {})
    state = State()
    for _ in range(MOST_RESTARTS):
        state = State(state.work)
        try:
            return _attempt(function, parameters, constants, unwrap, recursion, refuse_callbacks, state=state)
        except Restart as restart:
            constants.update(restart.constants)
        except AlwaysRaises:
            raise
        except Fallback:
            if KEPT_APART in constants:  # what that led to says less
                raise Fallback(constants[KEPT_APART]) from None
            raise
    msg = f"{function.__qualname__}: what tracing needs to know of the arguments does not settle"
    raise Fallback(msg)


def _attempt(  # noqa: PLR0913 - as above
    function: types.FunctionType,
    parameters: dict[str, Any],
    constants: dict[Any, Any],
    unwrap: Callable[[Any], Any],
    recursion: tuple[Any, dict[Any, Any]],
    refuse_callbacks: bool,
    *,
    state: State,
) -> Trace:
    root = state.region
    world = World(state, constants, unwrap)
    world.nested, world.assumed = recursion
    interpreter = Interpreter(state, world)
    world.interpreter = interpreter
    world.refuse_callbacks = refuse_callbacks
    described = source.source_of(function)
    frame = Frame(described, state.region, function.__globals__, function)
    world.surroundings.function(function)
    for name, value in parameters.items():
        path = (("parameter", name),)
        frame.locals[name] = world.adopt(value, path, numbers=constants.get(path) is not True)
    arguments = described.node.args
    if arguments.vararg is not None or arguments.kwarg is not None:
        _starred(frame, world, arguments)
    try:
        result = interpreter.run(frame)
        return _finish(world, interpreter, function, result, constants)
    except Fallback as error:
        raise _located(error, state) from error.__cause__
    except RaisedInBranch:
        msg = f"{function.__qualname__} raises on these arguments"
        raise AlwaysRaises(msg) from None
    except Exception as error:
        msg = f"{function.__qualname__} raises {type(error).__name__} while it is traced: {error}"
        raise AlwaysRaises(msg) from error
    finally:
        root.release()


def _located(error: Fallback, state: State) -> Fallback:
    """The error with the user's line, if it names none."""
    location = state.last_location
    if "line " in error.reason or not location:
        return error
    line = location[-1]
    if f"({line.filename}:" in error.reason:  # named by a function that was traced on its own
        return error
    return type(error)(f"{error.reason} ({line.filename}:{line.line})")


def _starred(frame: Frame, world: World, arguments: Any) -> None:
    for part in (arguments.vararg, arguments.kwarg):
        if part is not None and type(frame.locals.get(part.arg)) is dict:
            world.state.made(frame.locals[part.arg])


class _Output:
    """Collects a graph's outputs while results are taken apart."""

    def __init__(self, world: World, interpreter: Interpreter) -> None:
        self.world = world
        self.interpreter = interpreter
        self.variables: list[Variable] = []
        self.groups: list[int | None] = []
        self.storages: dict[Storage, int] = {}
        self.places: dict[tuple[Any, ...], int] = {}
        self.recipes: dict[int, tuple[Any, Recipe]] = {}
        self.views: dict[Any, list[TracedArray]] = {}

    def output(self, variable: Variable, group: int | None = None, storage: Storage | None = None) -> Recipe:
        """The output that holds a variable; arrays on two storages are two objects even where they are equal."""
        if (
            isinstance(variable, Constant)
            and isinstance(variable.type, TensorType)
            and not variable.type.is_array
        ):
            return Recipe("constant", variable.value)
        key = (variable, group, storage)
        if key not in self.places:
            self.places[key] = len(self.variables)
            self.variables.append(variable)
            self.groups.append(group)
        return Recipe("output", self.places[key])

    def recipe(self, value: Any) -> Recipe:
        """How a value is rebuilt; one object has one recipe."""
        found = self.recipes.get(id(value))
        if found is None:
            found = self.recipes[id(value)] = (value, self._recipe(value))
        return found[1]

    def _recipe(self, value: Any) -> Recipe:
        arrays, world = self.interpreter.arrays, self.world
        kind = type(value)
        if kind is TracedArray:
            return self.array(value)
        if kind is TracedStore:
            return self.output(world.state.region.lift(value.variable))
        if kind in (TracedScalar, TracedObject):
            return self.output(arrays.variable(value))
        if kind is TracedUnion:
            before, items = self.views, []
            found: dict[Any, list[TracedArray]] = {k: list(v) for k, v in before.items()}
            for alternative in value.alternatives:  # of which only one is there
                self.views = {k: list(v) for k, v in before.items()}
                items.append(self.recipe(alternative))
                for key, views in self.views.items():
                    found.setdefault(key, []).extend(
                        v for v in views if not any(v is w for w in before.get(key, ()))
                    )
            self.views = found
            return Recipe("union", (self.output(value.tag), items))
        if id(value) in {id(made) for _, made, _ in world.containers.values()}:
            path = next(p for p, made, _ in world.containers.values() if made is value)
            return Recipe("same", path)
        view = world.state.views.get(id(value))
        if view is not None and view[0] is value:
            return Recipe("dict view", (self.recipe(view[1]), view[2]))
        if kind is TracedList:
            if value.dynamic is not None:
                return self.dynamic(value.dynamic)
            return Recipe("list", [self.recipe(v) for v in list.__iter__(value)])
        if isinstance(value, tuple) and (kind is tuple or hasattr(kind, "_fields") or is_traced(value)):
            return Recipe("tuple", (kind, [self.recipe(v) for v in value]))
        if kind is dict and id(value) in world.state.dicts and world.state.dicts[id(value)][1] is value:
            msg = "the __dict__ of an object is returned or stored"
            raise Fallback(msg)
        if kind is dict:
            return Recipe("dict", (list(value), [self.recipe(v) for v in value.values()]))
        if kind is TracedText:
            parts = [p if isinstance(p, str) else (self.recipe(p[0]), p[1], p[2]) for p in value.parts]
            return Recipe("text", parts)
        if kind in (TracedRange, slice) and world.paths.get(id(value), (None, None))[1] is value:
            return Recipe("same", world.paths[id(value)][0])
        if kind in (TracedRange, slice):
            return Recipe(
                "slice" if kind is slice else "range",
                [self.recipe(v) for v in (value.start, value.stop, value.step)],
            )
        if kind is Method:
            return Recipe("method", (self.recipe(value.owner), value.name))
        if kind is functools.partial:
            named = {k: self.recipe(v) for k, v in value.keywords.items()}
            return Recipe("partial", (self.recipe(value.func), [self.recipe(v) for v in value.args], named))
        if kind is types.MethodType and world.path_of(value) is None:
            return Recipe("bound", [self.recipe(value.__func__), self.recipe(value.__self__)])
        if kind is InterpretedFunction:
            return self.function(value)
        if is_traced(value) and not is_object(value):
            msg = f"a {kind.__name__} is returned"
            raise Fallback(msg)
        if value is UNBOUND:
            return Recipe("constant", UNBOUND)
        if issubclass(kind, Tree) and world.state.made_in(value) is not None:
            own = world.state.own(value)
            return Recipe("tree", (kind.registered, [self.recipe(own["aux"]), self.recipe(own["children"])]))
        if world.state.made_in(value) is not None and is_object(value):
            return self.object(value)
        known = world.paths.get(id(value))
        return Recipe("constant", value) if known is None else Recipe("same", known[0])

    def object(self, value: Any) -> Recipe:
        """An object that the program made; it may be reached from its own attributes."""
        if type(value) is not types.SimpleNamespace and not _plain_new(type(value)):
            msg = f"an object of class {type(value).__name__} is returned, which its class makes in a way of its own"
            raise Fallback(msg)
        recipe = Recipe("object", None)
        self.recipes[id(value)] = (value, recipe)
        own = {n: v for n, v in self.world.state.own(value).items() if v is not UNBOUND}
        recipe.content = (type(value), list(own), [self.recipe(v) for v in own.values()])
        return recipe

    def function(self, value: InterpretedFunction) -> Recipe:
        """A function defined inside: made of its code, with what its variables hold at the end."""
        recipe = Recipe("function", None)
        self.recipes[id(value)] = (value, recipe)
        recipe.content = parts_of(self.interpreter, value, self.recipe)
        return recipe

    def dynamic(self, content: Dynamic) -> Recipe:
        """A list of traced length: its columns are put together at exit."""
        columns = [self.output(v, None) for v in content.variables]
        if content.single is None:
            return Recipe("columns", (content.skeleton, columns))
        given = [p for p, v in self.world.inputs.items() if isinstance(v.type, ListType)]
        return Recipe("new list", (columns[0], given))

    def unwritten(self) -> None:
        """Fallback where a result may be a view of an argument that was written: it might be one of a copy."""
        uncertain = self.interpreter.arrays.uncertain
        for storage in self.world.storages.values():
            if storage in uncertain and storage.value is not storage.origin.variable:
                self.interpreter.arrays.refuse_write(uncertain[storage])

    def distinct(self, value: TracedArray) -> None:
        """Fallback where two results are views of one kind, and may be one object or two."""
        alike = self.views.setdefault(view_key(value), [])
        if any(other is not value and (other.rebuilt or value.rebuilt) for other in alike):
            msg = "whether two views that are returned are one object is known at run time only"
            raise Fallback(msg)
        alike.append(value)

    def steps(self, value: TracedArray) -> list[Any]:
        """The steps of a view, to be taken at exit."""
        wrap = self.interpreter.arrays.wrap
        return [(s.op, [self.recipe(wrap(v)) for v in s.inputs], dict(s.params)) for s in value.steps]

    def memory(self, storage: Storage) -> int | None:
        """The number of the memory that a result is in, None where only the run tells whose it is.

        What may be one array or another that a loop carries is memory of the program's own all the same: it has one number.
        """
        reason = self.interpreter.arrays.uncertain.get(storage)
        if reason is not None:
            self.unwritten()
        if reason == Blends.REASON:
            return self.group(reason)
        owner = self.interpreter.arrays.memory(storage)
        return None if owner is None else self.group(owner)

    def group(self, key: Any) -> int:
        return self.storages.setdefault(key, len(self.storages))

    def array(self, value: TracedArray) -> Recipe:
        storage = value.storage
        if storage.origin is not None:
            path = storage.origin.path
            if not value.steps:
                return Recipe("same", path)
            self.distinct(value)
            return Recipe("view", (path, self.steps(value)))
        if value.steps:
            # Taken at exit, of the very array that other results may be views of too.
            self.distinct(value)
            base = self.output(self.world.state.read_storage(storage), self.memory(storage), storage)
            return Recipe("view of", (base, self.steps(value)))
        variable = self.interpreter.arrays.read(value)
        return self.output(variable, self.memory(storage), storage)


def _finish(
    world: World,
    interpreter: Interpreter,
    function: types.FunctionType,
    result: Any,
    constants: dict[Any, Any],
) -> Trace:
    state = world.state
    collected = _Output(world, interpreter)
    recipe = collected.recipe(result)
    writes: list[tuple[Path, str, Recipe]] = []
    for storage in world.storages.values():
        origin = storage.origin
        if storage.value is not origin.variable:
            origin.check.writeable = True
            writes.append((origin.path, "array", collected.output(storage.value, collected.group(storage))))
    for path, made, original in world.containers.values():
        how = _container_write(collected, made, original, path, world)
        if how is not None:
            writes.append((path, *how))
    writes += [_place_write(collected, place, world) for place in _changed_places(world)]
    if world.recursed and any(
        how in {"attribute", "name"} or (how != "array" and path[0][0] != "parameter")
        for path, how, _ in writes
    ):
        # What is set is written back at exit: the recursive call would not see it.
        raise Fallback(world.recursed)
    if recipe.kind == "new list" and not recipe.content[1]:
        recipe = recipe.content[0]
    inputs = list(world.inputs)
    graph = Graph(
        [world.inputs[p] for p in inputs],
        collected.variables,
        state.region.roots,
        name=function.__name__ if function.__name__.isidentifier() else "lambda_",
        locations=state.region.locations,
    )
    deoptimises = any(may_deoptimise(n) for n in graph.all_nodes())
    if world.unrepeatable and any(may_deoptimise(n) and not _of_ufunc(n) for n in graph.all_nodes()):
        name, location = world.unrepeatable[0]
        line = f" ({location[-1].filename}:{location[-1].line})" if location else ""
        msg = (
            f"{name} is called{line}, which cannot be repeated where a result turns out to be of another type"
        )
        raise Fallback(msg)
    return Trace(
        graph, inputs, list(world.checks.values()), recipe, writes, collected.groups, world.callbacks,
        dict(constants), _distinct(world, writes), deoptimises, any(map(may_overflow, graph.all_nodes())), list(world.sources.values()),
        bool(world.unrepeatable),
        {p: world.examples[v] for p, v in world.inputs.items()} if world.assumed else {},
        world.surroundings.rows(),
        dict(world.places),
        dict(interpreter.arrays.judged),
    )  # fmt: skip


def _distinct(world: World, writes: list[tuple[Path, str, Recipe]]) -> list[list[Path]]:
    """Paths of objects and containers that must stay different ones: where one is written, or identity was asked."""
    written = {world.of_path(path[:-1] if how == "attribute" else path) for path, how, _ in writes}
    return [
        paths
        for cls, paths in world.groups.items()
        if len(paths) > 1 and (world.identity_asked or cls in written)
    ]


def _changed_places(world: World) -> list[Any]:
    """Attributes and names from outside that hold something else now, in the order of their first change."""
    state = world.state
    return [
        place
        for place, before in state.region.log.items()
        if place[0] == "attribute"
        and state.made_in(place[1].target) is None
        and state.get_place(place) is not before
    ]


def _place_write(collected: _Output, place: Any, world: World) -> tuple[Path, str, Recipe]:
    target, name = place[1].target, place[2]
    recipe = collected.recipe(world.state.get_place(place))
    if isinstance(target, Holder):
        return (("holder", target),), "name", recipe
    path = world.path_of(target)
    assert path is not None
    return (*path, ("attribute", name)), "attribute", recipe


def _plain_new(cls: type) -> bool:
    """Whether a class makes its objects by a function whose effects are traced like any other's."""
    new = static(cls, "__new__")
    return isinstance(new, staticmethod) or new is object.__dict__["__new__"]


def _container_write(
    collected: _Output, made: Any, original: Any, path: Path, world: World
) -> tuple[str, Recipe] | None:
    if type(made) is dict:
        if list(made) == list(original) and all(
            world.adopted.get((*path, ("item", k))) is v for k, v in made.items()
        ):
            return None
        return "dict", Recipe("dict", (list(made), [collected.recipe(v) for v in made.values()]))
    if made.dynamic is not None:
        known = world.inputs.get(path)
        same = made.dynamic.single is not None and known is made.dynamic.single
        return None if same else ("list", collected.dynamic(made.dynamic))
    items = list(list.__iter__(made))
    if len(items) == len(original) and all(
        world.adopted.get((*path, ("item", k))) is v for k, v in enumerate(items)
    ):
        return None
    return "list", Recipe("list", [collected.recipe(v) for v in items])


def _viewed(base: Variable, views: list[Any]) -> Variable:
    """The views, the last one first, of another array."""
    for node in reversed(views):
        base = apply(node.op, [base, *node.inputs[1:]], node.params).outputs[0]
    return base


def separate_outputs(graph: Graph, groups: list[int | None], traced: Graph | None = None) -> Graph:
    """The graph with copies added so that an output which the program made shares no memory with what it did not.

    Rewriting may find that an array is the same as an argument (x * 1), a constant, or another output; the
    program's results are memory of their own all the same. Two views that became one variable stay two objects.
    traced: the graph before rewriting, which tells what was of one memory by itself.
    """
    before = graph if traced is None else traced
    unowned: dict[
        Variable, set[Variable]
    ] = {}  # the memory of outputs that are nobody's: as it is, as it was
    for out, old, group in zip(graph.outputs, before.outputs, groups, strict=True):
        if group is None and isinstance(out.type, TensorType) and out.type.is_array:
            unowned.setdefault(_memory(out)[0], set()).update(_may_be(old))
    outputs = list(graph.outputs)
    seen: set[Variable] = set()
    copies: dict[tuple[Variable, int], Variable] = {}
    owners = _owners(graph, before, groups)
    for k, (out, group) in enumerate(zip(graph.outputs, groups, strict=True)):
        if not isinstance(out.type, TensorType) or not out.type.is_array:
            continue
        if group is None:
            others = [o for j, o in enumerate(graph.outputs) if j != k and groups[j] is None]
            if _given(out) and not _given(before.outputs[k]) and not _may_be(out) & set(others):
                outputs[k] = elementwise.copy(out)
            elif out.is_input:  # a view that rewriting found to show all of it: an object of its own still
                outputs[k] = indexing.getitem(out, spec=("e",))
            continue
        base, views = _memory(out)
        met = base in unowned and _memory(before.outputs[k])[0] not in unowned[base]
        if base.node is None or owners[base] != group or met:
            own = copies.get((base, group))
            if own is None:
                own = base
                for _ in range(1 + sum(1 for b, _ in copies if b is base)):
                    own = elementwise.copy(own)  # interned: a copy of a copy is another one
                copies[(base, group)] = own
            outputs[k] = _viewed(own, views)
        elif out in seen:
            outputs[k] = indexing.getitem(out, spec=("e",))
        seen.add(out)
    return graph.replace(outputs=outputs)


def _owners(graph: Graph, before: Graph, groups: list[int | None]) -> dict[Variable, int]:
    """Whose memory each array is that outputs show: of several groups that of which it was before, by its op."""
    owners: dict[Variable, tuple[bool, int]] = {}
    for out, old, group in zip(graph.outputs, before.outputs, groups, strict=True):
        if group is None or not isinstance(out.type, TensorType) or not out.type.is_array:
            continue
        base, made = _memory(out)[0], _memory(old)[0].node
        always = base.node is not None and made is not None and made.op is base.node.op
        if base not in owners or (always and not owners[base][0]):
            owners[base] = (always, group)
    return {base: group for base, (_, group) in owners.items()}


def _may_be(out: Variable) -> set[Variable]:
    """The arrays whose memory that of an output may be: what a loop or branch gives may be what it was given."""
    found: set[Variable] = set()
    pending = [out]
    while pending:
        base, _ = _memory(pending.pop())
        if base not in found:
            found.add(base)
            if base.node is not None and base.node.op.name in {"scan", "ifelse"}:
                pending += [v for v in base.node.inputs if v.type == base.type]
    return found


def _given(out: Variable) -> bool:
    """Whether the memory of an output may be that of an argument or a constant."""
    return any(v.node is None for v in _may_be(out))


def _memory(out: Variable) -> tuple[Variable, list[Node]]:
    """What an output is a view of, and the nodes that make it one."""
    base, views = out, []
    while base.node is not None and (base.node.op.views or base.node.op.name == "as_kind"):
        views.append(base.node)
        base = base.node.inputs[0]
    return base, views


__all__ = ["AlwaysRaises", "Recipe", "Trace", "separate_outputs", "trace_function"]
