"""
What notes say of lungs and heart in words: severity, course, functional class, pulmonary hypertension.

Part of the ``heart_lung`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of
from chartsift.nlp.types import Assertion

_HYPOTHETICAL = re.compile(
    r"\b(?:if|until|unless|goal|target|should|threshold|criteria|requires?|"
    r"must be|need(?:s|ed)? to be|cut-?off|minimum|exclude[sd]?)\b[^.;]{0,40}$",
    re.IGNORECASE,
)
_NORMAL = re.compile(
    r"\b(?:(?:with)?in normal limits|wnl|normal(?:i[sz]ed)?|nl|unremarkable|"
    r"preserved|intact|good|excellent|fine|adequate|full|ok(?:ay)?|"
    r"recovered|without (?:any )?abnormalit\w+|no (?:significant )?abnormalit\w+|"
    r"did well|clear(?:ed)?|reassuring|negative)\b",
    re.IGNORECASE,
)
_NOT_NORMAL = re.compile(
    r"\b(?:not|isn't|never|ab|sub|low|nearly|near|almost|upper|lower limit of)[ -]?\s*$", re.IGNORECASE
)
_STABLE = re.compile(
    r"\b(?:stable|unchanged|flat|same|no (?:significant )?(?:interval )?change|"
    r"steady|improv\w+|better)\b",
    re.IGNORECASE,
)
_WORSE = re.compile(
    r"\b(?:declin\w+|worsen\w+|worse|deteriorat\w+|falling|fell|dropp\w+|"
    r"drop|progress(?:ed|ing|ion|ive)|going down|down ?trend\w*|decrement)\b",
    re.IGNORECASE,
)
_SEVERITY = re.compile(
    r"\b(?P<word>mild(?:ly)?(?: to |-to-|-|/)moderate(?:ly)?|moderate(?:ly)?(?: to |"
    r"-to-|-|/)severe(?:ly)?|very severe|end-?stage|"
    r"mild(?:ly)?|minimal(?:ly)?|slight(?:ly)?|trace|moderate(?:ly)?|"
    r"severe(?:ly)?|significant(?:ly)?|marked(?:ly)?|advanced|profound(?:ly)?|"
    r"critical(?:ly)?|no|without)\b",
    re.IGNORECASE,
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_CLASS = re.compile(
    r"[\s:=(]*(?:(?:functional|FC|class|cl|status|heart|failure|is|"
    r"was|now|currently|stage|per [^:]{1,20})[\s:=.]*){0,4}"
    r"(?P<a>IV|I{1,3}|[1-4])(?P<letter>[ab])?(?:\s?(?:-|–|/|to)\s?(?P<b>IV|"
    r"I{1,3}|[1-4])[ab]?)?(?![\w%]|\.\d)",
)
_PAH_DRUG = re.compile(
    r"\b(?:sildenafil|tadalafil|bosentan|ambrisentan|macitentan|treprostinil|"
    r"epoprostenol|iloprost|selexipag|riociguat|sotatercept|"
    r"tyvaso|opsumit|letairis|adempas|uptravi|remodulin|orenitram|"
    r"flolan|winrevair|revatio|adcirca|opsynvi|pulmonary vasodilator)\w*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;](?=\s|$)|\n\s*\n|\|")


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept with where it stands."""

    span: Span
    start: int
    end: int
    concept: str
    kind: str


def assertion_of_value(doc: Doc, mention: Mention) -> tuple[Assertion, tuple[str, ...]]:
    """A number is a result whatever "no" stands beside it; a relative's or a threshold is none."""
    assertion, cues = assertion_of(mention.span)
    if assertion == "family":
        return assertion, cues
    layout: Layout = doc._.layout
    sentence = layout.sentence_at(mention.start)
    condition = _HYPOTHETICAL.search(layout.text[max(sentence.start, mention.start - 60) : mention.start])
    if condition is not None:
        return "hypothetical", (condition.group().split()[0],)
    return "present", ()


# ---- words without a number


def _clause(layout: Layout, start: int, end: int, *, before: int = 60, after: int = 70) -> tuple[str, str]:
    """Return the words of the same clause before and after ``start:end``."""
    text = layout.text
    sentence = layout.sentence_at(start)
    left = text[max(min(sentence.start, start), start - before) : start]
    cut = [m.end() for m in _SENTENCE_END.finditer(left)]
    if cut:
        left = left[cut[-1] :]
    right = text[end : min(max(sentence.end, end), end + after)]
    stop = _SENTENCE_END.search(right)
    return left, right[: stop.start()] if stop is not None else right


_RATED = re.compile(
    r"\b(?P<word>mildly|moderately|severely|markedly|significantly|profoundly|mild|moderate|severe) "
    r"(?:reduced|decreased|low|impaired|depressed|diminished|reduction (?:in|of)|decrease in)\s+$",
    re.IGNORECASE,
)


def unnumbered(doc: Doc, mention: Mention, end: int) -> Iterator[Draft]:
    """Yield what is said of a measure in words: "DLCO severely reduced", "EF normal", "FVC stable"."""
    layout: Layout = doc._.layout
    left, right = _clause(layout, mention.start, mention.end, before=40, after=60)
    rated = _RATED.search(left)
    if rated is not None:
        severity = _severity(rated.group("word") + " ", "", "impairment")
        yield _worded_draft(
            doc, mention, mention.start - len(rated.group()), mention.end, {"severity": severity}
        )
        return
    yield from _worded(doc, mention, left, right)


def course(doc: Doc, mention: Mention, end: int) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    _, right = _clause(layout, mention.start, mention.end)
    course = (
        "worse"
        if re.search(r"declin|drop|fell|fallen|decreas|down|worsen|lost|loss|reduc", right, re.IGNORECASE)
        else "better"
    )
    yield _worded_draft(
        doc, mention, mention.start, min(end, mention.end + len(right.rstrip())), {"course": course}
    )


def quality(doc: Doc, mention: Mention, following: Mention | None) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    left, right = _clause(layout, mention.start, mention.end)
    if (
        following is not None
        and following.start - mention.end < len(right)
        and mention.concept in ("PFT", "echo")
    ):
        # "PFT: FVC 60, normal DLCO" speaks of its measures, which are read by themselves.
        right = text[mention.end : following.start]
    yield from _worded(doc, mention, left, right)


def _worded(doc: Doc, mention: Mention, left: str, right: str) -> Iterator[Draft]:
    attributes: dict[str, str] = {}
    whole = f"{left} § {right}"
    negated = assertion_of(mention.span)[0]
    near_left = left[-40:]
    severity = _severity(near_left, right, mention.concept)
    if severity:
        attributes["severity"] = severity
    normal = next((m for m in _NORMAL.finditer(right) if not _NOT_NORMAL.search(right[: m.start()])), None)
    normal_left = re.search(
        r"\b(?:normal|nl|unremarkable|preserved|good)\s+(?:baseline\s+|"
        r"resting\s+|surface\s+)?$",
        left,
        re.IGNORECASE,
    )
    if mention.concept != "impairment" and "severity" not in attributes and (normal or normal_left):
        attributes["severity"] = "normal"
    change = None if mention.concept in ("echo",) else _WORSE.search(whole)
    if change is not None and not re.search(
        r"\b(?:no|not|without|never|nor|denies)\b[^,;]{0,25}$", whole[: change.start()], re.IGNORECASE
    ):
        attributes["course"] = "worse"
    elif _STABLE.search(whole):
        attributes["course"] = "stable"
    if mention.concept == "impairment":
        if negated in ("absent", "family", "hypothetical"):
            attributes = {"severity": "none"} if negated == "absent" else attributes
        else:
            attributes.setdefault("severity", "unspecified")
    if not attributes:
        return
    end = mention.end
    start = mention.start
    if normal is not None and attributes.get("severity") == "normal":
        end = mention.end + normal.end()
    elif severity:
        found = list(_SEVERITY.finditer(near_left))
        start = (
            mention.start - len(near_left) + found[-1].start()
            if found and mention.concept in ("impairment", "LV_function")
            else start
        )
    yield _worded_draft(doc, mention, start, end, attributes)


def _severity(left: str, right: str, concept: str) -> str:
    """Return "none", "mild", "moderate" or "severe" as said right beside a mention; "" when nothing is."""
    found: str = ""
    if concept in ("impairment", "LV_function"):
        before = list(_SEVERITY.finditer(left))
        # "Moderate restriction and severe diffusion defect": the nearest word, with nothing but adjectives after it.
        if before and not re.search(r"[,:]|\band\b.*\band\b|\b(?:but|with)\b", left[before[-1].end() :]):
            found = before[-1].group("word")
    if not found or found.lower() in ("no", "without"):
        if concept not in ("PFT", "echo"):
            after = re.match(
                r"[\s:,(-]*(?:is|was|are|were|remains?|now|still|appears?|which is|"
                r"also|and|to be|globally|diffusely)?\s*(?:\w+ly )?",
                right,
            )
            at = after.end() if after is not None else 0
            match = _SEVERITY.match(right, at) or _SEVERITY.match(right.lstrip(" :,(-"))
            if match is not None and match.group("word").lower() not in ("no", "without"):
                low = re.search(
                    r"reduc|decreas|depress|impair|low|diminish|abnormal|compromis|"
                    r"dysfunction",
                    right[:60],
                    re.IGNORECASE,
                )
                if concept in ("impairment",) or low is not None:
                    found = match.group("word")
        elif re.search(r"\b(?:severe(?:ly)?|end-?stage|advanced)\b", right, re.IGNORECASE):
            match = re.search(
                r"\b(?:severe(?:ly)?|advanced|end-?stage)\s+(?:\w+\s+){0,2}(?:restrict\w*|"
                r"obstruct\w*|reduc\w*|impair\w*|defect|LV|systolic|dysfunction|"
                r"abnormal\w*|diffusion|MR|AS|TR|AR|mitral|aortic|tricuspid)",
                right,
                re.IGNORECASE,
            )
            found = "severe" if match is not None else ""
    word = found.lower()
    if not word:
        return ""
    if re.search(r"very|severe|end-?stage|significant|marked|advanced|profound|critical", word):
        return "severe"
    if word.startswith(("mild", "minimal", "slight", "trace")):
        return "moderate" if "moderate" in word else "mild"
    return "moderate" if word.startswith("moderate") else "none" if word in ("no", "without") else ""


def _worded_draft(doc: Doc, mention: Mention, start: int, end: int, attributes: dict[str, str]) -> Draft:
    layout: Layout = doc._.layout
    assertion, cues = assertion_of(mention.span)
    sentence = layout.sentence_at(mention.start)
    dates = find_dates(
        layout.text,
        note_date_of(doc),
        start=max(sentence.start, mention.start - 80),
        end=min(max(sentence.end, end), end + 60),
    )
    near = [
        m
        for m in dates
        if -40 <= m.start - mention.end <= 40 and m.precision in ("day", "month", "year", "season")
    ]
    if assertion in ("historical", "possible") and attributes.get("severity") == "normal":
        assertion = "present"
    if (
        assertion == "absent"
        and attributes.get("severity") != "none"
        and mention.concept not in ("impairment", "LV_function")
    ):
        assertion = "present"  # "echo: no effusion, normal": the "no" speaks of something else
    return Draft(
        start=start,
        end=end,
        kind=mention.kind,
        concept=mention.concept,
        assertion=assertion,
        rule="heart_lung:words",
        cues=cues,
        date=near[0].last if near else None,
        score=0.85,
        attributes=attributes,
    )


# ---- classes and pulmonary hypertension


def class_of(doc: Doc, mention: Mention) -> Iterator[Draft]:
    text: str = doc._.note_text
    match = _CLASS.match(text, mention.end, mention.end + 60)
    start, end = mention.start, mention.end
    worst = 0
    if match is not None:
        worst = max(_ROMAN[match.group(g).lower()] for g in ("a", "b") if match.group(g))
        end = match.end()
    else:
        before = re.search(
            r"\b(?:class\s)?(IV|I{1,3}|[1-4])(?:\s?[-–/]\s?(IV|I{1,3}|[1-4]))?\s*$",
            text[max(0, mention.start - 14) : mention.start],
        )
        if before is None:
            return
        worst = max(_ROMAN[g.lower()] for g in before.groups() if g)
        start = mention.start - (len(before.group()))
    assertion, cues = assertion_of_value(doc, mention)
    sentence = doc._.layout.sentence_at(mention.start)
    lead = text[max(sentence.start, mention.start - 40) : mention.start]
    attributes = {}
    if re.search(
        r"\b(?:was|prior|previous(?:ly)?|initial(?:ly)?|from|at (?:diagnosis|"
        r"presentation))\s*$",
        lead,
        re.IGNORECASE,
    ):
        attributes["superseded"] = "yes"
    later = re.match(r"\s*(?:->|→|to|>)\s*(?:NYHA\s*)?(IV|I{1,3}|[1-4])(?!\w)", text[end : end + 14])
    if later is not None:
        worst = _ROMAN[later.group(1).lower()]
        end += later.end()
    yield Draft(
        start,
        end,
        mention.kind,
        "NYHA",
        assertion,
        "heart_lung:class",
        cues,
        value=float(worst),
        attributes=attributes,
    )


def pulmonary_hypertension(doc: Doc, mention: Mention) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    sentence = layout.sentence_at(mention.start)
    left, right = _clause(layout, mention.start, mention.end)
    assertion, cues = assertion_of(mention.span)
    attributes: dict[str, str] = {}
    before = list(_SEVERITY.finditer(left[-30:]))
    word = before[-1].group("word").lower() if before else ""
    after = re.match(r"[\s,:(-]*(?:is|was|remains)?\s*(mild|moderate|severe)", right, re.IGNORECASE)
    if word in ("", "no", "without") and after is not None:
        word = after.group(1).lower()
    if re.search(r"severe|advanced|significant|marked", word):
        attributes["severity"] = "severe"
    elif "moderate" in word:
        attributes["severity"] = "moderate"
    elif word.startswith(("mild", "minimal", "trace", "borderline")):
        attributes["severity"] = "mild"
    drug = _PAH_DRUG.search(text[max(0, sentence.start) : max(sentence.end, mention.end)])
    if drug is not None and assertion == "present":
        refused = re.search(
            r"\b(?:no|not|never|without|consider\w*|if|plan\w*|may|hold)\b[^.;]{0,20}$",
            text[sentence.start : sentence.start + drug.start()],
            re.IGNORECASE,
        )
        other = re.match(
            r"[^.;]{0,12}\((?:[^)]*\b(?:ED|Raynaud|ulcer|not PH))",
            text[sentence.start + drug.end() : sentence.start + drug.end() + 40],
            re.IGNORECASE,
        )
        if refused is None and other is None:
            attributes["treated"] = "yes"
    if re.search(r"\bnot\s*$", text[max(0, mention.start - 6) : mention.start], re.IGNORECASE):
        assertion = "absent"
    yield Draft(
        mention.start,
        mention.end,
        mention.kind,
        "PH",
        assertion,
        "heart_lung:PH",
        cues,
        score=0.9,
        attributes=attributes,
    )
