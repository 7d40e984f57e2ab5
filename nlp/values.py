"""
Frozen values made fast, for the places that make thousands of them.

A frozen dataclass sets each of its fields through ``object.__setattr__``, and a class that is called with keywords
packs them first: a verdict of thirteen fields takes ten times as long to make as its fields take to set. ``maker``
writes a plain function instead, in the way in which ``dataclasses`` writes ``__init__``. What it makes is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, ParamSpec, TypeVar, cast

_P = ParamSpec("_P")
_T = TypeVar("_T")


def maker(cls: Callable[_P, _T], *, checks: bool = True) -> Callable[_P, _T]:
    """
    Return a function that takes and makes what *cls*, a frozen dataclass with slots, takes and makes.

    Without *checks* what the class refuses in ``__post_init__`` is not asked, for values that were asked before.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, slots=True)
    ... class Place:
    ...     start: int
    ...     end: int = 0
    >>> maker(Place)(3, end=5) == Place(3, 5)
    True

    Raises:
        TypeError: *cls* is not of this sort, or a field of it is not given by its constructor in the plain way.
    """
    if not (isinstance(cls, type) and is_dataclass(cls)):
        raise TypeError("no dataclass")
    listed = fields(cls)
    if tuple(cls.__dict__.get("__slots__", ())) != tuple(f.name for f in listed):
        raise TypeError(f"{cls.__name__}: slots are its fields, all its own")
    if not all(f.init and not f.kw_only for f in listed):
        raise TypeError(f"{cls.__name__}: each field is given, by place or by name")
    # Of the same layout and not frozen: what is made is one of these until its fields are set.
    opened = type(cls.__name__, (), {"__slots__": cls.__dict__["__slots__"]})
    scope: dict[str, Any] = {"_new": object.__new__, "_opened": opened, "_cls": cls, "_MISSING": MISSING}
    given, lines = [], ["made = _new(_opened)"]
    for f in listed:
        value = f.name
        if f.default_factory is not MISSING:
            scope[f"_make_{f.name}"] = f.default_factory
            given.append(f"{f.name}=_MISSING")
            value = f"_make_{f.name}() if {f.name} is _MISSING else {f.name}"
        elif f.default is not MISSING:
            scope[f"_default_{f.name}"] = f.default
            given.append(f"{f.name}=_default_{f.name}")
        else:
            given.append(f.name)
        lines.append(f"made.{f.name} = {value}")
    lines.append("made.__class__ = _cls")
    if checks and hasattr(cls, "__post_init__"):
        lines.append("made.__post_init__()")
    lines.append("return made")
    return cast("Callable[_P, _T]", _function(given, lines, scope))


def replacer(cls: type[_T], name: str) -> Callable[[_T, Any], _T]:
    """
    Return a function that takes a value of *cls* and another value for its field *name*, as ``dataclasses.replace``.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, slots=True)
    ... class Place:
    ...     start: int
    ...     end: int = 0
    >>> replacer(Place, "end")(Place(3), 5)
    Place(start=3, end=5)

    Raises:
        TypeError: *cls* is none that ``maker`` takes, or has no such field.
    """
    make = maker(cls)
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    if name not in names:
        raise TypeError(f"{cls.__name__}: no field {name}")
    given = ", ".join("value" if one == name else f"old.{one}" for one in names)
    return cast(
        "Callable[[_T, Any], _T]", _function(["old", "value"], [f"return _make({given})"], {"_make": make})
    )


def _function(given: list[str], lines: list[str], scope: dict[str, Any]) -> Any:
    # The names of fields are identifiers, and nothing else of the class goes into the text.
    exec(f"def make({', '.join(given)}):\n    " + "\n    ".join(lines), scope)  # noqa: S102
    return scope["make"]
