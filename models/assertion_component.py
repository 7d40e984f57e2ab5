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

    def __init__(self, models: Mapping[str, Any]) -> None:
        self._models = models

    def __call__(self, doc: Doc) -> Doc:
        from chartsift.annotations.vocabulary import HEADLINE_KINDS  # noqa: PLC0415 - see the module's words
        from chartsift.models.learning import predict  # noqa: PLC0415
        from chartsift.models.mention_features import mention_features  # noqa: PLC0415
        from chartsift.nlp.components.axes import axes_of  # noqa: PLC0415
        from chartsift.nlp.components.concepts import SPAN_GROUP  # noqa: PLC0415
        from chartsift.nlp.text.tokens import source_range  # noqa: PLC0415

        drafts = doc._.drafts or []
        chosen = [n for n, d in enumerate(drafts) if d.kind in HEADLINE_KINDS and d.assertion != "possible"]
        if not chosen:
            return doc
        spans = [(source_range(span), span) for span in doc.spans[SPAN_GROUP]]
        numbers, features = [], []
        for number in chosen:
            draft = drafts[number]
            span = next((s for (a, b), s in spans if a < draft.end and draft.start < b), None)
            if span is not None:
                numbers.append(number)
                features.append(
                    mention_features(span, axes_of(span))
                    | {"charts": 1.0, f"draft={draft.assertion}": 1.0, f"mention={draft.kind}": 1.0}
                )
        held = {axis: predict(model, features) for axis, model in self._models.items()}
        for row, number in enumerate(numbers):
            chances = {axis: float(values[row]) for axis, values in held.items()}
            if any(1 - _SURE < chance < _SURE for chance in chances.values()):
                continue
            assertion: Any = next(
                (word for axis, word in _ASSERTION_OF if chances.get(axis, 0.0) >= _SURE), "present"
            )
            if assertion != drafts[number].assertion:
                drafts[number] = replace(drafts[number], assertion=assertion, rule="model:assertion")
        return doc


@Language.factory("chartsift_assertion_model", default_config={"folder": "", "digest": ""})
def make_component(nlp: Language, name: str, folder: str, digest: str) -> Callable[[Doc], Doc]:
    """
    Return the component of an artefact.

    Raises:
        ModelError: the artefact is refused (MO511 to MO515).
    """
    from chartsift.models.store import load  # noqa: PLC0415

    del nlp, name  # spaCy gives them, whether they are needed or not
    return AssertionModel(load(Path(folder), kind="assertion", digest=digest).estimator)
