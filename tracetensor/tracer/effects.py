"""Calls that do more than return a value: they happen at run time, in source order, once for each execution.

Random draws advance a generator, so tracing must not make them: the type of a result is learnt from a copy.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import sys
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.callbacks import CallbackFunction
from tracetensor.graph.ops import control
from tracetensor.graph.stores import Named
from tracetensor.graph.types import ARRAY, NUMERIC_KINDS, UNIT, ListType, TensorType, Type, type_of
from tracetensor.tracer.attributes import Attributes
from tracetensor.tracer.learnt import Learnt
from tracetensor.tracer.methods import Method
from tracetensor.tracer.state import Box
from tracetensor.tracer.values import (
    TracedArray,
    TracedList,
    TracedObject,
    TracedRange,
    is_traced,
    object_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracetensor.graph.node import Variable

MAKERS = frozenset(
    "default_rng Generator RandomState SeedSequence PCG64 PCG64DXSM Philox MT19937 SFC64 Random".split()
)
"""Functions and classes, of numpy.random and of random, that make a generator, or what one is made of."""
LONGEST = 16
"""A list of numbers that a call returns is known element by element up to this length."""
ARRANGING = frozenset({"choice", "permutation", "permuted", "multivariate_hypergeometric", "multinomial"})
"""Methods whose `size` is not the beginning of the result's shape."""


def source_classes() -> tuple[type, ...]:
    """Classes whose objects have a state that drawing, or spawning, changes; those of modules that are not loaded left out."""
    found: list[type] = []
    if "random" in sys.modules:
        found.append(sys.modules["random"].Random)
    if "numpy.random" in sys.modules:
        names = ("Generator", "RandomState", "BitGenerator", "SeedSequence")
        found += [getattr(sys.modules["numpy.random"], name) for name in names]
    return tuple(found)


def is_source(value: Any) -> bool:
    """Whether a value is a generator of random numbers, or what one is made of; subclasses of users are not."""
    return type(value).__module__.split(".")[0] in {"numpy", "random"} and isinstance(value, source_classes())


def is_maker(function: Any) -> bool:
    """Whether a function makes a generator."""
    name = getattr(function, "__name__", None)
    return name in MAKERS and any(
        function is getattr(sys.modules.get(module), name, None) for module in ("numpy.random", "random")
    )


def bound_source(function: Any) -> Any:
    """The generator whose bound method a function is: `np.random.normal`, `random.gauss`, `rng.normal`; or None."""
    owner = getattr(function, "__self__", None)
    return (
        owner if owner is not None and not isinstance(owner, types.ModuleType) and is_source(owner) else None
    )


@dataclasses.dataclass(frozen=True)
class WritingCall:
    """A method of a generator that fills or reorders an array: done on a copy, which is returned."""

    name: str
    out: bool

    def __call__(self, owner: Any, array: Any, *args: Any, **kwargs: Any) -> Any:
        written = array.copy(order="K")
        method = getattr(owner, self.name)
        if self.out:
            method(*args, out=written, **kwargs)
        else:
            method(written, *args, **kwargs)
        return written


def _choice_of(owner: Any, length: int) -> int:
    result: int = owner.choice(range(length))
    return result


def _sample_of(owner: Any, length: int, *args: Any, **kwargs: Any) -> list[int]:
    return list(owner.sample(range(length), *args, **kwargs))


def _choices_of(owner: Any, length: int, *args: Any, **kwargs: Any) -> list[int]:
    return list(owner.choices(range(length), *args, **kwargs))


def _shuffled_of(owner: Any, length: int) -> list[int]:
    order = list(range(length))
    owner.shuffle(order)
    return order


class Effects(Attributes):
    """Builds nodes that have effects, and wraps their results."""

    def effect(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        learnt: Learnt,
        name: str,
    ) -> Any:
        """A call at run time of function(*args, **kwargs), of whose result this was learnt."""
        found, sizes = learnt.example, learnt.sizes
        values: list[Variable] = []
        templates = tuple([self.template(a, values, as_object=True) for a in args])
        named = tuple([(k, self.template(v, values, as_object=True)) for k, v in kwargs.items()])
        type_ = learnt.type
        if type_ is None:
            type_ = self._result_type(found, name, is_traced((list(args[1:]), kwargs)))
        if sizes and len(sizes) <= type_.ndim:
            type_ = TensorType(type_.dtype, (*sizes, *type_.shape[len(sizes) :]), ARRAY)
        params = {
            "function": CallbackFunction(function, templates, named),
            "type": type_,
            "serial": control.next_effect(),
            "certain": learnt.certain,
        }
        self.outside.note_callback(name, self.state.location())
        node = self.state.emit(control.effect, values, params)
        results = list(found) if isinstance(type_, tuple) else [found]
        if learnt.type is None:
            self.outside.examples.update(zip(node.outputs, results, strict=False))
        if isinstance(type_, tuple):
            wrapped = [self._wrapped(out, value) for out, value in zip(node.outputs, results, strict=False)]
            return self.state.made(TracedList(wrapped)) if type(found) is list else tuple(wrapped)
        return self._wrapped(node.out, found)

    def _wrapped(self, variable: Variable, found: Any) -> Any:
        return None if found is None else self.arrays.wrap(variable)

    def _result_type(self, found: Any, name: str, traced: bool) -> Any:
        if type(found) is list and (len(found) > LONGEST or traced):
            kinds = {type(v) for v in found}
            if len(kinds) == 1 and kinds <= {bool, int, float, complex}:
                return ListType(type_of(found[0]))
            msg = f"{name} returns a list of a length that is known at run time only"
            raise Fallback(msg)
        if type(found) in (tuple, list) and found:
            return tuple([self.value_type(v) for v in found])
        return self.value_type(found)

    def value_type(self, value: Any) -> Type:
        """The type of a value that a call returned: numbers and arrays, else an object of its class."""
        if value is None:
            return UNIT
        if type(value) is str:
            return self.interpreter.stores.text_type  # type: ignore[no-any-return]
        try:
            type_ = type_of(value)
        except TypeError:
            return object_type(type(value))
        if isinstance(type_, TensorType):
            if type(value) is not np.ndarray and isinstance(value, np.ndarray):
                return object_type(type(value))
            if type_.dtype.kind not in NUMERIC_KINDS:
                return object_type(type(value))
            if type_.is_array:
                return TensorType(type_.dtype, (None,) * type_.ndim, ARRAY)
            return type_
        return object_type(type(value))

    # Random numbers --------------------------------------------------------------------------------------------

    def draw(self, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """owner.name(*args, **kwargs) of a generator."""
        if name in {"spawn", "set_state", "jumped", "advance"}:
            self.outside.unrepeatable.append((f"random {name}", self.state.location()))
        cls = owner.cls if type(owner) is TracedObject else type(owner)
        if name in {"shuffle", "permuted"} or kwargs.get("out") is not None:
            done = self._writing_draw(owner, name, args, kwargs)
            if done is not NotImplemented:
                return done
        if (cls or object).__name__ == "Random":
            if name in {"choice", "sample", "choices"}:
                return self._python_choice(owner, name, args, kwargs)
            return self._drawn(owner, Named(name), args, kwargs, certain=name not in UNCERTAIN)
        return self._drawn(owner, Named(name), args, kwargs, certain=True)

    def _drawn(
        self, owner: Any, function: Any, args: list[Any], kwargs: dict[str, Any], *, certain: bool
    ) -> Any:
        name = getattr(function, "__name__", "a draw").strip("_")
        found = self._learnt(owner, function, args, kwargs, name)
        sizes = self._sizes(owner, name, args, kwargs) if type(found) is np.ndarray else ()
        return self.effect(function, [owner, *args], kwargs, Learnt(found, certain, sizes), f"random {name}")

    def _learnt(self, owner: Any, function: Any, args: Any, kwargs: dict[str, Any], name: str) -> Any:
        """What a call returns on a copy of the generator."""
        values: list[Variable] = []
        templates = [self.template(a, values, as_object=True) for a in args]
        named = {k: self.template(v, values, as_object=True) for k, v in kwargs.items()}
        twin = self.outside.twin(self, owner)
        error: Exception | None = None
        for example in (self.outside.example, self.outside.sample):
            given = [example(v) for v in values]
            given = [v.copy(order="K") if isinstance(v, np.ndarray) else v for v in given]
            try:
                with np.errstate(all="ignore"):
                    return function(
                        twin,
                        *[control.format_value(t, given) for t in templates],
                        **{k: control.format_value(t, given) for k, t in named.items()},
                    )
            except Exception as caught:
                error = caught
        msg = f"what random {name} returns could not be learnt: {error}"
        raise Fallback(msg)

    def _sizes(self, owner: Any, name: str, args: Any, kwargs: dict[str, Any]) -> tuple[int, ...]:
        """The leading dims of a result, where a constant `size` gives them."""
        cls = owner.cls if type(owner) is TracedObject else type(owner)
        if name in ARRANGING:
            return ()
        size = tuple(args) if name in {"rand", "randn"} else kwargs.get("size")
        if size is None and args:
            try:
                names = list(inspect.signature(getattr(cls, name)).parameters)[1:]
            except (TypeError, ValueError):
                return ()
            size = dict(zip(names, args, strict=False)).get("size")
        sizes = size if type(size) is tuple else (size,)
        return () if any(type(n) is not int for n in sizes) else sizes

    def _writing_draw(self, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A draw into an array: out=, and shuffle."""
        out = name != "shuffle"
        rest = dict(kwargs)
        if out:
            target = rest.pop("out", None)
            if target is None:
                return NotImplemented
        else:
            if not args:
                args = [rest.pop("x")]
            target, *args = args
        if type(target) is TracedList and not out:
            return self._shuffle_list(owner, target)
        if type(target) is not TracedArray or target.storage.read_only:
            msg = f"random {name} writes to what is no writeable array"
            raise Fallback(msg)
        if out and (
            target.steps
            or (self.arrays.type(target).ndim > 1 and not self.arrays.state_contiguous(target.storage))
        ):
            msg = f"random {name} with out= that is a view or not in C order"
            raise Fallback(msg)
        function = WritingCall(name, out)
        found = self._learnt(owner, function, [target, *args], rest, name)
        drawn = self.effect(function, [owner, target, *args], rest, Learnt(found), f"random {name}")
        self.arrays.overwrite(target, self.arrays.variable(drawn))
        return target if out else None

    def _shuffle_list(self, owner: Any, target: TracedList) -> None:
        if target.dynamic is not None:
            msg = "random shuffle of a list whose length is known at run time only"
            raise Fallback(msg)
        self.interpreter.sequences.check_list(target, "shuffle")
        order = self._drawn(owner, _shuffled_of, [len(target)], {}, certain=True)
        copied = self.state.made(TracedList(list.__iter__(target)))
        items = [self.interpreter.sequences.get_item(copied, k) for k in self._positions(order)]
        self.state.log(("items", Box(target)))
        list.__setitem__(target, slice(None), items)

    def _positions(self, order: Any) -> list[Any]:
        if type(order) is TracedList and order.dynamic is not None:
            msg = f"a random choice of more than {LONGEST} elements of a list"
            raise Fallback(msg)
        return list(list.__iter__(order))

    def _python_choice(self, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """random.choice, sample and choices: positions are drawn, and the elements taken."""
        rest = dict(kwargs)
        population = args[0] if args else rest.pop("seq" if name == "choice" else "population")
        if type(population) not in (TracedList, tuple, range, TracedRange, TracedArray, str):
            msg = f"random {name} of a {type(population).__name__}"
            raise Fallback(msg)
        if name != "choice" and type(population) in (TracedArray, str):
            msg = f"random {name} of a {type(population).__name__}"
            raise Fallback(msg)
        get_item, length = self.interpreter.sequences.get_item, self.interpreter.sequences.length(population)
        if name == "choice":
            return get_item(population, self._drawn(owner, _choice_of, [length], {}, certain=True))
        function = _sample_of if name == "sample" else _choices_of
        order = self._drawn(owner, function, [length, *args[1:]], rest, certain=True)
        return self.state.made(TracedList([get_item(population, k) for k in self._positions(order)]))

    def make_source(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """default_rng(seed), PCG64(seed), random.Random(seed) and the like."""
        name = function.__name__
        found = self._learnt(None, _making(function), args, kwargs, name)
        return self.effect(_making(function), [None, *args], kwargs, Learnt(found), name)

    def is_source_object(self, value: TracedObject) -> bool:
        """Whether a run-time object is a generator of random numbers, or what one is made of."""
        return value.cls is not None and issubclass(value.cls, source_classes())

    def object_attribute(self, owner: TracedObject, name: str) -> Any:
        """An attribute of a generator."""
        if not hasattr(owner.cls, name):
            found = getattr(self.outside.twin(self, owner), name)  # AttributeError as Python's
        elif callable(getattr(owner.cls, name)):
            return Method(owner, name)
        else:
            found = getattr(self.outside.twin(self, owner), name)
        return self.effect(_getattr, [owner, name], {}, Learnt(found, certain=False), f"the attribute {name}")

    def seed_legacy(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """numpy.random.seed(…)."""
        shared = np.random.rand.__self__  # type: ignore[attr-defined]
        self.outside.sources.setdefault(id(shared), ("object", shared))
        return self.effect(_making(function), [None, *args], kwargs, Learnt(None), "random seed")


UNCERTAIN = frozenset({"triangular", "getrandbits", "randrange", "randint", "getstate"})
"""Methods of random.Random whose result may be of another type, or beyond 64 bits, for other values."""


def _getattr(owner: Any, name: str) -> Any:
    return getattr(owner, name)


@dataclasses.dataclass(frozen=True)
class _making:  # noqa: N801 - used as a function
    """A function that takes no generator, called as one that does."""

    function: Any

    def __call__(self, owner: None, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    @property
    def __name__(self) -> str:
        return str(self.function.__name__)


def twin_of(value: Any) -> Any:
    """A copy of a generator, to be drawn from while tracing."""
    try:
        return copy.deepcopy(value)
    except Exception as error:
        msg = f"a {type(value).__name__} cannot be copied, to learn what it draws: {error}"
        raise Fallback(msg) from None


def substitute(cls: Any) -> Any:
    """Some object of a class of generators, where a copy of the very one cannot be had."""
    if cls.__name__ == "Generator":
        return np.random.default_rng(0)
    return cls(0) if cls.__name__ in MAKERS else None


def get_state(source: Any) -> Any:
    """The state of a generator, for `put_state`."""
    name = type(source).__name__
    if name == "Generator":
        return source.bit_generator.state
    if name == "RandomState":
        return source.get_state(legacy=False)
    return source.getstate() if name == "Random" else getattr(source, "state", None)


def put_state(source: Any, state: Any) -> None:
    """Make a generator what it was when `get_state` gave this state."""
    name = type(source).__name__
    if name == "Generator":
        source.bit_generator.state = state
    elif name == "RandomState":
        source.set_state(state)
    elif name == "Random":
        source.setstate(state)
    elif name != "SeedSequence":
        source.state = state


__all__ = ["Effects", "bound_source", "get_state", "is_source", "put_state", "substitute", "twin_of"]
