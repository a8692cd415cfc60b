"""Servers that mean harm: each fetch ends in time, in bounded memory, with a reason."""

import asyncio
import gzip
import itertools
import time
import tracemalloc
import zlib
from datetime import UTC, datetime

import pytest

from streams.feeds.addresses import allowance
from streams.feeds.answers import MIB, Answer, Failed, Fetched, Limits
from streams.feeds.fetch import Fetcher, Policy
from streams.feeds.intake import Intake, UnfitBodyError
from tests.loopback import Talk, raw_site

OK = b"HTTP/1.1 200 OK\r\n"
LIMITS = Limits(max_bytes=2 * MIB, total_s=10.0)
HASTY = Limits(total_s=1.0)


async def got(talk: Talk, limits: Limits = LIMITS) -> Answer:
    async with raw_site(talk) as port:
        policy = Policy("newsloom/test", allowance(f"127.0.0.1:{port}"))
        async with Fetcher(policy, lambda: datetime(2026, 1, 1, tzinfo=UTC)) as session:
            return await session.get(f"http://127.0.0.1:{port}/", limits=limits)


def sending(*pieces: bytes, every_s: float = 0.0, forever: bool = False) -> Talk:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in itertools.chain(pieces, itertools.repeat(pieces[-1]) if forever else ()):
            writer.write(piece)
            await writer.drain()
            if every_s:
                await asyncio.sleep(every_s)

    return talk


def failed(answer: Answer) -> str:
    assert isinstance(answer, Failed), answer
    return answer.reason


CHUNK = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CASES: dict[str, tuple[Talk, str]] = {
    "a length beyond the limit": (sending(OK + b"Content-Length: 99999999\r\n\r\nx"), "too_large"),
    "a length that lies": (sending(OK + b"Content-Length: 50\r\n\r\nshort"), "broken_response"),
    "a negative length": (sending(OK + b"Content-Length: -1\r\n\r\nx"), "broken_response"),
    "two lengths": (sending(OK + b"Content-Length: 1, 2\r\n\r\nx"), "broken_response"),
    "a chunk cut short": (sending(CHUNKED + b"5\r\nabc"), "broken_response"),
    "a chunk without a size": (sending(CHUNKED + b"zz\r\nabc\r\n"), "broken_response"),
    "chunks without end": (sending(CHUNKED, CHUNK, forever=True), "too_large"),
    "a body without end": (sending(OK + b"\r\n", b"x" * 0x8000, forever=True), "too_large"),
    "no http": (sending(b"not http at all\r\n\r\n"), "broken_response"),
    "nothing": (sending(b""), "broken_response"),
    "a long header": (sending(OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n"), "broken_response"),
    "a flood of headers": (
        sending(OK + b"".join(b"X-%d: y\r\n" % n for n in range(100_000)) + b"\r\n"),
        "broken_response",
    ),
    "headers without end": (sending(OK, b"X-Header: y\r\n" * 1000, forever=True), "broken_response"),
    "a header line without end": (sending(OK, b"X" * 1000, forever=True), "broken_response"),
    "continue without end": (sending(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, forever=True), "timeout"),
    "a slow head": (sending(OK, b"X", forever=True, every_s=0.05), "timeout"),
    "a slow body": (sending(OK + b"\r\n", b"x", forever=True, every_s=0.05), "timeout"),
    "brotli": (sending(OK + b"Content-Encoding: br\r\n\r\n\xcf\xff\xff\x7f"), "bad_encoding"),
    "zstd": (sending(OK + b"Content-Encoding: zstd\r\n\r\n\x28\xb5\x2f\xfd"), "bad_encoding"),
    "gzip that is none": (sending(OK + b"Content-Encoding: gzip\r\n\r\nnot gzip"), "bad_encoding"),
    "a location with a NUL": (sending(b"HTTP/1.1 302 Found\r\nLocation: /a\x00\r\n\r\n"), "broken_response"),
}


@pytest.mark.parametrize("case", CASES)
async def test_it_ends_with_a_reason_and_in_time(case: str) -> None:
    talk, reason = CASES[case]
    limits = HASTY if reason == "timeout" else LIMITS  # a busy machine may need a while for two MiB
    begun = time.monotonic()
    assert failed(await got(talk, limits)) == reason
    assert time.monotonic() - begun < limits.total_s + 8


async def test_a_body_longer_than_it_was_said_to_be_is_cut_there() -> None:
    answer = await got(sending(OK + b"Content-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n\r\nsmuggled"))
    assert isinstance(answer, Fetched)
    assert answer.body == b"abc"


async def test_a_server_that_never_answers_costs_the_time_allowed_and_no_more() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    begun = time.monotonic()
    assert failed(await got(silent, Limits(total_s=0.3))) == "timeout"
    assert time.monotonic() - begun < 15


async def test_hops_share_one_deadline() -> None:
    served = 0

    async def slow(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        await asyncio.sleep(0.4)
        writer.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: /%d\r\n\r\n" % served)

    assert failed(await got(slow, HASTY)) == "timeout"
    assert served <= 3


def bomb(size: int) -> bytes:
    """Gzip of `size` zeros, without its end: nobody should get that far."""
    packer = zlib.compressobj(9, wbits=-15)
    mebibyte = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(7) + mebibyte * (size // MIB)


async def test_a_gzip_bomb_is_let_go_at_the_ratio_limit() -> None:
    packed = bomb(256 * MIB)
    assert len(packed) < MIB
    tracemalloc.start()
    answer = await got(sending(OK + b"Content-Encoding: gzip\r\n\r\n" + packed), Limits())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert failed(answer) == "bad_ratio"
    assert peak < 16 * MIB


async def test_a_body_that_packs_well_but_not_absurdly_is_taken() -> None:
    body = b"".join(b"<item><title>News number %d</title></item>\n" % n for n in range(60_000))
    answer = await got(sending(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(body)), Limits())
    assert isinstance(answer, Fetched)
    assert answer.body == body


@pytest.mark.parametrize("piece", [1, 7, 1000, 100_000])
def test_an_intake_does_not_care_how_the_body_is_cut(piece: int) -> None:
    body = b"some words " * 1000
    packed = gzip.compress(body) + gzip.compress(b"more")
    intake = Intake(Limits(), "gzip")
    for start in range(0, len(packed), piece):
        intake.take(packed[start : start + piece])
    assert intake.whole() == body + b"more"


def test_an_intake_counts_what_was_sent_as_well() -> None:
    intake = Intake(Limits(max_bytes=1000), "gzip")
    with pytest.raises(UnfitBodyError) as caught:
        intake.take(gzip.compress(b"") * 100)
    assert caught.value.reason == "too_large"


def test_an_intake_holds_no_more_than_a_piece_above_its_limit() -> None:
    intake = Intake(Limits(max_bytes=MIB, max_ratio=10_000), "gzip")
    with pytest.raises(UnfitBodyError) as caught:
        intake.take(bomb(64 * MIB))
    assert caught.value.reason == "too_large"
    assert len(intake._whole) <= MIB + 64 * 1024
