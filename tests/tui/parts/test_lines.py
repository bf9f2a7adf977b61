from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.tui.parts.lines import Ink, Line, Span, Tone, changed_width, fit

TEXT = st.text(alphabet="ab█░ 琵é", max_size=12)
SPANS = st.lists(st.tuples(TEXT, st.sampled_from([Tone.PLAIN, Tone.DIM, Tone.BAR])), max_size=6)


def line_of(spans: list[Span]) -> Line:
    line = Line()
    for text, tone in spans:
        line.add(text, tone)
    return line


def cells(spans: tuple[Span, ...]) -> list[tuple[str, Ink]]:
    """One entry a cell; the second cell of a wide character is empty."""
    return [
        (part, tone)
        for text, tone in spans
        for character in text
        for part in (character, *[""] * (cell_len(character) - 1))
    ]


@given(SPANS, st.integers(0, 30))
def test_a_line_takes_exactly_the_width_asked_for(spans: list[Span], width: int) -> None:
    assert sum(cell_len(text) for text, _ in line_of(spans).spans(width)) == width


@given(SPANS, SPANS, st.integers(1, 30))
def test_what_is_not_repainted_was_the_same_before(old: list[Span], new: list[Span], width: int) -> None:
    before, after = line_of(old).spans(width), line_of(new).spans(width)
    changed = changed_width(before, after, width)
    painted = cells(after)[:changed] + cells(before)[changed:]
    assert painted == cells(after)


def test_an_unchanged_tail_is_not_repainted() -> None:
    before = Line(" 1 ").add("██░░", Tone.BAR).add("  trim  archery").spans(40)
    after = Line(" 1 ").add("███░", Tone.BAR).add("  trim  archery").spans(40)
    assert changed_width(before, after, 40) == 6


def test_cut_lines_end_in_an_ellipsis() -> None:
    assert Line("air ").add("drumming", Tone.DIM).spans(8) == (("air ", Tone.PLAIN), ("dru…", Tone.DIM))


def test_adjacent_text_of_one_tone_is_one_span() -> None:
    assert Line("a").add("b").add("c", Tone.DIM).spans(3) == (("ab", Tone.PLAIN), ("c", Tone.DIM))


def test_escapes_do_not_get_into_a_line() -> None:
    assert Line("\x1b[31mred").text == "?[31mred"


def test_right_aligned_text_is_left_out_where_it_would_touch() -> None:
    assert Line("left").right("right", 11).text == "left  right"
    assert Line("left").right("right", 10).text == "left"


@given(st.text(), st.integers(0, 40), st.booleans())
def test_fitted_text_has_exactly_the_width(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(for_screen(text), width, right=right)) == width


def test_a_wide_character_is_never_cut_in_half() -> None:
    assert fit("琵琶琵琶", 4) == "琵 …"
