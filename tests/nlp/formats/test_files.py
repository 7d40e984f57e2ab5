"""Text files in folders and archives: whose note it is, of which day, and what is refused."""

from __future__ import annotations

import io
import json
import os
import stat
import time
import zipfile
from datetime import date
from pathlib import Path

import pytest

from chartsift.nlp.errors import InputError
from chartsift.nlp.formats import (
    READERS,
    Item,
    Limits,
    Rejected,
    choose_reader,
    read_inputs,
    read_patients,
    read_upload,
)
from chartsift.nlp.formats.naming import header_date, parse_file_name
from chartsift.nlp.types import Note, Patient

Files = dict[str, str | bytes]


def make_folder(root: Path, files: Files) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def make_zip(files: Files) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def read(tmp_path: Path, files: Files, *, way: str) -> list[Item]:
    if way == "folder":
        return list(read_inputs([make_folder(tmp_path / "notes", files)]))
    return list(read_upload("notes.zip", make_zip(files)))


def who_and_when(items: list[Item]) -> list[tuple[str, str, date]]:
    return [(n.patient_id, n.note_id, n.note_date) for n in items if isinstance(n, Note)]


def codes(items: list[Item]) -> list[str]:
    return [item.problem.code for item in items if isinstance(item, Rejected)]


both_ways = pytest.mark.parametrize("way", ["folder", "zip"])
MAY = date(2024, 5, 1)


@both_ways
def test_patient_is_the_sub_folder(tmp_path, way):
    files: Files = {
        "P001/2024-05-01_progress-note.txt": "One.",
        "P001/consult.txt": "RHEUMATOLOGY\nDate: 2024-05-01\nTwo.",
        "P002/2024-05-01.txt": "Three.",
    }

    items = read(tmp_path, files, way=way)

    assert who_and_when(items) == [
        ("P001", "2024-05-01_progress-note.txt", MAY),
        ("P001", "consult.txt", MAY),
        ("P002", "2024-05-01.txt", MAY),
    ]
    assert [item.note_type for item in items if isinstance(item, Note)] == ["progress note", "consult", ""]


@both_ways
def test_patient_is_in_the_file_name(tmp_path, way):
    files: Files = {"P001_2024-05-01_progress-note.txt": "One.", "P-2_20240501.txt": "Two."}

    assert who_and_when(read(tmp_path, files, way=way)) == [
        ("P-2", "P-2_20240501.txt", MAY),
        ("P001", "P001_2024-05-01_progress-note.txt", MAY),
    ]


@both_ways
@pytest.mark.parametrize("wrapper", ["export", "export/charts"])
def test_wrapping_folder_is_no_patient(tmp_path, way, wrapper):
    in_folders: Files = {f"{wrapper}/P1/2024-05-01.txt": "One.", f"{wrapper}/P2/2024-05-01.txt": "Two."}
    by_name: Files = {f"{wrapper}/P1_2024-05-01.txt": "One.", f"{wrapper}/P2_2024-05-01.txt": "Two."}

    for number, files in enumerate((in_folders, by_name)):
        items = read(tmp_path / str(number), files, way=way)
        assert [patient for patient, _, _ in who_and_when(items)] == ["P1", "P2"]


@both_ways
def test_single_patient_folder_is_a_patient(tmp_path, way):
    files: Files = {"P1/N1_2024-05-01.txt": "One.", "P1/N2_2024-05-01.txt": "Two."}

    assert {patient for patient, _, _ in who_and_when(read(tmp_path, files, way=way))} == {"P1"}


@both_ways
def test_folder_that_mixes_patients_is_refused(tmp_path, way):
    files: Files = {
        "2024/P1_2024-05-01.txt": "One.",
        "2024/P1_2024-06-01.txt": "Two.",
        "2024/P2_2024-05-01.txt": "Three.",
        "P9/2024-05-01.txt": "Four.",
    }

    items = read(tmp_path, files, way=way)

    assert codes(items) == ["IN118"] * 3
    assert who_and_when(items) == [("P9", "2024-05-01.txt", MAY)]


@both_ways
def test_deep_file_without_a_patient_in_its_name_is_refused(tmp_path, way):
    files: Files = {
        "P1/2024-05-01.txt": "One.",
        "P1/labs/2024-05-01.txt": "Two.",
        "P2/x/P2_2024-05-01.txt": "Three.",
    }

    items = read(tmp_path, files, way=way)

    assert codes(items) == ["IN113"]
    assert [patient for patient, _, _ in who_and_when(items)] == ["P1", "P2"]


@both_ways
def test_what_cannot_be_filed_is_a_problem_and_the_rest_is_read(tmp_path, way):
    files: Files = {
        "P1/undated.txt": "No date here.",
        "P1/2024-05-01 empty.txt": " \n",
        "P1/2024-05-02 nul.txt": "a\x00b",
        "P1/2024-05-03 damaged.txt": "cafés, naïve".encode() + b"\xc3 x",
        "P1/2024-05-04 code.txt": bytes(range(128, 160)) * 3,
        "P1/2024-05-05 scan.png": b"\x89PNG\r\n\x1a\n\x00\x00",
        "P1/2024-05-06 fine.txt": b"\xef\xbb\xbfFine.\r\n",
        "stray.txt": "Date: 2024-05-01",
        ".DS_Store": b"\x00",
        "__MACOSX/P1/x.txt": "x",
    }

    items = read(tmp_path, files, way=way)

    assert sorted(codes(items)) == sorted(["IN114", "IN108", "IN104", "IN103", "IN103", "IN101", "IN113"])
    (note,) = [item for item in items if isinstance(item, Note)]
    assert note.text == "Fine.\r\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("P001_2024-05-01_progress-note.txt", ("P001", MAY, "progress note")),
        ("20010203_2024-05-01.txt", ("20010203", MAY, "")),
        ("2024.05.01 ED.txt", ("", MAY, "ED")),
        ("A-17 2024_05_01.txt", ("A-17", MAY, "")),
        ("discharge summary.txt", ("", None, "discharge summary")),
        ("P1_2024-13-01.txt", ("", None, "P1 2024 13 01")),
    ],
)
def test_file_name(name, expected):
    parsed = parse_file_name(name)

    assert (parsed.patient, parsed.day, parsed.note_type) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Date: 2024-05-01",
        "DATE OF SERVICE: 05/01/2024 09:30",
        "Pt: Doe, Jane   DOB: 08/19/1972   Date of visit: 5/1/2024   Dr. Roe",
        "| Visit date: 1 May 2024 | x |",
        "**Encounter Date:** May 1, 2024",
        "DOS: 5/1/24",
        "Date/Time: Wed, 01-May-2024 14:00",
        "Datum: 01.05.2024",
    ],
)
def test_header_date(line):
    assert header_date(f"CLINIC\r\n{line}\r\nHPI\r\n") == MAY


@pytest.mark.parametrize(
    "text",
    [
        "DOB: 1972-08-19",
        "Date of birth: 08/19/1972",
        "Update: 2024-05-01 was fine",
        "Date: unknown",
        "Expiration date: soon",
        "\n" * 40 + "Date: 2024-05-01",
    ],
)
def test_no_header_date(text):
    assert header_date(text) is None


# Charts


def test_chart_gives_patient_and_notes_and_ignores_gold():
    chart = {
        "patient_id": "S-1",
        "as_of": "2024-06-01",
        "birth_date": None,
        "sex": "F",
        "notes": [
            {"note_id": "n1", "date": "2024-05-01", "type": "Clinic", "text": "One.\r\n"},
            {"note_id": "n2", "date": "May", "type": "Clinic", "text": "Two."},
        ],
        "gold": {"criteria": 7},
    }

    items = list(read_upload("S-1.json", json.dumps(chart).encode()))

    assert items[0] == Patient("S-1", None, "F", date(2024, 6, 1))
    assert items[1] == Note("S-1", "n1", MAY, "Clinic", "One.\r\n", "S-1.json#1")
    assert codes(items) == ["IN107"]


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b"{}", b"3", b'{"notes": 3}', b'{"patient_id": "P", "notes": [3]}']
)
def test_json_that_is_no_chart(data):
    assert not [item for item in read_upload("x.json", data) if isinstance(item, Note)]


# Archives


def test_member_with_an_unsafe_name_is_refused_and_the_rest_is_read():
    names = ["../evil.txt", "/etc/evil.txt", "a/../../evil.txt", "C:\\evil.txt", "..\\evil.txt"]
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = name
            archive.writestr(info, "evil")
        archive.writestr("P1/2024-05-01.txt", "Fine.")

    items = list(read_upload("notes.zip", sink.getvalue()))

    assert codes(items) == ["IN116"] * len(names)
    assert who_and_when(items) == [("P1", "2024-05-01.txt", MAY)]
    assert all("evil" not in item.problem.source for item in items if isinstance(item, Rejected))


def test_link_and_bomb_are_refused():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        link = zipfile.ZipInfo("P1/2024-05-01 link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("P1/2024-05-02.txt", "0" * 3_000_000)
        archive.writestr("P1/2024-05-03.txt", "Fine.")

    items = list(read_upload("notes.zip", sink.getvalue()))

    assert sorted(codes(items)) == ["IN116", "IN117"]
    assert len(who_and_when(items)) == 1


def test_archive_limits():
    data = make_zip({f"P{i}/2024-05-01.txt": "Fine." for i in range(5)})

    assert codes(list(read_upload("n.zip", data, limits=Limits(archive_members=4)))) == ["IN117"]
    assert codes(list(read_upload("n.zip", data, limits=Limits(archive_bytes=20)))) == ["IN117"]


def test_damaged_archive_is_a_problem():
    data = make_zip({"P1/2024-05-01.txt": "Fine. " * 50})

    assert codes(list(read_upload("n.zip", data[:-10]))) == ["IN119"]
    assert codes(list(read_upload("n.zip", data.replace(b"P1/2024", b"P1/2025", 1)))) == ["IN119"]


def test_tables_within_an_archive_are_read():
    row = {"patient_id": "P1", "note_id": "N1", "note_date": "2024-05-01", "text": "Fine."}
    data = make_zip({"x/notes.jsonl": json.dumps(row), "x/patients.csv": "patient_id,sex\nP1,F\n"})

    items = list(read_upload("n.zip", data))

    assert who_and_when(items) == [("P1", "N1", MAY)]
    assert Patient("P1", None, "F", None) in items


# Ways in


def test_missing_path_is_said_before_anything_is_read(tmp_path):
    with pytest.raises(InputError, match="IN124"):
        read_inputs([tmp_path / "nowhere"])


def test_patients_table_takes_no_notes(tmp_path):
    table = tmp_path / "patients.jsonl"
    rows = [
        {"patient_id": "P1"},
        {"patient_id": "P1", "note_id": "1", "note_date": "2024-05-01", "text": "x"},
    ]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))

    items = list(read_patients(table))

    assert all(isinstance(item, Patient | Rejected) for item in items)


def test_order_is_that_of_names(tmp_path):
    files: Files = {f"P{i}/2024-05-01.txt": "x" for i in (3, 1, 2)}

    assert [p for p, _, _ in who_and_when(read(tmp_path, files, way="folder"))] == ["P1", "P2", "P3"]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_each_reader_claims_its_own_suffixes(reader):
    assert reader.summary
    for suffix in reader.suffixes:
        assert choose_reader(b"", suffix) is reader


@pytest.mark.parametrize("name", ["scan.png", "P1_2024-05-01.dat", "P1_2024-05-01"])
def test_unknown_format_is_a_problem(name):
    assert codes(list(read_upload(name, b"\x89PNG\r\n\x1a\n\x00\x00\x00"))) == ["IN101"]


@pytest.mark.parametrize(
    "text",
    [
        "  \t> **Date:** 2024-05-01",
        "Patient: X | Date: 2024-05-01",
        "MRN 12345   Date: 2024-05-01",
        "last visit  date: 2024-05-01",
    ],
)
def test_header_date_may_stand_in_a_column(text):
    assert header_date(text) == date(2024, 5, 1)


@pytest.mark.parametrize("text", ["Birth date: 2024-05-01", "update: 2024-05-01", "see date: 2024-05-01"])
def test_label_within_a_sentence_is_no_header(text):
    assert header_date(text) is None


@pytest.mark.parametrize("filler", [" ", "\t", "-", "* ", "| ", "date: ", "date ", "\n", "note  "])
def test_header_date_takes_no_time_over_odd_text(filler):
    began = time.perf_counter()

    header_date(filler * (8_000 // len(filler)))

    # A quadratic reading took minutes; the bound is generous for a busy machine.
    assert time.perf_counter() - began < 2


def test_what_is_no_file_is_reported_and_not_opened(tmp_path):
    make_folder(tmp_path / "in", {"P1/2024-05-01_a.txt": "Stable."})
    os.mkfifo(tmp_path / "in" / "P1" / "2024-05-02_pipe.txt")
    (tmp_path / "in" / "P2").symlink_to(tmp_path / "in" / "P1", target_is_directory=True)

    items = list(read_inputs([tmp_path / "in"]))

    assert codes(items) == ["IN102", "IN102"]
    assert len(who_and_when(items)) == 1
    assert codes(list(read_inputs([tmp_path / "in" / "P1" / "2024-05-02_pipe.txt"]))) == ["IN102"]


@pytest.mark.parametrize(
    ("name", "code"), [(b"2024-05-01_\xff.txt", "IN103"), (b"2024-05-01_a\nb.txt", "IN106")]
)
def test_file_name_that_is_no_identifier_is_a_problem_with_a_printable_source(tmp_path, name, code):
    folder = os.fsencode(tmp_path) + b"/in/P1"
    (tmp_path / "in" / "P1").mkdir(parents=True)
    with open(folder + b"/" + name, "wb") as file:  # noqa: PTH123 - a Path cannot hold such a name
        file.write(b"Stable.")

    (item,) = read_inputs([tmp_path / "in"])

    assert isinstance(item, Rejected)
    assert item.problem.code == code
    assert item.patient_id == "P1"
    assert item.problem.source.isprintable()


def test_folders_within_each_other_have_an_end(tmp_path):
    deep = "/".join(["a"] * 5)
    items = list(
        read_inputs(
            [make_folder(tmp_path / "in", {f"{deep}/P1_2024-05-01.txt": "x"})], limits=Limits(folders_deep=3)
        )
    )
    packed = list(read_upload("n.zip", make_zip({"a/" * 30_000 + "P1_2024-05-01.txt": "x"})))

    assert codes(items) == ["IN102"]
    assert codes(packed) == ["IN116"]
    assert len(packed[0].problem.source) < 100


def test_empty_folder_is_told(tmp_path):
    assert codes(list(read_inputs([tmp_path]))) == ["IN108"]


def test_folder_of_the_results_is_left_out(tmp_path):
    make_folder(tmp_path, {"P1/2024-05-01_a.txt": "Stable.", "out/findings.csv": "x"})

    items = list(read_inputs([tmp_path], leave_out=tmp_path / "P1" / ".." / "out"))

    assert codes(items) == []
    assert len(who_and_when(items)) == 1


def test_path_that_cannot_be_looked_at_is_said_before_anything_is_read():
    with pytest.raises(InputError) as caught:
        read_inputs([Path("a" * 300)])

    assert caught.value.code == "IN102"


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_anywhere_in_an_archive_is_a_problem(compression):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", compression) as archive:
        archive.writestr("P1/2024-05-01_a.txt", "Stable. " * 30)
    data = sink.getvalue()

    for at in range(4, len(data)):
        for item in read_upload("n.zip", data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
            assert isinstance(item, Note | Rejected)
