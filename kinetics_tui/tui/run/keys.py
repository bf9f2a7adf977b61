"""The keys of the run screen: what they are bound to, and which of them the bottom line offers."""

from __future__ import annotations

from functools import partial

from kinetics_tui.model.events import EngineStatus
from kinetics_tui.tui.parts.bars import Hint, bind, help_key, undo_key
from kinetics_tui.tui.parts.view_state import Moment
from kinetics_tui.tui.run.throttle import command_shown

_key = partial(bind, "run")

KEYS = (
    _key("space", "pause_or_resume", "pause or resume", "Finish the clips in hand, then wait; or continue."),
    _key("P", "pause_now", "pause now", "Put the clips in hand back at once and wait."),
    _key("plus,equals_sign", "workers(1)", "more workers", "One worker more, up to 64.", shown_as="+"),
    _key("minus", "workers(-1)", "fewer workers", "One worker fewer, down to 1.", shown_as="-"),
    _key("p", "probe_now", "probe now", "Try one clip before the cooldown ends; asks first."),
    _key("e", "wait_longer", "wait longer", "Add the current step to the cooldown; asks first."),
    _key("y", "copy_command", "copy the command", "Copy the command that the throttle panel shows."),
    undo_key("run"),
    _key("n", "networks", "networks", "Every network: switch to one, check, add, forget."),
    _key("h", "hosts", "hosts", "The machines that take part: let one in, its workers, remove it."),
    _key("f", "failures", "failures", "Every failed clip: why, every attempt, and retries."),
    _key("c", "clips", "clips", "Every clip that is done, with pictures: see what you get."),
    _key("r", "report", "report", "What became of the dataset so far, in figures and charts."),
    _key("up", "move(-1)", "up", "To the split above, or scroll a panel in full.", shown_as="↑"),
    _key("down", "move(1)", "down", "To the split below, or scroll a panel in full.", shown_as="↓"),
    _key("pageup", "page(-1)", "page up", "Scroll a panel in full by a page.", shown_as="PgUp"),
    _key("pagedown", "page(1)", "page down", "Scroll a panel in full by a page.", shown_as="PgDn"),
    _key("home", "to_end(False)", "to the start", "Scroll a panel in full to its start."),
    _key("end", "to_end(True)", "to the end", "Scroll a panel in full to its end."),
    _key("x,enter", "switch_split", "switch split", "Switch the split at the cursor on or off."),
    _key("1", "open('splits')", "splits in full", "The splits panel alone; again to go back."),
    _key("2", "open('workers')", "workers in full", "The workers panel alone; again to go back."),
    _key("3", "open('failures')", "failures in full", "Every failure category with advice."),
    _key("4", "open('throttle')", "throttle in full", "The throttle panel alone; again to go back."),
    _key("5", "open('log')", "log in full", "The last lines of the log; arrow keys scroll."),
    _key("escape", "back", "back", "Back to all panels.", shown_as="esc"),
    _key("d", "detach", "detach", "Leave the app; the run continues without it."),
    _key("q", "ask_to_leave", "stop", "Stop the run, or only leave it: asks first."),
    _key("ctrl+c", "ask_to_leave", "leave", "Asks like q; once more detaches.", shown_as="^c"),
    help_key("run"),
)
"""Every key, in the order of the help; ids and tooltips are for key maps, help and palette."""


FAILURES = Hint("f", "failures", "failures")
CLIPS = Hint("c", "clips", "clips")
REPORT = Hint("r", "report", "report")
HOSTS = Hint("h", "hosts", "hosts")
COPY = Hint("y", "copy the command", "copy_command", "copy")
SWITCH_NETWORK = Hint("n", "switch network", "networks")


def hints(moment: Moment, *, full: bool) -> list[Hint]:
    """The keys that matter now, the most needed first; ``full``: one panel has the stage."""
    first = [Hint("esc", "back", "back"), Hint("↑↓", "move", "move(1)")] if full else []
    hosts = [HOSTS] * bool(moment.state.hosts or moment.state.options.listen)
    panels = Hint("1-5", "panels", "open('log')")
    if moment.ended or moment.lost or moment.stopping:
        networks = Hint("n", "networks", "networks")
        go_on = [Hint("space", "continue", "pause_or_resume")] if moment.can_go_on else []
        copy = [COPY] * bool(command_shown(moment))
        left = Hint("q", "leave", "ask_to_leave")
        return [*first, *go_on, left, *copy, FAILURES, CLIPS, REPORT, networks, *hosts, panels]
    word = "resume" if moment.paused else "look again" if moment.looks_again else "pause"
    pause = Hint("space", word, "pause_or_resume")
    pause_now = Hint("P", "pause now", "pause_now")
    leave = [Hint("d", "detach", "detach"), Hint("q", "stop", "ask_to_leave")]
    workers, split = Hint("+ -", "workers", "workers(1)"), Hint("x", "split on/off", "switch_split")
    last = [*hosts, FAILURES, CLIPS, REPORT, workers, split, panels]
    if moment.cooling:
        probe = Hint("p", "probe now", "probe_now", "probe")
        longer = Hint("e", "wait longer", "wait_longer", "longer")
        switch = SWITCH_NETWORK._replace(brief="switch")
        return [*first, probe, switch, longer, pause, *leave, pause_now, *last]
    if moment.refused:
        return [
            *first,
            pause,
            COPY,
            SWITCH_NETWORK,
            *leave,
            *last,
        ]
    if moment.paused or moment.state.status is EngineStatus.OFFLINE:
        return [*first, pause, SWITCH_NETWORK, *leave, pause_now, *last]
    return [*first, pause, pause_now, Hint("n", "networks", "networks"), *leave, *last]
