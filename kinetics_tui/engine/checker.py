"""One request by one network, sent by a program of its own: what comes of it says how the network stands."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from kinetics_tui.media.check import CheckAnswer, CheckRequest
from kinetics_tui.media.route import Route
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Options
from kinetics_tui.programs import python_program

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
    command, environment = python_program(PROGRAM)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            cwd="/",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(DEADLINE_S + MARGIN_S):
                said, _ = await process.communicate(_encoder.encode(request))
        except (TimeoutError, asyncio.CancelledError):
            process.kill()
            await process.wait()
            raise
        return _decoder.decode(said)
    except (OSError, TimeoutError, msgspec.DecodeError) as error:
        log.warning("a check came to nothing: %s", type(error).__name__)
        return CheckAnswer(ok=False, category=Category.TIMEOUT, text="The check got no answer.", took_s=0.0)
