"""
Notes in: files, folders and archives become notes, patients and coded problems.

``read_inputs`` and ``read_upload`` are the two ways in; ``READERS`` is the one table of formats.
"""

from __future__ import annotations

from chartsift.nlp.formats.base import DEFAULT_LIMITS, Item, Limits, Reader, Rejected, Source
from chartsift.nlp.formats.inputs import read_inputs, read_patients, read_upload
from chartsift.nlp.formats.readers import READERS, choose_reader

__all__ = [
    "DEFAULT_LIMITS",
    "READERS",
    "Item",
    "Limits",
    "Reader",
    "Rejected",
    "Source",
    "choose_reader",
    "read_inputs",
    "read_patients",
    "read_upload",
]
