"""One request by one network, sent by a program of its own: what comes of it says how the network stands."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from kinetics_tui.media.check import CheckAnswer, CheckRequest
from kinetics_tui.media.route import Route
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Options
from kinetics_tui.programs import run_program

PROGRAM = "kinetics_tui.media.check"
DEADLINE_S = 30.0
MARGIN_S = 10.0

log = logging.getLogger(__name__)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[CheckAnswer] = msgspec.json.Decoder(CheckAnswer)


async def ask_youtube(options: Options, route: Route, youtube_id: str) -> CheckAnswer:
    """Resolve one video by ``route``, once. Whatever goes wrong is an answer too."""
    request = CheckRequest(
        yt_dlp=options.yt_dlp,
        route=route,
        youtube_id=youtube_id,
        height_px=options.height_px,
        audio=options.audio,
        deadline_s=DEADLINE_S,
    )
    try:
        async with asyncio.timeout(DEADLINE_S + MARGIN_S):
            ended = await run_program(PROGRAM, told=_encoder.encode(request))
        return _decoder.decode(ended.out)
    except TimeoutError:
        return CheckAnswer(ok=False, category=Category.TIMEOUT, text="The check got no answer.", took_s=0.0)
    except (OSError, msgspec.DecodeError) as error:
        log.warning("a check came to nothing: %s", type(error).__name__)
        return CheckAnswer(ok=False, category=None, text="The check could not be made.", took_s=0.0)
