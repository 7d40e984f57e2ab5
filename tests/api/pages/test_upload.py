"""The pages of an upload, as a browser without script uses them."""

from __future__ import annotations

import re

from support.uploading import work, zipped


def forms(room, *files, who="first", **fields):
    parts = [("files", (name, data)) for name, data in files]
    return room.client(who).post(f"/studies/{room.study_id}/upload", files=parts, data=fields)


def test_from_the_form_to_the_chart_without_script(lite_room):
    room, client = lite_room, lite_room.client("first")
    archive = zipped(
        {"P1/2024-05-01_visit.txt": "CK 700 U/L", "P1/scan.pdf": b"%PDF-1.4 broken", "loose.txt": "x y"}
    )
    sent = forms(room, ("mixed.zip", archive), key="k")
    draft = sent.headers["location"]
    assert (sent.status_code, forms(room, ("mixed.zip", archive), key="k").headers["location"]) == (
        303,
        draft,
    )
    assert "The files are being read" in client.get(draft).text
    assert 'http-equiv="refresh"' in client.get(draft).text
    work(room)

    page = client.get(draft).text
    assert "Add 1 notes to 1 patients" in page
    assert "fill in patient and date" in page
    assert re.search(r"IN1\d\d", page)
    assert 'http-equiv="refresh"' not in page
    names = re.findall(r'name="(line-[0-9a-f]{24})"', page)
    shown = dict(re.findall(r'<input[^>]* name="((?:site|date|type)-[0-9a-f]{24})" value="([^"]*)"', page))
    values = dict.fromkeys(names, "1") | shown
    (empty,) = [name for name, value in shown.items() if name.startswith("date-") and not value]
    item = empty.removeprefix("date-")

    refused = client.post(draft, data={**values, f"site-{item}": "P2", "do": "add"})
    assert (refused.status_code, "CO621" in refused.text) == (422, True)
    # What was typed is kept although the adding was refused.
    assert f'name="site-{item}" value="P2"' in client.get(draft).text
    wrong = client.post(
        draft, data={**values, f"site-{item}": "P2", f"date-{item}": "2024-13-01", "do": "save"}
    )
    assert (wrong.status_code, "CO622" in wrong.text) == (422, True)
    added = client.post(
        draft, data={**values, f"site-{item}": "P2", f"date-{item}": "2024-05-02", "do": "add"}
    )
    assert (added.status_code, added.headers["location"]) == (303, draft)
    work(room)

    assert "2 notes of 2 patients were added" in client.get(draft).text
    listed = client.get(f"/studies/{room.study_id}").text
    assert "P1" in listed
    assert "P2" in listed


def test_a_draft_is_discarded(lite_room):
    room, client = lite_room, lite_room.client("first")
    draft = forms(room, ("P1_2024-05-01_v.txt", b"CK 5")).headers["location"]
    work(room)
    assert (
        client.post(draft, data={"do": "discard"}).headers["location"] == f"/studies/{room.study_id}/upload"
    )
    assert draft not in client.get(f"/studies/{room.study_id}/upload").text
    assert "P1" not in client.get(f"/studies/{room.study_id}").text


def test_a_form_without_a_file_and_a_list_with_a_fault(lite_room):
    room = lite_room
    empty = forms(room, ("", b""))
    assert (empty.status_code, "HT831" in empty.text) == (422, True)
    there = f"/studies/{room.study_id}/patient-list"
    bad = room.client("first").post(there, files=[("files", ("l.csv", b"patient_id,sex\nA,purple\n"))])
    assert "Row 2" in bad.text
    good = room.client("first").post(there, files=[("files", ("l.csv", b"patient_id\nA\nB\n"))])
    assert "2 patients added" in good.text


def test_a_file_name_is_shown_as_text(lite_room):
    draft = forms(lite_room, ("<img src=x>_2024-05-01_v.txt", b"CK 5")).headers["location"]
    work(lite_room)

    page = lite_room.client("first").get(draft).text
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page


def test_work_that_was_given_up_can_be_tried_again(lite_room, monkeypatch):
    from chartsift.api.db.tables import Job
    from chartsift.api.services import jobs

    room, client = lite_room, lite_room.client("first")
    draft = forms(room, ("P1_2024-05-01_v.txt", b"CK 5")).headers["location"]
    with room.store.writing() as session:
        job = session.query(Job).filter_by(kind="upload.read").one()
        job.state, job.code = "failed", "ST703"
    page = client.get(draft).text
    assert "The work stopped (ST703)" in page
    retry = re.search(r'action="(/studies/[^"]*/retry)"', page)[1]
    upload = re.search(r'name="upload" value="([0-9a-f]+)"', page)[1]
    assert client.post(retry, data={"upload": upload}).headers["location"] == draft
    work(room)
    assert "Add 1 notes to 1 patients" in client.get(draft).text
    with room.store.reading() as session:
        assert jobs.waiting(session, room.study_id) == 0
