"""Where no antibody asked for is positive: a negative panel, one that is still out, or no result at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, unknown
from chartsift.nlp.criteria.predicates.antibody_results import Serology, coverage_of, negative_panel
from chartsift.nlp.types import Evidence, Finding

_SHOWN = 6
# Words of a test that was sent and is still out.
_STILL_OUT = re.compile(
    r"pend|\bsent\b|await|QNS|not sufficient|in pro[cg]|redraw|recollect|hemolyzed|outstanding|ausstehend",
    re.IGNORECASE,
)
_ORDER_STEP = "Order a myositis antibody panel with SRP and HMGCR, or ask for the outside result."
_PENDING_STEP = "Obtain the antibody result that is pending or was never run."


def without_positive(
    chart: Chart,
    found: Serology,
    classes: Sequence[str],
    aside: list[Evidence],
    full: int,
    needed: Sequence[Sequence[str]],
) -> Outcome:
    """Return the outcome when no antibody of *classes* is positive: a negative panel, or no result."""
    coverage = ("all", "MSA", "rest") if "MAA" not in classes else ("all", "rest")
    panel = negative_panel(chart, found.negative, coverage, full)
    pending_panel = chart.of("antibody_panel", assertions=["possible"])
    known = {f.concept for f in found.negative}
    # A wish to repeat what was negative takes nothing back; a test that is still out does.
    pending = [f for f in found.pending if f.concept not in known]
    pending += [f for f in pending_panel if not known or _is_out(f)]
    if panel:
        pending = [f for f in pending if _is_out(f)]
    newest_pending = max((chart.note_date(f) for f in pending), default=None)
    newest_negative = max((chart.note_date(f) for f in panel), default=None)
    if panel and (newest_pending is None or newest_negative is None or newest_negative > newest_pending):
        return _negative(chart, found, panel, aside, needed)
    if panel:
        shown = [evidence(f, "against") for f in panel[:3]]
        return unknown(
            [*shown, *(evidence(f, "for") for f in pending[:3]), *aside],
            "the panel was negative, and a further antibody is pending",
            next_step=_PENDING_STEP,
        )
    if pending:
        shown = [evidence(f, "for") for f in pending[:4]]
        return unknown(
            [*shown, *(evidence(f, "against") for f in found.negative[:3]), *aside],
            "antibodies are pending or were never run",
            next_step=_PENDING_STEP,
        )
    if found.negative:
        shown = [evidence(f, "against") for f in found.negative[:4]]
        return unknown(
            [*shown, *aside],
            f"only {', '.join(sorted({f.concept for f in found.negative}))} tested, negative; the panel is incomplete",
            next_step=_ORDER_STEP,
        )
    return _of_other_classes(chart, aside)


def _negative(
    chart: Chart,
    found: Serology,
    panel: Sequence[Finding],
    aside: list[Evidence],
    needed: Sequence[Sequence[str]],
) -> Outcome:
    """Return what a negative panel says: it speaks for a disease only if it held the antibodies that are *needed*."""
    others = [
        *chart.of("antibody", assertions=["present"]),
        *chart.of("antibody_other", assertions=["present"]),
    ]
    shown = [evidence(f, "against") for f in panel[:_SHOWN]]
    beside = [evidence(f, "set_aside", "does not count here") for f in others[:3]]
    held = coverage_of(chart, panel, found)
    missing = next((lacking for names in needed if (lacking := held.lacks(names))), [])
    if missing:
        return unknown(
            [*shown, *beside, *aside],
            f"the panel is negative, but {' and '.join(missing)} {'was' if len(missing) == 1 else 'were'} not on it"
            f" ({held.words()})",
            flags=("panel_incomplete",),
            next_step=f"Order anti-{' and anti-'.join(missing)}.",
        )
    return false([*shown, *beside, *aside], f"the antibody panel is negative ({held.words()})")


def _of_other_classes(chart: Chart, aside: list[Evidence]) -> Outcome:
    """Return the outcome of a chart without a result of the classes asked for."""
    others = [*chart.of("antibody", assertions=["present", "possible"]), *chart.of("antibody_other")]
    if others:
        # A positive one of another class first: of it a reader asks why it does not count.
        others.sort(key=lambda f: f.assertion != "present")
        shown = [
            evidence(f, "for" if f.assertion == "present" else "set_aside", "does not count here")
            for f in others[:3]
        ]
        lead = others[0].text if others[0].concept == "other" else others[0].concept
        return unknown(
            [*shown, *aside],
            f"only {lead} is known, and no specific antibody",
            next_step=_ORDER_STEP,
        )
    return silent("antibody", "antibody_panel", "antibody_other", evidence=aside)


def _is_out(finding: Finding) -> bool:
    """Say whether a test is on its way, by the words that left it open."""
    return _STILL_OUT.search(" ".join(finding.provenance.cues)) is not None
