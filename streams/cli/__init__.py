"""The command `newsloom`: parse, build settings, call a function elsewhere, print.

`newsloom --help` must be there at once, while Kafka clients, models and even pydantic
take their time to import. So the modules of this package import at the top only what is
light, and everything else inside the command that needs it.
"""

from streams.cli.root import main

__all__ = ["main"]
