"""yt-dlp's options: what is taken, what is refused, what is hidden."""

from __future__ import annotations

import pytest

from kinetics_tui.media.arguments import check_args, parse_args, redact
from kinetics_tui.model.errors import SettingsError


def test_our_defaults_hold_until_the_user_says_otherwise() -> None:
    params = parse_args(())
    assert params["socket_timeout"] == 5
    assert params["extractor_retries"] == 1
    assert params["cachedir"] is False
    params = parse_args(("--socket-timeout", "20", "--extractor-retries=3", "--cache-dir", "/c"))
    assert params["socket_timeout"] == 20
    assert params["extractor_retries"] == 3
    assert params["cachedir"] == "/c"


def test_options_that_reach_requests_are_taken() -> None:
    params = parse_args(
        (
            "--proxy",
            "socks5h://127.0.0.1:9050",
            "--source-address=10.0.0.2",
            "--cookies",
            "cookies.txt",
            "--extractor-args",
            "youtube:player_client=web",
            "-f",
            "18",
            "--no-check-certificates",
            "-4",
            "-v",
            "-t",
            "sleep",
        )
    )
    assert params["proxy"] == "socks5h://127.0.0.1:9050"
    assert params["cookiefile"] == "cookies.txt"
    assert params["extractor_args"] == {"youtube": {"player_client": ["web"]}}
    assert params["format"] == "18"
    assert params["nocheckcertificate"] is True
    assert params["sleep_interval_requests"] == 0.75


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (("--no-such-option",), "no such option"),
        (("--proxy",), "requires 1 argument"),
        (("--retries", "many"), "invalid"),
        (("https://youtu.be/abc",), "https://youtu.be/abc"),
        (("--exec", "rm -rf {}"), "--exec"),
        (("-o", "%(title)s"), "-o"),
        (("--extract-audio",), "--extract-audio"),
        (("--write-subs",), "--write-subs"),
        (("--download-archive", "x"), "--download-archive"),
        (("--help",), "print"),
        (("--version",), "print"),
    ],
)
def test_bad_and_useless_options_are_refused_in_one_silent_sentence(
    args: tuple[str, ...], named: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        check_args(args)
    message = str(caught.value)
    assert named in message
    assert "\n" not in message
    assert message.endswith(".")
    assert capfd.readouterr() == ("", "")


def test_batch_file_from_standard_input_does_not_wait_for_it() -> None:
    check_args(("--batch-file", "-"))


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (("--proxy", "http://me:secret@host:1"), ("--proxy", "http://***@host:1")),
        (("--proxy=http://me:secret@host:1",), ("--proxy=http://***@host:1",)),
        (("--proxy", "me:secret@host:1"), ("--proxy", "***@host:1")),
        (("--prox", "http://me:secret@host:1"), ("--prox", "http://***@host:1")),
        (("--proxy", "http://host:1"), ("--proxy", "http://host:1")),
        (("--username", "me", "--password", "secret"), ("--username", "me", "--password", "***")),
        (("-u", "me", "-p", "secret"), ("-u", "me", "-p", "***")),
        (("-psecret",), ("-p***",)),
        (("--add-headers", "Cookie: SID=secret"), ("--add-headers", "Cookie: ***")),
        (("--add-headers=Authorization:Bearer secret",), ("--add-headers=Authorization: ***",)),
        (("--add-headers", "Accept: text/html"), ("--add-headers", "Accept: text/html")),
        (
            ("--extractor-args", "youtube:po_token=web.gvs+secret;player_client=web"),
            ("--extractor-args", "youtube:po_token=***;player_client=web"),
        ),
        (("--cookies", "cookies.txt", "-4"), ("--cookies", "cookies.txt", "-4")),
    ],
)
def test_secrets_are_hidden_and_nothing_else(args: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert redact(args) == shown
