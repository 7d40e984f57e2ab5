"""
Names of a disease that stand for something else: a person's initials ("10/11/2026   TB", "Not placed yet. SBO RN") or
a place and the people who work there ("records from the county TB clinic", "a nurse on the COVID ward").

Part of the readers of infections and organ diseases.
"""

from __future__ import annotations

import re

# Nobody has more initials than this.
_MOST_LETTERS = 4
_CREDENTIALS = re.compile(
    r"(?:,?\s+(?:RN|LPN|LVN|CNA|MD|NP|CNP|FNP|APRN|PA-?C|PharmD|RPh|CMA|BSN|MSN|SHO|SpR|FY\d|CNS|HCA|PhD|MBBS|MBChB|FRCP|MRCP"
    r"|LCSW|MSW))+(?=[ \t]*(?:$|[\n,.;)|/]|\s\s|\d))"
)
# The typist behind the author: "TB/ms", "TB:kl".
_TYPIST = re.compile(r"[/:][a-z]{2,3}(?![\w/])")
_SIGNED = re.compile(
    r"\b(?:dictated|typed|signed|written|entered|transcribed|recorded|checked|reviewed|seen|noted|initial(?:l?ed|s)|scribe"
    r"|author|clinician|nurse|drawn|taken|phoned|called|given)\s*(?:by\b\s*)?:?\s*$",
    re.IGNORECASE,
)
_FIELD_END = re.compile(r"\s*(?:$|\n|\s{2,}|[|(])")
_LINE_END = re.compile(r"[ \t]*(?:\n|$)")
_DAY = re.compile(
    r"(?:\b\d{1,2}[/.-]\d{1,2}[/.-](?:\d{2}|\d{4})|\b\d{1,2}(?:st|nd|rd|th)?\.?\s[A-Z][a-z]{2,8}\.?,?\s\d{4}"
    r"|\b[A-Z][a-z]{2,8}\.?\s\d{1,2},?\s\d{4}|\b\d{4}-\d\d-\d\d)[ \t]*$"
)
# What a letterhead's date is the date of; a date before a disease is otherwise that of the disease ("03/12/2026   TB").
_VISIT = re.compile(
    r"\b(?:clinic|visit|consultation|appointment|encounter|seen|dictated|typed|transcribed|OPD|outpatients?|ward round)\b",
    re.IGNORECASE,
)
# Lines of a note that may be its letterhead.
_HEAD_LINES = 3
# Where people with a disease are seen, and who sees them. "Disease team to follow" says nothing of the disease.
_SERVICE = re.compile(
    r"[\s-]+(?:\w+\s)?(?:clinics?|wards?|units?|nurses?|teams?|services?|program(?:me)?s?|hospitals?|sanatori\w+|cent(?:er|re)s?"
    r"|dispensary|hotline|helpline|registr(?:y|ies)|physicians?|doctors?|specialists?|consultants?|practitioners?|departments?"
    r"|dept|office|board|conference|MDT|society|foundation|charity|awareness|research|lab(?:oratory)?|pandemic|era|epidemic"
    r"|area|region|country|countries)\b",
    re.IGNORECASE,
)
# "A TB test done at the clinic", "COVID on the ward": the place is another thing than the name before it.
_LINKED = re.compile(
    r"[\s-]+(?:at|in|on|from|by|per|via|to|with|the|and|or|was|is|has|had|our|your|his|her)\s", re.IGNORECASE
)


def is_service(text: str, end: int) -> bool:
    """Say whether the name that ends at *end* is that of a clinic, a ward, an office or its people."""
    behind = text[end : end + 40]
    # A comma, a full stop or a bracket behind most names tells at once.
    if not (behind[:1].isspace() or behind[:1] == "-"):
        return False
    return _SERVICE.match(behind) is not None and _LINKED.match(behind) is None


def is_initials(text: str, start: int, end: int) -> bool:
    """
    Say whether ``text[start:end]`` signs or dates an entry rather than names a disease.

    Initials stand before a credential ("SBO RN") or a typist's ("TB/ms"), behind "dictated by", or alone behind the day
    of the visit in the letterhead ("Clinic 10/11/2026   TB").
    """
    words = text[start:end]
    if not (1 < len(words) <= _MOST_LETTERS and words.isascii() and words.isalpha() and words.isupper()):
        return False
    behind = text[end : end + 16]
    if _CREDENTIALS.match(behind) or _TYPIST.match(behind):
        return True
    line_start = text.rfind("\n", 0, start) + 1
    before = text[max(line_start, start - 60) : start]
    # Most lines are left here: who signs stands behind "by" or a colon.
    signed = _SIGNED.search(before) if before.rstrip().endswith((":", "by")) else None
    if signed is not None and (":" in signed.group() or "by" in signed.group().split()):
        return _FIELD_END.match(behind) is not None
    if text.count("\n", 0, start) >= _HEAD_LINES or _LINE_END.match(text, end) is None:
        return False
    day = _DAY.search(before)
    return day is not None and _VISIT.search(before, 0, day.start()) is not None
