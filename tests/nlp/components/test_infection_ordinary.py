"""Infections in ordinary sentences: a cue decides only over the infection that it governs."""

from __future__ import annotations

import pytest
from support.reading import read
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

# The text of a note a few days before screening, and the status of the infection named first.
STATUS = [
    # ---- told in the past tense, treated in the present
    ("Admitted with an episode of pneumonia, on IV ceftriaxone.", "active"),
    ("Now has an episode of shingles, on valacyclovir day 2.", "active"),
    ("He was home sick with COVID this week, on Paxlovid day 3.", "active"),
    ("He had a bout of pyelonephritis last night, on ceftriaxone.", "active"),
    ("Methotrexate was stopped when she had shingles.", "resolved"),
    ("He had one episode of cellulitis.", "resolved"),
    # ---- the answer of the next field
    ("Cellulitis on IV vancomycin; drainage: none.", "active"),
    ("UTI on ceftriaxone, CVA tenderness: no.", "active"),
    ("Sepsis on meropenem, pressors: no.", "active"),
    ("Infection now: none.", "none"),
    # ---- suppression of something else
    ("Cellulitis while on immune suppression; cephalexin started yesterday.", "stated"),
    ("Pneumonia in the setting of immune suppression, on IV ceftriaxone.", "active"),
    ("Bacteremia in the setting of bone marrow suppression, on vancomycin.", "active"),
    ("HSV suppression with valacyclovir.", "prophylaxis"),
    # ---- latent tuberculosis under treatment, and done
    ("Latent TB, has had 2 months of isoniazid so far.", "latent"),
    ("Latent TB diagnosed 2024, took 3 months of isoniazid and continues.", "latent"),
    ("Latent TB, took 4 months of rifampin.", "treated"),
]


@pytest.mark.parametrize(("text", "status"), STATUS)
def test_status_of_an_infection(text: str, status: str, pipeline: Pipeline) -> None:
    found = read(pipeline, text, "infection")

    assert [f.attribute("status") for f in found][:1] == [status]


# The same for every infection of a sentence, with the verdict of a chart that says no more.
_OPEN = {"suspected", "latent", "treated", "suppressed", "stated"}
ALL = [
    ("Cellulitis of the left shin, cephalexin day 4 of 7, erythema resolved.", "active"),
    ("She is on IV ceftriaxone for pyelonephritis.", "active"),
    ("Pneumonia on levofloxacin, fever gone since yesterday.", "active"),
    ("UTI diagnosed 3 days ago, on nitrofurantoin, methotrexate held.", "active"),
    ("He was admitted with pneumonia and remains on IV ceftriaxone.", "active"),
    ("C. difficile colitis, on oral vancomycin, prior course of metronidazole failed.", "active"),
    (
        "Shingles on the right flank, valacyclovir 1 g TID started yesterday, PJP ppx continues.",
        "active, prophylaxis",
    ),
    ("Currently being treated for bacteremia with cefazolin via PICC until 12/15.", "active"),
    ("Diabetic foot infection, on ertapenem, ID following.", "active"),
    ("Septic arthritis of the knee, s/p washout, on IV vancomycin.", "active"),
    ("Sinusitis, on amoxicillin-clavulanate since Monday.", "active"),
    ("CMV colitis on ganciclovir, viral load falling.", "active"),
    ("Osteomyelitis of the toe, week 3 of 6 of IV cefazolin.", "active"),
    ("Her diverticulitis is improving on ciprofloxacin and metronidazole.", "active"),
    ("Pneumocystis pneumonia, on treatment-dose TMP-SMX day 5 of 21.", "active"),
    ("Infected calcinosis of the elbow with cellulitis, draining pus, on doxycycline.", "active, active"),
    ("Tooth abscess, started amoxicillin today, extraction next week.", "active"),
    ("She continues voriconazole for invasive aspergillosis.", "active"),
    ("Cellulitis has not resolved; clindamycin added.", "active"),
    ("Patient with endocarditis on IV ampicillin, week 2 of 6, no fever.", "active"),
    ("Admitted yesterday for urosepsis, on meropenem, blood pressure stable without pressors.", "active"),
    ("Influenza A positive today, oseltamivir started, vaccine not given this year.", "active"),
    ("COVID positive on Monday, on Paxlovid, no oxygen needed.", "active"),
    ("Active tuberculosis, on RIPE, month 2 of 6.", "active"),
    ("History of asthma. Pneumonia now, on azithromycin.", "active"),
    ("Wound infection of the biopsy site, on cephalexin; margins: clear.", "active"),
    ("Pneumonia in spring, treated with levofloxacin, cleared.", "resolved"),
    ("She completed cephalexin for cellulitis last month.", "resolved"),
    ("He had shingles in 2019.", "resolved"),
    ("The UTI has resolved after nitrofurantoin.", "resolved"),
    ("She was hospitalized with pneumonia in March 2023 and recovered.", "resolved"),
    ("s/p C. diff 2022, no recurrence.", "resolved"),
    ("Had COVID twice, last in 2022, mild.", "resolved"),
    ("Bronchitis two months ago, finished azithromycin.", "resolved"),
    ("He got over the flu infection; cellulitis is healed too.", "resolved, resolved, resolved"),
    ("Missed an infusion when he had influenza.", "resolved"),
    ("Re-presentation when CMV is negative.", "conditional"),
    ("CMV viraemia under treatment, therefore neither procedure possible at the moment.", "active"),
    ("A spell of pneumonia that turned out to be no infection at all.", "negative, none"),
    ("He has not been admitted for infection in two years.", "none"),
    ("She has never been hospitalised with pneumonia.", "negative"),
    ("The 10-JAN-2024 column was drawn on day 2 of influenza A.", "resolved"),
    ("History of recurrent sinusitis in childhood.", "resolved"),
    ("Past medical history: pyelonephritis 2018, appendicitis 2005.", "resolved, resolved"),
    ("No evidence of pneumonia on chest film.", "negative"),
    ("Denies cellulitis or dental abscess.", "negative, negative"),
    ("Blood cultures grew nothing, bacteremia was ruled out.", "negative"),
    ("C. difficile toxin negative.", "negative"),
    ("No signs or symptoms of infection today.", "none"),
    ("Denies any infection since the last visit.", "none"),
    ("Active infection: no", "none"),
    ("TMP-SMX three times a week to prevent PJP.", "prophylaxis"),
    ("Acyclovir for zoster prophylaxis.", "prophylaxis"),
    ("Atovaquone as PJP ppx, tolerating well.", "prophylaxis"),
    ("HSV suppressive therapy with valacyclovir.", "prophylaxis"),
    ("Possible pneumonia, chest CT ordered.", "suspected"),
    ("Concern for cellulitis of the left foot.", "suspected"),
    ("Rule out endocarditis, echo tomorrow.", "suspected"),
    ("Shingles vaccine second dose due.", "vaccine"),
    ("Exposure to tuberculosis at work, QuantiFERON pending.", "exposure"),
    ("Latent TB, on rifampin month 2 of 4.", "latent"),
    ("Positive QuantiFERON, isoniazid started in September.", "latent"),
    ("Latent TB, completed 9 months of isoniazid in 2020.", "treated"),
    ("LTBI diagnosed last year, 3 of 9 months of INH taken.", "latent"),
    ("If she develops pneumonia, stop mycophenolate.", "conditional"),
    ("Call us for any sign of cellulitis.", "conditional"),
    ("HIV on Biktarvy, viral load undetectable.", "suppressed"),
    ("HIV with viral load 45,000, off ART.", "viremic"),
    ("Hepatitis C antibody nonreactive.", "negative"),
    ("Hepatitis C cured in 2017.", "resolved"),
    ("Her husband has pneumonia.", "other_person"),
    ("Pneumonia on ceftriaxone; history of asthma, prior smoker.", "active"),
    ("Cellulitis, on cephalexin, last seen two months ago.", "active"),
    ("Denies fever; cellulitis of the calf on dicloxacillin day 2.", "active"),
    ("No cough, but pneumonia on CT, on levofloxacin.", "active"),
    ("Vomiting has resolved, pyelonephritis still on ceftriaxone.", "active"),
    ("Hospitalized last night with cholangitis, on piperacillin-tazobactam.", "active"),
    ("Was seen in the ED, found to have cellulitis, now on clindamycin.", "active"),
    ("Bactrim prophylaxis held while on levofloxacin for pneumonia.", "active"),
    (
        "Because of prior C. diff she gets oral vancomycin; now has cellulitis, on cefazolin.",
        "resolved, active",
    ),
    ("UTI, on day 2 of ciprofloxacin, allergies: none.", "active"),
    ("She had pneumonia vaccine last year and now has pneumonia, on azithromycin.", "vaccine, active"),
    ("While he was in Mexico he caught typhoid; now has pneumonia, taking amoxicillin.", "resolved, active"),
    ("Abscess drained last week, cellulitis persists, continues doxycycline.", "active, active"),
    ("Influenza last month, now bacterial pneumonia on ceftriaxone.", "resolved, active"),
    ("Cellulitis of the arm, prednisone was stopped, cefazolin continues.", "active"),
    ("Ongoing treatment for discitis with IV daptomycin, exposure to TB denied.", "active, negative"),
    ("Bronchitis with wheeze, on azithromycin, chest film: no pneumonia.", "active, negative"),
    ("Perirectal abscess, immune suppression reduced, on ertapenem.", "active"),
    ("Shingles three days ago, on valacyclovir.", "active"),
    ("Sepsis from a line infection, line removed, vancomycin continues through 12/20.", "active, active"),
    ("Pneumonia.", "stated"),
    ("Pneumonia last month, off antibiotics, now well.", "resolved"),
    ("Treated for cellulitis in August; now on no antibiotics.", "resolved"),
    ("Her shingles cleared, no longer on valacyclovir.", "resolved"),
    ("Cellulitis healed after ten days of cephalexin.", "resolved"),
    ("UTI, ciprofloxacin completed two weeks ago.", "resolved"),
    ("The pneumonia for which he was admitted in May has resolved on follow-up film.", "resolved"),
    ("Had a single episode of zoster at age 12.", "resolved"),
    ("Wound clean, no cellulitis, on prednisone.", "negative"),
    ("Cellulitis: no", "negative"),
    ("Currently on TMP-SMX for PJP prophylaxis, no missed doses.", "prophylaxis"),
    ("PJP prophylaxis with dapsone now.", "prophylaxis"),
    ("Had pneumonia on admission and is on day 5 of cefepime.", "active"),
    ("Line sepsis, afebrile x2 days, continues daptomycin, last dose of IVIG in October.", "active"),
    (
        "Cellulitis of the forearm after IV infiltration, got one dose of ceftriaxone, now on cephalexin.",
        "active",
    ),
    ("Prostatitis, taking ciprofloxacin for four weeks, week 2.", "active"),
    ("Worsening cellulitis despite cephalexin, admitted for IV vancomycin.", "active"),
    ("Prior to this visit she was diagnosed with shingles and is taking valacyclovir 1 g TID.", "active"),
    ("Pyelonephritis treated with ceftriaxone, day 2.", "active"),
    ("Pneumonia, being treated with levofloxacin; no sepsis.", "active, negative"),
    ("Rituximab deferred because of pneumonia.", "active"),
    ("Has a UTI, will start nitrofurantoin today.", "active"),
    ("Culture grew E. coli; UTI, started on cefpodoxime.", "active"),
    ("Her herpes zoster is crusting, still on famciclovir.", "active"),
    ("Nocardia lung infection on TMP-SMX and linezolid.", "active, active"),
    ("He was on ceftriaxone for pneumonia in February.", "resolved"),
    ("She was treated with vancomycin for bacteremia in 2022.", "resolved"),
    ("After a course of doxycycline her cellulitis is gone.", "resolved"),
    ("Her last UTI was two years ago.", "resolved"),
    ("Pneumonia was excluded on CT.", "negative"),
    ("Chest CT without pneumonia, on TMP-SMX prophylaxis.", "negative"),
    ("No recent infections or antibiotics.", "none"),
    ("?cellulitis vs stasis dermatitis.", "suspected"),
]


@pytest.mark.parametrize(("text", "statuses"), ALL)
def test_every_infection_of_an_ordinary_sentence(text: str, statuses: str, pipeline: Pipeline) -> None:
    found = read(pipeline, text, "infection")

    assert ", ".join(f.attribute("status") for f in found) == statuses


@pytest.mark.parametrize(("text", "statuses"), ALL)
def test_verdict_follows_from_the_infections(text: str, statuses: str, pipeline: Pipeline) -> None:
    told = set(statuses.split(", "))
    wanted = "met" if told & {"active", "viremic"} else "unknown" if told & _OPEN else "not_met"

    assert decide(pipeline, "active_infection", [(2, text)]).status == wanted


VERDICTS = [
    ("Admitted with an episode of pneumonia, on IV ceftriaxone.", "met"),
    ("Cellulitis while on immune suppression; cephalexin started yesterday.", "met"),
    ("Bacteremia in the setting of bone marrow suppression, on vancomycin.", "met"),
    ("Latent TB diagnosed 2024, took 3 months of isoniazid and continues.", "unknown"),
    ("Osteomyelitis of the heel in March, IV cefazolin.", "unknown"),
    ("Cellulitis of the heel in March, cefazolin.", "not_met"),
]


@pytest.mark.parametrize(("text", "status"), VERDICTS)
def test_verdict_on_active_infection(text: str, status: str, pipeline: Pipeline) -> None:
    assert decide(pipeline, "active_infection", [(3, text)]).status == status
