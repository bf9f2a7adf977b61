"""Whether YouTube's answer about a video refuses the network that asked, known before yt-dlp says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kinetics_tui.media.failures import signal_of
from kinetics_tui.model.failure import Category

PLAYER_PATH = "/youtubei/v1/player"

_TEXTS = {"reason", "messages", "simpleText", "text"}


class _Question(msgspec.Struct):
    video_id: str = msgspec.field(name="videoId", default="")


class _Answer(msgspec.Struct):
    playability: dict[str, Any] = msgspec.field(name="playabilityStatus", default_factory=dict)
    video: _Question = msgspec.field(name="videoDetails", default_factory=_Question)


_questions = msgspec.json.Decoder(_Question)
_answers = msgspec.json.Decoder(_Answer)


def is_player_request(url: str) -> bool:
    """Whether ``url`` is where YouTube is asked for a video."""
    return urlsplit(url).path == PLAYER_PATH


def refusal_in(asked: bytes, answered: bytes) -> Category | None:
    """The throttle that the bodies of a player request and of its answer tell of, or None."""
    try:
        question, answer = _questions.decode(asked), _answers.decode(answered)
    except msgspec.DecodeError:
        return None
    if answer.video.video_id not in ("", question.video_id):
        # YouTube plays another video to addresses that it blocks.
        return Category.ADDRESS_BLOCKED
    if answer.playability.get("status") == "OK":
        return None
    if "playerCaptchaViewModel" in (answer.playability.get("errorScreen") or ()):
        return Category.CAPTCHA
    return signal_of(" ".join(_texts(answer.playability)))


def _texts(node: Any, name: str = "") -> Iterator[str]:
    """Every text for people below ``node``, which stands under ``name``."""
    if isinstance(node, str):
        if name in _TEXTS:
            yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, name)
