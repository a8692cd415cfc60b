# ruff: noqa: INP001 - a script, not part of a package
"""Resolve the embedded broker's jars with Maven and write the lock that every start checks them by.

    python tools/lock_jars.py [--kafka VERSION]

Needs `mvn`. Run it to move to another Kafka; the same versions give the same file.
"""

import argparse
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

from streams.local.jars import LOCK_FILE
from streams.local.maven import copy_command, pom

# Kafka's POM has no logging binding, and the broker is silent without one; 1.7 is the API it brings.
LOGGING = "org.slf4j:slf4j-simple:1.7.36"


def locked(folder: Path) -> list[dict[str, str | int]]:
    """Coordinates, hash and size of every jar below a folder in Maven's layout, by coordinates."""
    jars: list[dict[str, str | int]] = []
    for file in folder.rglob("*.jar"):
        *group, artifact, version, _ = file.relative_to(folder).parts
        content = file.read_bytes()
        jars.append(
            {
                "coordinates": f"{'.'.join(group)}:{artifact}:{version}",
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
            }
        )
    return sorted(jars, key=lambda jar: str(jar["coordinates"]))


def main() -> None:
    """Resolve, hash, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", default="4.3.1")
    version = parser.parse_args().kafka
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        roots = [f"org.apache.kafka:kafka_2.13:{version}", LOGGING]
        (folder / "pom.xml").write_text(pom(roots, transitive=True))
        subprocess.run(copy_command("mvn", folder / "pom.xml", folder / "jars"), check=True)
        lock = {"kafka": version, "jars": locked(folder / "jars")}
    LOCK_FILE.write_text(json.dumps(lock, indent=1) + "\n")


if __name__ == "__main__":
    main()
