"""The passes and the pipeline: same meaning, well-formed, nothing left to do; on random graphs and on golden ones."""

import numpy as np
import pytest

from tests.sampling import RandomGraph, assert_same_meaning
from tracetensor.graph.text import parse_graph, print_graph
from tracetensor.graph.verify import verify
from tracetensor.rewrite.engine import Report
from tracetensor.rewrite.passes.carries import simplify_loops
from tracetensor.rewrite.passes.dead import drop_dead
from tracetensor.rewrite.passes.motion import hoist, sink
from tracetensor.rewrite.pipeline import PIPELINE, optimize

PASSES = [drop_dead, simplify_loops, hoist, sink]
SEEDS = range(1500)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_graph(seed):
    graph = verify(RandomGraph(seed).graph())
    assert parse_graph(print_graph(graph)) == graph
    for function in PASSES:
        after = verify(function(graph))
        assert_same_meaning(graph, after, seeds=[seed])
        assert function(after) == after, f"{function.__name__} is not done when it is done"
    after = optimize(graph, check=True)
    assert_same_meaning(graph, after, seeds=[seed, seed + 1])
    assert parse_graph(print_graph(after)) == after
