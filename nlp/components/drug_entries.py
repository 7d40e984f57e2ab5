"""
Where a reaction to a drug stands, in an allergy list or elsewhere, and the draft that is made of it.

Part of what reads reactions to cyclophosphamide and fludarabine (``drug_reactions``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartsift.nlp.components.drug_mentions import ALLERGY_LINE, DRUG, OTHER_DRUG
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.components.reaction_words import Reaction
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.types import Assertion

_REACTIONS_HEADING = loosely(
    r"\W*(?:(?:drug|adverse|previous|prior|severe|known|past|medication)\s+)*(?:reactions?|ADRs?|allerg(?:y|ies))\W*$"
)
_ITEM = loosely(r"\s*(?:[-•*–]|\d{1,2}[.)])\s")
_TOLD_OF = loosely(
    r"\W*(?:(?:s?he|pt|patient|they) )?(?:(?:has|have) )?(?:had|received|took|taken|got|(?:was |been )?given|(?:was |been )?treated with|past|previous(?:ly)?"
    r"|prior|s/p|completed|on)\b"
)
_LONGEST = 170
_ASSERTION: dict[str, Assertion] = {
    "severe": "present",
    "hives": "possible",
    "unknown": "possible",
    "minor": "absent",
    "none": "absent",
    "never": "absent",
    "corrected": "absent",
}


def in_allergy_list(text: str, layout: Layout, offset: int) -> bool:
    line = layout.line_at(offset)
    section = layout.section_at(offset)
    if section.category == "allergies" and offset < section.body + 600:
        begin = layout.sentence_at(offset).start
        if begin > section.body and _TOLD_OF.match(text, begin, offset):
            return False  # "NKDA. Had cyclophosphamide in 2018."
        # A paragraph of prose under the heading is no entry of a list.
        opening = layout.sentence_at(offset)
        return offset - opening.start < 60
    if ALLERGY_LINE.match(text[line.start : offset]) and offset - line.start < 160:
        return True
    return offset - line.start < 12 and _under_reactions(text, layout, line.start)


def _under_reactions(text: str, layout: Layout, first: int) -> bool:
    """Say whether the line that begins at *first* is an item of a short list under the heading "Reactions"."""
    for _ in range(6):
        if first <= 0:
            return False
        above = layout.line_at(first - 1)
        words = text[above.start : above.end]
        if _REACTIONS_HEADING.match(words):
            return True
        if not _ITEM.match(words):
            return False
        first = above.start
    return False


def drafts_of_reaction(
    text: str, layout: Layout, start: int, end: int, drugs: tuple[str, ...], reaction: Reaction
) -> Iterator[Draft]:
    end = _end_of_clause(text, start, min(max(end, start + 1), start + _LONGEST))
    while end > start + 1 and text[end - 1] in " \t\r\n.,;:-":
        end -= 1
    while start < end - 1 and text[start] in " \t\r\n.,;:-":
        start += 1
    assertion: Assertion = _ASSERTION[reaction.severity]
    if someone_else(text, layout, start, end):
        assertion = "family"
    for drug in drugs:
        yield Draft(
            start, end, "contraindication", drug, assertion, "contraindications:reaction", reaction.cues,
            attributes={"severity": reaction.severity},
        )  # fmt: skip


def _end_of_clause(text: str, start: int, end: int) -> int:
    """Return *end* moved to the end of its clause and past the bracket that closes it, where that is near."""
    rest = re.match(r"[^.;,:\n|()\[\]]{0,45}", text[end : end + 45])
    words = rest.group() if rest else ""
    if len(words) < 40 and not OTHER_DRUG.search(words) and not DRUG.search(words):
        end += len(words.rstrip())
    opened = text[start:end]
    if opened.count("(") > opened.count(")") and text[end : end + 1] == ")":
        end += 1
    return end
