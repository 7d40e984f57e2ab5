"""The way from findings to a cohort's verdict, with the smallest findings that show it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from chartsift.nlp.criteria import evaluate, load_trial
from chartsift.nlp.errors import InputError, RuleError
from chartsift.nlp.types import CohortResult, Finding, NoteInfo, Patient

DAY = date(2024, 6, 1)
TRIAL = """
trial_id: t
title: A trial
version: "1"
source: none
cohorts:
  - cohort_id: all
    label: All
    applies: {default: true}
    criteria:
      - {criterion_id: age, kind: inclusion, summary: adult, silence: unknown, decide: {age_between: {min: 18, max: 75}}}
      - {criterion_id: young, kind: exclusion, summary: child, silence: not_met, decide: {age_between: {min: 0, max: 17}}}
      - {criterion_id: concern, kind: exclusion, summary: judge, silence: judgement, decide: {investigator: {}}}
"""


@pytest.fixture
def trial_file(tmp_path: Path) -> Path:
    path = tmp_path / "t.yaml"
    path.write_text(TRIAL, encoding="utf-8")
    return path


def age(years: int) -> Finding:
    return Finding("p", "n", 0, 2, str(years), "age", "age", "present", DAY, value=float(years))


def run(trial_file: Path, *findings: Finding, unread: tuple[str, ...] = ()) -> CohortResult:
    notes = [NoteInfo("n", DAY, "Clinic note", 100)]
    return evaluate(Patient("p"), notes, findings, load_trial(trial_file), unread=unread)[0]


def test_silence_is_unknown_for_an_inclusion_and_presumed_for_an_exclusion(trial_file: Path) -> None:
    result = run(trial_file)

    by_id = {r.criterion_id: (r.status, r.basis) for r in result.criteria}
    assert by_id["age"] == ("unknown", "no_mention")
    assert by_id["young"] == ("not_met", "no_mention")
    assert by_id["concern"] == ("unknown", "judgement")
    assert result.status == "undetermined"
    assert result.missing == ("age",)


def test_the_investigators_judgement_does_not_hold_up_eligibility(trial_file: Path) -> None:
    assert run(trial_file, age(40)).status == "eligible"


def test_a_failed_inclusion_makes_ineligible_with_its_evidence(trial_file: Path) -> None:
    result = run(trial_file, age(80))

    failed = result.criteria[0]
    assert (result.status, failed.status, failed.basis) == ("ineligible", "not_met", "documented")
    assert [(e.finding.text, e.stance) for e in failed.evidence] == [("80", "against")]


def test_silence_says_how_much_was_read(trial_file: Path) -> None:
    result = run(trial_file, unread=("scan.pdf (IN101)", "n7 (SC410)"))

    assert "in 1 note, 2024" in result.criteria[1].rationale
    assert "2 inputs could not be read: scan.pdf (IN101), n7 (SC410)" in result.criteria[1].rationale
    assert "unread_notes 2" in result.criteria[1].flags


def test_an_unknown_always_has_a_next_step() -> None:
    notes = [NoteInfo("n", DAY, "Clinic note", 100)]

    for cohort in evaluate(Patient("p"), notes, [], load_trial("reset-myositis")):
        for result in cohort.criteria:
            assert result.next_step or result.status != "unknown", result.criterion_id


def test_exactly_one_cohort_is_applicable() -> None:
    trial = load_trial("reset-myositis")
    notes = [NoteInfo("n", DAY, "Clinic note", 100)]

    for years, cohort in ((5, "adult"), (6, "juvenile"), (17, "juvenile"), (18, "adult"), (76, "adult")):
        found = evaluate(Patient("p", birth_date=date(2024 - years, 1, 1)), notes, [], trial)
        assert [c.cohort_id for c in found if c.applicable] == [cohort], years


def test_notes_after_the_screening_day_are_not_read(trial_file: Path) -> None:
    notes = [NoteInfo("n", DAY, "", 1)]
    result = evaluate(Patient("p"), notes, [age(40)], load_trial(trial_file), as_of=date(2024, 5, 31))[0]

    assert result.criteria[0].basis == "no_mention"


def test_no_note_and_no_day_is_an_error(trial_file: Path) -> None:
    with pytest.raises(InputError, match="IN121"):
        evaluate(Patient("p"), [], [], load_trial(trial_file))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "age_between: {min: 18, max: 75}",
            "age_betwen: {min: 18}",
            "t.yaml: all.age.decide: unknown predicate 'age_betwen'",
        ),
        ("min: 18, max: 75", "min: 18, max: 75, unit: y", "t.yaml: all.age.decide.age_between.unit"),
        ("kind: inclusion", "kind: inclusio", "t.yaml: all.age.kind"),
        ("silence: unknown", "silence: not_met", "an inclusion on which the chart is silent is unknown"),
        ("trial_id: t", "trial_id: [", "t.yaml: line"),
        ("applies: {default: true}", "applies: {}", "exactly one cohort must be the default"),
        ("criterion_id: young", "criterion_id: age", "has a criterion twice"),
    ],
)
def test_a_broken_trial_file_names_the_place(old: str, new: str, fault: str, trial_file: Path) -> None:
    trial_file.write_text(TRIAL.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(RuleError) as raised:
        load_trial(trial_file)

    assert fault in str(raised.value)


def test_an_unknown_trial_lists_what_there_is() -> None:
    with pytest.raises(RuleError, match="reset-myositis"):
        load_trial("no-such-trial")
