# ruff: noqa: INP001 - a script, not part of a package
"""The table of settings in README.md, between two comments.

python tools/settings_table.py           print it
python tools/settings_table.py --write   put it into README.md
python tools/settings_table.py --check   exit 1 when README.md has another one
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from pydantic.fields import FieldInfo

from streams.settings import Settings

README: Final = Path(__file__).parents[1] / "README.md"
START: Final = "<!-- settings: python tools/settings_table.py --write -->\n"
END: Final = "<!-- /settings -->\n"


def table() -> str:
    """One row a setting, in the order of the class; the same on every machine."""
    rows = [
        f"| `NEWSLOOM_{name.upper()}` | {_default(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return "".join(["| Variable | Default | Meaning |\n", "| --- | --- | --- |\n", *rows])


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Path):
        return f"`~/{value.relative_to(Path.home())}`"
    return f"`{value}`" if value not in (None, "") else "none"


def block() -> str:
    """What stands in README.md."""
    return f"{START}{table()}{END}"


def replaced(text: str) -> str:
    """`text` with the block in place of the one it has; ValueError when it has none."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"README.md lacks the lines {START.strip()} and {END.strip()}")
    return before + block() + after


def main() -> int:
    """Print, write or check; the exit code."""
    parser = argparse.ArgumentParser(description="The table of settings in README.md.")
    parser.add_argument("--write", action="store_true", help="put it into README.md")
    parser.add_argument("--check", action="store_true", help="exit 1 when README.md has another one")
    arguments = parser.parse_args()
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        os.environ.pop(variable, None)  # noqa: TID251 - the defaults of a machine that sets nothing
    if not arguments.write and not arguments.check:
        sys.stdout.write(block())
        return 0
    text = README.read_text(encoding="utf-8")
    if arguments.write:
        README.write_text(replaced(text), encoding="utf-8")
        return 0
    return 0 if block() in text else 1


if __name__ == "__main__":
    sys.exit(main())
