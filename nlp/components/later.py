"""Libraries that a dependency imports and chartsift never uses: loaded when somebody does use them."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class _LaterModule(ModuleType):
    """
    Stands for a module until something of it is asked for.

    The standard library's LazyLoader does not do here: in Python 3.11 the import statement alone makes it load.
    """

    def __getattr__(self, name: str) -> Any:
        # What Python itself asks every module for is not use; only the import of a part needs the package's path.
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def load_later(name: str) -> None:
    """Let ``import name`` give a module that its first use loads; one that is loaded or missing is left alone."""
    spec = None if name in sys.modules else find_spec(name)
    if spec is not None:
        module = _LaterModule(name)
        module.__spec__ = spec
        sys.modules[name] = module
