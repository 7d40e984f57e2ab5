"""A patient's findings as the predicates look at them: by kind, latest first, with age and windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from chartsift.nlp.types import Evidence, Finding, NoteInfo, Patient, Stance


def age_in_years(born: date, as_of: date) -> int:
    """Return the age in completed years; a birthday on 29 February falls on 1 March in other years."""
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Chart:
    """
    One patient as of one day.

    Attributes:
        patient: Who.
        as_of: Day of screening.
        notes: Notes on or before that day, oldest first.
        findings: Findings of those notes.
    """

    patient: Patient
    as_of: date
    notes: tuple[NoteInfo, ...]
    findings: tuple[Finding, ...]
    _by_kind: dict[str, list[Finding]] = field(default_factory=dict)
    _note_dates: dict[str, date] = field(default_factory=dict)

    @classmethod
    def build(
        cls, patient: Patient, notes: Sequence[NoteInfo], findings: Sequence[Finding], as_of: date
    ) -> Chart:
        """Return the chart of *patient* on *as_of*; later notes and their findings are left out."""
        kept = tuple(
            sorted((n for n in notes if n.note_date <= as_of), key=lambda n: (n.note_date, n.note_id))
        )
        known = {note.note_id: note.note_date for note in kept}
        inside = tuple(f for f in findings if f.note_id in known)
        by_kind: dict[str, list[Finding]] = defaultdict(list)
        for finding in inside:
            by_kind[finding.kind].append(finding)
        for group in by_kind.values():
            group.sort(key=lambda f: (f.date, known[f.note_id], f.start), reverse=True)
        return cls(patient, as_of, kept, inside, dict(by_kind), known)

    def of(
        self, kind: str, concepts: Iterable[str] | None = None, *, assertions: Iterable[str] | None = None
    ) -> list[Finding]:
        """Return the findings of *kind*, latest first, of the given concepts and assertions."""
        found = self._by_kind.get(kind, [])
        if concepts is not None:
            wanted = frozenset(concepts)
            found = [f for f in found if f.concept in wanted]
        if assertions is not None:
            held = frozenset(assertions)
            found = [f for f in found if f.assertion in held]
        return list(found)

    def note_date(self, finding: Finding) -> date:
        """Return the date of the note that *finding* stands in."""
        return self._note_dates[finding.note_id]

    def age_days(self, finding: Finding) -> int:
        """Return how many days before the screening date *finding* speaks for (0 for later dates)."""
        return max(0, (self.as_of - finding.date).days)

    def lapses_on(self, finding: Finding, window_days: int) -> date:
        """Return the last day on which *finding* is inside a window of *window_days* before screening."""
        return finding.date + timedelta(days=window_days)

    @property
    def last_note(self) -> NoteInfo | None:
        """The latest note."""
        return self.notes[-1] if self.notes else None


def evidence(finding: Finding, stance: Stance, reason: str = "") -> Evidence:
    """Return *finding* as evidence; a set-aside one must say why."""
    if stance == "set_aside" and not reason:
        raise ValueError("a finding is set aside for a reason")
    return Evidence(finding, stance, reason)
