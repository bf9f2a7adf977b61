"""The ledger's tables, and how those that an older version wrote are brought up to date."""

from __future__ import annotations

import ipaddress
import sqlite3
from collections import defaultdict

from kinetics_tui.dataset.ledger import intake as tallies
from kinetics_tui.model.network import Family, NetworkKind, family_of

VERSION = 8
TABLES_SINCE = 2
"""Later versions only added to the tables of this one."""

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
    timed INTEGER NOT NULL,               -- how its file is named, see layout.Naming
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
    last_throttle_at REAL,
    family TEXT NOT NULL DEFAULT '',
    lessons TEXT NOT NULL DEFAULT '{}',   -- as JSON
    clips INTEGER NOT NULL DEFAULT 0      -- done by it, those left out that lay on the disk already
);
CREATE TABLE sessions (                   -- work on one network, from a start to a stop or throttle
    id INTEGER PRIMARY KEY,
    network_id INTEGER NOT NULL REFERENCES networks (id),
    pid INTEGER NOT NULL,
    opened_at REAL NOT NULL,
    closed_at REAL,
    why TEXT NOT NULL DEFAULT ''
);
CREATE TABLE throttles (                  -- refusals, each of which began a step of a cooldown
    id INTEGER PRIMARY KEY,
    network_id INTEGER NOT NULL REFERENCES networks (id),
    session_id INTEGER REFERENCES sessions (id),
    at REAL NOT NULL,
    signal TEXT NOT NULL,
    step INTEGER NOT NULL,
    clips INTEGER NOT NULL,               -- done by the network since the throttle before
    ended_at REAL,
    passed INTEGER NOT NULL DEFAULT 0,    -- it ended with an answer, not with the next refusal
    asked TEXT                            -- the way by which most of its clips came; NULL: not known
);
CREATE INDEX throttles_by_network ON throttles (network_id);
CREATE TABLE programs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);  -- that made clips
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
    crashed INTEGER NOT NULL,
    source_itags TEXT NOT NULL DEFAULT '',  -- of what a clip was made from; empty, 0 and NULL: not known
    source_height_px INTEGER NOT NULL DEFAULT 0,
    source_fps REAL NOT NULL DEFAULT 0,
    program_id INTEGER REFERENCES programs (id),
    asked TEXT,                             -- the way by which YouTube gave the video; NULL: not known
    requests INTEGER,                       -- for pages and players; NULL: not known
    archive TEXT NOT NULL DEFAULT ''        -- that a clip comes from; empty: from YouTube
);
CREATE INDEX attempts_made ON attempts (clip_id) WHERE outcome = 'done';
CREATE INDEX attempts_done ON attempts (at, wire_bytes) WHERE outcome = 'done';
CREATE INDEX attempts_failed ON attempts (clip_id) WHERE outcome = 'failed';
CREATE INDEX attempts_retried ON attempts (category) WHERE outcome = 'retry';
CREATE TABLE sums (wire_bytes INTEGER NOT NULL, attempts INTEGER NOT NULL);
INSERT INTO sums VALUES (0, 0);
"""
ARCHIVES = (
    # That may hold clips of the dataset, and what was seen of them. Which clips an archive is taken to hold
    # is told by its split and label, and by the names between which its members lie; empty: not known.
    "CREATE TABLE archives (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " listed INTEGER NOT NULL DEFAULT 1, replaces INTEGER NOT NULL DEFAULT 0, split TEXT NOT NULL DEFAULT '',"
    " label TEXT NOT NULL DEFAULT '', first_name TEXT NOT NULL DEFAULT '',"
    " last_name TEXT NOT NULL DEFAULT '', size_bytes INTEGER, validator TEXT NOT NULL DEFAULT '',"
    " passed INTEGER NOT NULL DEFAULT 0, wire_bytes INTEGER NOT NULL DEFAULT 0,"
    " why TEXT NOT NULL DEFAULT '', indexed INTEGER NOT NULL DEFAULT 0)",
    # The clips that were ever passed in an archive, wanted or not.
    "CREATE TABLE members (youtube_id TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
    " archive_id INTEGER NOT NULL REFERENCES archives (id), offset INTEGER NOT NULL,"
    " size_bytes INTEGER NOT NULL, damaged INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (youtube_id, start_ms, end_ms, archive_id)) WITHOUT ROWID",
)
LEASES = (
    # Clips that are with hosts, each under a number of its own.
    "CREATE TABLE leases (number INTEGER NOT NULL, clip_id INTEGER PRIMARY KEY REFERENCES clips (id),"
    " host TEXT NOT NULL, network TEXT NOT NULL, epoch INTEGER NOT NULL, at REAL NOT NULL)",
)
SCHEMA += "".join(f"{table};" for table in ARCHIVES + LEASES)
SCHEMA += f"{tallies.TABLE};{tallies.TRIGGER};"


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring the tables of a ledger of this version up to date; the caller commits."""
    for step in _STEPS[version - 1 :]:
        step(connection)
    connection.execute(f"PRAGMA user_version = {VERSION}")


# A step stays what it is when the tables change once more: the next one goes on from what it left.

_NEW_IN_2 = (
    "ALTER TABLE networks ADD COLUMN family TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE networks ADD COLUMN lessons TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE networks ADD COLUMN clips INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE throttles (id INTEGER PRIMARY KEY, network_id INTEGER NOT NULL REFERENCES networks (id),"
    " session_id INTEGER REFERENCES sessions (id), at REAL NOT NULL, signal TEXT NOT NULL,"
    " step INTEGER NOT NULL, clips INTEGER NOT NULL, ended_at REAL, passed INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX throttles_by_network ON throttles (network_id)",
    "DROP INDEX attempts_done",
    "CREATE INDEX attempts_done ON attempts (at, wire_bytes) WHERE outcome = 'done'",
)
_KINDS_IN_1 = {
    "default ": NetworkKind.DEFAULT_ROUTE,
    "source ": NetworkKind.SOURCE_ADDRESS,
    "proxy ": NetworkKind.PROXY,
}
# Where two networks turn out to be one, it is taken to be in the worse state of the two: a cooldown is kept.
_WORST_FIRST = (
    "SELECT id, name, kind, label FROM networks"
    " ORDER BY CASE status WHEN 'cooling' THEN until END DESC, last_throttle_at DESC, id DESC"
)


def _from_1_to_2(connection: sqlite3.Connection) -> None:
    for statement in _NEW_IN_2:
        connection.execute(statement)
    _name_networks_by_address(connection)
    fetched = connection.execute(
        "SELECT count(*), network_id FROM attempts WHERE outcome = 'done' AND wire_bytes > 0"
        " GROUP BY network_id"
    ).fetchall()
    connection.executemany("UPDATE networks SET clips = ? WHERE id = ?", fetched)


def _name_networks_by_address(connection: sqlite3.Connection) -> None:
    """Version 1 put the way before the address: two ways by one address were two networks to it."""
    same: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for number, name, kind, label in connection.execute(_WORST_FIRST):
        prefix = next((prefix for prefix in _KINDS_IN_1 if name.startswith(prefix)), "")
        known = kind if kind in _KINDS_IN_1.values() else NetworkKind.DEFAULT_ROUTE
        kind = _KINDS_IN_1.get(prefix, known)
        same[_address(name.removeprefix(prefix))].append((number, kind, label.removeprefix(prefix)))
    for name, ((kept, kind, label), *others) in same.items():
        for number, _, _ in others:
            connection.execute("UPDATE sessions SET network_id = ? WHERE network_id = ?", (kept, number))
            connection.execute("UPDATE attempts SET network_id = ? WHERE network_id = ?", (kept, number))
            connection.execute("DELETE FROM networks WHERE id = ?", (number,))
        connection.execute(
            "UPDATE networks SET name = ?, label = ?, kind = ?, family = ? WHERE id = ?",
            (name, label, kind, _family(name), kept),
        )


def _address(text: str) -> str:
    """An IPv6 address as its /64: machines change theirs within it, and YouTube throttles all of it."""
    try:
        return str(ipaddress.IPv6Network((text, 64), strict=False))
    except ValueError:
        return text


def _family(name: str) -> Family:
    try:
        return family_of(name.partition("/")[0])
    except ValueError:
        return Family.UNKNOWN


def _from_2_to_3(connection: sqlite3.Connection) -> None:
    connection.execute(tallies.TABLE)
    connection.execute(tallies.TRIGGER)
    tallies.recount(connection)


_ORIGINS = (
    "CREATE TABLE programs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "ALTER TABLE attempts ADD COLUMN source_itags TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE attempts ADD COLUMN source_height_px INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempts ADD COLUMN source_fps REAL NOT NULL DEFAULT 0",
    "ALTER TABLE attempts ADD COLUMN program_id INTEGER REFERENCES programs (id)",
    "CREATE INDEX attempts_made ON attempts (clip_id) WHERE outcome = 'done'",
)


def _from_3_to_4(connection: sqlite3.Connection) -> None:
    """From then on each clip's source format and the programs that made it are kept."""
    for statement in _ORIGINS:
        connection.execute(statement)


def _from_4_to_5(connection: sqlite3.Connection) -> None:
    """From then on it is kept by which way YouTube was asked."""
    connection.execute("ALTER TABLE attempts ADD COLUMN asked TEXT")
    connection.execute("ALTER TABLE throttles ADD COLUMN asked TEXT")


def _from_5_to_6(connection: sqlite3.Connection) -> None:
    """From then on each attempt's page and player requests are kept; of those before they are not known."""
    connection.execute("ALTER TABLE attempts ADD COLUMN requests INTEGER")


def _from_6_to_7(connection: sqlite3.Connection) -> None:
    """From then on archives are a source too."""
    connection.execute("ALTER TABLE attempts ADD COLUMN archive TEXT NOT NULL DEFAULT ''")
    for table in ARCHIVES:
        connection.execute(table)


def _from_7_to_8(connection: sqlite3.Connection) -> None:
    """From then on clips may be with hosts."""
    for table in LEASES:
        connection.execute(table)


_STEPS = (
    _from_1_to_2,
    _from_2_to_3,
    _from_3_to_4,
    _from_4_to_5,
    _from_5_to_6,
    _from_6_to_7,
    _from_7_to_8,
)
