"""axe-core over every page of a reader, light and dark, on a desk and on a tablet."""

from __future__ import annotations

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from support.signing import read_and_sign

from chartsift.api.services import charts, evaluation, presence
from chartsift.nlp.types import Note

pytestmark = [pytest.mark.browser]

DESK = {"width": 1280, "height": 800}
TABLET = {"width": 820, "height": 1180}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
PAGES = {
    "work list": ("first", ""),
    "assigning": ("manager", ""),
    "chart": ("first", "/patients/{patient}?criterion=prior_car_t"),
    "changed": ("manager", "/patients/{changed}"),
    "pictures": ("first", "/patients/{patient}/pictures"),
    "worksheet": ("first", "/patients/{changed}/worksheet"),
    "adjudication": ("judge", "/adjudication"),
    "agreement": ("manager", "/agreement"),
}


@pytest.fixture(scope="module")
def patient(served):
    room, _ = served
    history = "48F with seven months of rash on chest and hands, and trouble rising from the floor."
    return room.add_chart(
        "AXE-1", f"{history}\r\nCK 900 U/L", f"{history} No prior CAR T.\r\nCK 1,066 U/L, dermatomyositis"
    )


@pytest.fixture(scope="module")
def changed(served):
    """A chart that two people signed, then a note changed a verdict, and somebody else has it open."""
    room, _ = served
    patient_id = room.add_chart("AXE-2", "Dermatomyositis. No prior CAR T.")
    read_and_sign(room, patient_id, "first")
    read_and_sign(room, patient_id, "second")
    with room.store.writing() as session:
        patient = charts.patient_of(session, room.study_id, patient_id)
        late = Note("AXE-2", "LATE", date(2024, 6, 1), "Letter", "Kidney transplant in 2019.")
        charts.add_note(session, patient, late)
        presence.arrive(session, patient_id, room.users["first"])
    evaluation.evaluate_patient(room.store, room.screener, room.study_id, patient_id)
    return patient_id


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", [DESK, TABLET], ids=["desk", "tablet"])
def test_pages_have_no_fault_that_axe_finds(browser, served, sign_in, patient, changed, scheme, window):
    room, base = served
    faults = []
    for name, (who, tail) in PAGES.items():
        context = browser.new_context(viewport=window, color_scheme=scheme)
        page = context.new_page()
        sign_in(page, who)
        page.goto(f"{base}/studies/{room.study_id}{tail.format(patient=patient, changed=changed)}")
        if name == "chart":
            page.keyboard.press("?")
        if name == "changed":
            assert page.locator(".changes li").count() == page.locator("b.stale").count() == 1
            assert "Also open for First" in page.inner_text("#presence")
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        faults += [
            (name, fault["id"], [node["target"] for node in fault["nodes"]][:3])
            for fault in found.response["violations"]
        ]
        # Nothing is cut off: the page itself never scrolls sideways.
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append((name, "scrolls sideways", []))
        context.close()

    assert faults == []
