"""Which story an old id leads to, and which old ids a story has."""

import sqlite3
from collections.abc import Iterable

__all__ = ["MAX_TREE", "current", "current_of_articles", "one_step", "tree"]

MAX_TREE = 500
"""The most ids of a story that are looked through; a story keeps 100 aliases."""

_CHAIN = 64
_IN = 500
_FORWARD = (
    "SELECT alias, story_id FROM story_alias WHERE alias IN ({})",
    "SELECT story_id, merged_into FROM story WHERE merged_into IS NOT NULL AND story_id IN ({})",
    "SELECT story_id, merged_into FROM story_event WHERE merged_into IS NOT NULL AND story_id IN ({})",
)
_BACKWARD = (
    "SELECT story_id FROM story WHERE merged_into IN ({})",
    "SELECT story_id FROM story_event WHERE merged_into IN ({})",
    "SELECT alias FROM story_alias WHERE story_id IN ({})",
)


def current(db: sqlite3.Connection, story_ids: Iterable[str]) -> dict[str, str]:
    """The story that each id leads to today, through any number of merges; itself when it was not merged."""
    leads = {story_id: story_id for story_id in story_ids}
    steps: dict[str, str] = {}
    ask = set(leads)
    for _ in range(_CHAIN):
        found = one_step(db, ask)
        steps |= found
        ask = set(found.values()) - set(steps)
        if not ask:
            break
    return {story_id: _end(steps, story_id) for story_id in leads}


def one_step(db: sqlite3.Connection, story_ids: Iterable[str]) -> dict[str, str]:
    """The story that each merged one went into; those that were not merged are left out.

    An alias, where it is all that is left of a merge, may skip steps, and leads to the same end.
    """
    ids = set(story_ids)
    return {old: new for text in _FORWARD for old, new in _pairs(db, text, ids) if old != new}


def _end(steps: dict[str, str], story_id: str) -> str:
    seen = {story_id}
    while (following := steps.get(story_id)) is not None and following not in seen:
        seen.add(following)
        story_id = following
    return story_id


def tree(db: sqlite3.Connection, story_id: str) -> tuple[str, ...]:
    """The story and all that were merged into it, sorted behind it, at most `MAX_TREE`."""
    found, ask = {story_id}, {story_id}
    while ask and len(found) < MAX_TREE:
        older = {row[0] for text in _BACKWARD for row in _pairs(db, text, ask)}
        ask = older - found
        found |= ask
    return (story_id, *sorted(found - {story_id}))[:MAX_TREE]


def current_of_articles(db: sqlite3.Connection, article_ids: Iterable[str]) -> dict[str, str]:
    """The story that each article is in today; articles that are in none are left out."""
    text = "SELECT article_id, story_id FROM story_event WHERE article_id IN ({}) ORDER BY at, story_id, story_version"
    joined: dict[str, str] = {row[0]: row[1] for row in _pairs(db, text, set(article_ids))}
    leads = current(db, joined.values())
    return {article_id: leads[story_id] for article_id, story_id in joined.items()}


def _pairs(db: sqlite3.Connection, text: str, ids: Iterable[str]) -> list[sqlite3.Row]:
    listed = sorted(ids)
    rows: list[sqlite3.Row] = []
    for start in range(0, len(listed), _IN):
        part = listed[start : start + _IN]
        rows += db.execute(text.format(",".join("?" * len(part))), part).fetchall()
    return rows
