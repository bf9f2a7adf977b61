"""Pictures for terminals with graphics: what is sent is read back as a terminal would."""

from __future__ import annotations

import base64
import random
import re
import zlib

import pytest

from kinetics_tui.base.graphics import CHUNK, kitty_data, kitty_forget, kitty_show, sixel_data

WIDTH, HEIGHT = 45, 31


def picture() -> bytes:
    """Stripes of colours, with a bright corner."""
    pixels = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            pixels += bytes((255, 255, 255) if x < 8 and y < 8 else (x * 5, y * 8, 90))
    return bytes(pixels)


def read_kitty(sequence: str) -> tuple[dict[str, str], bytes]:
    """The controls of the first chunk, and the pixels."""
    chunks = re.findall(r"\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\", sequence)
    assert "".join(f"\x1b_G{controls};{data}\x1b\\" for controls, data in chunks) == sequence
    assert all(len(data) <= CHUNK for _, data in chunks)
    controls = [dict(part.split("=") for part in text.split(",")) for text, _ in chunks]
    assert [part["m"] for part in controls] == ["1"] * (len(chunks) - 1) + ["0"]
    return controls[0], zlib.decompress(base64.b64decode("".join(data for _, data in chunks)))


def read_sixel(data: bytes) -> list[list[tuple[int, int, int]]]:
    """The pixels that a terminal paints, in percent."""
    found = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)((?:#\d+;2;\d+;\d+;\d+)*)([^\x1b]*)\x1b\\', data.decode())
    assert found is not None
    width, height = int(found[1]), int(found[2])
    palette = {
        int(number): (int(red), int(green), int(blue))
        for number, red, green, blue in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", found[3])
    }
    pixels = [[(-1, -1, -1)] * width for _ in range(height)]
    x, top, colour = 0, 0, (0, 0, 0)
    for number, times, sign in re.findall(r"#(\d+)|(?:!(\d+))?([$\-?-~])", found[4]):
        if number:
            colour = palette[int(number)]
        elif sign == "$":
            x = 0
        elif sign == "-":
            x, top = 0, top + 6
        else:
            end = x + int(times or 1)
            for bit in range(6):
                if ord(sign) - 63 >> bit & 1:
                    pixels[top + bit][x:end] = [colour] * (end - x)
            x = end
    return pixels


def test_a_picture_for_kitty_comes_out_as_it_was() -> None:
    pixels = picture()
    controls, read = read_kitty(kitty_show(7, kitty_data(pixels), (WIDTH, HEIGHT), (9, 4)))
    assert {name: controls[name] for name in "aifsvcrq"} == {
        **{"a": "T", "i": "7", "f": "24", "s": str(WIDTH), "v": str(HEIGHT)},
        **{"c": "9", "r": "4", "q": "2"},
    }
    assert max(abs(a - b) for a, b in zip(pixels, read, strict=True)) <= 4


def test_a_large_picture_for_kitty_goes_in_chunks() -> None:
    noise = random.Random(1).randbytes(3 * 100 * 100)
    sequence = kitty_show(7, kitty_data(noise), (100, 100), (10, 10))
    assert sequence.count("\x1b_G") > 2
    read_kitty(sequence)


def test_kitty_forgets_a_picture_without_an_answer() -> None:
    assert kitty_forget(7) == "\x1b_Ga=d,d=I,q=2,i=7\x1b\\"


def test_sixel_paints_every_pixel_nearly_as_it_was() -> None:
    pixels = picture()
    read = read_sixel(sixel_data(pixels, WIDTH))
    assert (len(read), len(read[0])) == (HEIGHT, WIDTH)
    for y, row in enumerate(read):
        for x, colour in enumerate(row):
            at = 3 * (y * WIDTH + x)
            for part, wanted in zip(colour, pixels[at : at + 3], strict=True):
                assert part * 2.55 == pytest.approx(wanted, abs=64)
