"""A sound from which the position in time can be measured.

Each half second a chord is plucked, chosen by the number of the half second, so that neighbours differ.
It starts with a short chirp: correlating a stretch of decoded sound with the tune shows where in time
it lies, to a fraction of a millisecond.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from functools import lru_cache

import msgspec

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
    """16-bit mono samples of the tune from ``start_s``; with ``period_s`` it starts anew that often."""
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
    """How much later than ``expected_s`` in the tune decoded mono ``samples`` really lie.

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
