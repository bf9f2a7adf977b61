"""A small library and an app to show the set-up screen in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.app import App

from kinetics_tui.annotations.read import Annotations, BadRow
from kinetics_tui.annotations.releases import ArchiveList, Holds, Release
from kinetics_tui.annotations.selection import select
from kinetics_tui.base.errors import SettingsError
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.settings.values import help_text, read_value, value_text
from kinetics_tui.tui.setup.more import Written
from kinetics_tui.tui.setup.ports import Folder, Library, Plan, Source
from kinetics_tui.tui.setup.screen import SetupScreen


def find_networks(names: Sequence[str]) -> list[str]:
    """The labels of networks: vpn and dsl are one, and there is no fone."""
    if "fone" in names:
        raise SettingsError("There is no network 'fone'; there is phone.")
    return list(dict.fromkeys("dsl 192.168.1.5" if name in ("dsl", "vpn") else name for name in names))


WRITTEN = Written(read_value, value_text, help_text, find_networks)
CLASSES = ("air drumming", "archery", "high jump", "playing drums", "yoga")
CATEGORIES: dict[str, tuple[str, ...]] = {
    "body motions": ("air drumming", "yoga"),
    "music": ("air drumming", "playing drums"),
    "sports": ("archery", "high jump"),
}
SMALL = Release(
    name="kinetics-400",
    title="Kinetics-400",
    splits={"train": 246_534, "val": 19_906, "test": 38_685},
    archive_url="https://example.org/kinetics400.tar.gz",
    clip_bytes=1_000_000,
    mirror_bytes=456_000_000_000,
    mirror_clips={"train": 240_258, "val": 19_881, "test": 38_685},
    archives=tuple(
        ArchiveList(f"https://example.org/{split}.txt", split=split, holds=Holds.RUN, count=count)
        for split, count in (("train", 242), ("val", 20), ("test", 39))
    ),
)
OTHER = Release(
    name="kinetics-700",
    title="Kinetics-700",
    splits={"train": 542_000, "val": 35_000},
    archive_url="https://example.org/kinetics700.tar.gz",
    clip_bytes=1_000_000,
)


def clips_of(split: str, label: str, count: int) -> list[Clip]:
    """Clips with ids of their own, ten seconds each."""
    stem = f"{split[:2]}{label[:4]:_<4}".replace(" ", "_")
    return [Clip(f"{stem}{number:05d}", 10.0, 20.0, split, label) for number in range(count)]


def small_annotations(splits: Sequence[str] = ()) -> Annotations:
    """For each class 6 train, 3 val; 4 clips of test without a label."""
    clips = [
        clip
        for split, count in (("train", 6), ("val", 3))
        for label in CLASSES
        for clip in clips_of(split, label, count)
    ]
    clips += clips_of("test", "", 4)
    return Annotations([clip for clip in clips if not splits or clip.split in splits], [], [], ("fake.csv",))


class FakeLibrary:
    """Answers at once, or (``gate`` cleared) when the test says so."""

    def __init__(self) -> None:
        self.folder = Folder(Path(), free_bytes=500_000_000_000)
        self.at_hand = False
        self.error: Exception | None = None
        self.annotations: Annotations | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.loaded: list[Source] = []
        self.threads: set[int] = set()

    def releases(self) -> list[Release]:
        return [SMALL, OTHER]

    def classes(self, release: str) -> tuple[str, ...]:
        return {SMALL.name: CLASSES, OTHER.name: ("archery", "zumba")}.get(release, ())

    def categories(self, release: str) -> dict[str, tuple[str, ...]]:
        return CATEGORIES if release == SMALL.name else {}

    def is_at_hand(self, source: Source) -> bool:
        return self.at_hand or not source.release

    def load(self, source: Source, on_progress: Callable[[str], None]) -> Annotations:
        self.threads.add(threading.get_ident())
        self.loaded.append(source)
        on_progress("fetching train.csv: 1.0 MB of 24 MB")
        assert self.gate.wait(10)
        on_progress("reading ...")
        if self.error is not None:
            raise self.error
        return self.annotations or small_annotations(source.splits)

    def select(self, annotations: Annotations, selection: Selection) -> list[Clip]:
        self.threads.add(threading.get_ident())
        return select(annotations, selection)

    def look_at(self, folder: Path) -> Folder:
        self.threads.add(threading.get_ident())
        known = self.folder
        return Folder(folder, known.free_bytes, known.has_ledger, known.problem)


BAD_ROWS = [BadRow("fake.csv", 7, "the id is too short"), BadRow("fake.csv", 9, "no time")]


class SetupApp(App[Plan | None]):
    """Shows the set-up screen and ends with its result."""

    def __init__(
        self,
        library: Library,
        *,
        dataset: Path = Path("/data/kinetics"),
        options: Options | None = None,
        selection: Selection | None = None,
        networks: Sequence[str] = (),
        filled: bool = False,
    ) -> None:
        super().__init__()
        self.setup = SetupScreen(
            dataset,
            options or Options(),
            selection or Selection(release=SMALL.name),
            library=library,
            written=WRITTEN,
            networks=networks,
            filled=filled,
        )

    def on_mount(self) -> None:
        self.push_screen(self.setup, self.exit)
