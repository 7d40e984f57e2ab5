"""How ``read_context`` reads one mention: ``[words]{axes}`` marks it and names every axis that holds."""

from __future__ import annotations

import re
from datetime import date

import pytest

from chartsift.nlp.pipeline import read_context
from chartsift.nlp.types import MentionContext

MARK = re.compile(r"\[(?P<words>[^\[\]]+)\]\{(?P<axes>[a-z ]*)\}")
AXES = ("negated", "possible", "hypothetical", "historical")


def read_marked(marked: str, note_date: date | None = None) -> list[tuple[str, set[str], set[str]]]:
    """Return for each mark its words, the axes it names and those that are read."""
    text, spans, at = "", [], 0
    for match in MARK.finditer(marked):
        text += marked[at : match.start()]
        spans.append((len(text), len(text) + len(match["words"]), set(match["axes"].split())))
        text += match["words"]
        at = match.end()
    text += marked[at:]
    assert spans, "nothing marked"
    return [
        (text[start:end], wanted, axes(read_context(text, start, end, note_date=note_date)))
        for start, end, wanted in spans
    ]


def axes(context: MentionContext) -> set[str]:
    held = {axis for axis in AXES if getattr(context, axis)}
    return held if context.experiencer == "patient" else held | {context.experiencer}


def check(marked: str, note_date: date | None = None) -> None:
    for words, wanted, held in read_marked(marked, note_date):
        assert held == wanted, f"{words!r} in {marked!r}"


@pytest.mark.parametrize(
    "marked",
    [
        # a list is denied as a whole, and ends where the sentence turns
        "No [fever]{negated}, [chills]{negated}, or [night sweats]{negated} but [fatigue]{} persists.",
        "Denies [dysphagia]{negated}, [dyspnea]{negated} and [arthralgia]{negated}; [rash]{} on both hands.",
        "No [rash]{negated}, however [calcinosis]{} has grown.",
        "No [ulcers]{negated} although the [rash]{} is worse.",
        "No [skin cancer]{negated} except [basal cell carcinoma]{}.",
        "Without [edema]{negated} or [clubbing]{negated}.",
        "Neither [weakness]{negated} nor [myalgia]{negated}.",
        "She denies [cough]{negated} and has [a sore throat]{}.",
        "There was no [effusion]{negated} and the [left ventricle is dilated]{}.",
        "No [pneumothorax]{negated}. [Effusion]{} on the left.",
        "1. No [fever]{negated}\n2. [Cough]{} for a day",
        # a result, or the answer of a form
        "The patient is negative for [hepatitis B]{negated} and [hepatitis C]{negated}.",
        "ROS -ve for [chest pain]{negated}, [cough]{negated} (dry or productive) and [wheeze]{negated}.",
        "[Chest pain]{negated}: No",
        "[Diabetes]{}: Yes",
        "[Rash]{negated}: denies",
        "[Blood transfusion]{negated} ..... none",
        "[ ] [fever]{negated}",
        "[x] [fever]{}",
        "☐ [fever]{negated}",
        "☒ [fever]{}",
        "[Heliotrope rash]{negated} (-), [shawl sign]{} (+), [V sign]{possible} (+/-)",
        "ROS: [fever]{negated} -, [cough]{} +.",
        "ROS: fatigue + -[fever]{negated} +[cough]{}",
        "Neck - [supple]{}.",
        # said behind the mention
        "[Pericardial effusion]{negated} is not seen.",
        "[Pneumonia]{negated} was ruled out.",
        "[DVT]{negated} has been ruled out.",
        "[Anti-Jo-1]{negated}: negative",
        "[HIV]{negated} neg",
        "[Fever]{negated} and [chills]{negated} were denied.",
        "[Vegetations]{negated} could not be identified.",
        "[Lung disease]{} stable, [strep screen]{negated} negative.",
        "[Pneumonia]{}, cultures negative.",
        "[Neutropenic fever]{} (cultures negative) on admission.",
        "[PE]{negated} (negative).",
        # a judgement
        "We rule [PE]{possible} out with a CT.",
        "CT ruled [PE]{negated} out.",
        "The findings would not support a diagnosis of [lupus]{negated} or [sarcoidosis]{negated}.",
        "The picture is not typical for [sarcoidosis]{negated}.",
        "Myositis is unlikely to be [statin myopathy]{negated}.",
        # a remark in brackets reaches no further than the bracket
        "Outside report (slides not sent) gives a diagnosis of [lymphoma]{}.",
    ],
)
def test_negation(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "No change in the [pulmonary nodule]{}.",
        "No interval change in [cardiomegaly]{}.",
        "No increase in the [effusion]{}.",
        "Not only [rash]{} but also [fever]{}.",
        "Gram-negative [bacteremia]{} in March.",
        "[Bacteremia]{} with gram negative rods.",
        "Climbs stairs without difficulty despite [knee pain]{}.",
        "CT without contrast showed [appendicitis]{}.",
        "The [pneumonia]{} has not resolved.",
        "Not limited to [hand rash]{}.",
        # the mention is itself the change
        "No [change in vision]{negated} and no [increase in weight]{negated}.",
        # the words of a mention are no cue for it
        "The exam [showed no abnormality]{}.",
    ],
)
def test_words_that_only_look_like_a_negation(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Possible [pneumonia]{possible}.",
        "[Pneumonia]{possible} is suspected.",
        "[Pneumonia]{possible}?",
        "? [pneumonia]{possible}",
        "Cannot exclude [pneumonia]{possible}.",
        "[Pneumonia]{possible} cannot be ruled out.",
        "[Lymphoma]{possible} vs [sarcoidosis]{possible}.",
        "Findings suspicious for [lymphoma]{possible}.",
        "Rule out [sepsis]{possible}.",
        "Will start [rituximab]{hypothetical} next month.",
        "[Rituximab]{hypothetical} is planned.",
        "[CAR T]{hypothetical} was discussed.",
        "Listed as an option: [lung transplant]{hypothetical}.",
        "Evaluated for [chest pain]{} and referred for [syncope]{}.",
        "PLAN: [Pneumonia]{} continue ceftriaxone.",
    ],
)
def test_doubt_and_plan(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Return if you have [fever]{hypothetical}, [vomiting]{hypothetical} or [worse pain]{hypothetical}.",
        "Call the office for [bleeding]{hypothetical}.",
        "Should she develop [shortness of breath]{hypothetical}, she will come back.",
        "In case of [chest pain]{hypothetical} take nitroglycerin.",
        "If the patient has [seizures]{hypothetical} again, load levetiracetam.",
        "Oxycodone as needed for [pain]{hypothetical}.",
        "At risk for [falls]{hypothetical}.",
        "Watch for signs of [infection]{hypothetical}.",
        # not so
        "She has signs of [heart failure]{}.",
        "Alert and oriented, [pupils equal]{}.",
        "She wonders if, but the [rash]{} is there.",
        "Pacemaker once the [infection]{} has resolved.",
    ],
)
def test_condition_and_warning(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "History of [stroke]{historical} and [gout]{historical}.",
        "H/o [MI]{historical}.",
        "She has a past medical history significant for [asthma]{historical}, [GERD]{historical} and [gout]{historical}.",
        "PAST MEDICAL HISTORY:  [Hypertension]{historical}, [migraine]{historical}.",
        "PMH: [hypertension]{historical}\n\nEXAM: [murmur]{}",
        "Multiple medical problems including [COPD]{historical}, status post [lobectomy]{historical}, [gout]{historical}.",
        "Because of his [coronary disease]{historical} history we admitted him.",
        "S/p [appendectomy]{historical}, [fever]{} today.",
        "Status post [splenectomy]{historical}.",
        "Prior [stroke]{historical}, [diabetes]{}.",
        "[Pancreatitis]{historical} three years ago.",
        "[Pancreatitis]{historical} 6 months prior to admission.",
        "Two years ago she had [shingles]{historical}.",
        "[Shingles]{historical} in 2003.",
        "[Appendectomy]{historical} (1998).",
        "[Asthma]{historical} as a child.",
        "[Deafness]{historical} since birth.",
        "[COPD]{historical} by history.",
        "[Chickenpox]{historical} at age 7.",
        "[Back pain]{historical} for over two years.",
        "A 10-year history of [psoriasis]{historical}.",
        "The report gave a diagnosis of [lymphoma]{historical} at that time.",
        # history of its own nature
        "She [smokes cigarettes]{historical}.",
        "Denies [alcohol use]{negated historical}.",
        "No known [drug allergies]{negated historical}.",
        "SOCIAL HISTORY: [Divorced]{historical}.",
        "3. [Hypertension]{historical}.",
        # independent of each other
        "No history of [stroke]{negated historical}.",
        "Questionable history of [seizures]{possible historical}.",
        "No family history of [breast cancer]{negated historical family}.",
    ],
)
def test_history(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "HISTORY OF PRESENT ILLNESS: [Cough]{} since Monday.",
        "History and physical: [cough]{}.",
        "CLINICAL HISTORY: [bladder cancer]{}.",
        "Two-day history of [cough]{}.",
        "[Cough]{} for three days.",
        "A man with a history of [gout]{historical} who presents with [chest pain]{}.",
        "A man with a history of [gout]{historical}, presents to the clinic with [chest pain]{}.",
        "A 70-year-old woman with [pneumonia]{}.",
        "[Chest pain]{} two days ago.",
        "Past medical history of [gout]{historical} and recent diagnosis of [PE]{}.",
        "She had been complaining of [fatigue]{}.",
        "IMPRESSION: [Hypertension]{}.",
        "In 2003 she moved here; now [cough]{}.",
        "[Pneumonia]{negated}, resolved.",
    ],
)
def test_what_is_no_history(marked: str) -> None:
    check(marked)


def test_a_year_is_past_only_before_that_of_the_note() -> None:
    check("[Shingles]{historical} in 2019.", date(2024, 5, 1))
    check("[Shingles]{} in 2024.", date(2024, 5, 1))


def test_a_day_is_past_two_weeks_before_the_note() -> None:
    check("[Fall]{historical} on 3/2/2024.", date(2024, 5, 1))
    check("[Fall]{} on 4/28/2024.", date(2024, 5, 1))


@pytest.mark.parametrize(
    "marked",
    [
        "Mother had [lupus]{family}.",
        "Pt's husband had [pneumonia]{family}.",
        "Her sister developed [dermatomyositis]{family}.",
        "The sister is 31 and has a [rash]{family}.",
        "[Colon cancer]{family} in her father.",
        "FAMILY HISTORY: [diabetes]{historical family}",
        "FH is +ve for a sister with [polyps]{family}.",
        "Her roommate has [influenza]{other}.",
        # company and sources
        "Mother reports that he has a [rash]{}.",
        "Accompanied by his mother, he has a [rash]{}.",
        "Lives with her husband; [rash]{} on the hands.",
        "Family medicine sent her for a [rash]{}.",
    ],
)
def test_whose_it_is(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "The diagnosis of [lupus]{negated} was entered in error.",
        "[Lupus]{historical}, diagnosis revised to [dermatomyositis]{}.",
        "Misdiagnosed as [polymyositis]{negated}.",
        "Has [lupus]{negated}.\nAddendum: the above was entered in error.",
        "No [stroke]{possible}.\nAddendum: the above was entered in error.",
        "Has [lupus]{other}.\n\nADDENDUM: above note was written on the wrong patient. She has [asthma]{}.",
        "Has [gout]{}.\n\nHas [lupus]{negated}.\nAddendum: the above statement was documented in error.",
    ],
)
def test_what_is_corrected(marked: str) -> None:
    check(marked)


def test_the_words_that_decide_are_given() -> None:
    context = read_context("No history of stroke.", 14, 20)

    assert context.cues == (("historical", "history of"), ("negated", "No"))


def test_a_place_without_words_is_an_error() -> None:
    with pytest.raises(ValueError, match="no word"):
        read_context("No stroke. ", 10, 11)
