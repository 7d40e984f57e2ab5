"""
Entries about a treatment that the note sets right: a form that is quoted and corrected, an entry that is not the
patient's, a denial that is the error itself.

Part of ``receipt``; what takes back other findings is the ``corrections`` component. The words that call something an
error are those of both: ``lexicon/corrections.yaml``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chartsift.nlp.components.correction_cues import correction_words
from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.receipt_reach import first_said, is_said_of_the_mention
from chartsift.nlp.text.cues import CueSet

# 'The "no" at CAR-T is wrong': the denial is what is called an error.
_DENIAL_WRONG = loosely(
    r"(?:[\"“'‘](?:no|never|none|neg|negative|denie[sd]|0)[\"”'’]|\b(?:the|a)\s+(?:no|denial|negative (?:answer|tick|entry)|cross|tick))\s+(?:answer\s+|entry\s+|tick\s+)?"
    r"(?:at|under|for|beside|next to|by|against|on|to|in|after|behind|with)\s+(?:the\s+)?(?:(?:prior|previous|question|item|line|box|row)\s+(?:of\s+|on\s+)?)*[\"“'‘]?$"
)
# "The school form says liver transplant; I corrected it": a document is quoted and set right.
_DOCUMENT_SAYS = loosely(
    r"\b(?:forms?|lists?|summary|summaries|letters?|charts?|records?|notes?|reports?|sheets?|codes?|entr(?:y|ies)|templates?|referrals?|registry|history|database"
    r"|portal|system|papers?|coder|PMH|PSH)\b[^.;\n]{0,40}?\b(?:says?|said|saying|states?|stated|stating|lists?|listed|carr(?:y|ies|ied)|shows?|showed|reads?|mentions?"
    r"|mentioned|has|had|contains?|contained|gives?|gave|names?|named|claims?|claimed|calls?|called|put|wrote|writes?|speaks? of)\b[^.;\n]{0,30}$"
)
_ON_DOCUMENT = loosely(
    r"^[^.;,\n]{0,30}\b(?:on|in|from) (?:the|her|his|their|an?|our)\s+(?:[\w-]+ )?(?:problem list|list|letter|summary|form|chart|record|records|history|code|note|template|referral|portal|registry|database)\b"
)
_SET_RIGHT = loosely(
    r"^[^.;\n]{0,60}?[.;,:(–-]\s*[\"”]?\s*(?P<cue>(?:and |but |which |so )*(?:I|we|nurse|GP|(?:this|that|it|which|the (?:entry|code|item)) (?:was|is|has been|will be))\s+(?:have |had |has |will |just |today |now )*"
    r"(?:corrected|amended|removed|deleted|struck|crossed|taken|rectified|correct|amend|remove|delete|strike)(?:\s+(?:it|this|that|them|which|(?:the|that|this) (?:entry|code|item|line|word|mention)))?\b)"
)
# Words without any of these set nothing right; plain letters are found much faster than the patterns.
_MENDING_LETTERS = ("correct", "amend", "remov", "delet", "struck", "strik", "cross", "taken", "rectif")
# "Dx list error: 'lung transplant' - the patient had a biopsy."
_ERROR_LABEL = loosely(
    r"\b(?:list|chart|coding|charting|entry|record|registry|history|documentation|PMH|transcription) (?:error|mistake)\s*[:–-]\s*[\"“'‘]?$"
    r"|\b(?:misread|mistaken|confused|confounded|misinterpreted|misheard|miscoded|mislabell?ed|mistranscribed)\s+(?:as|for|with)\s+(?:an?\s+|the\s+)?[\"“'‘]?$"
)
# "Kidney transplant on the problem list: not hers."
_NOT_HERS = loosely(
    r"^[^.;\n]{0,60}?[.:,;(–-]\s*(?P<cue>(?:this |that |which |it )?(?:is |was |are |were )?not (?:hers|his(?!\s+\w)|theirs|(?:this|our|the) patient['’]s|(?:of |about |from )?(?:this|our|the) patient))(?=\s*(?:$|[.,;:)]|\n|\bbut\b))"
)

# "Kidney transplant in 2012. This was incorrectly coded as liver transplant.": the name was wrong, and not the thing.
_NAMED_AS = re.compile(
    r"(?:coded|labell?ed|listed|recorded|entered|documented|charted|reported|transcribed)\Z", re.IGNORECASE
)
_AS_ANOTHER = re.compile(r"\s+as\s+(?!(?:s?he|they|it|this|that|per)\b)\w", re.IGNORECASE)
_AS_WRITTEN = re.compile(r"\bas\s+(?:\w+\s+)?\Z", re.IGNORECASE)


def is_denial_corrected(left: str) -> bool:
    """Say whether *left*, the words before a mention, make its denial what is called wrong ('the "no" at CAR-T')."""
    return _DENIAL_WRONG.search(left) is not None


def set_right(left: str, after: str) -> str:
    """Return the words of *after* by which a quoted document is set right, or which disown the mention; or nothing."""
    lower = after.lower()
    disowned = _NOT_HERS.match(after) if "not" in lower else None
    if disowned is not None and is_said_of_the_mention(after[: disowned.start("cue")].rstrip(" .:,;(–-")):
        return disowned.group("cue")
    if _ERROR_LABEL.search(left[-60:]):
        return "error"
    if not any(letters in lower for letters in _MENDING_LETTERS):
        return ""
    if not (_DOCUMENT_SAYS.search(left) or _ON_DOCUMENT.match(after)):
        return ""
    right = _SET_RIGHT.match(after)
    if right is None or re.search(
        r"\b(?:date|year|dose|side|spelling|name)\b", after[: right.end()], re.IGNORECASE
    ):
        return ""
    return right.group("cue")


@lru_cache(maxsize=1)
def _errors() -> CueSet:
    return CueSet({"beside": correction_words().beside})


def called_wrong(after: str) -> str:
    """Return the words of *after* that call the mention before them an error, or an empty string."""
    words = correction_words()
    # Its hundreds of words are tried only where one stands.
    own = first_said(_errors().look(after).apart("beside"), after)
    if own is not None:
        # "In 2012 (documented elsewhere in error as 2017)", "(not 2013 as documented in error)": the year was wrong.
        is_of_date = words.as_date.match(after, own.end()) or _AS_WRITTEN.search(after, 0, own.start())
        return "" if is_of_date else own.group()
    again = words.taken_up.search(after)
    if again is not None and _NAMED_AS.search(again.group()) and _AS_ANOTHER.match(after, again.end()):
        return ""
    # "Transplant with a potassium of 6.5. That was an error.": the pronoun takes up what stands nearest.
    if again is None or words.something_else.search(after[: again.start()]):
        return ""
    return again.group("cue") if is_said_of_the_mention(after[: again.start()]) else ""
