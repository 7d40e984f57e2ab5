"""What a muscle biopsy says of infiltrates, and that other biopsies say nothing of muscle."""

from __future__ import annotations

import pytest
from support.reading import note, read

from chartsift.nlp.pipeline import Pipeline

ENDO, PERI, ANY = "endomysial_infiltrate", "perimysial_infiltrate", "infiltrate"
ATROPHY, VACUOLES = "perifascicular_atrophy", "rimmed_vacuoles"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Muscle biopsy: perifascicular atrophy, perimysial infiltrate.",
            [(ATROPHY, "present"), (PERI, "present")],
        ),
        (
            "No endomysial, perimysial or perivascular inflammation.",
            [(ENDO, "absent"), (PERI, "absent")],
        ),
        (
            "No perifascicular atrophy, rimmed vacuoles or ragged red fibers.",
            [(ATROPHY, "absent"), (VACUOLES, "absent")],
        ),
        ("Muscle biopsy: mild endomysial fibrosis, no inflammation.", [(ANY, "absent")]),
        ("Bx of the left vastus: scattered necrosis, hardly any lymphocytes.", [(ANY, "present")]),
        ("Bx R quad: necrosis, inflammation about small vessels.", [(PERI, "present")]),
        ("Biopsy: endomysial CD8 inflammation, no vacuoles.", [(ENDO, "present"), (VACUOLES, "absent")]),
        ("Lung biopsy: lymphocytic infiltrate about vessels.", []),
        ("Skin bx: perivascular lymphocytic infiltrate.", []),
        ("Her inflammatory myopathy; no joint inflammation.", []),
        ("Perimysial ALP and perimysial fragmentation.", []),
    ],
)
def test_features(text: str, wanted: list[tuple[str, str]], pipeline: Pipeline) -> None:
    found = read(pipeline, text, "biopsy_feature")

    assert [(f.concept, f.assertion) for f in found] == wanted


@pytest.mark.parametrize(
    ("text", "arrangement", "amount"),
    [
        ("Endomysial lymphocytes surround non-necrotic fibers.", "surrounding", ""),
        ("Endomysial lymphocytes are sparse; no invasion of fibers.", "surrounding", "scant"),
        ("Endomysial T cells that surround and invade non-necrotic fibers.", "invading", ""),
        ("Endomysial inflammation.", "", ""),
    ],
)
def test_arrangement_and_amount(text: str, arrangement: str, amount: str, pipeline: Pipeline) -> None:
    found = read(pipeline, text, "biopsy_feature")[0]

    assert (found.attribute("arrangement"), found.attribute("amount")) == (arrangement, amount)


def test_a_report_speaks_of_its_specimen_to_the_end(pipeline: Pipeline) -> None:
    text = "SURGICAL PATHOLOGY REPORT\nSpecimen: skeletal muscle, left biceps\n" + "Stains reviewed. " * 60
    text += "\nDIAGNOSIS: NECROTIZING MYOPATHY, PAUCI-INFLAMMATORY."

    found = [f for f in pipeline.extract(note(text)) if f.kind == "biopsy_feature"]

    assert [(f.concept, f.assertion) for f in found] == [(ANY, "absent")]


def test_a_letter_that_is_two_in_lower_case_moves_no_sentence(pipeline: Pipeline) -> None:
    """ "İ" has two characters in lower case: what stands behind hundreds of them is still read in its own sentence."""
    report = "MUSCLE BIOPSY, left deltoid. Perifascicular atrophy is present. Fibers are round."

    plain = read(pipeline, "Patient I. Yilmaz. " * 40 + report, "biopsy_feature")
    dotted = read(pipeline, "Patient \u0130. Yilmaz. " * 40 + report, "biopsy_feature")

    assert [(f.concept, f.start) for f in plain] == [(ATROPHY, 40 * 19 + report.index("Perif"))]
    assert [(f.concept, f.start) for f in dotted] == [(f.concept, f.start) for f in plain]
