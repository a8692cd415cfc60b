"""Numbers and instants that no JSON writer could have meant are refused, not carried on."""

import json

import pytest

from streams.codec import Record, decode, encode
from streams.outcome import Dead
from streams.topics import NORMALIZED
from tests.builders import article


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_seen_at", "0001-01-01T00:00:00+09:00"),
        ("first_seen_at", "9999-12-31T23:59:59-09:00"),
        ("revision", 2**31),
        ("word_count", 10**30),
        ("language_confidence", 1e300),
    ],
)
def test_out_of_range_is_a_dead_letter(field: str, value: object) -> None:
    value_json = json.dumps(json.loads(encode(article())) | {field: value})
    found = decode(NORMALIZED, Record(NORMALIZED.name, 0, 0, b"en", value_json.encode()))
    assert isinstance(found, Dead)
    assert found.reason == "bad_schema"
    assert found.detail.startswith(f"{field}: ")
