"""
What changed on a chart since a person last looked at it, or since it was signed, and which decisions that makes stale.

The watch keeps every change of a verdict with its cause (``chartsift.api.services.changes``). Here they are told to
one person: counted from the signature where there is one, since that is what may no longer hold, else from the last
look before this sitting. A decision is stale when the proposal has become another one since it was made. Who does not
see the proposal sees none of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of
from chartsift.api.db.tables import AuditEntry, Decision, Signature, VerdictChange
from chartsift.api.pages.scene import Scene, chart_address, clock_words, study_labels
from chartsift.api.render import COHORT_WORDS
from chartsift.api.services import changes, presence, readings
from chartsift.api.services.adjudication import RecordedVerdict
from chartsift.api.services.studies import trial_of


@dataclass(frozen=True, slots=True)
class ChangedCriterion:
    """A criterion whose proposal became another one; ``decided`` is what was decided before that, in words."""

    label: str
    href: str
    before: str
    after: str
    why: str
    decided: str


@dataclass(frozen=True, slots=True)
class Changed:
    """
    What changed on a chart.

    Attributes:
        since: From when on, in words ("it was signed 2024-07-15 09:00 UTC"); empty for who never looked before.
        moment: The same as a moment.
        criteria: The criteria whose proposal became another one.
        whole: How the whole proposal changed, in words; empty if it did not.
        stale: By criterion what a decision of before does not know, in words.
        version: That what is signed was signed under another version of the trial, in words; empty if not.
    """

    since: str = ""
    moment: datetime | None = None
    criteria: tuple[ChangedCriterion, ...] = ()
    whole: str = ""
    stale: Mapping[str, str] | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class _Decided:
    verdict: str
    made_at: datetime
    how: str


def changed_of(session: Session, scene: Scene, record: Sequence[RecordedVerdict]) -> Changed:
    """Return what changed on a chart for the person of *scene*; *record* is that of a signed chart."""
    if scene.result is None:
        return Changed()
    signature = _signature(session, scene)
    moment, since = _moment(session, scene, signature)
    every = changes.changes_of(session, scene.patient.id)
    decided = _decided(session, scene, record)
    labels = study_labels(trial_of(scene.study))
    recent = [one for one in every if moment is not None and one.made_at > moment]
    net = changes.net_changes(recent)
    return Changed(
        since=since,
        moment=moment,
        criteria=tuple(
            ChangedCriterion(
                labels.get(name, _plain(name)),
                chart_address(scene, criterion=name),
                _plain(one.before) or "not asked",
                _plain(one.after) or "not asked any more",
                one.why,
                f"{decided[name].how} {_plain(decided[name].verdict)}" if name in decided else "",
            )
            for name, one in net.items()
        ),
        whole=_whole(recent),
        stale=_stale(every, decided),
        version=_version(scene, signature),
    )


def _moment(session: Session, scene: Scene, signature: Signature | None) -> tuple[datetime | None, str]:
    now = now_of(session)
    if signature is not None:
        who = "it was" if scene.patient.state == "signed" else "you"
        return signature.signed_at, f"{who} signed {clock_words(signature.signed_at, now)}"
    looked = session.scalar(
        select(func.max(AuditEntry.at)).where(
            AuditEntry.patient_id == scene.patient.id,
            AuditEntry.actor_id == scene.access.user_id,
            AuditEntry.action == "chart.seen",
            AuditEntry.at < presence.stay_since(session, scene.patient.id, scene.access.user_id),
        )
    )
    return (looked, f"you last looked {clock_words(looked, now)}") if looked is not None else (None, "")


def _signature(session: Session, scene: Scene) -> Signature | None:
    """Return the signature that counts: the last one of a signed chart, else one's own of the present round."""
    if scene.patient.state == "signed":
        of = [review.id for review in readings.reviews_of(session, scene.patient).values()]
    else:
        of = [scene.review.id] if scene.review is not None else []
    query = select(Signature).where(Signature.review_id.in_(of))
    return session.scalars(query.order_by(Signature.signed_at.desc(), Signature.id).limit(1)).first()


def _decided(session: Session, scene: Scene, record: Sequence[RecordedVerdict]) -> dict[str, _Decided]:
    """Return what is decided, by criterion: the record of a signed chart, else one's own reading."""
    if scene.patient.state == "signed":
        record = [one for one in record if one.cohort_id == scene.cohort.cohort_id]
        query = select(Decision.id, Decision.made_at).where(
            Decision.id.in_([one.decision_id for one in record])
        )
        at = {row.id: row.made_at for row in session.execute(query)}
        return {one.criterion_id: _Decided(one.verdict, at[one.decision_id], "signed as") for one in record}
    return {
        name: _Decided(state.verdict.verdict or "", state.verdict.made_at, "you decided")
        for (cohort_id, name), state in readings.states_of(scene.acts).items()
        if state.verdict is not None and cohort_id == scene.cohort.cohort_id
    }


def _stale(every: Sequence[VerdictChange], decided: Mapping[str, _Decided]) -> dict[str, str]:
    found = {}
    for name, one in decided.items():
        since = changes.net_changes(change for change in every if change.made_at > one.made_at)
        if name in since:
            before, after = (
                _plain(value) or "not asked" for value in (since[name].before, since[name].after)
            )
            found[name] = f"Proposal changed since: {before} → {after}"
    return found


def _whole(recent: Sequence[VerdictChange]) -> str:
    """Say how the whole proposal changed; *recent* begins with the latest."""
    if not recent:
        return ""
    first, last = recent[-1], recent[0]
    parts = []
    if first.cohort_before != last.cohort_after:
        parts.append(f"Cohort {first.cohort_before} → {last.cohort_after}")
    if first.status_before != last.status_after:
        parts.append(
            f"Whole proposal {COHORT_WORDS[first.status_before].brief} → {COHORT_WORDS[last.status_after].brief}"
        )
    return "; ".join(parts)


def _version(scene: Scene, signature: Signature | None) -> str:
    if signature is None or signature.content["trial_fingerprint"] == scene.study.trial_fingerprint:
        return ""
    return f"Signed under version {signature.trial_version} of the trial; {scene.study.trial_version} is in force"


def _plain(name: str) -> str:
    return name.replace("_", " ")
