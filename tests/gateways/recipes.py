"""The recipes of `docs/gateways`, each set up as its page says: own values filled in, no more."""

from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.gateways import programs
from tests.gateways.around import Around

PAGES: Final = Path(__file__).parents[2] / "docs" / "gateways"
# Changes a line of the part that is used as it is: to see what that line is good for.
Change = Callable[[str], str]


def as_it_is(text: str) -> str:
    return text


class Recipe(Struct, frozen=True):
    name: str
    start: Callable[[Around, int, Change], AbstractContextManager[object]]
    # What a visitor hears while Resguardo cannot be asked.
    away: int

    @contextmanager
    def running(self, around: Around, *, change: Change = as_it_is) -> Generator[int]:
        """A gateway; its port."""
        (port,) = programs.ports(1)
        with self.start(around, port, change):
            yield port


def _nginx(around: Around, port: int, change: Change) -> AbstractContextManager[object]:
    basic = b64encode(f"{around.client}:{around.secret}".encode()).decode()
    values = _filled(
        "nginx",
        {
            "wallet.example:443": f"localhost:{around.https_port}",
            '"wallet.example"': '"localhost"',
            b64encode(b"gateway:THE-SECRET").decode(): basic,
            "/etc/ssl/certs/ca-certificates.crt": "{folder}/certificate",
            "127.0.0.1:8080": f"127.0.0.1:{around.application.port}",
        },
    )
    site = change(_as_it_is("nginx"))
    http = f"{values}\nserver {{\nlisten 127.0.0.1:{port};\n{site}\n}}"
    return programs.nginx(http, port, {"certificate": around.certificate})


def _mod_oauth2(around: Around, port: int, change: Change) -> AbstractContextManager[object]:
    values = _filled(
        "apache-mod-oauth2",
        {"https://wallet.example": around.origin, **_apaches_values(around)},
    )
    site = change(_as_it_is("apache-mod-oauth2"))
    # Only the system's own list of certificates counts here.
    files = {programs.SYSTEMS_LIST: around.certificate}
    return programs.apache("oauth2", values, site, port, files)


def _mod_auth_openidc(around: Around, port: int, change: Change) -> AbstractContextManager[object]:
    values = _filled(
        "apache-mod-auth-openidc",
        {
            "https://wallet.example": around.origin,
            "/etc/ssl/certs/ca-certificates.crt": "{folder}/certificate",
            **_apaches_values(around),
        },
    )
    site = change(_as_it_is("apache-mod-auth-openidc"))
    files = {"certificate": around.certificate}
    return programs.apache("auth_openidc", values, site, port, files)


def _apaches_values(around: Around) -> dict[str, str]:
    return {
        "RESGUARDO_CLIENT gateway": f"RESGUARDO_CLIENT {around.client}",
        "THE-SECRET": around.secret,
        "http://127.0.0.1:8080": f"http://127.0.0.1:{around.application.port}",
    }


def _filled(folder: str, values: Mapping[str, str]) -> str:
    """What a person does with an editor; every example has to be there."""
    text = (PAGES / folder / "values.conf").read_text()
    for example, value in values.items():
        assert example in text, example
        text = text.replace(example, value)
    return text


def _as_it_is(folder: str) -> str:
    return (PAGES / folder / "resguardo.conf").read_text()


NGINX: Final = Recipe("nginx", _nginx, away=503)
MOD_OAUTH2: Final = Recipe("apache-mod-oauth2", _mod_oauth2, away=401)
MOD_AUTH_OPENIDC: Final = Recipe("apache-mod-auth-openidc", _mod_auth_openidc, away=401)
ALL: Final = (NGINX, MOD_OAUTH2, MOD_AUTH_OPENIDC)
