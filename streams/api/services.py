"""What routes work with, made once a server."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from streams.api.intake import Intake
from streams.api.streams import Streams
from streams.readmodel.follow import Standing
from streams.readmodel.reader import Reader
from streams.settings import Settings

__all__ = ["READY_S", "Services", "ServicesOf", "services_of"]

READY_S = 15.0
"""A read model that was level so many seconds ago is fit to be asked."""


@dataclass(frozen=True, slots=True)
class Services:
    """The read model and how level it is, the way in for documents, the streams out, and the settings."""

    settings: Settings
    reader: Reader
    standing: Callable[[], Standing]
    intake: Intake
    streams: Streams | None = None

    def behind_s(self) -> float | None:
        """Seconds since the read model was level; None when it has not been yet."""
        return self.standing().behind_s(time.monotonic())


def services_of(request: Request) -> Services:
    """The services of the server that got `request`."""
    found: Services = request.app.state.services
    return found


ServicesOf = Annotated[Services, Depends(services_of)]
