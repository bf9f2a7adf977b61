"""Connect files: written for the user alone, and refused with one sentence where anything is wrong."""

from __future__ import annotations

import io
import json
import socket
import stat
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import msgspec
import psutil
import pytest
from rich.pretty import pretty_repr

from kinetics_tui.base.errors import SettingsError, UserError
from kinetics_tui.engine.wire import connect_file as connect_file_module
from kinetics_tui.engine.wire.certificates import Authority
from kinetics_tui.engine.wire.connect_file import (
    DEFAULT_PORT,
    MAX_FILE_BYTES,
    STANDARD_INPUT,
    ConnectFile,
    own_addresses,
    parse_listen,
)


@pytest.fixture
def connect_file(authority: Authority) -> ConnectFile:
    return ConnectFile.make(
        title="Kinetics-700",
        folder="/data/k 700",
        addresses=("10.0.0.5:7300", "[fd00::5]:7300", "lab:7300"),
        token="t",
        credentials=authority.issue(),
    )


@pytest.fixture
def written(connect_file: ConnectFile, tmp_path: Path) -> Path:
    connect_file.write(tmp_path / "c.json")
    return tmp_path / "c.json"


def refused(path: Path) -> str:
    """The sentence with which it is refused."""
    with pytest.raises(UserError) as error:
        ConnectFile.read(path)
    text = str(error.value)
    assert "PRIVATE" not in text
    assert "\n" not in text
    return text


def test_it_is_read_as_it_was_written(connect_file: ConnectFile, written: Path) -> None:
    assert ConnectFile.read(written) == connect_file
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_one_that_was_open_to_others_is_so_no_more(connect_file: ConnectFile, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text("old")
    path.chmod(0o644)
    connect_file.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_comes_by_standard_input(connect_file: ConnectFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(connect_file.text().encode())))
    assert ConnectFile.read(STANDARD_INPUT) == connect_file


def test_a_folder_of_any_bytes_keeps_them(
    connect_file: ConnectFile, authority: Authority, tmp_path: Path
) -> None:
    file = ConnectFile.make(
        title="T", folder="/data/\udcff", addresses=(), token="", credentials=authority.issue()
    )
    file.write(tmp_path / "odd.json")
    assert ConnectFile.read(tmp_path / "odd.json").folder == "/data/\udcff"


def test_one_that_is_missing(tmp_path: Path) -> None:
    text = refused(tmp_path / "none.json")
    assert text.startswith(f"{tmp_path / 'none.json'} cannot be read (No such file or directory)")
    assert "write a new one with `kinetics-tui hosts DATASET --connect-file FILE`" in text


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_one_that_others_may_read(mode: int, written: Path) -> None:
    written.chmod(mode)
    assert f"other users may read it: chmod 600 {written}" in refused(written)


@pytest.mark.parametrize("keep", [0, 1, 40, 700, -2])
def test_one_that_is_cut_off(keep: int, written: Path) -> None:
    text = written.read_text().rstrip()
    written.write_text(text[:keep])
    assert "is no connect file, or cut off" in refused(written)


@pytest.mark.parametrize(
    "content",
    [b"\x00\xff" * 50, b"[" * 5000, b"{}", b"x" * (MAX_FILE_BYTES + 9)],
    ids=["bytes", "brackets", "empty", "too long"],
)
def test_one_that_is_something_else(content: bytes, written: Path) -> None:
    written.write_bytes(content)
    assert "is no connect file" in refused(written)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("addresses", ["10.6.6.6:7300"]),
        ("expires_at", 4e9),
        ("title", "Kinetics-400"),
        ("seal", "0" * 64),
        ("seal", ""),
        ("more", 1),
        ("token", 5),
    ],
)
def test_one_that_was_edited(field: str, value: object, written: Path) -> None:
    written.write_text(json.dumps({**json.loads(written.read_text()), field: value}))
    assert "was edited, or is damaged" in refused(written)


def test_one_that_is_only_laid_out_otherwise_is_good(connect_file: ConnectFile, written: Path) -> None:
    written.write_text(json.dumps(json.loads(written.read_text()), indent=4))
    assert ConnectFile.read(written) == connect_file


def test_one_of_a_newer_version(written: Path) -> None:
    written.write_text(json.dumps({"version": 2, "new": True}))
    assert "is of a newer version of Kinetics TUI than this one: install that version" in refused(written)


def test_one_that_has_expired(connect_file: ConnectFile, authority: Authority, tmp_path: Path) -> None:
    credentials = authority.issue()._replace(expires_at=time.time() - 1)
    old = ConnectFile.make(title="T", folder="/data/k 700", addresses=(), token="", credentials=credentials)
    old.write(tmp_path / "old.json")
    text = refused(tmp_path / "old.json")
    assert "has expired" in text
    assert "kinetics-tui hosts '/data/k 700' --connect-file FILE" in text


def test_it_goes_to_a_device_as_it_is(connect_file: ConnectFile) -> None:
    connect_file.write(Path("/dev/null"))
    assert Path("/dev/null").is_char_device()


def test_one_that_cannot_be_written(connect_file: ConnectFile, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        connect_file.write(tmp_path / "none" / "c.json")


def test_its_key_is_shown_nowhere(connect_file: ConnectFile) -> None:
    shown = f"{connect_file} {connect_file!r} {pretty_repr(connect_file)} {connect_file.credentials}"
    assert not any(line in shown for line in connect_file.key.splitlines()[1:-1])
    with pytest.raises(TypeError):
        msgspec.structs.replace(connect_file, no_such=1)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("192.168.1.5", ("192.168.1.5", DEFAULT_PORT)),
        ("192.168.1.5:80", ("192.168.1.5", 80)),
        ("lab-3.example.org:7301", ("lab-3.example.org", 7301)),
        ("lab3", ("lab3", DEFAULT_PORT)),
        (":7300", ("", 7300)),
        ("[fd00::5]:7301", ("fd00::5", 7301)),
        ("[fd00::5]", ("fd00::5", DEFAULT_PORT)),
        ("fd00::5", ("fd00::5", DEFAULT_PORT)),
        ("::", ("::", DEFAULT_PORT)),
        (" 0.0.0.0:9 ", ("0.0.0.0", 9)),
    ],
)
def test_addresses_to_listen_at(text: str, meant: tuple[str, int]) -> None:
    assert parse_listen(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "7300",
        "lab:",
        "lab:0",
        "lab:65536",
        "lab:x",
        "a b",
        "[lab]:1",
        "[::1",
        "1.2.3",
        "lab:1:2",
        "-x",
        "lab:٣",
    ],
)
def test_what_is_no_address_to_listen_at(text: str) -> None:
    with pytest.raises(SettingsError, match="is no address to listen at: give ADDRESS"):
        parse_listen(text)


def test_the_addresses_of_one_that_listens_at_one_address() -> None:
    assert own_addresses("192.168.1.5", 7300) == ["192.168.1.5:7300"]
    assert own_addresses("fd00::5", 7300) == ["[fd00::5]:7300"]


def test_addresses_that_other_machines_cannot_reach_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def about(family: socket.AddressFamily, *addresses: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(family=family, address=address) for address in addresses]

    interfaces = {
        "lo": about(socket.AF_INET, "127.0.0.1"),
        "eth1": about(socket.AF_INET, "10.0.0.5") + about(socket.AF_INET6, "fd00::5", "fe80::1%eth1"),
        "eth0": about(socket.AF_INET, "192.168.1.5"),
        "down0": about(socket.AF_INET, "10.9.9.9"),
        "docker0": about(socket.AF_INET, "172.17.0.1"),
    }
    up = {name: SimpleNamespace(isup=name != "down0") for name in interfaces}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: interfaces)
    monkeypatch.setattr(psutil, "net_if_stats", lambda: up)
    monkeypatch.setattr(socket, "gethostname", lambda: "lab3")
    monkeypatch.setattr(connect_file_module, "default_route_address", lambda family: "192.168.1.5")
    assert own_addresses("", 1) == ["192.168.1.5:1", "10.0.0.5:1", "[fd00::5]:1", "lab3:1"]
    assert own_addresses("0.0.0.0", 1) == ["192.168.1.5:1", "10.0.0.5:1", "lab3:1"]


def test_the_addresses_of_one_that_listens_everywhere() -> None:
    found = own_addresses("", 7300)
    assert len(set(found)) == len(found)
    assert not any(address.startswith(("127.", "[::1]", "[fe80", "169.254.")) for address in found)
    if socket.gethostname() != "localhost":
        assert found[-1] == f"{socket.gethostname()}:7300"
    assert not any("[" in address for address in own_addresses("0.0.0.0", 7300))
    for address in found:
        assert parse_listen(address)[1] == 7300
