"""Reading a chart: deciding, undoing, signing; two readers who cannot see each other; settling what they differ on."""

from __future__ import annotations

import threading

import pytest
from support.rooms import TEXT

from chartsift.api.db.tables import Signature, StudyPatient
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.permissions import permissions_of
from chartsift.api.services import adjudication, audit, charts, readings, reviews, signing
from chartsift.api.services.evaluation import current_result, result_value
from chartsift.api.services.visibility import sees_proposal, visible_reviews

VERDICTS = {
    "iim_diagnosis": "met",
    "msa_subtype": "met",
    "active_disease": "unknown",
    "muscle_weakness": "unknown",
    "prior_car_t": "not_met",
    "prior_transplant": "not_met",
    "flu_cy_reaction": "not_met",
    "investigator_concern": "not_met",
}


def decide(room, name, criterion="iim_diagnosis", verdict="met", *, expected=0, **more):
    with room.store.writing() as session:
        return reviews.decide(
            session,
            room.study_id,
            room.patient_id,
            room.users[name],
            criterion_id=criterion,
            verdict=verdict,
            expected=expected,
            **more,
        ).sequence


def start(room, name):
    with room.store.writing() as session:
        return reviews.open_review(session, room.study_id, room.patient_id, room.users[name]).slot


def read_all(room, name, **changes):
    """Read the whole chart and sign it; return the state it goes to."""
    start(room, name)
    for criterion, verdict in {**VERDICTS, **changes}.items():
        decide(room, name, criterion, verdict, reason="clinical_judgement")
    return sign(room, name)


def sign(room, name):
    with room.store.writing() as session:
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        review = readings.review_by(session, patient, room.users[name])
        signing.sign(
            session,
            room.study_id,
            room.patient_id,
            room.users[name],
            expected=review.version if review else 0,
        )
        return patient.state


def state_of(room, name):
    """Return what is in force in a person's reading, by criterion."""
    with room.store.reading() as session:
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        review = readings.review_by(session, patient, room.users[name])
        states = readings.states_of(readings.acts_of(session, review))
        return {
            key[1]: (state.verdict.verdict if state.verdict else None, state.last)
            for key, state in states.items()
        }


def seen_by(room, name, role):
    with room.store.reading() as session:
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        found = visible_reviews(session, patient, room.users[name], permissions_of(role))
        return [(one.reader, one.review.slot) for one in found]


def test_a_decision_takes_the_place_of_the_one_before_and_undo_brings_it_back(room):
    start(room, "first")
    one = decide(room, "first", verdict="met")
    two = decide(
        room, "first", verdict="not_met", expected=one, reason="misread", comment="Seen; 😀 not hers."
    )

    assert state_of(room, "first") == {"iim_diagnosis": ("not_met", 2)}

    with room.store.writing() as session:
        undone = reviews.undo(session, room.study_id, room.patient_id, room.users["first"], expected=two)
        assert undone.undoes_id is not None
    assert state_of(room, "first") == {"iim_diagnosis": ("met", 3)}
    with room.store.writing() as session:
        reviews.undo(session, room.study_id, room.patient_id, room.users["first"], expected=one)
    assert state_of(room, "first") == {"iim_diagnosis": (None, 4)}


def test_nothing_left_to_undo_is_said(room):
    start(room, "first")

    with pytest.raises(ConflictError, match="CO608"), room.store.writing() as session:
        reviews.undo(session, room.study_id, room.patient_id, room.users["first"], expected=1)


def test_undo_of_something_unseen_is_refused(room):
    start(room, "first")
    decide(room, "first")
    decide(room, "first", "msa_subtype")

    with pytest.raises(ConflictError, match="CO601"), room.store.writing() as session:
        reviews.undo(session, room.study_id, room.patient_id, room.users["first"], expected=1)


def test_a_comment_is_kept_word_for_word_and_sealed(room):
    start(room, "first")
    decide(room, "first", comment="Zeile\r\n\t😀 „so“")

    with room.store.reading() as session:
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        (act,) = readings.acts_of(session, readings.review_by(session, patient, room.users["first"]))
        assert readings.comment_of(session, act) == "Zeile\r\n\t😀 „so“"
        assert b"Zeile" not in act.sealed_comment


def test_two_windows_of_one_reader_do_not_overwrite_each_other(room):
    start(room, "first")
    decide(room, "first", verdict="met")

    with pytest.raises(ConflictError, match="CO601"):
        decide(room, "first", verdict="not_met", expected=0)

    assert state_of(room, "first")["iim_diagnosis"] == ("met", 1)


def test_of_two_decisions_at_once_one_is_told_of_the_other(room):
    start(room, "first")
    outcomes = []
    ready = threading.Barrier(2)

    def act(verdict):
        ready.wait()
        try:
            decide(room, "first", verdict=verdict)
            outcomes.append("kept")
        except ConflictError as exc:
            outcomes.append(exc.code)

    threads = [threading.Thread(target=act, args=(verdict,)) for verdict in ("met", "not_met")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["CO601", "kept"]


def test_of_two_who_take_a_chart_at_once_one_gets_it(room):
    outcomes = []
    ready = threading.Barrier(2)

    def act(name):
        ready.wait()
        try:
            outcomes.append(start(room, name))
        except ConflictError as exc:
            outcomes.append(exc.code)

    threads = [threading.Thread(target=act, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["CO603", "first"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"criterion": "no_such"}, "CO607"),
        ({"verdict": "maybe"}, "CO609"),
        ({"reason": "because"}, "CO609"),
        ({"comment": "x" * 4001}, "CO609"),
    ],
)
def test_what_is_not_possible_is_refused(room, values, code):
    start(room, "first")

    with pytest.raises(ConflictError, match=code):
        decide(room, "first", **values)


def test_nobody_decides_without_taking_the_chart(room):
    with pytest.raises(ConflictError, match="CO602"):
        decide(room, "second")


def test_evidence_is_a_place_in_a_note_and_can_be_rejected_and_undone(room):
    start(room, "first")
    (note_id,) = room.note_ids(room.patient_id)
    place = reviews.EvidencePlace(note_id, 2, 11, "for")
    assert TEXT[2:11] == "Anti-Jo-1"

    with room.store.writing() as session:
        mine = (session, room.study_id, room.patient_id, room.users["first"])
        added = reviews.mark_evidence(
            *mine, criterion_id="msa_subtype", place=place, rejects=False, expected=0
        )
        rejected = reviews.mark_evidence(
            *mine,
            criterion_id="msa_subtype",
            place=place,
            rejects=True,
            reason="outdated",
            expected=added.sequence,
        )
        reviews.undo(*mine, expected=rejected.sequence, criterion_id="msa_subtype")
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        states = readings.states_of(
            readings.acts_of(session, readings.review_by(session, patient, room.users["first"]))
        )

    assert [(act.act, act.start, act.end) for act in states["adult", "msa_subtype"].evidence] == [
        ("evidence_added", 2, 11)
    ]


@pytest.mark.parametrize(("start_at", "end_at"), [(-1, 3), (3, 3), (5, 2), (0, len(TEXT) + 1)])
def test_a_place_outside_of_the_note_is_refused(room, start_at, end_at):
    start(room, "first")
    (note_id,) = room.note_ids(room.patient_id)

    with pytest.raises(ConflictError, match="CO607"), room.store.writing() as session:
        reviews.mark_evidence(
            session,
            room.study_id,
            room.patient_id,
            room.users["first"],
            criterion_id="msa_subtype",
            place=reviews.EvidencePlace(note_id, start_at, end_at),
            rejects=False,
            expected=0,
        )


def test_a_note_of_another_patient_is_no_evidence(room):
    other = room.add_chart("SITE-2", "dermatomyositis")
    start(room, "first")

    with pytest.raises(AccessError, match="AC507"), room.store.writing() as session:
        reviews.mark_evidence(
            session,
            room.study_id,
            room.patient_id,
            room.users["first"],
            criterion_id="msa_subtype",
            place=reviews.EvidencePlace(room.note_ids(other)[0], 0, 3),
            rejects=False,
            expected=0,
        )


def test_signing_asks_for_every_criterion(room):
    start(room, "first")
    decide(room, "first")

    with pytest.raises(ConflictError, match=r"CO606: undecided: msa_subtype"):
        sign(room, "first")


def test_signing_asks_for_a_reason_where_the_verdict_is_not_the_proposal(room):
    start(room, "first")
    for criterion, verdict in {**VERDICTS, "prior_transplant": "met"}.items():
        decide(room, "first", criterion, verdict)

    with pytest.raises(ConflictError, match=r"CO606: a reason is missing: prior_transplant \("):
        sign(room, "first")

    decide(room, "first", "prior_transplant", "met", expected=6, reason="other_source")
    assert sign(room, "first") == "second_review"


def test_two_who_agree_make_the_record(room):
    assert read_all(room, "first") == "second_review"
    assert read_all(room, "second") == "signed"

    with room.store.reading() as session:
        record = adjudication.record_of(session, charts.patient_of(session, room.study_id, room.patient_id))
    assert {one.criterion_id: one.verdict for one in record} == VERDICTS
    assert {one.settled for one in record} == {"agreed"}


def test_after_signing_nothing_more_is_decided(room):
    read_all(room, "first")

    with pytest.raises(ConflictError, match="CO602"):
        decide(room, "first", expected=1, verdict="unknown")


def test_the_first_reader_cannot_be_the_second(room):
    read_all(room, "first")

    assert start(room, "first") == "first"
    with pytest.raises(ConflictError, match="CO602"):
        decide(room, "first", expected=1)


def test_the_second_reader_sees_nothing_of_the_first_before_signing(room):
    read_all(room, "first")
    assert seen_by(room, "second", "reviewer") == []
    start(room, "second")

    assert seen_by(room, "second", "reviewer") == [("", "second")]
    for name, role in (("viewer", "viewer"), ("manager", "trial_manager"), ("chief", "admin")):
        assert seen_by(room, name, role) == []
    # An adjudicator sees them when there is something to settle, and not before.
    assert seen_by(room, "judge", "adjudicator") == []


def test_an_adjudicator_sees_both_without_names_and_the_verdict_is_the_record(room):
    read_all(room, "first")
    assert read_all(room, "second", iim_diagnosis="unknown") == "to_adjudicate"

    assert [reader for reader, _ in seen_by(room, "judge", "adjudicator")] == ["A", "B"]
    with room.store.reading() as session:
        assert [one.id for one in adjudication.queue(session, room.study_id, room.users["judge"])] == [
            room.patient_id
        ]
    with room.store.writing() as session:
        adjudication.open_adjudication(
            session, room.study_id, room.patient_id, room.users["judge"], permissions_of("adjudicator")
        )
    with pytest.raises(ConflictError, match="CO607"):
        decide(room, "judge", "msa_subtype", "met")  # nobody differs on it
    decide(room, "judge", "iim_diagnosis", "unknown")
    with pytest.raises(ConflictError, match=r"CO606: a reason is missing: iim_diagnosis"):
        sign(room, "judge")
    decide(room, "judge", "iim_diagnosis", "unknown", expected=1, reason="not_enough")
    assert sign(room, "judge") == "signed"

    with room.store.reading() as session:
        record = adjudication.record_of(session, charts.patient_of(session, room.study_id, room.patient_id))
    settled = {one.criterion_id: (one.verdict, one.settled) for one in record}
    assert settled["iim_diagnosis"] == ("unknown", "adjudicated")
    assert settled["msa_subtype"] == ("met", "agreed")
    assert len(settled) == len(VERDICTS)


def test_who_read_a_chart_does_not_settle_it(room):
    with room.store.writing() as session:
        from chartsift.api.services import studies

        studies.set_member(session, room.study_id, room.users["first"], "adjudicator", actor_id="system")
    read_all(room, "first")
    read_all(room, "second", iim_diagnosis="unknown")

    assert seen_by(room, "first", "adjudicator") == [("", "first")]
    with pytest.raises(AccessError, match="AC502"), room.store.writing() as session:
        adjudication.open_adjudication(
            session, room.study_id, room.patient_id, room.users["first"], permissions_of("adjudicator")
        )


def test_a_chart_that_one_reads_is_done_after_the_first(room):
    with room.store.writing() as session:
        session.get_one(StudyPatient, room.patient_id).needs_second = False

    assert read_all(room, "first") == "signed"


def test_a_blind_reader_sees_the_proposal_only_after_deciding(room):
    with room.store.writing() as session:
        session.get_one(StudyPatient, room.patient_id).is_blind_first = True

    def is_seen(name, role="reviewer"):
        with room.store.reading() as session:
            patient = charts.patient_of(session, room.study_id, room.patient_id)
            return sees_proposal(session, patient, room.users[name], permissions_of(role))

    assert not is_seen("first")
    assert not is_seen("judge", "adjudicator")
    assert is_seen("viewer", "viewer")
    start(room, "first")
    with pytest.raises(ConflictError, match="CO606"), room.store.writing() as session:
        reviews.reveal(session, room.study_id, room.patient_id, room.users["first"])
    for criterion, verdict in {**VERDICTS, "prior_transplant": "unknown"}.items():
        decide(room, "first", criterion, verdict)  # no reason is asked of who saw no proposal
    with room.store.writing() as session:
        reviews.reveal(session, room.study_id, room.patient_id, room.users["first"])
    assert is_seen("first")
    assert not is_seen("second")
    assert sign(room, "first") == "second_review"


def test_an_assigned_chart_is_not_taken_by_another(room):
    with room.store.writing() as session:
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        charts.assign(session, patient, room.users["second"], actor_id=room.users["manager"])

    with pytest.raises(ConflictError, match="CO603"):
        start(room, "first")
    assert start(room, "second") == "first"


def test_a_signed_chart_opened_again_keeps_its_record_and_starts_anew(room):
    read_all(room, "first")
    read_all(room, "second")
    with room.store.writing() as session:
        reviews.reopen(session, room.study_id, room.patient_id, room.users["manager"])

    assert start(room, "second") == "first"
    assert state_of(room, "second") == {}
    with room.store.reading() as session:
        assert session.query(Signature).count() == 2


def test_the_trail_names_every_act_and_no_verdict(room):
    read_all(room, "first")

    with room.store.reading() as session:
        assert audit.verify(session).is_whole
        entries = audit.trail(session, room.study_id, limit=500).entries
    acts = [entry for entry in entries if entry.action == "decision.verdict"]
    assert len(acts) == len(VERDICTS)
    assert not any(word in str(entry.details) for entry in acts for word in ("not_met", "unknown", "'met'"))


def test_what_was_signed_has_a_digest_that_can_be_checked(room):
    read_all(room, "first")

    with room.store.reading() as session:
        signature = session.query(Signature).one()
        assert signing.content_digest(signature.content) == signature.digest
        assert signature.meaning == "first reading"
        assert len(signature.content["verdicts"]) == len(VERDICTS)


def test_as_proposed_is_a_reason_for_the_proposal_alone(room):
    start(room, "first")
    with room.store.reading() as session:
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        result = result_value(session, current_result(session, patient))
    proposed = {item.criterion_id: item.status for item in result.applicable.criteria}["iim_diagnosis"]
    other = "not_met" if proposed == "met" else "met"

    with pytest.raises(ConflictError, match="CO601"):
        decide(room, "first", verdict=other, reason="as_proposed")

    assert decide(room, "first", verdict=proposed, reason="as_proposed") == 1


def test_who_reads_blind_learns_nothing_from_a_reason(room):
    with room.store.writing() as session:
        charts.patient_of(session, room.study_id, room.patient_id).is_blind_first = True
    start(room, "first")

    for verdict in ("met", "not_met", "unknown"):
        with pytest.raises(ConflictError, match="CO609"):
            decide(room, "first", verdict=verdict, reason="as_proposed")
