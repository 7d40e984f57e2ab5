"""
``report.html``: a run for a person. One file without any outside resource or script; everything from notes is escaped.

Counts come from the manifest and patients by name from the head of its list, so the page and the memory it takes do
not grow with the run; the Parquet files hold everything.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from chartsift.nlp.screening import words
from chartsift.nlp.screening.results import PatientRows, RunResults
from chartsift.nlp.screening.rows import Row

# What a page can carry and a person can read; more lies in the files.
MAX_TABLE_PATIENTS = 200
MAX_CANDIDATES = 25
MAX_ERRORS = 200
MAX_EVIDENCE = 6

# The funnel in units of its picture: width of a whole bar, first row below the heads, distance of rows.
_BAR_WIDTH = 480
_FIRST_ROW = 67
_ROW = 31
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
    """
    One criterion of the funnel and its bar.

    Attributes:
        label: The criterion in a few words.
        summary: The criterion in full.
        possible: Patients whom nothing rules out up to here.
        dropped: Patients whom this criterion rules out and none before it.
        clear: Of the possible, those for whom nothing is unknown up to here.
        y: Top of the bar, in units of the picture.
        possible_width: Width of the bar of the possible.
        clear_width: Width of the bar of the clear.
    """

    label: str
    summary: str
    possible: int
    dropped: int
    clear: int
    y: int
    possible_width: float
    clear_width: float


@dataclass(frozen=True, slots=True)
class CohortView:
    """What the report shows of one cohort."""

    label: str
    patients: int
    status: tuple[tuple[str, int], ...]
    funnel: tuple[FunnelStep, ...]
    height: int
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

    def deciding(patient: PatientRows) -> list[str]:
        is_out = patient.cohort["status"] == "ineligible"
        wanted = words.RULES_OUT if is_out else words.UNKNOWN
        found = (row for row in patient.criteria if words.verdict(row) is wanted)
        return [labels[f"{row['cohort_id']}/{row['criterion_id']}"] for row in found]

    shown = results.patients(manifest["top_patients"][:MAX_TABLE_PATIENTS])
    candidates = [p for p in shown if p.cohort["status"] != "ineligible"][:MAX_CANDIDATES]
    css = _load_template("report.css")
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
        # Links name a candidate by its place: an identifier of a patient may hold anything.
        loop_of={patient.patient_id: number for number, patient in enumerate(candidates, start=1)},
        possible=sum(
            count for key, count in manifest["cohort_status"].items() if not key.endswith("/ineligible")
        ),
        labels=labels,
        cohort_labels={cohort["cohort_id"]: cohort["label"] for cohort in manifest["trial"]["cohorts"]},
        pace=pace_words(manifest),
        # Our own file, and the only style that the page's policy lets through.
        css=Markup(css),  # noqa: S704
        css_digest=f"sha256-{b64encode(hashlib.sha256(css.encode('utf-8')).digest()).decode('ascii')}",
        first_lapse=first_lapse,
        deciding=deciding,
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
    totals = [
        (text, sum(int(count) for key, count in counts.items() if key.rpartition("/")[2] == status))
        for status, text in words.COHORT_WORDS.items()
    ]
    if first_pass := manifest.get("candidates"):
        totals.append((f"without a sign of {first_pass['of']}", int(first_pass["patients_without_sign"])))
    return totals


def _cohort_view(manifest: dict[str, Any], cohort: dict[str, Any], shown: list[PatientRows]) -> CohortView:
    cohort_id = cohort["cohort_id"]
    status = tuple(
        (name, int(manifest["cohort_status"].get(f"{cohort_id}/{name}", 0))) for name in words.COHORT_WORDS
    )
    first_pass = manifest.get("candidates")
    without_sign = int(first_pass["by_cohort"].get(cohort_id, 0)) if first_pass else 0
    patients = sum(count for _, count in status) + without_sign
    counts = []
    for criterion in cohort["criteria"]:
        key = f"{cohort_id}/{criterion['criterion_id']}"
        label = criterion["label"] or criterion["criterion_id"]
        by_basis = tuple(int(manifest["criteria"].get(f"{key}/{s}/{b}", 0)) for s, b in _COUNTED)
        counts.append((label, criterion["kind"], by_basis))
    funnel = _funnel(manifest, cohort, patients, without_sign)
    return CohortView(
        cohort["label"],
        patients,
        status,
        funnel,
        _FIRST_ROW + _ROW * len(funnel),
        tuple(counts),
        tuple(cohort["criteria"]),
        tuple(patient for patient in shown if patient.cohort["cohort_id"] == cohort_id),
    )


def _funnel(
    manifest: dict[str, Any], cohort: dict[str, Any], patients: int, without_sign: int = 0
) -> tuple[FunnelStep, ...]:
    steps: list[FunnelStep] = []
    left = patients
    if first_pass := manifest.get("candidates"):
        # Nobody is clear of doubt by a word alone.
        left = patients - without_sign
        steps.append(
            FunnelStep(
                label=f"Sign of {first_pass['of']}",
                summary=words.no_sign_words(first_pass),
                possible=left,
                dropped=without_sign,
                clear=0,
                y=_FIRST_ROW,
                possible_width=_bar(left, patients),
                clear_width=0.0,
            )
        )
    for criterion in cohort["criteria"]:
        key = f"{cohort['cohort_id']}/{criterion['criterion_id']}"
        if f"{key}/possible" not in manifest["funnel"]:
            continue  # a judgement takes no part
        possible, clear = (int(manifest["funnel"].get(f"{key}/{part}", 0)) for part in ("possible", "clear"))
        steps.append(
            FunnelStep(
                label=criterion["label"] or criterion["criterion_id"],
                summary=criterion["summary"],
                possible=possible,
                dropped=left - possible,
                clear=clear,
                y=_FIRST_ROW + _ROW * len(steps),
                possible_width=_bar(possible, patients),
                clear_width=_bar(clear, patients),
            )
        )
        left = possible
    return tuple(steps)


def _bar(count: int, patients: int) -> float:
    """Return the width of a bar; one patient of a million is still to be seen."""
    return max(2.0, round(_BAR_WIDTH * count / patients, 1)) if count else 0.0


def pace_words(manifest: dict[str, Any]) -> str:
    """Return how fast a run was; "" for one that was stopped in between, whose last start tells only a part."""
    seconds = manifest["times"].get("seconds_of_last_start", {})
    reading, screening = seconds.get("reading"), seconds.get("screening")
    notes = manifest["counts"]["notes_evaluated"]
    if manifest["times"]["starts"] != 1 or not screening or not notes:
        return ""
    read = f"read in {reading:.1f} s, " if reading is not None else ""
    return f"{read}screened in {screening:,.1f} s, {notes / screening:,.0f} notes a second"
