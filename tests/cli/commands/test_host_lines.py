"""The lines about hosts: readable at 80 columns, and their JSON as the help topic lists it."""

from __future__ import annotations

import re

from kinetics_tui.base.topics import topic_text
from kinetics_tui.cli.commands.hosts import hosts_text
from kinetics_tui.cli.status import hosts_json, status_json, summary_text
from kinetics_tui.model.events import EngineStatus, HostChanged, StatusChanged
from kinetics_tui.model.network import HostStatus
from kinetics_tui.model.state import RunState
from tests.tui.run_fakes import NOW, host_states, opened, with_hosts


def state() -> RunState:
    state = RunState()
    state.apply_all([*opened(), *with_hosts()])
    return state


def test_each_host_is_a_row_with_its_networks_and_its_last_word_below() -> None:
    text = hosts_text(state(), NOW)
    assert text.splitlines()[:8] == [
        "host         state    workers  clips  results   address    version",
        "lab2         here     8 of 8   1,204  by line   10.0.0.12  0.5.0",
        "  by lab2 eth0 10.0.0.12: cooling for 12 min",
        "  by phone socks5://127.0.0.1:1080: not in use",
        "  2 h ago: takes part with 8 workers",
        "render-farm  away                310  in place  10.0.0.40  0.5.0",
        "  42 s ago: is away: nothing is heard of it",
        "old-laptop   away                  0",
    ]
    assert all(len(line) <= 80 for line in text.splitlines() if "pip install" not in line)


def test_without_hosts_it_is_said_how_to_get_one_in() -> None:
    run = RunState()
    run.apply_all(opened())
    assert hosts_text(run, NOW).endswith(" kinetics-tui run '/data/my kinetics' --listen ADDRESS")
    run.apply_all(with_hosts())
    run.hosts.clear()
    assert hosts_text(run, NOW).endswith(" kinetics-tui hosts '/data/my kinetics' --connect-file FILE")


def test_status_counts_the_hosts_that_are_here_and_names_those_away() -> None:
    run = state()
    assert " 1 host with 12 workers; away: render-farm." in summary_text(run)
    run.apply(StatusChanged(at=NOW, status=EngineStatus.STOPPED))
    assert "host" not in summary_text(run)
    alone = RunState()
    alone.apply(HostChanged(at=NOW, host=host_states()[3]))
    assert "host" not in summary_text(alone)


def test_the_topic_lists_the_keys_of_a_host_and_its_states() -> None:
    rows = hosts_json(state())
    topic = " ".join(topic_text("hosts").split())
    listed = re.search(r"With `--json` a host is (.*?); `status --json`", topic)
    assert listed is not None
    assert set(re.findall(r"`(\w+)`", listed[1])) == set(rows[0])
    assert rows[0]["networks"] == ["lab2 eth0 10.0.0.12", "phone socks5://127.0.0.1:1080"]
    assert status_json(state())["hosts"] == rows
    assert all(f"| `{status.value}` |" in topic for status in HostStatus)


def test_a_worker_tells_scripts_its_host() -> None:
    workers = {worker["slot"]: worker for worker in status_json(state())["workers"]}
    assert (workers[1]["host"], workers[1]["place"]) == (None, None)
    assert (workers[103]["host"], workers[103]["place"]) == ("lab2", 3)
