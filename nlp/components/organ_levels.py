"""
How bad an organ disease is by the words of its clause: severe, progressive, uncontrolled, controlled, stable or mild.

What is negated ("no progression"), conditional ("if worse") or said of another noun ("severe weakness") is none of
them. Part of the ``organs`` reader; the patterns look at the lower case of a ``Clause``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Set as AbstractSet

from chartsift.nlp.components.organ_clauses import Clause

BAD_LEVELS = ("severe", "progressive", "uncontrolled")
_OTHER_NOUN = (
    r"(?:\w+\s+){0,2}?(?:weakness|pain|fatigue|rash|prurit\w*|itch\w*|"
    r"myalgia\w*|headache\w*|skin|muscle|myopath\w*|myositis|dysphagia|"
    r"arthr\w*|joint|cutaneous|"
    r"dermatomyositis|calcinosis|deconditioning|symptoms of|weight|"
    r"obesity|burden|allerg\w*|nausea|vomiting|edema of|atrophy|contracture\w*|"
    r"osteo\w*|damage to|rhabdo\w*|"
    r"flare of (?:dm|jdm|myositis)|malnutrition|disability|mr\b|tr\b|as\b)"
)
BAD = re.compile(
    r"\b(?:(?P<severe>(?:very )?severe(?:ly)?|advanced|end-?stage|"
    r"decompensat\w+|life[- ]threatening|fulminant|critical(?:ly)?|"
    r"massive|profound|stage (?:4|5|iv|v)\b|grade (?:3|4|iii|iv)\b|"
    r"class (?:iv|4)\b|requiring (?:icu|hospitali[sz]ation|intubation|"
    r"transfusion\w*|(?:\w+ )?oxygen|o2|dialysis|pressors?)|in (?:the )?icu|"
    r"significant(?:ly)? (?:symptomatic|limiting)|hypoxi[ac]|"
    r"oxygen[- ]dependent|inoperable|debilitating)"
    r"|(?P<progressive>(?:rapidly |slowly |steadily |still )?progress(?:ive(?:ly)?|"
    r"ing|ed|ion|es)|worsen(?:ing|ed|s)?|worse|deteriorat\w+|declin(?:ing|"
    r"ed|e|es)|advancing|failing|escalating|going (?:down|the wrong way)|"
    r"moving the wrong way|getting worse)"
    r"|(?P<uncontrolled>uncontrolled|(?:poor(?:ly)?|inadequate(?:ly)?|"
    r"sub-?optimal(?:ly)?|partially|incompletely|difficult|hard)[- ](?:to[- ])?control\w*|"
    r"poor control|not (?:well |adequately |fully |under |yet )*control\w*|"
    r"labile|breakthrough|out of control|"
    r"unstable|flar(?:e|es|ed|ing)\b|exacerbat\w+|active(?!\s*(?:surveillance|"
    r"smok|problem|lifestyle|job|in\b|issue|member|range|motion))|"
    r"intractable|refractory|brittle|relaps(?:ed|ing|e)|untreated|"
    r"on induction|on chemo(?:therapy)?\b|undergoing chemo\w*|"
    r"recurrent episodes|frequent(?:ly)? (?:exacerbat|seiz|episod)\w*|"
    r"weekly seizures|daily seizures))"
    r"(?![\w-]*\s+" + _OTHER_NOUN + r")"
)
GOOD = re.compile(
    r"\b(?:(?P<controlled>(?:well|good|adequately|under|fully|better|"
    r"rate|medically|now|reasonably|diet)[- ]control\w*|control(?:led)?\b|"
    r"compensated|in (?:\w+ )?remission|remission|at goal|asymptomatic|"
    r"quiescent|inactive|quiet\b|silent|burn(?:ed|t) out|in check|doing (?:well|fine|ok)|seizure[- ]free|"
    r"no (?:recent )?(?:exacerbations?|angina|symptoms|flares?|seizures|"
    r"episodes|relapses?|hospitali[sz]ations?|attacks|recurrence)|"
    r"euvolemic|cured|improv(?:ed|ing|ement)|better\b|responding|recover(?:ed|"
    r"ing)|preserved|normali[sz]ed|normal|nl\b|good|fine|okay|ok\b|"
    r"excellent|clear(?:ed)?\b|did well|well[- ]managed|treated and|"
    r"on cpap|managed (?:with|on|by))"
    r"|(?P<stable>stable|unchanged|(?:at|near) baseline|no (?:interval |"
    r"significant |further )?(?:change|progression|worsening|decline)|"
    r"steady|flat\b|not (?:progress\w*|worse\w*|advanc\w*))"
    r"|(?P<mild>mild(?:ly)?|minimal(?:ly)?|trace|borderline|slight(?:ly)?|"
    r"early|limited|subclinical|incidental|low[- ]grade|moderate(?:ly)?|"
    r"mild-moderate|stage (?:1|2|3|3a|3b|i|ii|iii|iiia|iiib)\b|3a\b|"
    r"3b\b|class (?:i|ii|1|2)\b|grade (?:1|2|i|ii)\b|intermittent))"
)
NEGATED = re.compile(
    r"\b(?:no|not|without|denies|never|nor|neither|free of|absence of|"
    r"no evidence of|no sign\w* of|isn't|hasn't|wasn't|rule[sd]? out|"
    r"negative for|unlikely|w/o)\b[^,;:.]{0,28}$"
)
_IF = re.compile(
    r"\b(?:if|risk (?:of|for)|monitor\w*(?: for)?|watch(?:ing)? for|"
    r"prevent\w*|could|may|might|should|in case|avoid\w*|unless|until|"
    r"when|future|concern (?:for|about)|worry|potential(?:ly)?|to (?:slow|"
    r"halt|stop|treat any)|screen\w* for|assess\w* for|r/o|rule out|"
    r"\?)[^,;.]{0,30}$"
)
_HAD = re.compile(r"\bhad (?:an?|her|his|the|one|two|several)\s(?:\w+\s){0,2}$")
_NOT = re.compile(r"\bnot\b[^,;]{0,12}$")
# What may stand between a word and the disease that it speaks of.
GAP = re.compile(
    r"[\s,/-]*(?:(?!(?:with|and|but|or|in|to|on|plus|without|despite)\b)[\w'/-]+\s+){0,3}(?"
    r":(?:of|in)\s+(?:(?:her|his|the|their|my|known|underlying)\s+)?(?:[\w-]+\s+){0,2})?$"
)
_OTHER_SUBJECT = re.compile(
    r"\b(?:myositis|muscles?|skin|rash|dm|jdm|arthritis|joints?|dysphagia|strength)\s+(?:is\s+|still\s+|very\s+)*$"
)
_LINK = re.compile(r"\b(?:with|and|but|now|on|is|was|has|remains?)\b|[,:(-]|^\s*$")
# More words than this between the disease and what is said, and nothing that links them.
_MOST_BETWEEN = 4


def levels_in(clause: Clause, cued: Collection[str] = ("bad", "good")) -> tuple[set[str], tuple[str, ...]]:
    """Return the levels that a clause names, and the words that do; only those of *cued* may stand in it."""
    levels: set[str] = set()
    words: list[str] = []
    bad_left: list[re.Match[str]] = []
    bad_right: list[re.Match[str]] = []
    for name, pattern in (("bad", BAD), ("good", GOOD)):
        if name not in cued:
            continue
        for match in pattern.finditer(clause.lower_left):
            # "poorly controlled" holds "controlled", which is not what it says.
            if _touches(match, bad_left) or not _speaks_of_next(match, clause.lower_left):
                continue
            if pattern is BAD:
                bad_left.append(match)
            _note(match, clause.lower_left, clause.left, levels, words)
        for match in pattern.finditer(clause.lower_right):
            if _touches(match, bad_right):
                continue
            if pattern is BAD:
                bad_right.append(match)
            between = clause.lower_right[: match.start()]
            if _LINK.search(between) is None and len(between.split()) > _MOST_BETWEEN:
                continue
            _note(match, clause.lower_right, clause.right, levels, words)
    return levels, tuple(dict.fromkeys(words))


def level_of(levels: AbstractSet[str]) -> str:
    """Return the one level that a clause comes to; "" where it names none."""
    if "severe" in levels and "controlled" not in levels:
        return "severe"
    if "uncontrolled" in levels and "controlled" not in levels:
        return "uncontrolled"
    if "progressive" in levels and not levels & {"stable", "controlled"}:
        return "progressive"
    for name in ("controlled", "stable", "mild"):
        if name in levels:
            return name
    return ""


def _touches(match: re.Match[str], others: list[re.Match[str]]) -> bool:
    start, end = match.span()
    return any(other.start() < end and start < other.end() for other in others)


def _speaks_of_next(match: re.Match[str], lower: str) -> bool:
    """Say whether words before a disease speak of it: "Myositis active, ILD stable" says nothing bad of the lung."""
    return GAP.match(lower, match.end()) is not None and not _OTHER_SUBJECT.search(lower[: match.start()])


def _note(match: re.Match[str], lower: str, written: str, levels: set[str], words: list[str]) -> None:
    name = match.lastgroup or ""
    before = lower[: match.start()]
    if NEGATED.search(before):
        if name in BAD_LEVELS:
            levels.add("stable" if name != "severe" else "mild")
        elif name == "controlled" and _NOT.search(before):
            levels.add("uncontrolled")
        return
    if _IF.search(before) or _HAD.search(before):
        return
    levels.add(name)
    words.append(written[match.start() : match.end()])
