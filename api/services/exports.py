"""
The record out of the room: signed charts for other systems, and readers' decisions as annotated charts.

Only signed charts leave it: what is proposed, or decided by one of two readers, is nobody's decision yet. A verdict is
that of the record (`adjudication.record_of`); the words that decided it come from the result that was signed. The
tables go through the same writers as those of a batch run. Everything is written patient by patient into a folder
that only the server can read, and sent from there.
"""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.db.store import Store, is_postgresql, now_of
from chartsift.api.db.tables import Decision, Signature, StoredResult, Study, StudyPatient, User
from chartsift.api.faults import AccessError, ConflictError, StoreError
from chartsift.api.screener import versions
from chartsift.api.services import audit, charts
from chartsift.api.services.adjudication import RecordedVerdict, record_of
from chartsift.api.services.evaluation import current_result, result_value, speaks_against
from chartsift.api.services.readings import acts_of as acts_of_review
from chartsift.api.services.readings import comment_of, reviews_of, states_of
from chartsift.api.services.studies import study_of, trial_at, trial_of
from chartsift.nlp.criteria.schema import TrialFile
from chartsift.nlp.screening import rows
from chartsift.nlp.screening.chart import PatientResult

if TYPE_CHECKING:
    from chartsift.nlp.screening.results import RunResults


@dataclass(frozen=True, slots=True)
class Format:
    """One way out: its name, the name of the file that is sent, its media type, and one line of what it is."""

    name: str
    file_name: str
    media_type: str
    summary: str


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format(
            "redcap",
            "screening-log.zip",
            "application/zip",
            "Screening log with coded reasons, decisions and reviewers, and its data dictionary, for REDCap (CSV)",
        ),
        Format(
            "fhir",
            "fhir.zip",
            "application/zip",
            "FHIR R4: an Observation a verdict, with its evidence (NDJSON)",
        ),
        Format(
            "omop", "note-nlp.zip", "application/zip", "OMOP CDM 5.4 NOTE_NLP: the findings (CSV, Parquet)"
        ),
        Format(
            "json",
            "record.jsonl",
            "application/x-ndjson",
            "The whole record: verdicts, reasons, evidence, every act, signatures (JSON lines, one a patient)",
        ),
        Format(
            "annotations",
            "annotated-charts.zip",
            "application/zip",
            "Decisions as annotated charts for scoring and training, with the notes' texts (JSON)",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class SignedChart:
    """
    A signed chart as it leaves: the patient, the result that was signed, what was decided, by whom and when.

    ``readers`` are the people of the round by slot, ``comments`` those of the deciding acts by criterion. ``trial`` is
    the version of the trial that was signed and ``proposed_by`` that of the proposals, whatever is in force now.
    """

    patient: StudyPatient
    result: PatientResult
    stored: StoredResult
    record: Mapping[str, RecordedVerdict]
    acts: tuple[Decision, ...]
    evidence: tuple[Decision, ...]
    signature: Signature
    trial: TrialFile
    proposed_by: TrialFile
    readers: Mapping[str, User]
    comments: Mapping[str, str]

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Names of the readers."""
        return tuple(user.display_name for user in self.readers.values())

    @property
    def status(self) -> str:
        """What the record comes to for the cohort: an open judgement of the investigator leaves it open."""
        kinds = {item.criterion_id: item.kind for item in self.result.applicable.criteria}
        verdicts = {name: one.verdict for name, one in self.record.items() if name in kinds}
        if any(speaks_against(kinds[name], verdict) for name, verdict in verdicts.items()):
            return "ineligible"
        return "undetermined" if "unknown" in verdicts.values() else "eligible"


def format_of(name: str) -> Format:
    """
    Return a format.

    Raises:
        AccessError: there is none of that name (AC507).
    """
    if name not in FORMATS:
        raise AccessError("AC507", "there is no such export")
    return FORMATS[name]


@contextmanager
def export_file(store: Store, study_id: str, name: str, *, actor_id: str) -> Iterator[Path]:
    """
    Provide the file of an export; it is gone at the end of the block.

    Args:
        store: The database.
        study_id: Which study.
        name: One of `FORMATS`.
        actor_id: Who takes it out; that goes into the audit trail before anything is sent.

    Raises:
        AccessError: there is no such format or study (AC507).
        ConflictError: no chart is signed (CO625), or the trial has no format of annotated charts (CO626).
    """
    wanted = format_of(name)
    with tempfile.TemporaryDirectory(prefix="chartsift-export-") as folder:
        made = Path(folder) / wanted.file_name
        with store.reading() as session:
            patients = signed_patients(session, study_id)
        if not patients:
            raise ConflictError("CO625")
        _BUILDERS[name](store, study_id, patients, made)
        with store.writing() as session:
            audit.append(
                session, actor_id, "export.made", study_id=study_id, format=name, patients=len(patients)
            )
        yield made


def signed_patients(session: Session, study_id: str) -> list[str]:
    """Return the patients of a study whose chart is signed, in the order of the site's identifiers."""
    # By code points on either database: the writers look through their tables in that order.
    site_id: Any = StudyPatient.site_id.collate("C") if is_postgresql(session) else StudyPatient.site_id
    query = select(StudyPatient.id).where(StudyPatient.study_id == study_id, StudyPatient.state == "signed")
    return list(session.scalars(query.order_by(site_id)))


def signed_charts(store: Store, study_id: str, patients: Sequence[str]) -> Iterator[SignedChart]:
    """
    Yield signed charts in the order of *patients*; one is in memory at a time.

    Raises:
        ConflictError: one was opened again or erased since the list was drawn (CO601).
    """
    for patient_id in patients:
        with store.reading() as session:
            chart = _signed_chart(session, study_id, patient_id)
        if chart is None:
            raise ConflictError("CO601", "a chart was opened again meanwhile; export once more")
        yield chart


def _signed_chart(session: Session, study_id: str, patient_id: str) -> SignedChart | None:
    patient = session.scalars(
        select(StudyPatient).where(StudyPatient.id == patient_id, StudyPatient.study_id == study_id)
    ).one_or_none()
    if patient is None or patient.state != "signed":
        return None
    signatures = session.scalars(
        select(Signature)
        .where(Signature.patient_id == patient.id)
        .order_by(Signature.signed_at.desc(), Signature.id)
    ).all()
    reviews = reviews_of(session, patient)
    current = {review.id: review for review in reviews.values()}
    last = next(one for one in signatures if one.review_id in current)
    stored = session.get(StoredResult, last.result_id) if last.result_id else None
    stored = stored or current_result(session, patient)
    if stored is None:
        return None
    session.refresh(stored, ["sealed_result"])
    study = study_of(session, study_id)
    result = result_value(session, stored)
    cohort_id = result.applicable.cohort_id
    record = {one.criterion_id: one for one in record_of(session, patient) if one.cohort_id == cohort_id}
    acts: list[Decision] = []
    evidence: list[Decision] = []
    for slot in ("first", "second", "adjudication"):
        if slot in reviews:
            made = acts_of_review(session, reviews[slot])
            acts.extend(made)
            evidence.extend(act for state in states_of(made).values() for act in state.evidence)
    by_act = {act.id: act for act in acts}
    return SignedChart(
        patient,
        result,
        stored,
        record,
        tuple(acts),
        tuple(evidence),
        last,
        trial_at(session, study, last.content["trial_fingerprint"]),
        trial_at(session, study, stored.trial_fingerprint),
        {
            slot: session.get_one(User, reviews[slot].reviewer_id)
            for slot in ("first", "second", "adjudication")
            if slot in reviews
        },
        {
            name: comment_of(session, by_act[one.decision_id])
            for name, one in record.items()
            if one.decision_id in by_act
        },
    )


def _decided_rows(chart: SignedChart) -> list[rows.Row]:
    """Return the rows of ``criteria`` with the verdicts of the record in place of the proposals."""
    decided = []
    cohort_id = chart.result.applicable.cohort_id
    for row in rows.criterion_rows(chart.result):
        verdict = chart.record.get(row["criterion_id"])
        if verdict is None or row["cohort_id"] != cohort_id or row["status"] == verdict.verdict:
            decided.append(row)
            continue
        words = f"Decided by the reviewers; proposed was {row['status'].replace('_', ' ')}."
        changed = {
            **row,
            "status": verdict.verdict,
            "basis": "insufficient" if verdict.verdict == "unknown" else "documented",
            "rationale": words,
            "valid_until": None,
            "changes_to": None,
        }
        decided.append(changed)
    return decided


def _cohort_rows(chart: SignedChart) -> list[rows.Row]:
    return [
        {
            **row,
            "status": chart.status if row["applicable"] else row["status"],
            "missing": [name for name, one in chart.record.items() if one.verdict == "unknown"]
            if row["applicable"]
            else row["missing"],
        }
        for row in rows.cohort_rows(chart.result)
    ]


def _run_folder(store: Store, study_id: str, folder: Path, patients: Sequence[str]) -> RunResults:
    """Write signed charts as the folder of a run, which the writers work from."""
    # pyarrow: a second to load, and only an export needs it.
    from chartsift.nlp.screening.parts import merge_tables, rows_table  # noqa: PLC0415
    from chartsift.nlp.screening.results import RunResults  # noqa: PLC0415
    from chartsift.nlp.screening.schema import FORMAT_VERSION, TABLES  # noqa: PLC0415

    with store.reading() as session:
        study = study_of(session, study_id)
        moment = now_of(session)
    trials: dict[str, tuple[datetime, TrialFile]] = {}
    makers: dict[str, Callable[[SignedChart], list[rows.Row]]] = {
        "findings": lambda chart: rows.finding_rows(chart.result),
        "criteria": _decided_rows,
        "cohorts": _cohort_rows,
        "notes": lambda chart: rows.note_rows(chart.result),
        "scores": lambda chart: rows.score_rows(chart.result),
    }
    fingerprint = hashlib.sha256(f"{study.id}{study.trial_fingerprint}{moment}".encode()).hexdigest()
    counts = {}
    for name in TABLES:
        tables = (
            rows_table(name, makers[name](chart))
            for chart in _noting(trials, signed_charts(store, study_id, patients if name in makers else ()))
        )
        path = folder / f"{name}.parquet"
        counts[name] = merge_tables(name, tables, path, metadata={"chartsift_run": fingerprint})
    told = [trial for _, trial in sorted(trials.values(), key=lambda one: one[0], reverse=True)]
    return RunResults(folder, _manifest(study, told, fingerprint, moment, counts, FORMAT_VERSION))


def _noting(
    trials: dict[str, tuple[datetime, TrialFile]], signed: Iterator[SignedChart]
) -> Iterator[SignedChart]:
    """Yield charts, and put the versions of the trial that they tell of into *trials*, with the last signature."""
    for chart in signed:
        at = chart.signature.signed_at
        # The proposals may be of the version before, where it was signed right after a switch.
        for key, trial in (
            (chart.stored.trial_fingerprint, chart.proposed_by),
            (chart.signature.content["trial_fingerprint"], chart.trial),
        ):
            trials[key] = (max(at, trials[key][0]) if key in trials else at, trial)
        yield chart


def merged_facts(trials: Sequence[TrialFile]) -> dict[str, Any]:
    """
    Return the facts of the versions that charts were signed under, the latest first, as those of one trial.

    A criterion that several have is told as the latest of them tells it; one that only an earlier version has stands
    after the others of its cohort. The names of the versions are those of all.
    """
    from chartsift.nlp.screening.manifest import trial_facts  # noqa: PLC0415 - with pyarrow, as above

    merged, *earlier = [trial_facts(trial) for trial in trials]
    for facts in earlier:
        cohorts = {cohort["cohort_id"]: cohort for cohort in merged["cohorts"]}
        for cohort in facts["cohorts"]:
            there = cohorts.get(cohort["cohort_id"])
            if there is None:
                merged["cohorts"].append(cohort)
                continue
            known = {one["criterion_id"] for one in there["criteria"]}
            there["criteria"].extend(one for one in cohort["criteria"] if one["criterion_id"] not in known)
        if facts["version"] not in merged["version"].split(", "):
            merged["version"] += f", {facts['version']}"
    return merged


def _manifest(
    study: Study,
    trials: Sequence[TrialFile],
    fingerprint: str,
    moment: datetime,
    counts: Mapping[str, int],
    version: int,
) -> dict[str, Any]:
    return {
        "format": version,
        "fingerprint": fingerprint,
        "identity": {"pipeline": study.trial_fingerprint, "trial": study.trial_fingerprint},
        "trial": merged_facts(trials),
        "rows": dict(counts),
        "times": {"finished_at": moment.isoformat(timespec="seconds")},
        "versions": versions(),
    }


def _written(store: Store, study_id: str, folder: Path, patients: Sequence[str], name: str) -> Path:
    from chartsift.nlp.screening.writers import write_exports  # noqa: PLC0415 - pyarrow

    run = folder / "run"
    run.mkdir(mode=0o700)
    (made,) = write_exports(_run_folder(store, study_id, run, patients), [name])
    return made.folder


def _redcap(store: Store, study_id: str, patients: Sequence[str], made: Path) -> None:
    written = _written(store, study_id, made.parent, patients, "redcap")
    log, decided = written / "screening_log.csv", made.parent / "decided.csv"
    _with_decisions(log, decided, signed_charts(store, study_id, patients))
    decided.replace(log)
    _pack(written, made)


def _with_decisions(log: Path, decided: Path, signed: Iterator[SignedChart]) -> None:
    """Fill the fields that the dictionary keeps for people: reviewer, day, decision and its coded reason."""
    from chartsift.nlp.screening.writers.redcap import guarded  # noqa: PLC0415 - pyarrow

    status = {"eligible": 1, "ineligible": 2, "undetermined": 3}
    with (
        log.open(encoding="utf-8", newline="") as source,
        decided.open("w", encoding="utf-8", newline="") as target,
    ):
        reader = csv.DictReader(source)
        extra = ["reviewed_by", "review_date", "final_status", "final_reason", "review_comment"]
        writer = csv.DictWriter(target, [*(reader.fieldnames or ()), *extra], lineterminator="\r\n")
        writer.writeheader()
        # One row a chart, in the same order.
        for row, chart in zip(reader, signed, strict=True):
            if row["patient_id"] != guarded(chart.patient.site_id):
                raise StoreError("ST708")
            comments = "; ".join(f"{name}: {text}" for name, text in chart.comments.items() if text)
            writer.writerow(
                {
                    **row,
                    "reviewed_by": guarded(", ".join(chart.reviewers)),
                    "review_date": chart.signature.signed_at.date().isoformat(),
                    "final_status": status[chart.status],
                    "final_reason": row["fail_primary"] if chart.status == "ineligible" else "",
                    "review_comment": guarded(comments, most=1000),
                }
            )


def _fhir(store: Store, study_id: str, patients: Sequence[str], made: Path) -> None:
    from chartsift.api.services.signed_fhir import sign_observations  # noqa: PLC0415 - pyarrow

    written = _written(store, study_id, made.parent, patients, "fhir")
    sign_observations(written / "Observation.ndjson", signed_charts(store, study_id, patients))
    _pack(written, made)


def _omop(store: Store, study_id: str, patients: Sequence[str], made: Path) -> None:
    _pack(_written(store, study_id, made.parent, patients, "omop"), made)


def _json(store: Store, study_id: str, patients: Sequence[str], made: Path) -> None:
    with made.open("w", encoding="utf-8", newline="\n") as target:
        for chart in signed_charts(store, study_id, patients):
            with store.reading() as session:
                said = _record(session, chart)
            target.write(json.dumps(rows.jsonable(said), ensure_ascii=False) + "\n")


def _record(session: Session, chart: SignedChart) -> dict[str, Any]:
    notes = {note.id: note for note in charts.notes_of(session, chart.patient.id, with_text=True)}
    people = {act.made_by: session.get_one(User, act.made_by).display_name for act in chart.acts}
    proposed = {row["criterion_id"]: row for row in rows.criterion_rows(chart.result)}
    cohort = chart.result.applicable
    return {
        "patient_id": chart.patient.site_id,
        "birth_date": chart.patient.birth_date,
        "sex": chart.patient.sex,
        "as_of": chart.result.as_of,
        "cohort_id": cohort.cohort_id,
        "status": chart.status,
        "proposed_status": cohort.status,
        "trial_id": cohort.trial_id,
        "trial_version": chart.signature.trial_version,
        "result_fingerprint": chart.stored.fingerprint,
        "software_fingerprint": chart.stored.software_fingerprint,
        "signed_at": chart.signature.signed_at.isoformat(),
        "signature_digest": chart.signature.digest,
        "reviewers": list(chart.reviewers),
        "criteria": [
            {
                "criterion_id": name,
                "verdict": one.verdict,
                "settled": one.settled,
                "comment": chart.comments.get(name, ""),
                "proposed": proposed[name]["status"] if name in proposed else None,
                "basis": proposed[name]["basis"] if name in proposed else None,
                "evidence": proposed[name]["evidence"] if name in proposed else [],
            }
            for name, one in chart.record.items()
        ],
        "acts": [
            {
                "act": act.act,
                "criterion_id": act.criterion_id,
                "verdict": act.verdict,
                "reason": act.reason,
                "comment": comment_of(session, act),
                "stance": act.stance,
                "note_id": notes[act.note_id].note_id if act.note_id else None,
                "start": act.start,
                "end": act.end,
                "text": charts.text_of(session, notes[act.note_id])[act.start : act.end]
                if act.note_id
                else None,
                "by": people[act.made_by],
                "at": act.made_at.isoformat(),
                "is_blind_to_system": act.is_blind_to_system,
            }
            for act in chart.acts
        ],
        "unread": list(chart.result.unread),
    }


def _annotations(store: Store, study_id: str, patients: Sequence[str], made: Path) -> None:
    from chartsift.api.services.annotated import annotated_chart, is_annotated_trial  # noqa: PLC0415

    with store.reading() as session:
        is_known = is_annotated_trial(trial_of(study_of(session, study_id)))
    left_out: list[tuple[str, str]] = []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, chart in enumerate(signed_charts(store, study_id, patients), start=1):
            if not is_annotated_trial(chart.trial):
                if not is_known:
                    raise ConflictError("CO626")
                left_out.append((chart.patient.site_id, "trial_version"))
                continue
            with store.reading() as session:
                content, why = annotated_chart(session, chart)
            if content is None:
                left_out.append((chart.patient.site_id, why))
                continue
            text = json.dumps(content, ensure_ascii=False, indent=1)
            # The number, not the site's identifier, which may hold anything.
            archive.writestr(f"charts/chart-{number:05}.json", text + "\n")
        lines = [
            "patient_id,why",
            *(f'"{site.replace(chr(34), chr(34) * 2)}",{why}' for site, why in left_out),
        ]
        archive.writestr("left_out.csv", "\r\n".join(lines) + "\r\n")


def _pack(folder: Path, made: Path) -> None:
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)


_BUILDERS: Mapping[str, Callable[[Store, str, Sequence[str], Path], None]] = {
    "redcap": _redcap,
    "fhir": _fhir,
    "omop": _omop,
    "json": _json,
    "annotations": _annotations,
}
