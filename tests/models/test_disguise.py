"""Identifiers are replaced, dates move together, the mention stays where its offsets say."""

from __future__ import annotations

from datetime import date

import pytest

from chartsift.models.disguise import applied, disguise, shift_of


def _disguised(text, mention="", *, days=7, known=()):
    start = text.index(mention)
    place = (start, start + len(mention))
    edits = disguise(text, known=known, days=days, keep=place)
    made, low, high = applied(text, edits, *place)
    assert made[low:high] == mention
    return made


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Seen by Dr. Margaret Okonkwo for dermatomyositis.", ("Margaret", "Okonkwo")),
        ("Patient: Smith, John has dermatomyositis", ("Smith", "John")),
        ("Mrs. Okonkwo has dermatomyositis. Okonkwo was told.", ("Okonkwo",)),
        ("Anna Lindqvist, MD: dermatomyositis", ("Anna", "Lindqvist")),
        ("MRN: 00482913 dermatomyositis", ("00482913",)),
        ("Acct # A-99812 dermatomyositis, call (617) 555-2368 or 617-555-2368", ("99812", "2368")),
        ("dermatomyositis, a.b@clinic.example.com, https://x.example/p?id=7", ("clinic", "x.example")),
        ("lives at 12 Elm Grove Road with dermatomyositis", ("Elm Grove",)),
        ("SSN 123-45-6789, dermatomyositis", ("6789",)),
        ("a 94-year-old man with dermatomyositis", ("94",)),
        ("KQ-77 has dermatomyositis", ("KQ-77",)),
    ],
)
def test_identifiers_are_replaced(text, gone):
    made = _disguised(text, "dermatomyositis", known=("KQ-77",))

    assert not [words for words in gone if words in made]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("on 2024-12-30: DM", "on 2025-01-06: DM"),
        ("on 12/30/2024: DM", "on 01/06/2025: DM"),
        ("on 12/30/24: DM", "on 01/06/25: DM"),
        ("am 30.12.2024: DM", "am 06.01.2025: DM"),
        ("December 30, 2024: DM", "January 06, 2025: DM"),
        ("30 Dec 2024: DM", "06 January 2025: DM"),
        ("on 2024-13-45: DM", "on 2024-13-45: DM"),
    ],
)
def test_dates_move_by_the_same_days(text, made):
    assert _disguised(text, "DM") == made


@pytest.mark.parametrize(
    "text", ["CK 2,140 (30-200) and Jo-1 92 U/mL", "Dr. said DM", "FVC 45 %, 80 mg", "s/p 3/5 strength"]
)
def test_values_and_plain_words_stay(text):
    assert _disguised(text) == text


def test_the_mention_stays_even_where_a_name_is_in_it():
    assert _disguised("Dr. Jo-1 positive", "Jo-1 positive").endswith("Jo-1 positive")


def test_the_shift_of_a_patient_is_fixed_whole_weeks_and_never_nothing():
    shifts = {shift_of("seed", f"patient {number}") for number in range(500)}

    assert shift_of("seed", "p") == shift_of("seed", "p")
    assert shift_of("seed", "p") != shift_of("other", "p")
    assert 0 not in shifts
    assert all(shift % 7 == 0 and abs(shift) <= 301 for shift in shifts)
    assert len(shifts) > 60
    assert date(2024, 5, 1).isoformat() not in str(shifts)
