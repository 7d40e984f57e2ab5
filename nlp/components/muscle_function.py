"""
What a patient can and cannot do: chairs, stairs, arms overhead, getting up from the floor, dressing.

An activity is found first; then the words of its own clause say whether it fails ("cannot", "needs the rail",
"w/ push-off", "with arms"), works ("without hands", "no trouble with", "arms folded") or is not spoken of at all.
A "not" in "cannot rise" is no denial, so the general context rules are not used here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chartsift.nlp.text.answers import ticked
from chartsift.nlp.text.cues import CueSet, Look
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate

Reading = Literal["limited", "able", "past", "family", "hypothetical"]

_SEAT = (
    r"(?:chairs?|couchs?|sofa|recliner|toilet|commode|seats?|seated|pew|bench|stool|forklift seat|car"
    r"|vehicle|truck|floor|ground|bed|bath(?:tub)?|tub|squat(?:ting)?|kneeling|sitting(?: position)?|pit"
    r"|low (?:chair|seat|couch|surface)s?)"
)
_ACTIVITIES: tuple[tuple[str, str], ...] = (
    (
        "rising",
        (
            rf"(?:ris(?:e|es|ing)|stand(?:s|ing)?(?: up)?|get(?:s|ting)?(?: her| him| me| them)?(?:self)?(?: up| off"
            rf"| out)?|gets? up|got up|arise|climb(?:ing)?(?: out)?|transfers?|push(?:es|ing)? (?:up|off"
            rf"|out))"
            rf"\s+(?:up\s+)?(?:out of|off(?: of)?|up from|from|of)\s+(?:(?:the|a|his|her|their|my"
            rf"|an?)\s+)?(?:[\w-]+\s+){{0,2}}?{_SEAT}"
            rf"|leav(?:e|es|ing) (?:the|a|his|her|my|their) (?:wheel|arm)?{_SEAT}|(?:from )?bed to (?:chair|wheelchair|commode)"
            r"|hoist(?:ed|s)?|sit-to-stand (?:lift|aid|device)|(?:stair|full-body|mechanical) ?-?lift|climb(?:s|ing)? (?:on ?to|into|in|aboard) (?:the |a |an |his |her )?\w+"
            rf"|(?:up|off|out of|up from|off of|out)\s+(?:from\s+|of\s+)?(?:(?:the|a|his|her"
            rf"|their)\s+)?(?:low\s+|kitchen\s+|deep\s+)?{_SEAT}"
            r"|sit[- ]to[- ]stand|chair rise|chair rising|rising from (?:a )?chair|floor rise"
            r"|floor[- ]to[- ]stand|ris(?:e|es|ing) from (?:a |the )?\w+|to stand up|(?<=unable )to stand"
            r"|(?<=twice )to stand|(?<=times )to stand|(?<=arms )to stand|(?<=hands )to stand"
            r"|(?<=push )to stand|(?<=difficult )to stand|(?<=hard )to stand|(?<=struggles )to stand"
            r"|stand(?:ing)?(?: her| him| me| them)? up|transfers"
            r"|\bsquat(?:s|ting)?\b|(?<!sit-to-)(?<!, )chair(?= w/| with| needs|: needs)"
        ),
    ),
    (
        "stairs",
        (
            r"(?:(?:climb(?:s|ing)?|go(?:es|ing)?(?: up)?|up|ascend(?:s|ing)?|negotiat(?:e|es|ing)|using"
            r"|do(?:es|ing)?|manag(?:e|es|ing))\s+)?(?:a flight of |one flight of |the |basement "
            r"|two flights of |his |her )?(?<!\w)(?:stairs?|stairway|staircase|steps(?! per| a day| daily|/)"
            r"|flight of stairs|(?:\w{1,24} )?ladder|banister|curbs?|getting on (?:the )?bus)"
        ),
    ),
    (
        "arms",
        (
            r"(?:lift(?:s|ed|ing)?|rais(?:e|es|ing)|hold(?:ing)?(?: up)?|elevat(?:e|ing)|reach(?:es|ing)?"
            r"|keep(?:ing)?)\s+(?:up\s+)?(?:(?:his|her|their|the|both|my)\s+)?(?:arms?|hands?|shoulders?"
            r"|overhead|above (?:the |his |her )?(?:head|shoulder)|(?:to |for )?(?:high |upper "
            r"|top )?(?:shelf|shelves|cupboards?|cabinets?))(?:\s+(?:above|over|up|overhead)[\w ]{0,25})?"
            r"|(?:lift(?:s|ing)?|put(?:ting)?|carry(?:ing)?|rais(?:e|ing)|pick(?:ing)? up)\s+(?:(?:a|an|the"
            r"|his|her)\s+)?(?:[\w-]+\s+){0,3}?(?:gallon(?: of milk| jug)?|jug|pan|boxes|dishes|groceries"
            r"|laundry|baby|child|grandchild\w*|kettle|suitcase|backpack)(?:\s+(?:overhead"
            r"|to (?:the )?(?:counter|shelf)|above \w+|on(?:to)? (?:the )?shel\w+))?"
            r"|(?:comb(?:ing)?|brush(?:es|ing)?|wash(?:es|ing)?|dry(?:ing)?|styl(?:e|ing)|shampoo(?:ing)?"
            r"|blow-?dry(?:ing)?|do(?:ing)?)\s+(?:(?:his|her|their|the|my)\s+)?(?:own\s+)?hair"
            r"|hair (?:washing|brush(?:ing)?|combing|drying|care)|overhead (?:activit\w+|reach\w*|work"
            r"|tasks?)|arms (?:overhead|above \w+|over (?:her |his |the )?head)"
            r"|hair ?dryers?(?= is| was| has| are| feels?)|kettles?(?= is| was| has| feels?)|skillets?|saucepans?"
            r"|hold(?:ing)? (?:up )?(?:a |the )?(?:hair ?dryer|flat iron|brush)(?: up)?"
            r"|reach(?:ing)? overhead|comb\b"
        ),
    ),
    (
        "axial",
        (
            r"(?:lift(?:ing)?|rais(?:e|ing)|hold(?:ing)?|get(?:ting)?)\s+(?:his |her |the |my )?head(?:\s+(?:off|from"
            r"|up)[\w ]{0,20})?|sit(?:ting)? up(?: from (?:bed|supine))?|sit-?ups?"
            r"|turn(?:ing)? (?:over )?in bed|roll(?:ing)? over|supine to (?:prone|sit)"
        ),
    ),
    (
        "daily",
        (
            r"(?:dress(?:es|ing)?(?: (?:herself|himself))?|get(?:ting)? dressed|put(?:ting)? on (?:his "
            r"|her )?(?:shirt|coat|socks|shoes|bra|pants)|(?:with |on with )?(?:his |her )?(?:shirt|socks"
            r"|shoes|bra/socks|bra)|bath(?:e|es|ing)|shower(?:s|ing)?(?! chair| bench| seat)"
            r"|ADLs?)(?=[\s,.;:]|$)"
        ),
    ),
    (
        "walking",
        (
            r"(?:walk(?:s|ing)?|ambulat(?:e|es|ing|ion)|run(?:s|ning)?|keep(?:ing)? up(?: with)?|gait"
            r"|toe[- ]walk|heel[- ]walk|pull-?ups?)(?=[\s,.;:]|$)"
        ),
    ),
)
ACTIVITY = gate(
    r"(?<![\w-])(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _ACTIVITIES) + r")(?![\w])",
    re.IGNORECASE,
)
# Each activity is told with one of these words. Most notes have none of them, but many a verb with which an activity may
# begin ("up", "does", "put"): there not one place is tried.
SPOKEN_OF = gate(
    r"\b(?:(?:chairs?|couchs?|sofa|recliner|toilet|commode|seats?|seated|pew|bench|stool|forklift|car|vehicle|truck|floor"
    r"|ground|bed|bath(?:tub|e|es|ing)?|tub|squat(?:s|ting)?|kneeling|sitting|pit|surfaces?)\b"
    r"|leav(?:e|es|ing)\b|hoist|sit[- ]to|sit(?:ting)? up|sit-?ups?|stair|full-body|mechanical|climb|ris(?:es?|ing) from"
    r"|to stand\b|stand(?:s|ing)? up\b|stand(?:ing)? (?:her|him|me|them)\b|transfers\b|steps\b|ladder|banister|curbs?\b|bus\b"
    # Of "keep", which is common, what follows: "keep up", "keep her arms overhead".
    r"|lift|rais(?:e|es|ing)\b|hold(?:ing)?\b|elevat(?:e|ing)\b|reach(?:es|ing)?\b"
    r"|keep(?:ing)?\s(?:up|his|her|their|the|both|my|arm|hand|shoulder|over|above|to|for|high|top|shel|cup|cab|\s)"
    r"|gallon|jug\b|pan\b|boxes|dishes|groceries|laundry|baby|child\b|grandchild|kettles?|suitcase|backpack|hair|overhead"
    r"|arms\b|skillets?|saucepans?|comb(?:ing)?\b|head\b|turn(?:ing)? (?:over )?in|roll(?:ing)? over|supine to"
    r"|dress|shirt|coat\b|socks|shoes|bra\b|pants\b|shower|ADLs?\b"
    r"|walk|ambulat|run(?:s|ning)?\b|gait|toe[- ]walk|heel[- ]walk|pull-?ups?\b)",
    re.IGNORECASE,
)
# An activity whose failing says little about muscle by itself: lungs, joints and nerves limit walking just as well.
_HINT_ONLY = frozenset({"walking", "daily"})

_LIMIT_BEFORE = re.compile(
    r"(?:\b(?:cannot|can\s?not|can't|cant|can’t|could not|couldn't|couldn’t|couldnt|unable|inability"
    r"|not able|no longer(?: able)?|difficult\w*|trouble|troubles|struggl\w+|hard(?:er)?(?: time)?(?= to"
    r"| for| getting| with)|problems?(?= with| getting| climbing| rising)"
    r"|barely|impossible|fails?|needs?|needed|need(?:ing)?|requir\w+|assist(?:s|ed|ance)?"
    r"|(?<!to )help(?:s|ed|ing)?(?: him| her| them)?(?! strengthen| improve)|depend\w*|must|has to"
    r"|have to|only with|rocks?|pull(?:s|ing) on|hauls?|limited(?: to| in)?|weak(?:ness)?(?= (?:with|when"
    r"|on|getting|climbing|rising))|slow(?:er)?(?= (?:on|with|getting|climbing|up))"
    r"|stops? (?:once|twice)|fatigab\w+|tir(?:e|es|ed|ing)(?= (?:with|when|on|climbing|easily))"
    r"|not(?=\s*$)|too weak to|max(?:imal)? assist|min(?:imal)? assist|(?:be|is|being) carried|giv(?:en|ing|es) up(?: on)?|gave up"
    r"|us(?:es|ing) (?:both |two |his |her |the )*(?:arms?|hands?)(?= to| for| when)|w/c|does stairs with (?:him|her)"
    r"|daughter does|(?:arms?|legs?|thighs?|shoulders?|muscles) (?:just |simply |then )?(?:quits?|g[ia]ves? (?:out|up|way)|fails?"
    r"|refuses?|won['’]?t (?:stay|hold|go|lift|carry|obey)(?: \w+)?|buckles?|turn to (?:lead|jelly|water))"
    r"|(?:lifts?|lifted|pulls?|pulled|hauls?|hauled|heaves?|drags?) (?:me|her|him|them)(?: up)?"
    r"|(?:has|have|had) to(?= *$))\b)",
    re.IGNORECASE,
)
_MUST = re.compile(r"(?:has|have|had) to|must", re.IGNORECASE)
_MANNER = re.compile(
    r"\b(?:me|him|her up|her out|them|hands?|arms?|elbows?|rails?|banister|push\w*|pull\w*|haul\w*|roll\w*|help\w*|hold\w*"
    r"|us(?:e|es|ing)|rock\w*|momentum|lean\w*|crawl\w*|scoot\w*|furniture|table|wall|backwards?|sideways|all fours|knees|one at a time|slowly"
    r"|bottom|stop\w*|rest\w*|carried|lifted|assist\w*|cane|with)\b",
    re.IGNORECASE,
)
_ABLE_BEFORE = re.compile(
    r"(?:\b(?:no|denies|denied|denying|without|w/o|never(?: had)?|not (?:having|had|have)|free of"
    r"|negative for|neg for|- )\s*(?:any\s+|new\s+|further\s+|more\s+|real\s+|significant\s+|(?:has|had"
    r"|having)\s+)*(?:difficult\w*|trouble|troubles|problems?|issues?|limitations?|weakness|assistance"
    r"|help)\b"
    r"|\b(?:able to|can|easily|independent(?:ly)?(?: with| in)?|now (?:rises|climbs|gets)|again (?:climbs"
    r"|able)|manages|back to)\b(?!\s*(?:not|n't|only|barely)))",
    re.IGNORECASE,
)
_LIMIT_AFTER = re.compile(
    r"(?:\b(?:only\s+)?(?:w/|w\b|with|using|uses?|needs?|by|requires?|holding)\s+(?:(?:a"
    r"|the|his|her|both|two|one|one-|1|2|hand\s?)\s*)?(?:push(?:-?off|ing)?|arms?\b(?! (?:folded"
    r"|crossed))|hands?|hand-?rails?|rails?|banister|help|assist\w*|support|momentum|cane|wife|husband"
    r"|daughter|lift|raised seat|riser)"
    r"|\bneeds\b|\bunable\b|\bimpossible\b|\bdifficult\b|\bhard\b|\bwithout (?:his |her )?(?:wife|husband"
    r"|daughter|son|help|arms|hands) (?:is )?(?:impossible|not possible)|\bon (?:2nd|second|3rd"
    r"|third) (?:try|attempt)"
    r"|\b(?:one|1) at a time|\b1-assist|\bx?\s?1 assist|\bmax assist|\bis a struggle|\bgives? out"
    r"|\bdrop(?:s|ped)?\b|\btir(?:e|es|ed|ing)\b|\brail\b|\bbecame (?:hard|difficult|impossible|tiring)"
    r"|\b(?:too|so) heavy\b"
    r"|^\s*(?:only )?to (?:about |just )?(?:\d{2,3} ?(?:degrees|deg|°)|shoulder (?:height|level)|the shoulders?)"
    r"|\bwithout (?:propping|pulling|pushing)|\bwith (?:great |some |much |a lot of )?difficulty|^\s*0\b"
    r"|^s?\s*[:=]\s*(?:(?:no|unable|needs|with)\b|w/))",
    re.IGNORECASE,
)
_ABLE_AFTER = re.compile(
    r"(?:\b(?:without|w/o|w/out|no|sans)\s+(?:(?:the|any|using|use of|his|her|a"
    r"|need(?:ing)? (?:for )?)\s*)*(?:hands?|arms?|help|rails?|assist\w*|difficult\w*|trouble|issues?"
    r"|problems?|limitations?|support|hand-?rails?|UE support)"
    r"|\b(?:arms?|hands?) (?:folded|crossed)|\b(?:fine|ok|okay|easily|independent(?:ly)?|normal(?:ly)?"
    r"|well|intact|smoothly|repeatedly|two at a time|x\s?\d+ (?:no|without|w/o))\b|\bno hands\b"
    r"|\balternat\w+ feet|\b(?:is|are) (?:fine|easy|ok|back|normal))",
    re.IGNORECASE,
)
_OFF_TOPIC = re.compile(
    r"\b(?:shortness of breath|SOB|dyspn\w+|short of breath|winded|breathless|O2|oxygen|palpitations?"
    r"|chest pain|angina|claudication|knee pain|hip pain|back pain|arthritis|dizz\w+|syncop\w+|vertigo"
    r"|neuropath\w+|stroke|drowsy|cast|crutch\w*|fracture|post-?op)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:used to|at (?:onset|presentation|diagnosis|that time|the time|first|baseline then)|initially"
    r"|originally|back then|previously|formerly|before (?:treatment|IVIG|diagnosis)|in the past|had been"
    r"|resolved|no longer (?:has|have|having|needs?)|until (?:last|the))\b",
    re.IGNORECASE,
)
_PAST_AFTER = re.compile(
    r"[^.;\n]{0,30}?\b(?:at (?:that time|the time|onset|presentation|diagnosis|first|its worst|the worst)|back then"
    r"|in the (?:beginning|past)|(?:last|a) year ago|years ago|before (?:treatment|IVIG|steroids))\b",
    re.IGNORECASE,
)
_STILL = re.compile(
    r"\b(?:still|again|now|today|currently|remains?|continues?|ongoing|persist\w*|since|worse\w*"
    r"|progress\w*)\b",
    re.IGNORECASE,
)
_IF = re.compile(
    r"\b(?:if|should (?:he|she|they)|goals?:?|call|return|to be able|hopes? to|wants? to|aims?|so that"
    r"|in order to|exercises?:?|instructed|advised|avoid\w*|encourag\w+|practi[cs]e|recommend\w*"
    r"|trial of)\b[^.;]{0,70}$",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:his|her|the patient's|my)?\s*(?:mother|father|wife|husband|brother|sister|uncle|aunt"
    r"|grand(?:mother|father)|cousin|daughter|son)\b(?: who| has| had| with| is| was| cannot| can't"
    r"| uses)",
    re.IGNORECASE,
)
# Where one clause ends and what is said of another activity begins.
_CLAUSE = re.compile(
    r"[.;\n]|,\s+(?:but|and then|then|although)\b|\b(?:but|however|although|while|whereas)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Ability:
    """
    One statement of what the patient can or cannot do.

    Attributes:
        start: First code point of the statement.
        end: One past the last code point.
        activity: rising, stairs, arms, axial, daily or walking.
        reading: What the words say of it.
        weight: "clear" where muscle weakness is the plain reason; "hint" where lungs, joints or habit would do as well.
    """

    start: int
    end: int
    activity: str
    reading: Reading
    weight: str


def abilities(text: str, layout: Layout) -> Iterator[Ability]:
    """Yield the functional statements of *text* in order."""
    if not SPOKEN_OF.stands(text):
        return
    for match in ACTIVITY.finditer(text):
        statement = _read(text, layout, match)
        if statement is not None:
            yield statement


# How far behind an activity such words may begin, in code points, and what they do not reach across.
_LIMIT_REACH, _ABLE_REACH = 24, 34
_STOP = re.compile(r"[.;\n]")
# What is looked for before an activity and behind it.
_BEFORE = CueSet({"limited": _LIMIT_BEFORE, "able": _ABLE_BEFORE})
_AFTER = CueSet({"limited": _LIMIT_AFTER, "able": _ABLE_AFTER})


def _read(text: str, layout: Layout, match: re.Match[str]) -> Ability | None:
    activity = str(match.lastgroup)
    sentence = layout.sentence_at(match.start())
    begin, stop = min(sentence.start, match.start()), max(sentence.end, match.end())
    left = text[max(begin, match.start() - 110) : match.start()]
    right = text[match.end() : min(stop, match.end() + 60)]
    before, after = _BEFORE.look(left), _AFTER.look(right)
    if not (before.may("limited") or before.may("able") or after.may("limited") or after.may("able")):
        return None  # most activities are only named
    own_left = left
    for cut in _CLAUSE.finditer(left):
        own_left = " " * cut.end() + left[cut.end() :]
    if own_left != left:
        left = own_left
        before = _BEFORE.look(left)
    clause_end = _CLAUSE.search(right)
    right = right[: clause_end.start()] if clause_end else right
    # What is said of the next activity is not said of this one.
    following = ACTIVITY.search(text, match.end() + 2, match.end() + len(right))
    own_right = right[: following.start() - match.end()] if following is not None else right
    limited_before, able_before = _last(before, "limited"), _last(before, "able")
    if limited_before is not None and _MUST.fullmatch(limited_before.group()):
        # "Has to get out of bed at night" is no weakness; "has to push off with her arms" is.
        manner = left[limited_before.end() :] + match.group() + own_right
        limited_before = limited_before if _MANNER.search(manner) else None
    after = _AFTER.look(own_right)
    limited_after = _within(after, "limited", _LIMIT_REACH)
    able_after = _within(after, "able", _ABLE_REACH)
    start, end = match.start(), match.end()
    if (
        able_after is not None
        and (limited_after is None or able_after.end() <= limited_after.end())
        and limited_before is None
    ):
        reading: Reading = "able"
        end += able_after.end()
    elif limited_before is not None and (able_before is None or limited_before.end() > able_before.end()):
        reading = "able" if _is_denied(left, limited_before) else "limited"
        start = match.start() - len(left) + limited_before.start()
    elif able_before is not None and limited_after is None:
        reading = "able"
        start = match.start() - len(left) + able_before.start()
    elif limited_after is not None:
        reading = "limited"
        end += limited_after.end()
    else:
        return None
    boxes = ticked(layout, match.end())
    if boxes is not None and reading in ("able", "limited"):
        # "Difficulty climbing stairs  ( ) Yes  (x) No"
        if boxes.said not in ("yes", "no"):
            return None
        if boxes.said == "no":
            reading = "able" if reading == "limited" else "limited"
        end = boxes.end
    if reading == "able" and able_after is None and activity in _HINT_ONLY:
        return None
    around = text[max(begin, match.start() - 110) : min(stop, match.end() + 60)]
    # Breath or joints explain it only from the same clause: "denies SOB but cannot climb stairs" is muscle.
    clause = left + match.group() + text[match.end() : min(stop, match.end() + 60)]
    weight = (
        "hint"
        if activity in _HINT_ONLY or _OFF_TOPIC.search(clause) or _is_soft(text[start:end])
        else "clear"
    )
    if reading == "able" and _IF.search(left) is not None:
        reading = "hypothetical"
    if reading == "limited":
        if _IF.search(left) is not None:
            reading = "hypothetical"
        elif _OTHER.search(left) is not None and not re.search(
            r"help|assist|needs|carried", text[start:end], re.IGNORECASE
        ):
            reading = "family"
        elif (_PAST.search(left) is not None or _PAST_AFTER.match(right) is not None) and _STILL.search(
            around
        ) is None:
            reading = "past"
    return Ability(start, end, activity, reading, weight)


def _is_denied(left: str, limit: re.Match[str]) -> bool:
    """Say whether the limiting word itself is denied: "no difficulty", "denies trouble", "does not need"."""
    word = limit.group().lower()
    if word.startswith(("cannot", "can", "could", "unable", "no longer", "not able")):
        return (
            re.search(r"\b(?:denies|denied|denying)\b[^.;:]{0,40}$", left[: limit.start()], re.IGNORECASE)
            is not None
        )
    return (
        re.search(
            r"\b(?:denies|denied|denying|no|not|without|w/o|never|n't)\b[^.;:]{0,45}$",
            left[: limit.start()],
            re.IGNORECASE,
        )
        is not None
    )


def _is_soft(words: str) -> bool:
    """Say whether the words only tell of a rail, a cane or slowness."""
    return re.search(
        r"\b(?:rail|banister|cane|slow\w*|tir\w+|stops?)\b", words, re.IGNORECASE
    ) is not None and not re.search(
        r"\b(?:cannot|can't|unable|help|difficult\w*|trouble|needs (?:help|assist))\b", words, re.IGNORECASE
    )


def _within(seen: Look, name: str, reach: int) -> re.Match[str] | None:
    """Return the first match that begins within *reach*, in the clause that the words begin with."""
    found = seen.search(name)
    if found is None or found.start() > reach or _STOP.search(seen.words, 0, found.start()) is not None:
        return None
    return found


def _last(seen: Look, name: str) -> re.Match[str] | None:
    found = None
    for found in seen.apart(name):  # noqa: B007 - the last one is wanted
        pass
    return found
