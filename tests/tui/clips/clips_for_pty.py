"""Started by the tests on a terminal of its own: the app on a dataset of real clips, with no engine."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from kinetics_tui.model.options import PictureKind
from kinetics_tui.tui.app import KineticsApp, run_app
from tests.tui.run_fakes import FakeLink, opened

if __name__ == "__main__":
    link = FakeLink(opened(now=time.time(), workers=1))
    link.dataset = Path(sys.argv[1])
    sys.exit(run_app(KineticsApp(link, pictures=PictureKind(sys.argv[2]))))
