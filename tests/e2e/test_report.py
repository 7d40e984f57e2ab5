"""``report.html`` in a browser: loads nothing, is accessible in both themes, works without script, and prints whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.finished_run import run_of_samples

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe_module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

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


@pytest.fixture(scope="module")
def address(tmp_path_factory, pipeline):
    return (run_of_samples(tmp_path_factory.mktemp("report") / "out", pipeline).out / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, address):
    """Open the report in a window; what the browser complains of or loads besides fails the test."""
    contexts, complaints, requests = [], [], []

    def open_one(*, width=1280, height=800, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        return page

    yield open_one
    assert complaints == []
    assert set(requests) == {address}
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, scheme):
    page = open_page(color_scheme=scheme)
    for summary in page.locator("summary").all():
        if not summary.evaluate("node => node.parentElement.open"):
            summary.evaluate("node => { node.parentElement.open = true }")

    found = axe_module.Axe().run(page)

    assert [(item["id"], item["nodes"][0]["html"][:120]) for item in found.response["violations"]] == []
    assert len(found.response["passes"]) > 20


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (820, 1180), (390, 844)])
def test_the_page_itself_never_scrolls_sideways(open_page, width, height):
    page = open_page(width=width, height=height)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_candidates_stand_on_the_first_screen(open_page):
    page = open_page()
    rows = page.locator('[aria-label="Leading candidates"] tbody tr')

    assert rows.count() == 8
    assert rows.nth(0).inner_text().split("\t")[:3] == [
        "S-01",
        "potentially eligible, Adult (18 to 75)",
        "nothing",
    ]
    assert rows.nth(7).bounding_box()["y"] < 800


def test_a_link_opens_the_evidence_without_script_and_by_keyboard(open_page):
    page = open_page(java_script_enabled=False)
    link = page.get_by_role("region", name="Leading candidates").get_by_role("link", name="S-05")
    quote = page.locator("#patient-4 blockquote").first
    assert not quote.is_visible()

    link.focus()
    page.keyboard.press("Enter")

    quote.wait_for(state="visible")
    assert page.locator("#patient-4").is_visible()


def test_the_skip_link_comes_first(open_page):
    page = open_page()
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    assert page.locator(".skip").bounding_box()["x"] >= 0


def test_print_is_black_on_white_with_all_evidence_and_nothing_cut(open_page):
    page = open_page(width=700, height=1000, color_scheme="dark")
    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert not page.locator("nav").is_visible()
    quotes = page.locator(".criterion > blockquote")
    assert quotes.count() > 100
    assert page.evaluate(
        "[...document.querySelectorAll('.criterion > blockquote')].every(n => n.getBoundingClientRect().height > 0)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


def test_the_funnel_can_be_read_without_its_picture_and_without_colour(open_page):
    page = open_page()
    picture = page.get_by_role("img", name="Funnel of Adult")

    assert "of 14 patients, 13 left after Age 18-75" in picture.get_attribute("aria-label")
    words = picture.locator("text").all_text_contents()
    assert {"left", "ruled out", "nothing open", "Prior CAR T"} <= set(words)
    # Settled is filled and open is outlined: a difference of form.
    strokes = [
        picture.locator(f"rect.{name}").first.evaluate("n => getComputedStyle(n).stroke")
        for name in ("open", "clear")
    ]
    assert strokes[0] != "none"
    assert strokes[1] == "none"
