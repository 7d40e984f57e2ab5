"""
Charts to brat's standoff format and back.

A chart becomes a folder: ``<n>.txt`` and ``<n>.ann`` for each note, and ``chart.json`` with what brat has no place for
(patient, dates, decisions). A mention is a text-bound annotation of its kind with the attributes Concept and Assertion;
a quote of evidence is one of type ``evidence`` with the attribute Criterion. Offsets are code points. A span over a
line end is written in fragments, as brat asks.

Format: http://brat.nlplab.org/standoff.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chartsift.annotations.charts import Chart, QuoteSpan
from chartsift.annotations.exchange import decisions_of, facts_of, note_to_json, quote_of
from chartsift.annotations.vocabulary import ASSERTIONS, CONCEPTS, EXCLUSIONS, INCLUSIONS, KINDS
from chartsift.nlp.errors import InputError

CHART: Final = "chart.json"
EVIDENCE: Final = "evidence"
_PART: Final = re.compile(r"[^\r\n]+")
_TEXT_BOUND: Final = re.compile(
    r"(?P<id>T\S+)\t(?P<type>\S+) (?P<places>\d+ \d+(?:;\d+ \d+)*)\t(?P<words>.*)"
)
_ATTRIBUTE: Final = re.compile(r"A\S*\t(?P<name>\S+) (?P<of>\S+)(?: (?P<value>.+))?")


def to_brat(chart: Chart) -> dict[str, str]:
    """
    Return the files of a chart by name.

    Raises:
        InputError: a marked span begins or ends with a line end, which brat cannot hold (IN168).
    """
    files: dict[str, str] = {"annotation.conf": _configuration()}
    notes = []
    for number, note in enumerate(chart.notes, start=1):
        name = f"{number:03d}"
        notes.append(
            {key: value for key, value in note_to_json(note).items() if key != "text"} | {"file": name}
        )
        lines: list[str] = []
        for index, mention in enumerate(chart.gold.findings):
            if mention.span.note_id == note.note_id:
                _add(lines, mention.span, mention.kind, note.text, index, chart.source)
                _attribute(lines, "Concept", mention.concept)
                _attribute(lines, "Assertion", mention.assertion)
        for criterion_id, criterion in chart.gold.criteria.items():
            for index, span in enumerate(criterion.evidence):
                if span.note_id == note.note_id:
                    _add(lines, span, EVIDENCE, note.text, index, chart.source)
                    _attribute(lines, "Criterion", criterion_id)
        files[f"{name}.txt"] = note.text
        files[f"{name}.ann"] = "".join(line + "\n" for line in lines)
    whole = {**facts_of(chart), "notes": notes, "gold": decisions_of(chart)}
    files[CHART] = json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
    return files


def from_brat(files: Mapping[str, str], *, source: str = "") -> dict[str, Any]:
    """
    Return the decoded JSON of a chart from the files of its folder.

    Mentions and evidence come in the order in which they were exported, new ones after them in the order of the text.

    Raises:
        InputError: a file is missing or breaks the format, or a span does not hold its words (IN168).
    """
    try:
        whole = json.loads(files[CHART])
        notes = []
        texts: dict[str, str] = {}
        mentions: list[tuple[tuple[int, int, int], dict[str, Any]]] = []
        evidence: dict[str, list[tuple[tuple[int, int, int], dict[str, Any]]]] = {}
        for place, entry in enumerate(whole["notes"]):
            text = files[f"{entry['file']}.txt"]
            texts[entry["note_id"]] = text
            notes.append({**{key: entry[key] for key in ("note_id", "date", "type")}, "text": text})
            for kind, span, attributes, index in _read(
                files[f"{entry['file']}.ann"], text, entry["note_id"], source
            ):
                order = (index, place, span.start)
                quote = quote_of(span, texts)
                if kind == EVIDENCE:
                    evidence.setdefault(attributes["Criterion"], []).append((order, quote))
                else:
                    mention = {
                        "kind": kind,
                        "concept": attributes["Concept"],
                        "assertion": attributes["Assertion"],
                    }
                    mentions.append((order, quote | mention))
        gold = whole["gold"]
        for criterion_id, found in evidence.items():
            if criterion_id not in gold["criteria"]:
                raise _broken(source, "evidence of a criterion that the chart does not have")
            gold["criteria"][criterion_id]["evidence"] = _in_order(found)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise _broken(source, f"a file or an attribute is missing ({type(exc).__name__})") from exc
    criteria = {
        name: {
            "status": one["status"],
            "basis": one["basis"],
            "evidence": one.get("evidence", []),
            **({"comment": one["comment"]} if "comment" in one else {}),
        }
        for name, one in gold["criteria"].items()
    }
    facts = {key: whole.get(key) for key in ("patient_id", "as_of", "birth_date", "sex")}
    return {**facts, "notes": notes, "gold": {**gold, "criteria": criteria, "findings": _in_order(mentions)}}


def write_brat(chart: Chart, folder: Path) -> None:
    """Write the files of a chart into *folder*, which is made if need be; texts byte for byte."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in to_brat(chart).items():
        (folder / name).write_bytes(content.encode("utf-8"))


def read_brat(folder: Path) -> dict[str, Any]:
    """
    Return the decoded JSON of the chart in *folder*.

    Raises:
        InputError: as ``from_brat``, or a file is not UTF-8 text (IN168).
    """
    try:
        files = {
            path.name: path.read_bytes().decode("utf-8")
            for path in sorted(folder.iterdir())
            if path.suffix in (".txt", ".ann", ".json")
        }
    except (OSError, UnicodeDecodeError) as exc:
        raise _broken(str(folder), f"cannot be read ({type(exc).__name__})") from exc
    return from_brat(files, source=str(folder))


def _add(lines: list[str], span: QuoteSpan, kind: str, text: str, index: int, source: str) -> None:
    parts = [found.span() for found in _PART.finditer(text, span.start, span.end)]
    if not parts or parts[0][0] != span.start or parts[-1][1] != span.end:
        raise _broken(source, "a marked span begins or ends with a line end")
    number = sum(line.startswith("T") for line in lines) + 1
    places = ";".join(f"{start} {end}" for start, end in parts)
    words = " ".join(text[start:end] for start, end in parts).replace("\t", " ")
    lines.append(f"T{number}\t{kind} {places}\t{words}")
    # The place in the chart's own list, so that a chart comes back as it went.
    lines.append(f"#{number}\tAnnotatorNotes T{number}\torder {index}")


def _attribute(lines: list[str], name: str, value: str) -> None:
    of = next(line for line in reversed(lines) if line.startswith("T")).partition("\t")[0]
    number = sum(line.startswith("A") for line in lines) + 1
    lines.append(f"A{number}\t{name} {of} {value}")


def _read(
    content: str, text: str, note_id: str, source: str
) -> list[tuple[str, QuoteSpan, dict[str, str], int]]:
    spans: dict[str, tuple[str, QuoteSpan]] = {}
    attributes: dict[str, dict[str, str]] = {}
    orders: dict[str, int] = {}
    for line in content.split("\n"):
        bound, attribute = _TEXT_BOUND.fullmatch(line.rstrip("\r")), _ATTRIBUTE.fullmatch(line.rstrip("\r"))
        note = re.fullmatch(r"#\S+\tAnnotatorNotes (\S+)\torder (\d+)", line.rstrip("\r"))
        if bound is not None:
            places = [tuple(map(int, part.split())) for part in bound["places"].split(";")]
            start, end = places[0][0], places[-1][1]
            words = " ".join(text[low:high] for low, high in places).replace("\t", " ")
            if words != bound["words"] or not 0 <= start < end <= len(text):
                raise _broken(source, f"{bound['id']} does not hold its words; the text was changed")
            spans[bound["id"]] = (bound["type"], QuoteSpan(note_id, start, end, text[start:end]))
        elif attribute is not None:
            attributes.setdefault(attribute["of"], {})[attribute["name"]] = attribute["value"] or ""
        elif note is not None:
            orders[note[1]] = int(note[2])
    last = 1 + max(orders.values(), default=-1)
    return [
        (kind, span, attributes.get(name, {}), orders.get(name, last)) for name, (kind, span) in spans.items()
    ]


def _in_order(items: list[tuple[tuple[int, int, int], dict[str, Any]]]) -> list[dict[str, Any]]:
    return [item for _, item in sorted(items, key=lambda pair: pair[0])]


def _configuration() -> str:
    """Return brat's annotation.conf for the vocabulary of the guidelines."""
    criteria = list(
        dict.fromkeys([name for names in INCLUSIONS.values() for name in names] + list(EXCLUSIONS))
    )
    concepts = sorted({concept for kind in KINDS for concept in CONCEPTS[kind]})
    return "\n".join(
        [
            "[entities]",
            *KINDS,
            EVIDENCE,
            "[relations]",
            "[events]",
            "[attributes]",
            f"Concept\tArg:{'|'.join(KINDS)}, Value:{'|'.join(concepts)}",
            f"Assertion\tArg:{'|'.join(KINDS)}, Value:{'|'.join(sorted(ASSERTIONS))}",
            f"Criterion\tArg:{EVIDENCE}, Value:{'|'.join(criteria)}",
            "",
        ]
    )


def _broken(source: str, problem: str) -> InputError:
    return InputError(
        "IN168", f"{source or 'chart'}: {problem}", hint="export the chart anew and annotate that"
    )
