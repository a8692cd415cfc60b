"""What an embedded broker is run with: a Java, checked jars, and a folder for what speeds later starts up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.local.jars import ensure_jars, jar_folder
from streams.local.java import Java, find_java
from streams.settings import Settings

__all__ = ["Runtime", "ready_runtime"]

# C1 and the serial collector: a small broker is ready sooner and stays small.
_LEAN = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")


@dataclass(frozen=True, slots=True)
class Runtime:
    """A Java, Kafka's jars, and the folder they are cached in."""

    java: Java
    jars: Sequence[Path]
    cache: Path

    def command(self, *flags: str) -> list[str]:
        """Call Java with Kafka's classes at hand."""
        return [str(self.java.path), *_LEAN, *flags, "-cp", ":".join(map(str, self.jars))]


def ready_runtime(settings: Settings, say: Callable[[str], None]) -> Runtime:
    """Find Java and have the jars, checked; BrokerError or JarError when one of them cannot be had."""
    java = find_java(settings)
    return Runtime(java, ensure_jars(settings, say), jar_folder(settings))
