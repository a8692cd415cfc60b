"""A function named by its place: found when it is called, and not before."""

import subprocess
import sys

import pytest

from streams.deferred import Deferred
from streams.topology import TOPOLOGY, Stage

# Each of them looks at the flow, and runs no stage.
LOOKERS = ("streams.topology", "streams.sdk", "streams.edge.admin", "streams.readmodel.follow", "streams.api.server")
HEAVY = ("streams.stages", "streams.text.entities.gazetteer", "numpy")


def test_what_is_deferred_is_the_function_itself_once_it_is_called() -> None:
    assert Deferred("math:hypot")(3, 4) == 5
    assert Deferred("collections:Counter")("aab") == {"a": 2, "b": 1}


@pytest.mark.parametrize("place", ["streams.nowhere:found", "math:nothing"])
def test_a_place_where_nothing_is_is_an_error_when_it_is_called(place: str) -> None:
    deferred = Deferred(place)
    with pytest.raises((ImportError, AttributeError)):
        deferred()


@pytest.mark.parametrize("stage", TOPOLOGY, ids=lambda stage: stage.name)
def test_every_stage_is_where_the_topology_says(stage: Stage) -> None:
    stage.load()


@pytest.mark.parametrize("module", LOOKERS)
def test_who_only_looks_at_the_flow_imports_no_stage(module: str) -> None:
    code = f"import sys, {module}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
