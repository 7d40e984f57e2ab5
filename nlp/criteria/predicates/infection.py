"""
An active infection that needs treatment at screening.

Each infection stands by its latest statement. A statement decides while it is recent (30 days by default) or while
its course runs past the screening day; a passing infection that later notes no longer carry is over, one treated for
months (tuberculosis, osteomyelitis, nocardiosis) needs a word that it is. Suppressed HIV and hepatitis B, latent
tuberculosis and open work-ups go to a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from pydantic import Field

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

_Item = tuple[Finding, str]
# Mentions that say nothing of an infection of this patient.
_NO_INFECTION = {
    "conditional": "said of what might happen",
    "screened": "looked for, no result told",
    "reaction": "a reaction to a drug",
}


class InfectionActive(Parameters):
    """
    Parameters of ``infection_active``.

    ``recent_days``: a statement this recent speaks for the screening day. ``long_days``: how far back an infection
    that is treated for months is still in question. ``work_up_days``: how long a suspicion stays open.
    """

    recent_days: int = Field(default=30, ge=1)
    long_days: int = Field(default=365, ge=1)
    work_up_days: int = Field(default=30, ge=1)
    settled_days: int = Field(
        default=14,
        ge=1,
        description="an acute infection that a full later note does not carry on is over after this",
    )
    unfollowed_days: int = Field(
        default=90,
        ge=1,
        description="an infection that no later full note speaks of is in question this long",
    )
    full_note_chars: int = Field(
        default=400, ge=0, description="a note longer than this had room to carry an infection on"
    )
    viral_days: int = Field(default=14, ge=1, description="an untreated viral illness is reviewed this long")


@predicate("infection_active", InfectionActive)
def infection_active(chart: Chart, given: InfectionActive) -> Outcome:
    """An infection under treatment, or needing it, on the screening day."""
    decided: list[_Item] = []
    doubtful: list[_Item] = []
    calm: list[_Item] = []
    aside: list[Evidence] = []
    usable: dict[str, list[Finding]] = defaultdict(list)
    for finding in chart.of("infection"):
        if finding.attribute("copied") == "yes":
            aside.append(evidence(finding, "set_aside", "copied from an earlier note"))
        elif finding.assertion == "family":
            aside.append(evidence(finding, "set_aside", "someone else's"))
        elif finding.attribute("status") in _NO_INFECTION:
            aside.append(evidence(finding, "set_aside", _NO_INFECTION[finding.attribute("status")]))
        else:
            usable[finding.concept].append(finding)
    if any(f.attribute("status") == "latent" for f in usable.get("tb_latent", [])) and not any(
        f.attribute("status") == "active" for f in usable.get("tb", [])
    ):
        # "TB" alone in a chart that knows the latent infection means that one.
        usable.pop("tb", None)
    denials = [f for f in usable.pop("infection", []) if not _is_named(f)]
    general = [
        f for f in chart.of("infection", ["infection"]) if _is_named(f) and f.attribute("copied") != "yes"
    ]
    if general:
        usable["infection"] = general
    cleared_on = _cleared_on(chart, denials)
    for found in usable.values():
        ordered = sorted(found, key=lambda f: (chart.note_date(f), f.start), reverse=True)
        _judge(chart, given, ordered, cleared_on, decided, doubtful, calm)
    _drugs(chart, given, cleared_on, decided, doubtful, calm)
    calm.extend((f, f"no infection on {chart.note_date(f)}") for f in denials if f.assertion == "absent")
    taken = {id(f) for f, _ in (*decided, *doubtful)}
    against = [evidence(f, "against") for f, _ in calm if id(f) not in taken]
    searched = ("infection", "antimicrobial")
    if decided:
        shown = [evidence(f, "for") for f, _ in (*decided, *doubtful)]
        return true([*shown, *against, *aside[:30]], _reason(decided), searched=searched)
    if doubtful:
        shown = [evidence(f, "for") for f, _ in doubtful]
        return unknown(
            [*shown, *against, *aside[:30]],
            _reason(doubtful),
            next_step=f"Ask infectious disease or the treating clinician for today's status: {doubtful[0][1]}.",
            searched=searched,
        )
    if against:
        return false([*against, *aside[:30]], _reason(calm[:4]), searched=searched)
    return silent(*searched, evidence=aside[:30])


def _reason(items: Sequence[_Item]) -> str:
    return "; ".join(dict.fromkeys(words for _, words in items))


def _is_named(finding: Finding) -> bool:
    """Say whether the bare word "infection" stands for an infection of this patient that is going on or in question."""
    return (
        finding.attribute("status") in ("active", "suspected", "resolved") and finding.assertion != "absent"
    )


def _until(finding: Finding) -> date | None:
    words = finding.attribute("until")
    return date.fromisoformat(words) if words else None


def _cleared_on(chart: Chart, denials: Sequence[Finding]) -> date | None:
    """Return the day of the last note that denies any infection, or any antibiotic."""
    no_drug = (f for f in chart.of("antimicrobial", ["antibiotic"]) if f.attribute("copied") != "yes")
    return max(
        (
            chart.note_date(f)
            for f in (*denials, *no_drug)
            if f.attribute("status") == "none" and f.attribute("templated") != "yes"
        ),
        default=None,
    )


def _judge(  # noqa: PLR0912 - one question after another, first answer wins
    chart: Chart,
    given: InfectionActive,
    ordered: Sequence[Finding],
    cleared_on: date | None,
    decided: list[_Item],
    doubtful: list[_Item],
    calm: list[_Item],
) -> None:
    """File one infection under what its statements come to; *ordered* is latest first."""
    latest = _deciding(chart, ordered)
    run = latest.attribute("span")
    status = latest.attribute("status")
    day = chart.note_date(latest)
    name = latest.text.replace("\n", " ")

    def fresh(days: int) -> bool:
        return chart.is_within(day, days, of=latest)

    if run == "chronic":
        _chronic(chart, given, ordered, decided, doubtful, calm)
        return
    if run == "latent":
        if status in ("latent", "treated"):
            course = "treated " if status == "treated" else ""
            doubtful.append((latest, f"{course}latent tuberculosis ({name}) on {day}"))
        else:
            calm.append((latest, f"{name} {status} on {day}"))
        return
    until = _until(latest) or _course_of_note(chart, latest)
    runs_on = until is not None and not chart.is_past(until, of=latest)
    ended = until is not None and not runs_on
    if status in ("active", "stated"):
        if runs_on:
            decided.append((latest, f"{name} on {day}, treatment until {until}"))
        elif cleared_on is not None and cleared_on > day and run != "long":
            calm.append((latest, f"{name} on {day}, no infection on {cleared_on}"))
        elif run == "minor":
            (doubtful if status == "active" and fresh(given.recent_days) else calm).append(
                (latest, f"{name} on {day}, usually without systemic treatment")
            )
        elif run == "viral":
            treated = any(
                f.attribute("status") == "treatment" and f.note_id == latest.note_id
                for f in chart.of("antimicrobial")
            )
            if treated and fresh(given.recent_days):
                decided.append((latest, f"{name} under treatment on {day}"))
            else:
                (doubtful if fresh(given.viral_days) else calm).append(
                    (latest, f"{name} on {day}, no treatment named")
                )
        elif ended and run != "long":
            calm.append((latest, f"{name} on {day}, treatment ended {until}"))
        elif run == "acute" and _later_note(chart, given, day) and not fresh(given.settled_days):
            calm.append((latest, f"{name} on {day}, not carried on by later notes"))
        elif status == "stated" and not _borne_out(chart, latest) and fresh(given.recent_days):
            doubtful.append((latest, f"{name} is named on {day}, neither treatment nor course stated"))
        elif fresh(given.recent_days):
            decided.append((latest, f"{name} is {'active' if status == 'active' else 'named'} on {day}"))
        elif run == "long" and fresh(given.long_days):
            doubtful.append((latest, f"{name} on {day}, no later word that it is cured"))
        elif not _later_note(chart, given, day) and fresh(given.unfollowed_days):
            doubtful.append((latest, f"{name} on {day}, not followed up"))
        else:
            calm.append((latest, f"{name} on {day}, not carried on by later notes"))
    elif status == "unfinished":
        (doubtful if fresh(given.long_days) else calm).append(
            (latest, f"{name} is told on {day} as of the months before, without a word of its end")
        )
    elif status in ("suspected", "pending"):
        open_ = not (cleared_on is not None and cleared_on > day) and fresh(given.work_up_days)
        if open_ and latest.section not in ("family_history", "ros") and run != "minor":
            doubtful.append((latest, f"{name} is suspected or under work-up on {day}"))
        else:
            calm.append((latest, f"{name} was suspected on {day}, nothing since"))
    elif status in (
        "resolved",
        "negative",
        "none",
        "prophylaxis",
        "colonised",
        "exposure",
        "vaccine",
        "listed",
        "immune",
        "mentioned",
        "past_exposure",
    ):
        calm.append((latest, f"{name}: {status.replace('_', ' ')} on {day}"))


def _deciding(chart: Chart, ordered: Sequence[Finding]) -> Finding:
    """Return the statement of an infection that counts: the latest note's clearest."""
    weak = {
        "prophylaxis",
        "vaccine",
        "exposure",
        "mentioned",
        "listed",
        "colonised",
        "immune",
        "past_exposure",
    }
    told = [
        f for f in ordered if f.attribute("status") not in weak and f.attribute("templated") != "yes"
    ] or list(ordered)
    newest = chart.note_date(told[0])
    same = [f for f in told if chart.note_date(f) == newest]
    for wanted in ("active", "stated"):
        # Within one note the assessment speaks last; a resolved episode beside a current one does not undo it.
        found = [f for f in same if f.attribute("status") == wanted]
        resolved = [f for f in same if f.attribute("status") in ("resolved", "negative")]
        if found and not any(
            r.section in ("assessment", "plan") and found[0].section not in ("assessment", "plan")
            for r in resolved
        ):
            if wanted == "stated" and resolved:
                continue
            return found[0]
    return next((f for f in same if f.attribute("status") == "resolved"), same[0])


def _borne_out(chart: Chart, finding: Finding) -> bool:
    """Say whether a bare name stands for an infection that is there now: judged today, or with its treatment."""
    if finding.section in ("assessment", "plan", "chief_complaint"):
        return True
    return any(
        f.note_id == finding.note_id and f.attribute("status") in ("treatment", "listed")
        for f in chart.of("antimicrobial")
    ) or any(
        f.note_id == finding.note_id and f is not finding and f.attribute("status") == "active"
        for f in chart.of("infection", [finding.concept])
    )


def _course_of_note(chart: Chart, finding: Finding) -> date | None:
    """Return the last day of the courses that the finding's own note gives; None when one of them is open."""
    drugs = [
        f
        for f in chart.of("antimicrobial")
        if f.note_id == finding.note_id and f.attribute("status") in ("treatment", "finished")
    ]
    days = [_until(f) for f in drugs]
    if not days or any(
        day is None and f.attribute("status") == "treatment" for day, f in zip(days, drugs, strict=True)
    ):
        return None
    return max((day for day in days if day is not None), default=None)


def _later_note(chart: Chart, given: InfectionActive, day: date) -> bool:
    """Say whether a note after *day* had room to carry an infection on."""
    return any(note.note_date > day and note.length > given.full_note_chars for note in reversed(chart.notes))


def _chronic(
    chart: Chart,
    given: InfectionActive,
    ordered: Sequence[Finding],
    decided: list[_Item],
    doubtful: list[_Item],
    calm: list[_Item],
) -> None:
    """Judge HIV, hepatitis B and hepatitis C: viremia decides, suppression goes to a person, absence clears."""
    held = [f for f in ordered if f.attribute("status") in ("suppressed", "viremic", "stated", "suspected")]
    negative = [f for f in ordered if f.attribute("status") in ("negative", "immune")]
    resolved = [f for f in ordered if f.attribute("status") in ("resolved", "past_exposure")]
    concept = ordered[0].concept
    drugs = {"hiv": "antiretroviral", "hbv": "hbv_drug"}.get(concept)
    maintained = [f for f in chart.of("antimicrobial", [drugs]) if f.assertion == "present"] if drugs else []
    firm = [f for f in held if f.attribute("status") in ("suppressed", "viremic")]
    stated = [f for f in held if f.attribute("status") == "stated" and (f.section != "labs")]
    if firm and (not negative or maintained or chart.note_date(firm[0]) >= chart.note_date(negative[0])):
        latest = firm[0]
        day = chart.note_date(latest)
        if latest.attribute("status") == "viremic" and not any(
            f.attribute("status") == "suppressed" and chart.note_date(f) >= day for f in firm
        ):
            decided.append((latest, f"{latest.text} is not suppressed on {day}"))
        else:
            shown = next(f for f in firm if f.attribute("status") == "suppressed")
            doubtful.append((shown, f"{shown.text} under suppression on {chart.note_date(shown)}"))
            doubtful.extend((f, f"{f.text} on {chart.note_date(f)}") for f in stated[:2])
        return
    if (
        resolved
        and not maintained
        and (not stated or chart.note_date(resolved[0]) >= chart.note_date(stated[0]))
    ):
        calm.append((resolved[0], f"{resolved[0].text} past or cured on {chart.note_date(resolved[0])}"))
        return
    if stated and (maintained or not negative or chart.note_date(stated[0]) > chart.note_date(negative[0])):
        doubtful.append((stated[0], f"{stated[0].text} on {chart.note_date(stated[0])}, control not stated"))
        return
    if maintained and concept == "hiv" and not negative:
        doubtful.append((maintained[0], f"antiretroviral treatment on {chart.note_date(maintained[0])}"))
        return
    if negative:
        calm.append((negative[0], f"{negative[0].text} negative on {chart.note_date(negative[0])}"))
        return
    suspected = [f for f in held if f.attribute("status") == "suspected"]
    if suspected and chart.is_within(suspected[0], given.work_up_days):
        doubtful.append(
            (suspected[0], f"{suspected[0].text} is suspected on {chart.note_date(suspected[0])}")
        )


def _drugs(
    chart: Chart,
    given: InfectionActive,
    cleared_on: date | None,
    decided: list[_Item],
    doubtful: list[_Item],
    calm: list[_Item],
) -> None:
    """File the drugs: a course that runs decides even when the infection is not named beside it."""
    latent = any(f.attribute("status") == "latent" for f in chart.of("infection", ["tb_latent"])) and not any(
        f.attribute("status") == "active" for f in chart.of("infection", ["tb"])
    )
    drugs = chart.of("antimicrobial")
    last_text = max((note.note_date for note in reversed(chart.notes)), default=None) if drugs else None
    for finding in drugs:
        if finding.attribute("copied") == "yes":
            continue
        status = finding.attribute("status")
        day = chart.note_date(finding)
        until = _until(finding)
        name = finding.text.replace("\n", " ")
        if status in ("prophylaxis", "presumed_prophylaxis"):
            calm.append((finding, f"{name} as prophylaxis on {day}"))
        elif status in {"none", "finished"}:
            calm.append((finding, f"{name} {'not given' if status == 'none' else 'finished'} on {day}"))
        elif status == "empiric":
            if (
                not (cleared_on is not None and cleared_on > day)
                and not _later_note(chart, given, day)
                and chart.is_within(day, given.work_up_days, of=finding)
            ):
                doubtful.append((finding, f"{name} on suspicion on {day}, cultures open"))
        elif status == "latent_treatment" or (
            status == "treatment" and finding.concept == "tb_drug" and latent
        ):
            if status == "latent_treatment" and not chart.is_within(day, given.long_days, of=finding):
                continue
            doubtful.append((finding, f"{name} for latent tuberculosis on {day}"))
        elif status == "treatment":
            runs_on = until is not None and not chart.is_past(until, of=finding)
            if cleared_on is not None and cleared_on > day and not runs_on:
                calm.append((finding, f"{name} on {day}, no infection on {cleared_on}"))
            elif runs_on:
                decided.append((finding, f"{name} until {until}"))
            elif until is not None:
                calm.append((finding, f"{name} ended {until}"))
            elif (
                last_text is None or day == last_text or not _later_note(chart, given, day)
            ) and chart.is_within(day, given.recent_days, of=finding):
                decided.append((finding, f"{name} under way on {day}"))
        elif status == "listed" and day == last_text and chart.is_within(day, given.recent_days, of=finding):
            doubtful.append((finding, f"{name} on the medication list of {day}, reason not stated"))
