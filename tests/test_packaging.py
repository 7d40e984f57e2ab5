"""What is installed is what is in the tree: packages, data files, entry point, locks."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.modules import PORTIONS

# Files that live beside the code and are not part of it.
# The second annotation of the charts stays in the checkout: it is data about data, for whoever works on them.
_LEFT_OUT = ("__pycache__", "second")


@pytest.fixture(scope="module")
def project(checkout):
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory) -> Path:
    """A wheel of the tree as it is, built in a copy so that two workers do not share a build folder."""
    source = tmp_path_factory.mktemp("source")
    for name in (*PORTIONS, "pyproject.toml", "README.md", "LICENSE"):
        subprocess.run(["cp", "-r", str(checkout / name), str(source)], check=True)
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_every_folder_with_an_init_file_is_a_listed_package(checkout, project):
    listed = set(project["tool"]["setuptools"]["packages"])

    found = {
        ".".join(("chartsift", *file.parent.relative_to(checkout).parts))
        for portion in PORTIONS
        for file in (checkout / portion).rglob("__init__.py")
    }
    assert listed == found


def test_every_package_data_pattern_matches_a_file(checkout, project):
    setuptools = project["tool"]["setuptools"]
    folders = {
        package: package.removeprefix("chartsift.").replace(".", "/") for package in setuptools["packages"]
    }

    unmatched = [
        f"{package}: {pattern}"
        for package, patterns in setuptools["package-data"].items()
        for pattern in patterns
        if not any((checkout / folders[package]).glob(pattern))
    ]
    assert unmatched == []


def test_wheel_holds_every_file_of_the_packages(checkout, wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    wanted = {
        f"chartsift/{file.relative_to(checkout).as_posix()}"
        for portion in PORTIONS
        for file in (checkout / portion).rglob("*")
        if file.is_file() and not set(_LEFT_OUT) & set(file.parts)
    }
    assert held == wanted


def test_wheel_holds_the_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in archive.namelist())


@pytest.mark.slow
def test_wheel_screens_notes_outside_the_checkout(wheel, tmp_path):
    """The dependencies are those of this environment; chartsift itself comes from the wheel alone."""
    installed = tmp_path / "installed"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--target", str(installed), str(wheel)],
        check=True,
    )  # fmt: skip
    note = {
        "patient_id": "P1",
        "note_id": "N1",
        "note_date": "2026-03-02",
        "note_type": "Clinic note",
        "text": "Assessment: dermatomyositis. CK 2,450 U/L.",
    }
    (tmp_path / "notes.jsonl").write_text(json.dumps(note) + "\n", encoding="utf-8")
    # The target comes before the editable install; `-P` keeps the working folder off the path.
    environment = {**os.environ, "PYTHONPATH": str(installed)}

    def run(*arguments: str) -> str:
        code = "import sys; from chartsift.api.cli import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    origin = subprocess.run(
        [sys.executable, "-P", "-c", "import chartsift.nlp as n, chartsift.api as a; print(n.__file__, a.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert all(Path(file).is_relative_to(installed) for file in origin)
    assert "screen" in run("--help")
    run("screen", "notes.jsonl", "--out", "out")
    for name in ("findings", "criteria", "cohorts", "errors"):
        assert (tmp_path / "out" / f"{name}.parquet").is_file()
    assert (tmp_path / "out" / "run.json").is_file()
    assert (tmp_path / "out" / "report.html").is_file()


def test_entry_point_is_the_command_line():
    (entry,) = [e for e in metadata.entry_points(group="console_scripts") if e.name == "chartsift"]

    assert entry.value == "chartsift.api.cli:main"
    assert callable(entry.load())


_LOCKS = [f"{python}{kind}.lock" for python in ("py311", "py312") for kind in ("", "-dev")]


@pytest.mark.parametrize("name", _LOCKS)
def test_lock_names_exact_versions_and_nothing_else(checkout, name):
    # An index, an address or a path would tie the lock to the machine it was made on.
    lines = (checkout / "requirements" / name).read_text(encoding="utf-8").splitlines()

    other = [line for line in lines if not re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)]
    assert other == []
    assert not any("//" in line for line in lines)


@pytest.mark.parametrize("python", ["py311", "py312"])
def test_development_lock_agrees_with_the_runtime_lock(checkout, python):
    runtime = _pinned(checkout / "requirements" / f"{python}.lock")
    development = _pinned(checkout / "requirements" / f"{python}-dev.lock")

    assert runtime.items() <= development.items()


@pytest.mark.parametrize(("python", "version"), [("py311", "3.11"), ("py312", "3.12")])
def test_locks_satisfy_the_declared_ranges(checkout, project, python, version):
    declared = project["project"]
    cases = [
        (f"{python}.lock", declared["dependencies"]),
        (f"{python}-dev.lock", declared["optional-dependencies"]["dev"]),
    ]

    unmet = []
    for name, wanted in cases:
        pinned = _pinned(checkout / "requirements" / name)
        for requirement in map(Requirement, wanted):
            if requirement.marker and not requirement.marker.evaluate({"python_version": version}):
                continue
            found = pinned.get(canonicalize_name(requirement.name))
            if found is None or not requirement.specifier.contains(found, prereleases=True):
                unmet.append(f"{name}: {requirement} but {found}")
    assert unmet == []


def test_every_imported_package_is_declared(checkout, project):
    # A package that only another one brings disappears when that one changes.
    lines = list(project["project"]["dependencies"])
    for extra in ("spark", "postgres"):  # imported only where somebody asks for them
        lines += project["project"]["optional-dependencies"][extra]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    of_module = metadata.packages_distributions()

    undeclared = set()
    for portion in PORTIONS:
        for file in (checkout / portion).rglob("*.py"):
            for module in _imported(file.read_text(encoding="utf-8")):
                names = {canonicalize_name(name) for name in of_module.get(module, ())}
                if module not in sys.stdlib_module_names and module != "chartsift" and not names & declared:
                    undeclared.add(f"{file.relative_to(checkout)}: {module}")
    assert undeclared == set()


def _imported(source: str) -> set[str]:
    """Return the top-level names that *source* imports, inside functions too."""
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules.add((node.module or "").partition(".")[0])
    return modules


def _pinned(lock: Path) -> dict[str, str]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}
