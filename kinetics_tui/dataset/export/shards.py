"""Shards for WebDataset: archives of clips, each with its class and what is known of it beside it.

A shard that is there stays as it is: a later export puts what is new into further ones. For that each shard
has a note of its clips.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import tarfile
from typing import Any

import msgspec

from kinetics_tui.dataset.export.clip_files import Placed, Source, UnreadableError
from kinetics_tui.dataset.export.exporter import Form, Item
from kinetics_tui.dataset.export.target import Target
from kinetics_tui.dataset.layout import SUFFIX, clip_path
from kinetics_tui.model.options import LayoutName

SHARD_BYTES = 1_000_000_000


class _Exactly:
    """A clip's file as tarfile copies it: the promised number of bytes, or UnreadableError."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        while len(data) < size:
            more = self._source.read(size - len(data))
            if not more:
                raise UnreadableError("its file became shorter while it was read")
            data += more
        return data


class _Shard:
    """A shard in the making: ``.mp4``, ``.cls`` and ``.json`` of each clip under one key."""

    def __init__(self, target: Target, name: str) -> None:
        self.name = name
        self.size_bytes = 0
        self._target = target
        self._keys: list[str] = []
        self._stack = contextlib.ExitStack()
        self._file = self._stack.enter_context(target.part(name))
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)

    def put(self, key: str, item: Item) -> None:
        """Add a clip. Raises UnreadableError, and then nothing of the clip is in the shard."""
        size_bytes, offset = item.source.about.st_size, self._tar.offset
        exactly: Any = _Exactly(item.source)  # tarfile asks for no more than read(size)
        try:
            self._tar.addfile(_member(f"{key}.mp4", size_bytes), exactly)
        except UnreadableError:
            self._file.seek(offset)
            self._file.truncate()
            self._tar.offset = offset
            raise
        for ending, data in ((".cls", str(item.number).encode()), (".json", _about(item))):
            self._tar.addfile(_member(key + ending, len(data)), io.BytesIO(data))
        self._tar.members.clear()  # type: ignore[attr-defined]  # its list of all that it wrote, which nobody reads
        self._keys.append(key)
        self.size_bytes += size_bytes

    def finish(self) -> None:
        """Give the shard its name; before that, later exports are told what is in it."""
        with self._stack:
            self._tar.close()
            self._target.leave_note(self.name, msgspec.json.encode(self._keys))
            with self._target.open_folder() as top_fd:
                self._target.give_name(self._file, self.name, top_fd, self.name)

    def give_up(self) -> None:
        self._stack.close()


class Webdataset(Form):
    """``<split>-000000.tar`` and so on, of about a gigabyte each."""

    links = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._shards: dict[str, _Shard] = {}
        self._known: set[str] = set()
        for name, content in self.target.notes():
            if self.target.exists(name):
                with contextlib.suppress(
                    msgspec.DecodeError
                ):  # of somebody else: nothing is known of that shard
                    self._known.update(msgspec.json.decode(content, type=list[str]))

    def __exit__(self, *exception: Any) -> bool | None:
        for shard in self._shards.values():
            shard.give_up()
        return super().__exit__(*exception)

    def add(self, item: Item) -> Placed:
        place = clip_path(LayoutName.ACTIVITYNET, item.clip, item.holding.naming)
        key = place.name.removesuffix(SUFFIX).replace(".", "-")  # a key ends at its first dot
        if key in self._known:
            return Placed.THERE
        split = place.parts[0]
        shard = self._shards.get(split)
        if shard is not None and shard.size_bytes + item.source.about.st_size > SHARD_BYTES:
            self._shards.pop(split).finish()
        self._make_room(item.source.about.st_size)
        shard = self._shards.get(split)
        if shard is None:
            shard = self._shards[split] = _Shard(self.target, self._next_name(split))
        shard.put(key, item)
        return Placed.ADDED

    def finish(self) -> list[str]:
        while self._shards:
            self._shards.popitem()[1].finish()
        return super().finish()

    def _make_room(self, size_bytes: int) -> None:
        """Finish the largest shard before its time where the target has no room for so many in the making."""
        held_bytes = sum(shard.size_bytes for shard in self._shards.values())
        if self._shards and held_bytes + size_bytes > self.target.most_shards * SHARD_BYTES:
            largest = max(self._shards, key=lambda split: self._shards[split].size_bytes)
            self._shards.pop(largest).finish()

    def _next_name(self, split: str) -> str:
        names = (f"{split}-{number:06d}.tar" for number in itertools.count())
        return next(name for name in names if not self.target.exists(name))


def _member(name: str, size_bytes: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)  # of no time and no owner: the same clips make the same shard
    member.size = size_bytes
    return member


def _about(item: Item) -> bytes:
    clip, made = item.clip, item.holding.made
    about = msgspec.to_builtins(clip)
    about["index"] = item.number
    if made is not None:
        about |= {"made_with": made.made_with, **msgspec.structs.asdict(made)}
        del about["output_bytes"]
    return msgspec.json.encode(about)
