"""Started by the tests on a terminal of its own: the app on a made-up run that stands still."""

from __future__ import annotations

import sys
import time

from kinetics_tui.tui.app import KineticsApp, run_app
from tests.tui.run_fakes import FakeLink, opened

if __name__ == "__main__":
    sys.exit(run_app(KineticsApp(FakeLink(opened(now=time.time())))))
