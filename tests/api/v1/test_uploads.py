"""Uploads, lists of patients and the watch through the HTTP interface."""

from __future__ import annotations

import pytest
from support.uploading import work, zipped

NOTE = "Anti-Jo-1 positive dermatomyositis. 😀\r\n\tCK\t900 U/L"


def send(room, *files, who="first", key="", address="", **fields):
    headers = {"Idempotency-Key": key} if key else {}
    parts = [("files", (name, data)) for name, data in files]
    return room.client(who).post(
        address or f"{room.study}/uploads", files=parts, data=fields, headers=headers
    )


def test_from_files_to_verdicts(room):
    archive = zipped(
        {"P1/2024-05-01_visit.txt": NOTE, "P1/scan.pdf": b"%PDF-1.4 broken", "loose.txt": "CK 5"}
    )
    client = room.client("first")
    made = send(room, ("mixed.zip", archive)).json()
    assert (made["state"], made["files"][0]["state"]) == ("received", "received")
    work(room)

    here = f"{room.study}/uploads/{made['upload_id']}"
    seen = client.get(here).json()
    items = client.get(f"{here}/items").json()["items"]
    assert (seen["state"], seen["summary"]["notes"], seen["summary"]["incomplete"]) == ("checked", 1, 1)
    (loose,) = [item for item in items if item["state"] == "incomplete"]
    (broken,) = [item for item in items if item["kind"] == "problem"]
    assert broken["code"].startswith("IN1")
    assert broken["message"]

    assert client.post(f"{here}/confirm").json()["code"] == "CO621"
    wrong = {"items": [{"item_id": loose["item_id"], "site_id": "P1", "note_date": "1 May"}]}
    assert client.patch(f"{here}/items", json=wrong).json()["code"] == "CO622"
    right = {"items": [{"item_id": loose["item_id"], "site_id": "P1", "note_date": "2024-05-02"}]}
    assert client.patch(f"{here}/items", json=right).json()["summary"]["notes"] == 2
    assert client.post(f"{here}/confirm").json()["state"] == "adding"
    assert client.delete(here).json()["code"] == "CO620"
    work(room)

    done = client.get(here).json()
    assert (done["state"], done["summary"]["added"], {job["state"] for job in done["jobs"]}) == (
        "done",
        2,
        {"done"},
    )
    rows = client.post(f"{room.study}/patients/search", json={"search": "P1"}).json()["items"]
    chart = f"{room.study}/patients/{rows[0]['patient_id']}"
    notes = client.get(f"{chart}/notes").json()["items"]
    assert client.get(f"{chart}/notes/{notes[0]['id']}").json()["text"] == NOTE
    assert rows[0]["proposal"]["notes_unread"] == 1


def test_the_same_key_gives_the_same_answer_and_no_second_upload(room):
    file = ("P1_2024-05-01_visit.txt", NOTE.encode())
    first = send(room, file, key="k1").json()

    assert send(room, file, key="k1").json() == first
    assert send(room, ("P1_2024-05-01_visit.txt", b"other"), key="k1").json()["code"] == "CO604"
    assert room.client("first").get(f"{room.study}/uploads").json()["total"] == 1


def test_more_files_join_a_draft(room):
    made = send(room, ("P1_2024-05-01_visit.txt", NOTE.encode())).json()
    work(room)
    here = f"{room.study}/uploads/{made['upload_id']}"
    more = send(room, ("P2_2024-05-01_visit.txt", b"CK 5"), address=f"{here}/files").json()
    assert (more["state"], len(more["files"])) == ("received", 2)
    work(room)

    seen = room.client("first").get(here).json()
    assert (seen["state"], seen["summary"]["notes"], seen["summary"]["patients"]) == ("checked", 2, 2)


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"x", {"content-type": "text/plain"}, "HT812"),
        (b"--b\r\nbroken", {"content-type": "multipart/form-data; boundary=b"}, "HT812"),
        (b"--b--\r\n", {"content-type": "multipart/form-data; boundary=b"}, "HT831"),
        (
            b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhalf of it',
            {"content-type": "multipart/form-data; boundary=b"},
            "HT812",
        ),
    ],
)
def test_a_form_that_is_none(lite_room, body, headers, code):
    answer = lite_room.client("first").post(f"{lite_room.study}/uploads", content=body, headers=headers)

    assert answer.json()["code"] == code
    assert lite_room.client("first").get(f"{lite_room.study}/uploads").json()["total"] == 0


def test_limits_of_a_form(lite_room):
    few = lite_room.client("first", max_files=1)
    files = [("files", (f"{n}.txt", b"x")) for n in range(2)]
    assert few.post(f"{lite_room.study}/uploads", files=files).json()["code"] == "HT802"
    small = lite_room.client("first", max_body_bytes=2_000)
    answer = small.post(f"{lite_room.study}/uploads", files=[("files", ("a.txt", b"x" * 5_000))])
    assert answer.json()["code"] == "HT801"
    assert lite_room.client("first").get(f"{lite_room.study}/uploads").json()["total"] == 0


def test_a_list_of_patients_is_taken_whole_or_not_at_all(room):
    client = room.client("first")
    bad = "patient_id;birth_date;reader\nL1;1980-01-01;first\nL2;1.2.1980;\nL3;;nobody\nL1;;\n"
    faults = client.post(f"{room.study}/patient-lists", json={"csv": bad}).json()
    assert [(one["row"], one["code"]) for one in faults["faults"]] == [
        (3, "IN107"),
        (4, "ST706"),
        (5, "IN123"),
    ]
    assert faults["added"] == 0

    good = "\ufeffpatient_id,birth_date,reader\r\nL1,1980-01-01,first\r\nSITE-1,,second\r\n"
    listed = client.post(f"{room.study}/patient-lists", json={"csv": good}).json()
    assert (listed["added"], listed["known"], listed["assigned"]) == (1, 1, 2)
    row = client.post(f"{room.study}/patients/search", json={"search": "L1"}).json()["items"][0]
    assert (row["reader"], row["birth_date"], row["proposal"]) == ("First", "1980-01-01", None)
    nameless = client.post(f"{room.study}/patient-lists", json={"csv": "name\nx\n"})
    assert nameless.json()["code"] == "CO624"
