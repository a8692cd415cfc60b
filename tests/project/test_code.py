"""Habits that no linter checks: sizes, leftovers, one place for topic names and for versions of the truth."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from streams.outcome import DeadReason, DropReason
from tests.project.tree import ROOT, python_files, tracked

FILE_LINES = 400
FUNCTION_LINES = 60
MEDIAN_FILE_LINES = 150

TEXTS = {".py", ".md", ".toml", ".sh", ".yml", ".yaml", ".json", ""}
LEFTOVER = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")
TOPIC_NAME = re.compile(r"\bnews\.[a-z]+(?:\.[a-z]+)*\.v[0-9]+\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work)/[a-z]")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_files_and_functions_stay_small(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= FILE_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or node.lineno) - node.lineno < FUNCTION_LINES, node.name


def test_the_usual_file_is_short() -> None:
    lengths = sorted(path.read_text(encoding="utf-8").count("\n") for path in python_files("streams", "schemas"))
    assert lengths[len(lengths) // 2] <= MEDIAN_FILE_LINES


def test_nothing_is_left_for_later() -> None:
    found = [
        f"{relative(path)}: {match.group()}"
        for path in tracked()
        if path.suffix in TEXTS and "data" not in path.parts
        for match in LEFTOVER.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def spelled(tree: ast.Module) -> list[str]:
    """Strings with a topic name in them, parts of f-strings too, docstrings not: those may show an example."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings]
    return [value for value in strings if isinstance(value, str) and TOPIC_NAME.search(value)]


@pytest.mark.parametrize("path", python_files("streams"), ids=relative)
def test_topic_names_are_spelled_in_one_place(path: Path) -> None:
    found = spelled(ast.parse(path.read_text(encoding="utf-8")))
    assert (found != []) == (relative(path) == "streams/topics.py")


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    found = [
        f"{relative(path)}: {match.group()}"
        for path in tracked()
        if path.suffix in TEXTS and "data" not in path.parts and path.name != "requirements.lock"
        for match in MACHINE_PATH.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def public_names(tree: ast.Module) -> list[str]:
    """Functions and classes a reader may import; `main` is run, not imported."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = [node.name for node in tree.body if isinstance(node, kinds)]
    return [name for name in names if not name.startswith("_") and name != "main"]


@pytest.mark.parametrize("path", python_files("streams", "schemas"), ids=relative)
def test_public_names_of_a_module_are_listed(path: Path) -> None:
    """`__all__` is what a reader looks for first."""
    source = path.read_text(encoding="utf-8")
    assert not public_names(ast.parse(source)) or "\n__all__ = [" in source


def test_every_reason_to_drop_or_park_is_given_somewhere() -> None:
    sources = [path for path in python_files("streams") if relative(path) != "streams/outcome.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert [reason for reason in (*get_args(DropReason), *get_args(DeadReason)) if f'"{reason}"' not in text] == []
