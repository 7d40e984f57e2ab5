"""
The items of a stretch of text as the walk along them asks for them, with the dashes of a row of signs read as answers.

Most of a stretch lies behind its last name, where the walk soon has nothing left to answer: what is not asked for is
not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from chartsift.nlp.components.antibody_items import Answer, Item

# A dash behind one of these may be a sign.
_BEFORE_SIGN = frozenset({"name", "filler", "close", "colon"})
_ROW_ENDS = frozenset({"line", "blank"})


class ItemStream:
    """The items of *source*, which are numbered from 0 on and read no further than somebody has looked."""

    def __init__(self, text: str, source: Iterator[Item]) -> None:
        self.text = text
        self._source = source
        self._read: list[Item] = []
        self._row_begin = 0
        # Up to where the signs of rows are known.
        self._known = 0

    def at(self, i: int) -> Item | None:
        """Return item *i*; None behind the last one."""
        if i < self._known or self._reach(i):
            return self._read[i]
        return None

    def what_at(self, i: int) -> str:
        """Return what item *i* is; "blank" before the first and behind the last one."""
        item = self.at(i) if i >= 0 else None
        return item.what if item is not None else "blank"

    def between(self, first: int, last: int) -> Iterator[Item]:
        """Yield the items *first* up to and without *last*, as far as there are any."""
        for i in range(first, last):
            item = self.at(i)
            if item is None:
                return
            yield item

    def _reach(self, i: int) -> bool:
        """Read on up to item *i*; say whether there is one."""
        read = self._read
        while self._known <= i:
            if self._known == len(read) and not self._next():
                return False
            item = read[self._known]
            if item.what == "dash" and self._known > self._row_begin:
                if read[self._known - 1].what in _BEFORE_SIGN:
                    self._finish_row()
                    continue
            elif item.what in _ROW_ENDS:
                self._row_begin = self._known + 1
            self._known += 1
        return True

    def _next(self) -> bool:
        item = next(self._source, None)
        if item is not None:
            self._read.append(item)
        return item is not None

    def _finish_row(self) -> None:
        """Read the row to its end, and what stands right below it, for its signs are read together."""
        end = self._known
        while (end < len(self._read) or self._next()) and self._read[end].what not in _ROW_ENDS:
            end += 1
        if end < len(self._read) and end + 1 == len(self._read):
            self._next()
        _answer_by_signs(self.text, self._read, self._row_begin, end)
        self._known, self._row_begin = min(end + 1, len(self._read)), end + 1


def _answer_by_signs(text: str, items: list[Item], begin: int, end: int) -> None:
    """
    Turn the dashes of the row ``items[begin:end]`` ("Jo-1 - PL-7 - SRP -") into answers.

    A dash is an answer where nothing else follows it; one between two names is so only when the row has such a
    dash or another sign.
    """
    between: list[int] = []
    final: list[int] = []
    plus = False
    for i in range(begin, end):
        item = items[i]
        if item.what == "answer" and item.answer is not None and item.answer.words in ("+", "++", "+++"):
            plus = True
        if item.what != "dash" or i == begin or items[i - 1].what not in _BEFORE_SIGN:
            continue
        if items[i - 1].what == "filler" and not (i - 2 >= begin and items[i - 2].what in ("name", "dash")):
            continue
        k = i + 1
        while k < end and items[k].what in ("gap", "filler"):
            k += 1
        following = items[k].what if k < end else "line"
        tight = not text[items[i].start - 1].isspace() and text[items[i].end : items[i].end + 1].isspace()
        if tight and plus and following == "word":  # "Mi-2+/Ro52- DM"
            final.append(i)
            continue
        if (
            following == "line"
            and end < len(items)
            and end + 1 < len(items)
            and items[end + 1].what == "answer"
        ):
            continue  # a wrapped "… SAE -" whose answer stands below
        if following == "name" and items[i].end < items[k].start:
            between.append(i)
        elif following in ("comma", "semi", "close", "line", "blank", "stop", "join", "mark"):
            final.append(i)
    if final or (plus and between):
        for i in [*between, *final]:
            start, stop = items[i].start, items[i].end
            items[i] = Item("answer", start, stop, answer=Answer(start, stop, "negative", "-", near=True))
