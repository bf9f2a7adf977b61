"""The pages of the loopback YouTube that yt-dlp asks for by default, and the player script behind them.

The script is small, and has the shape that yt-dlp's solver looks for: it turns the *n* of a media address,
and a signature. An address of a client that needs JavaScript serves media only with both solved.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any
from urllib.parse import quote

import msgspec

from kinetics_tui.media.youtube.javascript import SCRIPT_PREFIX

WATCH_PATH = "/watch"
EMBED_PREFIX = "/embed/"
IFRAME_API_PATH = "/iframe_api"
NEXT_PATH = "/youtubei/v1/next"
SIGNATURE_TIMESTAMP = 20_500
VISITOR_DATA = "CgtMb29wYmFja1lUIQ%3D%3D"

PLAIN_CLIENTS = frozenset({"VISIONOS", "ANDROID", "ANDROID_VR", "IOS"})
"""Clients, by the names that they tell, whose addresses are good as they are."""
SABR_CLIENTS = frozenset({"WEB"})
"""Clients that are given formats without addresses: they stream in a way that yt-dlp does not know."""

_CHALLENGE_LENGTH = 16
_SIGNATURE_LENGTH = 40


def challenge(video_id: str, address_number: int) -> str:
    """The *n* of the addresses in one answer, unsolved."""
    return _digest(f"n {video_id} {address_number}", _CHALLENGE_LENGTH)


def solved(given: str) -> str:
    """The *n* that the player script makes of a given one."""
    return given[::-1] + "_"


def signature(video_id: str, address_number: int) -> str:
    """The signature of an address as the answer carries it, scrambled."""
    return _digest(f"s {video_id} {address_number}", _SIGNATURE_LENGTH)


def unscrambled(given: str) -> str:
    """The signature that the player script makes of a scrambled one."""
    return given[:2:-1]


def ciphered(url: str, scrambled: str) -> str:
    """An address whose signature is still to be unscrambled, in the form that answers carry it."""
    return f"s={quote(scrambled)}&sp=sig&url={quote(url, safe='')}"


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


_SCRIPT = """var _yt_player={};(function(g){var window=this;
var signatureTimestamp={signatureTimestamp:%d};
function Address(url){this.url=url;this.query={}}
Address.prototype.set=function(name,value){this.query[name]=value};
Address.prototype.get=function(name){return this.query[name]};
Address.prototype.turn=function(){var n=this.query.n;
if(n!==undefined)this.query.n=n.split("").reverse().join("")+"_"};
function unscrambled(s){return s.split("").slice(3).reverse().join("")}
g.make=function(url,name,scrambled){var address=new Address(url);address.set("alr","yes");
if(scrambled)address.set(name,encodeURIComponent(unscrambled(decodeURIComponent(scrambled))));
return address};
%s})(_yt_player);
"""


@cache
def player_script(size_bytes: int) -> bytes:
    """The player script, about ``size_bytes`` long: the real one has 2.6 MB, which the solver has to read."""
    line = 'g.filler%d=function(a,b){var c=[a,b,"%d"];return c.map(function(d){return d+a}).join(b)};\n'
    count = max(0, size_bytes - len(_SCRIPT)) // len(line)
    filler = "".join(line % (number, number) for number in range(count))
    return (_SCRIPT % (SIGNATURE_TIMESTAMP, filler)).encode()


def player_id(size_bytes: int) -> str:
    """The version of that script, as its address has it."""
    return hashlib.sha256(player_script(size_bytes)).hexdigest()[:8]


def iframe_api(version: str) -> bytes:
    """The script that names the player where no watch page did."""
    return f'var scriptUrl = "https:\\/\\/www.youtube.com\\/s\\/player\\/{version}\\/api.js";'.encode()


def watch_page(answer: dict[str, Any], version: str, *, made_for_kids: bool) -> bytes:
    """The page of a video, with the player's answer for the client "web" in it."""
    settings = {
        "PLAYER_JS_URL": f"{SCRIPT_PREFIX}{version}/player_ias.vflset/en_US/base.js",
        "STS": SIGNATURE_TIMESTAMP,
        "VISITOR_DATA": VISITOR_DATA,
        "INNERTUBE_CONTEXT": {"client": {"clientName": "WEB", "visitorData": VISITOR_DATA, "hl": "en"}},
    }
    kids = "<p>This video is made for kids</p>" if made_for_kids else ""
    return "\n".join(
        (
            "<!DOCTYPE html><title>YouTube</title>",
            f"<script>ytcfg.set({_json(settings)});</script>",
            f"<script>var ytInitialPlayerResponse = {_json(answer)};</script>",
            f"<script>var ytInitialData = {_json(next_answer())};</script>",
            kids,
        )
    ).encode()


def next_answer() -> dict[str, Any]:
    """What stands round the video on its page: nothing that this program looks at."""
    return {"contents": {"twoColumnWatchNextResults": {}}}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
