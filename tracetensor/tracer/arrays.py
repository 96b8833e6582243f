"""Reading and writing traced arrays: views are chains of steps on a storage, writes go back up the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.answers import NUMPY
from tracetensor.graph.node import Constant, Variable, apply, constant
from tracetensor.graph.ops import control, elementwise, indexing
from tracetensor.graph.types import (
    ARRAY,
    NUMERIC_KINDS,
    PYTHON_KINDS,
    ListType,
    TensorType,
    type_of,
)
from tracetensor.tracer.forms import Blends
from tracetensor.tracer.lists import LEAF, Dynamic
from tracetensor.tracer.state import Restart
from tracetensor.tracer.values import (
    Step,
    Storage,
    TracedArray,
    TracedFlat,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedStore,
    TracedUnion,
    is_traced,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.graph.node import Node
    from tracetensor.tracer.state import State

CONTIGUOUS = frozenset("zeros ones full empty arange linspace eye matmul dot copy_c pack".split())


KEPT_APART = ("loops", "arrays kept apart")
"""Tracing has started again with loops that carry which of several arrays a name is; with why that was."""


class Arrays:
    """Operations on traced arrays, within the state of one trace."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.unsure: dict[Variable, None] = {}  # what may be a view or a copy, by its layout
        self.uncertain: dict[Storage, str] = {}
        self.decide_layouts = False
        self.kept_apart = (
            False  # whether loops carry which of several arrays a name is, not the arrays themselves
        )
        self.example: Callable[[Variable], Any] = _no_example
        self.origins: dict[Variable, Any] = {}  # of the inputs that are arrays
        self.answers: dict[Any, Any] = {}  # what runs have found
        self.judged: dict[Any, bool] = {}  # what is taken for granted of questions that the run answers
        self.kin: dict[Storage, list[Storage]] = {}
        self.unify: Callable[..., Any] = _cannot_unify

    # Wrapping --------------------------------------------------------------------------------------------------

    stores: Any  # stores.Stores, once there is an interpreter

    def wrap(self, variable: Variable) -> Any:
        """The user's view of a variable; a scalar constant as its own value."""
        type_ = variable.type
        if isinstance(type_, TensorType):
            if type_.is_array:
                storage = Storage(variable, self.state.region, contiguous=self.contiguous(variable))
                return TracedArray(storage)
            return variable.value if isinstance(variable, Constant) else TracedScalar(variable)
        if isinstance(type_, ListType):
            return TracedList((), Dynamic(LEAF, (variable,)))
        shape = self.stores.table.of_type.get(type_)
        return TracedObject(variable) if shape is None else TracedStore(variable, shape)

    def contiguous(self, variable: Variable) -> bool:
        """Whether freshly made memory is known to be in C order."""
        if variable.ndim <= 1:
            return True
        node = variable.node
        if node is None:
            return isinstance(variable, Constant) and bool(variable.value.flags.c_contiguous)
        if node.op.name in CONTIGUOUS:
            return True
        if node.op.name in {"concatenate", "stack"}:  # as NumPy has it, in the order of what is joined
            return all(self.contiguous(v) for v in node.inputs if v.ndim > 1)
        if node.op.family == "ufunc" or node.op.name in {"where", "cast", "setitem", "copy", "update_at"}:
            arrays = [v for v in node.inputs if isinstance(v.type, TensorType) and v.type.ndim > 1]
            return bool(arrays) and all(v.type.ndim == variable.ndim and self.contiguous(v) for v in arrays)  # type: ignore[attr-defined]
        return False

    def variable(self, value: Any) -> Variable:
        """The variable of a value, in the current region; Fallback for what cannot be one."""
        kind = type(value)
        if kind is TracedScalar or kind is TracedObject:
            return self.state.region.lift(value.variable)
        if kind is TracedArray:
            return self.read(value)
        if isinstance(value, Variable):
            return self.state.region.lift(value)
        if kind in (int, float, bool, complex) or isinstance(value, np.generic):
            return self._constant(value)
        if kind is TracedList and value.dynamic is not None:
            if not isinstance(value.dynamic.form.types[0], TensorType):
                return self.variable(self.stores.array_of_list(value))
            return self.list_as_array(value)
        if kind in (list, tuple, TracedList, range):
            items = list(list.__iter__(value)) if issubclass(kind, list) else list(value)
            if is_traced(items):
                return self.state.adopt_built(NUMPY[np.array](self.nested(items)))
            return self._constant(np.array(items))
        if isinstance(value, np.ndarray) and kind is np.ndarray:
            return self._constant(value)
        if kind is TracedStore:
            return self.variable(self.stores.plain(value))
        if kind is TracedUnion:
            return self.variable(self.unify(value))
        if kind is TracedFlat:
            return self.flat(value.array)
        if kind is TracedRange:
            return self.state.adopt_built(
                NUMPY[np.arange](*[self.argument(v) for v in (value.start, value.stop, value.step)])
            )
        msg = f"a value of class {kind.__name__} takes part in an array operation"
        raise Fallback(msg)

    def _constant(self, value: Any) -> Variable:
        try:
            type_ = type_of(value)
        except TypeError as error:
            raise Fallback(str(error)) from None
        if isinstance(type_, TensorType) and type_.dtype.kind not in NUMERIC_KINDS:
            msg = f"values of dtype {type_.dtype} are not traced"
            raise Fallback(msg)
        return constant(value, type_)

    def nested(self, items: Any) -> Any:
        """Nested lists with variables in the place of traced values, for the builders."""
        if type(items) in (list, tuple, TracedList):
            plain = (
                [self.nested(i) for i in list.__iter__(items)]
                if isinstance(items, list)
                else map(self.nested, items)
            )
            return tuple(plain) if type(items) is tuple else list(plain)
        return self.argument(items)

    def flat(self, array: TracedArray) -> Variable:
        """The elements of an array in C order, as a new array."""
        return self.state.adopt_built(NUMPY[np.ravel](self.read(array)))

    def argument(self, value: Any) -> Any:
        """A value as builders take it: a variable if traced, nested containers included, else itself."""
        kind = type(value)
        if kind is TracedUnion:
            return self.variable(self.unify(value, loose=True))
        if kind in (TracedScalar, TracedArray, TracedObject, TracedFlat, TracedStore):
            return self.variable(value)
        if kind is TracedList and value.dynamic is not None:
            return self.variable(value)
        if kind in (list, TracedList):
            return [self.argument(v) for v in list.__iter__(value)]
        if kind is tuple:
            return tuple([self.argument(v) for v in value])
        if kind is slice:
            return slice(self.argument(value.start), self.argument(value.stop), self.argument(value.step))
        if kind is TracedRange:
            return self.variable(value)
        return value

    def list_as_array(self, value: TracedList, *, given: bool = False, dtype: Any = None) -> Variable:
        """numpy.array(list) of a list of traced length; `given`: its dtype is known even where it is empty.

        dtype: what Python's numbers in it are converted to, one by one.
        """
        dynamic: Dynamic = value.dynamic
        columns = []
        for variable, element in zip(dynamic.variables, dynamic.form.types, strict=True):
            if not isinstance(element, TensorType):
                msg = f"a list of {element!r} is used as an array"
                raise Fallback(msg)
            own = element.dtype if dtype is None or not element.is_python else dtype
            type_ = TensorType(own, (None, *element.shape), ARRAY)
            columns.append(
                self.state.emit(control.list_array, [variable], {"type": type_, "given": given}).out
            )
        if dynamic.skeleton == LEAF:
            return columns[0]
        flat = dynamic.skeleton[0] != "union" and all(s == LEAF for s in dynamic.skeleton[1])
        if not flat or len({c.dtype for c in columns}) > 1 or any(c.ndim > 1 for c in columns):
            msg = "a list of tuples of different kinds is used as an array"
            raise Fallback(msg)
        return self.state.adopt_built(NUMPY[np.stack](columns, axis=1))

    def freeze(self, storage: Storage, reason: str) -> None:
        """Writes to a storage end the trace from now on."""
        self.uncertain.setdefault(storage, reason)

    # Reading ---------------------------------------------------------------------------------------------------

    def read(self, array: TracedArray) -> Variable:
        """The variable that holds what the array shows now."""
        variable = self.state.read_storage(array.storage)
        for step in array.steps:
            variable = self.apply_step(step, variable)
        return variable

    def apply_step(self, step: Step, base: Variable) -> Variable:
        return self.state.emit(step.op, [base, *step.inputs], dict(step.params)).outputs[0]

    def type(self, array: TracedArray) -> TensorType:
        """The type of an array. Nothing is read: where the array is one of several, its steps might raise."""
        region = self.state.region
        variable = self.state.read_storage(array.storage)
        for step in array.steps:
            inputs = [variable, *[region.lift(v) for v in step.inputs]]
            variable = apply(step.op, inputs, dict(step.params)).outputs[0]
        return variable.tensor

    def view_or_new(self, result: Variable, sources: list[TracedArray]) -> Any:
        """Wrap a builder's result: a view of one of the source arrays if it is made by view ops only, else new."""
        if not isinstance(result.type, TensorType) or not result.type.is_array:
            return self.wrap(result)
        bases = {self.read(a): a for a in reversed(sources)}
        chain: list[Node] = []
        variable = result
        while variable not in bases:
            node = variable.node
            if node is None or not node.op.views or not self._shares(node):
                return self.wrap(result)
            chain.append(node)
            variable = node.inputs[0]
        source = bases[variable]
        chain.reverse()
        steps = source.steps
        for node in chain:
            inputs = tuple([self.state.outermost(v) for v in node.inputs[1:]])
            step = Step(node.op, inputs, tuple(sorted(node.params.items())))
            other_order = node.params.get("order", "C") != "C" and node.inputs[0].ndim > 1
            unsure = (
                other_order or not self._reshape_is_view(source.storage, steps, node)
                if node.op.name == "reshape"
                else node.op.name == "ascontiguous"
                and not self.is_contiguous(TracedArray(source.storage, steps))
            )
            if unsure and not self.decide_layouts:
                return self.uncertain_view(result, source.storage, node.op.name)
            if unsure and not self._shares_in_example(source.storage, steps, node):
                return self.wrap(self._copy_of_its_own(result))
            if node.op.name == "ascontiguous" and node.outputs[0].ndim == node.inputs[0].ndim:
                continue  # NumPy returns the array itself
            if node.op.name == "as_kind":
                return self.wrap(result)
            if node.op.name == "squeeze" and node.outputs[0].ndim == node.inputs[0].ndim:
                continue  # nothing to squeeze: NumPy returns the array itself
            steps = (*steps, step)
        return source if steps == source.steps else TracedArray(source.storage, steps)

    def _shares(self, node: Node) -> bool:
        if node.op.name == "getitem":
            return "a" not in node.params["spec"] and node.outputs[0].tensor.is_array
        if node.op.name in {"real", "imag"}:
            return node.inputs[0].tensor.dtype.kind == "c" or node.op.name == "real"
        return True

    def _reshape_is_view(self, storage: Storage, steps: tuple[Step, ...], node: Node) -> bool:
        gathers = "ravel" in node.params  # what has gaps is copied by it, where a reshape steps over them
        if node.inputs[0].ndim <= 1 and not steps and not gathers:
            return True
        if all(self._keeps_order(s) for s in steps) and self.state_contiguous(storage):
            return True
        if gathers:
            return False
        return node.inputs[0].ndim == 1 and all(s.op.name == "reshape" or self._plain_slice(s) for s in steps)

    def _keeps_order(self, step: Step) -> bool:
        """Whether a step leaves C-contiguous memory C-contiguous: reshapes, and integers before full slices."""
        if step.op.name in {"reshape", "squeeze"}:
            return True
        if step.op.name == "getitem":
            spec = [e for e in dict(step.params)["spec"] if e != "n"]
            rest = spec[next((k for k, e in enumerate(spec) if e != "i"), len(spec)) :]
            return all(e in {"s000", "e"} for e in rest[1:]) and (
                not rest or rest[0] in {"s000", "s100", "s010", "s110", "e"}
            )
        return False

    def _plain_slice(self, step: Step) -> bool:
        return step.op.name == "getitem" and all(
            e in {"s000", "s100", "s010", "s110"} for e in dict(step.params)["spec"]
        )

    def state_contiguous(self, storage: Storage) -> bool:
        """Whether the memory is in C order; an argument is asked for it, and guarded."""
        if not storage.contiguous and storage.origin is not None:
            storage.contiguous = storage.origin.require_contiguous()
        return storage.contiguous

    def _shares_in_example(self, storage: Storage, steps: tuple[Step, ...], node: Node) -> bool:
        """Whether a reshape is a view for the arguments of the first call, or as a run has found; checked in every run.

        The layout that counts is that of the caller's array, or of the array that the program made: views of it
        may be copies by the time they are looked at.
        """
        origin = storage.origin
        memory = (
            self.state.read_storage(storage) if origin is None else self.state.region.lift(origin.variable)
        )
        for origin in self.origins_of(memory):
            origin.require_layout()
        leaves = [v for s in steps for v in s.inputs] + list(node.inputs[1:])
        chain = [(s.op, len(s.inputs), s.params) for s in steps]
        chain.append((node.op, len(node.inputs) - 1, tuple(sorted(node.params.items()))))
        leaves = [self.state.region.lift(v) for v in leaves]
        where = tuple([(line.filename, line.line) for line in self.state.location()])
        question = ("view", where, tuple(chain))
        view = self.judged.get(question)
        if view is None:
            view = self.answers.get(question)
        if view is None:
            try:
                view = control.is_view(*[self.example(v) for v in (memory, *leaves)], steps=tuple(chain))
            except (IndexError, ValueError):  # of an array of this program's only its type was known
                view = all(map(self._keeps_order, steps))
        self.judged[question] = view
        params = {"steps": tuple(chain), "view": view, "where": where}
        self.state.emit(control.view_check, [memory, *leaves], params)
        return view

    def may_be_empty(self, empty: Variable, *, known: bool) -> bool:
        """Whether a list of rows is to be taken as one that may be empty, as for the arguments of the first call, or as found.

        Else runs in which it is are given up: what is made of its rows would have another rank for that alone.
        known: whether tracing can tell for the first call.
        """
        question = ("empty", tuple([(line.filename, line.line) for line in self.state.location()]))
        judged = self.judged.get(question)
        if judged is None:
            judged = self.answers.get(question)
        if judged is None:
            judged = known and bool(self.example(empty))
        self.judged[question] = judged
        if not judged:
            reason = "an array is made of a list that is empty, and was not when that was traced"
            self.state.emit(control.deoptimise_if, [empty], {"reason": reason, "question": question})
        return judged

    def origins_of(self, memory: Variable) -> list[Any]:
        """The arrays from outside whose layouts may decide the one of an array."""
        found, pending, seen = [], [memory], set()
        while pending:
            variable = pending.pop()
            if variable in seen or not isinstance(variable.type, TensorType) or not variable.type.is_array:
                continue
            seen.add(variable)
            if variable.node is not None:
                pending.extend(variable.node.inputs)
            elif variable in self.origins:
                found.append(self.origins[variable])
            elif variable.scope is not None and variable in variable.scope.initial:
                pending.append(variable.scope.initial[variable])
        return found

    def is_contiguous(self, array: Any) -> bool:
        """Whether an array is known to be in C order."""
        return (
            type(array) is TracedArray
            and all(map(self._keeps_order, array.steps))
            and self.state_contiguous(array.storage)
        )

    def uncertain_view(self, result: Variable, storage: Storage, what: str) -> TracedArray:
        """An array that may or may not share memory with a storage: writes to either end the trace."""
        array = self.wrap(self._copy_of_its_own(result))
        assert isinstance(array, TracedArray)
        reason = LayoutReason(
            f"whether {what} gave a view or a copy depends on the layout in memory, and one of both is written"
        )
        self.uncertain[array.storage] = reason
        self.uncertain[storage] = reason
        kin = self.kin.setdefault(storage, [storage])
        kin.append(array.storage)
        self.kin[array.storage] = kin
        return array

    def _copy_of_its_own(self, result: Variable) -> Variable:
        """What a call that copies, or may, returns: of two equal calls, each makes a copy."""
        node = result.node
        if result in self.unsure and node is not None and node.op.name == "reshape":
            result = self.state.emit(node.op, node.inputs, {**node.params, "call": len(self.unsure)}).out
        self.unsure[result] = None
        return result

    def memory(self, storage: Storage) -> Storage | None:
        """The storage whose memory this one is in the end; None where only the run tells."""
        if storage not in self.uncertain:
            return storage
        kin = self.kin.get(storage)
        return None if kin is None or any(s.origin is not None for s in kin) else kin[0]

    # Writing ---------------------------------------------------------------------------------------------------

    def refuse_write(self, reason: str) -> None:
        """Fallback; or trace again, so that what may be written is known: by layouts, or as things that loops leave apart."""
        if isinstance(reason, LayoutReason) and not self.decide_layouts:
            raise Restart({"layouts": True})
        if reason == Blends.REASON:
            self.refuse_loop(reason)
        raise Fallback(reason)

    def refuse_loop(self, reason: str) -> NoReturn:
        """Fallback; or trace again with loops that tell arrays apart, where they carried the arrays themselves."""
        if self.kept_apart:
            raise Fallback(reason)
        location = self.state.location()
        where = (
            f" ({location[-1].filename}:{location[-1].line})" if location and "line " not in reason else ""
        )
        raise Restart({KEPT_APART: f"{reason}{where}"})

    def check_writable(self, array: TracedArray, *, augmented: bool = False) -> None:
        if array.storage in self.uncertain:
            self.refuse_write(self.uncertain[array.storage])
        if array.storage.read_only or any(s.op.name in {"broadcast_to", "diagonal"} for s in array.steps):
            msg = "output array is read-only" if augmented else "assignment destination is read-only"
            raise ValueError(msg)
        if (
            array.storage.origin is not None
        ):  # a condition, even where another exception comes before the write
            array.storage.origin.check.writeable = True

    def set_index(self, array: TracedArray, index: Any, value: Any, *, augmented: bool = False) -> None:
        """array[index] = value."""
        spec, leaves = self.index(index)
        self.check_writable(array, augmented=augmented and "a" not in spec)
        new = self.converted(value, self.type(array).dtype)
        self.set_parsed(array, spec, leaves, new, augmented=augmented)

    def converted(self, value: Any, dtype: np.dtype[Any]) -> Variable:
        """What NumPy makes of what is put into an array of this dtype: the items of a list are converted one by one.

        So an int that does not fit raises OverflowError, where one in an array that is cast would wrap around.
        """
        kind = type(value)
        if dtype.kind not in "iu":
            return self.variable(value)
        if kind is TracedList and value.dynamic is not None:
            if value.dynamic.single is None:
                return self.variable(value)
            return self.list_as_array(value, dtype=dtype)
        if kind in (list, tuple, TracedList, range):
            items = list(list.__iter__(value)) if issubclass(kind, list) else list(value)
            if any(type(v) is TracedArray for v in items):
                lists = (list, tuple, TracedList, range)
                items = [self.wrap(self.converted(v, dtype)) if type(v) in lists else v for v in items]
            if is_traced(items):
                return self.state.adopt_built(NUMPY[np.array](self.nested(items), dtype=dtype))
            return self._constant(np.array(items, dtype=dtype))
        variable = self.variable(value)
        if kind is TracedRange and variable.dtype != dtype:
            limits = np.iinfo(dtype)
            fits = NUMPY[np.clip](variable, int(limits.min), int(limits.max))
            wrong = self.state.adopt_built(NUMPY[np.any](elementwise.UFUNCS["not_equal"](variable, fits)))
            reason = "a number of a range does not fit into the array that it is put into"
            self.state.emit(control.deoptimise_if, [wrong], {"reason": reason})
        return variable

    def set_parsed(
        self,
        array: TracedArray,
        spec: indexing.Spec,
        leaves: list[Variable],
        value: Variable,
        *,
        augmented: bool = False,
    ) -> None:
        """array[index] = value, the index given as spec and leaves."""
        self.check_writable(array, augmented=augmented and "a" not in spec)  # else a copy was changed so far
        steps = list(array.steps)
        view: tuple[int, ...] = ()
        while steps and steps[-1].op.name == "getitem":
            outer = dict(steps[-1].params)["spec"]
            composed = compose(outer, list(steps[-1].inputs), spec, leaves)
            if composed is None:
                break
            if spec == ("e",):
                view = ()
            else:
                view = _entries_of_view(outer, view)
            spec, leaves = composed
            steps.pop()
        base = self.state.read_storage(array.storage)
        bases = [base]
        for step in steps:
            bases.append(self.apply_step(step, bases[-1]))
        target = bases.pop()
        if value.tensor.dtype.kind == "c" and target.dtype.kind != "c" and value.tensor.is_python:
            msg = f"float() argument must be a string or a real number, not '{value.tensor.kind}'"
            raise TypeError(msg)
        params: dict[str, Any] = {"spec": spec}
        if augmented:
            params["augmented"] = True
        if view:
            params["view"] = view
        new = self.state.emit(indexing.setitem, [target, value, *leaves], params).out
        for step, old in zip(reversed(steps), reversed(bases), strict=True):
            new = self.invert(step, old, new)
        self.state.write_storage(array.storage, new)

    def overwrite(self, array: TracedArray, value: Variable, *, augmented: bool = False) -> None:
        """array[...] = value."""
        same = value.type is self.state.read_storage(array.storage).type and not array.steps
        if (
            same
            and None not in value.tensor.shape
            and not value.tensor.dtype.hasobject
            and value.node is not None
        ):
            self.check_writable(array, augmented=augmented)
            if not value.node.op.views:
                self.state.write_storage(array.storage, value)
                return
        self.set_parsed(array, ("e",), [], value, augmented=augmented)

    def invert(self, step: Step, base: Variable, new: Variable) -> Variable:
        """The base after its view by `step` was replaced by `new`."""
        params = dict(step.params)
        name = step.op.name
        if name == "getitem":
            return self.state.emit(indexing.setitem, [base, new, *step.inputs], {"spec": params["spec"]}).out
        if name == "transpose":
            axes = tuple(int(k) for k in np.argsort(params["axes"]))
            return self.state.emit(step.op, [new], {"axes": axes}).out
        if name in {"reshape", "squeeze"}:
            shape = self.state.adopt_built_all(NUMPY[np.shape](base))
            return self.state.adopt_built(NUMPY[np.reshape](new, shape))
        if name in {"real", "imag"}:
            if base.dtype.kind != "c":
                return new
            parts = {"real": NUMPY[np.real](base), "imag": NUMPY[np.imag](base), name: new}
            unit = constant(base.dtype.type(1j))
            add, multiply = elementwise.UFUNCS["add"], elementwise.UFUNCS["multiply"]
            return self.state.adopt_built(add(parts["real"], multiply(parts["imag"], unit)))
        msg = f"a write through a view made by {name}"
        raise Fallback(msg)

    # Indices ---------------------------------------------------------------------------------------------------

    def index(self, index: Any) -> tuple[indexing.Spec, list[Variable]]:
        """An index as spec and leaves."""
        entries = index if type(index) is tuple else (index,)
        spec: list[str] = []
        leaves: list[Variable] = []
        for entry in entries:
            if type(entry) is slice:
                digits = "s"
                for part in (entry.start, entry.stop, entry.step):
                    digits += "0" if part is None else "1"
                    if part is not None:
                        leaves.append(self._slice_part(part))
                spec.append(digits)
            elif entry is None:
                spec.append("n")
            elif entry is Ellipsis:
                spec.append("e")
            else:
                leaf = self._leaf(entry)
                spec.append("a" if leaf.tensor.is_array else "i")
                leaves.append(leaf)
        return tuple(spec), leaves

    def _slice_part(self, part: Any) -> Variable:
        leaf = self.variable(part)
        if leaf.tensor.dtype.kind not in "iub" or leaf.ndim:
            msg = "slice indices must be integers or None or have an __index__ method"
            raise TypeError(msg)
        return leaf

    def _leaf(self, entry: Any) -> Variable:
        leaf = self.variable(np.array([], np.intp) if _is_empty_list(entry) else entry)
        if leaf.dtype.kind not in "iub":
            msg = (
                "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean "
                "arrays are valid indices"
            )
            if type(entry) is TracedArray or isinstance(entry, np.ndarray):
                msg = "arrays used as indices must be of integer (or boolean) type"
            raise IndexError(msg)
        if leaf.dtype.kind == "b" and not leaf.tensor.is_array:
            return self.state.emit(elementwise.as_kind, [leaf], {"kind": ARRAY}).out
        return leaf

    def get_index(self, array: TracedArray, index: Any) -> Any:
        """array[index]: an element, a view, or a copy."""
        spec, leaves = self.index(index)
        base = self.read(array)
        result = self.state.emit(indexing.getitem, [base, *leaves], {"spec": spec}).out
        if "a" in spec or not result.tensor.is_array:
            return self.wrap(result)
        inputs = tuple([self.state.outermost(v) for v in leaves])
        step = Step(indexing.getitem, inputs, (("spec", spec),))
        return TracedArray(array.storage, (*array.steps, step))


def _no_example(variable: Variable) -> Any:
    raise NotImplementedError


class LayoutReason(str):
    """Why memory must not be written, where knowing its layout would help."""

    __slots__ = ()


def _is_empty_list(value: Any) -> bool:
    return type(value) in (list, TracedList) and getattr(value, "dynamic", None) is None and not len(value)


def _cannot_unify(union: TracedUnion, *, loose: bool = False) -> Any:
    msg = "a value that is of one kind or another at run time takes part in an operation"
    raise Fallback(msg)


def compose(
    outer: indexing.Spec, outer_leaves: list[Variable], inner: indexing.Spec, inner_leaves: list[Variable]
) -> tuple[indexing.Spec, list[Variable]] | None:
    """The index that x[outer][inner] is, where that is plain: integers and full slices in one of both."""
    if any(e in {"n", "e", "a"} for e in (*outer, *inner)) and inner != ("e",):
        return None
    if inner == ("e",):
        return outer, outer_leaves
    spec: list[str] = []
    leaves: list[Variable] = []
    rest, rest_leaves = list(inner), list(inner_leaves)
    position = 0
    for entry in outer:
        count = indexing.leaf_count(entry)
        own = outer_leaves[position : position + count]
        position += count
        if entry == "i":
            spec.append(entry)
            leaves.extend(own)
            continue
        replacement = rest.pop(0) if rest else indexing.FULL_SLICE
        taken = indexing.leaf_count(replacement)
        if replacement == indexing.FULL_SLICE:
            spec.append(entry)
            leaves.extend(own)
        elif entry == indexing.FULL_SLICE:
            spec.append(replacement)
            leaves.extend(rest_leaves[:taken])
        else:
            return None
        rest_leaves = rest_leaves[taken:]
    return (*spec, *rest), [*leaves, *rest_leaves]


def _entries_of_view(outer: indexing.Spec, view: tuple[int, ...]) -> tuple[int, ...]:
    """Which entries of the index composed of an outer and an inner one are integers of views; `view`: of the inner."""
    free = [k for k, entry in enumerate(outer) if entry != "i"]
    own = [k for k, entry in enumerate(outer) if entry == "i"]
    inner = [free[k] if k < len(free) else len(own) + k for k in view]
    return tuple(sorted([*own, *inner]))


def python_class(type_: TensorType) -> Any:
    """The class that a scalar of this type has."""
    return PYTHON_KINDS[type_.kind] if type_.is_python else type_.dtype.type
