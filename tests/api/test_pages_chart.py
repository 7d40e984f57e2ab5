"""The page of a chart without a browser: forms, parts, refusals, and what a reader may not see."""

from __future__ import annotations

import html
import re

import pytest
from support.rooms import TEXT


def address(room, tail="", patient_id=""):
    return f"/studies/{room.study_id}/patients/{patient_id or room.patient_id}{tail}"


def act(client, room, what, **fields):
    return client.post(
        address(room, f"/{what}"), data={"criterion": "iim_diagnosis", "expected": "0", **fields}
    )


def shown(answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def note_words(answer) -> str:
    inner = re.search(r'<div class="note-text"[^>]*>(.*?)</div>', answer.text, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", inner[1]))


def test_a_chart_shows_criteria_evidence_and_the_note(lite_room):
    answer = lite_room.client("first").get(address(lite_room))

    assert answer.status_code == 200
    assert note_words(answer) == TEXT
    assert "IIM diagnosis" in shown(answer)
    assert "0 of 8 decided" in shown(answer)
    assert 'aria-pressed="true"' not in answer.text


def test_only_who_may_erase_is_led_to_the_erasure(lite_room):
    link = f'href="{address(lite_room)}/erasure"'

    assert link in lite_room.client("chief").get(address(lite_room)).text
    assert link not in lite_room.client("first").get(address(lite_room)).text


def test_a_decision_is_saved_and_shown_with_who_and_when(lite_room):
    client = lite_room.client("first")

    answer = act(client, lite_room, "decide", verdict="not_met", reason="outdated", comment=" old ")

    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    assert "decided: not met you" in shown(page)
    assert "the words are out of date" in shown(page)
    assert "1 of 8 decided" in shown(page)
    assert page.text.count('aria-pressed="true"') == 1


def test_accepting_is_a_decision_for_the_proposal_that_was_seen(lite_room):
    client = lite_room.client("first")

    page = client.get(act(client, lite_room, "decide", accept="met").headers["location"])

    assert "decided: met you" in shown(page)
    assert "as the system proposes" in shown(page)


def test_a_part_comes_back_for_the_script(lite_room):
    client = lite_room.client("first")

    answer = client.post(
        address(lite_room, "/decide"),
        data={"criterion": "iim_diagnosis", "expected": "0", "verdict": "met"},
        headers={"X-Part": "1"},
    )

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'data-last="1"' in answer.text


def test_a_decision_made_elsewhere_is_shown_and_not_overwritten(lite_room):
    client = lite_room.client("first")
    act(client, lite_room, "decide", verdict="met")

    answer = act(client, lite_room, "decide", verdict="not_met")

    assert answer.status_code == 409
    assert "nothing was overwritten" in shown(answer)
    assert "decided: met you" in shown(answer)


def test_undo_brings_back_what_was(lite_room):
    client = lite_room.client("first")
    act(client, lite_room, "decide", verdict="met")

    answer = act(client, lite_room, "undo", expected="1")

    page = client.get(answer.headers["location"])
    assert "0 of 8 decided" in shown(page)
    assert "undid" in shown(page)


def test_selected_words_have_to_stand_where_they_are_said_to(lite_room):
    client = lite_room.client("first")
    note = lite_room.note_ids(lite_room.patient_id)[0]
    start = TEXT.index("CK\t1,066")
    good = {"note": note, "start": start, "end": start + 8, "stance": "for"}

    wrong = act(client, lite_room, "evidence", **{**good, "words": "CK 1,066"})
    assert wrong.status_code == 404
    assert "do not stand at that place" in shown(wrong)
    right = act(client, lite_room, "evidence", **{**good, "words": "CK\t1,066"})
    assert right.status_code == 303
    page = client.get(right.headers["location"])
    assert "added by you" in shown(page)
    assert f'data-place="{start}-{start + 8}" title="added by you"' in page.text


def test_evidence_is_rejected_with_a_reason(lite_room):
    client = lite_room.client("first")
    note = lite_room.note_ids(lite_room.patient_id)[0]
    start = TEXT.index("dermatomyositis")

    answer = act(client, lite_room, "reject", source=note, start=start, end=start + 15, reason="other_person")

    assert "rejected by you: about another person" in shown(client.get(answer.headers["location"]))


def test_a_blind_reader_sees_neither_proposal_nor_marks(lite_room):
    with lite_room.store.writing() as session:
        from chartsift.api.services import charts

        charts.patient_of(session, lite_room.study_id, lite_room.patient_id).is_blind_first = True
    client = lite_room.client("first")

    page = client.get(address(lite_room))

    assert "read blind" in shown(page)
    assert note_words(page) == TEXT
    assert "<mark" not in page.text
    assert "accept proposal" not in page.text
    assert "documented" not in shown(page).split("Keys")[0].replace("not documented", "")


def test_opened_notes_are_remembered_for_each_reader(lite_room):
    patient = lite_room.add_chart("SITE-2", "first note", "second note", "third note")
    client = lite_room.client("first")
    notes = lite_room.note_ids(patient)

    client.get(address(lite_room, patient_id=patient))
    page = client.get(address(lite_room, f"?note={notes[0]}", patient))

    assert "2 opened by you" in shown(page)
    assert "1 opened by you" in shown(lite_room.client("second").get(address(lite_room, patient_id=patient)))


def test_copied_text_leads_to_where_it_was_written(lite_room):
    history = "48F with seven months of rash on chest and hands, and trouble rising from the floor."
    patient = lite_room.add_chart("SITE-3", f"{history}\r\nseen", f"Today better.\r\n{history}")
    first, second = lite_room.note_ids(patient)

    page = lite_room.client("first").get(address(lite_room, f"/notes/{second}", patient))

    assert "copied from 2024-05-01" in page.text
    assert f"note={first}&amp;at=0-{len(history)}#at" in page.text
    assert note_words(page) == f"Today better.\r\n{history}"


def test_the_search_finds_words_in_every_note_and_keeps_them_out_of_addresses(lite_room):
    client = lite_room.client("first")

    answer = client.post(address(lite_room, "/search"), data={"search": "jo-1 POSITIVE"})

    assert "1 in 1 note" in shown(answer)
    assert "at=7-20" in answer.text
    assert not re.search(r'(href|action)="[^"]*jo-1', answer.text, re.IGNORECASE)


@pytest.mark.parametrize("tail", ["?at=x", "?at=1-99999999999999", "/slots/9"])
def test_an_address_that_makes_no_sense_is_refused(lite_room, tail):
    assert lite_room.client("first").get(address(lite_room, tail)).status_code in (404, 422)


def test_keys_are_kept_for_the_person(lite_room):
    client = lite_room.client("first")

    answer = client.post("/keys", data={"key.next_evidence": "n", "off": "1"})

    assert answer.status_code == 303
    page = client.get(address(lite_room))
    assert 'data-action="next_evidence" data-key="n"' in page.text
    assert 'data-off="yes"' in page.text
    assert (
        'data-action="next_evidence" data-key="j"' in lite_room.client("second").get(address(lite_room)).text
    )
    client.post("/keys", data={"reset": "1"})
    assert 'data-key="j"' in client.get(address(lite_room)).text


def test_keys_that_clash_are_refused_and_nothing_is_kept(lite_room):
    client = lite_room.client("first")

    answer = client.post("/keys", data={"key.next_evidence": "k", "key.met": "g"})

    assert answer.status_code == 422
    assert "k is there twice" in shown(answer)
    assert "g begins another key" in shown(answer)
    assert 'data-action="next_evidence" data-key="j"' in client.get(address(lite_room)).text


def test_what_was_seen_is_in_the_trail_and_what_does_not_exist_is_not(lite_room):
    client = lite_room.client("first")
    note = lite_room.note_ids(lite_room.patient_id)[0]

    client.get(address(lite_room))
    client.get(address(lite_room, f"/notes/{note}"))
    client.post(address(lite_room, "/search"), data={"search": "x"}, headers={"X-Part": "1"})
    assert client.get(address(lite_room, f"/notes/{'0' * 24}")).status_code == 404
    assert client.get(address(lite_room, patient_id="0" * 24)).status_code == 404

    with lite_room.store.reading() as session:
        from chartsift.api.services import audit

        entries = audit.trail(session, lite_room.study_id, limit=4).entries
        said = [(one.action, one.target) for one in reversed(entries)]
    assert said == [("chart.seen", ""), ("note.seen", note), ("note.seen", note), ("chart.searched", "")]
