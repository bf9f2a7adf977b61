"""An engine that lets the hosts of a dataset in: real sockets, real TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kinetics_tui.engine.wire.certificates import Authority
from tests.engine.wire.host_echo import Echo


@pytest.fixture
async def echo(authority: Authority, tmp_path: Path) -> AsyncIterator[Echo]:
    echo = Echo(authority, tmp_path / "set")
    await echo.open()
    yield echo
    await echo.close()
