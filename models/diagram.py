"""The reliability diagram as SVG: how often verdicts were right (bars) against how sure the model was (diagonal)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

_SIDE: Final = 320  # of the square, in CSS pixels
_EDGE: Final = 48


def reliability_svg(bins: Sequence[Mapping[str, Any]], *, title: str) -> str:
    """
    Return the diagram of *bins* (as of ``metrics.bins_as_dicts``).

    A bar is as high as verdicts of its bin were right, the dot stands at their mean probability, and its number says
    how many they are; a dot on the diagonal is perfect.
    """
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE + 2 * _EDGE} {_SIDE + 2 * _EDGE}" '
            f'role="img" font-family="sans-serif" font-size="11">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{_SIDE + 2 * _EDGE}" height="{_SIDE + 2 * _EDGE}" fill="#fff"/>',
    ]
    for step in range(0, 11, 2):
        value = step / 10
        parts += [
            f'<line x1="{_x(0)}" x2="{_x(1)}" y1="{_y(value)}" y2="{_y(value)}" stroke="#ddd"/>',
            f'<text x="{_x(0) - 6}" y="{_y(value) + 4}" text-anchor="end">{value:.1f}</text>',
            f'<text x="{_x(value)}" y="{_y(0) + 16}" text-anchor="middle">{value:.1f}</text>',
        ]
    for one in bins:
        left, right, top = _x(one["low"]), _x(one["high"]), _y(one["observed"])
        parts += [
            (
                f'<rect x="{left + 1}" y="{top}" width="{round(right - left - 2, 1)}" height="{round(_y(0) - top, 1)}" '
                'fill="#9db9d8" stroke="#3d6a9c"/>'
            ),
            f'<circle cx="{_x(one["predicted"])}" cy="{top}" r="3.5" fill="#a33"/>',
            (
                f'<text x="{round((left + right) / 2, 1)}" y="{max(top - 6, 12)}" text-anchor="middle">'
                f"{one['count']}</text>"
            ),
        ]
    parts += [
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#333" stroke-dasharray="4 3"/>',
        f'<text x="{_x(0.5)}" y="{_y(0) + 36}" text-anchor="middle">probability by the model</text>',
        f'<text transform="rotate(-90 14 {_y(0.5)})" x="14" y="{_y(0.5)}" text-anchor="middle">share right</text>',
        f'<text x="{_x(0.5)}" y="20" text-anchor="middle" font-size="13">{escape(title)}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(value: float) -> float:
    return round(_EDGE + value * _SIDE, 1)


def _y(value: float) -> float:
    return round(_EDGE + (1 - value) * _SIDE, 1)
