"""Results in the terminal: patients by criteria, the words that decided, one patient in full. 100 columns suffice."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chartsift.nlp.screening import words
from chartsift.nlp.screening.words import Verdict, one_line

if TYPE_CHECKING:
    from chartsift.nlp.screening.results import PatientRows, RunResults

WIDTH = 100
MAX_PATIENTS = 30
MAX_QUOTES = 2
# As many as say what kind of thing went wrong; the table of errors has them all.
MAX_UNREAD = 5
_QUOTE_CHARS = 160
_ITEM_CHARS = 70
_HEADER_CHARS = 5
_PATIENT_CHARS = 14
_TERMS = 12

# Colour only repeats what sign and word say already.
_STYLES = {"fits": "green", "out": "red", "unknown": "yellow", "presumed": "dim", "judgement": "dim"}

Row = dict[str, Any]


def console() -> Console:
    """Return the console for stdout: as wide as the terminal, 100 columns where there is none."""
    return Console(
        file=sys.stdout,
        width=None if sys.stdout.isatty() else WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def show_run(results: RunResults) -> None:
    """Print patients by criteria, then the deciding words of each patient shown."""
    out = console()
    manifest = results.manifest
    screened = manifest["counts"]["patients_screened"]
    shown = results.patients(manifest["top_patients"][:MAX_PATIENTS])
    out.print(Text(one_line(manifest["trial"]["title"]), style="bold"))
    out.print(_totals(manifest))
    for cohort in manifest["trial"]["cohorts"]:
        patients = [patient for patient in shown if patient.cohort["cohort_id"] == cohort["cohort_id"]]
        if patients:
            out.print()
            out.print(Text(cohort["label"], style="bold"))
            _print_table(out, cohort["criteria"], patients)
    if shown:
        out.print()
        _print_legend(out)
        labels = results.labels()
        out.print()
        out.print(Text("The words that decided", style="bold"))
        for patient in shown:
            _print_deciding(out, patient, labels)
    if screened > len(shown):
        out.print()
        out.print(f"… and {screened - len(shown):,} more patients in cohorts.parquet and criteria.parquet")


def show_files(results: RunResults) -> None:
    """Print where the files are and how to look closer."""
    counts = results.manifest["counts"]
    print()
    print(
        f"{counts['patients_screened']:,} patients, {counts['notes_evaluated']:,} notes read, "
        f"{counts['findings']:,} findings; not read or left out: {counts['errors']:,}"
    )
    if first_pass := results.manifest.get("candidates"):
        text = words.no_sign_words(first_pass)
        print(one_line(text[0].upper() + text[1:]))
    print("Results:")
    for name, path in results.files().items():
        rows = results.manifest["rows"].get(path.stem) if path.suffix == ".parquet" else None
        print(f"  {path}" + (f"  ({rows:,} rows)" if rows is not None else "") + _file_hint(name))
    print(f"One patient in full: chartsift explain PATIENT {results.out}")


def show_unread(results: RunResults) -> None:
    """Print the first inputs that could not be read or were left out: what, code, and what is wrong and to be done."""
    unread = results.errors(most=MAX_UNREAD)
    if not unread:
        return
    total = results.manifest["counts"]["errors"]
    out = console()
    out.print()
    out.print(
        "Not read or left out:"
        if total <= MAX_UNREAD
        else f"Not read or left out, {MAX_UNREAD} of {total:,}:"
    )
    for row in unread:
        _print_indented(out, f"{one_line(row['source'])}: {row['code']}: {one_line(row['message'])}", 2)
    if total > MAX_UNREAD:
        print(f"  the others: {results.path('errors')}")


def show_patient(patient: PatientRows, labels: dict[str, str], *, criterion_id: str | None = None) -> None:
    """Print one patient in full: each criterion with verdict, both sides, what was set aside, and the next step."""
    out = console()
    cohort = patient.cohort
    unread = f", {cohort['notes_unread']} not read" if cohort["notes_unread"] else ""
    out.print(
        Text.assemble(
            (one_line(patient.patient_id), "bold"),
            f": {words.COHORT_WORDS[cohort['status']]} as of {cohort['as_of']} "
            f"({cohort['trial_id']}, {cohort['cohort_id']}; {cohort['notes_read']} notes read{unread})",
        )
    )
    out.print("A proposal from reading the notes, not a decision.")
    lapse = words.first_lapse(
        (labels[f"{row['cohort_id']}/{row['criterion_id']}"], row["valid_until"]) for row in patient.criteria
    )
    if lapse:
        out.print(lapse[0].upper() + lapse[1:] + ".")
    for row in patient.criteria:
        if criterion_id is not None and row["criterion_id"] != criterion_id:
            continue
        out.print()
        _print_verdict(out, row, labels, indent=0)
        if row["rationale"]:
            _print_indented(out, one_line(row["rationale"]), 4)
        for stance, name in words.STANCE_WORDS.items():
            for item in row["evidence"]:
                if item["stance"] == stance:
                    _print_quote(out, item, name=name, indent=4)
        if row["flags"]:
            _print_indented(out, "look at: " + _flags_in_words(row["flags"]), 4)
        if row["valid_until"]:
            _print_indented(out, words.lapse_words(row["valid_until"], row["changes_to"]), 4)
        if row["searched"]:
            _print_indented(out, "searched: " + one_line(words.search_words(**row["searched"])), 4)
            _print_indented(out, "terms: " + one_line(_some_terms(row)), 4)
        if row["next_step"]:
            _print_indented(out, f"next: {one_line(row['next_step'])}", 4)
        if (score := patient.score_of(row["criterion_id"])) is not None:
            _print_score(out, score)


def _flags_in_words(flags: list[str]) -> str:
    return one_line("; ".join(map(words.flag_words, flags)))


def _some_terms(row: Row) -> str:
    from chartsift.nlp.criteria.search import terms_of

    terms = terms_of(tuple(row["searched"]["kinds"]))
    if not terms:
        return "none; read by their form"
    more = f", … ({len(terms)}; --json lists them)" if len(terms) > _TERMS else ""
    return ", ".join(terms[:_TERMS]) + more


def sign_of(verdict: Verdict) -> str:
    """Return the sign of a verdict that this terminal can show."""
    try:
        verdict.sign.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return verdict.plain
    return verdict.sign


def header_of(label: str) -> str:
    """
    Return a criterion's label in two short lines, for the head of a narrow column.

    >>> header_of("Active infection")
    'Activ\\ninfec'
    >>> header_of("Lung/heart")
    'Lung/\\nheart'
    """
    first, _, rest = label.partition(" ")
    if not rest and len(first) > _HEADER_CHARS:
        cut = first.find("/") + 1 or _HEADER_CHARS
        first, rest = first[:cut], first[cut:]
    return f"{first[:_HEADER_CHARS]}\n{rest[:_HEADER_CHARS]}"


def _totals(manifest: dict[str, Any]) -> str:
    counts = manifest["cohort_status"]
    parts = [
        f"{sum(n for key, n in counts.items() if key.endswith('/' + status)):,} {text}"
        for status, text in words.COHORT_WORDS.items()
    ]
    if first_pass := manifest.get("candidates"):
        parts.append(
            f"{first_pass['patients_without_sign']:,} without a sign of {one_line(first_pass['of'])}"
        )
    return f"{manifest['counts']['patients_screened']:,} patients: " + ", ".join(parts)


def _print_table(out: Console, criteria: list[Row], patients: list[PatientRows]) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("\npatient", no_wrap=True, max_width=_PATIENT_CHARS, overflow="ellipsis")
    table.add_column("\nverdict", no_wrap=True, min_width=12)
    judged = {row["criterion_id"] for row in patients[0].criteria if row["basis"] == "judgement"}
    columns = [criterion for criterion in criteria if criterion["criterion_id"] not in judged]
    for criterion in columns:
        label = criterion["label"] or criterion["criterion_id"]
        table.add_column(header_of(label), justify="center", no_wrap=True, min_width=_HEADER_CHARS)
    for patient in patients:
        rows = {row["criterion_id"]: row for row in patient.criteria}
        cells = []
        for criterion in columns:
            verdict = words.verdict(rows[criterion["criterion_id"]])
            cells.append(Text(sign_of(verdict), style=_STYLES[verdict.name]))
        table.add_row(Text(one_line(patient.patient_id)), patient.cohort["status"], *cells)
    out.print(table)
    names = "; ".join(criterion["label"] or criterion["criterion_id"] for criterion in columns)
    _print_indented(out, f"columns: {names}", 0)


def _print_legend(out: Console) -> None:
    for verdict in words.LEGEND:
        out.print(Text.assemble((sign_of(verdict), _STYLES[verdict.name]), f" {verdict.meaning}"))
    out.print("The investigator's own judgement is never decided by reading and has no column.")


def _print_deciding(out: Console, patient: PatientRows, labels: dict[str, str]) -> None:
    cohort = patient.cohort
    out.print()
    out.print(
        Text.assemble(
            (one_line(patient.patient_id), "bold"),
            f"  {words.COHORT_WORDS[cohort['status']]} as of {cohort['as_of']}, {cohort['notes_read']} notes",
        )
    )
    decided = deciding_rows(patient)
    silent = [row for row in decided if row["status"] == "unknown" and row["basis"] == "no_mention"]
    for row in decided:
        if row in silent:
            continue
        _print_verdict(out, row, labels, indent=2)
        quotes = deciding_evidence(row)
        for item in quotes:
            _print_quote(out, item, name="", indent=6)
        if not quotes and row["rationale"]:
            _print_indented(out, one_line(row["rationale"], most=2 * _QUOTE_CHARS), 6)
        if row["status"] == "unknown" and row["next_step"]:
            _print_indented(out, f"next: {one_line(row['next_step'], most=_QUOTE_CHARS)}", 6)
    if silent:
        names = ", ".join(labels[f"{row['cohort_id']}/{row['criterion_id']}"] for row in silent)
        _print_indented(out, f"{sign_of(words.UNKNOWN)} not mentioned anywhere: {names}", 2)


def deciding_rows(patient: PatientRows) -> list[Row]:
    """
    Return the criteria that decided the patient's status.

    Those that rule out; without one, those still unknown; without those either, the inclusions that are met.
    """
    by_name: dict[str, list[Row]] = {}
    for row in patient.criteria:
        by_name.setdefault(words.verdict(row).name, []).append(row)
    return (
        by_name.get("out")
        or by_name.get("unknown")
        or [row for row in by_name.get("fits", ()) if row["kind"] == "inclusion"]
    )


def deciding_evidence(row: Row) -> list[Row]:
    """Return the quotes that carry a verdict: of its own side, of both sides when it is unknown."""
    wanted = {"met": ("for",), "not_met": ("against",), "unknown": ("for", "against")}[row["status"]]
    evidence = row["evidence"] or []
    if row["status"] != "unknown":
        return [item for item in evidence if item["stance"] in wanted][:MAX_QUOTES]
    chosen = [next((item for item in evidence if item["stance"] == stance), None) for stance in wanted]
    return [item for item in chosen if item is not None]


def _print_verdict(out: Console, row: Row, labels: dict[str, str], *, indent: int) -> None:
    verdict = words.verdict(row)
    label = labels[f"{row['cohort_id']}/{row['criterion_id']}"]
    out.print(
        Text.assemble(
            " " * indent,
            (sign_of(verdict), _STYLES[verdict.name]),
            f" {label} ",
            (f"({row['kind']})", "dim"),
            f": {words.verdict_words(row)}",
        )
    )


def _print_quote(out: Console, item: Row, *, name: str, indent: int) -> None:
    side = f"{name + ':':<11}" if name else ""
    where = f"{item['note_id']}, {item['note_date']}" if item["note_date"] else item["note_id"]
    where += f", page {item['page']}" if item["page"] else ""
    reason = f"; {one_line(item['reason'])}" if item["reason"] else ""
    quote = one_line(item["text"], most=_QUOTE_CHARS)
    _print_indented(out, f"{side}“{quote}” ({one_line(where)}{reason})", indent)


def _print_score(out: Console, score: Row) -> None:
    """Print the items of a classification score: state, points, and the words or the reason behind each."""
    out.print()
    _print_indented(out, one_line(score["title"]), 4)
    _print_indented(out, f"{words.score_words(score)}. It supports the verdict and never decides it.", 4)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("item", min_width=24, max_width=36)
    table.add_column("state", no_wrap=True)
    table.add_column("points", no_wrap=True, justify="right")
    table.add_column("from")
    for item in score["items"]:
        points = words.points_words(item) if item["points"] else "-"
        table.add_row(Text(item["label"]), words.ITEM_WORDS[item["state"]], points, Text(_item_source(item)))
    out.print(Padding(table, (0, 0, 0, 4)))
    if score["subgroups"]:
        _print_indented(out, "subgroup: " + " or ".join(score["subgroups"]), 4)
    labels = {item["item_id"]: item["label"] for item in score["items"]}
    if score["decisive_items"]:
        names = "; ".join(labels[name] for name in score["decisive_items"])
        _print_indented(out, f"would change the label, weightiest first: {names}", 4)
    if score["flags"]:
        _print_indented(out, "look at: " + _flags_in_words(score["flags"]), 4)


def _item_source(item: Row) -> str:
    """Return what an item rests on: what was read, the first words, and the reason."""
    parts = [one_line(item["value"])] if item["value"] else []
    evidence = item["evidence"] or []
    if evidence:
        first = evidence[0]
        parts.append(f"“{one_line(first['text'], most=_ITEM_CHARS)}” ({one_line(first['note_id'])})")
    if item["reason"]:
        parts.append(one_line(item["reason"]))
    return "; ".join(parts)


def _print_indented(out: Console, text: str, indent: int) -> None:
    lines = Text(text).wrap(out, max(out.width - indent - 2, 20))
    for number, line in enumerate(lines):
        out.print(Text(" " * (indent + 2 * (number > 0))).append_text(line), no_wrap=True)


def _file_hint(name: str) -> str:
    return "  open it in a browser" if name == "report" else ""
