# ruff: noqa: INP001 - a script, not part of a package
"""Make an IDF snapshot from background articles: hashed document frequencies, no words.

    python tools/build_idf.py BACKGROUND.jsonl.gz streams/text/data/idf-en-1.npz

Each line of the input is a JSON object with `title` and `text`. A sample of it is enough;
the order of the file does not matter, the same file gives the same bytes.

The background is English, so the grammatical words of other languages would count as the
rarest of all. Those of `tools/function_words.txt` that it hardly holds get the document
frequency of a common English word instead.
"""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh64_intdigest

from streams.text.terms import term_id, words
from streams.text.vectorize import field_terms

SAMPLE_SEED = 5
MIN_FREQUENCY = 2
COMMON = 0.3
"""Share of articles that hold a function word."""

FOREIGN = 0.0025
"""Share of articles below which a word is no English one, but a quotation."""

FUNCTION_WORDS = Path(__file__).with_name("function_words.txt")


def articles(path: Path) -> Iterator[tuple[str, str | None, str]]:
    """Id, title and text of each line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["id"], row["title"], row["text"] or ""


def function_words(path: Path = FUNCTION_WORDS) -> Iterator[int]:
    """Term ids of the function words of all languages."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            for word in words(line.partition(":")[2]):
                if (term := term_id(word)) is not None:
                    yield term


def columns(frequencies: Counter[int], *, least: int) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Ids ascending and their document frequencies, rare ones left out."""
    kept = sorted((term, count) for term, count in frequencies.items() if count >= least)
    ids, counts = zip(*kept, strict=True)
    return np.array(ids, dtype="<u4"), np.array(counts, dtype="<u2")


def main() -> None:
    """Count, and write the snapshot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("background", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--articles", type=int, default=8000)
    parser.add_argument("--least", type=int, default=MIN_FREQUENCY)
    options = parser.parse_args()
    rows = sorted(articles(options.background), key=lambda row: xxh64_intdigest(str(row[0]).encode(), SAMPLE_SEED))
    frequencies, names, length = Counter[int](), Counter[int](), 0.0
    sample = rows[: options.articles]
    for _, title, text in sample:
        terms = field_terms(title, text)
        frequencies.update(terms.text.keys())
        names.update(terms.names.keys())
        length += sum(terms.text.values())
    common = int(COMMON * len(sample))
    # As a name ("La Paz", "Der Spiegel") such a word keeps what it weighs.
    foreign = {term for term in function_words() if frequencies[term] < FOREIGN * len(sample)}
    frequencies.update({term: common - frequencies[term] for term in foreign})
    word_ids, word_df = columns(frequencies, least=options.least)
    name_ids, name_df = columns(names, least=options.least)
    np.savez_compressed(
        options.output,
        documents=np.int64(len(sample)),
        average_length=np.float64(round(length / len(sample), 3)),
        word_ids=word_ids,
        word_df=word_df,
        name_ids=name_ids,
        name_df=name_df,
    )


if __name__ == "__main__":
    main()
