"""
The output tables: their names, columns and types. Everything that writes or reads a run goes through here.

Text is plain UTF-8, days are ``date32``, offsets are code points of the note as received, or of its row in ``texts``.
A column may be added; none is renamed or retyped, and no table added, without a new ``FORMAT_VERSION``.
"""

from __future__ import annotations

import pyarrow as pa

# 2: tables of scores, notes and texts, the facts of the patient beside the verdict, pages of documents.
FORMAT_VERSION = 2

_ATTRIBUTE = pa.struct([("name", pa.string()), ("value", pa.string())])

_EVIDENCE = pa.struct(
    [
        ("note_id", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("text", pa.string()),
        ("stance", pa.string()),
        ("reason", pa.string()),
        ("note_date", pa.date32()),
        ("finding_id", pa.string()),
        ("page", pa.int64()),
    ]
)

_SEARCH = pa.struct(
    [
        ("notes", pa.int64()),
        ("first", pa.date32()),
        ("last", pa.date32()),
        ("kinds", pa.list_(pa.string())),
        ("terms", pa.int64()),
        ("unread", pa.list_(pa.string())),
    ]
)

FINDINGS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("note_id", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("text", pa.string()),
        ("kind", pa.string()),
        ("concept", pa.string()),
        ("assertion", pa.string()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("date", pa.date32()),
        ("section", pa.string()),
        ("score", pa.float64()),
        ("finding_id", pa.string()),
        ("comparator", pa.string()),
        ("ref_low", pa.float64()),
        ("ref_high", pa.float64()),
        ("flag", pa.string()),
        ("date_source", pa.string()),
        ("attributes", pa.list_(_ATTRIBUTE)),
        ("rule", pa.string()),
        ("cues", pa.list_(pa.string())),
        ("page", pa.int64()),
    ]
)

CRITERIA = pa.schema(
    [
        ("patient_id", pa.string()),
        ("trial_id", pa.string()),
        ("cohort_id", pa.string()),
        ("criterion_id", pa.string()),
        ("kind", pa.string()),
        ("status", pa.string()),
        ("basis", pa.string()),
        ("confidence", pa.float64()),
        ("rationale", pa.string()),
        ("flags", pa.list_(pa.string())),
        ("evidence", pa.list_(_EVIDENCE)),
        ("next_step", pa.string()),
        ("valid_until", pa.date32()),
        ("changes_to", pa.string()),
        ("searched", _SEARCH),
        ("trial_version", pa.string()),
    ]
)

COHORTS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("trial_id", pa.string()),
        ("cohort_id", pa.string()),
        ("applicable", pa.bool_()),
        ("status", pa.string()),
        ("as_of", pa.date32()),
        ("missing", pa.list_(pa.string())),
        ("score", pa.float64()),
        ("trial_version", pa.string()),
        ("notes_read", pa.int64()),
        ("notes_unread", pa.int64()),
        ("birth_date", pa.date32()),
        ("sex", pa.string()),
    ]
)

NOTES = pa.schema(
    [
        ("patient_id", pa.string()),
        ("note_id", pa.string()),
        ("note_date", pa.date32()),
        ("note_type", pa.string()),
        ("length", pa.int64()),
    ]
)

_SCORE_ITEM = pa.struct(
    [
        ("item_id", pa.string()),
        ("label", pa.string()),
        ("state", pa.string()),
        ("points", pa.float64()),
        ("points_low", pa.float64()),
        ("points_high", pa.float64()),
        ("value", pa.string()),
        ("reason", pa.string()),
        ("evidence", pa.list_(_EVIDENCE)),
    ]
)

SCORES = pa.schema(
    [
        ("patient_id", pa.string()),
        ("trial_id", pa.string()),
        ("criterion_id", pa.string()),
        ("score_id", pa.string()),
        ("score_version", pa.string()),
        ("title", pa.string()),
        ("column", pa.string()),
        ("score_low", pa.float64()),
        ("score_high", pa.float64()),
        ("probability_low", pa.float64()),
        ("probability_high", pa.float64()),
        ("label_low", pa.string()),
        ("label_high", pa.string()),
        ("verdict", pa.string()),
        ("subgroups", pa.list_(pa.string())),
        ("open_items", pa.list_(pa.string())),
        ("decisive_items", pa.list_(pa.string())),
        ("flags", pa.list_(pa.string())),
        ("summary", pa.string()),
        ("items", pa.list_(_SCORE_ITEM)),
    ]
)

ERRORS = pa.schema(
    [
        ("source", pa.string()),
        ("note_id", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
    ]
)

# Texts that are not the input's own, so that offsets cannot be looked up there.
TEXTS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("note_id", pa.string()),
        ("text", pa.string()),
        ("source", pa.string()),
        ("format", pa.string()),
        ("pages", pa.list_(pa.int64())),
    ]
)

# By file name without suffix, in the order of writing.
TABLES: dict[str, pa.Schema] = {
    "findings": FINDINGS,
    "criteria": CRITERIA,
    "cohorts": COHORTS,
    "notes": NOTES,
    "scores": SCORES,
    "errors": ERRORS,
    "texts": TEXTS,
}
