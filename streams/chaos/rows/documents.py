"""Row 14: documents that a stage does not come back from."""

import time
from collections import Counter

from streams.chaos.documents import generate
from streams.chaos.row import Row
from streams.chaos.scene import ChaosError, Scene
from streams.chaos.trouble import TROUBLED, TROUBLES
from streams.codec import header
from streams.edge.reader import read_topic
from streams.topics import RAW

__all__ = ["ENDLESS"]


async def without_end(scene: Scene) -> None:
    """Among the documents are some that hang, eat memory or end their process; the rest goes on."""
    scene.crew.program = ("-m", "streams.chaos.victim")
    scene.start()
    await scene.feed(scene.ids // 2)
    any_document, *_ = generate(1, seed=-1)
    bad = [
        any_document.model_copy(update={"document_id": f"trouble-{number}", "content": content})
        for number, content in enumerate(TROUBLES)
    ]
    await scene.send(bad)
    await scene.feed()
    await scene.recover(await scene.waiting(), time.monotonic())
    await scene.until(scene.drained, "the rest goes on")
    reasons = Counter(
        {
            header(letter.headers, "ce_documentid"): header(letter.headers, "x-news-error-code")
            async for letter in read_topic(scene.endpoint, scene.settings.topic(RAW.dead_letters))
        }.values()
    )
    if reasons != Counter(TROUBLES.values()):
        raise ChaosError(f"dead letters {dict(reasons)} instead of {Counter(TROUBLES.values())}")


_LIMITS: dict[str, object] = {"document_deadline_s": 3, "document_memory_mb": 1024}

ENDLESS = Row(14, "documents that hang, eat memory or kill", without_end, _LIMITS, flow=TROUBLED, bounded=False)
