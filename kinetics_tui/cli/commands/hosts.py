"""Commands about other machines: hosts lists them, lets them in and removes them; host is what runs on one.

A host is started by hand with the connect file, by ssh, or by a script for Slurm.
"""

from __future__ import annotations

import ipaddress
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from kinetics_tui import PROGRAM, __version__
from kinetics_tui.base.errors import EngineError, SettingsError
from kinetics_tui.base.safe_text import for_terminal, shell_word
from kinetics_tui.base.words import age_text, counted, duration_text
from kinetics_tui.cli.command_line import ENGINE_SILENT, SETTLED, answer, say, tell
from kinetics_tui.cli.completion import NAMES
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.options import Duration, Integer, as_json, dataset, several
from kinetics_tui.cli.status import hosts_json
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import ask, is_running, read_state
from kinetics_tui.model.commands import AdmitHost, RemoveHost, SetHostWorkers
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.network import HostState, HostStatus, check_host_name
from kinetics_tui.model.options import WORKERS
from kinetics_tui.model.state import RunState

HEAD = ("host", "state", "workers", "clips", "results", "address", "version")
NUMBERS = (HEAD.index("clips"),)
"""The columns of these are set to the right."""
ANSWER_S = 40.0
"""A host in the background is watched for so long: by then it takes part, or says why not."""
TAKES_PART = " takes part"

ACTIONS = ("connect_file", "ssh", "sbatch", "remove", "admit", "set_workers", "renew")
OF_SSH = ("name", "workers")
"""These say something of the host that ``--ssh`` starts."""

SBATCH = """#!/bin/bash
#SBATCH --job-name=kinetics
#SBATCH --array=1-4                 # so many hosts; each needs an address of its own to add to the pace
#SBATCH --cpus-per-task=8           # workers of each
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@60          # its clips go back a minute before the time is up

# Write the connect file once, on the machine of the run, to a folder that all nodes see:
#   {program} hosts {dataset} --connect-file {file}
# If all nodes leave by one address (NAT), add: --behind cluster
trap 'kill -TERM $host; wait $host' TERM
{program} host --connect {file} \\
    --name "$(hostname -s)-$SLURM_ARRAY_TASK_ID" --workers "$SLURM_CPUS_PER_TASK" \\
    --give-up-after 2h &            # no node is kept for a run that ended while this host was away
host=$!
wait $host
"""


@command()
@dataset
@click.option(
    "--connect-file", metavar="FILE", type=Path, help="Write what a host needs to take part; keep it secret."
)
@click.option("--ssh", metavar="[USER@]HOST", help="Start a host there by ssh; it goes on in the background.")
@click.option("--sbatch", is_flag=True, help="Print a job script for Slurm that starts hosts.")
@click.option("--name", metavar="NAME", help="With --ssh: the name of that host (that of the machine).")
@click.option("--remove", metavar="NAME", shell_complete=NAMES["host"], help="Have a host leave, for good.")
@click.option("--admit", metavar="NAME", help="Let a host in again that was removed.")
@click.option("--set-workers", metavar="NAME=N", help="Have a host run so many workers.")
@click.option("--renew", is_flag=True, help="Make every connect file void; hosts need new ones.")
@click.option("--workers", metavar="N", type=Integer(*WORKERS), help="With --ssh: workers of that host (8).")
@as_json
def hosts_command(dataset: Path, as_json: bool, **flags: Any) -> int:
    """List the machines that take part in a run, let one in, or remove one."""
    asked = [name for name in ACTIONS if flags[name] not in (None, False)]
    if len(asked) > 1:
        raise click.UsageError(
            "One thing at a time: " + " or ".join(f"--{name.replace('_', '-')}" for name in asked)
        )
    if asked != ["ssh"] and (beside := [name for name in OF_SSH if flags[name] is not None]):
        raise click.UsageError(f"--{beside[0]} goes with --ssh; host has it where a host is started by hand.")
    if asked and as_json:
        raise click.UsageError("--json is for the list of hosts: leave the other flags out.")
    match asked:
        case ["connect_file"]:
            _write_connect_file(dataset, flags["connect_file"])
        case ["ssh"]:
            return _start_by_ssh(dataset, flags["ssh"], flags["name"], flags["workers"] or 8)
        case ["sbatch"]:
            _listen(dataset)
            file = Path("~/kinetics.connect")
            folder = shell_word(str(dataset.absolute()))
            click.echo(SBATCH.format(program=PROGRAM, dataset=folder, file=file), nl=False)
        case ["remove"]:
            name = check_host_name(flags["remove"])
            _ask_or_keep(dataset, RemoveHost(host=name))
            again = _command("hosts", dataset, f"--admit {name}")
            say(f"{name} takes part no more, and is not let in until `{again}`.")
        case ["admit"]:
            name = check_host_name(flags["admit"])
            _ask_or_keep(dataset, AdmitHost(host=name))
            say(f"{name} may take part again: start it there.")
        case ["set_workers"]:
            name, workers = _named_number(flags["set_workers"])
            ask(dataset, SetHostWorkers(host=name, workers=workers))
            say(f"{name} runs {counted(workers, 'worker')} from now on.")
        case ["renew"]:
            _renew(dataset)
        case _:
            state = read_state(dataset)
            answer(state, as_json=as_json, fields=hosts_json, text=lambda run: hosts_text(run, time.time()))
            if state.status is EngineStatus.SILENT:
                tell(state.reason)
                return ENGINE_SILENT
    return SETTLED


def hosts_text(state: RunState, now: float) -> str:
    """Every host in a table; below each its networks and its last word."""
    if not state.hosts:
        return _no_host_text(state)
    hosts = state.hosts_listed
    rows = [HEAD, *map(_row, hosts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    widths = [width if any(row[column] for row in rows[1:]) else 0 for column, width in enumerate(widths)]
    lines = []
    for row, host in zip(rows, [None, *hosts], strict=True):
        cells = [
            cell.rjust(width) if column in NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            if width
        ]
        lines.append("  ".join(cells).rstrip())
        if host is not None:
            lines += [f"  {for_terminal(text)}" for text in _below(host, state, now)]
    return "\n".join(lines)


def _no_host_text(state: RunState) -> str:
    if state.options.listen:
        how = _command("hosts", state.dataset, "--connect-file FILE")
        return f"No host takes part. What one needs to do so: {how}"
    how = _command("run", state.dataset, "--listen ADDRESS")
    return f"No host takes part, and none can: the run does not listen. {how}"


def _command(name: str, dataset: object, flags: str) -> str:
    return f"{PROGRAM} {name} {shell_word(str(dataset))} {flags}"


def _row(host: HostState) -> tuple[str, ...]:
    here, refused = host.status is HostStatus.HERE, host.status.shut_out
    return (
        host.name,
        host.status.value,
        f"{host.ready} of {host.workers}" if here else "",
        f"{host.clips:,}",
        ("in place" if host.in_place else "by line") if host.version and not refused else "",
        host.address,
        host.version,
    )


def _below(host: HostState, state: RunState, now: float) -> Iterator[str]:
    here = host.status is HostStatus.HERE
    for network in (state.networks[name] for name in host.networks if name in state.networks):
        left = network.waits_until - now if network.waits_until is not None else 0.0
        if left > 0:
            yield f"by {network.label}: {network.status.value} for {duration_text(left)}"
        elif here:
            yield f"by {network.label}: {network.status.value if network.in_use else 'not in use'}"
    if host.last_word:
        yield f"{age_text(max(0.0, now - host.said_at))} ago: {host.last_word}"


def _named_number(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not (name and number.isascii() and number.isdecimal()):
        raise click.UsageError("--set-workers takes a host and a number: --set-workers lab2=8")
    return name, int(number)


def _ask_or_keep(dataset: Path, asked: RemoveHost | AdmitHost) -> None:
    """Have the engine do it, or where none runs keep it for the next one."""
    if is_running(dataset):
        ask(dataset, asked)
        return
    from kinetics_tui.engine.client.next_run import admit_host, remove_host

    if isinstance(asked, RemoveHost):
        remove_host(dataset, asked.host)
    else:
        admit_host(dataset, asked.host)


def _listen(dataset: Path) -> tuple[str, str]:
    """Where the run listens for hosts, and its title. Raises UserError where it does not."""
    from kinetics_tui.engine.wire.connect_file import parse_listen

    with Ledger.open(dataset, read_only=True) as ledger:
        listen, title = ledger.options.listen, ledger.title
    if not listen:
        again = "stop it, and " if is_running(dataset) else ""
        raise SettingsError(
            f"The run on {dataset} lets no host in: {again}`{PROGRAM} run {shell_word(str(dataset))} "
            "--listen ADDRESS` does, with an address of this machine that hosts can reach."
        )
    if _is_here_alone(parse_listen(listen)[0]):
        tell(
            f"The run listens at {listen}, which no other machine can reach: for those run it with "
            "--listen and another address of this machine."
        )
    return listen, title


def _is_here_alone(address: str) -> bool:
    """True of an address that leads nowhere but to this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _write_connect_file(dataset: Path, path: Path) -> None:
    from kinetics_tui.engine.hosts.way_in import connect_file

    file = connect_file(dataset, *_listen(dataset))
    file.write(path)
    say(
        f"{path} lets whoever has it take part: keep it as you keep a password. On the other machine: "
        f"{PROGRAM} host --connect {shell_word(path.name)} --name NAME"
    )


def _start_by_ssh(dataset: Path, where: str, name: str | None, workers: int) -> int:
    from kinetics_tui.engine.hosts.way_in import connect_file

    if not where or where.startswith("-"):
        raise SettingsError(f"{where!r} is no machine: --ssh user@host")
    name = check_host_name(name or where.rpartition("@")[2].partition(".")[0])
    file = connect_file(dataset, *_listen(dataset))
    remote = [PROGRAM, "host", "--connect", "-", "--name", name, "--workers", str(workers), "--background"]
    try:
        ssh = shutil.which("ssh") or "ssh"
        ended = subprocess.run([ssh, where, shlex.join(remote)], input=file.text().encode(), check=False)
    except OSError as error:
        raise EngineError(
            f"ssh cannot be started ({error.strerror}); start the host there by hand."
        ) from error
    if ended.returncode:
        raise EngineError(
            f"No host was started at {where} (exit code {ended.returncode}; what was said is above): see "
            f"that `ssh {where} {PROGRAM} --version` answers with {__version__}."
        )
    return SETTLED


def _renew(dataset: Path) -> None:
    from kinetics_tui.engine.wire.certificates import Authority

    if is_running(dataset):
        raise EngineError(
            f"The run has to be stopped for that: {PROGRAM} stop {shell_word(str(dataset))} first."
        )
    Ledger.open(dataset, read_only=True).close()
    Authority.at(dataset).renew()
    say("Every connect file given out before is void; write new ones with --connect-file.")


@command()
@click.option(
    "--connect",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    required=True,
    help="The connect file of the run; - reads it from standard input.",
)
@click.option("--name", metavar="NAME", help="What this host is called in the run (that of the machine).")
@click.option("--workers", metavar="N", type=Integer(*WORKERS), default=8, help="Worker processes (8).")
@several(
    "--network", metavar="NETWORK", help="A way out: interface, address, proxy, or a name of your settings."
)
@click.option(
    "--behind", metavar="NAME", default="", help="The address (NAT) that all leave by, as others name it."
)
@click.option(
    "--give-up-after",
    "give_up_after_s",
    metavar="TIME",
    type=Duration(),
    help="End where the run was not reached for so long, such as 2h (it is called for ever).",
)
@click.option("--background", is_flag=True, help="Go on in the background once it takes part.")
def host_command(
    file: Path,
    name: str | None,
    workers: int,
    network: list[str] | None,
    behind: str,
    give_up_after_s: float | None,
    background: bool,
) -> int:
    """Have this machine take part in a run elsewhere, until that is over."""
    import socket

    from kinetics_tui.cli.lending import lend
    from kinetics_tui.engine.wire.connect_file import ConnectFile
    from kinetics_tui.settings.settings import load_settings

    if name is None:
        name = socket.gethostname().partition(".")[0] or "host"
    name = check_host_name(name)
    read = ConnectFile.read(file)
    if background:
        flags = ["--name", name, "--workers", str(workers), "--behind", behind]
        flags += [text for way in network or [] for text in ("--network", way)]
        flags += ["--give-up-after", f"{give_up_after_s:f}s"] if give_up_after_s is not None else []
        return _in_background(read.text(), name, flags)
    return lend(
        read,
        name,
        workers,
        network or [],
        load_settings({}).networks,
        behind=behind,
        give_up_after_s=give_up_after_s,
        say=say,
    )


def _in_background(text: str, name: str, flags: list[str]) -> int:
    """Start the host as a program of its own; returns once it takes part, or has said why not."""
    from kinetics_tui.base.machine import cache_folder

    folder = cache_folder() / "hosts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    args = [sys.executable, "-m", "kinetics_tui", "host", "--connect", "-", *flags]
    with log.open("wb") as out:
        started = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True, cwd="/"
        )
    assert started.stdin is not None
    started.stdin.write(text.encode())
    started.stdin.close()
    until = time.monotonic() + ANSWER_S
    while time.monotonic() < until and started.poll() is None:
        said = log.read_text(encoding="utf-8", errors="replace")
        if TAKES_PART in said:
            say(said.strip())
            started.returncode = SETTLED  # it goes on, and nobody here waits for it
            say(f"It goes on in the background as process {started.pid}; what it says is in {log}.")
            return SETTLED
        time.sleep(0.1)
    say(log.read_text(encoding="utf-8", errors="replace").strip())
    if started.poll() is not None:
        return started.returncode
    started.returncode = SETTLED
    say(f"It goes on calling in the background as process {started.pid}; what it says is in {log}.")
    return SETTLED
