"""
What words after a mention are said of the mention itself.

"Kidney transplant in 2012 was an error" corrects the graft; "kidney transplant in 2012, and the dose in the letter was
an error" corrects the dose. A word governs a mention when nothing stands between them that could be its subject: only
dates, places, verbs of planning and making, other names of the same treatment, and pronouns that take it up again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from chartsift.nlp.components.loose import loosely
from chartsift.nlp.months import MONTH_STEM

_LINKS = frozenset(
    "and or nor but however then so also ever yet still again already initially originally finally later once twice"
    " recently previously actually reportedly apparently only even just both either neither all therefore there"
    " was were is are be been being has have had will would could can cannot may might should must did do does not"
    " not never n't wasn't weren't isn't didn't couldn't it this that these those they which itself"
    " the a an her his their its our any this that"
    " therapy therapies treatment treatments cell cells t t-cell product products infusion infusions graft grafts"
    " other such similar"
    " procedure operation surgery transplant transplants transplantation transplantations txp tx history hx entry"
    " idea option plan code diagnosis status"
    " planned discussed considered offered proposed scheduled recommended collected manufactured approved declined"
    " refused listed evaluated referred requested suggested contemplated made cancelled canceled intended ordered"
    " apheresed mentioned weighed evaluation referral failed"
    " car car-t cart stem bone marrow organ organs solid kidney renal liver hepatic lung heart cardiac gene cellular cord"
    " blood autologous allogeneic auto allo prior previous past possible potential second-line".split()
)
_TREATMENT = re.compile(r"(?:auto|allo|haplo)?-?(?:h?sct|hct|bmt|asct|car-?t|transplant\w*)s?", re.IGNORECASE)
_MONTH = re.compile(
    rf"(?:{MONTH_STEM})[a-z]*|spring|summer|fall|autumn|winter|early|late|mid",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\([^()\n]{0,80}\)?|\[[^\[\]\n]{0,60}\]")
_DATE = loosely(
    r"\b(?:(?:in|on|since|from|of|until) )?(?:(?:early|late|mid|spring|summer|fall|autumn|winter|[a-z]{3,9}\.?) )?(?:19|20)\d\d\b"
    r"|\b\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?\b|'\d\d\b"
)
# "in the problem list", "for scleroderma", "at City Hospital": where, when and for what, up to a comma or a verb.
_PLACE = loosely(
    r"\b(?:in|at|on|by|from|for|with|of|as|because of|due to|per|during|under)\s+"
    r"(?:(?!(?:was|were|is|are|has|had|not|never|but|and|or|which|that|this|it)\b)[\w'’/.-]*\w\b\s*){1,4}"
)
_WORD = re.compile(r"[\w'’/-]+")
_STOPS = re.compile(r"[.;!?|](?=\s|$)|\n\s*\n")
# "The denial of CAR T was in error", "refusing a transplant was a mistake": not the treatment was.
_ABOUT = re.compile(
    r"\b(?:denial|refusal|approval|delay|choice|decision"
    # What is done about a treatment; "the entry stating …", "describing …" is said of the treatment itself.
    r"|(?:deny|refus|approv|delay|choos|declin|postpon|cancel|offer|propos|stopp|perform|do|giv|schedul|plann)ing)"
    r"\s+(?:(?:of|for|on|to|against|an?|the|her|his|second|further)\s+)*$",
    re.IGNORECASE,
)


def is_said_of_the_mention(between: str) -> bool:
    """Say whether a word that stands after *between* is said of the mention before it: no other subject comes between."""
    if _STOPS.search(between):
        return False
    rest = _PLACE.sub(" ", _DATE.sub(" , ", _ASIDE.sub(" ", between)))
    return all(_is_link(word.lower().strip("'’-/")) for word in _WORD.findall(rest))


def is_about_mention(left: str) -> bool:
    """Say whether the words *left* of a mention make something about it the subject, such as a denial of it."""
    return _ABOUT.search(left) is not None


def first_governing(cue: re.Pattern[str], right: str) -> re.Match[str] | None:
    """Return the first match of *cue* in *right*, the words after a mention, that is said of the mention."""
    return first_said(cue.finditer(right), right)


def first_said(found: Iterable[re.Match[str]], right: str) -> re.Match[str] | None:
    """Return the first of the matches *found* in *right*, the words after a mention, that is said of the mention."""
    return next((match for match in found if is_said_of_the_mention(right[: match.start()])), None)


def _is_link(word: str) -> bool:
    return (
        not word
        or word in _LINKS
        or word[0].isdigit()
        or word.endswith("ly")
        or bool(_TREATMENT.fullmatch(word) or _MONTH.fullmatch(word))
    )
