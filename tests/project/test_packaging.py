"""What is installed: two import packages, their data, and a version told the same everywhere."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.project.tree import ROOT, python_files, tracked

PACKAGES = {"streams", "schemas"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files of the built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_the_wheel_has_exactly_two_import_names(wheel: set[str]) -> None:
    names = {name.partition("/")[0] for name in wheel}
    assert names == {*PACKAGES, f"newsloom-{PROJECT['version']}.dist-info"}


def test_the_wheel_has_every_file_of_the_packages(wheel: set[str]) -> None:
    ours = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert {name for name in ours if name.partition("/")[0] in PACKAGES} <= wheel


@pytest.mark.parametrize(
    "name",
    [
        "streams/py.typed",
        "schemas/py.typed",
        "schemas/jsonschema/article.v1.schema.json",
        "streams/local/jars.lock.json",
        "streams/text/data/idf-en-1.npz",
        "streams/api/pages/templates/front.html",
        "streams/api/pages/static/live.js",
    ],
)
def test_the_wheel_has_the_data_it_runs_on(wheel: set[str], name: str) -> None:
    assert name in wheel


def test_the_wheel_has_the_samples_of_the_demo(wheel: set[str]) -> None:
    assert len([name for name in wheel if name.startswith("streams/local/samples/")]) == 2


def test_no_dependency_provides_our_import_names() -> None:
    rivals = {
        distribution.name
        for distribution in distributions()
        for file in distribution.files or ()
        if file.parts[0] in PACKAGES and distribution.name != "newsloom"
    }
    assert rivals == set()


def test_the_contracts_need_pydantic_alone() -> None:
    allowed = {*sys.stdlib_module_names, "pydantic", "pydantic_core", "schemas"}
    for path in python_files("schemas"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path.name


def test_every_requirement_is_locked_by_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {line.partition("==")[0] for line in lock.splitlines() if "==" in line and not line.startswith(" ")}
    names = {_name(requirement) for requirement in PROJECT["dependencies"]}
    assert names <= locked
    assert lock.count("--hash=sha256:") >= len(locked)


def _name(requirement: str) -> str:
    end = next(index for index, character in enumerate(requirement) if character in "<>=~[ ;")
    return requirement[:end].lower().replace("_", "-")


def test_the_version_is_in_the_changelog() -> None:
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_script_that_ci_runs_is_executable() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")


def test_a_folder_of_tests_shadows_no_package() -> None:
    assert not [path for path in Path(ROOT / "tests").rglob("*") if path.is_dir() and path.name in PACKAGES]
