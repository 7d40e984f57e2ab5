"""The modules of the project under their installed names."""

from __future__ import annotations

from pathlib import Path

PORTIONS = ("nlp", "models", "api", "annotations")

_CHECKOUT = Path(__file__).resolve().parents[2]


def module_names() -> list[str]:
    """Return every module, found by file name so that one which does not import still gets its own test."""
    names = []
    for portion in PORTIONS:
        for file in sorted((_CHECKOUT / portion).rglob("*.py")):
            parts = file.relative_to(_CHECKOUT).with_suffix("").parts
            if parts[-1] == "__init__":
                parts = parts[:-1]
            if parts[-1] != "__main__":  # importing it would run it
                names.append(".".join(("chartsift", *parts)))
    return names
