"""The report is one safe, self-contained page, and its numbers are those of the run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from support.fake_pipeline import FakePipeline

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.screening import words
from chartsift.nlp.screening.run import RunConfig, run_screening

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


class Page(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


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
