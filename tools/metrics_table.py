# ruff: noqa: INP001 - a script, not part of a package
"""deploy/METRICS.md, made from `streams.telemetry.metrics`.

python tools/metrics_table.py           print it
python tools/metrics_table.py --write   write the file
python tools/metrics_table.py --check   exit 1 when the file is another one
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from streams.telemetry.metrics import DECLARED, LABELS, ROLES, Declared

TARGET: Final = Path(__file__).parents[1] / "deploy" / "METRICS.md"

_HEAD: Final = """# Metrics

Made by `python tools/metrics_table.py --write` from `streams/telemetry/metrics.py`. README.md says how to turn them on,
deploy/README.md which alerts are made of them.

Each process has its own, in Prometheus' text format 0.0.4. A histogram has samples `NAME_bucket`, `NAME_count` and
`NAME_sum`. `newsloom up` answers for its workers and its poller, too, by a label `process`. Counters begin at 0 with
their process.

"""


def document() -> str:
    """The whole file."""
    rows = [
        "| metric | of | kind | unit | labels | |\n",
        "| --- | --- | --- | --- | --- | --- |\n",
        *map(_row, DECLARED),
    ]
    labels = ["| label | values |\n", "| --- | --- |\n", *(f"| `{name}` | {text} |\n" for name, text in LABELS.items())]
    return "".join([_HEAD, *rows, "\n## Labels\n\nValues come from closed sets.\n\n", *labels])


def _row(metric: Declared) -> str:
    roles = "all" if metric.roles == ROLES else ", ".join(metric.roles)
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    cells = (f"`{metric.name}`", roles, metric.kind, metric.unit, labels, metric.help)
    return f"| {' | '.join(cells)} |\n"


def main() -> int:
    """Print, write or check; the exit code."""
    parser = argparse.ArgumentParser(description="The table of metrics in deploy/METRICS.md.")
    parser.add_argument("--write", action="store_true", help="write it")
    parser.add_argument("--check", action="store_true", help="exit 1 when the file is another one")
    arguments = parser.parse_args()
    if arguments.write:
        TARGET.write_text(document(), encoding="utf-8")
    elif arguments.check:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == document() else 1
    else:
        sys.stdout.write(document())
    return 0


if __name__ == "__main__":
    sys.exit(main())
