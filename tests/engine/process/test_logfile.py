"""The engine's log: bounded, whole, and never in the run's way."""

from __future__ import annotations

import logging
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kinetics_tui.dataset.folder import log_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import ask, is_running
from kinetics_tui.engine.process.logfile import AT_FIRST, KEPT, PATIENCE, LogFile, LogHandler, older_log
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.commands import Stop
from tests.waiting import until

MAX_BYTES = 10_000


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "engine.log"


@pytest.fixture
def descriptor(log: Path) -> Iterator[int]:
    opened = os.open(log, os.O_WRONLY | os.O_CREAT)
    yield opened
    os.close(opened)


@pytest.fixture
def file(log: Path, descriptor: int) -> LogFile:
    return LogFile(log, descriptor=descriptor, max_bytes=MAX_BYTES)


@pytest.fixture
def logger(file: LogFile) -> Iterator[logging.Logger]:
    logger, handler = logging.getLogger("tests.logfile"), LogHandler(file)
    logger.addHandler(handler)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)


def every_log(log: Path) -> list[Path]:
    return sorted(log.parent.glob("engine.log*"))


# -- bounded ---------------------------------------------------------------------------------------


def test_weeks_of_lines_fill_three_files_and_the_newest_lines_are_in_them(log: Path, file: LogFile) -> None:
    for number in range(20_000):
        file.write(f"line {number}")
        if number % 100 == 0:
            file.tend()
    assert every_log(log) == [log, *(older_log(log, number) for number in range(1, KEPT + 1))]
    assert all(path.stat().st_size < 2 * MAX_BYTES for path in every_log(log))
    text = "".join(path.read_text() for path in reversed(every_log(log)))
    numbers = [int(number) for number in re.findall(r"line (\d+)", text)]
    assert numbers == list(range(numbers[0], 20_000))
    assert len(text) > KEPT * MAX_BYTES


def test_the_logs_are_for_the_user_alone(log: Path, file: LogFile) -> None:
    file.write("x" * MAX_BYTES)
    file.tend()
    assert stat.S_IMODE(older_log(log, 1).stat().st_mode) == 0o600


def test_of_a_log_that_grew_for_years_the_end_is_kept(log: Path, file: LogFile) -> None:
    log.write_text("old\n" * 3 * PATIENCE * MAX_BYTES + "the end\n")
    file.tend()
    assert older_log(log, 1).stat().st_size == PATIENCE * MAX_BYTES
    assert older_log(log, 1).read_text().endswith("the end\n")
    assert log.stat().st_size == 0


def test_a_small_log_is_left_alone(log: Path, file: LogFile) -> None:
    file.write("a line")
    file.tend()
    assert every_log(log) == [log]


def test_a_descriptor_that_is_not_the_log_is_left_alone(tmp_path: Path, log: Path) -> None:
    """An engine started by hand writes to a terminal, or to a file of the user's."""
    users = tmp_path / "users.txt"
    log.write_text("x" * 2 * MAX_BYTES)
    with users.open("ab") as opened:
        file = LogFile(log, descriptor=opened.fileno(), max_bytes=MAX_BYTES)
        file.write("x" * 2 * MAX_BYTES)
        file.tend()
    assert every_log(log) == [log]
    assert users.stat().st_size == log.stat().st_size + 1


def test_a_log_that_the_user_took_away_is_not_touched_and_grows_no_further(
    log: Path, descriptor: int, file: LogFile
) -> None:
    file.write("x" * 2 * MAX_BYTES)
    log.unlink()
    log.write_text("the user's own")
    file.tend()
    assert os.fstat(descriptor).st_size == 0
    assert log.read_text() == "the user's own"


# -- whole -----------------------------------------------------------------------------------------

ENGINE = """
import faulthandler, logging, os, subprocess, sys
from pathlib import Path
from kinetics_tui.engine.process.logfile import LogFile, LogHandler
handler = LogHandler(LogFile(Path(sys.argv[1]), max_bytes=10_000))
logging.basicConfig(handlers=[handler])
faulthandler.enable()
say = "import sys; [print(line.strip(), file=sys.stderr, flush=True) for line in sys.stdin]"
child = subprocess.Popen([sys.executable, "-c", say], stdin=subprocess.PIPE, text=True)
for number in range(5):
    handler.tend()
    print("raw", number, "x" * 11_000, file=sys.stderr, flush=True)
logging.warning("all is well")
handler.tend()
child.communicate("a line of the child's")
os.abort()
"""


def test_raw_lines_of_all_processes_and_the_end_of_the_interpreter_are_in_the_log(log: Path) -> None:
    with log.open("ab") as opened:
        done = subprocess.run([sys.executable, "-c", ENGINE, str(log)], stderr=opened, stdout=opened)
    assert done.returncode < 0
    assert log.read_text().startswith("a line of the child's\n")
    assert "Fatal Python error: Aborted" in log.read_text()
    assert "all is well" in older_log(log, 1).read_text()
    assert "raw 4" in older_log(log, 1).read_text()
    assert "raw 3" in older_log(log, 2).read_text()


def test_an_engine_begins_a_new_file_where_the_last_one_left_a_large_one(
    make_ledger: Callable[[list[Clip]], Ledger], tmp_path: Path
) -> None:
    make_ledger([]).close()
    dataset = tmp_path / "set"
    log = log_path(dataset)
    log.write_text("x" * (2 << 20))
    with log.open("ab") as opened:
        engine = subprocess.Popen(
            [sys.executable, "-m", "kinetics_tui.engine", str(dataset)], stdout=opened, stderr=opened
        )
    until(lambda: is_running(dataset))
    ask(dataset, Stop())
    assert engine.wait(60) == 0
    assert older_log(log, 1).read_text().startswith("xxx")
    assert re.fullmatch(r".* serves .*\n.* ends: .*\n", log.read_text())


# -- never in the way ------------------------------------------------------------------------------


def test_a_full_disk_costs_lines_and_nothing_else(tmp_path: Path) -> None:
    """The disk is one that is always full; then there is room again."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    file = LogFile(tmp_path / "engine.log", descriptor=descriptor)
    logger, handler = logging.getLogger("tests.full"), LogHandler(file)
    logger.addHandler(handler)
    logger.warning("one")
    logger.warning("two")
    handler.tend()
    with (tmp_path / "room").open("wb") as room:
        os.dup2(room.fileno(), descriptor)
    logger.warning("three")
    os.close(descriptor)
    logger.removeHandler(handler)
    lost, line = (tmp_path / "room").read_text().splitlines()
    assert lost == "(2 could not be written)"
    assert line.endswith("WARNING three")


def test_a_log_that_cannot_be_copied_grows_a_while_and_is_emptied_then(log: Path, file: LogFile) -> None:
    for number in (1, 2):
        older_log(log, number).mkdir()
        (older_log(log, number) / "in the way").touch()
    file.write("x" * 2 * MAX_BYTES)
    file.tend()
    assert log.stat().st_size == 2 * MAX_BYTES + 1
    file.write("x" * PATIENCE * MAX_BYTES)
    file.tend()
    assert log.stat().st_size == 0


def test_a_line_that_cannot_be_formatted_raises_nothing(log: Path, logger: logging.Logger) -> None:
    logger.warning("worker %d died", "seven")
    assert "a line of tests.logfile cannot be told: TypeError" in log.read_text()


# -- what is in it ---------------------------------------------------------------------------------


def test_repeats_are_told_as_a_number(log: Path, file: LogFile) -> None:
    logger, handler = logging.getLogger("tests.repeats"), LogHandler(file)
    logger.addHandler(handler)
    logger.propagate = False
    for number in range(57 + AT_FIRST):
        logger.warning("worker %d died (%s) with %s", number, "exit code 1", f"clip {number}")
        logger.warning("%s", f"The ledger cannot be written: database {number} is locked.")
    logger.removeHandler(handler)
    handler.close()
    *first, worker, ledger = log.read_text().splitlines()
    assert len(first) == 2 * AT_FIRST
    assert worker.endswith(
        f"worker {56 + AT_FIRST} died (exit code 1) with clip {56 + AT_FIRST} (repeated 57 times)"
    )
    assert ledger.endswith("is locked. (repeated 57 times)")


def test_different_sentences_by_one_call_are_different_kinds(log: Path, logger: logging.Logger) -> None:
    for _ in range(2 * AT_FIRST):
        for sentence in ("The disk is full.", "The ledger is locked."):
            logger.warning("%s", sentence)
    assert log.read_text().count("disk is full") == log.read_text().count("is locked") == AT_FIRST


def test_passwords_in_addresses_are_not_in_it_traceback_or_not(log: Path, logger: logging.Logger) -> None:
    try:
        raise OSError("cannot reach socks5://me:hun@ter2@10.0.0.1:1080")  # noqa: TRY301
    except OSError as error:
        logger.exception("no network: %s", error)  # noqa: TRY401
    assert "hun" not in log.read_text()
    assert "ter2" not in log.read_text()
    assert "socks5://***@10.0.0.1:1080" in log.read_text()
    assert "Traceback" in log.read_text()


def test_names_from_elsewhere_cannot_steer_the_terminal_of_who_reads_it(
    log: Path, logger: logging.Logger
) -> None:
    logger.warning("worker died with %s", "\x1b[2J\x9b31m\r")
    assert re.fullmatch(r"[ -~\n]+", log.read_text())
