"""Pictures: what they say, where their points lead, and what stands on them."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree

from chartsift.api.chart.timeline import lanes_of, trends_of, windows_of
from chartsift.api.charts import Event, Lane, Value, Window, interval, share, timeline, trend
from chartsift.nlp.criteria.load import load_trial
from chartsift.nlp.types import Finding

AS_OF = date(2024, 6, 1)


def finding(kind, concept, day, assertion="present", **more):
    more.setdefault("value", None)
    return Finding("P1", "N1", 0, 4, "text", kind, concept, assertion, date.fromisoformat(day), **more)


def link(note_id, start, end):
    return f"/{note_id}/{start}-{end}"


def places(picture, class_):
    root = ElementTree.fromstring(str(picture))  # noqa: S314 - of our own making
    return [element for element in root.iter() if class_ in element.get("class", "").split()]


def test_a_lane_holds_what_happened_and_nothing_planned_denied_or_of_others():
    findings = [
        finding("treatment", "IVIG", "2023-01-01"),
        finding("treatment", "IVIG", "2024-01-01", "historical"),
        finding("treatment", "rituximab", "2024-01-01", "hypothetical"),
        finding("antibody", "Jo-1", "2023-02-01", "absent"),
        finding("infection", "covid", "2023-05-01", "family"),
        finding("car_t", "CAR-T", "2023-06-01"),
    ]

    lanes = lanes_of(findings, [("Clinic", date(2023, 1, 1), "/n")], link)

    assert [(lane.label, len(lane.events), lane.is_bar) for lane in lanes] == [
        ("IVIG", 2, True),
        ("Cell therapy", 1, False),
        ("Notes", 1, False),
    ]


def test_one_value_of_a_day_is_one_point_and_keeps_its_range():
    findings = [
        finding("lab", "CK", "2024-05-01", value=642.0, unit="U/L"),
        finding("lab", "CK", "2024-05-01", value=642.0, unit="U/L", ref_low=26.0, ref_high=192.0, flag="H"),
        finding("lab", "CK", "2024-01-01", value=1184.0, unit="U/L"),
        finding("lab", "CK", "2024-02-01", value=3.0, unit="xULN"),
        finding("lab", "Hgb", "2024-02-01", value=12.0),
    ]

    ((name, unit, values),) = trends_of(findings, link)

    assert (name, unit) == ("CK", "U/L")
    assert [(value.day.isoformat(), value.number, value.high, value.is_flagged) for value in values] == [
        ("2024-01-01", 1184.0, None, False),
        ("2024-05-01", 642.0, 192.0, True),
    ]
    assert values[1].words == "2024-05-01: CK 642 U/L, high (26–192)"


def test_windows_are_those_of_the_trial():
    trial = load_trial("reset-myositis")
    (adult,) = [cohort for cohort in trial.cohorts if cohort.cohort_id == "adult"]

    windows = {window.days: window.words for window in windows_of(trial.criteria_of(adult))}

    assert "Active disease (enzyme)" in windows[90]
    assert "Lung/heart (pft)" in windows[183]


def test_the_timeline_puts_days_in_order_and_every_mark_leads_somewhere():
    days = [date(2020, 1, 1), date(2022, 1, 1), date(2024, 1, 1)]
    lane = Lane("A <lane>", tuple(Event(day, f"{day} & more", f"/{day}") for day in days), is_bar=True)

    picture = timeline([lane], [Window(90, "CK"), Window(365, "echo")], AS_OF)

    marks = places(picture, "event")
    xs = [float(mark.get("cx")) for mark in marks]
    assert xs == sorted(xs)
    assert abs((xs[1] - xs[0]) / (xs[2] - xs[1]) - 731 / 730) < 0.01
    assert re.findall(r'href="/(\S+?)"', str(picture)) == [str(day) for day in days]
    assert len(places(picture, "window")) == 2
    assert "A &lt;lane&gt;" in picture
    assert "style=" not in picture


def test_a_higher_value_stands_higher_and_a_flag_has_its_own_shape():
    values = [
        Value(date(2024, 1, 1), 100.0, "low", "/a", 26.0, 192.0),
        Value(date(2024, 3, 1), 642.0, "high", "/b", 26.0, 192.0, is_flagged=True),
    ]

    picture = trend("CK", "U/L", values, AS_OF, span=(date(2023, 12, 1), AS_OF))

    circle, triangle = places(picture, "point")
    assert (circle.tag.rpartition("}")[2], triangle.tag.rpartition("}")[2]) == ("circle", "path")
    assert float(triangle.get("d").split()[1].partition("L")[0]) < float(circle.get("cy"))
    assert "CK: 2 values from 2024-01-01 to 2024-03-01, 1 flagged" in picture
    assert len(places(picture, "band")) == 1


def test_values_that_differ_much_get_a_log_scale_and_it_says_so():
    values = [Value(date(2024, 1, 1), 30.0, "", "/a"), Value(date(2024, 3, 1), 30_000.0, "", "/b")]

    assert "log scale" in trend("CK", "U/L", values, AS_OF, span=(date(2023, 12, 1), AS_OF))


def test_small_pictures_say_their_numbers():
    assert "0.50, 95 % interval 0.10 to 0.90" in interval(0.1, 0.5, 0.9)
    assert "3 of 4" in share(3, 4)
    assert "0 of 0" in share(0, 0)
