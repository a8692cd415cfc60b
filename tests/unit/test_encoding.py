"""Bytes to text, by mark, UTF-8, declaration and detection, in that order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.encoding import charset_of_media_type, decode, printable_share

CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy. Starosta řekl, že most bude otevřen v pondělí. " * 6


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(codec: str) -> None:
    found = decode(CZECH.encode(codec), "iso-8859-1")
    assert found is not None
    assert (found.text, found.method) == (CZECH, "bom")


def test_utf8_comes_before_a_false_declaration() -> None:
    found = decode(CZECH.encode(), "windows-1252")
    assert found is not None
    assert (found.text, found.charset, found.method) == (CZECH, "utf-8", "strict")


def test_the_declared_charset_then_the_meta_element() -> None:
    page = f'<html><head><meta charset="iso-8859-2"></head><body>{CZECH}</body></html>'
    for declared in ("ISO-8859-2", None, "no-such-charset"):
        found = decode(page.encode("iso-8859-2"), declared)
        assert found is not None
        assert (found.text, found.method) == (page, "declared")


def test_labels_mean_what_they_mean_on_the_web() -> None:
    found = decode("“Köln” – 5 €".encode("cp1252"), "iso-8859-1")
    assert found is not None
    assert (found.text, found.charset) == ("“Köln” – 5 €", "cp1252")


@pytest.mark.parametrize("label", ["rot13", "unicode_escape", "idna", "punycode", "utf-7", "base64", "\x00", "zip"])
def test_a_document_cannot_name_a_codec_that_is_no_charset(label: str) -> None:
    found = decode("Größe über alles, schöne Grüße".encode("latin-1"), label)
    assert found is None or found.method == "detected"


def test_detection_finds_an_undeclared_charset() -> None:
    found = decode(CZECH.encode("cp1250"))
    assert found is not None
    assert found.method == "detected"
    assert "Starosta řekl" in found.text


def test_a_damaged_utf8_file_stays_utf8() -> None:
    data = CZECH.encode()
    found = decode(data[:500] + b"\xff" + data[500:-1])
    assert found is not None
    assert (found.charset, found.method) == ("utf-8", "lossy")


@pytest.mark.parametrize("payload", [bytes(range(256)) * 8, b"\x00" * 100, b"\x7fELF\x02\x01\x01\x00" * 50])
def test_bytes_that_are_no_text_are_refused(payload: bytes) -> None:
    assert decode(payload) is None


@given(st.binary(max_size=400), st.none() | st.text(max_size=12))
def test_any_bytes_decode_or_are_refused(payload: bytes, declared: str | None) -> None:
    found = decode(payload, declared)
    assert found == decode(payload, declared)
    if found is not None:
        assert printable_share(found.text) >= 0.98


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffd"), max_size=200))
def test_utf8_text_comes_back_as_it_was(text: str) -> None:
    found = decode(text.encode())
    assert found is not None
    assert found.text == text


def test_the_charset_parameter_of_a_media_type() -> None:
    assert charset_of_media_type('text/html; Charset="UTF-8"') == "UTF-8"
    assert charset_of_media_type("text/html") is None
