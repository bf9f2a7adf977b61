"""The answers of the loopback YouTube about a video: the player endpoint's, and playlists.

From the former yt-dlp makes its texts. The latter cut a fragmented source into pieces, as YouTube offers
videos of which it has no plain files.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from kinetics_tui.demo import pages
from kinetics_tui.demo.media import Kind, Source
from kinetics_tui.demo.videos import Case, Failure, Offer, Track, Video

MANIFEST_PATH = "/api/manifest/"
PIECES_PATH = "/pieces/"
HLS_MASTER, DASH_MANIFEST = "master.m3u8", "manifest.mpd"


class Piece(msgspec.Struct, frozen=True):
    """One fragment of a source: where it lies in the file, and how long it plays."""

    start: int
    size_bytes: int
    duration_s: float


def pieces(path: Path) -> tuple[int, list[Piece]]:
    """The number of bytes that the header of a fragmented MP4 takes, and its fragments, from its index."""
    data = path.read_bytes()
    at = 0
    while True:
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"sidx":
            break
        at += size
    version, timescale = struct.unpack_from(">B7xI", data, at + 8)
    first_entry = at + (32 if version == 0 else 40)
    (count,) = struct.unpack_from(">H", data, first_entry - 2)
    found, start = [], at + size
    for number in range(count):
        piece_bytes, duration = struct.unpack_from(">II", data, first_entry + 12 * number)
        found.append(Piece(start, piece_bytes, duration / timescale))
        start += piece_bytes
    return at + size, found


def manifest_urls(site_url: str, video: Video, address_number: int, seen_as: str = "") -> dict[str, str]:
    """The addresses of the manifests of ``video``'s formats, by their names in the player's answer."""
    if video.has_playlists:
        named = f"{_seen_in_path(seen_as)}id/{video.id}/lsig/{address_number}"
        return {"hlsManifestUrl": f"{site_url}{MANIFEST_PATH}hls_variant/{named}/file/index.m3u8"}
    names = {"hlsManifestUrl": HLS_MASTER, "dashManifestUrl": DASH_MANIFEST}
    return {
        key: f"{site_url}{PIECES_PATH}{video.id}/{address_number}/{name}"
        for key, name in names.items()
        if video.folder and (video.folder / name).exists()
    }


def master_playlist(site_url: str, video: Video, address_number: int, seen_as: str = "") -> str:
    """The playlist that names one playlist for each format; sound is a format of its own."""

    def playlist_url(itag: int) -> str:
        named = f"id/{video.id}/itag/{itag}/lsig/{address_number}"
        return f"{site_url}{MANIFEST_PATH}hls_playlist/{_seen_in_path(seen_as)}{named}/playlist/index.m3u8"

    lines = ["#EXTM3U", "#EXT-X-INDEPENDENT-SEGMENTS"]
    sounds = [itag for itag, source in video.sources.items() if source.spec.kind is Kind.DASH_AUDIO]
    for itag in sounds:
        track = video.offer(itag).track or Track("Default", "", is_default=True)
        language = track.id.partition(".")[0]
        chosen = "YES" if track.is_default else "NO"
        lines.append(
            f'#EXT-X-MEDIA:URI="{playlist_url(itag)}",TYPE=AUDIO,'
            f'GROUP-ID="sound",NAME="{track.name}",DEFAULT={chosen},AUTOSELECT={chosen}'
            + (f',LANGUAGE="{language}"' if language else "")
        )
    for itag, source in video.sources.items():
        spec = source.spec
        if spec.kind is not Kind.DASH_VIDEO:
            continue
        codecs = "avc1.4D401E,mp4a.40.2" if sounds else "avc1.4D401E"
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={round(source.size_bytes * 8 / spec.duration_s)},"
            f'CODECS="{codecs}",RESOLUTION={spec.width_px}x{spec.height_px},FRAME-RATE={spec.fps}'
            + (',AUDIO="sound"' if sounds else "")
        )
        lines.append(playlist_url(itag))
    return "\n".join(lines) + "\n"


def media_playlist(media_url: str, video: Video, itag: int, address_number: int, seen_as: str = "") -> str:
    """The playlist of one format's pieces, each a range of its file."""
    source: Source = video.sources[itag]
    header_bytes, found = pieces(source.path)
    address = f"{media_url}?{_seen_in_query(seen_as)}id={video.id}&itag={itag}&lsig={address_number}"
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{max(round(piece.duration_s) for piece in found) + 1}",
        f'#EXT-X-MAP:URI="{address}",BYTERANGE="{header_bytes}@0"',
    ]
    for piece in found:
        lines.append(f"#EXTINF:{piece.duration_s:.3f},")
        lines.append(f"#EXT-X-BYTERANGE:{piece.size_bytes}@{piece.start}")
        lines.append(address)
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


def _seen_in_path(seen_as: str) -> str:
    return f"ip/{quote(seen_as, safe='')}/" if seen_as else ""


def _seen_in_query(seen_as: str) -> str:
    return f"ip={quote(seen_as, safe='')}&" if seen_as else ""


Answer = dict[str, Any]

MEDIA_PATH = "/videoplayback"

_MIME = {
    18: 'video/mp4; codecs="avc1.42001E, mp4a.40.2"',
    140: 'audio/mp4; codecs="mp4a.40.2"',
    251: 'audio/webm; codecs="opus"',
    **dict.fromkeys((160, 133, 134, 135), 'video/mp4; codecs="avc1.4d401e"'),
    **dict.fromkeys((278, 242, 243, 244), 'video/webm; codecs="vp9"'),
}
_QUALITY = {144: "tiny", 240: "small", 360: "medium", 480: "large"}


class Playability(msgspec.Struct, frozen=True):
    """Why a video does not play: a status, and the two lines that a viewer would read."""

    status: str
    reason: str
    subreason: str = ""


def _gone(subreason: str = "", status: str = "ERROR") -> Playability:
    return Playability(status, "Video unavailable", subreason)


_NOT_ON_THIS_APP = Playability("UNPLAYABLE", "This video is not available on this app.")
_STORYBOARD = "https://i.ytimg.com/sb/x/storyboard3_L$L/$N.jpg?sqp=x|48#27#100#10#10#0#default#rs$x"
_NO_LONGER = "This video is no longer available"
_VIOLATING = "This video has been removed for violating YouTube's"
_BLOCKED = "This video contains content from Meridian Music, who has blocked it"
_PLAYABILITY: dict[Case, Playability] = {
    Case.PRIVATE: Playability(
        "LOGIN_REQUIRED", "Private video", "Sign in if you've been granted access to this video"
    ),
    Case.REMOVED_BY_UPLOADER: _gone("This video has been removed by the uploader"),
    Case.REMOVED_BY_USER: _gone("This video has been removed by the user"),
    Case.ACCOUNT_TERMINATED: _gone(
        f"{_NO_LONGER} because the YouTube account associated with this video has been terminated"
    ),
    Case.ACCOUNT_CLOSED: _gone(f"{_NO_LONGER} because the uploader has closed their YouTube account"),
    Case.COPYRIGHT_CLAIM: _gone(f"{_NO_LONGER} due to a copyright claim by Meridian Sport Films"),
    Case.COPYRIGHT_BLOCKED: _gone(f"{_BLOCKED} on copyright grounds", status="UNPLAYABLE"),
    Case.COPYRIGHT_COUNTRY: _gone(f"{_BLOCKED} in your country on copyright grounds", status="UNPLAYABLE"),
    Case.TERMS_GUIDELINES: Playability("ERROR", f"{_VIOLATING} Community Guidelines"),
    Case.TERMS_OF_SERVICE: Playability("ERROR", f"{_VIOLATING} Terms of Service"),
    Case.TERMS_NUDITY: Playability("ERROR", f"{_VIOLATING} policy on nudity or sexual content"),
    Case.TERMS_SPAM: Playability("ERROR", f"{_VIOLATING} policy on spam, deceptive practices, and scams"),
    Case.AGE: Playability(
        "LOGIN_REQUIRED", "Sign in to confirm your age", "This video may be inappropriate for some users."
    ),
    Case.GEO: Playability("UNPLAYABLE", "This video is not available in your country"),
    Case.GEO_COUNTRIES: _gone(
        "The uploader has not made this video available in your country", status="UNPLAYABLE"
    ),
    Case.UNAVAILABLE: _gone("This video is unavailable"),
    Case.NOT_AVAILABLE_ANYMORE: Playability("ERROR", "This video isn't available anymore"),
    Case.DUPLICATE: Playability(
        "ERROR", "This video has been removed because it is a duplicate of a previously uploaded video"
    ),
    Case.MEMBERS_ONLY: Playability(
        "UNPLAYABLE",
        "Join this channel to get access to members-only content like this video, and other exclusive perks.",
    ),
    Case.PREMIERE: Playability("LIVE_STREAM_OFFLINE", "Premieres in 3 hours"),
    Case.SOMETHING_WRONG: Playability("ERROR", "An error occurred. Please try again later."),
    Case.CONTENT_NOT_AVAILABLE: _gone("This content isn't available.", status="UNPLAYABLE"),
    Case.NOT_ON_THIS_APP: Playability("UNPLAYABLE", "This video is not available on this app"),
    Case.RELOAD: Playability("UNPLAYABLE", "The page needs to be reloaded."),
    Case.SESSION_LIMIT: _gone("This content isn't available, try again later.", status="UNPLAYABLE"),
    Case.SESSION_LIMIT_CURLY: _gone("This content isn’t available, try again later.", status="UNPLAYABLE"),
    Case.REQUEST_LIMIT: Playability(
        "UNPLAYABLE", "You've hit the request limit.", "Your limits will reset soon"
    ),
    Case.BOT_CHECK: Playability(
        "LOGIN_REQUIRED",
        "Sign in to confirm you’re not a bot",
        "This helps protect our community. Learn more",
    ),
    Case.CAPTCHA: _gone(),
}


def player_answer(
    video: Video,
    failure: Failure | None,
    site_url: str,
    address_number: int,
    client: str,
    seen_as: str = "",
) -> Answer:
    """The player endpoint's answer to ``client`` for ``video``, as it stands with ``failure``.

    ``site_url`` is where media are served; ``address_number`` marks the media
    addresses of this answer. ``seen_as`` is the address that the client asks from: media's addresses name it.
    """
    case = failure.case if failure else None
    media_url = site_url + MEDIA_PATH
    whole: list[Answer] = []
    parts: list[Answer] = []
    for itag, source in video.sources.items():
        kind = whole if source.spec.has_video and source.spec.has_audio else parts
        kind.append(_format(video, itag, source, media_url, address_number, client, seen_as))
    answer: Answer = {
        "responseContext": {"visitorData": pages.VISITOR_DATA},
        "playabilityStatus": {"status": "OK"},
        "videoDetails": {
            "videoId": video.id,
            "title": video.title,
            "lengthSeconds": str(round(video.length_s)),
            "shortDescription": "",
            "isLiveContent": False,
        },
        "streamingData": {"formats": whole, "adaptiveFormats": parts},
    }
    if video.hls:
        answer["streamingData"] = {}
    answer["streamingData"] |= manifest_urls(site_url, video, address_number, seen_as)
    if case in _PLAYABILITY:
        del answer["streamingData"]
        answer["playabilityStatus"] = _refusal(_PLAYABILITY[case])
    elif video.made_for_kids and client in pages.PLAIN_CLIENTS:
        del answer["streamingData"]
        answer["playabilityStatus"] = _refusal(_NOT_ON_THIS_APP)
    _alter(answer, failure)
    return answer


def _alter(answer: Answer, failure: Failure | None) -> None:
    """Make the changes of some cases beyond the reason given."""
    streaming: Answer = answer.get("streamingData", {})
    details: Answer = answer["videoDetails"]
    match failure.case if failure else None:
        case Case.GEO_COUNTRIES if failure:
            answer["microformat"] = {
                "playerMicroformatRenderer": {"availableCountries": list(failure.countries)}
            }
        case Case.PREMIERE:
            details["isUpcoming"] = True
        case Case.LIVE:
            details["isLive"] = details["isLiveContent"] = True
            del details["lengthSeconds"]
        case Case.CAPTCHA:
            answer["playabilityStatus"]["errorScreen"]["playerCaptchaViewModel"] = {"captcha": True}
        case Case.ADDRESS_BLOCKED:
            # YouTube plays another video than the one asked for to addresses it blocks.
            details["videoId"] = "aQvGIIdgFDM"
        case Case.DRM:
            streaming.update(formats=[], adaptiveFormats=[], licenseInfos=[{"drmFamily": "WIDEVINE"}])
        case Case.NO_FORMATS:
            streaming.update(formats=[], adaptiveFormats=[])
        case Case.ONLY_IMAGES:
            streaming.update(formats=[], adaptiveFormats=[])
            answer["storyboards"] = {"playerStoryboardSpecRenderer": {"spec": _STORYBOARD}}
        case Case.SABR_ONLY:
            for entry in (*streaming.get("formats", ()), *streaming.get("adaptiveFormats", ())):
                entry.pop("url", None)
                entry.pop("signatureCipher", None)
        case Case.N_CHALLENGE:
            for entry in (*streaming.get("formats", ()), *streaming.get("adaptiveFormats", ())):
                if "&n=" not in entry.get("url", "&n="):
                    entry["url"] += "&n=6kzMXqrGiGfA9dpX"


def _refusal(playability: Playability) -> Answer:
    renderer: Answer = {"reason": {"simpleText": playability.reason}}
    if playability.subreason:
        renderer["subreason"] = {"simpleText": playability.subreason}
    return {
        "status": playability.status,
        "reason": playability.reason,
        "errorScreen": {"playerErrorMessageRenderer": renderer},
    }


def _format(
    video: Video, itag: int, source: Source, media_url: str, address_number: int, client: str, seen_as: str
) -> Answer:
    spec = source.spec
    entry: Answer = {
        "itag": itag,
        **_address(video, itag, source, media_url, address_number, client, seen_as),
        "mimeType": _MIME[video.offer(itag).itag or itag],
        "bitrate": round(source.size_bytes * 8 / spec.duration_s),
        "contentLength": str(source.size_bytes),
        "approxDurationMs": str(round(spec.duration_s * 1000)),
    }
    if spec.has_video:
        tier_px = min(spec.width_px, spec.height_px)
        entry |= {
            "width": spec.width_px,
            "height": spec.height_px,
            "fps": spec.fps,
            "quality": _QUALITY.get(tier_px, "small"),
            "qualityLabel": f"{tier_px}p",
        }
    if spec.has_audio:
        entry |= {
            "audioQuality": "AUDIO_QUALITY_MEDIUM",
            "audioSampleRate": str(spec.sample_rate_hz),
            "audioChannels": spec.channels,
        }
    return _as_offered(entry, video.offer(itag))


def _as_offered(entry: Answer, offer: Offer) -> Answer:
    """The entry of a format with what is said of it besides."""
    if offer.itag is not None:
        entry["itag"] = offer.itag
    if offer.damaged:
        entry["approxDurationMs"] = str(int(entry["approxDurationMs"]) // 3)
    if offer.upscaled and "url" in entry:
        entry["url"] += "&xtags=sr%3D1"
    if offer.track is not None:
        entry["audioTrack"] = {
            "displayName": offer.track.name,
            "id": offer.track.id,
            "audioIsDefault": offer.track.is_default,
        }
    if offer.only_in_hls:
        entry.pop("url", None)
        entry.pop("signatureCipher", None)
    return entry


def _address(
    video: Video, itag: int, source: Source, media_url: str, address_number: int, client: str, seen_as: str
) -> Answer:
    """Where a format's media are, as ``client`` is given it."""
    if client in pages.SABR_CLIENTS:
        return {}
    url = f"{media_url}?{_seen_in_query(seen_as)}id={video.id}&itag={itag}"
    url += f"&clen={source.size_bytes}&lsig={address_number}&c={client}"
    if client in pages.PLAIN_CLIENTS:
        return {"url": url}
    url += f"&n={pages.challenge(video.id, address_number)}"
    if source.spec.has_video and source.spec.has_audio:
        return {"signatureCipher": pages.ciphered(url, pages.signature(video.id, address_number))}
    return {"url": url}
