"""Notices: they arrive, hold nothing up, and their addresses stay secret."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.programs import python_program
from kinetics_tui.engine.run import notify
from kinetics_tui.engine.run.notify import PROGRAM, Notifier, check_urls
from kinetics_tui.model.events import Notice, NoticeKind
from tests.children import children_running
from tests.receiver import Receiver

NOTICE = Notice(1_700_000_000.0, NoticeKind.THROTTLED, "YouTube throttles wlan0: <Session limit>.")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Receiver() as receiver:
        yield receiver


async def test_a_notice_arrives_at_every_address(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier((receiver.url, receiver.url), "Kinetics-400")
    notifier.notify(NOTICE)
    await notifier.close()
    assert [(entry["title"], entry["message"]) for entry in receiver.received] == [
        ("Kinetics-400", NOTICE.text)
    ] * 2
    assert caplog.records == []


async def test_without_addresses_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    notifier = Notifier((), "Kinetics-400")
    notifier.notify(NOTICE)
    await notifier.close()


async def test_a_service_that_refuses_is_a_line_in_the_log_without_its_address(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 500
    notifier = Notifier((receiver.url, "xml://me:secret@127.0.0.1:9/topic"), "Kinetics-400")
    notifier.notify(NOTICE)
    await notifier.close()
    assert [record.message for record in caplog.records] == ["a notice could not be sent by json, xml"]


async def test_only_the_service_that_refused_is_named(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier((receiver.url, "xml://me:secret@127.0.0.1:9/topic"), "Kinetics-400")
    notifier.notify(NOTICE)
    await notifier.close()
    assert [record.message for record in caplog.records] == ["a notice could not be sent by xml"]


async def test_a_program_that_cannot_be_started_does_not_fail_the_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sys.executable", "/no/such/python")
    notifier = Notifier(("json://me:secret@host/topic",), "Kinetics-400")
    notifier.notify(NOTICE)
    await notifier.close()
    assert [record.message for record in caplog.records] == [
        "a notice could not be sent: No such file or directory"
    ]


async def test_a_service_that_does_not_answer_is_given_up(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.gate.clear()
    monkeypatch.setattr(notify, "SEND_WITHIN_S", 0.1)
    notifier = Notifier((receiver.url,), "Kinetics-400")
    notifier.notify(NOTICE)
    await notifier.close()
    assert [record.message for record in caplog.records] == [
        "a notice was given up: it took longer than 0 s to send"
    ]


async def test_closing_does_not_wait_for_ever(receiver: Receiver) -> None:
    receiver.gate.clear()
    notifier = Notifier((receiver.url,), "Kinetics-400")
    notifier.notify(NOTICE)
    await notifier.close(within_s=0.1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_many_notices_take_their_turn_and_none_is_lost(receiver: Receiver) -> None:
    receiver.gate.clear()
    notifier = Notifier((receiver.url,), "Kinetics-400")
    for _ in range(notify.AT_ONCE + 2):
        notifier.notify(NOTICE)
    for _ in range(notify.AT_ONCE):
        assert await asyncio.to_thread(receiver.asked.acquire, timeout=30)
    assert len(children_running(PROGRAM)) == notify.AT_ONCE
    receiver.gate.set()
    await notifier.close(within_s=60)
    assert len(receiver.received) == notify.AT_ONCE + 2


@pytest.mark.parametrize(
    "asked",
    [
        {"urls": ["json://me:secret@127.0.0.1:9/topic"], "title": "t", "text": "x"},
        {"urls": ["nosuch://me:secret@host"], "title": "t", "text": "x"},
        {"urls": ["json://me:secret@host"], "title": "t"},
    ],
)
def test_the_program_exits_1_and_prints_nothing_secret(asked: dict[str, object]) -> None:
    command, environment = python_program(PROGRAM)
    done = subprocess.run(
        command, env=environment, input=json.dumps(asked), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "secret" not in done.stdout + done.stderr
    assert "host" not in done.stdout + done.stderr


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what Apprise's services import
def test_an_address_that_apprise_cannot_use_is_named_by_its_scheme_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check_urls(("json://me:secret@host/topic",))
    with pytest.raises(SettingsError, match=r"cannot use address 2 \(nosuch://\*\*\*\)") as caught:
        check_urls(("json://me:secret@host/topic", "nosuch://me:secret@host"))
    assert "secret" not in str(caught.value) + caplog.text


def test_without_apprise_the_way_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'kinetics-tui\[notify\]'") as caught:
        check_urls(("json://me:secret@host/topic",))
    assert "secret" not in str(caught.value)


def test_the_engine_process_never_imports_apprise(receiver: Receiver) -> None:
    code = (
        "import asyncio, sys\n"
        "from kinetics_tui.engine.run.notify import Notifier\n"
        "from kinetics_tui.model.events import Notice, NoticeKind\n"
        "async def main():\n"
        "    notifier = Notifier((sys.argv[1],), 't')\n"
        "    notifier.notify(Notice(0.0, NoticeKind.DONE, 'x'))\n"
        "    await notifier.close()\n"
        "asyncio.run(main()); print('apprise' in sys.modules)"
    )
    command, environment = python_program("this")
    command[command.index("-m") :] = ["-c", code, receiver.url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
    assert len(receiver.received) == 1
