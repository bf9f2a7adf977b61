"""The authority of a dataset: what it makes, keeps and renews, and that it shows no key."""

from __future__ import annotations

import importlib.util
import ssl
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from kinetics_tui.base.errors import DatasetError, SettingsError
from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.engine.wire import certificates
from kinetics_tui.engine.wire.certificates import Authority, Credentials, host_context, knock_of
from kinetics_tui.engine.wire.connect_file import ConnectFile


def shakes_hands(engine: ssl.SSLContext, host: ssl.SSLContext) -> bool:
    """True if both sides believe each other; no socket is needed to ask."""
    to_engine, to_host = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        engine.wrap_bio(to_engine, to_host, server_side=True),
        host.wrap_bio(to_host, to_engine, server_side=False),
    ]
    for _ in range(6):
        for side in list(sides):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
            sides.remove(side)
    return not sides


def uses(pem: str) -> list[x509.ObjectIdentifier]:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def engine_pem(dataset: Path) -> Path:
    return state_folder(dataset) / "hosts" / "engine.pem"


def test_engine_and_host_of_one_dataset_believe_each_other(authority: Authority) -> None:
    assert shakes_hands(authority.engine_context(), host_context(authority.issue()))


def test_nobody_believes_another_datasets(authority: Authority, tmp_path: Path) -> None:
    other = Authority.at(tmp_path / "other")
    mine, theirs = authority.issue(), other.issue()
    mixed = mine._replace(certificate=theirs.certificate, key=theirs.key)
    assert not shakes_hands(authority.engine_context(), host_context(theirs))
    assert not shakes_hands(authority.engine_context(), host_context(mixed))
    assert knock_of(host_context(mine)) != knock_of(host_context(theirs))


def test_a_host_cannot_pass_for_the_engine(authority: Authority) -> None:
    host = authority.issue()
    false_engine = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with certificates._as_file(host.certificate) as certificate, certificates._as_file(host.key) as key:
        false_engine.load_cert_chain(certificate, key)
    assert not shakes_hands(false_engine, host_context(authority.issue()))


def test_each_certificate_is_good_for_one_thing(authority: Authority, tmp_path: Path) -> None:
    authority.engine_context()
    assert uses(authority.issue().certificate) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert uses(engine_pem(tmp_path / "set").read_text()) == [ExtendedKeyUsageOID.SERVER_AUTH]
    ca = x509.load_pem_x509_certificate(authority.issue().authority.encode())
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(
        True, 0
    )


def test_only_the_newest_tls_is_spoken(authority: Authority) -> None:
    old = host_context(authority.issue())
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert not shakes_hands(authority.engine_context(), old)


def test_the_authority_is_read_again(authority: Authority, tmp_path: Path) -> None:
    again = Authority.at(tmp_path / "set")
    assert shakes_hands(again.engine_context(), host_context(authority.issue()))


def test_a_renewed_authority_knows_nobody_from_before(authority: Authority, tmp_path: Path) -> None:
    before, engine_before = authority.issue(), authority.engine_context()
    authority.renew()
    assert not shakes_hands(authority.engine_context(), host_context(before))
    assert not shakes_hands(engine_before, host_context(authority.issue()))
    assert shakes_hands(Authority.at(tmp_path / "set").engine_context(), host_context(authority.issue()))


@pytest.mark.parametrize("content", [b"", b"no key", None], ids=["empty", "garbage", "cut"])
def test_an_engines_damaged_certificate_is_made_new(
    content: bytes | None, authority: Authority, tmp_path: Path
) -> None:
    authority.engine_context()
    path = engine_pem(tmp_path / "set")
    path.write_bytes(path.read_bytes()[:300] if content is None else content)
    assert shakes_hands(authority.engine_context(), host_context(authority.issue()))


def test_an_engines_expired_certificate_is_made_new(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(certificates, "ENGINE_LASTS", timedelta(seconds=-60))
        authority.engine_context()
    expired = x509.load_pem_x509_certificate(engine_pem(tmp_path / "set").read_bytes())
    assert expired.not_valid_after_utc < datetime.now(UTC)
    assert shakes_hands(authority.engine_context(), host_context(authority.issue()))


def test_a_damaged_authority_says_what_to_do(authority: Authority, tmp_path: Path) -> None:
    path = state_folder(tmp_path / "set") / "hosts" / "authority.pem"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(
        DatasetError, match=r"authority\.pem is damaged .*: remove it \(rm .*new connect files"
    ):
        Authority.at(tmp_path / "set")


def test_keys_are_for_the_user_alone(authority: Authority, tmp_path: Path) -> None:
    authority.engine_context()
    folder = state_folder(tmp_path / "set") / "hosts"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"authority.pem": 0o600, "engine.pem": 0o600}


def test_credentials_show_no_key(authority: Authority) -> None:
    credentials = authority.issue()
    assert "PRIVATE KEY" in credentials.key
    shown = f"{credentials} {credentials!r} {[credentials]} {authority!r}"
    assert "PRIVATE KEY" not in shown
    assert not any(line in shown for line in credentials.key.splitlines()[1:])


def test_credentials_that_are_none_are_an_error(authority: Authority) -> None:
    with pytest.raises((ssl.SSLError, ValueError)):
        host_context(Credentials("a", "b", "c", 0.0))


def test_nothing_of_cryptography_is_loaded_where_it_is_not_needed(tmp_path: Path) -> None:
    code = (
        "import sys; import kinetics_tui.engine.wire.reach, kinetics_tui.engine.wire.listener;"
        "from kinetics_tui.engine.wire.connect_file import ConnectFile; from pathlib import Path;"
        "from kinetics_tui.engine.wire.certificates import host_context;"
        "host_context(ConnectFile.read(Path(sys.argv[1])).credentials); print('cryptography' in sys.modules)"
    )
    file = ConnectFile.make(
        title="T", folder="/d", addresses=(), token="", credentials=Authority.at(tmp_path).issue()
    )
    file.write(tmp_path / "c.json")
    command = [sys.executable, "-c", code, str(tmp_path / "c.json")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_without_cryptography_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'kinetics-tui\[cluster\]'"):
        Authority.at(tmp_path / "set")
