"""Why a clip failed, and what follows from it.

The first nine categories carry the names of the 2019 Kinetics-700 write-up, so that figures can be
laid beside its own; the rest are what YouTube, networks and machines do today.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """The use of trying again after a failure."""

    PERMANENT = "permanent"
    """The clip is gone for everybody or for us: not tried again unless the user asks."""
    TRANSIENT = "transient"
    """May work later: tried again with backoff, then settled as failed."""
    THROTTLE = "throttle"
    """The network is refused, not the clip: the clip goes back and the network cools down."""
    LOCAL = "local"
    """This machine's or this line's fault: the clip goes back and nothing is held against it."""


class Category(StrEnum):
    """The failure categories; the value is the name on screen, in the ledger and on the command line."""

    VIDEO_NOT_AVAILABLE = "Video not available"
    CONTENT_WARNING = "Content warning"
    HTTP_404 = "HTTP Error 404"
    COPYRIGHT = "Copyright"
    REMOVED_BY_USER = "Removed by user"
    MISCELLANEOUS = "Miscellaneous"
    VIOLATING_TERMS = "Violating YouTube's terms"
    DUPLICATE = "Duplicate"
    HTTP_503 = "HTTP Error 503"

    PRIVATE = "private"
    ACCOUNT_TERMINATED = "account terminated"
    GEO_BLOCKED = "geo-blocked"
    MEMBERS_ONLY = "members only"
    LIVE_OR_PREMIERE = "live or premiere"
    NO_FORMATS = "no formats"
    FORBIDDEN = "forbidden"
    PLAYER_REFUSED = "player refused"
    CONTENT_UNAVAILABLE = "content unavailable"
    OFFLINE = "offline"
    TIMEOUT = "timeout"
    SHORT_SOURCE = "short source"
    TRIM_FAILED = "trim failed"
    DISK_FULL = "disk full"
    NOT_WRITABLE = "not writable"
    WORKER_CRASHED = "worker crashed"
    LOGGED_OUT = "logged out"

    NOT_IN_ARCHIVES = "not in any archive"
    DAMAGED_IN_ARCHIVE = "damaged in the archive"
    ARCHIVE_UNREACHABLE = "archive unreachable"

    TOO_MANY_REQUESTS = "too many requests (429)"
    SESSION_LIMIT = "session limit"
    BOT_CHECK = "bot check"
    CAPTCHA = "captcha"
    ADDRESS_BLOCKED = "address blocked"

    @property
    def kind(self) -> Kind:
        return ABOUT[self].kind

    @property
    def may_be_of_everybody(self) -> bool:
        """True if YouTube may give this answer to everybody, where it has changed something.

        So many of them in a row say nothing about the clips.
        """
        match self.kind:
            case Kind.PERMANENT:
                return self not in _OF_ONE_VIDEO
            case Kind.TRANSIENT:
                return self not in _OF_ONE_CLIP
            case _:
                return False

    @property
    def advice(self) -> str:
        return ABOUT[self].advice


OF_ARCHIVES = (Category.NOT_IN_ARCHIVES, Category.DAMAGED_IN_ARCHIVE, Category.ARCHIVE_UNREACHABLE)
"""Failures of clips for which YouTube was not asked."""
_OF_ONE_VIDEO = frozenset({Category.SHORT_SOURCE, Category.NOT_IN_ARCHIVES, Category.DAMAGED_IN_ARCHIVE})
_OF_ONE_CLIP = frozenset(
    {
        Category.TIMEOUT,
        Category.LIVE_OR_PREMIERE,
        Category.TRIM_FAILED,
        Category.WORKER_CRASHED,
        Category.ARCHIVE_UNREACHABLE,
    }
)
"""Passing failures of a clip, of the line or of this machine."""


class About(msgspec.Struct, frozen=True):
    """The facts of one category: its kind, and one line of advice for the user."""

    kind: Kind
    advice: str


ABOUT: dict[Category, About] = {
    Category.VIDEO_NOT_AVAILABLE: About(
        Kind.PERMANENT, "The video is gone; archives may hold the clip (--source youtube,archives)."
    ),
    Category.CONTENT_WARNING: About(
        Kind.PERMANENT, "YouTube asks for an age; cookies of an account (--yt-dlp) open some."
    ),
    Category.HTTP_404: About(Kind.PERMANENT, "YouTube has no such file; a mirror may still hold it."),
    Category.COPYRIGHT: About(Kind.PERMANENT, "Taken down after a claim; it may play from another country."),
    Category.REMOVED_BY_USER: About(Kind.PERMANENT, "Its owner removed it; a mirror may hold the clip."),
    Category.MISCELLANEOUS: About(
        Kind.TRANSIENT, "An answer that fits nowhere else: read its message, update yt-dlp, retry."
    ),
    Category.VIOLATING_TERMS: About(Kind.PERMANENT, "YouTube removed it; a mirror may still hold the clip."),
    Category.DUPLICATE: About(Kind.PERMANENT, "YouTube removed it as a copy of another video."),
    Category.HTTP_503: About(Kind.TRANSIENT, "YouTube's server was busy; retry later."),
    Category.PRIVATE: About(Kind.PERMANENT, "Only people its owner invited can see it."),
    Category.ACCOUNT_TERMINATED: About(
        Kind.PERMANENT, "Its owner's account is closed; a mirror may hold it."
    ),
    Category.GEO_BLOCKED: About(Kind.PERMANENT, "Not shown in this country; retry from another one."),
    Category.MEMBERS_ONLY: About(Kind.PERMANENT, "Only paying members of the channel can see it."),
    Category.LIVE_OR_PREMIERE: About(Kind.TRANSIENT, "Live or not yet shown; retry when it is over."),
    Category.NO_FORMATS: About(
        Kind.TRANSIENT, "yt-dlp found nothing to fetch: update it, check doctor, retry."
    ),
    Category.FORBIDDEN: About(Kind.TRANSIENT, "YouTube refused the media address twice; retry later."),
    Category.PLAYER_REFUSED: About(
        Kind.TRANSIENT, "YouTube gave this network no answer (403): update yt-dlp, or switch networks."
    ),
    Category.CONTENT_UNAVAILABLE: About(
        Kind.TRANSIENT, "Said of a clip, or of all to a blocked address: wait, or switch networks."
    ),
    Category.OFFLINE: About(Kind.LOCAL, "No way to YouTube: check the line, the proxy, the name server."),
    Category.TIMEOUT: About(Kind.TRANSIENT, "Server or line stood still; retry, or use fewer workers."),
    Category.SHORT_SOURCE: About(Kind.PERMANENT, "The video ends before the segment starts: re-edited."),
    Category.TRIM_FAILED: About(Kind.TRANSIENT, "The media could not be cut or verified; retry, report."),
    Category.DISK_FULL: About(Kind.LOCAL, "Make room on the disk, then resume."),
    Category.NOT_WRITABLE: About(Kind.LOCAL, "The dataset folder cannot be written: mend it, then resume."),
    Category.WORKER_CRASHED: About(
        Kind.TRANSIENT, "Its worker died or hung again and again: see engine.log, then retry."
    ),
    Category.LOGGED_OUT: About(
        Kind.LOCAL, "The login in the cookies has ended: export them again, then resume."
    ),
    Category.NOT_IN_ARCHIVES: About(
        Kind.PERMANENT, "Ask YouTube for it (--source archives,youtube), or name other archives."
    ),
    Category.DAMAGED_IN_ARCHIVE: About(
        Kind.PERMANENT, "Ask YouTube for it, or allow a larger --tolerance and retry."
    ),
    Category.ARCHIVE_UNREACHABLE: About(
        Kind.TRANSIENT,
        "Check the line, or give the archive by --archives, then retry.",
    ),
    Category.TOO_MANY_REQUESTS: About(Kind.THROTTLE, "Wait for the cooldown, or switch to another network."),
    Category.SESSION_LIMIT: About(Kind.THROTTLE, "Wait about an hour, lower the pace, or switch networks."),
    Category.BOT_CHECK: About(Kind.THROTTLE, "Wait for the cooldown, or switch to another network."),
    Category.CAPTCHA: About(Kind.THROTTLE, "Wait for the cooldown, or switch to another network."),
    Category.ADDRESS_BLOCKED: About(Kind.THROTTLE, "This address is blocked: switch networks, or wait."),
}


def by_count(counts: dict[Category, int]) -> list[tuple[Category, int]]:
    """Categories, the most frequent first; those with none are left out."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0].value.lower()))
    return [(category, count) for category, count in ranked if count > 0]
