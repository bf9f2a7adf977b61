"""A YouTube on this machine: real HTTP, real yt-dlp in front of it, no internet.

``yt_dlp_args`` are options of yt-dlp that aim it here: an HTTP proxy, behind which every host is this one, by
TLS with the self-signed certificate of this package. yt-dlp does all that it does by default.
``direct_args`` need no proxy, so that requests may come by several networks of this machine: player requests
go to a port with TLS, by the one client that needs nothing else; media are served over plain HTTP.
"""

from __future__ import annotations

import shlex
import socket
import ssl
import sys
import threading
from http.server import ThreadingHTTPServer
from importlib import resources

from kinetics_tui.demo.handler import Handler, is_reset
from kinetics_tui.demo.site import Line, Policy, RequestSeen, Site
from kinetics_tui.demo.videos import Catalogue

__all__ = ["LoopbackYouTube", "RequestSeen"]

OTHER_ADDRESS = "198.51.100.7"
CERTIFICATE = "loopback.pem"
"""Key and certificate in one file of this package. It guards nothing: both are public."""


class _Server(ThreadingHTTPServer):
    """A threaded HTTP server that can end its open connections when it stops."""

    daemon_threads = False  # joined when the server closes, so that none outlives it
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        site: Site,
        tls: ssl.SSLContext,
        *,
        at_once: bool = False,
        leads_out_by: str = "",
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        own = {"site": site, "tls": tls, "swapped": self._swapped, "leads_out_by": leads_out_by}
        super().__init__(address, type("SiteHandler", (Handler,), own))
        self._tls = tls if at_once else None
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = self.socket.accept()
        if self._tls is not None:
            # The handshake waits for the connection's own thread: a slow client must not hold others up.
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def _swapped(self, gone: socket.socket, begun: socket.socket | None) -> None:
        with self._open_lock:
            self._open.discard(gone)
            if begun is not None:
                self._open.add(begun)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        with self._open_lock:
            self._open.discard(request)
        if request.fileno() >= 0 and is_reset(request):
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Report errors, but not those of clients that leave or trust no self-signed certificate."""
        if not isinstance(sys.exception(), (ConnectionError, ssl.SSLError, TimeoutError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typed for UDP as well

    def stop(self) -> None:
        self.shutdown()
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            try:
                # Not SSLSocket's own, which would say goodbye first and may wait for it.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                continue  # gone already
        self.server_close()


class LoopbackYouTube(Site):
    """The loopback YouTube; a context manager that serves while it is open.

    ``catalogue`` says which videos there are, ``policy`` when it throttles, ``line`` how fast it is.
    ``host`` is the address it listens on, IPv4 or IPv6; ports of 0 are chosen by the system.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        policy: Policy | None = None,
        line: Line | None = None,
        host: str = "127.0.0.1",
        player_port: int = 0,
        media_port: int = 0,
        proxy_port: int = 0,
    ) -> None:
        super().__init__(catalogue, policy, line)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with resources.as_file(resources.files(__package__).joinpath(CERTIFICATE)) as pem:
            tls.load_cert_chain(pem)
        self._servers = [
            _Server((host, player_port), self, tls, at_once=True),
            _Server((host, media_port), self, tls),
            _Server((host, proxy_port), self, tls),
            _Server((host, 0), self, tls, leads_out_by=OTHER_ADDRESS),
        ]
        self._threads: list[threading.Thread] = []
        self.host = f"[{host}]" if ":" in host else host
        ports = (server.server_address[1] for server in self._servers)
        self.player_port, self.media_port, self.proxy_port, other_port = ports
        self.other_proxy = f"http://{self.host}:{other_port}"
        """A second proxy, which leads here from another address: another network to YouTube."""
        self.media_url = f"http://{self.host}:{self.media_port}"

    def start(self) -> None:
        """Begin to serve, in threads."""
        for server in self._servers:
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="loopback-youtube"
            )
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End every connection and stop serving."""
        self.stopping.set()
        for server in self._servers:
            server.stop()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> LoopbackYouTube:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def proxy(self) -> str:
        """The address of the proxy that leads here."""
        return f"http://{self.host}:{self.proxy_port}"

    def yt_dlp_args(self) -> tuple[str, ...]:
        """Command-line options of yt-dlp that send its requests here, whatever they are."""
        return ("--proxy", self.proxy, "--no-check-certificates")

    def direct_args(self) -> tuple[str, ...]:
        """Options that send player requests here without a proxy, and ask by one client alone."""
        return (
            "--extractor-args",
            f"youtube:innertube_host={self.host}:{self.player_port};player_client=visionos;"
            "player_skip=webpage,configs,js,initial_data",
            "--no-check-certificates",
        )

    def yt_dlp_options(self) -> str:
        """The same as one line, quoted for a shell."""
        return shlex.join(self.yt_dlp_args())
