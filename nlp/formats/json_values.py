"""JSON from elsewhere, read with a bound on what it becomes in memory."""

from __future__ import annotations

import json
from typing import Any

from chartsift.nlp.formats.base import Limits
from chartsift.nlp.formats.fields import FieldError

# Below this the bytes themselves bound the memory well enough.
_SMALL_BYTES = 64 * 1024


def load_json(data: bytes, *, limits: Limits, what: str, remedy: str) -> Any:
    """
    Return the value of *data*; *what* and *remedy* are words for the message.

    Raises:
        FieldError: no valid UTF-8 (IN103), no JSON (IN110), or more values than may be held (IN115).
    """
    if len(data) > _SMALL_BYTES:
        values = data.count(b",") + data.count(b"[") + data.count(b"{")
        if values > limits.json_values:
            raise FieldError("IN115", f"{what} holds more than {limits.json_values:,} values; split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FieldError("IN103", f"{what} is not valid UTF-8; save the file as UTF-8") from None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        at = f" (column {exc.colno})" if isinstance(exc, json.JSONDecodeError) and exc.lineno == 1 else ""
        raise FieldError("IN110", f"{what} is not valid JSON{at}; {remedy}") from None
