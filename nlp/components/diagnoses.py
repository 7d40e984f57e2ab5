"""
The ``diagnoses`` reader: inflammatory myopathies and the diseases that look like them, and how the note holds each.

Abbreviations are weighed one by one: "DM" in "HTN, DM, HLD" is diabetes and two lines on, in "DM (anti-Mi-2+)",
dermatomyositis. A denial counts where it speaks of the disease ("not an inflammatory myopathy"); a denial of its
activity ("no active myositis") is marked with the attribute ``aspect``.

Reads: doc.spans["concepts"] of kinds "diagnosis", "mimic" and "antibody", doc._.layout.
Writes: drafts of kinds "diagnosis" and "mimic".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import SPAN_GROUP, sense_of
from chartsift.nlp.components.diagnosis_cues import DiagnosisCues, diagnosis_cues
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.lexicon.loader import load_concepts
from chartsift.nlp.lexicon.schema import Concept, Term
from chartsift.nlp.text.cues import Look
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import source_range
from chartsift.nlp.types import Assertion

# Text looked at before and after a diagnosis, in code points.
_BEFORE = 140
_AFTER = 160
_NEAR = 80
# The antibodies that make ASS the antisynthetase syndrome.
_SYNTHETASE = re.compile(r"\b(?:Jo\W?1|PL\W?\s?(?:7|12)|EJ|OJ|KS)\b")
# "Dx ASS.", "Impression: 1. ASS": a label of diagnoses needs no antibody beside it.
_DIAGNOSIS_LABEL = re.compile(
    r"\b(?:(?:d/?)?dx|diagnos[ie]s|diagnosed|dx'?d|impression|assessment)\b\s*[:=-]?\s*(?:(?:of|is|was|with|as)\s+)?"
    r"(?:\d[.)]\s*)?$",
    re.IGNORECASE,
)
_PARAGRAPH = 3_000
# Words between "patients with" and the disease ("adults with active refractory …").
_BARE_WORDS = 3
_DIFFERENTIAL = re.compile(r"(?:^|[\s(])(?:d/?dx|differential(?: diagnos[ie]s)?)\b[^.;]*$", re.IGNORECASE)
_BOX = re.compile(r"(?:(?P<ticked>\[[xX✓✔]\]|☒|☑)|(?P<empty>\[\s?\]|☐|□))\s*$")
_COMING_FROM = re.compile(
    r"\b(?:refer(?:red|ral)?|sen[dt]|seen|consult(?:ed|ation)?|opinion|here|presents?|follow(?:ed|ing)?(?:[- ]up)?|f/?u"
    r"|eval(?:uation)?)\b"
    r"[^.;]{0,40}\b(?:for|on|of|with|re)\b[^.;]{0,30}$",
    re.IGNORECASE,
)
_SUPPORTED = re.compile(
    r"\b(?:consistent with|compatible with|c/w|in keeping with|diagnostic of|supports?|confirm(?:s|ed|ing)?"
    r"|typical (?:of|for)|classic for|meets? criteria for|establish(?:es|ed))"
    r"[\s:]*(?:a|an|the|diagnosis of|known)?[\s:]*$",
    re.IGNORECASE,
)
# German for "suspected" and "state after"; their dots end a sentence for the splitter.
_SHORT_CUE = re.compile(r"\b(?:V\.\s?a|Z\.\s?n)\.\s*\Z")
_LIKELY = re.compile(r"\b(?:likely|probabl[ey]|favou?r\w*|presum\w*|suggest\w*|working)\b", re.IGNORECASE)
_JOINT = re.compile(
    r"[\s,/]*(?:\b(?:or|nor|and|any|other)\b[\s,/]*){0,2}(?:\b(?:an?|the)\b\s*)?", re.IGNORECASE
)
_REPORT_HEAD = re.compile(
    r"\s*(?:[A-Z][\w.&' ]{0,40}[-–:] ?)?(?:exam(?:ination)?: ?|procedure: ?|study: ?)?(?:MRI?|EMG|NCS|CT"
    r"|magnetic resonance|electromyograph\w*|nerve conduction|ultrasound|radiology|imaging|surgical pathology|pathology"
    r"|muscle biops\w*"
    r"|skin biops\w*|neuropathology|histopathology)\b(?![^\n]{0,60}\b(?:clinic|visit|consult\w*|follow|progress)\b)",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"\b(?:his|her|their|my|your|patient's|pt's|known|established|underlying|pre-?existing)\s+"
    r"(?:(?:known|underlying|refractory|severe|long-?standing|chronic)\s+)?$",
    re.IGNORECASE,
)
_STUDY_CUE = re.compile(r"trial|stud|protocol|research", re.IGNORECASE)
_QUOTE = re.compile(r"[\"“]")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A mention by its place; ``span`` is the concept span whose context holds for it."""

    start: int
    end: int
    concept: Concept
    span: Span


@dataclass(frozen=True, slots=True)
class _NoteSense:
    """What the whole note says of its abbreviations: weights for "DM" as dermatomyositis, and for any myositis."""

    dermatomyositis: float
    myositis: bool


class Diagnoses:
    """Decide what each candidate means and how the note holds it."""

    def __call__(self, doc: Doc) -> Doc:
        candidates = _candidates(doc)
        if candidates:
            drafts_of(doc).extend(_drafts(doc, candidates))
        return doc


def _candidates(doc: Doc) -> list[_Candidate]:
    """Return the mentions in order, those inside a longer term of another kind ("DM rash", "ASyS-ILD") included."""
    found: list[_Candidate] = []
    text: str = doc._.note_text
    for span in doc.spans[SPAN_GROUP]:
        sense = sense_of(span)
        concept = sense.concept
        if concept.kind in ("diagnosis", "mimic"):
            start, end = source_range(span)
            found.append(_Candidate(start, end, concept, span))
        elif concept.kind not in ("antibody", "antibody_other", "antibody_panel") and _may_hide(
            sense.term.text
        ):
            start, end = source_range(span)
            for match in _hidden_pattern().finditer(text, start, end):
                inner = _hidden_terms().get(_plain(match.group()))
                if inner is not None and inner.holds(text, match.start(), match.end()):
                    found.append(_Candidate(match.start(), match.end(), inner.concept, span))
    return found


@dataclass(frozen=True, slots=True)
class _Hidden:
    """A spelling of a diagnosis that may stand inside a longer term of another kind, with its conditions."""

    concept: Concept
    term: Term

    def holds(self, text: str, start: int, end: int) -> bool:
        """Say whether capitals and the words around ``text[start:end]`` fit the spelling."""
        term, words = self.term, text[start:end]
        if (term.case == "upper" and not words.isupper()) or (term.case == "exact" and words != term.text):
            return False
        before, after = text[max(0, start - term.window) : start], text[end : end + term.window]
        if term.unless_before and re.search(rf"(?:{term.unless_before})\s*$", before, re.IGNORECASE):
            return False
        return not (term.unless_after and re.match(rf"\s*(?:{term.unless_after})", after, re.IGNORECASE))


def _plain(words: str) -> str:
    return re.sub(r"[-\s]+", " ", words).lower()


@lru_cache(maxsize=1)
def _hidden_terms() -> dict[str, _Hidden]:
    """Return the spellings of diagnoses that need no company to be understood."""
    terms: dict[str, _Hidden] = {}
    for concept in load_concepts():
        if concept.kind == "diagnosis":
            for term in concept.terms:
                if not (term.only_before or term.only_after or term.only_near or term.unless_near):
                    terms.setdefault(_plain(term.text), _Hidden(concept, term))
    return terms


@cache
def _may_hide(spelling: str) -> bool:
    """Say whether a spelling of the vocabulary holds one of a diagnosis; its signs and blanks may vary in a note."""
    letters = _letters(spelling)
    return any(_letters(words) in letters for words in _hidden_terms())


def _letters(words: str) -> str:
    return "".join(sign for sign in words.lower() if sign.isascii() and sign.isalnum())


@lru_cache(maxsize=1)
def _hidden_pattern() -> re.Pattern[str]:
    spellings = sorted(_hidden_terms(), key=len, reverse=True)
    listed = "|".join(re.escape(words).replace(r"\ ", r"[-\s]+") for words in spellings)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{listed})(?![A-Za-z0-9])", re.IGNORECASE)


def _drafts(doc: Doc, candidates: Sequence[_Candidate]) -> list[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    sense = _note_sense(doc, candidates)
    meant = [one for one in candidates if _is_meant(layout, one, sense)]
    names = [(one.start, one.end) for one in meant]
    drafts: list[Draft] = []
    report = _is_study_report(text)
    for one in meant:
        assertion, cues, attributes = _reading(layout, one, names)
        if assertion == "present" and one.concept.concept == "IIM" and _is_of_checkpoint(text, one):
            attributes = {**attributes, "cause": "checkpoint"}
        if assertion == "absent" and report and "aspect" not in attributes:
            attributes = {**attributes, "aspect": "study"}
        drafts.append(
            Draft(
                start=one.start,
                end=one.end,
                kind=one.concept.kind,
                concept=one.concept.concept,
                assertion=assertion,
                rule=f"diagnoses:{one.concept.kind}/{one.concept.concept}",
                cues=cues,
                attributes={**one.concept.attributes, **attributes},
            )
        )
    return _with_refutation(text, drafts)


# ---- which disease an abbreviation means


def _note_sense(doc: Doc, candidates: Sequence[_Candidate]) -> _NoteSense:
    text: str = doc._.note_text
    abbreviated = ("DM", "PM", "ASS", "DM/PM", "PM/DM", "IBM")
    plain = any(
        one.concept.kind == "diagnosis" and text[one.start : one.end] not in abbreviated for one in candidates
    )
    myositis = plain or any(
        sense_of(span).concept.attributes.get("class") == "MSA" for span in concept_spans(doc, ("antibody",))
    )
    if not any(text[one.start : one.end] == "DM" for one in candidates):
        return _NoteSense(0.0, myositis)
    cues = diagnosis_cues()
    weight = 0.0
    if cues.dermatomyositis_note.search(text):
        weight += 1.5
    elif myositis:
        weight += 0.5
    if cues.clinic_note.search(text):
        weight += 0.5
    if cues.diabetes_note.search(text):
        weight -= 1.0
    if cues.diabetes_said.search(text):
        weight -= 3.0
    return _NoteSense(weight, myositis)


def _is_meant(layout: Layout, one: _Candidate, sense: _NoteSense) -> bool:
    text = layout.text
    words = text[one.start : one.end]
    if words == "DM":
        return _is_dermatomyositis(layout, one.start, one.end, sense)
    if words == "PM":
        return _is_polymyositis(text, one.start, one.end, known=sense.myositis)
    if words == "ASS":
        near = text[max(0, one.start - _NEAR) : one.end + _NEAR]
        cues = diagnosis_cues()
        shown = (
            cues.myositis_words.search(near)
            or _SYNTHETASE.search(near)
            or _DIAGNOSIS_LABEL.search(text[max(0, one.start - _NEAR) : one.start])
        )
        return bool(shown) and not re.match(r"[^\S\n]?\d(?![.)])|\s?mg", text[one.end : one.end + 6])
    return True


def _is_dermatomyositis(layout: Layout, start: int, end: int, sense: _NoteSense) -> bool:
    """
    Weigh "DM": dermatomyositis or diabetes (or dextromethorphan).

    What stands right beside it settles it; else the words of its line, then what the whole note speaks of.
    """
    cues = diagnosis_cues()
    text = layout.text
    before, after = text[max(0, start - 40) : start], text[end : end + 40]
    if cues.diabetes_before.search(before) or cues.diabetes_after.match(after):
        return False
    if cues.myositis_before.search(before) or cues.myositis_after.match(after):
        return True
    sentence, line = layout.sentence_at(start), layout.line_at(start)
    first, last = min(sentence.start, line.start, start), max(sentence.end, line.end, end)
    score = sense.dermatomyositis
    for begin, stop in ((min(sentence.start, start), max(sentence.end, end)), (first, last)):
        near = text[max(begin, start - _NEAR) : start] + " § " + text[end : min(stop, end + _NEAR)]
        for_it = min(3, len(cues.myositis_words.findall(near)))
        against = min(3, len(cues.diabetes_words.findall(near)))
        if for_it or against:  # the sentence speaks before the rest of its line
            score += for_it * 1.0 - against * 1.5
            break
    close = text[max(first, start - 26) : min(last, end + 26)]
    score -= min(2, len(cues.comorbidity_words.findall(close))) * 1.5
    if layout.section_at(start).category in ("past_history", "family_history", "problem_list"):
        score -= 1.0
    if cues.relative_before.search(text[max(first, start - 60) : start]):
        score -= 2.5
    return score > 0


def _is_polymyositis(text: str, start: int, end: int, *, known: bool) -> bool:
    """Weigh "PM": polymyositis only where myositis words stand close and no clock, sig or pacemaker does."""
    cues = diagnosis_cues()
    before, after = text[max(0, start - 24) : start], text[end : end + 24]
    if cues.time_before.search(before) or cues.time_after.match(after):
        return False
    if cues.sibling_before.search(before) or cues.sibling_after.match(after):
        return True
    near = text[max(0, start - 60) : start] + " § " + text[end : end + 60]
    if cues.pacemaker_words.search(near):
        return False
    found = len(cues.myositis_words.findall(near))
    return found >= 2 or (found >= 1 and known)


# ---- how the note holds it


def _reading(
    layout: Layout, one: _Candidate, names: Sequence[tuple[int, int]]
) -> tuple[Assertion, tuple[str, ...], dict[str, str]]:
    cues = diagnosis_cues()
    text, start, end = layout.text, one.start, one.end
    general, words = assertion_of(one.span)
    sentence = layout.sentence_at(start)
    if general == "family" and not cues.speaker.search(text, min(sentence.start, start), start):
        return "family", words, {}
    begin = min(sentence.start, start)
    if text[max(0, begin - 3) : begin].strip() == "?":
        begin = max(0, begin - 3)
    elif (short := _SHORT_CUE.search(text, max(0, begin - 6), begin)) is not None:
        begin = short.start()
    before = text[max(begin, start - _BEFORE) : start]
    after = text[end : max(end, min(max(sentence.end, end), end + _AFTER))]
    box = _BOX.search(before)
    if box is not None and box.group("empty"):
        return "absent", (box.group().strip(),), {}

    seen = cues.before.look(before)
    historical = cues.historical_after.match(after) or seen.last("historical")
    if historical is not None and not _is_target(historical):
        return "historical", (historical.group("cue"),), {}
    # "If her dermatomyositis flares", "wonders whether his known JDM": the disease itself is given.
    known = _KNOWN.search(before) is not None
    hypothetical = None if known else seen.last("hypothetical")
    if hypothetical is not None and not _is_own_study(layout, hypothetical.group("cue"), start):
        return "hypothetical", (hypothetical.group("cue"),), {}
    grouped = seen.last("hypothetical_list")
    if (
        grouped is not None
        and not _is_own_study(layout, grouped.group("cue"), start)
        and _is_list(grouped, before, start, names, bare=True)
    ):
        return "hypothetical", (grouped.group("cue"),), {}
    unsure_after = cues.unsure_after.match(after)
    absent_after = cues.absent_after.match(after)
    if absent_after is not None and (unsure_after is None or unsure_after.end() <= absent_after.end()):
        return (
            "absent",
            (absent_after.group("cue"),),
            _aspect(cues, after[: absent_after.end()], before[-60:] + after[:60]),
        )
    unsure = None if known else seen.last("unsure")
    denied = _denied(cues, seen, start, names)
    if denied is not None and not _is_in_doubt(seen, denied):
        return (
            "absent",
            (denied.group("cue"),),
            _aspect(cues, denied.group("between") + " " + after[:24], before[-60:] + after[:60]),
        )
    if unsure_after is not None:
        return "possible", (unsure_after.group("cue"),), _degree(unsure_after.group("cue"))
    if _SUPPORTED.search(before):
        return "present", (), {}
    if unsure is not None and not _spent(cues, unsure.group("between"), names, start):
        return "possible", (unsure.group("cue"),), _degree(unsure.group("cue"))
    if _DIFFERENTIAL.search(before) or layout.section_at(start).title.lower().startswith(
        ("ddx", "differential")
    ):
        return "possible", ("differential",), {}
    return "present", (), {}


def _is_own_study(layout: Layout, cue: str, start: int) -> bool:
    """Say whether a study "for" the disease is one that the patient is in."""
    if not _STUDY_CUE.match(cue):
        return False
    return diagnosis_cues().enrolled.search(layout.sentence_text(start)) is not None


def _is_in_doubt(seen: Look, denied: re.Match[str]) -> bool:
    """Say whether a denial is part of an open question: "cannot rule out", "do not know yet whether"."""
    at = denied.start("cue")
    return any(match.start("cue") <= at < match.end("cue") for match in seen.every("unsure"))


def _denied(
    cues: DiagnosisCues, seen: Look, start: int, names: Sequence[tuple[int, int]]
) -> re.Match[str] | None:
    before = seen.words
    match = seen.last("absent")
    if match is not None and not cues.stop.search(match.group("between")) and not _is_pseudo(match, before):
        return match
    match = seen.last("absent_list")
    if match is None or cues.stop.search(match.group("between")) or _is_pseudo(match, before):
        return None
    # "no PM, IBM or LGMD": a list of diseases; "no fever, DM stable" is none.
    return match if _is_list(match, before, start, names) else None


def _is_list(
    match: re.Match[str],
    before: str,
    start: int,
    names: Sequence[tuple[int, int]],
    *,
    bare: bool = False,
) -> bool:
    """Say whether a cue reaches the diagnosis over a list of diseases; *bare* also without another between."""
    offset = start - len(before)
    first = offset + match.start("between")
    listed = [name for name in names if first <= name[0] < start]
    if not listed:
        return (
            bare and len(match.group("between").split()) <= _BARE_WORDS and "," not in match.group("between")
        )
    joint = before[max(0, listed[-1][1] - offset) :]
    return _JOINT.fullmatch(joint) is not None


def _is_target(historical: re.Match[str]) -> bool:
    """Say whether the diagnosis is what a former one was changed to: "changed from polymyositis to …"."""
    if "between" not in historical.re.groupindex:
        return False
    return historical.group("cue").lower().endswith("from") and bool(
        re.search(r"\b(?:to|into)\b", historical.group("between"))
    )


def _is_pseudo(match: re.Match[str], before: str) -> bool:
    """Say whether a denial is none: "not only", "no change in", "not responding"."""
    tail = before[match.start("cue") : match.end("cue") + 30].lower()
    return bool(
        re.match(
            r"(?:not? (?:(?:entirely |completely )?(?:sure|certain|clear)|only|just|merely|change|improv\w*|better"
            r"|respon\w*|adequately|well|fully|controlled|yet (?:treated|controlled)|treat\w*|on |doubt|question|taking"
            r"|surprising\w*|unexpected\w*)"
            r"|without (?:a |any )?(?:reasonable )?(?:doubt|question)"
            r"|no (?:question|longer (?:on|tak|need|work)|other (?:manifest|feature)|response|relief|prior treatment"
            r"|previous treatment|trial))",
            tail,
        )
    )


def _spent(cues: DiagnosisCues, between: str, names: Sequence[tuple[int, int]], start: int) -> bool:
    """Say whether other words have used up a cue of doubt before it reaches the diagnosis."""
    return bool(cues.stop.search(between) or cues.course.search(between)) or bool(
        re.search(r",\s*(?:and\s+)?(?:known|established|her|his)\b", between)
    )


def _aspect(cues: DiagnosisCues, words: str, sentence: str) -> dict[str, str]:
    """Mark a denial of activity, of a manifestation or by one study rather than of the disease."""
    if cues.activity.search(words):
        return {"aspect": "activity"}
    return {"aspect": "study"} if cues.study.search(sentence) else {}


def _is_of_checkpoint(text: str, one: _Candidate) -> bool:
    """Say whether a myositis is one of a checkpoint inhibitor ("myositis after pembrolizumab")."""
    cues = diagnosis_cues()
    before, after = text[max(0, one.start - 40) : one.start], text[one.end : one.end + 100]
    return bool(cues.checkpoint_before.search(before) or cues.checkpoint_after.match(after))


def _is_study_report(text: str) -> bool:
    """Say whether a note opens as the report of a study ("MRI THIGHS …", "SURGICAL PATHOLOGY")."""
    return _REPORT_HEAD.match(text) is not None


def _degree(cue: str) -> dict[str, str]:
    """Mark "likely" and the like, which an objective result can back."""
    return {"degree": "likely"} if _LIKELY.search(cue) and "less likely" not in cue.lower() else {}


# ---- a note that refutes its own label


def _with_refutation(text: str, drafts: list[Draft]) -> list[Draft]:
    """
    Read older labels in a note that refutes them as what they are.

    A note that states another disease and denies the inflammatory one quotes the old label on the way; that
    label is a former one, and one that names what the patient was sent for is denied with the rest.
    """
    denied = [
        d
        for d in drafts
        if d.kind == "diagnosis" and d.assertion == "absent" and "aspect" not in d.attributes
    ]
    others = [
        d
        for d in drafts
        if d.kind == "mimic" and d.assertion == "present" and d.attributes.get("role") == "refutes"
    ]
    broad = {d.concept for d in denied}
    if not others or not broad:
        return drafts
    last = max(d.start for d in denied)
    changed = []
    for draft in drafts:
        refuted = draft.concept in broad or "IIM" in broad
        if draft.kind == "diagnosis" and draft.assertion == "present" and refuted and draft.start < last:
            before = text[max(0, draft.start - 90) : draft.start]
            paragraph = max(text.rfind("\n\n", 0, draft.start), draft.start - _PARAGRAPH, 0)
            quoted = len(_QUOTE.findall(text, paragraph, draft.start)) % 2 == 1
            label: Assertion = "absent" if _COMING_FROM.search(before) and not quoted else "historical"
            changed.append(replace(draft, assertion=label, cues=("refuted in this note",)))
        else:
            changed.append(draft)
    return changed


register("diagnoses", lambda nlp: Diagnoses())
