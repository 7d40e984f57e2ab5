"""
The promoted model of assertion at work: the spaCy component ``chartsift_assertion_model``, last of the pipeline.

spaCy imports this module whenever it lists its factories, so what is heavy is imported when a component is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from chartsift.models.linear import LinearModel
from chartsift.models.store import load_plain

# ``concepts.SPAN_GROUP``, whose module loads the readers.
_SPAN_GROUP = "concepts"
# A correction of a rule takes near certainty: the rules are right in 99 of 100 mentions of the charts at hand.
_SURE = 0.95
_ASSERTION_OF = (
    ("experiencer", "family"),
    ("negated", "absent"),
    ("hypothetical", "hypothetical"),
    ("historical", "historical"),
)


class AssertionModel:
    """
    Rescores the assertion of drafts of the headline kinds where every axis is sure of it.

    Reads: doc.spans["concepts"], doc._.layout, doc._.drafts. Writes: the assertion of drafts in doc._.drafts.
    """

    def __init__(self, models: Mapping[str, LinearModel]) -> None:
        from chartsift.annotations.vocabulary import HEADLINE_KINDS  # noqa: PLC0415 - see the module's words
        from chartsift.models.mention_features import mention_features  # noqa: PLC0415
        from chartsift.nlp.components.axes import axes_of  # noqa: PLC0415
        from chartsift.nlp.text.tokens import source_range  # noqa: PLC0415

        self._models = models
        self._kinds = frozenset(HEADLINE_KINDS)
        self._features, self._axes, self._place = mention_features, axes_of, source_range

    def __call__(self, doc: Doc) -> Doc:
        drafts = doc._.drafts or []
        chosen = [n for n, d in enumerate(drafts) if d.kind in self._kinds and d.assertion != "possible"]
        if not chosen:
            return doc
        spans = [(self._place(span), span) for span in doc.spans[_SPAN_GROUP]]
        # Drafts of one mention (a diagnosis and its code) share what stands around it.
        around: dict[int, dict[str, float]] = {}
        for number in chosen:
            draft = drafts[number]
            span = next((s for (a, b), s in spans if a < draft.end and draft.start < b), None)
            if span is None:
                continue
            if id(span) not in around:
                around[id(span)] = self._features(span, self._axes(span))
            features = around[id(span)] | {
                "charts": 1.0,
                f"draft={draft.assertion}": 1.0,
                f"mention={draft.kind}": 1.0,
            }
            assertion = self._sure_assertion(features)
            if assertion is not None and assertion != draft.assertion:
                drafts[number] = replace(draft, assertion=assertion, rule="model:assertion")
        return doc

    def _sure_assertion(self, features: Mapping[str, float]) -> Any:
        """Return the assertion of a mention; None where an axis is in doubt."""
        chances: dict[str, float] = {}
        for axis, model in self._models.items():
            chances[axis] = model.probability(features)
            if 1 - _SURE < chances[axis] < _SURE:
                return None
        return next((word for axis, word in _ASSERTION_OF if chances.get(axis, 0.0) >= _SURE), "present")


@Language.factory("chartsift_assertion_model", default_config={"folder": "", "digest": ""})
def make_component(nlp: Language, name: str, folder: str, digest: str) -> Callable[[Doc], Doc]:
    """
    Return the component of an artefact.

    Raises:
        ModelError: the artefact is refused (MO511 to MO515).
    """
    del nlp, name  # spaCy gives them, whether they are needed or not
    return AssertionModel(load_plain(Path(folder), kind="assertion", digest=digest))
