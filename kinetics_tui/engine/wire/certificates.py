"""A certificate authority for each dataset: who has a certificate of it may speak with its engine.

The engine's certificate is good for an engine alone, and a host's for a host alone: no host can pass for the
engine. Whoever reads the folder of the authority can let hosts in; it is open to the user alone.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kinetics_tui.base.errors import DatasetError, SettingsError
from kinetics_tui.base.safe_text import HIDDEN, shell_word
from kinetics_tui.base.whole_file import whole_file
from kinetics_tui.dataset.folder import cannot_use, make_hosts_folder

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

YEAR = timedelta(days=365)
AUTHORITY_LASTS = ENGINE_LASTS = 10 * YEAR
HOST_LASTS = YEAR
RENEWED_BEFORE = timedelta(days=60)
"""The engine's certificate is made new so long before it expires: a run may take weeks."""
CLOCKS_DIFFER = timedelta(days=1)
"""A certificate is good from so long ago on: the clock of another machine may be behind."""

KNOCKS = b"kinetics"
"""Every knock begins so, whichever the dataset."""

_AUTHORITY = "authority.pem"
_ENGINE = "engine.pem"


class Credentials(NamedTuple):
    """They let a host in: PEM texts, ``expires_at`` in seconds since 1970. Never shows the key."""

    authority: str
    certificate: str
    key: str
    expires_at: float

    def __repr__(self) -> str:
        return f"Credentials(key={HIDDEN})"


class Authority:
    """The authority of one dataset. Raises SettingsError where ``cryptography`` is not installed."""

    def __init__(self, dataset: Path, pem: bytes) -> None:
        """``pem`` is the authority's key and certificate. Raises ValueError where they are damaged."""
        self._dataset = dataset
        self._key, self._certificate = _read_pair(pem)

    @classmethod
    def at(cls, dataset: Path) -> Authority:
        """The authority of a dataset, which is made where there is none.

        Raises DatasetError where its files cannot be used.
        """
        need_cryptography()
        with _folder_of(dataset) as folder:
            path = folder / _AUTHORITY
            if not path.exists():
                with contextlib.suppress(FileExistsError):  # another program has made it meanwhile
                    _write(path, _new_authority(), replace=False)
            pem = path.read_bytes()
        try:
            authority = cls(dataset, pem)
        except ValueError as error:
            raise DatasetError(
                f"{path} is damaged ({error}): remove it (rm {shell_word(str(path))}), then write new "
                "connect files for all hosts."
            ) from error
        if authority._certificate.not_valid_after_utc <= datetime.now(UTC):
            authority.renew()
        return authority

    def renew(self) -> None:
        """Become a new authority; an engine that has it lets nobody in by an older connect file."""
        with _folder_of(self._dataset) as folder:
            pem = _new_authority()
            _write(folder / _AUTHORITY, pem)
        self._key, self._certificate = _read_pair(pem)

    def engine_context(self) -> ssl.SSLContext:
        """The engine's side: lets those in that have a host's certificate of this authority."""
        context = _context(ssl.PROTOCOL_TLS_SERVER, _pem(self._certificate))
        context.num_tickets = 0  # who comes again shows its certificate again
        with _folder_of(self._dataset) as folder:
            path = folder / _ENGINE
            if not self._is_good(path):
                key, certificate, _ = self._signed("engine", ENGINE_LASTS, server=True)
                _write(path, (key + certificate).encode())
            context.load_cert_chain(path)
        return context

    def issue(self) -> Credentials:
        """New credentials for a host."""
        key, certificate, expires = self._signed("host", HOST_LASTS, server=False)
        return Credentials(_pem(self._certificate), certificate, key, expires.timestamp())

    def _is_good(self, path: Path) -> bool:
        """True if the engine's key and certificate there are of this authority, and last for a while."""
        from cryptography.exceptions import InvalidSignature

        try:
            _, certificate = _read_pair(path.read_bytes())
            certificate.verify_directly_issued_by(self._certificate)
        except (FileNotFoundError, ValueError, TypeError, InvalidSignature):
            return False
        return certificate.not_valid_after_utc > datetime.now(UTC) + RENEWED_BEFORE

    def _signed(self, what: str, lasts: timedelta, *, server: bool) -> tuple[str, str, datetime]:
        """A new key and its certificate, and when that expires: an engine's, or a host's."""
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.x509.oid import ExtendedKeyUsageOID

        key = _new_key()
        expires = min(datetime.now(UTC) + lasts, self._certificate.not_valid_after_utc)
        use = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(what, key, expires, authority=False)
            .issuer_name(self._certificate.subject)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=True)
            .add_extension(identifier, critical=False)
        )
        return _key_pem(key), _pem(builder.sign(self._key, SHA256())), expires


def host_context(credentials: Credentials) -> ssl.SSLContext:
    """A host's side: believes an engine of that authority, and nobody else. Needs no ``cryptography``.

    Raises ssl.SSLError or ValueError where they are no credentials.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the engine's machine may be called anything; the authority counts
    _restrict(context, credentials.authority)
    with _as_file(credentials.certificate) as certificate, _as_file(credentials.key) as key:
        context.load_cert_chain(certificate, key)
    return context


def knock_of(context: ssl.SSLContext) -> bytes:
    """The first bytes that a host says, so that the engine need not bother with anybody else.

    It is no secret worth keeping: it goes over the network as it is. The certificates are what counts.
    """
    (authority,) = context.get_ca_certs(binary_form=True)
    return KNOCKS + sha256(authority).digest()[:24]


def _context(protocol: int, authority: str) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    _restrict(context, authority)
    return context


def _restrict(context: ssl.SSLContext, authority: str) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority)


@contextlib.contextmanager
def _as_file(text: str) -> Iterator[str]:
    """A path at which ``text`` may be read once; it is never on a disk."""
    read_end, write_end = os.pipe()
    try:
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(text.encode())  # far less than a pipe holds
        yield f"/dev/fd/{read_end}"
    finally:
        os.close(read_end)


def need_cryptography() -> None:
    """Raise SettingsError where no certificates can be made."""
    if importlib.util.find_spec("cryptography") is None:
        raise SettingsError(
            "Hosts are let in with certificates made by cryptography, which is not installed: "
            "pip install 'kinetics-tui[cluster]' here, or run without hosts (--listen none)."
        )


@contextlib.contextmanager
def _folder_of(dataset: Path) -> Iterator[Path]:
    """The folder of the authority, which is made; whatever fails in the block is one DatasetError."""
    try:
        yield make_hosts_folder(dataset)
    except ssl.SSLError:
        raise
    except OSError as error:
        raise DatasetError(cannot_use(dataset, error)) from error


def _write(path: Path, content: bytes, *, replace: bool = True) -> None:
    with whole_file(path, mode=0o600, replace=replace) as making:
        making.write_bytes(content)


def _new_authority() -> bytes:
    """The key and the certificate of a new authority."""
    from cryptography.hazmat.primitives.hashes import SHA256

    key = _new_key()
    builder = _builder("authority", key, datetime.now(UTC) + AUTHORITY_LASTS, authority=True)
    certificate = builder.issuer_name(_name("authority")).sign(key, SHA256())
    return (_key_pem(key) + _pem(certificate)).encode()


def _builder(
    what: str, key: EllipticCurvePrivateKey, expires: datetime, *, authority: bool
) -> x509.CertificateBuilder:
    """The part that all certificates have in common; the issuer's name is still to come."""
    from cryptography import x509

    signs = dict.fromkeys(("key_cert_sign", "crl_sign"), authority)
    never = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    usage = x509.KeyUsage(
        digital_signature=not authority,
        encipher_only=False,
        decipher_only=False,
        **signs,
        **dict.fromkeys(never, False),
    )
    return (
        x509.CertificateBuilder()
        .subject_name(_name(what))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - CLOCKS_DIFFER)
        .not_valid_after(expires)
        .add_extension(x509.BasicConstraints(authority, 0 if authority else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(what: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Kinetics TUI {what}")])


def _new_key() -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _read_pair(pem: bytes) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
    """A key and its certificate. Raises ValueError where they are damaged."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem, None)
    certificate = x509.load_pem_x509_certificate(pem)
    if not isinstance(key, EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        raise ValueError("the certificate is of another key")
    return key, certificate


def _key_pem(key: EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()
