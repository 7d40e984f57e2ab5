"""
Charts to tasks of Label Studio and back.

A note is a task. A mention is a region with a label (its kind) and two choices (concept, assertion); a quote of
evidence is a region with the label "evidence" and the criterion as its choice. What belongs to the patient stands in
``data.chart``.

Label Studio has counted offsets in UTF-16 units, as browsers do, and in code points, depending on its version
(HumanSignal/label-studio issues 1347 and 1559). Each region also carries its words, so on import the unit is the one
under which every region of a task holds its words; where both do and would differ, the unit that was exported counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from chartsift.annotations.charts import Chart, QuoteSpan
from chartsift.annotations.exchange import (
    decisions_of,
    facts_of,
    from_utf16,
    note_to_json,
    quote_of,
    to_utf16,
)
from chartsift.annotations.vocabulary import ASSERTIONS, CONCEPTS, EXCLUSIONS, INCLUSIONS, KINDS
from chartsift.nlp.errors import InputError

Unit = Literal["code-points", "utf-16"]
UNITS: Final[tuple[Unit, ...]] = ("code-points", "utf-16")
EVIDENCE: Final = "evidence"


def to_label_studio(charts: Sequence[Chart], *, unit: Unit = "code-points") -> list[dict[str, Any]]:
    """Return the tasks of *charts*, a note each, with their annotation; offsets in *unit*."""
    tasks = []
    for chart in charts:
        shared = {**facts_of(chart), "gold": decisions_of(chart)}
        for place, note in enumerate(chart.notes):
            regions: list[dict[str, Any]] = []
            for index, mention in enumerate(chart.gold.findings):
                if mention.span.note_id == note.note_id:
                    choices = {"concept": mention.concept, "assertion": mention.assertion}
                    regions += _region(f"m{index}", mention.span, note.text, unit, mention.kind, choices)
            for criterion_id, criterion in chart.gold.criteria.items():
                for index, span in enumerate(criterion.evidence):
                    if span.note_id == note.note_id:
                        name = f"e{index}-{criterion_id}"
                        regions += _region(name, span, note.text, unit, EVIDENCE, {"criterion": criterion_id})
            data = {**note_to_json(note), "place": place, "offsets": unit, "chart": shared}
            tasks.append({"data": data, "annotations": [{"result": regions}]})
    return tasks


def from_label_studio(tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """
    Return the decoded JSON of the charts in an export of Label Studio, in the order of their first task.

    A task with several annotations gives the first that was not cancelled. New regions follow the exported ones, in the
    order of the text.

    Raises:
        InputError: the export lacks something (IN169), or no unit of offsets fits its regions (IN170).
    """
    charts: dict[str, dict[str, Any]] = {}
    spans: dict[str, list[tuple[tuple[int, int, int], str, dict[str, Any], dict[str, str]]]] = {}
    texts: dict[str, dict[str, str]] = {}
    try:
        for task in tasks:
            data = task["data"]
            patient_id = data["chart"]["patient_id"]
            chart = charts.setdefault(patient_id, {**data["chart"], "notes": []})
            note = {key: data[key] for key in ("note_id", "date", "type", "text")}
            chart["notes"].append((data.get("place", len(chart["notes"])), note))
            texts.setdefault(patient_id, {})[note["note_id"]] = note["text"]
            for region in _regions(task, note["text"]):
                order = (region.index, data.get("place", 0), region.start)
                span = QuoteSpan(
                    note["note_id"], region.start, region.end, note["text"][region.start : region.end]
                )
                quote = quote_of(span, texts[patient_id])
                spans.setdefault(patient_id, []).append((order, region.label, quote, region.choices))
        return [_chart(chart, spans.get(patient_id, [])) for patient_id, chart in charts.items()]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as exc:
        raise InputError(
            "IN169",
            f"no export of Label Studio for these charts ({type(exc).__name__})",
            hint="export as JSON, with the project that 'chartsift annotations export' was imported into",
        ) from exc


def read_tasks(content: str) -> list[dict[str, Any]]:
    """
    Return the charts of the text of a JSON export.

    Raises:
        InputError: as ``from_label_studio``.
    """
    try:
        tasks = json.loads(content)
    except ValueError as exc:
        raise InputError("IN169", "not valid JSON", hint="export as JSON") from exc
    if not isinstance(tasks, list):
        raise InputError("IN169", "not a list of tasks", hint="export as JSON, not as JSON-MIN of one task")
    return from_label_studio(tasks)


def labelling_config() -> str:
    """Return the labelling interface of a project for these tasks, as Label Studio's XML."""
    criteria = list(
        dict.fromkeys([name for names in INCLUSIONS.values() for name in names] + list(EXCLUSIONS))
    )
    concepts = sorted({concept for kind in KINDS for concept in CONCEPTS[kind]})
    return "\n".join(
        [
            "<View>",
            '  <Labels name="label" toName="text">',
            *(f'    <Label value="{kind}"/>' for kind in (*KINDS, EVIDENCE)),
            "  </Labels>",
            '  <Text name="text" value="$text"/>',
            *_choices("concept", concepts, ",".join(KINDS)),
            *_choices("assertion", sorted(ASSERTIONS), ",".join(KINDS)),
            *_choices("criterion", criteria, EVIDENCE),
            "</View>",
            "",
        ]
    )


def _choices(name: str, values: Sequence[str], labels: str) -> list[str]:
    return [
        (
            f'  <Choices name="{name}" toName="text" perRegion="true" required="true" choice="single" '
            f'whenTagName="label" whenLabelValue="{labels}">'
        ),
        *(f'    <Choice value="{value}"/>' for value in values),
        "  </Choices>",
    ]


class _Region:
    """A region of a task in code points, with its label, its choices and its place in the chart's own list."""

    def __init__(self, start: int, end: int, label: str, choices: dict[str, str], index: int) -> None:
        self.start, self.end, self.label, self.choices, self.index = start, end, label, choices, index


def _region(
    name: str, span: QuoteSpan, text: str, unit: Unit, label: str, choices: Mapping[str, str]
) -> list[dict[str, Any]]:
    start, end = span.start, span.end
    if unit == "utf-16":
        start, end = to_utf16(text, start), to_utf16(text, end)
    place = {"start": start, "end": end, "text": span.text}
    return [
        {
            "id": name,
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {**place, "labels": [label]},
        },
        *(
            {
                "id": name,
                "from_name": key,
                "to_name": "text",
                "type": "choices",
                "value": {**place, "choices": [value]},
            }
            for key, value in choices.items()
        ),
    ]


def _regions(task: Mapping[str, Any], text: str) -> list[_Region]:
    annotations = [one for one in task.get("annotations") or () if not one.get("was_cancelled")]
    results = annotations[0]["result"] if annotations else []
    places: dict[str, tuple[int, int, str, str]] = {}
    choices: dict[str, dict[str, str]] = {}
    for item in results:
        value = item["value"]
        if item["type"] == "labels":
            places[item["id"]] = (value["start"], value["end"], value["text"], value["labels"][0])
        elif item["type"] == "choices":
            choices.setdefault(item["id"], {})[item["from_name"]] = value["choices"][0]
    unit = _unit_of(list(places.values()), text, task["data"].get("offsets", ""))
    numbers = {name: _number(name) for name in places}
    last = 1 + max((number for number in numbers.values() if number is not None), default=-1)
    regions = []
    for name, (start, end, _, label) in places.items():
        low, high = _located(text, start, end, unit)
        number = numbers[name]
        regions.append(_Region(low, high, label, choices.get(name, {}), last if number is None else number))
    return regions


def _unit_of(places: Sequence[tuple[int, int, str, str]], text: str, exported: str) -> Unit:
    """Return the unit under which every region holds its words."""
    fitting = [
        unit
        for unit in UNITS
        if all(
            _same(text[slice(*_located(text, start, end, unit))], words) for start, end, words, _ in places
        )
    ]
    if not fitting:
        raise InputError(
            "IN170",
            "the regions of a task do not hold their words, in code points or UTF-16 units",
            hint="the text was changed after the export; export the charts anew and annotate those",
        )
    return next((unit for unit in fitting if unit == exported), fitting[0])


def _located(text: str, start: int, end: int, unit: Unit) -> tuple[int, int]:
    if unit == "utf-16":
        return from_utf16(text, start), from_utf16(text, end)
    return start, end


def _same(words: str, given: str) -> bool:
    """Tell whether two texts are alike but for their line ends, which a browser shows as one character."""
    return words == given or words.replace("\r\n", "\n") == given.replace("\r\n", "\n")


def _number(name: str) -> int | None:
    """Return the place in the chart's own list that the export wrote into the name of a region."""
    digits = name[1:].partition("-")[0]
    return int(digits) if name[:1] in ("m", "e") and digits.isdigit() else None


def _chart(
    chart: Mapping[str, Any], spans: list[tuple[tuple[int, int, int], str, dict[str, Any], dict[str, str]]]
) -> dict[str, Any]:
    evidence: dict[str, list[dict[str, Any]]] = {}
    findings = []
    for _, label, quote, choices in sorted(spans, key=lambda item: item[0]):
        if label == EVIDENCE:
            evidence.setdefault(choices["criterion"], []).append(quote)
        else:
            findings.append(
                quote | {"kind": label, "concept": choices["concept"], "assertion": choices["assertion"]}
            )
    gold = chart["gold"]
    criteria = {
        name: {
            "status": one["status"],
            "basis": one["basis"],
            "evidence": evidence.pop(name, []),
            **({"comment": one["comment"]} if "comment" in one else {}),
        }
        for name, one in gold["criteria"].items()
    }
    if evidence:
        raise ValueError("evidence of a criterion that the chart does not have")
    return {
        **{key: chart.get(key) for key in ("patient_id", "as_of", "birth_date", "sex")},
        "notes": [note for _, note in sorted(chart["notes"], key=lambda pair: pair[0])],
        "gold": {
            "cohort": gold["cohort"],
            "cohort_status": gold["cohort_status"],
            "criteria": criteria,
            "findings": findings,
        },
    }
