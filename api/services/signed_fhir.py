"""
Signed charts as FHIR: the resources of a run, made final, with who decided (``performer``) and when it was signed.

The writer of a batch run knows no people, and its observations are proposals. What is signed is told here and not
there: an observation of the record is ``final``, its performers are those whose verdict it is, ``issued`` is the moment
of the signature that closed the chart, and reason and comment of the deciding act are an annotation by its author.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartsift.api.db.tables import User
from chartsift.api.faults import StoreError
from chartsift.api.services.reviews import VERDICT_REASONS
from chartsift.nlp.screening.writers.fhir import verdict_id
from chartsift.nlp.screening.writers.fhir_terms import BASE

if TYPE_CHECKING:
    from chartsift.api.services.exports import SignedChart

Resource = dict[str, Any]

# What FHIR strings may not hold, as in the writer of a run; and what some readers cut lines at.
_NOT_ALLOWED = {code: "\ufffd" for code in range(32) if chr(code) not in "\t\r\n"}
_ESCAPED = {0x2028: "\\u2028", 0x2029: "\\u2029", 0x85: "\\u0085"}


@dataclass(frozen=True, slots=True)
class _Decided:
    """What becomes of one observation."""

    performer: list[Resource]
    issued: str
    note: tuple[Resource, ...] = ()


def sign_observations(path: Path, charts: Iterable[SignedChart]) -> None:
    """
    Make the observations of a file final that are of the record; any other stays preliminary.

    Args:
        path: ``Observation.ndjson`` of the writer.
        charts: The signed charts, in the order in which they were written.
    """
    final = path.with_suffix(".final")
    with (
        path.open(encoding="utf-8", newline="\n") as source,
        final.open("w", encoding="utf-8", newline="\n") as out,
    ):
        for resource in _signed((json.loads(line) for line in source), iter(charts)):
            line = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
            out.write(line.translate(_ESCAPED) + "\n")
    final.replace(path)


def _signed(observations: Iterable[Resource], charts: Iterator[SignedChart]) -> Iterator[Resource]:
    chart: SignedChart | None = None
    for one in observations:
        # Observations come chart by chart, that of the cohort last.
        if chart is None:
            chart = next(charts, None)
            if chart is None:
                raise StoreError("ST708")
            decided, cohort = _decided(chart), _cohort_key(chart)
        known = decided.get(one["id"])
        if known is not None:
            one["status"], one["issued"], one["performer"] = "final", known.issued, known.performer
            if known.note:
                one["note"] = [*one.get("note", ()), *known.note]
        if one["id"] == cohort:
            chart = None
        yield one
    if chart is not None or next(charts, None) is not None:
        raise StoreError("ST708")


def _decided(chart: SignedChart) -> dict[str, _Decided]:
    """Return what is decided, by the identifier of its observation."""
    cohort, issued = chart.result.applicable, _instant(chart.signature.signed_at)
    acts = {act.id: act for act in chart.acts}
    found = {_cohort_key(chart): _Decided([_practitioner(user) for user in chart.readers.values()], issued)}
    for name, verdict in chart.record.items():
        act = acts[verdict.decision_id]
        by = (
            [act.made_by]
            if verdict.settled != "agreed"
            else [chart.readers[slot].id for slot in ("first", "second")]
        )
        people = {user.id: user for user in chart.readers.values()}
        words = "; ".join(
            part
            for part in (
                VERDICT_REASONS.get(act.reason, "") if act.reason != "as_proposed" else "",
                chart.comments.get(name, ""),
            )
            if part
        )
        note = {
            "authorReference": _practitioner(people[act.made_by]),
            "time": _instant(act.made_at),
            "text": _string(words),
        }
        key = verdict_id(chart.patient.site_id, cohort.trial_id, cohort.cohort_id, name)
        found[key] = _Decided([_practitioner(people[one]) for one in by], issued, (note,) if words else ())
    return found


def _cohort_key(chart: SignedChart) -> str:
    cohort = chart.result.applicable
    return verdict_id(chart.patient.site_id, cohort.trial_id, cohort.cohort_id)


def _practitioner(user: User) -> Resource:
    """Return a reader as a logical reference: this server has no resources of people to point at."""
    return {
        "type": "Practitioner",
        "identifier": {"system": f"{BASE}:reader", "value": user.id},
        "display": _string(user.display_name),
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _string(text: str) -> str:
    return text.translate(_NOT_ALLOWED)
