"""
Reactions to cyclophosphamide and fludarabine.

Each mention of a drug is read with the words that belong to it: up to the next drug, the end of the entry or of the
sentence; "anaphylaxis to ..." before it; or a sentence that only says "Reaction: hives" or "it was tolerated" after
it. A reaction is never taken from a neighbour in a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from chartsift.nlp.components.drug_entries import drafts_of_reaction, in_allergy_list
from chartsift.nlp.components.drug_follow_ups import of_follow_ups, taken_back_later
from chartsift.nlp.components.drug_mentions import OTHER_DRUG, DrugMention, drug_mentions
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.reaction_words import Reaction, Severity, read_reaction
from chartsift.nlp.text.answers import ticked
from chartsift.nlp.text.layout import Layout

# ---- where
# "Severe reaction to fludarabine or cyclophosphamide? No"
_FORM_NO = loosely(
    r"[^.;:?|\n]{0,30}?(?:[?:=|]|\.{2,}|\s[-–]|\t|\s{3,})[ \t?]*(?:(?P<never>never\b|n/a\b|"
    r"not applicable|not exposed)"
    r"|(?:no|none|n|nil|denie[sd]|negative|absent|0)(?=\s*(?:$|[.;,|)\n])))"
)
# "Skin prick and intradermal tests with cyclophosphamide were positive".
_TESTS_WITH = loosely(
    r"\b(?:(?:skin|prick|patch|intradermal|allergy|challenge|provocation)[- ]?(?:prick )?(?:and |or |/|, )?){1,3}(?:tests?|testing|challenge)?\s+"
    r"(?:with|to|for|against)\s+(?:the )?$"
)
_TEST_RESULT = loosely(
    r"\s*(?:\([^)\n]{0,30}\)\s*)?(?:was|were|is|are|came back|turned|remained|stayed)\s+(?:all |both |clearly |also |again )?"
    r"(?:(?P<yes>pos\w*|reactive)|(?P<no>neg\w*|non-?reactive|unremarkable))\b"
)
_EMPTY_BOX = re.compile(r"(?:\[ ?\]|[☐□])[^\[\]☐□☒☑\n]{0,60}$")
# What could happen, or is to be done then.
_IN_CASE = loosely(
    r"\b(?:if(?! (?:I|memory|we|records?)\b)|in case of|in the event of|risks? (?:of|with|from)|"
    r"side[- ]effects? of|toxicit(?:y|ies) of"
    r"|consent(?:ed)? (?:for|to)|counsel\w* (?:on|about|re))\b[^.;,]{0,40}$"
)
_ALLERGIC_TO = loosely(
    r"\b(?:allerg(?:y|ic|ies)|hypersensitiv\w*|intoleran(?:t|ce)|(?:adverse |bad |prior |previous |allergic "
    r"|infusion )?reactions?|reacted|rxn)\s+(?:to|with|from|after|following|on)\s+(?:the |her |his |IV |i\.v\. "
    r"|oral |PO |high[- ]dose |first |second )*$"
)
# "No cyclophosphamide or fludarabine so far": the denial stands on both sides.
_NO_DRUG = loosely(r"\b(?:no|never|without|neither)\s+(?:IV |oral |prior |high-dose )?$")
_REFUTED = loosely(
    r"\s*(?:was |were |has been |is |since |now |formally )*(?:ruled out|excluded|refuted|disproven|disproved"
    r"|not confirmed)\b"
)
_SO_FAR = loosely(
    r"\s*(?:(?:has|have|had|was|were|been|therapy|treatment|exposure)\s+)*(?:given|used|received|so far|to date"
    r"|ever|before|previously|yet|until now|up to now|in the past|exposure)\b"
)
_BARE_END = loosely(r"\s*(?=$|[,.;)\n])")
# "The culprit was rocuronium, not cyclophosphamide."
_NOT_THIS = loosely(
    r"\bnot (?P<to>(?:to |due to |from |with |caused by |because of |after )+)?(?:the |her |his )*$"
)
_NOT_THE_OTHER = loosely(r"\b(?:not|never) (?:\w+ ){0,3}$")
_BUT_TO = loosely(
    r",?\s*but (?:rather |really )?(?:(?:to|due to|from|with|after|on|by) )?(?:the |her |his )?"
)
_ANSWER = loosely(
    r"\s*(?:(?:the )?(?:patient|pt|she|he|mother|father|mum|mom|family|husband|wife)\b[^.;?\n]{0,20}?)?\b(?:(?P<no>no|denie[sd]|not allergic|never)"
    r"|yes)\b(?P<rest>[^.;?\n]{0,80})"
)
_OF_A_REACTION = loosely(
    r"allerg|react|\brxn|anaphyl|hypersens|\brash|hives|urticari|angio|intoleran|culprit|\bitch|swell|wheez|bronchosp"
)
# What goes on after a semicolon with the same drug: "CYC x3; third complicated by ...".
_GOES_ON = loosely(
    r"[;\n]\s*(?:the |on |after |during |with |at )*(?:first|second|third|fourth|last|\d(?:st|nd|rd|"
    r"th)|#\s?\d|dose|cycle|pulse"
    r"|infusion|complicated|c/b|developed|no (?:infusion |allergic )?(?:reactions?|rxn|issues?|problems?|complications?)"
    r"|(?:well )?tolerated|uneventful|reaction|rxn|stopped (?:for|due|because)|ceased (?:for|due|because)"
    r"|(?:(?:she|he|they|pt|patient) )?(?:(?:has|have|had) )?never|(?:allergy )?(?:entry|label|list|listing|record|alert|flag)"
    r"|(?:\w+ )?(?:mother|father|mum|mom|dad|parents?|wife|husband|patient|pt|family|daughter|son|carer|pharmacy|pharmacist"
    r"|allergist|allergy clinic|GP|oncology)(?: \w+){0,4}(?=:| (?:says?|said|tells?|told|reports?|states?|confirm\w*|remembers?|recalls?|insists?|adds?)\b)|(?:it|this|that|the culprit) (?:was|is)"
    r"|(?:at |after |within )?\d{1,3} (?:min(?:ute)?s?|hours?|hrs?)|(?:at )?(?:(?:[01]?\d|2[0-3])[:h][0-5]\d|[01]\d[0-5]\d|2[1-3][0-5]\d)(?= (?!mg|ml|g |IU|units|U/)))\b"
)
_JOINED = loosely(
    r"^(?:[\s,/&+\-–()]|\d[\d.,]*|mg\w*(?:/\w+)*|m2|m²|kg|days?|d\b|and|or|to|then|plus|with|IV|PO|x\s?\d+|d-?\d+"
    r"|tot(?:al)?|g\b|q\d\w*|dose|doses|either|nor)*$"
)
LEFT_JOIN = loosely(
    # "Anaphylaxis (cyclophosphamide, 2016)"
    r"(?:anaphyl\w*|shock|reaction|angio-?(?:o)?edema|bronchospasm|hives|urticaria|drug rash|allergic rash|SJS|DRESS|stevens-johnson(?: syndrome)?|serum[- ]sickness|hypersensitivity|allergy) ?[(\[] ?(?:IV |oral |to |from |after )?$|(?:\b(?:to|into|with|after|from|during|on|following|secondary to|2/2|d/t|due to|of|re|for|by|post"
    r"|per|under|upon|against|whil(?:e|st) on|unter|auf|caused by|triggered by|provoked by|"
    r"culprit(?: was)?|(?:this|it) was)\b|:|-"
    r"|–|/)\s*(?:(?:the|each|every|her|his|their|IV|i\.v\.|PO|oral|high[- ]dose|low[- ]dose|first|second|third"
    r"|last|one|dose|doses|cycles?|course|courses|of|\d+|#\d|infusions?|pulses?|and|cytotoxics?|like|prior"
    r"|previous|monthly|use|exposure|treatment)\s*)*$"
    r"|\b(?:tolerat\w*|tol['’]d|never (?:had|received|given|been given|been on|took|taken|tried|used|got)"
    r"|(?:can(?:not|['’]t)|must not|not to|never to|do not) (?:have|get|receive|take|be given"
    r"|re-?challenge(?: with)?)|no (?:prior|previous|past|known)?|not (?:had|received)|without|avoid(?:ed)?|denies"
    r"|not (?:previously )?(?:been )?(?:exposed to|given|received)|naive to|received)\s*(?:(?:any|the|her|his|IV"
    r"|prior|previous|dose|doses|cycles?|courses?|monthly|pulse|pulses|oral|of|\d+|x\d|exposure|to|known|allergy"
    r"|history|six|four|five|three|both|either)\s*)*$"
)


def reaction_drafts(text: str, layout: Layout) -> list[Draft]:
    """Return what the note says of reactions to cyclophosphamide and fludarabine (kind ``contraindication``)."""
    mentions = list(drug_mentions(text, layout))
    if not mentions:
        return []
    found: list[Draft] = []
    for i, mention in enumerate(mentions):
        following = mentions[i + 1] if i + 1 < len(mentions) else None
        before = mentions[i - 1] if i else None
        found.extend(_of_mention(text, layout, mention, before, following))
    found.extend(taken_back_later(text, layout, found))
    found.extend(of_follow_ups(text, layout, mentions, found))
    return list(_distinct(_named_elsewhere(found)))


def _named_elsewhere(drafts: list[Draft]) -> Iterator[Draft]:
    """Give an allergy without its reaction ("the Endoxan allergy") the severe one that the same note tells of."""
    severe = {
        d.concept for d in drafts if d.attributes.get("severity") == "severe" and d.assertion == "present"
    }
    for draft in drafts:
        if (
            draft.concept in severe
            and draft.attributes.get("severity") == "unknown"
            and draft.assertion == "possible"
        ):
            yield replace(draft, assertion="present", attributes={**draft.attributes, "severity": "severe"})
        else:
            yield draft


def _of_mention(
    text: str, layout: Layout, mention: DrugMention, before: DrugMention | None, following: DrugMention | None
) -> Iterator[Draft]:
    sentence = layout.sentence_at(mention.start)
    floor = min(sentence.start, mention.start)
    line = layout.line_at(mention.start)
    # In a row of a table the dots of a leader end no sentence.
    leader = re.match(r"[^\n]{0,30}?(?:\.{3,}|\t|\s{3,}|\|)", text[mention.end : line.end])
    ceiling = max(
        min(max(sentence.end, line.end) if leader else sentence.end, mention.end + 260), mention.end
    )
    drugs = mention.drugs
    stop, shared = _stop(text, mention, following, ceiling)
    right = text[mention.end : stop]
    if shared is not None:
        return  # read with the drug that it is joined to
    joined = before
    begin = mention.start
    while joined is not None and joined.start >= floor and _JOINED.match(text[joined.end : begin]):
        drugs = tuple(dict.fromkeys((*joined.drugs, *drugs)))
        begin, joined = joined.start, None
    left_floor = max(
        floor, joined.end if joined else floor, before.end if before and before.end <= begin else floor
    )
    left = _after_boundary(text[max(left_floor, begin - 120) : begin])
    listed = in_allergy_list(text, layout, mention.start)
    reaction, first, last = None, begin, mention.end
    own = read_reaction(right, listed=listed) if not _REFUTED.match(right) else None
    if own is not None:
        reaction, last = own, mention.end + own.end
    if _IN_CASE.search(left):
        return
    leads = LEFT_JOIN.search(left) or _NOT_THIS.search(left)
    if leads:
        lead = read_reaction(left, before_drug=True, listed=listed)
        if lead is not None and lead.severity in ("severe", "hives", "unknown") and _REFUTED.match(right):
            lead = Reaction("corrected", (*lead.cues, "ruled out"), lead.start, lead.end)
        if lead is not None and (
            reaction is None or lead.severity == "severe" or lead.severity in ("never", "corrected")
        ):
            reaction, first = lead, begin - len(left) + lead.start
        if lead is not None and lead is reaction and reaction.severity in ("severe", "hives", "unknown"):
            asked = _asked_by_form(text, layout, mention.end, first, reaction)
            if asked is None:
                return
            reaction, last = asked[0], max(last, asked[1])
    if reaction is None and (tested := _tested(left, right)) is not None:
        reaction, first, last = tested[0], begin - len(left) + tested[1], mention.end + tested[2]
    not_this = _NOT_THIS.search(left)
    if not_this and (
        reaction is None or (first < begin and reaction.severity in ("severe", "hives", "unknown"))
    ):
        # "Rash to fluconazole, NOT to fludarabine": told of another substance, and so a word on this one.
        told = text[max(floor, begin - 160) : begin]
        if reaction is not None or (not_this.group("to") and _OF_A_REACTION.search(told)):
            first = begin - len(not_this.group())
            reaction = Reaction("corrected", ("another drug's",), 0, 0)
    so_far = _SO_FAR.match(right) or _BARE_END.match(right)
    if reaction is None and so_far and _NO_DRUG.search(left):
        reaction, first, last = (
            Reaction("never", ("no ... so far",), 0, 0),
            begin - 3,
            mention.end + so_far.end(),
        )
    if reaction is None and (_ALLERGIC_TO.search(left) or (listed and not mention.either)):
        if not re.search(r"\b(?:no|not|denies|never|without|no known)\b[^,;]{0,30}$", left, re.IGNORECASE):
            reaction = Reaction("unknown", ("allergy without a reaction",), 0, 0)
            last = mention.end + len(right.rstrip(" .,;")) if len(right) < 60 else mention.end
        else:
            reaction = Reaction("none", ("not allergic",), 0, 0)
    if reaction is not None and reaction.severity in ("unknown", "hives") and right.rstrip().endswith("?"):
        reaction, last = _answered(text, sentence.end, reaction, last)
    if reaction is None or (mention.either and reaction.severity in ("never", "unknown")):
        return
    yield from drafts_of_reaction(text, layout, first, last, drugs, reaction)


def _asked_by_form(
    text: str, layout: Layout, end: int, first: int, asked: Reaction
) -> tuple[Reaction, int] | None:
    """Return what a form answers about the reaction *asked* to a drug, and where it ends; None of an empty form."""
    boxes = ticked(layout, end)
    if boxes is not None:
        if boxes.said == "nothing":
            return None
        return (Reaction("none", (boxes.words,), 0, 0) if boxes.said == "no" else asked), boxes.end
    line = layout.line_at(end)
    answered = _FORM_NO.match(text, end, line.end)
    if answered is not None:
        severity: Severity = "never" if answered.group("never") else "none"
        return Reaction(severity, (answered.group().strip(),), 0, 0), answered.end()
    if _EMPTY_BOX.search(text, line.start, first):
        return Reaction("none", ("box left empty",), 0, 0), 0
    return asked, 0


def _tested(left: str, right: str) -> tuple[Reaction, int, int] | None:
    """Return what tests with the drug between *left* and *right* showed, from where in the one to where in the other."""
    tests = _TESTS_WITH.search(left)
    result = _TEST_RESULT.match(right) if tests is not None else None
    if tests is None or result is None:
        return None
    severity: Severity = "unknown" if result.group("yes") else "none"
    return Reaction(severity, (result.group().strip(),), 0, 0), tests.start(), result.end()


def _answered(text: str, end: int, asked: Reaction, last: int) -> tuple[Reaction, int]:
    """Return what the words after a question at *end* answer: "Cytoxan allergy? Patient says no." """
    answer = _ANSWER.match(text, end)
    if answer is None:
        return asked, last
    if answer.group("no"):
        return Reaction("none", (answer.group().strip(),), 0, 0), answer.end()
    told = read_reaction(answer.group("rest"), listed=True)
    return (told or asked), answer.end() if told else last


def _stop(
    text: str, mention: DrugMention, following: DrugMention | None, ceiling: int
) -> tuple[int, DrugMention | None]:
    """Return where the words of *mention* end, and the drug that shares them with it, if one does."""
    stop = ceiling
    if following is not None and following.start < ceiling:
        between = text[mention.end : following.start]
        if _JOINED.match(between) and following.start - mention.end < 60:
            return following.start, following
        if mention.either or not set(following.drugs) & set(mention.drugs):
            stop = following.start
    depth = 0
    for match in re.finditer(
        rf"(?P<open>[(\[])|(?P<close>[)\]])|(?P<cut>;|\n)|(?P<drug>{OTHER_DRUG.pattern})",
        text[mention.end : stop],
        re.IGNORECASE,
    ):
        if match.lastgroup == "open" or match.group("open"):
            depth += 1
        elif match.group("close"):
            depth = max(0, depth - 1)
        elif match.group("cut") and _GOES_ON.match(text, mention.end + match.start(), stop):
            continue
        elif match.group("cut") or (
            depth == 0
            and not re.search(
                r"\b(?:with|w/|\+|plus|after|pre-?med\w*|given|and|without|w/o|instead of|not(?: to| from| due to)?(?: the)?|"
                # "It was the amoxicillin": the other drug takes the reaction over.
                r"(?:it|this|that|culprit|offender|reaction|hives|rash|anaphylaxis|allergy|cause|trigger) (?:was|is|were)"
                r"(?: (?:really|actually|in fact|rather|to|from|due to|caused by|the|an?|her|his))*)\s+$",
                text[mention.end : mention.end + match.start()],
                re.IGNORECASE,
            )
        ):
            return mention.end + match.start(), None
    return stop, None


def _after_boundary(left: str) -> str:
    cut = max(left.rfind(";"), left.rfind("\n"), left.rfind(". "))
    left = left[cut + 1 :] if cut >= 0 else left
    drugs = list(OTHER_DRUG.finditer(left))
    if not drugs:
        return left
    after = left[drugs[-1].end() :]
    denied = _NOT_THE_OTHER.search(left, drugs[-2].end() if len(drugs) > 1 else 0, drugs[-1].start())
    if denied is None or not _BUT_TO.fullmatch(after):
        return after
    # "Not due to rituximab but to ...": what stands before is told of this drug.
    first = drugs[-2].end() if len(drugs) > 1 else 0
    return left[first : denied.start()] + " " * (drugs[-1].end() - denied.start()) + after


def _distinct(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Keep one draft a drug and place; of overlapping ones the first."""
    last: dict[str, Draft] = {}
    for draft in sorted(drafts, key=lambda d: (d.start, d.end)):
        before = last.get(draft.concept)
        if before is not None and draft.start < before.end and draft.assertion == before.assertion:
            continue
        last[draft.concept] = draft
        yield draft
