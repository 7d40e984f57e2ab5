"""Which package may import which: the contracts of pyproject.toml, and what they cannot see."""

from __future__ import annotations

import subprocess
import sys


def test_every_import_contract_is_kept(checkout):
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]

    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def _loaded_after(statement: str, *, outside: str) -> set[str]:
    """Return the names of the modules that a fresh interpreter holds after *statement*."""
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=outside, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_criteria_load_without_spacy(tmp_path):
    loaded = _loaded_after("import chartsift.nlp.criteria.evaluate", outside=tmp_path)

    assert "chartsift.nlp.criteria.evaluate" in loaded
    assert not loaded & {"spacy", "medspacy", "thinc"}


def test_command_line_module_loads_without_heavy_packages(tmp_path):
    # `chartsift --help` must be instant; each command imports what it needs.
    loaded = _loaded_after("import chartsift.api.cli", outside=tmp_path)

    assert not loaded & {"spacy", "medspacy", "pyarrow", "fastapi", "sklearn", "numpy"}


def test_types_and_errors_use_the_standard_library_only(tmp_path):
    loaded = _loaded_after("import chartsift.nlp.types, chartsift.nlp.errors", outside=tmp_path)

    foreign = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"__main__"}
    # site-packages may hold .pth files that import before anything else; ours is the editable finder.
    assert {name for name in foreign if not name.startswith(("_", "__editable__"))} <= {"chartsift"}
