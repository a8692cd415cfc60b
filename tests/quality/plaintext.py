"""The plain-text set: visible lines of real pages, labelled body or not, in three regimes.

`full` is all visible text of a page, `resid` what a fast extractor leaves, `clean` the
gold text itself, of which nothing may be lost. The line model is trained on the pages
that are not held out; the split is by a hash, so that it never moves.
"""

import json
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Page", "Regime", "pages"]

Regime = Literal["full", "resid", "clean"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page in one regime; `keep` says of each line whether it is part of the gold text."""

    dataset: str
    id: str
    regime: Regime
    gold: str
    lines: tuple[str, ...]
    keep: tuple[bool, ...]
    held_out: bool


def pages(path: Path) -> Iterator[Page]:
    """Every page of the file, and after a page's first regime its gold text as regime `clean`."""
    seen = set()
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            dataset, name, gold = row["dataset"], row["id"], row["gold"]
            held_out = _is_held_out(dataset, name, row["source"])
            kept = tuple(label == 1 for label in row["labels"])
            yield Page(dataset, name, row["regime"], gold, tuple(row["lines"]), kept, held_out)
            if (dataset, name) not in seen:
                seen.add((dataset, name))
                own = tuple(found for part in gold.split("\n") if (found := " ".join(part.split())))
                yield Page(dataset, name, "clean", gold, own, (True,) * len(own), held_out)


def _is_held_out(dataset: str, name: str, source: str) -> bool:
    # WCXB has one page a site: a sixth of the pages. Fundus has several: half of the outlets, whole.
    if dataset == "wcxb_articles":
        return zlib.crc32(name.encode()) % 6 == 0
    return zlib.crc32(source.encode()) % 2 == 0
