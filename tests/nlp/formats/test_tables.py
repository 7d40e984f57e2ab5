"""Tables of notes: JSON lines, CSV and Parquet give the same notes, and say what is wrong with a row."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartsift.nlp.formats import Limits, Rejected, read_upload
from chartsift.nlp.types import Note, Patient

ROW = {
    "patient_id": "P1",
    "note_id": "N1",
    "note_date": "2024-05-01",
    "note_type": "Clinic",
    "text": "Stable.",
}
TRICKY = (
    'Line one\r\nline two\rtab\there, e\u0301, \u00a0NBSP, \U0001f9ec emoji, “quotes” "plain", comma, İ\n\n'
)
FORMATS = ("notes.jsonl", "notes.csv", "notes.tsv", "notes.parquet")


def encode(name: str, rows: list[dict[str, object]]) -> bytes:
    if name.endswith(".jsonl"):
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    if name.endswith(".parquet"):
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), sink)
        return sink.getvalue()
    sink_text = io.StringIO(newline="")
    writer = csv.DictWriter(sink_text, list(rows[0]), delimiter="\t" if name.endswith(".tsv") else ",")
    writer.writeheader()
    writer.writerows(rows)
    return sink_text.getvalue().encode()


def codes(items: list[object]) -> list[str]:
    return [item.problem.code for item in items if isinstance(item, Rejected)]


@pytest.mark.parametrize("name", FORMATS)
def test_text_is_taken_as_it_is(name):
    (note,) = read_upload(name, encode(name, [ROW | {"text": TRICKY}]))

    assert isinstance(note, Note)
    assert note.text == TRICKY
    assert (note.patient_id, note.note_id, note.note_date, note.note_type) == (
        "P1",
        "N1",
        date(2024, 5, 1),
        "Clinic",
    )


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)


@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=4))
@pytest.mark.parametrize("name", FORMATS)
def test_every_text_survives_every_format(name, texts):
    rows = [ROW | {"note_id": f"N{i}", "text": text} for i, text in enumerate(texts)]

    items = list(read_upload(name, encode(name, rows)))

    assert len(items) == len(rows)
    for item, row in zip(items, rows, strict=True):
        if isinstance(item, Note):
            assert item.text == row["text"]
        else:
            assert isinstance(item, Rejected)
            assert item.problem.code == "IN108"  # only white space


@pytest.mark.parametrize("name", ["notes.jsonl", "notes.csv", "notes.parquet"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"note_date": "05/01/2024"}, "IN107"),
        ({"note_date": "2024-02-30"}, "IN107"),
        ({"note_date": ""}, "IN107"),
        ({"note_date": "0001-01-01"}, "IN107"),
        ({"note_date": "9999-12-31"}, "IN107"),
        ({"patient_id": "  "}, "IN106"),
        ({"note_id": ""}, "IN106"),
        ({"note_id": "a\nb"}, "IN106"),
        ({"text": ""}, "IN108"),
        ({"text": " \r\n\t"}, "IN108"),
        ({"text": "a\x00b"}, "IN104"),
    ],
)
def test_bad_row_is_a_problem_and_the_next_row_is_read(name, change, code):
    items = list(read_upload(name, encode(name, [ROW | change, ROW | {"note_id": "N2"}])))

    assert codes(items) == [code]
    assert isinstance(items[1], Note)
    assert items[1].note_id == "N2"


def test_source_is_file_and_row_and_the_message_names_nobody():
    lines = encode("notes.jsonl", [ROW, ROW | {"patient_id": "SECRET-7", "note_date": "yesterday MARKER"}])

    _, rejected = read_upload("notes.jsonl", lines)

    assert isinstance(rejected, Rejected)
    assert rejected.problem.source == "notes.jsonl:2"
    assert rejected.problem.note_id == "N1"
    assert "SECRET" not in rejected.problem.message
    assert "MARKER" not in rejected.problem.message
    assert rejected.patient_id == "SECRET-7"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("column", ["patient_id", "note_id", "note_date", "text"])
def test_missing_column_is_named(name, column):
    row = {key: value for key, value in ROW.items() if key != column}

    items = list(read_upload(name, encode(name, [row])))

    assert codes(items) == ["IN105"]
    assert column in items[0].problem.message


@pytest.mark.parametrize("name", FORMATS)
def test_note_type_is_optional(name):
    row = {key: value for key, value in ROW.items() if key != "note_type"}

    (note,) = read_upload(name, encode(name, [row]))

    assert isinstance(note, Note)
    assert note.note_type == ""


@pytest.mark.parametrize("name", FORMATS)
def test_table_without_notes_lists_patients(name):
    rows = [{"patient_id": "P1", "birth_date": "1980-02-29", "sex": "female", "as_of": "2024-05-01"}]

    assert list(read_upload(name, encode(name, rows))) == [
        Patient("P1", date(1980, 2, 29), "F", date(2024, 5, 1))
    ]


@pytest.mark.parametrize(
    "change", [{"sex": "7"}, {"birth_date": "1980"}, {"as_of": "soon"}, {"birth_date": "2025-01-01"}]
)
def test_patient_row_with_a_bad_value_is_rejected_whole(change):
    row = {"patient_id": "P1", "birth_date": "1980-01-01", "sex": "F", "as_of": "2024-05-01"} | change

    (rejected,) = read_upload("patients.jsonl", encode("patients.jsonl", [row]))

    assert isinstance(rejected, Rejected)
    assert rejected.about == "patient"


# JSON lines


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[1]",
        b'"text"',
        b"[" * 100_000,
        b"1" * 5_000,
        b'{"patient_id": NaN, }',
    ],
)
def test_line_that_is_no_object_is_a_problem(line):
    data = line + b"\n" + encode("n.jsonl", [ROW])

    items = list(read_upload("n.jsonl", data))

    assert codes(items) == ["IN110"]
    assert isinstance(items[1], Note)


def test_line_in_another_encoding_is_a_problem():
    data = (
        json.dumps(ROW | {"text": "café"}, ensure_ascii=False).encode("latin-1")
        + b"\n"
        + encode("n.jsonl", [ROW])
    )

    items = list(read_upload("n.jsonl", data))

    assert codes(items) == ["IN103"]
    assert isinstance(items[1], Note)


def test_half_of_a_surrogate_pair_is_an_encoding_problem():
    data = b'{"patient_id": "P1", "note_id": "N1", "note_date": "2024-05-01", "text": "a \\ud83e b"}\n'

    assert codes(list(read_upload("n.jsonl", data))) == ["IN103"]


def test_byte_order_mark_blank_lines_numbers_and_times():
    row = ROW | {"patient_id": 17, "note_id": 4, "note_date": "2024-05-01T23:59:00-05:00"}
    data = b"\xef\xbb\xbf" + encode("n.jsonl", [row]) + b"\r\n\n"

    (note,) = read_upload("n.jsonl", data)

    assert isinstance(note, Note)
    assert (note.patient_id, note.note_id, note.note_date) == ("17", "4", date(2024, 5, 1))


def test_too_long_line_is_skipped_as_one():
    data = encode("n.jsonl", [ROW | {"text": "x" * 5_000}, ROW])

    items = list(read_upload("n.jsonl", data, limits=Limits(row_bytes=1_000)))

    assert codes(items) == ["IN115"]
    assert isinstance(items[1], Note)


def test_too_long_note_is_a_problem():
    assert codes(list(read_upload("n.jsonl", encode("n.jsonl", [ROW]), limits=Limits(note_chars=3)))) == [
        "IN115"
    ]


# CSV


def test_cell_above_the_default_limit_of_csv():
    text = "word " * 200_000

    (note,) = read_upload("n.csv", encode("n.csv", [ROW | {"text": text}]))

    assert isinstance(note, Note)
    assert note.text == text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_follows_from_the_header(delimiter):
    data = delimiter.join(ROW) + "\r\n" + delimiter.join(ROW.values()) + "\r\n"

    (note,) = read_upload("n.csv", data.encode("utf-8-sig"))

    assert isinstance(note, Note)
    assert note.text == "Stable."


def test_row_in_another_encoding_spoils_only_itself():
    bad = ",".join((ROW | {"text": "café"}).values()).encode("latin-1")
    good = ",".join((ROW | {"text": "café, naïve".replace(",", ""), "note_id": "N2"}).values()).encode()
    data = ",".join(ROW).encode() + b"\n" + bad + b"\n" + good + b"\n"

    items = list(read_upload("n.csv", data))

    assert codes(items) == ["IN103"]
    assert isinstance(items[1], Note)


def test_row_with_another_number_of_cells_is_a_problem():
    data = "\n".join([",".join(ROW), "P1,N1,2024-05-01,Clinic,one, two", ",".join(ROW.values())])

    items = list(read_upload("n.csv", data.encode()))

    assert codes(items) == ["IN111"]
    assert isinstance(items[1], Note)


def test_stray_quote_ends_the_file_with_a_problem():
    data = "\n".join([",".join(ROW), ",".join(ROW.values()), 'P2,N1,2024-05-01,Clinic,"He said "ok" today"'])

    items = list(read_upload("n.csv", data.encode()))

    assert codes(items) == ["IN111"]
    assert items[-1].problem.source == "n.csv:3"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252", "mac_roman"])
def test_table_in_another_encoding_is_read_and_says_so(encoding):
    rows = [",".join(ROW), ",".join((ROW | {"text": "café “9 µg/L” 37 °C"}).values())]

    (note,) = read_upload("n.csv", "\r\n".join(rows).encode(encoding))

    assert isinstance(note, Note)
    assert note.text == "café “9 µg/L” 37 °C"
    assert note.origin == f"table in {encoding}"


@pytest.mark.parametrize("column", ["patient_id", "note_id", "note_type", "text"])
def test_damage_in_a_table_in_utf16_costs_its_row(column):
    rows = [ROW | {"text": "café “9 µg/L”", "note_type": "x"}, ROW | {"note_id": "N2", "note_type": "x"}]
    damaged = rows[0] | {"note_id": "N3", column: "Jo-1 @@ positive"}
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in (rows[0], damaged, rows[1]))]
    half_a_pair = "\n".join(lines).encode("utf-16").replace("@@".encode("utf-16-le"), b"\x00\xd8x\x00")

    items = list(read_upload("n.csv", half_a_pair))

    assert codes(items) == ["IN103"]
    assert [item.note_id for item in items if isinstance(item, Note)] == ["N1", "N2"]


# Parquet


def test_parquet_dates_and_binary_columns():
    table = pa.table(
        {
            "patient_id": pa.array([7]),
            "note_id": pa.array([b"N1"]),
            "note_date": pa.array([datetime(2024, 5, 1, 23, 30, tzinfo=UTC)], pa.timestamp("ns", tz="UTC")),
            "text": pa.array([b"caf\xc3\xa9"], pa.large_binary()),
            "extra": pa.array([1.5]),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)

    (note,) = read_upload("n.parquet", sink.getvalue())

    assert isinstance(note, Note)
    assert (note.patient_id, note.note_date, note.text) == ("7", date(2024, 5, 1), "café")


def test_parquet_text_that_is_not_utf8_spoils_only_its_row():
    table = pa.table(
        {
            "patient_id": ["P1", "P1"],
            "note_id": ["N1", "N2"],
            "note_date": pa.array([date(2024, 5, 1)] * 2),
            "text": pa.array([b"caf\xe9", b"fine"], pa.binary()),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)

    items = list(read_upload("n.parquet", sink.getvalue()))

    assert codes(items) == ["IN103"]
    assert isinstance(items[1], Note)


def test_damaged_parquet_is_a_problem():
    data = encode("n.parquet", [ROW])

    for broken in (data[:40], data[:-9], b"PAR1" + b"\x00" * 60 + b"PAR1"):
        assert codes(list(read_upload("n.parquet", broken))) == ["IN112"]


# Any bytes


@given(data=st.binary(max_size=400))
@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.json", "a.csv", "a.tsv", "a.parquet", "a.txt", "a.zip", "P1_2024-05-01.txt", "a"]
)
def test_no_bytes_make_a_reader_raise(name, data):
    for item in read_upload(name, data):
        assert isinstance(item, Note | Patient | Rejected)


@given(cut=st.integers(0, 2_000), flip=st.integers(0, 2_000), bit=st.integers(0, 7))
@pytest.mark.parametrize("name", [*FORMATS, "a.zip"])
def test_damage_never_makes_a_reader_raise(name, cut, flip, bit):
    if name == "a.zip":
        import zipfile

        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("P1/2024-05-01.txt", "Stable. " * 20)
            archive.writestr("n.parquet", encode("n.parquet", [ROW]))
        data = bytearray(sink.getvalue())
    else:
        data = bytearray(encode(name, [ROW, ROW | {"note_id": "N2"}]))
    data[flip % len(data)] ^= 1 << bit
    damaged = bytes(data[: len(data) - cut % len(data)])

    for item in read_upload(name, damaged):
        assert isinstance(item, Note | Patient | Rejected)


def test_unreadable_file_is_a_problem(tmp_path: Path):
    from chartsift.nlp.formats import read_inputs

    broken = tmp_path / "notes.txt"
    broken.symlink_to(tmp_path)
    (tmp_path / "P1_2024-05-01.txt").write_text("Fine.", encoding="utf-8")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")

    items = list(read_inputs([tmp_path]))

    assert [item.note_id for item in items if isinstance(item, Note)] == ["P1_2024-05-01.txt"]
    assert codes(items) == ["IN102", "IN102"]


def test_blank_lines_before_a_csv_header_are_skipped():
    items = list(
        read_upload(
            "n.csv", b"\n\r\npatient_id,note_id,note_date,text\nP1,N1,no day,DM\nP1,N2,2024-05-01,DM\n"
        )
    )

    assert [item.problem.source for item in items if isinstance(item, Rejected)] == ["n.csv:4"]
    assert [item.note_id for item in items if isinstance(item, Note)] == ["N2"]


def test_parquet_with_two_columns_of_one_name_is_a_problem():
    names = [*ROW, "text"]
    sink = io.BytesIO()
    pq.write_table(pa.table([pa.array([value]) for value in [*ROW.values(), "Other."]], names=names), sink)

    assert codes(list(read_upload("n.parquet", sink.getvalue()))) == ["IN105"]


@pytest.mark.parametrize(
    "days",
    [
        pa.array([-(2**31) + 5, 19_000], pa.int32()).cast(pa.date32()),
        pa.array([2**62, 10**15], pa.int64()).cast(pa.timestamp("us")),
    ],
    ids=["date32", "timestamp"],
)
def test_parquet_day_beyond_the_calendar_spoils_only_its_row(days):
    sink = io.BytesIO()
    columns = {"patient_id": ["P1", "P1"], "note_id": ["N1", "N2"], "note_date": days, "text": ["A", "B"]}
    pq.write_table(pa.table(columns), sink)

    items = list(read_upload("n.parquet", sink.getvalue()))

    assert codes(items) == ["IN107"]
    assert [item.note_id for item in items if isinstance(item, Note)] == ["N2"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("n.jsonl", b"\n \n"),
        ("n.csv", b"\n\n"),
        ("n.csv", b"patient_id,note_id,note_date,text\n"),
        ("n.json", b"[]"),
        ("n.zip", b"PK\x05\x06" + bytes(18)),
    ],
)
def test_file_without_a_row_is_told(name, data):
    assert codes(list(read_upload(name, data))) == ["IN108"]
