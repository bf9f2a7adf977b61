from __future__ import annotations

import pytest

from kinetics_tui.annotations import csv_rows
from kinetics_tui.annotations import row_rules as rows
from kinetics_tui.annotations.csv_rows import MAX_LINE_LENGTH, PROGRESS_EVERY_LINES, read_csv
from kinetics_tui.annotations.row_rules import Annotations, Heap
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import Clip
from tests.annotations.annotation_files import HEADER, ROW, where

ARCHERY = Clip("AAAAAAAAAAA", 10, 20, "val", "archery")


def read(text: str, default_split: str = "all") -> Annotations:
    heap = Heap()
    read_csv(text.encode(), "a.csv", default_split, heap)
    return heap.annotations(("a.csv",))


def test_reads_a_row_under_its_header() -> None:
    assert read(f"{HEADER}\n{ROW}\n") == Annotations([ARCHERY], [], [], ("a.csv",))


@pytest.mark.parametrize(
    ("text", "clip"),
    [
        ("archery,AAAAAAAAAAA,10,20,val", ARCHERY),
        ("archery,AAAAAAAAAAA,10,20,val,1", ARCHERY),
        ('"archery",AAAAAAAAAAA,10,20,val', ARCHERY),
        ('"archery", "AAAAAAAAAAA", "10", "20", "val"', ARCHERY),
        ("AAAAAAAAAAA,10,20,val,archery", ARCHERY),
        ("AAAAAAAAAAA,10,20,train", Clip("AAAAAAAAAAA", 10, 20, "train")),
        ("AAAAAAAAAAA,10,20", Clip("AAAAAAAAAAA", 10, 20, "all")),
        (" AAAAAAAAAAA , 10 , 20 ", Clip("AAAAAAAAAAA", 10, 20, "all")),
        ("AAAAAAAAAAA,10,20,archery", Clip("AAAAAAAAAAA", 10, 20, "all", "archery")),
        ("-AAAAAAAAA_,1.5,2.25", Clip("-AAAAAAAAA_", 1.5, 2.25, "all")),
        ("windsurfing,12345678901,5,15,val", Clip("12345678901", 5, 15, "val", "windsurfing")),
        ("windsurfing,AAAAAAAAAAA,5,15", Clip("AAAAAAAAAAA", 5, 15, "all", "windsurfing")),
        ("17,archery,AAAAAAAAAAA,10,20,val", ARCHERY),
        ("archery,AAAAAAAAAAA,10,20,,val", ARCHERY),
        ("test,AAAAAAAAAAA,5,15,val", Clip("AAAAAAAAAAA", 5, 15, "val", "test")),
    ],
)
def test_finds_the_columns_of_a_row_without_header(text: str, clip: Clip) -> None:
    assert read(text).clips == [clip]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("youtube_id,time_start,time_end,split,label", "AAAAAAAAAAA,10,20,val,archery"),
        ("split,is_cc,time_end,time_start,youtube_id,label", "val,0,20,10,AAAAAAAAAAA,archery"),
        ("Label,YouTube_ID,Time_Start,Time_End,Split,notes", 'archery,AAAAAAAAAAA,10,20,val,"a, b"'),
        ("class,id,start,end,subset", "archery,AAAAAAAAAAA,10,20,val"),
        ("videoid,start,end,label,split", "AAAAAAAAAAA,10,20,archery,val"),
        (
            "# YTID, start_seconds, end_seconds, class_name, split",
            "AAAAAAAAAAA, 10.000, 20.000, archery, val",
        ),
        ("Class Name,YouTube ID,Start Time,End Time,Split", "archery,AAAAAAAAAAA,10,20,val"),
        ("id,video_id,t-start,t-end,action,subset", "17,AAAAAAAAAAA,10,20,archery,validation"),
        ("url,start,end,label,split", "https://www.youtube.com/watch?v=AAAAAAAAAAA&t=10s,10,20,archery,val"),
        ("video,begin,stop,label,split", "https://youtu.be/AAAAAAAAAAA?si=x_Y,10,20,archery,val"),
    ],
)
def test_columns_stand_where_the_header_says(header: str, row: str) -> None:
    assert read(f"{header}\n{row}\n").clips == [ARCHERY]


@pytest.mark.parametrize(
    "link",
    [
        "https://www.youtube.com/watch?v=AAAAAAAAAAA",
        "http://youtube.com/watch?app=desktop&v=AAAAAAAAAAA#t=3",
        "m.youtube.com/watch?v=AAAAAAAAAAA&list=PL1",
        "https://www.youtube-nocookie.com/embed/AAAAAAAAAAA",
        "https://www.youtube.com/shorts/AAAAAAAAAAA",
        "HTTPS://YOUTU.BE/AAAAAAAAAAA",
    ],
)
def test_an_address_of_youtube_is_read_as_the_id_in_it(link: str) -> None:
    clip = Clip("AAAAAAAAAAA", 10, 20, "all")
    assert read(f"{link},10,20\n").clips == [clip]
    rows = "".join(f"{link.replace('AAAAAAAAAAA', f'A{number:010}')},10,20\n" for number in range(300))
    assert len(read(f"url,start,end\n{rows}").clips) == 300


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/watch?v=AAAAAAAAAAA",
        "https://youtu.be/AAAAAAAAAAAA",
        "https://notyoutube.com/watch?v=AAAAAAAAAAA",
        "https://www.youtube.com/watch?x=v=AAAAAAAAAAA",
        "https://evil.com/?youtu.be/AAAAAAAAAAA",
    ],
)
def test_any_other_address_is_no_video(link: str) -> None:
    found = read(f"url,start,end\n{link},10,20\nhttps://youtu.be/AAAAAAAAAAA,10,20\n")
    assert [row.line for row in found.bad_rows] == [2]
    assert "is not a YouTube id" in found.bad_rows[0].why


def test_a_header_with_other_names_is_said_once_with_how_it_was_read() -> None:
    text = "videoid,start,end,label\nAAAAAAAAAAA,10,20,archery\n"
    assert read(text + text).readings == [
        "a.csv: read 'videoid' as youtube_id, 'start' as time_start, 'end' as time_end."
    ]
    assert read(f"{HEADER}\n{ROW}\n").readings == []


@pytest.mark.parametrize(
    ("word", "split"),
    [
        ("train", "train"),
        ("val", "val"),
        ("validate", "val"),
        ("Validation", "val"),
        ("test", "test"),
        ("holdout_test", "test"),
        ("", "all"),
    ],
)
def test_split_words_are_read_as_the_three_splits(word: str, split: str) -> None:
    assert read(f"{HEADER}\narchery,AAAAAAAAAAA,10,20,{word}").clips[0].split == split


def test_rows_without_a_split_get_the_one_of_the_file() -> None:
    text = "youtube_id,time_start,time_end\nAAAAAAAAAAA,10,20\n"
    assert read(text, default_split="train").clips == [Clip("AAAAAAAAAAA", 10, 20, "train")]


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("0", "10", (0, 10)),
        ("7.0", "17.0", (7, 17)),
        ("1.0004", "2.9996", (1.0, 3.0)),
        ("23770", "23780", (23770, 23780)),
        ("1e1", "2e1", (10, 20)),
        ("+5", "9", (5, 9)),
        ("-0.0", "1", (0, 1)),
        ("0", "600", (0, 600)),
    ],
)
def test_times_are_read_to_the_millisecond(start: str, end: str, seconds: tuple[float, float]) -> None:
    (clip,) = read(f"{HEADER}\narchery,AAAAAAAAAAA,{start},{end},val").clips
    assert (clip.time_start, clip.time_end) == seconds
    assert str(clip.time_start)[0] != "-"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("archery,AAAAAAAAAA,10,20,val", "not a YouTube id"),
        ("archery,AAAAAAAAAAAA,10,20,val", "not a YouTube id"),
        ("archery,../../../..,10,20,val", "not a YouTube id"),
        ("archery,AAAAA/AAAAA,10,20,val", "not a YouTube id"),
        ("archery,AAAAA\0AAAAA,10,20,val", "not a YouTube id"),
        ("archery,ÄAAAAAAAAAA,10,20,val", "not a YouTube id"),
        ("archery,AAAAAAAAAAA,-1,20,val", "before the start"),
        ("archery,AAAAAAAAAAA,20,20,val", "not after time_start"),
        ("archery,AAAAAAAAAAA,20,10,val", "not after time_start"),
        ("archery,AAAAAAAAAAA,0.0001,0.0002,val", "not after time_start"),
        ("archery,AAAAAAAAAAA,0,601,val", "longer than 600 s"),
        ("archery,AAAAAAAAAAA,999999,1000001,val", "later than any video"),
        ("archery,AAAAAAAAAAA,nan,20,val", "'nan' is not a number"),
        ("archery,AAAAAAAAAAA,0,inf,val", "'inf' is not a number"),
        ("archery,AAAAAAAAAAA,0,1e999,val", "not a finite number"),
        ("archery,AAAAAAAAAAA,1_0,20,val", "'1_0' is not a number"),
        ("archery,AAAAAAAAAAA,１０,20,val", "is not a number"),
        ("archery,AAAAAAAAAAA,,20,val", "'' is not a number"),
        ("archery,AAAAAAAAAAA,10,20,vale", "'vale' is none of train, val, test"),
        ("arch\0ery,AAAAAAAAAAA,10,20,val", "control characters"),
        ("arch\x1b[31mery,AAAAAAAAAAA,10,20,val", "control characters"),
        ("arch\u2028ery,AAAAAAAAAAA,10,20,val", "control characters"),
        ("a" * 201 + ",AAAAAAAAAAA,10,20,val", "201 characters"),
        ("archery,AAAAAAAAAAA,10,20,val,0,0", "7 cells where 5"),
        ("hitting ball, hard,AAAAAAAAAAA,10,20,val", "6 cells where 5"),
        ("archery,AAAAAAAAAAA,10", "only 3 cells"),
        ('"archery,AAAAAAAAAAA,10,20,val', "quotes"),
        ('arch"ery",AAAAAAAAAAA,10,20,val"', "is none of train, val, test"),
        ('"archery" yes,AAAAAAAAAAA,10,20,val', "quotes"),
        ("archery,AAAAAAAAAAA,10,20,\rval", "stray line end"),
        ("<!DOCTYPE html>", "only 1 cells"),
    ],
)
def test_a_row_that_is_no_clip_is_named_by_line_and_the_rest_is_read(row: str, why: str) -> None:
    found = read(f"{HEADER}\n{ROW}\n\n{row}\narchery,BBBBBBBBBBB,0,10,val\n")
    assert where(found.bad_rows) == [4]
    assert why in found.bad_rows[0].why
    assert found.bad_rows[0].file == "a.csv"
    assert [clip.youtube_id for clip in found.clips] == ["AAAAAAAAAAA", "BBBBBBBBBBB"]


def test_reasons_are_short_and_printable_whatever_the_row() -> None:
    odd_id, long_line = "x\x1b\0" * 1000, "y" * 100_000
    found = read(f"{HEADER}\n{ROW}\narchery,{odd_id},1,2,val\n{long_line}\n")
    assert where(found.bad_rows) == [3, 4]
    assert all(len(row.why) < 250 and row.why.isprintable() for row in found.bad_rows)


def test_a_quote_left_open_spoils_its_own_line_only() -> None:
    text = f'{HEADER}\n"archery,AAAAAAAAAAA,1,2,val\n"x\n' + '"air, drumming",BBBBBBBBBBB,0,10,val\n'
    found = read(text)
    assert where(found.bad_rows) == [2, 3]
    assert found.clips == [Clip("BBBBBBBBBBB", 0, 10, "val", "air, drumming")]


def test_quotes_within_quotes_are_read() -> None:
    found = read(f'{HEADER}\n"say ""hi""",AAAAAAAAAAA,10,20,val\n')
    assert found.clips[0].label == 'say "hi"'


def test_labels_with_slashes_and_dots_are_left_to_the_layout() -> None:
    found = read(f"{HEADER}\n../../etc,AAAAAAAAAAA,10,20,val\na/b,BBBBBBBBBBB,10,20,val\n")
    assert [clip.label for clip in found.clips] == ["../../etc", "a/b"]


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(end_of_line: str) -> None:
    found = read(
        end_of_line.join([HEADER, ROW, "", "bad\x0b\x0c\u2028row", "archery,BBBBBBBBBBB,0,1,val", ""])
    )
    assert where(found.bad_rows) == [4]
    assert [clip.youtube_id for clip in found.clips] == ["AAAAAAAAAAA", "BBBBBBBBBBB"]


def test_a_second_row_of_a_clip_is_named_and_the_first_counts() -> None:
    rows = [
        ROW,
        "archery,AAAAAAAAAAA,10,21,val",
        "yoga,AAAAAAAAAAA,10.0,20.000,train",
        "yoga,AAAAAAAAAAA,10,21,val",
    ]
    found = read("\n".join([HEADER, *rows]))
    assert [(clip.time_end, clip.label) for clip in found.clips] == [(20, "archery"), (21, "archery")]
    assert where(found.duplicate_rows) == [4, 5]
    assert "AAAAAAAAAAA_000010_000020" in found.duplicate_rows[0].why
    assert found.bad_rows == []


def test_files_joined_with_their_headers_are_read() -> None:
    found = read(f"{HEADER}\n{ROW}\nyoutube_id,time_start,time_end,split\nBBBBBBBBBBB,1,2,test\n")
    assert found.clips == [ARCHERY, Clip("BBBBBBBBBBB", 1, 2, "test")]
    assert found.bad_rows == []


def test_a_first_row_without_label_and_split_hides_those_of_later_rows_not() -> None:
    assert read(f",BBBBBBBBBBB,1,2,\n{ROW}\n").clips == [Clip("BBBBBBBBBBB", 1, 2), ARCHERY]


def test_an_unknown_split_without_header_is_not_taken_for_a_label() -> None:
    found = read("AAAAAAAAAAA,10,20,val\nBBBBBBBBBBB,10,20,vale\n BBBBBBBBBBB,10,20,vale\n")
    assert where(found.bad_rows) == [2, 3]


def test_rows_of_several_shapes_without_header_are_read() -> None:
    found = read(f"{ROW}\nBBBBBBBBBBB,1,2,test\nbad,1,2\nCCCCCCCCCCC,1,2\n")
    assert [clip.youtube_id for clip in found.clips] == ["AAAAAAAAAAA", "BBBBBBBBBBB", "CCCCCCCCCCC"]
    assert where(found.bad_rows) == [3]


def test_lines_before_the_header_are_named() -> None:
    found = read(f"# my list\n\n{HEADER}\n{ROW}\n")
    assert found.clips == [ARCHERY]
    assert where(found.bad_rows) == [1]


def test_very_long_lines_do_not_reach_the_csv_module() -> None:
    found = read(f'{HEADER}\n{ROW}\n"{"x" * 200_000}",BBBBBBBBBBB,1,2,val\n')
    assert where(found.bad_rows) == [3]
    found = read(f'{HEADER}\n{ROW}\n"{"x" * 200_000},BBBBBBBBBBB,1,2,val\n')
    assert f"more than {MAX_LINE_LENGTH:,}" in found.bad_rows[0].why


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.csv is empty; give"),
        ("\n \n", "a.csv is empty; give"),
        ("<html>\n<body>", "a.csv line 1 is neither a header nor an annotation row; give"),
        ("\n" + "x\n" * 5000 + ROW, "a.csv line 2 is neither"),
        ("label,youtube_id,split\n", "a.csv line 1: the header lacks time_start and time_end; give"),
    ],
)
def test_text_that_is_no_annotation_csv_is_refused_with_the_remedy(text: str, message: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        read(text)
    assert message in str(caught.value)
    assert "youtube_id,time_start,time_end" in str(caught.value)


def test_progress_is_told_now_and_then() -> None:
    told: list[int] = []
    count = 5 * PROGRESS_EVERY_LINES // 2
    data = b"".join(b"AAAAAAAAAAA,%06d,%06d\n" % (n, n + 1) for n in range(count))
    read_csv(data, "a.csv", "all", Heap(), told.append)
    assert len(told) == 2
    assert PROGRESS_EVERY_LINES <= told[0] < told[1] < count


def test_many_clips_of_one_video_do_not_take_quadratic_time() -> None:
    count = 30_000
    found = read("\n".join(f"AAAAAAAAAAA,{n},{n + 1}" for n in range(count)))
    assert len(found.clips) == count


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_and_their_numbers_are_the_same_however_small_the_blocks(
    monkeypatch: pytest.MonkeyPatch, line_end: str
) -> None:
    lines = [HEADER, ROW, "", "bad", 'archery,"CCCCCCCCCCC",1,2,val', "球,BBBBBBBBBBB,1,2,val", ""]
    whole = read(line_end.join(lines))
    for size in range(1, 100):
        monkeypatch.setattr(csv_rows, "BLOCK_BYTES", size)
        found = read(line_end.join(lines))
        assert (found.clips, found.bad_rows) == (whole.clips, whole.bad_rows)
    assert where(whole.bad_rows) == [4]


def test_a_line_of_columns_that_do_not_matter_is_no_longer_than_any_other() -> None:
    found = read(f"AAAAAAAAAAA,1,2\nBBBBBBBBBBB,1,2\n{HEADER},x\n{ROW},{'x' * MAX_LINE_LENGTH}\n")
    assert where(found.bad_rows) == [4]


def test_a_stray_line_end_in_a_column_that_does_not_matter_is_one_all_the_same() -> None:
    found = read("\nx,DDDDDDDDDDD,3,4.5,trainarchery\nx,DDDDDDDDDDD,3,4.5,train\r\x00")
    assert where(found.bad_rows) == [3]
    assert found.duplicate_rows == []


def test_headers_that_change_all_the_time_are_followed() -> None:
    count = 300
    text = "".join(
        f"{'x,' * (n % 7)}id,start,end\n{'y,' * (n % 7)}AAAAAAAAAAA,{n},{n + 1}\n" for n in range(count)
    )
    assert len(read(text).clips) == count


@pytest.mark.parametrize(
    ("most", "text", "message"),
    [
        ("MAX_ROWS", "AAAAAAAAAAA,1,2\n" * 9, "a.csv line 6: more than 5 rows"),
        ("MAX_BAD_ROWS", "AAAAAAAAAAA,1,2\n" + "bad\n" * 9, "a.csv line 7: only 1 cells, like 5 rows before"),
    ],
)
def test_a_file_of_far_too_many_rows_is_given_up(
    monkeypatch: pytest.MonkeyPatch, most: str, text: str, message: str
) -> None:
    monkeypatch.setattr(rows, most, 5)
    with pytest.raises(AnnotationError, match=message):
        read(text)


def test_a_file_of_far_too_many_lines_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "MAX_LINES", 5)
    with pytest.raises(AnnotationError, match=r"a\.csv line 12: more lines"):
        read(f"{ROW}\n" + "\n" * 11)


def test_a_line_beyond_all_reason_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 4)
    monkeypatch.setattr(csv_rows, "MAX_LINE_BYTES", 100)
    with pytest.raises(AnnotationError, match=r"a\.csv line 3: a line of more than 100 bytes"):
        read(f"{HEADER}\n{ROW}\n{'x' * 200}\n")
