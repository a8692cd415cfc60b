"""Response headers that say when to come again."""

from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from streams.feeds import headers
from streams.feeds.answers import Validators

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("999999999999999999", 86400.0),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90.0),
        ("Tuesday, 24-Nov-26 12:01:30 GMT", 90.0),
        ("Tue Nov 24 12:01:30 2026", 90.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2099 11:00:00 GMT", 86400.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        (None, None),
        ("\u0661\u0662", None),
    ],
)
def test_retry_after_has_two_forms_and_ends_at_a_day(text: str | None, seconds: float | None) -> None:
    assert headers.retry_after_s(text, NOW) == seconds


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ({"Cache-Control": "public, max-age=3600"}, 3600),
        ({"Cache-Control": 'MAX-AGE="60"'}, 60),
        ({"Cache-Control": "s-maxage=9, max-age=60", "Age": "45"}, 15),
        ({"Cache-Control": "max-age=60", "Age": "90"}, 0),
        ({"Cache-Control": "max-age=60, no-cache"}, 0),
        ({"Cache-Control": "no-store"}, 0),
        ({"Cache-Control": "s-maxage=600"}, None),
        ({"Cache-Control": "max-age=ever"}, None),
        ({}, None),
    ],
)
def test_max_age_less_age(stated: dict[str, str], seconds: int | None) -> None:
    assert headers.max_age_s(CIMultiDict(stated)) == seconds


def test_expires_is_measured_by_the_servers_own_clock() -> None:
    stated = CIMultiDict({"Date": "Mon, 01 Jan 2024 00:00:00 GMT", "Expires": "Mon, 01 Jan 2024 01:00:00 GMT"})
    assert headers.expires_at(stated, NOW) == NOW + timedelta(hours=1)
    assert headers.expires_at(CIMultiDict({"Expires": "0"}), NOW) is None
    far = CIMultiDict({"Expires": "Fri, 31 Dec 9999 23:59:59 GMT", "Date": "Mon, 01 Jan 2024 00:00:00 GMT"})
    assert headers.expires_at(far, NOW) is None


def test_validators_are_opaque_unless_no_record_could_hold_them() -> None:
    stated = CIMultiDict({"ETag": 'W/"a, b"', "Last-Modified": "whenever"})
    assert headers.validators(stated) == Validators('W/"a, b"', "whenever")
    assert headers.validators(CIMultiDict({"ETag": "x" * 2000, "Last-Modified": "a\udc80"})) == Validators()


@pytest.mark.parametrize(
    ("text", "media_type", "charset"),
    [
        ("Text/XML; Charset=ISO-8859-1", "text/xml", "ISO-8859-1"),
        ("application/rss+xml", "application/rss+xml", None),
        ("nonsense", "", None),
        ("", "", None),
    ],
)
def test_the_media_type_and_its_charset(text: str, media_type: str, charset: str | None) -> None:
    stated = CIMultiDict({"Content-Type": text})
    assert (headers.media_type(stated), headers.charset(stated)) == (media_type, charset)
