"""Pictures on a real terminal (a pty): in which sequences, and how many bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.base.test_graphics import read_kitty, read_sixel
from tests.terminal_child import TerminalChild
from tests.tui.clips.test_clips_screen import clips
from tests.tui.failures.test_failures_screen import press
from tests.upkeep.conftest import dataset, finished

__all__ = ["dataset", "finished"]  # fixtures

HALF_BLOCKS = re.compile("(?:[▀▄]|\x1b\\[[0-9;]*m){9}")


@contextmanager
def clips_on_terminal(
    dataset: Path, kind: str, environ: dict[str, str] | None = None
) -> Iterator[TerminalChild]:
    """The clips screen, opened as soon as the run screen stands."""
    child = TerminalChild("tests.tui.clips.clips_for_pty", [str(dataset), kind], environ=environ)
    try:
        child.read_until(b"palette")
        child.read_for(0.5)
        child.forget()
        child.type(b"c")
        child.read_until(b"sound")
        yield child
    finally:
        child.close()


def blocks_of(child: TerminalChild) -> bytes:
    child.read_until("▀".encode())
    child.read_for(1.0)
    return child.output


def test_half_blocks_are_small_on_the_line_and_come_once(dataset: Path) -> None:
    with clips_on_terminal(dataset, "auto") as child:
        painted = blocks_of(child)
        assert HALF_BLOCKS.search(painted.decode("utf-8", "replace"))
        assert b"\x1b_G" not in painted
        assert b"\x1bP" not in painted
        assert len(painted) < 40_000
        child.forget()
        child.read_for(3.0)
        assert len(child.output) < 1000  # a clock, and no picture again
        child.type(b"d\x1b")
        child.read_until(b"Workers")


@pytest.mark.parametrize(
    ("environ", "colours"),
    [({"TERM": "xterm-256color"}, rb"38;5;\d+"), ({"TERM": "xterm"}, rb"\x1b\[(?:3|9)[0-7];(?:4|10)[0-7]m")],
)
def test_a_terminal_gets_the_colours_that_it_has(
    dataset: Path, environ: dict[str, str], colours: bytes
) -> None:
    with clips_on_terminal(dataset, "auto", {**environ, "COLORTERM": ""}) as child:
        painted = blocks_of(child)
        row = next(line for line in painted.split(b"\x1b[") if "▀".encode() in line)
        assert row
        assert re.search(colours, painted)
        assert (b"38;5;" in painted) == (environ["TERM"] != "xterm")


def test_without_colours_there_are_shades(dataset: Path) -> None:
    with clips_on_terminal(dataset, "auto", {"NO_COLOR": "1"}) as child:
        child.read_until("▓".encode())
        child.read_for(0.5)
        assert not re.search(rb"\x1b\[[0-9;]*(?:38|48);", child.output)


def test_kitty_gets_pictures_of_its_own_and_is_told_to_forget_them(dataset: Path) -> None:
    with clips_on_terminal(dataset, "auto", {"TERM": "xterm-kitty"}) as child:
        child.read_until(b"m=0;")
        child.read_for(1.0)
        text = child.output.decode("utf-8", "replace")
        first = re.search(r"\x1b_Ga=T.*?m=0;[^\x1b]*\x1b\\", text, re.DOTALL)
        assert first is not None
        controls, pixels = read_kitty(first[0])
        assert len(pixels) == 3 * int(controls["s"]) * int(controls["v"])
        child.forget()
        child.type(b"?")
        child.read_until(b"a=d,d=I")


def test_where_the_cell_has_no_size_sixel_gives_way_to_blocks(dataset: Path) -> None:
    with clips_on_terminal(dataset, "sixel") as child:
        assert b"\x1bP" not in blocks_of(child)


async def test_sixel_is_painted_behind_the_text_and_painted_over(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr("kinetics_tui.tui.clips.graphics.cell_size_px", lambda: (6, 12))
    monkeypatch.setattr(
        "kinetics_tui.tui.app.KineticsApp._write_terminal", lambda _app, text: written.append(text)
    )
    monkeypatch.setenv("TERM", "foot")
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with clips(dataset, (120, 40)) as run:
        while not written:
            await run.pilot.pause(0.02)
        pictures = re.findall(r"\x1b\[(\d+);(\d+)H(\x1bP[^\x1b]*\x1b\\)", written[0])
        assert len(pictures) >= 3
        for row, column, sequence in pictures:
            pixels = read_sixel(sequence.encode())
            assert int(row) + len(pixels) / 12 <= 40
            assert int(column) + len(pixels[0]) / 6 <= 120
            assert (-1, -1, -1) not in pixels[0]
        await press(run, "p")
        assert len(written) == 1
        run.app.line.every_s *= 2  # a slow line
        await press(run, "p")
        assert "▀" in run.text
        assert len(written) == 1
