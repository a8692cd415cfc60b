"""robots.txt by RFC 9309."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from streams.feeds.answers import Answer, Failed, Fetched, Limits, Reason, Validators
from streams.feeds.robots import Robots, Rules

START = datetime(2026, 11, 24, tzinfo=UTC)


class Site:
    """Answers for robots.txt, and notes who asked; time is ours."""

    def __init__(self, *answers: Answer | str, max_age_s: int | None = None) -> None:
        self.answers = [self._page(a, max_age_s) if isinstance(a, str) else a for a in answers]
        self.asked: list[str] = []
        self.now = START

    @staticmethod
    def _page(text: str, max_age_s: int | None) -> Fetched:
        return Fetched("u", 200, text.encode(), "text/plain", None, Validators(), "h", max_age_s=max_age_s)

    async def get(self, url: str, *, limits: Limits, accept: str) -> Answer:  # noqa: ARG002
        self.asked.append(url)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def robots(self) -> Robots:
        return Robots(self, lambda: self.now)


async def test_the_rules_of_an_origin_are_asked_for_once() -> None:
    site = Site("User-agent: *\nDisallow: /private")
    robots = site.robots()
    assert await robots.allows("https://x.example/news/1")
    assert not await robots.allows("https://x.example/private/1?a=b#c")
    assert await robots.allows("https://x.example:8443/private/1") is False
    assert await robots.allows("http://x.example/private/1") is False
    assert site.asked == [
        "https://x.example/robots.txt",
        "https://x.example:8443/robots.txt",
        "http://x.example/robots.txt",
    ]


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: newsloom\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: NewsLoom\nAllow: /", "/a", True),
        ("User-agent: other\nUser-agent: newsloom\nDisallow: /a", "/a", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a/b", "/a/b/c", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\rDisallow: /a\r", "/a", False),
        ("<html><body>User-agent: *</body></html>", "/a", True),
        ("", "/a", True),
        ("Disallow: /", "/a", True),
    ],
)
def test_the_longest_rule_for_us_decides(text: str, path: str, allowed: bool) -> None:  # noqa: FBT001
    assert Rules(text.encode()).allow(f"https://x.example{path}") is allowed


@pytest.mark.parametrize("reason", ["not_found", "gone", "http_error", "redirects"])
async def test_no_robots_txt_is_no_rule(reason: Reason) -> None:
    assert await Site(Failed(reason, status=404)).robots().allows("https://x.example/a") is True


@pytest.mark.parametrize("reason", ["unavailable", "throttled", "timeout", "dns", "connect", "too_large"])
async def test_one_that_cannot_be_reached_forbids_all_for_now(reason: Reason) -> None:
    site = Site(Failed(reason, "why", 503, 30.0), "User-agent: *\nDisallow:")
    robots = site.robots()
    answer = await robots.allows("https://x.example/a")
    assert isinstance(answer, Failed)
    assert (answer.reason, answer.retry_after_s) == ("robots", 30.0)
    site.now += timedelta(minutes=9)
    assert isinstance(await robots.allows("https://x.example/b"), Failed)
    site.now += timedelta(minutes=2)
    assert await robots.allows("https://x.example/b") is True
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    ("max_age_s", "fresh", "stale"),
    [
        (None, timedelta(hours=23, minutes=59), timedelta(hours=24)),
        (3600, timedelta(minutes=59), timedelta(hours=1)),
        (0, timedelta(minutes=4), timedelta(minutes=5)),
        (10**9, timedelta(hours=23, minutes=59), timedelta(hours=24)),
    ],
)
async def test_rules_are_kept_a_day_at_most(max_age_s: int | None, fresh: timedelta, stale: timedelta) -> None:
    site = Site("User-agent: *\nDisallow: /", max_age_s=max_age_s)
    robots = site.robots()
    for after in (timedelta(), fresh):
        site.now = START + after
        assert await robots.allows("https://x.example/a") is False
    assert len(site.asked) == 1
    site.now = START + stale
    await robots.allows("https://x.example/a")
    assert len(site.asked) == 2


async def test_what_is_no_url_is_not_allowed() -> None:
    answer = await Site("").robots().allows("file:///etc/passwd")
    assert isinstance(answer, Failed)
    assert answer.reason == "bad_url"


def test_the_first_half_mebibyte_counts() -> None:
    filler = b"# " + b"x" * 1000 + b"\n"
    within = b"User-agent: *\n" + filler * 500 + b"Disallow: /late\n"
    beyond = b"User-agent: *\n" + filler * 600 + b"Disallow: /late\n"
    assert not Rules(within).allow("https://x.example/late")
    assert Rules(beyond).allow("https://x.example/late")


def test_thousands_of_agents_with_thousands_of_rules_take_seconds_at_most() -> None:
    agents = b"".join(b"User-agent: a%d\n" % n for n in range(15_000))
    rules = b"".join(b"Disallow: /a%d\n" % n for n in range(15_000))
    begun = time.process_time()
    assert Rules(agents + b"User-agent: newsloom\n" + rules).allow("https://x.example/b")
    assert time.process_time() - begun < 10  # without care it is minutes
