"""Text files in any common encoding: one note a file."""

from __future__ import annotations

from collections.abc import Iterator

from chartsift.nlp.formats.base import Extracted, Item, Limits, Source
from chartsift.nlp.formats.documents import read_note
from chartsift.nlp.formats.encoding import UTF8, decode
from chartsift.nlp.formats.fields import FieldError

SUFFIXES = (".txt", ".text", ".note", ".md")
_MOST_BYTES_A_CHAR = 4  # in UTF-8 and UTF-32, which take the most


def sniff(head: bytes) -> bool:
    """Say no: any bytes could be meant as text, so that text is what remains; see ``choose_reader``."""
    del head
    return False


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read the one note of *source*."""
    return read_note(source, limits, extract)


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the text untouched but for a byte order mark; raises FieldError (IN103, IN115)."""
    if len(data) > _MOST_BYTES_A_CHAR * limits.note_chars:
        raise FieldError(
            "IN115", f"the note is longer than {limits.note_chars:,} characters; split it into its parts"
        )
    text, encoding = decode(data)
    return Extracted(text, "" if encoding == UTF8 else f"text in {encoding}")
