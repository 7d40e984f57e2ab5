"""
Which learned models are in use: read from the journal of a folder of models, with the standard library only.

``chartsift.models`` writes the journal (promotion and roll-back by a named person) and registers what runs a model
with spaCy under the names below. The pipeline only names them, so that nothing here knows scikit-learn.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from chartsift.nlp.errors import RuleError
from chartsift.nlp.types import CohortResult, NoteInfo

# The folder of models; unset or empty: the rules work alone.
SETTING: Final = "CHARTSIFT_MODELS"
JOURNAL: Final = "journal.jsonl"
# What runs a model of a kind: a component of the pipeline, or a rater of verdicts from the registry ``misc``.
COMPONENTS: Final = {"assertion": "chartsift_assertion_model"}
RATERS: Final = {"confidence": "chartsift.verdict_rater.v1"}


@dataclass(frozen=True, slots=True)
class ModelUse:
    """
    A model in use.

    Attributes:
        kind: What it models ("confidence", "assertion", …).
        folder: The artefact.
        digest: SHA-256 of its manifest when it was promoted; another one is refused when it is loaded.
    """

    kind: str
    folder: str
    digest: str


class Rater(Protocol):
    """What gives verdicts a calibrated confidence and changes nothing else."""

    def rate(self, cohorts: Sequence[CohortResult], notes: Sequence[NoteInfo]) -> list[CohortResult]:
        """Return the cohorts with the confidence of every verdict set, 0 to 1."""
        ...


def models_in_use() -> tuple[ModelUse, ...]:
    """
    Return the models in use by the setting ``CHARTSIFT_MODELS``, in the order of their kinds; none without it.

    Raises:
        RuleError: the journal cannot be read (RU230).
    """
    named = os.environ.get(SETTING, "")
    return tuple(in_use(Path(named)).values()) if named else ()


def in_use(folder: Path) -> dict[str, ModelUse]:
    """
    Return the models in use of one folder by kind: each the last promotion that was not rolled back.

    Raises:
        RuleError: the journal cannot be read (RU230).
    """
    standing: dict[str, list[ModelUse]] = {}
    path = folder / JOURNAL
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            entry = json.loads(line)
            stack = standing.setdefault(str(entry["kind"]), [])
            if entry["action"] == "promote":
                name = Path(str(entry["model"])).name  # a name, never a way out of the folder
                stack.append(ModelUse(str(entry["kind"]), str(folder / name), str(entry["digest"])))
            elif stack:
                stack.pop()
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise RuleError(
            "RU230",
            f"{path}: the journal of models cannot be read ({type(exc).__name__})",
            hint=f"restore it, or unset {SETTING} to work with the rules alone",
        ) from exc
    return {kind: stack[-1] for kind, stack in sorted(standing.items()) if stack}
