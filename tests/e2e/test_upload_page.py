"""Uploading in a browser: a mixed zip with a broken file, by the picker and dropped, with script and without."""

from __future__ import annotations

import threading

import pytest
from support.uploading import worker, zipped

from chartsift.api.services import charts

pytestmark = [pytest.mark.browser]

NOTE = "Anti-Jo-1 positive dermatomyositis. 😀\r\n\tCK\t900 U/L"


def archive(patient: str) -> bytes:
    return zipped(
        {
            f"{patient}/2024-05-01_visit.txt": NOTE,
            f"{patient}/2024-05-02_letter.html": "<p>CK <b>700</b> U/L</p>",
            f"{patient}/scan.pdf": b"%PDF-1.4 broken",
            "loose.txt": f"No prior CAR T. {patient}",
        }
    )


@pytest.fixture(scope="module")
def working(served):
    """A worker beside the server, for as long as the tests run."""
    made = worker(served[0])
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield
    made.stop.set()
    thread.join(timeout=20)


@pytest.fixture(params=["script", "no script"])
def page(browser, request, sign_in, working):
    """A page; complaints of the browser (CSP, errors) fail the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, java_script_enabled=request.param == "script"
    )
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(opened, "first")
    yield opened, request.param.replace(" ", "-")
    context.close()
    # The form that comes back with a remark is a refusal to the browser, too.
    assert [one for one in complaints if "status of 422" not in one] == []


def stored(room, site_id: str) -> list[str]:
    with room.store.reading() as session:
        patient = charts.find_patient(session, room.study_id, site_id)
        if patient is None:
            return []
        return [
            charts.text_of(session, note) for note in charts.notes_of(session, patient.id, with_text=True)
        ]


def wait_for(opened, words: str) -> None:
    """Wait for a page that follows the work: by script, or by loading itself again."""
    opened.wait_for_selector(f"text={words}", timeout=30_000)


def test_a_mixed_zip_from_the_picker_to_the_charts(served, page):
    room, address = served
    opened, how = page
    patient = f"ZIP-{how}"
    opened.goto(f"{address}/studies/{room.study_id}")
    opened.click("nav >> text=Upload")
    opened.set_input_files(
        "#files", [{"name": "mixed.zip", "mimeType": "application/zip", "buffer": archive(patient)}]
    )
    opened.click("button:has-text('Send')")
    wait_for(opened, "Check before adding")

    # What was recognised, what is missing, and what to do about the broken file.
    assert opened.locator("button:has-text('Add 2 notes to 1 patients')").count() == 1
    broken = opened.locator("tr.i-unread").inner_text()
    assert "scan.pdf" in broken
    assert "not read" in broken
    assert opened.locator("tr.i-unread .code").inner_text().startswith("IN1")
    loose = opened.locator("tr.i-incomplete")
    assert loose.count() == 1
    assert stored(room, patient) == []

    opened.click("button[value=add]")
    assert "CO621" in opened.locator("[role=alert]").inner_text()
    loose = opened.locator("tr.i-incomplete")
    loose.locator("[aria-label='Patient']").fill(patient)
    loose.locator("[aria-label='Date of the note']").fill("2024-05-03")
    opened.click("button[value=add]")
    wait_for(opened, "3 notes of 1 patients were added")

    assert stored(room, patient) == [NOTE, "CK 700 U/L", f"No prior CAR T. {patient}"]
    opened.click("text=To the work list")
    assert opened.locator(f"th:has-text('{patient}')").count() == 1


def test_files_that_are_dropped(served, browser, sign_in, working):
    room, address = served
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    sign_in(opened, "first")
    opened.goto(f"{address}/studies/{room.study_id}/upload")
    transfer = opened.evaluate_handle(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["CK 100 U/L"], "DROP-1_2024-05-01_visit.txt", { type: "text/plain" }));
          transfer.items.add(new File(["CK 200 U/L"], "DROP-1_2024-05-02_visit.txt", { type: "text/plain" }));
          return transfer;
        }"""
    )
    for kind in ("dragenter", "dragover", "drop"):
        opened.dispatch_event(".zone", kind, {"dataTransfer": transfer})
    opened.wait_for_selector("text=2 files")
    opened.click("button:has-text('Send')")
    wait_for(opened, "Check before adding")
    opened.click("button:has-text('Add 2 notes to 1 patients')")
    wait_for(opened, "2 notes of 1 patients were added")
    context.close()

    assert stored(room, "DROP-1") == ["CK 100 U/L", "CK 200 U/L"]


def test_a_large_set_is_sent_in_parts_and_arrives_once(served, browser, sign_in, working, monkeypatch):
    room, address = served
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    sign_in(opened, "first")
    opened.goto(f"{address}/studies/{room.study_id}/upload")
    # As if the server took three files in a request.
    opened.evaluate("document.querySelector('form.send').dataset.files = '3'")
    files = [
        {
            "name": f"PART-1_2024-06-{n:02}_visit.txt",
            "mimeType": "text/plain",
            "buffer": f"CK {n} U/L".encode(),
        }
        for n in range(1, 11)
    ]
    opened.set_input_files("#files", files)
    opened.click("button:has-text('Send')")
    wait_for(opened, "Add 10 notes to 1 patients")
    context.close()


@pytest.mark.parametrize("place", ["upload", "draft", "exports"])
def test_the_pages_have_names_and_contrast(served, browser, sign_in, working, place):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    room, address = served
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    sign_in(opened, "manager")
    opened.goto(f"{address}/studies/{room.study_id}/{'exports' if place == 'exports' else 'upload'}")
    if place == "draft":
        opened.set_input_files(
            "#files", [{"name": "a.zip", "mimeType": "application/zip", "buffer": archive("AXE")}]
        )
        opened.click("button:has-text('Send')")
        wait_for(opened, "Check before adding")
    found = axe.Axe().run(opened, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    context.close()

    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
