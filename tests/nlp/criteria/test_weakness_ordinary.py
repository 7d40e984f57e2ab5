"""Weakness, activity and treatment as patients, nurses and physiotherapists put them."""

from __future__ import annotations

import pytest
from support.reading import read
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

_TABLE = """MMT8 (unilateral dominant side + neck; both sides tested)
                    R     L
 neck flexors        10 (axial)
 deltoid            10    10
 gluteus max         9     9
                                  TOTAL  {sum}/150"""
VERDICTS = [
    # ---- what fails
    ("Needs her hands to leave the couch.", "met"),
    ("The hair dryer is too heavy for her.", "met"),
    ("He needs a hoist from bed to chair since Christmas.", "met"),
    ("My neighbour had to get me out of the bath on Saturday.", "met"),
    ("My arms quit when I dry my hair.", "met"),
    ("Arms give out when washing hair.", "met"),
    ("He has to push off with both arms to get out of a chair.", "met"),
    # ---- what does not: the act alone, a tool alone
    ("I had to get out of the chair to answer the phone.", "unknown"),
    ("He has to get out of bed at night to pee.", "unknown"),
    ("The hair dryer is loud.", "unknown"),
    # ---- in other hands
    ("Cannot lift the kettle with one hand; climbs stairs on hands and knees.", "met"),
    ("Power 4/5 hip flexors, otherwise 5/5.", "met"),
    ("O/E: normal power. Says she is back to gardening.", "not_met"),
    ("Legs feel heavy in the evening, strength testing 5/5 in all groups.", "not_met"),
    ("He cannot get his head off the pillow.", "met"),
    ("Needs to roll onto her side to get out of bed.", "met"),
    ("Mum lifts her out of the bath and onto the toilet.", "met"),
    ("Strength improved, now 5-/5 deltoids.", "met"),
    ("She drops things and her left hand is weak since the stroke.", "unknown"),
    ("MMT-8 150/150.", "not_met"),
    ("MMT8 = 128", "met"),
    ("Patient uses stair lift.", "unknown"),
    ("Can only manage three steps before her thighs give out.", "met"),
    ("Fully independent, cycles 20 km, no weakness.", "not_met"),
    ("Lifts her grandchild without trouble, strength 5/5 throughout.", "not_met"),
    ("She lifts him out of the cot (her son) easily.", "unknown"),
    # ---- in yet other hands
    ("Struggles to lift a saucepan and to brush her hair.", "met"),
    ("Muscle power grade 4 in the hip flexors both sides.", "met"),
    ("Needs two people to stand him up.", "met"),
    ("Can rise from a chair without using her arms, holds her arms up for two minutes.", "not_met"),
    ("Gowers positive.", "met"),
    ("No proximal weakness on examination.", "not_met"),
    ("Painful shoulders; abduction limited by pain, power not testable.", "unknown"),
    ("Walks slowly, tires easily.", "unknown"),
    ("I have to climb the stairs on all fours.", "met"),
    ("PT: 5xSTS unable without arms; neck flexion 3/5.", "met"),
    ("Choking on liquids, nasal voice, neck flexors 3.", "met"),
    ("Cannot hold her arms up to hang washing.", "met"),
    ("Lower limb power 4+/5 proximally.", "met"),
    ("Patient denies weakness; power 5/5 throughout.", "not_met"),
    ("Uses a walker.", "unknown"),
    ("He can no longer get up from a squat.", "met"),
    ("Power returned to normal by May.", "not_met"),
    ("Neck flexor strength 4 out of 5.", "met"),
    ("Bulbar: dysphagia for solids, on puree diet.", "unknown"),
    ("Gait waddling.", "met"),
    ("I have to climb the stairs to my flat twice a day.", "unknown"),
    ("He has to climb stairs on hands and knees.", "met"),
    ("Stands him up for the photo.", "unknown"),
    # ---- sums and grades
    (_TABLE.format(sum=124), "met"),
    (_TABLE.format(sum=146) + '\nPatient report: "not weak, just slow".', "unknown"),
    (_TABLE.format(sum=150), "not_met"),
    ("CDASI total 124/150.", "unknown"),
    ("MRC: deltoid R4 L4, iliopsoas R4 L4.", "met"),
    ("Strength: delts R 4-/L 4, HF R 4/5 L 3/5.", "met"),
    ("Strength: delts R5/L5, HF R5 L5, neck flexors 5.", "not_met"),
    # ---- a remark that the words are today's own
    ("Interval history (typed, not copied): worse.\nExam: deltoids 4/5, hip flexors 4-/5.", "met"),
    ("ROS: no muscle weakness. [auto]\n\nEXAM\nDeltoid 4/4, iliopsoas 4-/4-. MMT8 124/150.", "met"),
]


@pytest.mark.parametrize(("text", "status"), VERDICTS)
def test_weakness(pipeline: Pipeline, text: str, status: str) -> None:
    assert decide(pipeline, "muscle_weakness", [(5, text)]).status == status


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Meds: emollient only. Nil steroid, nil else ever per mum.", ["glucocorticoid absent"]),
        ("Nil steroids, nil immunosuppression.", ["glucocorticoid absent", "immunosuppression absent"]),
        ("On prednisolone, nil other.", ["glucocorticoid present"]),
        ("Nil benefit from prednisolone.", ["glucocorticoid historical"]),
        ("Nil by mouth. Prednisolone continued IV.", ["glucocorticoid present"]),
    ],
)
def test_nil_denies_a_medicine(pipeline: Pipeline, text: str, held: list[str]) -> None:
    assert [f"{f.concept} {f.assertion}" for f in read(pipeline, text, "treatment")] == held
