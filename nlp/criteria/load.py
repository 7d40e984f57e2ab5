"""Find, read and check trial files; every fault is told as ``file: path: problem``, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from chartsift.nlp.criteria.predicates import PREDICATES
from chartsift.nlp.criteria.schema import (
    OPERATORS,
    AppliesTo,
    AtLeast,
    Candidates,
    Cohort,
    Criterion,
    NextSteps,
    TrialFile,
)
from chartsift.nlp.criteria.scores.load import available_scores
from chartsift.nlp.errors import RuleError
from chartsift.nlp.lexicon.loader import load_concepts, read_yaml

Trial = TrialFile

_TOP = "(top)"
# What to do about a fault, by pydantic's name for it.
_REMEDIES = {
    "missing": "add it",
    "extra_forbidden": "remove it, or correct its name",
    "list_type": "begin each entry with a hyphen",
    "tuple_type": "begin each entry with a hyphen",
    "value_error": "see docs/criteria.md",
}
# What pydantic's kinds of error say to someone who writes a trial file; {} is filled from its context.
_EXPECTED = {
    "missing": "is missing",
    "extra_forbidden": "is no key that is known here",
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a smaller number",
    "int_from_float": "expected a whole number, found one with a fraction",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "list_type": "expected a list",
    "tuple_type": "expected a list",
    "dict_type": "expected keys with values",
    "model_type": "expected keys with values",
    "model_attributes_type": "expected keys with values",
    "literal_error": "expected {expected}",
    "greater_than": "expected a number above {gt:g}",
    "greater_than_equal": "expected a number of at least {ge:g}",
    "less_than": "expected a number below {lt:g}",
    "less_than_equal": "expected a number of at most {le:g}",
    "too_short": "expected at least {min_length} of them",
    "string_too_short": "expected text of at least {min_length} characters",
}
# What stands in a YAML file, by the type that it is read as.
_FOUND = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "keys with values",
    type(None): "nothing",
    date: "a date",
    datetime: "a date",
}
_KEYS = tuple(
    dict.fromkeys(
        name
        for model in (TrialFile, Cohort, AppliesTo, Criterion, NextSteps, Candidates)
        for name in model.model_fields
    )
)


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that is wrong with a trial file.

    Attributes:
        code: RU201 for YAML, RU202 for the shape of the file, RU212 for an expression.
        file: Name of the file.
        path: Where in it ("adult.age.decide.age_between.min").
        problem: What is wrong.
        remedy: What to do about it.
    """

    code: str
    file: str
    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.problem}" + (f" ({self.remedy})" if self.remedy else "")


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
        RuleError: There is no such trial (RU210), the file cannot be read (RU211), it is no YAML (RU201) or no valid
            trial (RU202), or an expression names an unknown predicate or parameter (RU212).
    """
    shown, text = _text_of(name_or_path, folder)
    return parse_trial(text, name=shown)


def parse_trial(text: str, *, name: str) -> Trial:
    """Return the trial that *text* describes; *name* stands in messages. Raises as `load_trial` does."""
    trial, faults = _checked(name, text)
    if trial is None or faults:
        hint = {
            "RU201": "check indentation and quotes",
            "RU202": "chartsift trial schema prints what a file may hold",
            "RU212": "chartsift trial list --predicates shows what there is",
        }[faults[0].code]
        raise RuleError(faults[0].code, "; ".join(str(fault) for fault in faults), hint=hint)
    return trial


def trial_faults(name_or_path: str | Path, *, folder: Path | None = None) -> list[Fault]:
    """
    Return everything that is wrong with a trial file; empty for a valid one.

    Raises:
        RuleError: There is no such trial (RU210), or the file cannot be read (RU211).
    """
    return _checked(*_text_of(name_or_path, folder))[1]


def _text_of(name_or_path: str | Path, folder: Path | None) -> tuple[str, str]:
    """Return what a trial's file is called, and its text."""
    name = str(name_or_path)
    path = Path(name_or_path)
    # A bundled name is letters, digits and hyphens; only what looks like a path is looked for on disk.
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        return path.name, _read(path)
    if folder is not None and (folder / f"{name}.yaml").is_file():
        return f"{name}.yaml", _read(folder / f"{name}.yaml")
    file = _bundled() / f"{name}.yaml"
    if not file.is_file():
        known = available_trials(folder)
        raise RuleError("RU210", f"no trial {name!r}", hint=_did_you_mean(name, known))
    return f"{name}.yaml", file.read_text(encoding="utf-8")


def _bundled() -> Any:
    return resources.files("chartsift.nlp.criteria") / "trials"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise RuleError("RU211", f"{path.name}: cannot be read as UTF-8 text", hint="check the path") from exc


def _checked(shown: str, text: str) -> tuple[Trial | None, list[Fault]]:
    try:
        data = read_yaml(text, name=shown)
    except RuleError as exc:
        file, _, rest = exc.message.partition(": ")
        where, _, problem = rest.partition(": ")
        return None, [Fault(exc.code, file, where, problem, exc.hint)]
    trial: Trial | None = None
    faults: list[Fault] = []
    try:
        trial = TrialFile.model_validate(data)
    except ValidationError as exc:
        faults = [_shape_fault(shown, place, error, data) for place, error in _without_echoes(exc)]
        if not any(fault.path == _TOP for fault in faults):
            # What the file says as a whole is looked at by the model only once its parts are right.
            faults += [Fault("RU202", shown, *fault) for fault in _name_faults(data)]
    # The expressions are checked as they are written, so that one fault does not hide another.
    faults += [Fault("RU212", shown, *fault) for fault in _all_expression_faults(data)]
    if trial is not None and trial.candidates is not None:
        faults += [Fault("RU212", shown, *fault) for fault in _sign_faults(trial.candidates)]
    return trial, faults


def _without_echoes(exc: ValidationError) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """
    Yield the errors with their places, each told once.

    A criterion may be written out or be the name of a shared one: of one written out wrongly pydantic also says that it
    is no name. A list none of whose members is valid is also called too short.
    """
    errors: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (tuple(str(part) for part in error["loc"] if not _is_branch(part)), dict(error))
        for error in exc.errors(include_url=False)
    ]
    for place, error in errors:
        is_told_closer = sum(other[: len(place)] == place for other, _ in errors) > 1
        is_echo = error["loc"][-1:] == ("str",) or error["type"] == "too_short"
        if not (is_echo and is_told_closer):
            yield place, error


def _is_branch(part: object) -> bool:
    """Say whether a part of a place is pydantic's name for one branch of "a criterion or a name"."""
    return isinstance(part, str) and (part == "str" or "Criterion" in part)


def _shape_fault(shown: str, place: tuple[str, ...], error: Mapping[str, Any], data: Any) -> Fault:
    problem = _plain(error)
    remedy = _remedy(error)
    if error["type"] == "extra_forbidden":
        remedy = _did_you_mean(place[-1], _KEYS, else_say=remedy)
    elif error["type"] in ("model_type", "string_type") and any(map(_is_branch, error["loc"][-1:])):
        problem = "is neither a criterion nor the name of a shared one"
        remedy = "write the criterion out, or its name under shared"
    return Fault("RU202", shown, _by_name(place, data), problem, remedy)


def _by_name(place: tuple[str, ...], data: Any) -> str:
    """Return a place with cohorts and criteria by identifier: "adult.age.kind", not "cohorts.0.criteria.1.kind"."""
    if place[:1] == ("cohorts",) and len(place) > 1:
        cohort = data["cohorts"][int(place[1])]
        rest = place[2:]
        name = _identifier(cohort, "cohort_id")
        head = [name] if name else ["cohorts", place[1]]
        if rest[:1] == ("criteria",) and len(rest) > 1:
            criterion = _identifier(cohort["criteria"][int(rest[1])], "criterion_id")
            rest = (criterion, *rest[2:]) if criterion else rest
        return ".".join([*head, *rest])
    return ".".join(place) or _TOP


def _identifier(item: Any, key: str) -> str:
    name = item.get(key) if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else ""


def _plain(error: Mapping[str, Any]) -> str:
    """Return what is wrong in words: what was expected, and what stands there instead."""
    told = _EXPECTED.get(error["type"])
    if told is None:
        return str(error["msg"]).removeprefix("Value error, ")
    problem = told.format(**error.get("ctx", {}))
    found = _FOUND.get(type(error["input"]))
    return f"{problem}, found {found}" if found and error["type"].endswith(("_type", "_parsing")) else problem


def _remedy(error: Mapping[str, Any]) -> str:
    if error["type"] == "string_type" and isinstance(error["input"], int | float | date):
        return "put quotes around it"
    return _REMEDIES.get(error["type"], "")


def _did_you_mean(name: str, known: Iterable[str], *, else_say: str = "") -> str:
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return else_say or f"known: {', '.join(names)}"


_Place = tuple[str, str, str]
"""Path, problem and remedy."""


def _all_expression_faults(data: Any) -> Iterator[_Place]:
    for where, criterion in _written_criteria(data):
        if "decide" in criterion:
            yield from _expression_faults(criterion["decide"], f"{where}.decide")
        # A score that a predicate is to work out is found missing when the predicate's parameters are read.
        score = criterion.get("supported_by")
        if isinstance(score, str) and score and score not in available_scores():
            yield (
                f"{where}.supported_by",
                f"unknown score {score!r}",
                _did_you_mean(score, available_scores()),
            )


def _written_criteria(data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every criterion of a file with its place, as far as the file has the shape of a trial."""
    if not isinstance(data, Mapping):
        return
    shared = data.get("shared")
    for name, criterion in shared.items() if isinstance(shared, Mapping) else ():
        if isinstance(criterion, Mapping):
            yield f"shared.{name}", criterion
    cohorts = data.get("cohorts")
    for number, cohort in enumerate(cohorts if isinstance(cohorts, list) else ()):
        if not isinstance(cohort, Mapping) or not isinstance(cohort.get("criteria"), list):
            continue
        for place, criterion in enumerate(cohort["criteria"]):
            if isinstance(criterion, Mapping):
                yield f"{cohort.get('cohort_id', number)}.{criterion.get('criterion_id', place)}", criterion


def _name_faults(data: Any) -> Iterator[_Place]:
    """Yield the names of shared criteria that a cohort uses and the file does not have."""
    shared = data.get("shared") if isinstance(data, Mapping) else None
    known = [str(name) for name in shared] if isinstance(shared, Mapping) else []
    cohorts = data.get("cohorts") if isinstance(data, Mapping) else None
    for number, cohort in enumerate(cohorts if isinstance(cohorts, list) else ()):
        listed = cohort.get("criteria") if isinstance(cohort, Mapping) else None
        for place, item in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(item, str) and item not in known:
                yield (
                    _by_name(("cohorts", str(number), "criteria", str(place)), data),
                    f"there is no shared criterion {item!r}",
                    _did_you_mean(item, known, else_say="add it"),
                )


def _sign_faults(candidates: Candidates) -> Iterator[_Place]:
    """Yield the signs of candidates for which the vocabulary has no words."""
    named = sorted(
        {name for concept in load_concepts() for name in (concept.kind, f"{concept.kind}/{concept.concept}")}
    )
    for number, sign in enumerate(candidates.signs):
        if sign not in named:
            yield f"candidates.signs.{number}", f"no words are known for {sign!r}", _did_you_mean(sign, named)


def _expression_faults(node: object, where: str) -> Iterator[_Place]:
    if not isinstance(node, Mapping) or len(node) != 1:
        yield (
            where,
            "expected one operator or one predicate",
            f"one of {', '.join(OPERATORS)}, or a predicate",
        )
        return
    name, content = next(iter(node.items()))
    if name in ("all", "any"):
        yield from _list_faults(content, f"{where}.{name}")
    elif name == "not":
        yield from _expression_faults(content, f"{where}.not")
    elif name == "at_least":
        yield from _parameter_faults(AtLeast, content, f"{where}.at_least")
        if isinstance(content, Mapping) and isinstance(content.get("of"), list):
            yield from _list_faults(content["of"], f"{where}.at_least.of")
    elif name not in PREDICATES:
        yield where, f"unknown predicate {name!r}", _did_you_mean(str(name), [*PREDICATES, *OPERATORS])
    else:
        yield from _parameter_faults(PREDICATES[name].parameters, content or {}, f"{where}.{name}")


def _list_faults(content: object, where: str) -> Iterator[_Place]:
    if not isinstance(content, list) or not content:
        yield where, "expected a list of expressions", "begin each with a hyphen"
        return
    for number, item in enumerate(content):
        yield from _expression_faults(item, f"{where}.{number}")


def _parameter_faults(model: type[BaseModel], content: object, where: str) -> Iterator[_Place]:
    try:
        model.model_validate(content)
    except ValidationError as exc:
        for error in exc.errors(include_url=False):
            path = ".".join([where, *(str(part) for part in error["loc"])])
            remedy = _remedy(error)
            if error["type"] == "extra_forbidden":
                remedy = _did_you_mean(str(error["loc"][-1]), model.model_fields)
            elif error["type"] == "value_error":
                remedy = "chartsift trial list --predicates shows the parameters"
            yield path, _plain(error), remedy
