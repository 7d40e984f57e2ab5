"""
The ``contraindications`` reader: fitness for leukapheresis, reactions to fludarabine and cyclophosphamide, allergies.

Reads: doc._.note_text, doc._.layout. Writes: doc._.drafts (kinds ``contraindication``, ``apheresis_access``,
``apheresis_risk``, ``allergy``).
"""

from __future__ import annotations

from spacy.tokens import Doc

from chartsift.nlp.components.allergy_lists import allergy_drafts, allergy_heads
from chartsift.nlp.components.apheresis_fitness import fitness_drafts
from chartsift.nlp.components.apheresis_risks import access_drafts, risk_drafts
from chartsift.nlp.components.drug_reactions import reaction_drafts
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import drafts_of
from chartsift.nlp.text.layout import Layout


class Contraindications:
    """Read what speaks against, or for, collecting cells and lymphodepletion."""

    def __init__(self) -> None:
        allergy_heads()  # its gate is there before the prefilter is made

    def __call__(self, doc: Doc) -> Doc:
        text: str = doc._.note_text
        layout: Layout = doc._.layout
        drafts = drafts_of(doc)
        drafts.extend(fitness_drafts(text, layout))
        drafts.extend(access_drafts(text, layout))
        drafts.extend(risk_drafts(text, layout))
        drafts.extend(reaction_drafts(text, layout))
        drafts.extend(allergy_drafts(text, layout))
        return doc


register("contraindications", lambda nlp: Contraindications())
