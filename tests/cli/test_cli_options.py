"""Flags as the parts that do the work want them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.cli.options import given, selection, way


def test_what_was_not_given_is_left_out() -> None:
    assert given(workers="4", height=None, split=[], no_audio=False) == {"workers": "4", "no_audio": False}


def test_a_selection_is_made_of_what_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert selection(
        annotations=[Path("val.csv")], release=None, splits=["all"], per_class="none", limit="7"
    ) == {
        "release": "",
        "annotations": (str(tmp_path / "val.csv"),),
        "splits": (),
        "per_class": None,
        "limit": 7,
    }
    assert selection(annotations=None, release="Kinetics-400", classes=["yoga"]) == {
        "release": "kinetics-400",
        "annotations": (),
        "classes": ("yoga",),
    }
    assert selection(annotations=None) == {}


@pytest.mark.parametrize(
    ("network", "source_address", "proxy", "text"),
    [
        ("my phone", None, None, "my phone"),
        (None, "2001:db8::5", None, "2001:db8::5"),
        (None, None, "socks5://me:secret@10.0.0.1:1080", "socks5://me:secret@10.0.0.1:1080"),
    ],
)
def test_a_way_is_a_name_an_address_or_a_proxy(
    network: str | None, source_address: str | None, proxy: str | None, text: str
) -> None:
    assert way(network, source_address, proxy) == text


@pytest.mark.parametrize(
    ("network", "source_address", "proxy", "said"),
    [
        (None, None, None, "Name one network"),
        ("phone", "10.0.0.1", None, "Name one network"),
        (None, "10.0.0.1", "http://me:secret@h:1", "Name one network"),
        (None, "eth0", None, "--source-address takes an IP address"),
        (None, "10.0.0.256", None, "--source-address takes an IP address"),
        (None, "http://me:secret@h:1", None, "--source-address takes an IP address"),
        (None, None, "me:secret@h:1", "--proxy takes the URL of a proxy"),
        (None, None, "ftp://me:secret@h:1", "--proxy takes the URL of a proxy"),
    ],
)
def test_what_is_no_way_or_not_one_alone_is_refused_without_its_password(
    network: str | None, source_address: str | None, proxy: str | None, said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        way(network, source_address, proxy)
    assert "secret" not in str(caught.value)
