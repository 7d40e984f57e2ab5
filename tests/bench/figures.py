"""What the measurements say: medians, ratios, what must hold, the projected cost, and the tables for print and docs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Answer = Mapping[str, Any]

CORPORA = ("clinic", "plain", "dense")
#: What a corpus is, for the table.
CORPUS_LABELS = {
    "clinic": "general clinic notes",
    "plain": "notes without a term of the lexicon",
    "dense": "dense charts of myositis",
}
BEGIN, END = "<!-- figures: begin (make bench) -->", "<!-- figures: end -->"

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Line:
    """Medians of one contender on one corpus."""

    contender: str
    corpus: str
    repeats: int
    notes: int
    notes_per_second: float
    mb_per_second: float
    peak_mb: float
    first_result_seconds: float
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold; ``value`` is None where it was not measured."""

    what: str
    value: float | None
    limit: float
    is_most: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether it holds; None where it was not measured."""
        if self.value is None:
            return None
        return self.value <= self.limit if self.is_most else self.value >= self.limit


def line_of(contender: str, corpus: str, answers: Sequence[Answer]) -> Line:
    """
    Return the medians over repeats.

    Raises:
        ValueError: repeats found different numbers of matches, so that they were not the same work.
    """
    counts = [dict(answer["counts"]) for answer in answers]
    if any(other != counts[0] for other in counts):
        raise ValueError(f"{contender} on {corpus}: repeats differ in what they found")
    return Line(
        contender,
        corpus,
        len(answers),
        answers[0]["notes"],
        median(answer["notes"] / answer["seconds"] for answer in answers),
        median(answer["bytes"] / 1e6 / answer["seconds"] for answer in answers),
        max(answer["peak_mb"] for answer in answers),
        median(answer["first_result_seconds"] for answer in answers),
        counts[0],
    )


def checks(lines: Sequence[Line], *, default: str, scaling: float | None) -> list[Check]:
    """Return what must hold of the contender *default*; *scaling* is the speed of two workers against one."""
    found = {(line.contender, line.corpus): line for line in lines}

    def ratio(corpus: str, other: str) -> float | None:
        ours, theirs = found.get((default, corpus)), found.get((other, corpus))
        return ours.notes_per_second / theirs.notes_per_second if ours and theirs else None

    ours = [line for line in lines if line.contender == default]
    plain = found.get((default, "plain"))
    return [
        Check("clinic notes: times the speed of stock medspaCy", ratio("clinic", "medspaCy"), 30),
        Check("clinic notes: times the speed of EDS-NLP", ratio("clinic", "EDS-NLP"), 3),
        Check("notes without a term: notes/s a process", plain.notes_per_second if plain else None, 10_000),
        Check("dense charts: times the speed of EDS-NLP", ratio("dense", "EDS-NLP"), 1),
        Check("two workers: times the speed of one", scaling, 1.8),
        Check(
            "peak memory of a process, MB",
            max((line.peak_mb for line in ours), default=None),
            700,
            is_most=True,
        ),
        Check(
            "start-up to first result, s",
            min((line.first_result_seconds for line in ours), default=None),
            6,
            is_most=True,
        ),
    ]


def cost(notes: int, notes_per_second: float, price_per_core_hour: float) -> tuple[float, float]:
    """
    Return core hours and their price for so many notes.

    >>> cost(3_600_000, 1000, 0.05)
    (1.0, 0.05)
    """
    hours = notes / notes_per_second / _SECONDS_PER_HOUR
    return hours, hours * price_per_core_hour


def render(lines: Sequence[Line], made: Sequence[Check], *, default: str, price: float, about: str) -> str:
    """Return the tables in Markdown."""
    out = [about, ""]
    base = {line.corpus: line.notes_per_second for line in lines if line.contender == default}
    for corpus in CORPORA:
        of_corpus = [line for line in lines if line.corpus == corpus]
        if not of_corpus:
            continue
        out += [
            f"**{CORPUS_LABELS[corpus][0].upper()}{CORPUS_LABELS[corpus][1:]}**",
            "",
            f"| contender | notes | notes/s | MB/s | {default} is | matches | of them negated | peak memory | first result |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for line in of_corpus:
            times = base[corpus] / line.notes_per_second if corpus in base else None
            out.append(
                f"| {line.contender} | {line.notes:,} | {_number(line.notes_per_second)} "
                f"| {line.mb_per_second:.3g} | {f'{times:.3g} ×' if times else '–'} "
                f"| {line.counts['matches']:,} | {line.counts.get('absent', 0):,} "
                f"| {line.peak_mb:.0f} MB | {line.first_result_seconds:.1f} s |"
            )
        out.append("")
    out += ["| must hold | measured | limit | |", "|---|---|---|---|"]
    for check in made:
        sign = "≤" if check.is_most else "≥"
        word = {True: "holds", False: "**does not hold**", None: "not measured"}[check.holds]
        value = "–" if check.value is None else _number(check.value)
        out.append(f"| {check.what} | {value} | {sign} {check.limit:,} | {word} |")
    out += [
        "",
        (
            f"Projected for one core, at an assumed price of {price:g} a core hour "
            "(core hours = notes / (notes/s) / 3600; cost = core hours × price):"
        ),
        "",
        "| contender | corpus | 1 M notes | 100 M notes |",
        "|---|---|---|---|",
    ]
    for line in lines:
        cells = []
        for notes in (1_000_000, 100_000_000):
            hours, amount = cost(notes, line.notes_per_second, price)
            cells.append(f"{_number(hours)} h, {_number(amount)}")
        out.append(f"| {line.contender} | {line.corpus} | {cells[0]} | {cells[1]} |")
    return "\n".join(out) + "\n"


def put_between_marks(document: str, figures: str) -> str:
    """
    Return *document* with *figures* between its two marks.

    Raises:
        ValueError: a mark is missing or stands twice.
    """
    if document.count(BEGIN) != 1 or document.count(END) != 1 or document.index(BEGIN) > document.index(END):
        raise ValueError(f"the document needs the lines {BEGIN!r} and {END!r} once each, in this order")
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{figures}\n{END}{rest.partition(END)[2]}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
