"""
The ``sentences`` component: sentence ends by layout and by punctuation, in one pass.

It stands where medspaCy puts PyRuSH, which takes most of its time and writes note text to standard error.

Reads: doc._.note_text, doc._.starts. Writes: doc._.layout (lines, sentences), token.is_sent_start.
"""

from __future__ import annotations

import numpy as np
from spacy.attrs import SENT_START
from spacy.tokens import Doc

from chartsift.nlp.components.factory import register
from chartsift.nlp.text.layout import Layout, split_lines, split_sentences


class Sentences:
    """Set the layout of a note and the sentence starts of its tokens."""

    def __call__(self, doc: Doc) -> Doc:
        text: str = doc._.note_text
        layout = Layout(text)
        layout.lines = split_lines(text)
        layout.sentences = split_sentences(text, layout.lines)
        layout.index()
        doc._.layout = layout
        # One array for the whole Doc: setting token.is_sent_start asks the Doc each time whether it is parsed,
        # which makes the loop quadratic.
        starts = np.asarray(doc._.starts, dtype=np.int64)
        firsts = np.searchsorted(starts, [sentence.start for sentence in layout.sentences])
        marks = np.full(len(doc), -1, dtype=np.int64)
        marks[firsts[firsts < len(doc)]] = 1
        if len(doc):
            marks[0] = 1
            doc.from_array([SENT_START], marks.astype(np.uint64))  # type: ignore[arg-type]  # one attribute is 1-D
        return doc


register("sentences", lambda nlp: Sentences())
