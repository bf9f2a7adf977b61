"""The commands hosts and host: what they write and print, and what they refuse."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import HostsKept, NetworkRow
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection
from tests.waiting import has_ended, until

Run = Callable[..., tuple[int, str, str]]
LISTEN = "127.0.0.1:7399"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A dataset whose run lets hosts in, and knows one."""
    dataset = tmp_path / "set"
    make_state_folder(dataset)
    options = Options(listen=LISTEN)
    clips = [Clip("aaaaaaaaaaa", 1.0, 11.0, "val", "yoga")]
    with Ledger.create(
        dataset, title="T", release="", selection=Selection(), options=options, clips=clips
    ) as ledger:
        ledger.set_hosts(HostsKept(networks={"lab2/default": NetworkRow("lab2 10.0.0.2", "lab2 eth0")}))
    return dataset


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The exit code of a command line, and what it printed."""

    def run(*args: object) -> tuple[int, str, str]:
        code = run_command([str(arg) for arg in args])
        return (code, *capsys.readouterr())

    return run


def test_a_connect_file_is_for_its_user_alone_and_leads_to_the_run(
    dataset: Path, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "lab.connect"
    code, out, _ = run("hosts", dataset, "--connect-file", path)
    assert code == 0
    assert "host --connect lab.connect --name NAME" in out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file = ConnectFile.read(path)
    assert (file.addresses, file.folder, file.title) == ((LISTEN,), str(dataset), "T")
    assert file.key not in out


def test_a_run_that_lets_nobody_in_says_how_it_would(dataset: Path, run: Run, tmp_path: Path) -> None:
    with Ledger.open(dataset) as ledger:
        ledger.set_options(Options())
    code, _, err = run("hosts", dataset, "--connect-file", tmp_path / "lab.connect")
    assert code == 2
    assert f"kinetics-tui run {dataset} --listen ADDRESS" in err
    assert not (tmp_path / "lab.connect").exists()
    code, out, err = run("hosts", dataset, "--sbatch")
    assert (code, out) == (2, "")
    assert "--listen ADDRESS" in err


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--listen", "192.0.2.77"), "Nothing can listen at 192.0.2.77:7300"),
        (("--network", "nosuch0"), "There is no network 'nosuch0'"),
    ],
)
def test_a_run_that_is_refused_makes_and_changes_nothing(
    dataset: Path, run: Run, tmp_path: Path, flags: tuple[str, ...], told: str
) -> None:
    rows = tmp_path / "mine.csv"
    rows.write_text("label,youtube_id,time_start,time_end,split\nyoga,aaaaaaaaaaa,1,11,val\n")
    new = tmp_path / "new"
    code, _, err = run("run", new, "--annotations", rows, "--headless", *flags)
    assert (code, told in err, new.exists()) == (2, True, False)
    code, _, err = run("run", dataset, "--height", "240", "--headless", *flags)
    assert (code, told in err) == (2, True)
    with Ledger.open(dataset, read_only=True) as ledger:
        assert (ledger.options.height_px, ledger.options.listen) == (Options().height_px, LISTEN)


@pytest.mark.parametrize(
    ("listen", "alone"),
    [("127.0.0.9:7400", True), ("[::1]:7400", True), ("10.0.0.7", False), (":7400", False)],
)
def test_a_connect_file_of_a_run_that_nobody_else_reaches_says_so(
    dataset: Path, run: Run, tmp_path: Path, listen: str, alone: bool
) -> None:
    with Ledger.open(dataset) as ledger:
        ledger.set_options(Options(listen=listen))
    _, _, err = run("hosts", dataset, "--connect-file", tmp_path / "lab.connect")
    assert ("which no other machine can reach" in err) is alone


def test_a_host_is_started_by_ssh_with_the_file_by_standard_input(
    dataset: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/args\ncat > {tmp_path}/given\nexit 7\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:/usr/bin:/bin")
    code, _, err = run("hosts", dataset, "--ssh", "me@lab3.example.org", "--workers", "4")
    assert code == 2
    assert "exit code 7" in err
    assert "`ssh me@lab3.example.org kinetics-tui --version` answers" in err
    told = (tmp_path / "args").read_text()
    assert told.startswith("me@lab3.example.org kinetics-tui host --connect - --name lab3 --workers 4")
    (tmp_path / "given").chmod(0o600)
    assert ConnectFile.read(tmp_path / "given").addresses == (LISTEN,)
    assert "PRIVATE KEY" not in told


@pytest.mark.parametrize("where", ["-oProxyCommand=x", "--help"])
def test_what_ssh_would_take_for_an_option_is_no_machine(dataset: Path, run: Run, where: str) -> None:
    code, _, err = run("hosts", dataset, f"--ssh={where}")
    assert code == 2
    assert "is no machine" in err


def test_a_host_is_removed_and_admitted_where_no_engine_runs(dataset: Path, run: Run) -> None:
    assert run("hosts", dataset, "--remove", "lab2")[0] == 0
    with Ledger.open(dataset, read_only=True) as ledger:
        assert (ledger.hosts().removed, ledger.hosts().networks) == (("lab2",), {})
    assert run("hosts", dataset, "--admit", "lab2")[0] == 0
    with Ledger.open(dataset, read_only=True) as ledger:
        assert ledger.hosts().removed == ()
    for flag in ("--remove", "--admit"):
        code, _, err = run("hosts", dataset, flag, "nobody")
        assert code == 2
        assert "nobody" in err


def test_a_renewed_authority_makes_files_void(dataset: Path, run: Run, tmp_path: Path) -> None:
    before, after = tmp_path / "a", tmp_path / "b"
    run("hosts", dataset, "--connect-file", before)
    assert run("hosts", dataset, "--renew")[0] == 0
    run("hosts", dataset, "--connect-file", after)
    assert ConnectFile.read(before).authority != ConnectFile.read(after).authority


def test_hosts_are_known_without_an_engine(dataset: Path, run: Run) -> None:
    (host,) = json.loads(run("hosts", dataset, "--json")[1])
    assert (host["name"], host["state"]) == ("lab2", "away")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--remove", "a", "--admit", "b"), "One thing at a time: --remove or --admit"),
        (("--set-workers", "lab2"), "--set-workers lab2=8"),
        (("--set-workers", "lab2=x"), "--set-workers lab2=8"),
        (("--set-workers", "lab2=\u0663"), "--set-workers lab2=8"),
        (("--set-workers", ""), "--set-workers lab2=8"),
        (("--remove", ""), "A host cannot be called ''"),
        (("--admit", ""), "A host cannot be called ''"),
        (("--ssh", ""), "'' is no machine"),
        (("--name", "lab2"), "--name goes with --ssh"),
        (("--sbatch", "--workers", "5"), "--workers goes with --ssh"),
        (("--sbatch", "--json"), "--json is for the list of hosts"),
    ],
)
def test_a_command_line_that_makes_no_sense(
    dataset: Path, run: Run, flags: tuple[str, ...], told: str
) -> None:
    code, _, err = run("hosts", dataset, *flags)
    assert code == 2
    assert told in err


def test_a_host_needs_a_connect_file_and_a_name_that_can_be(dataset: Path, run: Run, tmp_path: Path) -> None:
    assert run("host", "--connect", tmp_path / "none", "--name", "lab2")[0] == 2
    path = tmp_path / "lab.connect"
    run("hosts", dataset, "--connect-file", path)
    code, _, err = run("host", "--connect", path, "--name", "lab 2/x")
    assert code == 2
    assert "A host cannot be called 'lab 2/x'" in err
    code, _, err = run("host", "--connect", path, "--name", "")
    assert code == 2
    assert "A host cannot be called ''" in err
    code, _, err = run("host", "--connect", path, "--name", "lab2", "--network", "203.0.113.77")
    assert code == 2
    assert "203.0.113.77 leads nowhere now" in err
    code, _, err = run("host", "--connect", path, "--name", "lab2", "--give-up-after", "2")
    assert code == 2
    assert "'2' has no unit; write 2s, 2m, 2h or 2d" in err


def test_a_host_in_the_background_goes_on_calling_an_engine_that_is_not_there_yet(
    dataset: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("kinetics_tui.cli.commands.hosts.ANSWER_S", 4.0)
    path = tmp_path / "lab.connect"
    run("hosts", dataset, "--connect-file", path)
    code, out, _ = run("host", "--connect", path, "--name", "lab2", "--workers", "1", "--background")
    assert code == 0
    assert "It goes on calling in the background as process" in out
    host = psutil.Process(int(out.partition("as process ")[2].partition(";")[0]))
    host.terminate()
    until(lambda: has_ended(host))
    host.wait()  # it is a child of this process here
    assert "lab2 is through: You ended it." in (tmp_path / "cache/kinetics-tui/hosts/lab2.log").read_text()


def test_a_host_in_the_background_gives_up_as_one_in_the_foreground(
    dataset: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "lab.connect"
    run("hosts", dataset, "--connect-file", path)
    code, out, _ = run(
        *("host", "--connect", path, "--name", "lab2", "--workers", "1"),
        *("--give-up-after", "1s", "--background"),
    )
    assert code == 2
    assert "No engine was reached for 1 s: lab2 gives up." in out
