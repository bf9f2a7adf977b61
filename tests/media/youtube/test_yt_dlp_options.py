"""yt-dlp's options: what is taken, what is refused, what is hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.media.youtube.yt_dlp_options import check_args, parse_args, redact


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
            "--remote-components",
            "ejs:github",
        )
    )
    assert params["remote_components"] == ["ejs:github"]
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
        (("--remote-components", "ejs:npm"), "ejs:npm"),
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
        (("--proxy", "http://me:se@cret@host:1"), ("--proxy", "http://***@host:1")),
        (("--proxy", "me:se@cret@host:1"), ("--proxy", "***@host:1")),
        (("--proxy", "me:se/cret@host:1"), ("--proxy", "***@host:1")),
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


# -- values that yt-dlp's parser takes -----------------------------------------------------------------------


def test_a_cookie_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "c.txt"
    with pytest.raises(SettingsError, match=r"^--yt-dlp --cookies: there is no file \S+c\.txt; .*\.$"):
        check_args(("--cookies", str(missing)))
    with pytest.raises(SettingsError, match="cannot be read"):
        check_args(("--cookies", str(tmp_path)))
    missing.touch()
    check_args(("--cookies", str(missing)))


def test_a_cookie_file_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.txt"
    path.touch()
    # Tests may run as root, who may read everything.
    monkeypatch.setattr("kinetics_tui.media.youtube.yt_dlp_options.os.access", lambda *_: False)
    with pytest.raises(SettingsError, match="cannot be read"):
        check_args(("--cookies", str(path)))


def test_a_cookie_file_is_found_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "c.txt").touch()
    check_args(("--cookies", "~/c.txt"))


@pytest.mark.parametrize("address", ["localhost", "eth0", "10.0.0", "10.0.0.256", "[::1]", "10.0.0.1:80"])
def test_a_source_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match=r"--source-address: .* is no IP address"):
        check_args(("--source-address", address))


@pytest.mark.parametrize(
    "args",
    [
        ("--source-address", "10.0.0.2"),
        ("--source-address", "fd00::2"),
        ("-4",),
        ("-6",),
        ("--proxy", ""),
        ("--proxy", "127.0.0.1:3128"),
        ("--proxy", "HTTP://me:secret@[::1]:3128/"),
        ("--proxy", "socks5://127.0.0.1"),
        ("--proxy", "socks4a://localhost:1080"),
    ],
)
def test_addresses_that_can_be_used_are_taken(args: tuple[str, ...]) -> None:
    check_args(args)


@pytest.mark.parametrize(
    "proxy",
    [
        "http://me:secret@host:99999",
        "http://me:secret@host:0",
        "http://host:secret",
        "host:secret",
        "http://[::1:secret",
        "http://[secret]:1",
        "ftp://me:secret@host:1",
        "secret://host",
        "http://",
        "socks5h://:1080",
    ],
)
@pytest.mark.parametrize("option", ["--proxy", "--geo-verification-proxy"])
def test_a_proxy_that_cannot_be_is_refused_without_being_repeated(option: str, proxy: str) -> None:
    with pytest.raises(
        SettingsError, match=rf"^--yt-dlp {option}: no proxy can have this address; .*\.$"
    ) as no:
        check_args((option, proxy))
    assert "secret" not in str(no.value)
