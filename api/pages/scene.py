"""One chart as one person sees it: what the pages of a chart share, read from the database in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from chartsift.api.access import Access
from chartsift.api.chart.caches import Kept
from chartsift.api.chart.copied import Copied, copied_blocks
from chartsift.api.chart.view import VERDICT_WORDS, Act, ByNote, NoteOf, OwnPiece, Reading, Row, by_note, row
from chartsift.api.db.store import Store, now_of
from chartsift.api.db.tables import (
    AuditEntry,
    Decision,
    Review,
    StoredResult,
    Study,
    StudyNote,
    StudyPatient,
    User,
)
from chartsift.api.permissions import Permission
from chartsift.api.services import audit, charts, presence, readings, reviews
from chartsift.api.services.adjudication import RecordedVerdict, deciders_of
from chartsift.api.services.evaluation import current_result, result_value
from chartsift.api.services.seen import seen_by_all
from chartsift.api.services.studies import study_of, trial_of
from chartsift.api.services.visibility import sees_proposal
from chartsift.nlp.criteria.schema import Cohort, Criterion, TrialFile
from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.types import CohortResult, CriterionResult, Stance

# An opened result takes 1.7 kB a finding, so that this is 430 MB at most: a thousand charts of 250 findings, or thirty
# of 300 notes each. What else is kept refers to the findings, and weighs little.
_MOST_FINDINGS = 250_000
_RESULTS: Kept[PatientResult] = Kept(_MOST_FINDINGS, lambda result: 1 + len(result.findings))
_BY_NOTE: Kept[ByNote] = Kept(_MOST_FINDINGS, lambda known: 1 + sum(map(len, known.findings.values())))
_COPIED: Kept[dict[str, list[tuple[Copied, str]]]] = Kept(
    _MOST_FINDINGS, lambda copied: 1 + len(copied) + sum(map(len, copied.values()))
)


@dataclass(frozen=True, slots=True)
class Scene:
    """
    Everything the pages of one chart need.

    Attributes:
        access: Who looks.
        study: The study.
        patient: The patient's row.
        stored: The result in force; None before the first one.
        result: The same, opened; None where the proposal is hidden from this person.
        cohort: The cohort that is decided.
        notes: Every note without its text, oldest first.
        seen: Opaque identifiers of the notes that this person has opened.
        review: The person's own reading, if there is one.
        acts: Every act of that reading.
        reader: Who reads the chart now, where that is somebody else.
    """

    access: Access
    study: Study
    patient: StudyPatient
    stored: StoredResult | None
    result: PatientResult | None
    cohort: Cohort
    notes: Sequence[StudyNote]
    seen: frozenset[str]
    review: Review | None
    acts: Sequence[Decision]
    reader: str

    @property
    def is_blind(self) -> bool:
        """Whether the proposal is hidden from this person."""
        return self.stored is not None and self.result is None

    @property
    def cohort_result(self) -> CohortResult | None:
        """The proposal on the cohort that is decided."""
        if self.result is None:
            return None
        return next((one for one in self.result.cohorts if one.cohort_id == self.cohort.cohort_id), None)

    @property
    def results(self) -> dict[str, CriterionResult]:
        """The proposals by criterion."""
        found = self.cohort_result
        return {item.criterion_id: item for item in found.criteria} if found is not None else {}

    @property
    def as_of(self) -> date:
        """Day of screening; that of the last note before the first evaluation."""
        if self.stored is not None:
            return self.stored.as_of
        return self.patient.as_of or max(
            (note.note_date for note in self.notes), default=self.patient.created_at.date()
        )

    @property
    def may_decide(self) -> bool:
        """Whether this person's next decision would be taken: an open reading, or a chart that can be taken."""
        if Permission.REVIEW not in self.access.permissions:
            return False
        if self.review is not None:
            return self.review.signed_at is None and self.review.slot != "adjudication"
        if self.reader:
            return False
        is_mine_to_take = self.patient.assigned_to in (None, self.access.user_id)
        return self.patient.state == "second_review" or (self.patient.state == "new" and is_mine_to_take)


def scene_of(session: Session, access: Access, study_id: str, patient_id: str) -> Scene:
    """
    Return the scene of a chart.

    Raises:
        AccessError: the study has no such patient (AC507).
    """
    study = study_of(session, study_id)
    patient = charts.patient_of(session, study_id, patient_id)
    stored = current_result(session, patient)
    is_seen = sees_proposal(session, patient, access.user_id, access.permissions)
    result = None
    if stored is not None and is_seen:
        result = _RESULTS.get(stored.id, lambda: result_value(session, stored))
    every = readings.reviews_of(session, patient).values()
    review = next((one for one in every if one.reviewer_id == access.user_id), None)
    others = [one for one in every if one.reviewer_id != access.user_id and one.signed_at is None]
    return Scene(
        access=access,
        study=study,
        patient=patient,
        stored=stored,
        result=result,
        cohort=readings.cohort_of(session, study, patient),
        notes=charts.notes_of(session, patient.id),
        seen=seen_notes(session, patient, access.user_id),
        review=review,
        acts=readings.acts_of(session, review) if review is not None else (),
        reader=session.get_one(User, others[0].reviewer_id).display_name if others else "",
    )


def seen_notes(session: Session, patient: StudyPatient, user_id: str) -> frozenset[str]:
    """Return the notes of a chart that a person has opened, as the audit trail has it."""
    query = (
        select(AuditEntry.target)
        .where(
            AuditEntry.patient_id == patient.id,
            AuditEntry.actor_id == user_id,
            AuditEntry.action == "note.seen",
        )
        .distinct()
    )
    return frozenset(session.scalars(query))


def record_seen(
    store: Store, access: Access, study_id: str, patient_id: str, action: str, *, notes: Sequence[str] = ()
) -> None:
    """
    Put into the audit trail that a person saw a chart, and which notes of it, before the answer leaves.

    Pages are made while only reading, and this is a transaction of its own: writers take turns, and none of them
    waits for a page. What several people see meanwhile goes into one.
    """
    seen = [(action, "")] if action else []
    seen += [("note.seen", note) for note in notes]
    acts = [audit.Act(access.user_id, what, study_id, patient_id, target) for what, target in seen]
    seen_by_all(store).add(store, acts)


def present_of(session: Session, patient: StudyPatient, access: Access) -> list[dict[str, str]]:
    """Return who else has a chart open, and since when in words."""
    now = now_of(session)
    return [
        {"name": one.name, "since": clock_words(one.since, now)}
        for one in presence.others(session, patient, access.user_id)
    ]


def criteria_in_order(scene: Scene) -> list[Criterion]:
    """Return the criteria of the cohort as the page lists them: inclusions, then exclusions."""
    every = trial_of(scene.study).criteria_of(scene.cohort)
    return sorted(every, key=lambda criterion: criterion.kind != "inclusion")


def rows_of(
    session: Session, scene: Scene, stale: Mapping[str, str], record: Sequence[RecordedVerdict] = ()
) -> list[Row]:
    """
    Return the lines of the list of criteria: each with the record, once the chart is signed, else with the person's own
    reading; *stale* is told beside it.
    """
    states = readings.states_of(scene.acts)
    recorded = _recorded(session, scene, record)
    results = scene.results
    found = []
    for slot, criterion in enumerate(criteria_in_order(scene)):
        name = criterion.criterion_id
        state = states.get((scene.cohort.cohort_id, name))
        reading = recorded.get(name) or reading_of(session, scene.acts, state, results.get(name))
        found.append(
            row(
                slot,
                criterion,
                results.get(name),
                reading,
                href=chart_address(scene, criterion=name),
                stale=stale.get(name, ""),
            )
        )
    return found


def _recorded(session: Session, scene: Scene, record: Sequence[RecordedVerdict]) -> dict[str, Reading]:
    """Return what the record says by criterion, in words."""
    if not record:
        return {}
    by = deciders_of(session, scene.patient)
    every = readings.reviews_of(session, scene.patient).values()
    acts = {act.id: made for review in every if (made := readings.acts_of(session, review)) for act in made}
    found = {}
    for one in record:
        if one.cohort_id == scene.cohort.cohort_id:
            made = acts[one.decision_id]
            state = readings.states_of(made)[one.cohort_id, one.criterion_id]
            name, agreed = by[one.settled]
            read = reading_of(session, made, state, None, by=name)
            found[one.criterion_id] = replace(read, agreed=agreed)
    return found


def values_of(session: Session, scene: Scene, site_ids: set[str]) -> dict[str, NoteOf]:
    """Return notes with their texts by the site's identifier."""
    wanted = [note.id for note in scene.notes if note.note_id in site_ids]
    if not wanted:
        return {}
    stored = session.scalars(
        select(StudyNote).where(StudyNote.id.in_(wanted)).options(undefer(StudyNote.sealed_text))
    ).all()
    return {note.note_id: NoteOf(note.id, charts.note_value(session, scene.patient, note)) for note in stored}


def read_by_note(scene: Scene) -> ByNote:
    """Return what was read in each note and what it bears on; nothing where the proposal is hidden."""
    result, stored = scene.result, scene.stored
    if result is None or stored is None:
        return ByNote({}, {})
    slots = {one.criterion_id: slot for slot, one in enumerate(criteria_in_order(scene))}
    return _BY_NOTE.get(
        (stored.id, scene.study.trial_fingerprint), lambda: by_note(result.findings, slots, scene.results)
    )


def copied_of(session: Session, scene: Scene, note_id: str) -> list[tuple[Copied, str]]:
    """Return the blocks of a note that were carried forward, with the opaque identifier of where they come from."""
    key = (scene.patient.id, tuple(note.id for note in scene.notes))

    def make() -> dict[str, list[tuple[Copied, str]]]:
        stored = charts.notes_of(session, scene.patient.id, with_text=True)
        found = copied_blocks([charts.text_of(session, note) for note in stored])
        return {
            note.id: [(block, stored[block.origin].id) for block in blocks]
            for note, blocks in zip(stored, found, strict=True)
        }

    return _COPIED.get(key, make).get(note_id, [])


def chart_address(scene: Scene, *, criterion: str = "", note: str = "", at: str = "") -> str:
    """Return the address of the chart with a criterion, a note and a place in it: nothing in it names a patient."""
    return place_address(scene.study.id, scene.patient.id, criterion=criterion, note=note, at=at)


def place_address(
    study_id: str, patient_id: str, *, criterion: str = "", note: str = "", at: str = ""
) -> str:
    """Return the address of a place in a chart; with *at* the browser goes to the words."""
    asked = [
        f"{name}={quote(value, safe='')}"
        for name, value in (("criterion", criterion), ("note", note), ("at", at))
        if value
    ]
    address = f"/studies/{study_id}/patients/{patient_id}"
    return address + (f"?{'&'.join(asked)}" if asked else "") + ("#at" if at else "")


def study_labels(trial: TrialFile) -> dict[str, str]:
    """Return a label for each criterion of a trial; where cohorts differ ("Age 18-75", "Age 6-17") its plain name."""
    labels: dict[str, set[str]] = {}
    for cohort in trial.cohorts:
        for criterion in trial.criteria_of(cohort):
            labels.setdefault(criterion.criterion_id, set()).add(label_of(criterion))
    return {
        name: found.pop() if len(found) == 1 else name.replace("_", " ").capitalize()
        for name, found in labels.items()
    }


def label_of(criterion: Criterion) -> str:
    """Return the short name of a criterion."""
    return criterion.label or criterion.criterion_id.replace("_", " ").capitalize()


def in_force(acts: Sequence[Decision]) -> list[Decision]:
    """Return the acts that were not undone, in order."""
    undone = {act.undoes_id for act in acts}
    return [act for act in acts if act.act != "undo" and act.id not in undone]


def clock_words(at: datetime, now: datetime) -> str:
    """Say when something was, in UTC: the time of today, else day and time."""
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M} UTC"


def reading_of(
    session: Session,
    acts: Sequence[Decision],
    state: readings.CriterionState | None,
    result: CriterionResult | None,
    *,
    by: str = "you",
) -> Reading:
    """Return what one reading says of one criterion, in words; *result* is the proposal, where it may be seen."""
    if state is None:
        return Reading()
    now = now_of(session)
    act = state.verdict
    here = [one for one in acts if one.criterion_id == state.criterion_id]
    valid = {one.id for one in (*([act] if act else []), *state.evidence)}
    needs = (
        act is not None
        and result is not None
        and result.basis != "judgement"
        and not act.is_blind_to_system
        and act.verdict != result.status
        and not act.reason
    )
    return Reading(
        verdict=(act.verdict or "") if act is not None else "",
        reason=act.reason if act is not None else "",
        comment=readings.comment_of(session, act) if act is not None else "",
        by=by,
        at=clock_words(act.made_at, now) if act is not None else "",
        last=state.last,
        needs_reason=needs,
        pieces=tuple(_piece(session, one) for one in state.evidence),
        acts=tuple(
            Act(
                one.sequence,
                act_words(one),
                _reason_words(one),
                readings.comment_of(session, one),
                by,
                clock_words(one.made_at, now),
                one.id in valid,
            )
            for one in reversed(here)
        ),
    )


def act_words(act: Decision) -> str:
    """Say what an act was."""
    if act.act == "verdict":
        return VERDICT_WORDS[act.verdict or "unknown"].words
    return {"evidence_added": "added evidence", "evidence_rejected": "rejected evidence", "undo": "undid"}[
        act.act
    ]


def _reason_words(act: Decision) -> str:
    table = reviews.EVIDENCE_REASONS if act.act == "evidence_rejected" else reviews.VERDICT_REASONS
    return table.get(act.reason, "")


def _piece(session: Session, act: Decision) -> OwnPiece:
    stance: Stance = (
        "against" if act.stance == "against" else "set_aside" if act.stance == "set_aside" else "for"
    )
    return OwnPiece(
        note_id=act.note_id or "",
        start=act.start or 0,
        end=act.end or 0,
        stance=stance,
        is_rejected=act.act == "evidence_rejected",
        reason=_reason_words(act),
        comment=readings.comment_of(session, act),
    )
