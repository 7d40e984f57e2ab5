"""A chart in a browser: sign in, choose a criterion, land on the exact words."""

from __future__ import annotations

import pytest
from support.rooms import PASSWORD

pytestmark = [pytest.mark.browser]

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
WINDOW = {"width": 1280, "height": 800}

FIRST = "CLINIC\r\n\tCK\t1,066 U/L 😀\r\nNo prior CAR T.\r\n\r\n" + "filler line\r\n" * 80
LAST = (
    "👩‍⚕️ e\u0301 \u00a0 dermatomyositis, Anti-Jo-1.\r\nCD19 CAR T\r\ncells given in 2023.\rEnd & <b>done</b>"
)


@pytest.fixture(scope="module")
def chart(served):
    """Address of a chart with the notes FIRST and LAST."""
    room, address = served
    patient_id = room.add_chart("P1", FIRST, LAST)
    return f"{address}/studies/{room.study_id}/patients/{patient_id}"


@pytest.fixture(params=["script", "no script"])
def page(browser, request, sign_in):
    """A page with a 1280 x 800 window; complaints of the browser (CSP, errors) fail the test."""
    context = browser.new_context(viewport=WINDOW, java_script_enabled=request.param == "script")
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(opened, "first")
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture
def scripted(browser, sign_in):
    context = browser.new_context(viewport=WINDOW)
    opened = context.new_page()
    sign_in(opened, "first")
    yield opened
    context.close()


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


def test_evidence_is_highlighted_and_equals_its_quote(page, chart):
    page.goto(chart)
    expected = {"Prior CAR T": {"CAR T", "CD19 CAR T\r\ncells"}, "Active disease": {"CK\t1,066 U/L"}}

    for label, words in expected.items():
        choose(page, "p1", label)
        found = quotes(page)
        assert {quote for _, quote in found} == words
        for anchor, quote in found:
            assert marked(page, anchor) == quote
            weight = page.locator(f"#{anchor}").evaluate("e => getComputedStyle(e).fontWeight")
            assert int(weight) >= 600


def test_only_the_chosen_criterion_is_strong(page, chart):
    page.goto(chart)
    choose(page, "p1", "Active disease")

    strong = page.locator("mark").evaluate_all(
        "all => all.filter(e => getComputedStyle(e).fontWeight >= 600).map(e => e.textContent)"
    )

    assert strong == ["CK\t1,066 U/L"]


def test_one_click_jumps_to_the_words(page, chart):
    page.goto(chart)
    choose(page, "p1", "Prior CAR T")
    anchor = next(anchor for anchor, quote in quotes(page) if quote.startswith("CD19"))
    assert not is_in_view(page, anchor)

    page.click(f".panel:visible a.jump[href='#{anchor}']")

    assert is_in_view(page, anchor)
    assert page.locator(".panel:visible h2").inner_text().startswith("Prior CAR T")


def test_the_notes_hold_exactly_their_text(page, chart):
    page.goto(chart)

    shown = page.locator(".note-text").evaluate_all("all => all.map(e => e.textContent)")

    assert shown == [FIRST, LAST]


def test_keys_walk_evidence_criteria_and_notes(scripted, chart):
    page = scripted
    page.goto(chart)
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


def test_the_keys_are_listed_and_can_be_switched_off(scripted, chart):
    page = scripted
    page.goto(chart)

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


def test_a_page_asked_for_is_shown_after_signing_in(browser, served, chart):
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    page.goto(chart)
    assert "/sign-in?next=" in page.url

    page.fill("#name", "first")
    page.fill("#password", "wrong wrong wrong")
    page.click("button[type=submit]")
    assert page.locator("[role=alert]").inner_text().startswith("Name or password is wrong")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")

    assert page.url == chart
    page.click("text=Sign out")
    page.goto(chart)
    assert "/sign-in" in page.url
    context.close()


def test_the_work_list_leads_to_charts_and_filters_live_in_the_address(page, served):
    room, address = served
    page.goto(f"{address}/")
    assert page.url == f"{address}/studies/{room.study_id}"

    page.select_option("select[name=status]", "undetermined")
    page.select_option("select[name=order]", "patient")
    page.click("text=Show >> nth=0")
    assert "status=undetermined" in page.url
    assert "order=patient" in page.url
    page.fill("input[type=search]", "site-1")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1–1 of 1")
    assert "site" not in page.url
    page.click("a:has-text('SITE-1')")

    assert page.locator(".patient h1").inner_text() == "SITE-1"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(browser, served, chart, scheme, sign_in):
    context = browser.new_context(viewport=WINDOW, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{served[1]}/sign-in")
    poor = page.evaluate(CONTRAST)
    sign_in(page, "first")
    poor += page.evaluate(CONTRAST)
    page.goto(chart)
    choose(page, "p1", "Prior CAR T")
    page.click(".panel:visible a.jump")

    poor += page.evaluate(CONTRAST)

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
