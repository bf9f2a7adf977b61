"""The set-up screen, driven by its keys; what it ends with is a plan."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Static

from kinetics_tui.annotations.read import Annotations
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.options import LayoutName, Options, Preset, Selection, Source, Trim, options_in
from kinetics_tui.tui.parts.controls import Choice, Entry, TickList
from kinetics_tui.tui.parts.help import HelpScreen
from kinetics_tui.tui.setup import screen as setup
from kinetics_tui.tui.setup.class_tree import ClassTree
from kinetics_tui.tui.setup.help import setup_help
from kinetics_tui.tui.setup.more import MORE, MoreOptions, title
from kinetics_tui.tui.setup.ports import Folder, Plan
from tests.tui.setup_fakes import (
    BAD_ROWS,
    CLASSES,
    OTHER,
    SMALL,
    WRITTEN,
    FakeLibrary,
    SetupApp,
    clips_of,
    small_annotations,
)

WIDE, SMALL_TERMINAL = (120, 40), (80, 24)
VAL_ONLY = Selection(release=SMALL.name, splits=("val",))


class Desk:
    """A running app with the words that the tests need."""

    def __init__(self, app: SetupApp, pilot: Pilot[Plan | None]) -> None:
        self.app = app
        self.pilot = pilot
        self.screen = app.setup

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something that a thread brings about."""
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, f"never came true; on screen:\n{self.text()}"
            await asyncio.sleep(0.01)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def fill(self, entry: str, text: str) -> None:
        """Put ``text`` in the place of what an entry holds: by keys, or at once if it is long."""
        self.screen.query_one(f"#{entry}").focus()
        await self.press("end", "ctrl+u")
        if len(text) <= 4:
            await self.press(*text)
        else:
            self.screen.query_one(f"#{entry}", Entry).value = text
            await self.pilot.pause()

    async def focus(self, selector: str) -> None:
        self.screen.query_one(selector).focus()
        await self.pilot.pause()

    def text(self) -> str:
        """The whole screen as plain text."""
        lines = [strip.text for strip in self.app.screen._compositor.render_strips()]
        return "\n".join(lines)

    def column(self, of: type[Widget]) -> list[str]:
        """What is painted where a widget stands."""
        region = self.screen.query_one(of).region
        rows = self.text().splitlines()[region.y : region.bottom]
        return [row[region.x : region.right] for row in rows]

    def note(self, row: str) -> str:
        """What is said beside a field."""
        note = self.screen.query_one(f"#{row}-row .form--note", Static)
        return str(note.content) if note.display else ""

    @property
    def start_note(self) -> str:
        return str(self.screen.query_one("#start-note", Static).content)

    @property
    def consequences(self) -> str:
        return str(self.screen.query_one("#consequences-text", Static).content)

    def can_start(self) -> bool:
        return not self.screen.query_one("#start", Button).disabled

    async def start(self) -> Plan:
        """Press ctrl+s and wait for the plan."""
        await self.press("ctrl+s")
        await self.until(lambda: self.app.screen is not self.screen)
        assert isinstance(self.app.return_value, Plan)
        return self.app.return_value


@asynccontextmanager
async def desk(
    library: FakeLibrary | None = None,
    *,
    size: tuple[int, int] = WIDE,
    notifications: bool = False,
    **given: Any,
) -> AsyncIterator[Desk]:
    app = SetupApp(library or FakeLibrary(), **given)
    async with app.run_test(size=size, notifications=notifications) as pilot:
        running = Desk(app, pilot)
        await running.until(lambda: app.setup._form.seen_folder is not None)
        yield running


# -- what it ends with ------------------------------------------------------------------------------


async def test_start_fetches_selects_in_threads_and_ends_with_the_whole_release() -> None:
    library = FakeLibrary()
    async with desk(library) as d:
        plan = await d.start()
    assert plan == Plan(
        dataset=Path("/data/kinetics"),
        selection=Selection(release=SMALL.name),
        options=Options(),
        clips=tuple(small_annotations().clips),
    )
    assert threading.get_ident() not in library.threads


async def test_every_field_finds_its_way_into_the_plan() -> None:
    given = Options(cooldown_steps_s=(5.0,), yt_dlp=("--proxy", "http://127.0.0.1:1"))
    async with desk(options=given) as d:
        await d.focus("#splits")
        await d.press("space", "down", "down", "space")
        await d.focus("#tree")
        await d.press("n", "end", "space")
        await d.fill("per-class", "2")
        await d.fill("seed", "7")
        await d.fill("folder", "/data/elsewhere")
        await d.focus("#source")
        await d.press("down", "down")
        await d.focus("#height")
        await d.press("left")
        await d.fill("workers", "4")
        await d.focus("#pace")
        await d.press("right", "right", "right")
        await d.fill("pace-number", "450")
        await d.focus("#sound")
        await d.press("right")
        await d.focus("#trim")
        await d.press("right")
        plan = await d.start()
    assert plan.dataset == Path("/data/elsewhere")
    assert plan.selection == Selection(
        release=SMALL.name, splits=("val",), classes=("archery", "high jump"), per_class=2, seed=7
    )
    assert plan.options == Options(
        workers=4,
        height_px=240,
        trim=Trim.COPY,
        audio=False,
        pace_per_hour=450.0,
        sources=(Source.ARCHIVES, Source.YOUTUBE),
        cooldown_steps_s=(5.0,),
        yt_dlp=("--proxy", "http://127.0.0.1:1"),
    )
    assert plan.clips is not None
    assert sorted(clip.label for clip in plan.clips) == ["archery"] * 2 + ["high jump"] * 2
    assert {clip.split for clip in plan.clips} == {"val"}


async def test_what_was_given_is_filled_in_and_comes_back_unchanged() -> None:
    options = Options(workers=3, height_px=1080, pace_per_hour=None, audio=False, short_side_px=256)
    selection = Selection(
        release=SMALL.name, splits=("val",), categories=("music",), per_class=2, seed=5, limit=3
    )
    async with desk(options=options, selection=selection) as d:
        assert d.screen.query_one("#height", Choice).value == "1080"
        plan = await d.start()
    assert plan.options == options
    assert plan.selection == Selection(
        release=SMALL.name,
        splits=("val",),
        classes=("air drumming", "playing drums"),
        per_class=2,
        seed=5,
        limit=3,
    )
    assert plan.clips is not None
    assert len(plan.clips) == 3


# -- more options ----------------------------------------------------------------------------------


def test_what_a_flag_of_a_run_can_set_can_be_set_on_the_form() -> None:
    flags = {name for name, option in options_in(Options).items() if option.opt.help}
    assert flags - set(MORE) == {"workers", "height", "trim", "audio", "pace", "source"}
    assert {"short_side", "layout", "cooldown", "yt_dlp", "limit"} <= set(MORE)


@pytest.mark.parametrize("size", [WIDE, SMALL_TERMINAL])
async def test_more_options_unfold_and_find_their_way_into_the_plan(size: tuple[int, int]) -> None:
    async with desk(selection=VAL_ONLY, size=size) as d:
        await d.press("3")
        assert "Cooldown" not in d.text()
        await d.focus("#unfold")
        await d.press("enter", "tab")
        assert d.note("more-limit") == "At most so many clips; none: all."
        await d.fill("more-limit", "7")
        await d.focus("#more-layout")
        await d.press("right")
        await d.fill("more-short_side", "128")
        await d.fill("more-cooldown", "5m,1h")
        await d.fill("more-retry", "")
        await d.fill("more-yt_dlp", "--cookies /c.txt")
        plan = await d.start()
    assert plan.options == Options(
        layout=LayoutName.SHOWMAX,
        short_side_px=128,
        cooldown_steps_s=(300.0, 3600.0),
        yt_dlp=("--cookies", "/c.txt"),
    )
    assert plan.selection.limit == 7


async def test_several_networks_are_counted_once_each_and_the_time_is_that_of_their_sum() -> None:
    async with desk(selection=VAL_ONLY, networks=("dsl", "phone")) as d:
        assert d.screen.query_one("#more-networks", Entry).value == "dsl, phone"
        assert "11 h lean, 33 h full at 2 networks, 1,800 requests/h (guest)" in d.consequences
        await d.fill("more-networks", "dsl, phone, vpn, office")
        assert "7 h lean, 22 h full at 3 networks, 2,700 requests/h (guest)" in d.consequences
        await d.focus("#pace")
        await d.press("right", "right", "right")
        await d.fill("pace-number", "300")
        assert "22 h at 3 networks, 900/h" in d.consequences
        plan = await d.start()
    assert plan.networks == ("dsl", "phone", "vpn", "office")


async def test_a_network_that_there_is_not_is_said_beside_its_field() -> None:
    async with desk(selection=VAL_ONLY, networks=("fone",)) as d:
        assert not d.can_start()
        assert "There is no network 'fone'; there is phone." in d.note("more-networks")
        assert "66 h full at 900 requests/h (guest)" in d.consequences
        await d.fill("more-networks", "")
        assert d.can_start()


async def test_what_is_wrong_with_an_option_under_more_is_said_and_gone_to() -> None:
    async with desk(selection=VAL_ONLY, options=Options(short_side_px=200)) as d:
        await d.fill("more-deadline", "soon")
        wrong = "Deadline: 'soon' is no duration; write it like 5s, 15m, 1h or 2d."
        assert d.note("more-deadline") == f"! {wrong}"
        assert d.start_note == f"! {wrong}"
        d.screen.query_one(MoreOptions).open(open=False)
        await d.focus("#release")
        await d.press("ctrl+s")
        await d.until(lambda: d.screen.focused is d.screen.query_one("#more-deadline"))


async def test_a_smaller_short_side_takes_less_room() -> None:
    async with desk(selection=VAL_ONLY) as d:
        before = d.consequences
        await d.fill("more-short_side", "128")
        assert d.consequences != before


# -- what can be taken back ------------------------------------------------------------------------


async def test_z_takes_back_changes_of_the_selection_one_by_one() -> None:
    async with desk() as d:
        assert "z Undo" not in d.text()
        before = d.screen._form.draft
        await d.focus("#tree")
        await d.press("n")
        await d.focus("#splits")
        await d.press("space")
        await d.focus("#release")
        await d.press("down")
        assert d.screen._form.draft.release == "kinetics-700"
        assert "z Undo" in d.text()
        await d.press("z")
        assert d.screen.query_one("#release", Choice).value == SMALL.name
        assert d.screen._form.draft.splits == frozenset({"val", "test"})
        assert d.screen._form.draft.classes == frozenset()
        await d.press("z", "z")
        assert d.screen._form.draft == before
        assert "z Undo" not in d.text()
        await d.press("z")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("z", "No change of the selection is left to take back."),
        ("a", "The key a does nothing in this field"),
        ("f5", "The key f5 does nothing in this field"),
    ],
)
async def test_a_key_that_does_nothing_says_so(key: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    async with desk() as d:
        monkeypatch.setattr(d.screen, "notify", lambda text, **_: said.append(text))
        for where in ("#release", "#folder"):
            await d.focus(where)
            await d.press(key)
    assert [text.startswith(why) for text in said] == [True]


async def test_a_notice_covers_neither_start_nor_why_it_waits() -> None:
    async with desk(size=SMALL_TERMINAL, notifications=True, options=Options(workers=99)) as d:
        before = d.text().splitlines()
        await d.press("9")
        await d.until(lambda: "The key 9 does nothing" in d.text())
        start = next(at for at, row in enumerate(before) if "Start  ctrl+s" in row)
        assert d.text().splitlines()[start - 1 :] == before[start - 1 :]


async def test_a_z_that_is_typed_is_a_letter() -> None:
    async with desk() as d:
        await d.focus("#tree")
        await d.press("n")
        await d.fill("search", "z")
        assert d.screen.query_one("#search", Entry).value == "z"
        assert d.screen._form.draft.classes == frozenset()


# -- paces -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "pace"), [(0, Preset.GUEST), (1, Preset.ACCOUNT), (2, None)])
async def test_the_paces_on_offer(steps: int, pace: Preset | None) -> None:
    async with desk(selection=VAL_ONLY) as d:
        await d.focus("#pace")
        await d.press(*["right"] * steps)
        assert (await d.start()).options.pace_per_hour == pace


async def test_the_start_button_starts() -> None:
    async with desk(selection=VAL_ONLY) as d:
        await d.focus("#start")
        await d.press("enter")
        await d.until(lambda: d.app.screen is not d.screen)
        assert isinstance(d.app.return_value, Plan)


@pytest.mark.parametrize(
    "keys", [["escape"], ["ctrl+c"], ["n", "escape", "l"], ["n", "escape", "ctrl+c"], ["ctrl+q"]]
)
async def test_leaving_ends_with_nothing(keys: list[str]) -> None:
    library = FakeLibrary()
    async with desk(library) as d:
        await d.focus("#tree")
        await d.press(*keys)
        assert d.app.return_value is None
        assert d.app._exit
    assert library.loaded == []


@pytest.mark.parametrize("keys", [["g"], ["enter"], ["escape"]])
async def test_what_is_filled_in_is_not_lost_by_escape(keys: list[str]) -> None:
    async with desk() as d:
        await d.fill("per-class", "7")
        await d.press("escape")
        assert "Leave the set-up?" in d.text()
        await d.press(*keys)
        assert d.app.screen is d.screen
        assert d.screen._form.draft.per_class == "7"
        await d.fill("per-class", "")
        await d.press("escape")
        assert d.app.return_value is None
        assert d.app._exit, "as it was at first, it is left at once"


async def test_a_form_filled_in_before_a_start_that_failed_asks_too() -> None:
    async with desk(filled=True) as d:
        await d.press("escape")
        assert "Leave the set-up?" in d.text()


async def test_a_folder_with_a_dataset_goes_on_without_annotations() -> None:
    library = FakeLibrary()
    library.folder = Folder(Path(), 500_000_000_000, has_ledger=True)
    async with desk(library) as d:
        assert "A dataset is here already" in d.consequences
        assert "already" in d.note("folder")
        plan = await d.start()
    assert plan.clips is None
    assert library.loaded == []


# -- estimates --------------------------------------------------------------------------------------


async def test_published_counts_are_called_estimates_until_the_annotations_are_there() -> None:
    async with desk(selection=VAL_ONLY) as d:
        assert "about 19,906 clips" in d.consequences
        assert "22 h lean, 66 h full at 900 requests/h (guest)" in d.consequences
        assert "6 h lean, 17 h full at 3,600 requests/h (account)" in d.consequences
        assert "about 20 GB; 500 GB free" in d.consequences
        assert "about 19,906" in d.text()
        await d.focus("#fetch")
        await d.press("enter")
        await d.until(lambda: "15 clips" in d.consequences)
        assert "about 15 clips" not in d.consequences
        assert "15 clips read." in d.note("release")
        assert not d.screen.query_one("#fetch").display


async def test_months_are_called_months_and_archives_are_named_for_whole_releases() -> None:
    library = FakeLibrary()
    library.folder = Folder(Path(), 5_000_000_000_000)
    async with desk(library) as d:
        assert "That is up to 6 weeks, day and night." in d.consequences
        faster = "Faster: archives as the source, 10 h at 12.5 MB/s, assumed: 301 archives, about 456 GB."
        assert faster in d.consequences
        await d.focus("#release")
        await d.press("down")
        assert "That is up to 3 months, day and night." in d.consequences
        assert "Faster" not in d.consequences
        await d.press("up")
        await d.fill("per-class", "10")
        assert "Faster" not in d.consequences
        assert "about 50 clips" in d.consequences


async def test_each_source_has_figures_of_its_own() -> None:
    async with desk(selection=VAL_ONLY) as d:
        await d.focus("#source")
        await d.press("down")
        archives = "40 min at 12.5 MB/s, assumed: 20 archives, about 30 GB, about 19,881 of the clips"
        assert f"Time  {archives}" in d.consequences
        assert "Disk  about 20 GB and 4.5 GB for archives; 500 GB free" in d.consequences
        assert "requests" not in d.consequences, "nothing is asked of YouTube"
        await d.press("down")
        assert archives in d.consequences
        assert "then about 25 clips from YouTube" in d.consequences
        assert "2 min lean, 5 min full at 900 requests/h (guest)" in d.consequences
        await d.press("down")
        assert "22 h lean, 66 h full at 900 requests/h (guest)" in d.consequences
        assert "then, for what it has lost, up to 40 min at 12.5 MB/s, assumed" in d.consequences
        await d.fill("more-max_rate", "25MB/s")
        assert "up to 20 min at 25.0 MB/s: 20 archives, about 30 GB" in d.consequences


async def test_archives_take_the_room_that_options_give_them() -> None:
    options = Options(sources=(Source.ARCHIVES,), max_disk_bytes=2e9)
    async with desk(selection=VAL_ONLY, options=options) as d:
        assert "about 20 GB and 2.0 GB for archives" in d.consequences
        await d.fill("more-max_disk", "")
        await d.fill("more-max_gb", "3GB")
        assert "about 20 GB and 3.0 GB for archives" in d.consequences
        assert "2 archives, about 3.0 GB, about 2,0" in d.consequences


async def test_archives_as_a_source_have_to_be_known() -> None:
    library = FakeLibrary()
    library.folder = Folder(Path(), 5_000_000_000_000)
    async with desk(
        library, selection=Selection(release=OTHER.name), options=Options(sources=(Source.ARCHIVES,))
    ) as d:
        assert "No archives are known of these clips" in d.note("source")
        assert d.start_note.startswith("! No archives are known")
        await d.press("ctrl+s")
        await d.until(lambda: d.screen.focused is d.screen.query_one("#more-archives"))
        await d.fill("more-archives", "https://example.org/list.txt")
        assert d.note("source") == ""
        assert "archives: how large they are is known once Start has asked for them" in d.consequences


async def test_counts_follow_splits_classes_and_numbers_at_once() -> None:
    library = FakeLibrary()
    library.at_hand = True
    async with desk(library) as d:
        await d.until(lambda: "49 clips" in d.consequences)
        await d.focus("#splits")
        await d.press("space")
        assert "19 clips" in d.consequences
        await d.focus("#tree")
        await d.press("space")
        assert "9 clips" in d.consequences
        assert "4 clips without a label" in d.consequences
        await d.fill("per-class", "1")
        assert "3 clips" in d.consequences


async def test_a_tick_is_answered_quickly_with_many_classes_and_splits() -> None:
    labels = [f"class {number:03d}" for number in range(700)]
    library = FakeLibrary()
    library.at_hand = True
    library.annotations = Annotations(
        [
            clip
            for split in ("train", "val", "test")
            for label in labels
            for clip in clips_of(split, label, 3)
        ],
        [],
        [],
        ("big.csv",),
    )
    async with desk(library, selection=Selection(annotations=(__file__,))) as d:
        await d.until(lambda: "6,300 clips" in d.consequences)
        began = time.process_time()
        d.screen.query_one(ClassTree).action_tick_none()
        await d.until(lambda: "No class" in d.start_note)
        assert time.process_time() - began < 1.0


# -- loading ----------------------------------------------------------------------------------------


async def test_loading_shows_how_far_it_is_while_the_screen_answers() -> None:
    library = FakeLibrary()
    library.gate.clear()
    async with desk(library, selection=VAL_ONLY) as d:
        await d.press("ctrl+s")
        await d.until(lambda: "1.0 MB of 24 MB" in d.note("release"))
        assert "Starts when the annotations are here" in d.start_note
        assert not d.can_start()
        await d.focus("#height")
        await d.press("right")
        assert d.screen.query_one("#height", Choice).value == "480"
        assert d.can_start(), "a changed form does not start by itself"
        library.gate.set()
        await d.until(lambda: "15 clips" in d.consequences)
        assert d.app.screen is d.screen


async def test_a_split_ticked_during_a_fetch_is_fetched_as_well() -> None:
    library = FakeLibrary()
    library.gate.clear()
    async with desk(library, selection=VAL_ONLY) as d:
        await d.focus("#fetch")
        await d.press("enter")
        await d.until(lambda: library.loaded)
        await d.focus("#splits")
        await d.press("space")
        library.gate.set()
        await d.until(lambda: "45 clips" in d.consequences)
        assert [source.splits for source in library.loaded] == [("val",), ("train", "val")]


async def test_without_a_connection_the_error_stands_beside_the_release_and_files_are_offered(
    tmp_path: Path,
) -> None:
    library = FakeLibrary()
    library.error = AnnotationError("Nothing could be fetched; give it with --annotations FILE.")
    async with desk(library) as d:
        assert not d.screen.query_one("#files-row").display
        await d.press("ctrl+s")
        await d.until(lambda: d.note("release").startswith("!"))
        assert d.note("release") == "! Nothing could be fetched; give it below."
        assert d.note("files") == "Or give files that you have here."
        assert d.can_start(), "Start tries again"
        library.error = None
        file = tmp_path / "val.csv"
        file.touch()
        await d.fill("files", str(file))
        assert d.screen.query_one("#release", Choice).value == "files"
        await d.until(lambda: "49 clips" in d.consequences)
        plan = await d.start()
    assert plan.selection == Selection(annotations=(str(file),))


async def test_a_release_chosen_during_a_load_wins() -> None:
    library = FakeLibrary()
    library.gate.clear()
    async with desk(library) as d:
        await d.focus("#fetch")
        await d.press("enter")
        await d.until(lambda: library.loaded)
        await d.focus("#release")
        await d.press("down")
        library.gate.set()
        await asyncio.sleep(0.05)
        await d.pilot.pause()
        assert "about 577,000 clips" in d.consequences
        assert d.note("release") == "Published counts."


async def test_files_show_their_splits_classes_and_bad_rows(tmp_path: Path) -> None:
    library = FakeLibrary()
    annotations = small_annotations(("val",))
    library.annotations = Annotations(annotations.clips, BAD_ROWS, [], ("fake.csv",))
    first, second = tmp_path / "a file.csv", tmp_path / "second.csv"
    first.touch()
    second.touch()
    async with desk(library, selection=Selection(annotations=(str(first), str(second)))) as d:
        await d.until(lambda: "15 clips" in d.consequences)
        assert library.loaded[-1].files == (first, second)
        assert d.note("files") == "15 clips read. 2 rows unusable: fake.csv line 7, the id is too short."
        rows = d.screen.query_one(ClassTree).rows
        assert [row.group for row in rows] == ["body motions", "music", "sports"]


async def test_columns_with_names_of_their_own_are_shown_as_they_were_read() -> None:
    library = FakeLibrary()
    reading = "fake.csv: read 'ytid' as youtube_id."
    library.annotations = Annotations(small_annotations(("val",)).clips, [], [], ("fake.csv",), [reading])
    async with desk(library, selection=Selection(annotations=(__file__,))) as d:
        await d.until(lambda: "15 clips" in d.consequences)
        assert d.note("files") == f"15 clips read. {reading}"


async def test_a_file_that_is_no_annotation_file_blocks_the_start() -> None:
    library = FakeLibrary()
    library.error = AnnotationError("x.csv line 1 is no annotation: give another file.")
    async with desk(library, selection=Selection(annotations=(__file__,))) as d:
        await d.until(lambda: "x.csv line 1" in d.note("files"))
        assert not d.can_start()
        assert "x.csv line 1" in d.start_note


async def test_what_select_refuses_is_said_beside_start() -> None:
    class Refusing(FakeLibrary):
        def select(self, annotations: Annotations, selection: Selection) -> list[Any]:
            raise AnnotationError("No clip is left.")

    async with desk(Refusing(), selection=VAL_ONLY) as d:
        await d.press("ctrl+s")
        await d.until(lambda: "No clip is left." in d.start_note)
        assert d.app.screen is d.screen


# -- impossible choices -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "text", "sentence"),
    [
        ("per-class", "many", "N per class is a number from 1 (empty: all)."),
        ("per-class", "0", "N per class is a number from 1 (empty: all)."),
        ("seed", "x", "The seed is a number, 0 or more."),
        ("workers", "65", "65 workers are too many: 1 to 64."),
        ("workers", "", "Workers are a number, 1 to 64."),
        ("folder", "", "Give the folder that the clips go to."),
    ],
)
async def test_an_impossible_entry_says_why_beside_itself_and_beside_start(
    entry: str, text: str, sentence: str
) -> None:
    async with desk(selection=VAL_ONLY) as d:
        assert d.can_start()
        await d.fill(entry, text)
        row = "per-class" if entry == "seed" else entry
        assert d.note(row) == f"! {sentence}"
        assert d.start_note == f"! {sentence}"
        assert not d.can_start()
        await d.focus("#release")
        await d.press("ctrl+s")
        assert d.screen.focused is d.screen.query_one(f"#{entry}")
        assert d.app.screen is d.screen


async def test_a_pace_that_is_no_number_blocks_the_start() -> None:
    async with desk(selection=VAL_ONLY) as d:
        await d.focus("#pace")
        await d.press("left")
        assert d.note("pace") == "! The pace is a number of clips an hour."
        await d.fill("pace-number", "1,200")
        assert (await d.start()).options.pace_per_hour == 1200


async def test_no_split_and_no_class_block_the_start() -> None:
    async with desk(selection=VAL_ONLY) as d:
        await d.focus("#splits")
        await d.press("down", "space")
        assert d.note("splits") == "! No split is chosen."
        await d.press("space")
        await d.focus("#tree")
        await d.press("n")
        assert d.note("classes") == "! No class is chosen."
        assert not d.can_start()
        await d.press("a")
        assert d.can_start()


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        (Folder(Path(), problem="/proc cannot be written."), "! /proc cannot be written."),
        (Folder(Path(), 1_000), "! The disk is too small: about 20 GB needed, 1.0 kB free."),
    ],
)
async def test_a_folder_that_cannot_serve_blocks_the_start(folder: Folder, sentence: str) -> None:
    library = FakeLibrary()
    library.folder = folder
    async with desk(library, selection=VAL_ONLY) as d:
        assert d.note("folder") == sentence
        assert not d.can_start()


async def test_missing_files_block_the_start(tmp_path: Path) -> None:
    async with desk() as d:
        await d.focus("#release")
        await d.press("end")
        assert "Give the path of an annotation file" in d.note("files")
        await d.fill("files", "/no/such.csv")
        assert d.note("files") == "! There is no file /no/such.csv."
        await d.fill("files", str(tmp_path))
        assert "is a folder" in d.note("files")
        await d.fill("files", "~nobody-of-that-name/x.csv")
        assert "There is no file" in d.note("files")
        assert not d.can_start()


async def test_a_class_that_is_not_there_is_named() -> None:
    selection = Selection(release=SMALL.name, classes=("archery", "archeryy"))
    async with desk(selection=selection) as d:
        assert "archeryy" in d.note("classes")
        await d.focus("#tree")
        await d.press("a")
        assert d.can_start()


# -- keys -------------------------------------------------------------------------------------------


async def test_search_narrows_the_tree_and_a_and_n_mean_what_is_shown() -> None:
    async with desk() as d:
        tree = d.screen.query_one(ClassTree)
        await d.press("slash", *"drum")
        assert [row.label for row in tree.rows if row.label] == [
            "air drumming",
            "air drumming",
            "playing drums",
        ]
        await d.press("enter", "n")
        assert tree.ticked == {"archery", "high jump", "yoga"}
        await d.press("a")
        assert tree.ticked == set(CLASSES)
        await d.press("escape")
        assert d.app.screen is d.screen, "escape first shows all classes again"
        assert len(tree.rows) == 3
        assert d.screen.query_one("#search", Entry).value == ""
        await d.press("slash", *"yoga", "escape")
        assert d.screen.focused is tree
        assert len(tree.rows) == 3


async def test_ctrl_f_searches_from_within_a_text_field() -> None:
    async with desk() as d:
        assert "/ Search" in d.text()
        await d.focus("#folder")
        await d.press("end", "slash")
        assert d.screen._form.draft.folder == "/data/kinetics/"
        await d.until(lambda: "^f Search" in d.text())
        await d.press("ctrl+f")
        await d.until(lambda: d.screen.focused is d.screen.query_one("#search"))


@pytest.mark.parametrize(("key", "where"), [("question_mark", "#release"), ("f1", "#folder")])
async def test_help_opens_and_closes(key: str, where: str) -> None:
    async with desk() as d:
        await d.focus(where)
        await d.press(key)
        assert [type(screen) for screen in d.app.screen_stack[2:]] == [HelpScreen]
        assert "Fetches the annotations if need be" in d.text()
        assert "t: help topics" in d.text()
        await d.press("escape")
        assert d.app.screen is d.screen


@pytest.mark.parametrize("narrow", [False, True])
def test_the_help_names_what_is_on_the_screen(narrow: bool) -> None:
    screen = setup_help(WRITTEN, sections=narrow)
    named = {word.strip() for word, _ in screen._words}
    assert {"Release", "Files", "Splits", "Search", "N per class", "Folder", "Tier", "Workers"} <= named
    assert {"Pace", "Sound", "Trim", "More ...", "What this comes to"} <= named
    assert {title(option) for option in MORE.values()} <= named
    said = " ".join(meaning for _, meaning in screen._words)
    assert ("Below:" in said, "At the right:" in said) == (narrow, not narrow)
    assert ("sections" in {key.description for key in screen._keys}) == narrow


async def test_leaving_twice_in_one_go_leaves_once() -> None:
    async with desk() as d:
        d.screen.action_leave()
        d.screen.action_leave()
        await d.pilot.pause()
        assert len(d.app.screen_stack) == 1


async def test_a_start_that_comes_through_under_the_help_waits_for_it_to_close() -> None:
    library = FakeLibrary()
    library.gate.clear()
    async with desk(library) as d:
        await d.press("ctrl+s")
        await d.press("f1")
        library.gate.set()
        await d.until(lambda: d.screen._form.annotations is not None and not d.screen._selecting)
        assert isinstance(d.app.screen, HelpScreen)
        await d.press("escape")
        await d.until(lambda: d.app.return_value is not None)
        assert isinstance(d.app.return_value, Plan)


@pytest.mark.parametrize("size", [WIDE, SMALL_TERMINAL])
async def test_why_there_are_no_classes_yet_is_said_in_full(size: tuple[int, int]) -> None:
    files = Selection(annotations=("/no/such/file.csv",))
    async with desk(size=size, selection=files) as d:
        d.screen.action_section("classes")
        await d.pilot.pause()
        words = " ".join(" ".join(line.strip() for line in d.column(ClassTree)).split())
        assert words == "The classes show once the annotations are read."


async def test_tab_reaches_every_field_and_comes_round() -> None:
    async with desk() as d:
        seen = []
        for _ in range(20):
            assert d.screen.focused is not None
            if d.screen.focused.id in seen:
                break
            seen.append(d.screen.focused.id)
            await d.press("tab")
    assert seen == [
        "release",
        "fetch",
        "splits",
        "folder",
        "source",
        "height",
        "workers",
        "pace",
        "sound",
        "trim",
        "unfold",
        "search",
        "tree",
        "per-class",
        "seed",
        "start",
    ]


async def test_enter_in_an_entry_goes_to_the_next_field() -> None:
    async with desk() as d:
        await d.focus("#folder")
        await d.press("enter")
        assert d.screen.focused is d.screen.query_one("#source")


async def test_a_folder_is_looked_at_once_typing_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(selection=VAL_ONLY) as d:
        with monkeypatch.context() as typing:
            typing.setattr(setup, "TYPING_S", 3600.0)
            await d.fill("folder", "/data/othe")
            assert d.screen._form.seen_folder is None
        await d.fill("folder", "/data/other")
        await d.until(lambda: d.screen._form.seen_folder is not None)
        assert "500 GB free" in d.note("folder")


async def test_another_release_starts_over_with_splits_and_classes() -> None:
    async with desk(selection=Selection(release=SMALL.name, splits=("val",), classes=("yoga",))) as d:
        await d.focus("#release")
        await d.press("down")
        plan_form = d.screen._form
        assert plan_form.draft.release == OTHER.name
        assert plan_form.draft.chosen_splits(plan_form.table) == ("train", "val")
        assert d.screen.query_one(ClassTree).ticked == {"archery", "zumba"}


# -- small terminals --------------------------------------------------------------------------------


async def test_on_a_small_terminal_one_section_shows_and_start_stays_in_view() -> None:
    async with desk(size=SMALL_TERMINAL) as d:
        for key, shown, hidden in (
            ("1", "Release", "Trim"),
            ("2", "Search", "Splits"),
            ("3", "Trim", "Release"),
        ):
            await d.focus("#sections")
            await d.press(key)
            text = d.text()
            assert shown in text
            assert hidden not in text
            for word in ("about 305,125 clips", "at 900 requests/h", "terms of service", "Start  ctrl+s"):
                assert word in text


async def test_a_hidden_section_with_a_problem_is_marked_and_ctrl_s_goes_there() -> None:
    async with desk(size=SMALL_TERMINAL, options=Options(workers=99)) as d:
        assert "3 Folder and options ! to mend" in d.text()
        await d.press("ctrl+s")
        assert d.screen.focused is d.screen.query_one("#workers")
        assert "99 workers are too many" in d.note("workers")


async def test_resizing_goes_from_one_arrangement_to_the_other() -> None:
    async with desk() as d:
        assert not d.screen.has_class("-narrow")
        await d.pilot.resize_terminal(80, 24)
        await d.until(lambda: tuple(d.screen._compositor.size) == (80, 24))
        assert d.screen.has_class("-narrow")
        await d.pilot.resize_terminal(200, 60)
        await d.until(lambda: tuple(d.screen._compositor.size) == (200, 60))
        assert not d.screen.has_class("-narrow")
        assert "Search" in d.text()
        assert "Trim" in d.text()


@pytest.mark.parametrize("size", [(10, 3), (1, 1), (40, 12), (300, 20)])
async def test_no_size_is_too_odd(size: tuple[int, int]) -> None:
    async with desk(size=size) as d:
        await d.press("2", "slash", "a", "enter", "down", "space", "3", "1")
        assert d.app.is_running


async def test_labels_from_hostile_files_cannot_steer_the_terminal() -> None:
    library = FakeLibrary()
    library.annotations = Annotations(clips_of("val", "\x1b[31mred\u202e\n[b]x", 2), [], [], ("x.csv",))
    async with desk(library, selection=Selection(annotations=(__file__,))) as d:
        await d.until(lambda: "2 clips" in d.consequences)
        text = d.text()
        assert "red" in text
        assert "[b]x" in text
        assert not set(text) & {"\x1b", "\u202e"}


async def test_switching_by_mouse() -> None:
    async with desk() as d:
        splits = d.screen.query_one(TickList)
        await d.pilot.click(splits, offset=(1, 1))
        await d.pilot.pause()
        form = d.screen._form
        assert form.draft.chosen_splits(form.table) == ("train", "test")
        height = d.screen.query_one("#height", Choice)
        await d.pilot.click(height, offset=(2, 0))
        await d.pilot.pause()
        assert height.value == "144"
        tree = d.screen.query_one(ClassTree)
        await d.pilot.click(tree, offset=(0, 0))
        await d.pilot.pause()
        assert [row.label for row in tree.rows[:3]] == [None, "air drumming", "yoga"]
        await d.pilot.click(tree, offset=(8, 2))
        await d.pilot.pause()
        assert "yoga" not in tree.ticked


# -- pictures ---------------------------------------------------------------------------------------


async def _opened(pilot: Pilot[Plan | None]) -> None:
    app = pilot.app
    assert isinstance(app, SetupApp)
    running = Desk(app, pilot)
    await running.until(lambda: app.setup._form.seen_folder is not None)
    if pilot.app.size.width < 100:
        await running.press("2")
    await running.focus("#tree")
    await running.press("enter", "down", "space")


@pytest.mark.parametrize("size", [WIDE, SMALL_TERMINAL], ids=["120x40", "80x24"])
def test_picture(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(SetupApp(FakeLibrary()), terminal_size=size, run_before=_opened)
