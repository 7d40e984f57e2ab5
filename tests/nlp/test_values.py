"""What a maker makes is what the class makes, and as frozen."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from datetime import date
from typing import Any

import pytest
from support.findings import AS_OF, chart, finding

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.clock import Turn
from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.types import CriterionResult, Evidence, Finding, Provenance, Search
from chartsift.nlp.values import maker, replacer


@dataclass(frozen=True, slots=True)
class _Listed:
    name: str
    items: list[int] = field(default_factory=list)
    size: int = 7


CK = finding("lab", "CK")
VERDICT = {
    "criterion_id": "age",
    "kind": "inclusion",
    "status": "unknown",
    "basis": "no_mention",
    "next_step": "Ask.",
}
MADE: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (Turn, {"last": AS_OF, "verb": "ends", "finding": CK}),
    (Outcome, {"value": None, "basis": "insufficient", "reason": "two results", "searched": ("lab",)}),
    (Evidence, {"finding": CK, "stance": "set_aside", "reason": "old"}),
    (Search, {"notes": 2, "first": AS_OF, "last": AS_OF, "kinds": ("lab",), "terms": 3}),
    (CriterionResult, VERDICT),
    (Provenance, {"rule": "lab"}),
    (Finding, {name: getattr(CK, name) for name in ("patient_id", "note_id", "start", "end", "text")}
     | {"kind": "lab", "concept": "CK", "assertion": "present", "date": date(2024, 1, 2), "value": 3.0}),
    (_Listed, {"name": "x", "size": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "given"), MADE)
def test_it_is_what_the_class_makes(cls: Any, given: dict[str, Any]) -> None:
    made, plain = maker(cls)(**given), cls(**given)

    assert type(made) is cls
    assert made == plain
    assert repr(made) == repr(plain)
    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == plain  # noqa: S301
    values = [getattr(plain, f.name) for f in fields(cls)]
    assert maker(cls)(*values) == plain


@pytest.mark.parametrize(("cls", "given"), MADE)
def test_nothing_of_it_can_be_changed(cls: Any, given: dict[str, Any]) -> None:
    made = maker(cls)(**given)
    with pytest.raises(FrozenInstanceError):
        setattr(made, fields(cls)[0].name, None)


def test_each_has_its_own_of_what_is_made_for_it() -> None:
    make = maker(_Listed)
    first, second = make("a"), make("b")
    first.items.append(1)
    assert (first.items, second.items) == ([1], [])


@pytest.mark.parametrize(
    ("cls", "given"),
    [(Evidence, {"finding": CK, "stance": "set_aside"}), (CriterionResult, VERDICT | {"next_step": ""})],
)
def test_what_the_class_refuses_is_refused(cls: Any, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"set aside|unknown"):
        maker(cls)(**given)


@pytest.mark.parametrize(("cls", "given"), MADE)
def test_one_field_is_replaced_and_the_old_value_stays(cls: Any, given: dict[str, Any]) -> None:
    old = cls(**given)
    before = repr(old)
    # Evidence and verdicts refuse some values of their fields; those of their first field are free.
    name = fields(cls)[0].name

    new = replacer(cls, name)(old, "other")

    assert type(new) is cls
    assert new == replace(old, **{name: "other"})
    assert repr(old) == before


def test_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="no field weight"):
        replacer(Finding, "weight")


def test_a_field_too_few_is_refused() -> None:
    with pytest.raises(TypeError, match="name"):
        maker(_Listed)()  # type: ignore[call-arg]


@dataclass(frozen=True)
class _WithoutSlots:
    name: str


@dataclass(frozen=True, slots=True)
class _Of(_Listed):
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ByName:
    name: str


@pytest.mark.parametrize("cls", [dict, _WithoutSlots, _Of, _ByName])
def test_another_sort_of_class_is_refused(cls: Any) -> None:
    with pytest.raises(TypeError):
        maker(cls)


def test_a_chart_of_another_day_is_frozen_as_well() -> None:
    later = chart(CK).at(date(2025, 1, 1))
    assert type(later) is Chart
    with pytest.raises(FrozenInstanceError):
        later.as_of = AS_OF  # type: ignore[misc]
