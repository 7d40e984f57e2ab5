"""
A transplant or CAR T told in other styles: letters written in translated English, ward forms, phone notes, lists that are
wrong. Each table also holds the neighbours that must not change.

Of the sentences of the first tables 81 of 171 were read right before the rules were mended, unseen.
"""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

DAY = date(2024, 6, 1)
P, A, H, F, Q = "present", "absent", "hypothetical", "family", "possible"

# By what they are about: the sentences, and what each holds and nothing else.
STYLES: dict[str, list[tuple[str, set[tuple[str, str]]]]] = {
    "talk": [
        ("A kidney transplant was brought up at the board in April and not pursued by us.", {("kidney", H)}),
        ("Autologous SCT was mooted in 2022 and dropped.", {("hct", H)}),
        ("Heart transplant: brought up in 2017 when the EF was 25, never listed.", {("heart", H)}),
        (
            "Liver transplantation was mentioned in 2019 by the hepatologists; the function came back.",
            {("liver", H)},
        ),
        ("In 2021 a lung transplant was on the table, then taken off it.", {("lung", H)}),
        ("Stem cells were collected in August 2023 with a view to auto-SCT.", {("hct", H)}),
        ("CD34+ cells in the freezer in view of an autologous transplant.", {("hct", H)}),
        ("Haploidentical HSCT from the father was kept in reserve.", {("hct", H)}),
        ("An allogeneic transplant was held back as plan B.", {("hct", H)}),
        ("Allo-HSCT remains the fallback.", {("hct", H)}),
        ("The planned autologous transplant is therefore off.", {("hct", H)}),
        ("The auto-SCT was called off in October 2021 because of progression.", {("hct", H)}),
        ("Cardiology said no to a second kidney transplant in 2022.", {("kidney", H)}),
        ("The committee turned her down for liver transplant in 2020.", {("liver", H)}),
        ("The tumour board voted against an allogeneic transplant in March 2022.", {("hct", H)}),
        ("A lung transplant was felt to be premature in 2023.", {("lung", H)}),
        ("The subject of heart transplantation came up during the admission in 2018.", {("heart", H)}),
        (
            "Kidney transplant was contemplated in 2016, but his function recovered on dialysis.",
            {("kidney", H)},
        ),
        ("The patient proposed an autologous stem cell transplant herself.", {("hct", H)}),
        ("Bone marrow transplant was vetoed by cardiology in 2019.", {("hct", H)}),
        ("A lung transplant has been ruled out by the surgeons.", {("lung", H)}),
        ("There was talk of a liver transplant in 2015.", {("liver", H)}),
        ("Kidney transplant shelved in 2020 after the stroke.", {("kidney", H)}),
        ("Allo-SCT would only come into question at relapse.", {("hct", H)}),
        ("CAR T comes into question for him.", {("CAR-T", H)}),
        ("The family has read about a treatment with CAR T cells.", {("CAR-T", H)}),
        ('I saw online a "reset" treatment with CAR T cells, do you offer this?', {("CAR-T", H)}),
        ("A second CAR T must be discussed with the trial team.", {("CAR-T", H)}),
        ("Whether a second CAR T product is allowed is for the sponsor to say.", {("CAR-T", H)}),
        ("A third kidney transplant is not realistic.", {("kidney", H)}),
        ("Another CAR T infusion was suggested.", {("CAR-T", H)}),
        ("Our question to you: can he be treated with CAR T cells?", {("CAR-T", H)}),
        ("Her aim is treatment with CAR T cells.", {("CAR-T", H)}),
        ("Eligibility for treatment with CAR T cells to be checked.", {("CAR-T", H)}),
    ],
    "received": [
        ("Kidney transplant in April 2015, brought to clinic by her husband.", {("kidney", P)}),
        ("She has a kidney transplant; the question of relisting was brought up in 2022.", {("kidney", P)}),
        ("He was treated with CAR T cells in 2022.", {("CAR-T", P)}),
        ("After treatment with CAR T cells he was off all drugs.", {("CAR-T", P)}),
        ("Treatment with CAR T cells (2021) brought a remission of 14 months.", {("CAR-T", P)}),
        ("Second kidney transplant 2011, functioning.", {("kidney", P)}),
        ("Her second kidney transplant works.", {("kidney", P)}),
        ("A second allogeneic transplant was performed in 2019.", {("hct", P)}),
        ("Stem cells were collected in 2018 and the auto-SCT was done in March 2019.", {("hct", P)}),
        ("Lung transplant 2019 after being turned down elsewhere.", {("lung", P)}),
        (
            "Although the board voted against it at first, she got her liver transplant in 2016.",
            {("liver", P)},
        ),
        ("He had his heart transplant in 2014, mentioned in the cardiology letter.", {("heart", P)}),
        ("The kidney transplant of 2009 was lost to rejection in 2017.", {("kidney", P)}),
        ("Liver transplant in 2013 with a graft held in reserve for another patient.", {("liver", P)}),
        ("Kidney transplant done in 2012 in view of terminal renal failure.", {("kidney", P)}),
        ("BMT 2004, brought up at every visit by her mother.", {("hct", P)}),
        (
            "Autologous transplant, mentioned in the letter of 2021: BEAM, day 0 on 3 March 2020.",
            {("hct", P)},
        ),
        ("Bone marrow transplantation took place in 2011.", {("hct", P)}),
        ("Kidney transplant carried out abroad in 2016, no records.", {("kidney", P)}),
        ("Lost her first kidney transplant to BK nephropathy.", {("kidney", P)}),
        ("Heart transplant. Tacrolimus 2 mg twice daily.", {("heart", P)}),
    ],
    "people": [
        ("Parents were given the CAR T leaflet and wish to go ahead.", {("CAR-T", H)}),
        ("Mother was handed the CAR T brochure.", {("CAR-T", H)}),
        ("Her parents are asking about a bone marrow transplant.", {("hct", H)}),
        (
            "Parents were told of the trial. They asked re bone marrow transplant as an alternative.",
            {("hct", H)},
        ),
        ("The colleague of internal medicine asks my opinion on a therapy by CAR-T cells.", {("CAR-T", H)}),
        ("My colleague in rheumatology asks whether CAR T is possible.", {("CAR-T", H)}),
        ("The sister offered to be tested for an allo transplant; not indicated.", {("hct", H)}),
        ("His brother was typed for an allogeneic transplant, which was not pursued.", {("hct", H)}),
        ("The wife has volunteered as donor for a kidney transplant, work-up pending.", {("kidney", H)}),
        ("The grand-mother has received axicabtagene ciloleucel for a lymphoma.", {("CAR-T", F)}),
        ("His step-father had a kidney transplant in 2011.", {("kidney", F)}),
        ("A great-aunt had a liver transplant.", {("liver", F)}),
        ("Half-sister: heart transplant 2019.", {("heart", F)}),
        ("Her god-son had CAR T for leukaemia.", {("CAR-T", F)}),
        ("The mother-in-law got a kidney transplant in 2020.", {("kidney", F)}),
        ('The entry "bone marrow transplant 2015" is about her little sister.', {("hct", F)}),
        ("The kidney transplant in the GP summary refers to her father.", {("kidney", F)}),
        ("The liver transplant on the list belongs to her husband, not to her.", {("liver", F)}),
        ("The heart transplant mentioned there was her uncle's.", {("heart", F)}),
        ("She was the donor for Bryony's bone marrow transplant.", {("hct", F)}),
        ("He acted as donor for John's kidney transplant.", {("kidney", F)}),
        ("Left donor nephrectomy 2006, for her brother's kidney transplant.", {("kidney", F)}),
        ("She gave marrow for her sister's transplant in 1999.", {("hct", F)}),
        ("He was tested because his cousin Ines needed a bone marrow transplant.", {("hct", F)}),
        ("Long-term follow-up applies to subjects who got CAR T cells.", {("CAR-T", F)}),
        ("Live vaccines are avoided in patients who received a kidney transplant.", {("kidney", F)}),
        ("Results in those who were given CAR T cells are encouraging.", {("CAR-T", F)}),
        ("We have treated eleven patients with CAR T cells here so far.", {("CAR-T", F)}),
        ("Her roommate on the ward had a lung transplant last week.", {("lung", F)}),
        ("Her brother gave her a kidney: living donor kidney transplant 2010.", {("kidney", P)}),
        ("Bone marrow transplant in 2005 with her sister's cells.", {("hct", P)}),
        ("Parents report that he had a bone marrow transplant at 3 years.", {("hct", P)}),
        ("The entry is about the kidney transplant that she had in 2009.", {("kidney", P)}),
        ("The colleague of nephrology looks after her kidney transplant.", {("kidney", P)}),
        ("The family of the donor wrote to her after her heart transplant.", {("heart", P)}),
        ("She is one of the patients who received a liver transplant in 2004 at our centre.", {("liver", P)}),
        ("The patient, who received a liver transplant in 2004, is well.", {("liver", P)}),
        ("She tells her sister everything. Kidney transplant 2012.", {("kidney", P)}),
        ("Kidney from her mother 2001 (kidney transplant), creatinine 1.2.", {("kidney", P)}),
    ],
    "forms": [
        ("Prior CAR-T .......... [ ] yes  [x] no", {("CAR-T", A)}),
        ("Prior BMT ............ [x] yes  [ ] no", {("hct", P)}),
        ("Kidney transplant:  ☐ Yes  ☒ No", {("kidney", A)}),
        ("Kidney transplant:  ☒ Yes  ☐ No", {("kidney", P)}),
        ("Stem cell transplant   Yes [ ]   No [X]", {("hct", A)}),
        ("Stem cell transplant   Yes [X]   No [ ]", {("hct", P)}),
        ("Liver transplant? ( ) Y (x) N", {("liver", A)}),
        ("Lung transplant: yes ☐ no ☑", {("lung", A)}),
        ("Heart transplant: (x) no ( ) yes ( ) unknown", {("heart", A)}),
        ("CAR-T therapy in the past  ☑ nein ☐ ja", {("CAR-T", A)}),
        ("Bone marrow / stem cell transplant – NO; organ – NO", {("hct", A)}),
        ("Kidney transplant – no. Dialysis – no.", {("kidney", A)}),
        (
            "Ever had a bone marrow transplant, CAR T or gene therapy?  NO / NO / NO",
            {("CAR-T", A), ("hct", A)},
        ),
        ("Have you ever had a kidney transplant? No, never.", {("kidney", A)}),
        ("Has the patient ever received CAR T cells? Denied.", {("CAR-T", A)}),
        ("Any previous stem cell transplant?  Y (2016, myeloma)", {("hct", P)}),
        ("Q: Received CAR T before? A: no", {("CAR-T", A)}),
        ("Did the patient undergo liver transplantation?   NO", {("liver", A)}),
        ("Have you ever had a kidney transplant? Yes, in 2009.", {("kidney", P)}),
        (
            "Prior transplants (checklist): bone marrow transplant - NO; kidney transplant - NO",
            {("hct", A), ("kidney", A)},
        ),
        ("Kidney transplant\tno\nCAR-T\tno", {("CAR-T", A), ("kidney", A)}),
        ("Kidney transplant | yes, 2012 | CAR-T | no", {("CAR-T", A), ("kidney", P)}),
        ("HSCT (auto/allo): neither", {("hct", A)}),
        ("Liver transplant = 0", {("liver", A)}),
        ("No heart, lung, liver nor kidney graft.", {("heart", A), ("kidney", A), ("liver", A), ("lung", A)}),
        ("Neither heart, liver nor kidney transplant.", {("heart", A), ("kidney", A), ("liver", A)}),
        ("CAR T cells were neither made nor given.", {("CAR-T", A)}),
        ("CAR-T she says she never had.", {("CAR-T", A)}),
        ("A kidney transplant he has never had.", {("kidney", A)}),
        ("A stem cell transplant has not taken place.", {("hct", A)}),
        ("Status: no CAR-T until today, no marrow graft.", {("CAR-T", A), ("hct", A)}),
        ("For himself, no CAR T so far.", {("CAR-T", A)}),
        ("Anamnesis empty for kidney transplant.", {("kidney", A)}),
        (
            "LUNG TX: called the centre on 16/1. They will see her for lung transplant assessment. NOT listed.",
            {("lung", H)},
        ),
        ("Lung transplant: referral sent, not yet listed.", {("lung", H)}),
        ("Lung transplant: first visit at the centre on 3 July, then decision on listing.", {("lung", H)}),
        ("LIVER TRANSPLANT: followed by Dr. Ames, tacrolimus level 5.1.", {("liver", P)}),
        ("Kidney transplant: stable, creatinine 1.3.", {("kidney", P)}),
        ("Kidney Transplant (2012): continue tacrolimus, see nephrology in July.", {("kidney", P)}),
    ],
    "wrong": [
        ('The "no" at CAR-T is wrong, he had it in 2021.', {("CAR-T", P)}),
        ('The "never" under kidney transplant is incorrect; she got one in 2009.', {("kidney", P)}),
        ("The school form says liver transplant; I corrected it in ink.", {("liver", A)}),
        ("The problem list says kidney transplant. I have removed this.", {("kidney", A)}),
        ("Old letters list a heart transplant; I struck it out today.", {("heart", A)}),
        ("The discharge summary states BMT 2015. We have deleted that entry.", {("hct", A)}),
        ("Z94.0 kidney transplant status was miscoded.", {("kidney", A)}),
        ("Kidney transplant on the problem list: not hers.", {("kidney", A)}),
        ('The wrist band carries the word "TRANSPLANT" since our unit is shared.', set()),
        ('The label "BMT" on the chart only names the ward.', set()),
        ("Kidney transplant 2009; the dose of tacrolimus was high and I corrected it.", {("kidney", P)}),
        ("Kidney transplant 2009, hypomagnesaemia, I corrected that with an infusion.", {("kidney", P)}),
        (
            "Liver transplant in 2011; the wrong year stood in the letter and I have amended it.",
            {("liver", P)},
        ),
    ],
    "words": [
        ("High-dose therapy with stem cell retransfusion in 2013.", {("hct", P)}),
        ("Melphalan 200 with autologous stem cell support 2014.", {("hct", P)}),
        ("Allogeneic bone marrow graft in 2007 for AML.", {("hct", P)}),
        ("Marrow graft 2003 from an unrelated donor.", {("hct", P)}),
        ("Stem cell graft 2015, engrafted on day 17.", {("hct", P)}),
        ("Kidney-transplanted patient since 2010.", {("kidney", P)}),
        ("He was liver-transplanted in 2012.", {("liver", P)}),
        ("Grafted kidney in the right fossa.", {("kidney", P)}),
        ("Grafted heart, normal function.", {("heart", P)}),
        ("Combined liver-intestine transplant 2014.", {("liver", P)}),
        ("Liver-kidney transplant 2016.", {("kidney", P), ("liver", P)}),
        ("Z.n. Nieren-TPL 2011.", {("kidney", P)}),
        ("St.p. NTX 2011 because of IgA nephropathy.", {("kidney", P)}),
        ("St. n. Lebertransplantation 2009.", {("liver", P)}),
        ("Heart-transplanted in 2005.", {("heart", P)}),
        ("Bilateral lung grafting in 2018.", {("lung", P)}),
        ("Renal grafting 2006.", {("kidney", P)}),
        ("High-dose chemotherapy with autologous stem cell transfusion in 2015.", {("hct", P)}),
        ("She received anti-CD19 CAR T lymphocytes in 2022.", {("CAR-T", P)}),
        ('The product was "CD19 CAR-NK, cord blood derived", three infusions in 2023.', {("CAR-T", Q)}),
        ("Three infusions of BCMA CAR-NK cells in 2022.", {("CAR-T", Q)}),
        ("No marrow graft, no organ graft.", {("hct", A)}),
        ("HLA-identical sibling graft of bone marrow 1998.", {("hct", P)}),
    ],
}
# Wrong for now.
LEFT: list[tuple[str, set[tuple[str, str]]]] = [
    ("Transplants: kidney 0, liver 0; stem cell transplant 0.", {("hct", A)}),
    ("The coder put kidney transplant, but both native kidneys are in place.", {("kidney", A)}),
]


def _held(pipeline: Pipeline, text: str) -> set[tuple[str, str]]:
    return {(f.concept, f.assertion) for f in read(pipeline, text, "transplant", "car_t", day=DAY)}


@pytest.mark.parametrize(("text", "held"), [case for rows in STYLES.values() for case in rows])
def test_a_sentence_in_another_style_is_read_as_it_is_meant(
    pipeline: Pipeline, text: str, held: set[tuple[str, str]]
) -> None:
    assert _held(pipeline, text) == held


@pytest.mark.xfail(
    reason="the denial is told by a digit behind an organ, or by the native organ", strict=True
)
@pytest.mark.parametrize(("text", "held"), LEFT)
def test_a_sentence_in_another_style_that_is_read_wrong(
    pipeline: Pipeline, text: str, held: set[tuple[str, str]]
) -> None:
    assert _held(pipeline, text) == held
