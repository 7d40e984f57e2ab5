"""What counts as an item being there, not there, or not documented; on findings built by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from support.findings import AS_OF, chart, finding

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.scores import load_score, score_chart
from chartsift.nlp.criteria.scores.items import READINGS
from chartsift.nlp.criteria.scores.onset import onset_age
from chartsift.nlp.types import Finding, NoteInfo, Patient

SCORE = load_score("eular-acr-2017")
EXAM = "exam"


def grade(place: str, value: float, **more: object) -> Finding:
    more.setdefault("source", EXAM)
    return finding("strength", "MRC", value=value, place=place, scale="5", **more)


def lab(name: str, value: float, high: float | None = None, **more: object) -> Finding:
    return replace(finding("lab", name, value=value, unit="U/L", **more), ref_high=high)


MMT = finding("strength", "MMT", value=98, scale="150", group="whole", source=EXAM)
FULL_MMT = finding("strength", "MMT", value=150, scale="150", group="whole", source=EXAM)
NORMAL = finding("strength", "full_strength", group="whole", source=EXAM)
WEAK_TOLD = finding("strength", "weakness", source="reported", weight="clear")
CLEAR_SKIN = finding("skin", "any", assertion="absent", source=EXAM)
DM, ASYS = finding("diagnosis", "DM"), finding("diagnosis", "ASyS")
JO_1 = finding("antibody", "Jo-1", **{"class": "MSA", "result": "positive"})
WEAK_JO_1 = finding("antibody", "Jo-1", **{"class": "MSA", "result": "weak"})
ENDO = "endomysial_infiltrate"
P, A, U = "present", "absent", "undocumented"

CASES: list[tuple[str, str, list[Finding], str]] = [
    ("a weak deltoid", "proximal_arms", [grade("arm_proximal", 4)], P),
    (
        "weak once, full later",
        "proximal_arms",
        [grade("arm_proximal", 4, days=90), grade("arm_proximal", 5)],
        P,
    ),
    ("was weak at diagnosis", "proximal_arms", [grade("arm_proximal", 4, assertion="historical")], P),
    ("graded and full", "proximal_arms", [grade("arm_proximal", 5), WEAK_TOLD], A),
    ("everything full", "proximal_arms", [NORMAL], A),
    ("everything full, but weakness told", "proximal_arms", [NORMAL, WEAK_TOLD], U),
    ("a sum only", "proximal_arms", [MMT], U),
    ("a full sum", "proximal_arms", [FULL_MMT], A),
    ("limited by pain", "proximal_arms", [grade("arm_proximal", 4, limited="pain")], U),
    ("of a stroke", "proximal_arms", [grade("arm_proximal", 3, cause="stroke")], U),
    ("a relative's", "proximal_arms", [grade("arm_proximal", 3, assertion="family")], U),
    ("told only", "proximal_legs", [finding("function", "stairs", weight="clear")], U),
    ("limb not named", "proximal_legs", [grade("proximal", 4)], U),
    ("weak throughout", "proximal_legs", [grade("all", 4)], P),
    ("Gowers", "proximal_legs", [finding("strength", "Gowers", source=EXAM)], P),
    (
        "weak legs on examination, in words",
        "proximal_legs",
        [finding("strength", "weakness", source=EXAM, place="leg_proximal")],
        P,
    ),
    ("flexors alone", "neck_flexors", [grade("neck_flexors", 4)], U),
    ("flexors below extensors", "neck_flexors", [grade("neck_flexors", 3), grade("neck_extensors", 5)], P),
    (
        "extensors of another day",
        "neck_flexors",
        [grade("neck_flexors", 3), grade("neck_extensors", 5, days=90)],
        U,
    ),
    ("the same grade", "neck_flexors", [grade("neck_flexors", 4), grade("neck_extensors", 4)], A),
    ("full flexors", "neck_flexors", [grade("neck_flexors", 5), WEAK_TOLD], A),
    ("in words", "neck_flexors", [finding("gradient", "neck_flexors_weaker")], P),
    ("denied in words", "neck_flexors", [finding("gradient", "neck_flexors_weaker", assertion="absent")], A),
    ("nothing", "neck_flexors", [], U),
    ("hips below ankles", "legs_proximal", [grade("leg_proximal", 3), grade("leg_distal", 5)], P),
    ("hips below distal", "legs_proximal", [grade("leg_proximal", 3), grade("distal", 5)], P),
    ("ankles as weak", "legs_proximal", [grade("leg_proximal", 3), grade("leg_distal", 3)], A),
    ("ankles not graded", "legs_proximal", [grade("leg_proximal", 3)], U),
    ("in words, of the arms", "legs_proximal", [finding("gradient", "proximal_weaker", place="arm")], U),
    ("in words", "legs_proximal", [finding("gradient", "proximal_weaker")], P),
    ("normal strength", "legs_proximal", [NORMAL], A),
    ("finger flexors", "finger_flexors", [grade("finger_flexors", 3)], P),
    ("finger flexors full", "finger_flexors", [grade("finger_flexors", 5)], A),
    ("heliotrope", "heliotrope", [finding("skin", "heliotrope", source=EXAM)], P),
    ("heliotrope faded", "heliotrope", [finding("skin", "heliotrope", assertion="historical")], P),
    ("heliotrope denied", "heliotrope", [finding("skin", "heliotrope", assertion="absent")], A),
    ("heliotrope suspected", "heliotrope", [finding("skin", "heliotrope", assertion="possible")], U),
    (
        "denied by a template",
        "heliotrope",
        [finding("skin", "heliotrope", assertion="absent", templated="yes")],
        U,
    ),
    ("clear skin, never a rash", "heliotrope", [CLEAR_SKIN], A),
    ("clear skin in a dermatomyositis", "heliotrope", [CLEAR_SKIN, DM], U),
    ("clear skin, V-sign once", "gottron_sign", [CLEAR_SKIN, finding("skin", "V_sign", days=90)], U),
    ("papules", "gottron_papules", [finding("skin", "Gottron", form="papules")], P),
    ("papules are no sign", "gottron_sign", [finding("skin", "Gottron", form="papules")], U),
    ("bare name", "gottron_papules", [finding("skin", "Gottron", form="unnamed")], P),
    ("bare name, sign", "gottron_sign", [finding("skin", "Gottron", form="unnamed")], U),
    (
        "bare name beside the sign",
        "gottron_papules",
        [finding("skin", "Gottron", form="unnamed"), finding("skin", "Gottron", form="sign", days=90)],
        U,
    ),
    ("bare name denied", "gottron_sign", [finding("skin", "Gottron", form="unnamed", assertion="absent")], A),
    ("both", "gottron_sign", [finding("skin", "Gottron", form="both")], P),
    ("palmar papules", "gottron_papules", [finding("skin", "Gottron", form="palmar")], U),
    ("erythema over elbows", "gottron_sign", [finding("skin", "erythema", form="sign")], P),
    ("malar erythema", "gottron_sign", [finding("skin", "erythema")], U),
    ("dysphagia", "dysphagia", [finding("function", "swallowing")], P),
    ("dysphagia denied", "dysphagia", [finding("function", "swallowing", assertion="absent")], A),
    ("hoarse", "dysphagia", [finding("function", "swallowing", sign="voice")], U),
    (
        "no aspiration on the study",
        "dysphagia",
        [finding("function", "swallowing", sign="study", assertion="absent")],
        U,
    ),
    ("dysmotility", "dysphagia", [finding("function", "swallowing", sign="study")], P),
    ("Jo-1", "jo_1", [JO_1], P),
    ("Jo-1, negative later", "jo_1", [replace(JO_1, assertion="absent"), replace(JO_1, note_id="n5")], P),
    ("Jo-1 negative", "jo_1", [finding("antibody", "Jo-1", assertion="absent", result="negative")], A),
    ("Jo-1 pending", "jo_1", [finding("antibody", "Jo-1", assertion="possible", result="unmeasured")], U),
    ("Jo-1 weak in ASyS", "jo_1", [WEAK_JO_1, ASYS], P),
    ("Jo-1 weak in DM", "jo_1", [WEAK_JO_1, DM], U),
    ("other antibody", "jo_1", [finding("antibody", "PL-7", **{"class": "MSA", "result": "positive"})], U),
    (
        "panel negative",
        "jo_1",
        [finding("antibody_panel", "panel", assertion="absent", coverage="MSA")],
        A,
    ),
    ("CK above its range", "enzymes", [lab("CK", 250, 200)], P),
    ("CK high years ago", "enzymes", [lab("CK", 250, 200, days=3000), lab("CK", 90, 200)], P),
    ("CK normal only", "enzymes", [lab("CK", 90, 200)], U),
    (
        "all four normal",
        "enzymes",
        [lab("CK", 90, 200), lab("LDH", 200, 250), lab("AST", 20), lab("ALT", 20)],
        A,
    ),
    ("aldolase is none", "enzymes", [lab("aldolase", 30, 8)], U),
    ("CK in doubt", "enzymes", [lab("CK", 300)], U),
    ("the goal", "enzymes", [lab("CK", 900, 200, assertion="hypothetical")], U),
    (
        "explained by the liver",
        "enzymes",
        [lab("ALT", 90, 40), finding("enzyme_cause", "ALT", cause="hepatitis")],
        U,
    ),
    ("endomysial", "endomysial", [finding("biopsy_feature", ENDO)], U),
    ("endomysial around", "endomysial", [finding("biopsy_feature", ENDO, arrangement="surrounding")], P),
    ("endomysial inside", "endomysial", [finding("biopsy_feature", ENDO, arrangement="invading")], A),
    ("endomysial scant", "endomysial", [finding("biopsy_feature", ENDO, amount="scant")], A),
    ("no inflammation", "perimysial", [finding("biopsy_feature", "infiltrate", assertion="absent")], A),
    ("perivascular", "perimysial", [finding("biopsy_feature", "perimysial_infiltrate")], P),
    ("no vacuoles", "rimmed_vacuoles", [finding("biopsy_feature", "rimmed_vacuoles", assertion="absent")], A),
    ("atrophy", "perifascicular_atrophy", [finding("biopsy_feature", "perifascicular_atrophy")], P),
    ("no response", "treatment_response", [finding("classification", "no_treatment_response")], P),
]


@pytest.mark.parametrize(("name", "item", "findings", "state"), CASES, ids=[f"{c[1]}: {c[0]}" for c in CASES])
def test_state(name: str, item: str, findings: list[Finding], state: str) -> None:
    reading = READINGS[item](chart(*findings))

    assert reading.state == state
    assert reading.reason or reading.evidence
    assert {e.stance for e in reading.evidence} <= {{P: "for", A: "against", U: "set_aside"}[state]}


def test_a_biopsy_with_a_result_chooses_the_column() -> None:
    necrosis = finding("biopsy", "active")
    planned = finding("biopsy", "active", assertion="hypothetical")

    assert score_chart(chart(necrosis), SCORE).column == "with_biopsy"
    assert score_chart(chart(planned), SCORE).column == "without_biopsy"
    assert "biopsy_expected" in score_chart(chart(DM), SCORE).flags
    assert "biopsy_expected" not in score_chart(chart(necrosis), SCORE).flags
    assert "biopsy_expected" not in score_chart(chart(finding("skin", "heliotrope")), SCORE).flags


def onset_chart(*findings: Finding, born: date | None = None) -> Chart:
    notes = {f.note_id: f.date if f.kind != "onset" else AS_OF for f in findings}
    infos = [NoteInfo(note, day, "", 2_000) for note, day in notes.items()] or [NoteInfo("n0", AS_OF, "", 9)]
    return Chart.build(Patient("p", born), infos, findings, AS_OF)


def told(
    concept: str, *, first: str = "", last: str = "", years: float | None = None, **more: str
) -> Finding:
    times = {"from": first, "to": last or first} if first else {}
    made = finding("onset", concept, days=0, value=years, **times, **more)
    return replace(made, date=date.fromisoformat(first)) if first else made


BORN = date(1980, 6, 1)


def age_on(day: str, years: int) -> Finding:
    at = date.fromisoformat(day)
    return replace(finding("age", "age", value=float(years)), date=at, note_id=day)


def known(day: str, concept: str = "DM") -> Finding:
    return replace(finding("diagnosis", concept), date=date.fromisoformat(day), note_id=day)


@pytest.mark.parametrize(
    ("name", "findings", "born", "wanted", "flags"),
    [
        ("stated age", [told("first_symptom", years=6)], BORN, (6, 6), ()),
        (
            "time of the symptom",
            [told("first_symptom", first="2021-02-01", last="2021-02-28")],
            BORN,
            (40, 40),
            (),
        ),
        (
            "over a birthday",
            [told("first_symptom", first="2020-05-01", last="2020-07-31")],
            BORN,
            (39, 40),
            (),
        ),
        (
            "a stated age goes before a time",
            [told("first_symptom", years=38), told("first_symptom", first="2021-02-01")],
            BORN,
            (38, 38),
            (),
        ),
        (
            "a flare after the diagnosis is no first symptom",
            [
                told("first_symptom", first="2024-01-05"),
                told("diagnosed", first="2015-01-01", last="2015-12-31"),
            ],
            BORN,
            (34, 35),
            ("onset_from_diagnosis",),
        ),
        (
            "nor is one after the first note that knows the disease",
            [told("first_symptom", first="2024-01-05"), known("2019-03-01")],
            BORN,
            (0, 38),
            (),
        ),
        ("age at diagnosis", [told("diagnosed", years=9)], BORN, (9, 9), ("onset_from_diagnosis",)),
        (
            "without a birth date",
            [age_on("2024-06-10", 51), told("first_symptom", first="2024-03-01")],
            None,
            (50, 51),
            (),
        ),
        ("a juvenile form", [known("2024-06-10", "JDM")], None, (0, 17), ("onset_from_name",)),
        ("a child", [known("2024-06-10")], date(2010, 1, 1), (0, 14), ()),
        ("adult-onset", [told("adult_form")], None, (18, 130), ()),
        ("nothing", [], None, (0, 130), ()),
    ],
)
def test_onset(name, findings, born, wanted, flags):
    found = onset_age(onset_chart(*findings, born=born))

    assert ((found.low, found.high), found.flags) == (wanted, flags)


def test_the_exact_time_goes_before_a_round_one() -> None:
    round_ = told("first_symptom", first="2021-05-08", last="2022-05-07")
    exact = replace(told("first_symptom", first="2021-09-01", last="2021-11-30"), start=5)

    found = onset_age(onset_chart(round_, exact, born=BORN))

    assert found.evidence[0].finding == exact
