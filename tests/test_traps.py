"""Traps: tests/traps has the programs, each with the sentence that it is about."""

import contextlib
import importlib.util
import sys
import textwrap
import warnings

import numpy as np
import pytest

import tracetensor as tt
from tests import compare
from tests.tracer_table import check_refused
from tests.traps import arrays, language, numbers
from tests.traps.scenarios import SCENARIOS

TRAPS = [*numbers.trap, *arrays.trap, *language.trap]


@pytest.mark.parametrize("trap", TRAPS, ids=str)
def test_trap(trap):
    """The same as plain Python, at the first call and at every later one, each arguments in turn and then once more."""
    if trap.refused:
        for args in trap.calls:
            check_refused(trap.function, args, trap.refused)
        return
    traced = tt.trace(trap.function, strict=True)
    for args in trap.calls + trap.calls:
        with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", tt.FallbackWarning)
            try:
                compare.run_both(trap.function, traced, args)
            except AssertionError as error:
                error.add_note(f"{trap.sentence}: {args!r}")
                raise
        assert trap.leaves or not told, [str(w.message) for w in told]
    assert (trap.callback in traced.explain()) if trap.callback else "call-back" not in traced.explain()


def test_there_are_enough_traps():
    assert len(TRAPS) + len(SCENARIOS) >= 200
    assert len({str(t) for t in TRAPS}) == len(TRAPS)
    assert len({t.sentence for t in TRAPS}) == len(TRAPS)


@pytest.mark.parametrize("trap", TRAPS, ids=str)
def test_trap_can_catch(trap):
    """What plain Python gives is not the same for all of its arguments: no constant would do."""
    outcomes = []
    for args in trap.calls:
        with np.errstate(all="ignore"):
            outcome = compare.Outcome(trap.function, *compare.clone((args, {})))
        outcomes.append(repr((outcome.result, outcome.error, outcome.args if outcome.error is None else ())))
    assert len(trap.calls) >= 2
    assert len(set(outcomes)) >= 2


class World:
    """A module made of a scenario's source, whose f is traced, or is not."""

    def __init__(self, scenario, folder, *, traced):
        self.name = f"{scenario.name}_{'traced' if traced else 'plain'}"
        self.folder, self.changes = folder, 0
        file = folder / f"{scenario.name}.py"
        file.write_text(textwrap.dedent(scenario.source).lstrip() + "\n", encoding="utf-8")
        spec = importlib.util.spec_from_file_location(self.name, file)
        self.module = importlib.util.module_from_spec(spec)
        sys.modules[self.name] = self.module
        spec.loader.exec_module(self.module)
        self.f = self.module.f
        self.called = tt.trace(self.f, strict=not scenario.refused) if traced else self.f

    def change(self, statement):
        """Execute a statement in the module, from a file, so that functions in it have source."""
        self.changes += 1
        file = self.folder / f"{self.name}_{self.changes}.py"
        file.write_text(statement + "\n", encoding="utf-8")
        exec(compile(statement, str(file), "exec"), vars(self.module))

    def close(self):
        del sys.modules[self.name]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_scenario(scenario, tmp_path, monkeypatch):
    """Two modules of one source go through the same changes, and their functions do the same after each."""
    monkeypatch.syspath_prepend(tmp_path)
    plain, traced = (World(scenario, tmp_path, traced=t) for t in (False, True))
    with contextlib.ExitStack() as stack:
        for world in (plain, traced):
            stack.callback(world.close)
        for change in ("pass", *scenario.changes):
            for world in (plain, traced):
                world.change(change)
            for time in ("first", "second"):
                try:
                    with np.errstate(all="ignore"):
                        compare.run_both(plain.called, traced.called, scenario.args)
                except AssertionError as error:
                    error.add_note(f"{scenario.sentence}: {time} call after {change!r}")
                    raise
    if scenario.versions:
        assert len(traced.called.graphs) <= scenario.versions
