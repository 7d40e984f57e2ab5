"""Initials and services that are spelled like a disease."""

from __future__ import annotations

import pytest

from chartsift.nlp.components.not_an_illness import is_initials, is_service


def _place(text: str) -> tuple[str, int, int]:
    """Return *text* without the brackets around the name, and where the name stands."""
    start = text.index("[")
    plain = text.replace("[", "").replace("]", "")
    return plain, start, text.index("]") - 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Referral to rheum not placed yet. [SBO] RN", True),
        ("Called mother back. [AKI], RN, BSN", True),
        ("Dr. T. Brown. [TB]/ms", True),
        ("Dictated by: [TB]", True),
        ("Typed: [HSV]   Checked: KL", True),
        ("Transition clinic     10/11/2026     [TB]", True),
        ("Rheumatology clinic 7 June 2024 [TB]\nDoing well.", True),
        ("[SBO] on CT", False),
        ("[AKI], MD aware", False),
        ("[DVT] RT leg", False),
        ("[PE] PT/INR 1.1", False),
        ("Problem list\n- Asthma\n- CKD\n06/07/2024 [TB] diagnosed", False),
        ("Given by mouth. [TB] treated 1998.", False),
        ("HISTORY\n1. Asthma\n2. HTN\n3. seen 7 June 2024 [TB]", False),
        ("tuberculosis = [tb]", False),
        ("Problem list\n\n03/12/2026   [TB]\n", False),
        ("Problem list\n03/12/2026\t[HIV]\n", False),
        ("12/03/2026 [TB]\nOn RHZE since.", False),
        ("Infections\n2026-03-12    [TB]", False),
    ],
)
def test_initials(text: str, expected: bool) -> None:
    assert is_initials(*_place(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Records from county [TB] clinic requested", True),
        ("nurse on the [COVID] ward", True),
        ("the [Crohn's] nurse specialist", True),
        ("[COPD] exacerbation", False),
        ("[Pneumonia] in hospital", False),
        ("[TB] and the clinic knows", False),
        ("[Sepsis]", False),
    ],
)
def test_services(text: str, expected: bool) -> None:
    plain, _, end = _place(text)

    assert is_service(plain, end) is expected
