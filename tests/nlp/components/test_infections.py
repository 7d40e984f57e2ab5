"""How infections stand, what drugs are given for, and until when."""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.components.courses import course_in
from chartsift.nlp.pipeline import Pipeline

DAY = date(2024, 11, 20)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("On day 3 of IV vancomycin for pneumonia.", "active"),
        ("Imp: disseminated histoplasmosis, improving, continue.", "active"),
        ("The aspergillosis isn't cured.", "active"),
        ("She is being treated for pulmonary TB.", "active"),
        ("The autumn pneumonia is behind her.", "resolved"),
        ("Shin cellulitis in October, dicloxacillin 10 d, cleared.", "resolved"),
        ("Last spring she had pneumonia. She has recovered fully.", "resolved"),
        ("Pneumonia vaccine given.", "vaccine"),
        ("Bactrim for PJP prophylaxis.", "prophylaxis"),
        ("Atovaquone for PJP.", "prophylaxis"),
        ("Possible pneumonia vs ILD flare.", "suspected"),
        ("HIV on cART, VL undetectable.", "suppressed"),
        ("HIV, detectable at 12,400 copies.", "viremic"),
        ("HIV Ag/Ab neg.", "negative"),
        ("HCV cured with SVR 2018.", "resolved"),
        ("Latent TB on isoniazid.", "latent"),
        ("No infections.", "none"),
        ("Risks include bleeding, infection, or death.", "conditional"),
    ],
)
def test_status_of_an_infection(text: str, status: str, pipeline: Pipeline) -> None:
    found = read(pipeline, text, "infection")

    assert [f.attribute("status") for f in found][:1] == [status]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("TMP-SMX DS MWF", "prophylaxis"),
        ("TMP-SMX DS 2 tabs TID for PJP, day 5 of 21", "treatment"),
        ("cefdinir 300 BID thru 11/28", "treatment"),
        ("Augmentin 7 d, finished 10/20", "finished"),
        ("doxycycline 100 BID for rosacea", "other_use"),
        ("If symptomatic we may need to start her on antibiotics.", "planned"),
        ("Allergic to amoxicillin (hives).", "reaction"),
        ("no abx", "none"),
    ],
)
def test_use_of_a_drug(text: str, status: str, pipeline: Pipeline) -> None:
    (found,) = read(pipeline, text, "antimicrobial")

    assert found.attribute("status") == status


@pytest.mark.parametrize(
    ("text", "until", "running"),
    [
        ("through 11/30", date(2024, 11, 30), True),
        ("go on thru May 2025", date(2025, 5, 31), True),
        ("last dose 11/18", date(2024, 11, 18), False),
        ("day 4/7", date(2024, 11, 23), True),
        ("day 3 of 10", date(2024, 11, 27), True),
        ("6 wk from 11/1", date(2024, 12, 13), True),
        ("completed 14 days on 4/9", date(2024, 4, 9), False),
        ("in hospital for five days", None, False),
    ],
)
def test_course(text: str, until: date | None, running: bool) -> None:
    course = course_in(text, 0, len(text), DAY)

    assert (course.until, course.running) == (until, running)


def test_each_drug_of_a_list_has_its_own_course(pipeline: Pipeline) -> None:
    found = read(pipeline, "MEDS: prednisone 10, atovaquone, colchicine (stopped 9/12).", "antimicrobial")

    assert [f.attribute("status") for f in found] == ["presumed_prophylaxis"]
