"""
The ``organs`` reader: diseases of the organ systems with how bad they are said to be now.

A name alone seldom tells. The words of its own clause do: severe, progressing, uncontrolled against mild, stable,
controlled, resolved; what is negated ("no progression"), conditional ("if worse") or about another noun ("severe
weakness") is none of them. Whether a disease counts for a trial is the predicate's question.

Reads: doc.spans["concepts"] of kind organ_disease, doc._.layout. Writes: drafts of kind organ_disease.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.not_an_illness import is_initials, is_service
from chartsift.nlp.components.relatives import relative_named
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout, TextSpan
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion

_LEFT, _RIGHT = 60, 95
_OTHER_NOUN = (
    r"(?:\w+\s+){0,2}?(?:weakness|pain|fatigue|rash|prurit\w*|itch\w*|"
    r"myalgia\w*|headache\w*|skin|muscle|myopath\w*|myositis|dysphagia|"
    r"arthr\w*|joint|cutaneous|"
    r"dermatomyositis|calcinosis|deconditioning|symptoms of|weight|"
    r"obesity|burden|allerg\w*|nausea|vomiting|edema of|atrophy|contracture\w*|"
    r"osteo\w*|damage to|rhabdo\w*|"
    r"flare of (?:DM|JDM|myositis)|malnutrition|disability|MR\b|TR\b|AS\b)"
)
_BAD = re.compile(
    r"\b(?:(?P<severe>(?:very )?severe(?:ly)?|advanced|end-?stage|"
    r"decompensat\w+|life[- ]threatening|fulminant|critical(?:ly)?|"
    r"massive|profound|stage (?:4|5|IV|V)\b|grade (?:3|4|III|IV)\b|"
    r"class (?:IV|4)\b|requiring (?:ICU|hospitali[sz]ation|intubation|"
    r"transfusion\w*|(?:\w+ )?oxygen|O2|dialysis|pressors?)|in (?:the )?ICU|"
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
    r"(?![\w-]*\s+" + _OTHER_NOUN + r")",
    re.IGNORECASE,
)
_GOOD = re.compile(
    r"\b(?:(?P<controlled>(?:well|good|adequately|under|fully|better|"
    r"rate|medically|now|reasonably|diet)[- ]control\w*|control(?:led)?\b|"
    r"compensated|in (?:\w+ )?remission|remission|at goal|asymptomatic|"
    r"quiescent|inactive|quiet\b|silent|burn(?:ed|t) out|in check|doing (?:well|fine|ok)|seizure[- ]free|"
    r"no (?:recent )?(?:exacerbations?|angina|symptoms|flares?|seizures|"
    r"episodes|relapses?|hospitali[sz]ations?|attacks|recurrence)|"
    r"euvolemic|cured|improv(?:ed|ing|ement)|better\b|responding|recover(?:ed|"
    r"ing)|preserved|normali[sz]ed|normal|nl\b|good|fine|okay|ok\b|"
    r"excellent|clear(?:ed)?\b|did well|well[- ]managed|treated and|"
    r"on CPAP|managed (?:with|on|by))"
    r"|(?P<stable>stable|unchanged|(?:at|near) baseline|no (?:interval |"
    r"significant |further )?(?:change|progression|worsening|decline)|"
    r"steady|flat\b|not (?:progress\w*|worse\w*|advanc\w*))"
    r"|(?P<mild>mild(?:ly)?|minimal(?:ly)?|trace|borderline|slight(?:ly)?|"
    r"early|limited|subclinical|incidental|low[- ]grade|moderate(?:ly)?|"
    r"mild-moderate|stage (?:1|2|3|3a|3b|I|II|III|IIIa|IIIb)\b|3a\b|"
    r"3b\b|class (?:I|II|1|2)\b|grade (?:1|2|I|II)\b|intermittent))",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"\b(?:resolved|cleared|recovered|cured|healed|gone|remote|prior|"
    r"previous(?:ly)?|past|s/p|status post|history of|h/o|hx of|hx|"
    r"as a (?:child|teen\w*|baby|kid)|in (?:childhood|adolescence|"
    r"infancy|college|remission since)|childhood|years ago|yrs? ago|"
    r"months ago|last (?:year|winter|summer|spring|fall)|"
    r"old\b|no recurrence|none since|completed|finished|(?:is|was|are|now|all)\s+over\b|ruled out|"
    r"after which|since then|behind (?:him|her)|off (?:meds|treatment)|"
    r"treated (?:in|with|19|20)|at that time|no longer|repaired|ablated|"
    r"fixed|reversed|had\b|x\s?1\b|once\b|postpartum|during (?:pregnancy|"
    r"admission|the hospital\w*)|d/t|secondary to that)",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:no|not|without|denies|never|nor|neither|free of|absence of|"
    r"no evidence of|no sign\w* of|isn't|hasn't|wasn't|rule[sd]? out|"
    r"negative for|unlikely|w/o)\b[^,;:.]{0,28}$",
    re.IGNORECASE,
)
_IF = re.compile(
    r"\b(?:if|risk (?:of|for)|monitor\w*(?: for)?|watch(?:ing)? for|"
    r"prevent\w*|could|may|might|should|in case|avoid\w*|unless|until|"
    r"when|future|concern (?:for|about)|worry|potential(?:ly)?|to (?:slow|"
    r"halt|stop|treat any)|screen\w* for|assess\w* for|r/o|rule out|"
    r"\?)[^,;.]{0,30}$",
    re.IGNORECASE,
)
_RISK_LIST = re.compile(
    r"\b(?:risks?|complications?|side effects?|adverse (?:events?|"
    r"effects?))\b[^.;]{0,160}\b(?:includ\w+|such as|like|are|:)[^.;]{0,260}$",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(r"[.;|](?=\s|$)|\n\s*\n|\n\s*(?:[-*#•]|\d{1,2}[.)])|\s{4,}")
_GAP = re.compile(
    r"[\s,/-]*(?:(?!(?:with|and|but|or|in|to|on|plus|without|despite)\b)[\w'/-]+\s+){0,3}(?"
    r":(?:of|in)\s+(?:(?:her|his|the|their|my|known|underlying)\s+)?(?:[\w-]+\s+){0,2})?$",
    re.IGNORECASE,
)
_LISTS = frozenset({"past_history", "problem_list"})
_SKIPPED = frozenset({"family_history", "allergies", "immunizations", "social_history"})
# A statement about the measured function of an organ names no disease.
_FUNCTION_NAMES = frozenset({"kidney function", "renal function", "blood pressure control"})
_EARLIER_DAYS = 120
# Diseases that the vocabulary of mimics names as well; where its span was kept, the organ is read from it.
_MIMICS = {
    "neurogenic": ("neurological", {"disease": "neuro_chronic", "weight": "major"}),
    "myasthenia": ("neurological", {"disease": "neuro_chronic", "weight": "major"}),
}
_HISTORY_OF = frozenset({"history of", "h/o", "hx of", "hx"})
_DRUG_BEFORE = re.compile(
    r"\b(?:\w+(?:prine|mab|ate|cin|nib|lone|sone|limus|cept|zole|mide|ide|line|quine|statin|cillin|olol|"
    r"pril)|IVIG|MTX|AZA|MMF|CYC|"
    r"RTX|HCQ|allerg\w*|intoleran\w*)\s*(?:stopped|held|off|d/c'?d|discontinued)?\s*(?:(?P<open>\()|->|"
    r"→|:|=)\s*(?:[\w-]+\s){0,2}$",
    re.IGNORECASE,
)
_HISTORY_LINE = re.compile(
    r"\s*(?:[-*•#]\s*)?(?:PMHx?|PMSHx?|past (?:medical )?(?:history|hx)|medical history|"
    r"problem list)\s*(?:[|:]|\.{2,})",
    re.IGNORECASE,
)
# A kidney, liver, heart, lung or marrow that failed and was replaced.
_REPLACED_BY_GRAFT = frozenset(
    {"esrd", "aki", "liver_failure", "marrow", "heart_failure", "lung_failure", "hepatic_acute"}
)
_GRAFT = (
    r"(?:(?:kidney|renal|liver|hepatic|heart|cardiac|lung|marrow|stem cell|DD|LD|LR|LU|living|deceased|"
    r"donor|orthotopic|allo\w*|haplo\w*)"
    r"[\s-]*){0,4}(?:transplant\w*|graft\w*|DDKT|LDKT|LRKT|LURT|DDRT|LRRT|OLT|OLTX|LTX|KTx|RTx|OHT|BOLT|"
    r"BLT|HCT|HSCT|SCT|BMT|tx)\b"
)
_GRAFT_AFTER = re.compile(
    rf"[^.;]{{0,70}}?\b(?:s/p|status post|then|until|before|followed by|requir\w+|led to|leading to|"
    rf"treated (?:with|by)|received|had|"
    rf"got|and|now with|underwent|after|with|->|→)?\s*(?:an?\s|his\s|her\s|"
    rf"the\s)?(?<!for )(?<!for a )(?<!needs )\b{_GRAFT}"
    r"(?!\s*(?:eval\w*|list\w*|work-?up|candidate|candidacy|referral|clinic|team|assessment|consult))|"
    r"[^.;]{0,40}\b(?:HD|PD|dialysis|hemodialysis)\s(?:from\s)?(?:19|20)\d\d\s?(?:-|–|to|"
    r"until)\s?(?:(?:19|20)?\d\d)",
    re.IGNORECASE,
)
_GRAFT_BEFORE = re.compile(
    rf"(?:^|[\s,(])(?:s/p\s|status post\s)?{_GRAFT}[^.;]{{0,30}}\b(?:for|due to|because of|from|after|"
    rf"d/t|2/2)\s(?:[\w-]+\s){{0,3}}$",
    re.IGNORECASE,
)
_GRAFT_FAILED = re.compile(
    r"\b(?:fail(?:ed|ing|ure of (?:the|her|his) (?:graft|transplant))|reject(?:ed|ion)|back on (?:HD|"
    r"dialysis)|waiting|waitlist\w*|listed|"
    r"awaiting|candidate|eval\w*|pending|planned|no (?:prior )?transplant|not (?:yet )?transplanted|"
    r"declined|considering|discuss\w*)\b",
    re.IGNORECASE,
)
# "Three seizures this week", "a fit every month": seizures that still come are not controlled.
_HOW_OFTEN = re.compile(
    r"\s*(?:this|per|a|an|every|each|in the (?:last|past))\s+(?:\w+\s)?(?:day|night|week|month)s?\b",
    re.IGNORECASE,
)
_FATAL = frozenset({"als", "amyotrophic lateral sclerosis", "motor neuron disease"})


class Organs:
    """Turn mentions of organ diseases into drafts with severity, course and control."""

    def __call__(self, doc: Doc) -> Doc:
        spans = [
            span
            for span in concept_spans(doc, ["organ_disease", "mimic"])
            if span.label_ == "ORGAN_DISEASE" or sense_of(span).concept.concept in _MIMICS
        ]
        if spans:
            drafts_of(doc).extend(_read(doc, spans))
        return doc


def _read(doc: Doc, spans: Sequence[Span]) -> Iterator[Draft]:
    text: str = doc._.note_text
    bounds = {span: source_range(span) for span in spans}
    spans = [span for span in spans if not _is_no_illness(text, *bounds[span])]
    for i, span in enumerate(spans):
        start, end = bounds[span]
        left_limit = bounds[spans[i - 1]][1] if i > 0 else 0
        right_limit = bounds[spans[i + 1]][0] if i + 1 < len(spans) else len(doc._.note_text)
        yield _draft(doc, span, start, end, left_limit, right_limit)


def _is_no_illness(text: str, start: int, end: int) -> bool:
    if is_initials(text, start, end):
        return True
    # Whoever goes to a dialysis unit is on dialysis.
    return is_service(text, end) and "dialys" not in text[start:end].lower()


def _draft(doc: Doc, span: Span, start: int, end: int, left_limit: int, right_limit: int) -> Draft:
    layout: Layout = doc._.layout
    text = layout.text
    concept = sense_of(span).concept
    system, fixed = concept.concept, dict(concept.attributes)
    if concept.kind == "mimic":
        system, fixed = _MIMICS[concept.concept][0], dict(_MIMICS[concept.concept][1])
        if text[start:end].lower() in _FATAL:
            fixed = {"disease": "als", "weight": "severe"}
        elif text[start:end].lower().startswith("guillain"):
            fixed = {"disease": "neuro_acute", "weight": "acute"}
    attributes = dict(fixed)
    left, right = _clauses(layout, start, end, left_limit, right_limit)
    section = layout.section_at(start).category
    assertion, cues = assertion_of(span)
    if assertion == "family" and not relative_named(text, start, end):
        assertion = "present"
    assertion = _refined(assertion, text[start:end], left, right, section)
    sentence = layout.sentence_at(start)
    if assertion == "present" and _RISK_LIST.search(
        text[max(min(sentence.start, start), start - 400) : start]
    ):
        assertion = "hypothetical"
    levels, words = _levels(left, right)
    if fixed["disease"] == "epilepsy" and _HOW_OFTEN.match(right):
        levels.add("uncontrolled")
    if fixed.get("course") == "progressive":
        levels.add("progressive")
    level = _level(levels)
    over = _is_over(doc, layout, start, end, left, right, fixed.get("weight", ""))
    if assertion == "historical" or (
        over and assertion == "present" and level not in ("severe", "progressive", "uncontrolled")
    ):
        # "history of asthma, well controlled" is a present disease that is controlled.
        chronic = fixed.get("weight") in ("major", "minor", "severe")
        lasting = chronic and level in ("controlled", "stable", "mild")
        if (
            chronic
            and not over
            and _level(_levels("", right)[0]) in ("severe", "progressive", "uncontrolled")
        ):
            # "history of asthma, poorly controlled": what follows is said of now.
            lasting = True
        level = level if lasting else "resolved"
        assertion = "present" if lasting else "historical"
    if assertion == "present" and (
        _of_a_drug(left, right, fixed) or _replaced(text, sentence, start, end, fixed)
    ):
        attributes["level"] = level = "resolved"
        assertion = "historical"
    if text[start:end].lower() in _FUNCTION_NAMES and level == "":
        level = "unspecified"
    attributes["level"] = level or "unspecified"
    if section in _LISTS or _HISTORY_LINE.match(text, text.rfind("\n", 0, start) + 1, start):
        attributes["listed"] = "yes"
    if section in _SKIPPED and assertion == "present" and section != "social_history":
        assertion = "family" if section == "family_history" else "hypothetical"
    if section == "ros":
        attributes["templated"] = "yes" if layout.is_templated(start) else "no"
    begin, finish = _widened(text, start, end, left, right, words)
    return Draft(
        begin,
        finish,
        "organ_disease",
        system,
        assertion,
        "organs:disease",
        (*cues, *words),
        score=0.9,
        attributes=attributes,
    )


def _of_a_drug(left: str, right: str, fixed: dict[str, str]) -> bool:
    """Say whether an episode is only the reason why a drug was left: "azathioprine (pancreatitis)"."""
    if fixed.get("weight") not in ("acute", "minor"):
        return False
    drug = _DRUG_BEFORE.search(left)
    return drug is not None and (drug["open"] is None or re.match(r"[^()]{0,25}\)", right) is not None)


def _replaced(text: str, sentence: TextSpan, start: int, end: int, fixed: dict[str, str]) -> bool:
    """Say whether the sentence names the graft that replaced the failed organ, or dialysis that has ended."""
    if fixed.get("disease") not in _REPLACED_BY_GRAFT:
        return False
    after = text[end : min(max(sentence.end, end), end + 110)]
    before = text[max(sentence.start, start - 60) : start]
    if _GRAFT_FAILED.search(before + " " + after):
        return False
    return _GRAFT_AFTER.match(after) is not None or _GRAFT_BEFORE.search(before) is not None


def _clauses(layout: Layout, start: int, end: int, left_limit: int, right_limit: int) -> tuple[str, str]:
    """Return the words of the clause before and after a mention, up to the neighbouring disease."""
    text = layout.text
    sentence = layout.sentence_at(start)
    left = text[max(min(sentence.start, start), start - _LEFT, left_limit) : start]
    cuts = [m.end() for m in _BOUNDARY.finditer(left)]
    left = left[cuts[-1] :] if cuts else left
    right = text[end : min(max(sentence.end, end), end + _RIGHT, max(right_limit, end))]
    stop = _BOUNDARY.search(right)
    right = right[: stop.start()] if stop is not None else right
    if right_limit - end < _RIGHT and stop is None:
        # What stands right before the next disease is its adjective, not this one's.
        if re.search(r"[,;:]|\b(?:and|with|or)\b", right):
            right = re.sub(r"(?:[,;:]|\band\b|\bwith\b|\bor\b|/)[^,;:]{0,40}$", "", right)
        elif not _FOLLOWS.match(right):
            right = ""
    return left, right


_FOLLOWS = re.compile(
    r"\s*(?:is|was|are|remains?|has been|now|\()?\s*(?:(?:well[- ])?controlled|"
    r"stable|severe|mild|moderate|active|resolved|worsening|progress\w*|"
    r"compensated|quiescent|flar\w+|uncontrolled|at goal|in remission)\b",
    re.IGNORECASE,
)


_OTHER_SUBJECT = re.compile(
    r"\b(?:myositis|muscles?|skin|rash|DM|JDM|arthritis|joints?|dysphagia|strength)\s+(?:is\s+|still\s+|very\s+)*$",
    re.IGNORECASE,
)


def _levels(left: str, right: str) -> tuple[set[str], tuple[str, ...]]:
    """Return the levels that the clause names, and the words that do."""
    levels: set[str] = set()
    words: list[str] = []
    taken: dict[str, list[tuple[int, int]]] = {"left": [], "right": []}
    for pattern in (_BAD, _GOOD):
        for match in pattern.finditer(left):
            # "poorly controlled" holds "controlled", which is not what it says.
            if (
                any(s < match.end() and match.start() < e for s, e in taken["left"])
                or _GAP.match(left, match.end()) is None
                # "Myositis active, ILD stable": what is said of the disease named before.
                or _OTHER_SUBJECT.search(left[: match.start()])
            ):
                continue
            if pattern is _BAD:
                taken["left"].append(match.span())
            _note(match, left, levels, words)
        for match in pattern.finditer(right):
            if any(s < match.end() and match.start() < e for s, e in taken["right"]):
                continue
            if pattern is _BAD:
                taken["right"].append(match.span())
            between = right[: match.start()]
            if (
                re.search(r"\b(?:with|and|but|now|on|is|was|has|remains?)\b|[,:(-]|^\s*$", between) is None
                and len(between.split()) > 4
            ):
                continue
            _note(match, right, levels, words)
    return levels, tuple(dict.fromkeys(words))


def _note(match: re.Match[str], clause: str, levels: set[str], words: list[str]) -> None:
    name = next(key for key, value in match.groupdict().items() if value)
    before = clause[: match.start()]
    if _NEGATED.search(before):
        if name in ("severe", "progressive", "uncontrolled"):
            levels.add("stable" if name != "severe" else "mild")
        elif name == "controlled" and re.search(r"\bnot\b[^,;]{0,12}$", before, re.IGNORECASE):
            levels.add("uncontrolled")
        return
    if _IF.search(before) or re.search(
        r"\bhad (?:an?|her|his|the|one|two|several)\s(?:\w+\s){0,2}$", before, re.IGNORECASE
    ):
        return
    levels.add(name)
    words.append(match.group())


def _level(levels: set[str]) -> str:
    """Return the one level that a clause comes to."""
    if "severe" in levels and not levels & {"controlled"}:
        return "severe"
    if "uncontrolled" in levels and "controlled" not in levels:
        return "uncontrolled"
    if "progressive" in levels and not levels & {"stable", "controlled"}:
        return "progressive"
    for name in ("controlled", "stable", "mild"):
        if name in levels:
            return name
    return ""


def _refined(assertion: Assertion, surface: str, left: str, right: str, section: str) -> Assertion:
    """Correct the general reading where its cue speaks of a change ("no progression of ILD") or of another thing."""
    if re.search(r"\(\s*[-–−]\s*\)\s*$", left):
        return "absent"  # "psych (-) SI"
    if assertion == "present" and re.match(
        r"\s*(?:was |were |is )?(?:discussed|as an? (?:possible |rare |known |potential )?(?:risk|"
        r"complication|side[- ]effect|adverse)|risk\b|precautions|screening)",
        right,
        re.IGNORECASE,
    ):
        return "hypothetical"
    if assertion == "absent" and re.search(
        r"\b(?:no|not|without|w/o|never)\s+(?:\w+\s){0,2}(?:progress\w*|"
        r"worsen\w*|change|decline|exacerbat\w*|flares?|evidence of progress\w*|"
        r"recurrence|severe|significant|active|acute|decompensat\w*)\s(?:\w+\s){0,2}(?:of|"
        r"in)\s",
        left,
        re.IGNORECASE,
    ):
        return "present"
    if assertion == "possible" and (
        re.match(
            r"\s*(?:is|was|felt|seems|thought)?\s*(?:to be\s)?(?:less likely|unlikely|not likely|improbable|"
            r"excluded|ruled out)\b",
            right,
            re.IGNORECASE,
        )
        or re.search(
            r"\b(?:unlikely|doubt|low suspicion for|not suggestive of|speaks against|"
            r"argues against)\s+(?:an?\s)?$",
            left,
            re.IGNORECASE,
        )
    ):
        return "absent"
    if (
        assertion in ("hypothetical", "possible")
        and re.search(r"\b(?:on|for|with|known|his|her|has)\s*$", left)
        and re.match(
            r"\s*(?:is|,)?\s*(?:stable|severe|worsening|progressive|uncontrolled|"
            r"controlled)",
            right,
            re.IGNORECASE,
        )
    ):
        return "present"
    return assertion


def _is_over(doc: Doc, layout: Layout, start: int, end: int, left: str, right: str, weight: str) -> bool:
    """Say whether the clause places a disease in the past."""
    near_left, near_right = left[-35:], right[:60]
    for words, side in ((near_left, "left"), (near_right, "right")):
        for match in _OVER.finditer(words):
            if _NEGATED.search(words[: match.start()]) and match.group().lower() not in (
                "no recurrence",
                "no longer",
            ):
                continue
            if weight in ("major", "minor", "severe") and match.group().lower() in _HISTORY_OF:
                continue  # of a lasting disease it says that the person has it
            if match.group().lower() == "hx" and words[match.end() : match.end() + 1] in (":", "|", "."):
                continue  # the heading of a history
            if side == "left" and _GAP.match(words, match.end()) is None:
                continue
            if side == "right" and match.group().lower() in (
                "had",
                "past",
                "prior",
                "previous",
                "old",
                "once",
                "over",
                "hx",
            ):
                continue
            return True
    if weight not in ("acute", "major"):
        return False
    dates = find_dates(
        layout.text, note_date_of(doc), start=max(0, start - 25), end=min(len(layout.text), end + 60)
    )
    today = note_date_of(doc)
    for mention in dates:
        beside = (
            layout.text[mention.end : start] if mention.end <= start else layout.text[end : mention.start]
        )
        if re.search(r"[.;|\n]|\bsince\b|\bdx\b|\bdiagnos|\bonset\b|\bfrom\s*$", beside, re.IGNORECASE):
            continue
        if weight == "acute" and (today - mention.last).days > _EARLIER_DAYS:
            return True
    return False


def _widened(text: str, start: int, end: int, left: str, right: str, words: Sequence[str]) -> tuple[int, int]:
    """Return the mention together with the deciding words right beside it, for a reader to see both."""
    if not words:
        return start, end
    finish = end
    for word in words:
        at = right.find(word)
        if 0 <= at <= 60:
            finish = max(finish, end + at + len(word))
    return start, finish


register("organs", lambda nlp: Organs())
