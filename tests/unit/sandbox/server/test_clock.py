from __future__ import annotations


def test_the_clock_starts_where_the_story_ends_and_ticks(story_clock, ticks):
    start = story_clock.now_us()

    ticks.us += 5_000

    assert start == 1_790_000_000_000_000
    assert story_clock.now_us() == start + 5_000


def test_a_clock_that_was_set_ticks_on_from_there(story_clock, ticks):
    story_clock.set_to(42)
    ticks.us += 8

    assert story_clock.now_us() == 50


def test_advancing_adds_up_and_restart_goes_back(story_clock):
    start = story_clock.now_us()

    story_clock.advance(7)
    story_clock.advance(-2)

    assert story_clock.now_us() == start + 5
    story_clock.restart()
    assert story_clock.now_us() == start
