"""Kleene's tables, exhaustively, and what silence does in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import pytest

from chartsift.nlp.criteria.logic import (
    Outcome,
    all_of,
    any_of,
    at_least,
    false,
    negate,
    silent,
    true,
    unknown,
)

VALUES = {True: true((), "t"), False: false((), "f"), None: unknown((), "u")}


@pytest.mark.parametrize("values", list(product(VALUES, repeat=3)))
def test_and_or_not(values: tuple[bool | None, ...]) -> None:
    outcomes = [VALUES[value] for value in values]

    expected_and = False if False in values else None if None in values else True
    expected_or = True if True in values else None if None in values else False
    assert all_of(outcomes).value is expected_and
    assert any_of(outcomes).value is expected_or
    # De Morgan
    assert negate(all_of(outcomes)).value is any_of([negate(o) for o in outcomes]).value


@pytest.mark.parametrize("known", [True, False])
def test_silence_never_decides(known: bool) -> None:
    outcome = VALUES[known]

    assert any_of([outcome, silent("lab")]).value is (True if known else None)
    assert all_of([outcome, silent("lab")]).value is (None if known else False)


def test_an_unknown_that_the_chart_speaks_to_hides_silence() -> None:
    outcome = any_of([silent("lab"), unknown((), "pending", basis="conflicting")])

    assert (outcome.basis, outcome.is_silent) == ("conflicting", False)


def test_only_silence_stays_silent() -> None:
    outcome: Outcome = all_of([silent("lab"), silent("skin")])

    assert outcome.is_silent
    assert outcome.searched == ("lab", "skin")


@pytest.mark.parametrize("values", list(product(VALUES, repeat=4)))
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_at_least_so_many(count: int, values: tuple[bool | None, ...]) -> None:
    outcomes = [VALUES[value] for value in values]

    outcome = at_least(count, outcomes)

    surely = values.count(True)
    possibly = surely + values.count(None)
    assert outcome.value is (True if surely >= count else False if possibly < count else None)
    if count == 1:
        assert outcome.value is any_of(outcomes).value
    if count == 4:
        assert outcome.value is all_of(outcomes).value
    assert outcome.reason.startswith(f"{surely} of 4 hold, {count} asked for")


def test_silence_on_the_rest_is_no_silence_where_a_part_holds() -> None:
    held = all_of([true((), "lung disease named"), silent("strength")])
    failed = any_of([false((), "no rash"), silent("lab")])

    assert (held.value, held.basis) == (None, "insufficient")
    assert failed.is_silent


@pytest.mark.parametrize("combine", [any_of, all_of, partial(at_least, 1), partial(at_least, 2)])
def test_without_the_reasons_an_expression_comes_to_the_same(combine: Callable[..., Outcome]) -> None:
    sorts = [*VALUES.values(), silent("lab"), unknown((), "u", basis="conflicting")]

    for outcomes in product(sorts, repeat=3):
        whole, bare = combine(outcomes), combine(outcomes, is_bare=True)
        assert (bare.value, bare.basis) == (whole.value, whole.basis)
        assert (bare.reason, bare.searched) == ("", ())
