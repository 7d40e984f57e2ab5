"""
Whatever is given to a reader, coded problems come out: no exception, no hang, no memory without bound.

Damage is made with fixed seeds, so that a failure comes back. A hang is ended by the time limit of the test run
(``faulthandler_timeout``); memory is measured in this process and limited by the system in that of the parsers.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from support.document_maker import (
    as_lines,
    as_parquet,
    attachment,
    make_ccda,
    make_chart,
    make_csv,
    make_document_reference,
    make_docx,
    make_html,
    make_letter_pdf,
    make_omop_csv,
    make_row,
    make_rtf,
    make_tar,
    make_text,
    make_zip,
)
from support.pdf_maker import lines, make_pdf

from chartsift.nlp.formats import READERS, Item, Limits, Rejected, Source, read_upload
from chartsift.nlp.types import Note, Patient

RESOURCES = as_lines(
    make_document_reference(),
    make_document_reference(attachment(make_letter_pdf(), "application/pdf"), id="8"),
    make_document_reference(attachment(make_html(), "text/html"), id="9"),
)
NAME = "P001_2024-05-01_x"
# One file of every format: for each reader by its name, and for what lies around files.
SAMPLES: dict[str, tuple[str, bytes]] = {
    "parquet": ("n.parquet", as_parquet([make_row(), make_row(note_id="N2")])),
    "pdf": (f"{NAME}.pdf", make_pdf([lines("Assessment: dermatomyositis", "CK\t2450"), None], packed=False)),
    "docx": (f"{NAME}.docx", make_docx()),
    "rtf": (f"{NAME}.rtf", make_rtf()),
    "ccda": ("c.xml", make_ccda()),
    "html": (f"{NAME}.html", make_html()),
    "fhir": ("f.ndjson", RESOURCES),
    "jsonl": ("n.jsonl", as_lines(make_row(), make_row(note_id="N2"))),
    "chart": ("c.json", make_chart()),
    "omop": ("note.csv", make_omop_csv()),
    "csv": ("n.csv", make_csv(make_row(text='Stable, "fine".'))),
    "text": (f"{NAME}.txt", make_text()),
    "zip": ("n.zip", make_zip({"P1/2024-05-01.txt": make_text(), "P1/2024-05-02.html": make_html()})),
    "tar": ("n.tar", make_tar({"P1/2024-05-01.txt": make_text(), "P1/2024-05-02.rtf": make_rtf()})),
    "gzip": ("n.jsonl.gz", gzip.compress(as_lines(make_row()))),
    "zstd": ("n.jsonl.zst", zstandard.compress(as_lines(make_row()))),
}
# Small ones, so that the bounds are met.
LIMITS = Limits(
    note_chars=200_000,
    row_bytes=1_000_000,
    document_bytes=2_000_000,
    document_seconds=5,
    document_memory=1024**3,
    document_pages=50,
    json_values=100_000,
    archive_members=100,
    archive_bytes=20_000_000,
)
MOST_MEMORY = 96 * 1024**2
CODE = re.compile(r"IN1\d\d")
# Words of the samples: none may stand in a message.
WORDS = ("dermatomyositis", "Jo-1", "heliotrope", "P001", "RHEUMATOLOGY")

Damage = Callable[[bytes, random.Random], bytes]


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def flip(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def splice(data: bytes, chance: random.Random) -> bytes:
    """Put a piece of the file, of another one, or of nothing good in the place of another piece."""
    other = chance.choice(
        [data, chance.choice(list(SAMPLES.values()))[1], bytes(300), b"\xff" * 300, b"9" * 300]
    )
    at, to = sorted(chance.randrange(len(data)) for _ in range(2))
    begin = chance.randrange(len(other))
    return (
        data[:at]
        + other[begin : begin + chance.randrange(1, 400)]
        + data[to if chance.random() < 0.5 else at :]
    )


def swell(data: bytes, chance: random.Random) -> bytes:
    """Repeat a piece a thousand times."""
    at = chance.randrange(len(data))
    piece = data[at : at + chance.randrange(1, 60)]
    return data[:at] + piece * 1_000 + data[at:]


def renumber(data: bytes, chance: random.Random) -> bytes:
    """Put a number that is out of all proportion in the place of one."""
    numbers = list(re.finditer(rb"\d+", data))
    if not numbers:
        return flip(data, chance)
    found = chance.choice(numbers)
    number = chance.choice((b"0", b"-1", b"99999999", b"4294967295", b"18446744073709551616", b"1e999"))
    return data[: found.start()] + number + data[found.end() :]


DAMAGES: tuple[Damage, ...] = (cut, flip, splice, swell, renumber)
ROUNDS = 25


def check(items: Iterable[Item]) -> list[Item]:
    """Run a reader to its end; every item must be a note, a patient or a coded problem without words of the note."""
    seen: list[Item] = []
    for item in items:
        assert isinstance(item, Note | Patient | Rejected)
        if isinstance(item, Rejected):
            assert CODE.fullmatch(item.problem.code)
            assert item.problem.message
            message = item.problem.message.replace("P001_2024-05-01_progress-note.txt", "")
            assert not any(word in message for word in WORDS)
        if isinstance(item, Note):
            assert len(item.text) <= LIMITS.note_chars
            assert all(0 <= start <= len(item.text) for start in item.pages)
        seen.append(item)
    assert seen, "an input vanished without a word"
    return seen


def test_every_reader_has_a_sample_and_reads_it():
    assert {reader.name for reader in READERS} <= SAMPLES.keys()
    for name, data in SAMPLES.values():
        assert any(isinstance(item, Note) for item in check(read_upload(name, data, limits=LIMITS))), name


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("sample", SAMPLES)
def test_damaged_file(sample, damage):
    name, data = SAMPLES[sample]
    chance = random.Random(f"{sample} {damage.__name__}")  # noqa: S311 - damage, not secrets

    tracemalloc.start()
    try:
        for _ in range(ROUNDS):
            check(read_upload(name, damage(data, chance), limits=LIMITS))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < MOST_MEMORY


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_word_document_whose_inside_is_damaged(damage):
    """A zip says of itself that it is damaged, so that its members have to be damaged before they are packed."""
    chance = random.Random(damage.__name__)  # noqa: S311 - damage, not secrets
    with zipfile.ZipFile(io.BytesIO(make_docx())) as made:
        members = {name: made.read(name) for name in made.namelist()}

    for _ in range(ROUNDS):
        name = chance.choice(["word/document.xml", "word/document.xml", *members])
        check(
            read_upload(
                f"{NAME}.docx", make_zip(members | {name: damage(members[name], chance)}), limits=LIMITS
            )
        )


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_reader_that_is_given_another_format(reader):
    for name, data in SAMPLES.values():
        # What its own sniffing would have refused.
        for item in reader.read(Source.of_bytes(name, data), LIMITS):
            assert isinstance(item, Note | Patient | Rejected)


MARKS = (
    b"%PDF-1.7\n", b"PK\x03\x04", b"PAR1", b"{\\rtf1 ", b"<html>", b"<ClinicalDocument ", b'{"resourceType": "Bundle", ',
    b'{"resourceType": "DocumentReference", ', b"patient_id,note_id,note_date,text\n", b"person_id,note_id,note_text\n",
    b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", b"",
)  # fmt: skip


@settings(max_examples=60)
@given(
    mark=st.sampled_from(MARKS),
    rest=st.binary(max_size=400),
    suffix=st.sampled_from(["", ".txt", ".json", ".csv", ".pdf"]),
)
def test_mark_with_anything_behind_it(mark, rest, suffix):
    check(read_upload(NAME + suffix, mark + rest, limits=LIMITS))


def nested(begin: bytes, end: bytes, inner: bytes, times: int) -> bytes:
    return begin * times + inner + end * times


def nested_archives() -> bytes:
    data = make_text()
    for _ in range(30):
        data = make_zip({"P1/2024-05-01.zip": data})
    return data


def pages_in_a_circle() -> bytes:
    return make_letter_pdf().replace(b"/Kids [", b"/Kids [2 0 R ")


def objects_in_a_circle() -> bytes:
    return (
        b"%PDF-1.7\n"
        + b"".join(b"%d 0 obj\n%d 0 R\nendobj\n" % (n, n % 9 + 1) for n in range(1, 10))
        + (b"trailer\n<< /Root 1 0 R /Size 10 >>\nstartxref\n0\n%%EOF")
    )


def pdf_that_unpacks_far() -> bytes:
    content = zlib.compress(zlib.compress(b"BT /F1 1 Tf (x) Tj ET " * 3_000_000, 9), 9)
    made = make_pdf([lines("x")], packed=False)
    at = made.index(b"<< /Length", made.index(b"/DeviceGray"))
    end = made.index(b"endobj", at)
    stream = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream\n" % (
        len(content),
        content,
    )
    return made[:at] + stream + made[end:]


EXTREMES: dict[str, tuple[str, bytes]] = {
    "html deep": (f"{NAME}.html", make_html(nested(b"<div>", b"</div>", b"x", 50_000).decode())),
    "html tables": (
        f"{NAME}.html",
        make_html(nested(b"<table><tr><td>", b"</td></tr></table>", b"x", 80).decode()),
    ),
    "html wide": (f"{NAME}.html", make_html("<td rowspan=9999 colspan=9999>x" * 50_000)),
    "html lists": (f"{NAME}.html", make_html("<ul><li>" * 120 + "x" * 100_000)),
    "html entities": (f"{NAME}.html", make_html("&amp;&#1;&#xd800;&#x110000;&nosuch;" * 20_000)),
    "html comments": (NAME, b"<!-- -->" * 100_000 + b"<x"),
    "html xml": (NAME, b"<?xml ?>" * 100_000),
    "rtf deep": (f"{NAME}.rtf", b"{\\rtf1 " + nested(b"{", b"}", b"x", 100_000)),
    "rtf fields": (f"{NAME}.rtf", b"{\\rtf1 " + b'{\\field{\\*\\fldinst{HYPERLINK "x' * 3_000),
    "rtf cells": (f"{NAME}.rtf", b"{\\rtf1 " + b"\\trowd x\\cell " * 30_000 + b"\\row}"),
    "rtf numbers": (f"{NAME}.rtf", b"{\\rtf1\\ansicpg99999 \\u99999999?\\uc99999 \\bin99999999 x}"),
    "xml deep": ("c.xml", make_ccda(nested(b"<section>", b"</section>", b"x", 50_000).decode())),
    "xml laughs": (
        "c.xml",
        b'<!DOCTYPE a [<!ENTITY l0 "lol">'
        + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
        + b"]>"
        + make_ccda(
            "<structuredBody><component><section><text>&l9;</text></section></component></structuredBody>"
        ).partition(b"?>")[2],
    ),
    "json deep": ("c.json", nested(b"[", b"]", b"", 500_000)),
    "json values": ("c.json", b"[" + b"{}," * 600_000 + b"{}]"),
    "json objects": ("c.json", nested(b'{"notes":', b"}", b"1", 100_000)),
    "json number": ("n.jsonl", b'{"patient_id": ' + b"9" * 500_000 + b"}\n{}\n"),
    "fhir deep": ("f.json", nested(b'{"resourceType":"Bundle","entry":[{"resource":', b"}]}", b"{}", 5_000)),
    "csv quotes": ("n.csv", b"patient_id,note_id,note_date,text\n" + b'"' * 900_001),
    "csv columns": ("n.csv", b"patient_id" + b"," * 900_000 + b"\n" + b"," * 900_000),
    "text bomb": (f"{NAME}.txt.gz", gzip.compress(b"a" * 50_000_000)),
    "zstd bomb": (f"{NAME}.txt.zst", zstandard.compress(b"a" * 50_000_000)),
    "archives deep": ("n.zip", nested_archives()),
    "gzip deep": ("n.gz", gzip.compress(gzip.compress(gzip.compress(gzip.compress(make_text()))))),
    "pdf circle": (f"{NAME}.pdf", pages_in_a_circle()),
    "pdf objects": (f"{NAME}.pdf", objects_in_a_circle()),
    "pdf unpacks": (f"{NAME}.pdf", pdf_that_unpacks_far()),
    "pdf pages": (f"{NAME}.pdf", make_pdf([[]] * 60)),
    "pdf glyphs": (
        f"{NAME}.pdf",
        make_pdf([[(60, 700, 0.01, "x" * 100_000), (60, 600, 9_999, "y" * 1_000)]]),
    ),
    "docx deep": (
        f"{NAME}.docx",
        make_docx(nested(b"<w:sdt><w:sdtContent>", b"</w:sdtContent></w:sdt>", b"", 100).decode()),
    ),
    "docx empty": (f"{NAME}.docx", make_zip({"[Content_Types].xml": b"", "word/document.xml": b""})),
    "too large": (f"{NAME}.txt", b"word " * 500_000),
    "base64": ("f.json", json.dumps(make_document_reference({"data": "A" * 1_900_000})).encode()),
}


@pytest.mark.parametrize("extreme", EXTREMES)
def test_extreme_file(extreme):
    name, data = EXTREMES[extreme]

    tracemalloc.start()
    try:
        check(read_upload(name, data, limits=LIMITS))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < MOST_MEMORY
