"""Age at screening, from the date of birth or from what older notes state."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field, model_validator

from chartsift.nlp.criteria.birth import Birth, birth_of, birthday
from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, bare, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Basis

# An upper limit that is none.
_OLDEST = 130


class AgeBetween(Parameters):
    """
    Parameters of ``age_between``: completed years, both ends included.

    ``warn_days``: a limit of the range that is crossed within so many days is flagged. Between screening and
    infusion of a CAR T product lie months (collection, manufacture, a slot), so half a year by default.
    """

    min: int = Field(ge=0, le=_OLDEST)
    max: int = Field(default=_OLDEST, ge=0, le=_OLDEST)
    warn_days: int = Field(default=180, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> AgeBetween:
        if self.min > self.max:
            raise ValueError("min is above max")
        return self


def _settle(chart: Chart, given: AgeBetween) -> Outcome:
    """Return what ``age_between`` comes to, without the reasons."""
    born = birth_of(chart)
    return bare(None, "no_mention") if born is None else bare(*_is_within(chart, born, given))


@predicate("age_between", AgeBetween, settle=_settle)
def age_between(chart: Chart, given: AgeBetween) -> Outcome:
    """Completed years at screening within a range, both ends included."""
    born = birth_of(chart)
    if born is None:
        return silent(
            "age/age", "age/birth_date", next_step="Ask for the date of birth; no note states an age."
        )
    is_within, basis = _is_within(chart, born, given)
    low, high = born.ages(chart.as_of)
    span = f"{low}" if low == high else f"{low} to {high}"
    reason = f"age at screening is {span}, the range is {given.min} to {given.max}"
    if given.max == _OLDEST:
        reason = f"age at screening is {span}, the range begins at {given.min}"
    if is_within:
        flags = [*born.flags, *_differing(chart, born, given), *_soon(chart, born, given, given.max + 1)]
        shown = [*(evidence(f, "for") for f in born.used), *born.aside]
        return true(shown, reason, flags=tuple(flags))
    if is_within is False:
        flags = [*born.flags, *_differing(chart, born, given), *_soon(chart, born, given, given.min)]
        shown = [*(evidence(f, "against") for f in born.used), *born.aside]
        return false(shown, reason, flags=tuple(flags))
    return unknown(
        [*(evidence(f, "against") for f in born.used), *born.aside],
        reason + ", and the notes do not tell which side",
        basis=basis,
        next_step=f"Ask for the date of birth: the notes allow {span} years.",
        flags=born.flags,
    )


def _is_within(chart: Chart, born: Birth, given: AgeBetween) -> tuple[bool | None, Basis]:
    """Say whether the patient's age lies in the range, and on what that rests; None where the notes allow both."""
    old_enough, surely_old_enough = _turned(chart, born, given.min)
    too_old, surely_too_old = _turned(chart, born, given.max + 1)
    if surely_old_enough and not too_old:
        return True, "documented"
    if surely_too_old or not old_enough:
        return False, "documented"
    return None, "conflicting" if born.is_disputed else "insufficient"


def _turned(chart: Chart, born: Birth, years: int) -> tuple[bool, bool]:
    """Say whether the patient can have turned *years* by the screening day, and whether it is sure."""
    if born.first == born.last:
        has_come = chart.has_come(birthday(born.first, years), words=_words_of(years)[0])
        return has_come, has_come
    first, last = birthday(born.first, years), birthday(born.last, years)
    words, may_words, surely_words = _words_of(years)
    if first == last:
        has_come = chart.has_come(first, words=words)
        return has_come, has_come
    return chart.has_come(first, words=may_words), chart.has_come(last, words=surely_words)


@lru_cache(maxsize=1_000)
def _words_of(years: int) -> tuple[str, str, str]:
    """Return the words for a birthday, and for the first and the last day that can be it."""
    return (
        f"turns {years} on {{day}}",
        f"may turn {years} from {{day}} on",
        f"is {years} from {{day}} on at the latest",
    )


def _soon(chart: Chart, born: Birth, given: AgeBetween, years: int) -> list[str]:
    """Return the flag of a limit that is crossed soon; days that only may be the birthday say so."""
    first = birthday(born.first, years)
    if not chart.is_soon(first, given.warn_days):
        return []
    return [f"turns_{years}_on {first}" if born.first == born.last else f"may_turn_{years}_from {first}"]


def _differing(chart: Chart, born: Birth, given: AgeBetween) -> list[str]:
    """
    Return the flag of stated ages that contradict the date of birth.

    One year off is an age copied from an earlier note, and is flagged only where it would change the verdict.
    """
    for finding, years in born.differing:
        low, _ = born.ages(chart.as_of)
        sides = {_side(low, given), _side(low + years, given)}
        if abs(years) > 1 or len(sides) > 1:
            return [f"stated_age_differs {finding.note_id}"]
    return []


def _side(years: int, given: AgeBetween) -> int:
    return -1 if years < given.min else 1 if years > given.max else 0
