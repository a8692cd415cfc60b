"""A topology whose first stage can be made to hang, to eat all memory or to die, by a document that says so.

No document is known to do this to the real stages, so a row about it needs one that does. All but
the one function is the product's: pool, deadline, limits, dead letters.
"""

import os
import time
from dataclasses import replace

from schemas import RawDocument
from streams.outcome import Outcome
from streams.stages.normalize import normalize
from streams.topology import TOPOLOGY

__all__ = ["TROUBLED", "TROUBLES", "troubled"]

TROUBLES = {"chaos: hang": "deadline", "chaos: eat": "memory", "chaos: die": "memory"}
"""Contents that give trouble, and the reason on the dead letter."""

_PIECE = 64 << 20


def troubled(document: RawDocument) -> Outcome:
    """`normalize`, unless the document says otherwise."""
    if document.content == "chaos: hang":
        time.sleep(3600)
    if document.content == "chaos: eat":
        eaten: list[bytes] = []
        while True:
            eaten.append(bytes(_PIECE))
    if document.content == "chaos: die":
        os._exit(9)
    return normalize(document)


TROUBLED = (replace(TOPOLOGY[0], run=troubled), *TOPOLOGY[1:])
