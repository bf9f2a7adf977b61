"""Status 403 on media: another client, then another format; what worked comes first for the next clips."""

from __future__ import annotations

import pytest

from kinetics_tui.demo.site import ASKED
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.youtube.ladder import CLIPS_UNTIL_USUAL
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.options import Resolve
from tests.media.media_studio import Sources, Studio, frame_numbers

LEAN = "VISIONOS"


def test_media_refused_to_one_client_come_by_another(studio: Studio, dash: Sources) -> None:
    studio.youtube.client_failures[LEAN] = Failure(Case.MEDIA_403)
    _, path = studio.make(studio.maker(), studio.add(dash), 20.0, 21.0)
    assert frame_numbers(path) == list(range(600, 630))
    assert studio.spent.asked is Resolve.FULL


def test_the_client_that_worked_comes_first_for_the_next_clips(studio: Studio, dash: Sources) -> None:
    studio.youtube.client_failures[LEAN] = Failure(Case.MEDIA_403)
    maker = studio.maker()
    studio.make(maker, studio.add(dash), 20.0, 21.0)
    before = len(studio.youtube.requests)
    studio.make(maker, studio.add(dash), 20.0, 21.0)
    refused = [seen for seen in studio.youtube.requests[before:] if seen.status == 403]
    assert refused == []


def test_the_usual_way_is_tried_again_after_a_while(studio: Studio, dash: Sources) -> None:
    studio.youtube.client_failures[LEAN] = Failure(Case.MEDIA_403)
    maker = studio.maker()
    studio.make(maker, studio.add(dash), 20.0, 20.2)
    studio.youtube.client_failures.clear()
    for _ in range(CLIPS_UNTIL_USUAL + 1):
        studio.make(maker, studio.add(dash), 20.0, 20.2)
    assert studio.spent.asked is Resolve.LEAN


def test_a_format_refused_to_every_client_is_passed_over(
    studio: Studio, dash: Sources, progressive: Sources
) -> None:
    video = studio.add({**dash, **progressive}, failure=Failure(Case.MEDIA_403, itag=134))
    file, path = studio.make(studio.maker(), video, 20.0, 21.0)
    assert file.source_itags == "18"
    assert frame_numbers(path) == list(range(600, 630))


def test_a_refusal_in_the_middle_of_a_file_climbs_too(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash, failure=Failure(Case.MEDIA_403, spared=3, clients=(LEAN,)))
    _, path = studio.make(studio.maker(), video, 40.0, 41.0)
    assert frame_numbers(path) == list(range(1200, 1230))


def test_where_no_way_works_most_clips_try_one_alone(studio: Studio, dash: Sources) -> None:
    maker, asked = studio.maker(), []
    studio.youtube.client_failures[""] = Failure(Case.MEDIA_403)
    for _ in range(4):
        before = len(studio.youtube.requests)
        with pytest.raises(ClipFailure):
            studio.make(maker, studio.add(dash), 20.0, 21.0)
        asked.append(sum(seen.kind in ASKED for seen in studio.youtube.requests[before:]))
    assert asked == [6, 2, 2, 6]
    studio.youtube.client_failures.clear()
    studio.make(maker, studio.add(dash), 20.0, 21.0)


def test_media_refused_by_every_way_are_a_passing_failure(studio: Studio, dash: Sources) -> None:
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), studio.add(dash, failure=Failure(Case.MEDIA_403)), 20.0, 21.0)
    assert caught.value.category is Category.FORBIDDEN
    assert caught.value.category.kind is Kind.TRANSIENT
    assert studio.left_over() == []
