"""Acts of several commands on a dataset.

Start its engine, tell it something, fetch what it is made from.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kinetics_tui.annotations.fetch import Opener, Stream, obtain_annotations
from kinetics_tui.annotations.read import Annotations
from kinetics_tui.base.errors import SettingsError, UserError
from kinetics_tui.base.machine import cache_folder
from kinetics_tui.base.words import bytes_text, counted
from kinetics_tui.dataset.folder import has_demo, has_ledger
from kinetics_tui.dataset.ledger.archives import ArchiveRow
from kinetics_tui.engine.client.ask import ask, is_running, read_state, require_running, wait_until_gone
from kinetics_tui.engine.client.start import start_engine
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.commands import AddNetwork, Resume, SetPace, SetWorkers, Stop
from kinetics_tui.model.options import NamedWay, Options, Selection
from kinetics_tui.model.reasons import Why
from kinetics_tui.settings.settings import Settings

Tell = Callable[[str], None]


def run_engine(
    dataset: Path,
    networks: Mapping[str, NamedWay],
    tell: Tell,
    making: Callable[[int, int], object] = lambda _made, _of: None,
) -> bool:
    """Start an engine unless one runs, and have it know these networks. True where it was started here.

    One of a demo gets its YouTube first, and ``making`` is told how many seconds of how many of its videos
    are made. Raises ``EngineError`` where one of another version runs.
    """
    started = not is_running(dataset)
    if started and has_demo(dataset):
        _start_demo(dataset, making)
    elif started:
        start_engine(dataset)
    else:
        require_running(dataset)
    make_known(dataset, networks, tell)
    return started


def _start_demo(dataset: Path, making: Callable[[int, int], object]) -> None:
    from kinetics_tui.demo.show import is_demo, serve_demo  # few have one

    server = serve_demo(dataset, making) if is_demo(dataset) else None
    try:
        start_engine(dataset)
    except BaseException:
        if server is not None:
            server.stop()
        raise


def end_unserved(dataset: Path) -> None:
    """End the engine of a demo whose YouTube is gone: another one is found at another address."""
    if has_demo(dataset) and is_running(dataset):
        from kinetics_tui.demo.show import is_demo, is_served

        if is_demo(dataset) and not is_served(dataset):
            ask(dataset, Stop())
            wait_until_gone(dataset)


def make_known(dataset: Path, networks: Mapping[str, NamedWay], tell: Tell) -> None:
    """Have the engine, or where none runs the ledger, know the networks that the settings name.

    Where that cannot be, ``tell`` is told why: it is no reason not to look at the run.
    """
    try:
        if is_running(dataset):
            for name, named in networks.items():
                ask(dataset, AddNetwork(way=named.way, given_as=name, same=named.same))
        elif networks and has_ledger(dataset):
            # It brings yt-dlp with it, which takes a while.
            from kinetics_tui.engine.client.next_run import keep_ways

            keep_ways(dataset, networks)
    except UserError as error:
        tell(str(error))


def ask_again(dataset: Path) -> None:
    """Have a run that is held since YouTube refuses every video ask once more, now."""
    if read_state(dataset).why.why is Why.REFUSED:
        ask(dataset, Resume())


def adjust(
    dataset: Path, selection: Mapping[str, object], settings: Settings, flags: Mapping[str, object]
) -> None:
    """Change what can be changed while the engine runs. Raises SettingsError for the rest."""
    require_running(dataset)
    fixed = [*selection, *(name for name in flags if name not in ("workers", "pace"))]
    if fixed:
        raise SettingsError(
            f"The run on {dataset} is under way and its {fixed[0].replace('_', ' ')} cannot be changed now: "
            f"kinetics-tui stop {dataset} first."
        )
    if "workers" in flags:
        ask(dataset, SetWorkers(workers=settings.options.workers))
    if "pace" in flags:
        ask(dataset, SetPace(per_hour=settings.options.pace_per_hour))


def load_annotations(dataset: Path, settings: Settings, tell: Tell, selection: Selection) -> Annotations:
    """The annotations of a selection, fetched where needed by the network in use."""
    return obtain_annotations(selection, cache_folder(), tell, annotation_opener(dataset, settings))


def find_archives(
    dataset: Path,
    settings: Settings,
    tell: Tell,
    selection: Selection,
    options: Options,
    clips: Sequence[Clip],
) -> Sequence[ArchiveRow]:
    """The archives of clips that are selected; lists of archives are fetched by the network in use."""
    from kinetics_tui.annotations.releases import find_release, release_of
    from kinetics_tui.engine.archives import places
    from kinetics_tui.engine.archives.files import is_remote, size_of

    opener = annotation_opener(dataset, settings)

    @functools.cache
    def annotated(name: str) -> Sequence[Clip]:
        return obtain_annotations(Selection(release=name), cache_folder(), tell, opener).clips

    release = release_of(selection.release)
    others = [find_release(name) for name in release.archives_of] if release else []
    tell("Asking for archives of the clips ...")
    found = places.find_archives(
        release,
        others,
        options.archives,
        clips,
        annotated=lambda one: annotated(one.name),
        opener=opener,
    )
    size_bytes = sum(archive.size_bytes or 0 for archive in found.archives)
    tell(f"{counted(len(found.archives), 'archive')} may hold some, {bytes_text(size_bytes)} in all.")
    fetched = sorted(size_of(archive) for archive in found.archives if is_remote(archive))
    if fetched:
        most_bytes = sum(fetched[-options.archives_at_once :])
        most_bytes = min(most_bytes, int(options.max_disk_bytes or most_bytes))
        tell(f"On their way they take up to {bytes_text(most_bytes)} of the disk beside the clips.")
    for name, why in found.unasked[:3]:
        tell(f"{name} cannot be asked for its size now ({why}).")
    return found.archives


def annotation_opener(dataset: Path, settings: Settings) -> Opener:
    """Opens addresses as a run on this dataset would: by its network, with yt-dlp's options for requests."""

    @functools.cache
    def opener() -> Opener:
        from kinetics_tui.engine.client.next_run import route_of
        from kinetics_tui.media.youtube.open_address import network_opener

        if "yt_dlp" in settings.given_options or not has_ledger(dataset):
            return network_opener(settings.options.yt_dlp, None)
        return network_opener(*route_of(dataset))

    def open_address(url: str) -> tuple[Stream, int | None]:
        try:
            return opener()(url)
        except SettingsError as error:
            # To the fetch it is one more reason why an address does not serve; it may have another.
            raise OSError(str(error)) from error

    return open_address
