"""
Results and findings as JSON and back, exactly: what comes out equals what went in.

It goes by the fields of the dataclasses of ``chartsift.nlp``, so that a new field needs nothing here. Each finding
is written once, however many criteria it bears on, and everything else refers to it by its number.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.types import Finding

Decoder = Callable[[Any, Sequence[Finding]], Any]


def dump_result(result: PatientResult) -> bytes:
    """Return *result* as JSON in UTF-8."""
    table: dict[Finding, int] = {}
    body = _encoded(result, table)
    return _json({"findings": [_encoded_fields(finding, {}) for finding in table], "result": body})


def load_result(data: bytes) -> PatientResult:
    """Return the result that `dump_result` wrote."""
    stored = json.loads(data)
    table = [_decoder_of_fields(Finding)(item, ()) for item in stored["findings"]]
    result: PatientResult = _decoder_of_fields(PatientResult)(stored["result"], table)
    return result


def dump_findings(findings: Sequence[Finding]) -> bytes:
    """Return *findings* as JSON in UTF-8."""
    return _json([_encoded_fields(finding, {}) for finding in findings])


def load_findings(data: bytes) -> list[Finding]:
    """Return the findings that `dump_findings` wrote."""
    decode = _decoder_of_fields(Finding)
    return [decode(item, ()) for item in json.loads(data)]


def _json(value: Any) -> bytes:
    # A note may hold half of a surrogate pair nowhere, but words of a document's name may.
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def _encoded(value: Any, table: dict[Finding, int]) -> Any:
    if isinstance(value, Finding):
        return table.setdefault(value, len(table))
    if is_dataclass(value) and not isinstance(value, type):
        return _encoded_fields(value, table)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_encoded(item, table) for item in value]
    return value


def _encoded_fields(value: Any, table: dict[Finding, int]) -> dict[str, Any]:
    """Return the fields of a dataclass; what has its default is left out."""
    plain = {}
    for field in fields(value):
        here = getattr(value, field.name)
        if field.default is MISSING or here != field.default:
            plain[field.name] = _encoded(here, table)
    return plain


@cache
def _decoder_of_fields(kind: type[Any]) -> Decoder:
    hints = get_type_hints(kind)
    decoders = {field.name: _decoder(hints[field.name]) for field in fields(kind)}
    # Most fields are numbers and words as they are: a large chart has a hundred thousand of them.
    made = {name: decoder for name, decoder in decoders.items() if decoder is not _as_it_is}

    def decode(value: dict[str, Any], table: Sequence[Finding]) -> Any:
        for name, decoder in made.items():
            if name in value:
                value[name] = decoder(value[name], table)
        return kind(**value)

    return decode


@cache
def _decoder(kind: Any) -> Decoder:
    if kind is Finding:
        return lambda value, table: table[value]
    if is_dataclass(kind) and isinstance(kind, type):
        return _decoder_of_fields(kind)
    if kind is date:
        return lambda value, _: _day(value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (inner,) = (argument for argument in arguments if argument is not type(None))
        decode = _decoder(inner)
        if decode is _as_it_is:
            return decode
        return lambda value, table: None if value is None else decode(value, table)
    if origin is tuple and arguments[-1] is Ellipsis:
        each = _decoder(arguments[0])
        if each is _as_it_is:
            return lambda value, _: tuple(value)
        return lambda value, table: tuple(each(item, table) for item in value)
    if origin is tuple:
        parts = [_decoder(argument) for argument in arguments]
        return lambda value, table: tuple(part(item, table) for part, item in zip(parts, value, strict=True))
    if origin is Literal or kind in (str, int, float, bool):
        return _as_it_is
    raise TypeError(f"no way to read {kind} back")


def _as_it_is(value: Any, table: Sequence[Finding]) -> Any:
    del table
    return value


@lru_cache(maxsize=4096)
def _day(value: str) -> date:
    """Return a day; the findings of a note share one object."""
    return date.fromisoformat(value)
