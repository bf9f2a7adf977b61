"""One network's throttle and pace, out of the ledger and back into it."""

from __future__ import annotations

from collections.abc import Sequence

from kinetics_tui.dataset.rows import NetworkRow
from kinetics_tui.engine.network import Network
from kinetics_tui.engine.pace import Pace
from kinetics_tui.engine.throttle import Throttle


class Remembered:
    """What is known of a network: how it stands with YouTube, and the pace it takes."""

    def __init__(
        self,
        network: Network,
        row: NetworkRow,
        steps_s: Sequence[float],
        now: float,
        *,
        per_hour: float | None,
        learns: bool,
    ) -> None:
        self.network = network
        self._lessons = row.lessons
        self.throttle = Throttle(
            steps_s,
            status=row.status,
            signal=row.signal,
            until=row.until,
            step=row.step,
            clips_since_throttle=row.clips_since_throttle,
            last_throttle_at=row.last_throttle_at,
            lessons=row.lessons,
        )
        self.pace = Pace(per_hour, row.lessons, now, learns=learns)

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: nothing is waited for any longer or shorter."""
        self.throttle.move_times(by_s)
        self.pace.move_times(by_s)
        self._lessons.move_times(by_s)

    def row(self) -> NetworkRow:
        """As the ledger keeps it: a restart shortens no cooldown and forgets no lesson."""
        throttle, network = self.throttle, self.network
        return NetworkRow(
            name=network.name,
            label=network.label,
            kind=network.kind,
            family=network.family,
            status=throttle.status,
            signal=throttle.signal,
            until=throttle.until,
            step=throttle.step,
            clips_since_throttle=throttle.clips_since_throttle,
            last_throttle_at=throttle.last_throttle_at,
            lessons=self._lessons,
        )
