"""A worker that was paused for so long that the group gave its partitions away, and goes on."""

import signal

import pytest

from streams.audit import StageAudit
from tests.integration.harness import Scene, Victim, transfer, until
from tests.integration.ledger import ACCOUNTS, BOOK

pytestmark = pytest.mark.timeout(240)


async def pause(scene: Scene, point: str, without: str = "") -> Victim:
    """A worker that stops itself at `point` of its first batch."""
    await scene.push(transfer(number) for number in range(10))
    zombie = scene.start("book", without, failpoint=f"book:{point}:1:STOP")
    await until(lambda: zombie.paused, "the worker pauses")
    return zombie


async def take_over(scene: Scene, without: str = "") -> Victim:
    """Another worker, that has got past the zombie."""
    await scene.push(transfer(number) for number in range(10, 20))
    heir = scene.start("book", without, slot=1)
    await until(lambda: scene.drained(BOOK), "another worker takes over")
    return heir


async def write_late(scene: Scene, without: str = "") -> tuple[Victim, Victim]:
    """The zombie wakes with a table write in hand, and makes it."""
    zombie = await pause(scene, "face", without)
    await scene.evict(BOOK)
    heir = await take_over(scene, without)
    written = len(await scene.records(ACCOUNTS.name))
    zombie.send(signal.SIGCONT)
    await until(lambda: _more_than(scene, written), "the zombie writes")
    return zombie, heir


async def _more_than(scene: Scene, count: int) -> bool:
    return len(await scene.records(ACCOUNTS.name)) > count


async def test_a_late_table_write_is_void_and_mended(scene: Scene) -> None:
    zombie, heir = await write_late(scene)
    assert await zombie.ended() == 1
    assert "ForeignWriteError" in zombie.said()
    # The owner reads it when the zombie comes back to the group, or stumbles over it at its next write and stops.
    heir.destroy()
    await scene.evict(BOOK)
    assert (await scene.settle(BOOK)).ok
    assert await scene.table(ACCOUNTS.name) == await scene.recomputed(BOOK)


async def test_without_the_rules_the_table_is_wrong(scene: Scene) -> None:
    rules = "no_zombie_rules"
    zombie, heir = await write_late(scene, rules)
    assert await scene.table(ACCOUNTS.name) != await scene.recomputed(BOOK)
    zombie.destroy()
    await scene.kill(heir, BOOK)
    found = await scene.settle(BOOK, rules)
    assert found.different


async def outlive_the_session(scene: Scene, without: str = "") -> StageAudit:
    """The zombie wakes before it has made any effect; the session has timed out by itself."""
    zombie = await pause(scene, "read", without)
    await take_over(scene)
    zombie.send(signal.SIGCONT)
    assert await zombie.ended() == 1
    return await scene.audit(BOOK)


async def test_no_effect_is_made_when_the_group_was_silent_for_a_session(scene: Scene) -> None:
    found = await outlive_the_session(scene)
    assert (found.ok, found.repeated) == (True, 0)


async def test_without_the_membership_rule_its_outputs_are_repeated(scene: Scene) -> None:
    found = await outlive_the_session(scene, "no_membership_rule")
    assert found.repeated
