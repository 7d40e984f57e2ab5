"""``chartsift doctor``: is this installation sound? Each check says what it found and, if not, what to do."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from importlib import import_module, metadata
from pathlib import Path

from chartsift.api.cli_common import print_json

# Import names of the distributions that a screening or a server needs.
_IMPORTS = {
    "spacy": "spacy",
    "medspacy": "medspacy",
    "pydantic": "pydantic",
    "PyYAML": "yaml",
    "pyarrow": "pyarrow",
    "Jinja2": "jinja2",
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "structlog": "structlog",
}
_PYTHONS = ((3, 11), (3, 12))
# Notes are set down once beside the results while a run lasts; a gigabyte holds about 200,000 of them.
_LEAST_FREE_BYTES = 1024**3
_SELF_TEST = "Anti-Jo-1 antibody positive. She has never received CAR T-cell therapy. CK 5,430 U/L."


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, whether it is fine, and what was found or what to do."""

    name: str
    is_ok: bool
    detail: str


def run_checks(*, as_json: bool) -> bool:
    """Run and print all checks; return whether all are fine."""
    checks = list(_checks())
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            print(f"{'ok  ' if check.is_ok else 'FAIL'}  {check.name}: {check.detail}")
    return all(check.is_ok for check in checks)


def _checks() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    is_known = sys.version_info[:2] in _PYTHONS
    yield Check(
        "python", is_known, version if is_known else f"{version}; chartsift is made for 3.11 and 3.12"
    )
    yield Check("system", True, f"{platform.system()} {platform.machine()}")
    for distribution, module in _IMPORTS.items():
        yield _guarded(distribution, lambda d=distribution, m=module: _version_of(d, m))  # type: ignore[misc]
    yield _guarded("lexicon", _lexicon)
    yield _guarded("trials", _trials)
    yield _guarded("self-test", _self_test)
    for name, folder in (
        ("disk here", Path.cwd()),
        ("disk for temporary files", Path(tempfile.gettempdir())),
    ):
        yield _disk(name, folder)
    encoding = sys.stdout.encoding or "unknown"
    yield Check(
        "terminal", True, f"{encoding}" + ("" if "utf" in encoding.lower() else "; signs are shown in ASCII")
    )


def _guarded(name: str, find: Callable[[], str]) -> Check:
    try:
        return Check(name, True, find())
    except Exception as exc:  # whatever is broken is what this command is for
        from chartsift.nlp.log import describe_exception

        return Check(name, False, f"{describe_exception(exc)}; install chartsift anew from its lock file")


def _version_of(distribution: str, module: str) -> str:
    from chartsift.nlp.log import quiet_imports

    with quiet_imports():
        import_module(module)
    return metadata.version(distribution)


def _lexicon() -> str:
    from chartsift.nlp.lexicon.loader import lexicon_fingerprint, load_concepts

    return f"{len(load_concepts())} concepts, {lexicon_fingerprint()[:12]}"


def _trials() -> str:
    from chartsift.nlp.criteria import available_trials, load_trial

    return ", ".join(f"{name} {load_trial(name).version}" for name in available_trials())


def _self_test() -> str:
    """Read one made-up note and check what must be found in it."""
    from chartsift.nlp.criteria import load_trial
    from chartsift.nlp.pipeline import build_pipeline
    from chartsift.nlp.screening.chart import screen_patient
    from chartsift.nlp.types import Note, Patient

    note = Note("self-test", "1", date(2024, 5, 1), "", _SELF_TEST)
    result = screen_patient(
        build_pipeline(), load_trial("reset-myositis"), Patient("self-test", date(1980, 1, 1), "F"), [note]
    )
    found = {(finding.concept, finding.assertion) for finding in result.findings}
    if not {("Jo-1", "present"), ("CAR-T", "absent")} <= found:
        raise RuntimeError("self-test")
    if any(_SELF_TEST[finding.start : finding.end] != finding.text for finding in result.findings):
        raise RuntimeError("self-test")
    return f"{len(result.findings)} findings with exact offsets, {len(result.applicable.criteria)} criteria decided"


def _disk(name: str, folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    is_enough = free >= _LEAST_FREE_BYTES
    advice = "" if is_enough else "; make space, a run needs room for a copy of the notes"
    return Check(name, is_enough, f"{free / 1024**3:,.1f} GiB free{advice}")
