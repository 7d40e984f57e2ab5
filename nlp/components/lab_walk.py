"""
The walk from an analyte to its values, word by word.

Only words of ``lexicon/lab_words.yaml`` may stand in between; a few unknown ones are passed where a verb then hands over
the number ("CK at the outside hospital was 612").
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from chartsift.nlp.components.lab_values import Manner, Value
from chartsift.nlp.components.lab_words import lab_words
from chartsift.nlp.text.counts import count_of
from chartsift.nlp.text.dates import DateMention
from chartsift.nlp.text.values import NUMBER, Reading, number, read_range, read_value
from chartsift.nlp.types import Comparator

# How far a value may stand behind its analyte when only small words and dates lie between.
REACH = 120
# Values of one analyte in one statement; a longer course is a table.
_MOST_VALUES = 12
# Unknown words that may lead to a value that a verb hands over.
_UNKNOWN_WORDS = 4
# How far behind a value its date may stand, with words between that are no others' (see _OTHER_EVENT).
_DATE_REACH = 36
# What happened on a date that is not the date of the value.
_OTHER_EVENT = re.compile(
    r"\b(?:after|before|since|until|till|despite|next|due|plan\w*|recheck|repeat|follow|RTC|visit|IVIG|infus\w+|dose\w*|start\w*"
    r"|began|begun|stopp\w+|ritux\w*|RTX|pred\w*|pulse|MTX|cyclophosph\w*|biops\w+|bx|MRI|EMG|CT|PFTs?|echo|TTE|surg\w+|diagnos\w+"
    r"|from|with|when|while|and|but|by|to|was|is)\b",
    re.IGNORECASE,
)
# A value is compared with the one of the date behind these words.
_COMPARED = re.compile(
    r"\b(?:unchanged|stable|same|compared|versus|vs|than|since|until|before|after)\b", re.IGNORECASE
)
# A list of bare numbers is a course from so many on ("800, 640, 410").
_LIST_LENGTH = 3
_START = attrgetter("start")
# What _GOAL, _ASIDE and _RANGE_THEN_VALUE can begin with; its last sign tells which.
_ASIDE_AHEAD = re.compile(r"\s*[gGtT(\[]|[<≤.\d]")
_WORD = re.compile(r"[A-Za-zÀ-ÿ][\w'’/-]*")
_SPACE = re.compile(r"(?:[\s=*\"'…|:–-]|\.(?!\d))+|[()\[\]]")
_SEPARATOR = re.compile(
    r"[\s=()\[\]*\"'…|:–,;/-]+|(?:->|-->|→|=>|➔|>|<-|←)\s*|\.(?=\d|\.)|\.\s+(?=(?:Now|Today|Currently)\b)"
)
_HANDED_OVER = re.compile(
    r"(?:\b(?:was|were|is|are|of|at|to|returned|measured|showed|showing|be|been)|[:=])\W{0,3}$", re.IGNORECASE
)
JOINED = re.compile(
    r"->|→|=>|➔|<-|←|(?<=\s)>(?=\s)|\b(?:to|then|now|from|was|were|prior|previous(?:ly)?|currently|today|before|later"
    r"|subsequently|finally|peak(?:ed|ing)?|nadir|baseline|repeat(?:ed)?|recheck(?:ed)?|latest|at diagnosis|at onset"
    r"|last|recently|up|down|initially|currently|improved|fell|rose|dropped|came back|is|after)\b",
    re.IGNORECASE,
)
_MERE_LIST = re.compile(r"\s{0,3}(?:,|,?\s*(?:and|then|&))\s{0,3}", re.IGNORECASE)
_PLAIN_SEPARATION = re.compile(r"[\s,;|/()]*(?:(?:and|then|on|am|vom|in|at|&)\s+){0,2}[\s(]*", re.IGNORECASE)
_AFTER_BARE = re.compile(
    r"\s*(?:$|[.,;:)\]\n|/]|->|→|(?:on|in|today|from|at|with|and|but|which|down|up|then|now|by|last|this|while|when|after"
    r"|before|despite|per|as|over|for|U)\b)"
)
# "(39-308 U/L)" or "[<190]" between an analyte and its value, a method or a unit in brackets.
_ASIDE = re.compile(
    rf"\s*(?:[(\[][^()\[\]\d<>≤]{{0,20}}(?:{NUMBER}\s?(?:[-–]|to)\s?{NUMBER}|[<>≤≥]=?\s?{NUMBER})[^()\[\]\d]{{0,14}}[)\]]"
    r"(?:\s?(?:U|IU)/[lL])?"
    r"|[(\[]\s?[A-Za-zµμ%][\w^*µμ. ]{0,8}/[\w. ]{1,6}[)\]]"
    r"|\((?:CKD-?EPI|MDRD|Schwartz|C-?G|est\.?|calc\.?|creat\w*|cystatin ?C?|non-?[A-Z]{2,3})[^()]{0,24}\))",
    re.IGNORECASE,
)
# "CK goal <300, currently 612"
_GOAL = re.compile(rf"\s*(?:goal|target)\b\s*(?:is|of|:)?\s*[<>≤≥]?=?\s?{NUMBER}", re.IGNORECASE)
# The clock time of a sample: "drawn at 0800".
_CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?![\d.,])")
_SAMPLED = re.compile(
    r"\b(?:drawn|collected|checked|taken|sent|obtained|sampled|done|again)\W+(?:again\W+)?at\W*$",
    re.IGNORECASE,
)
# An unbracketed range: followed by a value it is the reference, as a value it needs words that say so.
_BARE_RANGE = re.compile(
    rf"(?P<low>{NUMBER})\s?(?P<dash>[-–]|to|and)\s?(?P<high>{NUMBER})(?![\d/]|\s?(?:x|×|fold|times)\b)"
)
_RANGE_THEN_VALUE = re.compile(
    rf"(?:[<≤]\s?=?\s?{NUMBER}|{NUMBER}\s?[-–]\s?{NUMBER})\s{{0,3}}(?:(?:U|IU|g|mg|K)/[a-zµμ]{{1,3}}|10\S{{1,4}}/[a-zµμ]{{1,2}})?"
    rf"[\s:]{{1,12}}(?=[<>]?{NUMBER}(?!\s?[-–/]\s?\d))",
    re.IGNORECASE,
)
_RANGING = re.compile(
    r"\b(?:run(?:s|ning)?|ran|rang(?:es|ed|ing)|between|hover(?:s|ed|ing)?|fluctuat\w+|from|stays?|stayed|around|about"
    r"|been|in the|sit(?:s|ting)?|was|were|are|is)\b[\s:]*(?:(?:around|about|at|in the|from|between)\s+)?$",
    re.IGNORECASE,
)
# "1u pRBC" is given, not measured.
_BLOOD_PRODUCT = re.compile(
    r"\s?(?:of )?(?:p?RBCs?|FFP|plt|plate?lets?|cryo|blood|insulin|heparin)\b", re.IGNORECASE
)
# "CK 121 then (normal to 200)"
_THEN = re.compile(r"\s(?:(?:back )?then|at (?:that|the) time)\b(?!\W{0,3}\d)", re.IGNORECASE)
_SAYS_WHEN = re.compile(
    r"\s(?:at (?:discharge|d/c|follow-?up|the|last|this)|today|now|this \w+|last \w+|on discharge)\b",
    re.IGNORECASE,
)
# A flag in a cell of its own before the value.
_LONE_FLAG = re.compile(r"[(\[]?(?P<flag>HH?|LL?|↑+|↓+)[)\]]?(?=[\s|]{1,30}[(\[<>\d])")
_LEADING_ZERO = re.compile(r"0\d\d")
_COUNT_GOES_ON = re.compile(r"\s?/\s?\d|:\d|\s?%")
_GRADE_DATE = re.compile(r"[0-5]/5")
_NORMAL_LIMIT = r"(?:the )?(?:ULN|upper limit(?: of normal)?|normal|nl)"
_WORD_TIMES = re.compile(
    rf"(?P<more>(?:more than|over|above|at least|>)\s?)?(?:(?P<twice>twice|double|thrice)\s{_NORMAL_LIMIT}"
    rf"|(?P<n>two|three|four|five|six|eight|ten)(?:\s|-)?(?:times\s(?:{_NORMAL_LIMIT}|elevat\w+)"
    rf"|(?:fold|x)\b(?:\s(?:{_NORMAL_LIMIT}|elevat\w+))?))",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Walk:
    """The state of one walk along a statement."""

    text: str
    at: int
    end: int
    dates: Sequence[DateMention]
    found: list[Value]
    pending: DateMention | None
    words_from: int
    unknown: int
    start: int
    manner: Manner
    flag: str
    date_at: dict[int, DateMention]

    def __init__(self, text: str, start: int, end: int, dates: Sequence[DateMention], manner: Manner) -> None:
        self.text, self.at, self.end, self.dates = text, start, end, dates
        self.found, self.pending, self.words_from, self.unknown, self.start = [], None, start, 0, start
        self.manner, self.flag = manner, ""
        first, last = bisect_left(dates, start, key=_START), bisect_left(dates, end, key=_START)
        # The first of those that begin at one place.
        self.date_at = {mention.start: mention for mention in reversed(dates[first:last])}

    def run(self) -> None:
        """Walk to the end of the statement."""
        while self.at < self.end and len(self.found) < (1 if self.manner.paired else _MOST_VALUES):
            if not self.found and self.at - self.start > REACH:
                return
            if not (
                self._range_behind()
                or self._date()
                or self._aside()
                or self._lone_flag()
                or self._number()
                or self._sign()
                or self._word()
            ):
                return

    # ---- dates

    def _date(self) -> bool:
        mention = self.date_at.get(self.at)
        if mention is None or not self._is_date(mention):
            return False
        if self.found and self._belongs_behind(mention):
            self.found[-1] = self.found[-1]._replace(mention=mention)
            self.words_from = mention.end
        else:
            self.pending = mention
        self.at = mention.end
        return True

    def _is_date(self, mention: DateMention) -> bool:
        """Say whether what reads as a date is one here: "CK 2019 U/L" and "deltoids 4/5" are none."""
        words = self.text[mention.start : mention.end]
        if self.manner.scale is not None and not self.found:
            scored = re.compile(r"\d{1,3}").match(self.text, mention.start)
            if scored is not None and self.manner.scale.match(self.text, scored.end()):
                return re.search(r"\bon\s$", self.text[max(0, mention.start - 4) : mention.start]) is not None
        if _GRADE_DATE.fullmatch(words) and not re.search(
            r"(?:\b(?:on|in|from|of|dated)\s|\()$", self.text[max(0, mention.start - 8) : mention.start]
        ):
            return re.match(r"\s?[:=]?\s?\d|\)", self.text[mention.end : mention.end + 4]) is not None
        if mention.precision != "year" or not words.isdigit():
            return True
        as_value = read_value(self.text, mention.start, self.end)
        if as_value is not None and (as_value.unit or as_value.flag or as_value.ref_high is not None):
            return False
        left = self.text[max(0, mention.start - 8) : mention.start]
        led = re.search(r"\b(?:in|since|from|during|until|by|year)\s$|[(/]$", left)
        followed = re.match(r"\s*[:=]|\s+[<>]?\d|\s?[-–]\s?\d", self.text[mention.end : mention.end + 6])
        return led is not None or followed is not None

    def _belongs_behind(self, mention: DateMention) -> bool:
        """Say whether a date is that of the value before it rather than of the next one."""
        last = self.found[-1]
        if last.mention is not None:
            return False
        between = self.text[last.reading.end : mention.start]
        if re.search(r"[\d;|\r\n]|->|→|=>|(?<=\s)>|,\s*$|\.\s", between) or len(between) > 40:
            return False
        if _COMPARED.search(between):
            return False
        if re.match(r"\s*:", self.text[mention.end : mention.end + 3]):
            return False
        following = re.match(rf"\s+[<>]?{NUMBER}", self.text[mention.end : mention.end + 16])
        first = self.found[0]
        # "10/2 1,900 11/4 612" hands each date on, "1,900 10/2 612 11/4" back.
        return following is None or len(self.found) > 1 or first.mention is None

    # ---- what is printed around a value

    def _range_behind(self) -> bool:
        """Read the range of "CK 488 on 10/9 (ref 26-192)" and "CK 118 then (normal to 200)"."""
        if not self.found:
            return False
        limits = read_range(self.text, self.at, self.end)
        if limits is None:
            return False
        last = self.found[-1]
        if last.reading.ref_low is None and last.reading.ref_high is None:
            reading = last.reading._replace(ref_low=limits[0], ref_high=limits[1])
            self.found[-1] = last._replace(reading=reading)
        self.at = self.words_from = limits[2]
        return True

    def _aside(self) -> bool:
        ahead = None if self.found else _ASIDE_AHEAD.match(self.text, self.at, self.end)
        if ahead is None:
            return False
        sign = self.text[ahead.end() - 1]
        pattern = _GOAL if sign in "gGtT" else _ASIDE if sign in "([" else _RANGE_THEN_VALUE
        match = pattern.match(self.text, self.at, self.end)
        if match is None:
            return False
        self.at = match.end()
        return True

    def _lone_flag(self) -> bool:
        if self.found or self.text[self.at] not in "([HL↑↓":
            return False
        match = _LONE_FLAG.match(self.text, self.at, self.end)
        if match is None or self.text[self.at - 1].isalnum():
            return False
        self.flag = "H" if match.group("flag")[0] in "H↑" else "L"
        self.at = match.end()
        return True

    # ---- numbers

    def _number(self) -> bool:
        sign = self.text[self.at]
        if sign.isspace() or (sign.isalnum() and self.at > 0 and self.text[self.at - 1].isalnum()):
            return False
        times = None if sign.isdecimal() else _WORD_TIMES.match(self.text, self.at, self.end)
        if times is not None:
            count = count_of(times.group("n") or times.group("twice"))
            compared: Comparator = ">" if times.group("more") else "="
            return self._take(Reading(times.start(), times.end(), count, compared, "", True, "H", None, None))
        bare = None if sign.isalpha() else _BARE_RANGE.match(self.text, self.at, self.end)
        if bare is not None:
            return self._bare_range(bare)
        printed = read_value(self.text, self.at, self.end)
        return printed is not None and self._take(printed)

    def _bare_range(self, match: re.Match[str]) -> bool:
        """Read "400-600" as a range of values where the words say that it is one; a bare one is a reference."""
        words = self.text[self.words_from : self.at]
        if self.found:
            return False
        dash = match.group("dash").lower()
        is_course = (
            (dash == "to" and re.search(r"\bfrom\W{0,3}$", words, re.IGNORECASE) is not None)
            or (dash != "and" and number(match.group("high")) <= number(match.group("low")))
            or (dash == "and" and not re.search(r"\bbetween\W*$", words, re.IGNORECASE))
        )
        if is_course:
            first = read_value(self.text, self.at, match.end("low"))
            return first is not None and self._take(first)
        if not self.manner.ranges and _RANGING.search(words) is None:
            return False
        if re.search(r"\b(?:ref|normal|range|limits?)\b", words, re.IGNORECASE):
            return False
        low = read_value(self.text, self.at, match.end("low"))
        high = read_value(self.text, match.start("high"), self.end)
        if low is None or high is None or high.value <= low.value or self._is_counted(high):
            return False
        return self._take(high._replace(start=low.start, value=low.value, upper=high.value, comparator="~"))

    def _take(self, reading: Reading) -> bool:
        """Take a number as a value of the analyte; say whether reading goes on."""
        words = self.text[self.words_from : self.at]
        if (reading.percent and not self.manner.percent) or lab_words().change_by.search(words):
            # "improved 50% to 612", "decreased by 300 to 612": the size of a change
            self.at = reading.end
            return (
                not self.found
                and re.match(r"\s*(?:to|at|now)\s", self.text[reading.end : reading.end + 6]) is not None
            )
        scale = self.manner.scale.match(self.text, reading.end) if self.manner.scale is not None else None
        if scale is not None:
            reading = reading._replace(end=scale.end())
        elif self._is_counted(reading):
            return False
        if self.unknown and not self._is_handed_over(reading, words):
            return False
        if self.found and not self._goes_on(reading, words):
            return False
        if self.flag and not reading.flag:
            reading = reading._replace(flag=self.flag)
        if reading.comparator.startswith(">") and re.search(r"\bnever\b", words, re.IGNORECASE):
            reading = reading._replace(comparator="<=")  # "has never been above 500"
        self.found.append(
            Value(
                reading,
                self.pending,
                words,
                earlier=_THEN.match(self.text, reading.end) is not None,
                scale="" if scale is None else scale.group("scale") or "10",
            )
        )
        self.pending = None
        self.at = self.words_from = reading.end
        self._date_in_reach()
        return True

    def _date_in_reach(self) -> None:
        """Give the last value the date of "CK 142 at an annual physical 4/2021", though unknown words lie between."""
        last = self.found[-1]
        i = bisect_left(self.dates, self.at, key=_START)
        if last.mention is not None or i >= len(self.dates):
            return
        mention = self.dates[i]
        between = self.text[self.at : mention.start]
        if (
            mention.end <= self.end
            and len(between) <= _DATE_REACH
            and re.search(r"[^\W\d]", between)
            and not re.search(r"[\d;|,:()\r\n]|->|→|=>|<-|>|\.\s|\b(?:now|today|then|currently)\b", between)
            and not _OTHER_EVENT.search(between)
            and not re.match(r"\s*:|\s+[<>]?\d", self.text[mention.end : mention.end + 4])
        ):
            self.found[-1] = last._replace(mention=mention)
            self.at = self.words_from = mention.end

    def _is_counted(self, reading: Reading) -> bool:
        """Say whether a number belongs to something else: a dose, a count of days, a fraction, a titre."""
        words = lab_words()
        if _LEADING_ZERO.match(self.text, reading.start) is not None:
            return True  # no laboratory prints a leading zero: a clock time, an identifier
        if words.specimen_units.match(self.text, reading.end):
            return True
        if reading.unit.lower() in ("u", "units", "unit") and _BLOOD_PRODUCT.match(self.text, reading.end):
            return True
        if reading.unit or reading.flag or reading.ref_high is not None or reading.times_uln:
            return False
        if _CLOCK.match(self.text, reading.start) and _SAMPLED.search(self.text[self.start : reading.start]):
            return True
        return words.counted.match(self.text, reading.end) is not None or (
            not self.manner.paired
            and _COUNT_GOES_ON.match(self.text[reading.end : reading.end + 6]) is not None
        )

    def _is_handed_over(self, reading: Reading, words: str) -> bool:
        supported = bool(reading.unit or reading.flag or reading.ref_high is not None or reading.times_uln)
        return _HANDED_OVER.search(words) is not None and (
            supported or _AFTER_BARE.match(self.text, reading.end) is not None
        )

    def _goes_on(self, reading: Reading, words: str) -> bool:
        """Say whether a further number is a value of the same analyte."""
        if JOINED.search(words):
            return True
        if self.pending is not None or self._is_dated_behind(reading):
            dated = self.pending is not None or self.found[-1].mention is not None or "(" in words
            lead = words
            if self.pending is not None:
                lead = words.replace(self.text[self.pending.start : self.pending.end], "")
            return dated and _PLAIN_SEPARATION.fullmatch(re.sub(r":", "", lead)) is not None
        if _MERE_LIST.fullmatch(words) is None:
            return False
        length = self._list_length(reading.start) + len(self.found)
        if reading.unit and length > len(self.found):
            return True  # "8,340 and 9,115 U/L"
        # "22,400 on 10/2 and 740 at discharge": two are enough where the second says when it was.
        return length >= _LIST_LENGTH or (
            length > len(self.found) and _SAYS_WHEN.match(self.text, reading.end) is not None
        )

    def _is_dated_behind(self, reading: Reading) -> bool:
        gap = re.compile(r"\s?\(?(?:on |in |as of |of |from )?").match(self.text, reading.end)
        at = gap.end() if gap is not None else reading.end
        i = bisect_left(self.dates, at, key=_START)
        return i < len(self.dates) and self.dates[i].start == at

    def _list_length(self, at: int) -> int:
        """Return how many bare numbers of one size stand in the list at *at*; 0 where the list counts something else."""
        count = 0
        first = self.found[0].reading.value
        while True:
            reading = read_value(self.text, at, self.end)
            if reading is None or self._is_counted(reading) or reading.percent:
                return 0
            if not first / 50 <= max(reading.value, 0.001) <= first * 50:
                return 0
            count += 1
            step = _MERE_LIST.match(self.text, reading.end, self.end)
            if step is None or not self.text[step.end() : step.end() + 1].isdigit():
                return count if _AFTER_BARE.match(self.text, reading.end) else 0
            at = step.end()

    # ---- words and signs

    def _sign(self) -> bool:
        if self.at < self.end and self.text[self.at].isalnum():
            return False
        pattern = _SEPARATOR if self.found else _SPACE
        match = pattern.match(self.text, self.at, self.end)
        if match is None and self.at >= self.end:
            return False
        if match is None:
            if (
                not self.found
                and self.text[self.at] == ","
                and re.match(r",[<>]?\d", self.text[self.at : self.at + 3])
            ):
                self.at += 1  # "CK,612,U/L"
                return True
            if (
                not self.found
                and self.text[self.at] in ",;"
                and lab_words().link.match(
                    self.text, self.at + 1 + (self.text[self.at + 1 : self.at + 2] == " ")
                )
            ):
                self.at += 1
                return True
            if not self.found and re.match(r"->|→|↑|↓|>", self.text[self.at : self.at + 2]):
                self.at += 1
                return True
            return False
        self.at = match.end()
        return True

    def _word(self) -> bool:
        link = lab_words().link.match(self.text, self.at, self.end)
        if link is not None and link.end() > self.at:
            self.at = link.end()
            return True
        word = _WORD.match(self.text, self.at, self.end)
        if word is None or self.found or self.unknown >= _UNKNOWN_WORDS:
            return False
        if re.search(r"[,;]", self.text[self.start : self.at]):
            return False
        self.unknown += 1
        self.at = word.end()
        return True
