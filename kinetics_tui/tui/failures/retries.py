"""Failed clips tried again from the failures screen, and the questions that come first."""

from __future__ import annotations

from functools import partial

from kinetics_tui.base.words import HOUR_S, counted, duration_text, pace_text
from kinetics_tui.model.commands import Retry
from kinetics_tui.model.failed_clips import FailedClip
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.tui.failures.reading import FailedView
from kinetics_tui.tui.networks.actions import Host
from kinetics_tui.tui.parts.dialogs import Answer, ConfirmScreen

MANY = 50
"""So many clips are not made pending again without a question."""
YES = "yes"


class FailureRetries:
    """Makes failed clips pending again: one, or those of which the cursor's clip is an example."""

    def __init__(self, host: Host, view: FailedView) -> None:
        self._host = host
        self._view = view

    def retry(self, row: FailedClip) -> None:
        """Make one clip pending again."""
        if not self._asks:
            self._host.send(Retry(clip_ids=(row.id,)))

    def ask(self, row: FailedClip | None) -> None:
        """Ask which ones; ``row`` is the clip at the cursor."""
        if self._asks:
            return
        offers = self._offers(row)
        if not offers:
            self._host.notice("No clip has failed.", bad=True)
            return
        answers = [Answer(key, f"{text} ({counted(count, 'clip')})", key) for key, text, _, count in offers]
        ask = ConfirmScreen(
            "Retry which clips?",
            "They are pending again, as if never tried, and the run takes them up.",
            [*answers, Answer("g", "go on, retry none", "")],
        )
        by_key = {key: (wanted, count) for key, _, wanted, count in offers}
        self._host.app.push_screen(ask, partial(self._chosen, by_key))

    def _offers(self, row: FailedClip | None) -> list[tuple[str, str, Retry, int]]:
        """Key, words, command and number of clips of each answer; those without clips are left out."""
        page = self._view.page
        if page is None:
            return []
        transient = tuple(category for category in page.by_category if category.kind is not Kind.PERMANENT)
        offers = [
            (
                "t",
                "all that may work another time",
                Retry(categories=transient),
                sum(page.by_category[category] for category in transient),
            )
        ]
        if row is not None:
            category, label = row.category, row.clip.label
            offers.append(
                (
                    "c",
                    f"all of {category.value}",
                    Retry(categories=(category,)),
                    page.by_category.get(category, 0),
                )
            )
            if label:
                offers.append(
                    ("l", f"all of class {label}", Retry(labels=(label,)), page.by_label.get(label, 0))
                )
        wanted = self._view.filter
        if wanted.category is not None and wanted.label is not None and not wanted.text:
            both = Retry(categories=(wanted.category,), labels=(wanted.label,))
            offers.append(("s", "those that are shown", both, page.total))
        every = sum(page.by_category.values())
        offers.append(("a", "all failed clips, permanent ones too", Retry(categories=tuple(Category)), every))
        return [offer for offer in offers if offer[3]]

    def _chosen(self, by_key: dict[str, tuple[Retry, int]], answer: str | None) -> None:
        if not answer:
            return
        wanted, count = by_key[answer]
        if count < MANY:
            self._host.send(wanted)
            return
        ask = ConfirmScreen(
            f"Retry {counted(count, 'clip')}?",
            self._cost(wanted, count),
            [Answer("y", "retry them", YES), Answer("g", "go on, retry none", "")],
        )
        self._host.app.push_screen(ask, partial(self._confirmed, wanted))

    def _confirmed(self, wanted: Retry, answer: str | None) -> None:
        if answer == YES:
            self._host.send(wanted)

    def _cost(self, wanted: Retry, count: int) -> str:
        """The time for so many clips, and what speaks against it."""
        per_hour = self._host.moment.allowed_per_hour
        sentences = []
        if per_hour:
            time = duration_text(count / per_hour * HOUR_S)
            sentences.append(f"At {pace_text(per_hour)} that takes {time}.")
        if not wanted.categories or any(category.kind is Kind.PERMANENT for category in wanted.categories):
            sentences.append("What failed for good is likely to fail again, and each costs a request.")
        return " ".join(sentences) or "They are pending again, as if never tried."

    @property
    def _asks(self) -> bool:
        """True if a dialog is open: keys that come in one go all reach the screen that had none."""
        return self._host.app.screen.is_modal
