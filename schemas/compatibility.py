"""Whether one JSON Schema may follow another within a version of a contract.

One question, asked in both directions: may a record written under one schema be refused
under the other? Readers ignore fields they do not know, so a new optional field hurts
nobody, and closed objects (`additionalProperties: false`) bind writers alone.

    backward   new readers meet old records: what lies in the topics, tables and archives
    forward    old readers meet new records: readers that are upgraded after the writers

Some changes refuse nothing and still break a promise: a field that is gone, another
default, another format. They count as backward breaks. Where two schemas cannot be
compared (patterns, keywords not known here), any difference counts: the check may be
too strict, never too lax.
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

__all__ = ["breaking"]

Node = Mapping[str, Any]

_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_MEANING: Final = ("format", "contentEncoding", "contentMediaType")
_NOTES: Final = frozenset({"$comment", "$defs", "$id", "$schema", "deprecated", "description", "examples", "title"})
_COMPARED: Final = frozenset(
    {
        *("type", "enum", "const", "pattern", "anyOf", "default", "required", "properties", "additionalProperties"),
        *("items", "prefixItems", *_LOWER, *_UPPER, *_MEANING),
    }
)


def breaking(old: Node, new: Node, *, forward: bool = True) -> tuple[str, ...]:
    """Why `new` may not follow `old`, one line a reason, none when it may.

    Each line is the direction, the place and the change: `backward: $.title: needed ...`.
    `forward=False` asks for backward compatibility only.
    """
    was, now = _expand(old, old), _expand(new, new)
    found = [f"backward: {line}" for line in (*_refusals(was, now, "$"), *_lost(was, now, "$"))]
    if forward:
        found += [f"forward: {line}" for line in _refusals(now, was, "$")]
    return tuple(dict.fromkeys(found))


def _expand(node: Any, root: Node) -> Any:
    """`node` with references replaced by what they refer to; contracts have no recursive types."""
    if isinstance(node, list):
        return [_expand(item, root) for item in node]
    if not isinstance(node, Mapping):
        return node
    if "$ref" in node:
        target = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
        return _expand({**target, **{key: value for key, value in node.items() if key != "$ref"}}, root)
    return {key: _expand(value, root) for key, value in node.items() if key != "$defs"}


def _refusals(written: Node, read: Node, place: str) -> Iterator[str]:
    """Why `read` may refuse what `written` allows."""
    if "anyOf" in written or "anyOf" in read:
        yield from _union_refusals(written, read, place)
        return
    yield from _type_refusals(written, read, place)
    yield from _limit_refusals(written, read, place)
    yield from _object_refusals(written, read, place)
    yield from _array_refusals(written, read, place)


def _union_refusals(written: Node, read: Node, place: str) -> Iterator[str]:
    """Each branch that is written must be taken by one that is read."""
    for name in sorted((written.keys() | read.keys()) - _NOTES - {"anyOf", "default"}):
        if "anyOf" in written and "anyOf" in read and written.get(name) != read.get(name):
            yield f"{place}: {name} beside a union differs and cannot be compared"
    readers = read.get("anyOf", [read])
    for branch in written.get("anyOf", [written]):
        tried = [list(_refusals(branch, reader, place)) for reader in readers]
        if not all(tried):
            continue
        # The closest branch says best what is wrong; a branch of another type says nothing.
        same = [lines for lines, reader in zip(tried, readers, strict=True) if reader.get("type") == branch.get("type")]
        yield from min(same, key=len) if same else [f"{place}: type {branch.get('type')} is no longer taken"]


def _type_refusals(written: Node, read: Node, place: str) -> Iterator[str]:
    taken, given = read.get("type"), written.get("type")
    if taken is not None and taken != given and (given, taken) != ("integer", "number"):
        yield f"{place}: type {given} where {taken} is read"
    values, allowed = _values(written), _values(read)
    if allowed is not None:
        surplus = "any value" if values is None else ", ".join(repr(v) for v in values if v not in allowed)
        if surplus:
            yield f"{place}: {surplus} is not among the values read"


def _values(node: Node) -> list[Any] | None:
    if "const" in node:
        return [node["const"]]
    values: list[Any] | None = node.get("enum")
    return values


def _limit_refusals(written: Node, read: Node, place: str) -> Iterator[str]:
    for name in (*_LOWER, *_UPPER):
        if name not in read:
            continue
        limit, given = read[name], written.get(name)
        if given is None or (given < limit if name in _LOWER else given > limit):
            yield f"{place}: {name} {given} where {limit} is read"
    if "pattern" in read and read["pattern"] != written.get("pattern"):
        yield f"{place}: pattern {written.get('pattern')} where {read['pattern']} is read"
    for name in sorted((written.keys() | read.keys()) - _COMPARED - _NOTES):
        if written.get(name) != read.get(name):
            yield f"{place}: {name} differs and cannot be compared"


def _object_refusals(written: Node, read: Node, place: str) -> Iterator[str]:
    for name in read.get("required", ()):
        if name not in written.get("required", ()):
            yield f"{place}.{name}: needed, but not always written"
    known = read.get("properties", {})
    for name, node in written.get("properties", {}).items():
        if name in known:
            yield from _refusals(node, known[name], f"{place}.{name}")
    values, taken = written.get("additionalProperties"), read.get("additionalProperties")
    if isinstance(values, Mapping) and isinstance(taken, Mapping):
        yield from _refusals(values, taken, f"{place}.*")
    elif isinstance(values, Mapping) != isinstance(taken, Mapping) and written.get("type") == read.get("type"):
        yield f"{place}: an open map on one side, fixed fields on the other"


def _array_refusals(written: Node, read: Node, place: str) -> Iterator[str]:
    if isinstance(taken := read.get("items"), Mapping):
        yield from _refusals(written.get("items") or {}, taken, f"{place}[]")
    if "prefixItems" not in written and "prefixItems" not in read:
        return
    pairs = zip_longest(written.get("prefixItems", ()), read.get("prefixItems", ()))
    for number, (node, known) in enumerate(pairs):
        if node is None or known is None:
            yield f"{place}[{number}]: a tuple of another length"
        else:
            yield from _refusals(node, known, f"{place}[{number}]")


def _lost(old: Node, new: Node, place: str) -> Iterator[str]:
    """Promises of `old` that `new` breaks though it refuses nothing."""
    if old.get("default") != new.get("default"):
        yield f"{place}: default {old.get('default')!r} is now {new.get('default')!r}"
    branches = new.get("anyOf", [new])
    by_type = {str(branch.get("type")): branch for branch in branches}
    if len(by_type) < len(branches) and old != new:
        yield f"{place}: a union that cannot be compared differs"
    for branch in old.get("anyOf", [old]):
        if (same := by_type.get(str(branch.get("type")))) is not None:
            yield from _lost_branch(branch, same, place)


def _lost_branch(old: Node, new: Node, place: str) -> Iterator[str]:
    for name in _MEANING:
        if old.get(name) != new.get(name):
            yield f"{place}: {name} {old.get(name)} is now {new.get(name)}"
    for name, node in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{place}.{name}: gone"
        else:
            yield from _lost(node, new["properties"][name], f"{place}.{name}")
    for inner, mark in (("items", "[]"), ("additionalProperties", ".*")):
        one, other = old.get(inner), new.get(inner)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _lost(one, other, place + mark)
    for number, (one, other) in enumerate(zip(old.get("prefixItems", ()), new.get("prefixItems", ()), strict=False)):
        yield from _lost(one, other, f"{place}[{number}]")
