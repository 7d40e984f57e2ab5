"""chartsift's lexicon as plain lists, so that other pipelines can look for the same words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chartsift.nlp.lexicon.loader import load_concepts, load_context

_AXES = ("NEGATED", "HYPOTHETICAL", "FAMILY", "HISTORICAL")


def vocabulary() -> dict[str, Any]:
    """
    Return ``concepts`` (terms by "kind/concept"), ``cues`` (by axis: words ``before`` and ``after`` a mention),
    ``terminate`` and ``pseudo``. Conditions of ambiguous terms are left out: other pipelines have no place for them.
    """
    concepts: dict[str, list[str]] = {}
    for concept in load_concepts():
        terms = concepts.setdefault(f"{concept.kind}/{concept.concept}", [])
        terms.extend(term.text for term in concept.terms if term.text not in terms)
    context = load_context()
    cues = {}
    for axis in _AXES:
        category = context.categories[axis]
        cues[axis] = {
            "before": _words(category.forward, category.forward_item, category.both),
            "after": _words(category.backward, category.backward_item, category.both),
        }
    return {
        "concepts": concepts,
        "cues": cues,
        "terminate": [*context.terminate, *context.clause],
        "pseudo": list(context.pseudo),
    }


def write_vocabulary(path: Path) -> Path:
    """Write the vocabulary as JSON; return *path*."""
    path.write_text(json.dumps(vocabulary()), encoding="utf-8")
    return path


def _words(*cues: Any) -> list[str]:
    return sorted({cue.text for some in cues for cue in some})
