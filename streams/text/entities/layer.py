"""The entity layer of an article: from its text to things with mentions, names and salience."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from schemas import EntityLayer
from streams.ids import entity_id
from streams.text.entities.clusters import Cluster, clusters
from streams.text.entities.consistency import consistent
from streams.text.entities.facts import with_facts
from streams.text.entities.forms import forms
from streams.text.entities.gazetteer import gazetteer
from streams.text.entities.naming import Naming, naming
from streams.text.entities.salience import salience
from streams.text.entities.sentences import Sentence, sentences
from streams.text.entities.spans import Span, spans
from streams.text.entities.tagger import tagger

__all__ = ["ENRICHER", "VERSION", "entity_layer", "named"]

ENRICHER = "newsloom-entities"
VERSION = "1"


def entity_layer(text: str) -> EntityLayer:
    """Entities of `text`, most salient first; offsets count its code points."""
    # A mark for a mark: the offsets stay those of the text.
    plain = text.replace("’", "'").replace("\u2011", "-")
    parts = sentences(plain)
    starts = list(accumulate((len(part.words) for part in parts), initial=0))
    words = [part.words for part in parts]
    found = clusters(forms(plain, parts, _capitalised(words, named(words))), gazetteer().known)
    scores = [
        salience(cluster.mentions(), first_word=_first_word(cluster, starts), words=starts[-1]) for cluster in found
    ]
    top = max(scores, default=1.0)
    entities = _merged([(naming(cluster), cluster, score / top) for cluster, score in zip(found, scores, strict=True)])
    things = [_entity(name, spans_of, share, text, parts) for name, spans_of, share in entities]
    things.sort(key=_rank)
    # One validation an article: a model made for each mention took as long as finding it.
    return EntityLayer.model_validate({"enricher": ENRICHER, "version": VERSION, "entities": things})


def _rank(thing: dict[str, Any]) -> tuple[float, int, str]:
    return -thing["salience"], thing["mentions"][0]["start"], thing["entity_id"]


def named(words: Sequence[Sequence[str]]) -> list[Span]:
    """The names in one document's sentences, in text order."""
    facts = gazetteer()
    phrases = [list(facts.phrases(sentence)) for sentence in words]
    tagged = tagger().tag(words, phrases)
    return list(spans(consistent(words, with_facts(words, phrases, tagged, facts))))


def _capitalised(words: Sequence[Sequence[str]], found: Sequence[Span]) -> list[Span]:
    """Without names that have no capital letter: in a script without case the tagger is blind."""
    return [
        span
        for span in found
        if any(letter.isupper() for word in words[span.sentence][span.first : span.last] for letter in word)
    ]


def _first_word(cluster: Cluster, starts: Sequence[int]) -> int:
    first = min(form.spans[0] for form in cluster.forms)
    return starts[first.sentence] + first.first


def _merged(things: Sequence[tuple[Naming, Cluster, float]]) -> list[tuple[Naming, list[Span], float]]:
    """One entry a type and name: two clusters that got the same are one thing, as salient as the more salient."""
    by_identity: dict[tuple[str, str], tuple[Naming, list[Span], float]] = {}
    for name, cluster, share in things:
        mine = [span for form in cluster.forms for span in form.spans]
        key = (name.type, name.name)
        known = by_identity.get(key, (name, [], 0.0))
        by_identity[key] = (known[0], sorted(known[1] + mine), max(known[2], share))
    return list(by_identity.values())


def _entity(name: Naming, found: Sequence[Span], share: float, text: str, parts: Sequence[Sentence]) -> dict[str, Any]:
    """The fields of an `Entity`."""
    return {
        "entity_id": entity_id(name.type, name.name),
        "type": name.type,
        "name": name.name,
        "external_ids": [{"scheme": scheme, "value": value} for scheme, _, value in map(_split, name.ids)],
        # Four places: the last bits of a logarithm differ between machines.
        "salience": round(share, 4),
        "mentions": [_mention(span, text, parts) for span in found],
    }


def _split(external_id: str) -> tuple[str, str, str]:
    return external_id.partition(":")


def _mention(span: Span, text: str, parts: Sequence[Sentence]) -> dict[str, Any]:
    start, end = parts[span.sentence].place(span.first, span.last)
    return {"start": start, "end": end, "text": text[start:end]}
