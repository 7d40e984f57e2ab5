"""
Which answer belongs to which antibody.

One walk over the items of a stretch of text. A name waits for an answer; an answer goes back to all names that
wait in one list ("Jo-1, PL-7, EJ neg"), or forward to the names after it ("negative for Jo-1 and SRP",
"Negative: …"), whichever it stands closer to. A sentence end, a new row or other words end a list, so that no
name takes the result of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from chartsift.nlp.components.antibody_items import LINKS, PASSIVE, Answer, Item, Name
from chartsift.nlp.components.antibody_stream import ItemStream
from chartsift.nlp.components.antibody_values import Polarity
from chartsift.nlp.components.antibody_words import result_words

Style = Literal["colon", "adjective", "header", "except"]

_OPPOSITE: dict[Polarity, Polarity] = {"negative": "positive", "positive": "negative", "weak": "negative"}
# A panel's name that heads a list: "MSA: …", "MAA = …".
_HEADS = re.compile(r"\s?[:=]")
_SEND_OUT = re.compile(r"send[- ]?out", re.IGNORECASE)
# "Mi-2 α/β: neg/pos": one answer for either chain.
_BOTH_CHAINS = re.compile(r"\s?(?:α|alpha|a)\s?/\s?(?:β|beta|b)(?![A-Za-z])", re.IGNORECASE)
# Unknown words that may stand between the last name of a list and a strong answer ("Jo-1 drawn in Tulsa positive").
_REACH_WORDS = 3


@dataclass(slots=True)
class _Forward:
    """An answer that stands before its names."""

    answer: Answer
    style: Style
    names: list[Name]
    commas: int = 0
    words: int = 0


class Scan:
    """The state of one walk; ``run`` leaves the answers in the names."""

    def __init__(self, text: str, items: Iterator[Item], last_name: int) -> None:
        """Walk along *items*; no name begins behind *last_name*."""
        self.text = text
        self.items = ItemStream(text, items)
        self.last_name = last_name
        self.waiting: list[Name] = []
        self.done: list[Name] = []
        self.forward: _Forward | None = None
        self.last: Name | None = None
        self.linked = False
        self.words = 0
        self.commas = 0
        self.other_test = False
        self.in_aside = False
        self.chain = False
        self.chain_parts = False
        self.chain_gap = False
        self.chain_start = 0
        self.group = 0

    def run(self) -> None:
        """Walk along the items as far as they can change an answer."""
        i = 0
        while (item := self.items.at(i)) is not None:
            if item.what == "name":
                self._name(item)
            elif item.what == "answer":
                self._answer(i, item)
            elif item.start > self.last_name and self._is_over():
                return
            else:
                self._other(i, item)
            i += 1

    def _is_over(self) -> bool:
        """Say whether every name has what it can get, unless another name comes."""
        return (
            not self.waiting
            and not (self.done and self.chain)
            and (self.forward is None or not self.forward.names)
        )

    # ---- names

    def _name(self, item: Item) -> None:
        name = item.name
        if name is None:
            return
        self.in_aside = False
        if name.kind == "antibody_panel" and _HEADS.match(self.text, name.end):
            self.linked = False  # "MSA = Mi-2, MAA = none": a heading opens a list of its own
        if not (self.linked and self.last is not None):
            self.waiting = []
            self.group += 1
            if self.forward is not None and self.forward.names and self.forward.style != "header":
                self.forward = None
        name.group = self.group
        name.head = self.last_head if self.linked and self.last is not None else name.start
        self.last_head = name.head
        self.done, self.chain = [], False
        forward = self.forward
        if forward is not None and forward.words > 1:
            forward = self.forward = None
        if forward is not None:
            forward.names.append(name)
        if forward is None or forward.answer.polarity == "unmeasured":
            if forward is not None:
                name.fallback = forward.answer
            self.waiting.append(name)
        else:
            name.answers = [forward.answer]
            self.waiting = []
        self.last, self.linked = name, True
        self.words = self.commas = 0
        self.other_test = False

    last_head: int = 0

    # ---- answers

    def _answer(self, i: int, item: Item) -> None:
        answer = item.answer
        if answer is None:
            return
        before = self._before(i)
        direct = before == "name"
        panel = self.last is not None and self.last.kind == "antibody_panel"
        if self.in_aside and panel and _SEND_OUT.fullmatch(answer.words):
            return  # "myositis panel (send out) negative": how it is run
        if (
            direct
            and panel
            and answer.value is not None
            and not answer.value.supported
            and answer.value.value
        ):
            return  # "MyoMarker Panel 3 Plus", "myositis panel 11 antibodies"
        if answer.words == "+" and direct and self._is_and(i):
            return
        self.linked = False
        if direct and self.last is not None:
            self._close(answer)
            if panel and answer.polarity == "negative" and self._after(i) == (True, True):
                # "Other lines negative: Mi-2, SRP", "everything else <11 (Jo-1, …)": the list says what it was.
                self.forward = _Forward(answer, "colon", [])
                self.waiting, self.done, self.chain = [], [], False
            return
        after, colon = self._after(i)
        chained = before == "answer" and self.chain and not self.chain_parts
        if (
            after
            and answer.value is None
            and not (chained and not colon)
            and not self._reads_back(answer, colon=colon)
        ):
            line_header = self._is_header(i)
            style: Style = "header" if line_header else "colon" if colon else "adjective"
            self.forward = _Forward(answer, style, [])
            self.waiting, self.done, self.chain = [], [], False
            return
        if self.waiting and self._reaches(answer):
            self._assign(self.waiting, answer)
            return
        if self.done and self.chain:
            self._again(answer)

    def _close(self, answer: Answer) -> None:
        """Give *answer* to the name right before it, and to its list."""
        forward, last = self.forward, self.last
        if last is None:
            return
        if forward is not None and last in forward.names and forward.answer.polarity != "unmeasured":
            # "positive Ro-52, Jo-1 neg": the answer behind the name beats the one before it.
            taken = [last]
            if forward.style == "adjective":
                taken = [n for n in forward.names[1:] if n.start >= self._after_first_comma(forward)] or [
                    last
                ]
            for name in taken:
                name.answers = []
            self._assign(taken, answer)
            self.forward = None
            return
        if self.waiting:
            self._assign(self.waiting, answer)

    def _after_first_comma(self, forward: _Forward) -> int:
        comma = self.text.find(",", forward.names[0].end)
        return comma if comma >= 0 else len(self.text)

    def _assign(self, names: list[Name], answer: Answer) -> None:
        for name in names:
            name.answers.append(answer)
        self.done = list(names)
        self.waiting = []
        if self.forward is not None and self.forward.answer.polarity == "unmeasured":
            self.forward = None
        self.chain, self.chain_parts, self.chain_gap, self.chain_start = True, False, False, answer.end
        self.words = self.commas = 0
        self.other_test = False

    def _again(self, answer: Answer) -> None:
        """A further answer to the names answered last: the interpretation of a number, a second method, a reference."""
        between = self.text[self.chain_start : answer.end + 24]
        if self.chain_parts:
            first = self.done[0].answers[-1]
            dated = any(
                c.isdigit() for c in self.text[answer.end : answer.end + 8]
            ) or result_words().methods.search(between)
            came_back = first.polarity == "unmeasured" and not answer.near  # "sent, all negative"
            softened = answer.polarity == "borderline" and first.polarity in ("positive", "weak")
            only = self.done[0]
            pair = len(self.done) == 1 and _BOTH_CHAINS.search(self.text, only.start, only.end + 12)
            if first.polarity != answer.polarity and not (dated or came_back or softened or pair):
                return
        for name in self.done:
            name.answers.append(replace(answer, apart=self.chain_gap))
        self.chain_gap = False
        self.chain_start = answer.end

    def _reaches(self, answer: Answer) -> bool:
        if answer.value is not None and not answer.value.supported:
            return self.words == 0 and self.commas == 0
        if answer.near:
            return self.words == 0 and self.commas <= (1 if answer.value is not None else 0)
        if self.words == 0:
            return self.commas <= 1
        # Across other words an answer reaches only within its own clause, past no other test ("CT negative"), and
        # never to a name that describes the disease ("MDA5 DM").
        return (
            self.words <= _REACH_WORDS
            and self.commas == 0
            and not self.other_test
            and not any(
                result_words().epithet.match(self.text[name.end : name.end + 60]) for name in self.waiting
            )
        )

    def _reads_back(self, answer: Answer, *, colon: bool) -> bool:
        """Say whether an answer between a waiting list and another name belongs to the list."""
        if not self.waiting or colon:
            return False
        # "Jo-1 drawn in Tulsa negative SRP positive"
        return self.words > 0 and not self.commas and self._reaches(answer)

    def _before(self, i: int) -> str:
        """Return what stands right before item *i*, passive items skipped."""
        for k in range(i - 1, max(-1, i - 14), -1):
            what = self.items.what_at(k)
            if what not in PASSIVE and not (what == "line" and k == i - 1):
                return what
        return ""

    def _after(self, i: int) -> tuple[bool, bool]:
        """Say whether a name stands right after item *i*, and whether a colon, a dash or "for" leads to it."""
        lead = False
        header = self._is_header(i)
        for item in self.items.between(i + 1, i + 12):
            if item.what == "name":
                return True, lead
            if item.what in ("colon", "include", "open"):
                lead = True
            elif item.what == "dash":
                lead = lead or self.text[item.start - 1 : item.start].isspace()
            elif item.what == "filler":
                lead = lead or self.text[item.start : item.end].lower() in ("for", "on", "by")
            elif item.what not in ("date", "mark", "prefix", "leader", "gap", "number") and not (
                item.what == "line" and header
            ):
                return False, lead
        return False, lead

    def _is_header(self, i: int) -> bool:
        """Say whether an answer stands on a line of its own, above a list of names."""
        if self.waiting or self.items.what_at(i - 1) not in ("line", "blank", "stop"):
            return False
        for item in self.items.between(i + 1, i + 4):
            if item.what in ("line", "blank"):
                return True
            if item.what not in ("colon", "mark", "filler", "leader", "dash"):
                return False
        return False

    def _is_and(self, i: int) -> bool:
        """Say whether a "+" with space on both sides joins two names instead of answering the first."""
        items = self.items
        item = items.at(i)
        if item is None or not self.text[item.start - 1 : item.start].isspace():
            return False
        following = items.at(i + 1)
        if following is None or following.what not in ("name", "filler"):
            return False
        if following.what == "filler":
            return items.what_at(i + 2) in ("name", "dash")
        k = i + 2
        while items.what_at(k) in PASSIVE:
            k += 1
        later = items.at(k)
        return (
            later is None
            or later.what != "answer"
            or later.answer is None
            or later.answer.words not in ("+", "-")
        )

    # ---- everything else

    def _other(self, i: int, item: Item) -> None:
        what = item.what
        if what == "open":
            # "Myositis panel (11 lines): …", "Jo-1 (Quest send-out) positive": an aside to the name before it.
            self.in_aside = self.last is not None and self.items.what_at(i - 1) in ("name", "filler")
        elif what in ("close", "stop", "blank", "line"):
            self.in_aside = False
        if what in ("stop", "blank"):
            self._end(keep_header=what == "stop")
        elif what == "line":
            self._line(i)
        elif what == "except":
            self._except()
        elif what in ("include", "open"):
            # "negative (Jo-1, PL-7)", "negative including SRP": what is listed there is what was answered.
            # "68 SI (TIF1/NXP2 <11)": what a number is followed by in brackets has results of its own.
            measured = self.done and self.done[0].answers[-1].value is not None
            of_panel = self.done and self.done[0].kind == "antibody_panel"
            if (
                self.done
                and self.chain
                and (of_panel or not measured)
                and (what == "include" or self._leads_to_name(i))
            ):
                self.forward = _Forward(self.done[0].answers[-1], "colon", [])
                self.done, self.chain = [], False
        elif what == "prefix":
            self.forward = _Forward(Answer(item.start, item.end, "positive", "+"), "adjective", [])
            self.waiting, self.done, self.linked = [], [], False
        elif what in ("comma", "join", "semi"):
            self._separate(what)
        elif what == "date":
            self._date(item)
        elif what == "gap":
            self.chain_gap = True
        elif what == "colon":
            self.other_test = self.other_test or self.words > 0 or self._closes_bracket(i)
        elif what in ("word", "number"):
            self._word(item)
        if what == "dash" and self.last is not None and self.last.kind == "antibody_panel":
            self.linked = False
        if what not in LINKS and what not in ("date", "line"):
            self.linked = False

    def _closes_bracket(self, i: int) -> bool:
        """Say whether a colon follows a bracket that held the name: "DM (TIF1g): CT negative"."""
        return (
            self.last is not None
            and self.items.what_at(i - 1) == "close"
            and self.items.what_at(i - 2) == "name"
        )

    def _separate(self, what: str) -> None:
        self.chain_parts = True
        self.commas += what != "join"
        if self.forward is None:
            return
        if what == "semi" and self.forward.style != "header":
            self.forward = None
        elif what == "comma":
            self.forward.commas += 1

    def _word(self, item: Item) -> None:
        """Count a word that is no part of an answer; one in capitals may name a laboratory in between."""
        if self.in_aside:
            return
        self.words += 1
        capitals = item.what == "word" and self.text[item.start : item.end].isupper()
        self.other_test = self.other_test or (capitals and item.end - item.start > 1)
        self.chain = self.chain and self.words <= 1 and capitals
        if self.forward is not None:
            self.forward.words += 1
            if self.forward.names:
                self.forward = None

    def _leads_to_name(self, i: int) -> bool:
        for item in self.items.between(i + 1, i + 5):
            if item.what == "name":
                return True
            if item.what not in ("filler", "dash", "include"):
                return False
        return False

    def _date(self, item: Item) -> None:
        for name in self.done if self.chain else self.waiting:
            if name.day is None:
                name.day = item.day

    def _except(self) -> None:
        base: Answer | None = None
        if self.done:
            base = self.done[0].answers[-1]
        elif self.forward is not None:
            base = self.forward.answer
        self.waiting, self.done, self.chain, self.linked = [], [], False, False
        opposite = _OPPOSITE.get(base.polarity) if base is not None else None
        self.forward = None
        if base is not None and opposite is not None:
            self.forward = _Forward(replace(base, polarity=opposite), "except", [])

    def _line(self, i: int) -> None:
        before, after = self.items.what_at(i - 1), self.items.what_at(i + 1)
        if before in ("comma", "join", "include") or after in ("comma", "join"):
            return  # a list goes on
        if (
            after == "answer"
            and self.waiting
            and before in ("name", "filler", "close", "colon", "leader", "dash", "date")
        ):
            return  # the answer stands below its name
        if (
            after in ("filler", "colon", "open")
            and self.waiting
            and self.words == 0
            and self._answer_on_line(i + 1)
        ):
            return
        if self.forward is not None and not self.forward.names and after == "name":
            self.forward.style = "header"
            return
        if self.forward is not None and self.forward.style == "header" and self._names_only(i + 1):
            self.linked = False
            self.waiting = []
            return
        self._end(keep_header=False)

    def _answer_on_line(self, i: int) -> bool:
        """Say whether the line at *i* holds an answer before any name or other word ("Result: Negative")."""
        for item in self.items.between(i, i + 6):
            if item.what == "answer":
                return True
            if item.what not in PASSIVE:
                return False
        return False

    def _names_only(self, i: int) -> bool:
        seen = False
        for item in self.items.between(i, i + 40):
            if item.what in ("line", "blank"):
                return seen
            if item.what == "answer" and item.answer is not None and item.answer.value is None:
                return False
            seen = seen or item.what == "name"
        return seen

    def _end(self, *, keep_header: bool) -> None:
        if not (keep_header and self.forward is not None and self.forward.style == "header"):
            self.forward = None
        self.waiting, self.done, self.chain, self.linked = [], [], False, False
        self.words = self.commas = 0
        self.other_test = False
        self.last = None
