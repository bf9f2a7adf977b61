from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.annotations import fetch
from kinetics_tui.annotations.fetch import (
    Stream,
    cached_annotations,
    fetch_annotations,
    obtain_annotations,
    open_url,
)
from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.annotations.releases import Release, published
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.options import Selection
from tests.annotations.annotation_files import HEADER, ROW, entry, json_bytes, member, names, tar_bytes
from tests.website import Website

CSV = f"{HEADER}\n{ROW}\n".encode()
HTML = b"<!DOCTYPE html><html><body>Sign in to this hotel's network</body></html>\n"
ARCHIVE = tar_bytes(
    member("kinetics/train.csv", CSV.replace(b"A" * 11, b"T" * 11).replace(b"val", b"train")),
    member("kinetics/validate.csv", CSV),
    member("kinetics/validate.json", json_bytes({"AAAAAAAAAAA": entry()})),
    member("kinetics/holdout_test.csv", CSV.replace(b"A" * 11, b"H" * 11)),
    member("kinetics/test.csv", CSV.replace(b"A" * 11, b"E" * 11)),
    member("../../evil.csv", CSV),
)


class Mirror(Website):
    """A website that a release has its addresses on."""

    def __init__(self) -> None:
        super().__init__()
        self.release = Release(
            name="kinetics-9",
            title="Kinetics-9",
            splits={"train": 1, "val": 1, "test": 1},
            archive_url=f"{self.url}/k.tar.gz",
            mirror_urls={split: f"{self.url}/{split}.csv" for split in ("train", "val", "test")},
        )

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, in that order."""
        return [visit.path for visit in self.visits]


@pytest.fixture
def website() -> Iterator[Mirror]:
    site = Mirror()
    with site:
        yield site


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


def failure(release: Release, cache: Path, *splits: str) -> str:
    with pytest.raises(AnnotationError) as caught:
        fetch_annotations(release, splits, cache)
    message = str(caught.value)
    assert "could not be fetched" in message
    assert "--annotations FILE" in message
    assert message.isprintable()
    return message


def test_the_archive_fills_the_cache_with_one_file_a_split(website: Mirror, tmp_path: Path) -> None:
    website.put("/k.tar.gz", ARCHIVE)
    assert cached_annotations(website.release, (), tmp_path) is None
    paths = fetch_annotations(website.release, (), tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "kinetics-9/train.csv",
        "kinetics-9/val.csv",
        "kinetics-9/test.csv",
    ]
    assert [clip.youtube_id[0] for clip in read_annotations(paths).clips] == ["T", "A", "E"]
    assert leftovers(tmp_path) == ["test.csv", "train.csv", "val.csv"]
    assert cached_annotations(website.release, (), tmp_path) == paths


def test_what_is_cached_is_not_fetched_again(website: Mirror, tmp_path: Path) -> None:
    website.put("/k.tar.gz", ARCHIVE)
    first = fetch_annotations(website.release, ("val", "validate"), tmp_path)
    assert len(first) == 1
    assert fetch_annotations(website.release, ("val",), tmp_path) == first
    assert website.asked == ["/k.tar.gz"]


def test_progress_names_the_address_and_both_sizes(website: Mirror, tmp_path: Path) -> None:
    website.put("/k.tar.gz", ARCHIVE)
    told: list[tuple[str, int, int | None]] = []
    fetch_annotations(website.release, (), tmp_path, lambda *step: told.append(step))
    assert told[-1] == (website.release.archive_url, len(ARCHIVE), len(ARCHIVE))


def test_json_serves_where_the_archive_has_no_csv(website: Mirror, tmp_path: Path) -> None:
    website.put("/k.tar.gz", tar_bytes(member("k/val.json", json_bytes({"AAAAAAAAAAA": entry()}))))
    (path,) = fetch_annotations(website.release, ("val",), tmp_path)
    assert path.name == "val.json"
    assert names(read_annotations([path])) == ["AAAAAAAAAAA_000010_000020"]


@pytest.mark.parametrize(
    ("status", "body", "length"),
    [
        (404, b"", 0),
        (503, HTML, len(HTML)),
        (200, HTML, len(HTML)),
        (200, HTML, None),
        (200, b"", 0),
        (200, ARCHIVE[:-20], len(ARCHIVE)),
        (200, ARCHIVE[:-20], None),
        (200, tar_bytes(member("k/val.csv", HTML)), None),
        (200, tar_bytes(member("k/train.csv", CSV)), None),
    ],
    ids=[
        "404",
        "503",
        "html",
        "html unannounced",
        "nothing",
        "cut",
        "cut unannounced",
        "html in tar",
        "no val",
    ],
)
def test_the_mirror_serves_where_the_archive_does_not(
    website: Mirror, tmp_path: Path, status: int, body: bytes, length: int | None
) -> None:
    website.put("/k.tar.gz", body, status=status, length=length)
    website.put("/val.csv", CSV)
    paths = fetch_annotations(website.release, ("val",), tmp_path)
    assert website.asked == ["/k.tar.gz", "/val.csv"]
    assert names(read_annotations(paths)) == ["AAAAAAAAAAA_000010_000020"]
    assert paths == [tmp_path / "kinetics-9" / "val.csv"]


@pytest.mark.parametrize(
    ("body", "length", "why"),
    [
        (HTML, len(HTML), "not an annotation file"),
        (CSV[:-3], len(CSV), f"broke off after {len(CSV) - 3} of {len(CSV)} bytes"),
        (CSV[:-3], None, "broke off in the middle of a line"),
        (b"", 0, "not an annotation file"),
    ],
)
def test_what_is_not_whole_never_counts_as_cached(
    website: Mirror, tmp_path: Path, body: bytes, length: int | None, why: str
) -> None:
    website.put("/val.csv", body, length=length)
    message = failure(website.release, tmp_path, "val")
    assert f"{website.url}/k.tar.gz: HTTP 404" in message
    assert f"{website.url}/val.csv: " in message
    assert why in message
    assert leftovers(tmp_path) == []
    assert cached_annotations(website.release, ("val",), tmp_path) is None


def test_splits_that_were_fetched_are_kept_where_others_fail(website: Mirror, tmp_path: Path) -> None:
    website.put("/val.csv", CSV)
    assert f"{website.url}/test.csv: HTTP 404" in failure(website.release, tmp_path, "val", "test")
    assert leftovers(tmp_path) == ["val.csv"]


def test_offline_names_all_that_was_tried_and_the_way_in_by_a_file(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/k.tar.gz"
        release = msgspec.structs.replace(published("kinetics-700"), archive_url=url)
        message = failure(release, tmp_path, "val")
    assert f"{url}: Connection refused" in message
    assert "Kinetics-700 has no mirror of its own" in message


def test_the_network_in_use_can_be_handed_in(website: Mirror, tmp_path: Path) -> None:
    website.put("/k.tar.gz", ARCHIVE)
    opened: list[str] = []

    def opener(url: str) -> tuple[Stream, int | None]:
        opened.append(url)
        return open_url(url)

    fetch_annotations(website.release, (), tmp_path, None, opener)
    assert opened == [website.release.archive_url]


def test_a_stream_that_breaks_is_the_fault_of_its_address(website: Mirror, tmp_path: Path) -> None:
    class Breaking:
        def read(self, size: int, /) -> bytes:
            raise TimeoutError("timed out")

        def close(self) -> None:
            pass

    with pytest.raises(AnnotationError, match=r"k\.tar\.gz: broke off \(timed out\)"):
        fetch_annotations(website.release, (), tmp_path, None, lambda url: (Breaking(), None))


def test_addresses_that_are_none_are_not_opened() -> None:
    with pytest.raises(OSError, match="not a web address"):
        open_url("file:///etc/passwd")


def test_an_endless_answer_is_given_up(
    website: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_MEMBER_BYTES", 100)
    website.put("/k.tar.gz", b"x" * 1000)
    assert "sent more than 100 bytes" in failure(website.release, tmp_path, "val")


def test_leaving_in_the_middle_leaves_nothing_behind(website: Mirror, tmp_path: Path) -> None:
    website.put("/k.tar.gz", ARCHIVE)

    def leave(url: str, got_bytes: int, total_bytes: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_annotations(website.release, (), tmp_path, leave)
    assert leftovers(tmp_path) == []


def test_an_unknown_split_is_refused(website: Mirror, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="No split 'vall' in Kinetics-9: did you mean 'val'"):
        fetch_annotations(website.release, ("vall",), tmp_path)
    assert website.asked == []


def test_a_cache_folder_that_cannot_be_written_is_named(website: Mirror, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in the way")
    with pytest.raises(AnnotationError, match=r"cache folder .* cannot be written"):
        fetch_annotations(website.release, (), tmp_path / "cache")


def test_lists_of_a_described_release_are_taken_from_here_and_from_the_web(
    website: Mirror, tmp_path: Path
) -> None:
    (tmp_path / "val.csv").write_text("0wR5jVB-WPk,1,11\n")
    website.put("/train.csv", b"label,youtube_id,time_start,time_end\nyoga,3caPS4FHFF8,2,12\n")
    (tmp_path / "mine.toml").write_text(
        'title = "Mine"\n[splits]\ntrain = 1\nval = 1\n[annotations]\nval = "val.csv"\n'
        f'train = "{website.url}/train.csv"\n'
    )
    asked = Selection(release=str(tmp_path / "mine.toml"))
    annotations = obtain_annotations(asked, tmp_path / "cache", lambda _line: None)
    assert [(clip.youtube_id, clip.split) for clip in annotations.clips] == [
        ("3caPS4FHFF8", "train"),
        ("0wR5jVB-WPk", "val"),
    ]
    assert website.asked == ["/train.csv"]
    assert obtain_annotations(asked, tmp_path / "cache", lambda _line: None) == annotations
    assert website.asked == ["/train.csv"], "it is in the cache now"
