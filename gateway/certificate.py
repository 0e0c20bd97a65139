"""The certificate of the SMTP listeners: two PEM files, read again when they have changed.

Whoever renews a certificate need not tell this server, nor end the conversations that run.
"""

import ssl
from pathlib import Path
from typing import Any, Final, Self

import structlog

from gateway.config import Settings, SettingsError

_log = structlog.get_logger(__name__)

HANDSHAKE_S: Final = 30.0


class Certificate:
    """What a TLS handshake needs. ``context`` stays the same; what it offers is what the files hold."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Read the files; raises OSError (ssl.SSLError among them) where they cannot be used."""
        self._files = (chain, key)
        self._current = self._read()
        self._seen = self._state()
        self.context = self._read()
        # asked at each handshake, also by clients that name no host
        self.context.sni_callback = self._choose

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The one that the settings name, None where they name none; raises SettingsError."""
        if not settings.smtp_tls_certificate:
            _refuse_half(settings)
            return None
        chain = Path(settings.smtp_tls_certificate)
        try:
            return cls(chain, Path(settings.smtp_tls_key) if settings.smtp_tls_key else chain)
        except OSError as error:
            problem = f"smtp_tls_certificate and smtp_tls_key cannot be used: {error}"
            raise SettingsError([problem]) from error

    def reload(self) -> None:
        """Read the files again; where they cannot be used, such as half-way through a renewal, the old ones stay."""
        try:
            self._seen = self._state()
            self._current = self._read()
        except OSError as error:
            _log.warning("certificate not read, the one before stays", reason=str(error))
        else:
            _log.info("certificate read again")

    def _choose(self, connection: ssl.SSLObject, _host: str | None, _front: ssl.SSLContext) -> None:
        if self._state() != self._seen:
            self.reload()
        connection.context = self._current

    def _read(self) -> ssl.SSLContext:
        chain, key = self._files
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        # a key under a password would ask for it on the terminal
        context.load_cert_chain(chain, key, password="")
        return context

    def _state(self) -> tuple[Any, ...]:
        return tuple(_fingerprint(each) for each in self._files)


def _refuse_half(settings: Settings) -> None:
    for name in ("smtps_port", "smtp_tls_key"):
        if getattr(settings, name) not in {None, ""}:
            raise SettingsError([f"smtp_tls_certificate is needed, because {name} is set"])


def _fingerprint(file: Path) -> tuple[int, ...]:
    try:
        told = file.stat()
    except OSError:
        return ()
    return told.st_mtime_ns, told.st_size, told.st_ino
