"""
The ``biopsy_features`` reader: what a muscle biopsy says of infiltrates by place, perifascicular atrophy and vacuoles.

These are the features that classification criteria count; whether a biopsy shows active disease is the ``studies``
reader's. A pathologist denies in lists ("no endomysial, perimysial or perivascular inflammation"), grades by words
("lymphocytes are sparse") and names the place once for a whole sentence, so each sentence is read part by part.

Reads: doc._.layout. Writes: drafts of kind "biopsy_feature", concepts endomysial_infiltrate (attribute
``arrangement``: surrounding or invading where it is said), perimysial_infiltrate (perivascular ones too), infiltrate
(no place said), perifascicular_atrophy, rimmed_vacuoles; attribute ``amount`` scant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc

from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, drafts_of
from chartsift.nlp.text.layout import Layout, TextSpan
from chartsift.nlp.text.prefilter import gate, needles
from chartsift.nlp.types import Assertion

_NEEDLES = needles(
    "infiltrat",
    "inflam",
    "lympho",
    "mononuclear",
    "perifascic",
    "vacuol",
    "pauci",
    "t cells",
    "t-cells",
    "cells",
)
_INFILTRATE = gate(
    r"\b(?:(?:chronic |lympho\w+ |mononuclear |cellular )*inflammat(?:ion|ory (?:cell )?(?:infiltrat\w+|cells?|foci|change\w*"
    r"|component|response))|inflam\b|(?:lympho\w+|mononuclear|cellular|inflammatory|T-?[- ]?cell)?\s?infiltrat(?:es?|ion|ing)"
    r"|lymphocytes|lymphocytic (?:cuff\w*|aggregates?|collections?)|mononuclear cells|T-?[ ]?cells|CD\d+\+?(?:[/ ]CD\d+\+?)*[- ](?:positive )?(?:T[- ]?)?cells"
    r"|(?P<bare>pauci-?\s?(?:immune|inflammatory)|non-?inflammatory))(?!\s+(?:my(?:opath|osit)\w+|markers?|labs?|disease|arthritis))",
    re.IGNORECASE,
)
# Connective tissue, vessels and enzyme stains of the same places are no infiltrates.
_NOT_CELLS = r"(?!\s+(?:fibrosis|connective|tissue|capillar\w*|alkaline|ALP|vessels?|fragment\w*|edema|arter\w+|MAC\b))"
_ENDOMYSIAL = gate(rf"\bendomysi\w+{_NOT_CELLS}", re.IGNORECASE)
_PERIMYSIAL = gate(
    rf"\bperimysi\w+{_NOT_CELLS}"
    r"|\bperivascul\w+|\b(?:about|around|near|cuffing)\s+(?:\w+\s+){0,2}(?:vessels?|venules?|capillaries)"
    r"|\bperi-?venular",
    re.IGNORECASE,
)
_PLACE_LAST = re.compile(
    r"\b(?:endomysi\w+|perimysi\w+|perivascul\w+|lympho\w+|mononuclear)\W*$", re.IGNORECASE
)
_ATROPHY = gate(
    r"\bperifascicular (?:(?:muscle|myo) ?)?(?:fib(?:er|re) )?atrophy|\batrophy (?:of|in|at) (?:the )?perifascicular"
    r"|\bperifascicular (?:distribution|pattern) of (?:\w+ )?atrophy",
    re.IGNORECASE,
)
_VACUOLES = gate(r"\brimmed[- ]vacuol\w+|\brimmed \w+ vacuol\w+", re.IGNORECASE)
# Without the adjective only the denial speaks of them: where there are none, none is rimmed.
_NO_VACUOLES = gate(r"(?<=\bno )vacuoles\b", re.IGNORECASE)
_DENIED_BEFORE = re.compile(
    r"\b(?:no|not|without|w/o|absence of|absent|lack(?:s|ed|ing)?(?: of)?|negative for|free of|neither|nor|devoid of"
    r"|never)\b[^.;]*$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^[^.;,]{0,40}?\b(?:absent|(?:is|are|was|were)\s+(?:not|never)\b|not (?:seen|identified|present|observed|found|evident|noted)"
    r"|none\b|negative\b)|^\s*[:=-]+\s*(?:none|no|neg\w*|absent)\b",
    re.IGNORECASE,
)
_SCANT = re.compile(
    r"\b(?:sparse\w*|scant\w*|minimal\w*|rare\w*|very few|few|hardly any|barely any|almost no|occasional|trace|negligible|insignificant|essentially no)\b",
    re.IGNORECASE,
)
# A part of a list with a word of these stands for itself and is not denied by the "no" that opened the sentence.
_OWN_WORD = re.compile(
    r"\b(?:is|are|was|were|with|shows?|showed|present|seen|scattered|numerous|prominent|focal\w*|frequent|many|some"
    r"|moderate|marked|mild|severe|but|however|there|though)\b",
    re.IGNORECASE,
)
_NO_FACT = re.compile(
    r"\b(?:to look for|look(?:ing)? for|r/o|rule out|if|whether|would|should|repeat)\b", re.IGNORECASE
)
_INVADING = re.compile(r"\binva(?:d\w+|sion)\b", re.IGNORECASE)
_SURROUNDING = re.compile(
    r"\b(?:surround\w*|abut\w*|encircl\w*|rimming|around)\s+(?:\w+[\s-]+){0,4}?(?:fib(?:er|re)s?|myofib\w+)",
    re.IGNORECASE,
)
_MUSCLE = r"muscle|deltoids?|delts?|biceps|triceps|quad\w*|vast\w+(?: \w+)?|thigh|gastroc\w*|tib\w*\.? ant\w*|rectus femoris"
# What was looked at last before a statement: a muscle, or something else.
_LOOKED_AT = re.compile(
    rf"(?P<muscle>\b(?:{_MUSCLE})\b[^.;\n]{{0,30}}?\b(?:biops\w+|bx|block)\b|\b(?:biops\w+|bx)\b[^.;\n]{{0,45}}?\b(?:{_MUSCLE})\b"
    r"|\bskeletal muscle\b|\b(?:endomysi|perimysi)\w+|\bmyofib\w+|\bnecrotic fib\w+|\bregenerating fib\w+|SURGICAL PATHOLOGY[ -]+(?:NEURO)?MUSC\w+)"
    r"|(?P<other>\b(?:skin|punch|knuckle|lungs?|transbronchial|liver|kidney|renal|node|marrow|salivary|nerve|colon|gastric"
    r"|synovial|thyroid|jejun\w+)\b[^.;\n]{0,25}?\b(?:biops\w+|bx|path)\b|\b(?:interface|epiderm\w+|dermal|alveol\w+|portal"
    r"|synovi\w+|glomerul\w+)\b|\b(?:MRI|CT|HRCT|EMG|PFTs?|echo|ultrasound|BAL|exam)\b)",
    re.IGNORECASE,
)
# Each match of the muscle's holds one of these, which are found many times faster.
_MUSCLE_LOOKED_AT = (
    "biops",
    "bx",
    "block",
    "skeletal muscle",
    "endomysi",
    "perimysi",
    "myofib",
    "necrotic fib",
    "regenerating fib",
    "surgical pathology",
)
_REACH = 420
_REPORT_REACH = 6_000
_REPORT = gate(r"\b(?:surgical pathology|pathology report|neuropatholog\w+|microscopic)\b", re.IGNORECASE)
# How far behind an infiltrate its arrangement around the fibers may be told.
_ARRANGED = 170


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a sentence between commas; ``denied`` where the list before it denies it."""

    start: int
    end: int
    denied: bool


class BiopsyFeatures:
    """Find what muscle biopsies say of infiltrates, perifascicular atrophy and rimmed vacuoles."""

    def __call__(self, doc: Doc) -> Doc:
        layout: Layout = doc._.layout
        if _NEEDLES.any(layout.text):
            drafts_of(doc).extend(_features(layout))
        return doc


def _features(layout: Layout) -> Iterator[Draft]:
    text = layout.text
    reach = _REPORT_REACH if _REPORT.search(text, 0, 2_000) else _REACH
    for sentence in _sentences_to_read(layout):
        if layout.section_at(sentence.start).category == "family_history":
            continue
        for part in _parts(text, sentence.start, sentence.end):
            if _NO_FACT.search(text, part.start, part.end):
                continue
            for pattern, concept in ((_ATROPHY, "perifascicular_atrophy"), (_VACUOLES, "rimmed_vacuoles")):
                for match in pattern.finditer(text, part.start, part.end):
                    assertion, cue = _held(text, part, match.start(), match.end())
                    yield _draft(match.start(), match.end(), concept, assertion, cue)
            for match in _NO_VACUOLES.finditer(text, part.start, part.end):
                if _is_of_muscle(text, match.start(), reach):
                    yield _draft(match.start(), match.end(), "rimmed_vacuoles", "absent", "no")
            yield from _infiltrates(text, part, reach)


def _sentences_to_read(layout: Layout) -> Iterator[TextSpan]:
    """Yield the sentences that hold one of the words, in order."""
    text, sentences = layout.text, layout.sentences
    if len(text.lower()) != len(text):
        # A letter that is two in lower case: places in the one text are none in the other.
        yield from (one for one in sentences if _NEEDLES.any(text[one.start : one.end]))
        return
    for number in dict.fromkeys(map(layout.sentence_number, _NEEDLES.places(text))):
        yield sentences[number]


def _parts(text: str, start: int, end: int) -> Iterator[_Part]:
    """Yield the parts of a sentence; places without a noun ("no endomysial, perimysial …") join the part behind them."""
    at = start
    denied = False
    for cut in [*(m.start() for m in re.finditer(r"[,;]|\bbut\b", text[start:end])), end - start]:
        stop = start + cut
        part = text[at:stop]
        if stop < end and text[stop] == "," and _PLACE_LAST.search(part) and not _INFILTRATE.search(part):
            continue
        own = _OWN_WORD.search(part) is not None
        yield _Part(at, stop, denied and not own)
        opens = re.match(
            r"\W*(?:there (?:is|are) )?(?:essentially )?(?:no|without|neither|negative for|lacks?)\b",
            part,
            re.IGNORECASE,
        )
        denied = (opens is not None or (denied and not own)) and stop < end and text[stop] == ","
        at = stop + 1
    return


def _held(text: str, part: _Part, start: int, end: int) -> tuple[Assertion, str]:
    before = _DENIED_BEFORE.search(text[part.start : start])
    if before is not None:
        return "absent", before.group().split(maxsplit=1)[0]
    after = _DENIED_AFTER.search(text[end : part.end])
    if after is not None:
        return "absent", after.group().split()[-1]
    return ("absent", "no") if part.denied else ("present", "")


def _infiltrates(text: str, part: _Part, reach: int) -> Iterator[Draft]:
    match = _INFILTRATE.search(text, part.start, part.end)
    if match is None:
        return
    endomysial = _ENDOMYSIAL.search(text, part.start, part.end)
    perimysial = _PERIMYSIAL.search(text, part.start, part.end)
    is_bare = match.group("bare") is not None
    assertion, cue = _held(text, part, match.start(), match.end())
    if is_bare:
        assertion, cue = "absent", match.group()
    attributes = {}
    if assertion == "present" and _SCANT.search(text, part.start, part.end):
        attributes = {"amount": "scant"}
    # Without a place only a denial says something: it denies every place.
    says_nothing = endomysial is None and perimysial is None and assertion != "absent" and not attributes
    in_muscle = endomysial or re.search(r"perimysi", text[part.start : part.end], re.IGNORECASE)
    if says_nothing or not (in_muscle or _is_of_muscle(text, match.start(), reach)):
        return
    if is_bare or (endomysial is None and perimysial is None):
        yield _draft(match.start(), match.end(), "infiltrate", assertion, cue, attributes)
        return
    for place, concept in ((endomysial, "endomysial_infiltrate"), (perimysial, "perimysial_infiltrate")):
        if place is None:
            continue
        more = dict(attributes)
        if concept == "endomysial_infiltrate" and assertion == "present":
            more |= _arrangement(text, part)
        start, end = min(place.start(), match.start()), max(place.end(), match.end())
        other = perimysial if place is endomysial else endomysial
        if other is not None and start < other.start() < end:
            start, end = place.span()  # the noun at the end of the list goes with the last place
        yield _draft(start, end, concept, assertion, cue, more)


def _arrangement(text: str, part: _Part) -> dict[str, str]:
    """Return whether an endomysial infiltrate surrounds the fibers or invades them, where it is said."""
    around = text[part.start : min(len(text), part.end + _ARRANGED)]
    around = re.split(r"\n\s*\n", around)[0]
    invading = _INVADING.search(around)
    if invading is not None:
        left = re.split(r"[.;]", around[: invading.start()])[-1]
        denied = _DENIED_BEFORE.search(left) or _DENIED_AFTER.search(around[invading.end() :])
        return {"arrangement": "surrounding" if denied else "invading"}
    return {"arrangement": "surrounding"} if _SURROUNDING.search(around) else {}


def _is_of_muscle(text: str, start: int, reach: int) -> bool:
    last = None
    low, high = max(0, start - reach), min(len(text), start + 40)
    words = text[low:high].lower()
    if not any(word in words for word in _MUSCLE_LOOKED_AT):
        return False
    for match in _LOOKED_AT.finditer(text, low, high):
        if match.start() <= start or match.lastgroup == "muscle":
            last = match if match.start() <= start or last is None else last
    return last is not None and last.lastgroup == "muscle"


def _draft(
    start: int,
    end: int,
    concept: str,
    assertion: Assertion,
    cue: str,
    attributes: dict[str, str] | None = None,
) -> Draft:
    return Draft(
        start=start,
        end=end,
        kind="biopsy_feature",
        concept=concept,
        assertion=assertion,
        rule="biopsy_features",
        cues=(cue,) if cue else (),
        score=0.9,
        attributes=attributes or {},
    )


register("biopsy_features", lambda nlp: BiopsyFeatures())
