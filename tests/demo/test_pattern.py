from __future__ import annotations

import av
import pytest

from kinetics_tui.demo.pattern import NUMBER_BITS, Pattern, read_frame_number


@pytest.mark.parametrize("number", [0, 1, 299, 65_535, (1 << NUMBER_BITS) - 1])
def test_a_drawn_picture_tells_its_number(number: int) -> None:
    assert read_frame_number(Pattern(640, 360, 30, seed=2).draw(number)) == number


@pytest.mark.parametrize(("width_px", "height_px"), [(256, 144), (426, 240), (340, 256), (1280, 720)])
def test_the_number_survives_scaling(width_px: int, height_px: int) -> None:
    frame = Pattern(640, 360, 30, seed=0).draw(123_456)
    assert read_frame_number(frame.reformat(width=width_px, height=height_px)) == 123_456


@pytest.mark.parametrize("pixels", ["rgb24", "yuv444p", "yuv420p10le", "gray"])
def test_the_number_is_read_from_other_pixel_formats(pixels: str) -> None:
    assert read_frame_number(Pattern(640, 360, 30, seed=1).draw(77).reformat(format=pixels)) == 77


def test_a_picture_without_cells_is_not_given_a_number() -> None:
    frame = av.VideoFrame(256, 144, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    with pytest.raises(ValueError, match="no legible frame number"):
        read_frame_number(frame)


def test_a_number_too_large_for_the_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Pattern(64, 64, 30, seed=0).draw(1 << NUMBER_BITS)


def test_odd_sides_are_refused() -> None:
    with pytest.raises(ValueError, match="odd"):
        Pattern(641, 360, 30, seed=0)


def test_pictures_move_and_seeds_differ() -> None:
    pattern, other = Pattern(256, 144, 30, seed=0), Pattern(256, 144, 30, seed=1)
    first, second = bytes(pattern.draw(0).planes[0]), bytes(pattern.draw(1).planes[0])
    assert first != second
    assert bytes(pattern.draw(0).planes[1]) != bytes(other.draw(0).planes[1])
