"""
What a statement on a panel as a whole speaks for: the antibodies that were on it, where the note tells.

A panel is known by the list that stands with it ("Myositis panel (Jo-1, SRP, Mi-2): negative") or by its commercial
name (``lexicon/antibody_panels.yaml``). Of any other panel it stays open which antibodies it held.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

from chartsift.nlp.components.antibody_items import Name
from chartsift.nlp.text.layout import Layout

# The name of the laboratory stands this close to the words for the panel.
_NAME_REACH = 60
# A list of fewer antibodies names examples, not the panel.
_SHORTEST_LIST = 3
_LIST_OPENS = re.compile(r"[^.;\n]{0,60}?(?:[(\[:=])\s*(?:anti-?)?\s*$", re.IGNORECASE)
# "including HMGCR", "e.g. Jo-1": some of them.
_EXAMPLES = re.compile(
    r"\b(?:incl\w*|e\.?g\.?|such as|among|notably|except\w*|apart|other than|but)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Panel:
    panel: str
    name: re.Pattern[str]
    tested: tuple[str, ...]


@lru_cache(maxsize=1)
def _panels() -> tuple[_Panel, ...]:
    source = (resources.files("chartsift.nlp.lexicon") / "antibody_panels.yaml").read_text(encoding="utf-8")
    return tuple(
        _Panel(entry["panel"], re.compile(entry["name"], re.IGNORECASE), tuple(entry["tested"]))
        for entry in yaml.safe_load(source)["panels"]
    )


def coverage_of(layout: Layout, panel: Name, names: Sequence[Name]) -> dict[str, str]:
    """
    Return the attributes that say what *panel* held; empty where the note does not tell.

    *names* are the names of the note in order. ``tested`` lists antibodies by concept, parted by blanks; ``panel``
    is the commercial name.
    """
    listed = _listed(layout, panel, names)
    if listed:
        return {"tested": " ".join(listed)}
    line, sentence = layout.line_at(panel.start), layout.sentence_at(panel.start)
    low = max(min(line.start, sentence.start), panel.start - _NAME_REACH)
    high = min(max(line.end, sentence.end), panel.end + _NAME_REACH)
    beside = layout.text[low:high]
    known = next((entry for entry in _panels() if entry.name.search(beside)), None)
    return {} if known is None else {"panel": known.panel, "tested": " ".join(known.tested)}


def _listed(layout: Layout, panel: Name, names: Sequence[Name]) -> list[str]:
    """Return the antibodies of the list that follows the panel's name in its sentence and gives its members."""
    sentence = layout.sentence_at(panel.start)
    stop = max(sentence.end, layout.line_at(panel.start).end)
    members = [n for n in names if n.kind == "antibody" and panel.end <= n.start < stop]
    if len(members) < _SHORTEST_LIST:
        return []
    lead = layout.text[panel.end : members[0].start]
    if _LIST_OPENS.match(lead) is None or _EXAMPLES.search(lead):
        return []
    polarities = {answer.polarity for member in members for answer in member.answers[:1]}
    if polarities - {"negative"}:
        return []
    return list(dict.fromkeys(member.concept for member in members))
