"""``python -m tests.bench.reading_alone HOW FILE``: reads annotations in a process of its own.

HOW is ``ours`` (the reader), ``csv`` or ``json`` (the standard library's, into plain rows), or ``screen``
(the set-up screen, on which the file is named). Prints what that took as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from kinetics_tui.annotations.read import Annotations, read_annotations
from tests.bench.memory import peak_bytes

SOUGHT = "z"
"""What is searched for among the classes on the set-up screen."""


class Took(msgspec.Struct, frozen=True):
    """What it took to read; ``after_s`` is how long the screen then takes until it can be used."""

    rows: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    after_s: float = 0.0


def _ours(path: Path) -> int:
    return len(read_annotations([path]).clips)


def _csv(path: Path) -> int:
    with path.open(newline="", encoding="utf-8") as file:
        return len([tuple(row) for row in csv.reader(file)]) - 1


def _json(path: Path) -> int:
    return len(json.loads(path.read_bytes()))


READERS: dict[str, Callable[[Path], int]] = {"ours": _ours, "csv": _csv, "json": _json}


def read(how: str, path: Path) -> Took:
    """Read a file."""
    began, cpu = time.perf_counter(), time.process_time()
    rows = READERS[how](path)
    return Took(rows, time.perf_counter() - began, time.process_time() - cpu, peak_bytes())


async def show(path: Path) -> Took:
    """Have the set-up screen read a file; it can be used when it shows all and answers a key."""
    from textual.app import App
    from textual.widgets import Static

    from kinetics_tui.model.options import Options, Selection
    from kinetics_tui.settings.values import help_text, read_value, value_text
    from kinetics_tui.tui.setup.class_tree import ClassTree
    from kinetics_tui.tui.setup.more import Written
    from kinetics_tui.tui.setup.ports import Plan, PublishedLibrary, Source
    from kinetics_tui.tui.setup.screen import SetupScreen

    class Timed(PublishedLibrary):
        """The real library; ``read`` is when it was through."""

        began = read = 0.0
        rows = 0

        def load(self, source: Source, on_progress: Callable[[str], None]) -> Annotations:
            self.began = time.perf_counter()
            annotations = super().load(source, on_progress)
            self.read = time.perf_counter()
            self.rows = len(annotations.clips)
            return annotations

    class SetUp(App[Plan | None]):
        def on_mount(self) -> None:
            self.push_screen(screen)

    library = Timed(path.parent)
    written = Written(read_value, value_text, help_text, list)
    selection = Selection(annotations=(str(path),))
    screen = SetupScreen(path.parent / "set", Options(), selection, library=library, written=written)
    cpu = time.process_time()
    async with SetUp().run_test(size=(120, 40)) as pilot:

        def counted() -> bool:
            said = str(screen.query_one("#consequences-text", Static).content)
            return library.rows > 0 and said.startswith(f"{library.rows:,} clips")

        while not counted():
            await asyncio.sleep(0.005)
        await pilot.press("slash", *SOUGHT)
        tree = screen.query_one(ClassTree)
        while any(row.label and SOUGHT not in row.label for row in tree.rows) or not tree.rows:
            await asyncio.sleep(0.005)
        usable = time.perf_counter()
    return Took(
        library.rows,
        library.read - library.began,
        time.process_time() - cpu,
        peak_bytes(),
        usable - library.read,
    )


def main() -> None:
    """Read one file in one way."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reading_alone")
    parser.add_argument("how", choices=[*READERS, "screen"])
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    took = asyncio.run(show(given.file)) if given.how == "screen" else read(given.how, given.file)
    sys.stdout.write(f"{msgspec.json.encode(took).decode()}\n")


if __name__ == "__main__":
    main()
