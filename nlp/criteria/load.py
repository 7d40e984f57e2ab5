"""Find, read and check trial files; a fault is reported as ``file: path: problem`` (codes RU21x)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chartsift.nlp.criteria.predicates import PREDICATES
from chartsift.nlp.criteria.schema import TrialFile
from chartsift.nlp.criteria.scores.load import available_scores
from chartsift.nlp.errors import RuleError
from chartsift.nlp.lexicon.loader import parse_yaml

Trial = TrialFile


def available_trials(folder: Path | None = None) -> list[str]:
    """Return the names of the bundled trials and of those in *folder*, sorted."""
    names = {f.name.removesuffix(".yaml") for f in _bundled().iterdir() if f.name.endswith(".yaml")}
    if folder is not None:
        names |= {file.stem for file in folder.glob("*.yaml")}
    return sorted(names)


def load_trial(name_or_path: str | Path, *, folder: Path | None = None) -> Trial:
    """
    Return the trial of that bundled name, of that name in *folder*, or in that file.

    Raises:
        RuleError: There is no such trial (RU210), the file cannot be read (RU211), it is no valid trial (RU202), or
            an expression names an unknown predicate or parameter (RU212).
    """
    name = str(name_or_path)
    path = Path(name_or_path)
    # A bundled name is letters, digits and hyphens; only what looks like a path is looked for on disk.
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        text, shown = _read(path), path.name
    elif folder is not None and (folder / f"{name}.yaml").is_file():
        text, shown = _read(folder / f"{name}.yaml"), f"{name}.yaml"
    else:
        file = _bundled() / f"{name}.yaml"
        if not file.is_file():
            raise RuleError(
                "RU210", f"no trial {name!r}", hint="known: " + ", ".join(available_trials(folder))
            )
        text, shown = file.read_text(encoding="utf-8"), f"{name}.yaml"
    trial = parse_yaml(text, TrialFile, name=shown)
    faults = [f"{shown}: {fault}" for fault in _faults(trial)]
    if faults:
        raise RuleError(
            "RU212", "; ".join(faults), hint="chartsift trial list --predicates shows what there is"
        )
    return trial


def _bundled() -> Any:
    return resources.files("chartsift.nlp.criteria") / "trials"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise RuleError("RU211", f"{path.name}: cannot be read as UTF-8 text", hint="check the path") from exc


def _faults(trial: Trial) -> Iterator[str]:
    for cohort in trial.cohorts:
        for criterion in trial.criteria_of(cohort):
            where = f"{cohort.cohort_id}.{criterion.criterion_id}.decide"
            yield from _expression_faults(criterion.decide, where)
            if criterion.supported_by and criterion.supported_by not in available_scores():
                yield (
                    f"{cohort.cohort_id}.{criterion.criterion_id}.supported_by: unknown score "
                    f"{criterion.supported_by!r}; known: {', '.join(available_scores())}"
                )


def _expression_faults(node: object, where: str) -> Iterator[str]:
    if not isinstance(node, Mapping) or len(node) != 1:
        yield f"{where}: expected one of all, any, not or a predicate"
        return
    name, content = next(iter(node.items()))
    if name in ("all", "any"):
        if not isinstance(content, list) or not content:
            yield f"{where}.{name}: expected a list of expressions"
            return
        for i, item in enumerate(content):
            yield from _expression_faults(item, f"{where}.{name}.{i}")
    elif name == "not":
        yield from _expression_faults(content, f"{where}.not")
    elif name not in PREDICATES:
        yield f"{where}: unknown predicate {name!r}; known: {', '.join(sorted(PREDICATES))}"
    else:
        try:
            PREDICATES[name].parameters.model_validate(content or {})
        except ValidationError as exc:
            for error in exc.errors(include_input=False, include_url=False):
                path = ".".join(str(part) for part in error["loc"])
                yield f"{where}.{name}.{path}: {error['msg']}"
