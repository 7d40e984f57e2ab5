"""
Strength as it is measured: MRC grades by muscle, and the words "full" and "normal"; sums are in ``muscle_sums``.

Works on the note text. A grade is a number from 0 to 5; a plus or minus moves it by a third of a grade, so "4-" is
3.67 and "4+" is 4.33. Reflexes, ranges of motion, joints and the dyspnea scale of the same research council look
alike and are told apart here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartsift.nlp.components.muscle_measures import Measure, is_planned, remarks
from chartsift.nlp.components.muscle_names import LONG_NAME, SHORT_NAME, group_in, short_forms
from chartsift.nlp.components.muscle_sums import sums
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate

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


_AFTER = re.compile(rf"{_LINK}\s{{0,24}}{_PAIR}", re.IGNORECASE)
_BEFORE = re.compile(
    # The digit stands before what may follow it, so that one is looked for.
    r"(?P<first>[0-5](?:\s?(?:\+|-|–|−)?/5(?:\s?(?:\+|-|–|−)(?![\w.]))?| out of 5|(?<=[2-4])[+-]"
    r"| (?:plus|minus)(?: out of 5)?))\s*"
    r"(?:(?:strength|power|weakness|MRC|in|of|at|with|for|on|the|her|his|both|bilat(?:eral(?:ly)?)?|b/l"
    r"|right|left|R|L|symmetric(?:al(?:ly)?)?|weakness of)\s+){0,6}$",
    re.IGNORECASE,
)
_ANY_GRADE = re.compile(r"[0-5]")
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
    yield from sums(text, layout)
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
                    *remarks(text, layout, match.end()),
                )
    for match in _FULL.finditer(text):
        if match.group("no") is not None or is_planned(text, layout, match.start()):
            continue
        group = group_in(match.group())
        part = _PART_BEFORE.search(text, max(0, match.start() - 24), match.start())
        if part is not None and match.group()[0] not in "nN":
            if part.lastgroup == "none":
                continue
            group = str(part.lastgroup)
        if group and not match.group().lower().startswith("no "):
            yield Measure(
                match.start(), match.end(), "MRC", 5.0, 5.0, group, *remarks(text, layout, match.end())
            )
        else:
            yield Measure(
                match.start(),
                match.end(),
                "full_strength",
                None,
                None,
                "whole",
                *remarks(text, layout, match.end()),
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
        if is_planned(text, layout, match.start()) or _sentence_has(
            layout, text, match.start(), _REFLEX, before=match.start()
        ):
            continue
        end = _to_clause_end(text, layout, match.end())
        group = (
            group_in(text[match.end() : end])
            or group_in(re.split(r"[.;\n]", text[max(0, match.start() - 40) : match.start()])[-1])
            or "whole"
        )
        yield Measure(
            match.start(), match.end(), "MRC", value, 5.0, group, *remarks(text, layout, match.end())
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
                *remarks(text, layout, match.end()),
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
                *remarks(text, layout, match.end()),
            )


def _grades(text: str, layout: Layout) -> Iterator[Measure]:
    used_to = -1
    anchors = sorted(
        [*LONG_NAME.finditer(text), *short_forms(text, 0, len(text))],
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
        match = None
        if before is None and _ANY_GRADE.search(text, anchor.end(), limit) is not None:
            match = _AFTER.match(text, anchor.end(), limit)
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
                *remarks(text, layout, end),
            )
        elif before is not None:
            found = Measure(
                before.start("first"),
                anchor.end(),
                "MRC",
                grade(before.group("first")),
                5.0,
                str(anchor.lastgroup),
                *remarks(text, layout, anchor.end()),
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


def _is_grade_context(text: str, layout: Layout, anchor: re.Match[str], match: re.Match[str]) -> bool:
    first, second = match.group("first"), match.group("second")
    marked = "5" in first[1:] or first[-1] in "+-–−sS"
    short = anchor.re is SHORT_NAME
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
    muscles = sum(1 for _ in LONG_NAME.finditer(text, first, last))
    muscles += sum(1 for _ in short_forms(text, first, last))
    return (bool(grades) and muscles >= 2) or muscles >= 3


def _sentence_has(layout: Layout, text: str, at: int, pattern: re.Pattern[str], *, before: int) -> bool:
    sentence = layout.sentence_at(at)
    left = text[min(max(sentence.start, before - 80), before) : before]
    match = max(pattern.finditer(left), key=lambda found: found.start(), default=None)
    return match is not None and not re.search(r"[.,;]", left[match.end() :])


def _to_clause_end(text: str, layout: Layout, start: int) -> int:
    stop = re.compile(r"[.;\n]").search(text, start, min(len(text), start + 60))
    return stop.start() if stop else min(len(text), start + 60)
