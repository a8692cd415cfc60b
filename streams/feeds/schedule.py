"""When a source is polled next, and what is remembered of it: pure functions of its state, an outcome and a time.

Rules: the interval adapts to how much of a feed is new; what feed and server ask for (ttl, skipHours, skipDays,
max-age, Expires, Retry-After) may only lengthen it; all of it stays between a floor and a cap. Failures add up to
a score, and the wait grows with it in a line, up to 30 days. Nobody is ever dropped.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from schemas import Redirected, SourceConfig, SourceState

__all__ = [
    "DAY_S",
    "Failure",
    "Hints",
    "Policy",
    "Success",
    "bounds",
    "claimed",
    "configured",
    "failed",
    "resumed",
    "spread",
    "succeeded",
]

DAY_S: Final = 24 * 60 * 60
LONGEST_S: Final = 30 * DAY_S
"""The wait after failures ends here; a source that is gone is asked again after so long."""

RETRY_AFTER_S: Final = DAY_S
HEAVY_BYTES: Final = 512 * 1024

FASTER_BELOW, SLOWER_ABOVE = 0.33, 0.67
FASTER, SLOWER = 2 / 3, 3 / 2
STEADY: Final = 2
LATE: Final = 0.25
JITTER: Final = 0.1

MOVED_TIMES, MOVED_S = 3, DAY_S
FORMER_URLS: Final = 10
_LONGEST_VALIDATOR: Final = 1024
_LONGEST_URL: Final = 4096

HARD, SOFT, TEMPORARY = 1.0, 0.5, 0.25
_WEIGHTS: Final = {
    **dict.fromkeys(("bad_url", "refused_address", "http_error", "too_large", "bad_ratio"), HARD),
    **dict.fromkeys(("bad_encoding", "redirects", "tls"), HARD),
    **dict.fromkeys(("dns", "connect", "timeout", "broken_response"), TEMPORARY),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds between two polls of a source that says nothing else."""

    floor_s: float = 60 * 60
    cap_s: float = DAY_S


@dataclass(frozen=True, slots=True)
class Hints:
    """What feed and server say of how long a copy stays good."""

    ttl_s: float | None = None
    max_age_s: float | None = None
    expires_at: datetime | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()

    def awake(self, at: datetime) -> datetime:
        """The first time from `at` on that is in none of the hours (UTC) and days (0 for Monday) without news."""
        last = at + timedelta(days=7)
        while at < last and (at.hour in self.skip_hours or at.weekday() in self.skip_days):
            at += timedelta(hours=1)
        return at

    def longest_s(self, now: datetime) -> float:
        """The longest of them, 0 without any."""
        expires_s = (self.expires_at - now).total_seconds() if self.expires_at else 0
        return max(0.0, self.ttl_s or 0, self.max_age_s or 0, expires_s)


@dataclass(frozen=True, slots=True)
class Success:
    """A feed that was read, or is as it was.

    Of its `entries`, `known` had been pushed as they are. `not_modified` is a 304. Validators and
    `body_hash` are of a body that was parsed and of which everything has been pushed, else None.
    `permanent_url` is where permanent redirects alone led to.
    """

    entries: int = 0
    known: int = 0
    pushed: int = 0
    not_modified: bool = False
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    size: int = 0
    hints: Hints = Hints()
    permanent_url: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """No feed; `reason` is one of `streams.feeds.answers.Reason` or of the parser's."""

    reason: str
    detail: str = ""
    retry_after_s: float | None = None

    @property
    def weight(self) -> float:
        """What it adds to the score: hard 1, soft 0.5, temporary 0.25."""
        return _WEIGHTS.get(self.reason, SOFT)


def bounds(config: SourceConfig, policy: Policy) -> tuple[float, float]:
    """Floor and cap of a source, in seconds; a floor above the cap lifts it."""
    floor = policy.floor_s if config.floor_s is None else config.floor_s
    return floor, max(floor, policy.cap_s if config.cap_s is None else config.cap_s)


def configured(config: SourceConfig, state: SourceState | None, policy: Policy, now: datetime) -> SourceState:
    """The state of a source as the catalogue has it now: due at once when it is new or has a new address."""
    floor, cap = bounds(config, policy)
    fresh: dict[str, Any] = {"configured_url": config.url, "url": config.url, "next_at": now, "interval_s": floor}
    if state is None:
        return SourceState(source_id=config.source_id, **fresh)
    if state.configured_url != config.url:
        none = dict.fromkeys(("etag", "last_modified", "body_hash", "redirected", "gone_since", "hold_until"))
        # What was seen stays: the same entries come from the new address. So does the floor.
        soonest = max(now, state.polled_at + timedelta(seconds=floor)) if state.polled_at else now
        return state.model_copy(update={**fresh, **none, "failure_score": 0.0, "steady": 0, "next_at": soonest})
    return state.model_copy(update={"interval_s": min(max(state.interval_s, floor), cap)})


def claimed(state: SourceState, now: datetime) -> SourceState:
    """A poll begins: whoever finds this after a kill knows that the server may have been asked."""
    return state.model_copy(update={"started_at": now})


def resumed(config: SourceConfig, state: SourceState, policy: Policy, now: datetime) -> SourceState:
    """The state after a kill: a poll that may have been made counts as made now, so that the floor holds."""
    if state.started_at is None:
        return state
    floor, cap = bounds(config, policy)
    next_at = max(state.next_at, _after(state.source_id, now, floor, floor, cap))
    return state.model_copy(update={"started_at": None, "polled_at": now, "next_at": next_at})


def succeeded(config: SourceConfig, state: SourceState, success: Success, policy: Policy, now: datetime) -> SourceState:
    """The state after a feed was read; `now` is when its last byte was.

    A 304 proves that nothing has changed, not that what is there can be read: it leaves the score as it is.
    """
    floor, cap = bounds(config, policy)
    interval, steady = _adapted(state, success, floor, cap)
    heavy = success.size > HEAVY_BYTES and not (success.etag or success.last_modified)
    wait = max(interval, success.hints.longest_s(now), DAY_S if heavy else 0)
    next_at = _after(state.source_id, now, wait * (1 + _score(state, success)), floor, cap)
    update: dict[str, Any] = {
        "next_at": min(success.hints.awake(next_at), now + timedelta(seconds=cap)),
        "interval_s": interval,
        "steady": steady,
        "started_at": None,
        "polled_at": now,
        "succeeded_at": now,
        "outcome": "new" if success.pushed else "unchanged",
        "detail": success.detail and success.detail[:300],
        "polls": state.polls + 1,
        "pushed": state.pushed + success.pushed,
        "failure_score": _score(state, success),
        "hold_until": None,
        "gone_since": None,
    }
    if success.not_modified:
        update |= {"outcome": state.outcome, "detail": state.detail} if state.failure_score else {}
    else:
        update |= {
            "etag": _kept(success.etag),
            "last_modified": _kept(success.last_modified),
            "body_hash": success.body_hash,
        }
    return _moved(state.model_copy(update=update), success.permanent_url, now)


def _score(state: SourceState, success: Success) -> float:
    return state.failure_score if success.not_modified else 0.0


def _kept(validator: str | None) -> str | None:
    return validator if validator and len(validator) <= _LONGEST_VALIDATOR else None


def _adapted(state: SourceState, success: Success, floor: float, cap: float) -> tuple[float, int]:
    """The interval from now on, and the count of steady polls behind it."""
    interval = min(max(state.interval_s, floor), cap)
    if state.succeeded_at is None:
        return interval, 0  # everything is new in a feed that is read for the first time
    share = success.known / success.entries if success.entries else 1.0
    if share < FASTER_BELOW:
        return max(floor, interval * FASTER), 0
    if share <= SLOWER_ABOVE or not _on_time(state):
        return interval, 0
    steady = state.steady + 1
    return (min(cap, interval * SLOWER), 0) if steady >= STEADY else (interval, steady)


def _on_time(state: SourceState) -> bool:
    """A poll that came late has seen more of the feed go by than its interval stands for."""
    begun = state.started_at or state.next_at
    return (begun - state.next_at).total_seconds() <= LATE * state.interval_s


def failed(config: SourceConfig, state: SourceState, failure: Failure, policy: Policy, now: datetime) -> SourceState:
    """The state after a poll that brought nothing; validators stay, they are of a body that was read."""
    floor, cap = bounds(config, policy)
    interval = min(max(state.interval_s, floor), cap)
    score = state.failure_score + failure.weight
    gone = failure.reason == "gone"
    longest = max(LONGEST_S, floor)
    next_at = _after(state.source_id, now, LONGEST_S if gone else interval * (1 + score), floor, longest)
    hold = None
    if failure.retry_after_s is not None:
        asked = min(max(failure.retry_after_s, 0.0), RETRY_AFTER_S)
        hold = now + timedelta(seconds=asked)
        # Spread: all who were sent away at once would come back at once.
        next_at = max(next_at, hold + timedelta(seconds=asked * JITTER * spread(state.source_id, hold)))
    update: dict[str, Any] = {
        "next_at": next_at,
        "interval_s": interval,
        "steady": 0,
        "started_at": None,
        "polled_at": now,
        "outcome": "gone" if gone else "failed",
        "detail": (f"{failure.reason}: {failure.detail}" if failure.detail else failure.reason)[:300],
        "polls": state.polls + 1,
        "failure_score": score,
        "hold_until": hold,
        "gone_since": (state.gone_since or now) if gone else None,
    }
    return state.model_copy(update=update)


def _moved(state: SourceState, target: str | None, now: datetime) -> SourceState:
    """Count equal permanent redirects; after the third, a day after the first, they are believed."""
    if target is None or target == state.url or len(target) > _LONGEST_URL:
        return state.model_copy(update={"redirected": None})
    before = state.redirected
    if before is None or before.url != target:
        return state.model_copy(update={"redirected": Redirected(url=target, times=1, since=now)})
    times = before.times + 1
    if times < MOVED_TIMES or (now - before.since).total_seconds() < MOVED_S:
        return state.model_copy(update={"redirected": before.model_copy(update={"times": times})})
    former = (*state.former_urls, state.url)[-FORMER_URLS:]
    return state.model_copy(update={"url": target, "former_urls": former, "redirected": None})


def _after(source_id: str, now: datetime, wait_s: float, floor: float, cap: float) -> datetime:
    """`wait_s` from now and up to a tenth more, so that sources drift apart; within the bounds."""
    wait = min(max(wait_s, floor), cap)
    return now + timedelta(seconds=min(cap, wait * (1 + JITTER * spread(source_id, now))))


def spread(source_id: str, at: datetime) -> float:
    """A fraction from 0 to below 1, the same for a source in the same minute."""
    slot = int(at.timestamp()) // 60
    digest = blake2b(f"{source_id}\0{slot}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
