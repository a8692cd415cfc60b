"""An empty data folder as Kafka's StorageTool makes it, at the price of a JVM only the first time.

What the tool writes depends on the version of Kafka alone, but for two random ids: its first
result is kept beside the jars, and later folders are copies of it with ids of their own. (A folder
written by hand would start as well, but with none of the features of Kafka 4.)
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from streams.errors import BrokerError
from streams.local.folder import new_id
from streams.local.jars import read_lock
from streams.local.runtime import Runtime

__all__ = ["format_data", "template_of"]

_LONGEST_S = 120
_META = "meta.properties"
_FILES = frozenset({_META, "bootstrap.checkpoint"})


def template_of(runtime: Runtime) -> Path:
    """Folder of the tool's first result for these jars."""
    return runtime.cache / f"formatted-{read_lock().digest}"


def format_data(data: Path, properties: Path, cluster: str, runtime: Runtime, *, template: Path | None) -> None:
    """Make `data`, which `properties` name, an empty folder of `cluster`; BrokerError when the tool will not.

    Copied from `template` if it exists; else the tool runs, and its result becomes the template.
    """
    if template is not None and template.exists():
        _copy(template, data, cluster)
        return
    _run_tool(data, properties, cluster, runtime)
    # Kept only if it is what we know: another release may write more that is a cluster's own.
    if template is not None and {file.name for file in data.iterdir()} == _FILES:
        _keep(data, template)


def _run_tool(data: Path, properties: Path, cluster: str, runtime: Runtime) -> None:
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties))
    command = [*runtime.command("-Xmx128m", quiet), *tool]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_LONGEST_S)
    if done.returncode != 0:
        raise BrokerError(f"Kafka cannot format {data}: {(done.stderr or done.stdout).strip()[-2000:]}")


def _copy(template: Path, data: Path, cluster: str) -> None:
    meta = (template / _META).read_text()
    for name, value in (("cluster.id", cluster), ("directory.id", new_id())):
        meta = re.sub(rf"(?m)^{name}=.*$", f"{name}={value}", meta)
    data.mkdir(parents=True, exist_ok=True)
    for name in _FILES - {_META}:
        shutil.copyfile(template / name, data / name)
    (data / _META).write_text(meta)  # last: without it the folder counts as empty


def _keep(data: Path, template: Path) -> None:
    with tempfile.TemporaryDirectory(dir=template.parent, prefix="formatted-") as name:
        made = Path(name) / template.name
        shutil.copytree(data, made)
        if not template.exists():
            try:
                made.rename(template)
            except OSError:
                return  # another process was faster
