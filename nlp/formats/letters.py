"""
Texts whose patient or day could not be told, read all the same: for a person who can tell it.

A batch run leaves such a file out and says so. Where somebody looks at the files, the text is there to be filed once
its patient and day are filled in.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator

from chartsift.nlp.formats.archives import is_zip, tar_files, zip_files
from chartsift.nlp.formats.base import HEAD_BYTES, Limits, Rejected, Source
from chartsift.nlp.formats.documents import Letter, read_letter
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.inputs import is_container
from chartsift.nlp.formats.packed import DAMAGED, DamagedError, TooMuchError, is_packed, unpacked
from chartsift.nlp.formats.readers import choose_reader

WITHOUT_OWNER = ("IN113", "IN114")
"""Codes of a document that is refused only because its patient or its day cannot be told."""


def find_letters(source: Source, labels: frozenset[str], limits: Limits) -> Iterator[tuple[str, Letter]]:
    """
    Yield the documents of a file, or of an archive, that go by *labels*, with their texts.

    One that cannot be read is left out: the ordinary reading has said why already.
    """
    try:
        yield from _walk(source, labels, limits, 0)
    except (OSError, TooMuchError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, DamagedError):
        return


def _walk(source: Source, labels: frozenset[str], limits: Limits, depth: int) -> Iterator[tuple[str, Letter]]:
    try:
        with source.open() as stream:
            head = stream.read(HEAD_BYTES)
    except (OSError, TooMuchError, *DAMAGED):
        return
    if not is_container(head):
        reader = choose_reader(head, source.suffix)
        if source.label in labels and reader is not None and reader.extract is not None:
            try:
                yield source.label, read_letter(source, limits, reader.extract)
            except FieldError:
                return
        return
    if depth >= limits.archives_deep:
        return
    if is_packed(head):
        yield from _walk(unpacked(source, head, limits), labels, limits, depth + 1)
        return
    for file in zip_files(source, limits) if is_zip(head) else tar_files(source, limits):
        if not isinstance(file, Rejected):
            yield from _walk(file, labels, limits, depth + 1)
