"""Text carried forward between the notes of a patient: what is marked, how it is dated, and what it decides."""

from __future__ import annotations

from datetime import date

import pytest
from support.fake_pipeline import FakePipeline
from support.screened import decide

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.screening.chart import screen_patient
from chartsift.nlp.screening.copied import _sentences, mark_copied
from chartsift.nlp.types import Finding, Note, Patient

FEBRUARY, MAY = date(2025, 2, 1), date(2025, 5, 1)
STORY = "Seen for weakness of both legs; CK 4,000 U/L today, on prednisone and methotrexate."


def note(note_id: str, day: date, text: str) -> Note:
    return Note("p", note_id, day, "", text)


def found(note: Note, words: str = "CK 4,000", **changes: object) -> Finding:
    start = note.text.index(words)
    given = {"kind": "lab", "concept": "CK", "assertion": "present", "date": note.note_date, **changes}
    return Finding("p", note.note_id, start, start + len(words), words, **given)  # type: ignore[arg-type]


def marked(first: str, second: str, **changes: object) -> Finding:
    """Return the finding of the second note, of May, after the first, of February."""
    one, two = note("1", FEBRUARY, first), note("2", MAY, second)
    return mark_copied([two, one], [found(one), found(two, **changes)])[1]


def test_a_line_of_an_earlier_note_is_a_copy_and_goes_by_its_date() -> None:
    finding = marked(f"HPI\n{STORY}\n", f"Interval history: better.\n\n  {STORY}\r\nPlan: same.")

    assert finding.date == FEBRUARY
    assert (finding.attribute("copied"), finding.attribute("copied_from")) == ("yes", "1")
    assert finding.text == "CK 4,000"


def test_the_first_note_stays_as_it_is() -> None:
    one, two = note("1", FEBRUARY, STORY), note("2", MAY, STORY)

    assert mark_copied([one, two], [found(one), found(two)])[0] == found(one)


def test_sentences_are_copied_within_a_line_that_goes_on() -> None:
    assert marked(STORY, f"{STORY} Today she walks well.").date == FEBRUARY
    assert marked(f"Mrs. A. {STORY}", f"Mrs. A. was late. {STORY} Today she walks well.").date == FEBRUARY


def test_a_short_sentence_is_a_copy_where_its_neighbours_are() -> None:
    tale = "Seen for weakness of both legs and falls at home. CK 4,000 U/L."

    assert marked(tale, f"{tale} Today she walks well.").date == FEBRUARY


@pytest.mark.parametrize(
    "second",
    [
        "Seen for weakness of both arms; CK 4,000 U/L today, on prednisone and methotrexate.",  # a word differs
        "Walks well, no falls. CK 4,000 U/L.",  # a stock phrase, not 60 code points of it
    ],
)
def test_what_is_not_word_for_word_or_too_short_is_news(second: str) -> None:
    assert marked(f"{STORY}\nStable. CK 4,000 U/L.", second).attribute("copied") == ""


def test_a_short_line_is_news() -> None:
    assert marked("CK 4,000 U/L, AST 80 U/L, ALT 70 U/L", "CK 4,000 U/L, AST 80 U/L, ALT 70 U/L").date == MAY


def test_the_same_words_read_otherwise_are_news() -> None:
    assert marked(STORY, STORY, assertion="hypothetical").date == MAY
    assert marked(STORY, STORY, concept="CK-MB").date == MAY


def test_the_list_of_medicines_and_the_header_are_made_anew() -> None:
    assert marked(STORY, STORY, section="medications").date == MAY

    one, two = (
        note(str(day), day, "Name: A. B. | 57 M | Clinic for muscle diseases") for day in (FEBRUARY, MAY)
    )
    ages = [found(n, "57 M", kind="age", concept="age") for n in (one, two)]
    assert mark_copied([one, two], ages) == ages


def test_notes_of_one_day_copy_nothing_from_each_other() -> None:
    one, two = note("1", MAY, STORY), note("2", MAY, STORY)

    assert mark_copied([one, two], [found(one), found(two)]) == [found(one), found(two)]


def test_a_copy_of_what_was_taken_back_is_taken_back() -> None:
    one, two = note("1", FEBRUARY, STORY), note("2", MAY, STORY)
    error = found(one, assertion="absent", attributes=(("corrected", "entered in error"),))

    copy = mark_copied([one, two], [error, found(two)])[1]

    assert (copy.assertion, copy.attribute("corrected")) == ("absent", "entered in error")


def test_a_copy_of_a_copy_goes_by_the_first_note() -> None:
    notes = [note(str(n), date(2025, n, 1), STORY) for n in (1, 2, 3)]

    last = mark_copied(notes, [found(n) for n in notes])[-1]

    assert (last.date, last.attribute("copied_from")) == (date(2025, 1, 1), "1")


def test_screening_marks_copies() -> None:
    line = "Received CAR T cells at another hospital in 2021 for lupus."
    notes = [note("1", FEBRUARY, line), note("2", MAY, line)]

    result = screen_patient(FakePipeline(), load_trial("reset-myositis"), Patient("p"), notes)

    assert [f.attribute("copied_from") for f in result.findings] == ["", "1"]


LEAD = "52-year-old woman with dermatomyositis, anti-TIF1-gamma positive, on prednisone and IVIG."
EXAM = "Exam: Hip flexors 3/5, deltoids 3/5 bilaterally, CK 4,812 U/L (30-200) today, on IV vancomycin for cellulitis."


@pytest.mark.parametrize(
    ("criterion_id", "alone", "copied"),
    [
        ("muscle_weakness", "met", "unknown"),
        ("active_disease", "met", "unknown"),
        ("active_infection", "met", "not_met"),
        ("iim_diagnosis", "met", "met"),
        ("msa_subtype", "met", "met"),
    ],
)
def test_last_years_exam_is_not_todays(
    pipeline: Pipeline, criterion_id: str, alone: str, copied: str
) -> None:
    now = (5, f"{LEAD}\n{EXAM}\nSeen today.")

    assert decide(pipeline, criterion_id, [now]).status == alone
    assert decide(pipeline, criterion_id, [(200, f"{LEAD}\n{EXAM}"), now]).status == copied


@pytest.mark.parametrize(
    ("criterion_id", "line"),
    [
        ("prior_transplant", "Past history of kidney transplant in 2012 and of hypertension."),
        ("prior_car_t", "She received CAR T cells in 2021 within a trial at another hospital."),
    ],
)
def test_history_stays_history_however_often_it_is_copied(
    pipeline: Pipeline, criterion_id: str, line: str
) -> None:
    assert decide(pipeline, criterion_id, [(400, line), (200, line), (5, line)]).status == "met"


def test_work_grows_with_the_length_of_the_notes() -> None:
    def compared(count: int) -> int:
        """Return how many characters are compared for one line of *count* sentences of five characters."""
        line = STORY + " aaa." * count
        return sum(len(run.words) for run in _sentences(note("1", FEBRUARY, line), 0, line))

    assert compared(16_000) <= 4.1 * compared(4_000)


def test_a_copy_of_what_may_have_been_an_error_is_as_doubtful(pipeline: Pipeline) -> None:
    line = "Past surgical history includes a kidney transplant in 2012 at another hospital."
    notes = [(200, f"{line}\nAddendum: the above may have been entered in error."), (5, line)]

    assert decide(pipeline, "prior_transplant", notes[:1]).status == "unknown"
    assert decide(pipeline, "prior_transplant", notes).status == "unknown"
