"""
Tokens with the exact place where each stands in the note.

A spaCy ``Doc`` in chartsift holds only the words, in a normalised spelling (one kind of apostrophe, one kind of
hyphen, no white space), so that "necrotizing\\nmyopathy" and "Gottron’s" meet the same patterns as their plain
forms. The note text itself is never changed: ``doc._.starts[i]`` and ``doc._.ends[i]`` say which code points of
it token *i* covers, and every span goes back through them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import islice

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

# Letters, digits and signs never share a token: "TIF1γ" is TIF|1|γ, "5,430" is 5|,|430 and "HMGCR+" is HMGCR|+,
# so that every spelling of an antibody or a value is a plain sequence.
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
# The same for ASCII, which most sentences are: ranges of characters are told in half the time of categories.
_ASCII_TOKEN = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9\s]")

# Signs that only differ in typography. One code point each, so a word's length may not change either.
_SPELLING = {
    "‘": "'",
    "’": "'",
    "ʼ": "'",
    "´": "'",
    "`": "'",
    "“": '"',
    "”": '"',
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "−": "-",
    "⁺": "+",
    "µ": "μ",
}
_UNUSUAL = re.compile(f"[{''.join(_SPELLING)}]")


def end_of_tokens(text: str, start: int, count: int) -> int:
    """Return where the *count*-th token from *start* on ends, or the last one of *text*; *start* where none follows."""
    match = _as_many_tokens(count).match(text, start)
    return match.end() if match is not None else start


@lru_cache(maxsize=8)
def _as_many_tokens(count: int) -> re.Pattern[str]:
    """Return what matches as many tokens as there are, up to *count*."""
    return re.compile(rf"(?:\s*(?:{_TOKEN.pattern})){{0,{count}}}")


def token_ranges(text: str, start: int, end: int, *, most: int | None = None) -> list[tuple[int, int]]:
    """Return the code points of the tokens of ``text[start:end]``, of the first *most* of them if that is given."""
    found = tokens_in(text[start:end])
    return [(match.start() + start, match.end() + start) for match in islice(found, most)]


def tokens_in(text: str) -> Iterator[re.Match[str]]:
    """Return the tokens of *text* as matches: where one stands is asked of few of them."""
    return _ASCII_TOKEN.finditer(text) if text.isascii() else _TOKEN.finditer(plain_spelling(text))


def words_of(text: str) -> tuple[str, ...]:
    """
    Return the tokens of *text* in lower case.

    >>> words_of("Anti–Jo-1")
    ('anti', '-', 'jo', '-', '1')
    """
    plain = plain_spelling(text)
    if plain.isascii():
        return tuple(_ASCII_TOKEN.findall(plain.lower()))
    return tuple(word.lower() for word in _TOKEN.findall(plain))


def plain_spelling(text: str) -> str:
    """Return *text* with one kind of apostrophe, hyphen and quotation mark, code point by code point."""
    # Few notes hold more than a handful of them, and ``str.translate`` looks every sign up.
    if text.isascii() and "`" not in text:
        return text
    return _UNUSUAL.sub(_plain, text)


def _plain(sign: re.Match[str]) -> str:
    return _SPELLING[sign.group()]


def register_extensions() -> None:
    """Declare the attributes that chartsift keeps on a ``Doc``; safe to call twice."""
    for name in ("starts", "ends", "note_text", "note_date", "layout", "drafts"):
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=None)


class ClinicalTokenizer:
    """
    Turn note text into a ``Doc`` of normalised words.

    Writes: doc._.note_text, doc._.starts, doc._.ends (lists of code point offsets, one entry a token).
    """

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        register_extensions()

    def __call__(self, text: str) -> Doc:
        words: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        for match in _TOKEN.finditer(plain_spelling(text)):
            words.append(match.group())
            start, end = match.span()
            starts.append(start)
            ends.append(end)
        doc = Doc(self.vocab, words=words, spaces=[True] * len(words))
        doc._.note_text = text
        doc._.starts = starts
        doc._.ends = ends
        return doc

    # spaCy serialises a tokenizer with the pipeline; this one has no state of its own.
    def to_bytes(self, **_: object) -> bytes:
        return b""

    def from_bytes(self, _data: bytes, **_kwargs: object) -> ClinicalTokenizer:
        return self

    def to_disk(self, _path: object, **_kwargs: object) -> None:
        return None

    def from_disk(self, _path: object, **_kwargs: object) -> ClinicalTokenizer:
        return self


def source_range(span: Span) -> tuple[int, int]:
    """Return the half-open code point range of *span* in the note text."""
    facts = span.doc._
    return facts.starts[span.start], facts.ends[span.end - 1]


def token_range(doc: Doc, start: int, end: int) -> tuple[int, int]:
    """
    Return the half-open range of tokens that touch the code points ``start:end`` of the note text.

    The range is empty (``first == last``) where no token stands.
    """
    first = bisect_right(doc._.ends, start)
    last = bisect_left(doc._.starts, end)
    return first, max(first, last)


def note_date_of(doc: Doc) -> date:
    """Return the date of the note that *doc* was made from."""
    day = doc._.note_date
    if not isinstance(day, date):
        raise TypeError("the Doc has no note date: make it with chartsift.nlp.pipeline.Pipeline")
    return day
