# ruff: noqa: INP001 - a script, not part of a package
"""Write the examples of every contract: schemas/examples/EVENT/vN/{valid,invalid}/NAME.json.

    python tools/build_examples.py           write them anew
    python tools/build_examples.py --check   exit 1 when a committed one is not what would be written

A script, because ids, hashes, fingerprints and vectors in them must be true. An invalid
example is the minimal valid one with a single fault.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from example_events import VALID

from schemas import (
    Article,
    DeadLetter,
    Disposition,
    DroppedFile,
    DuplicateRecord,
    EnrichedArticle,
    Event,
    RawDocument,
    ReplayJob,
    SourceConfig,
    SourceState,
    Story,
    StoryCandidate,
    StoryEvent,
)
from schemas.registry import contract_of
from streams.codec import encode

FOLDER: Final = Path(__file__).parents[1] / "schemas" / "examples"

GONE: Final = object()


def _layer(**fault: Any) -> dict[str, Any]:
    mars = {"entity_id": "ent_1", "type": "PLACE", "name": "Mars", "salience": 1}
    mentions = [{"start": 0, "end": 4, "text": "Mars"}]
    return {"enricher": "newsloom-entities", "version": "1", "entities": [{**mars, "mentions": mentions, **fault}]}


# Faults put into the minimal example: fields replaced, or gone.
INVALID: Final[Mapping[type[Event], dict[str, dict[str, Any]]]] = {
    RawDocument: {
        "no_document_id": {"document_id": GONE},
        "document_id_is_empty": {"document_id": ""},
        "content_is_null": {"content": None},
        "content_is_not_base64": {"content": "?!", "content_encoding": "base64"},
        "encoding_is_unknown": {"content_encoding": "gzip"},
        "time_without_offset": {"first_seen_at": "2026-03-02T06:30:00"},
        "country_in_small_letters": {"source": {"id": "gazette", "country": "no"}},
    },
    Article: {
        "no_fingerprint": {"fingerprint": GONE},
        "body_is_empty": {"body_text": ""},
        "language_is_no_tag": {"language": "English!"},
        "confidence_above_one": {"language_confidence": 1.2},
        "precision_is_unknown": {"published_precision": "hour"},
        "revision_zero": {"revision": 0},
    },
    DuplicateRecord: {
        "no_article": {"article": GONE},
        "kind_is_unknown": {"kind": "similar"},
        "similarity_below_zero": {"similarity": -0.1},
    },
    EnrichedArticle: {
        "no_layers": {"layers": GONE},
        "entity_without_mention": {"layers": {"entities": _layer(mentions=[])}},
        "mention_before_the_text": {"layers": {"entities": _layer(mentions=[{"start": -1, "end": 4, "text": "Mars"}])}},
        "entity_type_is_unknown": {"layers": {"entities": _layer(type="PLANET")}},
    },
    StoryCandidate: {
        "no_vectors": {"vectors": GONE},
        "vectors_lack_a_field": {"vectors": {"idf_version": "idf-en-1"}},
        "entity_in_no_article": {"entities": [{"entity_id": "ent_1", "type": "PLACE", "name": "Mars", "articles": 0}]},
    },
    StoryEvent: {
        "no_algorithm": {"algorithm": GONE},
        "kind_is_unknown": {"kind": "renamed"},
        "version_zero": {"story_version": 0},
    },
    Story: {
        "no_representative": {"representative_article_id": GONE},
        "status_is_unknown": {"status": "open"},
        "fewer_than_no_articles": {"article_count": -1},
    },
    DeadLetter: {
        "no_reason": {"reason": GONE},
        "offset_below_zero": {"offset": -1},
        "header_without_value": {"headers": [["content-type"]]},
    },
    Disposition: {
        "no_letter": {"letter_id": GONE},
        "letter_without_place": {"letter_id": "news.raw.v1.dlq"},
        "state_is_unknown": {"state": "lost"},
        "by_nobody": {"by": ""},
    },
    DroppedFile: {
        "no_path": {"path": GONE},
        "digest_is_no_hash": {"digest": "crc32"},
        "state_is_unknown": {"state": "cleaned"},
        "size_below_zero": {"size": -1},
    },
    ReplayJob: {
        "no_ranges": {"ranges": GONE},
        "id_is_no_hash": {"job_id": "rpl_1"},
        "lane_in_capitals": {"into": "V2"},
        "state_is_unknown": {"state": "paused"},
        "attempt_zero": {"attempt": 0},
    },
    SourceConfig: {
        "no_url": {"url": GONE},
        "url_of_a_file": {"url": "file:///etc/passwd"},
        "full_text_is_unknown": {"full_text": "maybe"},
        "floor_below_zero": {"floor_s": -1},
    },
    SourceState: {
        "no_next_at": {"next_at": GONE},
        "outcome_is_unknown": {"outcome": "fine"},
        "entry_without_content": {"seen": [{"entry": "1f"}]},
        "time_without_offset": {"next_at": "2026-03-02T06:30:00"},
    },
}


def files() -> Iterator[tuple[Path, str]]:
    """Path and text of every example."""
    for model, valid in VALID.items():
        contract = contract_of(model)
        folder = FOLDER / contract.name / f"v{contract.version}"
        for name, value in valid.items():
            yield folder / "valid" / f"{name}.json", _text(_plain(value))
        for name, fault in INVALID[model].items():
            changed = {**_plain(valid["minimal"]), **fault}
            kept = {field: value for field, value in changed.items() if value is not GONE}
            yield folder / "invalid" / f"{name}.json", _text(kept)


def _plain(value: Event) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(encode(value))
    return plain


def _text(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write or check; the exit code."""
    parser = argparse.ArgumentParser(description="Write the examples of every contract.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if one is stale")
    check = parser.parse_args().check
    wanted = dict(files())
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    stray = sorted(set(FOLDER.rglob("*.json")) - wanted.keys())
    for path in (*stale, *stray):
        sys.stdout.write(f"{path.relative_to(FOLDER)}\n")
    if check:
        return 1 if stale or stray else 0
    for path in stray:
        path.unlink()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
