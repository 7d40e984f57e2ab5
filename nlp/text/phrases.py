"""
Phrases found by their rarest word: what spaCy's PhraseMatcher finds over the tokens of a note, found without any.

The prefilter tells where one word of each phrase stands; here the words before and behind it are compared with the
note, token by token as ``tokens`` would part them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.prefilter import Scan
from chartsift.nlp.text.tokens import plain_spelling

_T = TypeVar("_T")
# Words of fewer letters are in every note.
_SHORT = 4
_COMMON = frozenset(
    "patient with right left history treatment been plan examination exam normal follow well assessment symptoms time "
    "bilateral medications illness lower upper over rate therapy testing test blood chest disease pain from that this "
    "have will were when then they your daily dose chronic acute severe mild positive negative level levels days weeks "
    "months years year high body after before without none other loss weight".split()
)


class Found(NamedTuple, Generic[_T]):
    """A phrase in a note: its code points, its number of tokens and what belongs to it."""

    start: int
    end: int
    length: int
    of: _T


class _Phrase(NamedTuple, Generic[_T]):
    """The tokens before the word that is looked for, those from it on, and what belongs to the phrase."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    of: _T


class Phrases(Generic[_T]):
    """
    Phrases, each a tuple of tokens in lower case, and what belongs to each.

    ``words`` are the folded words that a prefilter has to look for.
    """

    def __init__(self, phrases: Mapping[tuple[str, ...], _T]) -> None:
        uses = Counter(token for tokens in phrases for token in set(tokens))
        # By the word, and then by the letters or digits on either side of it: "" for a sign, which has several
        # spellings, and for the end of the phrase.
        self._by_word: dict[str, dict[tuple[str, str], list[_Phrase[_T]]]] = {}
        for tokens, of in phrases.items():
            # The word that is in the fewest phrases, and of those the longest; signs, digits and short words only for
            # want of any other.
            key = min(
                range(len(tokens)),
                key=lambda i: (
                    not tokens[i].isalpha(),
                    len(tokens[i]) < _SHORT or tokens[i] in _COMMON,
                    uses[tokens[i]],
                    -len(tokens[i]),
                ),
            )
            before = fold(tokens[key - 1][-1]) if key else ""
            behind = fold(tokens[key + 1][0]) if key + 1 < len(tokens) else ""
            sides = (before if before.isalnum() else "", behind if behind.isalnum() else "")
            by_sides = self._by_word.setdefault(fold(tokens[key]), {})
            by_sides.setdefault(sides, []).append(_Phrase(tokens[:key], tokens[key:], of))

    @property
    def words(self) -> Iterable[str]:
        """The folded words, one a phrase."""
        return self._by_word

    def find(self, scan: Scan) -> Iterator[Found[_T]]:
        """Yield every phrase of the note, overlapping ones as well."""
        text, folded = scan.text, scan.folded
        for word, starts in scan.found.items():
            phrases = self._by_word.get(word)
            if phrases is None:
                continue
            is_alone = len(phrases) == 1 and ("", "") in phrases
            for start in starts:
                if is_alone:
                    sides: tuple[tuple[str, str], ...] = (("", ""),)
                else:
                    before, behind = _signs_around(folded, start, start + len(word))
                    sides = (("", ""), ("", behind), (before, ""), (before, behind))
                for side in sides:
                    for left, right, of in phrases.get(side, ()):
                        end = _forward(text, folded, start, right)
                        if end is None:
                            continue
                        begin = _backward(text, folded, start, left)
                        if begin is not None:
                            yield Found(begin, end, len(left) + len(right), of)


def _signs_around(folded: str, start: int, end: int) -> tuple[str, str]:
    """Return the letters or digits before and behind ``start:end``, blanks left out; "\\n" where none stands."""
    start -= 1
    while start >= 0 and folded[start] == " ":
        start -= 1
    while folded.startswith(" ", end):
        end += 1
    before, behind = folded[start] if start >= 0 else "", folded[end : end + 1]
    return before if before.isalnum() else "\n", behind if behind.isalnum() else "\n"


def _forward(text: str, folded: str, at: int, tokens: Sequence[str]) -> int | None:
    """Return where *tokens*, the first of which begins at *at*, end; None where other words stand there."""
    end = at
    for token in tokens:
        start = end
        while folded.startswith(" ", start):
            start += 1
        end = start + len(token)
        if not _is_word(text, folded, start, end, token):
            return None
    return end


def _backward(text: str, folded: str, at: int, tokens: Sequence[str]) -> int | None:
    """Return where *tokens*, the last of which ends before *at*, begin; None where other words stand there."""
    start = at
    for token in reversed(tokens):
        end = start
        while end > 0 and folded[end - 1] == " ":
            end -= 1
        start = end - len(token)
        if start < 0 or not _is_word(text, folded, start, end, token):
            return None
    return start


def _is_word(text: str, folded: str, start: int, end: int, token: str) -> bool:
    if end > len(text):
        return False
    words = text[start:end]
    return (words.lower() == token or plain_spelling(words).lower() == token) and _is_token(
        folded, start, end
    )


def _is_token(folded: str, start: int, end: int) -> bool:
    """Say whether no letter, or no digit, goes on before or behind ``start:end``."""
    first, last = folded[start], folded[end - 1]
    if first == "0":
        before = start > 0 and folded[start - 1] == "0"
        return not before and not (end < len(folded) and folded[end] == "0")
    if first.isalnum():
        if start > 0 and folded[start - 1] != "0" and folded[start - 1].isalnum():
            return False
        return not (last.isalnum() and end < len(folded) and folded[end] != "0" and folded[end].isalnum())
    return True
