"""Documents that name code name code that exists."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.registry import CONTRACTS
from streams.settings import Settings
from streams.topology import topics
from tests.project.commands import commands_in, misunderstood
from tests.project.tree import ROOT

ARCHITECTURE_LINES = 200

DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "schemas/README.md",
    "deploy/README.md",
    "deploy/kubernetes/README.md",
    "deploy/METRICS.md",
)

INCOMPLETE = {"MissingParameter", "NoArgsIsHelpError"}

CODE = re.compile(r"`([^`\n]+)`")
DOTTED = re.compile(r"(?:streams|schemas|tests|tools)(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
FILE = re.compile(r"(?:\.?[A-Za-z_][\w.-]*/)+[\w.-]*|[A-Za-z_][\w-]*\.(?:py|md|toml|lock)")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
TARGET = re.compile(r"\bmake ([a-z-]+)")
OURS = ("streams/", "schemas/", "tests/", "tools/", "deploy/", ".ci/")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def spans(name: str) -> set[str]:
    return set(CODE.findall(text_of(name)))


def exists(dotted: str) -> bool:
    """Whether `dotted` is a module, or an attribute reached through one; data files count as modules of a path."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            fields = getattr(found, "model_fields", {})
            if not hasattr(found, part) and part not in fields:
                return False
            found = getattr(found, part, None)
        return True
    return False


@pytest.mark.parametrize("name", DOCUMENTS)
def test_modules_and_names_in_documents_exist(name: str) -> None:
    dotted = {span for span in spans(name) if DOTTED.fullmatch(span) and not (ROOT / span).exists()}
    assert sorted(span for span in dotted if not exists(span)) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_paths_in_documents_exist(name: str) -> None:
    """Paths with a pattern or placeholder in them (`*`, `<event>`, capitals as in NAME.json) are not checked."""
    home = (ROOT / name).parent
    paths = {span for span in spans(name) if FILE.fullmatch(span) and (span.startswith(OURS) or "/" not in span)}
    named = {path for path in paths if not re.search(r"[A-Z]{3,}\.(?!md)|/[A-Z]+/", path)}
    missing = [path for path in named if not ((ROOT / path).exists() or (home / path).exists() or _anywhere(path))]
    assert sorted(missing) == []


def _anywhere(path: str) -> bool:
    """A bare file name may stand for the one file of that name in the packages."""
    return "/" not in path and any(next((ROOT / home).rglob(path), None) for home in ("streams", "schemas", "tests"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_documents_lead_somewhere(name: str) -> None:
    home = (ROOT / name).parent
    assert [link for link in LINK.findall(text_of(name)) if not (home / link).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_in_documents_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), flags=re.MULTILINE))
    spoken = {target for span in spans(name) for target in TARGET.findall(span)}
    blocks = re.findall(r"```(?:bash|sh|console)?\n(.*?)```", text_of(name), flags=re.DOTALL)
    spoken |= {target for block in blocks for target in TARGET.findall(block)}
    assert spoken <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_in_documents_exist(name: str) -> None:
    """With all that they need where they are to be typed; text may name one without."""
    typed, named = commands_in(text_of(name))
    assert [call for call in typed if (fault := misunderstood(call)) and fault != "Exit"] == []
    assert [call for call in named if misunderstood(call) not in {None, "Exit", *INCOMPLETE}] == []


def test_a_command_that_is_not_there_is_found_out() -> None:
    typed, named = commands_in(
        "`newsloom lanes` and `newsloom push`\n```console\nX=1 newsloom audit --for 3 | cat\n```\n"
    )
    assert (typed, named) == ([["audit", "--for", "3"]], [["lanes"], ["push"]])
    assert [misunderstood(call) for call in (*typed, *named)] == ["NoSuchOption", "UsageError", "MissingParameter"]
    assert misunderstood(["audit", "--wait", "3"]) is None


def test_the_architecture_fits_in_a_sitting() -> None:
    assert text_of("ARCHITECTURE.md").count("\n") <= ARCHITECTURE_LINES


def test_the_architecture_names_every_topic_and_each_part_of_the_tree() -> None:
    text = text_of("ARCHITECTURE.md")
    assert [topic.name for topic in topics() if topic.name.removeprefix("news.") not in text] == []
    folders = {path.name for path in (ROOT / "streams").iterdir() if (path / "__init__.py").exists()}
    assert sorted(name for name in folders if f"{name}/" not in text) == []


def test_the_readme_has_every_setting_as_it_is() -> None:
    text = text_of("README.md")
    assert [name for name in Settings.model_fields if f"`NEWSLOOM_{name.upper()}`" not in text] == []
    command = [sys.executable, str(ROOT / "tools" / "settings_table.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), "run: python tools/settings_table.py --write"


def test_the_contracts_are_all_described() -> None:
    text = text_of("schemas/README.md")
    assert [contract.name for contract in CONTRACTS if f"`{contract.name}`" not in text] == []


def test_each_kind_of_test_is_explained() -> None:
    kinds = {path.name for path in (ROOT / "tests").iterdir() if (path / "__init__.py").exists()}
    assert sorted(kind for kind in kinds if f"tests/{kind}" not in text_of("CONTRIBUTING.md")) == []


def test_documents_are_where_readers_look() -> None:
    assert [name for name in (*DOCUMENTS, "LICENSE") if not Path(ROOT / name).is_file()] == []
