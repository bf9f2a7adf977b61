"""The parts of a report that terminal and page share.

Classes over all splits, sums of time, rates, sentences.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from kinetics_tui.base.words import (
    HOUR_S,
    bytes_text,
    counted,
    duration_text,
    share_text,
    tally_text,
)
from kinetics_tui.report.figures import (
    Count,
    Doing,
    Hour,
    NetworkWork,
    Progress,
    Report,
    Session,
    Sources,
    Spread,
    Timing,
    Traffic,
    ranked,
)

NO_LABEL = "(no label)"
SPREADS = ("mean", "median", "p95", "max")
"""The figures of a spread, in the order of ``spread_cells``."""


def by_label(report: Report) -> list[Progress]:
    """The classes over all splits, those first of which the largest share failed."""
    parts: defaultdict[str, list[Progress]] = defaultdict(list)
    for part in report.classes:
        parts[part.label].append(part)
    found = [Progress.sum_of(rows, label) for label, rows in parts.items()]
    return sorted(found, key=lambda row: (-row.failed_share, -row.failed, -row.done, row.label))


def label_text(label: str) -> str:
    """A label, or words for none."""
    return label or NO_LABEL


def seconds_by_doing(report: Report) -> list[tuple[Doing, float]]:
    """The seconds that the run spent on each doing, in the order of ``Doing``.

    What it never did is left out.
    """
    sums: defaultdict[Doing, float] = defaultdict(float)
    for stretch in report.stretches:
        sums[stretch.doing] += stretch.took_s
    return [(doing, sums[doing]) for doing in Doing if doing in sums]


def fruitful(report: Report) -> list[Session]:
    """The sessions in which a clip was fetched, the oldest first."""
    return [session for session in report.sessions if session.clips]


def endings(report: Report) -> tuple[Count, ...]:
    """The number of sessions that ended for each reason, the most frequent first."""
    return ranked(Counter(session.why for session in report.sessions if session.why))


class Rates(NamedTuple):
    """Clips an hour from ``began_at`` to ``ended_at``, each value the mean over ``hours`` hours."""

    began_at: float
    ended_at: float
    hours: int
    per_hour: list[float]


def rates(hours: Sequence[Hour], columns: int) -> Rates | None:
    """Clips done an hour over the whole run, in at most ``columns`` values; None where nothing was done."""
    if not hours or columns < 1:
        return None
    began_at = hours[0].at
    span = round((hours[-1].at - began_at) / HOUR_S) + 1
    width = math.ceil(span / columns)
    values = [0.0] * math.ceil(span / width)
    for hour in hours:
        values[int((hour.at - began_at) / HOUR_S) // width] += hour.done / width
    return Rates(began_at, hours[-1].at + HOUR_S, width, values)


def rates_text(found: Rates) -> str:
    """A note on reading a chart of them."""
    if len(found.per_hour) == 1:
        return f"{counted(round(found.per_hour[0]), 'clip')} in the one hour so far"
    each = "a column is an hour" if found.hours == 1 else f"a column is the mean of {found.hours:,} hours"
    return f"at most {max(found.per_hour):,.0f} an hour; {each}"


def refusals_text(report: Report) -> str:
    """The refusals of YouTube, and their cost; empty where it did not."""
    if not report.throttles:
        return ""
    waits_s = [max(0.0, one.ended_at - one.at) for one in report.throttles if one.ended_at is not None]
    times = "once" if len(report.throttles) == 1 else counted(len(report.throttles), "time")
    if not waits_s:
        return f"YouTube refused {times}, and that is not over yet."
    more = "" if len(waits_s) == len(report.throttles) else ", without what is not over yet"
    return f"YouTube refused {times}; it took {duration_text(sum(waits_s))} in all until each was over{more}."


NETWORK_TITLES = ("network", "clips", "an hour", "failed", "bytes", "at work", "refused")
"""The titles above ``network_cells``, that of the network's name first."""


def network_cells(work: NetworkWork) -> list[str]:
    """The work by one network, without its name, as it stands in a table."""
    rate = "" if work.clips_per_hour is None else f"{work.clips_per_hour:,.0f}"
    counts = [f"{work.clips:,}", rate, f"{work.failed:,}", bytes_text(work.wire_bytes)]
    return [*counts, duration_text(work.took_s), f"{work.throttles:,}"]


def several_networks(report: Report) -> Sequence[NetworkWork]:
    """The networks where there are several to compare; else none."""
    return report.networks if len(report.networks) > 1 else ()


ARCHIVES_SHOWN = 10
"""So many of the archives that clips come from are named."""


def sources_text(sources: Sources | None) -> str:
    """Where the clips come from; empty where none comes from an archive."""
    if sources is None or not sources.archives:
        return ""
    many = counted(len(sources.by_archive), "archive")
    parts = [f"{sources.youtube:,} from YouTube", f"{sources.archives:,} from {many}"]
    if sources.here:
        parts.append(f"{sources.here:,} were on the disk before")
    return f"Of the clips that are done {', '.join(parts)}."


def archive_counts(sources: Sources | None) -> tuple[Count, ...]:
    """The archives that gave the most clips, and the others in one."""
    if sources is None:
        return ()
    shown, others = sources.by_archive[:ARCHIVES_SHOWN], sources.by_archive[ARCHIVES_SHOWN:]
    if not others:
        return shown
    return (*shown, Count(f"{counted(len(others), 'archive')} more", sum(one.clips for one in others)))


def endings_text(report: Report) -> str:
    """Why sessions ended; empty where the source does not tell."""
    ended = ", ".join(f"{count.clips:,} {count.name}" for count in endings(report))
    if not ended:
        return ""
    without = len(report.sessions) - len(fruitful(report))
    of_these = f", {without:,} without a clip" if without else ""
    return f"{counted(len(report.sessions), 'session')} in all{of_these}: {ended}."


KNOWN = (
    "This is known from the sessions and why each ended: after a throttle the network cools down until the "
    "next session begins. Waiting for the pace is work. Where another engine began the next session, nobody "
    "wrote down when the first one ended."
)
"""The base of the figures of where the time went."""


def spread_cells(spread: Spread) -> list[str]:
    """Mean, median, p95 and maximum as they stand in a table."""
    return [seconds_text(value) for value in (spread.mean_s, spread.median_s, spread.p95_s, spread.max_s)]


def seconds_text(seconds: float) -> str:
    """Seconds to a hundredth, as the write-up told them: ``21.47``."""
    return f"{seconds:,.2f}"


def spread_rows(timing: Timing, *, fenced: bool) -> list[tuple[str, Spread]]:
    """The rows of a table of seconds: what took them, and how they are spread."""
    seconds = timing.fenced if fenced else timing.in_full
    parts = (("resolve", seconds.resolve), ("download", seconds.download))
    rows = [(name, spread) for name, spread in parts if spread is not None]
    together = "resolve + download" if rows else "download"
    return [*rows, (together, seconds.fetch), ("trim", seconds.trim), ("total", seconds.total)]


def failed_share_text(part: Progress) -> str:
    """Which share of the settled clips failed; nothing where none is settled."""
    return share_text(part.failed, part.settled) if part.settled else ""


OF_SETTLED, OF_FAILED = "of settled", "of failed"
"""The title of a column of shares says what they are shares of."""


def progress_titles(report: Report) -> list[str]:
    """The titles above ``progress_cells``."""
    return ["clips", "done", "failed", OF_SETTLED, "left", *["off"] * bool(report.whole.off)]


def progress_cells(report: Report, part: Progress) -> list[str]:
    """What became of the clips of a split or class; they add up to the first cell."""
    before = [f"{clips:,}" for clips in (part.total, part.done, part.failed)]
    behind = [f"{clips:,}" for clips in (part.left, *[part.off] * bool(report.whole.off))]
    return [*before, failed_share_text(part), *behind]


def failed_shares(report: Report) -> list[str]:
    """The share of each category in the clips that failed."""
    whole = sum(count.clips for count in report.failures)
    return [share_text(count.clips, whole) for count in report.failures]


# -- sentences ------------------------------------------------------------------------------------


def headline(report: Report) -> str:
    """What became of all clips, and which share failed, in one sentence."""
    whole = report.whole
    off = {part.split: part.off for part in report.splits if part.off}
    tally = tally_text(whole.total, whole.done, whole.failed, whole.left, off)
    share = failed_share_text(whole)
    return f"{tally}; {share} of those settled failed." if share else f"{tally}."


def fences_text(timing: Timing) -> str:
    """The number of clips inside the fences."""
    return f"inside the interquartile fences: {timing.fenced.clips:,} of {timing.in_full.clips:,}"


def dominance_text(timing: Timing) -> str:
    """The part that takes longer."""
    share = 100 * timing.fetch_longer / timing.in_full.clips
    return f"Getting a clip takes longer than trimming it for {share:.2f} % of fetched clips."


def sequence_text(timing: Timing) -> str:
    """The time that all clips would take one after the other."""
    full, fenced = _days(timing.sequential_s), _days(timing.fenced_sequential_s)
    return f"One after the other all settled clips take {full}, or {fenced} by the mean inside the fences."


def taken_text(timing: Timing) -> str:
    """The time that the run was at work against it; empty where the source does not tell."""
    if not timing.taken_s:
        return ""
    text = f"The run was at work for {_days(timing.taken_s)}"
    if timing.sequential_s >= timing.taken_s:
        text += f", which is {timing.sequential_s / timing.taken_s:,.1f} times as fast"
    if timing.in_hand_s:
        text += f"; {timing.in_hand_s / timing.taken_s:,.1f} workers had a clip in hand on average"
    return text + "."


def traffic_text(traffic: Traffic, sources: Sources | None = None) -> list[str]:
    """The bytes over the wire and the bytes of the clips."""
    lost = traffic.wire_bytes - traffic.done_wire_bytes
    lines = [f"{bytes_text(traffic.wire_bytes)} over the wire, {bytes_text(traffic.stored_bytes)} on disk."]
    of_archives = sources is not None and sources.archives
    if traffic.stored_bytes and traffic.done_wire_bytes and not of_archives:
        ratio = traffic.done_wire_bytes / traffic.stored_bytes
        lines.append(f"{ratio:.2f} bytes were fetched for each that is stored.")
    if lost > 0:
        lines.append(f"{bytes_text(lost)} went into attempts that made no clip.")
    if sources is not None and sources.archive_bytes:
        lines.append(f"{bytes_text(sources.archive_bytes)} more were fetched of archives.")
    if traffic.free_bytes is not None:
        lines.append(f"{bytes_text(traffic.free_bytes)} are free on that disk.")
    return lines


def _days(seconds: float) -> str:
    """As the write-up told it in days, where it is days: ``176.1 days``."""
    days = seconds / 86_400
    return f"{days:,.1f} days" if days >= 1 else duration_text(seconds)
