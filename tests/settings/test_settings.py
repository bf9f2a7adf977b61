"""Settings: which layer wins, and what is said about mistakes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.machine import cache_folder
from kinetics_tui.model.options import LayoutName, NamedWay, Options, Theme, Trim
from kinetics_tui.settings.settings import (
    EXAMPLE_TOML,
    SETTINGS,
    Settings,
    default_config_path,
    load_settings,
    read_settings,
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refusal(config: Path, text: str) -> str:
    config.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, config)
    return str(caught.value)


def test_without_anything_the_defaults_are_in_force(config: Path) -> None:
    settings = load_settings({}, {"PATH": "/bin"}, config)
    assert settings.options == Options()
    assert set(settings.sources.values()) == {"default"}
    assert dict(settings.given_options) == {}


def test_the_example_names_every_setting_with_its_default(config: Path) -> None:
    config.write_text(EXAMPLE_TOML)
    settings = load_settings({}, {}, config)
    assert settings == Settings(sources=dict.fromkeys(SETTINGS, "config.toml"), config_path=config)


def test_the_later_layer_wins_and_its_source_is_told(config: Path) -> None:
    config.write_text('workers = 2\npace = "account"\nheight = 240\ntheme = "ansi"\n')
    environ = {"KINETICS_TUI_WORKERS": "3", "KINETICS_TUI_PACE": "450", "KINETICS_TUI_BELL": "yes"}
    settings = load_settings({"workers": 4, "trim": "copy", "layout": None}, environ, config)
    options = settings.options
    assert (options.workers, options.pace_per_hour, options.height_px) == (4, 450.0, 240)
    assert (options.trim, options.layout) == (Trim.COPY, LayoutName.ACTIVITYNET)
    assert (settings.theme, settings.bell) == (Theme.ANSI, True)
    sources = {name: source for name, source in settings.sources.items() if source != "default"}
    assert sources == {
        "workers": "--workers",
        "trim": "--trim",
        "pace": "KINETICS_TUI_PACE",
        "bell": "KINETICS_TUI_BELL",
        "height": "config.toml",
        "theme": "config.toml",
    }


def test_only_variables_and_flags_win_over_what_a_dataset_keeps(config: Path) -> None:
    config.write_text("workers = 2\n")
    environ = {"KINETICS_TUI_HEIGHT": "144", "KINETICS_TUI_THEME": "dark"}
    settings = load_settings({"no_audio": True}, environ, config)
    assert dict(settings.given_options) == {"height_px": 144, "audio": False}


@pytest.mark.parametrize(("flag", "audio"), [(True, False), (False, True)])
def test_no_audio_is_audio_the_other_way_round(config: Path, flag: bool, audio: bool) -> None:
    config.write_text(f"audio = {str(not audio).lower()}")
    settings = load_settings({"no_audio": flag}, {}, config)
    assert settings.options.audio is audio
    assert settings.sources["audio"] == "--no-audio"


def test_every_kind_of_value_is_read(config: Path) -> None:
    config.write_text(
        'short_side = 256\ncooldown = ["5s", "2d"]\nretry = "none"\ndeadline = 90\nrefresh = 2.5\n'
        "yt_dlp = \"--proxy 'socks5://a b:1'\"\nmouse = false\npace = 'unlimited'\n"
    )
    settings = load_settings({}, {"KINETICS_TUI_MOUSE": ""}, config)
    options = settings.options
    assert (options.short_side_px, options.pace_per_hour) == (256, None)
    assert (options.cooldown_steps_s, options.retry_steps_s) == ((5.0, 172800.0), ())
    assert (options.clip_deadline_s, options.yt_dlp) == (90.0, ("--proxy", "socks5://a b:1"))
    assert (settings.refresh_hz, settings.mouse) == (2.5, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nwokers = 3", "config.toml, line 2: wokers is no setting; did you mean workers?"),
        ("zzz = 3", "config.toml, line 1: zzz is no setting; there are workers, height,"),
        ("[ui]\ntheme = 'dark'", "config.toml, line 1: ui is no setting"),
        ("workers = 100", "config.toml, line 1: workers: 100 is not a whole number from 1 to 64."),
        ("workers = true", "workers: True is not a whole number"),
        ("workers = 1.5", "workers: 1.5 is not a whole number"),
        ("# x\nheight = 'big'", "line 2: height: 'big' is not a whole number from 144"),
        ("trim = 'exct'", "trim: 'exct' is not one of exact, copy."),
        ("layout = 3", "layout: 3 is not one of activitynet, showmax, torchvision."),
        ("audio = 'loud'", "audio: 'loud' is neither true nor false."),
        ("pace = 0", "pace: 0 is no pace; give guest,"),
        ("pace = -300", "pace: -300 is no pace"),
        ("refresh = 60", "refresh: 60 is not a number from 0.2 to 5."),
        ("cooldown = []", "cooldown: At least one duration"),
        ("cooldown = '15m,,1h'", "cooldown: '' is no duration; write it like 5s, 15m"),
        ("deadline = '15 parsecs'", "deadline: '15 parsecs' is no duration"),
        ("deadline = 0", "deadline: 0 is no duration"),
        ("deadline = nan", "deadline: nan is no duration"),
        ("workers = " + "[" * 5000, "config.toml has lists or tables far too deep in one another"),
        ("workers = 3\nworkers = ?\n", "config.toml is not TOML: Invalid value (at line 2, column 11); mend"),
        ("yt_dlp = 3", "yt_dlp: yt-dlp's options must be one string"),
        ("desktop = 'maybe'", "desktop: 'maybe' is neither true nor false."),
        ("notify = 3", "notify: address 1 is no Apprise address, such as ntfy://"),
        ("networks = 'wlan1'", "line 1: networks: ways out are named in the settings file alone, in a table"),
        ("[networks]\nphone = 3", "line 2: networks.phone: a way is written as text, such as"),
        (
            "[networks]\n\nphone = 'wlan 1'",
            "line 3: networks.phone: 'wlan 1' is no network; give an interface",
        ),
        ("[networks]\nwifi-2 = 'wlan1'\nwifi = '?'", "line 3: networks.wifi: '?' is no network"),
        ("[networks]\n'my phone' = '0.0.0.0'", "line 2: networks.my phone: 0.0.0.0 is no address that"),
        ("networks.dsl = ''", "line 1: networks.dsl: '' is no network"),
        (
            "workers = 2\nnetworks = { a = 'eth0', b = 'ftp://x' }",
            "line 2: networks.b: That is no proxy's URL",
        ),
        ("[networks]\nDefault = 'eth0'", "line 2: networks.Default: A network cannot be called 'Default'"),
        ("[networks]\ndefault-ipv6 = 'eth0'", "cannot be called 'default-ipv6'"),
        ("[networks]\n'' = 'eth0'", "line 1: networks.: a network needs a name"),
        ("[networks]\n' a' = 'eth0'", "networks. a: a network needs a name without blanks around it."),
        (f"[networks]\n{'x' * 41} = 'eth0'", "give it a name of up to 40 printable"),
        ('[networks]\n"a\\u001b[m" = "eth0"', "line 1: networks: A network cannot be called 'a\\x1b[m'"),
        ("[networks]\na = 'eth0'\nA = 'eth1'", "line 3: networks.A: there is a network a already;"),
        (
            "[networks]\na = 'eth0'\ntheme = 'dark'",
            "line 3: networks.theme: theme is a setting; it stands above",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(config: Path, text: str, said: str) -> None:
    assert said in refusal(config, text)


def test_all_faults_are_told_of_at_once_and_what_is_right_is_in_force(config: Path) -> None:
    config.write_text(
        "workers = 100\nheight = 240\nwokers = 3\ncooldown = '1h,15m'\n[networks]\na = 3\nb = 'eth0'\n"
    )
    settings, faults = read_settings({"deadline": "5"}, {"KINETICS_TUI_THEME": "light"}, config)
    named = [fault.removeprefix(f"{config}, line ").split(":")[0] for fault in faults]
    assert named == ["1", "3", "4", "6", "KINETICS_TUI_THEME", "--deadline"]
    assert (settings.options.height_px, settings.options.workers) == (240, Options().workers)
    assert settings.networks == {"b": NamedWay("eth0")}
    with pytest.raises(SettingsError, match=r"workers: 100 .* kinetics-tui doctor names 5 more faults\.$"):
        load_settings({"deadline": "5"}, {"KINETICS_TUI_THEME": "light"}, config)


def test_a_password_is_not_repeated(config: Path) -> None:
    said = refusal(config, 'yt_dlp = "--proxy \'http://me:secret@host"')
    assert "quotation mark" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "text",
    [
        "[networks]\noffice = 'me:secret@host:1080'",
        "[networks]\noffice = 'socks5://me:secret@'",
        "[networks]\noffice = 'ftp://me:secret@host'",
        "[networks]\noffice = 'socks5://me:secret@ho st:1'",
        "[networks]\n'socks5://me:secret@host:1080' = 'office'",
        "notify = ['ntfy://topic', 'me:secret@host']",
        "notify = 'ntfy//secret'",
        "notify = ['nosuch://secret@host']",
        "notify = ['json://me:secret host']",
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what Apprise's services import
def test_no_mistake_in_a_network_or_an_address_repeats_its_secret(config: Path, text: str) -> None:
    said = refusal(config, text)
    assert said.startswith(f"{config}, line ")
    assert "secret" not in said


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what Apprise's services import
def test_notices_go_to_the_addresses_of_a_list_or_a_line(config: Path) -> None:
    urls = ("json://me:secret@host/topic", "ntfy://topic")
    config.write_text(f"desktop = true\nnotify = {list(urls)}\n")
    settings = load_settings({}, {}, config)
    assert (settings.options.notify, settings.desktop) == (urls, True)
    # Who is called is the user's matter: what the file says wins over what a dataset keeps.
    assert settings.given_options == {"notify": urls}
    assert load_settings({}, {"KINETICS_TUI_NOTIFY": " ".join(urls)}).options.notify == urls
    assert load_settings({}, {"KINETICS_TUI_NOTIFY": "none"}, config).given_options == {"notify": ()}


def test_notices_without_apprise_are_a_mistake_that_says_how_to_mend_it(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = refusal(config, "\nnotify = 'json://me:secret@host/topic'")
    assert "line 2: notify: notices are sent by Apprise" in said
    assert said.endswith("pip install 'kinetics-tui[notify]'.")


def test_settings_without_notices_do_not_load_apprise(config: Path) -> None:
    config.write_text(EXAMPLE_TOML)
    code = (
        "import sys; from pathlib import Path; from kinetics_tui.settings.settings import load_settings;"
        f"load_settings({{}}, {{}}, Path({str(config)!r})); print('apprise' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_networks_have_the_names_that_the_user_gives_them(config: Path) -> None:
    config.write_text(
        "[networks]\nphone = 'wlan1'\n'My DSL' = ' 192.168.1.5'\n"
        "office = 'socks5://user:secret@10.0.0.1:1080'\nsix = '2001:db8::5'\nsame = 'default'\n"
    )
    assert load_settings({}, {}, config).networks == {
        "phone": NamedWay("wlan1"),
        "My DSL": NamedWay("192.168.1.5"),
        "office": NamedWay("socks5://user:secret@10.0.0.1:1080"),
        "six": NamedWay("2001:db8::5"),
        "same": NamedWay("default"),
    }


def test_networks_are_named_in_the_file_alone(config: Path) -> None:
    with pytest.raises(SettingsError, match=r"^KINETICS_TUI_NETWORKS: .* in the settings file alone"):
        load_settings({}, {"KINETICS_TUI_NETWORKS": "phone=wlan1"}, config)
    with pytest.raises(SettingsError, match=r"^--networks: .* in the settings file alone"):
        load_settings({"networks": "phone=wlan1"}, {}, config)


def test_a_mistake_in_a_variable_or_flag_is_named(config: Path) -> None:
    with pytest.raises(SettingsError, match=r"^KINETICS_TUI_WORKERS: 'x' is not a whole number"):
        load_settings({}, {"KINETICS_TUI_WORKERS": "x"}, config)
    with pytest.raises(SettingsError, match=r"^KINETICS_TUI_WORKRS is no setting; did you mean workers\?"):
        load_settings({}, {"KINETICS_TUI_WORKRS": "1"}, config)
    with pytest.raises(SettingsError, match=r"^--short-side: 5 is not a whole number from 16"):
        load_settings({"short_side": 5}, {}, config)


def test_a_file_that_is_no_text_is_named_with_its_line(config: Path) -> None:
    config.write_bytes(b"workers = 3\ntitle = '\xff'\n")
    with pytest.raises(SettingsError, match="line 2: not UTF-8"):
        load_settings({}, {}, config)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings({}, {}, tmp_path)


def test_a_byte_order_mark_does_no_harm(config: Path) -> None:
    config.write_bytes(b"\xef\xbb\xbfworkers = 3\r\n")
    assert load_settings({}, {}, config).options.workers == 3


def test_a_variable_may_name_another_file(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    environ = {"KINETICS_TUI_CONFIG": str(other)}
    with pytest.raises(SettingsError, match="does not exist"):
        load_settings({}, environ)
    other.write_text("workers = 5")
    settings = load_settings({}, environ)
    assert (settings.options.workers, settings.config_path) == (5, other)


def test_file_and_cache_lie_in_the_users_own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert default_config_path().is_relative_to(tmp_path)
    assert default_config_path().parts[-2:] == ("kinetics-tui", "config.toml")
    assert cache_folder().is_relative_to(tmp_path)
