"""Exports to an object store, on a server of its own by real sockets: what is put, and what goes on."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.registry import _registry

from kinetics_tui.base.errors import DatasetError, SettingsError
from kinetics_tui.cli import run_command
from kinetics_tui.dataset.export import remote, shards
from kinetics_tui.dataset.export.make import READERS, Exported, Exporting, export
from kinetics_tui.dataset.folder import remote_exports_path, state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import Clip
from tests.dataset.export.conftest import CLIPS, DONE, PENDING, content_of, listing, make_dataset, settle
from tests.dataset.export.object_store import SECRET, Bucket, Line, line_to

pytestmark = pytest.mark.usefixtures("credentials")


@pytest.fixture
def line(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """A line to the bucket, which the program takes."""
    with line_to(bucket.endpoint) as line:
        monkeypatch.setenv("AWS_ENDPOINT_URL", line.endpoint)
        yield line


def put(dataset: Path, to: str, reader: str = "webdataset") -> Exported:
    return export(dataset, Exporting(reader=reader, to=to), lambda line: None)


def start(dataset: Path, to: str) -> subprocess.Popen[str]:
    """The command as a user types it."""
    return subprocess.Popen(
        [sys.executable, "-m", "kinetics_tui", "export", str(dataset), "--for", "webdataset", "--to", to],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def keys(objects: dict[str, bytes]) -> dict[str, list[str]]:
    """The clips in each shard, which has to be whole."""
    found = {}
    for path, content in objects.items():
        if path.endswith(".tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as tar:
                names = tar.getnames()
            found[path] = [name.removesuffix(".mp4") for name in names if name.endswith(".mp4")]
    return found


def in_the_making(dataset: Path) -> list[str]:
    return [name for name in listing(remote_exports_path(dataset)) if name != "number"]


def test_an_address_gets_what_a_folder_gets(dataset: Path, out: Path, bucket: Bucket) -> None:
    for reader in ("webdataset", "csv"):
        made = put(dataset, f"{bucket.address}/{reader}", reader)
        export(dataset, Exporting(reader=reader, to=out / reader), lambda line: None)
        assert (made.folder, made.added, made.missing) == (f"{bucket.address}/{reader}", len(DONE), 2)
    there = {path: one for path, one in bucket.objects().items() if "/.kinetics-tui-export/" not in path}
    local = [path for path in listing(out) if "/.kinetics-tui-export/" not in path]
    assert there == {path: (out / path).read_bytes() for path in local}
    assert len(there) == 8
    assert in_the_making(dataset) == []


def test_again_puts_no_shard_and_what_is_new_goes_into_a_further_one(dataset: Path, bucket: Bucket) -> None:
    put(dataset, bucket.address)
    before = bucket.marks()
    again = put(dataset, bucket.address)
    assert (again.added, again.there) == (0, len(DONE))
    assert bucket.marks() == before
    with Ledger.open(dataset) as ledger:
        settle(dataset, ledger, CLIPS, [PENDING])
    again = put(dataset, bucket.address)
    assert (again.added, again.there, again.missing) == (1, len(DONE), 1)
    assert keys(bucket.objects())["val-000001.tar"] == ["ggggggggggg_000030_000040"]
    assert bucket.marks().items() > before.items()
    assert b"ggggggggggg" not in bucket.read("missing.csv")


def test_a_dataset_that_was_moved_goes_on_and_another_one_is_refused(
    dataset: Path, tmp_path: Path, bucket: Bucket
) -> None:
    put(dataset, bucket.address)
    moved = dataset.rename(tmp_path / "elsewhere")
    assert put(moved, bucket.address).there == len(DONE)
    other = make_dataset(dataset, CLIPS, DONE)
    with pytest.raises(DatasetError, match=r"^s3://.*/k400 holds an export of .*; choose another folder for"):
        put(other, bucket.address)
    with pytest.raises(DatasetError, match=r"holds an export for webdataset; choose another folder for csv"):
        put(moved, bucket.address, "csv")


def test_clips_of_a_shard_that_is_gone_or_of_another_size_are_put_again(
    dataset: Path, bucket: Bucket
) -> None:
    put(dataset, bucket.address)
    before = keys(bucket.objects())
    bucket.remove("train-000000.tar")
    bucket.write("val-000000.tar", b"mine")
    again = put(dataset, bucket.address)
    assert (again.added, again.there) == (4, 1)
    assert bucket.read("val-000000.tar") == b"mine"
    bucket.remove("val-000000.tar")
    assert keys(bucket.objects()) == {
        "test-000000.tar": before["test-000000.tar"],
        "train-000000.tar": before["train-000000.tar"],
        "val-000001.tar": before["val-000000.tar"],
    }


def test_a_list_that_no_export_wrote_is_never_replaced(dataset: Path, bucket: Bucket) -> None:
    bucket.write("missing.csv", b"mine")
    with pytest.raises(DatasetError, match=r"k400/missing\.csv was not written by an export; move it away"):
        put(dataset, bucket.address)
    assert bucket.objects() == {"missing.csv": b"mine"}


def test_no_more_than_two_shards_lie_on_the_disk(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [Clip(f"{n:011}", 0, 10, f"split{n % 5}", "archery") for n in range(40)]
    dataset = make_dataset(tmp_path / "set", clips, clips)
    monkeypatch.setattr(shards, "SHARD_BYTES", 4 * len(content_of(clips[0])))
    most = 0

    def look(_exported: Exported) -> None:
        nonlocal most
        sizes = [path.stat().st_size for path in remote_exports_path(dataset).rglob("*.tar.*")]
        most = max(most, len(sizes))

    asked = Exporting(reader="webdataset", to=bucket.address)
    assert export(dataset, asked, lambda line: None, look).added == len(clips)
    assert 2 <= most <= 8  # of eight clips, however many shards they are in
    found = keys(bucket.objects())
    assert sorted(key for some in found.values() for key in some) == sorted(
        f"{clip.youtube_id}_000000_000010" for clip in clips
    )


@pytest.mark.parametrize("reader", [name for name, form in READERS.items() if form.links])
def test_readers_of_single_files_are_sent_to_shards(dataset: Path, bucket: Bucket, reader: str) -> None:
    with pytest.raises(SettingsError, match=r"export --for webdataset there, or export for .* into a folder"):
        put(dataset, bucket.address, reader)
    assert bucket.objects() == {}


def test_two_exports_to_one_address_do_not_mix(dataset: Path, bucket: Bucket) -> None:
    def second(_exported: Exported) -> None:
        with pytest.raises(DatasetError, match=r"^Another export is writing into s3://.*; wait for its end"):
            put(dataset, bucket.address)

    asked = Exporting(reader="webdataset", to=bucket.address)
    assert export(dataset, asked, lambda line: None, second).added == len(DONE)


# -- cut off ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_export_that_is_killed_leaves_whole_shards_and_the_next_one_goes_on(
    dataset: Path, bucket: Bucket, line: Line, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    big = dataset / "val/playing organ/aaaaaaaaaaa_000005_000015.mp4"
    with big.open("r+b") as file:
        file.truncate(3 * remote.S3_PART_BYTES)  # put in parts
    line.stops_at = b"partNumber=2"
    with start(dataset, bucket.address) as process:
        assert line.stopped.wait(60)
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    assert process.returncode == (-how if how is signal.SIGKILL else 130)
    assert (out, err.strip()) == ("", "")
    assert list(bucket.objects()) == ["test-000000.tar"]
    assert bucket.open_uploads() == (["lab/k400/val-000000.tar"] if how is signal.SIGKILL else [])
    assert bool(in_the_making(dataset)) is (how is signal.SIGKILL)
    before = bucket.marks()

    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    again = put(dataset, bucket.address)
    assert (again.there, again.added) == (1, 4)
    assert bucket.marks().items() > before.items()
    assert sorted(map(len, keys(bucket.objects()).values())) == [1, 2, 2]
    assert bucket.open_uploads() == []
    assert in_the_making(dataset) == []


def test_what_a_killed_export_left_goes_with_the_next_one_to_wherever(
    dataset: Path, bucket: Bucket, line: Line
) -> None:
    line.stops_at = b"PUT /" + bucket.name.encode() + b"/lab/k400/val-000000.tar"
    with start(dataset, bucket.address) as process:
        assert line.stopped.wait(60)
        process.kill()
        process.communicate(timeout=60)
    assert in_the_making(dataset) != []
    put(dataset, "memory://elsewhere")
    assert in_the_making(dataset) == []


def test_a_server_that_goes_away_is_told_of_in_one_sentence(
    dataset: Path,
    bucket: Bucket,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    line.stops_at, line.breaks = b"/lab/k400/val-000000.tar", True
    assert run_command(["export", str(dataset), "--for", "webdataset", "--to", bucket.address]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"kinetics-tui: {bucket.address} cannot be used (" in err
    assert "); what was put stays there, and the same export goes on from it.\n" in err
    assert list(bucket.objects()) == ["test-000000.tar"]
    assert in_the_making(dataset) == []
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    assert put(dataset, bucket.address).there == 1


def test_a_file_that_arrived_short_is_removed(
    dataset: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_file(self: Any, local: str, path: str, **how: Any) -> None:
        content = Path(local).read_bytes()
        self.pipe_file(path, content[:-1] if path.endswith("val-000000.tar") else content)

    monkeypatch.setattr("s3fs.S3FileSystem.put_file", put_file)
    with pytest.raises(DatasetError, match=r"k400/val-000000\.tar did not arrive whole and was removed;"):
        put(dataset, bucket.address)
    assert list(bucket.objects()) == ["test-000000.tar"]


def test_where_a_file_grows_in_its_place_it_gets_its_name_when_it_is_whole(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs: Any = fsspec.filesystem("memory")
    seen = []

    def put_file(local: str, path: str, **how: Any) -> None:
        seen.append(path)
        fs.pipe_file(path, Path(local).read_bytes())

    monkeypatch.setattr(fs, "put_file", put_file)
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda address, **how: (fs, "/grows"))
    put(dataset, "memory://grows")
    assert {Path(path).name for path in fs.ls("/grows", detail=False)} == {
        ".kinetics-tui-export",
        "label_map.csv",
        "missing.csv",
        "test-000000.tar",
        "train-000000.tar",
        "val-000000.tar",
    }
    assert all(path.startswith("/grows/.kinetics-tui-export/") and path.endswith(".part") for path in seen)
    assert not [path for path in fs.find("/grows") if path.endswith(".part")]
    assert put(dataset, "memory://grows").there == len(DONE)
    fs.rm("/grows", recursive=True)


# -- what cannot be used ----------------------------------------------------------------------------------


def test_what_a_library_logs_is_not_printed(dataset: Path) -> None:
    code = (
        "import sys, logging, fsspec; from kinetics_tui.cli import run_command;"
        "code = run_command(sys.argv[1:]); logging.getLogger('gcsfs').error('secret'); sys.exit(code)"
    )
    to = ("--for", "csv", "--to", "memory://logged")
    done = subprocess.run(
        [sys.executable, "-c", code, "export", str(dataset), *to], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bucket_that_is_not_there_is_not_made(dataset: Path, bucket: Bucket) -> None:
    with pytest.raises(DatasetError, match=r"^s3://no-such-set/k400 is not there, or hidden .*: make the"):
        put(dataset, "s3://no-such-set/k400")
    assert not bucket.fs.exists("no-such-set")


def test_without_credentials_it_is_said_where_they_come_from(
    dataset: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(DatasetError, match=r"^There are no credentials for s3://.*: set AWS_ACCESS_KEY_ID"):
        put(dataset, bucket.address)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("s3://", r"^s3:// names no bucket: give one, as in s3://bucket/prefix\.$"),
        ("file:///data/x", r"^file:///data/x is on this machine: give the folder"),
        ("https://me:PW@host/x", r"^https://\*\*\*@host/x takes no files; .* AWS_ENDPOINT_URL\.$"),
        ("quux://me:PW@host/x", r"^quux://\*\*\*@host/x cannot be used \(Protocol not known: quux\); s3://"),
        ("gs://bucket/x", r"^gs://bucket/x needs a Python package that is not installed: .*gcsfs"),
    ],
)
def test_an_address_that_is_none_is_refused(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, address: str, sentence: str
) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(SettingsError, match=sentence) as caught:
        put(dataset, address.replace("PW", SECRET))
    assert SECRET not in str(caught.value)
    assert not remote_exports_path(dataset).exists()


@pytest.mark.parametrize("missing", ["fsspec", "s3fs"])
def test_without_the_extra_it_is_said_what_to_install(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(_registry, "s3", raising=False)
    with pytest.raises(SettingsError, match=r"not installed: pip install 'kinetics-tui\[remote\]'\.$"):
        put(dataset, "s3://bucket/k400")


def test_a_folder_needs_nothing_of_it(dataset: Path, out: Path) -> None:
    code = (
        "import sys; from kinetics_tui.cli import run_command; run_command(sys.argv[1:]);"
        "print(sorted({'fsspec', 's3fs', 'aiohttp'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "export", str(dataset), "--for", "webdataset", "--to", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert not (state_folder(dataset) / "exports").exists()
