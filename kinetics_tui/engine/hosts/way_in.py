"""The way in for hosts: where the engine listens, with which certificates, and what a host has to know."""

from __future__ import annotations

from pathlib import Path

from kinetics_tui.dataset.folder import make_token
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.hosts.arrivals import arrivals_path, sweep_results
from kinetics_tui.engine.hosts.hosts import Hosts
from kinetics_tui.engine.wire.connect_file import ConnectFile, own_addresses, parse_listen
from kinetics_tui.engine.wire.gate import Gate


class WayIn:
    """Listens while the run goes on, if its options say where."""

    def __init__(self, context: RunContext, hosts: Hosts) -> None:
        self._context = context
        self._hosts = hosts
        self._gate: Gate | None = None

    async def open(self) -> None:
        """Let hosts in. Raises UserError where nothing can listen there, or what it takes is missing."""
        listen = self._context.options.listen
        if not listen:
            return
        from kinetics_tui.engine.wire.certificates import Authority  # few runs have hosts

        dataset = self._context.dataset
        Authority.at(dataset).engine_context()  # what is wrong with it is told here, not where hosts come in
        self._hosts.open(make_token(dataset))
        self._gate = await Gate.open(
            dataset, arrivals_path(dataset), self._hosts.serve, *parse_listen(listen)
        )

    async def close(self, why: str) -> None:
        """Say good-bye to every host, and let no more in."""
        if self._gate is not None:
            await self._hosts.close(why)
            await self._gate.close()
            self._gate = None
            sweep_results(self._context.dataset)


def connect_file(dataset: Path, listen: str, title: str) -> ConnectFile:
    """The file that lets a host in to a run that listens there. Raises UserError."""
    from kinetics_tui.engine.wire.certificates import Authority

    address, port = parse_listen(listen)
    return ConnectFile.make(
        title=title,
        folder=str(dataset.absolute()),
        addresses=tuple(own_addresses(address, port)),
        token=make_token(dataset),
        credentials=Authority.at(dataset).issue(),
    )
