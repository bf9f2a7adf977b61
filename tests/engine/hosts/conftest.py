"""The authority of a dataset, and an engine that lets its hosts in: real sockets, real TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kinetics_tui.engine.hosts.certificates import Authority
from tests.engine.hosts.host_echo import Echo


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.at(tmp_path / "set")


@pytest.fixture
async def echo(authority: Authority, tmp_path: Path) -> AsyncIterator[Echo]:
    echo = Echo(authority, tmp_path / "set")
    await echo.open()
    yield echo
    await echo.close()
