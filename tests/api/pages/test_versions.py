"""The page of versions: a preview, the switch, what was signed before, and the screening day."""

from __future__ import annotations

from support.fake_screener import TRIAL
from support.rooms import make_room
from support.signing import read_and_sign
from support.uploading import work

from chartsift.api.services import watch
from chartsift.api.services.studies import study_of


def test_a_version_is_seen_and_then_put_in_force(store, monkeypatch):
    room = make_room(store, second_review_share=0.0)
    read_and_sign(room, room.patient_id)
    later = TRIAL.model_copy(update={"version": "2025-01"})
    monkeypatch.setattr(room.screener, "trial", lambda trial_id: later)
    client, here = room.client("manager"), f"/studies/{room.study_id}/versions"
    same = client.post(here, files=[("trial_file", ("t.yaml", b"a: ["))])
    assert (same.status_code, "CO623" in same.text) == (422, True)

    preview = client.post(here, files=[("trial_file", ("", b""))]).headers["location"]
    assert 'http-equiv="refresh"' in client.get(preview).text
    early = client.post(preview, data={"version": "1"})
    assert (early.status_code, "CO620" in early.text) == (422, True)
    work(room)
    assert "0 of 1 charts would have other verdicts" in client.get(preview).text
    assert client.post(preview, data={"version": "1"}).headers["location"] == here
    work(room)

    page = client.get(here).text
    assert "reset-myositis 2025-01" in page
    assert "SITE-1" in page
    assert "as decided" in page
    again = client.post(here, files=[("trial_file", ("", b""))])
    assert "this version is in force already" in again.text
    client.post(f"/studies/{room.study_id}/screening-day", data={"screening_day": "today"})
    with store.reading() as session:
        assert watch.screening_day(study_of(session, room.study_id)) == "today"
