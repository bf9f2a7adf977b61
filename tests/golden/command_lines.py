"""Command lines that end at once: what is wrong with most of them is told by exit code and standard error."""

from __future__ import annotations

from pathlib import Path

HEAD = "label,youtube_id,time_start,time_end,split\n"
GOOD = HEAD + "yoga,0wR5jVB-WPk,1,11,val\narchery,3caPS4FHFF8,2,12,val\n"
FILES = {
    "good.csv": GOOD,
    "bad_rows.csv": HEAD + "yoga,short,1,11,val\nyoga,3caPS4FHFF8,9,2,val\n",
    "some_bad.csv": GOOD + "yoga,short,1,11,val\nyoga,3caPS4FHFF8,a,12,val\nyoga,0wR5jVB-WPk,1,11,val\n",
    "no_columns.csv": "no,annotations\nat,all\n",
    "empty.csv": "",
    "header_only.csv": HEAD,
    "broken.json": '{"0wR5jVB-WPk": {"annotations": ',
    "not_toml.toml": "workers = 16\nheight =\n",
    "unknown_key.toml": "workers = 16\nheigth = 360\n",
    "bad_value.toml": 'workers = 16\n\npace = "fast"\n',
    "bad_network.toml": '[networks]\nphone = "wlan1"\noffice = "gopher://10.0.0.1"\n',
    "bad_name.toml": '[networks]\ndefault = "wlan1"\n',
    "bad_notify.toml": 'notify = ["not an address"]\n',
}

RUN = ("run", "new", "--annotations", "good.csv", "--headless")
BAD_VALUES = (
    ("--workers", "0"),
    ("--workers", "many"),
    ("--height", "1"),
    ("--trim", "x"),
    ("--layout", "flat"),
    ("--short-side", "1"),
    ("--pace", "x"),
    ("--pace", "0"),
    ("--cooldown", "soon"),
    ("--cooldown", "0"),
    ("--retry", "x"),
    ("--deadline", "400d"),
    ("--source", "mirror"),
    ("--archives-at-once", "9"),
    ("--max-gb", "much"),
    ("--max-disk", "0"),
    ("--max-rate", "fast"),
    ("--tolerance", "-1"),
    ("--yt-dlp", "--no-such"),
    ("--yt-dlp", "'"),
    ("--seed", "x"),
    ("--per-class", "0"),
    ("--limit", "-1"),
    ("--split", "vall"),
    ("--class", "yogga"),
    ("--category", "sprots"),
)

COMMAND_LINES: tuple[tuple[str, ...], ...] = (
    ("--version",),
    ("--frobnicate",),
    ("none", "such"),
    ("run",),
    ("run", "new", "--frobnicate"),
    ("run", "new", "--worker", "3", "--headless"),
    ("run", "new", "--headless"),
    ("run", "new", "--release", "kinetics-40", "--headless"),
    ("probe", "--release", "kinetics-40"),
    ("run", "new", "--annotations", "good.csv"),
    ("run", "new", "--annotations", "missing.csv", "--headless"),
    *(
        ("run", "new", "--annotations", name, "--headless")
        for name in ("bad_rows.csv", "no_columns.csv", "empty.csv", "header_only.csv", "broken.json")
    ),
    ("run", "new", "--annotations", "good.csv", "--release", "kinetics-400", "--split", "vall", "--headless"),
    ("run", "good.csv", "--annotations", "good.csv", "--headless"),
    *((*RUN, *pair) for pair in BAD_VALUES),
    ("probe",),
    ("probe", "--annotations", "some_bad.csv", "--split", "vall"),
    ("probe", "--annotations", "good.csv", "--sample", "0"),
    ("attach", "none", "--headless"),
    ("attach", "none"),
    ("demo",),
    ("demo", "new", "--workers", "65", "--headless"),
    ("status", "none"),
    ("status", "good.csv"),
    ("pause", "none"),
    ("resume", "none"),
    ("stop", "none"),
    ("retry", "none"),
    ("networks", "none"),
    ("networks", "none", "--check", "phone"),
    ("switch", "none"),
    ("switch", "none", "phone"),
    ("switch", "none", "phone", "--proxy", "http://me:secret@h:1"),
    ("switch", "none", "--proxy", "me:secret@h:1"),
    ("switch", "none", "--source-address", "wlan0"),
    ("report",),
    ("report", "none"),
    ("report", "--stats", "good.csv"),
    ("report", "--stats", "good.csv", "--failed", "good.csv"),
    ("check", "none"),
    ("check", "none", "--workers", "0"),
    ("adopt", "none"),
    ("adopt", "none", "--from", "nowhere"),
    ("adopt", "none", "--from", "nowhere", "--link", "soft"),
    ("adopt", "none", "--from", ".", "--dry-run"),
    ("extract", "none", "--headless"),
    ("extract", "none", "--frames", "x", "--headless"),
    ("extract", "none", "--sound", "flac", "--headless"),
    ("export", "none", "--for", "csv"),
    ("export", "none", "--for", "x"),
    ("export", "none", "--for", "csv", "--link", "soft"),
    ("manifest", "none"),
    ("compare", "none", "nowhere"),
    ("archives", "none"),
    ("archives", "none", "--index", "nowhere.csv"),
)
"""In a folder that holds ``FILES``; there is no dataset in it, and no terminal."""

OF_A_DATASET: tuple[tuple[str, ...], ...] = (
    ("attach", "set", "--headless"),
    ("stop", "set"),
    ("retry", "set", "--category", "nonsense"),
    ("retry", "set", "--category", "private"),
    ("retry", "set", "--class", "yogga"),
    ("retry", "set", "--clip", "nonsense"),
    ("networks", "set", "--check", "127.0.0.2"),
    ("run", "set", "--layout", "showmax", "--headless"),
    ("export", "set", "--for", "x"),
    ("export", "set", "--for", "csv", "--link", "soft"),
    ("export", "set", "--for", "csv", "--release", "kinetics-40"),
    ("export", "set", "--for", "csv", "--to", "set"),
    ("extract", "set", "--headless"),
    ("extract", "set", "--frames", "0", "--headless"),
    ("report", "set", "--html", "good.csv"),
    ("report", "set", "--html", "."),
    ("compare", "set", "none"),
    ("demo", "set", "--headless"),
    ("adopt", "set", "--from", "set"),
    ("manifest", "set", "--to", "none/manifest.csv"),
    ("archives", "set"),
    ("archives", "set", "--archives", "nowhere"),
)
"""Where ``set`` is a dataset whose engine does not run; none of them changes it."""

NOWHERE = {"KINETICS_TUI_YT_DLP": "--proxy http://127.0.0.9:1"}
"""Should one of them ever begin a run, it asks nobody for anything."""

VARIABLES: tuple[dict[str, str], ...] = (
    {"KINETICS_TUI_CONFIG": "missing.toml"},
    *(
        {"KINETICS_TUI_CONFIG": name}
        for name in (
            "not_toml.toml",
            "unknown_key.toml",
            "bad_value.toml",
            "bad_network.toml",
            "bad_name.toml",
            "bad_notify.toml",
        )
    ),
    {"KINETICS_TUI_WORKERS": "0"},
    {"KINETICS_TUI_HEIGHT": "x"},
    {"KINETICS_TUI_HEIGTH": "360"},
    {"KINETICS_TUI_AUDIO": "maybe"},
    {"KINETICS_TUI_NETWORKS": "phone=wlan1"},
    {"KINETICS_TUI_REFRESH": "6"},
    {"KINETICS_TUI_THEME": "light"},
)
"""Settings that every command refuses but ``doctor``, which names them."""

EVERY_SETTING = {
    "workers": "3",
    "height": "240",
    "trim": "copy",
    "layout": "showmax",
    "audio": "false",
    "short_side": "128",
    "pace": "120",
    "learn_pace": "false",
    "cooldown": "1m,2m",
    "retry": "1s,2s",
    "deadline": "5m",
    "resolve": "lean",
    "logged_out": "guest",
    "source": "archives,youtube",
    "archives": "https://me:secret@127.0.0.9:1/list.txt",
    "archives_at_once": "2",
    "keep_archives": "true",
    "max_gb": "200GB",
    "max_disk": "10GB",
    "max_rate": "12MB/s",
    "tolerance": "1.5",
    "yt_dlp": "--proxy http://127.0.0.9:1",
    "theme": "ansi",
    "refresh": "2",
    "pictures": "blocks",
    "progress": "30s",
    "mouse": "false",
    "bell": "true",
    "desktop": "true",
    "listen": "127.0.0.9:7300",
    "notify": "json://127.0.0.9",
}
"""Every setting but ``networks`` with another value than its default, as a variable has it."""

COMMANDS = (
    "run",
    "attach",
    "demo",
    "probe",
    "status",
    "pause",
    "resume",
    "stop",
    "retry",
    "networks",
    "switch",
    "report",
    "check",
    "doctor",
    "adopt",
    "extract",
    "export",
    "manifest",
    "compare",
    "archives",
    "completion",
)


def write_files(folder: Path) -> None:
    """Write the files that the command lines name."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")


def settings_file(values: dict[str, str]) -> str:
    """The settings as a file has them, with networks of three kinds."""
    bare = ("true", "false")
    rows = [
        f"{name} = {value if value in bare or value.isdigit() else repr(value)}"
        for name, value in values.items()
    ]
    networks = ['phone = "wlan1"', 'dsl = "127.0.0.2"', 'office = "socks5://user:password@127.0.0.9:1080"']
    return "\n".join([*rows, "[networks]", *networks, ""])
