"""Text from outside carries nothing that a terminal, a page or a reader would obey, and no password."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from html import unescape

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kinetics_tui.base.safe_text import (
    ELLIPSIS,
    MOST_CHARACTERS,
    for_ledger,
    for_log,
    for_page,
    for_screen,
    for_table,
    for_terminal,
    json_line,
    lines_for_terminal,
    mask_credentials,
    shell_word,
)

Output = Callable[[str], str]
OF_ONE_LINE = [for_screen, for_terminal, for_page, for_ledger, for_table, json_line, shell_word]
OUTPUTS = [*OF_ONE_LINE, lines_for_terminal, for_log]
MASKING = [mask_credentials, for_ledger, for_log]

ORDERS = [
    "\x1b[2J",
    "\x1b]52;c;eA==\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x1b]0;title\x07",
    "\x1bP+q544e\x1b\\",
    "\x9b2J",
    "\x90q\x9c",
    "\r",
    "\b",
    "\x00",
    "\x7f",
    "\x85",
]
HIDDEN = ["\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\U000e0041", "\udcff", "\u2028", "\u2029"]

# -- what is obeyed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("text", [*ORDERS, *HIDDEN], ids=ascii)
def test_nothing_that_is_obeyed_or_hides_comes_out(output: Output, text: str) -> None:
    if output is json_line and text == "\udcff":
        return  # nothing of that kind is ever read, and JSON has no word for it
    shown = output(f"a{text}b")
    assert shown.isprintable()
    assert shown.strip("\"'$")[0] + shown.strip("\"'$")[-1] == "ab"


@pytest.mark.parametrize("output", OF_ONE_LINE)
def test_one_line_stays_one(output: Output) -> None:
    assert output("one\ntwo\r\nthree").isprintable()


@pytest.mark.parametrize("output", [lines_for_terminal, for_log])
@given(text=st.text())
def test_lines_stay_lines_and_carry_nothing_else(output: Output, text: str) -> None:
    lines = output(text.replace("\t", "")).split("\n")
    assert len(lines) == text.count("\n") + 1 or len(text) > MOST_CHARACTERS
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("output", [for_screen, for_terminal, for_ledger, for_table])
@given(text=st.text())
def test_any_text_becomes_one_printable_line_that_stays_as_it_is(output: Output, text: str) -> None:
    shown = output(text)
    assert all(each.isprintable() or unicodedata.category(each) == "Zs" for each in shown)
    assert output(shown) == shown


@given(st.text())
def test_nothing_in_a_page_is_markup(text: str) -> None:
    shown = for_page(text)
    assert not set("<>\"'") & set(shown)
    assert unescape(shown) == for_terminal(text)


@given(st.text())
def test_on_the_screen_every_character_has_a_width(text: str) -> None:
    assert all(cell_len(character) for character in for_screen(text))


@pytest.mark.parametrize("output", OUTPUTS)
def test_ordinary_labels_stand_as_they_are(output: Output) -> None:
    if output not in (json_line, for_page, shell_word):
        for label in ["massaging person's head", "Größe 9", "球をつく", "Trượt băng"]:
            assert output(label) == label
    assert output("abseiling").strip('"') == "abseiling"


def test_letters_with_marks_are_printed_and_written_as_they_are() -> None:
    for label in ["क्रिकेट", "ตีกอล์ฟ"]:
        assert for_terminal(label) == for_ledger(label) == for_table(label) == label


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[2J\x1b]0;gone\x07", "?[2J?]0;gone?"),
        ("line\nfeed\r\ttab", "line?feed??tab"),
        ("evil\u202etxt.exe", "evil?txt.exe"),
        ("c1 \x9b31m", "c1 ?31m"),
        ("no\u00a0break", "no break"),
        ("e\u0301te\u0301", "été"),
        ("z\u0335\u0336\u0337", "z"),
        ("playing 琵琶", "playing 琵琶"),
    ],
)
def test_the_screen_shows_a_question_mark_for_what_it_does_not_obey(hostile: str, harmless: str) -> None:
    assert for_screen(hostile) == harmless


def test_each_output_has_its_own_sign_for_what_it_does_not_obey() -> None:
    text = "a\x1b[2J\u202eb"
    assert for_terminal(text) == lines_for_terminal(text) == for_page(text) == "a\ufffd[2J\ufffdb"
    assert lines_for_terminal(f"{text}\nc") == "a\ufffd[2J\ufffdb\nc"
    assert for_ledger(text) == "a b"
    assert for_log(f"{text}\n\tc\ud800") == "a?[2J?b\n\tc\\ud800"
    assert for_table(f"{text}\nc\u00a0d") == "a[2Jb c\u00a0d"


def test_a_flood_of_marks_is_cut() -> None:
    assert len(for_terminal("e" + "\u0301" * 200)) < 10


def test_a_flood_of_text_is_cut() -> None:
    for output in (for_screen, for_terminal, for_page):
        assert len(output("x" * 10_000_000)) == len(output("é" * 10_000_000)) == MOST_CHARACTERS
    assert for_screen("x" * 10_000_000) == "x" * (MOST_CHARACTERS - 1) + ELLIPSIS


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_json_says_the_same_in_ascii(value: dict[str, str]) -> None:
    line = json_line(value)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == value
    assert msgspec.json.decode(line) == value


# -- what is secret ----------------------------------------------------------------------------------------

USER, PASSWORD = "us3r", "s3cret"
PIECES = st.text(st.characters(exclude_categories=["Zs", "Zl", "Zp", "Cc", "Cs"]), max_size=6)
NASTY = st.text(":/@?#[]%&;=.~'\"\\", max_size=6)
ANY_PIECE = PIECES | NASTY
SCHEMES = st.sampled_from(["http", "https", "socks4a", "socks5", "socks5h"])
PLACES = st.sampled_from(
    ["host", "host:3128", "proxy.example/", "10.0.0.1:80/path", "[2001:db8::1]:1080", "h/?q=1"]
)
AROUND = st.sampled_from(["{}", "cannot reach {}: refused", "('{}',)", "two\nlines {}\nmore", "<{}>; {}"])


@pytest.mark.parametrize("output", MASKING)
@given(SCHEMES, PLACES, AROUND, ANY_PIECE, ANY_PIECE, ANY_PIECE, ANY_PIECE)
def test_neither_user_nor_password_comes_out_whatever_they_are(
    output: Output, scheme: str, place: str, around: str, a: str, b: str, c: str, d: str
) -> None:
    address = f"{scheme}://{a}{USER}{b}:{c}{PASSWORD}{d}@{place}"
    shown = output(around.replace("{}", address))
    assert USER not in shown
    assert PASSWORD not in shown
    assert shown.count("***") == around.count("{}")
    assert f"{scheme}://***@{place}" in shown


@pytest.mark.parametrize("output", MASKING)
@given(SCHEMES, PLACES, st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters="/?#")))
def test_a_user_without_a_password_does_not_come_out_either(
    output: Output, scheme: str, place: str, more: str
) -> None:
    assert USER not in output(f"{scheme}://{USER}{more}@{place}")


@pytest.mark.parametrize("output", MASKING)
@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("proxy http://me:secret@host:3128/ refused", "proxy http://***@host:3128/ refused"),
        ("socks5h://me:s3cret@host", "socks5h://***@host"),
        ("http://user:p@ss@host", "http://***@host"),
        ("http://us%40er:p%40ss%2F%3A@host", "http://***@host"),
        ("socks5://me:pw@[2001:db8::1]:1080", "socks5://***@[2001:db8::1]:1080"),
        ("http://token@host:1", "http://***@host:1"),
        ("http://:pw@host", "http://***@host"),
        ("http://me:pa/ss@host:1", "http://***@host:1"),
        ("http://me:12/34@host:1", "http://***@host:1"),
        ("http://me:p#w?x@host:1", "http://***@host:1"),
        ("cannot parse http://me:pass word@host:1", "cannot parse http://***@host:1"),
        (
            "http://a:b@one and socks5://c:d@two, http://three",
            "http://***@one and socks5://***@two, http://three",
        ),
        ("http://a:b@one,http://c:d@two", "http://***@two"),
        ("{'http': 'http://me:pw@host'}", "{'http': 'http://***@host'}"),
    ],
)
def test_credentials_are_masked_whole(output: Output, text: str, masked: str) -> None:
    assert output(text) == masked


@pytest.mark.parametrize("output", MASKING)
@pytest.mark.parametrize(
    "text",
    [
        "http://host:3128/ refused",
        "https://www.youtube.com/@handle/videos",
        "https://host/watch?v=a@b&t=1 mail me@host",
        "https://host?to=a@b",
        "https://a.example/x.csv: HTTP 404; https://b.example/@y: HTTP 404",
        "http://[2001:db8::1]:80/x",
        "me@host: no such user",
        "no address: a@b",
        "socks5://host:port",
    ],
)
def test_addresses_without_credentials_stand_as_they_are(output: Output, text: str) -> None:
    assert output(text) == text


def test_a_message_of_many_addresses_is_masked_in_no_time() -> None:
    assert mask_credentials("http://" * 2_000 + "@") == "http://***@"
    assert mask_credentials("x" * 1_000_000 + "://me:pw@host").endswith("x://***@host")
