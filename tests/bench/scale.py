"""A run over several machines: the bench ``scale``.

Hosts as real programs held to a pace, beside one alone; then a crowd of hosts, whose lines and files are real
and whose clips are not, for what the engine takes and for how far it goes.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import ask, is_running, read_state
from kinetics_tui.engine.hosts.way_in import connect_file
from kinetics_tui.model.commands import Pause, Resume, UseNetworks
from kinetics_tui.model.options import Options
from tests.bench.engine import ENGINE_ALONE
from tests.bench.engine_alone import Took
from tests.bench.figures import Figure, Figures, ratios, spread
from tests.bench.footage import SHORT_S, clips_of, write_annotations
from tests.bench.ledgers import make_ledger
from tests.bench.plain_server import cpu_ms_of_plain_server
from tests.bench.shaped import Shaped, shaped_youtube
from tests.host_program import HostPrograms, free_port
from tests.program import Program
from tests.terminal_child import TerminalChild
from tests.waiting import until

PER_HOUR = 1200
BURST = PER_HOUR // 60
EACH = BURST + 20
"""Clips of each host: what its bucket holds at first, and so many at its pace."""
NUMBERS = (1, 2, 4)
LEAST_SHARE = 0.95
HOSTS, WORKERS = 64, 16
CROWDS = 3
CLIPS = 5000
CLIP_BYTES = 700_000
CPU_MOST_MS = 2.0
PLAIN_FILES = 2000
MEMORY_MOST_MB = 120
RATE_LEAST = 100
HELD_UP_MOST_MS = 250
CORE_MOST = 5.0
WATCHED_S = 10.0
MB = 1e6


def scale(seed: int) -> Figures:
    """Hosts at a pace, the memory of one, and the crowd."""
    with tempfile.TemporaryDirectory(prefix="kt-bench-") as name, shaped_youtube(SHORT_S) as youtube:
        found = {number: paced(Path(name), number, youtube) for number in NUMBERS}
    rates = {number: rate for number, (rate, _) in found.items()}
    memory_mb = spread(each for _, of_hosts in found.values() for each in of_hosts)
    crowds, plain_ms = [], []
    for _ in range(CROWDS):  # in turn, that both meet the same machine
        crowds.append(crowd(seed))
        plain_ms.append(cpu_ms_of_plain_server(PLAIN_FILES, CLIP_BYTES, HOSTS, RATE_LEAST))
    shares = {number: rate / rates[1] / number for number, rate in rates.items()}
    return Figures(
        figures=(
            *(
                Figure(
                    what=f"clips/min, {number} hosts held to {PER_HOUR:,} clips/h each",
                    ours=spread([rates[number] * 60]),
                    bar="" if number == 1 else f">= {LEAST_SHARE} x {number} x one",
                    met=share >= LEAST_SHARE,
                    form=".1f",
                )
                for number, share in shares.items()
            ),
            Figure(
                what="memory of a host beside its workers, MB",
                ours=memory_mb,
                bar=f"<= {MEMORY_MOST_MB}",
                met=memory_mb.high <= MEMORY_MOST_MB,
                form=".0f",
            ),
            *of_crowds(crowds, plain_ms),
        ),
        notes=(
            f"Paced: real programs by addresses of this machine, {EACH} clips a host, {BURST} at once; "
            "clips of the time after the burst. Memory is the unique part of the host's own process and of "
            "what starts its workers.",
            f"The crowd, {CROWDS} times: {CLIPS:,} clips over TLS, {CLIP_BYTES:,} bytes each; one program "
            "plays it, and arrived files are not looked into. clips/s of the middle three fifths.",
            f"The plain server takes {PLAIN_FILES:,} such files by {HOSTS} lines, {RATE_LEAST} a second, and "
            "writes them down; the ratio is how many times as much the gate takes.",
        ),
    )


def of_crowds(crowds: Sequence[tuple[Took, float]], plain_ms: Sequence[float]) -> Iterator[Figure]:
    """Of what the engine took and a screen's share each time; ``plain_ms``: a plain server's for a file."""
    took = [each for each, _ in crowds]
    of = f"{HOSTS} hosts of {WORKERS} workers:"
    per_s = spread(each.middle_per_s for each in took)
    yield Figure(
        what=f"{of} clips/s", ours=per_s, bar=f">= {RATE_LEAST}", met=per_s.median >= RATE_LEAST, form=".0f"
    )
    cpu_ms = spread(each.cpu_s / each.clips * 1000 for each in took)
    yield Figure(
        what=f"{of} CPU of the engine, ms a clip",
        ours=cpu_ms,
        bar=f"<= {CPU_MOST_MS:g}",
        met=cpu_ms.median <= CPU_MOST_MS,
    )
    gate_ms = [each.gate_cpu_s / each.clips * 1000 for each in took]
    yield Figure(
        what=f"{of} CPU of its gate, ms a clip",
        ours=spread(gate_ms),
        rival="a plain server by TLS",
        theirs=spread(plain_ms),
        ratio=ratios(gate_ms, plain_ms),
        bar="",
        met=True,
    )
    late_ms = spread(each.held_up_s * 1000 for each in took)
    yield Figure(
        what=f"{of} its loop is late at most, ms",
        ours=late_ms,
        bar=f"<= {HELD_UP_MOST_MS}",
        met=late_ms.high <= HELD_UP_MOST_MS,
        form=".0f",
    )
    core_percent = spread(percent for _, percent in crowds)
    yield Figure(
        what=f"{of} the screen, % of a core",
        ours=core_percent,
        bar=f"<= {CORE_MOST:g}",
        met=core_percent.median <= CORE_MOST,
        form=".1f",
    )


def paced(folder: Path, number: int, youtube: Shaped) -> tuple[float, list[float]]:
    """Clips a second of so many hosts after their bursts, and the memory of each in MB."""
    program = Program(folder / f"{number}")
    program.folder.mkdir()
    names = [f"lab{each}" for each in range(1, number + 1)]
    clips = clips_of(f"scal{number}", EACH * number, SHORT_S)
    annotations = write_annotations(program.folder / "clips.csv", clips)
    flags = ["--annotations", str(annotations), "--pace", str(PER_HOUR), "--workers", "1", "--trim", "copy"]
    flags += ["--listen", f"127.0.0.1:{free_port()}", "--headless"]
    flags += [f"--yt-dlp={shlex.join(youtube.direct_args)}"]
    hosts = HostPrograms(program)
    with subprocess.Popen(
        [sys.executable, "-m", "kinetics_tui", "run", str(program.dataset), *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as view:
        try:
            until(lambda: is_running(program.dataset), every_s=0.01)
            ask(program.dataset, Pause(now=True))
            for each, name in enumerate(names, 2):
                hosts.start(name, f"127.0.0.{each}")
            until(lambda: all(hosts.is_here(name) for name in names))
            ask(program.dataset, UseNetworks(ways=tuple(names)))
            ask(program.dataset, Resume())
            done = _rate(program.dataset, BURST * number, (EACH - 2) * number)
            memory_mb = [_memory_mb(process.pid) for process in hosts.running.values()]
            view.wait(600)
        finally:
            hosts.close()
            program("stop", str(program.dataset))
    return done, memory_mb


def _rate(dataset: Path, first: int, last: int) -> float:
    """Clips a second from when so many were done until so many are."""
    until(lambda: read_state(dataset).done >= first, 600, every_s=0.05)
    begun, began = read_state(dataset).done, time.monotonic()
    until(lambda: read_state(dataset).done >= last, 600, every_s=0.05)
    return (read_state(dataset).done - begun) / (time.monotonic() - began)


def _memory_mb(pid: int) -> float:
    """What a host takes that is in none of its workers."""
    host = psutil.Process(pid)
    processes = [host, *(child for child in host.children() if "forkserver" in " ".join(child.cmdline()))]
    return sum(float(process.memory_full_info().uss) for process in processes) / MB


def crowd(seed: int) -> tuple[Took, float]:
    """A crowd of hosts; what the engine took, and the processor's share of a screen that looks on."""
    with tempfile.TemporaryDirectory(prefix="kt-bench-") as name:
        folder = Path(name)
        listen = f"127.0.0.1:{free_port()}"
        options = Options(workers=1, pace_per_hour=None, listen=listen)
        dataset = make_ledger(folder / "set", CLIPS, seed, options)
        clip = folder / "clip.mp4"
        clip.write_bytes(bytes(CLIP_BYTES))
        arguments = ["--hosts", str(HOSTS), "--workers-a-host", str(WORKERS)]
        with subprocess.Popen([*ENGINE_ALONE, str(dataset), *arguments], stdout=subprocess.PIPE) as engine:
            until(lambda: engine.poll() is not None or is_running(dataset), every_s=0.01)
            file = folder / "run.connect"
            connect_file(dataset, listen, "Kinetics-700").write(file)
            with _crowd(file, clip), _screen(dataset) as child:
                core_percent = _watched(child, dataset)
                while engine.poll() is None:
                    with suppress(OSError):
                        child.read_for(0.2)
                        child.forget()
                said = engine.stdout.read() if engine.stdout else b""
        if engine.returncode:
            raise AssertionError(f"the engine ended with {engine.returncode}")
        return msgspec.json.decode(said, type=Took), core_percent


@contextmanager
def _crowd(file: Path, clip: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.bench.crowd", str(file), str(HOSTS), str(WORKERS), str(clip)]
    with subprocess.Popen(command) as playing:
        try:
            yield
        finally:
            playing.terminate()


@contextmanager
def _screen(dataset: Path) -> Iterator[TerminalChild]:
    child = TerminalChild("kinetics_tui", ["attach", str(dataset)], columns=120, rows=40)
    try:
        yield child
    finally:
        child.close()


def _watched(child: TerminalChild, dataset: Path) -> float:
    """The processor's share of the screen while clips come."""
    with Ledger.open(dataset, read_only=True) as ledger:
        while sum(split.done for split in ledger.split_counts()) < CLIPS // 5:
            child.read_for(0.5)
            child.forget()
    process = psutil.Process(child.pid)
    before, began = process.cpu_times(), time.monotonic()
    child.read_for(WATCHED_S)
    after, took_s = process.cpu_times(), time.monotonic() - began
    return 100 * (after.user + after.system - before.user - before.system) / took_s
