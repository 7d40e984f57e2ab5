"""Charts go through brat and Label Studio and come back as they were, characters beyond the BMP and CRLF included."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from support.annotated import annotated_chart

from chartsift.annotations.brat import from_brat, read_brat, to_brat, write_brat
from chartsift.annotations.charts import load_charts, parse_chart, sample_charts
from chartsift.annotations.exchange import chart_to_json, from_utf16, to_utf16
from chartsift.annotations.label_studio import (
    from_label_studio,
    labelling_config,
    read_tasks,
    to_label_studio,
)
from chartsift.nlp.errors import InputError


@pytest.fixture(scope="module")
def charts(checkout):
    """Every annotated chart of the checkout."""
    return [*sample_charts(), *load_charts(checkout / "annotations" / "development")]


@pytest.fixture
def chart():
    """A chart with characters beyond the BMP before its mentions, and CRLF."""
    return parse_chart(annotated_chart())


def _same(one, other):
    return (one.patient, one.gold, [(n.note_id, n.note_date, n.note_type, n.text) for n in one.notes]) == (
        other.patient,
        other.gold,
        [(n.note_id, n.note_date, n.note_type, n.text) for n in other.notes],
    )


def test_every_chart_is_written_as_it_was_read(charts):
    assert all(_same(parse_chart(chart_to_json(chart)), chart) for chart in charts)


def test_every_chart_comes_back_from_brat(charts):
    for chart in charts:
        assert from_brat(to_brat(chart)) == chart_to_json(chart), chart.source


@pytest.mark.parametrize("unit", ["code-points", "utf-16"])
def test_every_chart_comes_back_from_label_studio(charts, unit):
    tasks = json.loads(json.dumps(to_label_studio(charts, unit=unit)))

    assert from_label_studio(tasks) == [chart_to_json(chart) for chart in charts]


def test_brat_files_hold_bytes_and_offsets_in_code_points(chart, tmp_path):
    write_brat(chart, tmp_path)

    assert (tmp_path / "001.txt").read_bytes() == chart.notes[0].text.encode("utf-8")
    lines = (tmp_path / "001.ann").read_text(encoding="utf-8").splitlines()
    start = chart.notes[0].text.index("dermatomyositis")
    assert f"T1\tdiagnosis {start} {start + 15}\tdermatomyositis" in lines
    assert _same(parse_chart(read_brat(tmp_path)), chart)


def test_a_span_over_a_line_end_is_written_in_fragments():
    data = annotated_chart()
    quote = "clinic\r\nImp: dermatomyositis"
    data["gold"]["criteria"]["iim_diagnosis"]["evidence"] = [{"note_id": "n1", "quote": quote}]
    chart = parse_chart(data)

    files = to_brat(chart)

    start = chart.notes[0].text.index(quote)
    assert (
        f"evidence {start} {start + 6};{start + 8} {start + len(quote)}\tclinic Imp: derm" in files["001.ann"]
    )
    assert from_brat(files) == chart_to_json(chart)


def test_a_span_that_ends_with_a_line_end_is_refused():
    data = annotated_chart()
    data["gold"]["criteria"]["iim_diagnosis"]["evidence"] = [{"note_id": "n1", "quote": "clinic\r\n"}]

    with pytest.raises(InputError) as caught:
        to_brat(parse_chart(data))

    assert caught.value.code == "IN168"


def test_what_an_annotator_adds_and_changes_in_brat_arrives(chart):
    files = to_brat(chart)
    start = chart.notes[0].text.index("prednisone")
    files["001.ann"] += (
        f"T9\tdiagnosis {start} {start + 10}\tprednisone\nA90\tConcept T9 IIM\nA91\tAssertion T9 absent\n"
    )
    files["001.ann"] = files["001.ann"].replace("Assertion T2 present", "Assertion T2 possible")

    back = parse_chart(from_brat(files))

    assert ("prednisone", "absent") in [(f.span.text, f.assertion) for f in back.gold.findings]
    assert ("Mi-2 alpha", "possible") in [(f.span.text, f.assertion) for f in back.gold.findings]
    assert len(back.gold.findings) == len(chart.gold.findings) + 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("001.ann", "T1\tdiagnosis 3 9\tno such words\n"),
        ("001.ann", "T1\tdiagnosis 5 900\tRheum\n"),
        ("chart.json", "{}"),
        ("chart.json", "not JSON"),
        ("001.ann", "T1\tdiagnosis 2 7\tRheum\n"),  # without its attributes
    ],
)
def test_a_broken_brat_folder_is_a_coded_error(chart, name, content):
    with pytest.raises(InputError) as caught:
        from_brat(to_brat(chart) | {name: content}, source="folder")

    assert caught.value.code == "IN168"
    assert "no such words" not in str(caught.value)


def test_utf16_offsets_count_as_a_browser_does(chart):
    (task, _) = to_label_studio([chart], unit="utf-16")
    text, value = chart.notes[0].text, task["annotations"][0]["result"][0]["value"]

    units = text.encode("utf-16-le")
    assert units[2 * value["start"] : 2 * value["end"]].decode("utf-16-le") == "dermatomyositis"
    assert value["start"] == text.index("dermatomyositis") + 2


def test_the_unit_is_told_by_the_words_and_not_by_what_was_exported(chart):
    # A version of Label Studio that counts otherwise than the one the export was made for.
    tasks = to_label_studio([chart], unit="utf-16")
    for task in tasks:
        task["data"]["offsets"] = "code-points"

    assert _same(parse_chart(from_label_studio(tasks)[0]), chart)


def test_regions_that_hold_other_words_are_refused(chart):
    tasks = to_label_studio([chart])
    tasks[0]["annotations"][0]["result"][0]["value"]["text"] = "elsewhere"

    with pytest.raises(InputError) as caught:
        from_label_studio(tasks)

    assert caught.value.code == "IN170"
    assert "elsewhere" not in str(caught.value)


def test_a_cancelled_annotation_is_passed_over(chart):
    tasks = to_label_studio([chart])
    empty = copy.deepcopy(tasks[0]["annotations"][0]) | {"was_cancelled": True, "result": []}
    tasks[0]["annotations"].insert(0, empty)

    assert from_label_studio(tasks) == [chart_to_json(chart)]


@pytest.mark.parametrize("content", ["{", "{}", "[1]", '[{"data": {}}]'])
def test_what_is_no_export_is_a_coded_error(content):
    with pytest.raises(InputError) as caught:
        read_tasks(content)

    assert caught.value.code == "IN169"


def test_the_labelling_interface_is_xml_with_every_label():
    tree = etree.fromstring(labelling_config())

    assert {label.get("value") for label in tree.iter("Label")} >= {"diagnosis", "antibody", "evidence"}
    assert {one.get("name") for one in tree.iter("Choices")} == {"concept", "assertion", "criterion"}


@given(st.text(max_size=30), st.integers(0, 30))
def test_offsets_go_to_utf16_and_back(text, offset):
    offset = min(offset, len(text))

    assert from_utf16(text, to_utf16(text, offset)) == offset
