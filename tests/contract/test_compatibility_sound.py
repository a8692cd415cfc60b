"""The rule against breaking a version is sound: what it lets pass, the models really read.

Two models are drawn, and a record of one; where `breaking` has nothing to say in a
direction, the other model must take the record and see the same values in it.
"""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import Field, create_model

from schemas import Event
from schemas.compatibility import breaking
from schemas.registry import Contract, json_schema

SIZES = st.integers(0, 4)


@dataclass(frozen=True)
class Spec:
    """A field: its type with limits, and what may stand in it."""

    kind: Any
    values: st.SearchStrategy[Any]
    needed: bool

    def declared(self) -> Any:
        return (self.kind, ...) if self.needed else (self.kind | None, None)


@st.composite
def bounded_ints(draw: st.DrawFn) -> tuple[Any, st.SearchStrategy[Any]]:
    low, more = draw(SIZES), draw(SIZES)
    return Annotated[int, Field(ge=low, le=low + more)], st.integers(low, low + more)


@st.composite
def bounded_texts(draw: st.DrawFn) -> tuple[Any, st.SearchStrategy[Any]]:
    low, more = draw(SIZES), draw(SIZES)
    kind = Annotated[str, Field(min_length=low, max_length=low + more)]
    return kind, st.text("ab", min_size=low, max_size=low + more)


@st.composite
def choices(draw: st.DrawFn) -> tuple[Any, st.SearchStrategy[Any]]:
    words = draw(st.lists(st.sampled_from(("a", "b", "abc")), min_size=1, unique=True))
    return Literal[tuple(words)], st.sampled_from(words)


@st.composite
def lists(draw: st.DrawFn) -> tuple[Any, st.SearchStrategy[Any]]:
    kind, values = draw(bounded_ints() | choices())
    most = draw(SIZES)
    items: Any = tuple.__class_getitem__((kind, ...))
    return Annotated[items, Field(max_length=most)], st.lists(values, max_size=most)


NUMBERS = st.just((int, st.integers(-5, 5))) | st.just((float, st.floats(-5, 5))) | bounded_ints()
TEXTS = st.just((str, st.text("ab", max_size=3))) | bounded_texts() | choices()
FAMILIES = (NUMBERS, TEXTS, lists(), NUMBERS | TEXTS)


@st.composite
def specs(draw: st.DrawFn, family: st.SearchStrategy[Any]) -> Spec:
    kind, values = draw(family)
    return Spec(kind, values, draw(st.booleans()))


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, Spec], dict[str, Spec]]:
    """A field before and after, of one family: wholly different types break anyhow; sometimes one more field."""
    family = specs(draw(st.sampled_from(FAMILIES)))
    return {"x": draw(family)}, {"x": draw(family), **draw(st.dictionaries(st.just("y"), family, max_size=1))}


def model_of(fields: dict[str, Spec]) -> type[Event]:
    declared = {name: spec.declared() for name, spec in fields.items()}
    model: type[Event] = create_model("Sample", __base__=Event, **declared)
    return model


def record(data: st.DataObject, fields: dict[str, Spec]) -> dict[str, Any]:
    present = {name: spec for name, spec in fields.items() if spec.needed or data.draw(st.booleans())}
    return {name: data.draw(spec.values) for name, spec in present.items()}


@settings(max_examples=80)
@given(changes(), st.data())
def test_what_passes_is_read(change: tuple[dict[str, Spec], dict[str, Spec]], data: st.DataObject) -> None:
    before, after = change
    old, new = model_of(before), model_of(after)
    lines = breaking(json_schema(Contract("sample", 1, old)), json_schema(Contract("sample", 1, new)))
    directions = {line.partition(":")[0] for line in lines}
    assume(len(directions) < 2)
    for _ in range(4):
        if "backward" not in directions:
            assert_read(record(data, before), new)
        if "forward" not in directions:
            assert_read(record(data, after), old)


def assert_read(written: dict[str, Any], reader: type[Event]) -> None:
    seen = reader.model_validate_json(json.dumps(written))
    for name in written.keys() & reader.model_fields.keys():
        value = getattr(seen, name)
        assert (list(value) if isinstance(value, tuple) else value) == written[name]
