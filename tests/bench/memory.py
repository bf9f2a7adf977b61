"""How much memory this process took at most."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_bytes() -> int:
    """The most memory that this process held at one time.

    Linux hands the figure that ``getrusage`` gives on from whoever started the process; that of /proc
    begins with the program.
    """
    found = _PEAK.search(_STATUS.read_text()) if _STATUS.exists() else None
    if found:
        return int(found[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
