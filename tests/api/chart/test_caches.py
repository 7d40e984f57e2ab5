"""What is kept in memory: by weight, the latest used, and nothing after an erasure."""

from __future__ import annotations

from chartsift.api.chart.caches import Kept, forget


def fill(kept, *words):
    for word in words:
        kept.get(word, lambda word=word: word)


def is_kept(kept, word):
    made = []
    kept.get(word, lambda: made.append(word) or word)
    return not made


def test_what_was_not_used_for_longest_goes_when_it_gets_too_heavy():
    kept = Kept(6, len)
    fill(kept, "aa", "bb", "cc", "aa", "dd")

    assert is_kept(kept, "aa")
    assert is_kept(kept, "cc")
    assert is_kept(kept, "dd")
    assert not is_kept(kept, "bb")


def test_a_heavy_value_takes_the_room_of_several_light_ones():
    kept = Kept(6, len)
    fill(kept, "a", "b", "c", "ddddd")

    assert is_kept(kept, "ddddd")
    assert is_kept(kept, "c")
    assert not is_kept(kept, "b")


def test_what_is_too_heavy_by_itself_is_kept_alone():
    kept = Kept(3, len)
    fill(kept, "a", "bbbbb")

    assert is_kept(kept, "bbbbb")
    assert not is_kept(kept, "a")


def test_two_who_make_the_same_value_weigh_it_once():
    kept = Kept(4, len)

    def make():
        # Somebody else is faster.
        fill(kept, "aa")
        return "aa"

    kept.get("aa", make)
    fill(kept, "bb")

    assert is_kept(kept, "aa")
    assert is_kept(kept, "bb")


def test_after_forgetting_there_is_room_for_as_much_as_before():
    kept = Kept(4, len)
    fill(kept, "aa", "bb")
    forget()
    assert not is_kept(kept, "aa")

    fill(kept, "cc")
    assert is_kept(kept, "aa")
    assert is_kept(kept, "cc")
