"""A patient's findings as the predicates look at them: by kind, latest first, with age and windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from chartsift.nlp.criteria.clock import Turn
from chartsift.nlp.types import Assertion, Evidence, Finding, NoteInfo, Patient, Stance
from chartsift.nlp.values import maker

if TYPE_CHECKING:
    from chartsift.nlp.criteria.silence import Silence

_T = TypeVar("_T")
_G = TypeVar("_G")
# So many findings are looked through faster than an index of them is made.
_FEW = 8
_turn = maker(Turn)
_CONTAINERS = (tuple, list, frozenset)
# The attributes of a finding that its own note takes back, or perhaps does.
_MARKS = frozenset({"corrected", "doubtful"})


def age_in_years(born: date, as_of: date) -> int:
    """Return the age in completed years; a birthday on 29 February falls on 1 March in other years."""
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


# What a question came to, and the days for which that holds, up to the earliest of its turns: the day on which it was
# asked, the last day on which it comes to the same, what it was asked with, the turns that asking it noted down, and
# the answer. A bare tuple, for each chart makes a dozen of them.
_Answer = tuple[date, date, Any, tuple[Turn, ...], Any]


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
        kinds: The kinds of which there are findings that questions find.
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
    # Findings of a kind by concept, for kinds with many; made when first asked for.
    _by_concept: dict[str, dict[str, list[Finding]]] = field(default_factory=dict)
    _note_types: dict[str, str] = field(default_factory=dict)
    _known: dict[Callable[..., Any], list[_Answer]] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()

    @classmethod
    def build(
        cls, patient: Patient, notes: Sequence[NoteInfo], findings: Sequence[Finding], as_of: date
    ) -> Chart:
        """Return the chart of *patient* on *as_of*; later notes and their findings are left out."""
        inside_days = [n for n in notes if n.note_date <= as_of]
        if len(inside_days) > 1:
            inside_days.sort(key=lambda n: (n.note_date, n.note_id))
        kept = tuple(inside_days)
        known = {note.note_id: note.note_date for note in kept}
        inside = tuple([f for f in findings if f.note_id in known])
        by_kind: dict[str, list[Finding]] = defaultdict(list)
        corrected: list[Finding] = []
        doubtful: list[Finding] = []
        for finding in inside:
            # Every finding is looked at here, and next to none is marked.
            for name, _ in finding.attributes:
                if name in _MARKS:
                    break
            else:
                by_kind[finding.kind].append(finding)
                continue
            if finding.attribute("corrected"):
                corrected.append(finding)
                continue
            if finding.attribute("doubtful"):
                doubtful.append(finding)
            by_kind[finding.kind].append(finding)
        for group in by_kind.values():
            if len(group) > 1:
                group.sort(key=lambda f: (f.date, known[f.note_id], f.start), reverse=True)
        return _chart(
            patient,
            as_of,
            kept,
            inside,
            dict(by_kind),
            known,
            tuple(corrected),
            tuple(doubtful),
            kinds=frozenset(by_kind),
        )

    def of(
        self, kind: str, concepts: Iterable[str] | None = None, *, assertions: Iterable[str] | None = None
    ) -> list[Finding]:
        """Return the findings of *kind*, latest first, of the given concepts and assertions."""
        found = self._by_kind.get(kind)
        if not found:
            return []
        if concepts is None:
            found = found.copy()
        else:
            # A container is looked into as it is; what can be read only once becomes one.
            wanted = concepts if isinstance(concepts, _CONTAINERS) else frozenset(concepts)
            if len(found) <= _FEW:
                found = [f for f in found if f.concept in wanted]
            elif len(wanted) == 1:
                found = self._concepts_of(kind).get(next(iter(wanted)), []).copy()
            else:
                wanted = frozenset(wanted)
                found = [f for f in found if f.concept in wanted]
        if assertions is None or not found:
            return found
        held = assertions if isinstance(assertions, _CONTAINERS) else frozenset(assertions)
        return [f for f in found if f.assertion in held]

    def may_have(self, *kinds: str) -> bool:
        """Say whether it is worth asking for findings of *kinds*: False where there are none, whatever the question."""
        return not self.kinds.isdisjoint(kinds)

    def has(self, kind: str, concepts: AbstractSet[str] | None, assertions: AbstractSet[str] | None) -> bool:
        """Say whether ``of`` finds anything."""
        for finding in self._by_kind.get(kind, ()):
            if (concepts is None or finding.concept in concepts) and (
                assertions is None or finding.assertion in assertions
            ):
                return True
        return False

    def answers_nothing(self, silence: Silence) -> bool:
        """Say whether every question of *silence* finds nothing here, so that its outcome is that of this chart."""
        return silence.holds_for(self)

    def once(
        self,
        question: Callable[[Chart, _G], _T],
        given: _G,
        *,
        same: Callable[[Any, Any], bool] | None = None,
    ) -> _T:
        """
        Return ``question(chart, given)``, worked out once for all who ask with the *same* given.

        As ``clock`` has it, an answer is the same up to the earliest turn that finding it noted down. Until that day
        it is given again, turns included. Words that count days are then those of the day on which it was found, so
        that they are shown of the screening day alone.

        Args:
            question: Depends on the chart and on *given* only; whoever gets its answer leaves it as it is.
            given: What it is asked with.
            same: Tells whether two of those are the same; by default one object.
        """
        day, turns = self.as_of, self.turns
        answers = self._known.get(question)
        if answers is None:
            answers = self._known[question] = []
        else:
            for first, last, asked_with, noted, known in answers:
                if (asked_with is given or (same is not None and same(asked_with, given))) and (
                    first <= day <= last
                ):
                    if noted:
                        turns.extend(noted)
                    what: _T = known
                    return what
        before = len(turns)
        what = question(self, given)
        if len(turns) == before:
            answers.append((day, date.max, given, (), what))
        else:
            own = tuple(turns[before:])
            answers.append((day, min([turn.last for turn in own]), given, own, what))
        return what

    def _concepts_of(self, kind: str) -> dict[str, list[Finding]]:
        """Return the findings of *kind* by concept."""
        known = self._by_concept.get(kind)
        if known is None:
            known = self._by_concept[kind] = defaultdict(list)
            for finding in self._by_kind[kind]:
                known[finding.concept].append(finding)
        return known

    def note_date(self, finding: Finding) -> date:
        """Return the date of the note that *finding* stands in."""
        return self._note_dates[finding.note_id]

    def note_type(self, finding: Finding) -> str:
        """Return the type of the note that *finding* stands in."""
        if not self._note_types:
            self._note_types.update((note.note_id, note.note_type) for note in reversed(self.notes))
        return self._note_types[finding.note_id]

    def at(self, day: date) -> Chart:
        """Return the same notes and findings as they stand on another *day*, with no new note since."""
        return _chart(
            self.patient,
            day,
            self.notes,
            self.findings,
            self._by_kind,
            self._note_dates,
            self.corrected,
            self.doubtful,
            [],
            self._by_concept,
            self._note_types,
            self._known,
            self.kinds,
        )

    def without_doubtful(self) -> Chart:
        """Return the same chart as if every correction that may mean a finding did mean it."""
        kept = {
            kind: [f for f in group if not f.attribute("doubtful")] for kind, group in self._by_kind.items()
        }
        return _chart(
            self.patient,
            self.as_of,
            self.notes,
            self.findings,
            kept,
            self._note_dates,
            self.corrected,
            (),
            self.turns,
            {},
            self._note_types,
            kinds=self.kinds,
        )

    def is_within(self, what: Finding | date, days: int, *, of: Finding | None = None) -> bool:
        """
        Say whether *what* lies at most *days* before the screening day; what is dated later counts as today's.

        *of* names the finding where *what* is a day, for the words that say what lapses.
        """
        finding, day = (of, what) if isinstance(what, date) else (what, what.date)
        last = day + timedelta(days=days)
        if last < self.as_of:
            return False
        self.turns.append(_turn(last, "lapses", finding))
        return True

    def has_come(self, day: date, *, words: str = "") -> bool:
        """Say whether *day* is the screening day or before it; *words* tell what happens on it, as their {day}."""
        if day <= self.as_of:
            return True
        self.turns.append(_turn(day - timedelta(days=1), words or "a value dated {day} counts", None))
        return False

    def is_past(self, day: date, *, of: Finding | None = None) -> bool:
        """Say whether *day* is before the screening day, as the last day of a course of treatment *of* something."""
        if day < self.as_of:
            return True
        self.turns.append(_turn(day, "ends", of))
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


_chart = maker(Chart)
_evidence = maker(Evidence)

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
    return _evidence(finding, stance, reason)
