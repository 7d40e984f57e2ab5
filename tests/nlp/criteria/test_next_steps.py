"""Every unknown gives a coordinator something to do, and everything that was set aside says why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.findings import finding
from support.random_charts import SORTS, decide, findings_of
from support.screened import decide as decide_notes

from chartsift.nlp.criteria import available_trials, evaluate, load_trial
from chartsift.nlp.formats import read_inputs
from chartsift.nlp.screening.chart import screen_patient
from chartsift.nlp.types import CriterionResult, Evidence, Note, NoteInfo, Patient

# What a coordinator does: ask someone, order or obtain something, repeat or compare it, or hand it over.
_DOES = re.compile(r"(?:^|\. |; )(?:Ask|Order|Obtain|Repeat|Reconcile|Record|The investigator reviews)\b")
# What a step asks for, by the kinds of finding that give it, and how many days old they may be.
_ASKS = (
    (re.compile(r"Order (?:CK|muscle enzymes|[^;.]*\bCK\b)"), ("lab",), 90),
    (
        re.compile(r"treatments of the myositis were given, and when|for the treatments given"),
        ("treatment",),
        36_500,
    ),
    (re.compile(r"current spirometry"), ("pft",), 183),
    (re.compile(r"current echocardiogram"), ("echo",), 365),
    (re.compile(r"current skin"), ("skin",), 90),
    (re.compile(r"MRI or EMG"), ("emg",), 183),
    (re.compile(r"Order a myositis antibody panel"), ("antibody",), 36_500),
    (re.compile(r"date of birth"), ("age",), 0),
)
_CODE = re.compile(r"^[a-z]+(?:_[a-z]+)*$")


def faults(result: CriterionResult) -> Iterator[str]:
    """Yield what is wrong with the next step and the reasons of one verdict."""
    if result.status == "unknown":
        if not _DOES.search(result.next_step) or not result.next_step.endswith("."):
            yield f"{result.criterion_id}: no step: {result.next_step!r}"
        if "\n" in result.next_step or "{" in result.next_step:
            yield f"{result.criterion_id}: not one line of words: {result.next_step!r}"
    elif result.next_step:
        yield f"{result.criterion_id}: a step though decided: {result.next_step!r}"
    for item in result.evidence:
        if item.stance == "set_aside" and not (" " in item.reason or item.reason in ("past", "denied")):
            yield f"{result.criterion_id}: a code for a reason: {item.reason!r}"


def asked_though_there(result: CriterionResult, as_of: date) -> Iterator[str]:
    """Yield what a step asks for although the result lists it as speaking for the criterion."""
    for wanted, kinds, days in _ASKS:
        if not wanted.search(result.next_step):
            continue
        for item in result.evidence:
            given_now = item.stance == "for" and item.finding.kind in kinds
            # A rash that is only suspected is one to look at again.
            if given_now and item.finding.assertion == "present" and (as_of - item.finding.date).days <= days:
                yield f"{result.criterion_id}: {result.next_step!r} beside {item.finding.kind}"


@pytest.mark.parametrize("criterion_id", sorted(SORTS))
@settings(max_examples=40)
@given(data=st.data())
def test_whatever_stands_in_a_chart(criterion_id: str, data: st.DataObject) -> None:
    result = decide(criterion_id, *data.draw(findings_of(criterion_id)))

    assert list(faults(result)) == []


@pytest.mark.parametrize("name", available_trials())
def test_a_chart_that_says_nothing(name: str) -> None:
    notes = [NoteInfo("n", date(2024, 6, 1), "Clinic note", 100)]

    for cohort in evaluate(Patient("p"), notes, [], load_trial(name)):
        for result in cohort.criteria:
            assert list(faults(result)) == []
            assert result.basis in ("no_mention", "judgement"), result.criterion_id
            assert result.search is not None
            assert (result.search.notes, result.search.first) == (1, date(2024, 6, 1))
            assert result.search.kinds, result.criterion_id


@pytest.mark.parametrize("folder", ["charts", "development"])
def test_the_annotated_charts(pipeline, folder: str) -> None:
    notes: dict[str, list[Note]] = {}
    charts = Path(str(resources.files("chartsift.annotations"))) / folder
    for item in read_inputs(sorted(charts.glob("*.json"))):
        if isinstance(item, Note):
            notes.setdefault(item.patient_id, []).append(item)
    assert len(notes) > 10
    trials = [load_trial(name) for name in available_trials()]
    for patient_id, own in notes.items():
        read = {note.note_id: pipeline.extract(note) for note in own}
        for trial in trials:
            result = screen_patient(_Reading(read), trial, Patient(patient_id), own)
            for cohort in result.cohorts:
                found = [fault for criterion in cohort.criteria for fault in faults(criterion)]
                found += [
                    fault
                    for criterion in cohort.criteria
                    for fault in asked_though_there(criterion, cohort.as_of)
                ]
                assert found == [], patient_id


class _Reading:
    """What the pipeline made of the notes, so that each trial need not read them again."""

    def __init__(self, read: dict[str, list]) -> None:
        self._read = read

    def extract(self, note: Note) -> list:
        return self._read[note.note_id]

    def fingerprint(self) -> str:
        return "read"


def test_a_finding_is_never_set_aside_without_a_reason() -> None:
    with pytest.raises(ValueError, match="set aside for a reason"):
        Evidence(finding("lab", "CK"), "set_aside")


def test_an_unknown_without_a_next_step_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="what would settle it"):
        CriterionResult("age", "inclusion", "unknown", "insufficient")


def test_half_of_a_change_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="on which day and to what"):
        CriterionResult("age", "inclusion", "met", "documented", valid_until=date(2024, 6, 1))


def test_a_trial_file_without_advice_still_gives_a_step(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        """
trial_id: t
title: T
version: "1"
source: written for this test
cohorts:
  - cohort_id: all
    label: All
    applies: {default: true}
    criteria:
      - criterion_id: weak
        kind: inclusion
        summary: Is there weakness of the thighs
        silence: unknown
        decide: {weakness_present: {}}
""",
        encoding="utf-8",
    )
    notes = [NoteInfo("n", date(2024, 6, 1), "", 100)]

    (cohort,) = evaluate(Patient("p"), notes, [], load_trial(file))

    assert cohort.criteria[0].next_step == "Ask the treating clinician: Is there weakness of the thighs."


READ = "52-year-old woman with dermatomyositis, anti-TIF1-gamma positive, on prednisone and IVIG. "


@pytest.mark.parametrize(
    ("text", "criterion_id", "step"),
    [
        (
            READ + "CK 450 U/L.",
            "active_disease",
            (
                "Ask the laboratory for the upper limit of the CK of 2024-06-08; ask for a current skin assessment; "
                "ask for MRI or EMG of the last six months."
            ),
        ),
        (
            READ,
            "active_disease",
            "Order CK now; ask for a current skin assessment; ask for MRI or EMG of the last six months.",
        ),
        (
            "52-year-old woman with dermatomyositis.",
            "active_disease",
            (
                "Order CK now; ask for a current skin assessment; ask for MRI or EMG of the last six months. "
                "Ask which treatments of the myositis were given, and when."
            ),
        ),
        (
            READ + "FVC 52%.",
            "lung_cardiac_impairment",
            "Ask for the investigator's view: FVC 52 % on 2024-06-08.",
        ),
    ],
)
def test_a_step_asks_for_what_is_missing(pipeline, text: str, criterion_id: str, step: str) -> None:
    assert decide_notes(pipeline, criterion_id, [(2, text)]).next_step == step
