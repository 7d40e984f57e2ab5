"""
The ``gradients`` reader: which of two muscle groups is the weaker one, where a note says so in words.

"Neck flexors weaker than extensors", "proximal > distal weakness in the legs", "neck flexion 3, extension 5". Grades
that stand apart are compared by whoever asks; this is for the sentences that compare.

Reads: doc._.layout. Writes: drafts of kind "gradient", concepts neck_flexors_weaker and proximal_weaker (attribute
``place``: the limbs named with it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacy.tokens import Doc

from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, drafts_of
from chartsift.nlp.components.muscle_grades import grade
from chartsift.nlp.components.muscle_places import places
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate
from chartsift.nlp.types import Assertion

# More of a weakness, or less of a strength: "weakness of neck flexors > extensors", "neck flexion < extension".
_MORE = r"(?:>>?|weaker than|worse than|more(?: affected| so)? than|greater than)"
_LESS = r"(?:<|weaker than|worse than|less than|lower than)"
_NECK = gate(
    rf"\bneck flex\w*(?:\s+(?:weakness|are|is|was|were|muscles?))*\s*(?P<more>{_MORE})\s*(?:the\s+)?(?:neck\s+)?ext\w*"
    rf"|\bneck flex\w*(?:\s+(?:strength|grades?|are|is|was|were|muscles?))*\s*{_LESS}\s*(?:the\s+)?(?:neck\s+)?ext\w*"
    r"|(?-i:\bNF\s?<\s?NE\b)",
    re.IGNORECASE,
)
_OF_WEAKNESS = re.compile(r"\bweak\w*|\bparesis\b", re.IGNORECASE)
_GRADE = r"[0-5]\s?[+-]?(?:\s?/\s?5)?"
_NECK_GRADES = gate(
    rf"\bneck flex\w*\s*(?:[:=]|is|are|was|were)?\s*(?P<flexors>{_GRADE})[\s,/]*(?:(?:and|but|vs\.?|neck)\s+)*ext\w*\s*(?:[:=]|is|are|was|were)?\s*"
    rf"(?P<extensors>{_GRADE}|full|normal|strong|intact)(?![\w/])",
    re.IGNORECASE,
)
_PROXIMAL = gate(
    rf"\bprox(?:imal(?:ly)?)?\b(?:\s+(?:\w+\s+){{0,4}}?(?:weakness|muscles?|groups?))?\s*{_MORE}\s*(?:the\s+)?dist(?:al(?:ly)?)?\b"
    r"|\bweakness,? (?:\w+\s+){0,4}?prox(?:imal(?:ly)?)?\s*(?:>|more than|greater than|worse than)\s*dist\w*",
    re.IGNORECASE,
)
_NO = re.compile(r"\b(?:no|not|without|denies|never)\b[^.;,]{0,40}$", re.IGNORECASE)
# How far on either side the limbs of a "proximal > distal" may be named.
_AROUND = 60


class Gradients:
    """Find comparisons of muscle groups."""

    def __call__(self, doc: Doc) -> Doc:
        # The gates themselves tell at once of most notes that they hold none.
        found = list(_found(doc._.layout))
        if found:
            drafts_of(doc).extend(found)
        return doc


def _found(layout: Layout) -> Iterator[Draft]:
    text = layout.text
    for match in _NECK.finditer(text):
        # A bare ">" compares strength as well as weakness: which one, the words around it say.
        around = text[max(0, match.start() - _AROUND) : match.end() + _AROUND // 2]
        if (
            match.group("more")
            and match.group("more")[0].lower() in ">mg"
            and not _OF_WEAKNESS.search(around)
        ):
            continue
        yield _draft(layout, match, "neck_flexors_weaker", "")
    for match in _NECK_GRADES.finditer(text):
        extensors = match.group("extensors")
        strong = 5.0 if extensors[0].isalpha() else grade(extensors)
        if grade(match.group("flexors")) < strong:
            yield _draft(layout, match, "neck_flexors_weaker", "")
    for match in _PROXIMAL.finditer(text):
        left = re.split(r"[.;\n]", text[max(0, match.start() - _AROUND) : match.start()])[-1]
        right = re.split(r"[.;\n]", text[match.end() : match.end() + _AROUND])[0]
        limbs = {place.partition("_")[0] for place in places(left + match.group() + right)} & {
            "arm",
            "leg",
            "all",
        }
        yield _draft(layout, match, "proximal_weaker", " ".join(sorted(limbs)))


def _draft(layout: Layout, match: re.Match[str], concept: str, place: str) -> Draft:
    category = layout.section_at(match.start()).category
    denied = _NO.search(layout.text, max(0, match.start() - 50), match.start())
    assertion: Assertion = (
        "family" if category == "family_history" else "absent" if denied is not None else "present"
    )
    return Draft(
        start=match.start(),
        end=match.end(),
        kind="gradient",
        concept=concept,
        assertion=assertion,
        rule="gradients",
        cues=(denied.group().split()[0],) if denied is not None else (),
        score=0.9,
        attributes={"place": place} if place else {},
    )


register("gradients", lambda nlp: Gradients())
