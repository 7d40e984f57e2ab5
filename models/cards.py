"""The model card: what a person must know before a model is put into use, made from the manifest alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_PURPOSE: Final = {
    "confidence": "the probability that the status which the rules gave a criterion is what annotators decide",
    "ranking": "the probability that a patient is eligible, to order charts for reading",
    "assertion": "how a note holds a mention (denied, past, hypothetical, someone else's)",
    "relevance": "which notes of a chart hold the words that decide, to order notes for reading",
}
_BOUNDS: Final = {
    "confidence": (
        "It changes no verdict. It speaks of the status alone, not of the words that are shown.",
        "It knows how the rules erred when it was trained; after the rules change it tends to be too modest.",
        "Errors of a kind that the training charts do not have are not foreseen.",
    ),
    "ranking": (
        "It orders; it includes and excludes nobody.",
        "The criteria are taken as independent once the verdicts are known, which they are only roughly.",
    ),
    "assertion": ("It changes findings, and so may change verdicts: see the exclusions' sensitivity below.",),
    "relevance": ("It orders notes for a first look; every note is still read.",),
}


def card_of(manifest: Mapping[str, Any]) -> str:
    """Return the card as Markdown."""
    kind = str(manifest["kind"])
    trained = manifest.get("trained_on", {})
    lines = [
        f"# Model card: {kind}",
        "",
        f"Gives {_PURPOSE.get(kind, kind)}.",
        "",
        "## Data",
        "",
        f"- {trained.get('source', 'not stated')}",
        (
            f"- {trained.get('rows', '?')} rows of {trained.get('patients', '?')} patients "
            f"in {trained.get('groups', '?')} groups (authors, sites or patients) that splits keep apart"
        ),
        f"- fingerprint `{trained.get('fingerprint', '?')}`",
        "",
        "## Method",
        "",
        f"- {manifest.get('method', 'logistic regression with an L2 penalty over named features')}",
        (
            f"- written with {', '.join(f'{name} {v}' for name, v in sorted(manifest['libraries'].items()))}"
            f" by chartsift {manifest['chartsift']}"
        ),
        "",
        "## Bounds",
        "",
        *(f"- {line}" for line in _BOUNDS.get(kind, ())),
        "- Trained on fictional charts unless the data above say otherwise; measure on your own before you rely on it.",
    ]
    if "thresholds" in manifest:
        limits = manifest["thresholds"]
        lines += [
            "",
            "## Bands",
            "",
            (
                f"For a stated error rate of {limits['stated_error']:.0%}: accept from {limits['accept']:.3f}, "
                f"must read below {limits['must_read']:.3f}, look between."
            ),
        ]
    for title, figures in manifest.get("figures", {}).items():
        if isinstance(figures, Mapping):
            lines += ["", f"## Figures: {str(title).replace('_', ' ')}", "", *_table(figures)]
    return "\n".join(lines) + "\n"


def _table(figures: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return the figures as rows; a figure with an interval is one row."""
    rows = [] if prefix else ["| figure | value | 95 % interval |", "|---|---|---|"]
    for name, value in figures.items():
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, Mapping) and {"value", "low", "high"} <= value.keys():
            rows.append(f"| {label} | {value['value']:.4f} | {value['low']:.4f} to {value['high']:.4f} |")
        elif isinstance(value, Mapping):
            rows += _table(value, f"{label}: ")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            continue  # the bins are in the picture
        else:
            rows.append(f"| {label} | {f'{value:.4f}' if isinstance(value, float) else value} | |")
    return rows
