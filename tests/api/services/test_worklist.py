"""The work list: filters, order, search, pages, what a blind reader may not infer, and what to read next."""

from __future__ import annotations

from datetime import date

import pytest

from chartsift.api.db.tables import StoredResult, StudyPatient
from chartsift.api.faults import ConflictError
from chartsift.api.permissions import permissions_of
from chartsift.api.services import charts, readings, reviews
from chartsift.api.services.worklist import ORDERS, WorkListQuery, next_patient, work_list

SILENT = "Nothing of note."


@pytest.fixture
def listed(room):
    """Charts whose results are set by hand, so that each order and filter has one answer."""
    facts = {
        "A-1": {"score": 0.9, "missing": [], "first_lapse": date(2024, 9, 1), "cohort_status": "eligible", "age_years": 40},
        "B_2": {"score": 0.5, "missing": ["active_disease"], "first_lapse": None, "age_limit_on": date(2024, 8, 1), "age_years": 17},
        "C%3": {"score": 0.7, "missing": ["active_disease", "msa_subtype"], "first_lapse": date(2024, 12, 1), "age_years": None},
    }  # fmt: skip
    ids = {}
    for site_id, values in facts.items():
        ids[site_id] = room.add_chart(site_id, SILENT)
        with room.store.writing() as session:
            stored = session.get_one(StoredResult, session.get_one(StudyPatient, ids[site_id]).result_id)
            stored.missing_count = len(values["missing"])
            for name, value in values.items():
                setattr(stored, name, value)
    with room.store.writing() as session:
        session.delete(session.get_one(StudyPatient, room.patient_id))
    return ids


def ask(room, name="first", role="reviewer", **query):
    with room.store.reading() as session:
        found = work_list(
            session,
            room.study_id,
            WorkListQuery(**query),
            user_id=room.users[name],
            permissions=permissions_of(role),
        )
        return [row.patient.site_id for row in found.rows]


def start(room, name, patient_id):
    with room.store.writing() as session:
        reviews.open_review(session, room.study_id, patient_id, room.users[name])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["A-1", "B_2", "C%3"]),
        ({"order": "patient", "descending": True}, ["C%3", "B_2", "A-1"]),
        ({"order": "lapse"}, ["B_2", "A-1", "C%3"]),
        ({"order": "age"}, ["B_2", "A-1", "C%3"]),
        ({"order": "age", "descending": True}, ["A-1", "B_2", "C%3"]),
        ({"status": "eligible"}, ["A-1"]),
        ({"missing": "active_disease"}, ["B_2", "C%3"]),
        ({"missing": "active"}, []),
        ({"missing": "active%disease"}, []),
        ({"lapses_before": date(2024, 10, 1)}, ["A-1", "B_2"]),
        ({"search": "b_"}, ["B_2"]),
        ({"search": "%"}, ["C%3"]),
        ({"search": " a-1 "}, ["A-1"]),
        ({"search": "x' OR 1=1 --"}, []),
        ({"offset": 1, "limit": 1}, ["B_2"]),
        ({"state": "signed"}, []),
        ({"reader": "nobody"}, ["A-1", "B_2", "C%3"]),
    ],
)
def test_filters_and_orders(room, listed, query, expected):
    assert ask(room, **query) == expected


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("descending", [True, False])
def test_every_order_lists_everyone_page_by_page(room, listed, order, descending):
    pages = [ask(room, order=order, descending=descending, offset=at, limit=1) for at in range(4)]

    assert sorted(site_id for page in pages for site_id in page) == ["A-1", "B_2", "C%3"]
    assert pages[3] == []


@pytest.mark.parametrize(
    "query",
    [
        {"state": "lost"},
        {"status": "fine"},
        {"order": "x; DROP"},
        {"limit": 0},
        {"limit": 10_000},
        {"offset": -1},
    ],
)
def test_what_cannot_be_asked_is_refused(query):
    with pytest.raises(ConflictError, match="CO609"):
        WorkListQuery(**query)


def test_who_reads_a_chart_is_shown_and_filtered(room, listed):
    start(room, "first", listed["B_2"])
    with room.store.writing() as session:
        charts.assign(
            session,
            charts.patient_of(session, room.study_id, listed["C%3"]),
            room.users["second"],
            actor_id=room.users["manager"],
        )

    assert ask(room, reader="me") == ["B_2"]
    assert ask(room, "second", reader="me") == ["C%3"]
    assert ask(room, reader=room.users["second"]) == ["C%3"]
    assert ask(room, reader="nobody") == ["A-1"]


def test_a_blind_reader_infers_nothing_from_filters_and_order(room, listed):
    with room.store.writing() as session:
        session.get_one(StudyPatient, listed["A-1"]).is_blind_first = True

    assert ask(room, status="eligible") == []
    assert ask(room, lapses_before=date(2024, 10, 1)) == ["B_2"]
    assert ask(room) == ["B_2", "C%3", "A-1"]
    assert ask(room, "viewer", "viewer", status="eligible") == ["A-1"]
    with room.store.reading() as session:
        rows = work_list(
            session,
            room.study_id,
            WorkListQuery(search="A-1"),
            user_id=room.users["first"],
            permissions=permissions_of("reviewer"),
        ).rows
    assert (rows[0].result, rows[0].is_hidden) == (None, True)


def test_counts_are_of_the_whole_study(room, listed):
    start(room, "first", listed["B_2"])

    with room.store.reading() as session:
        found = work_list(
            session,
            room.study_id,
            WorkListQuery(limit=1),
            user_id=room.users["first"],
            permissions=permissions_of("reviewer"),
        )
    assert found.total == 3
    assert found.by_state == {"new": 2, "in_review": 1, "second_review": 0, "to_adjudicate": 0, "signed": 0}


def next_for(room, name):
    with room.store.reading() as session:
        found = next_patient(
            session, room.study_id, user_id=room.users[name], permissions=permissions_of("reviewer")
        )
        return found.site_id if found else None


def test_next_is_what_one_began_then_what_is_assigned_then_the_most_decidable(room, listed):
    assert next_for(room, "first") == "A-1"
    with room.store.writing() as session:
        patient = charts.patient_of(session, room.study_id, listed["C%3"])
        charts.assign(session, patient, room.users["first"], actor_id="system")
    assert next_for(room, "first") == "C%3"
    assert next_for(room, "second") == "A-1"
    start(room, "first", listed["B_2"])
    assert next_for(room, "first") == "B_2"
    start(room, "second", listed["A-1"])
    with room.store.writing() as session:
        session.get_one(StudyPatient, listed["A-1"]).state = "signed"
    assert next_for(room, "second") is None


def test_a_second_reading_waits_for_somebody_else(room, listed):
    for site_id in ("B_2", "C%3"):
        with room.store.writing() as session:
            session.get_one(StudyPatient, listed[site_id]).state = "signed"
    start(room, "first", listed["A-1"])
    with room.store.writing() as session:
        session.get_one(StudyPatient, listed["A-1"]).state = "second_review"
        patient = session.get_one(StudyPatient, listed["A-1"])
        readings.review_by(session, patient, room.users["first"]).signed_at = room.store.clock()

    assert next_for(room, "first") is None
    assert next_for(room, "second") == "A-1"
