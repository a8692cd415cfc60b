"""The rule that a version stays what it was: it bites where it must, and only there."""

import json
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from schemas import Event, ExternalId, Precision, Source
from schemas.base import LanguageTag, UtcDatetime
from schemas.compatibility import breaking
from schemas.history import Break, HistoryError, accepted_breaks, committed
from schemas.registry import CONTRACTS, FOLDER, Contract, broken, json_schema


class Sample(Event):
    """One field of each kind the contracts have."""

    sample_id: str = Field(min_length=1, max_length=64)
    count: int = Field(default=1, ge=1, le=100)
    score: float | None = Field(default=None, ge=0, le=1)
    seen_at: UtcDatetime
    language: LanguageTag
    precision: Precision | None = None
    source: Source
    ids: tuple[ExternalId, ...] = Field(default=(), max_length=10)
    pairs: tuple[tuple[str, str], ...] = ()
    by_field: dict[str, Source] = Field(default_factory=dict)


OLD = json_schema(Contract("sample", 1, Sample))

BACK, FORTH = {"backward"}, {"forward"}
BOTH = BACK | FORTH

Edit = tuple[str, Any]

GONE = object()


def edited(*edits: Edit) -> dict[str, Any]:
    """`OLD` with places set, or taken away; a place is a path of keys, `/` between them."""
    schema = deepcopy(OLD)
    for place, value in edits:
        *path, last = place.split("/")
        node: Any = schema
        for key in path:
            node = node[int(key)] if isinstance(node, list) else node[key]
        if value is GONE:
            del node[int(last) if isinstance(node, list) else last]
        else:
            node[int(last) if isinstance(node, list) else last] = value
    return schema


def required(*names: str) -> Edit:
    return ("required", list(names))


STRING = {"type": "string"}
NULLABLE = {"anyOf": [STRING, {"type": "null"}], "default": None}
INSTANT = OLD["properties"]["seen_at"]
ALWAYS = ("sample_id", "seen_at", "language", "source")

BREAKING: dict[str, tuple[set[str], tuple[Edit, ...]]] = {
    "a field is gone": (BACK, (("properties/count", GONE),)),
    "a needed field is gone": (BOTH, (("properties/language", GONE), required("sample_id", "seen_at", "source"))),
    "a field has another name": (
        BOTH,
        (
            ("properties/language", GONE),
            ("properties/tongue", STRING),
            required("sample_id", "seen_at", "tongue", "source"),
        ),
    ),
    "a new field is needed": (BACK, (("properties/title", STRING), required(*ALWAYS, "title"))),
    "an optional field is needed": (BACK, (required(*ALWAYS, "count"),)),
    "a needed field is optional": (FORTH, (required("sample_id", "seen_at", "source"),)),
    "a field of an object inside is gone": (BACK, (("$defs/Source/properties/name", GONE),)),
    "a field of an object inside is needed": (BACK, (("$defs/Source/required", ["id", "name"]),)),
    "another type": (BOTH, (("properties/count/type", "string"),)),
    "a wider type": (FORTH, (("properties/count/type", "number"),)),
    "null is no longer taken": (BACK, (("properties/score/anyOf/1", GONE),)),
    "null is new": (FORTH, (("properties/language", {"anyOf": [OLD["properties"]["language"], {"type": "null"}]}),)),
    "a value of an enum is gone": (BACK, (("properties/precision/anyOf/0/enum", ["year", "month", "day"]),)),
    "a value of an enum is new": (
        FORTH,
        (("properties/precision/anyOf/0/enum", ["year", "month", "day", "minute", "second", "hour"]),),
    ),
    "an enum is new": (BACK, (("properties/sample_id/enum", ["a", "b"]),)),
    "an enum is a constant": (BACK, (("properties/precision/anyOf/0", {"const": "day", "type": "string"}),)),
    "a limit is tighter": (BACK, (("properties/sample_id/maxLength", 32),)),
    "a limit is looser": (FORTH, (("properties/sample_id/maxLength", 128),)),
    "a limit is new": (BACK, (("properties/language/maxLength", 35),)),
    "a limit is gone": (FORTH, (("properties/count/maximum", GONE),)),
    "a lower bound is raised": (BACK, (("properties/count/minimum", 2),)),
    "a lower bound is lowered": (FORTH, (("properties/count/minimum", 0),)),
    "a bound inside a union is tighter": (BACK, (("properties/score/anyOf/0/maximum", 0.5),)),
    "a list may be no longer": (BACK, (("properties/ids/maxItems", 5),)),
    "another pattern": (BOTH, (("properties/language/pattern", "^[a-z]{2}$"),)),
    "a pattern is new": (BACK, (("properties/sample_id/pattern", "^[a-z]+$"),)),
    "another format": (BACK, (("properties/seen_at/format", "date"),)),
    "the format is gone": (BACK, (("properties/seen_at/format", GONE),)),
    "another default": (BACK, (("properties/count/default", 2),)),
    "items of another type": (BOTH, (("properties/ids/items", STRING),)),
    "a field of items is tighter": (BACK, (("$defs/ExternalId/properties/value/maxLength", 100),)),
    "a longer tuple": (BOTH, (("properties/pairs/items/prefixItems", [STRING] * 3),)),
    "another type in a tuple": (BOTH, (("properties/pairs/items/prefixItems/0", {"type": "integer"}),)),
    "values of a map are of another type": (BOTH, (("properties/by_field/additionalProperties", STRING),)),
    "a map is an object": (BOTH, (("properties/by_field/additionalProperties", False),)),
    "a keyword nobody here knows": (BOTH, (("properties/sample_id/not", {"const": "x"}),)),
    "a keyword beside a union": (BOTH, (("properties/score/allOf", [{"multipleOf": 0.5}]),)),
}

HARMLESS: dict[str, tuple[Edit, ...]] = {
    "nothing": (),
    "a new optional field": (("properties/title", NULLABLE),),
    "a new optional object": (("properties/other", {"anyOf": [{"$ref": "#/$defs/Source"}, {"type": "null"}]}),),
    "a new optional field inside": (("$defs/Source/properties/city", NULLABLE),),
    "other words": (("description", "New."), ("properties/count/title", "N"), ("properties/count/examples", [3])),
    "deprecated": (("properties/count/deprecated", True),),
    "another order of fields": (("properties", dict(sorted(OLD["properties"].items()))),),
    "another order of values": (("properties/precision/anyOf/0/enum", ["second", "minute", "day", "month", "year"]),),
    "another order of branches": (("properties/score/anyOf", OLD["properties"]["score"]["anyOf"][::-1]),),
    "a definition written out": (("properties/source", OLD["$defs"]["Source"]),),
    "another id": (("$id", "urn:example:other"),),
}


def directions(lines: tuple[str, ...]) -> set[str]:
    return {line.partition(":")[0] for line in lines}


@pytest.mark.parametrize("change", BREAKING)
def test_a_break_is_seen(change: str) -> None:
    expected, edits = BREAKING[change]
    assert directions(breaking(OLD, edited(*edits))) == expected


@pytest.mark.parametrize("change", BREAKING)
def test_backward_contracts_are_held_to_old_records_only(change: str) -> None:
    expected, edits = BREAKING[change]
    assert directions(breaking(OLD, edited(*edits), forward=False)) == expected & BACK


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_passes(change: str) -> None:
    assert breaking(OLD, edited(*HARMLESS[change])) == ()


def test_the_line_names_place_and_change() -> None:
    assert breaking(OLD, edited(("properties/score/anyOf/0/maximum", 0.5)), forward=False) == (
        "backward: $.score: maximum 1 where 0.5 is read",
    )


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_no_contract_breaks_itself_and_each_breaks_when_a_field_goes(contract: Contract) -> None:
    schema = json_schema(contract)
    assert breaking(schema, schema) == ()
    for name in schema["properties"]:
        less = deepcopy(schema)
        del less["properties"][name]
        assert f"backward: $.{name}: gone" in breaking(schema, less)


# History: what git has seen, whatever the working tree says.

SAMPLE = Contract("sample", 1, Sample)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A repository whose first commit promised more than the model keeps; the second hides that."""
    folder = tmp_path / "repository" / "jsonschema"
    folder.mkdir(parents=True)
    (folder.parent / "accepted_breaks.json").write_text("[]")
    git(folder.parent, "init", "--quiet")
    for schema in (edited(("properties/motto", NULLABLE)), OLD):
        (folder / SAMPLE.filename).write_text(json.dumps(schema))
        git(folder.parent, "add", "--all")
        git(folder.parent, "commit", "--quiet", "--message", "x")
    return folder


def test_regenerating_the_schema_with_the_model_does_not_hide_a_break(home: Path) -> None:
    (line,) = broken(SAMPLE, home)
    assert line.startswith("sample.v1.schema.json: backward: $.motto: gone (promised in ")


def test_uncommitted_schemas_are_no_promise(home: Path) -> None:
    (home / SAMPLE.filename).write_text(json.dumps(edited(("properties/other", NULLABLE))))
    assert [
        schema["properties"].keys() - OLD["properties"].keys() for _, schema in committed(home / SAMPLE.filename)
    ] == [
        set(),
        {"motto"},
    ]


def test_a_break_on_purpose_is_listed_by_its_very_words(home: Path) -> None:
    accepted = {"contract": SAMPLE.filename, "change": "backward: $.motto: gone", "reason": "nobody read it"}
    (home.parent / "accepted_breaks.json").write_text(json.dumps([accepted]))
    assert list(broken(SAMPLE, home)) == []


def test_a_shallow_clone_is_refused(home: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "1", home.parent.as_uri(), "shallow")
    with pytest.raises(HistoryError, match="whole history"):
        list(committed(tmp_path / "shallow" / "jsonschema" / SAMPLE.filename))


def test_outside_git_there_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(HistoryError):
        list(committed(tmp_path / SAMPLE.filename))


def test_accepted_breaks_say_why() -> None:
    for item in accepted_breaks(FOLDER):
        assert isinstance(item, Break)
        assert item.contract in {contract.filename for contract in CONTRACTS}
        assert len(item.reason.split()) >= 4
