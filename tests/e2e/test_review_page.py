"""A chart in a browser: sign in, choose a criterion, land on the exact words."""

from __future__ import annotations

import pytest
from support.rooms import PASSWORD

from chartsift.api.db.tables import Presence
from chartsift.api.services import presence

pytestmark = [pytest.mark.browser]

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


def choose(page, label: str) -> None:
    page.click(f".criterion:has-text('{label}')")
    page.wait_for_selector(f"#evidence h2:has-text('{label}')")


def quotes(page) -> dict[str, str]:
    """Return place and words of every quote of the chosen criterion."""
    return {
        item.get_attribute("data-place"): item.locator("q").evaluate("e => e.textContent")
        for item in page.locator("#evidence .quote").all()
    }


def note_text(page) -> str:
    return page.locator("#note .note-text").evaluate("e => e.textContent")


def highlighted(page) -> str:
    """Return the words that the page points at, as the browser holds them."""
    return page.evaluate(
        """() => {
      const marks = [...document.querySelectorAll("mark.at")];
      if (marks.length) return marks.map((mark) => mark.textContent).join("");
      const ranges = CSS.highlights && CSS.highlights.get("at");
      return ranges ? [...ranges].map((range) => range.toString()).join("") : "";
    }"""
    )


def is_in_view(page) -> bool:
    return page.evaluate(
        """() => {
      const mark = document.querySelector("mark.at");
      const box = (mark || [...CSS.highlights.get("at")][0]).getBoundingClientRect();
      const pane = document.getElementById("note-pane").getBoundingClientRect();
      return pane.top <= box.top && box.bottom <= pane.bottom;
    }"""
    )


def test_evidence_leads_to_its_exact_words(page, chart):
    page.goto(chart)
    expected = {"Prior CAR T": {"CAR T", "CD19 CAR T\r\ncells"}, "Active disease": {"CK\t1,066 U/L"}}

    for label, words in expected.items():
        choose(page, label)
        found = quotes(page)
        assert set(found.values()) == words
        for place, quote in found.items():
            page.click(f".quote[data-place='{place}'] a.jump")
            page.wait_for_function("at => location.search.includes(at)", arg=f"at={place}")
            assert highlighted(page) == quote
            assert is_in_view(page)
            assert page.locator("#evidence h2").inner_text() == label


def test_only_the_chosen_criterion_is_strong(page, chart):
    page.goto(chart)
    choose(page, "Active disease")
    page.wait_for_selector("#note mark[class*='k2-for']")

    strong = page.locator("#note mark").evaluate_all(
        "all => all.filter(e => getComputedStyle(e).fontWeight >= 600).map(e => e.textContent)"
    )

    assert strong == ["CK\t1,066 U/L"]


def test_a_note_holds_exactly_its_text(page, chart):
    page.goto(chart)

    shown = []
    for number in (0, 1):
        link = page.locator("#note-list a").nth(number)
        note = link.get_attribute("data-note")
        link.click()
        page.wait_for_selector(f"#note[data-note='{note}']")
        shown.append(note_text(page))

    assert shown == [FIRST, LAST]


def test_keys_walk_evidence_criteria_and_notes(scripted, chart):
    page = scripted
    page.goto(chart)
    head, at = "#evidence h2", "() => document.querySelector('.quote.current q').textContent"

    for label in ("MSA subtype", "Active disease", "Weakness", "Prior CAR T"):
        page.keyboard.press("J")
        page.wait_for_selector(f"{head}:has-text('{label}')")
    page.wait_for_selector(".quote.current")
    first = page.evaluate(at)
    page.keyboard.press("j")
    second = page.evaluate(at)
    page.keyboard.press("k")
    assert page.evaluate(at) == first != second

    page.keyboard.press("K")
    page.wait_for_selector(f"{head}:has-text('Weakness')")
    page.keyboard.press("]")
    page.keyboard.press("]")
    page.wait_for_function(
        "last => document.querySelector('#note').getAttribute('aria-label').includes(last)", arg="2024-05-02"
    )
    page.keyboard.press("[")
    page.wait_for_function(
        "first => document.querySelector('#note').getAttribute('aria-label').includes(first)",
        arg="2024-05-01",
    )


def test_the_keys_are_listed_and_can_be_changed_and_switched_off(scripted, chart, served):
    page = scripted
    page.goto(chart)
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()

    page.goto(f"{served[1]}/keys")
    page.fill("[name='key.next_criterion']", "n")
    page.click("text=Save the keys")
    page.goto(chart)
    page.keyboard.press("n")
    page.wait_for_selector("#evidence h2:has-text('MSA subtype')")

    page.goto(f"{served[1]}/keys")
    page.check("[name='off']")
    page.click("text=Save the keys")
    page.goto(chart)
    page.keyboard.press("n")
    page.keyboard.press("J")
    page.wait_for_timeout(300)
    assert page.locator("#evidence h2").inner_text() == "IIM diagnosis"
    page.goto(f"{served[1]}/keys")
    page.click("text=As at first")


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

    assert page.locator("#bar h1").inner_text() == "SITE-1"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(browser, served, chart, scheme, sign_in):
    context = browser.new_context(viewport=WINDOW, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{served[1]}/sign-in")
    poor = page.evaluate(CONTRAST)
    sign_in(page, "first")
    poor += page.evaluate(CONTRAST)
    page.goto(chart)
    choose(page, "Prior CAR T")
    page.click("#evidence a.jump")

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


def test_two_people_on_a_chart_see_each_other_come_and_go(browser, served, sign_in):
    room, address = served
    patient_id = room.add_chart("P-MEET", FIRST)
    chart = f"{address}/studies/{room.study_id}/patients/{patient_id}"
    contexts = [browser.new_context(viewport=WINDOW) for _ in range(2)]
    here, there = (context.new_page() for context in contexts)
    sign_in(here, "first")
    sign_in(there, "second")
    here.goto(chart)
    there.goto(chart)
    assert "Also open for First since" in there.inner_text("#presence")

    # The minute's sign of life, at once: a browser that comes back to the page gives it, too.
    here.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    here.wait_for_function("() => document.getElementById('presence').textContent.includes('Second')")
    there.goto(f"{address}/account")
    # Who has left counts as there for a few seconds more: the last sign of life is put back for that.
    for _ in range(200):
        with room.store.reading() as session:
            row = session.get_one(Presence, (patient_id, room.users["second"]))
        if row.seen_at < row.since:
            break
        here.wait_for_timeout(50)
    assert row.seen_at < row.since

    for context in contexts:
        context.close()


def test_a_decision_shows_who_came_meanwhile_and_a_closed_session_is_said(browser, served, sign_in):
    room, address = served
    patient_id = room.add_chart("P-MEET-2", FIRST)
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    sign_in(page, "first")
    page.goto(f"{address}/studies/{room.study_id}/patients/{patient_id}")
    with room.store.writing() as session:
        presence.arrive(session, patient_id, room.users["second"])
    page.click(".decide button[value=met]")
    page.wait_for_function("() => document.getElementById('presence').textContent.includes('Second')")

    context.clear_cookies()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

    page.wait_for_function(
        "() => document.getElementById('presence').textContent.includes('You are signed out')"
    )
    context.close()
