"""Archives as a source: as fast as the slower of line and verification, beside ``curl | tar x``."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import av
import psutil

from kinetics_tui.base.machine import available_cores
from kinetics_tui.dataset.folder import ledger_path, make_state_folder
from kinetics_tui.dataset.ledger.archives import ArchiveRow, Passed
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.media.cut.cut import trim
from kinetics_tui.media.cut.order import Job, Media
from kinetics_tui.media.verify import verify
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection
from tests.bench.figures import Figure, Figures, Spread, spread
from tests.bench.footage import CLIP_S, SHORT_S, footage, write_annotations
from tests.bench.mirror import Mirror, mirror
from tests.bench.ours import Family
from tests.bench.shaped import LINE_BYTES_PER_S

ARCHIVES, CLIPS_EACH = 4, 250
OF_LIMIT = 0.9
RECKONED_WITHIN = 0.1
MOST_WIRE = 1.02
MOST_MEMORY_MB = 150
MOST_LOCATE_MS = 50
MOST_LEDGER_MB = 60
MEMBERS = 650_000
LOCATED = 200
AS_ID = 11
LOOK_EVERY_S = 0.2
ALL_CLIPS = ARCHIVES * CLIPS_EACH


def archives(seed: int) -> Figures:
    """Four archives on a shaped line and on one without limits, a kill in the middle, and a large ledger."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = _packed(folder / "mirror")
        verified_per_s = _verified_per_s(folder / "clip.mp4")
        with mirror(folder / "mirror", LINE_BYTES_PER_S) as served:
            shaped = _run(folder / "shaped", clips, served)
            curled_s = _curled(folder / "curled", served)
            sent_before = served.sent_bytes()
            _run(folder / "killed", clips, served, killed_at=ALL_CLIPS // 2)
            _run(folder / "killed", clips, served)
            wire = (served.sent_bytes() - sent_before) / served.size_bytes
        with mirror(folder / "mirror", None) as served:
            serving_s = -served.cpu_s()
            free = _run(folder / "free", clips, served)
            serving_s += served.cpu_s()
        clip_bytes = (folder / "clip.mp4").stat().st_size
    line_per_s = LINE_BYTES_PER_S * ALL_CLIPS / served.size_bytes
    # The server's share of the cores is not ours to have.
    cores_per_s = 1 / (1 / verified_per_s + serving_s / ALL_CLIPS / available_cores())
    limits = {"line": min(line_per_s, verified_per_s), "cores": cores_per_s}
    on_line, on_cores = ((ALL_CLIPS - 1) / run.clips_s for run in (shaped, free))
    reckoned_s = served.size_bytes / LINE_BYTES_PER_S
    located_ms, grown_mb = _large_ledger(seed)
    figures = (
        Figure(
            what="share of the slower of line and verification, line of 60 Mb/s",
            ours=(share := spread([on_line / limits["line"]])),
            bar=f">= {OF_LIMIT}",
            met=share.median >= OF_LIMIT,
        ),
        Figure(
            what="the same, line without limits",
            ours=(share := spread([on_cores / limits["cores"]])),
            bar=f">= {OF_LIMIT}",
            met=share.median >= OF_LIMIT,
        ),
        Figure(
            what="seconds until all clips are there, line of 60 Mb/s",
            ours=spread([shaped.wall_s]),
            bar="",
            met=True,
            form=".1f",
            rival="curl and tar, nothing verified",
            theirs=spread([curled_s]),
            ratio=spread([curled_s / shaped.wall_s]),
        ),
        Figure(
            what="seconds that set-up reckons with for that line / those it took",
            ours=(share := spread([reckoned_s / shaped.wall_s])),
            bar="0.9 to 1.1",
            met=abs(share.median - 1) <= RECKONED_WITHIN,
        ),
        Figure(
            what="CPU-s a clip, of which verification",
            ours=spread([free.cpu_s / ALL_CLIPS]),
            bar="",
            met=True,
            form=".3f",
            rival="verify alone",
            theirs=spread([available_cores() / verified_per_s]),
        ),
        Figure(
            what=f"memory of the readers of {ARCHIVES} archives, MB",
            ours=(most := spread([shaped.readers_mb])),
            bar=f"<= {MOST_MEMORY_MB}",
            met=most.median <= MOST_MEMORY_MB,
            form=".0f",
        ),
        Figure(
            what="bytes on the wire / bytes of the archives, with a SIGKILL half way",
            ours=spread([wire]),
            bar=f"<= {MOST_WIRE}",
            met=wire <= MOST_WIRE,
            form=".3f",
        ),
        Figure(
            what=f"ms to locate a clip among {MEMBERS:,} members",
            ours=located_ms,
            bar=f"<= {MOST_LOCATE_MS}",
            met=located_ms.high <= MOST_LOCATE_MS,
            form=".2f",
        ),
        Figure(
            what=f"MB by which {MEMBERS:,} members make the ledger grow",
            ours=spread([grown_mb]),
            bar=f"<= {MOST_LEDGER_MB}",
            met=grown_mb <= MOST_LEDGER_MB,
            form=".1f",
        ),
    )
    notes = (
        f"{ARCHIVES} archives (tar.gz) of {CLIPS_EACH} clips of {CLIP_S} s, {clip_bytes / 1e6:.2f} MB each, "
        "all at once; shares from the first clip to the last, seconds by the whole command; "
        "the server is a process on the same cores, and what it takes of them is taken off.",
        f"Verification alone, all cores: {verified_per_s:.1f} clips/s; the line allows {line_per_s:.1f}.",
    )
    return Figures(figures=figures, notes=notes)


# -- what there is to read ----------------------------------------------------------------------------------


def _packed(folder: Path) -> list[Clip]:
    """Archives of one clip's bytes under many names, and a list of them."""
    folder.mkdir()
    one = folder.parent / "clip.mp4"
    video, sound = footage("separate MP4", SHORT_S).values()
    job = Job(
        video=Media(open=lambda: av.open(str(video.path))),
        audio=Media(open=lambda: av.open(str(sound.path))),
        start_s=Fraction(20),
        end_s=Fraction(20 + CLIP_S),
    )
    trim(job, one, lambda _fraction: None)
    content = one.read_bytes()
    clips = [Clip(_id(number), 20, 20 + CLIP_S, "train", "archery") for number in range(ALL_CLIPS)]
    names = []
    for number, batch in enumerate(clips[at : at + CLIPS_EACH] for at in range(0, ALL_CLIPS, CLIPS_EACH)):
        names.append(f"part_{number}.tar.gz")
        with tarfile.open(folder / names[-1], "w:gz", compresslevel=1) as tar:
            for clip in batch:
                member = tarfile.TarInfo(f"./{clip.name}.mp4")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    (folder / "list.txt").write_text("\n".join(names))
    return clips


def _id(number: int) -> str:
    return f"{number:0{AS_ID}d}"


def _verified_per_s(clip: Path) -> float:
    """The clips a second that all cores verify, and do nothing else."""
    cores = available_cores()
    with ProcessPoolExecutor(cores) as pool:
        list(pool.map(verify, [clip] * cores))
        count, began = 20 * cores, time.monotonic()
        list(pool.map(verify, [clip] * count))
        return count / (time.monotonic() - began)


# -- who reads it -------------------------------------------------------------------------------------------


class _Took:
    """What a run took."""

    def __init__(self) -> None:
        self.wall_s = 0.0
        """From the start of the command to the last clip."""
        self.clips_s = 0.0
        """From the first clip to the last."""
        self.cpu_s = 0.0
        self.readers_mb = 0.0


def _run(folder: Path, clips: Sequence[Clip], served: Mirror, killed_at: int | None = None) -> _Took:
    """Run the program until all clips are there, or its engine and all else are killed at so many."""
    folder.mkdir(exist_ok=True)
    annotations = write_annotations(folder / "clips.csv", clips)
    command = [
        *(sys.executable, "-m", "kinetics_tui", "run", str(folder / "set"), "--headless", "--json"),
        *("--annotations", str(annotations), "--source", "archives", "--archives", served.list_address),
        *("--archives-at-once", str(ARCHIVES)),
    ]
    took, began, first, looked, done = _Took(), time.monotonic(), 0.0, 0.0, 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        family = Family(process.pid)
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            done += event["event"] == "clip-done"
            if done == killed_at:
                _kill(folder / "set", process)
                break
            now = time.monotonic()
            if now - looked > LOOK_EVERY_S:
                looked = now
                took.readers_mb = max(took.readers_mb, _readers_mb(folder / "set"))
                took.cpu_s = family.cpu_s()
            if event["event"] == "clip-done":
                first = first or now
                took.wall_s, took.clips_s = now - began, now - first
    return took


def _kill(dataset: Path, view: subprocess.Popen[bytes]) -> None:
    engine = json.loads((dataset / ".kinetics-tui/engine.json").read_bytes())["pid"]
    os.kill(engine, signal.SIGKILL)
    view.kill()
    while psutil.pid_exists(engine) or any(True for _ in _readers(dataset)):
        time.sleep(LOOK_EVERY_S)


def _readers(dataset: Path) -> Iterator[psutil.Process]:
    """The readers of archives for a dataset: they have files of its open."""
    for process in psutil.process_iter(["cmdline"]):
        with suppress(psutil.Error):
            if "kinetics_tui.engine.archives.reader" in (process.info["cmdline"] or ()) and any(
                str(dataset) in file.path for file in process.open_files()
            ):
                yield process


def _readers_mb(dataset: Path) -> float:
    total = 0.0
    for process in _readers(dataset):
        with suppress(psutil.Error):
            total += process.memory_full_info().pss / 1e6
    return total


def _curled(folder: Path, served: Mirror) -> float:
    """The seconds that people's own way takes for the same archives, all at once."""
    folder.mkdir()
    began = time.monotonic()
    lines = [
        subprocess.Popen(["sh", "-c", f"curl -s '{address}' | tar xz -C '{folder}'"])
        for address in served.addresses
    ]
    for line in lines:
        line.wait()
    took_s = time.monotonic() - began
    shutil.rmtree(folder)
    return took_s


# -- a large ledger -----------------------------------------------------------------------------------------


def _large_ledger(seed: int) -> tuple[Spread, float]:
    """Milliseconds to locate clips, and megabytes by which the ledger grew, with all members known."""
    with tempfile.TemporaryDirectory() as name:
        dataset = Path(name)
        make_state_folder(dataset)
        with _ledger(dataset) as ledger:
            before = _size_mb(dataset)
            ledger.set_archives([ArchiveRow(address="/nowhere/all.tar", name="all.tar")])
            each = MEMBERS // 650
            for batch in range(650):
                ledger.add_members(
                    1, [Passed(_id(batch * each + n), 0, 10_000, 1_000_000 * n, 999_000) for n in range(each)]
                )
            grown_mb = _size_mb(dataset) - before
            took = []
            for number in range(LOCATED):
                wanted = _id((number * 7919 + seed) % MEMBERS)
                began = time.monotonic()
                found = ledger.where_is(wanted, 0, 10_000)
                took.append(1000 * (time.monotonic() - began))
                assert found
    return spread(took), grown_mb


@contextmanager
def _ledger(dataset: Path) -> Iterator[Ledger]:
    with Ledger.create(
        dataset,
        title="T",
        release="",
        selection=Selection(),
        options=Options(),
        clips=[Clip(_id(0), 0, 10, "train", "archery")],
    ) as ledger:
        yield ledger


def _size_mb(dataset: Path) -> float:
    with suppress(Exception), Ledger.open(dataset) as ledger:
        ledger._db.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return ledger_path(dataset).stat().st_size / 1e6
