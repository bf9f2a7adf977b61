"""The archives that there are for a dataset, and what their places tell of the clips in them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.annotations.fetch import Stream
from kinetics_tui.annotations.releases import ArchiveList, Holds, Release, published
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.archives import ArchiveRow
from kinetics_tui.engine.archives import places as places_module
from kinetics_tui.engine.archives.download import DownloadError, Head
from kinetics_tui.engine.archives.places import Found, find_archives
from kinetics_tui.model.clip import Clip
from tests.archive_mirror import tar_of

BASE = "https://mirror.example/kinetics/"


def release_of(
    name: str, lists: Sequence[ArchiveList], classes: Sequence[str] = ("archery", "yoga")
) -> Release:
    return Release(name=name, title=name, splits={}, archives=tuple(lists), classes=tuple(classes))


class Net:
    """Lists that there are, archives of so many bytes, and what was asked for."""

    def __init__(self, lists: Mapping[str, Sequence[str]], broken: Sequence[str] = ()) -> None:
        self._lists = lists
        self._broken = broken
        self.asked: list[str] = []

    def open(self, url: str) -> tuple[Stream, int | None]:
        self.asked.append(url)
        if url not in self._lists:
            raise OSError(2, "HTTP 403")
        return io.BytesIO("\n".join(self._lists[url]).encode()), None

    def head(self, address: str) -> Head:
        self.asked.append(address)
        if any(word in address for word in self._broken):
            raise DownloadError("HTTP 503")
        return Head(len(address), f'"{address}"')


def find(
    net: Net,
    clips: Sequence[Clip],
    release: Release | None = None,
    others: Sequence[Release] = (),
    places: Sequence[str] = (),
    annotated: Mapping[str, Sequence[Clip]] = {},
) -> Found:
    return find_archives(
        release,
        others,
        places,
        clips,
        annotated=lambda one: annotated.get(one.name, clips),
        opener=net.open,
        ask=net.head,
    )


def about(found: Found, *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(row, field) for field in fields) for row in found.archives]


CLIPS = [Clip(f"a{number:010d}", 1, 11, "val", ("archery", "yoga")[number % 2]) for number in range(30)]


def test_a_list_by_class_gives_the_archives_of_classes_that_are_wanted() -> None:
    names = ["archery.tar.gz", "yoga.tar.gz", "tai_chi.tar.gz", "what%20else.tar.gz"]
    net = Net({BASE + "val/list.txt": [f"{BASE}val/{name}" for name in names]})
    lists = [ArchiveList(address=BASE + "val/list.txt", split="val", holds=Holds.CLASS)]
    classes = ("archery", "tai chi", "yoga")
    found = find(net, CLIPS[::2], release_of("k", lists, classes))
    # One of no class that is known may hold anything.
    assert about(found, "name", "split", "label") == [
        ("val/archery.tar.gz", "val", "archery"),
        ("val/what else.tar.gz", "val", ""),
    ]
    (first, _) = found.archives
    assert (first.size_bytes, first.validator) == (len(first.address), f'"{first.address}"')


def test_a_list_by_class_number_counts_the_classes_in_the_order_of_the_alphabet() -> None:
    net = Net({BASE + "list.txt": [f"{BASE}k700_val_{number:03d}.tar.gz" for number in range(4)]})
    lists = [ArchiveList(address=BASE + "list.txt", split="val", holds=Holds.CLASS_NUMBER)]
    found = find(net, CLIPS, release_of("k", lists, ("yoga", "archery")))
    labels = dict(about(found, "name", "label"))
    assert labels["kinetics/k700_val_001.tar.gz"] == "archery"
    assert labels["kinetics/k700_val_002.tar.gz"] == "yoga"
    assert {labels[f"kinetics/k700_val_00{number}.tar.gz"] for number in (0, 3)} == {""}


def test_a_list_of_runs_gives_each_archive_the_names_it_may_hold_its_neighbours_too() -> None:
    net = Net({BASE + "list.txt": [f"{BASE}part_{number}.tar.gz" for number in range(4)]})
    lists = [ArchiveList(address=BASE + "list.txt", split="val", holds=Holds.RUN, clips_each=10)]
    found = find(net, CLIPS, release_of("k", lists))
    ids = [(first[:11], last[:11]) for first, last in about(found, "first_name", "last_name")]
    name = "a{:010d}".format
    assert ids[:3] == [(name(0), name(19)), (name(0), name(29)), (name(10), name(29))]
    assert ids[3] == (name(20), name(29))


def test_archives_of_splits_that_are_not_wanted_are_left_out_and_replacements_are_known() -> None:
    net = Net({BASE + "t.txt": [BASE + "t.tar"], BASE + "v.txt": [BASE + "v.tar"]})
    lists = [
        ArchiveList(address=BASE + "t.txt", split="train"),
        ArchiveList(address=BASE + "v.txt", split="val"),
        ArchiveList(address=BASE + "fixed.tgz", replaces=True),
    ]
    found = find(net, CLIPS, release_of("k", lists))
    assert about(found, "name", "split", "replaces") == [
        ("kinetics/v.tar", "val", False),
        ("kinetics/fixed.tgz", "", True),
    ]


def test_a_release_without_archives_is_filled_from_those_of_others_that_hold_its_clips() -> None:
    lists = [ArchiveList(address=BASE + "train.txt", split="train", holds=Holds.CLASS)]
    runs = [ArchiveList(address=BASE + "runs.txt", split="val", holds=Holds.RUN, clips_each=10)]
    net = Net(
        {
            BASE + "train.txt": [f"{BASE}{name}.tar.gz" for name in ("archery", "yoga", "tai chi")],
            BASE + "runs.txt": [f"{BASE}part_{number}.tar.gz" for number in range(6)],
        }
    )
    by_class = release_of("by class", lists, ("archery", "tai chi", "yoga"))
    by_run = release_of("by run", runs)
    # There, half of ours are of another split and of other classes.
    there = [Clip(clip.youtube_id, 1, 11, "train", "yoga") for clip in CLIPS[:5]]
    there += [Clip(f"z{number:010d}", 1, 11, "train", "tai chi") for number in range(5)]
    ranks = [*CLIPS[:5], *(Clip(f"z{number:010d}", 1, 11, "val", "yoga") for number in range(55))]
    found = find(
        net, CLIPS, release_of("k700", []), [by_class, by_run], annotated={"by class": there, "by run": ranks}
    )
    names = [name for (name,) in about(found, "name")]
    assert names == ["kinetics/yoga.tar.gz", "kinetics/part_0.tar.gz", "kinetics/part_1.tar.gz"]
    # What they hold there says nothing of split and class here.
    assert set(about(found, "split", "first_name")) == {("", "")}
    assert found.archives[0].label == ""


def test_the_lists_of_the_published_releases_can_be_read() -> None:
    for name in ("kinetics-400", "kinetics-600", "kinetics-700-2020"):
        release = published(name)
        lists = {one.address: [one.address.replace(".txt", "/part_0.tar.gz")] for one in release.archives}
        clips = [Clip("aaaaaaaaaaa", 1, 11, split, release.classes[0]) for split in ("train", "val", "test")]
        assert find(Net(lists), clips, release).archives
    assert published("kinetics-700").archives == ()
    assert published("kinetics-700").archives_of == ("kinetics-700-2020", "kinetics-600", "kinetics-400")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with archives, loose clips, a list, and other things."""
    folder = tmp_path / "here"
    (folder / "archery").mkdir(parents=True)
    (folder / "yoga.tar.gz").write_bytes(tar_of([]))
    (folder / "archery" / "b.zip").write_bytes(b"")
    (folder / "notes.md").write_bytes(b"")
    (folder / "list.txt").write_text("# mine\nyoga.tar.gz\n\nhttps://mirror.example/far.tar\n")
    return folder


def test_a_folder_is_looked_through_for_archives_and_is_one_itself_where_it_has_loose_clips(
    here: Path,
) -> None:
    release = release_of("k", [])
    found = find(Net({}), CLIPS, release, places=[str(here)])
    assert about(found, "name", "label") == [("here/yoga.tar.gz", "yoga"), ("archery/b.zip", "")]
    (here / "archery" / "aaaaaaaaaaa_000001_000011.mp4").write_bytes(b"")
    found = find(Net({}), CLIPS, release, places=[str(here)])
    assert about(found, "address", "size_bytes")[-1] == (str(here), None)


def test_a_list_file_names_what_lies_beside_it_and_what_is_on_the_net(here: Path) -> None:
    found = find(Net({}), CLIPS, places=[str(here / "list.txt")])
    assert about(found, "address") == [(str(here / "yoga.tar.gz"),), ("https://mirror.example/far.tar",)]


def test_a_list_on_the_net_may_name_its_archives_as_they_lie_beside_it() -> None:
    net = Net({BASE + "list.txt": ["part_0.tar.gz", "../part_1.tar.gz", BASE + "part_2.tar.gz"]})
    found = find(net, CLIPS, places=[BASE + "list.txt"])
    assert [address for (address,) in about(found, "address")] == [
        BASE + "part_0.tar.gz",
        "https://mirror.example/part_1.tar.gz",
        BASE + "part_2.tar.gz",
    ]


def test_places_of_the_users_stand_instead_of_the_releases_and_each_counts_once(here: Path) -> None:
    lists = [ArchiveList(address=BASE + "list.txt", split="val")]
    place = str(here / "yoga.tar.gz")
    net = Net({})
    found = find(net, CLIPS, release_of("k", lists), places=[place, str(here), place])
    assert len(found.archives) == 2
    assert net.asked == []


def test_a_replacement_is_known_by_its_name_and_credentials_are_not_in_it() -> None:
    address = "https://me:secret@mirror.example/400/replacement_for_corrupted_k400.tgz"
    (row,) = find(Net({}), CLIPS, places=[address]).archives
    assert isinstance(row, ArchiveRow)
    assert (row.replaces, row.name) == (True, "400/replacement_for_corrupted_k400.tgz")


def test_archives_of_one_name_are_told_apart_by_their_folders() -> None:
    places = [f"{BASE}{release}/test/part_{number}.tar" for release, number in ((400, 0), (600, 0), (600, 1))]
    found = find(Net({}), CLIPS, places=places)
    assert about(found, "name") == [("400/test/part_0.tar",), ("600/test/part_0.tar",), ("test/part_1.tar",)]


def test_archives_that_cannot_be_asked_for_their_size_are_named_and_kept() -> None:
    net = Net({BASE + "list.txt": ["good.tar", "bad.tar"]}, broken=["bad"])
    found = find(net, CLIPS, places=[BASE + "list.txt"])
    assert found.unasked == (("kinetics/bad.tar", "HTTP 503"),)
    assert about(found, "name", "size_bytes", "why")[1] == ("kinetics/bad.tar", None, "")


@pytest.mark.parametrize(
    ("net", "places", "says"),
    [
        (Net({}), [], "No archives are known for these clips; name some with --archives"),
        (Net({}), [BASE + "list.txt"], "could not be fetched (HTTP 403); check the line, or give --archives"),
        (Net({BASE + "list.txt": []}), [BASE + "list.txt"], "No archives are known for these clips"),
        (Net({}, broken=["a.tar"]), [BASE + "a.tar"], "No archive can be reached (kinetics/a.tar: HTTP 503)"),
        (
            Net({}),
            ["/nowhere/at/all"],
            "There is no /nowhere/at/all to take archives from; give --archives what exists.",
        ),
        (Net({}), ["https://me:secret@mirror.example/list.txt"], "The list of archives https://***@mirror"),
    ],
)
def test_what_cannot_be_had_is_told_in_one_sentence_with_what_to_do(
    net: Net, places: Sequence[str], says: str
) -> None:
    with pytest.raises(DatasetError) as raised:
        find(net, CLIPS, places=places)
    assert says in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_list_without_end_is_read_no_further_than_a_list_can_be_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places_module, "MAX_LIST_BYTES", 100_000)

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"x.tar\n" * (size // 6 + 1)

    net = Net({})
    opener: Callable[[str], tuple[Any, int | None]] = lambda _url: (Endless(), None)  # noqa: E731
    found = find_archives(
        None, (), [BASE + "list.txt"], CLIPS, annotated=lambda _one: CLIPS, opener=opener, ask=net.head
    )
    assert len(found.archives) <= 2  # of so many lines that are the same
