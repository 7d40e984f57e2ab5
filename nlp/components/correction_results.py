"""
The values of a correction: which of several it means, and the finding that takes the place of a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from chartsift.nlp.components.correction_cues import Cue, correction_words
from chartsift.nlp.components.correction_mentions import Mention
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.types import Assertion, Comparator

_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_ANY_NUMBER = re.compile(_DIGITS)
_NUMBER = re.compile(
    rf"(?:\s|[:=~(]|of\b|is\b|was\b|to\b|as\b)*(?P<sign>[<>≤≥])?\s*(?P<number>{_DIGITS})(?!\d|\s*/\s*\d{{1,2}}/)"
)
_SIGNS: dict[str, Comparator] = {"<": "<", ">": ">", "≤": "<=", "≥": ">="}
_RESULT = re.compile(
    r"[^.;\n]{0,25}?\b(?:(?P<absent>neg(?:ative)?|not detected|undetected|normal|nonreactive|absent)"
    r"|(?P<possible>equivocal|borderline|indeterminate|pending)|(?P<present>pos(?:itive)?|detected|reactive))\b",
    re.IGNORECASE,
)
_RESULT_WORDS: dict[Assertion, str] = {
    "absent": "negative",
    "possible": "equivocal",
    "present": "positive",
}
# How far behind the words of error the right value may be announced: about two sentences.
_REACH = 160
# How far before the end of a statement a reader may have found the right value itself ("CK should be 39").
_BACK = 40
# What is true of the wrong value only.
_OF_THE_OLD = frozenset({"corrected", "doubtful", "superseded", "strength", "result"})


def meant_values(
    text: str, cue: Cue, mention: Mention, drafts: Sequence[Draft], *, today: date
) -> tuple[list[int], bool]:
    """
    Return which of *drafts*, earlier findings of what *cue* names, are meant, and whether that is certain.

    A value that the statement quotes, else the latest one (without a day of its own, of *today*, the note's); all of
    them where none has a value.
    """
    valued = [i for i, draft in enumerate(drafts) if draft.value is not None]
    if not valued:
        return list(range(len(drafts))), True
    quoted = {
        float(match.group().replace(",", ""))
        for match in _ANY_NUMBER.finditer(text, mention.start, max(cue.end, mention.end))
    }
    same = [i for i in valued if drafts[i].value in quoted]
    if same:
        return same, True
    latest = max(drafts[i].date or today for i in valued)
    last = [i for i in valued if (drafts[i].date or today) == latest]
    return last, len({drafts[i].value for i in last}) == 1


def new_result(text: str, cue: Cue, old: Sequence[Draft], drafts: Sequence[Draft]) -> Draft | None:
    """Return the finding that *cue* puts in the place of *old*; None without one, and where a reader has found it."""
    model = next((d for d in old if d.value is not None or d.kind == "antibody"), None)
    if model is None or cue.is_hedged:
        return None
    place = cue.end
    if cue.role != "should_read":
        said = correction_words().new_value.search(text, cue.end, min(cue.block_end, cue.end + _REACH))
        if said is None:
            return None
        place = said.end()
    attributes = {name: value for name, value in model.attributes.items() if name not in _OF_THE_OLD}
    if model.kind == "antibody":
        result = _RESULT.match(text, place, cue.block_end)
        if result is None:
            return None
        held: Assertion = next(name for name in _RESULT_WORDS if result.group(name))
        return replace(
            model,
            start=result.start(held),
            end=result.end(held),
            assertion=held,
            rule="corrections",
            cues=(result.group(held), cue.words),
            value=None,
            unit="",
            flag="",
            attributes={**attributes, "result": _RESULT_WORDS[held]},
        )
    number = _NUMBER.match(text, place, cue.block_end)
    if number is None:
        return None
    value = float(number.group("number").replace(",", ""))
    if any(
        (d.kind, d.concept, d.value) == (model.kind, model.concept, value) and d.start >= cue.end - _BACK
        for d in drafts
    ):
        return None
    return replace(
        model,
        start=number.start("number"),
        end=number.end("number"),
        assertion="present",
        rule="corrections",
        cues=(cue.words,),
        value=value,
        comparator=_SIGNS.get(number.group("sign") or "", "="),
        flag="H" if model.ref_high is not None and value > model.ref_high else "",
        attributes=attributes,
    )
