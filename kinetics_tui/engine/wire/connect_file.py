"""Connect files: all that a host needs to reach an engine and to be let in. Who has one is let in."""

from __future__ import annotations

import ipaddress
import re
import socket
import stat
import sys
import time
from hashlib import sha256
from pathlib import Path

import msgspec

from kinetics_tui.base.any_text import from_json, to_json
from kinetics_tui.base.errors import SettingsError, UserError
from kinetics_tui.base.safe_text import HIDDEN, shell_word
from kinetics_tui.base.whole_file import whole_file
from kinetics_tui.engine.networks.addresses import addresses, default_route_address
from kinetics_tui.engine.wire.certificates import Credentials
from kinetics_tui.model.network import Family, family_of

DEFAULT_PORT = 7300
STANDARD_INPUT = Path("-")
MAX_FILE_BYTES = 65536
VERSION = 1
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - the user says where an engine listens
"""Addresses to listen at that stand for all of the machine."""

_OWN_ALONE = ("docker", "br-", "virbr", "podman", "cni", "vmnet")
"""Interfaces named so lead to containers and virtual machines on the machine itself."""
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)


class _AnyVersion(msgspec.Struct):
    """The part that connect files of every version have."""

    version: int


class ConnectFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a host is given. ``folder`` is the dataset's on the engine's machine. Never shows the key."""

    version: int = VERSION
    title: str
    folder: str
    addresses: tuple[str, ...]
    """``host:port`` each, an IPv6 address in brackets; the likeliest first."""
    token: str
    expires_at: float
    authority: str
    certificate: str
    key: str
    seal: str = ""

    @classmethod
    def make(
        cls, *, title: str, folder: str, addresses: tuple[str, ...], token: str, credentials: Credentials
    ) -> ConnectFile:
        """A sealed one."""
        file = cls(title=title, folder=folder, addresses=addresses, token=token, **credentials._asdict())
        return msgspec.structs.replace(file, seal=file._seal())

    @classmethod
    def read(cls, path: Path) -> ConnectFile:
        """Read one, at ``-`` from standard input. Raises UserError, one sentence, where it cannot be used."""
        name = "standard input" if path == STANDARD_INPUT else str(path)
        try:
            text = _read(path)
        except OSError as error:
            raise UserError(
                f"{name} cannot be read ({error.strerror}): give a connect file; {new_file()}."
            ) from error
        file = cls._from_text(text, name)
        _check_private(path)
        return file

    @classmethod
    def _from_text(cls, text: bytes, name: str) -> ConnectFile:
        try:
            version = from_json(text, _AnyVersion).version
        except (ValueError, RecursionError):
            raise UserError(f"{name} is no connect file, or cut off: {new_file()}.") from None
        if version > VERSION:
            raise UserError(
                f"{name} is of a newer version of Kinetics TUI than this one: install that version here "
                "(pip install --upgrade kinetics-tui)."
            )
        try:
            file = from_json(text, cls)
        except (ValueError, RecursionError):
            raise UserError(f"{name} was edited, or is damaged: {new_file()}.") from None
        if file.seal != file._seal():
            raise UserError(f"{name} was edited, or is damaged: {new_file(file.folder)}.")
        if file.expires_at <= time.time():
            raise UserError(f"The certificate in {name} has expired: {new_file(file.folder)}.")
        return file

    def text(self) -> str:
        """The content of the file."""
        return to_json(self).decode() + "\n"

    def write(self, path: Path) -> None:
        """Write it whole, for the user alone to read; a device or a pipe is written to. Raises UserError."""
        content = self.text().encode()
        try:
            if path.exists() and not path.is_file():
                path.write_bytes(content)
                return
            with whole_file(path, mode=0o600) as making:
                making.write_bytes(content)
        except OSError as error:
            raise UserError(f"{path} cannot be written ({error.strerror}): choose another file.") from error

    @property
    def credentials(self) -> Credentials:
        """The part that lets the host in."""
        return Credentials(self.authority, self.certificate, self.key, self.expires_at)

    def _seal(self) -> str:
        return sha256(to_json(msgspec.structs.replace(self, seal=""))).hexdigest()

    def __repr__(self) -> str:
        return f"ConnectFile(title={self.title!r}, addresses={self.addresses!r}, key={HIDDEN})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return [("title", self.title), ("key", HIDDEN)]


def parse_listen(text: str) -> tuple[str, int]:
    """Address and port of ``ADDRESS[:PORT]``. Raises SettingsError.

    ``:PORT`` is every address of the machine; the address is empty then.
    """
    address, port = text.strip(), str(DEFAULT_PORT)
    if not _is_ipv6(address):
        before, colon, after = address.rpartition(":")
        if colon and not address.endswith("]"):
            address, port = before, after
        if address.startswith("[") and address.endswith("]") and _is_ipv6(address[1:-1]):
            address = address[1:-1]
        elif not (_is_ipv4(address) or _NAME.fullmatch(address) or (colon and not address)):
            raise SettingsError(_not_listened(text))
    if not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        raise SettingsError(_not_listened(text))
    return address, int(port)


def address_text(address: str, port: int) -> str:
    """``host:port``, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def own_addresses(listen: str, port: int) -> list[str]:
    """Where hosts may reach an engine that listens at ``listen``; the likeliest first.

    For a ``listen`` that stands for all of the machine: its addresses in the network, and its name.
    """
    if listen not in EVERYWHERE:
        return [address_text(listen, port)]
    families = (Family.IPV4,) if listen == "0.0.0.0" else (Family.IPV4, Family.IPV6)  # noqa: S104
    here = [
        address
        for interface, address, usable in addresses()
        if usable and not interface.startswith(_OWN_ALONE)
    ]
    found = [address for family in families for address in here if family_of(address) is family]
    default = [address for family in families if (address := default_route_address(family)) in found]
    names = [name for name in (socket.gethostname(),) if name and name != "localhost"]
    return [address_text(address, port) for address in dict.fromkeys([*default, *found, *names])]


def _read(path: Path) -> bytes:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _check_private(path: Path) -> None:
    if path == STANDARD_INPUT:
        return
    mode = path.stat().st_mode
    if stat.S_ISREG(mode) and mode & 0o077:
        word = shell_word(str(path))
        raise UserError(
            f"{path} holds a key and other users may read it: chmod 600 {word} (where that changes "
            f"nothing, give it by standard input: --connect - < {word})."
        )


def new_file(folder: str = "") -> str:
    """The remedy where a connect file is of no use."""
    dataset = shell_word(folder) if folder else "DATASET"
    return f"on the engine's machine, write a new one with `kinetics-tui hosts {dataset} --connect-file FILE`"


def _not_listened(text: str) -> str:
    return (
        f"{text!r} is no address to listen at: give ADDRESS[:PORT], such as 192.168.1.5 or "
        f"[fd00::5]:{DEFAULT_PORT}, or :{DEFAULT_PORT} for every address of this machine."
    )


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
