"""Raw articles for all contestants alike: real ones where they are at hand, else generated."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, count, islice
from pathlib import Path

from schemas import RawDocument, Source
from streams.codec import Message, raw_message
from streams.ids import document_id
from streams.ingest import IngestOptions, documents

__all__ = ["CORPUS", "generated", "raw_messages"]

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "data" / "dedupe" / "core_articles.jsonl.xz"

_START = datetime(2026, 3, 1, tzinfo=UTC)
_SYLLABLES = (
    "ba",
    "cor",
    "den",
    "fil",
    "gram",
    "hol",
    "is",
    "jun",
    "ker",
    "lo",
    "mar",
    "nev",
    "or",
    "pel",
    "ron",
    "sta",
)
_LITTLE = ("the", "of", "and", "to", "in", "a", "that", "for", "on", "with", "as", "was", "said", "by", "from", "at")
_WORDS = 20_000
_SOURCES = 40
_COPIES = 0.1


def raw_messages(wanted: int) -> tuple[str, list[Message]]:
    """Name of the material, and `wanted` documents as a producer sends them."""
    found = _real() if CORPUS.exists() else generated()
    taken = [raw_message(document) for document in islice(found, wanted)]
    if len(taken) < wanted:
        raise ValueError(f"only {len(taken)} articles in {CORPUS.name}; ask for no more")
    return (CORPUS.name if CORPUS.exists() else "generated texts"), taken


def _real() -> Iterator[RawDocument]:
    options = IngestOptions(now=_START, first_seen="mtime")
    read = documents([str(CORPUS)], options=options)
    for number, document in enumerate(each for each in read if isinstance(each, RawDocument)):
        # A news day of a few thousand articles, so that stories are found and expiry has its usual work.
        yield document.model_copy(update={"first_seen_at": _START + timedelta(seconds=30 * number)})


def generated(seed: int = 7, *, words: tuple[int, int] = (150, 600), seconds: float = 30) -> Iterator[RawDocument]:
    """Documents without end: `words` words by Zipf's law, names among them, a tenth edited copies of late ones.

    They come `seconds` apart by their own clock.
    """
    draw = random.Random(seed)
    vocabulary = [*_LITTLE, *("".join(draw.choices(_SYLLABLES, k=draw.randint(2, 4))) for _ in range(_WORDS))]
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(vocabulary))))
    names = [" ".join(word.capitalize() for word in draw.sample(vocabulary[200:], 2)) for _ in range(2000)]
    late: list[list[str]] = []
    for number in count():
        if late and draw.random() < _COPIES:
            tokens = list(draw.choice(late))
            for at in draw.sample(range(len(tokens)), max(1, len(tokens) // 100)):
                tokens[at] = draw.choice(vocabulary)
        else:
            tokens = draw.choices(vocabulary, cum_weights=weights, k=draw.randint(*words))
            for at in draw.sample(range(len(tokens)), len(tokens) // 30):
                tokens[at] = draw.choice(names)
            late = [*late[-199:], tokens]
        source = f"outlet-{draw.randrange(_SOURCES)}"
        yield RawDocument(
            document_id=document_id(source, str(number)),
            source=Source(id=source),
            title=" ".join(tokens[:9]).capitalize(),
            content="\n\n".join(_paragraphs(tokens)),
            first_seen_at=_START + timedelta(seconds=seconds * number),
        )


def _paragraphs(tokens: list[str]) -> Iterator[str]:
    sentences = (tokens[at : at + 18] for at in range(0, len(tokens), 18))
    texts = [f"{words[0].capitalize()} {' '.join(words[1:])}." for words in sentences]
    for at in range(0, len(texts), 4):
        yield " ".join(texts[at : at + 4])
