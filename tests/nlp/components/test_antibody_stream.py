"""Items are tried by their first character and read no further than the walk asks for; what is read stays the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

from chartsift.nlp.components import antibody_words
from chartsift.nlp.components.antibody_items import Answer, Item
from chartsift.nlp.components.antibody_stream import ItemStream
from chartsift.nlp.components.antibody_words import result_words


def test_an_item_is_the_same_by_its_first_character_as_among_all() -> None:
    """The vocabulary itself is the text: every word, sign and unit stands in it."""
    text = (resources.files("chartsift.nlp.lexicon") / "antibody_results.yaml").read_text(encoding="utf-8")
    text += "\n\nJo-1 ... neg\t|  \u2013 SRP: \u017fent, ABNORMAL (+) [ + ] ++ 3+ +/- \u00b1 -ve n\u00e9gatif, NON D\u00c9TECT\u00c9\r\n - x"
    items = result_words().item
    whole = re.compile(antibody_words._expression(items._choices), re.IGNORECASE)

    for at, sign in enumerate(text):
        found, wanted = items[sign](text, at, len(text)), whole.match(text, at)
        assert (found and (found.lastgroup, found.span())) == (wanted and (wanted.lastgroup, wanted.span()))


def _items(text: str) -> list[Item]:
    """Return an item for each sign of *text*: "n" a name, "-" a dash, "." a line, any other sign a word."""
    what = {"n": "name", "-": "dash", ".": "line", ":": "colon", ",": "comma"}
    return [Item(what.get(sign, "word"), i, i + 1) for i, sign in enumerate(text)]


def test_nothing_is_read_that_nobody_asks_for() -> None:
    given: list[int] = []

    def source() -> Iterator[Item]:
        for item in _items("nwwwww"):
            given.append(item.start)
            yield item

    stream = ItemStream("nwwwww", source())

    assert stream.what_at(1) == "word"
    assert given == [0, 1]
    assert [item.start for item in stream.between(4, 9)] == [4, 5]
    assert stream.at(6) is None
    assert (stream.what_at(-1), stream.what_at(6)) == ("blank", "blank")


def test_the_dashes_of_a_row_are_read_together() -> None:
    """The last dash of the row makes answers of those before it, which are asked for first; the next row has none."""
    text = "n - n -.n - w"
    stream = ItemStream(text, iter([item for item in _items(text) if text[item.start] != " "]))

    kinds = [stream.what_at(i) for i in range(8)]

    assert kinds == ["name", "answer", "name", "answer", "line", "name", "dash", "word"]
    sign = stream.at(1)
    assert sign is not None
    assert sign.answer == Answer(2, 3, "negative", "-", near=True)
