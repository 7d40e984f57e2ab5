"""Two trial files on the same findings: what differs, for whom, and by which clause."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.findings import AS_OF, finding
from support.random_charts import findings_of

from chartsift.nlp.criteria.compare import Change, PatientFlips, compare_patient, trial_changes
from chartsift.nlp.criteria.evaluate import evaluate
from chartsift.nlp.criteria.schema import TrialFile
from chartsift.nlp.types import Finding, NoteInfo, Patient

BASE = yaml.safe_load("""
trial_id: t
title: T
version: "1"
source: written for this test
cohorts:
  - cohort_id: adult
    label: Adult
    applies: {default: true}
    criteria:
      - {criterion_id: age, kind: inclusion, summary: adult, silence: unknown, decide: {age_between: {min: 18, max: 75}}}
      - criterion_id: weak
        kind: inclusion
        summary: weak
        silence: unknown
        decide: {weakness_present: {}}
      - criterion_id: counts
        kind: inclusion
        summary: counts
        silence: unknown
        decide:
          all:
            - measured: {of: [lab/Hgb], at_least: 8}
            - measured: {of: [lab/platelets], at_least: 50}
      - criterion_id: two_of
        kind: exclusion
        summary: two of three
        silence: not_met
        decide:
          at_least:
            count: 2
            of:
              - measured: {of: [pft/FVC], at_most: 45}
              - measured: {of: [pft/DLCO], at_most: 40}
              - not: {measured: {of: [echo/LVEF], at_least: 40}}
""")
EVIDENCE = (
    finding("strength", "MMT", value=138, scale="150", group="whole"),
    finding("lab", "Hgb", value=9),
    finding("lab", "platelets", value=80),
    finding("pft", "FVC", value=50),
    finding("pft", "DLCO", value=38),
    finding("echo", "LVEF", value=60),
)


def edited(edit: Callable[[list[dict[str, Any]]], object]) -> TrialFile:
    """Return the trial after *edit* of its criteria."""
    data = copy.deepcopy(BASE)
    edit(data["cohorts"][0]["criteria"])
    return TrialFile.model_validate(data)


FIRST = TrialFile.model_validate(BASE)


def compare(second: TrialFile, *findings: Finding, born: date = date(1950, 1, 1)) -> PatientFlips:
    days = sorted({(AS_OF - f.date).days for f in findings} | {0})
    notes = [NoteInfo(f"n{d}", date.fromordinal(AS_OF.toordinal() - d), "Rheumatology", 2_000) for d in days]
    return compare_patient(Patient("p", born), notes, findings, FIRST, second, as_of=AS_OF)


def test_equal_files_differ_in_nothing() -> None:
    same = edited(lambda criteria: criteria[1]["decide"].update(weakness_present={"exam_days": 90}))

    assert trial_changes(FIRST, FIRST) == []
    # A default that is written out is no difference.
    assert trial_changes(FIRST, same) == []
    assert compare(same, *EVIDENCE).criteria == ()


def change(criterion_id: str, path: str, before: Any, after: Any) -> Change:
    return Change("adult", criterion_id, path, before, after)


def _params(criteria: list[dict[str, Any]], number: int, name: str) -> dict[str, Any]:
    return criteria[number]["decide"][name]


CASES: list[tuple[Callable[[list[dict[str, Any]]], object], list[Change], str, str]] = [
    (
        lambda c: _params(c, 0, "age_between").update(max=70),
        [change("age", "age_between.max", 75, 70)],
        "met",
        "not_met",
    ),
    (
        lambda c: c[1].update(decide={"weakness_present": {"weak_share": 0.9}}),
        [change("weak", "weakness_present.weak_share", 142 / 150, 0.9)],
        "met",
        "unknown",
    ),
    (
        lambda c: c[2]["decide"]["all"][1]["measured"].update(at_least=100),
        [change("counts", "all.1.measured.at_least", 50.0, 100)],
        "met",
        "not_met",
    ),
    (
        lambda c: c[2]["decide"]["all"].append({"measured": {"of": ["lab/ANC"], "at_least": 1}}),
        [change("counts", "all.2.measured", None, {"measured": {"of": ["lab/ANC"], "at_least": 1}})],
        "met",
        "unknown",
    ),
    (
        lambda c: c[3]["decide"]["at_least"].update(count=1),
        [change("two_of", "at_least.count", 2, 1)],
        "not_met",
        "met",
    ),
    (
        lambda c: c[3]["decide"]["at_least"]["of"][0]["measured"].update(at_most=50),
        [change("two_of", "at_least.of.0.measured.at_most", 45.0, 50)],
        "not_met",
        "met",
    ),
    (
        lambda c: c[3]["decide"]["at_least"]["of"][2]["not"]["measured"].update(at_least=65),
        [change("two_of", "at_least.of.2.not.measured.at_least", 40.0, 65)],
        "not_met",
        "met",
    ),
]


@pytest.mark.parametrize(("edit", "changes", "before", "after"), CASES)
def test_the_clause_that_makes_the_difference_is_named(
    edit: Callable[[list[dict[str, Any]]], object], changes: list[Change], before: str, after: str
) -> None:
    second = edited(edit)

    flips = compare(second, *EVIDENCE)

    assert trial_changes(FIRST, second) == changes
    (flip,) = flips.criteria
    assert flip.before is not None
    assert flip.after is not None
    assert (flip.criterion_id, flip.before.status, flip.after.status) == (
        changes[0].criterion_id,
        before,
        after,
    )
    assert (list(flip.causes), flip.is_joint) == (changes, False)
    assert flips.is_flipped


def test_of_several_changes_only_the_one_that_matters_is_blamed() -> None:
    def edit(criteria: list[dict[str, Any]]) -> None:
        criteria[1]["decide"]["weakness_present"] = {"weak_share": 0.9, "function_days": 30}
        criteria[2]["decide"]["all"][0]["measured"]["at_least"] = 8.5

    flips = compare(edited(edit), *EVIDENCE)

    assert [[c.path for c in flip.causes] for flip in flips.criteria] == [["weakness_present.weak_share"]]


def test_changes_that_only_work_together_are_told_as_such() -> None:
    def edit(criteria: list[dict[str, Any]]) -> None:
        for clause, limit in zip(criteria[2]["decide"]["all"], (7, 30), strict=True):
            clause["measured"]["at_least"] = limit

    (flip,) = compare(
        edited(edit), finding("lab", "Hgb", value=7.5), finding("lab", "platelets", value=40)
    ).criteria

    assert (flip.is_joint, [c.path for c in flip.causes]) == (
        True,
        ["all.0.measured.at_least", "all.1.measured.at_least"],
    )


def test_a_change_that_is_not_valid_alone_is_not_blamed_alone() -> None:
    second = edited(lambda c: _params(c, 0, "age_between").update(min=80, max=90))

    (flip,) = compare(second, *EVIDENCE).criteria

    # 80 to 75 is no range; up to 90 alone changes nothing.
    assert (flip.is_joint, {c.path for c in flip.causes}) == (True, {"age_between.min", "age_between.max"})


def test_what_silence_means_is_a_clause_too() -> None:
    second = edited(lambda c: c[3].update(kind="inclusion", silence="unknown"))

    flips = compare(second, finding("strength", "MMT", value=120, scale="150", group="whole"))

    flip = next(flip for flip in flips.criteria if flip.criterion_id == "two_of")
    assert {c.path for c in flip.causes} == {"silence"}


def test_a_criterion_that_only_one_file_asks_is_listed_where_it_bears() -> None:
    def edit(criteria: list[dict[str, Any]]) -> None:
        criteria[2]["criterion_id"] = "new_counts"
        criteria[2]["decide"]["all"][0]["measured"]["at_least"] = 10

    flips = compare(edited(edit), *EVIDENCE)

    (flip,) = flips.criteria
    assert (flip.criterion_id, flip.before) == ("new_counts", None)
    assert flip.after is not None
    assert flip.after.status == "not_met"
    assert (flips.before, flips.after) == ("eligible", "ineligible")


def test_cohorts_and_whom_they_apply_to() -> None:
    data = copy.deepcopy(BASE)
    data["cohorts"][0]["applies"]["min_age"] = 20
    child = copy.deepcopy(data["cohorts"][0]) | {"cohort_id": "child", "applies": {"max_age": 17}}
    data["cohorts"].append(child)
    second = TrialFile.model_validate(data)

    assert trial_changes(FIRST, second) == [
        Change("adult", "", "applies.min_age", None, 20),
        Change("child", "", "cohort", None, "asked"),
    ]
    flips = compare(second, *EVIDENCE, born=date(2012, 1, 1))
    assert (flips.cohort_before, flips.cohort_after) == ("adult", "child")


@settings(max_examples=60)
@given(
    findings=findings_of("muscle_weakness"),
    edits=st.lists(st.sampled_from([case[0] for case in CASES]), max_size=4, unique=True),
)
def test_flips_are_exactly_the_differences_of_the_two_evaluations(
    findings: list[Finding], edits: list[Callable[[list[dict[str, Any]]], object]]
) -> None:
    def apply(criteria: list[dict[str, Any]]) -> None:
        for edit in edits:
            edit(criteria)

    second = edited(apply)
    everything = (*findings, *EVIDENCE[1:])
    days = sorted({(AS_OF - f.date).days for f in everything} | {0})
    notes = [NoteInfo(f"n{d}", date.fromordinal(AS_OF.toordinal() - d), "Rheumatology", 2_000) for d in days]
    patient = Patient("p", date(1950, 1, 1))

    flips = compare_patient(patient, notes, everything, FIRST, second, as_of=AS_OF)

    (one,), (two,) = (evaluate(patient, notes, everything, trial, as_of=AS_OF) for trial in (FIRST, second))
    expected = {
        a.criterion_id: (a.status, b.status)
        for a, b in zip(one.criteria, two.criteria, strict=True)
        if a.status != b.status
    }
    found = {
        f.criterion_id: (f.before and f.before.status, f.after and f.after.status) for f in flips.criteria
    }
    assert found == expected
    assert (flips.before, flips.after) == (one.status, two.status)
    assert all(flip.causes for flip in flips.criteria)
