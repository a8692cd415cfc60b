"""The development stream of dedupe: real articles in date order among edited and reformatted copies of them.

The same draws, order and measures as the prototype that the thresholds were chosen with, so
that figures compare: a verdict is right when the original it names is of the same gold
group, and pairs labelled as updates of one another count neither way.
"""

import json
import lzma
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ["FILES", "Scores", "Stream", "read_lines", "scores", "sha256_of"]

FILES = ("core_articles.jsonl.xz", "synth_pairs.jsonl.xz", "natural_pairs.jsonl", "sameevent_negatives.jsonl.xz")

_REFORMATTED = 1500
_SEED = 5


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a .jsonl or .jsonl.xz file."""
    data = path.read_bytes()
    yield from map(json.loads, (lzma.decompress(data) if path.suffix == ".xz" else data).splitlines())


def sha256_of(folder: Path) -> str:
    """One hash for all files the stream is made of."""
    state = sha256()
    for name in FILES:
        state.update((folder / name).read_bytes())
    return state.hexdigest()


@dataclass(slots=True)
class Stream:
    """`texts`: (id, text) in order. `group` maps an id to its gold group, `kind` a made copy to what was done to it."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    group: dict[str, str] = field(default_factory=dict)
    kind: dict[str, str] = field(default_factory=dict)
    neutral: set[frozenset[str]] = field(default_factory=set)

    @classmethod
    def read(cls, folder: Path) -> "Stream":
        """Build the stream from the files of `folder`."""
        draw = random.Random(_SEED)
        core = list(read_lines(folder / FILES[0]))
        dates = {doc["id"]: doc["date"] or "2016-01-01" for doc in core}
        made = cls(group={doc["id"]: doc["id"] for doc in core})
        order = [(dates[doc["id"]], draw.random(), doc["id"], doc["text"]) for doc in core]
        for pair in read_lines(folder / FILES[1]):
            order.append((dates[pair["a"]] + "z", draw.random(), pair["b"], pair["text_b"]))
            made._copy(pair["b"], pair["a"], pair["label"])
        for doc in draw.sample(core, _REFORMATTED):
            text = doc["text"].replace("\u2019", "'").replace("\u2014", "--").replace("\n", "\n\n  ")
            order.append((dates[doc["id"]] + "z", draw.random(), f"{doc['id']}~e", text))
            made._copy(f"{doc['id']}~e", doc["id"], "exact")
        made.texts = [(name, text) for *_, name, text in sorted(order)]
        made._join_natural(list(read_lines(folder / FILES[2])))
        return made

    def _copy(self, name: str, original: str, kind: str) -> None:
        self.group[name], self.kind[name] = original, kind

    def _join_natural(self, pairs: list[dict[str, Any]]) -> None:
        parents: dict[str, str] = {}

        def find(name: str) -> str:
            while name in parents:
                name = parents[name]
            return name

        for pair in pairs:
            one, other = find(pair["a"]), find(pair["b"])
            if pair["label"] in ("near", "contained") and one != other:
                parents[one] = other
        self.group = {name: find(group) for name, group in self.group.items()}
        self.neutral = {frozenset((p["a"], p["b"])) for p in pairs if p["label"].startswith("update")}


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision and recall of the verdict "copy", recall by kind of copy, and the false ones."""

    precision: float
    recall: float
    by_kind: dict[str, float]
    false: list[tuple[str, str]]


def scores(stream: Stream, roots: dict[str, str]) -> Scores:
    """Judge `roots`: the original named for each text that was called a copy."""
    seen: set[str] = set()
    right, missed = 0, 0
    found: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    false = []
    for name, _ in stream.texts:
        group = stream.group[name]
        kind = stream.kind.get(name, "natural")
        wanted[kind] += group in seen
        root = roots.get(name)
        if root is None:
            missed += group in seen
        elif stream.group[root] == group:
            right += 1
            found[kind] += group in seen
        elif frozenset((name, root)) not in stream.neutral:
            false.append((name, root))
        seen.add(group)
    by_kind = {kind: found[kind] / count for kind, count in wanted.items()}
    return Scores(right / (right + len(false)), right / (right + missed), by_kind, false)
