"""
The ``studies`` reader: what biopsy, MRI and EMG of muscle showed, and when.

A sign ("fibrillations", "edema", "perifascicular atrophy") counts only where the study before it, or the sign
itself, is of muscle; a brain MRI, a skin biopsy and ankle edema are other things. The date is the study's own:
beside its name, else the note's where the note is the report; otherwise the finding says ``undated``.

Reads: concepts of kind "study", "biopsy", "imaging", "emg". Writes: drafts of kind "biopsy", "imaging" and "emg"
with concept "active", "chronic" or "normal".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.beside import story_date
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, draft_from_span, drafts_of
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate
from chartsift.nlp.text.tokens import note_date_of, source_range

# How far behind its study a sign may stand, in characters. A biopsy report runs on for paragraphs.
_REACH = {"biopsy": 2_500, "imaging": 420, "emg": 900}
# In the report of the study itself everything is of that study.
_REPORT_REACH = 6_000
_REACH_BACK = 70
# How far before a sign its own sentence is searched for a date.
_DATE_REACH = 240
_MUSCLE = re.compile(
    r"\b(?:muscles?|musculature|muscular|thighs?|pelvi[sc]|glut\w*|hamstrings?|quad\w*|vast(?:us|i)"
    r"|adductors?|hip girdle|limb girdle|shoulder girdle|proximal|deltoids?|biceps|triceps|calf|calves"
    r"|obturators?|iliopsoas|myositis|fascia\w*|whole[- ]body|WB-?MRI|femurs?|lower extremit\w+|legs?"
    r"|paraspinals?|skeletal)\b",
    re.IGNORECASE,
)
_OTHER_IMAGING = re.compile(
    r"\b(?:brain|head|C-?spine|spine|cervical|thoracic|lumbar|L-spine|orbits?|pituitary|knee|ankle|foot"
    r"|wrist|hand|cardiac|heart|CMR|myocard\w+|liver|abdomen|MRCP|breast|prostate|kidney|renal"
    r"|enterography|bone marrow|marrow|SI joints?|sacroiliac|rotator cuff|meniscus)\b",
    re.IGNORECASE,
)
_OTHER_BIOPSY = re.compile(
    r"\b(?:skin|punch|knuckle|lungs?|transbronchial|TBBx|VATS|liver|kidney|renal|lymph node|bone marrow"
    r"|marrow|salivary|lip|temporal artery|nerve|sural|breast|prostate|colon|gastric|duoden\w+|thyroid"
    r"|endomyocardial|cardiac|scalp|gland)\s+(?:punch\s+)?(?:biops\w+|bx)\s*$|\b(?:derm|interface|mucin"
    r"|dermatitis)\b",
    re.IGNORECASE,
)
_NORMAL = gate(
    r"(?P<study>\bMRIs?\b|\bEMG(?:/NC[SV])?\b|\bmuscle (?:biopsy|bx)\b|\bneedle (?:EMG|exam\w*"
    r"|study)\b)(?P<gap>[^.;,\n|]{0,45}?)\b(?:was |were |is |are |entirely |completely "
    r"|read as )*(?P<word>normal|nl|negative|neg|unremarkable|WNL|non-?diagnostic)\b",
    re.IGNORECASE,
)
_ACUTE_WORDS = re.compile(
    r"\b(?:today|this (?:morning|admission|visit|week)|done here|done today|yesterday)\b", re.IGNORECASE
)
# The title of a report, in capitals or with the word "report"; a clinic note that opens with an MRI is none.
_REPORT_HEAD = gate(
    r"^\W*(?:(?i:exam(?:ination)?|study|procedure)\s*[:.]+\s*)?(?:[A-Z][A-Z &/-]* )?(?:SURGICAL PATHOLOGY|PATHOLOGY REPORT|MUSCLE BIOPSY"
    r"|MRI [A-Z][A-Z ,/&-]{3,}|EMG(?:/NC[SV])?(?: STUDY| REPORT)|ELECTRODIAGNOSTIC|NERVE CONDUCTION)"
    r"|(?i:\b(?:surgical pathology|pathology|muscle biopsy|MRI|EMG|electromyography"
    r"|electrodiagnostic) report\b)",
    re.MULTILINE,
)
# The two headings that every report of a radiologist has.
_TECHNIQUE = gate(r"^\W*(?:TECHNIQUE|SEQUENCES)\b", re.MULTILINE | re.IGNORECASE)
_FINDINGS = gate(r"^\W*FINDINGS\b", re.MULTILINE | re.IGNORECASE)
_EARLIER_STUDY = re.compile(
    r"\b(?:prior|previous(?:ly)?|old(?:er)?|outside|initial(?:ly)?|original(?:ly)?|earlier|first|last|at (?:diagnosis|onset"
    r"|presentation)|had (?:shown|demonstrated|revealed)|had|proven|confirmed|history)\b",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?:vs\.?|versus|compared (?:to|with)|comparison|since|prior|from|change (?:vs|from))\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Study:
    start: int
    end: int
    modality: str


class Studies:
    """Find the signs of studies of muscle."""

    def __call__(self, doc: Doc) -> Doc:
        signs = concept_spans(doc, ("biopsy", "imaging", "emg"))
        text: str = doc._.note_text
        studies = [
            _Study(*source_range(span), sense_of(span).concept.concept)
            for span in concept_spans(doc, ("study",))
        ]
        if not signs and not studies:
            return doc
        is_report = _REPORT_HEAD.search(text, 0, 400) is not None or (
            _TECHNIQUE.search(text) is not None and _FINDINGS.search(text) is not None
        )
        drafts = drafts_of(doc)
        for span in signs:
            drafts.extend(_sign(doc, span, studies, is_report=is_report))
        if studies:
            drafts.extend(_normals(doc, is_report=is_report))
        return doc


def _sign(doc: Doc, span: Span, studies: Sequence[_Study], *, is_report: bool) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    start, end = source_range(span)
    modality = sense_of(span).concept.kind
    study = _study_of(layout, studies, modality, start, end, is_report=is_report)
    sentence = layout.sentence_at(start)
    begin, stop = min(sentence.start, start), max(sentence.end, end)
    if (
        study is not None
        and not (begin <= study.start < stop)
        and layout.section_at(study.start).start != layout.section_at(start).start
        and not is_report
    ):
        study = None
    own_words = text[start:end].startswith("STIR") or "STIR" in text[start:end]
    if modality == "imaging":
        if study is None and not own_words:
            return
        if not _is_muscle_image(text, study, start, end, begin, stop):
            return
    elif modality == "biopsy" and study is not None:
        left = text[max(0, study.start - 30) : study.end]
        if _OTHER_BIOPSY.search(left) and re.search(
            r"infiltrat|inflammation|MHC", text[start:end], re.IGNORECASE
        ):
            return
    day, dated = _date_of(doc, study, start, end)
    attributes = dict(sense_of(span).concept.attributes)
    if not dated and not is_report and not _ACUTE_WORDS.search(text, begin, stop):
        attributes["undated"] = "yes"
        before = text[max(begin, (study.start if study is not None else start) - 40) : start]
        if _EARLIER_STUDY.search(before) is not None or story_date(doc, start) is not None:
            attributes["earlier"] = "yes"
    assertion, cues = assertion_of(span)
    if (
        assertion == "possible"
        and cues[:1]
        and cues[0].lower() in ("vs", "versus", "vs.")
        and re.match(r"[^.;]{0,20}\bvs\.?\s*\d", text[end : end + 40])
    ):
        assertion, cues = "present", ()  # "edema unchanged vs 05/24" compares two dates
    if assertion == "absent" and sense_of(span).concept.concept == "chronic":
        # "no inflammation, end-stage muscle": the list of what is missing ends where damage begins.
        _, comma, own = text[begin:start].rpartition(",")
        if comma and re.search(r"\b(?:no|not|without|nor|or)\b", own, re.IGNORECASE) is None:
            assertion, cues = "present", ()
    if assertion == "absent" and re.match(r"non|chronic", text[start:end], re.IGNORECASE):
        assertion, cues = "present", ()  # "without irritability, non-irritable myopathy": the second stands
    yield draft_from_span(span, assertion=assertion, cues=cues, attributes=attributes, date=day)


def _study_of(
    layout: Layout, studies: Sequence[_Study], modality: str, start: int, end: int, *, is_report: bool
) -> _Study | None:
    """Return the study that the sign ``start:end`` is of: the last one before it, or one right after it."""
    at = bisect_left(studies, start, key=lambda study: study.start)
    for study in reversed(studies[max(0, at - 6) : at]):
        if start - study.end > (_REPORT_REACH if is_report else _REACH[modality]):
            break
        if study.modality == modality:
            return study
        if modality == "imaging":
            break  # another study has begun since
    sentence = layout.sentence_at(start)
    for study in studies[at : at + 3]:
        if (
            study.modality == modality
            and study.start - end <= _REACH_BACK
            and study.start < max(sentence.end, end)
        ):
            return study
    return None


def _is_muscle_image(text: str, study: _Study | None, start: int, end: int, begin: int, stop: int) -> bool:
    low = max(0, study.start - 40) if study is not None and study.start < start else max(begin, start - 80)
    around = text[low : min(stop, end + 80)]
    if _OTHER_IMAGING.search(text[low:start]) and not _MUSCLE.search(text[low:start]):
        return False
    if re.search(
        r"\b(?:bone )?marrow\b|\blid|\bankle|\bpedal|\bperipheral|\bsubchondral",
        text[max(begin, start - 25) : start],
        re.IGNORECASE,
    ):
        return False
    return _MUSCLE.search(around) is not None or "STIR" in text[start:end]


def _date_of(doc: Doc, study: _Study | None, start: int, end: int) -> tuple[date | None, bool]:
    """Return the date of a study and whether the text gives one."""
    layout: Layout = doc._.layout
    text = layout.text
    note_date = note_date_of(doc)
    if study is not None:
        line = layout.line_at(study.start)
        sentence = layout.sentence_at(study.start)
        low = max(min(line.start, sentence.start), study.start - 22)
        low = max(low, line.start)
        dates = find_dates(text, note_date, start=low, end=min(len(text), study.end + 48))
        after = [
            m
            for m in dates
            if m.start >= study.end
            and not re.search(r"[;.]\s", text[study.end : m.start])
            and not _COMPARED.search(text[study.end : m.start])
        ]
        before = [
            m for m in dates if m.end <= study.start and not re.search(r"[;.]\s", text[m.end : study.start])
        ]
        if before and study.start - before[-1].end <= 3:
            return min(before[-1].last, note_date), True
        if after:
            return min(after[0].last, note_date), True
        if before:
            return min(before[-1].last, note_date), True
    sentence = layout.sentence_at(start)
    dates = find_dates(
        text,
        note_date,
        start=max(min(sentence.start, start), start - _DATE_REACH),
        end=min(max(sentence.end, end), end + 40),
    )
    dates = [m for m in dates if not _COMPARED.search(text[max(0, m.start - 16) : m.start])]
    if dates:
        nearest = min(dates, key=lambda m: min(abs(m.start - end), abs(start - m.end)))
        return min(nearest.last, note_date), True
    return None, False


def _normals(doc: Doc, *, is_report: bool) -> Iterator[Draft]:
    """Yield drafts for studies that are only called normal."""
    layout: Layout = doc._.layout
    text = layout.text
    for match in _NORMAL.finditer(text):
        name = match.group("study").upper()
        modality = (
            "imaging" if name.startswith("MRI") else "biopsy" if "BIOP" in name or "BX" in name else "emg"
        )
        around = text[max(0, match.start() - 25) : match.end()]
        if modality == "imaging" and (_OTHER_IMAGING.search(around) or not _MUSCLE.search(around)):
            continue
        if re.search(r"\b(?:not|ab|if|no)\b[- ]?\s*$", match.group("gap"), re.IGNORECASE):
            continue
        day, dated = _date_of(
            doc, _Study(match.start("study"), match.end("study"), modality), match.start(), match.end()
        )
        attributes = {} if dated or is_report or _ACUTE_WORDS.search(around) else {"undated": "yes"}
        yield Draft(
            start=match.start(),
            end=match.end(),
            kind=modality,
            concept="normal",
            assertion="present",
            rule="studies:normal",
            date=day,
            score=0.9,
            attributes=attributes,
        )


register("studies", lambda nlp: Studies())
