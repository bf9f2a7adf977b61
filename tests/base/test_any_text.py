"""JSON between the parts of the program keeps every text as it is."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.base.any_text import JsonReader, to_json


class Path(msgspec.Struct, tag="path"):
    name: str
    counts: dict[int, float] = {}


class Other(msgspec.Struct, tag="other"):
    number: int


@given(st.text(st.characters()), st.dictionaries(st.integers(0, 9), st.floats(allow_nan=False)))
def test_what_is_written_is_read_again(name: str, counts: dict[int, float]) -> None:
    finite = {key: value for key, value in counts.items() if abs(value) < 1e300}
    line = to_json(Path(name, finite))
    assert b"\n" not in line
    assert JsonReader[Path | Other](Path | Other).decode(line) == Path(name, finite)


@pytest.mark.parametrize("line", [b'{"type":"path","name":"\\udcff"', b'{"type":"other","number":"\\udcff"}'])
def test_what_is_none_is_refused_as_ever(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        JsonReader[Path | Other](Path | Other).decode(line)
