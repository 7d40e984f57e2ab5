"""Text in any common encoding comes out as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartsift.nlp.formats import Rejected, read_upload
from chartsift.nlp.formats.encoding import decode, looks_like_text
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.types import Note

LETTER = "Jane’s fever of 38.2 °C (±0.3), naïve, café; 5 µg/L – “done”, façade, Sjögren • Müller…\r\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac_roman"]
)
def test_letter_in_every_encoding(encoding):
    (note,) = read_upload("P1_2024-05-01.txt", LETTER.encode(encoding))

    assert isinstance(note, Note)
    assert note.text == LETTER
    # Where the file's own text is no UTF-8, offsets count in the text that is written out.
    assert bool(note.origin) == (not encoding.startswith("utf-8"))


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp437"])
@pytest.mark.parametrize("text", ["T 37°C", "5 µg/L", "café au lait", "Sjögren", "±2.5", "naïve T cells"])
def test_one_sign_tells_an_encoding(text, encoding):
    assert decode(text.encode(encoding))[0] == text


def test_declared_encoding_is_believed_where_it_fits():
    assert decode("Łódź".encode("iso-8859-2"), declared="ISO-8859-2") == ("Łódź", "iso8859-2")
    assert decode("Łódź".encode(), declared="ISO-8859-2")[0] == "Łódź"
    for nonsense in ("utf-7", "rot13", "base64", "no such", "utf-16", "\udcff"):
        assert decode("café".encode("cp1252"), declared=nonsense)[0] == "café"


@pytest.mark.parametrize(
    "data",
    [
        "cafés, naïve".encode() + b"\xc3 x",
        bytes(range(128, 256)),
        b"\x81\x8d\x8f\x90",
        "é".encode("utf-16") + b"\x00",
    ],
)
def test_damage_is_said_and_not_guessed(data):
    (item,) = read_upload("P1_2024-05-01.txt", data)

    assert isinstance(item, Rejected)
    assert item.problem.code == "IN103"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1]", b"<x/>", b"PK\x03\x04", b"\x00\x01", bytes(range(256)), b"\x1f\x8b\x08"]
)
def test_what_does_not_look_like_text(data):
    assert not looks_like_text(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_problem(data):
    text, code = "", ""
    try:
        text, _ = decode(data)
    except FieldError as exc:
        code = exc.code

    assert code in ("", "IN103")
    assert not (code and text)
