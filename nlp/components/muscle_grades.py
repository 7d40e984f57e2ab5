"""
Strength as it is measured: MRC grades by muscle, MMT and CMAS sums, and the words "full" and "normal".

Works on the note text. A grade is a number from 0 to 5; a plus or minus moves it by a third of a grade, so "4-" is
3.67 and "4+" is 4.33. Reflexes, ranges of motion, joints and the dyspnea scale of the same research council look
alike and are told apart here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chartsift.nlp.months import MONTH_STEM
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import Gate, gate

# Which muscles belong to which group; the trial counts proximal, axial and bulbar groups. Distal weakness alone points
# to inclusion body myositis or a nerve, "limb" is an arm or a leg with nothing closer said.
_MUSCLES: tuple[tuple[str, str], ...] = (
    (
        "axial",
        (
            r"neck (?:flexors?|flexion|flex|extensors?|extension|ext|strength|muscles)|neck|nflex"
            r"|n\.? ?flex(?:ion|ors?)?|trunk(?: flexion| flexors)?"
            r"|abdominals?|rectus abdominis|head lift|sternocleidomastoids?|SCM"
        ),
    ),
    (
        "bulbar",
        (
            r"facial muscles|face|orbicularis(?: oculi| oris)?|tongue|palat(?:e|al)|jaw (?:opening|closure)"
            r"|eye closure|bulbar(?: muscles)?"
        ),
    ),
    (
        "proximal",
        (
            r"deltoids?|delts?|biceps?|bic|triceps?|shoulder (?:abduct(?:ion|ors?)|abd|flex(?:ion|ors?)?"
            r"|ext(?:ension|ensors?)?|girdle|muscles)|shoulders?"
            r"|arm (?:abduct(?:ion|ors?)|elevation|flexors?)|elbow (?:flex(?:ion|ors?)?|ext(?:ension|ensors?)?)"
            r"|hip (?:flex(?:ion|ors?)?|ext(?:ension|ensors?)?|abd(?:uct(?:ion|ors?))?|add(?:uct(?:ion"
            r"|ors?))?|girdle|muscles)|hips?"
            r"|ilio-?psoas|psoas|glut(?:eus|eal|eals|eii|es|s)?(?: ?(?:max(?:imus)?|med(?:ius)?|muscles))?\.?"
            r"|(?:hip )?adductors?|(?:hip )?abductors?"
            r"|quad(?:s|riceps)?|knee (?:ext(?:ension|ensors?)?|flex(?:ion|ors?)?)|hamstrings?|hams|thighs?"
            r"|vastus lateralis"
            r"|proximal(?:ly)?(?: (?:muscles?|strength|muscle strength|UE|LE|UEs|LEs|arms?|legs?"
            r"|upper extremit(?:y|ies)|lower extremit(?:y|ies)|groups?|limbs?))?(?: and distal(?:ly)?)?"
            r"|prox(?: (?:UE|LE|muscles))?\.?|limb[- ]girdles?"
        ),
    ),
    (
        "distal",
        (
            r"wrist (?:ext(?:ension|ensors?)?|flex(?:ion|ors?)?)|wrists?|finger (?:flex(?:ion|ors?)?"
            r"|ext(?:ension|ensors?)?|abduct(?:ion|ors?))|(?:hand )?grips?(?: strength)?"
            r"|hand intrinsics?|intrinsics|hands?|ankle (?:dorsi-?flex(?:ion|ors?)?|plantar-?flex(?:ion"
            r"|ors?)?|DF|PF)|ankles?|dorsi-?flex(?:ion|ors?)?|plantar-?flex(?:ion|ors?)?"
            r"|tibialis anterior|tib ant|gastroc(?:nemi(?:us|i)|s)?|toe (?:ext(?:ension|ensors?)?|flex(?:ion"
            r"|ors?)?)|toes|feet|distal(?:ly)?(?: (?:muscles?|strength|groups?|UE|LE))?"
        ),
    ),
    (
        "limb",
        (
            r"(?:bilateral )?(?:upper|lower) (?:extremit(?:y|ies)|limbs?)|arms?|legs?"
            r"|all (?:four )?extremities|all (?:4 )?extremities|all limbs"
        ),
    ),
)
# Short forms only count where something else says that strength is the topic.
_SHORT: tuple[tuple[str, str], ...] = (
    ("axial", r"NF|NE"),
    ("proximal", r"HF|HE|IP|GM|GMax|GMed|HAB|HAbd|HS|VL|KE|KF|EF|EE|SA|SAb|Delt|Glut|[Bb]i|[Tt]ri|[Hh]am"),
    ("distal", r"DF|PF|TA|WE|WF|FF|EHL|FDP|ADF|APF"),
    ("limb", r"B?[UL]Es?|[RL][UL]E"),
)
_GRADE = (
    r"(?:[0-5][\s-]?(?:plus|minus)(?:\s?/\s?5|\s+(?:out\s+)?of\s+5)?(?![\w/])"
    r"|[2-4]\s?(?:-|–|to)\s?[3-5](?:\s?/\s?5)?(?![\w/%-]|\.\d|\s?(?:x|times|reps|wee?ks?|wks|mo|days|min|sec)\b)"
    r"|[0-5][+-]?\s+(?:out\s+)?of\s+5|[0-5]\s?(?:\+|-|–|−)?(?=/5)/5(?:\s?(?:\+|-|–|−)(?![\w.]))?"
    r"|[0-5](?:\+|-|–|−)?)(?![\d.]\d|\d|%|°| ?(?:deg|cm|mm|mg|x\b|weeks?|days?|months?|years?|yrs?|mo\b|wk)"
    r"|:\d)"
)
_PAIR = (
    rf"(?P<first>{_GRADE})(?:(?:\s?/\s?|\s+(?:to|and|on the right(?: and)?|right(?: and)?"
    rf"|R(?: and)?,?)\s+(?:L\s)?|\s?\|\s?|\s?[,/;]?\s?\bL\s?(?=[0-5])|[ \t]{{1,14}})(?P<second>{_GRADE})(?!\s?[A-Za-z]{{0,2}}/))?"
)
_SIDE = r"(?:bilat(?:eral(?:ly)?)?\.?|b/l|\(?R/L\)?|\(?L/R\)?|R\b|L\b|right|left|both(?: sides)?|bl\b)"
_LINK = (
    # "R4 L4", "R 4-/L 4-"
    r"(?:\s*\bR\s?(?=[0-5]\s?[+–-]?(?:/5)?[\s,/;]{1,3}L\s?[0-5]))?"
    rf"(?:\s*(?:[:=|]+|\.{{2,}}|\.(?=\s*[0-5])|-{{1,2}}(?=\s)|–|\(|{_SIDE}|were|was|is|are|at|of|about"
    rf"|only|now|today|remains?|still|all|graded?|MRC|strength|power"
    r"|muscles?|groups?|rated|tested|with|decreased|reduced|weak(?:ness)?|down|improved to|up to|to)\s*){0,5}"
)
_STRENGTH_WORD = re.compile(
    r"\b(?:strength|power|motor|MRC|MMT-?8?|muscle test\w*|muscles?|myotomes?|weak\w*|confrontation|/5)\b|/5",
    re.IGNORECASE,
)
_REFLEX = re.compile(
    r"\b(?:reflex(?:es)?|DTRs?|MSRs?|pulses?|edema|tone|spasticity|MAS|ashworth|tender(?:ness)?|pain|VAS"
    r"|ROM|range of motion|contractures?|swollen|swelling)\b",
    re.IGNORECASE,
)


def _named(table: tuple[tuple[str, str], ...]) -> str:
    named = "|".join(f"(?P<{group}>{names})" for group, names in table)
    return rf"(?<![\w-])(?:{named})(?![A-Za-z-]*\w)"


_LONG_PATTERN = gate(_named(_MUSCLES), re.IGNORECASE)
_SHORT_PATTERN = re.compile(_named(_SHORT))
# How a short form begins. Two letters are too common to be looked for in every note; where grades stand the text is
# searched for this, which begins with a set of letters and is passed over as quickly as the machine reads.
_SHORT_START = re.compile(r"[A-Zbht](?<![\w-].)(?:[A-Z]|elt|lut|i|ri|am)")
_AFTER = re.compile(rf"{_LINK}\s{{0,24}}{_PAIR}", re.IGNORECASE)
_BEFORE = re.compile(
    r"(?P<first>(?:[0-5]\s?(?:\+|-|–|−)?/5(?:\s?(?:\+|-|–|−)(?![\w.]))?|[0-5] out of 5|[2-4][+-]"
    r"|[0-5] (?:plus|minus)(?: out of 5)?))\s*"
    r"(?:(?:strength|power|weakness|MRC|in|of|at|with|for|on|the|her|his|both|bilat(?:eral(?:ly)?)?|b/l"
    r"|right|left|R|L|symmetric(?:al(?:ly)?)?|weakness of)\s+){0,6}$",
    re.IGNORECASE,
)
_WHOLE = gate(
    rf"(?:(?<![\w-])(?:muscle |motor )?(?:strength|power)|\bmotor(?: exam(?:ination)?| strength| function"
    rf"| testing)?|\bMRC(?: scale| grade[sd]?| grading)?|\bMMT(?:-?8)?|\bmuscle testing)\b"
    rf"(?:\s*(?:[:=,.]|-{{1,2}}|–|is|was|were|are|of|at|exam|testing|grade[ds]?|today|overall|remains?"
    rf"|preserved|full|intact|normal|symmetric|bilat(?:eral(?:ly)?)?|grossly"
    rf"|\()\s*){{0,4}}\s{{0,14}}{_PAIR.replace('first', 'wf').replace('second', 'ws')}",
    re.IGNORECASE,
)
_THROUGHOUT = gate(
    r"(?<![\d/])(?P<grade>[0-5][+-]?)\s?(?:/|out of)\s?5[+-]?\s+(?:strength |power )?(?:throughout"
    r"|globally|diffusely|all (?:over|groups|muscle groups|extremities|limbs|around)|in all|everywhere"
    r"|symmetric(?:ally)?|x\s?4|strength|power)",
    re.IGNORECASE,
)
_FULL = gate(
    r"(?P<no>\b(?:not|n't|nearly|almost|near|without)\s+(?:yet\s+)?)?(?:"
    r"\b(?:full|normal|intact|preserved|good|excellent|baseline)\s+(?:and symmetric\s+|proximal\s+"
    r"|muscle\s+|motor\s+|symmetric\s+){0,2}(?:strength|power)\b"
    r"|\b(?:strength|power)\s*(?:at that time\s+)?(?:exam\s+|testing\s+)?(?:[:=-]\s*|is\s+|was\s+|are\s+"
    r"|remains?\s+|has been\s+|now\s+|today\s+|again\s+|(?:has |have )?(?:returned|recovered|improved"
    r"|normali[sz]ed|gone)\s+(?:back\s+)?(?:to\s+)?|back to\s+){0,3}"
    r"(?:full(?:y intact)?|normal|intact|preserved|nl|WNL|baseline|within normal limits|maintained"
    r"|unremarkable|excellent)\b"
    r"|\bmotor(?: exam(?:ination)?| strength)?\s*(?:[:=-]\s*|is\s+|was\s+)?(?:full|normal|intact|nl|WNL)\b"
    r"|\b(?:MMT(?:-?8)?)\s*(?:[:=-]\s*|is\s+|was\s+)?(?:full|normal|nl|WNL)\b"
    r"|\b(?:neck flexors?|deltoids?|proximal (?:groups?|muscles?|strength)|hip flexors?|distal(?: groups?"
    r"| muscles?| strength)?)\s+(?:are\s+|is\s+|were\s+|was\s+)?full\b"
    r"|\bno (?:objective |demonstrable |detectable |clear |focal |muscle |motor |proximal |residual "
    r"|true )+weakness\b"
    r")",
    re.IGNORECASE,
)
_MMT = gate(
    r"\b(?:MMT(?:\s?-?\s?(?:8|26|24|12))?"
    r"|manual muscle test(?:ing)?(?:[\s-]*8)?)(?![\w/])(?P<gap>(?:[^\d\n.;(]|\(0\s?[-–]\s?\d{2,3}\)|\("
    r"|\.(?!\s)|8\s(?=sum|score|total)){0,45}?)"
    r"(?P<value>\d{2,3}(?:\.\d)?)(?![\d/.-]*[+-]|\d)(?:\s*(?:/|of|out of)\s*(?P<scale>\d{2,3})(?![/\d-]))?",
    re.IGNORECASE,
)
# The last line of a table of the test: "TOTAL  146/150", the test's name in its title.
_TOTAL = gate(
    r"\b(?:total|sum|score|subtotal|summe|gesamt)\b(?P<gap>[^\w\n.;]{0,40}(?:score|sum|points)?[^\w\n.;]{0,10})"
    r"(?P<value>\d{2,3}(?:\.\d)?)\s*(?:/|of|out of)\s*(?P<scale>150|80)(?![/\d-])",
    re.IGNORECASE,
)
_TESTED = gate(r"\bMMT|\bmanual muscle", re.IGNORECASE)
_TABLE_REACH = 1_200
_CMAS = gate(
    r"\bCMAS\b(?P<gap>[^\d\n.;]{0,40}?)(?P<value>\d{1,2})(?![\d/.-]*[+-]|\d)(?:\s*(?:/|of"
    r"|out of)\s*(?P<scale>5[12])(?!\d))?",
    re.IGNORECASE,
)
# "104 -> 121", "118 (was 131)", "47/52 -> today 33/52": the last of a chain is today's.
_CHAIN = re.compile(
    r"\s*(?:(?:->|-->|→|=>|>|to)\s*(?:now |today |currently )?"
    r"|(?:at (?:diagnosis|dx|onset|presentation|baseline)|last visit|initially)?[,;(]?\s*(?:but |and )?"
    r"(?:now|today|currently)\s+(?:at |is )?)"
    r"(?P<value>\d{2,3}(?:\.\d)?)(?:\s*/\s*(?P<scale>\d{2,3}))?(?![\d/])",
    re.IGNORECASE,
)
_MONTH_GAP = re.compile(rf"\d{{1,4}}[/-]\d|(?:{MONTH_STEM})[a-z]*\.?\s*'?$", re.IGNORECASE)
_LIMITED = re.compile(
    r"(?:limited|inhibited|hampered|confounded|affected)\s+(?:by|due to|2/2|secondary to"
    r"|because of)\s+(?:[\w']+\s+){0,4}?(?P<by>pain|fatigue|effort|tired\w*|discomfort|guarding)"
    r"|(?P<by2>pain|effort|fatigue)[- ](?:limited|limiting|inhibited|dependent|related)"
    r"|(?P<give>give[- ]?way|giveway|breakaway|poor effort|submaximal effort|effort dependent"
    r"|variable effort)"
    r"|(?:2/2|due to|because of|from|d/t|secondary to)\s+(?:[\w']+\s+){0,3}?(?P<by3>pain|guarding)\b",
    re.IGNORECASE,
)
# What may follow a bare digit for it to be a grade.
_AFTER_BARE = re.compile(
    r"\s*(?:$|[,;.|)(\r\n]|and\b|bilat|b/l|on (?:both|the|R|L)\b|both\b|with\b|R\b|L\b|right\b|left\b|MRC"
    r"|[A-Za-z ]{2,20}\s[2-5](?![\d/]))",
    re.IGNORECASE,
)
# "MRC, 2 examiners" grades nothing; "MRC 4 proximally" does.
_AFTER_WHOLE = re.compile(
    r"\s*(?:$|[,;.)\r\n]|in\b|at\b|of\b|throughout|prox|dist|all\b|bilat|both\b|symmetric)", re.IGNORECASE
)
_NAMED_GRADE = re.compile(r"MRC|[Gg]rade[ds]?\s")
# "facial strength normal" says nothing of the limbs.
_PART_BEFORE = re.compile(
    r"\b(?:(?P<bulbar>facial|face|jaw|tongue|bulbar|eye closure)|(?P<distal>grip|hand|finger|ankle|foot|toe|wrist|distal)"
    r"|(?P<limb>(?:upper|lower) (?:extremity|limb)|arm|leg|left|right|[BLR]?[UL]E)"
    r"|(?P<none>core|sphincter|anal|cough|bite|pinch|respiratory|inspiratory|diaphragm\w*))(?: muscle)?\s+$",
    re.IGNORECASE,
)
# Muscles that are named for nothing but their strength, and have no reflex of their own.
_ONLY_GRADED = re.compile(
    r"deltoids?|delts?|neck (?:flex|ext)\w*|hip (?:flex|ext|abd|add)\w*|shoulder abd\w*|ilio-?psoas|glut\w*(?: m\w+)?"
    r"|knee (?:ext|flex)\w*|finger flex\w*|hamstrings?",
    re.IGNORECASE,
)
# "No rash, 5/5." - a clause of its own, not the fifth of May and no score of something else.
_BARE_FULL = gate(r"(?P<grade>[45]/5)(?=[ \t]*(?:[.;,](?!\d)|\r?$))", re.MULTILINE)
_OTHER_SCORE = re.compile(
    r"\b(?:pain|score|PHQ|GAD|GCS|recall|orient\w*|memory|ECOG|KPS|VAS|itch|reflex\w*|DTRs?|seen|visit|on|dated|due)\b[^.;]{0,30}$",
    re.IGNORECASE,
)
_REFLEX_AFTER = re.compile(r"[^.;\n]{0,70}?\b(?:reflex\w*|jerks?|DTRs?|pulses?|edema)\b", re.IGNORECASE)
_NOW_GRADE = gate(
    r"\b(?:now|today|currently|presently|improved to|up to|back to)\s+(?P<grade>[0-5][+-]?)\s?/\s?5\b",
    re.IGNORECASE,
)
_OTHER_CAUSE = re.compile(
    r"\b(?:stroke|CVA|hemipare\w+|hemipleg\w+|radiculopath\w+|L[345](?:-S1)?\s+root|foot drop"
    r"|neuropath\w+|rotator cuff|post-?op\w*|polio|parkinson\w*|multiple sclerosis|spinal stenosis"
    r"|carpal tunnel)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Measure:
    """
    One measurement of strength.

    Attributes:
        start: First code point of the words that give it.
        end: One past the last code point.
        concept: "MRC", "MMT", "CMAS" or "full_strength".
        value: Lowest grade (MRC) or the sum (MMT, CMAS); None for words.
        scale: Highest possible value.
        group: Muscle group of a grade: proximal, axial, bulbar, distal, limb or whole.
        limited: What limited the test ("pain", "fatigue", "effort"); "" where nothing did.
        cause: Another cause that the sentence names ("stroke"); "" where none.
    """

    start: int
    end: int
    concept: str
    value: float | None
    scale: float | None
    group: str
    limited: str = ""
    cause: str = ""


def grade(words: str) -> float:
    """Return the number of a written grade: "4-/5" is 3.67, "4+" and "4 plus" are 4.33, "3-4" is 3.5."""
    plain = re.sub(r"\s", "", words.lower())
    plain = plain.removesuffix("outof5").removesuffix("of5")
    plain = re.sub(r"-?minus|–|−|to", "-", re.sub(r"-?plus", "+", plain))
    value = float(plain[0])
    between = re.match(r"[0-5]-(?P<upper>[0-5])", plain)
    if between is not None:
        return (value + float(between.group("upper"))) / 2
    if "-" in plain[1:]:
        return round(value - 1 / 3, 2)
    if "+" in plain[1:]:
        return round(value + 1 / 3, 2)
    return value


def measures(text: str, layout: Layout) -> Iterator[Measure]:
    """Yield the measurements of strength in *text*, in no particular order and without overlap."""
    if _ANY.search(text) is None:
        return
    taken: list[tuple[int, int]] = []
    for measure in _all(text, layout):
        if not any(start < measure.end and measure.start < end for start, end in taken[-40:]):
            taken.append((measure.start, measure.end))
            yield measure


_ANY = gate(
    r"/5|strength|power|motor|MMT|CMAS|MRC|muscle test|weakness|\b(?:deltoids?|delts?|neck fl|hip fl|ilio"
    r"|IP|HF|NF|glut|quad)",
    re.IGNORECASE,
)


# A note without any of these holds no grade; the long patterns are not tried on it.
_GRADED = gate(
    r"/\s?5\b|\bof 5\b|\bMRC\b|[2-5][+–-](?!\d)|\b[2-5][\s-](?:plus|minus)\b|\b(?:hips?|shoulders?|neck|thighs?)\s[2-5]\b|\b(?:NF|HF|IP|delts?|deltoids?|quads?|flexors?|flexion|psoas"
    r"|iliopsoas)\b",
    re.IGNORECASE,
)


def _all(text: str, layout: Layout) -> Iterator[Measure]:
    yield from _sums(text, layout, _MMT, "MMT")
    yield from _sums(text, layout, _CMAS, "CMAS")
    if _TESTED.search(text) is not None:
        yield from _sums(text, layout, _TOTAL, "MMT")
    if _GRADED.search(text) is not None:
        yield from _grades(text, layout)
        yield from _whole(text, layout)
        for match in _BARE_FULL.finditer(text):
            begin = _clause_begin(text, match.start())
            if begin is not None and _OTHER_SCORE.search(text[max(0, begin - 40) : begin]) is None:
                value = grade(match.group("grade"))
                yield Measure(
                    match.start("grade"),
                    match.end("grade"),
                    "MRC",
                    value,
                    5.0,
                    "whole",
                    *_remarks(text, layout, match.end()),
                )
    for match in _FULL.finditer(text):
        if match.group("no") is not None or _is_planned(text, layout, match.start()):
            continue
        group = _group_in(match.group())
        part = _PART_BEFORE.search(text, max(0, match.start() - 24), match.start())
        if part is not None and match.group()[0] not in "nN":
            if part.lastgroup == "none":
                continue
            group = str(part.lastgroup)
        if group and not match.group().lower().startswith("no "):
            yield Measure(
                match.start(), match.end(), "MRC", 5.0, 5.0, group, *_remarks(text, layout, match.end())
            )
        else:
            yield Measure(
                match.start(),
                match.end(),
                "full_strength",
                None,
                None,
                "whole",
                *_remarks(text, layout, match.end()),
            )


def _clause_begin(text: str, start: int) -> int | None:
    """Return where the clause or the line begins that nothing stands in before *start*; None where something does."""
    begin = start
    while begin and text[begin - 1].isspace():
        begin -= 1
    if begin and begin < start and text[begin - 1] in ".;,":
        return begin
    line = text.rfind("\n", 0, start) + 1
    return line if not text[line:start].strip(" \t") else None


def _sums(text: str, layout: Layout, pattern: Gate, concept: str) -> Iterator[Measure]:
    for match in pattern.finditer(text):
        if (
            pattern is _TOTAL
            and _TESTED.search(text, max(0, match.start() - _TABLE_REACH), match.start()) is None
        ):
            continue
        value_at = match
        end = match.end()
        gap = re.sub(r"\([^)]*\)", "", match.group("gap"))
        if _MONTH_GAP.search(gap) is None and re.search(r"[/'’]\s?$", gap) is None:
            pass
        elif concept == "CMAS":
            # "CMAS  Feb '23  47/52 -> today 33/52": the digits after the apostrophe are a year.
            later = re.compile(r"[^\n;]{0,12}?(?P<value>\d{2})\s*/\s*(?P<scale>52)").match(
                text, match.end("value")
            )
            if later is None:
                continue
            value_at, end = later, later.end()
        else:
            continue
        value = float(value_at.group("value"))
        scale_words = value_at.group("scale")
        while (chain := _CHAIN.match(text, end)) is not None:
            value, end = float(chain.group("value")), chain.end()
            scale_words = chain.group("scale") or scale_words
        scale = float(scale_words) if scale_words else _usual_scale(concept, value)
        if scale is None or value > scale or _is_planned(text, layout, match.start()):
            continue
        yield Measure(
            match.start(), end, concept, value, scale, "whole", *_remarks(text, layout, end, whole=True)
        )


def _usual_scale(concept: str, value: float) -> float | None:
    """Return the scale of a sum without one: MMT-8 is 0 to 150 for both sides and the neck, 0 to 80 for one side."""
    if concept == "CMAS":
        return 52.0 if value <= 52 else None
    if 20 <= value <= 80:
        return 80.0
    return 150.0 if 80 < value <= 150 else None


def _whole(text: str, layout: Layout) -> Iterator[Measure]:
    for match in _WHOLE.finditer(text):
        first, second = match.group("wf"), match.group("ws")
        if (
            "/5" not in match.group()
            and not re.search(r"[+-]$", first)
            and not second
            and (not _NAMED_GRADE.search(match.group()) or _AFTER_WHOLE.match(text, match.end()) is None)
        ):
            continue
        if re.match(r"m+RC", match.group()) or text[max(0, match.start() - 1) : match.start()] in ("m", "-"):
            continue
        words = match.group()
        value = min(grade(g) for g in (first, second) if g)
        if second == "5" and words.rstrip().endswith("/5"):
            value = grade(first)
        if _is_planned(text, layout, match.start()) or _sentence_has(
            layout, text, match.start(), _REFLEX, before=match.start()
        ):
            continue
        end = _to_clause_end(text, layout, match.end())
        group = (
            _group_in(text[match.end() : end])
            or _group_in(re.split(r"[.;\n]", text[max(0, match.start() - 40) : match.start()])[-1])
            or "whole"
        )
        yield Measure(
            match.start(), match.end(), "MRC", value, 5.0, group, *_remarks(text, layout, match.end())
        )
    for match in _NOW_GRADE.finditer(text):
        if _is_strength(text, layout, match.start(), needed=True):
            yield Measure(
                match.start(),
                match.end(),
                "MRC",
                grade(match.group("grade")),
                5.0,
                "whole",
                *_remarks(text, layout, match.end()),
            )
    for match in _THROUGHOUT.finditer(text):
        if not _sentence_has(layout, text, match.start(), _REFLEX, before=match.start()):
            yield Measure(
                match.start(),
                match.end(),
                "MRC",
                grade(match.group("grade")),
                5.0,
                "whole",
                *_remarks(text, layout, match.end()),
            )


def _grades(text: str, layout: Layout) -> Iterator[Measure]:
    used_to = -1
    anchors = sorted(
        [*_LONG_PATTERN.finditer(text), *_short_forms(text, 0, len(text))],
        key=lambda m: (m.start(), -m.end()),
    )
    pending: list[re.Match[str]] = []
    for anchor in anchors:
        line = layout.line_at(anchor.start())
        limit = min(line.end, anchor.end() + 70)
        found: Measure | None = None
        # "4/5 proximally 5/5 distally": a grade that no muscle has taken yet belongs to the muscle that follows it.
        before = _BEFORE.search(text, max(line.start, anchor.start() - 60), anchor.start())
        if before is not None and (
            before.start("first") < used_to or not _is_strength(text, layout, anchor.start())
        ):
            before = None
        match = None if before is not None else _AFTER.match(text, anchor.end(), limit)
        if match is not None and _is_grade_context(text, layout, anchor, match):
            values = [grade(g) for g in (match.group("first"), match.group("second")) if g]
            end = match.end("second") if match.group("second") else match.end("first")
            found = Measure(
                anchor.start(),
                end,
                "MRC",
                min(values),
                5.0,
                str(anchor.lastgroup),
                *_remarks(text, layout, end),
            )
        elif before is not None:
            found = Measure(
                before.start("first"),
                anchor.end(),
                "MRC",
                grade(before.group("first")),
                5.0,
                str(anchor.lastgroup),
                *_remarks(text, layout, anchor.end()),
            )
        if found is None:
            pending.append(anchor)
            continue
        used_to = found.end
        # "neck flexors and deltoids 4/5": the muscles of one list share the grade that ends it.
        yield found
        for other in pending[-4:]:
            between = text[other.end() : anchor.start()]
            if found.start == anchor.start() and re.fullmatch(
                r"\s*(?:,|/|and|&|,\s*and|\+)\s*(?:(?:and|bilateral|bilat|both|the|R|L|right|left)\s+)*",
                between,
            ):
                yield Measure(
                    other.start(),
                    other.end(),
                    "MRC",
                    found.value,
                    5.0,
                    str(other.lastgroup),
                    found.limited,
                    found.cause,
                )
        pending.clear()


def _short_forms(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield the short forms of muscles in ``text[start:end]``."""
    for begins in _SHORT_START.finditer(text, start, end):
        found = _SHORT_PATTERN.match(text, begins.start(), end)
        if found is not None:
            yield found


def _is_grade_context(text: str, layout: Layout, anchor: re.Match[str], match: re.Match[str]) -> bool:
    first, second = match.group("first"), match.group("second")
    marked = "5" in first[1:] or first[-1] in "+-–−sS"
    short = anchor.re is _SHORT_PATTERN
    certain = marked or (float(first[0]) >= 2 and _ONLY_GRADED.fullmatch(anchor.group()) is not None)
    if not _is_strength(text, layout, anchor.start(), needed=short or not certain):
        return False
    if "5" not in first[1:] and first[-1] not in "sS" and _REFLEX_AFTER.match(text, match.end()) is not None:
        return False
    if marked or second:
        return True
    # A bare digit right after the muscle, or after plain linking words; "hips 2 months ago" is none.
    following = text[match.end("first") : match.end("first") + 12]
    if _AFTER_BARE.match(following) is None:
        return False
    return float(first[0]) >= 2


def _is_strength(text: str, layout: Layout, start: int, *, needed: bool = False) -> bool:
    """Say whether the words around *start* grade strength, and not reflexes, motion or joints."""
    line = layout.line_at(start)
    sentence = layout.sentence_at(start)
    left = text[min(max(sentence.start, start - 300), start) : start]
    other = max(_REFLEX.finditer(left), key=lambda found: found.start(), default=None)
    if (
        other is not None
        and _STRENGTH_WORD.search(left, other.end()) is None
        and not re.search(r"[.;]\s", left[other.end() :])
    ):
        return False
    if not needed:
        return True
    first, last = max(0, line.start - 120, start - 300), min(max(line.end, start + 120), start + 220)
    around = text[first:last]
    if _STRENGTH_WORD.search(around) is not None or layout.section_at(start).title.lower() in (
        "strength",
        "motor",
        "mmt",
        "muscle",
        "muscle testing",
    ):
        return True
    grades = re.findall(r"(?<![\w/.-])[2-5](?:\+|-)(?![\w/]|\.\d)|(?<![\w/.-])[2-5]/[2-5](?![\w/])", around)
    muscles = sum(1 for _ in _LONG_PATTERN.finditer(text, first, last))
    muscles += sum(1 for _ in _short_forms(text, first, last))
    return (bool(grades) and muscles >= 2) or muscles >= 3


def _sentence_has(layout: Layout, text: str, at: int, pattern: re.Pattern[str], *, before: int) -> bool:
    sentence = layout.sentence_at(at)
    left = text[min(max(sentence.start, before - 80), before) : before]
    match = max(pattern.finditer(left), key=lambda found: found.start(), default=None)
    return match is not None and not re.search(r"[.,;]", left[match.end() :])


def _to_clause_end(text: str, layout: Layout, start: int) -> int:
    stop = re.compile(r"[.;\n]").search(text, start, min(len(text), start + 60))
    return stop.start() if stop else min(len(text), start + 60)


def _group_in(words: str) -> str:
    if re.search(
        r"\b(?:throughout|all (?:groups|muscle groups|extremities)|proximal(?:ly)? and distal)",
        words,
        re.IGNORECASE,
    ):
        return ""
    match = _LONG_PATTERN.search(words) or next(_short_forms(words, 0, len(words)), None)
    return str(match.lastgroup) if match else ""


def _remarks(text: str, layout: Layout, end: int, *, whole: bool = False) -> tuple[str, str]:
    """Return what limited the test that ends at *end*, and another cause of weakness that its sentence names."""
    sentence = layout.sentence_at(max(0, end - 1))
    stop = max(min(sentence.end, end + (220 if whole else 90)), end)
    after = text[end:stop]
    if not whole:
        cut = re.search(r"[;.]\s|(?<![\d/])[0-5][+-]?/5|,\s+(?:neck|hip|delt|quad|glut|biceps)", after)
        after = after[: cut.start()] if cut else after
    limited = _LIMITED.search(after)
    by = ""
    if limited is not None:
        by = next(
            (value for value in (limited.group("by"), limited.group("by2"), limited.group("by3")) if value),
            "effort",
        ).lower()
    cause = _OTHER_CAUSE.search(text, min(sentence.start, end), max(stop, end))
    return by, cause.group().lower() if cause else ""


def _is_planned(text: str, layout: Layout, start: int) -> bool:
    sentence = layout.sentence_at(start)
    left = text[min(sentence.start, start) : start]
    return (
        re.search(
            r"\b(?:if|until|unless|goal|target|repeat|schedule|should|once|when)\b[^,;:]{0,60}$",
            left,
            re.IGNORECASE,
        )
        is not None
    )
