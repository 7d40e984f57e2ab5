"""From data to an artefact, for each kind of model: what ``chartsift model train`` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartsift.models import store
from chartsift.models.confidence import measure, train_confidence
from chartsift.models.diagram import reliability_svg
from chartsift.models.ranking import measure_ranking, train_ranking
from chartsift.models.readings import bundled_readings, fingerprint, untouched

if TYPE_CHECKING:
    from chartsift.models.readings import PatientReading

_FIRST = "first readings of 64 fictional development charts by six authors, taken before anyone had read those charts"


def training_readings(own: Sequence[PatientReading], *, alone: bool) -> tuple[list[PatientReading], str]:
    """
    Return the readings to train on and where they come from: the bundled first readings and *own*, or *own* alone.

    A patient of both stands once, as *own* has it.
    """
    if alone:
        return list(own), "own readings"
    bundled = untouched(bundled_readings("first"), [reading.notes for reading in own])
    return [*bundled, *own], f"{_FIRST}; and own readings" if own else _FIRST


def trained_on(readings: Sequence[PatientReading], source: str) -> dict[str, Any]:
    """Return what a manifest says of the training data."""
    return {
        "source": source,
        "rows": sum(len(reading.verdicts) for reading in readings),
        "patients": len(readings),
        "groups": len({reading.group for reading in readings}),
        "fingerprint": fingerprint(readings),
        "notes": sorted(reading.notes for reading in readings),
    }


def make_confidence(readings: Sequence[PatientReading], source: str, into: Path) -> Path:
    """Train confidence, measure it on the held-out readings besides, and write the artefact; return its folder."""
    trained = train_confidence(readings)
    figures = dict(trained.figures)
    held_out = untouched(bundled_readings("held-out"), [reading.notes for reading in readings])
    if held_out:
        figures["held_out"] = measure(trained.estimator, trained.thresholds, held_out)
    pictures = {
        f"reliability-{name}.svg": reliability_svg(figures[key]["bins"], title=title)
        for name, key, title in (
            ("nested", "nested", "Author left out"),
            ("held-out", "held_out", "Held-out charts"),
        )
        if key in figures
    }
    facts = {
        "trained_on": trained_on(readings, source),
        "thresholds": trained.thresholds.to_dict(),
        "strength": trained.strength,
        "figures": figures,
    }
    return store.save(trained.estimator, facts, into, kind="confidence", others=pictures)


def make_ranking(readings: Sequence[PatientReading], source: str, into: Path) -> Path:
    """Train ranking, measure it on the held-out readings besides, and write the artefact; return its folder."""
    estimator, strength, figures = train_ranking(readings)
    held_out = untouched(bundled_readings("held-out"), [reading.notes for reading in readings])
    if held_out:
        figures["held_out"] = measure_ranking(estimator, held_out)
    facts: Mapping[str, Any] = {
        "trained_on": trained_on(readings, source),
        "strength": strength,
        "figures": figures,
    }
    return store.save(estimator, facts, into, kind="ranking")
