"""What a sample tells, as text and as JSON."""

from __future__ import annotations

import json

from kinetics_tui.base.safe_text import json_line
from kinetics_tui.cli.commands.probe import progress_text, survey_json, survey_text
from kinetics_tui.engine.client.survey import Survey
from kinetics_tui.model.failure import Category


def survey(**changes: object) -> Survey:
    fields: dict[str, object] = {
        "videos": 19_404,
        "clips": 19_906,
        "sample": 200,
        "there": 171,
        "gone": {Category.PRIVATE: 8, Category.VIDEO_NOT_AVAILABLE: 18},
        "unclear": {Category.TIMEOUT: 3},
        **changes,
    }
    return Survey(**fields)  # type: ignore[arg-type]  # fields of any kind


def test_the_table_has_every_category_and_the_share_its_interval() -> None:
    assert survey_text(survey()).splitlines() == [
        "still there            171   86.8 %",
        "gone                    26   13.2 %",
        "  Video not available   18    9.1 %",
        "  private                8    4.1 %",
        "no clear answer          3  not counted in",
        "  timeout                3",
        "171 of 197 videos are still there: 86.8 %; of all 19,404 it is 81.4 to 90.8 % (95 % confidence).",
        "That makes about 17,279 of 19,906 clips (16,203 to 18,078).",
    ]


def test_where_all_were_asked_for_nothing_is_open() -> None:
    text = survey_text(survey(videos=8, clips=9, sample=8, there=6, gone={Category.PRIVATE: 2}, unclear={}))
    assert "6 of 8 videos are still there: 75.0 % of them all, with about 7 of 9 clips." in text
    assert "confidence" not in text


def test_a_throttle_is_told_with_what_to_do_and_what_was_known() -> None:
    text = survey_text(survey(ended=Category.BOT_CHECK))
    assert "Ended early: YouTube throttles this network (bot check) after 200 of 200 videos." in text
    assert "95 % confidence" in text
    nothing = survey_text(
        Survey(videos=9, clips=9, sample=5, ended=Category.OFFLINE, message="No connection.")
    )
    assert "Nothing is known yet." in nothing
    assert "Ended early after 0 of 5 videos: No connection. No way to YouTube" in nothing


def test_none_at_all_is_suspicious() -> None:
    assert "doctor" in survey_text(survey(there=0))
    assert "doctor" not in survey_text(survey())


def test_json_is_plain_and_says_nothing_of_what_is_not_known() -> None:
    told = json.loads(json_line(survey_json(survey())))
    assert (told["there"], told["gone"]["private"], told["unclear"]) == (171, 8, {"timeout": 3})
    assert (told["share"], told["share_95"], told["clips_there"]) == (0.868, [0.814, 0.9081], 17279)
    assert (told["ended"], told["interrupted"]) == (None, False)
    told = survey_json(Survey(videos=9, clips=9, sample=5, interrupted=True))
    assert (told["share"], told["share_95"], told["clips_there"], told["interrupted"]) == (
        None,
        None,
        None,
        True,
    )


def test_progress_says_how_far_it_is_and_how_long_it_takes() -> None:
    half_way = survey(sample=400)
    assert progress_text(half_way, 1200.0, 2340.0) == "200 of 400 videos, 87% still there, 20 min left"
    assert progress_text(half_way, 60.0, 2340.0) == "200 of 400 videos, 87% still there, 38 min left"
    empty = Survey(videos=9, clips=9, sample=5)
    assert progress_text(empty, 0.0, None) == "0 of 5 videos"
