"""Jars through the user's own Maven: it knows the mirrors, proxies and credentials of the place."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

__all__ = ["copy_command", "fetch_with_maven", "pom"]

_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_LONGEST_S = 180
_HEAD = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>newsloom</groupId><artifactId>embedded-kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
"""
_ALONE = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"


def pom(coordinates: Iterable[str], *, transitive: bool) -> str:
    """A POM that depends on `group:artifact:version` coordinates; `transitive` on theirs too."""
    rows = []
    for group, artifact, version in (jar.split(":") for jar in coordinates):
        names = f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
        rows.append(f"    <dependency>{names}{'' if transitive else _ALONE}</dependency>\n")
    return f"{_HEAD}{''.join(rows)}  </dependencies>\n</project>\n"


def copy_command(maven: str, pom_file: Path, output: Path) -> list[str]:
    """The call that copies a POM's jars to `output`, in the layout of a Maven repository."""
    return [
        *(maven, "-q", "-B", "-f", str(pom_file), f"{_PLUGIN}:copy-dependencies"),
        *("-DincludeScope=runtime", "-Dmdep.useRepositoryLayout=true", f"-DoutputDirectory={output}"),
    ]


def fetch_with_maven(coordinates: Iterable[str], output: Path) -> bool:
    """Copy jars to `output`, unchecked; False when there is no Maven or it could not."""
    maven = shutil.which("mvn")
    if maven is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        pom_file = Path(folder) / "pom.xml"
        pom_file.write_text(pom(coordinates, transitive=False))
        try:
            done = subprocess.run(
                copy_command(maven, pom_file, output),
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_LONGEST_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0
