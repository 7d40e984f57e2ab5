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
from dataclasses import replace

from spacy.tokens import Doc

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.diagnosis_cues import DiagnosisCues, diagnosis_cues
from chartsift.nlp.components.diagnosis_names import Candidate, candidates_of, is_meant, note_sense
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, drafts_of
from chartsift.nlp.components.persons import another_patient
from chartsift.nlp.text.answers import ticked
from chartsift.nlp.text.cues import Look
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.types import Assertion

# Text looked at before and after a diagnosis, in code points.
_BEFORE = 140
_AFTER = 160
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


class Diagnoses:
    """Decide what each candidate means and how the note holds it."""

    def __call__(self, doc: Doc) -> Doc:
        candidates = candidates_of(doc)
        if candidates:
            drafts_of(doc).extend(_drafts(doc, candidates))
        return doc


def _drafts(doc: Doc, candidates: Sequence[Candidate]) -> list[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    sense = note_sense(doc, candidates)
    meant = [one for one in candidates if is_meant(layout, one, sense)]
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


# ---- how the note holds it


def _reading(
    layout: Layout, one: Candidate, names: Sequence[tuple[int, int]]
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
    other = another_patient(before)
    if other:
        return "family", (other,), {}
    after = text[end : max(end, min(max(sentence.end, end), end + _AFTER))]
    boxes = ticked(layout, end)
    if boxes is not None and boxes.said == "no":
        return "absent", (boxes.words,), {}
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
    # "Is there anything that might help my dermatomyositis?" asks for help.
    if unsure_after is not None and not (known and unsure_after.group("cue") == "?"):
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


def _is_of_checkpoint(text: str, one: Candidate) -> bool:
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
