"""Failed clips tried again from the failures screen, and the questions that come first."""

from __future__ import annotations

from functools import partial

from kinetics_tui.base.words import HOUR_S, counted, duration_text, pace_text
from kinetics_tui.model.clip_queries import FailedClip
from kinetics_tui.model.commands import Retry
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.tui.failures.reading import FailedView
from kinetics_tui.tui.parts.dialogs import Answer, ConfirmScreen
from kinetics_tui.tui.parts.run_screen_base import LiveScreen

MANY = 50
"""So many clips are not made pending again without a question."""
YES = "yes"


class FailureRetries:
    """Makes failed clips pending again: one, or those of which the cursor's clip is an example."""

    def __init__(self, host: LiveScreen, view: FailedView) -> None:
        self._host = host
        self._view = view

    def retry(self, row: FailedClip) -> None:
        """Make one clip pending again."""
        if not self._host.asks:
            self._host.send(Retry(clip_ids=(row.id,)))

    def ask(self, row: FailedClip | None) -> None:
        """Ask which ones; ``row`` is the clip at the cursor."""
        if self._host.asks:
            return
        offers = self._offers(row)
        if not offers:
            self._host.notice("No clip has failed.", bad=True)
            return
        answers = [Answer(key, f"{text} ({counted(count, 'clip')})", key) for key, text, _, count in offers]
        ask = ConfirmScreen(
            "Retry which clips?",
            "They are pending again, as if never tried, and the run takes them up.",
            [*answers, Answer("g", "go back, retry none", "")],
        )
        by_key = {key: (wanted, count) for key, _, wanted, count in offers}
        self._host.app.push_screen(ask, partial(self._chosen, by_key))

    def _offers(self, row: FailedClip | None) -> list[tuple[str, str, Retry, int]]:
        """Key, words, command and number of clips of each answer; those without clips are left out."""
        page = self._view.page
        if page is None:
            return []
        counts = page.by_category
        transient = tuple(category for category in counts if category.kind is not Kind.PERMANENT)
        may_work = sum(counts[category] for category in transient)
        offers = [("t", "all that may work another time", Retry(categories=transient), may_work)]
        if row is not None:
            category, label = row.category, row.clip.label
            alike = Retry(categories=(category,))
            offers.append(("c", f"all of {category.value}", alike, counts.get(category, 0)))
            if label:
                of_class = page.by_label.get(label, 0)
                offers.append(("l", f"all of class {label}", Retry(labels=(label,)), of_class))
        wanted = self._view.filter
        if wanted.category is not None and wanted.label is not None and not wanted.text:
            both = Retry(categories=(wanted.category,), labels=(wanted.label,))
            offers.append(("s", "those that are shown", both, page.total))
        every = sum(counts.values())
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
            [Answer("y", "retry them", YES), Answer("g", "go back, retry none", "")],
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
