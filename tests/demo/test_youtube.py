"""The real extractor of yt-dlp in front of the loopback YouTube: every text it raises, and no other host."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yt_dlp
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import DownloadError, GeoRestrictedError

from kinetics_tui.demo.media import Source
from kinetics_tui.demo.site import AfterClips
from kinetics_tui.demo.videos import Case, Failure, Video
from kinetics_tui.demo.youtube import LoopbackYouTube

PREFIX = "ERROR: [youtube] {id}: "
GONE = "Video unavailable. "
NO_ANSWER = "Failed to extract any player response"
NO_FORMATS = "No video formats found!"
TEXTS = {
    Case.PRIVATE: "Private video. Sign in if you've been granted access to this video",
    Case.REMOVED_BY_UPLOADER: GONE + "This video has been removed by the uploader",
    Case.REMOVED_BY_USER: GONE + "This video has been removed by the user",
    Case.ACCOUNT_TERMINATED: GONE
    + "This video is no longer available because the YouTube account associated with this video has been"
    " terminated",
    Case.ACCOUNT_CLOSED: GONE
    + "This video is no longer available because the uploader has closed their YouTube account",
    Case.COPYRIGHT_CLAIM: GONE + "This video is no longer available due to a copyright claim by ",
    Case.COPYRIGHT_BLOCKED: GONE
    + "This video contains content from Meridian Music, who has blocked it on copyright grounds",
    Case.COPYRIGHT_COUNTRY: GONE
    + "This video contains content from Meridian Music, who has blocked it in your country on copyright"
    " grounds",
    Case.TERMS_GUIDELINES: "This video has been removed for violating YouTube's Community Guidelines",
    Case.TERMS_OF_SERVICE: "This video has been removed for violating YouTube's Terms of Service",
    Case.TERMS_NUDITY: "This video has been removed for violating YouTube's policy on nudity ",
    Case.TERMS_SPAM: "This video has been removed for violating YouTube's policy on spam, ",
    Case.AGE: "Sign in to confirm your age. This video may be inappropriate for some users",
    Case.GEO: "This video is not available in your country",
    Case.GEO_COUNTRIES: "The uploader has not made this video available in your country",
    Case.UNAVAILABLE: GONE + "This video is unavailable",
    Case.NOT_AVAILABLE_ANYMORE: "This video isn't available anymore",
    Case.DUPLICATE: "This video has been removed because it is a duplicate of a previously uploaded video",
    Case.MEMBERS_ONLY: "Join this channel to get access to members-only content",
    Case.PREMIERE: "Premieres in 3 hours",
    Case.DRM: "This video is DRM protected",
    Case.SOMETHING_WRONG: "An error occurred. Please try again later.",
    Case.CONTENT_NOT_AVAILABLE: GONE + "This content isn't available",
    Case.NOT_ON_THIS_APP: "This video is not available on this app",
    Case.RELOAD: "The page needs to be reloaded",
    Case.NO_FORMATS: NO_FORMATS,
    Case.ONLY_IMAGES: "Requested format is not available",
    Case.SABR_ONLY: NO_FORMATS,
    Case.N_CHALLENGE: NO_FORMATS,
    Case.SESSION_LIMIT: GONE
    + "This content isn't available, try again later. The current session has been rate-limited by YouTube"
    " for up to an hour.",
    Case.SESSION_LIMIT_CURLY: GONE + "This content isn’t available, try again later.",
    Case.REQUEST_LIMIT: "You've hit the request limit.. Your limits will reset soon",
    Case.BOT_CHECK: "Sign in to confirm you’re not a bot",
    Case.CAPTCHA: GONE + "YouTube is requiring a captcha challenge before playback",
    Case.ADDRESS_BLOCKED: "All player responses are invalid. Your IP is likely being blocked by Youtube",
    Case.PLAYER_429: NO_ANSWER,
    Case.PLAYER_403: NO_ANSWER,
    Case.PLAYER_404: NO_ANSWER,
    Case.PLAYER_503: NO_ANSWER,
    Case.PLAYER_RESET: NO_ANSWER,
    Case.PLAYER_STALL: NO_ANSWER,
    Case.PLAYER_HTML: NO_ANSWER,
}
STATUS = {Case.PLAYER_429: 429, Case.PLAYER_403: 403, Case.PLAYER_404: 404, Case.PLAYER_503: 503}
RESOLVES = [case for case in Case if case not in TEXTS]


def video_id(case: Case) -> str:
    return f"{list(Case).index(case):011d}"


class Quiet:
    """Takes what yt-dlp would print."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        pass

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def error(self, message: str) -> None:
        pass


class Watched(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp ships no types
    """yt-dlp, with every address it asks for and every failed request noted."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.addresses: list[str] = []
        self.troubles: list[Exception] = []
        super().__init__(params)

    def urlopen(self, req: Any) -> Any:
        self.addresses.append(req if isinstance(req, str) else req.url)
        try:
            return super().urlopen(req)
        except Exception as error:
            self.troubles.append(error)
            raise


def ask(youtube: LoopbackYouTube, *arguments: str) -> Watched:
    """yt-dlp as its own command line would make it, aimed at ``youtube``."""
    options = yt_dlp.parse_options(
        [*youtube.direct_args(), "--ignore-config", "--no-update", "--quiet", *arguments]
    ).ydl_opts
    return Watched({**options, "logger": Quiet(), "ignoreerrors": False})


def resolve(ydl: Watched, video: str) -> Any:
    return ydl.extract_info(f"https://www.youtube.com/watch?v={video}", download=False)


@pytest.fixture(scope="module")
def youtube(sources: Mapping[int, Source]) -> Iterator[LoopbackYouTube]:
    videos = {
        video_id(case): Video(video_id(case), case.value, 12, sources, Failure(case, retry_after_s=90))
        for case in Case
    }
    videos["plainvideo0"] = Video("plainvideo0", "A plain video", 12, sources)
    with LoopbackYouTube(videos) as server:
        yield server


@pytest.fixture(scope="module")
def ydl(youtube: LoopbackYouTube) -> Iterator[Watched]:
    with ask(youtube, "--socket-timeout", "0.3", "--extractor-retries", "0") as watched:
        yield watched


@pytest.mark.parametrize("case", list(TEXTS))
def test_ytdlp_raises_the_text_of(case: Case, ydl: Watched) -> None:
    with pytest.raises(DownloadError) as caught:
        resolve(ydl, video_id(case))
    assert str(caught.value).startswith(PREFIX.format(id=video_id(case)) + TEXTS[case])


@pytest.mark.parametrize("case", RESOLVES)
def test_ytdlp_resolves_videos_whose_media_fail(case: Case, ydl: Watched) -> None:
    info = resolve(ydl, video_id(case))
    assert info["live_status"] == ("is_live" if case is Case.LIVE else "not_live")
    assert {fmt["format_id"] for fmt in info["formats"]} == {"160", "140", "18", "278", "251"}


@pytest.mark.parametrize("case", list(STATUS))
def test_a_status_of_the_player_can_be_seen_only_in_the_request(case: Case, ydl: Watched) -> None:
    ydl.troubles.clear()
    with pytest.raises(DownloadError):
        resolve(ydl, video_id(case))
    (trouble,) = ydl.troubles
    assert isinstance(trouble, HTTPError)
    assert trouble.status == STATUS[case]
    assert trouble.response.headers["Retry-After"] == "90"


def test_a_page_instead_of_json_is_told_in_a_warning(ydl: Watched) -> None:
    with pytest.raises(DownloadError):
        resolve(ydl, video_id(Case.PLAYER_HTML))
    assert any("Failed to parse JSON" in warning for warning in ydl.params["logger"].warnings)


def test_geo_restriction_names_the_countries(ydl: Watched) -> None:
    with pytest.raises(DownloadError) as caught:
        resolve(ydl, video_id(Case.GEO_COUNTRIES))
    error = caught.value.exc_info[1]
    assert isinstance(error, GeoRestrictedError)
    assert error.countries == ["DE", "FR"]


def test_the_bare_session_limit_lacks_the_hint_where_the_apostrophe_is_curly(ydl: Watched) -> None:
    with pytest.raises(DownloadError) as caught:
        resolve(ydl, video_id(Case.SESSION_LIMIT_CURLY))
    assert "rate-limited" not in str(caught.value)


def test_a_plain_video_resolves_with_its_formats(ydl: Watched, sources: Mapping[int, Source]) -> None:
    info = resolve(ydl, "plainvideo0")
    formats = {int(fmt["format_id"]): fmt for fmt in info["formats"]}
    assert (info["id"], info["title"], info["duration"]) == ("plainvideo0", "A plain video", 12)
    assert {itag: fmt["filesize"] for itag, fmt in formats.items()} == {
        itag: source.size_bytes for itag, source in sources.items()
    }
    assert (formats[160]["height"], formats[160]["vcodec"], formats[160]["acodec"]) == (
        144,
        "avc1.4d401e",
        "none",
    )
    assert (formats[140]["vcodec"], formats[140]["acodec"]) == ("none", "mp4a.40.2")
    assert (formats[278]["ext"], formats[251]["acodec"]) == ("webm", "opus")


def test_an_unknown_id_is_unavailable(ydl: Watched) -> None:
    with pytest.raises(DownloadError, match="This video is unavailable"):
        resolve(ydl, "-unknown-id")


def test_ytdlp_asks_nobody_else(youtube: LoopbackYouTube, ydl: Watched) -> None:
    ydl.addresses.clear()
    for case in (Case.AGE, Case.LIVE, Case.PREMIERE, Case.BOT_CHECK, Case.NO_FORMATS):
        try:
            resolve(ydl, video_id(case))
        except DownloadError:
            continue
    player = f"https://{youtube.host}:{youtube.player_port}/youtubei/v1/player"
    assert len(ydl.addresses) >= 5
    assert {address.partition("?")[0] for address in ydl.addresses} == {player}


def test_a_failure_may_end_after_some_requests(sources: Mapping[int, Source]) -> None:
    video = Video("recovering0", "", 12, sources, Failure(Case.PLAYER_503, times=2))
    with (
        LoopbackYouTube({video.id: video}) as youtube,
        ask(youtube, "--extractor-retries", "0") as ydl,
    ):
        for _ in range(2):
            with pytest.raises(DownloadError, match=NO_ANSWER):
                resolve(ydl, video.id)
        assert resolve(ydl, video.id)["id"] == video.id
        assert [seen.status for seen in youtube.requests] == [503, 503, 200]


def test_a_throttle_hits_the_address_that_asked_and_no_other(sources: Mapping[int, Source]) -> None:
    video = Video("plainvideo0", "", 12, sources)
    with LoopbackYouTube({video.id: video}, policy=AfterClips(1, Failure(Case.BOT_CHECK), 60)) as youtube:
        with ask(youtube, "--source-address", "127.0.0.1") as ydl:
            resolve(ydl, video.id)
            with pytest.raises(DownloadError, match="not a bot"):
                resolve(ydl, video.id)
        if sys.platform == "linux":  # elsewhere the loopback has one address only
            with ask(youtube, "--source-address", "127.0.0.2") as ydl:
                assert resolve(ydl, video.id)["id"] == video.id
            assert [seen.client_address for seen in youtube.requests] == ["127.0.0.1"] * 2 + ["127.0.0.2"]


def test_a_throttle_can_be_ordered_while_serving(sources: Mapping[int, Source]) -> None:
    video = Video("plainvideo0", "", 12, sources)
    with LoopbackYouTube({video.id: video}) as youtube, ask(youtube, "--extractor-retries", "0") as ydl:
        resolve(ydl, video.id)
        throttled = youtube.throttle_now(Failure(Case.PLAYER_429, retry_after_s=7), for_s=60)
        with pytest.raises(DownloadError, match=NO_ANSWER):
            resolve(ydl, video.id)
        assert throttled.knocks == 1
        assert ydl.troubles[-1].response.headers["Retry-After"] == "7"


def test_the_command_line_downloads_through_documented_options(
    youtube: LoopbackYouTube, sources: Mapping[int, Source], tmp_path: Path
) -> None:
    before = youtube.count("media", "plainvideo0")
    command = [sys.executable, "-m", "yt_dlp", "--ignore-config", "--no-update", *youtube.direct_args()]
    command += ["--format", "160", "--output", str(tmp_path / "video.mp4"), "--", "plainvideo0"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    assert (tmp_path / "video.mp4").read_bytes() == sources[160].path.read_bytes()
    assert youtube.count("media", "plainvideo0") > before


def test_a_video_without_plain_files_comes_in_pieces(sources: Mapping[int, Source], tmp_path: Path) -> None:
    video = Video("inpieces000", "", 12, sources, hls=True)
    path = tmp_path / "video.mp4"
    arguments = ("--hls-prefer-native", "--fixup", "never", "--output", str(path), "--format", "160")
    with LoopbackYouTube({video.id: video}) as youtube, ask(youtube, *arguments) as ydl:
        info = resolve(ydl, video.id)
        assert {fmt["format_id"] for fmt in info["formats"]} == {"160", "140"}
        assert {fmt["protocol"] for fmt in info["formats"]} == {"m3u8_native"}
        ydl.download([f"https://www.youtube.com/watch?v={video.id}"])
        pieces = [(seen.start, seen.end) for seen in youtube.requests if seen.kind == "media"]
    assert path.read_bytes() == sources[160].path.read_bytes()
    assert len(pieces) == 1 + 6
    assert all(start is not None and end is not None for start, end in pieces)


def test_the_options_fit_on_one_line(youtube: LoopbackYouTube) -> None:
    line = youtube.yt_dlp_options()
    assert "\n" not in line
    assert msgspec.json.decode(msgspec.json.encode(line)) == line
    assert f"--proxy http://127.0.0.1:{youtube.proxy_port}" in line
