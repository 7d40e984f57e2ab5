"""
Where a note names cyclophosphamide, fludarabine or both, by full names, trade names and the short forms that need
company: CTX is ceftriaxone, "flu" is influenza and FC is flow cytometry elsewhere.

The names stand here and not in the vocabulary, because the matcher gives a word to one kind only and the same words
are treatments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chartsift.nlp.components.loose import loose_gate, loosely
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate

CYCLOPHOSPHAMIDE = "cyclophosphamide"
FLUDARABINE = "fludarabine"
_BOTH = (CYCLOPHOSPHAMIDE, FLUDARABINE)

# ---- names
_CYC = (
    r"cyc[l1i]ophos(?:ph\w*)?|cyclophosamide|cytox[ai]n|endoxan[ae]?|neosar|procytox|cycloblastin|revimmune|frindovyx"
    r"|\bi\.?v\.?\s?cyc?\b|\bivcyc?\b"
    r"|\bpocyc?\b|\bcyc\b|(?:4-?)?hydroxycyclophosphamide|aldophosphamide|phosphoramide mustard|mafosfamide"
    r"|(?-i:\bCPM\b)|(?-i:\bCPA\b)(?=\s(?:\d[\d.,]*\s?(?:mg|g)\b|pulses?\b|IV\b|i\.v\.))"
)
_FLU = r"\bf[l1i]udarab[i1l]n\w*|\bfludara\b|\bfluda\b|\boforta\b|\bF-ara-A(?:MP)?\b|2-fluoro-ara-A"
# Blanks are counted, so that a search knows how far before "flu" a pair may begin.
_PAIR = (
    r"\b(?:flu\s{0,4}(?:/|-|\+|&|and)\s{0,4}cy(?:c|tox\w*)?|cy(?:c)?\s{0,4}(?:/|-|\+|&|and)\s{0,4}flu|FC)\b"
)
_EITHER = (
    r"(?:(?<=\bto )|(?<=\bwith )|(?<=\bfrom )|(?<=\bafter ))(?:either|both)\b(?=\s*(?:$|[.;,)\n]))"
    r"|\b(?:either|both)\s+(?:drugs?|agents?|of (?:them|the (?:two|drugs|agents)))\b"
    r"|\blymphodepleti\w+(?:\s+(?:chemo\w*|regimen|conditioning))?"
    r"|\bLD[- ]?(?:chemo\w*|regimen|conditioning)\b|\bLDC\b"
)
_SHORT_CY = r"\bcy\b"
_SHORT_FLU = r"\bflu\b"
_CTX = r"(?-i:\bCTX\b)"
DRUG = loose_gate(
    rf"(?P<pair>{_PAIR})|(?P<cyc>{_CYC})|(?P<flu>{_FLU})|(?P<either>{_EITHER})|(?P<ctx>{_CTX})"
    rf"|(?P<shortcy>{_SHORT_CY})|(?P<shortflu>{_SHORT_FLU})"
)
_CYC_NAMED = gate(rf"{_CYC}|{_PAIR}", re.IGNORECASE)
_FLU_NAMED = gate(_FLU, re.IGNORECASE)
_PAIR_NAMED = gate(_PAIR, re.IGNORECASE)
# "FC" is flow cytometry and much else; "Flu" is influenza unless conditioning is spoken of.
_CONDITIONING = loosely(
    r"fludarab|fludara\b|(?-i:\bCY\b|\bCyc?\b)|flu/cy|cyclophosph|cytoxan|mg/m2|mg/m²|lymphodeplet|condition"
    r"|\bLD\b|\bATG\b|melphalan|busulfan|transplant|CAR[- ]?T|day -\d|D-\d"
)
_NOT_CYTOMETRY = loosely(r"fludarab|cyclophos|FCR|lymphodep|chemo")
_FLU_DOSE = loosely(r"flu\s*\d+\s*(?:mg/m|x\s?\d)|flu:\s*(?:no|tol)")
_CY_DOSE = loosely(r"cy\s*\d+\s*(?:mg\b|g\b|x\s?\d)")
_INFLUENZA = loosely(
    r"\bflu\b\s*(?:shot|vacc|vax|jab|imm|A\b|B\b|season|swab|like|sympt|PCR|neg|pos|clinic|and covid|/\s?(?:covid"
    r"|rsv)|\+ ?covid|today|given|high|utd|\d{1,2}/)|influenza|\bshot\b|vaccin"
)
_CTX_CYCLO = loosely(
    r"mesna|pulse|NIH|euro-?lupus|mg/m2|CTX x\s?\d|lymphodeplet|alkylat|fludarab|\bflu\b|rituximab|\bRTX\b|cytoxan"
    r"|cyclophosph|\bAZA\b|\bMTX\b|\bMMF\b|nadir"
)
_CTX_CEPH = loosely(
    r"ceftriaxone|cefotaxime|rocephin|\bq\s?(?:12|24)|\b[12]\s?g\b|azithro|doxy|pneumon|mening|\bCAP\b|\bUTI\b"
    r"|pyelo|cultur|abx|antibiotic|vanc|flagyl|gonorr|xanthomat|cefpodox|cef\w+"
)
# No gate: it is asked of the words beside a drug, never of a whole note.
OTHER_DRUG = loosely(
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
    r"|prazole|setron))\b"
)
ALLERGY_LINE = loosely(
    r"^\W*(?:\d{1,2}[.)]?\s*)?(?:all(?:erg(?:y|ies|ic(?: to)?))?(?:\s*/\s*(?:intolerances?|ADRs?"
    r"|adverse reactions?))?|allergies? (?:and|&) intolerances?|ADRs?|drug (?:rxns?|reactions?|allergies)"
    r"|intolerances?|adverse (?:drug )?reactions?|(?:drug |allergy |medication )?alerts?|(?:medication|med) allergies)\b[^:\n]{0,30}[:\-.]"
)


@dataclass(frozen=True, slots=True)
class DrugMention:
    start: int
    end: int
    drugs: tuple[str, ...]
    either: bool = False


def drug_mentions(text: str, layout: Layout) -> Iterator[DrugMention]:
    for match in DRUG.finditer(text):
        kind = match.lastgroup
        start, end = match.span()
        near = text[max(0, start - 70) : start] + " § " + text[end : end + 70]
        if kind == "pair":
            if match.group() == "FC" and not _NOT_CYTOMETRY.search(near):
                continue
            yield DrugMention(start, end, _BOTH)
        elif kind == "either":
            lymphodepletion = match.group()[0] in "lL"
            if (
                lymphodepletion
                or (_is_cyc_named(text) and _is_flu_named(text))
                or _PAIR_NAMED.search(text, max(0, start - 400), start)
            ):
                yield DrugMention(start, end, _BOTH, either=True)
        elif kind == "cyc":
            if not re.match(r"cyclosp|cyclobenz", match.group(), re.IGNORECASE):
                yield DrugMention(start, end, (CYCLOPHOSPHAMIDE,))
        elif kind == "flu":
            yield DrugMention(start, end, (FLUDARABINE,))
        elif kind == "ctx":
            if _is_cyclophosphamide(text, layout, near, start):
                yield DrugMention(start, end, (CYCLOPHOSPHAMIDE,))
        elif kind == "shortcy":
            others = near.replace(match.group() + " ", "")
            dosed = _CY_DOSE.match(text[start : end + 20])
            if dosed or (
                _CONDITIONING.search(others) and (not match.group().islower() or _is_cyc_named(text))
            ):
                yield DrugMention(start, end, (CYCLOPHOSPHAMIDE,))
        elif (
            (_is_flu_named(text) or _FLU_DOSE.match(text[start : end + 20]))
            and _CONDITIONING.search(near)
            and not _INFLUENZA.search(text[max(0, start - 30) : end + 30])
        ):
            yield DrugMention(start, end, (FLUDARABINE,))


@lru_cache(maxsize=2)
def _is_cyc_named(text: str) -> bool:
    """Say whether a note names cyclophosphamide by a name of its own; few mentions ask."""
    return _CYC_NAMED.search(text) is not None


@lru_cache(maxsize=2)
def _is_flu_named(text: str) -> bool:
    """Say whether a note names fludarabine by a name of its own."""
    return _FLU_NAMED.search(text) is not None


def _is_cyclophosphamide(text: str, layout: Layout, near: str, start: int) -> bool:
    """Say whether "CTX" is cyclophosphamide and not a cephalosporin."""
    if _CTX_CEPH.search(near):
        return False
    if _CTX_CYCLO.search(near):
        return True
    allergy = layout.section_at(start).category == "allergies" or bool(
        ALLERGY_LINE.match(text[layout.line_at(start).start : start])
    )
    return _is_cyc_named(text) or (allergy and not _CTX_CEPH.search(text, max(0, start - 3000), start + 3000))
