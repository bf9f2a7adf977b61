"""Pieces of a file, joined."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.media.fetch.ranges_fetch import SparseBytes

FILE = bytes(number * 7 % 251 for number in range(200))
spans = st.tuples(st.integers(0, 199), st.integers(0, 60))


@given(st.lists(spans), spans)
def test_what_was_added_can_be_read_and_the_rest_is_missing(
    added: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    sparse, known = SparseBytes(), set[int]()
    for start, length in added:
        piece = FILE[start : start + length]
        sparse.add(start, piece)
        known |= set(range(start, start + len(piece)))
    start, length = asked
    missing = {at for begin, end in sparse.missing(start, start + length) for at in range(begin, end)}
    assert missing == set(range(start, start + length)) - known
    data = sparse.read(start, length)
    assert data == FILE[start : start + len(data)]
    assert len(data) == length or start + len(data) not in known


def test_neighbours_in_any_order_are_read_in_one() -> None:
    sparse = SparseBytes()
    for start in (50, 0, 25, 75):
        sparse.add(start, FILE[start : start + 25])
    assert sparse.read(0, 100) == FILE[:100]


def test_what_is_known_is_not_overwritten() -> None:
    sparse = SparseBytes()
    sparse.add(10, b"known")
    sparse.add(8, b"xxXXXXXxx")
    assert sparse.read(8, 9) == b"xxknownxx"
