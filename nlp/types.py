"""
The value types that travel through chartsift. Standard library only.

Offsets everywhere are half-open ranges of Unicode code points of the note text exactly as received, or as taken out
of a document: ``note.text[finding.start:finding.end] == finding.text``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from operator import attrgetter
from typing import Literal

Assertion = Literal["present", "absent", "possible", "hypothetical", "historical", "family"]
Status = Literal["met", "not_met", "unknown"]
Basis = Literal["documented", "no_mention", "conflicting", "insufficient", "judgement"]
Stance = Literal["for", "against", "set_aside"]
CriterionKind = Literal["inclusion", "exclusion"]
CohortStatus = Literal["eligible", "ineligible", "undetermined"]
Comparator = Literal["<", "<=", "=", ">=", ">", "~"]
Experiencer = Literal["patient", "family", "other"]
Sex = Literal["F", "M", "X"]
DateSource = Literal["text", "note"]
ItemState = Literal["present", "absent", "undocumented"]
ScoreVerdict = Literal["classifies", "undecided", "cannot_classify"]

RESULT_KINDS = frozenset({"antibody", "lab", "measure", "pft", "echo", "ecg", "vital", "strength", "oxygen"})
"""Kinds of finding that are a result: one that is taken back says nothing, where a fact of history that is says no."""


@dataclass(frozen=True, slots=True)
class Note:
    """
    One clinical note as received.

    Attributes:
        patient_id: The site's identifier of the patient.
        note_id: Identifier of the note, unique within the patient.
        note_date: The day the note speaks for (the site's calendar, no time zone).
        note_type: Free text such as "Discharge summary"; may be empty.
        text: The text, never normalised: as received, or as taken out of a document.
        source: Where it was read from (file name, row), for error messages; may be empty.
        origin: What the text was taken out of ("pdf", "html in fhir"); empty when it is the input's own text, so
            that offsets count in the input itself.
        pages: Where each page of the document begins in ``text``; empty for formats without pages.
    """

    patient_id: str
    note_id: str
    note_date: date
    note_type: str
    text: str
    source: str = ""
    origin: str = ""
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteInfo:
    """
    What is kept of a note without holding its text.

    ``length`` is in code points; ``pages`` says where each page begins, as in ``Note``.
    """

    note_id: str
    note_date: date
    note_type: str
    length: int
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Patient:
    """
    One patient.

    Attributes:
        patient_id: The site's identifier.
        birth_date: Date of birth as recorded, if known.
        sex: "F", "M", "X" or None when not recorded.
        as_of: Day of screening; None means the date of the last note.
    """

    patient_id: str
    birth_date: date | None = None
    sex: Sex | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why a finding exists: the rule that made it and the context cues (their words) that set its assertion."""

    rule: str
    cues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MentionContext:
    """
    How a text holds a mention, axis by axis. The axes are independent, where an ``Assertion`` is one word for all:
    "no history of stroke in her family" denies, speaks of the past and of someone else.

    Attributes:
        negated: The text says that it is not, or was not, there.
        possible: The text leaves open whether it is there.
        hypothetical: It has not happened: planned, conditional, warned of.
        historical: The text places it in the past ("history of", "three years ago"), whether it is over or not.
        experiencer: Whose it is; "other" for a donor, a friend or another person who is no relative.
        cues: The words that say so, as (axis, words).
    """

    negated: bool = False
    possible: bool = False
    hypothetical: bool = False
    historical: bool = False
    experiencer: Experiencer = "patient"
    cues: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One mention in one note.

    Attributes:
        patient_id: Patient of the note.
        note_id: The note it stands in.
        start: First code point of the mention in the note text.
        end: One past the last code point.
        text: ``note.text[start:end]``.
        kind: What sort of thing ("diagnosis", "antibody", "lab", …; see docs/findings/).
        concept: Which one ("DM", "Jo-1", "CK", …).
        assertion: How the note holds it.
        value: Number read with the mention, in ``unit``; None when there is none.
        unit: Unit as canonical name ("U/L", "%", "g/dL", "years"); empty when unitless or unknown.
        comparator: Relation of the true value to ``value`` ("<" for "<20"); "=" for a plain value, "~" for
            an approximate one.
        ref_low: Lower limit of the laboratory's own reference range, in ``unit``.
        ref_high: Upper limit of the laboratory's own reference range, in ``unit``.
        flag: "H", "L", "N" or "" as printed or as stated in words.
        date: The day the finding speaks for: a date beside it if the text gives one, else the note's.
        date_source: "text" or "note", accordingly.
        section: Category of the section it stands in ("assessment", "family_history", …; "" when none).
        score: Confidence of the reading, 0 to 1.
        provenance: Rule and cues.
        quote: The clause or table row that a reviewer needs to see around the mention, verbatim; "" where the
            mention's own words are enough.
        quote_start: First code point of ``quote`` in the note text.
        attributes: Further facts as sorted (name, value) pairs of strings, e.g. ("severity", "severe").
    """

    patient_id: str
    note_id: str
    start: int
    end: int
    text: str
    kind: str
    concept: str
    assertion: Assertion
    date: date
    value: float | None = None
    unit: str = ""
    comparator: Comparator = "="
    ref_low: float | None = None
    ref_high: float | None = None
    flag: str = ""
    date_source: DateSource = "note"
    section: str = ""
    score: float = 1.0
    provenance: Provenance = field(default_factory=lambda: Provenance(""))
    quote: str = ""
    quote_start: int = 0
    attributes: tuple[tuple[str, str], ...] = ()

    def quoted(self) -> tuple[int, int, str]:
        """Return start, end and words to show for this finding: the quote, or the mention where there is none."""
        if not self.quote:
            return self.start, self.end, self.text
        return self.quote_start, self.quote_start + len(self.quote), self.quote

    def attribute(self, name: str) -> str:
        """Return the attribute *name*, or an empty string."""
        # A loop, for a generator takes twice as long, and the criteria ask a hundred thousand times a chart.
        for key, value in self.attributes:
            if key == name:
                return value
        return ""

    def __eq__(self, other: object) -> bool:
        """Say whether all fields are equal; two that are not the same nearly always stand in different places."""
        if other.__class__ is not self.__class__:
            return NotImplemented
        if self.start != other.start or self.note_id != other.note_id:
            return False
        return _fields_of(self) == _fields_of(other)

    def __hash__(self) -> int:
        """Return a hash of the place and of what stands there; all twenty fields would tell apart no more."""
        return hash((self.note_id, self.start, self.kind, self.concept))


_fields_of = attrgetter(*(f.name for f in fields(Finding)))


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    A finding as it bears on one criterion.

    ``for`` and ``against`` speak for and against the criterion being met; ``set_aside`` was read and left out
    of the decision, and ``reason`` says why (negated, family, planned, outdated, …). ``reason`` is never empty
    for a set-aside finding.
    """

    finding: Finding
    stance: Stance
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse to leave a finding out of a decision without saying why."""
        if self.stance == "set_aside" and not self.reason:
            raise ValueError("a finding is set aside for a reason")


@dataclass(frozen=True, slots=True)
class Search:
    """
    What was read for a criterion: the proof behind "no mention".

    Attributes:
        notes: How many notes.
        first: Date of the earliest of them; None without notes.
        last: Date of the latest.
        kinds: Kinds of finding that were looked for, as "kind" or "kind/concept".
        terms: How many words and phrases of the vocabulary stand for those kinds (numbers and grades, which are read
            by their form, are not counted).
        unread: Inputs of this patient that could not be read, by name where they have one.
    """

    notes: int
    first: date | None
    last: date | None
    kinds: tuple[str, ...]
    terms: int
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """
    One item of a classification score as the chart documents it.

    Attributes:
        item_id: Identifier within the score.
        label: A few words for a table.
        state: present, absent, or undocumented: the chart does not say enough.
        points: What the item adds when present, in the column that was used; 0 for one that only a subgroup asks.
        points_low: What it adds to the low end of the score.
        points_high: What it adds to the high end.
        reason: Why it is in this state, in words.
        value: What was read, where the state alone does not say it ("51 years").
        evidence: The findings behind it.
    """

    item_id: str
    label: str
    state: ItemState
    points: float
    points_low: float
    points_high: float
    reason: str = ""
    value: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """
    A classification score of one patient, as an interval: undocumented items absent, and present.

    Attributes:
        score_id: Which score.
        title: Its name.
        short: Its name in a few words.
        version: Version of the score.
        column: The column that was used ("with_biopsy").
        low: Points that are documented.
        high: Points if every undocumented item were present.
        probability_low: Probability of the low end, 0 to 1.
        probability_high: Probability of the high end, 0 to 1.
        label_low: Label of the low end in words.
        label_high: Label of the high end in words.
        verdict: "classifies" on documented evidence alone, "cannot_classify" whatever else is found, or "undecided".
        subgroups: Subgroups that the tree can come to, the documented one first; empty where the score cannot classify.
        items: Every item of the column, in the order of the score.
        open_items: Undocumented items, the weightiest first.
        decisive_items: Those of them that can move a label alone.
        flags: Codes that a reader should look at.
        summary: One sentence.
    """

    score_id: str
    title: str
    short: str
    version: str
    column: str
    low: float
    high: float
    probability_low: float
    probability_high: float
    label_low: str
    label_high: str
    verdict: ScoreVerdict
    subgroups: tuple[str, ...]
    items: tuple[ScoreItem, ...]
    open_items: tuple[str, ...]
    decisive_items: tuple[str, ...]
    flags: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """
    The verdict on one criterion of one cohort.

    Attributes:
        criterion_id: Identifier within the trial.
        kind: "inclusion" or "exclusion"; an exclusion that is ``met`` excludes the patient.
        status: met, not_met or unknown.
        basis: Why; ``documented`` always carries evidence.
        evidence: Both sides and what was set aside, most decisive first.
        flags: Short codes a reviewer should look at ("turns_18_on 2026-12-02", "score_not_reproduced").
        rationale: One or two sentences in words.
        confidence: 0 to 1.
        next_step: What would settle an unknown, for a coordinator to do; empty when decided.
        valid_until: Last day on which the verdict still holds by the trial's windows, given no new note; None when
            it does not lapse.
        changes_to: The status from the day after ``valid_until``; None when it does not lapse.
        search: What was read, where the verdict is that nothing speaks to the criterion.
        score: The classification score that supports it, where the trial names one and the chart speaks to it.
    """

    criterion_id: str
    kind: CriterionKind
    status: Status
    basis: Basis
    evidence: tuple[Evidence, ...] = ()
    flags: tuple[str, ...] = ()
    rationale: str = ""
    confidence: float = 1.0
    next_step: str = ""
    valid_until: date | None = None
    changes_to: Status | None = None
    search: Search | None = None
    score: ScoreResult | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown that leaves nobody anything to do, and half of a change."""
        if self.status == "unknown" and not self.next_step:
            raise ValueError("an unknown says what would settle it")
        if (self.valid_until is None) != (self.changes_to is None):
            raise ValueError("a verdict that lapses says on which day and to what")


@dataclass(frozen=True, slots=True)
class CohortResult:
    """
    The verdict on one cohort of a trial for one patient.

    ``applicable`` marks the cohort of the patient's age. ``missing`` names the criteria that are unknown,
    ``investigator_concern``-like judgements left out. ``score`` orders patients: higher is closer to eligible, 0 to 1.
    """

    patient_id: str
    trial_id: str
    trial_version: str
    cohort_id: str
    as_of: date
    applicable: bool
    status: CohortStatus
    criteria: tuple[CriterionResult, ...]
    missing: tuple[str, ...] = ()
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Problem:
    """
    An input, or a part of one, that could not be read or processed: a row of ``errors.parquet``.

    ``message`` says what is wrong and the remedy, and never holds note text.
    """

    source: str
    note_id: str
    code: str
    message: str
