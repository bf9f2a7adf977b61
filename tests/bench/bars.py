"""``python -m tests.bench.bars rich|tqdm DATASET``: the rivals of the screen, a bar a worker.

They read the same socket as the app. Of the events they keep no more than their bars show.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from kinetics_tui.engine.process.address import socket_paths
from kinetics_tui.model.commands import Reply, Subscribe
from kinetics_tui.model.events import AnyEvent, ClipProgress, ClipStarted
from kinetics_tui.tui.parts.view_state import REFRESH_HZ

_decoder: msgspec.json.Decoder[AnyEvent | Reply] = msgspec.json.Decoder(AnyEvent | Reply)


def told(dataset: Path) -> Iterator[AnyEvent | Reply]:
    """What the engine of a dataset says, from the run as it stands on."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(socket_paths(dataset)[0]))
        line.sendall(msgspec.json.encode(Subscribe()) + b"\n")
        with line.makefile("rb") as lines:
            for each in lines:
                yield _decoder.decode(each)


def rich_bars(messages: Iterator[AnyEvent | Reply], workers: int) -> None:
    """``rich.progress`` as it comes, at the refresh of the app."""
    from rich.progress import Progress

    names: dict[int, str] = {}
    with Progress(refresh_per_second=REFRESH_HZ) as progress:
        tasks = {slot: progress.add_task(f"{slot:>2}", total=1.0) for slot in range(1, workers + 1)}
        for message in messages:
            if isinstance(message, ClipStarted):
                names[message.slot] = message.clip.name
                progress.reset(tasks[message.slot])
            elif isinstance(message, ClipProgress):
                words = f"{message.slot:>2} {message.phase.value:<8} {names.get(message.slot, '')}"
                progress.update(tasks[message.slot], completed=message.fraction, description=words)


def tqdm_bars(messages: Iterator[AnyEvent | Reply], workers: int) -> None:
    """``tqdm`` as it comes, at the refresh of the app."""
    from tqdm import tqdm

    names: dict[int, str] = {}
    bars = {
        slot: tqdm(total=100, position=slot - 1, mininterval=1 / REFRESH_HZ, miniters=0)
        for slot in range(1, workers + 1)
    }
    for message in messages:
        if isinstance(message, ClipStarted):
            names[message.slot] = message.clip.name
        elif isinstance(message, ClipProgress):
            one = bars[message.slot]
            words = f"{message.slot:>2} {message.phase.value:<8} {names.get(message.slot, '')}"
            one.set_description_str(words, refresh=False)
            one.update(int(100 * message.fraction) - one.n)


BARS: Mapping[str, Callable[[Iterator[AnyEvent | Reply], int], None]] = {"rich": rich_bars, "tqdm": tqdm_bars}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bars", description=__doc__)
    parser.add_argument("rival", choices=sorted(BARS))
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--workers", type=int, default=16)
    given = parser.parse_args(arguments)
    BARS[given.rival](told(given.dataset), given.workers)


if __name__ == "__main__":
    main(sys.argv[1:])
