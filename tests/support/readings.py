"""Small tables of readings, made by a rule that is known, so that a test can say what a model must find."""

from __future__ import annotations

import random

from chartsift.models.readings import PatientReading, VerdictReading


def made_readings(patients: int = 40, *, seed: int = 7, sites: int = 5) -> list[PatientReading]:
    """
    Return readings of two criteria. A verdict on weak evidence is wrong in half of the cases, one on strong in none.

    "age" always rests on strong evidence. A patient is eligible when both criteria truly fit.
    """
    chance = random.Random(seed)  # noqa: S311 - a repeatable sample, no secret
    readings = []
    for number in range(patients):
        is_weak = chance.random() < 0.4
        is_wrong = is_weak and chance.random() < 0.5
        status = "met" if chance.random() < 0.7 else "not_met"
        gold = ("not_met" if status == "met" else "met") if is_wrong else status
        verdicts = (
            VerdictReading(
                "age", "inclusion", "met", "met", 0.9, {"verdict=age/met": 1.0, "criterion=age": 1.0}
            ),
            VerdictReading(
                "iim_diagnosis",
                "inclusion",
                status,
                gold,
                0.9,
                {f"verdict=iim_diagnosis/{status}": 1.0, "criterion=iim_diagnosis": 1.0}
                | ({"single": 1.0, "open": 0.5} if is_weak else {"n_for": 1.0}),
            ),
        )
        is_eligible = gold == "met"
        readings.append(
            PatientReading(
                f"p{number:03d}",
                f"site{number % sites}",
                f"2025-01-{number % 28 + 1:02d}",
                "eligible" if status == "met" else "ineligible",
                "eligible" if is_eligible else "ineligible",
                1.0 if status == "met" else 0.0,
                verdicts,
                f"{number:016x}",
            )
        )
    return readings
