"""
A blinded trial: whether the patient may have had the treatment in an arm that nobody knows, or that was disclosed.

Part of ``receipt``.
"""

from __future__ import annotations

import re

from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.receipt_rules import Receipt
from chartsift.nlp.text.layout import Layout

_BLINDED = loosely(
    r"\b(?:placebo|sham|blinded|double[- ]?blind|masked|arm (?:is |was )?(?:un)?known|arm not|unknown arm|allocation"
    r"|treatment assignment|randomi[sz]ed)\b"
)
_TOOK_PART = loosely(
    r"\b(?:received|infusions?|infused|was given|dosed|randomi[sz]ed (?:to|in|\d)|enrolled|took part|participa\w+"
    r"|finished|completed|apheresed|subject|got|was in|(?:was|were|been|is) randomi[sz]ed)\b"
)
# "whether she had CAR-T or placebo"
_OR_PLACEBO = loosely(
    r"^[\s\-]*(?:cells?|product|infusions?|therapy|\([^)]{0,30}\))?\s*(?:or|vs\.?|versus)\s+(?:a "
    r"|the )?(?:matching |matched )?(?:placebo|sham)"
)
_PLACEBO_OR = loosely(r"\b(?:placebo|sham)\s+(?:or|vs\.?|versus)\s+(?:the |active |an? )*$")
_PAST_DOSE = loosely(r"\b(?:had|got|received|given|assigned|infused|infusions?|on|took)\b")
_NOT_YET = loosely(
    r"\b(?:plan\w*|consider\w*|interest\w*|eligib\w*|candidate|would|will|might|may|could|refer\w*|screening for"
    r"|discuss\w*|option\w*|asked|asks|wants|upcoming)\b"
)
_DISCLOSED = (
    r"(?:\bunblinded\b|\bunmasked\b|\bunblinding (?:showed|shows|revealed|confirmed|confirms|letter|report|result)"
    r"|\bcode (?:was )?broken\b|\ballocation (?:disclosed|revealed)|\bassigned to\b|\ballocated to\b"
    r"|\bturned out to be\b)"
)
_DISCLOSED_PLACEBO = loosely(_DISCLOSED + r"[^.;]{0,60}\b(?:placebo|sham|control arm)\b")
_DISCLOSED_ACTIVE = loosely(
    _DISCLOSED
    + r"[^.;]{0,60}\b(?:active|CAR[- ]?T|the (?:real )?product|study (?:product|drug)|treatment arm|verum)\b"
)

# Words without any of these letters speak of no blinded trial; plain letters are found much faster than patterns.
_TRIAL_LETTERS = ("placebo", "sham", "control", "blind", "mask", "known", "code", "disclosed")
# Of "or placebo" beside the treatment that it is the other arm of: the next few words.
_ARM_REACH = 50
# Of a sentence that still goes on about the trial of the one before it: one long sentence may stand between.
_NEXT_REACH = 400
# How far beside a mention words of a blinded trial are looked for, in code points.
_TRIAL_REACH = 600


def blinded_arm(text: str, layout: Layout, start: int, end: int) -> Receipt | None:
    """Return how a blinded trial holds the treatment at ``text[start:end]``; None where no such trial is told of."""
    number = layout.sentence_number(start)
    sentence = layout.sentences[number] if layout.sentences else None
    first = max(sentence.start if sentence else 0, start - _TRIAL_REACH)
    last = min(max(sentence.end, end) if sentence else len(text), end + _TRIAL_REACH)
    own = text[first:last]
    following = layout.sentences[number + 1 : number + 3] if sentence else []
    after = " ".join(
        text[s.start : min(s.end, s.start + _TRIAL_REACH)] for s in following if s.start - end < _NEXT_REACH
    )
    wide = own + " " + after
    lower = wide.lower()
    if not any(letters in lower for letters in _TRIAL_LETTERS):
        return None
    placebo = _DISCLOSED_PLACEBO.search(wide)
    if placebo and _BLINDED.search(wide):
        return Receipt("absent", (placebo.group(),), strength="strong", unblinded=True)
    active = _DISCLOSED_ACTIVE.search(wide)
    if active and re.search(r"unblind|unmask|code|disclosed", wide, re.IGNORECASE):
        return Receipt("present", (active.group(),), strength="strong", unblinded=True)
    either = _OR_PLACEBO.match(text[end : end + _ARM_REACH]) or _PLACEBO_OR.search(
        text[max(0, start - _ARM_REACH) : start]
    )
    if either and _PAST_DOSE.search(own) and not _NOT_YET.search(own[: start - first]):
        return Receipt("possible", (either.group().strip(),))
    cue = _BLINDED.search(own) or (
        _BLINDED.search(after) if re.search(r"\b(?:placebo|blind|arm)", after, re.I) else None
    )
    if cue is None or not re.search(
        r"\b(?:placebo|sham|blinded|double[- ]?blind|masked|arm\b[^.;]{0,20}known)", wide, re.I
    ):
        return None
    if not _TOOK_PART.search(own) or (
        _NOT_YET.search(own) and not re.search(r"\breceived\b|\binfusions?\b", own, re.I)
    ):
        return None
    return Receipt("possible", (cue.group(),))
