"""An account's cookies whose login ends: noticed at once, and no video is asked for as a guest instead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from kinetics_tui.demo import handler
from kinetics_tui.demo.player import player_answer
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.media.youtube.session import Session, is_logged_out
from kinetics_tui.model.failure import Category
from tests.media.media_studio import Sources, Studio

FAR_S = 86_400.0
LOGGED_OUT_ANSWER = {"responseContext": {"mainAppWebResponseContext": {"loggedOut": True}}}


class Account:
    """A file of cookies, and resolvers that use it."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.file = studio.folder / "cookies.txt"
        self._resolvers: list[Resolver] = []

    def export(self, **ends_s: float) -> None:
        """Write the account's cookies, each to hold for so many seconds at most: files tell whole seconds."""
        now = time.time()
        lines = [
            f".youtube.com\tTRUE\t/\tTRUE\t{int(now + end_s)}\t{name}\tvalue"
            for name, end_s in ends_s.items()
        ]
        self.file.write_text("\n".join(["# Netscape HTTP Cookie File", *lines, ""]))

    def resolver(self, *more: str) -> Resolver:
        args = (*self.studio.youtube.yt_dlp_args(), "--cookies", str(self.file), *more)
        self._resolvers.append(resolver := Resolver(args))
        return resolver

    def close(self) -> None:
        for resolver in self._resolvers:
            resolver.close()


@pytest.fixture
def account(studio: Studio) -> Iterator[Account]:
    account = Account(studio)
    account.export(LOGIN_INFO=FAR_S, SAPISID=FAR_S)
    yield account
    account.close()


def refused(resolver: Resolver, video: str) -> Category:
    with pytest.raises(ClipFailure) as caught:
        resolver.resolve(video)
    return caught.value.category


def test_a_login_that_holds_resolves_videos(account: Account, dash: Sources) -> None:
    account.resolver().resolve(account.studio.add(dash))


def test_a_login_that_ends_by_its_date_costs_no_request(account: Account, dash: Sources) -> None:
    account.export(LOGIN_INFO=10, SAPISID=FAR_S)
    video, resolver = account.studio.add(dash), account.resolver()
    resolver.resolve(video)
    time.sleep(10)
    asked = len(account.studio.youtube.requests)
    assert refused(resolver, video) is Category.LOGGED_OUT
    assert refused(account.resolver(), video) is Category.LOGGED_OUT
    assert len(account.studio.youtube.requests) == asked
    account.export(LOGIN_INFO=FAR_S, SAPISID=FAR_S)
    account.resolver().resolve(video)


def test_a_login_that_youtube_ends_is_known_by_yt_dlps_warning(
    account: Account, dash: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Session._read_answer

    def forgetting(self: Session, req: Any, response: Any) -> Any:
        """As an answer does that takes a cookie back."""
        self.cookiejar.clear(".youtube.com", "/", "LOGIN_INFO")
        return read(self, req, response)

    video, resolver = account.studio.add(dash), account.resolver()
    resolver.resolve(video)
    monkeypatch.setattr(Session, "_read_answer", forgetting)
    assert refused(resolver, video) is Category.LOGGED_OUT
    asked = len(account.studio.youtube.requests)
    assert refused(resolver, video) is Category.LOGGED_OUT
    assert len(account.studio.youtube.requests) == asked


def test_an_answer_to_nobody_is_known_as_such(
    account: Account, dash: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "player_answer", lambda *args: {**player_answer(*args), **LOGGED_OUT_ANSWER})
    video = account.studio.add(dash)
    assert refused(account.resolver(), video) is Category.LOGGED_OUT
    account.resolver("--no-cookies").resolve(video)


def test_cookies_of_nobody_have_no_login_to_lose(account: Account, dash: Sources) -> None:
    account.export(VISITOR_INFO1_LIVE=FAR_S)
    account.resolver().resolve(account.studio.add(dash))


@pytest.mark.parametrize(
    ("answered", "logged_out"),
    [
        (b'{"responseContext": {"mainAppWebResponseContext": {"loggedOut": true}}}', True),
        (b'{"responseContext": {"mainAppWebResponseContext": {"loggedOut": false}}}', False),
        (b'{"responseContext": {}}', False),
        (b'{"responseContext": []}', False),
        (b"<!DOCTYPE html>", False),
    ],
)
def test_only_an_answer_that_says_so_is_logged_out(answered: bytes, logged_out: bool) -> None:
    assert is_logged_out(answered) is logged_out
