"""The report is one safe, self-contained page, and its numbers are those of the run."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from support.fake_pipeline import FakePipeline
from support.finished_run import note, run_of_notes

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.screening import report, words
from chartsift.nlp.screening.report import _funnel, pace_words
from chartsift.nlp.screening.run import RunConfig, run_screening

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


class Page(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag == "style":
            self.tags.append(("/style", {}))

    def handle_data(self, data):
        self.text += data
        if self.tags and self.tags[-1][0] == "style":
            self.style += data


class QuotesAll(FakePipeline):
    """Finds CAR T, with the whole note as the words."""

    def extract(self, note):
        from dataclasses import replace

        return [replace(f, start=0, end=len(note.text), text=note.text) for f in super().extract(note)]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Page:
    folder = tmp_path_factory.mktemp("report")
    notes = [
        {
            "patient_id": f"P{i}{HOSTILE}",
            "note_id": HOSTILE,
            "note_date": "2024-05-01",
            "text": f"{HOSTILE} lung transplant",
        }
        for i in range(3)
    ]
    notes += [
        {
            "patient_id": f"Q{i}",
            "note_id": HOSTILE,
            "note_date": "2024-05-01",
            "text": f"{HOSTILE} dermatomyositis",
        }
        for i in range(2)
    ]
    notes += [{"patient_id": "Q9", "note_id": HOSTILE, "note_date": "never", "text": HOSTILE}]
    (folder / "notes.jsonl").write_text("".join(json.dumps(note) + "\n" for note in notes))
    results = run_screening(
        RunConfig((folder / "notes.jsonl",), folder / "out"),
        trial=load_trial("reset-myositis"),
        make_pipeline=QuotesAll,
    )
    return Page((results.out / "report.html").read_text(encoding="utf-8"))


def test_everything_is_escaped(page):
    names = {tag for tag, _ in page.tags}

    assert names.isdisjoint({"script", "img", "iframe", "object", "link"})
    assert HOSTILE in page.text


def test_nothing_is_loaded_from_elsewhere(page):
    for _, attributes in page.tags:
        for name in ("src", "href", "action", "data"):
            assert (attributes.get(name) or "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\(|@import", page.text)


def test_the_policy_lets_this_one_style_through_and_nothing_else(page):
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv"))
    digest = b64encode(hashlib.sha256(page.style.encode("utf-8")).digest()).decode("ascii")

    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert [tag for tag, attributes in page.tags if "style" in attributes] == []


def test_every_table_names_its_heads_and_every_scrolling_region_takes_the_keyboard(page):
    heads = [attributes for tag, attributes in page.tags if tag == "th"]
    regions = [attributes for tag, attributes in page.tags if attributes.get("class") == "scroll"]

    assert all(attributes.get("scope") in {"col", "row"} for attributes in heads)
    assert len([tag for tag, _ in page.tags if tag == "table"]) == len(regions) > 5
    assert all(
        region["tabindex"] == "0" and region["role"] == "region" and region["aria-label"]
        for region in regions
    )


def test_landmarks_and_headings_are_in_order(page):
    names = [tag for tag, _ in page.tags]

    assert [names.count(tag) for tag in ("header", "nav", "main", "footer", "h1")] == [1, 1, 1, 1, 1]
    levels = [int(tag[1]) for tag in names if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_funnel_drops_what_each_criterion_rules_out():
    criteria = [
        {"criterion_id": n, "kind": "inclusion", "label": n.upper(), "summary": ""}
        for n in ("a", "b", "j", "c")
    ]
    cohort = {"cohort_id": "x", "label": "X", "criteria": criteria}
    funnel = {
        "x/a/possible": 900_000, "x/a/clear": 1, "x/b/possible": 900_000, "x/b/clear": 0, "x/c/possible": 0, "x/c/clear": 0,
    }  # fmt: skip

    steps = _funnel({"funnel": funnel}, cohort, 1_000_000)

    assert [(step.label, step.possible, step.dropped, step.clear) for step in steps] == [
        ("A", 900_000, 100_000, 1),
        ("B", 900_000, 0, 0),
        ("C", 0, 900_000, 0),
    ]
    # One patient of a million is to be seen, and none is not.
    assert [step.clear_width for step in steps] == [2.0, 0.0, 0.0]
    assert steps[0].possible_width == 0.9 * report._BAR_WIDTH


@pytest.mark.parametrize(
    ("starts", "seconds", "notes", "expected"),
    [
        (
            1,
            {"reading": 0.04, "screening": 2.0},
            3000,
            "read in 0.0 s, screened in 2.0 s, 1,500 notes a second",
        ),
        (1, {"screening": 2.0}, 3000, "screened in 2.0 s, 1,500 notes a second"),
        (2, {"reading": 1.0, "screening": 2.0}, 3000, ""),
        (1, {"reading": 1.0, "screening": 0.0}, 3000, ""),
        (1, {}, 0, ""),
    ],
)
def test_pace_is_told_only_of_a_run_in_one_go(starts, seconds, notes, expected):
    times = {"starts": starts, "seconds_of_last_start": seconds}

    assert pace_words({"times": times, "counts": {"notes_evaluated": notes}}) == expected


def test_a_long_run_is_shown_by_its_head(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "MAX_CANDIDATES", 3)
    monkeypatch.setattr(report, "MAX_TABLE_PATIENTS", 5)
    monkeypatch.setattr(report, "MAX_ERRORS", 2)
    rows = [note(f"P{i:02d}", "n", "dermatomyositis") for i in range(9)]
    rows += [{**note(f"X{i}", "n", "text"), "note_date": "never"} for i in range(4)]
    results = run_of_notes(tmp_path, rows)

    text = " ".join(Page((results.out / "report.html").read_text(encoding="utf-8")).text.split())

    assert "The 3 nearest to eligible of 9 patients whom nothing rules out." in text
    assert "The 5 patients nearest to eligible, of 9" in text
    assert "The first 2 of 4, with the remedy" in text
    assert "P05" not in text


def test_a_score_stands_beside_the_criterion_that_it_supports(page):
    text = " ".join(page.text.split())

    assert text.count("2017 EULAR/ACR classification criteria") == 2
    assert "without biopsy 0 to 20.8 points" in text
    assert "Neck flexors weaker than extensors? not documented0–1.9" in text


def test_numbers_are_those_of_the_run(page):
    text = " ".join(page.text.split())

    assert "5 patients screened" in text
    assert "2 undetermined" in text
    assert "3 ineligible" in text
    assert "6 = 5 notes + 1 not readable" in text


def test_unreadable_inputs_are_named_with_the_remedy(page):
    assert "IN107" in page.text
    assert "give YYYY-MM-DD" in page.text


def test_all_local_links_have_a_target(page):
    targets = {f"#{attributes['id']}" for _, attributes in page.tags if "id" in attributes}

    assert {attributes["href"] for tag, attributes in page.tags if tag == "a"} <= targets


def criterion(kind: str, status: str, basis: str) -> dict[str, str]:
    return {"kind": kind, "status": status, "basis": basis}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (criterion("inclusion", "met", "documented"), words.FITS),
        (criterion("inclusion", "not_met", "documented"), words.RULES_OUT),
        (criterion("inclusion", "unknown", "no_mention"), words.UNKNOWN),
        (criterion("exclusion", "met", "documented"), words.RULES_OUT),
        (criterion("exclusion", "not_met", "documented"), words.FITS),
        (criterion("exclusion", "not_met", "no_mention"), words.PRESUMED),
        (criterion("exclusion", "unknown", "conflicting"), words.UNKNOWN),
        (criterion("exclusion", "unknown", "judgement"), words.JUDGEMENT),
    ],
)
def test_sign_says_how_a_verdict_bears_on_the_patient(row, expected):
    assert words.verdict(row) is expected
    assert words.verdict_words(row)


def test_terminal_escapes_do_not_reach_a_line():
    assert words.one_line("a\x1b[31m\r\n\tb\u202ec\U0001f9ec") == "a\ufffd[31m b\ufffdc\U0001f9ec"
    assert words.one_line("x" * 50, most=10) == "x" * 9 + "…"
