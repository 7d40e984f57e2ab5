"""The spaCy components, one a file. ``READERS`` is the one list of readers, in the order in which they run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from chartsift.nlp.components.later import load_later


@dataclass(frozen=True, slots=True)
class Reader:
    """
    A component that turns concepts and text into drafts of findings.

    Attributes:
        name: Module under ``chartsift.nlp.components``; its factory is ``chartsift_<name>``.
        claims: Kinds of the lexicon that this reader turns into findings itself (or uses only as cues).
        needs_mention: It begins with mentions of the lexicon, and is not asked about a note without any.
    """

    name: str
    claims: frozenset[str] = frozenset()
    needs_mention: bool = False


READERS: tuple[Reader, ...] = (
    Reader("antibodies", frozenset({"antibody", "antibody_other", "antibody_panel"}), needs_mention=True),
    Reader("diagnoses", frozenset({"diagnosis", "mimic"}), needs_mention=True),
    Reader("cell_therapy", frozenset({"car_t", "cell_therapy"})),
    Reader("transplants", frozenset({"transplant", "graft_other", "transplant_history"})),
    Reader("contraindications", frozenset({"contraindication"})),
    Reader("labs", frozenset({"lab"}), needs_mention=True),
    Reader("measures", frozenset({"measure"}), needs_mention=True),
    Reader("ages"),
    Reader("muscle", frozenset({"strength", "function"})),
    Reader("activity", frozenset({"skin", "skin_damage", "disease_state"})),
    Reader("studies", frozenset({"study", "biopsy", "imaging", "emg"}), needs_mention=True),
    Reader("gradients"),
    Reader("biopsy_features"),
    Reader("onset", frozenset({"onset"})),
    Reader("treatments", frozenset({"treatment"}), needs_mention=True),
    Reader("heart_lung", frozenset({"pft", "echo", "ecg", "vital", "oxygen"}), needs_mention=True),
    Reader("infections", frozenset({"infection", "antimicrobial"}), needs_mention=True),
    Reader("organs", frozenset({"organ_disease"}), needs_mention=True),
)


def claimed_kinds() -> frozenset[str]:
    """Return the kinds that readers turn into findings themselves."""
    return frozenset().union(*(reader.claims for reader in READERS))


def register_components() -> None:
    """Import every component, which registers its factory with spaCy."""
    for name in (
        "sentences",
        "sections",
        "concepts",
        "context",
        "findings",
        "corrections",
        *(reader.name for reader in READERS),
    ):
        import_module(f"chartsift.nlp.components.{name}")


# medspaCy imports QuickUMLS, which imports nltk for words that only its own matcher asks for; with it come scipy, pandas
# and scikit-learn, which took half of the time until the first note.
load_later("nltk")
