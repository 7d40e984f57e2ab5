"""
What is dear to compute and never changes for its key, kept in memory: opened results and places of copied text.

A stored result and the texts of a set of notes never change, so that nothing here has to be thrown away but for
room, and when a patient is erased. Who may see it is asked before, each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

Value = TypeVar("Value")


_ALL: WeakSet[Kept[Any]] = WeakSet()


def forget() -> None:
    """Throw away everything that this process keeps; another process keeps its own until it ends."""
    for one in list(_ALL):
        one.clear()


class Kept(Generic[Value]):
    """A map that forgets what was asked for longest ago; safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()
        _ALL.add(self)

    def clear(self) -> None:
        """Throw everything away."""
        with self._lock:
            self._values.clear()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of *key*; *make* it when it is not there (two threads may both, and one is kept)."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value
