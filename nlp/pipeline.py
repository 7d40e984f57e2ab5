"""
From a note to its findings: the one function that the batch run, the command line and the web all call.

The pipeline is spaCy's and medspaCy's (TargetMatcher, ConText) with chartsift's own tokenizer, sentences,
sections and readers. A ``Doc`` never leaves the process; plain findings do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from importlib import metadata
from operator import attrgetter
from pathlib import Path
from typing import Literal, cast

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import registry

from chartsift.nlp.components import READERS, findings, register_components
from chartsift.nlp.components.axes import axes_of
from chartsift.nlp.components.concepts import SPAN_GROUP, Concepts
from chartsift.nlp.components.context import Context
from chartsift.nlp.components.passages import NoteFacts, Passages
from chartsift.nlp.components.sections import Sections
from chartsift.nlp.learned import COMPONENTS, RATERS, ModelUse, Rater, models_in_use
from chartsift.nlp.text.layout import Layout, LazyLayout
from chartsift.nlp.text.prefilter import Prefilter, Scan, opened
from chartsift.nlp.text.quotes import clause_around
from chartsift.nlp.text.tokens import ClinicalTokenizer, token_range
from chartsift.nlp.types import Finding, MentionContext, Note, Provenance
from chartsift.nlp.values import maker

_made = maker(Finding)
_provenance = maker(Provenance)
# Components that stand before the readers.
_FIRST = ("sentences", "sections", "concepts", "context")
# Longest text a Doc may hold, in code points. Notes are megabytes at most; the limit only stops a file that is no note.
MAX_NOTE_LENGTH = 20_000_000


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """
    What can be set about reading.

    Attributes:
        readers: Names of the readers to run, in order; empty for all.
        mode: "fast" reads only where the words of a reader stand; "whole" tries everything everywhere, to prove that
            the fast way loses nothing. The findings are the same.
        models: The learned models at work; empty for the rules alone.
    """

    readers: tuple[str, ...] = ()
    mode: Literal["fast", "whole"] = "fast"
    models: tuple[ModelUse, ...] = ()


class Pipeline:
    """
    Reads one note at a time; holds no state between notes.

    ``rater`` gives verdicts their calibrated confidence; None where no such model is in use.
    """

    def __init__(self, nlp: Language, config: PipelineConfig, rater: Rater | None = None) -> None:
        self.nlp = nlp
        self.config = config
        self._concepts: Concepts = nlp.get_pipe("chartsift_concepts")  # type: ignore[assignment]
        self._context: Context = nlp.get_pipe("chartsift_context")  # type: ignore[assignment]
        self._sections: Sections = nlp.get_pipe("chartsift_sections")  # type: ignore[assignment]
        readers = [(name.removeprefix("chartsift_"), component) for name, component in nlp.pipeline]
        self._readers = [component for name, component in readers if name not in _FIRST]
        # Most notes of an archive hold no mention, and then every call counts.
        needing = {reader.name for reader in READERS if reader.needs_mention}
        self._readers_of_text = [
            component for name, component in readers if name not in _FIRST and name not in needing
        ]
        self._prefilter = Prefilter(self._concepts.phrases.words) if config.mode == "fast" else None
        self.rater = rater

    def extract(self, note: Note) -> list[Finding]:
        """
        Return the findings of *note*, sorted by where they stand.

        For every finding, ``note.text[start:end] == text``.
        """
        if self._prefilter is None:
            return _findings(note, self.read(note))
        with opened(self._prefilter, note.text) as scan:
            return _findings(note, self._read_where_it_matters(note, scan))

    def _read_where_it_matters(self, note: Note, scan: Scan) -> Doc:
        """Return the note as its readers see it, with the concepts and the cues that ``read`` finds by a ``Doc``."""
        layout = LazyLayout(note.text, self._sections.find)
        held = Passages(NoteFacts(layout, note.note_date), self._concepts.find(scan, layout))
        mentions = held.spans[SPAN_GROUP]
        if mentions:
            self._context.link_mentions(layout, mentions)
        # Readers ask of a Doc and its spans no more than these have.
        doc = cast(Doc, held)
        for reader in self._readers if mentions else self._readers_of_text:
            doc = reader(doc)
        return doc

    def read(self, note: Note) -> Doc:
        """Return the annotated Doc of *note*, for a closer look than its findings give."""
        doc = self.nlp.make_doc(note.text)
        doc._.note_date = note.note_date
        return self.nlp(doc)

    def fingerprint(self) -> str:
        """Return a SHA-256 (hexadecimal) of code, vocabulary, configuration and the libraries that read."""
        versions = {name: metadata.version(name) for name in ("chartsift", "spacy", "medspacy")}
        # Of a model its digest, not the place where it lies.
        config = asdict(self.config) | {"models": [(use.kind, use.digest) for use in self.config.models]}
        content = {"versions": versions, "code": code_digest(), "config": config}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def build_pipeline(config: PipelineConfig | None = None) -> Pipeline:
    """
    Return a ready pipeline; without *config* all readers, and the models that are in use here.

    Raises:
        RuleError: A vocabulary file is invalid, or the journal of models cannot be read (RU230).
        ChartsiftError: A model in use is refused (codes MO5xx).
    """
    config = config or PipelineConfig(models=models_in_use())
    readers = [reader.name for reader in READERS if not config.readers or reader.name in config.readers]
    nlp = _language(*_FIRST, *readers, "lexicon_findings", "corrections")
    rater: Rater | None = None
    for use in config.models:
        if use.kind in COMPONENTS:
            nlp.add_pipe(COMPONENTS[use.kind], config={"folder": use.folder, "digest": use.digest})
        elif use.kind in RATERS:
            rater = registry.misc.get(RATERS[use.kind])(use.folder, use.digest)
    return Pipeline(nlp, config, rater)


def read_context(text: str, start: int, end: int, *, note_date: date | None = None) -> MentionContext:
    """
    Return how *text* holds the mention ``text[start:end]``: any words, whether the vocabulary knows them or not.

    >>> context = read_context("No history of stroke.", 14, 20)
    >>> context.negated, context.historical, context.experiencer
    (True, True, 'patient')

    Args:
        text: A sentence, or a whole note: then its sections count as well.
        start: First code point of the mention.
        end: One past its last code point.
        note_date: The day that the text speaks for, which tells whether "in 2019" is past. Without it every
            bare year is.

    Raises:
        ValueError: There is no word at this place of the text.
        RuleError: A vocabulary file is invalid.
    """
    return axes_of(context_span(text, start, end, note_date=note_date))


def context_span(text: str, start: int, end: int, *, note_date: date | None = None) -> Span:
    """Return the mention as ``read_context`` sees it: a Span whose Doc knows its layout and whose cues are linked."""
    nlp = _context_pipeline()
    doc = nlp.make_doc(text)
    doc._.note_date = note_date
    first, last = token_range(doc, start, end)
    if first == last:
        raise ValueError("no word between start and end")
    for name in ("chartsift_sentences", "chartsift_sections"):
        doc = nlp.get_pipe(name)(doc)
    span = Span(doc, first, last, label="MENTION")
    context: Context = nlp.get_pipe("chartsift_context")  # type: ignore[assignment]
    context.link(doc, [span])
    return span


@lru_cache(maxsize=1)
def _context_pipeline() -> Language:
    """Return the components that ``read_context`` needs; concepts and readers stay out."""
    return _language("sentences", "sections", "context")


def _language(*components: str) -> Language:
    """Return spaCy's English with chartsift's tokenizer and *components*."""
    register_components()
    nlp = spacy.blank("en")
    nlp.tokenizer = ClinicalTokenizer(nlp.vocab)
    nlp.max_length = MAX_NOTE_LENGTH
    for name in components:
        nlp.add_pipe(f"chartsift_{name}")
    return nlp


@lru_cache(maxsize=1)
def code_digest() -> str:
    """
    Return the SHA-256 of the installed code, vocabulary, trials and templates of ``chartsift.nlp``.

    A version number alone would take results of yesterday's code for those of today's.
    """
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".yaml", ".html"):
            digest.update(path.relative_to(root).as_posix().encode("utf-8") + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _distinct(drafts: Iterable[findings.Draft]) -> list[findings.Draft]:
    """Keep the best-scored of drafts that say the same thing of the same words."""
    best: dict[tuple[int, int, str, str], findings.Draft] = {}
    for draft in drafts:
        kept = best.setdefault((draft.start, draft.end, draft.kind, draft.concept), draft)
        if kept is not draft and draft.score > kept.score:
            best[draft.start, draft.end, draft.kind, draft.concept] = draft
    return list(best.values())


def _findings(note: Note, doc: Doc) -> list[Finding]:
    facts = doc._
    drafts = facts.drafts
    if not drafts:
        return []
    layout: Layout = facts.layout
    # Asked once a note: hardly any holds copied or templated text.
    is_marked = layout.is_marked()
    made = [_finding(note, layout, draft, is_marked=is_marked) for draft in _distinct(drafts)]
    return sorted(made, key=attrgetter("start", "end", "kind", "concept"))


def _finding(note: Note, layout: Layout, draft: findings.Draft, *, is_marked: bool) -> Finding:
    text, start, end = note.text, draft.start, draft.end
    attributes = draft.attributes
    if is_marked:
        attributes = dict(attributes)
        if layout.is_copied(start):
            attributes["copied"] = "yes"
        if layout.is_templated(start):
            attributes["templated"] = "yes"
    clause = clause_around(layout, start, end)
    day = draft.date
    if day is not None and day > note.note_date:
        day = findings.day_of_result(draft.kind, day, note.note_date)
    # By place, in the order of the fields: by name, so many take nearly twice as long to hand over.
    return _made(
        note.patient_id,
        note.note_id,
        start,
        end,
        text[start:end],
        draft.kind,
        draft.concept,
        draft.assertion,
        day or note.note_date,
        draft.value,
        draft.unit,
        draft.comparator,
        draft.ref_low,
        draft.ref_high,
        draft.flag,
        "text" if day else "note",
        layout.section_at(start).category,
        draft.score,
        _provenance(draft.rule, draft.cues),
        text[clause.start : clause.end],
        clause.start,
        tuple(sorted(attributes.items())) if attributes else (),
    )
