"""Imported once by the fork server, so that a CPU process starts warm."""

import streams.runner
import streams.topology

__all__ = ["streams"]
