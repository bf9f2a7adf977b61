"""The consequences of Start: clips, disk, time, and what is worth knowing before."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from kinetics_tui.annotations.releases import Release
from kinetics_tui.base.words import DAY_S, MONTH_S, bytes_text, count_text, counted, pace_text, span_text
from kinetics_tui.model.options import (
    BUDGETS,
    FULL_REQUESTS,
    LEAN_REQUESTS,
    PACES,
    PaceLimit,
    Preset,
    clips_per_hour,
)
from kinetics_tui.tui.setup import estimate
from kinetics_tui.tui.setup.draft import Draft
from kinetics_tui.tui.setup.estimate import ClipTable, Tally
from kinetics_tui.tui.setup.ports import Folder

CUSTOM_CLIP_BYTES = 1_050_000
"""The mean clip of the 2019 write-up (up to 360p, 10 s), for annotations of no release."""

LONG_S = 14 * DAY_S
"""From here on a run is called long in so many words."""

BUDGETS_FROM = "The budgets are what yt-dlp's wiki reports, not measured here; throttles teach the real one."

TERMS = "YouTube's terms of service apply to every clip fetched."


class Note(NamedTuple):
    """A sentence worth knowing, and what is added where there is room."""

    text: str
    more: str = ""


class Consequences(msgspec.Struct, frozen=True):
    """The consequences of a draft, in words; the weightiest of ``notes`` come first."""

    clips: str
    disk: str
    times: tuple[str, ...]
    notes: tuple[Note, ...]
    needed_bytes: float = 0.0


def consequences(
    draft: Draft, table: ClipTable, folder: Folder, release: Release | None, networks: int = 1
) -> Consequences:
    """The consequences of ``draft`` with the counts at hand, for a run by so many networks."""
    free = f"{bytes_text(folder.free_bytes)} free" if folder.free_bytes is not None else ""
    if folder.has_ledger:
        goes_on = Note("Start continues it as it was set up: clips and options are in its ledger.")
        elsewhere = Note("For another selection choose another folder.")
        return Consequences("A dataset is here already", free, (), (goes_on, elsewhere))
    if not table.cells:
        return Consequences(
            "No clips known yet", free, (), (Note("The annotation files have not been read."),)
        )
    splits = draft.chosen_splits(table)
    amount = draft.amount(table)
    exact = table.is_exact(splits)
    clip_bytes = release.clip_bytes if release is not None else CUSTOM_CLIP_BYTES
    needed = estimate.disk_bytes(amount, clip_bytes, draft.picture_px, sound=draft.sound)
    disk = f"about {bytes_text(needed)}" + (f"; {free}" if free else "")
    clips = f"{count_text(amount.clips, exact=exact)} {'clip' if exact and amount.clips == 1 else 'clips'}"
    times = _times(draft, amount.clips, networks)
    return Consequences(clips, disk, times, _notes(draft, table, release, networks), needed)


def _times(draft: Draft, clips: float, networks: int) -> tuple[str, ...]:
    """The time at the pace that is chosen, then at the usual ones; each network has the pace for itself.

    With several networks an account's is none of the usual ones: it is one account by all of them.
    """
    usual = PACES.values() if networks == 1 else [Preset.GUEST]
    paces = dict.fromkeys(pace for pace in (draft.pace_per_hour, *usual) if pace is not None)
    return tuple(_time(clips, pace, networks) for pace in paces) if clips else ()


def _time(clips: float, pace: float | Preset, networks: int) -> str:
    several = f"{networks} networks, " if networks > 1 else ""
    if not isinstance(pace, Preset):
        in_all = pace * networks
        return f"{span_text(estimate.time_s(clips, in_all))} at {several}{pace_text(in_all)}"
    budget = BUDGETS[pace] * networks
    lean, full = (span_text(estimate.time_s(clips * cost, budget)) for cost in (LEAN_REQUESTS, FULL_REQUESTS))
    return f"{lean} lean, {full} full at {several}{budget:,.0f} requests/h ({pace})"


def _notes(draft: Draft, table: ClipTable, release: Release | None, networks: int) -> tuple[Note, ...]:
    splits = draft.chosen_splits(table)
    clips = draft.amount(table).clips
    notes = []
    pace: PaceLimit = draft.pace_per_hour or Preset.GUEST
    took_s = estimate.time_s(clips, networks * (clips_per_hour(pace) or 1.0))
    if took_s >= LONG_S:
        months, weeks = took_s / MONTH_S, took_s / (7 * DAY_S)
        stretch = f"{months:.0f} months" if months >= 1.5 else f"{weeks:.0f} weeks"
        upto = "up to " if isinstance(pace, Preset) else ""
        notes.append(
            Note(f"That is {upto}{stretch}, day and night.", "Fewer classes or N per class make it days.")
        )
    if (mirror := _mirror_note(draft, table, release, clips)) is not None:
        notes.append(mirror)
    by_class = draft.classes is not None or draft.per_class_count is not None
    if by_class and (unlabelled := table.by_label(splits).get("", Tally()).clips):
        clips_without = counted(round(unlabelled), "clip")
        notes.append(Note(f"{clips_without} without a label: left out while you choose by class."))
    if draft.limit_count is not None:
        notes.append(Note(f"Only {counted(draft.limit_count, 'clip')}, as the limit says."))
    guest, account = BUDGETS[Preset.GUEST], BUDGETS[Preset.ACCOUNT]
    if draft.pace_per_hour is None or (clips_per_hour(pace) or 0.0) > (clips_per_hour(Preset.GUEST) or 0.0):
        notes.append(
            Note(
                f"Above {guest:,.0f} requests/h{' a network' * (networks > 1)} YouTube throttles guests: "
                "cooldowns come on top.",
                f"{account:,.0f} take an account's cookies, and accounts have been blocked for it.",
            )
        )
    if isinstance(draft.pace_per_hour, Preset):
        notes.append(Note("A clip costs 1 request lean, about 3 full.", BUDGETS_FROM))
    if not table.is_exact(splits):
        notes.append(Note("From published counts; exact once the annotations are fetched."))
    return tuple(notes)


def _mirror_note(draft: Draft, table: ClipTable, release: Release | None, clips: float) -> Note | None:
    """Where all classes are wanted and the mirror has them: what fetching its archives would take."""
    whole = draft.classes is None and draft.per_class_count is None and draft.limit_count is None
    if release is None or release.mirror_bytes is None or not whole or not clips:
        return None
    archive_bytes = release.mirror_bytes * clips / sum(table.splits.values())
    return Note(
        f"Faster: the CVDF mirror, about {bytes_text(archive_bytes)}, "
        f"{span_text(estimate.mirror_time_s(archive_bytes))} at 100 Mb/s.",
        "It also holds videos deleted since: see cvdfoundation/kinetics-dataset on GitHub.",
    )


class ConsequencesPanel(Vertical):
    """The consequences, and below them Start with the reason why it waits, always in view."""

    DEFAULT_CSS = """
    ConsequencesPanel > VerticalScroll {
        height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    ConsequencesPanel > VerticalScroll > Static { height: auto; }
    ConsequencesPanel #start-note { width: 1fr; height: auto; max-height: 5; }
    ConsequencesPanel #start-note.-problem { color: $text-error; text-style: bold; }
    ConsequencesPanel #start-note.-problem:ansi { color: ansi_red; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = Static(id="consequences-text", markup=False)
        self._note = Static(id="start-note", markup=False)
        self._start = Button("Start  ctrl+s", id="start", compact=True)
        self._consequences = Consequences("", "", (), ())
        self._narrow = False
        self._said = ("", True)

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield self._text
        yield Static(TERMS, id="terms", markup=False)
        with Horizontal(id="start-row"):
            yield self._start
            yield self._note

    def show(self, consequences: Consequences, *, narrow: bool) -> None:
        """Say what Start would mean; ``narrow`` in as few lines as can be."""
        if (consequences, narrow) == (self._consequences, self._narrow):
            return
        self._consequences = consequences
        self._narrow = narrow
        self._text.update(_short(consequences) if narrow else _long(consequences))

    def show_start(self, note: str, *, ready: bool) -> None:
        """True if Start can be pressed, and why not."""
        if (note, ready) == self._said:
            return
        self._said = (note, ready)
        self._start.disabled = not ready
        self._note.set_class(not ready, "-problem")
        self._note.update(note)


def _long(said: Consequences) -> Text:
    lines = [Text(said.clips, "bold"), Text()]
    if said.disk:
        lines.append(Text.assemble("Disk  ", (said.disk, "bold")))
    for index, time in enumerate(said.times):
        lines.append(Text.assemble("      " if index else "Time  ", (time, "" if index else "bold")))
    for note in said.notes:
        lines += [Text(), Text(f"{note.text} {note.more}".strip())]
    return Text("\n").join(lines)


def _short(said: Consequences) -> Text:
    head = Text.assemble((said.clips, "bold"), "   ", said.disk)
    lines = [head]
    if said.times:
        lines.append(Text.assemble((said.times[0], "bold"), *(f"; {time}" for time in said.times[1:])))
    return Text("\n").join([*lines, *(Text(note.text) for note in said.notes)])
