"""Models and JSON Schemas agree on every committed example, and the committed files are current."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from schemas import RawDocument
from schemas.registry import CONTRACTS, FOLDER, Contract, json_schema, problems
from streams.codec import encode
from tests.contract.corpus import EXAMPLES, every, named, of

BEYOND_JSON_SCHEMA = {"raw_document/v1/invalid/content_is_not_base64.json"}
"""Faults that only the models see; schemas/README.md says so."""

ROOT = Path(__file__).parents[2]


@cache
def validator(contract: Contract) -> Draft202012Validator:
    """Of the committed schema: that is what others read."""
    return Draft202012Validator(orjson.loads((FOLDER / contract.filename).read_bytes()))


def value_of(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(path.read_bytes())
    return value


@pytest.mark.parametrize(("contract", "path"), every("valid"), ids=named)
def test_a_valid_example_is_taken_by_model_and_schema_and_written_back_unchanged(
    contract: Contract, path: Path
) -> None:
    validator(contract).validate(value_of(path))
    assert orjson.loads(encode(contract.model.model_validate_json(path.read_bytes()))) == value_of(path)


@pytest.mark.parametrize(("contract", "path"), every("invalid"), ids=named)
def test_an_invalid_example_is_refused_by_model_and_schema(contract: Contract, path: Path) -> None:
    with pytest.raises(ValidationError) as caught:
        contract.model.model_validate_json(path.read_bytes())
    assert len({str(error["loc"][:1]) for error in caught.value.errors()}) == 1, "one fault an example"
    beyond = path.relative_to(EXAMPLES).as_posix() in BEYOND_JSON_SCHEMA
    assert validator(contract).is_valid(value_of(path)) == beyond


@pytest.mark.parametrize(("contract", "path"), every("valid"), ids=named)
def test_a_field_of_tomorrow_is_ignored_when_read_and_refused_when_published(contract: Contract, path: Path) -> None:
    value = value_of(path)
    tomorrow = orjson.dumps({**value, "of_tomorrow": {"x": 1}})
    assert contract.model.model_validate_json(tomorrow) == contract.model.model_validate(value)
    assert not validator(contract).is_valid(orjson.loads(tomorrow))


@pytest.mark.parametrize("contract", CONTRACTS, ids=named)
def test_a_contract_has_examples_enough(contract: Contract) -> None:
    assert {"minimal", "full"} <= {path.stem for path in of(contract, "valid")}
    assert len(of(contract, "invalid")) >= 3


@pytest.mark.parametrize("contract", CONTRACTS, ids=named)
def test_the_full_example_has_every_field(contract: Contract) -> None:
    full = EXAMPLES / contract.name / f"v{contract.version}" / "valid" / "full.json"
    seldom = {"story_event": {"merged_into", "merged_from"}, "story": {"merged_into"}}.get(contract.name, set())
    assert contract.model.model_fields.keys() - value_of(full).keys() == seldom


@pytest.mark.parametrize("contract", CONTRACTS, ids=named)
def test_a_schema_is_itself_valid_and_closed_everywhere(contract: Contract) -> None:
    schema = json_schema(contract)
    Draft202012Validator.check_schema(schema)
    for node in (schema, *schema.get("$defs", {}).values()):
        assert node.get("type") != "object" or node["additionalProperties"] is False


def test_committed_schemas_are_current() -> None:
    assert list(problems()) == []


def test_committed_examples_are_current() -> None:
    command = (sys.executable, str(ROOT / "tools" / "build_examples.py"), "--check")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_examples_lie_where_the_registry_looks() -> None:
    homes = {f"{contract.name}/v{contract.version}" for contract in CONTRACTS}
    assert {path.relative_to(EXAMPLES).parents[1].as_posix() for path in EXAMPLES.rglob("*.json")} == homes


def test_raw_bytes_survive_text_and_base64() -> None:
    def content(name: str) -> bytes:
        path = EXAMPLES / "raw_document" / "v1" / "valid" / f"{name}.json"
        return RawDocument.model_validate_json(path.read_bytes()).payload()

    assert content("base64").startswith(b"Caf\xe9 owners")
    assert content("minimal").startswith(b"Harbour bridge")
