"""
The ``corrections`` component: what a note takes back or corrects further on no longer counts as it was written.

A statement such as "Addendum: CK reported as 4,812 should read 48" governs the mentions of what it names earlier in
the note; one that only points ("the above was entered in error") governs the sentence or the paragraph before. Those
findings stay, with the attribute ``corrected``; where it is not certain what is meant, with ``doubtful``, and what
rests on them is for a person. A value that the statement gives takes the place of the old one.

Reads: doc._.drafts, doc._.layout, doc.spans["concepts"]. Writes: doc._.drafts.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from spacy.tokens import Doc

from chartsift.nlp.components.correction_cues import Cue, correction_words, find_cues
from chartsift.nlp.components.correction_mentions import Mention, Mentions
from chartsift.nlp.components.correction_results import meant_values, new_result
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, drafts_of
from chartsift.nlp.text.layout import Layout, TextSpan
from chartsift.nlp.types import RESULT_KINDS, Assertion

# Kinds that say nothing by themselves of what a statement without a name speaks of.
_BESIDE = frozenset({"age", "treatment", "onset"})
_THERAPIES = frozenset({"car_t", "transplant"})
_SUBSTANCES = frozenset({"treatment", "contraindication"})
_HELD: dict[Assertion, int] = {"present": 1, "historical": 1, "possible": 0}
_DENIAL = re.compile(r"\b(?:no|not|never|denie[sd]|denial|denying|without|negative for)\b", re.IGNORECASE)
_ALLERGY = re.compile(r"\b(?:allerg\w+|intoleran\w+|anaphyla\w+|reactions?|adverse)\b", re.IGNORECASE)
_POINTS = re.compile(r"\b(?:this|that|these|those|it|which|entry|statement|sentence)\b", re.IGNORECASE)
_PARTLY = re.compile(r"\b(?:parts?|some|one|either|portions?|most|several|much)\b", re.IGNORECASE)
_OTHER_NOTE = re.compile(r"\b(?:previous|prior|earlier)\b", re.IGNORECASE)
_LABEL = re.compile(r"\s*\W*[\w ]{0,20}:\s*")
# How far behind the words for the earlier value it stands: "previously reported as: 4,812".
_OLD_REACH = 20
# How far back a statement reaches, in code points: past the start of any one note (of 524 annotated ones the longest
# has 6,133); a longer text is many notes. The limits also keep the time in line with the length of the text.
_REACH = 20_000
# A paragraph that "the above" means, and what an addendum goes on to say.
_PARAGRAPH = 2_000
_ADDENDUM = 1_000


class Corrections:
    """Apply the corrections of a note to its drafts."""

    def __init__(self) -> None:
        correction_words()  # its letters are there before the prefilter is made

    def __call__(self, doc: Doc) -> Doc:
        if not drafts_of(doc):
            return doc
        cues = find_cues(doc._.layout)
        if cues:
            _Reading(doc, cues).apply()
        return doc


class _Reading:
    """The corrections of one note while they are applied."""

    def __init__(self, doc: Doc, cues: Sequence[Cue]) -> None:
        self.layout: Layout = doc._.layout
        self.text = self.layout.text
        self.today: date = doc._.note_date or date.max
        self.words = correction_words()
        self.drafts = drafts_of(doc)
        self.cues = cues
        self.mentions = Mentions(doc, cues)
        self._order = sorted(range(len(self.drafts)), key=self._start)
        # Addenda that have said what they mean: "CAR T was entered in error. Wrong chart."
        self.settled: set[int] = set()

    def apply(self) -> None:
        """Apply every statement in order."""
        for cue in self.cues:
            if cue.role == "replacement":
                self._replace(cue)
                continue
            named = self.mentions.named(cue)
            if named is None:
                self._take_back_pointed(cue)
                continue
            for mention, is_certain in named:
                self._take_back_named(cue, mention, is_certain=is_certain and not cue.is_hedged)
            self.settled.add(cue.block)

    def _start(self, i: int) -> int:
        return self.drafts[i].start

    def _between(self, start: int, end: int) -> list[int]:
        """Return the drafts that begin in ``start:end``; an age is nothing that is taken back."""
        low = bisect_left(self._order, start, key=self._start)
        high = bisect_left(self._order, end, key=self._start)
        return [i for i in self._order[low:high] if self.drafts[i].kind != "age"]

    # ---- what a statement names

    def _take_back_named(self, cue: Cue, mention: Mention, *, is_certain: bool) -> None:
        clause = self.text[cue.clause.start : cue.clause.end]
        if mention.kinds & _SUBSTANCES:
            is_allergy = _ALLERGY.search(clause) is not None
            mention = replace(mention, kinds=frozenset({"contraindication"}) if is_allergy else _SUBSTANCES)
        limit = min(cue.clause.start, mention.start)
        earlier = [
            i
            for i in self._between(limit - _REACH, limit)
            if mention.names(self.drafts[i]) and "corrected" not in self.drafts[i].attributes
        ]
        if cue.role != "mistake" and self._is_detail(cue, mention, earlier):
            return
        own = [
            i
            for i in self._between(cue.clause.start, cue.clause.end)
            if mention.names(self.drafts[i])
            and (self.drafts[i].start < cue.end or self.drafts[i].start == mention.start)
            # "CK should be 39" holds the right value.
            and not self.drafts[i].start < cue.start < cue.end < self.drafts[i].end
        ]
        # "Previous note incorrectly stated no transplant", and "transplant was entered in error" after a denial.
        is_denied = _DENIAL.search(self.text, cue.clause.start, mention.start) is not None
        denials = [i for i in earlier if self.drafts[i].assertion == "absent"]
        is_denied = is_denied or (bool(earlier) and len(denials) == len(earlier))
        if is_denied:
            earlier = denials
        chosen, is_one = meant_values(
            self.text, cue, mention, [self.drafts[i] for i in earlier], today=self.today
        )
        earlier = [earlier[k] for k in chosen]
        is_certain = is_certain and is_one
        fresh = any(mention.names(self.drafts[i]) for i in self._between(cue.end, cue.block_end))
        value = new_result(self.text, cue, [self.drafts[i] for i in (*earlier, *own)], self.drafts)
        for i in earlier:
            self._mark(i, cue, is_certain=is_certain, is_told_anew=fresh or value is not None)
        for i in own:
            self._settle_own(cue, i, is_certain=is_certain and not is_denied)
        if value is not None:
            self.drafts.append(value)
            insort(self._order, len(self.drafts) - 1, key=self._start)

    def _settle_own(self, cue: Cue, i: int, *, is_certain: bool) -> None:
        """Read the words of the statement itself: "CAR T was entered in error" says that there was none."""
        draft = self.drafts[i]
        if draft.assertion == "present" and _is_read(draft, cue):
            return  # 'The "no" at CAR-T is wrong': its reader knows that the denial is the error
        if draft.kind in RESULT_KINDS:
            is_value = draft.value is not None and draft.kind != "oxygen"
            self.drafts[i] = _marked(draft, cue, draft.assertion if is_value else "absent")
        elif not is_certain:
            self.drafts[i] = replace(draft, assertion="possible", cues=(cue.words,))
        else:
            strong = {"corrects": "yes", "strength": "strong"} if draft.kind in _THERAPIES else {}
            self.drafts[i] = replace(
                draft, assertion="absent", cues=(cue.words,), attributes={**draft.attributes, **strong}
            )

    def _is_detail(self, cue: Cue, mention: Mention, earlier: Sequence[int]) -> bool:
        """Say whether "X 2012 should read X 2013" or "... should read 2013" changes a date or number of X only."""
        if any(self.drafts[i].value is not None for i in earlier):
            return False
        right = self.text[cue.end : cue.clause.end]
        if cue.role != "should_read":
            return self.words.as_date.match(right) is not None
        again = any(
            m.kinds & mention.kinds and m.concept == mention.concept
            for m in self.mentions.within(cue.end, cue.clause.end)
        )
        return (again and _DENIAL.search(right) is None) or not self.mentions.residue(right)

    # ---- what stands in the place of something

    def _replace(self, cue: Cue) -> None:
        """Set aside what a statement of its own label ("Correction: FVC 83 %") says otherwise."""
        for r in self._between(cue.clause.start, cue.clause.end):
            new = self.drafts[r]
            old = [
                match.end()
                for match in self.words.old_value.finditer(
                    self.text, max(cue.end, new.start - 100), new.start
                )
            ]
            if old and new.value is not None and new.start - old[-1] < _OLD_REACH:
                self.drafts[r] = _marked(new, cue, new.assertion)
                continue
            for i in self._between(cue.start - _REACH, cue.start):
                draft = self.drafts[i]
                other_day = new.date is not None and draft.date is not None and new.date != draft.date
                if _is_same(new, draft) and _differs(new, draft) and not (new.value and other_day):
                    is_open = new.value is None and new.assertion == "possible"
                    self._mark(i, cue, is_certain=not is_open, is_told_anew=True)
            if new.kind not in _BESIDE:
                self.settled.add(cue.block)

    # ---- what a statement only points at

    def _take_back_pointed(self, cue: Cue) -> None:
        clause = self.text[cue.clause.start : cue.clause.end]
        pointing = self.text[cue.clause.start : cue.end] if cue.role == "wrong" else clause
        if self.words.as_date.match(self.text[cue.end : cue.clause.end]):
            return
        is_far = self.words.far.search(pointing) is not None
        if cue.block in self.settled and not (is_far or _POINTS.search(pointing)):
            return
        if self.words.note.search(pointing) is not None:
            # "The prior note" may be this one, of which an addendum speaks, or another.
            is_this = _OTHER_NOTE.search(pointing) is None
            start = self._start_of(cue)
            self._take_back(cue, self._between(start - _REACH, start), is_certain=is_this, is_whole=True)
        elif _PARTLY.search(pointing):
            for one in self._paragraph_before(cue):
                self._take_back(cue, self._between(one.start, one.end), is_certain=False)
        elif is_far and not self.words.near.search(pointing):
            self._take_back_paragraph(cue)
        else:
            self._take_back_nearest(cue, is_far=is_far)
        self.settled.add(cue.block)

    def _start_of(self, cue: Cue) -> int:
        return min(cue.block, cue.sentence.start)

    def _take_back_nearest(self, cue: Cue, *, is_far: bool) -> None:
        """Take back the words before in the sentence, or else the sentence before."""
        start = cue.sentence.start
        head = _LABEL.match(self.text, start, cue.clause.start)
        own_start = max(head.end() if head is not None else start, cue.clause.start - _ADDENDUM)
        own = [] if is_far else self._between(own_start, cue.clause.start)
        if own:
            denied = [i for i in own if self.drafts[i].assertion in ("absent", "family")]
            if denied:
                # "Has never had CAR T; this was entered in error" speaks of an earlier word for it.
                self._take_back_contradicted(cue, denied)
                return
            opening = self.text.rfind(",", own_start, cue.clause.start - 1)
            last = [i for i in own if self.drafts[i].start >= opening] or own
            self._take_back(cue, last, is_certain=True)
            return
        if not (is_far or cue.is_misfiled) and self.mentions.residue(self.text[own_start : cue.clause.start]):
            # "Her name was misspelled, this was an error" speaks of no finding.
            return
        number = self.layout.sentence_number(cue.block if is_far and cue.block < start else start)
        if number == 0:
            return
        before = self.layout.sentences[number - 1]
        found = self._between(before.start, before.end)
        behind = max((self.drafts[i].end for i in found), default=before.end)
        is_clear = self.words.something_else.search(self.text, behind, before.end) is None
        # A bare "Disregard." does not say whether the words or what they tell are meant.
        is_bare = cue.role == "disregard" and cue.clause.end - cue.end < 2 and not cue.is_misfiled
        self._take_back(cue, found, is_certain=is_clear and not is_bare)

    def _take_back_contradicted(self, cue: Cue, denied: Sequence[int]) -> None:
        start = self._start_of(cue)
        for i in self._between(start - _REACH, start):
            draft = self.drafts[i]
            if draft.assertion != "absent" and any(_is_same(self.drafts[d], draft) for d in denied):
                self._mark(i, cue, is_certain=True, is_told_anew=True)

    def _take_back_paragraph(self, cue: Cue) -> None:
        """Take back the paragraph before: what the statement goes on to deny, or else its last sentence for certain."""
        sentences = self._paragraph_before(cue)
        if not sentences:
            return
        last = sentences[-1]
        meant = self._told_otherwise(cue, self._between(sentences[0].start, last.end))
        for i in meant:
            self._mark(i, cue, is_certain=True, is_told_anew=True)
        for one in sentences[:-1] if not meant else ():
            self._take_back(cue, self._between(one.start, one.end), is_certain=cue.is_misfiled)
        if not any(last.start <= self.drafts[i].start for i in meant):
            self._take_back(cue, self._between(last.start, last.end), is_certain=not meant)

    def _paragraph_before(self, cue: Cue) -> list[TextSpan]:
        """Return the sentences with findings of the paragraph before, its last sentence even without any."""
        start = self._start_of(cue)
        low = max(0, start - _PARAGRAPH)
        end = low + len(self.text[low:start].rstrip())
        if end == low:
            return []
        blank = max(self.text.rfind(gap, low, end) for gap in ("\n\n", "\r\n\r\n", "\n \n"))
        first = self.layout.sentence_number(max(low, blank))
        near = self.layout.sentences[first : self.layout.sentence_number(end - 1) + 1]
        inside = [s for s in near if max(low, blank + 1) <= s.start]
        return [s for s in inside if s == inside[-1] or self._between(s.start, s.end)]

    def _take_back(self, cue: Cue, found: Sequence[int], *, is_certain: bool, is_whole: bool = False) -> None:
        told = [] if is_whole else self._told_otherwise(cue, found)
        # One sentence that tells of several things does not show which of them is meant.
        groups = {self._group(self.drafts[i].kind) for i in found} - _BESIDE
        is_one = len(groups) <= 1 or cue.is_misfiled or is_whole
        if groups and not cue.is_misfiled and not is_whole:
            found = [i for i in found if self.drafts[i].kind not in _BESIDE]
        sure = not cue.is_hedged and (bool(told) or (is_certain and is_one))
        for i in told or found:
            self._mark(i, cue, is_certain=sure, is_told_anew=bool(told))

    def _told_otherwise(self, cue: Cue, found: Sequence[int]) -> list[int]:
        """Return those of *found* that the rest of the addendum tells otherwise."""
        start = self._start_of(cue)
        fresh = [self.drafts[i] for i in self._between(start, min(cue.block_end, start + _ADDENDUM))]
        return [
            i
            for i in found
            if any(_is_same(d, self.drafts[i]) and _differs(d, self.drafts[i]) for d in fresh)
        ]

    def _group(self, kind: str) -> str:
        return next((min(kinds) for kinds in self.words.families if kind in kinds), kind)

    # ---- what becomes of a finding

    def _mark(self, i: int, cue: Cue, *, is_certain: bool, is_told_anew: bool = False) -> None:
        draft = self.drafts[i]
        if "corrected" in draft.attributes or _is_read(draft, cue):
            return
        if not is_certain:
            self.drafts[i] = replace(draft, attributes={**draft.attributes, "doubtful": cue.words})
        elif cue.is_misfiled:
            self.drafts[i] = _marked(draft, cue, "family")
        elif draft.assertion == "absent" and not is_told_anew:
            # What was denied in error may be there.
            self.drafts[i] = replace(draft, assertion="possible", cues=(cue.words,))
        elif draft.kind == "diagnosis" and draft.assertion == "historical" and cue.role == "should_read":
            return  # "Polymyositis; this was revised to IMNM": a former label, no slip of the pen
        elif draft.assertion != "family":
            self.drafts[i] = _marked(draft, cue, "absent")
            if draft.kind == "infection":
                sentence = self.layout.sentence_at(draft.start)
                for k in self._between(sentence.start, sentence.end):
                    # Drugs for an infection that was none may still have been given.
                    if self.drafts[k].kind == "antimicrobial":
                        self._mark(k, cue, is_certain=False)


def _is_same(one: Draft, other: Draft) -> bool:
    """Say whether two drafts speak of the same thing; "no transplant" speaks of every graft."""
    if {one.kind, other.kind} == {"transplant", "transplant_history"}:
        return "any" in (one.concept, other.concept)
    if (one.kind, one.concept) != (other.kind, other.concept):
        return False
    if one.kind == "antibody":
        return True
    return (one.value is None) == (other.value is None) and all(
        one.attributes.get(name) == other.attributes.get(name) for name in ("disease", "place")
    )


def _differs(one: Draft, other: Draft) -> bool:
    """Say whether two drafts of the same thing say different things of it."""
    if one.value is not None and other.value is not None and one.unit == other.unit:
        return one.value != other.value
    return _HELD.get(one.assertion, -1) != _HELD.get(other.assertion, -1)


def _is_read(draft: Draft, cue: Cue) -> bool:
    """Say whether a reader has taken the words of *cue* into account already."""
    said = cue.words.lower()
    # Shorter cues ("no") stand in other words by chance.
    return any(len(own) > 5 and (own.lower() in said or said in own.lower()) for own in draft.cues)


def _marked(draft: Draft, cue: Cue, assertion: Assertion) -> Draft:
    return replace(
        draft, assertion=assertion, cues=(cue.words,), attributes={**draft.attributes, "corrected": cue.words}
    )


register("corrections", lambda nlp: Corrections())
