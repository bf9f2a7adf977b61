"""Hostile input of every kind, the same for the same dice: texts, figures, files, archives, messages."""

from __future__ import annotations

import gzip
import io
import json
import random
import string
import tarfile
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

Dice = random.Random

ID_SIGNS = string.ascii_letters + string.digits + "-_"
HEADER = "label,youtube_id,time_start,time_end,split"
WORDS = (
    "archery",
    "val",
    "train",
    "test",
    "holdout_test",
    "all",
    "none",
    "AAAAAAAAAAA",
    "10",
    "20.5",
    "label",
)

PATHS: tuple[str, ...] = (
    "..",
    ".",
    "/",
    "../../etc/passwd",
    "a/../..",
    "/dev/null",
    "\\..\\",
    "C:\\x",
    "//host/x",
    ".kinetics-tui",
)
PATHS += (
    "-rf",
    "~root",
    "$HOME",
    "*",
    "%2e%2e%2f",
    "a/b",
    "stats.csv",
    "Failed.CSV",
    "x.mp4",
    "a~0123456789ab",
)
DEVICES = (
    "CON",
    "nul",
    "NUL.txt",
    "aux.tar.gz",
    "COM1",
    "lpt¹",
    "CONIN$",
    "con ",
    "prn.",
    "a.",
    "a ",
    " a",
    "...",
)
ESCAPES: tuple[str, ...] = (
    "\x1b[2J",
    "\x1b]0;t\x07",
    "\x1b]8;;http://x\x1b\\l\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJm\x07",
    "\x1bP+q\x1b\\",
)
ESCAPES += (
    "\x9b31m",
    "\x9d0;t\x9c",
    "\x90q\x9c",
    "\a",
    "\b\b\b",
    "\r",
    "\x7f",
    "\0",
    "\x05",
    "\x0e",
    "\x1b[6n",
    "\x1bc",
)
LINES = ("\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029")
HIDDEN: tuple[str, ...] = (
    "\u202e",
    "\u2066",
    "\u2069",
    "\u200f",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "\U000e0041",
    "\ufff9",
)
HIDDEN += (
    "\u0301" * 60,
    "Z\u0335\u0336\u0337" * 9,
    "\u20dd",
    "\ufe0f",
    "\u115f",
    "\u3164",
    "\u2800",
    "\ufdfd",
    "𒐫",
)
TWINS = (
    "caf\u00e9",
    "cafe\u0301",
    "CAF\u00c9",
    "ﬁ",
    "fi",
    "ß",
    "ss",
    "SS",
    "İ",
    "i̇",
    "ı",
    "K",
    "K",
    "ſ",
    "Å",
    "Å",
)
SHELL = (
    "$(reboot)",
    "`reboot`",
    "; rm -rf ~",
    "| sh",
    "& calc",
    "'\"",
    "\\",
    "=cmd|' /C calc'!A0",
    "%s%n",
    "{0}",
    "[bold]",
)
PIECES = (
    *WORDS,
    *PATHS,
    *DEVICES,
    *ESCAPES,
    *LINES,
    *HIDDEN,
    *TWINS,
    *SHELL,
    "",
    " ",
    ",",
    '"',
    "\t",
    "球",
    "👩‍👩‍👧",
)

NUMBERS: tuple[object, ...] = (
    0,
    -0.0,
    1,
    -1,
    0.0005,
    599.9996,
    600,
    601,
    999_999,
    1_000_000,
    2**31,
    2**53,
    2**63,
    -(2**63),
)
NUMBERS += (
    2**64,
    10**19,
    10**300,
    1e308,
    -1e308,
    1e-320,
    5e-324,
    float("nan"),
    float("inf"),
    float("-inf"),
    True,
    None,
)


def text(dice: Dice, most: int = 6) -> str:
    """A text of hostile pieces; now and then a very long one."""
    chosen = "".join(dice.choices(PIECES, k=dice.randint(0, most)))
    if dice.random() < 0.02:
        chosen = (chosen or "x") * dice.choice((40, 400, 10_000 // max(1, len(chosen)) + 1))
    if dice.random() < 0.05:
        chosen += chr(dice.randrange(0x110000))
    return chosen


def encodable(dice: Dice, most: int = 6) -> str:
    """The same without halves of characters, which no UTF-8 file can hold."""
    return text(dice, most).encode("utf-8", "replace").decode()


def youtube_id(dice: Dice) -> str:
    """An id, good or bad, out of few enough that some come again or differ in capitals alone."""
    if dice.random() < 0.2:
        return encodable(dice, 3)
    return "".join(dice.choices("aAbB-_", k=3)) * 3 + "xX"[dice.randrange(2)] + "0"


def number(dice: Dice) -> object:
    return dice.choice(NUMBERS) if dice.random() < 0.5 else round(dice.uniform(-5, 700), dice.randrange(5))


def damaged(dice: Dice, data: bytes) -> bytes:
    """Bytes with some of them changed, taken out, put in or doubled, or with the end cut off."""
    whole = bytearray(data)
    for _ in range(dice.choice((0, 0, 0, 0, 1, 2, 8))):
        at = dice.randint(0, len(whole))
        match dice.randrange(5):
            case 0:
                whole[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del whole[at : at + dice.randint(1, 20)]
            case 2:
                whole[at:at] = dice.choice(
                    (b"\0", b"\xff", b'"', b"\r", b"\n", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"{")
                )
            case 3:
                whole[at:at] = whole[at : at + dice.randint(1, 200)]
            case _:
                del whole[at:]
    return bytes(whole)


def encoded(dice: Dice, written: str) -> bytes:
    """Text in UTF-8 as a rule, else in what editors may have made of it."""
    encoding = dice.choice(
        ("utf-8",) * 40 + ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")
    )
    return written.encode(encoding, "replace")


# -- files ------------------------------------------------------------------------------------------------


def cell(dice: Dice, wanted: str) -> str:
    """A cell of a CSV file: in quotes, in broken quotes, with blanks, or bare."""
    match dice.randrange(12):
        case 0:
            return '"' + wanted.replace('"', '""') + '"'
        case 1:
            return f'"{wanted}'
        case 2:
            return f" {wanted}\t"
        case 3:
            return encodable(dice)
        case _:
            return wanted


def row(dice: Dice) -> list[str]:
    start = dice.randrange(20)
    plain = [
        encodable(dice, 2),
        youtube_id(dice),
        str(start if dice.random() < 0.8 else number(dice)),
        str(start + 10 if dice.random() < 0.8 else number(dice)),
        dice.choice(("train", "val", "test", "", "validate", encodable(dice, 1))),
    ]
    if dice.random() < 0.1:
        dice.shuffle(plain)
    return [cell(dice, wanted) for wanted in plain]


def csv_bytes(dice: Dice) -> bytes:
    """A CSV file: some rows that are good, others that are not, wide ones, endless ones, none."""
    rows = [HEADER.split(",")] if dice.random() < 0.6 else []
    rows += [row(dice) for _ in range(dice.choice((0, 1, 3, 10, 30)))]
    if dice.random() < 0.05:
        rows.insert(dice.randint(0, len(rows)), ["x"] * dice.choice((100, 5000, 200_000)))
    line_end = dice.choice(("\n", "\n", "\r\n", "\r", "\n\n", "\0\n"))
    written = line_end.join(dice.choice((",", ",", ",", ",", ";", "\t")).join(cells) for cells in rows)
    return damaged(dice, encoded(dice, written + dice.choice(("", line_end))))


def json_value(dice: Dice, depth: int = 0) -> object:
    """Any JSON, of wrong types everywhere."""
    kind = dice.randrange(7 if depth < 4 else 3)
    match kind:
        case 0:
            return number(dice)
        case 1:
            return text(dice)
        case 2:
            return dice.choice((None, True, False, [], {}))
        case 3 | 4:
            return [json_value(dice, depth + 1) for _ in range(dice.randrange(4))]
        case _:
            keys = ("annotations", "segment", "label", "subset", "duration", "url", text(dice, 2))
            return {dice.choice(keys): json_value(dice, depth + 1) for _ in range(dice.randrange(4))}


def json_bytes(dice: Dice) -> bytes:
    """A JSON annotation file: doubled keys, wrong types, great depth, great numbers, broken off."""
    entries = []
    for _ in range(dice.choice((0, 1, 3, 10))):
        start = dice.randrange(20)
        segment: object = [start, start + 10] if dice.random() < 0.7 else json_value(dice, 2)
        entry: object = {
            "annotations": {"label": text(dice, 2), "segment": segment},
            "subset": dice.choice(WORDS),
        }
        if dice.random() < 0.3:
            entry = json_value(dice)
        entries.append(f"{json.dumps(youtube_id(dice))}: {json.dumps(entry)}")
    written = "{" + ", ".join(entries) + "}"
    if dice.random() < 0.03:
        depth = dice.choice((200, 2000, 100_000))
        written = written[:-1] + f', "AAAAAAAAAAA": {"[" * depth}{"]" * depth}' + "}"
    if dice.random() < 0.03:
        written = written[:-1] + f', "AAAAAAAAAAA": {"9" * dice.choice((400, 5000, 100_000))}' + "}"
    return damaged(dice, encoded(dice, written))


_KINDS: tuple[bytes, ...] = (
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
    tarfile.DIRTYPE,
)
_KINDS += (
    tarfile.GNUTYPE_SPARSE,
    tarfile.CONTTYPE,
    tarfile.XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    b"\0",
    b"Z",
    b"S",
)
_NAMES: tuple[str, ...] = (
    "val.csv",
    "k/train.csv",
    "k/val.json",
    "../val.csv",
    "/tmp/val.csv",
    "k/../../x.csv",
    "ledger.sqlite3",
)
_NAMES += (
    ".kinetics-tui/x.csv",
    "engine.sock",
    "a/" * 100 + "val.csv",
    "stats.csv",
    "CON.csv",
    "._val.csv",
    ".csv",
)


def archive_bytes(dice: Dice) -> bytes:
    """A .tar.gz: members that lead out, links, devices, sparse files, archives, zeros without end."""
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=dice.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    ) as archive:
        for _ in range(dice.choice((0, 1, 1, 3, 6))):
            name = dice.choice(_NAMES) if dice.random() < 0.8 else encodable(dice).replace("\0", "") + ".csv"
            info = tarfile.TarInfo(name)
            content = (
                dice.choice((csv_bytes, json_bytes))(dice)
                if dice.random() < 0.9
                else gzip.compress(csv_bytes(dice))
            )
            info.size = len(content)
            if dice.random() < 0.15:
                info.type, info.linkname = dice.choice(_KINDS), dice.choice(PATHS)
            if dice.random() < 0.05:
                info.pax_headers = {dice.choice(("path", "size", "GNU.sparse.map", "x")): encodable(dice)}
            archive.addfile(info, io.BytesIO(content))
    whole = buffer.getvalue()
    if dice.random() < 0.2:
        whole = damaged(dice, whole)
    if dice.random() < 0.01:
        whole += b"\0" * (20 << 20)
    packed = gzip.compress(whole, 1, mtime=0)
    if dice.random() < 0.1:
        packed = packed[:2] + damaged(dice, packed[2:])
    return packed


# -- messages ---------------------------------------------------------------------------------------------


def message_maker(kind: Any) -> Callable[[Dice], bytes]:
    """Makes lines that are messages of these types, with values that make no sense, or nearly so."""
    kinds = msgspec.inspect.type_info(kind)
    assert isinstance(kinds, msgspec.inspect.UnionType)

    def make(dice: Dice) -> bytes:
        value = _valued(dice, dice.choice(kinds.types))
        line = json.dumps(value, ensure_ascii=dice.random() < 0.5).encode("utf-8", "replace")
        match dice.randrange(30):
            case 0:
                return encoded(dice, json.dumps(json_value(dice))).replace(b"\n", b" ")
            case 1:
                return line.replace(b"}", b"," + line[1:], 1)
            case 2:
                return b'{"event":' + b"[" * dice.choice((200, 20_000)) + line
            case 3 | 4 | 5:
                return damaged(dice, line).replace(b"\n", b" ")
            case _:
                return line

    return make


def _valued(dice: Dice, kind: msgspec.inspect.Type) -> object:
    if dice.random() < 0.01:
        return json_value(dice, 3)
    match kind:
        case msgspec.inspect.StructType(fields=fields):
            value = {
                field.encode_name: _valued(dice, field.type)
                for field in fields
                if field.required or dice.random() < 0.6
            }
            return {kind.tag_field: kind.tag, **value} if kind.tag_field else value
        case msgspec.inspect.UnionType(types=types):
            return _valued(dice, dice.choice(types))
        case msgspec.inspect.EnumType(cls=cls):
            return dice.choice(list(cls)).value
        case msgspec.inspect.StrType():
            return text(dice)
        case msgspec.inspect.BoolType():
            return dice.random() < 0.5
        case msgspec.inspect.IntType():
            return dice.choice(
                (0, 1, 2, 3, -1, 64, 65, 120, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64, 10**30)
            )
        case msgspec.inspect.FloatType():
            return dice.choice((0, 1, -1, 0.5, 1.7e9, -1.7e9, 1e12, 1e18, 1e300, -1e300, 1.7e308, 1e-320))
        case msgspec.inspect.NoneType():
            return None
        case msgspec.inspect.DictType(key_type=key, value_type=item):
            return {str(_valued(dice, key)): _valued(dice, item) for _ in range(dice.randrange(4))}
        case msgspec.inspect.VarTupleType(item_type=item):
            return [_valued(dice, item) for _ in range(dice.randrange(5))]
        case msgspec.inspect.TupleType(item_types=items):
            return [_valued(dice, item) for item in items]
        case _:
            raise AssertionError(f"no values are known for {kind}")


def lines_of(dice: Dice, make: Callable[[Dice], bytes], most: int) -> Sequence[bytes]:
    return [make(dice) for _ in range(dice.randint(1, most))]
