"""Proof of search: notes, days, terms and what could not be read."""

from __future__ import annotations

from datetime import date

import pytest

from chartsift.nlp.criteria import evaluate, load_trial
from chartsift.nlp.criteria.load import available_trials
from chartsift.nlp.criteria.search import terms_of, vocabulary
from chartsift.nlp.types import CriterionResult, NoteInfo, Patient, Search

NOTES = [
    NoteInfo("b", date(2022, 5, 3), "Clinic", 900),
    NoteInfo("a", date(2019, 1, 2), "Clinic", 900),
    NoteInfo("late", date(2024, 7, 1), "Clinic", 900),
]


def silent(criterion_id: str, *, unread: tuple[str, ...] = ()) -> CriterionResult:
    results = evaluate(
        Patient("p"), NOTES, [], load_trial("reset-myositis"), as_of=date(2024, 6, 1), unread=unread
    )
    return next(r for r in results[0].criteria if r.criterion_id == criterion_id)


def test_silence_tells_notes_span_terms_and_what_was_not_read() -> None:
    result = silent("prior_car_t", unread=("scan.pdf (IN101)", "n7 (SC410)", "x (IN103)", "y (IN104)"))

    assert result.search == Search(
        notes=2,
        first=date(2019, 1, 2),
        last=date(2022, 5, 3),
        kinds=("car_t", "cell_therapy", "cell_therapy_code"),
        terms=len(terms_of(("car_t", "cell_therapy", "cell_therapy_code"))),
        unread=("scan.pdf (IN101)", "n7 (SC410)", "x (IN103)", "y (IN104)"),
    )
    assert result.search.terms > 200
    assert result.rationale == (
        f"No mention in 2 notes, 2019 to 2022, {result.search.terms} terms; 4 inputs could not be read: "
        "scan.pdf (IN101), n7 (SC410), x (IN103) and 1 more."
    )


def test_terms_are_the_words_of_the_vocabulary_each_once() -> None:
    terms = terms_of(("car_t", "car_t", "lab/CK"))

    assert {"CAR-T", "creatine kinase"} <= set(terms)
    assert "aldolase" not in terms
    assert len(set(terms)) == len(terms)
    assert vocabulary(["lab/CK"]) == {"lab/CK": list(terms_of(("lab/CK",)))}


def test_the_drugs_are_among_the_terms_of_their_reactions() -> None:
    result = silent("flu_cy_reaction")

    assert result.search is not None
    terms = set(terms_of(result.search.kinds))
    assert {"cyclophosphamide", "Cytoxan", "Endoxan", "CYC", "fludarabine", "NKDA", "ifosfamide"} <= terms


# Other names of what is read as a lab or a score of the same clause, each of which has its terms.
OTHER_NAMES = {"measure/MMT-8", "measure/CDASI", "measure/extramuscular"}


@pytest.mark.parametrize("trial_id", available_trials())
def test_no_kind_that_a_criterion_searches_is_without_terms(trial_id: str) -> None:
    cohorts = evaluate(Patient("p"), NOTES, [], load_trial(trial_id), as_of=date(2024, 6, 1))
    searched = {kind for c in cohorts for r in c.criteria if r.search for kind in r.search.kinds}

    assert searched
    assert {kind for kind in searched if not terms_of((kind,))} <= OTHER_NAMES


def test_a_verdict_that_words_decide_needs_no_search() -> None:
    results = evaluate(
        Patient("p", date(1980, 1, 1)), NOTES, [], load_trial("reset-myositis"), as_of=date(2024, 6, 1)
    )

    assert results[0].criteria[0].search is None
