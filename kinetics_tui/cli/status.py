"""The run as it stands: a sentence for people, JSON for scripts."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from kinetics_tui.base.words import counted, rate_text
from kinetics_tui.model.events import ENDED, EngineStatus
from kinetics_tui.model.network import NetworkState
from kinetics_tui.model.state import RunState


def summary_text(state: RunState) -> str:
    """The run in one sentence."""
    text = " ".join(
        part
        for part in (f"{state.status.value}: {state.tally}.", state.reason, hosts_sentence(state))
        if part
    )
    return f"{text} {archives_text(state)}" if state.archives.turn and state.status not in ENDED else text


def hosts_sentence(state: RunState) -> str:
    """How many hosts take part, and which of them are away; empty where no host takes part."""
    if state.status in ENDED or not (state.hosts_here or state.hosts_gone):
        return ""
    lent = sum(bool(worker.host) for worker in state.workers.values())
    away = ", ".join(host.name for host in state.hosts_gone)
    here = f"{counted(state.hosts_here, 'host')} with {counted(lent, 'worker')}"
    return f"{here}; away: {away}." if away else f"{here}."


def archives_text(state: RunState) -> str:
    """How far the archives are, in one sentence; how fast, if they are read."""
    archives = state.archives
    rate = "" if state.idle else f", {rate_text(archives.bytes_per_s)}"
    return f"{archives.passed:,} of {archives.total:,} archives read{rate}: {state.archives_tally}."


def status_json(state: RunState) -> dict[str, Any]:
    """The run for scripts: what ``status --json`` prints."""
    return {
        "dataset": state.dataset,
        "title": state.title,
        "state": state.status.value,
        "reason": state.reason,
        "pid": state.pid or None,
        "silent_since": state.why.at if state.status is EngineStatus.SILENT else None,
        "total": state.total,
        "done": state.done,
        "failed": state.failed,
        "pending": state.left,
        "switched_off": state.switched_off,
        "splits": {
            split.name: {
                "total": split.total,
                "done": split.done,
                "failed": split.failed,
                "pending": split.left,
                "enabled": split.enabled,
            }
            for split in state.splits.values()
        },
        "failures": {category.value: count for category, count in state.failures.items()},
        "tried_again_later": {category.value: count for category, count in state.retried.items()},
        "network": _network_json(state.network),
        "networks": networks_json(state),
        "hosts": hosts_json(state),
        "workers": [
            {
                "slot": worker.slot,
                "host": worker.host or None,
                "place": worker.place if worker.host else None,
                "pid": worker.pid,
                "phase": worker.phase.value,
                "clip": worker.clip.name if worker.clip else None,
                "label": worker.clip.label if worker.clip else None,
                "fraction": worker.fraction,
                "bytes_per_s": worker.bytes_per_s,
                "since": worker.since,
            }
            for worker in state.workers.values()
        ],
        "clips_per_minute": 0.0 if state.stands else state.clips_per_minute(time.time()),
        "archives": msgspec.to_builtins(state.archives) if state.archives.turn else None,
        "total_bytes": state.total_bytes,
        "wire_bytes": state.wire_bytes,
        "free_bytes": state.free_bytes,
    }


def networks_json(state: RunState) -> list[dict[str, Any]]:
    """Every network for scripts, the one in use first, then those that can be used now."""
    networks = sorted(state.networks.values(), key=lambda network: (not network.in_use, not network.present))
    return [_network_json(network) for network in networks]


def hosts_json(state: RunState) -> list[dict[str, Any]]:
    """Every host for scripts, its networks by their labels."""
    labels = {name: network.label for name, network in state.networks.items()}
    return [
        {
            **_with_state(msgspec.to_builtins(host)),
            "networks": [labels.get(name, name) for name in host.networks],
        }
        for host in state.hosts.values()
    ]


def _network_json(network: NetworkState) -> dict[str, Any]:
    return _with_state(msgspec.to_builtins(network))


def _with_state(fields: dict[str, Any]) -> dict[str, Any]:
    fields["state"] = fields.pop("status")
    return fields
