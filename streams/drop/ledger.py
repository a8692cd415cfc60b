"""What is known of the files of a drop folder, and the records that say so. Pure."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import blake2b
from typing import Literal

from pydantic import ValidationError

from schemas import DroppedFile
from streams.codec import Message, encode
from streams.drop.settling import Face
from streams.ingest.options import printable
from streams.topics import DROP_LEDGER

__all__ = ["Ledger", "State", "entry", "entry_message", "faces", "file_id", "of_folder"]

State = Literal["scheduled", "done", "refused"]
Ledger = dict[str, DroppedFile]
"""The last entry of each file, by `file_id`."""


def file_id(folder: str, path: str) -> str:
    """`drop_` and a hash of folder and path, as the bytes that the disk has."""
    state = blake2b(digest_size=16, person=b"drop")
    for part in (folder, path):
        data = os.fsencode(part)
        state.update(len(data).to_bytes(8, "little") + data)
    return f"drop_{state.hexdigest()}"


def of_folder(table: Mapping[bytes, bytes], folder: str) -> Ledger:
    """The entries of `folder` in the ledger topic's table; a record that is none is passed over."""
    found = {}
    for value in table.values():
        with suppress(ValidationError):
            known = DroppedFile.model_validate_json(value)
            if known.folder == printable(folder):
                found[known.file_id] = known
    return found


def faces(ledger: Ledger, folder: str, paths: Iterable[str]) -> dict[str, Face]:
    """Of those `paths` that are done or refused, the face they had then."""
    found = {}
    for path in paths:
        known = ledger.get(file_id(folder, path))
        if known is not None and known.state != "scheduled":
            found[path] = Face(known.size, known.modified_ns, known.detail not in ("symlink", "not_regular"))
    return found


def entry(  # noqa: PLR0913 - a record's fields
    folder: str,
    path: str,
    face: Face,
    state: State,
    at: datetime,
    *,
    digest: str = "",
    tails: Sequence[int] = (),
    documents: int = 0,
    refused: int = 0,
    detail: str = "",
) -> DroppedFile:
    """What is to be written down of a file; names that are no text are made printable, the id knows them."""
    return DroppedFile(
        file_id=file_id(folder, path),
        folder=printable(folder)[:4096],
        path=printable(path)[:4096],
        state=state,
        digest=digest,
        size=face.size,
        modified_ns=face.modified_ns,
        documents=documents,
        refused=refused,
        detail=printable(detail)[:1000],
        tails=tuple(tails),
        at=at,
    )


def entry_message(known: DroppedFile) -> Message:
    """The record of an entry in its topic."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{known.file_id}:{known.state}:{known.digest}:{known.modified_ns}",
        "ce_type": DROP_LEDGER.name,
        "ce_source": "/tools/watch",
        "ce_subject": known.file_id,
        "ce_time": known.at.isoformat(),
        "ce_dataschema": DROP_LEDGER.dataschema,
        "ce_partitionkey": known.file_id,
        "content-type": "application/json",
    }
    packed = tuple((name, text.encode()) for name, text in headers.items())
    return Message(DROP_LEDGER.name, known.file_id.encode(), encode(known), packed)
