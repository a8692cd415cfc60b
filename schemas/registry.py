"""Every contract by name and version, and its JSON Schema.

    python -m schemas.registry           write schemas/jsonschema/ anew from the models
    python -m schemas.registry --check   exit 1 when it is stale, or breaks a committed version

Which topic carries which contract is the business of `streams.topics`.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.article import Article, DuplicateRecord
from schemas.base import Event
from schemas.compatibility import breaking
from schemas.dead_letter import DeadLetter
from schemas.disposition import Disposition
from schemas.drop import DroppedFile
from schemas.enriched import EnrichedArticle
from schemas.history import HistoryError, accepted_breaks, committed
from schemas.raw import RawDocument
from schemas.replay import ReplayJob
from schemas.source import SourceConfig, SourceState
from schemas.story import Story, StoryCandidate, StoryEvent

__all__ = ["CONTRACTS", "FOLDER", "Contract", "broken", "contract_of", "json_schema", "problems", "rendered"]

FOLDER: Final = Path(__file__).parent / "jsonschema"

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

INSTANT: Final = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$"
"""RFC 3339 with an offset: most validators take `format` for a mere note."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One event, one version; `compatibility` says what a change within the version must keep.

    `full`: records and readers of different age understand each other both ways.
    `backward`: only new readers old records; for events that nobody but newsloom's own
    stages reads, which are upgraded before whoever writes.
    """

    name: str
    version: int
    model: type[Event]
    compatibility: Literal["full", "backward"] = "full"

    @property
    def id(self) -> str:
        """`$id` of the JSON Schema and CloudEvents `dataschema`: an absolute URI."""
        return f"urn:newsloom:schema:{self.name}:v{self.version}"

    @property
    def filename(self) -> str:
        """Where the JSON Schema lies in `FOLDER`."""
        return f"{self.name}.v{self.version}.schema.json"


CONTRACTS: Final = (
    Contract("raw_document", 1, RawDocument, "backward"),
    Contract("article", 1, Article),
    Contract("duplicate_record", 1, DuplicateRecord),
    Contract("enriched_article", 1, EnrichedArticle),
    Contract("story_candidate", 1, StoryCandidate, "backward"),
    Contract("story_event", 1, StoryEvent),
    Contract("story", 1, Story),
    Contract("dead_letter", 1, DeadLetter),
    Contract("disposition", 1, Disposition),
    Contract("dropped_file", 1, DroppedFile, "backward"),
    Contract("source_config", 1, SourceConfig, "backward"),
    Contract("source_state", 1, SourceState, "backward"),
    Contract("replay_job", 1, ReplayJob, "backward"),
)

_BY_MODEL: Final = {contract.model: contract for contract in CONTRACTS}


def contract_of(model: type[Event]) -> Contract:
    """The contract whose records are read with `model`; KeyError when there is none."""
    return _BY_MODEL[model]


class _Published(GenerateJsonSchema):
    """What we promise to write: closed objects, instants with an offset."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return {**super().model_schema(schema), "additionalProperties": False}

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        return {**super().datetime_schema(schema), "pattern": INSTANT}


def json_schema(contract: Contract) -> dict[str, Any]:
    """The closed JSON Schema (draft 2020-12) of `contract`."""
    body = contract.model.model_json_schema(schema_generator=_Published, mode="validation")
    return {"$schema": DIALECT, "$id": contract.id, **body}


def rendered(contract: Contract) -> str:
    """The committed text: fields in the order of the model, all else sorted."""
    return json.dumps(json_schema(contract), indent=2, ensure_ascii=False) + "\n"


def problems(folder: Path = FOLDER) -> Iterator[str]:
    """What is stale in `folder`."""
    for contract in CONTRACTS:
        path = folder / contract.filename
        if not path.exists() or path.read_text(encoding="utf-8") != rendered(contract):
            yield f"{contract.filename}: stale; run `make schemas`"
    known = {contract.filename for contract in CONTRACTS}
    for path in sorted(folder.glob("*.json")):
        if path.name not in known:
            yield f"{path.name}: of no contract"


def broken(contract: Contract, folder: Path = FOLDER) -> Iterator[str]:
    """How the model of `contract` breaks a form that was ever committed to `folder`; HistoryError when git is blind."""
    accepted = {item.change for item in accepted_breaks(folder) if item.contract == contract.filename}
    schema, full = json_schema(contract), contract.compatibility == "full"
    for commit, old in committed(folder / contract.filename):
        for change in breaking(old, schema, forward=full):
            if change not in accepted:
                yield f"{contract.filename}: {change} (promised in {commit:.10}); make it a new version"


def _check() -> list[str]:
    found = list(problems())
    if not (FOLDER.parents[1] / ".git").exists():
        sys.stderr.write("no git checkout: earlier forms of the schemas cannot be compared\n")
        return found
    try:
        found += [line for contract in CONTRACTS for line in broken(contract)]
    except HistoryError as error:
        found.append(str(error))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, or `--check`; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m schemas.registry", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale or breaking")
    if parser.parse_args(arguments).check:
        found = _check()
        sys.stdout.writelines(f"{line}\n" for line in found)
        return 1 if found else 0
    FOLDER.mkdir(exist_ok=True)
    for contract in CONTRACTS:
        (FOLDER / contract.filename).write_text(rendered(contract), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
