"""
Verdicts in words and in one sign, the same in the terminal and in the report.

A sign says how a verdict bears on the patient, so that "met" means the same for an inclusion and an exclusion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """One way a verdict can bear on the patient: a name for styles, a sign, its ASCII stand-in, and the meaning."""

    name: str
    sign: str
    plain: str
    meaning: str


FITS = Verdict("fits", "✓", "Y", "fits the trial: documented")
RULES_OUT = Verdict("out", "✗", "N", "rules the patient out: documented")
UNKNOWN = Verdict("unknown", "?", "?", "unknown: not mentioned, too weak, or conflicting")
PRESUMED = Verdict("presumed", "·", ".", "exclusion not mentioned, presumed absent")
JUDGEMENT = Verdict("judgement", "–", "-", "left to the investigator")
LEGEND = (FITS, RULES_OUT, UNKNOWN, PRESUMED)

COHORT_WORDS = {
    "eligible": "potentially eligible",
    "ineligible": "ineligible",
    "undetermined": "undetermined",
}

STANCE_WORDS = {"for": "for", "against": "against", "set_aside": "set aside"}

_UNKNOWN_WORDS = {
    "no_mention": "unknown, not mentioned",
    "insufficient": "unknown, too weak or too old",
    "conflicting": "unknown, conflicting",
    "judgement": "for the investigator",
}


# The state of an item of a classification score: word and sign.
ITEM_WORDS = {"present": "present", "absent": "absent", "undocumented": "not documented"}
ITEM_SIGNS = {"present": "+", "absent": "−", "undocumented": "?"}
_BIRTHDAY = re.compile(r"(?P<code>(?:may_)?turns?)_(?P<about>\d+_(?:on|from) \S+)")
SCORE_VERDICT_WORDS = {
    "classifies": "classifies on what is documented",
    "undecided": "undecided: what is not documented could change it",
    "cannot_classify": "cannot classify, whatever else is found",
}

# What a reviewer should look at, by its code; a code may carry one thing, which stands for "{}" ("near_limit Hgb").
FLAG_WORDS = {
    "adherence": "adherence to treatment",
    "b_cell_depletion": "B-cell depletion within the last months",
    "better_explanation": "the chart refutes the disease",
    "biopsy_expected": "without a typical rash a muscle biopsy is expected",
    "birth_dates_differ": "the notes give different dates of birth",
    "blood_products": "transfusion of blood products",
    "caregiver": "depends on a caregiver",
    "class_computed": "the class of the score was worked out from its points",
    "diagnosis_likely": "the diagnosis is called likely; an objective result backs it",
    "jo_1_weak": "a weakly positive Jo-1 counts, because the disease fits",
    "list_only": "the diagnosis stands in a list only, not in an assessment",
    "live_vaccine": "live vaccine",
    "long_anticoagulation": "long-term anticoagulation",
    "maa_only": "myositis-associated antibody only, no myositis-specific one",
    "malignancy": "malignancy",
    "may_turn": "may turn {}",
    "near_limit": "{} is near its limit",
    "not_read": "not read in full: the first pass found no sign of the disease",
    "onset_from_diagnosis": "the age at diagnosis stands for that at the first symptom",
    "onset_from_name": "the disease is called juvenile; no age at the first symptom is told",
    "panel_incomplete": "not every antibody was tested",
    "poor_peripheral_veins": "poor peripheral veins",
    "pregnancy": "pregnancy",
    "score_below_classification": "the classification score cannot reach probable, whatever else is found",
    "score_not_reproduced": "the classification score is below probable on what is documented",
    "score_undecided": "the classification score is open: what is not documented could change it",
    "seizure_risk": "risk of seizures",
    "several_msa": "more than one myositis-specific antibody is positive",
    "skin_cancer": "skin cancer",
    "solitary_kidney": "one kidney only",
    "stated_age_differs": "the age in note {} does not fit the date of birth",
    "stated_ages_differ": "the ages in the notes do not fit each other",
    "study_drug": "drug of another study",
    "substance_use": "substance use",
    "subtype_by_antibody": "the antibody, not the chart, names the subtype",
    "turns": "turns {}",
    "unread_notes": "notes that could not be read: {}",
    "weak_positive": "the antibody is only weakly positive",
}


def flag_words(flag: str) -> str:
    """
    Return a flag in words; one without words of its own is spelt out.

    >>> flag_words("near_limit Hgb"), flag_words("maa_only")
    ('Hgb is near its limit', 'myositis-associated antibody only, no myositis-specific one')
    >>> flag_words("turns_18_on 2026-12-02"), flag_words("may_turn_18_from 2026-01-01")
    ('turns 18 on 2026-12-02', 'may turn 18 from 2026-01-01')
    """
    code, _, about = flag.partition(" ")
    birthday = _BIRTHDAY.fullmatch(flag)
    if birthday is not None:
        code, about = birthday["code"], birthday["about"].replace("_", " ")
    told = FLAG_WORDS.get(code)
    if told is None:
        return flag.replace("_", " ")
    return told.format(about) if about else told


def verdict(row: dict[str, Any]) -> Verdict:
    """Return how a row of ``criteria`` bears on the patient."""
    if row["basis"] == "judgement":
        return JUDGEMENT
    if row["status"] == "unknown":
        return UNKNOWN
    if (row["kind"] == "inclusion") == (row["status"] == "not_met"):
        return RULES_OUT
    if row["status"] == "not_met" and row["basis"] == "no_mention":
        return PRESUMED
    return FITS


def verdict_words(row: dict[str, Any]) -> str:
    """Return a row of ``criteria`` in words: "met", "excludes the patient", "unknown, conflicting" …"""
    status, basis = row["status"], row["basis"]
    if status == "unknown":
        return _UNKNOWN_WORDS.get(basis, "unknown")
    if row["kind"] == "inclusion":
        return "met" if status == "met" else "not met"
    if status == "met":
        return "excludes the patient"
    return "not mentioned, presumed absent" if basis == "no_mention" else "does not exclude"


def lapse_words(valid_until: date | None, changes_to: str | None) -> str:
    """
    Return until when a verdict holds; "" if it does not lapse.

    >>> lapse_words(date(2026, 3, 14), "not_met")
    'holds until 2026-03-14, then not met'
    """
    if valid_until is None or changes_to is None:
        return ""
    return f"holds until {valid_until}, then {changes_to.replace('_', ' ')}"


def first_lapse(verdicts: Iterable[tuple[str, date | None]]) -> str:
    """
    Return which of the verdicts on a patient lapses first, from their labels and last days; "" if none does.

    >>> first_lapse([("Age", date(2051, 1, 1)), ("Weakness", date(2026, 3, 14)), ("Prior CAR T", None)])
    'first to lapse: Weakness, after 2026-03-14'
    """
    dated = [(day, label) for label, day in verdicts if day is not None]
    if not dated:
        return ""
    day = min(dated)[0]
    labels = ", ".join(label for last, label in dated if last == day)
    return f"first to lapse: {labels}, after {day}"


def search_words(
    *,
    notes: int,
    first: date | None,
    last: date | None,
    kinds: Sequence[str],
    terms: int,
    unread: Sequence[str],
) -> str:
    """
    Return what was read for a verdict that nothing speaks to, with the exact days.

    >>> search_words(notes=1, first=date(2024, 5, 1), last=date(2024, 5, 1), kinds=["car_t"], terms=196, unread=[])
    '1 note of 2024-05-01 to 2024-05-01, 196 terms for car t'
    """
    span = f" of {first} to {last}" if first else ""
    left_out = f"; not read: {', '.join(unread)}" if unread else ""
    named = ", ".join(kind.replace("_", " ") for kind in kinds)
    return f"{notes} note{'' if notes == 1 else 's'}{span}, {terms} terms for {named}{left_out}"


def no_sign_words(first_pass: dict[str, Any]) -> str:
    """
    Return what the first pass of a run found nobody to have, with the proof of its search.

    >>> no_sign_words({"of": "myositis", "patients_without_sign": 1200, "notes": 9000, "terms": 408,
    ...                "first": "2014-03-02", "last": "2026-01-09"})
    'no sign of myositis: 1,200 patients, not read in full (9,000 notes of 2014-03-02 to 2026-01-09, 408 terms)'
    """
    span = f" of {first_pass['first']} to {first_pass['last']}" if first_pass["first"] else ""
    patients, notes = first_pass["patients_without_sign"], first_pass["notes"]
    return (
        f"no sign of {first_pass['of']}: {patients:,} patient{'' if patients == 1 else 's'}, not read in full "
        f"({notes:,} note{'' if notes == 1 else 's'}{span}, {first_pass['terms']:,} terms)"
    )


def points_words(item: dict[str, Any]) -> str:
    """
    Return what an item of a score adds: one number, or the span that an open item leaves.

    >>> points_words({"points_low": 0.0, "points_high": 1.9}), points_words({"points_low": 2.1, "points_high": 2.1})
    ('0–1.9', '2.1')
    """
    low, high = item["points_low"], item["points_high"]
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"


def score_words(score: dict[str, Any]) -> str:
    """Return a row of ``scores`` in one line: column, score, probability and verdict."""
    column = score["column"].replace("_", " ")
    low, high = score["score_low"], score["score_high"]
    points = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    percent = f"{score['probability_low']:.0%}"
    if score["probability_high"] != score["probability_low"]:
        percent += f" to {score['probability_high']:.0%}"
    labels = " to ".join(dict.fromkeys([score["label_low"], score["label_high"]]))
    return (
        f"{column} {points} points, probability {percent}, {labels}; {SCORE_VERDICT_WORDS[score['verdict']]}"
    )


def one_line(text: str, *, most: int = 0) -> str:
    """
    Return *text* for one line of a terminal or table: white space as single blanks, no control characters.

    Notes may hold escape sequences, which a terminal would obey. *most* cuts to so many characters, 0 for never.
    """
    shown = " ".join("".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text).split())
    return shown if not most or len(shown) <= most else shown[: most - 1].rstrip() + "…"
