"""The command line: what is asked is handed on; what went wrong becomes one sentence and an exit code.

Heavy packages are imported by the commands that need them, so that ``status`` answers at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import platformdirs
import typer

from kinetics_tui import __version__
from kinetics_tui.model.errors import EngineDiedError, EngineError, SettingsError, UserError

if TYPE_CHECKING:
    from kinetics_tui.settings import Settings

SETTLED = 0
OUR_FAULT = 1
BAD_INPUT = 2
CLIPS_LEFT = 3
INTERRUPTED = 130
BROKEN_PIPE = 141
"""As a shell reports a program ended by SIGINT and SIGPIPE."""

DEFAULT_COMMAND = "open"
MANY = ("--annotations", "--split", "--class", "--category")
"""Options that take several values in a row: ``--split val test``."""

DEMO_WORKERS = 4
LEAVING_S = 3.0
"""How long an engine whose run is through takes to leave, where nobody else looks at it."""


def spread(args: Sequence[str]) -> list[str]:
    """``--split val test`` as ``--split val --split test``; only behind the dataset, where it is clear."""
    spreading = ""
    out: list[str] = []
    for number, arg in enumerate(args):
        if arg == "--":
            return [*out, *args[number:]]
        if arg.startswith("-"):
            spreading = arg if arg in MANY else ""
        elif spreading and number >= 2 and args[number - 1] != spreading:
            out.append(spreading)
        out.append(arg)
    return out


app = typer.Typer(
    help="Get the Kinetics human-action datasets onto your disk, live in the terminal.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Dataset = Annotated[Path, typer.Argument(metavar="DATASET", help="The dataset folder.")]
Headless = Annotated[bool, typer.Option("--headless", help="No screen: a line an event, until it ends.")]
Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]
Workers = Annotated[str | None, typer.Option(metavar="N", help="Worker processes, 1 to 64 (16).")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Get the Kinetics human-action datasets onto your disk, live in the terminal."""


@app.command(DEFAULT_COMMAND, hidden=True)
def open_app(dataset: Annotated[Path | None, typer.Argument(metavar="[DATASET]")] = None) -> None:
    """Open the app: the set-up screen where DATASET has no ledger, else the run."""
    from kinetics_tui.engine.prepare import has_ledger

    settings = _settings({})
    if dataset is not None and has_ledger(dataset):
        _run_engine(dataset)
        raise typer.Exit(_look(dataset, settings))
    raise typer.Exit(_set_up(dataset or Path("kinetics"), settings))


@app.command()
def run(
    dataset: Dataset,
    annotations: Annotated[
        list[Path] | None, typer.Option(help="Annotation files (CSV, JSON, tar.gz).")
    ] = None,
    release: Annotated[str | None, typer.Option(help="kinetics-400, -600, -700 or -700-2020.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="Splits: train, val, test (all).")] = None,
    class_: Annotated[list[str] | None, typer.Option("--class", help="Classes by name (all).")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Categories of classes (all).")] = None,
    per_class: Annotated[
        str | None, typer.Option(metavar="N", help="So many clips of each class; none: all.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Which clips --per-class draws (0).")] = None,
    limit: Annotated[str | None, typer.Option(metavar="N", help="At most so many clips; none: all.")] = None,
    workers: Workers = None,
    height: Annotated[
        str | None, typer.Option(metavar="PX", help="Largest source height in pixels (360).")
    ] = None,
    trim: Annotated[str | None, typer.Option(help="exact, or copy: cheap and inexact (exact).")] = None,
    layout: Annotated[
        str | None, typer.Option(help="activitynet, showmax or torchvision (activitynet).")
    ] = None,
    no_audio: Annotated[bool | None, typer.Option("--no-audio/--audio", help="Leave the sound out.")] = None,
    short_side: Annotated[
        str | None, typer.Option(metavar="PX", help="Scale down to this short side in pixels.")
    ] = None,
    pace: Annotated[
        str | None, typer.Option(help="guest (300/h), account (2,000/h), unlimited, or videos an hour.")
    ] = None,
    cooldown: Annotated[str | None, typer.Option(help="Waits after a throttle: 15m,1h,3h,...")] = None,
    retry: Annotated[str | None, typer.Option(help="Waits after a passing failure: 30s,5m,1h.")] = None,
    deadline: Annotated[str | None, typer.Option(help="How long one clip may take (15m).")] = None,
    yt_dlp: Annotated[
        str | None,
        typer.Option("--yt-dlp", help="yt-dlp's own options in one string, for every request."),
    ] = None,
    headless: Headless = False,
    as_json: Json = False,
) -> None:
    """Download the selected clips into DATASET; a run that was stopped goes on where it was."""
    from kinetics_tui.engine.client import is_running
    from kinetics_tui.engine.prepare import prepare

    flags = _given(
        workers=workers,
        height=height,
        trim=trim,
        layout=layout,
        no_audio=no_audio,
        short_side=short_side,
        pace=pace,
        cooldown=cooldown,
        retry=retry,
        deadline=deadline,
        yt_dlp=yt_dlp,
    )
    selection = _selection(
        release=release,
        annotations=annotations,
        splits=split,
        classes=class_,
        categories=category,
        per_class=per_class,
        seed=seed,
        limit=limit,
    )
    if as_json and not headless:
        raise SettingsError("--json goes with --headless: kinetics-tui run DATASET --headless --json.")
    if not headless:
        _require_terminal()
    settings = _settings(flags)
    owner = not is_running(dataset)
    if not owner:
        _adjust(dataset, selection, settings, flags)
    else:
        prepare(
            dataset,
            selection=selection,
            options=settings.options,
            given=settings.given_options,
            load=_load,
            tell=_tell,
        )
        _run_engine(dataset)
    if headless:
        raise typer.Exit(_follow(dataset, as_json=as_json, owner=owner))
    raise typer.Exit(_look(dataset, settings))


@app.command()
def attach(dataset: Dataset, headless: Headless = False, as_json: Json = False) -> None:
    """Look at a run that goes on already, from any terminal."""
    from kinetics_tui.engine.client import require_running

    if not headless:
        _require_terminal()
    require_running(dataset)
    if headless:
        raise typer.Exit(_follow(dataset, as_json=as_json, owner=False))
    raise typer.Exit(_look(dataset, _settings({})))


@app.command()
def status(dataset: Dataset, as_json: Json = False) -> None:
    """Say how far a dataset is, whether an engine runs or not."""
    from kinetics_tui.console import status_json, summary_text
    from kinetics_tui.engine.client import read_state

    state = read_state(dataset)
    typer.echo(json.dumps(status_json(state)) if as_json else summary_text(state))


@app.command()
def pause(
    dataset: Dataset,
    now: Annotated[bool, typer.Option("--now", help="Put the clips in hand back at once.")] = False,
) -> None:
    """Hand out no more clips; says when it is safe to switch networks."""
    from kinetics_tui.console import wait_until_paused
    from kinetics_tui.model.commands import Pause

    _ask(dataset, Pause(now=now))
    typer.echo(wait_until_paused(dataset))


@app.command()
def resume(dataset: Dataset) -> None:
    """Go on after a pause."""
    from kinetics_tui.model.commands import Resume

    _ask(dataset, Resume())
    typer.echo("Resumed.")


@app.command()
def stop(dataset: Dataset) -> None:
    """End the engine; what is left is kept for the next run."""
    from kinetics_tui.engine.client import read_state, wait_until_gone
    from kinetics_tui.model.commands import Stop

    _ask(dataset, Stop())
    if not wait_until_gone(dataset):
        raise EngineError("The engine takes long to end; see status, and engine.log in the dataset.")
    typer.echo(f"Stopped with {read_state(dataset).left:,} clips left.")


@app.command()
def retry(
    dataset: Dataset,
    category: Annotated[
        list[str] | None, typer.Option(help="Failure categories (all that may work another time).")
    ] = None,
) -> None:
    """Make failed clips pending again; a run that goes on takes them up, else the next one does."""
    from kinetics_tui.engine.retry import find_categories, retry_failed

    counts = retry_failed(dataset, find_categories(category or []))
    for name, count in counts.items():
        typer.echo(f"pending again: {count:,} of {name}")


@app.command()
def demo(
    dataset: Annotated[Path | None, typer.Argument(metavar="[DATASET]", help="Where to.")] = None,
    headless: Headless = False,
    as_json: Json = False,
    clips: Annotated[int, typer.Option(min=1, help="How many clips the made-up dataset has.")] = 120,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = DEMO_WORKERS,
) -> None:
    """The whole program at work on a made-up dataset, with a YouTube of its own and no internet."""
    from kinetics_tui.demo.show import open_demo

    if not headless:
        _require_terminal()
    folder = open_demo(dataset, clips=clips, workers=workers, tell=_tell)
    owner = _run_engine(folder)
    if headless:
        raise typer.Exit(_follow(folder, as_json=as_json, owner=owner))
    raise typer.Exit(_look(folder, _settings({})))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check this machine: yt-dlp's age, JS runtime, disk, network, cookies, and the settings in force."""
    from kinetics_tui.doctor import as_json as findings_json
    from kinetics_tui.doctor import as_text, examine

    findings = examine(Path.cwd(), _settings({}))
    typer.echo(findings_json(findings) if as_json else as_text(findings))
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(OUR_FAULT)


# -- between the commands and the parts that do the work ----------------------------------------------


def _tell(line: str) -> None:
    """Progress for people: never on standard output, which belongs to events."""
    typer.echo(line, err=True)


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in (None, [])}


def _selection(annotations: list[Path] | None, **values: object) -> dict[str, object]:
    from kinetics_tui.values import parse_count_or_none

    selection = _given(**values)
    if annotations:
        # The engine and later runs may start from another folder.
        selection["annotations"] = tuple(str(path.absolute()) for path in annotations)
        selection.setdefault("release", "")
    elif "release" in selection:
        from kinetics_tui.annotations.releases import find_release

        selection["release"] = find_release(str(selection["release"])).name
        selection["annotations"] = ()
    for name in ("per_class", "limit"):
        if name in selection:
            selection[name] = parse_count_or_none(str(selection[name]))
    return {name: _names(value) if isinstance(value, list) else value for name, value in selection.items()}


def _names(values: list[str]) -> tuple[str, ...]:
    """Names as given; ``all`` alone takes an earlier choice back."""
    return () if values == ["all"] else tuple(values)


def _settings(flags: Mapping[str, object]) -> Settings:
    from kinetics_tui.settings import load_settings

    return load_settings(flags)


def _require_terminal() -> None:
    from kinetics_tui.tui.terminal import check_terminal

    check_terminal()


def _ask(dataset: Path, command: Any) -> None:
    from kinetics_tui.engine.client import ask

    asyncio.run(ask(dataset, command))


def _load(selection: Any) -> Any:
    from kinetics_tui.annotations.obtain import obtain_annotations
    from kinetics_tui.settings import default_cache_dir

    return obtain_annotations(selection, default_cache_dir(), _tell)


def _run_engine(dataset: Path) -> bool:
    """Start an engine unless one runs. True where this command is the one that started it."""
    from kinetics_tui.engine.client import is_running, start_engine

    if is_running(dataset):
        return False
    start_engine(dataset)
    return True


def _adjust(
    dataset: Path, selection: Mapping[str, object], settings: Settings, flags: Mapping[str, object]
) -> None:
    """Change what can be changed while the engine runs."""
    from kinetics_tui.model.commands import SetPace, SetWorkers

    fixed = [*selection, *(name for name in flags if name not in ("workers", "pace"))]
    if fixed:
        raise SettingsError(
            f"The run on {dataset} is under way and its {fixed[0].replace('_', ' ')} cannot be changed now: "
            f"kinetics-tui stop {dataset} first."
        )
    if "workers" in flags:
        _ask(dataset, SetWorkers(workers=settings.options.workers))
    if "pace" in flags:
        _ask(dataset, SetPace(per_hour=settings.options.pace_per_hour))


def _theme(settings: Settings) -> str | None:
    from kinetics_tui.settings import Theme
    from kinetics_tui.tui.themes import KINETICS_ANSI, KINETICS_DARK

    names = {Theme.DARK: KINETICS_DARK.name, Theme.ANSI: KINETICS_ANSI.name}
    return names.get(settings.theme)


def _follow(dataset: Path, *, as_json: bool, owner: bool) -> int:
    from kinetics_tui.console import follow
    from kinetics_tui.engine.client import EngineClient, wait_until_gone

    try:
        state = asyncio.run(follow(EngineClient(dataset), as_json=as_json, owner=owner))
    except BrokenPipeError:
        # Whoever read has read enough. Nothing is left to be flushed into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return BROKEN_PIPE
    # Whoever runs the next command at once should not meet the engine on its way out.
    wait_until_gone(dataset, within_s=LEAVING_S)
    return CLIPS_LEFT if state.left else SETTLED


def _look(dataset: Path, settings: Settings) -> int:
    from kinetics_tui.engine.client import EngineClient
    from kinetics_tui.tui.app import KineticsApp, run_app

    app = KineticsApp(EngineClient(dataset), refresh_hz=settings.refresh_hz, theme=_theme(settings))
    return run_app(app, mouse=settings.mouse)


def _set_up(dataset: Path, settings: Settings) -> int:
    from kinetics_tui.engine.client import EngineClient
    from kinetics_tui.engine.prepare import create, has_ledger
    from kinetics_tui.model.options import Selection
    from kinetics_tui.settings import default_cache_dir
    from kinetics_tui.tui.app import KineticsApp, run_app
    from kinetics_tui.tui.library import PublishedLibrary
    from kinetics_tui.tui.plan import Plan
    from kinetics_tui.tui.screens.setup import SetupScreen

    def begin(plan: Plan) -> EngineClient:
        if not has_ledger(plan.dataset):
            create(plan.dataset, plan.selection, plan.options, plan.clips or ())
        _run_engine(plan.dataset)
        return EngineClient(plan.dataset)

    async def start(plan: Plan) -> EngineClient:
        return await asyncio.to_thread(begin, plan)

    def setup(plan: Plan | None) -> SetupScreen:
        # Shown again after a start that failed, it stands as it was left.
        asked = plan or Plan(dataset, Selection(), settings.options, None)
        return SetupScreen(asked.dataset, asked.options, asked.selection, library=library)

    library = PublishedLibrary(default_cache_dir())
    app = KineticsApp(
        None,
        setup=setup,
        start=start,
        refresh_hz=settings.refresh_hz,
        theme=_theme(settings),
    )
    return run_app(app, mouse=settings.mouse)


def completed(args: Sequence[str]) -> list[str]:
    """The command line with what people leave out: ``DATASET`` alone opens the app on it."""
    commands = {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    if not args or (args[0] not in commands and not args[0].startswith("-")):
        args = [DEFAULT_COMMAND, *args]
    return spread(args) if len(args) > 1 and not args[1].startswith("-") else list(args)


def run_command(args: Sequence[str]) -> int:
    """Carry out a command line; the exit code."""
    try:
        code = app(args=completed(args), prog_name="kinetics-tui", standalone_mode=False)
    except typer.TyperException as error:
        said = error.format_message().rstrip(".")
        _tell(f"kinetics-tui: {said}. See kinetics-tui --help.")
        return BAD_INPUT
    except UserError as error:
        _tell(f"kinetics-tui: {error}")
        return BAD_INPUT
    except EngineDiedError as error:
        _tell(f"kinetics-tui: {error}")
        return OUR_FAULT
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 -- the last resort: nobody should see a traceback
        return _own_up(error)
    return code if isinstance(code, int) else SETTLED


def _own_up(error: Exception) -> int:
    """A fault of ours: one sentence for the user, the trace into a file for whoever mends it."""
    folder = platformdirs.user_log_path("kinetics-tui", ensure_exists=True)
    path = folder / time.strftime("crash-%Y%m%d-%H%M%S.log")
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    _tell(f"kinetics-tui failed through a fault of its own ({type(error).__name__}); please report {path}.")
    return OUR_FAULT
