"""The consequences of Start: clips, disk, time, and what is worth knowing before."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from kinetics_tui.annotations.releases import USUAL_ARCHIVE_BYTES, Release
from kinetics_tui.base.words import (
    DAY_S,
    MONTH_S,
    bytes_text,
    count_text,
    counted,
    pace_text,
    rate_text,
    span_text,
)
from kinetics_tui.model.options import (
    BUDGETS,
    FULL_REQUESTS,
    LEAN_REQUESTS,
    PACES,
    Options,
    PaceLimit,
    Preset,
    Source,
    clips_per_hour,
)
from kinetics_tui.tui.setup import estimate
from kinetics_tui.tui.setup.draft import Draft
from kinetics_tui.tui.setup.estimate import ArchiveTally, ClipTable, Tally
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
    """The consequences of a draft, in words; the weightiest of ``notes`` come first.

    ``no_archives`` says why they cannot be a source, and is empty where they can or are none.
    """

    clips: str
    disk: str
    times: tuple[str, ...]
    notes: tuple[Note, ...]
    needed_bytes: float = 0.0
    no_archives: str = ""


def consequences(
    draft: Draft,
    table: ClipTable,
    folder: Folder,
    release: Release | None,
    options: Options,
    networks: int = 1,
) -> Consequences:
    """The consequences of ``draft`` and its ``options`` with the counts at hand, by so many networks."""
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
    known = _archives(draft, table, release, options, amount.clips)
    beside = _beside_bytes(options, known)
    disk = f"about {bytes_text(needed)}" + (f" and {bytes_text(beside)} for archives" if beside else "")
    disk += f"; {free}" if free else ""
    clips = f"{count_text(amount.clips, exact=exact)} {'clip' if exact and amount.clips == 1 else 'clips'}"
    return Consequences(
        clips,
        disk,
        _times_by_source(draft, amount.clips, options, known, networks) if amount.clips else (),
        _notes(draft, table, release, options, known, networks),
        needed + beside,
        _no_archives(options, release),
    )


# -- archives ----------------------------------------------------------------------------------------


def _no_archives(options: Options, release: Release | None) -> str:
    has = release is not None and (release.archives or release.archives_of)
    if Source.ARCHIVES not in options.sources or options.archives or has:
        return ""
    return 'No archives are known of these clips: name some under "More", Archives, or take YouTube.'


def _archives(
    draft: Draft, table: ClipTable, release: Release | None, options: Options, clips: float
) -> ArchiveTally | None:
    """The release's archives for the draft, as far as they are known without asking for them."""
    if release is None or options.archives:
        return None
    found = estimate.archives_of(release, table, draft.chosen_splits(table), draft.classes, clips)
    most = options.max_archive_bytes
    if found is None or most is None or most >= found.size_bytes:
        return found
    share = most / found.size_bytes
    held = None if found.clips is None else found.clips * share
    number = None if found.archives is None else max(1, int(found.archives * share))
    return ArchiveTally(number, most, held)


def _beside_bytes(options: Options, known: ArchiveTally | None) -> float:
    """The room that archives take beside the clips: those on their way, or all that are kept."""
    if Source.ARCHIVES not in options.sources or (options.archives and not _remote(options)):
        return 0.0
    if known is not None and options.keep_archives:
        return known.size_bytes
    each = (known.usual_bytes if known is not None else None) or USUAL_ARCHIVE_BYTES
    way = options.archives_at_once * each
    if known is not None:
        way = min(way, known.size_bytes)
    return min(way, options.max_disk_bytes or way)


def _remote(options: Options) -> bool:
    return any("://" in place or place.endswith(".txt") for place in options.archives)


def _archives_text(options: Options, known: ArchiveTally | None) -> str:
    """Their time, number and bytes: ``44 min at 12.0 MB/s, assumed: 21 archives, about 32 GB``."""
    if known is None:
        return "archives: how large they are is known once Start has asked for them"
    bytes_per_s = options.max_bytes_per_s or estimate.ASSUMED_BYTES_PER_S
    assumed = "" if options.max_bytes_per_s else ", assumed"
    time = f"{span_text(known.size_bytes / bytes_per_s)} at {rate_text(bytes_per_s)}{assumed}"
    number = "archives" if known.archives is None else counted(known.archives, "archive")
    return f"{time}: {number}, about {bytes_text(known.size_bytes)}"


def _times_by_source(
    draft: Draft, clips: float, options: Options, known: ArchiveTally | None, networks: int
) -> tuple[str, ...]:
    """The time that each source takes, in the order in which they are asked."""
    held = None if known is None else known.clips
    match options.sources:
        case (Source.YOUTUBE,):
            return _times(draft, clips, networks)
        case (Source.YOUTUBE, _):
            return (
                *_times(draft, clips, networks)[:1],
                f"then, for what it has lost, up to {_archives_text(options, known)}",
            )
    holding = "" if held is None else f", about {held:,.0f} of the clips"
    first = f"{_archives_text(options, known)}{holding}"
    if Source.YOUTUBE not in options.sources:
        return (first,)
    if held is None:
        return (first, "then YouTube for the rest")
    rest = max(0.0, clips - held)
    times = _times(draft, rest, networks)[:1] if rest >= 1 else ()
    return (first, f"then about {rest:,.0f} clips from YouTube", *times)


# -- time --------------------------------------------------------------------------------------------


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


def _notes(
    draft: Draft,
    table: ClipTable,
    release: Release | None,
    options: Options,
    known: ArchiveTally | None,
    networks: int,
) -> tuple[Note, ...]:
    asks, reads = (source in options.sources for source in (Source.YOUTUBE, Source.ARCHIVES))
    first = options.sources[0] is Source.YOUTUBE
    splits = draft.chosen_splits(table)
    clips = draft.amount(table).clips
    notes = []
    pace: PaceLimit = draft.pace_per_hour or Preset.GUEST
    took_s = estimate.time_s(clips, networks * (clips_per_hour(pace) or 1.0))
    if took_s >= LONG_S and first:
        months, weeks = took_s / MONTH_S, took_s / (7 * DAY_S)
        stretch = f"{months:.0f} months" if months >= 1.5 else f"{weeks:.0f} weeks"
        upto = "up to " if isinstance(pace, Preset) else ""
        notes.append(
            Note(f"That is {upto}{stretch}, day and night.", "Fewer classes or N per class make it days.")
        )
    if reads:
        if known is None and release is not None and release.archives_of and not options.archives:
            notes.append(
                Note("It has no archives of its own: those of other releases hold most of its clips.")
            )
        notes.append(
            Note(
                f"Copies above {draft.picture_px} lines are scaled down, which takes cores.",
                "A higher tier leaves them as they are.",
            )
        )
    elif known is not None and _is_whole(draft) and clips:
        notes.append(
            Note(
                f"Faster: archives as the source, {_archives_text(options, known)}.",
                "They also hold videos deleted since.",
            )
        )
    by_class = draft.classes is not None or draft.per_class_count is not None
    if by_class and (unlabelled := table.by_label(splits).get("", Tally()).clips):
        clips_without = counted(round(unlabelled), "clip")
        notes.append(Note(f"{clips_without} without a label: left out while you choose by class."))
    if draft.limit_count is not None:
        notes.append(Note(f"Only {counted(draft.limit_count, 'clip')}, as the limit says."))
    guest, account = BUDGETS[Preset.GUEST], BUDGETS[Preset.ACCOUNT]
    if asks and (
        draft.pace_per_hour is None or (clips_per_hour(pace) or 0.0) > (clips_per_hour(Preset.GUEST) or 0.0)
    ):
        notes.append(
            Note(
                f"Above {guest:,.0f} requests/h{' a network' * (networks > 1)} YouTube throttles guests: "
                "cooldowns come on top.",
                f"{account:,.0f} take an account's cookies, and accounts have been blocked for it.",
            )
        )
    if asks and isinstance(draft.pace_per_hour, Preset):
        notes.append(Note("A clip costs 1 request lean, about 3 full.", BUDGETS_FROM))
    if not table.is_exact(splits):
        notes.append(Note("From published counts; exact once the annotations are fetched."))
    return tuple(notes)


def _is_whole(draft: Draft) -> bool:
    """True if all clips of the chosen splits are wanted."""
    return draft.classes is None and draft.per_class_count is None and draft.limit_count is None


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
