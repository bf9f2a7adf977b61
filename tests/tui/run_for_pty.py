"""Started by the tests on a terminal of its own: the app on a made-up run that stands still.

With the argument ``stopped`` that run was stopped.
"""

from __future__ import annotations

import sys
import time

from kinetics_tui.model.events import EngineStatus, StatusChanged
from kinetics_tui.tui.app import KineticsApp, run_app
from tests.tui.run_fakes import FakeLink, opened

if __name__ == "__main__":
    now = time.time()
    stopped = [StatusChanged(at=now, status=EngineStatus.STOPPED)] * ("stopped" in sys.argv)
    sys.exit(run_app(KineticsApp(FakeLink([*opened(now=now), *stopped]))))
