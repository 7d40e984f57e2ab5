"""
Reactions that are told without the drug's name: by the sentences after the one that names it ("Reaction: hives", "it was
tolerated"), by the one before it, and what takes an entry back.

Part of what reads reactions to cyclophosphamide and fludarabine (``drug_reactions``).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

from chartsift.nlp.components.covered import Covered
from chartsift.nlp.components.drug_entries import drafts_of_reaction, in_allergy_list
from chartsift.nlp.components.drug_mentions import ALLERGY_LINE, OTHER_DRUG, DrugMention
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.reaction_words import Reaction, read_reaction, taken_back
from chartsift.nlp.text.layout import Layout

_ABOUT_DOSE = loosely(
    r"infus|\bdoses?\b|cycle|pulse|minut|\bmins?\b|hour|within|during|react|\brxn|\bepi\b|epineph|allerg"
    r"|that night|next (?:day|morning)|same (?:day|night)|\bit\b|into the|chemo|the drug|course|treatment|drip"
)
_FOLLOW_UP = loosely(
    r"^\W*(?:reactions?\b|rxn|severity|comments?|note:|describ\w+|details?|manifest\w*|she\b|he\b|they\b|pt\b"
    r"|patient\b|it\b|this\b|infusion\b|the (?:drug|dose|infusion|reaction|medication|first|second|third|last"
    r"|cytoxan)\b"
    r"|no (?:infusion )?(?:reaction|rxn|adverse|issue|problem|allerg|hypersens)|tolerat|tol['’]d|within|during"
    r"|after|about|on (?:cycle|dose)|developed|dev['’]?d|required|epi|given|had\b|cycle|dose|otherwise|emesis"
    r"|nausea|hives|urticaria|angioedema|bronchospasm|hypotens|throat|wheez|rash|anaphyl|uneventful|well|both|all"
    r"|again|mild|severe|first|second|third|summary|post|\d{3,4}\b|at \d|then|i asked|asked|mother|father|mom|dad"
    r"|parents?|per\b|records?|discharge|outcome|course|none)"
)
_AT_A_DOSE = loosely(
    r"\b(?:during|into|after|of|within|from|on|at) (?:\w+ )*?(?:the |her |his |each |"
    r"every )?(?:(?:first|second|third|fourth|last|initial"
    r"|\d(?:st|nd|rd|th)|monthly|chemo\w*|IV) )*(?:dose|infusion|pulse|cycle|drip|chemo\w*)\b"
)
_SAYS_WHICH = loosely(
    r"\b(?:cycle|dose|infusion|pulse|round|course)s?\s*(?:#|no\.?)?\s*\d+\b|\bone dose\b|\b(?:first|second|third"
    r"|last|each|every|all) (?:cycle|dose|infusion|pulse)s?\b"
)
# "Hives fading": told before, and about to be over.
_SUBSIDING = loosely(
    r"\s*(?:(?:has|have|had|is|are|was|were|now|almost|mostly|all|already|much|on \w+)\s+)*"
    r"(?:fad\w+|resolv\w+|gone|going|settl\w+|improv\w+|better|subsid\w+|clear(?:ed|ing)|less|disappear\w*)\b"
)
_NO_FOLLOW = loosely(
    r"\b(?:rituximab|RTX|IVIG|vaccin\w*|shot|contrast|transfusion|MTX|methotrexate|CAR[- ]?T cells?|CRS)\b"
)
_TAKEN_BACK_WITHIN = 250


def of_follow_ups(
    text: str, layout: Layout, mentions: list[DrugMention], found: list[Draft]
) -> Iterator[Draft]:
    """Yield what later sentences say of the drug without naming it."""
    infusion_note = bool(
        re.search(
            r"infusion|chemo|nursing|\bRN\b|day[- ]?(?:care|unit|hospital|ward)|\binj\b|event report",
            text[:200],
            re.IGNORECASE,
        )
    )
    by_sentence: dict[int, list[DrugMention]] = {}
    for mention in mentions:
        by_sentence.setdefault(layout.sentence_number(mention.start), []).append(mention)
    covered = Covered((d.start, d.end) for d in found)
    numbers = sorted(by_sentence)
    last_number = numbers[-1]
    for number in numbers:
        mention = by_sentence[number][-1]
        if mention.either:
            continue
        yield from _told_before(text, layout, number, mention, by_sentence, covered)
        yield from _named_reaction(text, layout, mention, layout.sentences[number].end, covered)
        listed = in_allergy_list(text, layout, mention.start)
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
            if ALLERGY_LINE.match(words) and not listed:
                break  # another list
            if not (follows or which) or _NO_FOLLOW.search(words) or OTHER_DRUG.search(words[:60]):
                if not infusion_note and (
                    OTHER_DRUG.search(words) or "\n\n" in text[layout.sentences[later - 1].end : span.start]
                ):
                    break
                continue
            reaction = read_reaction(words, follow_up=True)
            if reaction is None or _SUBSIDING.match(words[reaction.end :]):
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
            yield from drafts_of_reaction(
                text, layout, span.start + reaction.start, span.start + reaction.end, mention.drugs, reaction
            )


def taken_back_later(text: str, layout: Layout, found: Sequence[Draft]) -> list[Draft]:
    """Return what the sentences right after a reaction take back: "Reviewed today: it was the contrast." """
    back: list[Draft] = []
    for draft in found:
        if (
            draft.attributes.get("severity") not in ("severe", "hives", "unknown")
            or draft.assertion == "family"
        ):
            continue
        number = layout.sentence_number(draft.end - 1)
        for later in range(number + 1, min(number + 3, len(layout.sentences))):
            span = layout.sentences[later]
            if span.start - draft.end > _TAKEN_BACK_WITHIN or "\n\n" in text[draft.end : span.start]:
                break
            words = text[span.start : min(span.end, span.start + 200)]
            match = taken_back(words)
            # Another drug named before the words has an entry of its own, to which they belong.
            if match is not None and not OTHER_DRUG.search(words[: match.start()]):
                start = span.start + match.start()
                corrected = Reaction("corrected", (match.group().strip(),), 0, 0)
                back.extend(
                    drafts_of_reaction(
                        text, layout, start, start + len(match.group()), (draft.concept,), corrected
                    )
                )
                break
            if OTHER_DRUG.search(words):
                break
    return back


def _told_before(
    text: str, layout: Layout, number: int, mention: DrugMention, spoken: Container[int], covered: Covered
) -> Iterator[Draft]:
    """Yield a reaction of the sentence before: "Stridor during the second infusion. The drug was Endoxan." """
    if number == 0 or number - 1 in spoken:
        return
    span, own = layout.sentences[number - 1], layout.sentences[number]
    if mention.start - span.end > 120 or "\n\n" in text[span.end : own.start]:
        return
    words = text[max(span.start, span.end - 300) : span.end]
    earlier = text[max(0, span.start - 250) : span.end].rsplit("\n\n", 1)[-1]
    if not _AT_A_DOSE.search(words) or OTHER_DRUG.search(earlier) or _NO_FOLLOW.search(earlier):
        return
    reaction = read_reaction(words, follow_up=True)
    if reaction is None or reaction.severity not in ("severe", "hives"):
        return
    start = span.end - len(words) + reaction.start
    if not covered.touches(start, span.end):
        yield from drafts_of_reaction(
            text, layout, start, start + reaction.end - reaction.start, mention.drugs, reaction
        )


def _named_reaction(
    text: str, layout: Layout, mention: DrugMention, end: int, covered: Covered
) -> Iterator[Draft]:
    """Yield a "Reaction: ..." that stands further on in the drug's own sentence."""
    for match in re.finditer(
        r"(?:(?<=[.;])\s+|\s-\s)(?:reaction|rxn)\s*[:=]", text[mention.end : end], re.IGNORECASE
    ):
        start = mention.end + match.start()
        reaction = read_reaction(text[start:end], follow_up=True)
        if reaction is not None and not covered.touches(start, end):
            yield from drafts_of_reaction(text, layout, start, start + reaction.end, mention.drugs, reaction)
