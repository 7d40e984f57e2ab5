"""The same chart gives the same verdicts and the same spans through the page, the interface and ``chartsift screen``."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape

import pyarrow.parquet as pq
import pytest
from support.uploading import receive, work

from chartsift.api.cli import main
from chartsift.api.screener import PipelineScreener
from chartsift.api.services import studies, uploads

NOTES = {
    "P1/2024-04-02_clinic.txt": (
        "Dermatomyositis since 2019, anti-Jo-1 positive. 😀\r\n\tCK\t2,340 U/L (30-200)\r\n"
        "Proximal weakness, deltoids 4/5. On prednisone 20 mg.\r\nNo prior CAR T-cell therapy."
    ),
    "P1/2024-05-20_letter.html": "<p>Family history: mother had a kidney transplant.</p><p>CK <b>1,980</b> U/L</p>",
    "P1/scan.pdf": "%PDF-1.4 broken",
}


@pytest.fixture
def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, text in NOTES.items():
            made.writestr(name, text)
    return buffer.getvalue()


def verdicts(rows):
    return {
        (row["cohort_id"], row["criterion_id"]): (
            row["status"],
            row["basis"],
            [(e["note_id"], e["start"], e["end"], e["text"], e["stance"]) for e in row["evidence"]],
        )
        for row in rows
    }


def spans(rows):
    return sorted((r["note_id"], r["start"], r["end"], r["kind"], r["concept"], r["assertion"]) for r in rows)


def test_page_interface_and_command_line_agree(lite_room, pipeline, archive, tmp_path, capsys):
    room = lite_room
    room.screener = PipelineScreener(pipeline)
    with room.store.writing() as session:
        study = studies.create_study(session, title="Real", trial=room.screener.trial("reset-myositis"))
        studies.set_member(session, study.id, room.users["first"], "reviewer", actor_id="system")
        room.study_id = study.id
    upload_id = receive(room, ("chart.zip", archive))
    work(room)
    with room.store.writing() as session:
        uploads.confirm(session, room.study_id, upload_id, actor_id=room.users["first"])
    work(room)
    client = room.client("first")
    (row,) = client.get(f"{room.study}/patients").json()["items"]
    chart = f"{room.study}/patients/{row['patient_id']}"
    by_interface = client.get(f"{chart}/result").json()
    found = client.get(f"{chart}/findings?limit=200").json()

    path = tmp_path / "chart.zip"
    path.write_bytes(archive)
    out = tmp_path / "out"
    assert main(["screen", str(path), "--out", str(out), "--workers", "1"]) in (0, 3)
    capsys.readouterr()
    by_command = pq.read_table(out / "criteria.parquet").to_pylist()
    found_by_command = pq.read_table(out / "findings.parquet").to_pylist()

    assert found["total"] == len(found["items"])
    assert spans(found["items"]) == spans(found_by_command)
    assert verdicts(by_interface["criteria"]) == verdicts(by_command)
    assert len(found_by_command) > 5
    # On the page of each criterion: the quotes, word for word.
    for item in by_interface["criteria"]:
        if item["cohort_id"] != "adult":
            continue
        here = f"/studies/{room.study_id}/patients/{row['patient_id']}?criterion={item['criterion_id']}"
        shown = unescape(re.sub(r"<[^>]+>", "", client.get(here).text))
        for evidence in item["evidence"]:
            assert evidence["text"] in shown
    assert row["proposal"]["notes_unread"] == 1
