"""Runs over several machines in which anything may break at any moment: every clip is settled, once."""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from kinetics_tui.dataset.folder import log_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.ask import read_state
from tests.host_program import HostPrograms, free_port, run_flags
from tests.program import Program
from tests.torture.chaos import MARK, left_behind
from tests.torture.host_chaos import HARMS, HostChaos
from tests.torture.small_videos import shrink
from tests.torture.test_chaos import check_files, check_settled_once
from tests.waiting import is_left, until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

KEPT_FOR_HOSTS = ("hosts/authority.pem", "hosts/engine.pem", "hosts/token")
FINISH_WITHIN_S = 300.0
HOSTS = ["lab2", "lab3", "lab4", "lab5"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 at hand")


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's temporary folder, which is empty but for the user's own when all has ended."""
    with tempfile.TemporaryDirectory() as name:  # those of pytest are too long for a socket
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)  # it is asked for once
        yield Path(name)
        assert [path for path in Path(name).rglob("*") if path.name != f"kinetics-tui-{os.getuid()}"] == []


def torture(
    program: Program,
    serve: Serve,
    sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    clips: int,
    hosts: Sequence[str],
    in_place: Sequence[str],
    seed: int,
    rounds: int | None = None,
    every_s: tuple[float, float] = (0.5, 3.0),
    longest_s: float = 25.0,
    rage_s: float = 600.0,
    latency_s: float = 0.1,
) -> None:
    """Have so many clips fetched by so many hosts while all breaks, and look what is there at the end."""
    print(f"seed {seed}")  # noqa: T201 -- shown where the test fails
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    demo, youtube = serve(clips)
    shrink(demo, sources)
    youtube.line.latency_s = latency_s
    port = free_port()
    programs = HostPrograms(program)
    began = time.monotonic()
    try:
        with HostChaos(
            program,
            programs,
            port,
            hosts,
            in_place=in_place,
            seed=seed,
            every_s=every_s,
            longest_s=longest_s,
        ) as chaos:
            chaos.start(*run_flags(demo, youtube, port))
            chaos.rage(rounds=rounds, within_s=rage_s, leave=clips // 10)
            raged = time.monotonic()
            youtube.line.latency_s = 0.0
            codes = chaos.finish(FINISH_WITHIN_S)
        until(lambda: is_left(program.dataset))
        print(  # noqa: T201
            f"{clips} clips, {chaos.done.total()} harms in {raged - began:.0f} s, {chaos.starts} engines, "
            f"settled after {time.monotonic() - began:.0f} s: {dict(chaos.done)}"
        )
        assert codes == dict.fromkeys(hosts, 0)
        until(lambda: not left_behind(program.dataset, mark))
    finally:
        programs.close()
    check_settled_once(program.dataset, read_state(program.dataset))
    check_files(program.dataset, demo, kept_too=KEPT_FOR_HOSTS)
    check_nothing_left(program)


def check_nothing_left(program: Program) -> None:
    """No lease in the ledger, no file in the making on either side, no fault in the log."""
    with Ledger.open(program.dataset, read_only=True) as ledger:
        assert ledger.leases() == []
    cache = Path(os.environ["XDG_CACHE_HOME"])
    assert [path for path in cache.rglob("*") if path.is_file() and path.name != "lock"] == []
    assert list(cache.rglob("spool-*")) == []
    log = log_path(program.dataset).read_text()
    assert "Traceback" not in log
    assert "the engine failed" not in log


@pytest.mark.torture
def test_whatever_breaks_between_hosts_every_clip_is_settled_once(
    program: Program, serve: Serve, demo_sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torture(
        program,
        serve,
        demo_sources,
        monkeypatch,
        clips=24,
        hosts=["lab2", "lab3"],
        in_place=["lab3"],
        seed=3,
        rounds=len(HARMS),
        every_s=(0.1, 0.4),
        longest_s=2.0,
        latency_s=0.2,
    )


@pytest.mark.torture
@pytest.mark.parametrize("in_place", [[], HOSTS], ids=["over the line", "in place"])
def test_four_hosts_that_break_for_a_long_time_lose_nothing(
    program: Program,
    serve: Serve,
    demo_sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_place: Sequence[str],
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    torture(program, serve, demo_sources, monkeypatch, clips=500, hosts=HOSTS, in_place=in_place, seed=seed)
