"""The readings of items by name: what a score file calls an item is read by the function here."""

from __future__ import annotations

from collections.abc import Callable

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.scores import findings, strength
from chartsift.nlp.criteria.scores.reading import Reading

READINGS: dict[str, Callable[[Chart], Reading]] = {
    "proximal_arms": strength.proximal_arms,
    "proximal_legs": strength.proximal_legs,
    "neck_flexors": strength.neck_flexors,
    "legs_proximal": strength.legs_proximal,
    "finger_flexors": strength.finger_flexors,
    "heliotrope": findings.heliotrope,
    "gottron_papules": findings.gottron_papules,
    "gottron_sign": findings.gottron_sign,
    "dysphagia": findings.dysphagia,
    "jo_1": findings.jo_1,
    "enzymes": findings.enzymes,
    "endomysial": findings.endomysial,
    "perimysial": findings.perimysial,
    "perifascicular_atrophy": findings.perifascicular_atrophy,
    "rimmed_vacuoles": findings.rimmed_vacuoles,
    "treatment_response": findings.treatment_response,
}
