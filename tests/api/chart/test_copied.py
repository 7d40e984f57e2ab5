"""Text that was carried forward from an earlier note."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chartsift.api.chart.copied import MIN_BLOCK_CHARS, copied_blocks

HISTORY = "48F with seven months of photodistributed rash,\r\n\ttrouble lifting her arms 😀 and rising from the floor."


def test_a_block_leads_to_where_it_was_first_written():
    first = f"VISIT\r\n{HISTORY}\r\nNew line of the first visit, seen there only."
    second = f"Another beginning of the note\r\n\r\n{HISTORY}\r\nToday she is better."
    third = f"{HISTORY}\nAnd a third ending."

    found = copied_blocks([first, second, third])

    assert found[0] == []
    for text, blocks in ((second, found[1]), (third, found[2])):
        (block,) = blocks
        assert block.origin == 0
        assert text[block.start : block.end] == HISTORY
        assert first[block.origin_start : block.origin_end] == HISTORY


def test_white_space_does_not_hide_a_copy_and_other_words_do():
    line = "Prednisone 40 mg daily since January, methotrexate 15 mg weekly, IVIG twice."

    assert len(copied_blocks([line, f"  {line.replace(' ', '  ')}  "])[1]) == 1
    assert copied_blocks([line, line.replace("40", "20")])[1] == []


def test_a_heading_that_every_note_has_is_no_copy():
    assert copied_blocks(["PAST MEDICAL HISTORY\nasthma"] * 3) == [[], [], []]


def test_what_a_note_says_twice_is_no_copy_of_an_earlier_one():
    assert copied_blocks([f"{HISTORY}\n{HISTORY}"]) == [[]]


@given(st.lists(st.text(alphabet="ab😀 \r\n\t\u2028\x0c", max_size=200), max_size=5))
def test_blocks_are_within_the_text_in_order_and_long_enough(texts):
    for text, blocks in zip(texts, copied_blocks(texts), strict=True):
        ends = [0, *(block.end for block in blocks)]
        for block, before in zip(blocks, ends, strict=False):
            assert before <= block.start < block.end <= len(text)
            assert len(" ".join(text[block.start : block.end].split())) >= MIN_BLOCK_CHARS * 0.9
            first = texts[block.origin][block.origin_start : block.origin_end]
            assert first.split()[0] == text[block.start : block.end].split()[0]
