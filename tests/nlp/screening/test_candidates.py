"""The first pass: nobody with the disease is lost, and what was not read is not presumed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.errors import RuleError
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.screening.candidates import (
    NOT_READ,
    candidates_of,
    screen_candidate,
)
from chartsift.nlp.screening.chart import screen_patient
from chartsift.nlp.screening.signs import SignSearch
from chartsift.nlp.types import Note, Patient

TRIAL = load_trial("reset-myositis")
SEARCH = SignSearch(TRIAL)
DAY = date(2025, 3, 1)


def _note(text: str, note_id: str = "n1") -> Note:
    return Note("p1", note_id, DAY, "Clinic note", text)


@pytest.mark.parametrize(
    "text",
    [
        "Dermatomyositis since 2019.",
        "Possible polymyositis.",
        "No evidence of myositis.",
        "anti-Jo-1 positive",
        "necrotizing\n  myopathy",
        "Problem list: M33.20",
    ],
)
def test_any_word_on_the_disease_makes_a_candidate(text: str) -> None:
    sign = SEARCH.first_sign([_note(text)])
    assert sign is not None
    assert text[sign.start : sign.end].strip()


@pytest.mark.parametrize(
    "text", ["", "Seen at 5 PM for hypertension.", "Joe has 1 cat.", "Poor EJ access, line placed."]
)
def test_look_alikes_make_no_candidate(text: str) -> None:
    assert SEARCH.first_sign([_note(text)]) is None


def test_a_patient_without_a_sign_is_not_presumed_to_be_free_of_anything(pipeline: Pipeline) -> None:
    patient = Patient("p1", birth_date=date(1980, 1, 1))
    result = screen_candidate(pipeline, TRIAL, patient, [_note("Kidney transplant 2015.")], SEARCH)
    assert result.first_pass is not None
    assert result.findings == ()
    cohort = result.applicable
    assert cohort.status == "undetermined"
    by_id = {criterion.criterion_id: criterion for criterion in cohort.criteria}
    assert by_id["prior_transplant"].status == "unknown"
    assert NOT_READ in by_id["prior_transplant"].flags
    assert "no sign of myositis in 1 note" in by_id["prior_transplant"].rationale
    assert by_id["prior_transplant"].search is not None
    assert by_id["prior_transplant"].search.terms == SEARCH.terms > 100


def test_a_patient_with_a_sign_is_read_in_full(pipeline: Pipeline) -> None:
    notes = [_note("Dermatomyositis. Kidney transplant 2015.")]
    patient = Patient("p1")
    assert screen_candidate(pipeline, TRIAL, patient, notes, SEARCH) == screen_patient(
        pipeline, TRIAL, patient, notes
    )


def test_an_unread_input_makes_a_candidate(pipeline: Pipeline) -> None:
    result = screen_candidate(
        pipeline, TRIAL, Patient("p1"), [_note("Cough.")], SEARCH, unread=["scan.pdf (IN101)"]
    )
    assert result.first_pass is None


def test_signs_follow_from_the_criteria_where_the_trial_names_none() -> None:
    assert set(candidates_of(load_trial("kyv-101-dm")).signs) == {"diagnosis", "diagnosis_code"}


def test_a_trial_that_asks_for_no_disease_says_so(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "trial_id: x\ntitle: x\nversion: '1'\nsource: x\ncohorts:\n"
        "  - {cohort_id: a, label: A, applies: {default: true}, criteria: [{criterion_id: age, kind: inclusion,\n"
        "     summary: s, silence: unknown, decide: {age_between: {min: 18, max: 75}}}]}\n",
        encoding="utf-8",
    )
    with pytest.raises(RuleError, match="no criterion tells what candidates have"):
        SignSearch(load_trial(file))


def test_a_sign_without_words_is_named_by_the_check(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "nlp/criteria/trials/reset-myositis.yaml").read_text(encoding="utf-8")
    file = tmp_path / "x.yaml"
    file.write_text(text.replace("signs: [diagnosis,", "signs: [diagnosys,"), encoding="utf-8")
    with pytest.raises(RuleError, match=r"candidates\.signs\.0.*diagnosys.*did you mean 'diagnosis'"):
        load_trial(file)
