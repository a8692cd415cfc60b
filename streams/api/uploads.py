"""The three forms in which documents are posted: one JSON object, JSON Lines, files."""

from collections.abc import AsyncIterator

import orjson
from starlette.datastructures import FormData, UploadFile

from streams.api.intake import Item
from streams.errors import InputError
from streams.ingest.options import IngestOptions, Refused, UnfitError, printable
from streams.ingest.records import file_document, raw_document

__all__ = ["TooManyItemsError", "file_items", "json_item", "line_items"]

_LABEL = 200


class TooManyItemsError(InputError):
    """More documents than one request may bring."""


def json_item(data: bytes, label: str, options: IngestOptions) -> Item:
    """The document in a JSON object (see `streams.ingest.records`), or why there is none."""
    try:
        # Nesting is bounded by the parser, at a thousand levels.
        record = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
        if not isinstance(record, dict):
            return Refused(label, "bad_record", "not an object")
        return raw_document(record, options.now, options)
    except orjson.JSONDecodeError as error:
        return Refused(label, "bad_json", printable(str(error)))
    except UnfitError as error:
        return error.refused(label)


async def line_items(
    chunks: AsyncIterator[bytes], options: IngestOptions, *, line_bytes: int, most: int
) -> AsyncIterator[Item]:
    """A document for each line that is not blank; a line beyond `line_bytes` is refused, and the rest goes on.

    TooManyItemsError behind `most` of them.
    """
    number = taken = 0
    async for line in _lines(chunks, line_bytes):
        number += 1
        if line is not None and not line.strip():
            continue
        taken += 1
        if taken > most:
            raise TooManyItemsError(f"one request may bring {most} documents")
        label = f"line {number}"
        if line is None:
            yield Refused(label, "too_large", f"a line of more than {line_bytes} bytes")
        else:
            yield json_item(line, label, options)


async def _lines(chunks: AsyncIterator[bytes], line_bytes: int) -> AsyncIterator[bytes | None]:
    """Lines of a stream; None for one that is too long, of which no more than the limit is held."""
    held, skipping = bytearray(), False
    async for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            too_long = skipping or len(held) + len(part) > line_bytes
            yield None if too_long else bytes(held) + part
            held.clear()
            skipping = False
        skipping = skipping or len(held) + len(rest) > line_bytes
        if skipping:
            held.clear()
        else:
            held += rest
    if held or skipping:
        yield None if skipping else bytes(held)


async def file_items(form: FormData, options: IngestOptions) -> AsyncIterator[Item]:
    """A document for each file of a form. A `.json` file is a record; of any other the content is the article."""
    for number, (field, value) in enumerate(form.multi_items(), 1):
        if not isinstance(value, UploadFile):
            continue
        name = value.filename or field
        label = printable(f"file {number}: {name}"[:_LABEL])
        data = await value.read(options.max_document_bytes + 1)
        if name.lower().endswith(".json"):
            yield json_item(data, label, options)
            continue
        try:
            yield file_document(name, data, options.now, options)
        except UnfitError as error:
            yield error.refused(label)
