"""
Phrases found by their rarest word: what spaCy's PhraseMatcher finds over the tokens of a note, found without any.

An automaton tells where one word of each phrase stands; here the words before and behind it are compared with the
note, token by token as ``tokens`` would part them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

import ahocorasick_rs

from chartsift.nlp.text.folding import fold, is_whole_word
from chartsift.nlp.text.prefilter import Scan
from chartsift.nlp.text.tokens import end_of_tokens, plain_spelling, tokens_in, words_of

_T = TypeVar("_T")
# Words of fewer letters are in every note.
_SHORT = 4
_COMMON = frozenset(
    "patient with right left history treatment been plan examination exam normal follow well assessment symptoms time "
    "bilateral medications illness lower upper over rate therapy testing test blood chest disease pain from that this "
    "have will were when then they your daily dose chronic acute severe mild positive negative level levels days weeks "
    "months years year high body after before without none other loss weight".split()
)
# Signs, and a letter, that a note may spell otherwise (``tokens``).
_RESPELT = frozenset("'\"-+μ")
# A letter for Python, and an apostrophe for ``tokens``.
_LETTER_APOSTROPHE = "ʼ"


# A phrase in a note: where it starts and ends, its number of tokens and what belongs to it. Some fifty are made a note,
# and a plain tuple is made in a third of the time of a named one.
Found = tuple[int, int, int, _T]


class _Token(NamedTuple):
    """A token in lower case, its length, and whether it is of letters, of digits ("0") or a sign ("")."""

    text: str
    length: int
    kind: str


class _Phrase(NamedTuple, Generic[_T]):
    """The word that is looked for, the tokens before it, the nearest first, and behind it, and what belongs to all."""

    word: str
    left: tuple[_Token, ...]
    right: tuple[_Token, ...]
    # The letter or digit that ends the token before the word; "" for a sign, which has several spellings, and for none.
    before: str
    length: int
    of: _T


class _Word(NamedTuple, Generic[_T]):
    """
    The phrases of a word that is looked for.

    Attributes:
        kind: Whether it is of letters, of digits or a sign.
        is_plain: It is found as a whole word and as it is spelt in any text of ASCII.
        alone: Phrases of this word alone.
        by_behind: Of the others those with a letter or digit next behind the word, by that.
        by_before: Of the rest those with a letter or digit next before it, by that.
        between_signs: What is left.
    """

    kind: str
    is_plain: bool
    alone: list[_Phrase[_T]]
    by_behind: dict[str, list[_Phrase[_T]]]
    by_before: dict[str, list[_Phrase[_T]]]
    between_signs: list[_Phrase[_T]]


class Phrases(Generic[_T]):
    """
    Phrases, each a tuple of tokens in lower case, and what belongs to each.

    ``words`` are the folded words that a prefilter has to look for.
    """

    def __init__(self, phrases: Mapping[tuple[str, ...], _T]) -> None:
        uses = Counter(token for tokens in phrases for token in set(tokens))
        self._by_word: dict[str, _Word[_T]] = {}
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
            phrase = _Phrase(
                tokens[key],
                tuple(map(_token, reversed(tokens[:key]))),
                tuple(map(_token, tokens[key + 1 :])),
                before if before.isalnum() else "",
                len(tokens),
                of,
            )
            word = fold(tokens[key])
            held = self._by_word.get(word)
            if held is None:
                is_plain = word == tokens[key] and is_whole_word(word)
                held = self._by_word[word] = _Word(_kind(word), is_plain, [], {}, {}, [])
            if len(tokens) == 1:
                held.alone.append(phrase)
                continue
            behind = fold(tokens[key + 1][0]) if key + 1 < len(tokens) else ""
            if behind.isalnum():
                held.by_behind.setdefault(behind, []).append(phrase)
            elif phrase.before:
                held.by_before.setdefault(phrase.before, []).append(phrase)
            else:
                held.between_signs.append(phrase)

    @property
    def words(self) -> Iterable[str]:
        """The folded words, one a phrase."""
        return self._by_word

    def find(self, scan: Scan) -> Iterator[Found[_T]]:
        """Yield every phrase of the note, overlapping ones as well."""
        return self.at(scan.found.items(), lower_case(scan.text), scan.folded)

    def at(self, places: Iterable[tuple[str, Sequence[int]]], lower: str, folded: str) -> Iterator[Found[_T]]:
        """Yield the phrases whose words stand at *places* of a note, which is given in lower case and folded."""
        by_word = self._by_word
        is_ascii = folded.isascii()
        for word, starts in places:
            held = by_word.get(word)
            if held is None:
                continue
            kind, is_plain, alone, by_behind, by_before, between_signs = held
            length = len(word)
            for start in starts:
                end = start + length
                # Beyond ASCII it takes signs of ASCII on both sides, and the very letters of the word.
                is_sure = is_plain and (
                    is_ascii
                    or (
                        lower.startswith(word, start)
                        and folded[start - 1 : start].isascii()
                        and folded[end : end + 1].isascii()
                    )
                )
                if not is_sure and (
                    _goes_on_before(folded, start, kind) or _goes_on_behind(folded, end, kind)
                ):
                    continue
                for phrase in alone:
                    if is_sure or _is_spelt(lower, start, phrase.word):
                        yield start, end, 1, phrase.of
                # One blank beside the word, or none, is what mostly stands there: the calls are for more of them.
                candidates = between_signs
                if by_behind:
                    behind = folded[end : end + 1]
                    if behind == " ":
                        behind = folded[end + 1 : end + 2]
                        if behind == " ":
                            behind = _sign_behind(folded, end)
                    further = by_behind.get(behind)
                    if further is not None:
                        candidates = [*candidates, *further]
                if by_before or candidates:
                    before = folded[start - 1 : start]
                    if before == " ":
                        before = folded[start - 2 : start - 1]
                        if before == " ":
                            before = _sign_before(folded, start)
                    further = by_before.get(before)
                    if further is not None:
                        candidates = [*candidates, *further]
                for phrase in candidates:
                    if (phrase.before and phrase.before != before) or not (
                        is_sure or _is_spelt(lower, start, phrase.word)
                    ):
                        continue
                    last = _end_of(lower, folded, end, phrase.right) if phrase.right else end
                    if last < 0:
                        continue
                    first = _start_of(lower, folded, start, phrase.left) if phrase.left else start
                    if first >= 0:
                        yield first, last, phrase.length, phrase.of


class PhraseSearch(Generic[_T]):
    """
    Phrases, each a tuple of tokens in lower case, that are looked for in parts of a note.

    The tokens of a part are strung together with one blank between them, and so are those of the phrases: one automaton
    finds all of them.

    Args:
        phrases: The phrases, and what belongs to each.
        matters: Whether a phrase is asked for; the others are returned only for a part that holds one that is.
    """

    def __init__(self, phrases: Mapping[tuple[str, ...], _T], matters: Callable[[_T], bool]) -> None:
        self._phrases = [(len(tokens), of, matters(of)) for tokens, of in phrases.items()]
        # Small enough to stay in the processor's cache between notes, where the larger table of a DFA is not.
        self._automaton = ahocorasick_rs.AhoCorasick(
            [_strung(tokens) for tokens in phrases],
            implementation=ahocorasick_rs.Implementation.ContiguousNFA,
        )
        # What a phrase may begin with, strung, by the last token of that.
        beginnings: dict[str, set[str]] = {}
        for tokens in phrases:
            for length in range(1, len(tokens)):
                beginnings.setdefault(tokens[length - 1], set()).add(_strung(tokens[:length]))
        self._beginnings = {last: tuple(sorted(strung)) for last, strung in beginnings.items()}
        self._longest = max(map(len, phrases))

    def starting_in(self, text: str, start: int, end: int) -> list[Found[_T]]:
        """Return the phrases that begin in ``text[start:end]``, in no order; none if none of them matters."""
        words = words_of(text[start:end])
        if not words:
            return []
        size = len(words)
        reach = end
        strung = _strung(words)
        if strung.endswith(self._beginnings.get(words[-1], ())):
            reach = end_of_tokens(text, end, self._longest)
            strung = _strung(words_of(text[start:reach]))
        matches = self._automaton.find_matches_as_indexes(strung, overlapping=True)
        phrases = self._phrases
        for number, _, _ in matches:
            if phrases[number][2]:
                break
        else:
            return []
        tokens = list(tokens_in(text[start:reach]))
        found: list[Found[_T]] = []
        for number, at, _ in matches:
            first = strung.count(" ", 0, at)
            if first < size:
                length, of, _ = phrases[number]
                last = tokens[first + length - 1]
                found.append((start + tokens[first].start(), start + last.end(), length, of))
        return found


def _strung(tokens: Iterable[str]) -> str:
    return f" {' '.join(tokens)} "


def lower_case(text: str) -> str:
    """Return *text* in lower case, code point by code point: "İ", which has two of them in lower case, stays."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := sign.lower()) == 1 else sign for sign in text)


def _token(text: str) -> _Token:
    return _Token(text, len(text), _kind(text))


def _kind(token: str) -> str:
    first = token[0]
    return "0" if first.isdecimal() else "letters" if first.isalnum() else ""


def _is_spelt(lower: str, start: int, token: str) -> bool:
    return lower.startswith(token, start) or (
        token in _RESPELT and plain_spelling(lower[start : start + 1]) == token
    )


def _goes_on_before(folded: str, start: int, kind: str) -> bool:
    """Say whether a token of *kind* that is found at *start* begins further left."""
    return start > 0 and bool(kind) and _is_of(folded[start - 1], kind)


def _goes_on_behind(folded: str, end: int, kind: str) -> bool:
    """Say whether a token of *kind* that is found up to *end* ends further right."""
    return bool(kind) and _is_of(folded[end : end + 1], kind)


def _is_of(sign: str, kind: str) -> bool:
    if kind == "0":
        return sign == "0"
    return sign.isalnum() and sign not in ("0", _LETTER_APOSTROPHE)


def _sign_before(folded: str, start: int) -> str:
    """Return the letter or digit before *start*, blanks left out; "\\n" where none stands."""
    while start > 0 and folded[start - 1] == " ":
        start -= 1
    before = folded[start - 1 : start]
    return before if before.isalnum() else "\n"


def _sign_behind(folded: str, end: int) -> str:
    """Return the letter or digit behind *end*, blanks left out; "\\n" where none stands."""
    while folded.startswith(" ", end):
        end += 1
    behind = folded[end : end + 1]
    return behind if behind.isalnum() else "\n"


def _end_of(lower: str, folded: str, end: int, tokens: tuple[_Token, ...]) -> int:
    """Return where *tokens*, which follow on *end*, end; -1 where other words stand there."""
    for token, length, kind in tokens:
        while folded.startswith(" ", end):
            end += 1
        if not _is_spelt(lower, end, token):
            return -1
        end += length
        # Where it begins is where the token before it ended.
        if _goes_on_behind(folded, end, kind):
            return -1
    return end


def _start_of(lower: str, folded: str, start: int, tokens: tuple[_Token, ...]) -> int:
    """Return where *tokens*, given from the last to the first, begin; -1 where other words stand before *start*."""
    for token, length, kind in tokens:
        while start > 0 and folded[start - 1] == " ":
            start -= 1
        start -= length
        if start < 0 or not _is_spelt(lower, start, token) or _goes_on_before(folded, start, kind):
            return -1
    return start
