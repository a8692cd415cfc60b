"""What is different between two lanes, in lines for people."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from streams.cli.output import counted, safe

if TYPE_CHECKING:
    from streams.replay.bcubed import Parted
    from streams.replay.differences import Difference, Example

__all__ = ["told"]

_TOP = 5


def told(found: "Difference") -> Iterator[str]:
    """The report, a line at a time."""
    if found.articles.both or found.articles.only_a or found.articles.only_b:
        yield from _articles(found)
        yield from _verdicts(found)
        yield from _entities(found)
    yield from _stories(found)
    if found.not_compared:
        yield f"not compared: {', '.join(found.not_compared)} had nothing to do in one of them"
    yield "no difference" if found.none else f"{found.b} is different from {found.a}"


def _articles(found: "Difference") -> Iterator[str]:
    of = found.articles
    alone = f"{of.only_a:,} only in {found.a}, {of.only_b:,} only in {found.b}"
    yield f"documents  {of.both:,} in both, {alone}; the articles of {of.different:,} differ"
    if of.looked_at < of.different:
        yield f"  fields of the first {of.looked_at:,}:"
    yield from _fields(of.fields, of.examples)


def _fields(fields: Counter[str], examples: "Mapping[str, list[Example]]") -> Iterator[str]:
    for name, count in fields.most_common():
        yield f"  {safe(name)}  {count:,}"
        for example in examples[name][:1]:
            yield f"    {safe(example.id)}: {safe(example.a)}"
            yield f"    {' ' * len(example.id)}  {safe(example.b)}"


def _verdicts(found: "Difference") -> Iterator[str]:
    of = found.verdicts
    yield f"verdicts   {of.changed.total():,} others, {of.different_reasons:,} for other reasons"
    for way, count in of.changed.most_common():
        yield f"  {safe(way)}  {count:,}, e.g. {safe(of.examples[way][0])}"
    yield from _fields(of.reasons.fields, of.reasons.examples)


def _entities(found: "Difference") -> Iterator[str]:
    of = found.entities
    numbers = f"{of.a:,} in {found.a}, {of.b:,} in {found.b}, {of.both:,} in both"
    over = f"F1 {of.f1:.4f} over {counted(of.articles, 'article')}"
    yield f"entities   {over}: {numbers}; layers of {of.different:,} differ"
    for word, names in (("added", of.added), ("removed", of.removed)):
        if names:
            yield f"  {word}  {safe(', '.join(f'{name} {count:,}' for name, count in names.most_common(_TOP)))}"
    if of.layers:
        yield f"  layers  {', '.join(f'{safe(name)} {count:,}' for name, count in of.layers.most_common())}"


def _stories(found: "Difference") -> Iterator[str]:
    of = found.clusters
    if of is None:
        return
    yield f"stories    {of.stories_a:,} in {found.a}, {of.stories_b:,} in {found.b}"
    scores = f"precision {of.precision:.4f}, recall {of.recall:.4f}, F {of.f:.4f}"
    yield f"  BCubed {scores} over {counted(of.articles, 'article')}; {of.only_a:,} and {of.only_b:,} in one alone"
    yield from _parted("split", of.split_count, of.splits)
    yield from _parted("merged", of.merge_count, of.merges)
    table = found.stories
    alone = f"{table.only_a:,} and {table.only_b:,} in one alone"
    yield f"  table  {table.both:,} in both, {alone}; {table.different:,} differ"
    yield from _fields(table.fields, table.examples)


def _parted(word: str, count: int, shown: "Iterable[Parted]") -> Iterator[str]:
    if count:
        yield f"  {word}  {count:,}"
    for parted in shown:
        into = ", ".join(f"{story[:12]} {articles:,}" for story, articles in parted.into[:_TOP])
        yield f"    {parted.story} of {counted(parted.articles, 'article')}: {into}"
