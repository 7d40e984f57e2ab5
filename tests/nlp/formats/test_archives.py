"""Tar, gzip and zstd, archives within archives, and the bounds that all unpacking keeps to."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from support.document_maker import (
    as_lines,
    as_parquet,
    make_docx,
    make_letter_pdf,
    make_tar,
    make_text,
    make_zip,
)

from chartsift.nlp.formats import Item, Limits, Rejected, read_upload
from chartsift.nlp.types import Note

MAY = date(2024, 5, 1)
ROW = {"patient_id": "P1", "note_id": "N1", "note_date": "2024-05-01", "text": "Stable."}
FILES = {
    "export/P1/2024-05-01 note.txt": make_text(),
    "export/P1/2024-05-02.docx": make_docx(),
    "export/P2/2024-05-01.pdf": make_letter_pdf(),
    "export/.DS_Store": b"\x00",
    "export/more.parquet": as_parquet([ROW | {"patient_id": "P3"}]),
}
# Of zstd, as the zstd command packs: with a checksum, by which damage is found.
PACKERS = {"gz": gzip.compress, "zst": zstandard.ZstdCompressor(write_checksum=True).compress}


def read(name: str, data: bytes, limits: Limits | None = None) -> list[Item]:
    return list(read_upload(name, data, limits=limits or Limits()))


def who(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.patient_id, item.note_id) for item in items if isinstance(item, Note)]


def codes(items: list[Item]) -> list[str]:
    return [item.problem.code for item in items if isinstance(item, Rejected)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("n.zip", make_zip(FILES)),
        ("n.tar", make_tar(FILES)),
        ("n.tar.gz", make_tar(FILES, "w:gz")),
        ("n.tgz", make_tar(FILES, "w:gz")),
        ("n.tar.zst", zstandard.compress(make_tar(FILES))),
        ("n", make_tar(FILES, "w:gz")),
        ("n.txt", make_tar(FILES)),
    ],
)
def test_every_archive_is_read_like_the_folder(name, data):
    items = read(name, data)

    assert codes(items) == []
    assert who(items) == [
        ("P3", "N1"),
        ("P1", "2024-05-01 note.txt"),
        ("P1", "2024-05-02.docx"),
        ("P2", "2024-05-01.pdf"),
    ]


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("inner", ["notes.jsonl", "notes.csv", "notes.parquet", "P1_2024-05-01.txt"])
def test_packed_file_is_read_like_the_file(inner, ending):
    data = {
        "notes.jsonl": as_lines(ROW),
        "notes.csv": (",".join(ROW) + "\n" + ",".join(ROW.values()) + "\n").encode(),
        "notes.parquet": as_parquet([ROW]),
        "P1_2024-05-01.txt": b"Stable.",
    }[inner]

    (note,) = read(f"{inner}.{ending}", PACKERS[ending](data))

    assert isinstance(note, Note)
    assert (note.patient_id, note.note_date, note.text) == ("P1", MAY, "Stable.")


def test_packed_frames_one_after_the_other_are_one_file():
    rows = [as_lines(ROW | {"note_id": str(i)}) for i in range(3)]

    for pack in PACKERS.values():
        assert [note for _, note in who(read("n.jsonl.x", b"".join(map(pack, rows))))] == ["0", "1", "2"]


def test_archives_within_archives_are_read_as_if_given_by_themselves():
    inner = make_zip({"P1/2024-05-01.txt.gz": gzip.compress(b"Stable."), "P2/2024-05-01.txt": b"Fine."})
    items = read("n.tar", make_tar({"2024/a.zip": inner, "2024/b.zip": inner}))

    assert who(items) == [("P1", "2024-05-01.txt"), ("P2", "2024-05-01.txt")] * 2
    assert codes(items) == []


def test_archives_within_each_other_have_an_end():
    data = make_text()
    for _ in range(4):
        data = make_zip({"P1/x.zip": data})

    assert codes(read("n.zip", make_zip({"P1/x": data}))) == ["IN116"]
    assert codes(read("n.gz", gzip.compress(gzip.compress(gzip.compress(gzip.compress(data)))))) == ["IN116"]


def test_unsafe_members_of_a_tar_are_refused_and_the_rest_is_read():
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name in ("../evil.txt", "/etc/evil.txt", "a/../../evil.txt", "..\\evil.txt"):
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"evil"))
        for kind, name in ((tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "hard"), (tarfile.FIFOTYPE, "pipe")):
            info = tarfile.TarInfo(f"P1/{name}.txt")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("P1/2024-05-01.txt")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"Fine."))

    items = read("n.tar", sink.getvalue())

    assert codes(items) == ["IN116"] * 7
    assert who(items) == [("P1", "2024-05-01.txt")]
    assert "evil" not in "".join(item.problem.source for item in items if isinstance(item, Rejected))


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_packed_bomb_stops_early(pack):
    bomb = b"Bang. " * 10_000_000

    for name, data in (("P1_2024-05-01.x", pack(bomb)), ("n.x", pack(make_tar({"P1/x.txt": bomb})))):
        assert set(codes(read(name, data))) == {"IN117"}


def test_archive_limits_hold_for_tar():
    data = make_tar({f"P{i}/2024-05-01.txt": b"Fine." for i in range(5)})

    assert codes(read("n.tar", data, Limits(archive_members=4))) == ["IN117"]
    assert codes(read("n.tar", data, Limits(archive_bytes=20))) == ["IN117"]
    assert codes(read("n.gz", gzip.compress(b"x" * 2_000_000), Limits(archive_bytes=1000))) == ["IN117"]


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_packed_file_that_is_cut_off_or_damaged_is_a_problem(pack):
    data = pack(as_lines(*(ROW | {"note_id": str(i), "text": f"{i * 7919} stable"} for i in range(500))))

    cut = read("n.jsonl.x", data[:-20])
    assert codes(cut)[-1] == "IN119"
    assert codes(read("n.jsonl.x", data[:200] + bytes([data[200] ^ 0xFF]) + data[201:]))[-1] == "IN119"


def test_tar_that_is_cut_off_says_what_was_read():
    data = make_tar({f"P1/2024-05-0{i}.txt": b"Fine. " * 200 for i in range(1, 6)})
    whole = 512 * (1 + 3)

    items = read("n.tar", data[: 3 * whole + 700])
    damaged = read("n.tar", data[: 2 * whole] + b"\xff" * 512 + data[2 * whole + 512 :])

    assert len(who(items)) == 3
    assert codes(items) == ["IN119"]
    assert len(who(damaged)) == 2
    assert codes(damaged) == ["IN119"]


def test_tar_name_that_would_fill_memory_is_damage():
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 5_000_000
    data = info.tobuf(tarfile.GNU_FORMAT) + b"a" * 5_000_000 + bytes(5_000_000 % 512)

    assert codes(read("n.tar", data + make_tar({"P1/2024-05-01.txt": b"x"}))) == ["IN119"]


def test_parquet_that_unpacks_to_too_much_costs_itself_only():
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([ROW | {"text": "y" * 200_000_000}]), sink, compression="zstd")

    little = Limits(document_memory=640 * 1024**2)
    assert codes(read("n.parquet", sink.getvalue(), little)) in (["IN112"], ["IN133"])
    assert codes(read("n.parquet", sink.getvalue())) in (["IN112"], ["IN133"], ["IN115"])


def test_long_text_that_many_parquet_rows_share_is_in_memory_once():
    """The file is small, and would take more memory than there is if every row had a text of its own."""
    rows = [ROW | {"note_id": str(i), "text": "word " * 200_000} for i in range(400)]
    little = Limits(document_memory=640 * 1024**2)

    items = read_upload("n.parquet", as_parquet(rows), limits=little)

    assert sum(isinstance(item, Note) for item in items) == 400


@pytest.mark.parametrize("kind", ["long name", "pax header"])
def test_headers_of_a_tar_that_describe_each_other_are_damage(kind):
    """``tarfile`` goes one call deeper for each."""
    info = tarfile.TarInfo("x")
    info.type = tarfile.GNUTYPE_LONGNAME if kind == "long name" else tarfile.XHDTYPE
    body = b"abcd\0" if kind == "long name" else b"11 path=aa\n"
    info.size = len(body)
    header = info.tobuf(tarfile.GNU_FORMAT) + body.ljust(512, b"\0")

    items = read("n.zip", make_zip({"a.tar": header * 2_000 + make_tar(FILES), "b.jsonl": as_lines(ROW)}))

    assert codes(items) == ["IN119"]
    assert who(items) == [("P1", "N1")]


def test_member_of_a_zip_that_asks_for_gigabytes_costs_itself_only():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_LZMA) as archive:
        for name in ("P1/2024-05-01.txt", "P2/2024-05-01.txt"):
            archive.writestr(name, b"Stable.")
    # The first byte of the settings, and then the size of the dictionary.
    settings = b"\x5d\x00\x00\x80\x00"
    data = sink.getvalue().replace(settings, b"\x5d\xff\xff\xff\xff", 1)

    items = read("n.zip", data)

    assert codes(items) == ["IN117"]
    assert who(items) == [("P2", "2024-05-01.txt")]


def test_no_memory_for_a_member_costs_the_member_only(monkeypatch):
    monkeypatch.setattr("zipfile.ZipExtFile.read", _no_memory)

    assert codes(read("n.zip", make_zip({"P1/2024-05-01.txt": b"Stable."}))) == ["IN119"]


def _no_memory(self, size=-1):
    raise MemoryError
