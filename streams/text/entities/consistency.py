"""One document, one meaning: what an article calls a person once, it does not call a city next.

A capital that only opens a sentence makes no name; each name takes its majority type; the
last word of a person's full name is that person; repeats that the tagger missed are found.
Worth about 1.9 F1 on both development sets of tests/quality.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from streams.text.entities.spans import NONE, PER, Span, mark, spans

__all__ = ["consistent"]

Labels = list[list[int]]

_JOINING = frozenset(("of", "the", "and", "for", "de"))


def consistent(sentences: Sequence[Sequence[str]], labels: Sequence[Sequence[int]]) -> Labels:
    """Labels of one document's sentences, made to agree with each other."""
    found = [list(row) for row in labels]
    there = _sober(sentences, found)
    names = [" ".join(sentences[span.sentence][span.first : span.last]).lower() for span in there]
    counts, surnames = _counted(there, names)
    majority = {name: max(sorted(kinds), key=lambda kind: kinds[kind]) for name, kinds in counts.items()}
    for name, times in surnames.items():
        kinds = counts.get(name, Counter())
        if not kinds or kinds[PER] or times > 1 or kinds.total() <= times:
            majority[name] = PER
    for span, name in zip(there, names, strict=True):
        kind = majority[name]
        outvoted = counts[name][kind] > counts[name][span.type]
        if kind != span.type and (outvoted or (span.last - span.first == 1 and name in surnames)):
            mark(found[span.sentence], span.first, span.last, kind)
    repeated = {name: kind for name, kind in majority.items() if name in surnames or counts[name].total() > 1}
    _complete(sentences, found, repeated)
    return found


def _sober(sentences: Sequence[Sequence[str]], labels: Labels) -> list[Span]:
    """Undo a name that is only a sentence's first word, where the article has that word in lower case; the others."""
    said = set[str]().union(*sentences)
    there = list(spans(labels))
    names = {sentences[span.sentence][span.first] for span in there if span.first}
    kept = []
    for span in there:
        word = sentences[span.sentence][span.first]
        opens = span.first == 0 and span.last == 1
        if opens and word not in names and word.lower() in said and word.lower().islower():
            labels[span.sentence][0] = NONE
        else:
            kept.append(span)
    return kept


def _counted(there: Sequence[Span], names: Sequence[str]) -> tuple[dict[str, Counter[int]], Counter[str]]:
    """Types of each name, a longer one counting twice, and the last words of full personal names."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    surnames: Counter[str] = Counter()
    for span, name in zip(there, names, strict=True):
        several = span.last - span.first > 1
        counts[name][span.type] += 1 + several
        if span.type == PER and several:
            surnames[name.rpartition(" ")[2]] += 1
    return counts, surnames


def _complete(sentences: Sequence[Sequence[str]], labels: Labels, names: Mapping[str, int]) -> None:
    """Tag untagged capitalised repeats, the longest name first."""
    by_first: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in names:
        by_first[name.partition(" ")[0]].append((name.count(" ") + 1, name))
    for candidates in by_first.values():
        candidates.sort(reverse=True)
    for words, row in zip(sentences, labels, strict=True):
        for at, word in enumerate(words):
            if not row[at] and word[0].isupper():
                for length, name in by_first.get(word.lower(), ()):
                    if _repeats(words, row, at, length, name):
                        mark(row, at, at + length, names[name])
                        break


def _repeats(words: Sequence[str], row: Sequence[int], at: int, length: int, name: str) -> bool:
    last = at + length
    run = words[at:last]
    continues = last < len(row) and row[last] > 0 and row[last] % 2 == 0
    return (
        " ".join(run).lower() == name
        and not any(row[at:last])
        and not continues
        and all(word[0].isupper() or not word.isalpha() or word in _JOINING for word in run)
    )
