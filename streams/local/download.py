"""One file over HTTP(S): resumed where it broke off, never longer than it shall be."""

import time
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from streams.errors import JarError

__all__ = ["download"]

_TRIES = 4
_SILENCE_S = 30
_PAUSE_S = 0.25
_CHUNK = 1 << 16
_PARTIAL = 206
_CLIENT_ERRORS = range(400, 500)


def download(url: str, part: Path, *, size: int) -> None:
    """Fetch `url` into `part`, going on from what `part` holds; exactly `size` bytes or JarError.

    Proxies and SSL_CERT_FILE of the environment are honoured. A `file:` address is a mirror too.
    """
    if urlsplit(url).scheme not in {"http", "https", "file"}:
        raise JarError(f"{url} is not an http, https or file address")
    for attempt in range(_TRIES):
        try:
            _go_on(url, part, size)
        except (OSError, HTTPException) as error:
            code = getattr(error, "code", 0)
            if attempt == _TRIES - 1 or code in _CLIENT_ERRORS:
                raise JarError(f"cannot fetch {url}: {error}") from error
            time.sleep(_PAUSE_S * 3**attempt)
        else:
            return


def _go_on(url: str, part: Path, size: int) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have >= size:
        part.unlink()
        have = 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - checked
    with urllib.request.urlopen(request, timeout=_SILENCE_S) as response:  # noqa: S310 - checked
        resumed = response.status == _PARTIAL
        with part.open("ab" if resumed else "wb") as file:
            left = size - (have if resumed else 0)
            while left > 0 and (chunk := response.read(min(_CHUNK, left))):
                file.write(chunk)
                left -= len(chunk)
        if left:
            raise OSError(f"broke off {left} bytes before its end")
        if response.read(1):
            part.unlink()
            raise OSError(f"is longer than {size} bytes")
