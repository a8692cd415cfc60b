"""A producer that says on stdout which documents are acknowledged, one id a line, so that it can be killed.

    python -m streams.chaos.producer --seed N --first N --count N

The broker is that of NEWSLOOM_BROKER. It is slow on purpose: whoever kills it hits the middle.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator

from schemas import RawDocument
from streams.chaos.documents import generate
from streams.endpoint import endpoint_at
from streams.ingest.push import push
from streams.settings import Settings

__all__ = ["main"]


_PAUSE_S = 0.01


def _slowly(documents: Iterator[RawDocument]) -> Iterator[RawDocument]:
    for document in documents:
        yield document
        time.sleep(_PAUSE_S)


def _say(document: RawDocument) -> None:
    sys.stdout.write(f"{document.document_id}\n")
    sys.stdout.flush()


def main() -> int:
    """Push documents `first` to `first + count` of the seed; 0 when all are acknowledged."""
    parser = argparse.ArgumentParser()
    for name in ("seed", "first", "count"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    settings = Settings()
    documents = _slowly(generate(options.count, seed=options.seed, first=options.first))
    asyncio.run(push(endpoint_at(settings.broker, settings), settings, documents, on_ack=_say))
    return 0


if __name__ == "__main__":
    sys.exit(main())
