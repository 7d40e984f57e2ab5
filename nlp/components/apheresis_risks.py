"""
What is said of venous access (kind ``apheresis_access``) and of other risks of collecting cells (``apheresis_risk``).

Part of the ``contraindications`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartsift.nlp.components.covered import windows
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.loose import loose_gate, loosely
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.text.answers import ticked
from chartsift.nlp.text.layout import Layout, TextSpan
from chartsift.nlp.text.prefilter import Gate, Needles, needles

# ---- access
NO_ACCESS_WORDS = (
    r"\bend[- ]stage (?:venous |vascular |central )*access\b|\b(?:exhausted|lost|loss of|failed"
    r"|absent) (?:all )?(?:central |venous |vascular )*access\b|\b(?:all|every|each) (?:\w+ )?(?:access|line|venous|vascular|vein) ?"
    r"(?:sites?|routes?|options?|ways?)? (?:\w+ ){0,2}(?:lost|exhausted|used up|gone|closed|occluded|thrombosed|clotted|blocked)\b"
    r"|\bnowhere (?:left )?to (?:put|place|site|insert|get) (?:a |an |another |any )?(?:\w+ )?(?:line|catheter|access|needle|cannula)"
    r"|\bnothing (?:left )?to (?:draw from|cannulate|stick|put a line in)\b|\bno (?:venous|vascular) (?:way|route)s? (?:left|remain\w*|in)"
    r"|\bno (?:veins?|sites?)\b[^.;\n]{0,40}\b(?:would|will|could|can) (?:carry|support|take|sustain|bear|allow)\b|\b(?:venous|vascular|central|line) access (?:is "
    r"|has been |was |now )?(?:exhausted|lost|impossible|not possible|unobtainable|unavailable|failed)"
    r"|\bno (?:remaining |usable |available |further |suitable |viable |patent |possible |reliable )+(?:central "
    r"|venous |vascular |large[- ]bore )*(?:access|veins?|sites?|lines?|routes?|options?)\b"
    r"|\bno (?:central (?:venous )?|large[- ]bore )?(?:access|line) (?:is |was )?(?:possible|can be|could be"
    r"|obtainable|available)\b"
    r"|\bno (?:\w+ )?(?:options?|routes?|sites?|ways?|veins?) (?:left|remaining|remains?) (?:for|to place|to get|to put|in which)\b"
    r"|\b(?:no|not any) (?:line )?routes? (?:left|remain\w*|for)|\ball central (?:veins|access|lines"
    r"|sites) (?:are |were |is )?(?:occluded|thrombosed|lost|closed|gone)|\b(?:cannot|unable to|could not"
    r"|failed to) (?:place|obtain|establish|get|achieve|gain)\b[^.;]{0,30}\b(?:central|line|access|catheter)\b"
)
_NO_ACCESS = loose_gate(NO_ACCESS_WORDS)
_OCCLUDED = loose_gate(
    r"\bSVC\b[^.;\n]{0,40}\b(?:occlu\w*|obstruct\w*|syndrome|thrombos\w*|stenos\w*)|\bbilateral (?:IJ"
    r"|internal jugular|subclavian|brachiocephalic)[^.;\n]{0,30}\b(?:occlu\w*|thrombos\w*)"
)
_POOR = loose_gate(
    r"\b(?:poor|difficult|bad|limited|fragile|no good|hard|tough|rolling)\b[^.;\n]{0,18}\b(?:veins?|access|stick"
    r"|venous|antecub\w*|AC|IV)\b|\b(?:veins?|access|antecubitals?)\b[^.;\n]{0,14}\b(?:poor|difficult|bad|limited"
    r"|fragile|hard)\b|\bhard stick\b|\bdifficult stick\b|\bDIVA\b"
)
_GOOD = loose_gate(
    r"\b(?:veins?|access|antecubitals?|AC)\b[^.;\n]{0,30}\b(?:excellent|good|adequate|usable|patent|ok|fine|robust"
    r"|suitable)\b|\b(?:excellent|good|adequate|robust|great|suitable)\s+(?:bilat\w*\s+|peripheral\s+"
    r"|antecubital\s+|venous\s+|AC\s+)*(?:veins?|access)\b|\b(?:R|L|right|left|bilateral)\s+IJ\s+(?:is "
    r"|are )?patent\b|\bIJ line[^.;\n]{0,30}\bworked\b"
)
_IN_CASE = re.compile(r"\b(?:if|in case|should|risk of)\b[^.;]{0,40}$", re.IGNORECASE)
_ACCESS_KINDS = (("lost", _NO_ACCESS), ("occluded", _OCCLUDED), ("poor", _POOR), ("good", _GOOD))
# What access is had by, and what is said of it: each match of the four holds a word of both. Most notes name no vein,
# and a question for a word alone is many times cheaper than one for the places of "no".
_BY_WHAT = loose_gate(
    r"\b(?:access|vein|venous|vascular|site|line|route|option|way|catheter|central|stick|antecub|AC\b|IV\b|SVC|IJ|internal"
    r"|subclavian|brachiocephalic|DIVA|nowhere|nothing)"
)
_HOW_IT_IS = loose_gate(
    r"\b(?:no\b|not\b|nowhere|nothing|all\b|every\b|each\b|cannot|unable|could\b|failed|end[- ]stage|exhausted|lost|loss\b|absent"
    r"|impossible|unobtainable|unavailable|SVC\b|bilateral|poor|difficult|bad\b|limited|fragile|hard\b|tough|rolling|DIVA\b"
    r"|excellent\b|good\b|adequate\b|usable|patent|ok\b|fine\b|robust\b|suitable\b|great\b|worked)"
)
_ACCESS_WORDS = needles(
    "access", "vein", "venous", "antecub", "stick", "svc", "ij ", "ij,", "ij:", "ijs", "jugular", "subclav", "brachioceph",
    "route", "site", "line", "catheter", "nowhere", "nothing", "option", "poor ac", "diva", "central",
)  # fmt: skip

# ---- other risks, tried only in sentences with their letters: as gates they would be looked for by "on " and "with "
_REFUSAL = loosely(
    r"jehovah\S*\s+witness\w*|\b(?:refus\w+|declin\w+|will not accept|does not accept|won['’]?t accept"
    r"|would not accept|not accept\w*) (?:all |any |of )*(?:blood(?: bank)? products?|blood transfusions?"
    r"|transfusions?|RBCs?/|red cells,)|\bno blood products\b|\bbloodless (?:medicine|care)\b"
    r"|\bno (?:all |any |of )*(?:blood(?: bank)? products?|RBCs?/|red cells,)"
    r"|\bfirm on no transfusion|\bno transfusions? (?:for religious|under any)|\bno RBC/plt|\bJW\b"
)
_REFUSAL_NOT = loosely(
    r"\b(?:needed|required|given|since|in the last|indicated|received|this admission|to date|history|hx|prior"
    r"|none)\b"
)
_NO_TRANSFUSION = loosely(r"no (?:blood )?transfusions?\b")
# "JW" alone may be anybody's initials.
_OF_A_WITNESS = loosely(r"witness|blood|transfus|RBC|plt|albumin|faith|collect")
_CITRATE = loosely(
    r"\b(?:severe|anaphyla\w*|anaphylactoid|life[- ]threatening|grade [34])\b[^.;\n]{0,40}\b(?:citrate|ACD-?A?)\b"
    r"|\b(?:citrate|ACD-?A?)\b[^.;\n]{0,40}\b(?:anaphyla\w*|tetany|arrhythmia|seizure|severe reaction"
    r"|severe hypocalc\w*|torsades|cardiac arrest|laryngospasm)\b"
)
_PRESSOR = (
    r"(?:nor(?:epinephrine|adrenaline|epi|ad)|levophed|vasopress\w+|(?:vaso)?pressors?|vaso|inotrop\w+"
    r"|(?:epinephrine|adrenaline) (?:drip|gtt|infusion)|dobutamine|milrinone|metaraminol|phenylephrine|dopamine)"
)
_UNSTABLE = loosely(
    r"\bh[a]?emodynamic(?:ally)? (?:unstable|instability|compromise[d]?)|\b(?:septic|cardiogenic|h[a]?emorrhagic"
    rf"|distributive) shock\b|\b(?:on|requir(?:es|ing)|needs|started|under|with|\+) (?:(?:two|three|"
    rf"four|dual|double|triple"
    rf"|multiple|\d|escalating|rising|high[- ]dose|low[- ]dose|ongoing) )*{_PRESSOR}\b"
    rf"|\b{_PRESSOR}[- ]?(?:at )?[\d.,]+ ?(?:mcg|µg|μg|ug|micrograms?|mg|u|units?)(?:/kg)?/(?:min|h)"
    rf"|\b{_PRESSOR}[- ](?:dependent|dependence|requirement|support)"
    r"|\b(?:on|V[VA]|V[VA]V)[- ]ECMO\b|\bIABP\b|\bimpella\b"
    r"|\bSBP\s*(?:<|in (?:the )?)\s*[78]\d|\bdecompensated (?:heart failure|HF)\b|"
    r"\bunstable (?:angina|VT|arrhythmia)\b"
)
_BLEEDING = loosely(
    r"\b(?:uncontrolled|active major|massive|ongoing major|life[- ]threatening|active severe"
    r"|major active)\s+(?:GI |gastrointestinal |intracranial |pulmonary |retroperitoneal )*(?:bleed\w*"
    r"|h[a]?emorrhage)"
)
_NEGATED = loosely(
    r"\b(?:no|not|without|denies|denied|never|negative for|neg for|nor|absence of|resolved|if|risk of|h/o"
    r"|history of)\b[^.;]{0,45}$"
)
_DISCHARGE = re.compile(r"discharge|\bD/C\b|\bdc summary", re.IGNORECASE)
_RETROSPECT = re.compile(
    r"resolved|recovered|weaned|off pressors|stabili[sz]ed|s/p|after|due to|\bhx\b|history|in (?:19"
    r"|20)\d\d|last (?:year|month)|previous",
    re.IGNORECASE,
)
# Letters of which every sentence that tells of a risk holds some: few sentences hold any.
_LETTERS_OF = {
    "blood_refusal": ("jehovah", "product", "bloodless", "transfus", "rbc", "cells", "jw"),
    "citrate_reaction": ("citrate", "acd"),
    "instability": (
        "dynamic", "shock", "pressor", "norepi", "levophed", "ecmo", "iabp", "impella", "adrenalin", "norad", "inotrop", "metaram",
        "phenyleph", "dopamine", "vaso", "unstable", "sbp", "decompens", "dobut", "milrin", "epinephrine",
    ),
    "bleeding": ("bleed", "hemorrhag", "haemorrhag"),
}  # fmt: skip
_ANY_RISK = needles(*(letters for listed in _LETTERS_OF.values() for letters in listed))
_RISKS = tuple(
    (concept, needles(*_LETTERS_OF[concept]), pattern)
    for concept, pattern in (
        ("blood_refusal", _REFUSAL),
        ("citrate_reaction", _CITRATE),
        ("instability", _UNSTABLE),
        ("bleeding", _BLEEDING),
    )
)


def is_without_access(words: str) -> bool:
    """Say whether *words* tell that there is no access left."""
    return _NO_ACCESS.search(words) is not None


def access_drafts(text: str, layout: Layout) -> Iterator[Draft]:
    """Yield what is said of venous access: lost, occluded, poor, good."""
    # Lines, sites and options are in many notes, and hardly any says a word of veins.
    if not (_BY_WHAT.stands(text) and _HOW_IT_IS.stands(text)):
        return
    if not any(pattern.search(text) for _, pattern in _ACCESS_KINDS):
        return
    for span in _sentences_with(_ACCESS_WORDS, text, layout):
        for concept, match in _matches(_ACCESS_KINDS, text, span):
            start, end = match.span()
            head = text[max(layout.sentence_at(start).start, start - 50) : start]
            if (_IN_CASE if concept == "lost" else _NEGATED).search(head):
                continue
            boxes = ticked(layout, end)
            if (boxes is not None and boxes.said != "yes") or someone_else(text, layout, start, end):
                continue
            yield Draft(
                start, end, "apheresis_access", concept, "present", "apheresis:access", (match.group(),)
            )


def risk_drafts(text: str, layout: Layout) -> Iterator[Draft]:
    """Yield refusal of blood products, severe citrate reactions, instability and major bleeding."""
    if not _ANY_RISK.stands(text):
        return
    for concept, words, pattern in _RISKS:
        for span in _sentences_with(words, text, layout):
            for match in pattern.finditer(text, span.start, span.end):
                start, end = match.span()
                if _is_no_risk(text, layout, concept, match) or someone_else(text, layout, start, end):
                    continue
                yield Draft(
                    start, end, "apheresis_risk", concept, "present", "apheresis:risk", (match.group(),)
                )


def _is_no_risk(text: str, layout: Layout, concept: str, match: re.Match[str]) -> bool:
    """Say whether what reads as a risk is denied, over, or about something else."""
    start, end = match.span()
    if concept == "blood_refusal":
        if _NO_TRANSFUSION.match(match.group()) and _REFUSAL_NOT.search(text, end, end + 40):
            return True
        return match.group() == "JW" and not _OF_A_WITNESS.search(text, max(0, start - 2000), end + 2000)
    if _NEGATED.search(text[max(layout.sentence_at(start).start, start - 60) : start]):
        return True
    return concept in ("instability", "bleeding") and _is_over(text, start, end)


def _sentences_with(words: Needles, text: str, layout: Layout) -> Iterator[TextSpan]:
    """Yield the sentences in which one of *words* stands, each once."""
    last = -1
    for start, end in windows(text, words, before=0, after=1):
        at = start
        while at < end:
            if at >= last:
                span = layout.sentence_at(at)
                last = max(span.end, at + 1)
                yield TextSpan(min(span.start, at), last)
            at = max(last, at + 1)


def _matches(
    patterns: tuple[tuple[str, Gate], ...], text: str, span: TextSpan
) -> Iterator[tuple[str, re.Match[str]]]:
    for concept, pattern in patterns:
        for match in pattern.finditer(text, span.start, span.end):
            yield concept, match


def _is_over(text: str, start: int, end: int) -> bool:
    """Say whether an acute state is told of in retrospect: a discharge summary, or resolved beside it."""
    if _DISCHARGE.search(text, 0, 300):
        return True
    return _RETROSPECT.search(text[max(0, start - 80) : end + 80]) is not None
