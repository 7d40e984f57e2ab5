"""
Bytes become text: the encoding is told by a byte order mark, by being valid UTF-8, or by what the text looks like.

Of the 8-bit encodings those are tried that English clinical text comes in: Windows, old Macintosh and DOS. The one
is taken whose letters stand within words and whose signs (°, µ, ±, quotes) stand where such signs stand.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice

from chartsift.nlp.formats.fields import FieldError

UTF8 = "utf-8"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In the order of preference when nothing tells them apart.
_EIGHT_BIT = ("cp1252", "mac_roman", "cp437")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
# Characters that tell a table of an encoding from another; more would only take time.
_MOST_LOOKED_AT = 2_000
_SIGNS = frozenset("±×²³¼½¾–—‘’“”•…·§®™©≤≥÷£¥€¢°")
# Signs that do not stand within a word.
_QUOTES = frozenset("‘“”•…")
# The letters of names and loan words in English, by how often one meets them.
_WELCOME = {**dict.fromkeys("éèöüäñïç", 3), **dict.fromkeys("êëáàâåíìîóòôúùûßÉÖÜÄÅ", 2)}
_LEAST_FOR_UTF16 = 0.4
_MOST_CONTROLS = 0.01
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1b"))


def decode(data: bytes, *, declared: str = "") -> tuple[str, str]:
    """
    Return the text of *data* without a byte order mark, and the name of its encoding.

    Args:
        data: The bytes.
        declared: An encoding that the document or its sender names; used when the bytes fit it.

    Raises:
        FieldError: the encoding cannot be told, or the text is damaged (IN103).
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "") or _wide(data)
    if encoding:
        text = _decoded(data, encoding)
        if text is None:
            raise FieldError("IN103", f"the text is damaged {encoding.upper()}; save it as UTF-8")
        return text, UTF8 if encoding == "utf-8-sig" else encoding
    text = _decoded(data, UTF8)
    if text is not None:
        return text, UTF8
    if declared and _is_eight_bit(declared):
        text = _decoded(data, declared)
        if text is not None:
            return text, codecs.lookup(declared).name
    return _eight_bit(data)


def looks_like_text(head: bytes) -> bool:
    """Tell whether the first bytes of a file could be those of a text, and of no markup or JSON."""
    if head.startswith(tuple(mark for mark, _ in _MARKS)) or _wide(head):
        return True
    start = head.lstrip()
    if not start or start.startswith((b"<", b"{", b"[", b"%PDF", b"PK\x03\x04")) or b"\x00" in head:
        return False
    if _share(head, _CONTROLS) > _MOST_CONTROLS:
        return False
    try:
        # The last character may be cut.
        codecs.getincrementaldecoder(UTF8)().decode(head)
    except UnicodeDecodeError:
        try:
            _eight_bit(head)
        except FieldError:
            return False
    return True


def ascii_head(head: bytes) -> bytes:
    """Return the first bytes of a file as UTF-8 without a mark and leading white space, for a look at how it begins."""
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "") or _wide(head)
    return (head.decode(encoding, "ignore").encode("utf-8", "ignore") if encoding else head).lstrip()


def table_encoding(head: bytes) -> str:
    """Return the encoding in which the lines of a table can be read; UTF-8 also where a few bytes are not."""
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), "") or _wide(head)
    if marked:
        return marked
    text = head.decode(UTF8, "surrogateescape")
    escaped = sum("\udc80" <= c <= "\udcff" for c in _looked_at(text))
    proper = sum(not "\udc80" <= c <= "\udcff" for c in _looked_at(text))
    if not escaped or proper:
        return "utf-8-sig"
    try:
        return _eight_bit(head)[1]
    except FieldError:
        return "utf-8-sig"


def _wide(data: bytes) -> str:
    """Return the kind of UTF-16 without a mark: nearly every second byte of English text is zero there."""
    head = data[:4096]
    if b"\x00" not in head or len(head) < 4:
        return ""
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > _LEAST_FOR_UTF16 and even < _MOST_CONTROLS:
        return "utf-16-le"
    if even > _LEAST_FOR_UTF16 and odd < _MOST_CONTROLS:
        return "utf-16-be"
    return ""


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode("utf-8-sig" if encoding == UTF8 else encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _is_eight_bit(name: str) -> bool:
    """Tell whether *name* is an encoding of single bytes, which the sender may know better than we."""
    try:
        return len(
            bytes(range(32, 127)).decode(codecs.lookup(name).name)
        ) == 95 and not name.lower().startswith("utf")
    except (LookupError, UnicodeDecodeError, TypeError, ValueError):
        return False


def _eight_bit(data: bytes) -> tuple[str, str]:
    looked_at = data.decode(UTF8, "surrogateescape")
    escaped = sum("\udc80" <= c <= "\udcff" for c in _looked_at(looked_at))
    if sum(not "\udc80" <= c <= "\udcff" for c in _looked_at(looked_at)) > escaped:
        at = next(i for i, c in enumerate(looked_at) if "\udc80" <= c <= "\udcff")
        raise FieldError(
            "IN103", f"the text is UTF-8 with damage (character {at + 1:,}); save it anew as UTF-8"
        )
    scores = {name: _fit(data.decode(name, "replace")) for name in _EIGHT_BIT}
    best = max(_EIGHT_BIT, key=lambda name: scores[name])
    text = _decoded(data, best)
    if text is None or scores[best] < 0 or _share(data, _CONTROLS) > _MOST_CONTROLS:
        raise FieldError("IN103", "the encoding of the text cannot be told; save it as UTF-8")
    return text, best


def _fit(text: str) -> int:
    """Return how well the non-ASCII characters of *text* stand where they stand."""
    score = 0
    for found in islice(_NON_ASCII.finditer(text), _MOST_LOOKED_AT):
        char = found[0]
        before = text[found.start() - 1 : found.start()]
        after = text[found.end() : found.end() + 1]
        is_within = all(c.isascii() and c.isalpha() for c in (before or " ", after or " "))
        if char in "µμ":
            score += 2 if after in tuple("gLlmMUkKsS") and not before.isalpha() else -1
        elif char == "°":
            score += 2 if before.isdigit() or before.isspace() else -1
        elif char in _SIGNS:
            score += -1 if is_within and char in _QUOTES else 1
        elif char.isspace():
            continue
        elif char.isalpha():
            # In English text a foreign letter is a guest among plain ones.
            beside = any(c.isascii() and c.isalpha() for c in (before, after))
            is_placed = beside and not (after.isupper() if char.islower() else before.islower())
            score += _WELCOME.get(char, 1) if is_placed else -1
        else:
            # A box line, a control character, a sign of mathematics, or no character at all.
            score -= 1 if char.isprintable() and char != "\ufffd" else 5
    return score


def _looked_at(text: str) -> list[str]:
    return [found[0] for found in islice(_NON_ASCII.finditer(text), _MOST_LOOKED_AT)]


def _share(data: bytes, of: bytes) -> float:
    return (len(data) - len(data.translate(None, of))) / max(len(data), 1)
