"""
The values that a text gives one analyte, in order: the first, and those that follow it as one statement.

Reading goes word by word from the analyte on (``lab_walk``). Of several values the last holds, except where words or
arrows say otherwise; each keeps the date that stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chartsift.nlp.components.lab_values import Manner, Value
from chartsift.nlp.components.lab_walk import JOINED, Walk
from chartsift.nlp.components.lab_words import lab_words
from chartsift.nlp.text.dates import DateMention

_BACK_ARROW = re.compile(r"<-|←")


def read_series(
    text: str, start: int, end: int, dates: Sequence[DateMention], manner: Manner | None = None
) -> list[Value]:
    """Return the values in ``text[start:end]``, which begins behind an analyte; *dates* are those of the note."""
    walk = Walk(text, start, end, dates, manner or Manner())
    walk.run()
    if walk.found:
        walk.found[-1] = walk.found[-1]._replace(end=walk.words_from)
    return _with_order(walk.found)


def _with_order(found: Sequence[Value]) -> list[Value]:
    """Mark the values without a date that are not the current one."""
    words = lab_words()
    # "CK was 612" alone is the value at hand; "peaked at 612" is not, nor is "was 612" beside another value.
    if len(found) == 1:
        value = found[0]
        earlier = value.mention is None and (value.earlier or _is_set_aside(value, words.earlier_alone))
        return [value if earlier == value.earlier else value._replace(earlier=earlier)]
    set_aside = [value.earlier or _is_set_aside(value, words.earlier) for value in found]
    backwards = any(_BACK_ARROW.search(value.words) for value in found[1:])
    marked = []
    for place, value in enumerate(found):
        later = [i for i in range(place + 1, len(found)) if not set_aside[i]]
        if backwards:
            earlier = place > 0
        else:
            # A dated value beside one without a date is the older one, unless the text moves on to it.
            moves_on = [i for i in later if found[i].mention is None or JOINED.search(found[i].words)]
            earlier = value.earlier or bool(moves_on) or (set_aside[place] and place > 0)
        earlier = earlier and value.mention is None
        marked.append(value if earlier == value.earlier else value._replace(earlier=earlier))
    return marked


def _is_set_aside(value: Value, earlier: re.Pattern[str]) -> bool:
    """Say whether the words before a value make it an *earlier* one."""
    return earlier.search(value.words) is not None and lab_words().current.search(value.words) is None
