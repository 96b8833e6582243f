"""match statements: each pattern is a test, then, where it holds, the binding of names."""

from __future__ import annotations

import ast
import collections.abc
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.node import Variable
from tracetensor.tracer.flow import COMPLETIONS, NORMAL, Completion
from tracetensor.tracer.merge import is_number
from tracetensor.tracer.values import (
    Traced,
    TracedArray,
    TracedRange,
    TracedScalar,
    TracedUnion,
)

if TYPE_CHECKING:
    from tracetensor.tracer.frames import Frame
    from tracetensor.tracer.interpreter import Interpreter

ITSELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
"""Classes of whose class patterns the one positional part is matched against the subject itself."""


class Matching:
    """Patterns. What a test finds is a bool, or a BOOL variable."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state

    def statement(self, frame: Frame, node: ast.Match) -> Completion:
        """Execute a match statement."""
        subject = self.interpreter.expression(frame, node.subject)
        return self._cases(frame, node, subject, 0)

    def _cases(self, frame: Frame, node: ast.Match, subject: Any, position: int) -> Completion:
        if position == len(node.cases):
            return COMPLETIONS[NORMAL]
        case = node.cases[position]
        frame.line = case.pattern.lineno
        holds = self._case(frame, case, subject)

        def body() -> Completion:
            if type(holds) is not bool:
                self._bind(frame, case.pattern, subject)
            completion = self.interpreter.block(frame, case.body)
            if type(holds) is not bool and completion.only == NORMAL:
                self.interpreter.forget(frame, node)
            return completion

        def others() -> Completion:
            return self._cases(frame, node, subject, position + 1)

        if type(holds) is bool:
            return body() if holds else others()
        return self.interpreter.control.choose_block(holds, body, others)

    def _case(self, frame: Frame, case: ast.match_case, subject: Any) -> Any:
        """Whether a case is the one: its pattern matches, then, with names bound, its guard holds."""
        matched = self.test(frame, case.pattern, subject)
        guard = case.guard

        def guarded() -> Any:
            self._bind(frame, case.pattern, subject)
            return True if guard is None else self.interpreter.truth(frame, guard)

        if matched is True:
            return guarded()
        if matched is False or guard is None:
            return matched
        return self._truth(
            self.interpreter.control.choose(matched, lambda: _scalar(guarded()), lambda: False)
        )

    def _truth(self, value: Any) -> Any:
        return self.interpreter.truth_of(value)

    def _all(self, tests: list[Any]) -> Any:
        """Whether all hold; a test is made only where those before it hold."""
        for position, test in enumerate(tests):
            holds = test()
            if holds is False:
                return False
            if holds is True:
                continue
            rest = tests[position + 1 :]
            if not rest:
                return holds
            return self._truth(
                self.interpreter.control.choose(holds, lambda: _scalar(self._all(rest)), lambda: False)  # noqa: B023
            )
        return True

    # Tests -----------------------------------------------------------------------------------------------------

    def test(self, frame: Frame, pattern: ast.pattern, subject: Any) -> Any:
        """Whether a pattern matches."""
        if type(subject) is TracedUnion:
            return self._truth(
                self.interpreter.control.resolve(subject, lambda v: _scalar(self.test(frame, pattern, v)))
            )
        method = getattr(self, "_test_" + type(pattern).__name__)
        return method(frame, pattern, subject)

    def _test_MatchValue(self, frame: Frame, pattern: ast.MatchValue, subject: Any) -> Any:
        value = self.interpreter.expression(frame, pattern.value)
        numbers = [type(v) is TracedScalar or is_number(v) for v in (subject, value)]
        if isinstance(subject, (TracedScalar, tuple, list, dict)) and not all(numbers) and any(numbers):
            return False  # a number equals no text and no container
        return self._truth(self.interpreter.operations.binary("eq", subject, value))

    def _test_MatchSingleton(self, frame: Frame, pattern: ast.MatchSingleton, subject: Any) -> Any:
        if type(subject) is TracedScalar:
            if pattern.value is None or subject.type.kind != "bool":
                return False
            truth = self._truth(subject)
            return truth if pattern.value else self.interpreter.operations.logical_not(truth)
        return subject is pattern.value

    def _test_MatchAs(self, frame: Frame, pattern: ast.MatchAs, subject: Any) -> Any:
        return True if pattern.pattern is None else self.test(frame, pattern.pattern, subject)

    def _test_MatchOr(self, frame: Frame, pattern: ast.MatchOr, subject: Any) -> Any:
        return self._any(frame, pattern.patterns, subject)

    def _any(self, frame: Frame, patterns: list[ast.pattern], subject: Any) -> Any:
        holds = self.test(frame, patterns[0], subject)
        rest = patterns[1:]
        if holds is True or not rest:
            return holds
        if holds is False:
            return self._any(frame, rest, subject)
        return self._truth(
            self.interpreter.control.choose(
                holds, lambda: True, lambda: _scalar(self._any(frame, rest, subject))
            )
        )

    def _test_MatchSequence(self, frame: Frame, pattern: ast.MatchSequence, subject: Any) -> Any:
        if type(subject) is not TracedRange and (
            isinstance(subject, (TracedArray, TracedScalar, str, bytes, bytearray))
            or not isinstance(subject, collections.abc.Sequence)
        ):
            self._known(subject)
            return False
        parts = pattern.patterns
        starred = any(isinstance(p, ast.MatchStar) for p in parts)
        length = self.interpreter.sequences.length(subject)
        wanted = len(parts) - starred
        compared = self.interpreter.operations.binary("ge" if starred else "eq", length, wanted)
        tests: list[Any] = [lambda: self._truth(compared)]
        for part, index in _positions(parts):
            if index is not None:
                tests.append(lambda p=part, k=index: self.test(frame, p, self._item(subject, k)))
        return self._all(tests)

    def _known(self, subject: Any) -> None:
        if isinstance(subject, Traced) and not isinstance(subject, (TracedArray, TracedScalar)):
            msg = f"a {type(subject).__name__} is matched"
            raise Fallback(msg)

    def _item(self, subject: Any, index: int) -> Any:
        return self.interpreter.sequences.get_item(subject, index)

    def _test_MatchMapping(self, frame: Frame, pattern: ast.MatchMapping, subject: Any) -> Any:
        if not isinstance(subject, collections.abc.Mapping):
            self._known(subject)
            return False
        if type(subject) is not dict:
            msg = f"a {type(subject).__name__} is matched by a mapping pattern"
            raise Fallback(msg)
        tests = []
        for key, part in zip(pattern.keys, pattern.patterns, strict=True):
            name = self.interpreter.expression(frame, key)
            if name not in subject:
                return False
            tests.append(lambda p=part, v=subject[name]: self.test(frame, p, v))
        return self._all(tests)

    def _test_MatchClass(self, frame: Frame, pattern: ast.MatchClass, subject: Any) -> Any:
        cls = self.interpreter.expression(frame, pattern.cls)
        if not isinstance(cls, type):
            msg = "called match pattern must be a class"
            raise TypeError(msg)
        self._known(subject)
        if not self.interpreter.call(isinstance, [subject, cls], {}):
            return False
        tests: list[Any] = []
        for part, name in self._class_parts(cls, pattern):
            if name is None:
                tests.append(lambda p=part: self.test(frame, p, subject))
            elif not self.interpreter.call(hasattr, [subject, name], {}):
                return False
            else:
                tests.append(lambda p=part, n=name: self.test(frame, p, self._attribute(subject, n)))
        return self._all(tests)

    def _attribute(self, subject: Any, name: str) -> Any:
        return self.interpreter.calls.attribute(subject, name)

    def _class_parts(self, cls: type, pattern: ast.MatchClass) -> list[tuple[ast.pattern, str | None]]:
        """The parts of a class pattern with the attribute that each is about; None: the subject itself."""
        positional: list[str | None]
        if hasattr(cls, "__match_args__"):
            positional = list(cls.__match_args__)
        else:
            positional = [None] if issubclass(cls, ITSELF) else []
        given = len(pattern.patterns)
        if given > len(positional):
            many = "" if len(positional) == 1 else "s"
            msg = f"{cls.__name__}() accepts {len(positional)} positional sub-pattern{many} ({given} given)"
            raise TypeError(msg)
        return [
            *zip(pattern.patterns, positional[:given], strict=True),
            *zip(pattern.kwd_patterns, pattern.kwd_attrs, strict=True),
        ]

    # Names -----------------------------------------------------------------------------------------------------

    def _bind(self, frame: Frame, pattern: ast.pattern, subject: Any) -> None:
        """Bind the names of a pattern that matches."""
        if not _binds(pattern):
            return
        if isinstance(pattern, ast.MatchAs):
            if pattern.pattern is not None:
                self._bind(frame, pattern.pattern, subject)
            if pattern.name is not None:
                self.interpreter.store_name(frame, pattern.name, self._kept(frame, pattern, subject))
            return
        if type(subject) is TracedUnion:
            subject = self._kept(frame, pattern, subject)
            if type(subject) is TracedUnion:
                self.interpreter.control.resolve(subject, lambda v: self._bind(frame, pattern, v))
                return
        if isinstance(pattern, ast.MatchOr):
            self._bind_either(frame, pattern.patterns, subject)
        elif isinstance(pattern, ast.MatchSequence):
            self._bind_sequence(frame, pattern, subject)
        elif isinstance(pattern, ast.MatchMapping):
            self._bind_mapping(frame, pattern, subject)
        elif isinstance(pattern, ast.MatchClass):
            cls = self.interpreter.expression(frame, pattern.cls)
            for part, name in self._class_parts(cls, pattern):
                self._bind(frame, part, subject if name is None else self._attribute(subject, name))

    def _kept(self, frame: Frame, pattern: ast.pattern, subject: Any) -> Any:
        """The subject without the alternatives that the pattern rules out."""
        if type(subject) is not TracedUnion:
            return subject
        return self.interpreter.control.without(subject, lambda v: self.test(frame, pattern, v) is False)

    def _bind_either(self, frame: Frame, patterns: list[ast.pattern], subject: Any) -> None:
        first, rest = patterns[0], patterns[1:]
        holds = self.test(frame, first, subject) if rest else True
        if holds is True:
            self._bind(frame, first, subject)
        elif holds is False:
            self._bind_either(frame, rest, subject)
        else:
            self.interpreter.control.choose(
                holds,
                lambda: self._bind(frame, first, subject),
                lambda: self._bind_either(frame, rest, subject),
            )

    def _bind_sequence(self, frame: Frame, pattern: ast.MatchSequence, subject: Any) -> None:
        parts = pattern.patterns
        for part, index in _positions(parts):
            if index is not None:
                self._bind(frame, part, self._item(subject, index))
            elif isinstance(part, ast.MatchStar) and part.name is not None:
                before = parts.index(part)
                after = len(parts) - before - 1
                length = self.interpreter.sequences.length(subject)
                stop = self.interpreter.operations.binary("sub", length, after)
                middle = self.interpreter.sequences.get_item(subject, slice(before, stop))
                self.interpreter.store_name(frame, part.name, self.interpreter.sequences.whole_list(middle))

    def _bind_mapping(self, frame: Frame, pattern: ast.MatchMapping, subject: dict[Any, Any]) -> None:
        keys = [self.interpreter.expression(frame, k) for k in pattern.keys]
        for key, part in zip(keys, pattern.patterns, strict=True):
            self._bind(frame, part, subject[key])
        if pattern.rest is not None:
            rest = {k: v for k, v in subject.items() if k not in keys}
            self.interpreter.store_name(frame, pattern.rest, self.state.made(rest))


def _positions(parts: list[ast.pattern]) -> list[tuple[ast.pattern, int | None]]:
    """The parts of a sequence pattern with the index of the item that each is about; None for a star."""
    starred = next((k for k, p in enumerate(parts) if isinstance(p, ast.MatchStar)), len(parts))
    return [(p, k if k < starred else None if k == starred else k - len(parts)) for k, p in enumerate(parts)]


def _binds(pattern: ast.pattern) -> bool:
    return any(
        getattr(n, "name", None) is not None or getattr(n, "rest", None) is not None
        for n in ast.walk(pattern)
    )


def _scalar(truth: Any) -> Any:
    return TracedScalar(truth) if isinstance(truth, Variable) else truth
