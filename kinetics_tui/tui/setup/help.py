"""The help of the set-up screen: its keys, and every field by the name that stands beside it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding

from kinetics_tui.model.options import Options, options_in
from kinetics_tui.tui.parts.help import HelpScreen, Words
from kinetics_tui.tui.setup.more import MORE, Written, explained, title
from kinetics_tui.tui.setup.sections import TO_MEND


def _key(shown: str, name: str, text: str) -> Binding:
    return Binding(shown, "", name, key_display=shown, tooltip=text)


KEYS: Sequence[Binding] = (
    _key("^s", "start", "Fetches the annotations if need be, and starts the run."),
    _key("tab", "next field", "With shift the one before. In a field the arrow keys choose or move."),
    _key("space", "tick", "Ticks what the cursor is on: a split, a class, or all of a category."),
    _key("enter", "open", "Opens or closes a category, presses a button; in a text field goes to the next."),
    _key("a n", "all, none", "Among the classes: ticks or unticks all that are shown."),
    _key("/ ^f", "search", "To the search over the classes; in a text field ^f."),
    _key("1 2 3", "sections", "To the clips, the classes, the folder and options."),
    _key("→", "complete", "In a path: takes the completion shown."),
    _key("z", "undo", "Takes back a change of release, splits or classes."),
    _key("? f1", "help", "In a text field f1."),
    _key("esc ^c", "leave", "In a search: shows all classes again. Else leaves; nothing is changed."),
)

_OPTIONS = options_in(Options)

BEFORE: Words = (
    ("Release", "One of the published sets of clips, or annotation files of your own."),
    ("Files", "Paths of annotation files; several with blanks between, quoted where they hold blanks."),
    ("Splits", "The parts of the release: training, validation, test."),
    ("about, ~", "Published counts, until the annotations are fetched; Start fetches them if need be."),
    ("Search", "Every word of it must occur in a class or its category."),
    ("[x] [-] [ ]", "All, some, none of a category. A class that stands in two is ticked in both."),
    ("N per class", "So many clips of each class, drawn with the seed: the same seed draws the same."),
    ("Folder", "Where the clips go; one that holds a dataset is continued as it was set up."),
)
SOURCE = (
    "Clips are asked of YouTube one by one, or taken out of a mirror's archives, which are fetched whole; "
    "the second source gets what the first has not."
)
PACE = (
    "Requests an hour as guest or account, or clips an hour. A clip costs 1 request lean, about 3 full. "
    "The budgets are what yt-dlp's wiki reports, not measured here."
)


def setup_help(written: Written, *, sections: bool) -> HelpScreen:
    """The help; ``sections``: the terminal shows the parts of the form one at a time."""

    def named(shown: str, name: str) -> tuple[str, str]:
        return shown, written.help(_OPTIONS[name])

    where = "Below" if sections else "At the right"
    words = (
        *BEFORE,
        ("Source", SOURCE),
        named("Tier", "height"),
        named("Workers", "workers"),
        ("Pace", PACE),
        ("Sound", "off: the clips have none."),
        named("Trim", "trim"),
        ("More ...", "Unfolds the rest of the options:"),
        *((f"  {title(option)}", explained(name, written)) for name, option in MORE.items()),
        *([(TO_MEND, "Something in that section keeps Start waiting: beside Start stands what.")] * sections),
        ("What this comes to", f"{where}: clips, disk and time, before anything is fetched or written."),
    )
    keys = KEYS if sections else [key for key in KEYS if key.description != "sections"]
    return HelpScreen(keys, words)
