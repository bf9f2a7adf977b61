"""Notices by Apprise: each is sent by a program of its own, so that none can hold up the run.

``python -m kinetics_tui.engine.run.notify`` reads one JSON object from standard input (``urls``, ``title``,
``text``), sends it, and prints the services that did not take it. Apprise's addresses carry tokens and
passwords: they travel by a pipe, and are told of by nothing but their schemes.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from kinetics_tui.base.any_text import from_json, to_json
from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.programs import run_program
from kinetics_tui.base.safe_text import apprise_scheme
from kinetics_tui.model.events import Notice

if TYPE_CHECKING:
    import apprise


PROGRAM = "kinetics_tui.engine.run.notify"
SEND_WITHIN_S = 60.0
CLOSE_WITHIN_S = 15.0
AT_ONCE = 3
"""Notices under way at one time; others wait their turn."""

SENDER = "Kinetics TUI"

log = logging.getLogger(__name__)


class Message(msgspec.Struct, frozen=True):
    """A notice to send, and its receivers."""

    urls: tuple[str, ...]
    title: str
    text: str


def check_urls(urls: Sequence[str]) -> None:
    """Raise SettingsError where Apprise is missing, or cannot use one of the addresses."""
    if importlib.util.find_spec("apprise") is None:
        raise SettingsError(
            "notices are sent by Apprise, which is not installed: pip install 'kinetics-tui[notify]'."
        )
    for number, url in enumerate(urls, 1):
        if _service(url) is None:
            raise SettingsError(
                f"Apprise cannot use address {number} ({apprise_scheme(url)}://***); see its documentation."
            )


class Notifier:
    """Sends notices to Apprise's addresses, from the engine's event loop; without any, none.

    Nothing here raises: a notice that cannot be sent is a line in the engine's log, which names no
    address. ``title`` stands above each notice.
    """

    def __init__(self, urls: Sequence[str], title: str) -> None:
        self._urls = tuple(urls)
        self._title = title
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._sending: set[asyncio.Task[None]] = set()

    def notify(self, notice: Notice) -> None:
        """Begin to send a notice."""
        if self._urls:
            task = asyncio.create_task(self._send(notice))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def close(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """Wait for what is under way; what takes longer than ``within_s`` seconds is given up."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _send(self, notice: Notice) -> None:
        async with self._turns:
            try:
                async with asyncio.timeout(SEND_WITHIN_S):
                    refused = await self._run_program(notice)
            except TimeoutError:
                log.warning("a notice was given up: it took longer than %.0f s to send", SEND_WITHIN_S)
            except OSError as error:
                log.warning("a notice could not be sent: %s", error.strerror or type(error).__name__)
            else:
                if refused:
                    log.warning("a notice could not be sent by %s", ", ".join(refused))

    async def _run_program(self, notice: Notice) -> list[str]:
        """Have it sent; the services that did not take it."""
        message = Message(self._urls, self._title, notice.text)
        # What it writes to its standard error stays unread: a plugin's traceback may show its address.
        ended = await run_program(PROGRAM, told=to_json(message))
        if ended.code == 0:
            return []
        ours = dict.fromkeys(map(apprise_scheme, self._urls))
        named = ended.out.decode("utf-8", "replace").split()
        return [scheme for scheme in ours if scheme in named] or list(ours)


# -- the program --------------------------------------------------------------------------------------


def send(message: Message) -> list[str]:
    """Send to every address at once; the services that did not take it."""
    with ThreadPoolExecutor(len(message.urls) or 1) as threads:
        taken = list(threads.map(partial(_sent, message), message.urls))
    return [apprise_scheme(url) for url, ok in zip(message.urls, taken, strict=True) if not ok]


def _sent(message: Message, url: str) -> bool:
    try:
        service = _service(url)
        return service is not None and bool(service.notify(message.text, message.title, body_format="text"))
    except Exception:  # noqa: BLE001 -- whatever one service's plugin raises, the others are told
        return False


def _service(url: str) -> apprise.Apprise | None:
    import apprise  # only where notices are asked for

    # It logs addresses whole where it cannot read them.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    service = apprise.Apprise(asset=apprise.AppriseAsset(app_id=SENDER))
    return service if service.add(url) else None


def main() -> int:
    """Send what standard input asks for. The exit code: 1 where a service did not take it."""
    try:
        refused = send(from_json(sys.stdin.buffer.read(), Message))
    except Exception:  # noqa: BLE001 -- a traceback may show an address
        return 1
    sys.stdout.writelines(f"{scheme}\n" for scheme in refused)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
