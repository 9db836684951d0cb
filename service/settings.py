"""Every setting of an installation, in one place.

Settings are environment variables. `DOCUMENTED` is what `--help`, the README and the tests
read; `load` stops the start with the variable's name and what is expected of it.
"""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

DOCUMENTED: Final[Mapping[str, str]] = {
    "RESGUARDO_DATABASE_URL": (
        "postgresql://… of the service's role, which may not change or delete journal rows"
    ),
    "RESGUARDO_OWNER_DATABASE_URL": "postgresql://… of the tables' owner; used by `migrate` alone",
    "RESGUARDO_KEYS": "folder of the key files that `keys create` wrote once (mode 0700)",
    "RESGUARDO_CHECKPOINTS": (
        "folder outside the database where `worker` signs every hour how long the journal is, and"
        " `journal verify` looks; without it a journal cut short is not noticed"
    ),
    "RESGUARDO_LISTEN": "host:port that `serve` listens on; default 127.0.0.1:8000",
    "RESGUARDO_GATEWAYS_LISTEN": (
        "host:port that `gateways` listens on, for introspection and session check alone; default"
        " 127.0.0.1:8001"
    ),
    "RESGUARDO_PROCESSES": "web processes that one `serve` starts, 1 to 64; default 1",
    "RESGUARDO_CONSOLE_ORIGIN": "https://… origin of the agents' console",
    "RESGUARDO_TRUSTED_PROXIES": (
        "addresses or networks of reverse proxies whose X-Forwarded-For is believed, separated by"
        " commas; default none"
    ),
    "RESGUARDO_SMTP_URL": "smtp://host:port, or smtps://user:password@host:port",
    "RESGUARDO_SMTP_PLAIN": "1 sends mail without TLS: to a mail catcher on the same machine only",
    "RESGUARDO_SMS_URL": "base address of the text-message carrier; without it no texts are sent",
    "RESGUARDO_SMS_ACCOUNT": "account id at the carrier",
    "RESGUARDO_SMS_TOKEN": "secret at the carrier",
    "RESGUARDO_SMS_FROM": "sender's number or name at the carrier",
    "RESGUARDO_METRICS_TOKEN": (
        "secret that /metrics asks for as a bearer token, 32 characters or more; without it there"
        " are no metrics"
    ),
    "RESGUARDO_SECURITY_CONTACT": (
        "mailto:… or https:// address for /.well-known/security.txt; without it there is none"
    ),
    "RESGUARDO_HTTP_ON_LOOPBACK": "1 allows http origins on this very machine (demo and tests)",
}


class SettingWrong(Exception):
    """A setting is missing or not what it must be; the text names it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}. Expected: {DOCUMENTED[name]}")


class SmsSettings(Struct, frozen=True, kw_only=True):
    url: str
    account: str
    token: str
    sender: str


class Settings(Struct, frozen=True, kw_only=True):
    database_url: str
    keys: Path
    host: str
    port: int
    processes: int
    console_origin: str
    smtp_url: str
    smtp_plain: bool
    sms: SmsSettings | None
    http_on_loopback: bool
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    checkpoints: Path | None = None
    metrics_token: str | None = None
    security_contact: str | None = None


class GatewaysSettings(Struct, frozen=True, kw_only=True):
    """All that the gateways' process knows."""

    database_url: str
    host: str
    port: int


def load(environment: Mapping[str, str]) -> Settings:
    """Settings of `serve` and `worker`. Raises SettingWrong with the first wrong one."""
    host, port = _listen(environment, "RESGUARDO_LISTEN", "127.0.0.1:8000")
    loopback = environment.get("RESGUARDO_HTTP_ON_LOOPBACK", "") == "1"
    return Settings(
        database_url=database_url(environment, "RESGUARDO_DATABASE_URL"),
        keys=keys_folder(environment),
        host=host,
        port=port,
        processes=_processes(environment),
        console_origin=_origin(environment, "RESGUARDO_CONSOLE_ORIGIN", loopback=loopback),
        smtp_url=_smtp(environment),
        smtp_plain=environment.get("RESGUARDO_SMTP_PLAIN", "") == "1",
        sms=_sms(environment),
        http_on_loopback=loopback,
        trusted_proxies=_proxies(environment),
        checkpoints=checkpoints_folder(environment),
        metrics_token=_metrics_token(environment),
        security_contact=_security_contact(environment),
    )


def load_gateways(environment: Mapping[str, str]) -> GatewaysSettings:
    """Settings of `gateways`. Raises SettingWrong with the first wrong one."""
    host, port = _listen(environment, "RESGUARDO_GATEWAYS_LISTEN", "127.0.0.1:8001")
    return GatewaysSettings(
        database_url=database_url(environment, "RESGUARDO_DATABASE_URL"), host=host, port=port
    )


def database_url(environment: Mapping[str, str], name: str) -> str:
    """A PostgreSQL address in the form the driver wants it."""
    value = _required(environment, name)
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
        raise SettingWrong(name, "is not a PostgreSQL address")
    return f"postgresql+asyncpg://{rest}"


def keys_folder(environment: Mapping[str, str]) -> Path:
    """Where the key files lie (or shall lie: `keys create` uses it too)."""
    return Path(_required(environment, "RESGUARDO_KEYS"))


def checkpoints_folder(environment: Mapping[str, str]) -> Path | None:
    """Where the ends of the journal are signed."""
    value = environment.get("RESGUARDO_CHECKPOINTS", "").strip()
    return Path(value) if value else None


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise SettingWrong(name, "is not set")
    return value


def _listen(environment: Mapping[str, str], name: str, otherwise: str) -> tuple[str, int]:
    value = environment.get(name, otherwise)
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingWrong(name, f"{value!r} is not host:port")
    return host.strip("[]"), int(port)


def _processes(environment: Mapping[str, str]) -> int:
    name = "RESGUARDO_PROCESSES"
    value = environment.get(name, "1")
    if not value.isdecimal() or not 1 <= int(value) <= 64:
        raise SettingWrong(name, f"{value!r} is not a number from 1 to 64")
    return int(value)


def _proxies(environment: Mapping[str, str]) -> tuple[IPv4Network | IPv6Network, ...]:
    name = "RESGUARDO_TRUSTED_PROXIES"
    try:
        listed = environment.get(name, "").split(",")
        return tuple(ip_network(one.strip()) for one in listed if one.strip())
    except ValueError:
        raise SettingWrong(name, f"{environment[name]!r} is not a list of addresses") from None


def _metrics_token(environment: Mapping[str, str]) -> str | None:
    name = "RESGUARDO_METRICS_TOKEN"
    value = environment.get(name, "").strip()
    if value and len(value) < 32:
        raise SettingWrong(name, "is too short to be a secret")
    return value or None


def _security_contact(environment: Mapping[str, str]) -> str | None:
    name = "RESGUARDO_SECURITY_CONTACT"
    value = environment.get(name, "").strip()
    if value and not value.startswith(("mailto:", "https://")):
        raise SettingWrong(name, f"{value!r} is neither mailto: nor https://")
    return value or None


def _origin(environment: Mapping[str, str], name: str, *, loopback: bool) -> str:
    value = _required(environment, name)
    if not is_origin(value, loopback=loopback):
        raise SettingWrong(name, f"{value!r} is not an https origin without a path")
    return value


def is_origin(value: str, *, loopback: bool) -> bool:
    """Scheme, host and port and nothing else; http on loopback names only, where allowed."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    on_loopback = host == "localhost" or host.endswith(".localhost")
    scheme_fits = parts.scheme == "https" or (parts.scheme == "http" and loopback and on_loopback)
    return bool(host) and scheme_fits and value == f"{parts.scheme}://{parts.netloc}"


def _smtp(environment: Mapping[str, str]) -> str:
    name = "RESGUARDO_SMTP_URL"
    value = _required(environment, name)
    if urlsplit(value).scheme not in {"smtp", "smtps"} or not urlsplit(value).hostname:
        raise SettingWrong(name, "is not an SMTP address")
    return value


def _sms(environment: Mapping[str, str]) -> SmsSettings | None:
    url = environment.get("RESGUARDO_SMS_URL", "").strip()
    if not url:
        return None
    if urlsplit(url).scheme not in {"http", "https"}:
        raise SettingWrong("RESGUARDO_SMS_URL", "is not a web address")
    return SmsSettings(
        url=url,
        account=_required(environment, "RESGUARDO_SMS_ACCOUNT"),
        token=_required(environment, "RESGUARDO_SMS_TOKEN"),
        sender=_required(environment, "RESGUARDO_SMS_FROM"),
    )
