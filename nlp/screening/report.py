"""
``report.html``: a run for a person. One file without any outside resource; everything from notes is escaped.

Wide runs are shown by their leading patients; the Parquet files hold all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from chartsift.nlp.screening import words
from chartsift.nlp.screening.results import PatientRows, RunResults
from chartsift.nlp.screening.rows import Row

# What a page can carry and a person can read; more lies in the files.
MAX_TABLE_PATIENTS = 200
MAX_CANDIDATES = 25
MAX_ERRORS = 200
MAX_EVIDENCE = 6

_BAR_WIDTH = 520
_COUNTED = (
    ("met", "documented"),
    ("not_met", "documented"),
    ("not_met", "no_mention"),
    ("unknown", "no_mention"),
    ("unknown", "insufficient"),
    ("unknown", "conflicting"),
    ("unknown", "judgement"),
)


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One criterion of the funnel: patients still possible, those without any doubt, and the bar widths in pixels."""

    label: str
    summary: str
    possible: int
    clear: int
    possible_width: int
    clear_width: int


@dataclass(frozen=True, slots=True)
class CohortView:
    """What the report shows of one cohort."""

    label: str
    patients: int
    status: tuple[tuple[str, int], ...]
    funnel: tuple[FunnelStep, ...]
    counts: tuple[tuple[str, str, tuple[int, ...]], ...]
    criteria: tuple[dict[str, Any], ...]
    shown: tuple[PatientRows, ...]


def render_report(results: RunResults) -> str:
    """Return the report of a run as one HTML page."""
    manifest = results.manifest
    labels = results.labels()

    def first_lapse(patient: PatientRows) -> str:
        return words.first_lapse(
            (labels[f"{row['cohort_id']}/{row['criterion_id']}"], row["valid_until"])
            for row in patient.criteria
        )

    shown = results.patients(manifest["top_patients"][:MAX_TABLE_PATIENTS])
    candidates = [p for p in shown if p.cohort["status"] != "ineligible"][:MAX_CANDIDATES]
    env = Environment(
        loader=FunctionLoader(_load_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["flag_words"] = words.flag_words
    return env.get_template("report.html").render(
        run=manifest,
        cohorts=[_cohort_view(manifest, cohort, shown) for cohort in manifest["trial"]["cohorts"]],
        totals=_totals(manifest),
        candidates=candidates,
        labels=labels,
        first_lapse=first_lapse,
        errors=results.errors(most=MAX_ERRORS),
        patients_shown=len(shown),
        counted=_COUNTED,
        bar_width=_BAR_WIDTH,
        words=words,
        sides=evidence_sides,
        max_evidence=MAX_EVIDENCE,
    )


def evidence_sides(criterion: Row) -> list[tuple[str, str, list[Row]]]:
    """Return the evidence of a row of ``criteria`` by side: (stance, its words, rows), sides without any left out."""
    sides = []
    for stance, name in words.STANCE_WORDS.items():
        rows = [item for item in criterion["evidence"] or [] if item["stance"] == stance]
        if rows:
            sides.append((stance, name, rows))
    return sides


def _load_template(name: str) -> str:
    return (resources.files("chartsift.nlp.screening") / "templates" / name).read_text(encoding="utf-8")


def _totals(manifest: dict[str, Any]) -> list[tuple[str, int]]:
    """Return patients by status over all cohorts, in words."""
    counts = manifest["cohort_status"]
    return [
        (text, sum(int(count) for key, count in counts.items() if key.rpartition("/")[2] == status))
        for status, text in words.COHORT_WORDS.items()
    ]


def _cohort_view(manifest: dict[str, Any], cohort: dict[str, Any], shown: list[PatientRows]) -> CohortView:
    cohort_id = cohort["cohort_id"]
    status = tuple(
        (name, int(manifest["cohort_status"].get(f"{cohort_id}/{name}", 0))) for name in words.COHORT_WORDS
    )
    patients = sum(count for _, count in status)
    funnel = []
    counts = []
    for criterion in cohort["criteria"]:
        key = f"{cohort_id}/{criterion['criterion_id']}"
        label = criterion["label"] or criterion["criterion_id"]
        by_basis = tuple(int(manifest["criteria"].get(f"{key}/{s}/{b}", 0)) for s, b in _COUNTED)
        counts.append((label, criterion["kind"], by_basis))
        if f"{key}/possible" not in manifest["funnel"]:
            continue  # a judgement takes no part
        possible, clear = (int(manifest["funnel"].get(f"{key}/{part}", 0)) for part in ("possible", "clear"))
        funnel.append(
            FunnelStep(
                label,
                criterion["summary"],
                possible,
                clear,
                round(_BAR_WIDTH * possible / patients),
                round(_BAR_WIDTH * clear / patients),
            )
        )
    return CohortView(
        cohort["label"],
        patients,
        status,
        tuple(funnel),
        tuple(counts),
        tuple(cohort["criteria"]),
        tuple(patient for patient in shown if patient.cohort["cohort_id"] == cohort_id),
    )
