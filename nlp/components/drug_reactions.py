"""
Reactions to cyclophosphamide and fludarabine, and what allergy lists say when they name neither.

Each mention of a drug is read with the words that belong to it: up to the next drug, the end of the entry or of the
sentence; "anaphylaxis to ..." before it; or a sentence that only says "Reaction: hives" or "it was tolerated" after
it. A reaction is never taken from a neighbour in a list.

The names stand here and not in the vocabulary, because the matcher gives a word to one kind only and the same words
are treatments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chartsift.nlp.components.covered import Covered, windows
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.components.reaction_words import Reaction, read_reaction
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.types import Assertion

CYCLOPHOSPHAMIDE = "cyclophosphamide"
FLUDARABINE = "fludarabine"
_BOTH = (CYCLOPHOSPHAMIDE, FLUDARABINE)

# ---- names
_CYC = (
    r"cyclophos(?:ph\w*)?|cyclophosamide|cytox[ai]n|endoxan[ae]?|neosar|procytox|cycloblastin|revimmune|frindovyx"
    r"|\bi\.?v\.?\s?cyc?\b|\bivcyc?\b"
    r"|\bpocyc?\b|\bcyc\b|(?:4-?)?hydroxycyclophosphamide|aldophosphamide|phosphoramide mustard|mafosfamide"
    r"|(?-i:\bCPM\b)"
)
_FLU = r"fludarabin\w*|\bfludara\b|\bfluda\b|\boforta\b|\bF-ara-A(?:MP)?\b|2-fluoro-ara-A"
_PAIR = r"\b(?:flu\s*(?:/|-|\+|&|and)\s*cy(?:c|tox\w*)?|cy(?:c)?\s*(?:/|-|\+|&|and)\s*flu|FC)\b"
_EITHER = (
    r"\b(?:either|both)\s+(?:drugs?|agents?|of (?:them|the (?:two|drugs|agents)))\b"
    r"|\blymphodepleti\w+(?:\s+(?:chemo\w*|regimen|conditioning))?"
    r"|\bLD[- ]?(?:chemo\w*|regimen|conditioning)\b|\bLDC\b"
)
_SHORT_CY = r"\bcy\b"
_SHORT_FLU = r"\bflu\b"
_CTX = r"(?-i:\bCTX\b)"
_DRUG = re.compile(
    rf"(?P<pair>{_PAIR})|(?P<cyc>{_CYC})|(?P<flu>{_FLU})|(?P<either>{_EITHER})|(?P<ctx>{_CTX})"
    rf"|(?P<shortcy>{_SHORT_CY})|(?P<shortflu>{_SHORT_FLU})",
    re.IGNORECASE,
)
_DRUG_LETTERS = (
    "cyclophos", "cytox", "endox", "neosar", "procyt", "cycloblast", "revimm", "frindov", "cyc", "ctx", "cpm", "flu",
    "oforta", "f-ara", "lymphodep", "mustard", "mafosf", "aldophos", "either ", "both ", "ldc", "ld chemo", "ld-chemo",
    "ld reg", "ld cond", "fc", " cy", "/cy", "(cy", "-cy", "+cy", "|cy", "\ncy", "\tcy", "ivcy", "pocy", "i.v.cy",
)  # fmt: skip
# "FC" is flow cytometry and much else; "Flu" is influenza unless conditioning is spoken of.
_CONDITIONING = re.compile(
    r"fludarab|fludara\b|(?-i:\bCY\b|\bCyc?\b)|flu/cy|cyclophosph|cytoxan|mg/m2|mg/m²|lymphodeplet|condition"
    r"|\bLD\b|\bATG\b|melphalan|busulfan|transplant|CAR[- ]?T|day -\d|D-\d",
    re.IGNORECASE,
)
_FLU_DOSE = re.compile(r"flu\s*\d+\s*mg/m|flu:\s*(?:no|tol)", re.IGNORECASE)
_INFLUENZA = re.compile(
    r"\bflu\b\s*(?:shot|vacc|vax|jab|imm|A\b|B\b|season|swab|like|sympt|PCR|neg|pos|clinic|and covid|/\s?(?:covid"
    r"|rsv)|\+ ?covid|today|given|high|utd|\d{1,2}/)|influenza|\bshot\b|vaccin",
    re.IGNORECASE,
)
_CTX_CYCLO = re.compile(
    r"mesna|pulse|NIH|euro-?lupus|mg/m2|CTX x\s?\d|lymphodeplet|alkylat|fludarab|\bflu\b|rituximab|\bRTX\b|cytoxan"
    r"|cyclophosph|\bAZA\b|\bMTX\b|\bMMF\b|nadir",
    re.I,
)
_CTX_CEPH = re.compile(
    r"ceftriaxone|cefotaxime|rocephin|\bq\s?(?:12|24)|\b[12]\s?g\b|azithro|doxy|pneumon|mening|\bCAP\b|\bUTI\b"
    r"|pyelo|cultur|abx|antibiotic|vanc|flagyl|gonorr|xanthomat|cefpodox|cef\w+",
    re.I,
)
_OTHER_DRUG = re.compile(
    r"\b(?:MTX|methotrexate|AZA|azathioprine|MMF|mycophenol\w*|RTX|ritux\w*|IV[Ii][gG]|SCIG|pred\b|prednis\w*"
    r"|methylpred\w*|tac(?:rolimus)?|CsA|c[iy]closporin\w*"
    r"|HCQ|hydroxychloroquine|tofa\w*|barici\w*|ruxo\w*|ATG|thymoglobulin|melphalan|busulfan|ifosfamide|ifex|mesna"
    r"|bendamustine|chlorambucil|treosulfan"
    r"|bactrim|septra|TMP\S*|sulfa\w*|penicillin|PCN|amox\w*|augmentin|ampicillin|cef\w+|keflex|latex|codeine"
    r"|morphine|oxycodone|aspirin|ASA|NSAIDs?|ibuprofen|naproxen"
    r"|statins?|lisinopril|ACE ?i\w*|vanc\w*|levofloxacin|cipro\w*|clinda\w*|doxy\w*|azithro\w*|erythromycin"
    r"|flucon\w*|voricon\w*|abacavir|nevirapine|phenytoin|carbamazepine"
    r"|lamotrigine|allopurinol|contrast|iodine|shellfish|peanuts?|tree nuts?|eggs?|bees?|adhesive|tape|heparin"
    r"|gabapentin|tramadol|metformin|atovaquone|dapsone|abatacept|infliximab"
    r"|tocilizumab|anakinra|etoposide|doxorubicin|vincristine|cytarabine|cladribine|leflunomide|sirolimus"
    r"|everolimus|colchicine|cimetidine|(?:flu|influenza|COVID)\s+(?:shot|vacc\w*)"
    r"|\w{3,}(?:mab|nib|cillin|mycin|micin|floxacin|conazole|statin|sartan|cycline|platin|rubicin|taxel|triptan"
    r"|prazole|setron))\b",
    re.IGNORECASE,
)
_MUSTARD = re.compile(
    r"\b(?:ifosfamide|ifex|melphalan|alkeran|evomela|bendamustine|treanda|bendeka|chlorambucil|leukeran"
    r"|mechlorethamine|nitrogen mustard)\b",
    re.IGNORECASE,
)
_MUSTARD_LETTERS = (
    "ifos",
    "ifex",
    "melph",
    "alkeran",
    "evomela",
    "bendam",
    "treanda",
    "bendeka",
    "chloramb",
    "leukeran",
    "mechlor",
    "mustard",
)

# ---- where
_ALLERGY_LINE = re.compile(
    r"^\W*(?:\d{1,2}[.)]?\s*)?(?:all(?:erg(?:y|ies|ic(?: to)?))?(?:\s*/\s*(?:intolerances?|ADRs?"
    r"|adverse reactions?))?|allergies? (?:and|&) intolerances?|ADRs?|drug (?:rxns?|reactions?|allergies)"
    r"|intolerances?|adverse (?:drug )?reactions?|alerts?|(?:medication|med) allergies)\b[^:\n]{0,30}[:\-.]",
    re.IGNORECASE,
)
_ALLERGIC_TO = re.compile(
    r"\b(?:allerg(?:y|ic|ies)|hypersensitiv\w*|intoleran(?:t|ce)|(?:adverse |bad |prior |previous |allergic "
    r"|infusion )?reactions?|reacted|rxn)\s+(?:to|with|from|after|following|on)\s+(?:the |her |his |IV |i\.v\. "
    r"|oral |PO |high[- ]dose |first |second )*$",
    re.IGNORECASE,
)
# "No cyclophosphamide or fludarabine so far": the denial stands on both sides.
_NO_DRUG = re.compile(r"\b(?:no|never|without|neither)\s+(?:IV |oral |prior |high-dose )?$", re.IGNORECASE)
_REFUTED = re.compile(
    r"\s*(?:was |were |has been |is |since |now |formally )*(?:ruled out|excluded|refuted|disproven|disproved"
    r"|not confirmed)\b",
    re.IGNORECASE,
)
_SO_FAR = re.compile(
    r"\s*(?:(?:has|have|had|was|were|been|therapy|treatment|exposure)\s+)*(?:given|used|received|so far|to date"
    r"|ever|before|previously|yet|until now|up to now|in the past|exposure)\b",
    re.IGNORECASE,
)
_ABOUT_DOSE = re.compile(
    r"infus|\bdoses?\b|cycle|pulse|minut|\bmins?\b|hour|within|during|react|\brxn|\bepi\b|epineph|allerg"
    r"|that night|next (?:day|morning)|same (?:day|night)|\bit\b|into the|chemo|the drug|course|treatment|drip",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"^(?:[\s,/&+\-–()]|\d[\d.,]*|mg\w*(?:/\w+)*|m2|m²|kg|days?|d\b|and|or|to|then|plus|with|IV|PO|x\s?\d+|d-?\d+"
    r"|tot(?:al)?|g\b|q\d\w*|dose|doses|either|nor)*$",
    re.IGNORECASE,
)
_LEFT_JOIN = re.compile(
    r"(?:\b(?:to|into|with|after|from|during|on|following|secondary to|2/2|d/t|due to|of|re|for|by|post|per)\b|:|-"
    r"|–|/)\s*(?:(?:the|each|every|her|his|their|IV|i\.v\.|PO|oral|high[- ]dose|low[- ]dose|first|second|third"
    r"|last|one|dose|doses|cycles?|course|courses|of|\d+|#\d|infusions?|pulses?|and|cytotoxics?|like|prior"
    r"|previous|monthly|use|exposure|treatment)\s*)*$"
    r"|\b(?:tolerat\w*|tol['’]d|never (?:had|received|given|been given|been on|took|taken|tried|used|got)"
    r"|(?:can(?:not|['’]t)|must not|not to|never to|do not) (?:have|get|receive|take|be given"
    r"|re-?challenge(?: with)?)|no (?:prior|previous|past|known)?|not (?:had|received)|without|avoid(?:ed)?|denies"
    r"|not (?:previously )?(?:been )?(?:exposed to|given|received)|naive to|received)\s*(?:(?:any|the|her|his|IV"
    r"|prior|previous|dose|doses|cycles?|courses?|monthly|pulse|pulses|oral|of|\d+|x\d|exposure|to|known|allergy"
    r"|history|six|four|five|three)\s*)*$",
    re.IGNORECASE,
)
_FOLLOW_UP = re.compile(
    r"^\W*(?:reactions?\b|rxn|severity|comments?|note:|describ\w+|details?|manifest\w*|she\b|he\b|they\b|pt\b"
    r"|patient\b|it\b|this\b|infusion\b|the (?:drug|dose|infusion|reaction|medication|first|second|third|last"
    r"|cytoxan)\b"
    r"|no (?:infusion )?(?:reaction|rxn|adverse|issue|problem|allerg|hypersens)|tolerat|tol['’]d|within|during"
    r"|after|about|on (?:cycle|dose)|developed|dev['’]?d|required|epi|given|had\b|cycle|dose|otherwise|emesis"
    r"|nausea|hives|urticaria|angioedema|bronchospasm|hypotens|throat|wheez|rash|anaphyl|uneventful|well|both|all"
    r"|again|mild|severe|first|second|third|summary|post|\d{3,4}\b|at \d|then|i asked|asked|mother|father|mom|dad"
    r"|parents?|per\b|records?|discharge|outcome|course|none)",
    re.IGNORECASE,
)
_SAYS_WHICH = re.compile(
    r"\b(?:cycle|dose|infusion|pulse|round|course)s?\s*(?:#|no\.?)?\s*\d+\b|\bone dose\b|\b(?:first|second|third"
    r"|last|each|every|all) (?:cycle|dose|infusion|pulse)s?\b",
    re.IGNORECASE,
)
_NO_FOLLOW = re.compile(
    r"\b(?:rituximab|RTX|IVIG|vaccin\w*|shot|contrast|transfusion|MTX|methotrexate|CAR[- ]?T cells?|CRS)\b",
    re.IGNORECASE,
)
_LONGEST = 170

# ---- allergy lists without either drug
_NONE_KNOWN = re.compile(
    r"\b(?:NKDA|NKA|NKMA|no known (?:drug |medication |medicine |med |food |other |environmental |or )*allerg\w*"
    r"|no (?:other |drug |medication |med |medicine |food )*allerg(?:y|ies)\b"
    r"|(?:not|never) allergic to (?:any|anything)\w*|denies (?:any |drug |medication |known )*allerg\w*|allerg(?:y"
    r"|ies)\s*(?:\([^)]{0,20}\))?\s*(?:[:=\-–]|\.{2,})?\s*(?:none|nil|no known|denies|denied|negative|neg\b"
    r"|no(?=\s*(?:[.;,]|$))))",
    re.IGNORECASE | re.MULTILINE,
)
_ALLERGY_LETTERS = re.compile(r"allerg|\bNK", re.IGNORECASE)
_NO_CHEMO = re.compile(
    r"\b(?:no|never(?: had| received)?|denies)\s+(?:(?:history of|hx of|prior|previous|any|past|cancer|malignancy"
    r"|or|,)\s*)*,?\s*chemo(?:therapy)?\b(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    drugs: tuple[str, ...]
    either: bool = False


def reaction_drafts(text: str, layout: Layout) -> list[Draft]:
    """Return what the note says of reactions to cyclophosphamide and fludarabine (kind ``contraindication``)."""
    mentions = list(_mentions(text, layout))
    if not mentions:
        return []
    found: list[Draft] = []
    for i, mention in enumerate(mentions):
        following = mentions[i + 1] if i + 1 < len(mentions) else None
        before = mentions[i - 1] if i else None
        found.extend(_of_mention(text, layout, mention, before, following))
    found.extend(_of_follow_ups(text, layout, mentions, found))
    return list(_distinct(found))


def allergy_drafts(text: str, layout: Layout) -> Iterator[Draft]:
    """Yield allergy lists: none known, other substances, chemotherapy never given, mustards (kind ``allergy``)."""
    for match in _NONE_KNOWN.finditer(text) if _ALLERGY_LETTERS.search(text) else ():
        if not someone_else(text, layout, match.start(), match.end()):
            yield Draft(match.start(), match.end(), "allergy", "none_known", "absent", "allergies:none")
    for match in _NO_CHEMO.finditer(text) if "chemo" in text.lower() else ():
        yield Draft(
            match.start(), match.end(), "allergy", "no_chemotherapy", "absent", "allergies:chemotherapy"
        )
    for section in layout.sections:
        if section.category == "allergies":
            body = text[section.body : min(section.end, section.body + 220)]
            line = re.match(r"\s*[^\n]+", body)
            if line and re.search(r"[a-z]{3}", line.group(), re.IGNORECASE):
                first = section.body + len(line.group()) - len(line.group().lstrip(" \t\r\n:.-*"))
                last = section.body + len(line.group().rstrip())
                if first < last:
                    yield Draft(first, last, "allergy", "listed", "present", "allergies:list")
    lower = text.lower()
    mustards = _MUSTARD.finditer(text) if any(letters in lower for letters in _MUSTARD_LETTERS) else ()
    for match in mustards:
        sentence = layout.sentence_at(match.start())
        right = text[match.end() : max(match.end(), min(sentence.end, match.end() + 120))]
        stop = _OTHER_DRUG.search(right)
        left = text[max(sentence.start, match.start() - 80) : match.start()]
        reaction = read_reaction(right[: stop.start()] if stop else right)
        if reaction is None and _LEFT_JOIN.search(left):
            reaction = read_reaction(left)
        if reaction is None or reaction.severity not in ("severe", "hives", "unknown"):
            continue
        if not someone_else(text, layout, match.start(), match.end()):
            yield Draft(
                match.start(), match.end(), "allergy", "mustard", "present", "allergies:mustard", reaction.cues,
                attributes={"severity": reaction.severity},
            )  # fmt: skip


def _mentions(text: str, layout: Layout) -> Iterator[_Mention]:
    places = list(windows(text, _DRUG_LETTERS, before=20))
    if text[:2].lower() == "cy":
        places.insert(0, (0, min(len(text), 90)))
    if not places:
        return
    named = (
        bool(re.search(rf"{_CYC}|{_PAIR}", text, re.IGNORECASE)),
        bool(re.search(_FLU, text, re.IGNORECASE)),
    )
    seen = -1
    for match in (match for start, end in places for match in _DRUG.finditer(text, start, end)):
        if match.start() < seen:
            continue
        seen = match.end()
        kind = match.lastgroup
        start, end = match.span()
        near = text[max(0, start - 70) : start] + " § " + text[end : end + 70]
        if kind == "pair":
            if match.group() == "FC" and not re.search(
                r"fludarab|cyclophos|FCR|lymphodep|chemo", near, re.IGNORECASE
            ):
                continue
            yield _Mention(start, end, _BOTH)
        elif kind == "either":
            lymphodepletion = match.group()[0] in "lL"
            if (
                lymphodepletion
                or all(named)
                or re.search(_PAIR, text[max(0, start - 400) : start], re.IGNORECASE)
            ):
                yield _Mention(start, end, _BOTH, either=True)
        elif kind == "cyc":
            if not re.match(r"cyclosp|cyclobenz", match.group(), re.IGNORECASE):
                yield _Mention(start, end, (CYCLOPHOSPHAMIDE,))
        elif kind == "flu":
            yield _Mention(start, end, (FLUDARABINE,))
        elif kind == "ctx":
            if _is_cyclophosphamide(text, layout, near, start, named=named[0]):
                yield _Mention(start, end, (CYCLOPHOSPHAMIDE,))
        elif kind == "shortcy":
            others = near.replace(match.group() + " ", "")
            if _CONDITIONING.search(others) and (named[0] or not match.group().islower()):
                yield _Mention(start, end, (CYCLOPHOSPHAMIDE,))
        elif (
            (named[1] or _FLU_DOSE.match(text[start : end + 20]))
            and _CONDITIONING.search(near)
            and not _INFLUENZA.search(text[max(0, start - 30) : end + 30])
        ):
            yield _Mention(start, end, (FLUDARABINE,))


def _is_cyclophosphamide(text: str, layout: Layout, near: str, start: int, *, named: bool) -> bool:
    """Say whether "CTX" is cyclophosphamide and not a cephalosporin."""
    if _CTX_CEPH.search(near):
        return False
    if _CTX_CYCLO.search(near):
        return True
    allergy = layout.section_at(start).category == "allergies" or bool(
        _ALLERGY_LINE.match(text[layout.line_at(start).start : start])
    )
    return named or (allergy and not _CTX_CEPH.search(text, max(0, start - 3000), start + 3000))


def _of_mention(
    text: str, layout: Layout, mention: _Mention, before: _Mention | None, following: _Mention | None
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
    listed = _in_allergy_list(text, layout, mention.start)
    reaction, first, last = None, begin, mention.end
    own = read_reaction(right, listed=listed) if not _REFUTED.match(right) else None
    if own is not None:
        reaction, last = own, mention.end + own.end
    leads = _LEFT_JOIN.search(left)
    if leads:
        lead = read_reaction(left, before_drug=True, listed=listed)
        if lead is not None and lead.severity in ("severe", "hives", "unknown") and _REFUTED.match(right):
            lead = Reaction("corrected", (*lead.cues, "ruled out"), lead.start, lead.end)
        if lead is not None and (
            reaction is None or lead.severity == "severe" or lead.severity in ("never", "corrected")
        ):
            reaction, first = lead, begin - len(left) + lead.start
    so_far = _SO_FAR.match(right)
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
    if reaction is None or (mention.either and reaction.severity in ("never", "unknown")):
        return
    yield from _drafts(text, layout, first, last, drugs, reaction)


def _stop(
    text: str, mention: _Mention, following: _Mention | None, ceiling: int
) -> tuple[int, _Mention | None]:
    """Return where the words of *mention* end, and the drug that shares them with it, if one does."""
    stop = ceiling
    if following is not None and following.start < ceiling:
        between = text[mention.end : following.start]
        if _JOINED.match(between) and following.start - mention.end < 60:
            return following.start, following
        if not set(following.drugs) & set(mention.drugs):
            stop = following.start
    depth = 0
    for match in re.finditer(
        rf"(?P<open>[(\[])|(?P<close>[)\]])|(?P<cut>;|\n)|(?P<drug>{_OTHER_DRUG.pattern})",
        text[mention.end : stop],
        re.IGNORECASE,
    ):
        if match.lastgroup == "open" or match.group("open"):
            depth += 1
        elif match.group("close"):
            depth = max(0, depth - 1)
        elif match.group("cut") or (
            depth == 0
            and not re.search(
                r"\b(?:with|w/|\+|plus|after|pre-?med\w*|given|and)\s+$",
                text[mention.end : mention.end + match.start()],
                re.IGNORECASE,
            )
        ):
            return mention.end + match.start(), None
    return stop, None


def _after_boundary(left: str) -> str:
    cut = max(left.rfind(";"), left.rfind("\n"), left.rfind(". "))
    left = left[cut + 1 :] if cut >= 0 else left
    drugs = list(_OTHER_DRUG.finditer(left))
    return left[drugs[-1].end() :] if drugs else left


def _in_allergy_list(text: str, layout: Layout, offset: int) -> bool:
    line = layout.line_at(offset)
    section = layout.section_at(offset)
    if section.category == "allergies" and offset < section.body + 600:
        # A paragraph of prose under the heading is no entry of a list.
        opening = layout.sentence_at(offset)
        return offset - opening.start < 60
    return bool(_ALLERGY_LINE.match(text[line.start : offset])) and offset - line.start < 160


def _of_follow_ups(
    text: str, layout: Layout, mentions: list[_Mention], found: list[Draft]
) -> Iterator[Draft]:
    """Yield what later sentences say of the drug without naming it."""
    infusion_note = bool(re.search(r"infusion|chemo|nursing|\bRN\b", text[:200], re.IGNORECASE))
    by_sentence: dict[int, list[_Mention]] = {}
    for mention in mentions:
        by_sentence.setdefault(layout.sentence_number(mention.start), []).append(mention)
    covered = Covered((d.start, d.end) for d in found)
    numbers = sorted(by_sentence)
    last_number = numbers[-1]
    for number in numbers:
        mention = by_sentence[number][-1]
        if mention.either:
            continue
        yield from _named_reaction(text, layout, mention, layout.sentences[number].end, covered)
        listed = _in_allergy_list(text, layout, mention.start)
        reach = 4 if not infusion_note else (len(layout.sentences) if number == last_number else 12)
        for later in range(number + 1, min(number + 1 + reach, len(layout.sentences))):
            if later in by_sentence:
                break
            span = layout.sentences[later]
            words = text[span.start : min(span.end, span.start + 300)]
            which = _SAYS_WHICH.search(words)
            if span.start - mention.end > 450 and not (infusion_note and which):
                if infusion_note:
                    continue
                break
            follows = _FOLLOW_UP.match(words)
            if listed and not re.match(
                r"\W*(?:reactions?|rxn|severity|comments?|manifest\w*|type|noted|she|he|pt|patient|i asked|per"
                r"|mother)\b",
                words,
                re.IGNORECASE,
            ):
                break
            if not (follows or which) or _NO_FOLLOW.search(words) or _OTHER_DRUG.search(words[:60]):
                if not infusion_note and (
                    _OTHER_DRUG.search(words) or "\n\n" in text[layout.sentences[later - 1].end : span.start]
                ):
                    break
                continue
            reaction = read_reaction(words, follow_up=True)
            if reaction is None:
                continue
            if reaction.severity == "minor" and not (
                which or re.match(r"\W*(?:reaction|rxn)", words, re.IGNORECASE)
            ):
                continue
            opens = reaction.severity in ("severe", "hives") and reaction.start < 12
            if not (opens or _ABOUT_DOSE.search(words)):
                continue
            if covered.touches(span.start, span.end):
                continue
            yield from _drafts(
                text, layout, span.start + reaction.start, span.start + reaction.end, mention.drugs, reaction
            )


def _named_reaction(
    text: str, layout: Layout, mention: _Mention, end: int, covered: Covered
) -> Iterator[Draft]:
    """Yield a "Reaction: ..." that stands further on in the drug's own sentence."""
    for match in re.finditer(
        r"(?:(?<=[.;])\s+|\s-\s)(?:reaction|rxn)\s*[:=]", text[mention.end : end], re.IGNORECASE
    ):
        start = mention.end + match.start()
        reaction = read_reaction(text[start:end], follow_up=True)
        if reaction is not None and not covered.touches(start, end):
            yield from _drafts(text, layout, start, start + reaction.end, mention.drugs, reaction)


def _drafts(
    text: str, layout: Layout, start: int, end: int, drugs: tuple[str, ...], reaction: Reaction
) -> Iterator[Draft]:
    end = _end_of_clause(text, start, min(max(end, start + 1), start + _LONGEST))
    while end > start + 1 and text[end - 1] in " \t\r\n.,;:-":
        end -= 1
    while start < end - 1 and text[start] in " \t\r\n.,;:-":
        start += 1
    assertion: Assertion = _ASSERTION[reaction.severity]
    if someone_else(text, layout, start, end):
        assertion = "family"
    for drug in drugs:
        yield Draft(
            start, end, "contraindication", drug, assertion, "contraindications:reaction", reaction.cues,
            attributes={"severity": reaction.severity},
        )  # fmt: skip


def _end_of_clause(text: str, start: int, end: int) -> int:
    """Return *end* moved to the end of its clause and past the bracket that closes it, where that is near."""
    rest = re.match(r"[^.;,:\n|()\[\]]{0,45}", text[end : end + 45])
    words = rest.group() if rest else ""
    if len(words) < 40 and not _OTHER_DRUG.search(words) and not _DRUG.search(words):
        end += len(words.rstrip())
    opened = text[start:end]
    if opened.count("(") > opened.count(")") and text[end : end + 1] == ")":
        end += 1
    return end


_ASSERTION: dict[str, Assertion] = {
    "severe": "present",
    "hives": "possible",
    "unknown": "possible",
    "minor": "absent",
    "none": "absent",
    "never": "absent",
    "corrected": "absent",
}


def _distinct(drafts: list[Draft]) -> Iterator[Draft]:
    """Keep one draft a drug and place; of overlapping ones the first."""
    last: dict[str, Draft] = {}
    for draft in sorted(drafts, key=lambda d: (d.start, d.end)):
        before = last.get(draft.concept)
        if before is not None and draft.start < before.end and draft.assertion == before.assertion:
            continue
        last[draft.concept] = draft
        yield draft
