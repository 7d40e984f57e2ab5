"""
Cell therapies and grafts of the past: facts of history that no later silence undoes.

Source of the lists: registered text of NCT06154252 (exclusions on prior CAR T and transplant); boundary cases in
docs/findings/car_t.md and docs/findings/transplant.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

_WORDS = {
    "absent": "denied",
    "hypothetical": "planned, offered or asked about, not given",
    "family": "someone else's",
    "possible": "not certain",
    "historical": "past",
}


class CarTReceived(Parameters):
    """
    Parameters of ``car_t_received``.

    Attributes:
        unclear: Cell therapies (concepts of kind ``cell_therapy``) that leave the question open when received.
        unnamed_counts: An unnamed cell therapy that was received leaves the question open, too.
    """

    unclear: tuple[str, ...] = Field(default=("CAR-NK", "CAAR-T", "CAR-other"))
    unnamed_counts: bool = True


@predicate("car_t_received", CarTReceived)
def car_t_received(chart: Chart, given: CarTReceived) -> Outcome:
    """CAR T cells were infused at any time."""
    named = chart.of("car_t")
    others = chart.of("cell_therapy")
    codes = _told_codes(chart, "cell_therapy_code")
    searched = ("car_t", "cell_therapy", "cell_therapy_code")
    if not (named or others or codes):
        return silent(*searched)
    received, corrected = _without_corrected(chart, named)
    similar = [f for f in _of(named, "possible") if f.attribute("product")]
    blinded = [f for f in _of(named, "possible") if f not in similar]
    disclosed = [f for f in named if f.attribute("unblinded") == "yes"]
    aside = [evidence(f, "set_aside", _WORDS[f.assertion]) for f in named if f.assertion == "family"]
    aside += [evidence(f, "set_aside", "called an error by a later note") for f in corrected]
    against = [
        evidence(f, "against", _WORDS[f.assertion])
        for f in named
        if f.assertion in ("absent", "hypothetical")
    ]
    against += [evidence(f, "against", _WORDS[f.assertion]) for f in others if f.assertion == "absent"]
    if received:
        denials = _later_denials(chart, named, received)
        shown = [evidence(f, "for") for f in _best_first(received)]
        if denials and not any(f.attribute("strength") == "strong" for f in received):
            return unknown(
                [*shown, *(evidence(f, "against", "denied") for f in denials), *aside],
                "one note names CAR T cells as given, another denies them",
                basis="conflicting",
                searched=searched,
            )
        return true(
            [*shown, *against, *aside], f"CAR T cells were given ({_quote(shown)})", searched=searched
        )
    if disclosed and all(f.assertion == "absent" for f in disclosed):
        return false([*against, *aside], "the blinded treatment was disclosed as placebo", searched=searched)
    if blinded:
        shown = [evidence(f, "for", "assignment not known") for f in blinded]
        return unknown(
            [*shown, *against, *aside],
            f"CAR T cells or placebo, not disclosed ({_quote(shown)})",
            searched=searched,
            next_step="Ask the earlier study's sponsor or site for the treatment assignment (unblinding).",
        )
    open_ones = [f for f in others if f.assertion in ("present", "possible") and _is_open(f, given)]
    open_ones = [*similar, *open_ones]
    if codes and not open_ones:
        shown = _code_alone(codes)
        return unknown(
            [*shown, *against, *aside],
            f"only a code says that CAR T cells were given ({_quote(shown)})",
            searched=searched,
            next_step=f"Ask for the note that states the CAR T-cell therapy behind the code {codes[0].text}.",
        )
    if open_ones:
        shown = [evidence(f, "for", "may or may not count as CAR T") for f in open_ones]
        shown += _code_alone(codes)
        return unknown(
            [*shown, *against, *aside],
            f"a cell therapy that may or may not be CAR T was given ({_quote(shown)})",
            searched=searched,
            next_step="Ask the treating centre which cell product was infused.",
        )
    against += [
        evidence(f, "against", _WORDS.get(f.assertion, f.assertion))
        for f in others
        if f.assertion in ("hypothetical", "present") and named
    ]
    if against:
        return false([*against, *aside], f"CAR T cells were not given ({_quote(against)})", searched=searched)
    if aside:
        family = [evidence(item.finding, "against", item.reason) for item in aside]
        return false(family, "CAR T is only mentioned for someone else", searched=searched)
    return silent(
        *searched, evidence=[evidence(f, "set_aside", "names no product and no receipt") for f in others]
    )


def _is_open(finding: Finding, given: CarTReceived) -> bool:
    return finding.concept in given.unclear or (given.unnamed_counts and finding.concept == "unnamed")


class TransplantReceived(Parameters):
    """
    Parameters of ``transplant_received``.

    Attributes:
        counts: Concepts of kind ``transplant`` that count.
        unclear: Concepts of kind ``graft_other`` that leave the question to a person.
    """

    counts: tuple[str, ...] = Field(default=("heart", "lung", "liver", "kidney", "hct"))
    unclear: tuple[str, ...] = Field(default=("pancreas", "islet", "intestine", "face-hand"))


@predicate("transplant_received", TransplantReceived)
def transplant_received(chart: Chart, given: TransplantReceived) -> Outcome:
    """A graft that counts was received at any time, failed grafts included."""
    named = chart.of("transplant", given.counts)
    others = chart.of("graft_other")
    # Graft-versus-host disease that is feared or ruled out tells nothing of a transplant.
    history = [f for f in chart.of("transplant_history") if f.concept != "gvhd" or f.assertion == "present"]
    codes = _told_codes(chart, "transplant_code")
    searched = ("transplant", "graft_other", "transplant_history", "transplant_code")
    if not (named or others or history or codes):
        return silent(*searched)
    received, corrected = _without_corrected(chart, named)
    given_away = _entries_of_a_gift(chart, received, [*named, *_of(history, "absent")])
    received = [f for f in received if f not in given_away]
    organs_given = {f.concept for f in given_away}
    codes = [f for f in codes if f.concept not in organs_given]
    unsure = _of(named, "possible")
    against = [
        evidence(f, "against", _WORDS[f.assertion])
        for f in named
        if f.assertion in ("absent", "hypothetical")
    ]
    against += [evidence(f, "against", "no transplant") for f in history if f.assertion == "absent"]
    aside = [evidence(f, "against", "someone else's, or given to someone else") for f in _of(named, "family")]
    aside += [evidence(f, "set_aside", "called an error by a later note") for f in corrected]
    aside += [evidence(f, "set_aside", "an entry of a list; the patient gave this organ") for f in given_away]
    uncounted = [
        evidence(f, "against", "a tissue that does not count")
        for f in others
        if f.concept not in given.unclear and f.assertion != "family"
    ]
    if received:
        shown = [evidence(f, "for") for f in _best_first(received)]
        denials = _later_denials(chart, [*named, *_of(history, "absent")], received)
        if denials and not any(f.attribute("strength") == "strong" for f in received):
            return unknown(
                [*shown, *(evidence(f, "against", "denied") for f in denials)],
                f"one note names a transplant ({_quote(shown)}), another denies it",
                basis="conflicting",
                searched=searched,
            )
        questioned = _questioned_since(chart, unsure, received)
        if questioned:
            return unknown(
                [
                    *shown,
                    *(evidence(f, "against", "asked about since") for f in questioned),
                    *against,
                    *aside,
                ],
                f"a transplant is told of ({_quote(shown)}) and in question since",
                basis="conflicting",
                searched=searched,
            )
        organs = ", ".join(dict.fromkeys(f.concept for f in received))
        return true(
            [*shown, *against, *aside, *uncounted],
            f"{organs} transplant received ({_quote(shown)})",
            searched=searched,
        )
    open_ones = [f for f in others if f.concept in given.unclear and f.assertion in ("present", "possible")]
    open_ones += [f for f in history if f.assertion in ("present", "possible")]
    open_ones += unsure
    if codes and not open_ones:
        shown = _code_alone(codes)
        return unknown(
            [*shown, *against, *aside, *uncounted],
            f"only a code names a transplant ({_quote(shown)})",
            searched=searched,
            next_step=f"Ask for the note that states the transplant behind the code {codes[0].text}, and its organ.",
        )
    if open_ones:
        shown = [evidence(f, "for", "may or may not count") for f in open_ones]
        shown += _code_alone(codes)
        return unknown(
            [*shown, *against, *aside, *uncounted],
            f"a transplant that may or may not count ({_quote(shown)})",
            searched=searched,
        )
    unnamed = [
        evidence(f, "against", _WORDS.get(f.assertion, f.assertion))
        for f in others
        if f.concept in given.unclear
    ]
    shown = [*against, *aside, *unnamed, *uncounted]
    if shown:
        return false(shown, f"no transplant that counts ({_quote(shown)})", searched=searched)
    return silent(*searched)


def _told_codes(chart: Chart, kind: str) -> list[Finding]:
    """
    Return the codes of *kind* that are the patient's and not denied.

    A bare code says no more than that somebody billed it, so that also one read as planned leaves the question open.
    """
    return chart.of(kind, assertions=["present", "historical", "possible", "hypothetical"])


def _code_alone(codes: Sequence[Finding]) -> list[Evidence]:
    return [evidence(f, "for", "a code alone decides nothing") for f in codes]


def _without_corrected(chart: Chart, findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Return what is told as received, and apart from it the entries that a later note calls an error."""
    kept: list[Finding] = []
    wrong: list[Finding] = []
    for finding in _of(findings, "present"):
        called_wrong = any(
            f.attribute("corrects") == "yes"
            and f.concept == finding.concept
            and chart.note_date(f) >= chart.note_date(finding)
            for f in findings
        )
        (wrong if called_wrong else kept).append(finding)
    return kept, wrong


def _entries_of_a_gift(
    chart: Chart, received: Sequence[Finding], findings: Sequence[Finding]
) -> list[Finding]:
    """
    Return bare entries that a note explains: the patient gave that organ and has no graft of it.

    The gift alone explains nothing (a donor may need a graft later), nor does a denial alone: that is a conflict.
    """
    if any(f.attribute("strength") == "strong" for f in received):
        return []
    given = {f.concept for f in findings if f.assertion == "family" and f.attribute("donor") == "yes"}
    denied = {f.concept for f in _later_denials(chart, findings, received)} if received and given else set()
    return list(received) if all(f.concept in given and denied & {f.concept, "any"} for f in received) else []


def _of(findings: Sequence[Finding], assertion: str) -> list[Finding]:
    return [f for f in findings if f.assertion == assertion]


def _best_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: f.attribute("strength") != "strong")


def _later_denials(chart: Chart, findings: Sequence[Finding], received: Sequence[Finding]) -> list[Finding]:
    """Return the denials of the same thing in another note that is not older than the first word of it."""
    first = min(chart.note_date(f) for f in received)
    concepts = {f.concept for f in received} | {"any"}
    return [
        f
        for f in findings
        if f.assertion == "absent"
        and f.concept in concepts
        and chart.note_date(f) >= first
        and f.attribute("templated") != "yes"
        # A box that nobody ticked contradicts nothing.
        and f.attribute("strength") != "plain"
    ]


def _questioned_since(chart: Chart, unsure: Sequence[Finding], received: Sequence[Finding]) -> list[Finding]:
    """Return the questions of later notes about a transplant that no note tells of since."""
    last = max(chart.note_date(f) for f in received)
    concepts = {f.concept for f in received}
    told = {f.note_id for f in received}
    return [
        f for f in unsure if f.concept in concepts and f.note_id not in told and chart.note_date(f) >= last
    ]


def _quote(shown: Sequence[Evidence]) -> str:
    finding = shown[0].finding
    return f'"{finding.text}" of {finding.date}'
