"""NOTE_NLP holds every finding, with offsets that point at exact text and integers that stay the same."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fake_pipeline import FakePipeline
from support.finished_run import note, run_of_files, run_of_notes, run_of_samples

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening.writers import ExportOptions, omop, write_exports
from chartsift.nlp.screening.writers.omop import CROSSWALK, NOTE_NLP, read_term_modifiers

# Of the table NOTE_NLP in the specification of the OMOP Common Data Model 5.4.
SPECIFIED = (
    "note_nlp_id note_id section_concept_id snippet offset lexical_variant note_nlp_concept_id "
    "note_nlp_source_concept_id nlp_system nlp_date nlp_datetime term_exists term_temporal term_modifiers"
).split()
LENGTHS = {
    "snippet": 250,
    "lexical_variant": 250,
    "nlp_system": 250,
    "term_exists": 1,
    "term_temporal": 50,
    "term_modifiers": 2000,
}


def export(results, **options):
    made = write_exports(results, ["omop"], options=ExportOptions(**options))
    folder = made[0].folder
    rows = pq.read_table(folder / "NOTE_NLP.parquet").to_pylist()
    crosswalk = pq.read_table(folder / "note_crosswalk.parquet").to_pylist()
    return folder, rows, crosswalk


class Varied(FakePipeline):
    """Gives each mention of CAR T what its test asks for."""

    def __init__(self, **changes):
        super().__init__()
        self.changes = changes

    def extract(self, note):
        return [replace(finding, **self.changes) for finding in super().extract(note)]


@pytest.fixture(scope="module")
def sample(tmp_path_factory, pipeline):
    results = run_of_samples(tmp_path_factory.mktemp("omop") / "out", pipeline)
    return results, *export(results)


def test_columns_and_lengths_are_those_of_the_specification(sample):
    _, folder, rows, _ = sample

    assert NOTE_NLP.names == SPECIFIED
    assert (folder / "NOTE_NLP.csv").read_text(encoding="utf-8").partition("\n")[0].split(",") == SPECIFIED
    assert {name: n for name, n in LENGTHS.items() if max(len(row[name] or "") for row in rows) > n} == {}
    for name in ("note_nlp_id", "note_id", "lexical_variant", "nlp_date"):
        assert all(row[name] is not None for row in rows)


def shown(value) -> str:
    """A value as a cell: None is empty, a day 2024-05-01, a time 2024-05-01 09:00:00."""
    return "" if value is None else str(value)


def test_csv_and_parquet_hold_the_same(sample):
    _, folder, rows, crosswalk = sample

    for name, expected in (("NOTE_NLP", rows), ("note_crosswalk", crosswalk)):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        assert found == [{key: shown(value) for key, value in row.items()} for row in expected]


def test_every_finding_of_the_samples_is_found_in_its_note(sample, checkout):
    results, _, rows, crosswalk = sample
    texts = {}
    for path in (checkout / "annotations" / "charts").glob("*.json"):
        chart = json.loads(path.read_text(encoding="utf-8"))
        for item in chart["notes"]:
            texts[chart["patient_id"], item["note_id"]] = item["text"]
    note_of = {row["note_id"]: texts[row["patient_id"], row["source_note_id"]] for row in crosswalk}

    assert len(rows) == results.manifest["rows"]["findings"] > 1000
    for row in rows:
        text = note_of[row["note_id"]]
        assert text[row["offset"] : row["offset"] + len(row["lexical_variant"])] == row["lexical_variant"]
        assert row["lexical_variant"] in row["snippet"]
        assert row["snippet"] in text
        assert read_term_modifiers(row["term_modifiers"])["end"] == str(
            row["offset"] + len(row["lexical_variant"])
        )


def test_identifiers_are_unique_and_the_same_in_the_next_run(sample, tmp_path, pipeline):
    _, _, rows, _ = sample
    _, again, _ = export(run_of_samples(tmp_path / "out", pipeline))

    ids = [row["note_nlp_id"] for row in rows]
    assert len(set(ids)) == len(ids)
    assert all(0 < value < 2**63 for value in ids)
    assert [row["note_nlp_id"] for row in again] == ids
    assert [row["note_id"] for row in again] == [row["note_id"] for row in rows]


MENTION = st.sampled_from(["CAR T", "lung transplant", "dermatomyositis", "heliotrope"])
FILLER = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("\r\n\t ,\"';=|\u0085\u2028\u00a0\u00b5\u0130😀🧬👩\u200d\u0301")),
        st.characters(min_codepoint=1, exclude_categories=("Cs",)),
    ),
    max_size=40,
)


@settings(max_examples=40)
@given(st.lists(st.tuples(FILLER, MENTION, FILLER), min_size=1, max_size=4))
def test_offsets_of_any_text_point_at_the_words_in_json_lines_and_in_note_nlp(parts):
    texts = {f"n{i}": "".join(part) for i, part in enumerate(parts)}

    with TemporaryDirectory() as folder:
        results = run_of_notes(
            Path(folder), [note("P", name, text) for name, text in texts.items()], jsonl=True
        )
        made, rows, crosswalk = export(results)
        lines = (results.out / "findings.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        with (made / "NOTE_NLP.csv").open(encoding="utf-8", newline="") as file:
            cells = list(csv.DictReader(file))

    name_of = {row["note_id"]: row["source_note_id"] for row in crosswalk}
    assert len(lines) == len(rows) == len(cells) >= len(parts)
    for line, row, cell in zip(lines, rows, cells, strict=True):
        finding = json.loads(line)
        text = texts[finding["note_id"]]
        assert text[finding["start"] : finding["end"]] == finding["text"]
        assert name_of[row["note_id"]] == finding["note_id"]
        assert text[row["offset"] : row["offset"] + len(row["lexical_variant"])] == finding["text"]
        assert cell["lexical_variant"] == row["lexical_variant"]
        assert cell["snippet"] == row["snippet"]
        assert row["snippet"] in text


def test_offsets_of_a_document_count_in_the_text_that_was_taken_out(tmp_path):
    page = "<html><body><p>😀 &amp; seen.</p><p>Planned: <b>CAR</b> T &#8212; heliotrope</p></body></html>"
    folder = tmp_path / "in" / "P1"
    folder.mkdir(parents=True)
    (folder / "2024-05-01_visit.html").write_text(page, encoding="utf-8")
    results = run_of_files(tmp_path / "out", tmp_path / "in")
    _, rows, _ = export(results)
    text = pq.read_table(results.path("texts")).to_pylist()[0]["text"]

    assert {row["lexical_variant"] for row in rows} == {"CAR T", "heliotrope"}
    for row in rows:
        assert text[row["offset"] : row["offset"] + len(row["lexical_variant"])] == row["lexical_variant"]
        assert row["snippet"] in text
        assert len(row["snippet"]) > len(row["lexical_variant"])


@pytest.mark.parametrize(
    ("assertion", "exists", "when", "axes"),
    [
        ("present", "Y", "present", {"negated": "false", "subject": "patient", "certainty": "certain", "conditional": "false", "temporality": "present"}),
        ("absent", "N", "present", {"negated": "true", "subject": "patient"}),
        ("possible", "Y", "present", {"negated": "false", "certainty": "possible"}),
        ("hypothetical", "N", None, {"conditional": "true", "temporality": "undefined"}),
        ("historical", "Y", "past", {"temporality": "past"}),
        ("family", "N", None, {"subject": "family", "temporality": "undefined"}),
    ],
)  # fmt: skip
def test_assertion_becomes_the_flags_of_the_specification(tmp_path, assertion, exists, when, axes):
    _, rows, _ = export(
        run_of_notes(tmp_path, [note("P", "n", "CAR T")], pipeline=lambda: Varied(assertion=assertion))
    )

    assert (rows[0]["term_exists"], rows[0]["term_temporal"]) == (exists, when)
    assert axes.items() <= read_term_modifiers(rows[0]["term_modifiers"]).items()


@pytest.mark.parametrize(("days", "when"), [(0, "present"), (40, "past")])
def test_a_day_before_the_note_is_past(tmp_path, days, when):
    day = date(2024, 5, 1) - timedelta(days=days)
    make = lambda: Varied(date=day, date_source="text")  # noqa: E731

    _, rows, _ = export(run_of_notes(tmp_path, [note("P", "n", "CAR T")], pipeline=make))

    assert rows[0]["term_temporal"] == when
    assert read_term_modifiers(rows[0]["term_modifiers"])["temporality"] == when


def test_values_stand_in_the_modifiers_and_nothing_in_them_can_be_mistaken_for_a_part(tmp_path):
    changes = {
        "value": 5430.0, "comparator": "<", "unit": "U/L", "ref_low": 26.5, "ref_high": 192.0, "flag": "H",
        "attributes": (("name", "a,b=c%2C\nd µ😀"),),
    }  # fmt: skip

    _, rows, _ = export(run_of_notes(tmp_path, [note("P", "n", "CAR T")], pipeline=lambda: Varied(**changes)))

    parts = read_term_modifiers(rows[0]["term_modifiers"])
    assert parts["value"] == "5430"
    assert (parts["comparator"], parts["unit"], parts["ref_low"], parts["ref_high"], parts["flag"]) == (
        "<",
        "U/L",
        "26.5",
        "192",
        "H",
    )
    assert parts["attribute.name"] == "a,b=c%2C\nd µ😀"
    assert (parts["kind"], parts["concept"]) == ("car_t", "CAR-T")


def test_what_is_too_long_is_cut_and_says_so(tmp_path):
    changes = {"attributes": tuple((f"a{i}", "x" * 300) for i in range(9))}

    _, rows, _ = export(run_of_notes(tmp_path, [note("P", "n", "CAR T")], pipeline=lambda: Varied(**changes)))

    text = rows[0]["term_modifiers"]
    parts = read_term_modifiers(text)
    assert len(text) <= 2000
    assert parts["truncated"] == "true"
    assert parts["attribute.a0"] == "x" * 300
    assert "attribute.a8" not in parts


def test_a_long_mention_is_cut_and_its_end_is_told(tmp_path):
    class Long(FakePipeline):
        def extract(self, note):
            return [replace(f, start=0, end=len(note.text), text=note.text) for f in super().extract(note)]

    text = "CAR T " + "😀" * 600

    _, rows, _ = export(run_of_notes(tmp_path, [note("P", "n", text)], pipeline=Long))

    assert rows[0]["lexical_variant"] == text[:250]
    assert read_term_modifiers(rows[0]["term_modifiers"])["end"] == str(len(text))


def test_numbers_of_omop_notes_are_kept(tmp_path):
    table = "note_id,person_id,note_date,note_text\n" + "".join(
        f'{number},{person},2024-05-01,"CAR T"\n'
        for number, person in ((9007199254740993, 1), (12, 2), (7, 1))
    )
    (tmp_path / "NOTE.csv").write_text(table, encoding="utf-8")

    _, rows, crosswalk = export(run_of_files(tmp_path / "out", tmp_path / "NOTE.csv"))

    assert {row["note_id"] for row in rows} == {9007199254740993, 12, 7}
    assert {(row["note_id"], row["source_note_id"]) for row in crosswalk} == {
        (n, str(n)) for n in (9007199254740993, 12, 7)
    }


@pytest.mark.parametrize(
    "names",
    [("1", "n2"), ("1", "01"), ("1", "-2"), ("1", "9223372036854775808"), ("1", "٢"), ("1", "1" * 60)],
    ids=["a word", "leading zero", "negative", "too large", "other digits", "long"],
)
def test_numbers_are_made_where_not_every_note_has_a_whole_one(tmp_path, names):
    _, rows, crosswalk = export(run_of_notes(tmp_path, [note("P", name, "CAR T") for name in names]))

    assert {row["source_note_id"] for row in crosswalk} == set(names)
    assert {row["note_id"] for row in rows} == {row["note_id"] for row in crosswalk}
    assert all(row["note_id"] > 2**32 for row in crosswalk)


def test_numbers_are_made_where_two_patients_have_notes_of_one_number(tmp_path):
    _, rows, crosswalk = export(run_of_notes(tmp_path, [note("P", "1", "CAR T"), note("Q", "1", "CAR T")]))

    assert len({row["note_id"] for row in rows}) == len({row["note_id"] for row in crosswalk}) == 2


def test_collisions_are_found_and_resolved_without_regard_to_order(tmp_path, monkeypatch):
    """With identifiers of 63 bits none can be waited for, so they are cut to 8."""
    results = run_of_notes(tmp_path, [note(f"P{i}", "n", "CAR T heliotrope") for i in range(30)])
    monkeypatch.setattr(omop, "_MAX_ID", 255)

    _, rows, crosswalk = export(results)
    _, again, _ = export(results)

    assert len({row["note_nlp_id"] for row in rows}) == len(rows) == 60
    assert len({row["note_id"] for row in crosswalk}) == 30
    assert again == rows


def test_the_same_words_read_twice_by_one_rule_are_two_rows(tmp_path):
    class Twice(FakePipeline):
        def extract(self, note):
            return [replace(f, value=v) for f in super().extract(note) for v in (1.0, 2.0)]

    _, rows, _ = export(run_of_notes(tmp_path, [note("P", "n", "CAR T")], pipeline=Twice))

    assert len({row["note_nlp_id"] for row in rows}) == 2


def test_concepts_are_zero_unless_the_site_maps_them(tmp_path):
    table = tmp_path / "concepts.csv"
    table.write_text(
        "kind,concept,note_nlp_concept_id,note_nlp_source_concept_id\ncar_t,CAR-T,11,22\nsection,plan,33,\n",
        encoding="utf-8",
    )
    results = run_of_notes(
        tmp_path, [note("P", "n", "CAR T heliotrope")], pipeline=lambda: Varied(section="plan")
    )

    _, plain, _ = export(results)
    _, mapped, _ = export(results, concepts=table)

    columns = ("note_nlp_concept_id", "note_nlp_source_concept_id", "section_concept_id")
    assert {tuple(row[name] for name in columns) for row in plain} == {(0, 0, 0)}
    assert {row["lexical_variant"]: tuple(row[name] for name in columns) for row in mapped} == {
        "CAR T": (11, 22, 33),
        "heliotrope": (0, 0, 33),
    }


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"kind,concept\na,b\n", "columns"),
        (b"kind,concept,note_nlp_concept_id,note_nlp_source_concept_id\na,b,x,1\n", "line 2"),
        (b"kind,concept,note_nlp_concept_id,note_nlp_source_concept_id\na,b,1\na,b,1,\n", "line 3"),
        (b"kind,concept,note_nlp_concept_id,note_nlp_source_concept_id\na,b,-1,1\n", "line 2"),
        (b"\xff\xfe\x00", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_wrong_table_of_concepts_is_refused_with_the_line(tmp_path, content, why):
    results = run_of_notes(tmp_path, [note("P", "n", "CAR T")])
    table = tmp_path / "concepts.csv"
    if content is not None:
        table.write_bytes(content)

    with pytest.raises(ScreeningError, match=f"SC432.*{why}"):
        export(results, concepts=table)
    assert not (results.out / "omop").exists()


def test_a_run_without_findings_gives_empty_tables(tmp_path):
    folder, rows, crosswalk = export(run_of_notes(tmp_path, [note("P", "n", "nothing")]))

    assert rows == []
    assert len(crosswalk) == 1
    assert pq.read_schema(folder / "NOTE_NLP.parquet").names == NOTE_NLP.names
    assert pq.read_schema(folder / "note_crosswalk.parquet").names == CROSSWALK.names


def test_the_system_names_version_rules_and_run(sample):
    results, _, rows, _ = sample

    versions, identity = results.manifest["versions"], results.manifest["identity"]
    pipeline_and_run = f"pipeline {identity['pipeline']}; run {results.manifest['fingerprint']}"
    assert {row["nlp_system"] for row in rows} == {f"chartsift {versions['chartsift']}; {pipeline_and_run}"}
    assert {row["nlp_datetime"].isoformat() + "+00:00" for row in rows} == {
        results.manifest["times"]["finished_at"]
    }
