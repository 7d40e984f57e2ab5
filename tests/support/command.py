"""The command line in this process, and notes for it."""

from __future__ import annotations

from chartsift.api import cli

MARKER = "MARKER-7f3a"
NOTES = [
    ("P1", "n1", "2024-05-01", f"CAR T infused. {MARKER}\r\n\U0001f9ec"),
    ("P1", "n2", "2024-05-02", "Stable."),
    ("P2", "n1", "2024-05-01", "lung transplant 2019\x1b[31m"),
]


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])
