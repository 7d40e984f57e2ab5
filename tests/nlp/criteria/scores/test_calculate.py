"""The calculator: worked cases, cut-points, and what must hold for every combination of items."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartsift.nlp.criteria.scores import load_score
from chartsift.nlp.criteria.scores.calculate import (
    Answers,
    interval,
    label,
    open_items,
    probability,
    subgroups,
)

SCORE = load_score("eular-acr-2017")
NO_BX, BX = "without_biopsy", "with_biopsy"
ITEMS = tuple(item.item_id for item in SCORE.items)
BANDS = tuple(band.band for band in SCORE.onset.bands)
SKIN = ("heliotrope", "gottron_papules", "gottron_sign")


def answers(band: str, *there: str, open_: tuple[str, ...] = ()) -> Answers:
    """Every item absent but those that are *there* and those that are left open."""
    states = {name: "present" if name in there else "absent" for name in ITEMS if name not in open_}
    return Answers(frozenset([band]), states)


ARM, LEG, NECK, FAR = "proximal_arms", "proximal_legs", "neck_flexors", "legs_proximal"
# Computed by hand from the table of weights; the probability is rounded to two decimals.
WORKED = [
    ("45 y, heliotrope and sign", NO_BX, "40_plus", ["heliotrope", "gottron_sign"], 8.5, 0.96, "definite"),
    ("60 y, sign only", NO_BX, "40_plus", ["gottron_sign"], 5.4, 0.52, "possible"),
    (
        "60 y, heliotrope and papules",
        NO_BX,
        "40_plus",
        ["heliotrope", "gottron_papules"],
        7.3,
        0.88,
        "probable",
    ),
    (
        "45 y, papules, weak, CK",
        NO_BX,
        "40_plus",
        ["gottron_papules", ARM, LEG, "enzymes"],
        7.0,
        0.84,
        "probable",
    ),
    (
        "child, heliotrope and papules",
        NO_BX,
        "under_18",
        ["heliotrope", "gottron_papules"],
        5.2,
        0.47,
        "below",
    ),
    (
        "same child, enzyme",
        NO_BX,
        "under_18",
        ["heliotrope", "gottron_papules", "enzymes"],
        6.5,
        0.76,
        "probable",
    ),
    (
        "child, sign, weak, enzyme",
        NO_BX,
        "under_18",
        ["gottron_sign", ARM, LEG, "enzymes"],
        6.1,
        0.68,
        "probable",
    ),
    ("child, weak, no rash", NO_BX, "under_18", [ARM, LEG, NECK, "enzymes"], 4.7, 0.35, "below"),
    ("45 y, Jo-1, CK", NO_BX, "40_plus", ["jo_1", "enzymes"], 7.3, 0.88, "probable"),
    ("30 y, Jo-1, CK", NO_BX, "18_to_39", ["jo_1", "enzymes"], 6.5, 0.76, "probable"),
    ("45 y, Jo-1, CK, arms", NO_BX, "40_plus", ["jo_1", "enzymes", ARM], 8.0, 0.94, "definite"),
    ("45 y, PL-7, CK, no weakness", NO_BX, "40_plus", ["enzymes"], 3.4, 0.13, "below"),
    ("55 y, HMGCR", NO_BX, "40_plus", [ARM, LEG, FAR, "enzymes"], 5.8, 0.62, "probable"),
    ("same, neck", NO_BX, "40_plus", [ARM, LEG, FAR, NECK, "enzymes"], 7.7, 0.91, "definite"),
    ("same, biopsy of necrosis only", BX, "40_plus", [ARM, LEG, FAR, "enzymes"], 6.0, 0.38, "below"),
    ("same, neck and such a biopsy", BX, "40_plus", [ARM, LEG, FAR, NECK, "enzymes"], 7.6, 0.75, "probable"),
    (
        "45 y, skin and biopsy",
        BX,
        "40_plus",
        ["heliotrope", "gottron_papules", "perifascicular_atrophy", "perimysial"],
        11.2,
        0.99,
        "definite",
    ),
]


@pytest.mark.parametrize(
    ("name", "column", "band", "there", "points", "chance", "wanted"), WORKED, ids=[w[0] for w in WORKED]
)
def test_worked_case(name, column, band, there, points, chance, wanted):
    found = interval(SCORE, column, answers(band, *there))

    assert (found.low, found.high) == (points, points)
    assert round(found.probability_low, 2) == pytest.approx(chance, abs=0.011)
    assert found.label_low == wanted


@pytest.mark.parametrize(
    ("column", "points", "chance"),
    [
        (NO_BX, 7.5, 0.90),
        (NO_BX, 5.5, 0.55),
        (NO_BX, 5.3, 0.50),
        (BX, 8.7, 0.90),
        (BX, 6.7, 0.55),
        (BX, 6.5, 0.50),
    ],
)
def test_the_formula_reproduces_the_published_cut_points(column, points, chance):
    assert probability(SCORE, column, points) == pytest.approx(chance, abs=0.01)


@pytest.mark.parametrize(
    ("column", "tenths", "wanted"),
    [
        (NO_BX, 75, "definite"),
        (NO_BX, 74, "probable"),
        (NO_BX, 55, "probable"),
        (NO_BX, 54, "possible"),
        (NO_BX, 53, "possible"),
        (NO_BX, 52, "below"),
        (BX, 87, "definite"),
        (BX, 86, "probable"),
        (BX, 67, "probable"),
        (BX, 66, "possible"),
        (BX, 65, "possible"),
        (BX, 64, "below"),
    ],
)
def test_labels_go_by_the_score(column, tenths, wanted):
    assert label(SCORE, column, tenths) == wanted


STATES = st.fixed_dictionaries(
    {name: st.sampled_from(["present", "absent", "undocumented"]) for name in ITEMS}
)
SOME_BANDS = st.sets(st.sampled_from(BANDS), min_size=1).map(frozenset)
COLUMNS = st.sampled_from([NO_BX, BX])


@given(COLUMNS, SOME_BANDS, STATES, st.sampled_from(ITEMS))
def test_documenting_an_item_as_present_never_lowers_the_score(column, bands, states, name):
    before = interval(SCORE, column, Answers(bands, {**states, name: "absent"}))
    unknown = interval(SCORE, column, Answers(bands, {**states, name: "undocumented"}))
    after = interval(SCORE, column, Answers(bands, {**states, name: "present"}))

    assert before.low <= unknown.low <= after.low
    assert before.high <= unknown.high <= after.high


@given(COLUMNS, SOME_BANDS, STATES, st.data())
def test_the_interval_holds_the_score_of_every_completion(column, bands, states, data):
    complete = {
        name: data.draw(st.sampled_from(["present", "absent"])) if state == "undocumented" else state
        for name, state in states.items()
    }
    band = data.draw(st.sampled_from(sorted(bands)))

    whole = interval(SCORE, column, Answers(bands, states))
    one = interval(SCORE, column, Answers(frozenset([band]), complete))

    assert one.low == one.high
    assert whole.low <= one.low <= whole.high
    assert set(subgroups(SCORE, Answers(frozenset([band]), complete))) <= set(
        subgroups(SCORE, Answers(bands, states))
    )


@given(COLUMNS, SOME_BANDS, STATES)
def test_the_open_items_are_the_width_of_the_interval(column, bands, states):
    found = interval(SCORE, column, Answers(bands, states))
    opened = open_items(SCORE, column, Answers(bands, states))

    assert round(sum(item.points for item in opened), 1) == round(found.high - found.low, 1)
    assert [item.points for item in opened] == sorted((item.points for item in opened), reverse=True)


@given(COLUMNS, STATES)
def test_a_verdict_holds_for_every_completion(column, states):
    found = interval(SCORE, column, Answers(frozenset(["40_plus"]), states))
    least = interval(SCORE, column, answers("40_plus", *(n for n, s in states.items() if s == "present")))

    if found.verdict == "classifies":
        assert least.label_low in ("definite", "probable")
    if found.verdict == "cannot_classify":
        assert found.label_high == "below"


def test_an_undocumented_item_that_reaches_the_next_label_is_marked():
    given_ = answers("40_plus", ARM, LEG, "enzymes", open_=(NECK, "dysphagia"))

    found = interval(SCORE, NO_BX, given_)

    assert (found.low, found.high, found.verdict) == (4.9, 7.5, "undecided")
    assert [(item.item_id, item.points, item.changes_label) for item in open_items(SCORE, NO_BX, given_)] == [
        (NECK, 1.9, True),
        ("dysphagia", 0.7, True),
    ]


def test_an_age_that_may_fall_into_two_bands_is_open():
    given_ = Answers(frozenset(["18_to_39", "40_plus"]), dict.fromkeys(ITEMS, "absent"))

    found = interval(SCORE, NO_BX, given_)

    assert (found.low, found.high) == (1.3, 2.1)
    assert [item.item_id for item in open_items(SCORE, NO_BX, given_)] == ["onset"]


@pytest.mark.parametrize(
    ("low", "high", "bands"),
    [
        (0, 17, {"under_18"}),
        (17, 18, {"under_18", "18_to_39"}),
        (18, 39, {"18_to_39"}),
        (40, 40, {"40_plus"}),
        (39, 99, {"18_to_39", "40_plus"}),
        (0, 130, {"under_18", "18_to_39", "40_plus"}),
    ],
)
def test_bands_of_an_age_range(low, high, bands):
    assert SCORE.onset.possible(low, high) == bands


JDM, JM = "juvenile dermatomyositis", "juvenile myositis other than dermatomyositis"
DM, ADM = "dermatomyositis", "amyopathic dermatomyositis"
IBM, PM = "inclusion body myositis", "polymyositis (necrotizing myopathy included)"


@pytest.mark.parametrize(
    ("band", "there", "open_", "wanted"),
    [
        ("under_18", ["gottron_sign"], (), (JDM,)),
        ("under_18", [ARM], (), (JM,)),
        ("under_18", [], ("heliotrope",), (JM, JDM)),
        ("40_plus", ["heliotrope", ARM], (), (DM,)),
        ("40_plus", ["heliotrope"], (), (ADM,)),
        ("40_plus", ["heliotrope"], (NECK,), (ADM, DM)),
        ("40_plus", [ARM, LEG], (), (PM,)),
        ("40_plus", ["rimmed_vacuoles"], (), (IBM,)),
        ("40_plus", ["finger_flexors"], (), (PM,)),
        ("40_plus", ["finger_flexors", "treatment_response"], (), (IBM,)),
        ("18_to_39", [], ("rimmed_vacuoles",), (PM, IBM)),
    ],
)
def test_subgroups(band, there, open_, wanted):
    assert subgroups(SCORE, answers(band, *there, open_=open_)) == wanted
