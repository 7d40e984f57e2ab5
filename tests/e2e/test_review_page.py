"""The page in a browser: upload a chart, choose a criterion, land on the exact words."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import uvicorn
from support.fake_screener import FakeScreener

from chartsift.api.app import create_app

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

CHROMIUM = Path("/usr/bin/chromium")
# No sandbox: tests run as root in containers. The rest keeps the browser from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium (apt-get install chromium)"
    ),
]

FIRST = "CLINIC\r\n\tCK\t1,066 U/L 😀\r\nNo prior CAR T.\r\n\r\n" + "filler line\r\n" * 80
LAST = (
    "👩‍⚕️ e\u0301 \u00a0 dermatomyositis, Anti-Jo-1.\r\nCD19 CAR T\r\ncells given in 2023.\rEnd & <b>done</b>"
)


@pytest.fixture(scope="module")
def address():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(create_app(screener=FakeScreener()), port=port, log_config=None, access_log=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(params=["script", "no script"])
def page(browser, request):
    """A page with a 1280 x 800 window; complaints of the browser (CSP, errors) fail the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, java_script_enabled=request.param == "script"
    )
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture
def scripted(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def upload(page, address: str, *charts: str) -> None:
    """Upload the notes FIRST and LAST for each patient code."""
    rows = [
        {"patient_id": code, "note_id": note_id, "note_date": day, "note_type": "Clinic", "text": text}
        for code in charts or ("P1",)
        for note_id, day, text in (("N1", "2024-01-05", FIRST), ("N2", "2024-05-01", LAST))
    ]
    lines = io.BytesIO("\n".join(json.dumps(row) for row in rows).encode())
    page.goto(address)
    page.set_input_files(
        "#files", [{"name": "n.jsonl", "mimeType": "text/plain", "buffer": lines.getvalue()}]
    )
    page.click("button[type=submit]")
    page.wait_for_selector(".patients", state="attached")


def choose(page, patient: str, label: str) -> None:
    page.click(f"#{patient} .criterion:has-text('{label}')")


def marked(page, anchor: str) -> str:
    """Return the text of the mark *anchor* as the browser holds it, piece by piece."""
    number = page.locator(f"#{anchor}").get_attribute("data-f")
    patient = anchor.partition("-")[0]
    return "".join(
        page.locator(f"#{patient} mark[data-f='{number}']").evaluate_all("all => all.map(e => e.textContent)")
    )


def is_in_view(page, anchor: str) -> bool:
    box, pane = page.locator(f"#{anchor}").bounding_box(), page.locator(".notes:visible").bounding_box()
    return pane["y"] <= box["y"] <= pane["y"] + pane["height"]


def quotes(page) -> list[tuple[str, str]]:
    """Return anchor and quote of every piece of evidence of the chosen criterion."""
    return [
        (link.get_attribute("href")[1:], link.locator("q").evaluate("e => e.textContent"))
        for link in page.locator(".panel:visible a.jump").all()
    ]


def test_evidence_is_highlighted_and_equals_its_quote(page, address):
    upload(page, address)
    expected = {"Prior CAR T": {"CAR T", "CD19 CAR T\r\ncells"}, "Active disease": {"CK\t1,066 U/L"}}

    for label, words in expected.items():
        choose(page, "p1", label)
        found = quotes(page)
        assert {quote for _, quote in found} == words
        for anchor, quote in found:
            assert marked(page, anchor) == quote
            weight = page.locator(f"#{anchor}").evaluate("e => getComputedStyle(e).fontWeight")
            assert int(weight) >= 600


def test_only_the_chosen_criterion_is_strong(page, address):
    upload(page, address)
    choose(page, "p1", "Active disease")

    strong = page.locator("mark").evaluate_all(
        "all => all.filter(e => getComputedStyle(e).fontWeight >= 600).map(e => e.textContent)"
    )

    assert strong == ["CK\t1,066 U/L"]


def test_one_click_jumps_to_the_words(page, address):
    upload(page, address)
    choose(page, "p1", "Prior CAR T")
    anchor = next(anchor for anchor, quote in quotes(page) if quote.startswith("CD19"))
    assert not is_in_view(page, anchor)

    page.click(f".panel:visible a.jump[href='#{anchor}']")

    assert is_in_view(page, anchor)
    assert page.locator(".panel:visible h2").inner_text().startswith("Prior CAR T")


def test_the_notes_hold_exactly_their_text(page, address):
    upload(page, address)

    shown = page.locator(".note-text").evaluate_all("all => all.map(e => e.textContent)")

    assert shown == [FIRST, LAST]


def test_one_patient_at_a_time(page, address):
    upload(page, address, "A-1", "B-2")
    assert page.locator(".index").is_visible()
    assert page.locator(".patient:visible").count() == 0

    page.click(".index a:has-text('B-2')")
    assert page.locator(".patient:visible h1").inner_text() == "B-2"
    choose(page, "p2", "MSA subtype")
    page.click(".panel:visible a.jump")

    assert page.locator(".patient:visible").count() == 1
    assert page.locator(".patient:visible h1").inner_text() == "B-2"
    assert not page.locator(".index").is_visible()


def test_keys_walk_evidence_criteria_and_notes(scripted, address):
    page = scripted
    upload(page, address)
    chosen = "e => e.textContent.trim().split('\\n')[0]"

    for _ in range(4):
        page.keyboard.press("J")
    assert page.locator(".panel:visible h2").evaluate(chosen) == "Prior CAR T"
    page.keyboard.press("j")
    first = page.locator("a.jump.current q").evaluate("e => e.textContent")
    page.keyboard.press("j")
    second = page.locator("a.jump.current q").evaluate("e => e.textContent")
    page.keyboard.press("k")
    assert page.locator("a.jump.current q").evaluate("e => e.textContent") == first != second

    page.keyboard.press("K")
    assert page.locator(".panel:visible h2").evaluate(chosen) == "Weakness"
    page.keyboard.press("]")
    assert is_in_view(page, "p1-n1")
    page.keyboard.press("[")
    assert is_in_view(page, "p1-n0")


def test_the_keys_are_listed_and_can_be_switched_off(scripted, address):
    page = scripted
    upload(page, address)

    page.keyboard.press("?")
    # A key is answered when the page gets to it: wait for what it shows instead of looking at once.
    expect(page.locator("#keys")).to_be_visible()
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("J")
    # Keys are answered in their order: once the list is open, J has had its turn.
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()

    assert page.locator(".panel:visible h2").inner_text().startswith("IIM diagnosis")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(browser, address, scheme):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    upload(page, address)
    choose(page, "p1", "Prior CAR T")
    page.click(".panel:visible a.jump")

    poor = page.evaluate(CONTRAST)

    context.close()
    assert poor == []


# WCAG 2.2, 1.4.3: at least 4.5 to 1 for text of this size, against the nearest background that is painted.
CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const c = parse(getComputedStyle(at).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${e.className} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
