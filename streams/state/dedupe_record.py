"""Documents and texts as kept in the table of the dedupe stage."""

import struct
from hashlib import blake2b
from typing import Literal, NamedTuple, get_args

import numpy as np

from streams.text.fingerprint import Sketch
from streams.text.minhash import BINS

__all__ = ["DocumentRecord", "Role", "TextRecord", "document_key", "packed", "unpacked"]

Role = Literal["unique", "url", "exact", "near", "contained"]

_DIGEST_BYTES = 16
_DOCUMENT = struct.Struct("<BIIqqqq16s16s16s16s")
_TEXT = struct.Struct("<16s16s16sqIIBB")


def packed(identity: str, prefix: str = "") -> bytes:
    """The 16 bytes of an id (see `streams.ids`); ValueError when it is none."""
    digits = identity.removeprefix(prefix)
    data = bytes.fromhex(digits)
    if unpacked(data, prefix) != identity or len(data) != _DIGEST_BYTES:
        raise ValueError(f"{identity!r:.80} is no {prefix or 'content_'}id")
    return data


def document_key(document_id: str) -> bytes:
    """What a document is kept under: 16 bytes of BLAKE2b, as a pusher may choose any id."""
    return blake2b(document_id.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def unpacked(data: bytes, prefix: str = "") -> str:
    """Read back `packed`."""
    return prefix + data.hex()


class DocumentRecord(NamedTuple):
    """A document that was handled. Ids are packed, times microseconds since 1970.

    `partition` and `offset`: its last push. `role`, `root`, `matched`: the verdict of its first
    push; an original has itself for both. `row`: the text it has now. `step` and `at`: when it
    was last refreshed, by the stage's count of steps and its clock.
    """

    role: Role
    revision: int
    partition: int
    offset: int
    row: int
    step: int
    at: int
    article: bytes
    root: bytes
    matched: bytes
    content: bytes

    def encode(self) -> bytes:
        """105 bytes."""
        return _DOCUMENT.pack(get_args(Role).index(self.role), *self[1:])

    @classmethod
    def decode(cls, data: bytes) -> "DocumentRecord":
        """Read back `encode`."""
        role, *rest = _DOCUMENT.unpack(data)
        return cls(get_args(Role)[role], *rest)


class TextRecord(NamedTuple):
    """A text that later ones are compared with, the article it came with, and the original of that."""

    article: bytes
    root: bytes
    content: bytes
    at: int
    sketch: Sketch

    def encode(self) -> bytes:
        """66 bytes and the sketch: 256 for the signature, 4 for each hash, of which there are at most 292."""
        sketch = self.sketch
        sizes = sketch.tokens, sketch.shingles, len(sketch.sample), len(sketch.lead)
        arrays = sketch.minhash.astype("<u2"), sketch.sample.astype("<u4"), sketch.lead.astype("<u4")
        head = _TEXT.pack(self.article, self.root, self.content, self.at, *sizes)
        return head + b"".join(array.tobytes() for array in arrays)

    @classmethod
    def decode(cls, data: bytes) -> "TextRecord":
        """Read back `encode`."""
        article, root, content, at, tokens, shingles, sample, lead = _TEXT.unpack_from(data)
        minhash = np.frombuffer(data, "<u2", BINS, _TEXT.size)
        hashes = np.frombuffer(data, "<u4", sample + lead, _TEXT.size + minhash.nbytes)
        return cls(article, root, content, at, Sketch(tokens, shingles, minhash, hashes[:sample], hashes[sample:]))
