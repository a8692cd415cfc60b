"""Imported once by the fork server: CPU processes are forked from it warm, and share what is loaded here.

One small document goes through the stateless stages, so that their models are in memory before the first fork.
"""

import gc
import logging
from datetime import UTC, datetime

from schemas import Event, RawDocument, Source
from streams.outcome import Ok, Tombstone
from streams.topology import TOPOLOGY

__all__ = ["warm"]

_TEXT = "Mayor Ann Example opened the bridge over the river on Monday, the city of Sampleton said. " * 4


def warm() -> None:
    """Load what the stateless stages load at their first document."""
    document = RawDocument(
        document_id="warm", source=Source(id="warm"), content=_TEXT, first_seen_at=datetime(2000, 1, 1, tzinfo=UTC)
    )
    values: tuple[Event | Tombstone, ...] = (document,)
    for stage in TOPOLOGY:
        known = next((value for value in values if isinstance(value, stage.reads.model)), None)
        if stage.state is None and known is not None:
            outcome = stage.run(known)
            values += outcome.values if isinstance(outcome, Ok) else ()


# What libraries have to say of a document may quote it: a CPU process logs nothing.
logging.getLogger().addHandler(logging.NullHandler())
warm()
# What is loaded stays: a collection that looked at it would cost time in every process, and a copy of every page.
gc.collect()
gc.freeze()
