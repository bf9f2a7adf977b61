"""JSON between the parts of this program, whatever its texts hold.

A name of a file may be of any bytes. Python holds those that are no UTF-8 as halves of surrogate pairs, which
msgspec neither writes nor reads; where there are any, Python's own JSON does, and they come out the same.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

_T = TypeVar("_T")


def to_json(value: Any) -> bytes:
    """Plain data and structs as one line of JSON."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        import json  # few ever need it

        return json.dumps(msgspec.to_builtins(value, str_keys=True)).encode()


class JsonReader(Generic[_T]):
    """Reads what ``to_json`` has made of values of a type."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._decoder: msgspec.json.Decoder[_T] = msgspec.json.Decoder(kind)

    def decode(self, data: bytes | str) -> _T:
        """The value. Raises ``msgspec.DecodeError`` and ``RecursionError``."""
        try:
            return self._decoder.decode(data)
        except msgspec.DecodeError:
            text = data if isinstance(data, str) else data.decode("utf-8", "replace")
            if "\\ud" not in text:
                raise
            import json

            try:
                found: _T = msgspec.convert(json.loads(text), self._kind, str_keys=True)
            except ValueError as error:  # the msgspec.ValidationError among them
                raise msgspec.DecodeError(str(error)) from error
            return found


def from_json(data: bytes | str, kind: type[_T]) -> _T:
    """A value of a type from what ``to_json`` has made of it. Raises as ``JsonReader.decode`` does."""
    return JsonReader[_T](kind).decode(data)
