from __future__ import annotations

import pytest

from kinetics_tui.base.errors import UserError
from kinetics_tui.model.options import PictureKind
from kinetics_tui.tui.terminal.terminal import (
    KINETICS_ANSI,
    KINETICS_DARK,
    NOTICE_MOST,
    TerminalCalls,
    TerminalTitle,
    check_terminal,
    colour_depth,
    picture_kind,
    theme_name,
)


@pytest.mark.parametrize(
    ("missing", "name"), [(0, "standard input"), (1, "standard output"), (2, "standard error")]
)
def test_what_is_no_terminal_is_named_with_the_way_out(missing: int, name: str) -> None:
    with pytest.raises(UserError, match=f"{name} is not one: add --headless"):
        check_terminal({"TERM": "xterm-256color"}, lambda descriptor: descriptor != missing)


@pytest.mark.parametrize("environ", [{}, {"TERM": ""}, {"TERM": "dumb"}])
def test_a_terminal_that_cannot_paint_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(UserError, match="add --headless"):
        check_terminal(environ, lambda _: True)


def test_a_real_terminal_is_fine() -> None:
    check_terminal({"TERM": "xterm-256color"}, lambda _: True)


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        ({"TERM": "xterm-256color"}, KINETICS_DARK),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, KINETICS_DARK),
        ({"TERM": "xterm"}, KINETICS_ANSI),
        ({"TERM": "screen"}, KINETICS_ANSI),
        ({"TERM": "linux"}, KINETICS_ANSI),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, KINETICS_ANSI),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, KINETICS_ANSI),
    ],
)
def test_the_terminal_s_own_colours_are_used_where_it_has_few(environ: dict[str, str], theme: object) -> None:
    assert theme_name(environ) == getattr(theme, "name", None)


def test_colour_depth_is_read_from_the_environment() -> None:
    assert colour_depth({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"}) == "truecolor"
    assert colour_depth({"TERM": "xterm-256color"}) == "256"
    assert colour_depth({}) == "standard"


def test_the_title_is_written_only_when_it_changes_and_put_back() -> None:
    written: list[str] = []
    title = TerminalTitle(written.append)
    title.restore()
    title.set("RUNNING")
    title.set("RUNNING")
    title.set("evil\x07\x1b]52;c;aGk=\x07")
    title.restore()
    assert written == [
        "\x1b[22;2t\x1b]2;RUNNING\x07",
        "\x1b]2;evil??]52;c;aGk=?\x07",
        "\x1b[23;2t",
    ]


def call(text: str, *, bell: bool = False, desktop: bool = False, in_tmux: bool = False) -> list[str]:
    written: list[str] = []
    TerminalCalls(written.append, bell=bell, desktop=desktop, in_tmux=in_tmux).call(text)
    return written


def test_people_are_called_only_in_the_ways_that_are_allowed() -> None:
    assert call("Throttled.") == []
    assert call("Throttled.", bell=True) == ["\a"]
    assert call("Throttled.", desktop=True) == ["\x1b]9;Throttled.\x07"]
    assert call("Throttled.", bell=True, desktop=True) == ["\x1b]9;Throttled.\x07\a"]


def test_inside_tmux_a_notice_is_passed_through_and_the_bell_goes_with_it() -> None:
    assert call("Throttled.", bell=True, in_tmux=True) == ["\a"]
    assert call("Throttled.", desktop=True, in_tmux=True) == [
        "\x1bPtmux;\x1b\x1b]9;Throttled.\x07\x1b\\\a",
    ]


@pytest.mark.parametrize("in_tmux", [False, True])
def test_a_notice_is_cut_and_carries_nothing_that_a_terminal_obeys(in_tmux: bool) -> None:
    (written,) = call("evil\x07\x1b]52;c;aGk=\x1b\\\x9c\n" * 90, desktop=True, in_tmux=in_tmux)
    text = written.partition("]9;")[2].partition("\x07")[0]
    assert text.startswith("evil??]52;c;aGk=?")
    assert len(text) == NOTICE_MOST
    assert text.isprintable()


@pytest.mark.parametrize(
    ("environ", "wanted", "kind"),
    [
        ({"TERM": "xterm-256color"}, "auto", "blocks"),
        ({"TERM": "xterm-kitty"}, "auto", "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "auto", "kitty"),
        ({"TERM": "foot"}, "auto", "sixel"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, "auto", "blocks"),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, "auto", "blocks"),
        ({"TERM": "xterm-256color"}, "sixel", "sixel"),
        ({"TERM": "xterm-kitty"}, "none", "none"),
    ],
)
def test_pictures_go_by_the_terminals_name_unless_the_user_says_how(
    environ: dict[str, str], wanted: str, kind: str
) -> None:
    assert picture_kind(environ, PictureKind(wanted)) is PictureKind(kind)
