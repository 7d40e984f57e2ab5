"""What the measurements say: medians, ratios, what must hold, the projected cost, and the tables for print and docs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

#: Contenders by name: chartsift as it is used, and its other ways to read.
DEFAULT, WHOLE, CANDIDATES = "chartsift", "chartsift, whole", "chartsift, candidates"
WAYS = (DEFAULT, WHOLE, CANDIDATES)
SCAN = "the scan alone"
MEDSPACY, EDSNLP = "medspaCy", "EDS-NLP"

#: What must hold of chartsift as it is used: corpus, other contender, times its speed.
RATIO_TARGETS = (("clinic", MEDSPACY, 30), ("clinic", EDSNLP, 3), ("dense", EDSNLP, 1))
PLAIN_TARGET, SCAN_AIM = 10_000, 100_000
MODEL_LIMIT = 10

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Line:
    """Medians of one contender on one corpus; ``rates`` holds notes/s of each repeat in turn."""

    contender: str
    corpus: str
    rates: tuple[float, ...]
    notes: int
    notes_per_second: float
    mb_per_second: float
    peak_mb: float
    first_result_seconds: float
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold, or that is only aimed at; ``value`` is None where it was not measured."""

    what: str
    value: float | None
    limit: float
    is_most: bool = False
    is_aim: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether it holds; None where it was not measured."""
        if self.value is None:
            return None
        return self.value <= self.limit if self.is_most else self.value >= self.limit

    @property
    def fails(self) -> bool:
        """Whether something that must hold does not."""
        return self.holds is False and not self.is_aim


@dataclass(frozen=True, slots=True)
class Besides:
    """
    What is measured besides speed on the corpora, one figure a repeat.

    Attributes:
        scaling: Times the speed of one worker that two have.
        most_scaling: The same of a loop in plain Python in the same minutes, which is about what the machine gives two processes.
        starts: Seconds on the clock of ``chartsift screen`` of one short note, from the command to its end.
        costs: By kind of model and corpus: share of the processor time without it that it takes on top.
    """

    scaling: Sequence[float] = ()
    most_scaling: Sequence[float] = ()
    starts: Sequence[float] = ()
    costs: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)


def with_model(kind: str) -> str:
    """Return the name of chartsift with a model in use."""
    return f"chartsift, {kind} in use"


def line_of(contender: str, corpus: str, answers: Sequence[Answer]) -> Line:
    """
    Return the medians over repeats.

    Raises:
        ValueError: repeats found different numbers of matches, so that they were not the same work.
    """
    counts = [dict(answer["counts"]) for answer in answers]
    if any(other != counts[0] for other in counts):
        raise ValueError(f"{contender} on {corpus}: repeats differ in what they found")
    rates = tuple(answer["notes"] / answer["seconds"] for answer in answers)
    return Line(
        contender,
        corpus,
        rates,
        answers[0]["notes"],
        median(rates),
        median(answer["bytes"] / 1e6 / answer["seconds"] for answer in answers),
        max(answer["peak_mb"] for answer in answers),
        median(answer["first_result_seconds"] for answer in answers),
        counts[0],
    )


def work_of(contender: str, corpus: str) -> tuple[str, ...]:
    """
    Return the counts that may not be zero where a contender did its work.

    Notes without a term hold nothing to find, and of patients without a sign of the disease candidates say just that:
    there the patients and criteria show that they were searched and decided.
    """
    if contender == SCAN:
        done: tuple[str, ...] = ("characters",)
    elif contender.startswith("chartsift"):
        done = ("patients", "criteria")
    else:
        done = ("tokens",)
    if contender == CANDIDATES and corpus != "dense":
        return done
    return done if corpus == "plain" else (*done, "matches")


def faults(lines: Sequence[Line]) -> list[str]:
    """Return what shows that a contender did not do its work, or other work than the same way to read does."""
    found = {(line.contender, line.corpus): line for line in lines}
    told = [
        f"{line.contender} counted no {name} in {line.corpus}: it did not do its work"
        for line in lines
        for name in work_of(line.contender, line.corpus)
        if not line.counts.get(name)
    ]
    told += [
        f"{line.contender} neither searched nor read anybody in {line.corpus}"
        for line in lines
        if line.contender == CANDIDATES and not (line.counts.get("searched") or line.counts.get("matches"))
    ]
    for line in lines:
        if line.counts.get("errors"):
            told.append(f"{line.contender} failed on notes of {line.corpus}")
        usual = found.get((DEFAULT, line.corpus))
        if usual is None or usual is line or usual.notes != line.notes:
            continue
        same: tuple[str, ...] = ()
        if line.contender in (WHOLE, with_model("confidence")):
            same = ("patients", "criteria", "matches", "absent")
        elif line.contender.startswith("chartsift"):
            same = ("patients", "criteria")
        told += [
            f"{line.contender} and {DEFAULT} count other {name} in {line.corpus}"
            for name in same
            if line.counts.get(name) != usual.counts.get(name)
        ]
        if (
            line.contender == with_model("confidence")
            and line.counts["confidence"] == usual.counts["confidence"]
        ):
            told.append(f"{line.contender} leaves every confidence in {line.corpus} as the rules have it")
    return told


def cost_share(kind: str, answer: Answer) -> float:
    """
    Return the share of processor time that a model takes on top, from what ``model_cost.py`` says of a corpus.

    Raises:
        ValueError: with and without were not the same patients, or the model did nothing.
    """
    done, without = answer["counts_with"], answer["counts_without"]
    if any(done[name] != without[name] for name in ("patients", "criteria")):
        raise ValueError(f"{kind}: other patients with the model than without")
    if kind == "confidence" and done["confidence"] == without["confidence"]:
        raise ValueError(f"{kind}: every confidence is as the rules have it")
    return float(answer["seconds"]["with"] / answer["seconds"]["without"] - 1)


def ratio(ours: Line | None, theirs: Line | None) -> float | None:
    """
    Return how many times as fast: the median of the ratios within each repeat.

    A slow quarter of an hour strikes both of a repeat; the ratio of two medians would take each from another one.
    """
    if ours is None or theirs is None:
        return None
    return median(our / their for our, their in zip(ours.rates, theirs.rates, strict=True))


def checks(lines: Sequence[Line], besides: Besides) -> list[Check]:
    """Return what must hold of chartsift as it is used, and what is aimed at."""
    found = {(line.contender, line.corpus): line for line in lines}
    ours = [line for line in lines if line.contender in (DEFAULT, *map(with_model, besides.costs))]
    plain, scan = found.get((DEFAULT, "plain")), found.get((SCAN, "plain"))
    made = [
        Check(
            f"{CORPUS_LABELS[corpus]}: times the speed of {other}",
            ratio(found.get((DEFAULT, corpus)), found.get((other, corpus))),
            limit,
        )
        for corpus, other, limit in RATIO_TARGETS
    ]
    made.append(
        Check(
            f"{CORPUS_LABELS['plain']}: notes/s a process",
            plain.notes_per_second if plain else None,
            PLAIN_TARGET,
        )
    )
    for kind, by_corpus in besides.costs.items():
        made += [
            Check(
                f"{CORPUS_LABELS[corpus]}: cost of {kind} in use, %",
                100 * median(costs),
                MODEL_LIMIT,
                is_most=True,
            )
            for corpus, costs in by_corpus.items()
        ]
    made += [
        Check("two workers: times the speed of one", _median(besides.scaling), 1.8),
        Check(
            "peak memory of a process, with and without a model, MB",
            max((line.peak_mb for line in ours), default=None),
            700,
            is_most=True,
        ),
        Check("`chartsift screen` of one note, start to end, s", _median(besides.starts), 6, is_most=True),
        Check(
            f"{CORPUS_LABELS['plain']}: notes/s of the scan alone",
            scan.notes_per_second if scan else None,
            SCAN_AIM,
            is_aim=True,
        ),
    ]
    return made


def cost(notes: int, notes_per_second: float, price_per_core_hour: float) -> tuple[float, float]:
    """
    Return core hours and their price for so many notes.

    >>> cost(3_600_000, 1000, 0.05)
    (1.0, 0.05)
    """
    hours = notes / notes_per_second / _SECONDS_PER_HOUR
    return hours, hours * price_per_core_hour


def render(
    lines: Sequence[Line], made: Sequence[Check], besides: Besides, *, price: float, about: str
) -> str:
    """Return the tables in Markdown."""
    parts = [
        about,
        *(_speeds(lines, corpus) for corpus in CORPORA),
        _ratios(lines),
        _costs(besides),
        _held(made),
        _most_scaling(besides),
    ]
    return "\n\n".join(part for part in [*parts, _projection(lines, price)] if part) + "\n"


def put_between_marks(document: str, figures: str, *, begin: str = BEGIN, end: str = END) -> str:
    """
    Return *document* with *figures* between its two marks.

    Raises:
        ValueError: a mark is missing or stands twice.
    """
    if document.count(begin) != 1 or document.count(end) != 1 or document.index(begin) > document.index(end):
        raise ValueError(f"the document needs the lines {begin!r} and {end!r} once each, in this order")
    before, _, rest = document.partition(begin)
    return f"{before}{begin}\n\n{figures}\n{end}{rest.partition(end)[2]}"


def _speeds(lines: Sequence[Line], corpus: str) -> str:
    of_corpus = [line for line in lines if line.corpus == corpus]
    if not of_corpus:
        return ""
    usual = next((line for line in of_corpus if line.contender == DEFAULT), None)
    out = [
        f"**{CORPUS_LABELS[corpus][0].upper()}{CORPUS_LABELS[corpus][1:]}**",
        "",
        f"| contender | notes | notes/s | MB/s | {DEFAULT} is | matches | of them negated | peak memory | first result |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for line in of_corpus:
        times = ratio(usual, line)
        absent = line.counts.get("absent")
        out.append(
            f"| {line.contender} | {line.notes:,} | {_number(line.notes_per_second)} "
            f"| {line.mb_per_second:.3g} | {f'{_number(times)} ×' if times else '–'} "
            f"| {line.counts['matches']:,} | {'–' if absent is None else f'{absent:,}'} "
            f"| {line.peak_mb:.0f} MB | {line.first_result_seconds:.1f} s |"
        )
    return "\n".join(out)


def _ratios(lines: Sequence[Line]) -> str:
    """Return each way to read against the others; what must hold is asked of the default alone."""
    found = {(line.contender, line.corpus): line for line in lines}
    targets = {(corpus, other): limit for corpus, other, limit in RATIO_TARGETS}
    columns = [
        (corpus, other) for corpus in CORPORA for other in (MEDSPACY, EDSNLP) if (other, corpus) in found
    ]
    ways = [way for way in WAYS if any((way, corpus) in found for corpus, _ in columns)]
    if not columns or not ways:
        return ""
    heads = [
        f"{corpus}: × {other}" + (f" (≥ {targets[corpus, other]})" if (corpus, other) in targets else "")
        for corpus, other in columns
    ]
    out = [
        "**Times the speed of the others**",
        "",
        f"| | {' | '.join(heads)} |",
        "|---" * (len(heads) + 1) + "|",
    ]
    for way in ways:
        values = [ratio(found.get((way, corpus)), found.get((other, corpus))) for corpus, other in columns]
        cells = ["–" if value is None else _number(value) for value in values]
        out.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join(out)


def _costs(besides: Besides) -> str:
    if not besides.costs:
        return ""
    names = [corpus for corpus in CORPORA if any(corpus in costs for costs in besides.costs.values())]
    out = [
        "**What a model in use costs**, in processor time, by turns in one process (median, least and most of the repeats)",
        "",
        f"| model | {' | '.join(CORPUS_LABELS[name] for name in names)} |",
        "|---" * (len(names) + 1) + "|",
    ]
    for kind, costs in besides.costs.items():
        cells = [
            f"{median(costs[name]):+.1%} ({min(costs[name]):+.1%} to {max(costs[name]):+.1%})"
            for name in names
        ]
        out.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(out)


def _held(made: Sequence[Check]) -> str:
    out = [f"| must hold of {DEFAULT} as it is used | measured | limit | |", "|---|---|---|---|"]
    for check in made:
        sign = "≤" if check.is_most else "≥"
        word = {True: "holds", False: "**does not hold**", None: "not measured"}[check.holds]
        if check.is_aim:
            word = {True: "reached", False: "not reached", None: "not measured"}[check.holds] + " (an aim)"
        value = "–" if check.value is None else _number(check.value)
        out.append(f"| {check.what} | {value} | {sign} {check.limit:,} | {word} |")
    return "\n".join(out)


def _most_scaling(besides: Besides) -> str:
    """Return what two processes have on the machine at all, beside what two workers have."""
    if not besides.scaling or not besides.most_scaling:
        return ""
    share = median(ours / most for ours, most in zip(besides.scaling, besides.most_scaling, strict=True))
    each = (", ".join(f"{value:.2f}" for value in got) for got in (besides.scaling, besides.most_scaling))
    ours, most = each
    return (
        f"Two workers, each repeat: {ours}. A loop in plain Python that shares nothing, in two processes in the same "
        f"minutes: {most}. That is about what this machine gives two processes; two workers had {share:.0%} of it."
    )


def _projection(lines: Sequence[Line], price: float) -> str:
    out = [
        (
            f"Projected for one core, at an assumed price of {price:g} a core hour "
            "(core hours = notes / (notes/s) / 3600; cost = core hours × price):"
        ),
        "",
        "| contender | corpus | 1 M notes | 100 M notes |",
        "|---|---|---|---|",
    ]
    for line in lines:
        if line.contender == SCAN:
            continue  # nobody reads an archive with it alone
        cells = []
        for notes in (1_000_000, 100_000_000):
            hours, amount = cost(notes, line.notes_per_second, price)
            cells.append(f"{_number(hours)} h, {_number(amount)}")
        out.append(f"| {line.contender} | {line.corpus} | {cells[0]} | {cells[1]} |")
    return "\n".join(out)


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
