"""
The items of the score in bundled charts against a person's own reading of their notes.

The person read and marked each chart before the reader saw it. P present, A absent, U undocumented, J / M / O first
symptom under 18 / 18 to 39 / 40 or older, several letters where a careful person may say either; - no biopsy, so no row.
"""

from __future__ import annotations

import json
from datetime import date

import pytest

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.scores import load_score, score_chart
from chartsift.nlp.criteria.scores.onset import onset_age
from chartsift.nlp.types import Note, NoteInfo, Patient

SCORE = load_score("eular-acr-2017")
ITEMS = [item.item_id for item in SCORE.items if item.points]
#        onset arm leg neck leg> hel pap sign dys Jo-1 enz  endo peri atrophy vacuoles  column
MARKED = {
    "charts/S-01": "O P P U P P P U A A P  - - - -  without",
    "charts/S-04": "J P P U U P P U U A P  - - - -  without",
    "charts/S-06": "U P P U P A A A P U P  A A U U  with",
    "charts/S-08": "O P P U P U U P A A P  - - - -  without",
    "charts/S-10": "OU P P U P A A A A U P  AU AU U U  with",
    "charts/S-12": "O P P P P AU P U A U P  - - - -  without",
    "charts/S-14": "J P P U U U P U P A P  - - - -  without",
    "charts/S-16": "J P P U U A A A U A P  AU U U U  with",
    "charts/S-17": "O P P U P A A A P A P  A U U P  with",
    "development/T-01": "O P P U P A A A P A P  AU AU U U  with",
    "development/T-02": "U P P U U AU A A U A P  - - - -  without",
    "development/T-04": "U P P U U A A A A U P  - - - -  without",
    "development/T-06": "OU P P U U A U U U P P  - - - -  without",
    "development/T-08": "O P P U P P P U U A P  - - - -  without",
    "development/T-09": "O P P U P A A A A A P  U U U A  with",
    "development/T-12": "O AU AU A AU A A A A A AU  - - - -  without",
    "development/T-14": "J U U AU AU A A AU U U P  - - - -  without",
    "development/T-15": "J U U U U U P U U U P  - - - -  without",
}
_STATES = {"present": "P", "absent": "A", "undocumented": "U"}
_BANDS = {"under_18": "J", "18_to_39": "M", "40_plus": "O"}


@pytest.mark.accuracy
def test_items_agree_with_a_person(checkout, pipeline):
    wrong = []
    for name, row in MARKED.items():
        chart = _chart(json.loads((checkout / "annotations" / f"{name}.json").read_text("utf-8")), pipeline)
        result = score_chart(chart, SCORE)
        onset = onset_age(chart)
        bands = SCORE.onset.possible(onset.low, onset.high)
        states = {item.item_id: _STATES[item.state] for item in result.items}
        read = [_BANDS[next(iter(bands))] if len(bands) == 1 else "U"]
        read += [states.get(item, "-") for item in ITEMS]
        read.append(result.column.partition("_")[0])
        cells = zip(["onset", *ITEMS, "column"], row.split(), read, strict=True)
        wrong += [
            f"{name} {item}: {got}, marked {marked}" for item, marked, got in cells if got not in marked
        ]

    # 288 states, none wrong when this was written; a reader that is changed elsewhere may cost one or two.
    assert len(wrong) <= 2, wrong


def _chart(data, pipeline) -> Chart:
    day = date.fromisoformat
    patient = Patient(data["patient_id"], data["birth_date"] and day(data["birth_date"]))
    notes = [
        Note(data["patient_id"], note["note_id"], day(note["date"]), note["type"], note["text"])
        for note in data["notes"]
    ]
    findings = [finding for note in notes for finding in pipeline.extract(note)]
    infos = [NoteInfo(n.note_id, n.note_date, n.note_type, len(n.text)) for n in notes]
    return Chart.build(patient, infos, findings, day(data["as_of"]))
