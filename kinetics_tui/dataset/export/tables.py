"""Tables of the clips for whoever reads them on his own; the files stay where they are."""

from __future__ import annotations

import contextlib
from operator import attrgetter
from typing import Any, BinaryIO

from kinetics_tui.annotations.row_rules import write_row
from kinetics_tui.base.errors import DatasetError, SettingsError
from kinetics_tui.dataset.export.clip_files import Placed
from kinetics_tui.dataset.export.exporter import Form, Item

ROWS_AT_A_TIME = 10_000

COLUMNS = {
    "path": "string",
    "split": "string",
    "label": "string",
    "index": "int32",
    "youtube_id": "string",
    "time_start": "float64",
    "time_end": "float64",
    "size_bytes": "int64",
    "duration_s": "float64",
    "width_px": "int32",
    "height_px": "int32",
    "fps": "float64",
    "sound": "bool",
    "short": "bool",
    "exact": "bool",
}
"""The columns with their types in Parquet. What was not recorded of a clip is empty."""
_FIGURES = "duration_s", "width_px", "height_px", "fps", "sound", "short", "exact"
_figures_of = attrgetter(*_FIGURES)


def row_of(item: Item) -> tuple[Any, ...]:
    """A clip in the order of ``COLUMNS``. Raises ``DatasetError`` where no table can hold its path."""
    clip, made, path = item.clip, item.holding.made, str(item.source.path)
    try:
        path.encode()
    except UnicodeEncodeError:
        raise DatasetError(
            f"A table cannot hold the path {path}, which is not in UTF-8: rename the folder, or export for a "
            "reader of folders, such as torchvision."
        ) from None
    return (
        path,
        clip.split,
        clip.label,
        item.number,
        clip.youtube_id,
        clip.time_start,
        clip.time_end,
        item.source.about.st_size,
        *(_figures_of(made) if made else (None,) * len(_FIGURES)),
    )


class Csv(Form):
    """``clips.csv``, a row a clip."""

    links = False

    def add(self, item: Item) -> Placed:
        write_row(self.list_of("clips.csv", header=tuple(COLUMNS)), row_of(item))
        return Placed.ADDED

    def finish(self) -> list[str]:
        self.list_of("clips.csv", header=tuple(COLUMNS))  # also where there is no clip yet
        return super().finish()


class Parquet(Form):
    """``clips.parquet``, a row a clip. Raises SettingsError where pyarrow is not installed."""

    links = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise SettingsError(
                "Parquet is written with pyarrow, which is not installed: pip install 'kinetics-tui[export]'."
            ) from None
        self._arrow: Any = pyarrow
        self._schema = pyarrow.schema(list(COLUMNS.items()))
        self._rows: list[tuple[Any, ...]] = []
        self._writer: Any = None

    def __enter__(self) -> Parquet:
        file: BinaryIO = self._stack.enter_context(self.target.table("clips.parquet"))
        self._writer = self._arrow.parquet.ParquetWriter(file, self._schema)
        # Closed once only: where the export fails, what is left to be written no longer matters.
        self._stack.push(self._give_up)
        return self

    def add(self, item: Item) -> Placed:
        self._rows.append(row_of(item))
        if len(self._rows) >= ROWS_AT_A_TIME:
            self._write()
        return Placed.ADDED

    def finish(self) -> list[str]:
        self._write()
        self._writer.close()
        return super().finish()

    def _write(self) -> None:
        columns = list(zip(*self._rows, strict=True)) or [()] * len(COLUMNS)
        arrays = [
            self._arrow.array(column, type=field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()

    def _give_up(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            with contextlib.suppress(OSError):
                self._writer.close()
