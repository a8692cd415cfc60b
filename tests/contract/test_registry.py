"""The registry says what is stale, writes the same bytes each time, and finds a contract by its model."""

import subprocess
import sys
from pathlib import Path

import pytest

from schemas import Article, Source
from schemas.registry import CONTRACTS, FOLDER, Contract, contract_of, json_schema, problems, rendered

STALE = [f"{contract.filename}: stale; run `make schemas`" for contract in CONTRACTS]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for contract in CONTRACTS:
        (tmp_path / contract.filename).write_text(rendered(contract), encoding="utf-8")
    return tmp_path


def test_a_missing_schema_is_stale(tmp_path: Path) -> None:
    assert list(problems(tmp_path)) == STALE


def test_what_was_just_written_is_current(written: Path) -> None:
    assert list(problems(written)) == []


def test_a_schema_edited_by_hand_is_stale(written: Path) -> None:
    path = written / CONTRACTS[1].filename
    path.write_text(path.read_text(encoding="utf-8").replace('"maximum": 1,', '"maximum": 2,'), encoding="utf-8")
    assert list(problems(written)) == [STALE[1]]


def test_a_schema_of_no_contract_is_named(written: Path) -> None:
    (written / "gossip.v1.schema.json").write_text("{}")
    assert list(problems(written)) == ["gossip.v1.schema.json: of no contract"]


def test_another_process_writes_the_same_bytes() -> None:
    program = "from schemas.registry import *; print(''.join(map(rendered, CONTRACTS)), end='')"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=FOLDER.parents[1], check=True, capture_output=True, text=True)
    assert done.stdout == "".join(map(rendered, CONTRACTS))


def test_a_contract_is_found_by_its_model() -> None:
    assert contract_of(Article).name == "article"
    with pytest.raises(KeyError):
        contract_of(Source)


def test_a_schema_starts_with_what_it_is() -> None:
    assert list(json_schema(Contract("article", 7, Article)).items())[:2] == [
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("$id", "urn:newsloom:schema:article:v7"),
    ]
