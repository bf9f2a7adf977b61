"""The queue of clips: which one is handed out next.

Clips are read from the ledger a page at a time, so that 650,000 of them cost no memory.
"""

from __future__ import annotations

from collections import deque

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.model.network import moved_if_any

PAGE = 256


class ClipQueue:
    """Hands out each clip to one hand at a time, retries that are due first.

    The ledger knows nothing of hands: a clip stays pending or waiting in it until its outcome is
    recorded, so an engine that dies loses none. What is in hand is kept here.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._front: deque[ClipRow] = deque()
        self._page: deque[ClipRow] = deque()
        self._after: dict[str, int] = {}
        self._taken: set[int] = set()
        self._enabled: set[str] = set()
        self.restart()

    def restart(self) -> None:
        """Begin again from what the ledger says now (a split was switched, failures were made pending)."""
        self._ledger.flush()
        self._front.clear()
        self._page.clear()
        splits = [split for split in self._ledger.split_counts() if split.enabled]
        self._enabled = {split.name for split in splits}
        self._after = {split.name: 0 for split in splits if split.left}
        self.next_retry_at = self._ledger.next_retry_at()
        """When the next clip that waits for its retry may be handed out, None where none waits."""

    @property
    def in_hand(self) -> int:
        return len(self._taken)

    @property
    def exhausted(self) -> bool:
        """Nothing is left but what is in hand or waits for its retry."""
        return not (self._front or self._page or self._after)

    def take(self, now: float) -> ClipRow | None:
        """The next clip, now in hand; None where none may be handed out now."""
        row = self._next(now)
        if row is not None:
            self._taken.add(row.id)
        return row

    @property
    def only_retries_left(self) -> bool:
        """Nothing may be handed out before ``next_retry_at``, and nothing is in hand."""
        return self.exhausted and not self._taken and self.next_retry_at is not None

    def put_back(self, row: ClipRow, *, last: bool = False) -> None:
        """The clip is to be handed out again, before all others or after those that are read already.

        ``last`` is for a clip that may itself be the reason why it came back: another goes first.
        """
        self._taken.discard(row.id)
        if row.clip.split not in self._enabled:
            return  # the ledger has it still, for when its split is switched on again
        if last and self._page:
            self._page.append(row)
        elif last:
            self._front.append(row)
        else:
            self._front.appendleft(row)

    def claim(self, row: ClipRow) -> bool:
        """Take this clip in hand, which came another way; False where it is in a hand already."""
        if row.id in self._taken:
            return False
        self._taken.add(row.id)
        return True

    def release(self, row: ClipRow) -> None:
        """A clip that was claimed is out of its hand as it was."""
        self._taken.discard(row.id)

    def settle(self, row: ClipRow, retry_at: float | None = None) -> None:
        """The clip is out of the way: settled, or waiting until ``retry_at``."""
        self._taken.discard(row.id)
        if retry_at is not None:
            self.next_retry_at = min(retry_at, self.next_retry_at or retry_at)

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: no retry comes sooner or later by that."""
        self.next_retry_at = moved_if_any(self.next_retry_at, by_s)

    def _next(self, now: float) -> ClipRow | None:
        if self._front:
            return self._front.popleft()
        if self.next_retry_at is not None and self.next_retry_at <= now:
            self._load_retries(now)
            if self._front:
                return self._front.popleft()
        while not self._page:
            if not self._after:
                return None
            split = next(iter(self._after))
            rows = self._ledger.next_pending(split, self._after[split], PAGE)
            if rows:
                self._after[split] = rows[-1].id
                self._page.extend(row for row in rows if row.id not in self._taken)
            else:
                del self._after[split]
        return self._page.popleft()

    def _load_retries(self, now: float) -> None:
        self._ledger.flush()
        # One that was put back last waits in the ledger still, and is in its place already.
        known = self._taken.union(row.id for row in self._page)
        due = self._ledger.due_retries(now, PAGE + len(known))
        self._front.extend(row for row in due if row.id not in known)
        # While a full page was due there may be more; look again when these are out of the way.
        self.next_retry_at = now if len(self._front) >= PAGE else self._ledger.next_retry_at()
        if self.next_retry_at is not None and self.next_retry_at <= now:
            self.next_retry_at = now + 1.0
