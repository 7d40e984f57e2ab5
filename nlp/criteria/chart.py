"""A patient's findings as the predicates look at them: by kind, latest first, with age and windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, KeysView, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from chartsift.nlp.criteria.clock import Turn
from chartsift.nlp.types import Assertion, Evidence, Finding, NoteInfo, Patient, Stance


def age_in_years(born: date, as_of: date) -> int:
    """Return the age in completed years; a birthday on 29 February falls on 1 March in other years."""
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Chart:
    """
    One patient as of one day.

    A predicate that compares a day with the screening day asks ``is_within``, ``has_come`` or ``is_past``, never
    ``as_of`` itself: each answer notes down the day on which it changes, and from that follows, without a second
    set of rules, until when a verdict holds (see ``clock``).

    Attributes:
        patient: Who.
        as_of: Day of screening.
        notes: Notes on or before that day, oldest first.
        findings: Findings of those notes.
        corrected: Those of them that their own note takes back or corrects; no question finds them.
        doubtful: Those that a correction may or may not mean.
        turns: The days on which the answers given so far change.
    """

    patient: Patient
    as_of: date
    notes: tuple[NoteInfo, ...]
    findings: tuple[Finding, ...]
    _by_kind: dict[str, list[Finding]] = field(default_factory=dict)
    _note_dates: dict[str, date] = field(default_factory=dict)
    corrected: tuple[Finding, ...] = ()
    doubtful: tuple[Finding, ...] = ()
    turns: list[Turn] = field(default_factory=list)

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
        corrected: list[Finding] = []
        for finding in inside:
            (corrected if finding.attribute("corrected") else by_kind[finding.kind]).append(finding)
        for group in by_kind.values():
            group.sort(key=lambda f: (f.date, known[f.note_id], f.start), reverse=True)
        doubtful = tuple(f for f in inside if f.attribute("doubtful") and not f.attribute("corrected"))
        return cls(patient, as_of, kept, inside, dict(by_kind), known, tuple(corrected), doubtful)

    @property
    def kinds(self) -> KeysView[str]:
        """The kinds of which there are findings that questions find."""
        return self._by_kind.keys()

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

    def at(self, day: date) -> Chart:
        """Return the same notes and findings as they stand on another *day*, with no new note since."""
        return replace(self, as_of=day, turns=[])

    def without_doubtful(self) -> Chart:
        """Return the same chart as if every correction that may mean a finding did mean it."""
        kept = {
            kind: [f for f in group if not f.attribute("doubtful")] for kind, group in self._by_kind.items()
        }
        return replace(self, _by_kind=kept, doubtful=())

    def is_within(self, what: Finding | date, days: int, *, of: Finding | None = None) -> bool:
        """
        Say whether *what* lies at most *days* before the screening day; what is dated later counts as today's.

        *of* names the finding where *what* is a day, for the words that say what lapses.
        """
        finding, day = (of, what) if isinstance(what, date) else (what, what.date)
        last = day + timedelta(days=days)
        if last < self.as_of:
            return False
        self.turns.append(Turn(last, "lapses", finding))
        return True

    def has_come(self, day: date, *, words: str = "") -> bool:
        """Say whether *day* is the screening day or before it; *words* tell what happens on it."""
        if day <= self.as_of:
            return True
        self.turns.append(Turn(day - timedelta(days=1), words or f"a value dated {day} counts", None))
        return False

    def is_past(self, day: date, *, of: Finding | None = None) -> bool:
        """Say whether *day* is before the screening day, as the last day of a course of treatment *of* something."""
        if day < self.as_of:
            return True
        self.turns.append(Turn(day, "ends", of))
        return False

    def age_days(self, finding: Finding) -> int:
        """Return how many days old *finding* is (0 for later dates): for words; a decision asks ``is_within``."""
        return max(0, (self.as_of - finding.date).days)

    def is_soon(self, day: date, days: int) -> bool:
        """Say whether *day* comes within *days* after the screening day: for flags, which decide nothing."""
        return 0 < (day - self.as_of).days <= days

    @property
    def last_note(self) -> NoteInfo | None:
        """The latest note."""
        return self.notes[-1] if self.notes else None


# Why a mention is no statement of fact on the patient today, by how the note holds it.
NOT_A_FACT: dict[Assertion, str] = {
    "absent": "denied",
    "possible": "only suspected",
    "hypothetical": "planned or conditional",
    "historical": "past and over",
    "family": "someone else's",
}


def evidence(finding: Finding, stance: Stance, reason: str = "") -> Evidence:
    """Return *finding* as evidence; a set-aside one must say why."""
    return Evidence(finding, stance, reason)
