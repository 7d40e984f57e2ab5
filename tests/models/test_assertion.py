"""Features of a mention, the model of assertion on sentences with a known rule, and note relevance."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from chartsift.annotations.charts import sample_charts
from chartsift.annotations.context_rows import ContextRow
from chartsift.models.assertion import beats_rules, f1, rows_of_context, train_assertion
from chartsift.models.assertion_component import AssertionModel
from chartsift.models.errors import ModelError
from chartsift.models.relevance import note_features, relevance_figures, rows_of_notes
from chartsift.nlp.pipeline import Pipeline, PipelineConfig
from chartsift.nlp.types import Note

_SENTENCES = {
    "negated": ("No evidence of {}.", "Denies {} today."),
    "historical": ("History of {} years ago.", "She had {} in childhood, resolved."),
    "hypothetical": ("Return if {} occurs.", "Call in case of {} at home."),
    "experiencer": ("Mother had {} at age 50.", "Family history of {} in her brother."),
    "": ("She has {} now.", "Exam shows {} on both sides."),
}
_WORDS = ("pneumonia", "arthritis", "a rash", "weakness", "stroke", "asthma")


@pytest.fixture(scope="module")
def rows():
    """Sixty located rows: every sentence with every word, a report for each word."""
    made = []
    for number, word in enumerate(_WORDS):
        for axis, sentences in _SENTENCES.items():
            for sentence in sentences:
                text = sentence.format(word)
                start = text.index(word)
                axes = frozenset({axis} - {""})
                made.append(
                    ContextRow(f"{word}/{sentence}", str(number), text, start, start + len(word), axes)
                )
    return rows_of_context(made)


@pytest.fixture(scope="module")
def trained(rows):
    return train_assertion(rows)


def test_features_name_cue_side_section_and_words(rows):
    denial = next(row for row in rows if row.row_id == "pneumonia/No evidence of {}.")

    assert denial.features["cue=NEGATED"] == 1.0
    assert denial.features["rules=negated"] == 1.0
    assert denial.features["cue_before=NEGATED"] > 0.9
    assert denial.features["word_before=evidence"] == 1.0


def test_the_model_finds_a_rule_that_holds_in_every_report(trained):
    _, figures = trained

    for axis in ("negated", "historical", "hypothetical", "experiencer"):
        assert figures[axis]["context"]["model"]["f1"]["value"] == 1.0
        assert figures[axis]["context"]["hold"] == 12


def test_sure_gain_without_loss_earns_the_place():
    def axis(value, low):
        return {"context": {"rules alone": {"model_minus_this": {"value": value, "low": low, "high": 1.0}}}}

    names = ("negated", "historical", "hypothetical", "experiencer")
    even = {name: axis(0.0, 0.0) for name in names}

    assert not beats_rules(even)  # a draw goes to the rules
    assert beats_rules(even | {"historical": axis(0.1, 0.02)})
    assert not beats_rules(even | {"historical": axis(0.1, 0.02), "negated": axis(-0.01, -0.02)})
    assert not beats_rules(even | {"historical": axis(0.1, -0.02)})


def test_f1_by_hand():
    answers, truth = np.array([True, True, False, False]), np.array([True, False, True, False])

    assert f1(answers, truth) == 0.5
    assert f1(truth, truth) == 1.0
    assert f1(np.zeros(2, dtype=bool), np.zeros(2, dtype=bool)) == 1.0


def test_an_axis_that_never_holds_cannot_be_learned(rows):
    with pytest.raises(ModelError) as caught:
        train_assertion([row for row in rows if "historical" not in row.truth])

    assert caught.value.code == "MO504"


class _Sure:
    """Stands for a classifier that is sure of one answer."""

    def __init__(self, chance):
        self._chance = chance

    def probability(self, features):
        return self._chance if features else 0.0


@pytest.mark.parametrize(("negated", "expected"), [(0.99, "absent"), (0.6, "present")])
def test_the_component_corrects_only_what_it_is_sure_of(pipeline, negated, expected):
    doc = pipeline.read(Note("p", "n", date(2025, 1, 1), "Clinic", "She has dermatomyositis."))
    models = {axis: _Sure(0.01) for axis in ("historical", "hypothetical", "experiencer")}

    AssertionModel(models | {"negated": _Sure(negated)})(doc)

    assert {d.assertion for d in doc._.drafts if d.kind == "diagnosis"} == {expected}


class _Listens:
    """Stands for a classifier that remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def probability(self, features):
        self.asked.append(dict(features))
        return 0.5


def test_the_component_asks_the_same_of_a_note_read_in_parts_and_as_a_whole(pipeline):
    heard, expected = _Listens(), _Listens()
    in_parts = Pipeline(pipeline.nlp, PipelineConfig())
    in_parts._readers.append(AssertionModel({"negated": heard}))
    whole = AssertionModel({"negated": expected})

    for chart in sample_charts():
        for note in chart.notes:
            in_parts.extract(note)
            whole(pipeline.read(note))

    assert len(heard.asked) > 100
    assert heard.asked == expected.asked


def test_a_note_is_relevant_when_evidence_is_quoted_from_it():
    rows = rows_of_notes(sample_charts())

    quoted = {
        (chart.patient.patient_id, span.note_id)
        for chart in sample_charts()
        for criterion in chart.gold.criteria.values()
        for span in criterion.evidence
    }
    assert sum(row.is_relevant for row in rows) == len(quoted)
    figures = relevance_figures(rows, np.array([float(row.is_relevant) for row in rows]))
    first = figures["first 50%"]
    assert first["model"]["recall"]["value"] >= first["newest first"]["recall"]["value"]
    assert first["model"]["bound"] <= first["model"]["recall"]["value"]


def test_features_of_a_note_count_the_words_of_a_kind():
    note = Note("p", "n", date(2025, 1, 1), "Clinic letter", "dermatomyositis and again Dermatomyositis")

    features = note_features(note, 0, 3, date(2025, 1, 31))

    assert features["kind=diagnosis"] == pytest.approx(np.log1p(2), abs=1e-4)
    assert features["type=letter"] == 1.0
    assert features["is_newest"] == 1.0
