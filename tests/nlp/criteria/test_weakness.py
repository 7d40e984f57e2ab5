"""Weakness from findings made by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.predicates.weakness import WeaknessPresent, weakness_present
from chartsift.nlp.types import Finding, NoteInfo, Patient

SCREENED = date(2024, 6, 10)


def _finding(
    kind: str,
    concept: str,
    *,
    days: int = 5,
    note: str = "n1",
    assertion: str = "present",
    value: float | None = None,
    start: int = 0,
    **attributes: str,
) -> Finding:
    day = SCREENED - timedelta(days=days)
    return Finding(
        "p",
        note,
        start,
        start + 1,
        "x",
        kind,
        concept,
        assertion,
        day,
        value=value,
        attributes=tuple(sorted(attributes.items())),  # type: ignore[arg-type]
    )


def _mmt(value: float, scale: int = 150, **more: object) -> Finding:
    return _finding("strength", "MMT", value=value, scale=str(scale), group="whole", source="exam", **more)  # type: ignore[arg-type]


def _mrc(value: float, group: str = "proximal", **more: object) -> Finding:
    return _finding("strength", "MRC", value=value, scale="5", group=group, source="exam", **more)  # type: ignore[arg-type]


def _chair(assertion: str = "present", **more: object) -> Finding:
    attributes = {"weight": "clear", "source": "reported", **more}
    return _finding("function", "rising", assertion=assertion, **attributes)  # type: ignore[arg-type]


def _decide(*findings: Finding, **parameters: object) -> Outcome:
    notes = [
        NoteInfo(n, SCREENED - timedelta(days=d), "", 10)
        for n, d in {f.note_id: (SCREENED - f.date).days for f in findings}.items()
    ]
    chart = Chart.build(Patient("p"), notes, findings, SCREENED)
    return weakness_present(chart, WeaknessPresent.model_validate(parameters))


@pytest.mark.parametrize(
    ("findings", "value", "basis"),
    [
        ([_mmt(142)], True, "documented"),
        ([_mmt(143)], None, "insufficient"),
        ([_mmt(149)], None, "insufficient"),
        ([_mmt(150)], False, "documented"),
        ([_mmt(75, 80)], True, "documented"),
        ([_mmt(78, 80)], None, "insufficient"),
        ([_mmt(80, 80)], False, "documented"),
        ([_mrc(4.67)], True, "documented"),
        ([_mrc(4, "axial")], True, "documented"),
        ([_mrc(4, "distal"), _mrc(5)], False, "documented"),
        ([_mrc(4, limited="pain")], None, "insufficient"),
        ([_mmt(146), _chair()], True, "documented"),
        ([_chair()], True, "documented"),
        ([_chair("absent")], False, "documented"),
        ([_mmt(150), _chair()], None, "conflicting"),
        ([_mmt(150, days=30), _chair(days=2, note="n2")], True, "documented"),
        ([_chair(days=30), _mmt(150, days=2, note="n2")], False, "documented"),
        ([_mmt(120, days=60), _mmt(150, days=2, note="n2")], False, "documented"),
        ([_mmt(150, days=60), _mmt(120, days=2, note="n2")], True, "documented"),
        ([_mmt(120, days=120)], None, "insufficient"),
        ([_mmt(120, copied="yes"), _mmt(150)], False, "documented"),
        ([_mmt(120), _mrc(5, "whole", note="n2")], None, "conflicting"),
        ([_finding("function", "fatigue", weight="none")], None, "insufficient"),
        ([_finding("function", "swallowing", weight="hint")], None, "insufficient"),
        ([_chair("family")], None, "no_mention"),
        ([], None, "no_mention"),
    ],
)
def test_verdict(findings: list[Finding], value: bool | None, basis: str) -> None:
    outcome = _decide(*findings)

    assert (outcome.value, outcome.basis) == (value, basis)


def test_a_template_does_not_deny_what_was_examined() -> None:
    template = _finding(
        "strength", "weakness", assertion="absent", weight="clear", source="ros", templated="yes"
    )

    outcome = _decide(_mmt(118), template)

    assert outcome.value is True
    assert [e.reason for e in outcome.evidence if e.finding is template] == ["filled in by a template"]


def test_both_sides_are_shown() -> None:
    outcome = _decide(
        _mmt(118),
        _chair(),
        _finding("strength", "weakness", assertion="absent", weight="clear", source="reported"),
    )

    assert {e.stance for e in outcome.evidence} == {"for", "against"}


def test_another_trial_sets_its_own_bar() -> None:
    assert _decide(_mmt(138), weak_share=136 / 150).value is None


@pytest.mark.parametrize(
    ("note_type", "days_between", "value"),
    [
        ("Cardiology clinic note", 10, True),
        ("Apheresis intake", 45, True),
        ("Cardiology clinic note", 60, False),
        ("Rheumatology / ILD joint clinic", 10, False),
        ("", 10, False),
    ],
)
def test_a_look_in_passing_does_not_undo_a_graded_examination(
    note_type: str, days_between: int, value: bool
) -> None:
    graded, passing = _mmt(118, days=days_between + 1), _mrc(5, "whole", days=1, note="n2")
    notes = [NoteInfo("n1", graded.date, "Rheumatology", 10), NoteInfo("n2", passing.date, note_type, 10)]
    chart = Chart.build(Patient("p"), notes, [graded, passing], SCREENED)

    assert weakness_present(chart, WeaknessPresent()).value is value


@pytest.mark.parametrize(
    ("undated", "todays", "value"),
    [
        ({"place": "leg_proximal"}, {"place": "leg_proximal"}, False),
        ({"place": "leg_proximal"}, {"place": "arm_proximal"}, True),
        ({"place": "leg_proximal"}, {"place": "leg_proximal", "note": "n2"}, True),
        ({"place": "leg_proximal"}, {"place": "all", "group": "whole"}, False),
        ({"place": "leg_proximal", "start": 90}, {"place": "all", "group": "whole"}, True),
    ],
)
def test_a_grade_that_is_called_todays_outranks_one_of_the_same_muscles_in_the_same_note(
    undated: dict[str, object], todays: dict[str, object], value: bool
) -> None:
    weak = _mrc(3, **{"start": 10, **undated})  # type: ignore[arg-type]
    full = _mrc(5, **{"start": 50, "moment": "today", **todays})  # type: ignore[arg-type]

    outcome = _decide(weak, full)

    assert outcome.value is value
    if not value:
        assert [e.reason for e in outcome.evidence if e.finding == weak] == [
            "the note's words for today outrank it"
        ]
