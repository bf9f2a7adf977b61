"""yt-dlp's YoutubeDL as one worker uses it: silent, reused, and honest about what failed.

Every byte of a clip, index, media and manifest, goes through one session, so that all leave by the same
network. A session holds sockets: make it in the process that uses it, never before a fork.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol

from yt_dlp import YoutubeDL
from yt_dlp.networking.exceptions import RequestError

from kinetics_tui.media.failures import NetworkTrouble, trouble_of
from kinetics_tui.model.failure import Category


class Logger(Protocol):
    """What yt-dlp asks of its ``logger``."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


class QuietLogger:
    """Everything yt-dlp would print, as debug lines of ``kinetics_tui.media``."""

    def __init__(self) -> None:
        self._log = logging.getLogger("kinetics_tui.media")

    def debug(self, message: str) -> None:
        self._log.debug("%s", message)

    def warning(self, message: str) -> None:
        self._log.debug("%s", message)

    def error(self, message: str) -> None:
        self._log.debug("%s", message)


class Session(YoutubeDL):  # type: ignore[misc]  # yt-dlp ships no type information
    """One YoutubeDL that notes the last request that failed (``last_trouble``): yt-dlp itself drops it."""

    def __init__(self, params: dict[str, Any], logger: Logger | None = None) -> None:
        self.last_trouble: NetworkTrouble | None = None
        quiet = {
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "color": "never",
            "logger": logger or QuietLogger(),
            "noplaylist": True,
            "ignoreerrors": False,
            "skip_download": True,
            "skip_unavailable_fragments": False,
        }
        super().__init__({**params, **quiet})

    def urlopen(self, req: Any) -> Any:
        """Send one request. What it raises is noted in ``last_trouble`` on its way up."""
        try:
            return super().urlopen(req)
        except RequestError as error:
            self.last_trouble = trouble_of(error) or self.last_trouble
            raise

    def report_warning(self, message: object, *args: Any, **more: Any) -> None:
        """Note the one warning that tells why there was no answer; the exception does not."""
        if "failed to parse json" in str(message).lower() and self.last_trouble is None:
            self.last_trouble = NetworkTrouble(
                Category.OFFLINE, "A page came back where YouTube's answer was due."
            )
        super().report_warning(message, *args, **more)

    def save_cookies(self) -> None:
        """Nothing: many workers would write the user's one cookie file at the same time."""

    def switch_network(self, source_address: str | None, proxy: str | None) -> None:
        """Send all further requests from ``source_address`` and through ``proxy``; open sockets close.

        None: the default route, and the proxy that the environment names. An empty proxy means none.
        """
        self.params.update(source_address=source_address, proxy=proxy)
        self.close()
        # Computed once from the parameters, and what the next connections are made from.
        self.__dict__.pop("proxies", None)
