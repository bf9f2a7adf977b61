"""Pictures that say which frame they are, to people and to programs.

Every picture has coloured bands that move (so that a player shows motion and the encoder has work),
the time in large digits, and along its bottom edge a row of black and white cells that carry the frame
number. The cells are large enough to survive strong compression and scaling to 144 lines.

A sound from which the position in time can be measured.

Each half second a chord is plucked, chosen by the number of the half second, so that neighbours differ.
It starts with a short chirp: correlating a stretch of decoded sound with the tune shows where in time
it lies, to a fraction of a millisecond.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import av
import msgspec

NUMBER_BITS = 20
"""Frame numbers up to 1,048,575: 9.7 hours at 30 frames a second."""

_CHECK_BITS = 4
_CELLS = NUMBER_BITS + _CHECK_BITS
_STRIP_SHARE = 0.1  # of the height
_BLACK, _WHITE, _GREY = 16, 235, 128
_GOLDEN_ANGLE = 2.39996  # neighbouring seeds get colours far apart

_GLYPH_WIDTH, _GLYPH_HEIGHT = 5, 7
_GLYPHS = {
    "0": ("01110", "10001", "10011", "10101", "11001", "10001", "01110"),
    "1": ("00100", "01100", "00100", "00100", "00100", "00100", "01110"),
    "2": ("01110", "10001", "00001", "00110", "01000", "10000", "11111"),
    "3": ("01110", "10001", "00001", "00110", "00001", "10001", "01110"),
    "4": ("00010", "00110", "01010", "10010", "11111", "00010", "00010"),
    "5": ("11111", "10000", "11110", "00001", "00001", "10001", "01110"),
    "6": ("00110", "01000", "10000", "11110", "10001", "10001", "01110"),
    "7": ("11111", "00001", "00010", "00100", "01000", "01000", "01000"),
    "8": ("01110", "10001", "10001", "01110", "10001", "10001", "01110"),
    "9": ("01110", "10001", "10001", "01111", "00001", "00010", "01100"),
    ":": ("00000", "00100", "00100", "00000", "00100", "00100", "00000"),
    ".": ("00000", "00000", "00000", "00000", "00000", "01100", "01100"),
}


def _check(number: int) -> int:
    """Four bits over the number that a misread cell changes."""
    check = 0b1010
    while number:
        check ^= number & 0xF
        number >>= 4
    return check


class Pattern:
    """Draws the numbered pictures of one source.

    ``seed`` chooses colours and movement; ``fps`` turns a frame number into the time shown.
    Widths and heights have to be even.
    """

    def __init__(self, width_px: int, height_px: int, fps: int, seed: int) -> None:
        if width_px % 2 or height_px % 2:
            raise ValueError(f"a picture of {width_px}x{height_px} has an odd side")
        self._width_px = width_px
        self._height_px = height_px
        self._fps = fps
        self._strip_px = max(2, round(height_px * _STRIP_SHARE) // 2 * 2)
        self._edges = [round(cell * width_px / _CELLS) for cell in range(_CELLS + 1)]
        self._speed = 1 + seed % 3
        band = max(48, width_px // 4) // 2 * 2
        self._band = band
        hue = seed * _GOLDEN_ANGLE
        self._luma = _wave(band, 112, 56, 0.0) * (width_px // band + 2)
        self._blue = _wave(band // 2, 128 + 52 * math.cos(hue), 26, 0.8) * (width_px // band + 2)
        self._red = _wave(band // 2, 128 + 52 * math.sin(hue), 26, 2.6) * (width_px // band + 2)
        turns = 1 + seed % 2
        self._bends = [
            round(band * (0.9 * row / height_px + 0.35 * math.sin(turns * math.tau * row / height_px)))
            for row in range(height_px)
        ]

    def draw(self, number: int) -> av.VideoFrame:
        """The picture of frame ``number``, as yuv420p, its ``pts`` set to the number."""
        width, height, strip = self._width_px, self._height_px, self._strip_px
        shift = number * self._speed
        rows = [self._luma[(bend + shift) % self._band :][:width] for bend in self._bends[: height - strip]]
        self._write_time(rows, number)
        rows.append(self._cells(number) * strip)
        frame = av.VideoFrame(width, height, "yuv420p")
        _fill(frame.planes[0], b"".join(rows), width)
        grey = bytes([_GREY]) * (width // 2 * strip // 2)
        for plane, wave in ((frame.planes[1], self._blue), (frame.planes[2], self._red)):
            colour = [
                wave[(bend + shift) % self._band // 2 :][: width // 2]
                for bend in self._bends[: height - strip : 2]
            ]
            _fill(plane, b"".join(colour) + grey, width // 2)
        frame.pts = number
        return frame

    def _cells(self, number: int) -> bytes:
        if number >> NUMBER_BITS:
            raise ValueError(f"frame number {number} does not fit {NUMBER_BITS} bits")
        word = number << _CHECK_BITS | _check(number)
        return b"".join(
            bytes([_WHITE if word >> (_CELLS - 1 - cell) & 1 else _BLACK]) * (right - left)
            for cell, (left, right) in enumerate(pairwise(self._edges))
        )

    def _write_time(self, rows: list[bytes], number: int) -> None:
        """Write minutes, seconds and the frame within the second into ``rows``."""
        seconds, frame = divmod(number, self._fps)
        text = f"{seconds // 60}:{seconds % 60:02d}.{frame:02d}"
        scale = max(1, self._width_px * 6 // 10 // (len(text) * (_GLYPH_WIDTH + 1)))
        lines = ["0".join(_GLYPHS[sign][line] for sign in text) for line in range(_GLYPH_HEIGHT)]
        margin = "0" * (len(lines[0]) + 2)
        top = (len(rows) - (_GLYPH_HEIGHT + 2) * scale) // 2
        for line, dots in enumerate([margin, *(f"0{dots}0" for dots in lines), margin]):
            ink = b"".join(bytes([_WHITE if dot == "1" else 24]) * scale for dot in dots)
            left = (self._width_px - len(ink)) // 2
            for row in range(top + line * scale, top + (line + 1) * scale):
                rows[row] = rows[row][:left] + ink + rows[row][left + len(ink) :]


def read_frame_number(frame: av.VideoFrame) -> int:
    """The number that the cells of a decoded picture carry, whatever its size.

    Raises ValueError where the picture has no legible cells.
    """
    if frame.format.name not in {"yuv420p", "yuvj420p", "yuv422p", "yuv444p", "gray"}:
        frame = frame.reformat(format="yuv420p")
    plane = frame.planes[0]
    luma, stride = bytes(plane), plane.line_size
    strip_px = frame.height * _STRIP_SHARE
    rows = range(round(frame.height - 0.7 * strip_px), round(frame.height - 0.3 * strip_px) + 1)
    word = 0
    for cell in range(_CELLS):
        left = int((cell + 0.3) * frame.width / _CELLS)
        right = max(left + 1, int((cell + 0.7) * frame.width / _CELLS))
        total = sum(sum(luma[row * stride + left : row * stride + right]) for row in rows)
        word = word << 1 | (total / (len(rows) * (right - left)) > (_BLACK + _WHITE) / 2)
    number = word >> _CHECK_BITS
    if _check(number) != word & (1 << _CHECK_BITS) - 1:
        raise ValueError(f"a picture of {frame.width}x{frame.height} carries no legible frame number")
    return number


def _wave(length: int, middle: float, swing: float, phase: float) -> bytes:
    """One period of a sine around ``middle``, as samples a plane can hold."""
    return bytes(
        min(_WHITE, max(_BLACK, round(middle + swing * math.sin(math.tau * step / length + phase))))
        for step in range(length)
    )


def _fill(plane: av.video.plane.VideoPlane, samples: bytes, width_px: int) -> None:
    """Put rows of ``width_px`` samples into a plane whose lines may be padded."""
    if plane.line_size != width_px:
        padding = bytes(plane.line_size - width_px)
        samples = b"".join(
            samples[start : start + width_px] + padding for start in range(0, len(samples), width_px)
        )
    plane.update(samples)


NOTE_S = 0.5
_CHIRP_S = 0.03
_CHIRP_HZ = (500.0, 3000.0)
# Pentatonic: any two sound well together.
_SCALE_HZ = (220.0, 261.63, 293.66, 329.63, 392.0, 440.0, 523.25, 587.33)
_MEASURE_HZ = 8000


class SoundMatch(msgspec.Struct, frozen=True):
    """Where sound was found: ``offset_s`` later in the tune than expected; ``score`` 1 is a perfect fit."""

    offset_s: float
    score: float


def _chord(note: int) -> tuple[float, float]:
    """The two pitches of a note: of 64 chords one that its neighbours do not have."""
    high, low = divmod((note * 2654435761 & 0xFFFFFFFF) >> 26, len(_SCALE_HZ))
    return _SCALE_HZ[high], _SCALE_HZ[low] / 2


@lru_cache(maxsize=64)
def _string(pitch_hz: float, sample_rate_hz: int) -> list[float]:
    """Half a second of a plucked string."""
    return [
        math.sin(math.tau * pitch_hz * time_s) * math.exp(-7 * time_s) * min(1.0, time_s / 0.004)
        for time_s in (index / sample_rate_hz for index in range(round(NOTE_S * sample_rate_hz)))
    ]


@lru_cache(maxsize=8)
def _chirp(sample_rate_hz: int) -> list[float]:
    """The short rise in pitch with which each note starts."""
    low_hz, high_hz = _CHIRP_HZ
    samples = []
    for index in range(round(_CHIRP_S * sample_rate_hz)):
        time_s = index / sample_rate_hz
        phase = math.tau * (low_hz + (high_hz - low_hz) / (2 * _CHIRP_S) * time_s) * time_s
        samples.append(math.sin(phase) * math.sin(math.pi * time_s / _CHIRP_S))
    return samples


@lru_cache(maxsize=256)
def _note(chord: tuple[float, float], sample_rate_hz: int) -> array[int]:
    """Half a second of one chord as 16-bit samples."""
    high, low = (_string(pitch_hz, sample_rate_hz) for pitch_hz in chord)
    samples = array("h", [round(7000 * (one + other)) for one, other in zip(high, low, strict=True)])
    for index, value in enumerate(_chirp(sample_rate_hz)):
        samples[index] += round(14000 * value)
    return samples


def tune(start_s: float, duration_s: float, sample_rate_hz: int, period_s: float | None = None) -> array[int]:
    """16-bit mono samples of the tune from ``start_s``; with ``period_s`` it starts again that often."""
    notes_per_period = None if period_s is None else round(period_s / NOTE_S)
    note_samples = round(NOTE_S * sample_rate_hz)
    note, skip = divmod(round(start_s * sample_rate_hz), note_samples)
    wanted = round(duration_s * sample_rate_hz)
    samples = array("h")
    while len(samples) < wanted + skip:
        turn = note if notes_per_period is None else note % notes_per_period
        samples.extend(_note(_chord(turn), sample_rate_hz))
        note += 1
    return samples[skip : skip + wanted]


def match_sound(
    samples: Sequence[float],
    sample_rate_hz: int,
    expected_s: float,
    *,
    search_s: float = 0.05,
    period_s: float | None = None,
) -> SoundMatch:
    """The seconds by which decoded mono ``samples`` lie later in the tune than ``expected_s``.

    Half a second or more of sound is enough; shifts up to ``search_s`` either way are tried. The answer
    is exact to about 0.1 ms; a ``score`` below 0.9 means that this is not that part of the tune.
    """
    step = max(1, sample_rate_hz // _MEASURE_HZ)
    rate_hz = sample_rate_hz / step
    reach = round(search_s * rate_hz)
    heard = _thin(samples, step)
    start_s = expected_s - reach / rate_hz
    silence = max(0, math.ceil(-start_s * sample_rate_hz))
    known = array("h", bytes(2 * silence))
    known.extend(
        tune(max(0.0, start_s), len(samples) / sample_rate_hz + 2 * reach / rate_hz, sample_rate_hz, period_s)
    )
    model = _thin(known, step)
    heard_power = math.sqrt(sum(value * value for value in heard)) or 1.0
    best = SoundMatch(0.0, -1.0)
    for shift in range(2 * reach + 1):
        piece = model[shift : shift + len(heard)]
        power = math.sqrt(sum(value * value for value in piece)) or 1.0
        score = sum(map(float.__mul__, heard, piece)) / (heard_power * power)
        if score > best.score:
            # The sound fits the tune as it is `shift - reach` samples after the expected place.
            best = SoundMatch((shift - reach) / rate_hz, score)
    return best


def _thin(samples: Sequence[float], step: int) -> list[float]:
    """Means of ``step`` samples each: a lower rate is plenty for the measurement and far quicker."""
    return [
        float(sum(samples[start : start + step])) / step for start in range(0, len(samples) - step + 1, step)
    ]
