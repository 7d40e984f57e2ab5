"""
Registration of components with spaCy.

spaCy checks the arguments of a factory by its annotations, which must be types and not the strings that
``from __future__ import annotations`` makes of them; so the factories are made here, where it is not imported.
"""

from collections.abc import Callable

from spacy.language import Language
from spacy.tokens import Doc


def register(name: str, make: Callable[[Language], Callable[[Doc], Doc]]) -> None:
    """Register *make* as the factory ``chartsift_<name>``; registering the same name again replaces it."""

    def factory(nlp: Language, name: str) -> Callable[[Doc], Doc]:
        return make(nlp)

    Language.factory(f"chartsift_{name}", func=factory)
