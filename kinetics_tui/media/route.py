"""How requests are sent out: what yt-dlp is told of the network that a clip is to come by.

An address of this machine sends from there. The two unspecified addresses leave the choice of the address
to the system and fix the family: ``0.0.0.0`` is the default route over IPv4 alone, ``::`` over IPv6
alone. yt-dlp and urllib3 bind the socket to it before they connect, and pass over every address of the
server that is of the other family (yt-dlp's own ``create_connection`` sorts them out; in urllib3 the bind
fails); so do they with the addresses of a proxy. Where none is left, the request fails and nothing is
sent.

What follows a route: the player's and every other request of the extractor, manifests, keys, ranges,
fragments, redirects. All go through ``Session.urlopen``, whichever of yt-dlp's handlers serves them.
What does not:

- Names are looked up by the system's resolver, on whatever network it uses, except for ``http``,
  ``socks5``, ``socks5h`` and ``socks4a`` proxies, which are given the name.
- Binding an address does not choose an interface: that is for the system's routing table, which may need
  a rule for each source address.
- yt-dlp's JavaScript runtime has no network in its sandbox. It would fetch its packages from npm past
  every source address (``--remote-components ejs:npm``), so that is refused.
- ffmpeg, which yt-dlp falls back on for some playlists, knows neither source addresses nor SOCKS: no
  session finds one.
- Plugins of yt-dlp's that the user installed may send what they like.
- curl_cffi, where the user installed it and asks to ``--impersonate``, reads the environment's proxies
  by itself where a route says that there is none.
"""

from __future__ import annotations

import msgspec


class Route(msgspec.Struct, frozen=True):
    """What requests are sent from and through.

    ``source_address`` None: as the system chooses. ``proxy`` is a URL; None: the one that the environment
    names, if any; empty: none at all. The URL may carry a password: a route goes to workers and into
    the ledger, never into events or logs, and does not show the proxy when printed.
    """

    source_address: str | None = None
    proxy: str | None = None

    def __repr__(self) -> str:
        proxy = "***" if self.proxy else self.proxy
        return f"Route(source_address={self.source_address!r}, proxy={proxy!r})"
