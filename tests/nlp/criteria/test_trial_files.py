"""Trial files: the schema for editors, and what a broken file is told."""

from __future__ import annotations

import re
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from chartsift.nlp.criteria import available_trials, load_trial, trial_faults
from chartsift.nlp.criteria.json_schema import trial_json_schema
from chartsift.nlp.criteria.predicates import PREDICATES
from chartsift.nlp.errors import RuleError

SCHEMA = trial_json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
TRIAL = """
trial_id: t
title: T
version: "1"
source: written for this test
shared:
  grown: {criterion_id: grown, kind: inclusion, summary: adult, silence: unknown, decide: {age_between: {min: 18}}}
cohorts:
  - cohort_id: all
    label: All
    applies: {default: true}
    criteria:
      - grown
      - criterion_id: strong
        kind: exclusion
        summary: counts
        silence: not_met
        decide:
          at_least:
            count: 1
            of:
              - measured: {of: [lab/Hgb], below: 8, unit: g/dL}
              - not: {treated_before: null}
"""


def errors_of(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_schema_is_one_and_knows_every_predicate() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    expression = SCHEMA["$defs"]["Expression"]
    assert set(expression["properties"]) == {"all", "any", "at_least", "not", *PREDICATES}
    for name, item in PREDICATES.items():
        properties = SCHEMA["$defs"][item.parameters.__name__]["properties"]
        assert set(properties) == set(item.parameters.model_fields), name
        assert expression["properties"][name]["description"] == item.summary


def test_an_editor_can_show_what_a_parameter_means() -> None:
    measured = SCHEMA["$defs"]["Measured"]

    assert measured["properties"]["rescale"]["description"].startswith("Values on another scale")
    assert "Attributes:" not in measured["description"]


@pytest.mark.parametrize("name", available_trials())
def test_every_bundled_trial_fits(name: str) -> None:
    folder = resources.files("chartsift.nlp.criteria") / "trials"

    assert errors_of((folder / f"{name}.yaml").read_text(encoding="utf-8")) == []
    assert trial_faults(name) == []


# What is wrong; whether the schema alone sees it; where it is; the problem and the remedy in words.
BROKEN = [
    ("title: T", "titel: T", True, "title", "is missing", "add it"),
    ("title: T", "titel: T", True, "titel", "is no key that is known here", "did you mean 'title'?"),
    ('version: "1"', "version: 1", True, "version", "expected text, found a number", "put quotes around it"),
    ("kind: exclusion", "kind: exclude", True, "all.strong.kind", "'inclusion' or 'exclusion'", ""),
    ("silence: not_met", "silence: no", True, "all.strong.silence", "'unknown', 'not_met'", ""),
    ("- grown", "- growm", False, "(top)", "'growm', which is not shared", "docs/criteria.md"),
    ("- grown", "- 7", True, "all.criteria.0", "neither a criterion nor the name", "write the criterion out"),
    ("{default: true}", "{}", False, "(top)", "exactly one cohort must be the default", "docs/criteria.md"),
    ("measured", "measurd", True, "all.strong.decide.at_least.of.0", "'measurd'", "did you mean 'measured'?"),
    ("below: 8", "belw: 8", True, "all.strong.decide.at_least.of.0.measured.belw", "no key", "'below'?"),
    ("below: 8", "below: low", True, "all.strong.decide.at_least.of.0.measured.below", "expected a number, found text", ""),
    ("count: 1", "count: 3", False, "all.strong.decide.at_least", "3 of 2 can never hold", "--predicates"),
    ("count: 1", "count: 0", True, "all.strong.decide.at_least.count", "a number of at least 1", ""),
    ("{min: 18}", "{min: 80, max: 75}", False, "shared.grown.decide.age_between", "min is above max", "--predicates"),
    ("{age_between: {min: 18}}", "{}", True, "shared.grown.decide", "one operator or one predicate", "at_least"),
    ("{age_between: {min: 18}}", "{any: []}", True, "shared.grown.decide.any", "a list of expressions", "hyphen"),
    ("trial_id: t", "trial_id: [", None, "line", "not valid YAML", "check indentation"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "by_schema", "path", "problem", "remedy"), BROKEN)
def test_a_broken_file_is_told_where_what_and_what_to_do(
    old: str, new: str, by_schema: bool | None, path: str, problem: str, remedy: str, tmp_path: Path
) -> None:
    assert old in TRIAL
    text = TRIAL.replace(old, new, 1)
    file = written(tmp_path, text)

    faults = trial_faults(file)

    assert any(f.path.startswith(path) and problem in f.problem and remedy in f.remedy for f in faults), (
        faults
    )
    for fault in faults:
        assert str(fault).startswith(f"t.yaml: {fault.path}: {fault.problem}")
    if by_schema is not None:
        assert bool(errors_of(text)) is by_schema
    with pytest.raises(RuleError):
        load_trial(file)


def test_one_fault_does_not_hide_the_others(tmp_path: Path) -> None:
    text = (
        TRIAL.replace("title: T", "titel: T")
        .replace("kind: exclusion", "kind: exclude")
        .replace("measured", "measurd")
        .replace("min: 18", "mini: 18")
        .replace("- grown", "- growm")
    )

    paths = {fault.path for fault in trial_faults(written(tmp_path, text))}

    assert paths == {
        "title",
        "titel",
        "all.criteria.0",
        "all.strong.kind",
        "shared.grown.decide.age_between.min",
        "shared.grown.decide.age_between.mini",
        "all.strong.decide.at_least.of.0",
    }


@pytest.mark.parametrize(
    "data", ["", "[]", "7", "cohorts: 7", "cohorts: [7]", "shared: 7", "cohorts: [{criteria: 7}]"]
)
def test_whatever_a_file_holds_it_is_told_and_nothing_breaks(data: Any, tmp_path: Path) -> None:
    faults = trial_faults(written(tmp_path, data))

    assert faults
    assert all(fault.problem for fault in faults)


WRONG = [None, True, "seven", -7, 0.5, [], [[]], [None], {}, {"a": []}, date(2026, 1, 2)]
# How pydantic puts it, which nobody who writes a YAML file has to know.
FOREIGN = re.compile(
    r"\binput\b|\bvalid\b|tuple|dictionary|instance|parse|\bNone\b|boolean|string|float|{|}", re.IGNORECASE
)


@pytest.mark.parametrize("name", sorted(PREDICATES))
def test_a_wrong_parameter_is_told_in_plain_words(name: str, tmp_path: Path) -> None:
    old = "{age_between: {min: 18}}"
    told = set()
    for parameter in PREDICATES[name].parameters.model_fields:
        for wrong in WRONG:
            asked = yaml.safe_dump({name: {parameter: wrong}}, default_flow_style=True, width=9999).strip()
            for fault in trial_faults(written(tmp_path, TRIAL.replace(old, asked, 1))):
                assert fault.path.startswith(f"shared.grown.decide.{name}"), fault
                assert not FOREIGN.search(f"{fault.problem} {fault.remedy}"), (parameter, wrong, fault)
                told.add((fault.path, fault.problem))

    assert told or not PREDICATES[name].parameters.model_fields


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_wrong_value_anywhere_else_is_told_in_plain_words(wrong: Any, tmp_path: Path) -> None:
    told = 0
    for key in ("trial_id", "title", "version", "source", "shared", "cohorts"):
        broken = yaml.safe_load(TRIAL) | {key: wrong}
        faults = trial_faults(written(tmp_path, yaml.safe_dump(broken)))
        for fault in faults:
            assert not FOREIGN.search(f"{fault.problem} {fault.remedy}"), (key, fault)
        told += len(faults)
    for key in ("cohort_id", "label", "applies", "criteria"):
        broken = yaml.safe_load(TRIAL)
        broken["cohorts"][0][key] = wrong
        for fault in trial_faults(written(tmp_path, yaml.safe_dump(broken))):
            assert not FOREIGN.search(f"{fault.problem} {fault.remedy}"), (key, fault)

    assert told


def test_an_operator_may_stand_in_another(tmp_path: Path) -> None:
    trial = load_trial(written(tmp_path, TRIAL))

    assert errors_of(TRIAL) == []
    assert trial.criteria_of(trial.cohorts[0])[1].decide["at_least"]["count"] == 1


def test_every_predicate_and_trial_is_in_the_documentation(checkout: Path) -> None:
    text = (checkout / "docs" / "criteria.md").read_text(encoding="utf-8")

    for name in PREDICATES:
        assert f"`{name}`" in text, name
    for name in available_trials():
        assert load_trial(name).registry_id in text, name
