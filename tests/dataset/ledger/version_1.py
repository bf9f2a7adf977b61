"""Ledgers as version 1 wrote them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from kinetics_tui.dataset.folder import ledger_path, make_state_folder
from kinetics_tui.model.options import Options, Selection

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE splits (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL DEFAULT 1);
CREATE TABLE labels (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE clips (
    id INTEGER PRIMARY KEY,
    youtube_id TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    split_id INTEGER NOT NULL REFERENCES splits (id),
    label_id INTEGER NOT NULL REFERENCES labels (id),
    timed INTEGER NOT NULL,               -- its file carries its times where the layout would leave them out
    selected INTEGER NOT NULL DEFAULT 1,
    status TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    category TEXT,                        -- of the failure that settled it
    retry_at REAL,
    output_bytes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (youtube_id, start_ms, end_ms)
);
CREATE INDEX clips_by_status ON clips (selected, split_id, status);
CREATE INDEX clips_waiting ON clips (retry_at) WHERE status = 'waiting';
CREATE INDEX clips_failed ON clips (category) WHERE status = 'failed';
CREATE TABLE networks (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'open',
    signal TEXT,
    until REAL,
    step INTEGER NOT NULL DEFAULT 0,
    clips_since_throttle INTEGER NOT NULL DEFAULT 0,
    last_throttle_at REAL
);
CREATE TABLE sessions (                   -- work on one network, from a start to a stop or throttle
    id INTEGER PRIMARY KEY,
    network_id INTEGER NOT NULL REFERENCES networks (id),
    pid INTEGER NOT NULL,
    opened_at REAL NOT NULL,
    closed_at REAL,
    why TEXT NOT NULL DEFAULT ''
);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    clip_id INTEGER NOT NULL REFERENCES clips (id),
    session_id INTEGER REFERENCES sessions (id),
    network_id INTEGER NOT NULL REFERENCES networks (id),
    at REAL NOT NULL,
    outcome TEXT NOT NULL,
    category TEXT,
    message TEXT NOT NULL,
    resolve_s REAL NOT NULL,
    download_s REAL NOT NULL,
    trim_s REAL NOT NULL,
    total_s REAL NOT NULL,
    wire_bytes INTEGER NOT NULL,
    output_bytes INTEGER NOT NULL,
    duration_s REAL NOT NULL,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    fps REAL NOT NULL,
    sound INTEGER NOT NULL,
    short INTEGER NOT NULL,
    exact INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    retry_at REAL,
    crashed INTEGER NOT NULL
);
CREATE INDEX attempts_done ON attempts (at) WHERE outcome = 'done';
CREATE INDEX attempts_failed ON attempts (clip_id) WHERE outcome = 'failed';
CREATE INDEX attempts_retried ON attempts (category) WHERE outcome = 'retry';
CREATE TABLE sums (wire_bytes INTEGER NOT NULL, attempts INTEGER NOT NULL);
INSERT INTO sums VALUES (0, 0);
"""

CLIPS = 6

_NETWORK = (
    "INSERT INTO networks (id, name, label, kind, status, signal, until, step, clips_since_throttle,"
    " last_throttle_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SESSION = "INSERT INTO sessions (id, network_id, pid, opened_at, closed_at) VALUES (?, ?, 1, ?, ?)"
_ATTEMPT = (
    "INSERT INTO attempts (clip_id, session_id, network_id, at, outcome, category, message, resolve_s,"
    " download_s, trim_s, total_s, wire_bytes, output_bytes, duration_s, width_px, height_px, fps, sound,"
    " short, exact, pid, slot, retry_at, crashed)"
    " VALUES (?, ?, ?, ?, ?, ?, '', 0, 0, 0, 9, ?, 0, 10, 0, 0, 0, 0, 0, 1, 1, 0, NULL, 0)"
)


def make_version_1(dataset: Path) -> None:
    """Write a ledger with clips done and failed by networks that turned out to be the same."""
    make_state_folder(dataset)
    with version_1(dataset) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
        connection.execute("PRAGMA application_id = 0x4B545549")
        connection.execute("PRAGMA user_version = 1")
        for key, value in {
            "title": "Kinetics-400",
            "release": "kinetics-400",
            "selection": Selection(),
            "options": Options(),
        }.items():
            connection.execute("INSERT INTO meta VALUES (?, ?)", (key, msgspec.json.encode(value).decode()))
        connection.execute("INSERT INTO splits (name) VALUES ('val')")
        connection.execute("INSERT INTO labels (name) VALUES ('archery')")
        for number in range(1, CLIPS + 1):
            connection.execute(
                "INSERT INTO clips (youtube_id, start_ms, end_ms, split_id, label_id, timed)"
                " VALUES (?, 0, 10000, 1, 1, 0)",
                (f"video{number:06}",),
            )
        networks = [
            (
                1,
                "default 192.168.1.23",
                "wlan0 192.168.1.23",
                "default route",
                "open",
                None,
                None,
                0,
                40,
                None,
            ),
            (2, "source 10.0.0.2", "eth0 10.0.0.2", "source address", "open", None, None, 0, 3, None),
            (3, "proxy http://h:1", "proxy http://h:1", "proxy", "open", None, None, 0, 1, None),
            (4, "source 192.168.1.23", "", "", "cooling", "bot check", 9000.0, 2, 5, 4000.0),
            (5, "no default route", "no default route", "default route", "open", None, None, 0, 0, None),
            (6, "default 2001:db8::5", "wlan0 2001:db8::5", "default route", "open", None, None, 0, 0, None),
        ]
        connection.executemany(_NETWORK, networks)
        connection.executemany(
            _SESSION, [(1, 1, 100.0, 200.0), (2, 4, 300.0, 400.0), (3, 3, 500.0, 600.0), (4, 1, 700.0, 800.0)]
        )
        attempts = [
            (1, 1, 1, 150.0, "done", None, 1000),
            (2, 2, 4, 350.0, "done", None, 1000),
            (3, 3, 3, 550.0, "done", None, 0),  # lay on the disk already
            (4, 3, 3, 560.0, "done", None, 1000),
            (5, None, 2, 570.0, "failed", "private", 10),
        ]
        for attempt in attempts:
            connection.execute(_ATTEMPT, attempt)
            connection.execute(
                "UPDATE clips SET status = ?, category = ? WHERE id = ?", (attempt[4], attempt[5], attempt[0])
            )
        connection.execute("UPDATE sums SET attempts = ?, wire_bytes = 3010", (len(attempts),))


@contextmanager
def version_1(dataset: Path) -> Iterator[sqlite3.Connection]:
    """The ledger as a plain database."""
    with closing(sqlite3.connect(ledger_path(dataset), isolation_level=None)) as connection:
        yield connection
