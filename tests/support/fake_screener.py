"""A small stand-in for the reading, so that tests of the web take milliseconds and choose every state they need."""

from __future__ import annotations

import re
from datetime import date

from chartsift.api.problems import RequestError
from chartsift.api.screener import Chart
from chartsift.nlp.criteria.schema import TrialFile
from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.types import (
    CohortResult,
    CriterionResult,
    Evidence,
    Finding,
    Note,
    NoteInfo,
    Provenance,
    Search,
)

# Concept, kind and the pattern that finds it; enough to make overlapping and crossing spans.
PATTERNS = (
    ("DM", "diagnosis", r"dermatomyositis"),
    ("Jo-1", "antibody", r"anti-Jo-1|Jo-1"),
    ("CK", "lab", r"CK[ \t]+[\d,]+(?: U/L)?"),
    ("CAR-T", "car_t", r"CAR[ -]T"),
    ("CAR-T", "treatment", r"CD19 CAR[ -]T(?:\r?\n| )cells?"),
    ("kidney", "transplant", r"kidney transplant"),
    ("cyclophosphamide", "contraindication", r"cyclophosphamide[^.\r\n]*"),
)

TRIAL = TrialFile.model_validate(
    {
        "trial_id": "reset-myositis",
        "title": "A trial for tests",
        "version": "2024-11",
        "source": "written for the tests",
        "cohorts": [
            {
                "cohort_id": cohort,
                "label": cohort.capitalize(),
                "applies": {"default": cohort == "adult"},
                "criteria": [
                    {
                        "criterion_id": name,
                        "kind": kind,
                        "label": label,
                        "summary": f"The line of {label} for the {cohort} cohort",
                        "silence": "judgement" if name == "investigator_concern" else "unknown",
                        "decide": {"never": {}},
                    }
                    for name, kind, label in (
                        ("iim_diagnosis", "inclusion", "IIM diagnosis"),
                        ("msa_subtype", "inclusion", "MSA subtype"),
                        ("active_disease", "inclusion", "Active disease"),
                        ("muscle_weakness", "inclusion", "Weakness"),
                        ("prior_car_t", "exclusion", "Prior CAR T"),
                        ("prior_transplant", "exclusion", "Prior transplant"),
                        ("flu_cy_reaction", "exclusion", "Flu/Cy reaction"),
                        ("investigator_concern", "exclusion", "Investigator"),
                    )
                ],
            }
            for cohort in ("adult", "juvenile")
        ],
    }
)

#: The criteria of either cohort, in order.
CRITERIA = tuple(criterion.criterion_id for criterion in TRIAL.cohorts[0].criteria)


class FakeScreener:
    """Finds `PATTERNS` and gives every criterion the state that its name calls for."""

    def __init__(self, *, fails_with: Exception | None = None) -> None:
        self._fails_with = fails_with
        self.seen_as_of: list[date | None] = []
        self.notes_read = 0

    def trial_ids(self) -> list[str]:
        return [TRIAL.trial_id]

    def trial(self, trial_id: str) -> TrialFile:
        if trial_id != TRIAL.trial_id:
            raise RequestError("HT806")
        return TRIAL

    def fingerprint(self) -> str:
        return "f" * 64

    def screen(
        self, chart: Chart, trial: TrialFile, *, as_of: date | None, readings: dict | None = None
    ) -> PatientResult:
        if self._fails_with is not None:
            raise self._fails_with
        self.seen_as_of.append(as_of)
        day = as_of or chart.patient.as_of or max(note.note_date for note in chart.notes)
        read = [note for note in chart.notes if note.note_date <= day]
        known = {} if readings is None else readings
        for note in read:
            if note.note_id not in known:
                known[note.note_id] = find(note)
                self.notes_read += 1
        findings = tuple(finding for note in read for finding in known[note.note_id])
        infos = tuple(NoteInfo(n.note_id, n.note_date, n.note_type, len(n.text)) for n in read)
        cohorts = tuple(
            CohortResult(
                chart.patient.patient_id,
                trial.trial_id,
                trial.version,
                cohort.cohort_id,
                day,
                applicable=cohort.cohort_id == "adult",
                status="undetermined",
                criteria=tuple(_decide(criterion, findings) for criterion in trial.criteria_of(cohort)),
                missing=("muscle_weakness",),
                score=0.5,
            )
            for cohort in trial.cohorts
        )
        return PatientResult(chart.patient, day, infos, findings, cohorts, (), chart.unread)


def find(note: Note) -> list[Finding]:
    """Return the findings of `PATTERNS` in *note*, sorted by start."""
    found = []
    for concept, kind, pattern in PATTERNS:
        for match in re.finditer(pattern, note.text, re.IGNORECASE):
            before = note.text[max(0, match.start() - 14) : match.start()].lower()
            negated = re.search(r"\b(no|denies|never)\b[^.]*$", before)
            found.append(
                Finding(
                    note.patient_id,
                    note.note_id,
                    match.start(),
                    match.end(),
                    match.group(),
                    kind,
                    concept,
                    "absent" if negated else "present",
                    note.note_date,
                    provenance=Provenance("fake", (negated.group(1),) if negated else ()),
                )
            )
    return sorted(found, key=lambda f: (f.start, f.end))


def _decide(criterion, findings: tuple[Finding, ...]) -> CriterionResult:
    wanted = {
        "iim_diagnosis": ("diagnosis",),
        "msa_subtype": ("antibody",),
        "active_disease": ("lab",),
        "prior_car_t": ("car_t", "treatment"),
        "prior_transplant": ("transplant",),
        "flu_cy_reaction": ("contraindication",),
    }.get(criterion.criterion_id, ())
    evidence = tuple(
        Evidence(f, "against", "negated") if f.assertion == "absent" else Evidence(f, "for", "")
        for f in findings
        if f.kind in wanted
    )
    name, kind = criterion.criterion_id, criterion.kind
    if name == "investigator_concern":
        return CriterionResult(name, kind, "unknown", "judgement", next_step="The investigator decides.")
    if name == "active_disease" and evidence:
        return CriterionResult(
            name,
            kind,
            "unknown",
            "insufficient",
            evidence,
            next_step="Ask for a CK.",
            valid_until=date(2024, 8, 29),
            changes_to="not_met",
        )
    if name == "prior_car_t" and evidence:
        stances = {e.stance for e in evidence}
        if len(stances) == 2:
            return CriterionResult(name, kind, "unknown", "conflicting", evidence, next_step="Ask the site.")
    if not evidence:
        silent = "unknown" if kind == "inclusion" else "not_met"
        step = "Ask the clinic." if silent == "unknown" else ""
        return CriterionResult(
            name,
            kind,
            silent,
            "no_mention",
            rationale="No mention in the notes.",
            next_step=step,
            search=Search(2, date(2024, 5, 1), date(2024, 6, 1), wanted, 7, ("scan.pdf (IN101)",)),
        )
    met = any(e.stance == "for" for e in evidence)
    return CriterionResult(
        name, kind, "met" if met else "not_met", "documented", evidence, rationale="As quoted."
    )
