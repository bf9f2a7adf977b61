"""The readers that a dataset can be exported for. A further one is a form of its own and a line here."""

from __future__ import annotations

from kinetics_tui.annotations.names import unknown_name
from kinetics_tui.dataset.export.form import Form
from kinetics_tui.dataset.export.lists import Mmaction2, Slowfast
from kinetics_tui.dataset.export.shards import Webdataset
from kinetics_tui.dataset.export.tables import Csv, Parquet
from kinetics_tui.dataset.export.trees import Fiftyone, Torchvision

READERS: dict[str, type[Form]] = {
    "torchvision": Torchvision,
    "mmaction2": Mmaction2,
    "slowfast": Slowfast,
    "pytorchvideo": Slowfast,
    "fiftyone": Fiftyone,
    "csv": Csv,
    "parquet": Parquet,
    "webdataset": Webdataset,
}


def form_of(reader: str) -> type[Form]:
    """The form of a reader's export. Raises AnnotationError, with the nearest names, where there is none."""
    try:
        return READERS[reader.strip().casefold()]
    except KeyError:
        raise unknown_name("reader", reader, READERS) from None
