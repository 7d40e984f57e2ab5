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
    """
    A map that forgets what was asked for longest ago; safe to use from several threads.

    It goes by weight rather than by number: what fifty readers have open is a few large charts or many small ones.

    Args:
        most: Greatest weight of all values together; one that is heavier by itself is kept alone.
        weight: Returns the weight of a value, at least 1.
    """

    def __init__(self, most: int, weight: Callable[[Value], int]) -> None:
        self._most = most
        self._weight = weight
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._total = 0
        self._lock = threading.Lock()
        _ALL.add(self)

    def clear(self) -> None:
        """Throw everything away."""
        with self._lock:
            self._values.clear()
            self._total = 0

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of *key*; *make* it when it is not there (two threads may both, and one is kept)."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
        value = make()
        weight = self._weight(value)
        with self._lock:
            if key in self._values:
                self._total -= self._values.pop(key)[1]
            self._values[key] = (value, weight)
            self._total += weight
            while self._total > self._most and len(self._values) > 1:
                self._total -= self._values.popitem(last=False)[1][1]
        return value
