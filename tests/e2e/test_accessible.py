"""axe-core over every page of a reader, light and dark, on a desk and on a tablet."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser]

DESK = {"width": 1280, "height": 800}
TABLET = {"width": 820, "height": 1180}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
PAGES = {
    "work list": ("first", ""),
    "assigning": ("manager", ""),
    "chart": ("first", "/patients/{patient}?criterion=prior_car_t"),
    "pictures": ("first", "/patients/{patient}/pictures"),
    "worksheet": ("first", "/patients/{patient}/worksheet"),
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", [DESK, TABLET], ids=["desk", "tablet"])
def test_pages_have_no_fault_that_axe_finds(browser, served, sign_in, patient, scheme, window):
    room, base = served
    faults = []
    for name, (who, tail) in PAGES.items():
        context = browser.new_context(viewport=window, color_scheme=scheme)
        page = context.new_page()
        sign_in(page, who)
        page.goto(f"{base}/studies/{room.study_id}{tail.format(patient=patient)}")
        if name == "chart":
            page.keyboard.press("?")
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
