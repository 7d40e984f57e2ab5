"""Find and read the score files; a broken one is reported as ``file: path: problem`` (codes RU20x)."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from chartsift.nlp.criteria.scores.schema import ScoreFile
from chartsift.nlp.lexicon.loader import parse_yaml


def available_scores() -> tuple[str, ...]:
    """Return the names of the scores there are, sorted."""
    return tuple(
        sorted(f.name.removesuffix(".yaml") for f in _folder().iterdir() if f.name.endswith(".yaml"))
    )


@lru_cache(maxsize=8)
def load_score(score_id: str) -> ScoreFile:
    """
    Return a score by its name.

    Raises:
        RuleError: the file is invalid (RU201, RU202).
        KeyError: there is no score of this name.
    """
    if score_id not in available_scores():
        raise KeyError(score_id)
    name = f"{score_id}.yaml"
    return parse_yaml((_folder() / name).read_text(encoding="utf-8"), ScoreFile, name=name)


def _folder() -> Traversable:
    return resources.files("chartsift.nlp.criteria.scores")
