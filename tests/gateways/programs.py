"""nginx and Apache as anybody may start them: no right to anything but a folder and a free port.

`python -m tests.gateways.programs` fetches them, for `make test`.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.debian import NotFetched, unpacked
from tests.ports import free_port

PACKAGES: Final = (
    "nginx",
    "apache2-bin",
    "libapache2-mod-oauth2",
    "libapache2-mod-auth-openidc",
)
_NGINX: Final = """
daemon off;
{user}
pid {folder}/pid;
error_log {folder}/said;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{http}
}}
"""
_APACHE: Final = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/said
DefaultRuntimeDir {folder}
Mutex file:{folder}
{user}
{modules}
StartServers 1
ThreadsPerChild 32
MaxRequestWorkers 32
# Whoever measures keeps one connection.
MaxKeepAliveRequests 0
Listen 127.0.0.1:{port}
{values}
<VirtualHost 127.0.0.1:{port}>
{site}
</VirtualHost>
"""
_MODULES: Final = ("mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http")
_READY_WITHIN: Final = 60.0
SYSTEMS_LIST: Final = "believed"
# As Debian builds libcurl.
_LIST_OF_SYSTEM: Final = b"/etc/ssl/certs/ca-certificates.crt"


def fetched() -> Path:
    """Where the programs are. Raises NotFetched."""
    return unpacked("gateways", PACKAGES)


@contextmanager
def nginx(http: str, port: int, files: Mapping[str, str] | None = None) -> Generator[Path]:
    """With this inside its `http { }`, where `{folder}` is the folder that holds `files`."""
    with _folder(files or {}) as folder:
        # A master that is root gives its workers to nobody; anybody else has no choice.
        user = "user nobody nogroup;" if os.geteuid() == 0 else ""
        conf = _NGINX.format(folder=folder, user=user, http=http.replace("{folder}", str(folder)))
        (folder / "conf").write_text(conf)
        program = [str(fetched() / "usr/sbin/nginx"), "-p", str(folder)]
        program += ["-c", str(folder / "conf"), "-e", str(folder / "said")]
        with _running(program, folder, port):
            yield folder


@contextmanager
def apache(
    module: str, values: str, site: str, port: int, files: Mapping[str, str] | None = None
) -> Generator[Path]:
    """One site with this module; `values` stand before it. A file called `SYSTEMS_LIST` is to it
    what the system's list of certificates is on a machine where ours was added."""
    with _folder(files or {}) as folder:
        modules = fetched() / "usr/lib/apache2/modules"
        conf = _APACHE.format(
            folder=folder,
            user="User nobody\nGroup nogroup" if os.geteuid() == 0 else "",
            modules="\n".join(
                f"LoadModule {name}_module {modules}/mod_{name}.so" for name in (*_MODULES, module)
            ),
            port=port,
            values=values.replace("{folder}", str(folder)),
            site=site,
        )
        (folder / "conf").write_text(conf)
        program = [str(fetched() / "usr/sbin/apache2"), "-DFOREGROUND"]
        if (folder / SYSTEMS_LIST).exists():
            _believe(folder)
        with _running([*program, "-f", str(folder / "conf")], folder, port):
            yield folder


def _believe(folder: Path) -> None:
    """`update-ca-certificates` for one gateway: nothing of the machine changes.

    Where libcurl finds the list stands in the library as it was built, and no setting or variable
    of mod_oauth2's leads elsewhere; so the gateway gets a copy of the very library, in which it
    stands here.
    """
    asked = ["ldd", str(fetched() / "usr/lib/apache2/modules/mod_oauth2.so")]
    said = subprocess.run(asked, env=_environment(), capture_output=True, text=True, check=True)
    library = re.search(r"libcurl\.so\.4 => (\S+)", said.stdout)
    own = str(folder / SYSTEMS_LIST).encode()
    if library is None or len(own) > len(_LIST_OF_SYSTEM):
        raise RuntimeError(f"libcurl.so.4 is not found, or {folder} is too long a name")
    built = Path(library[1]).read_bytes()
    if _LIST_OF_SYSTEM not in built:
        raise RuntimeError(f"{library[1]} looks for certificates elsewhere than Debian's")
    copy = built.replace(_LIST_OF_SYSTEM, own.ljust(len(_LIST_OF_SYSTEM), b"\0"))
    (folder / "libcurl.so.4").write_bytes(copy)


def _environment(first: Path | None = None) -> dict[str, str]:
    """The libraries that were unpacked, after those of a folder of its own."""
    found = [first] if first is not None else []
    found += (fetched() / "usr/lib").glob("*-linux-*")
    libraries = ":".join(str(path) for path in found)
    return {"PATH": os.environ.get("PATH", ""), "LD_LIBRARY_PATH": libraries}


@contextmanager
def _folder(files: Mapping[str, str]) -> Generator[Path]:
    """Not pytest's: workers that are nobody have to walk through it, though not to look around."""
    folder = Path(tempfile.mkdtemp(prefix="resguardo-"))
    try:
        folder.chmod(0o711)
        for name, text in files.items():
            (folder / name).write_text(text)
        (folder / "said").touch()
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Generator[None]:
    """Listening when this begins, ended by its number when it ends."""
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            ends = time.monotonic() + _READY_WITHIN
            while not listens(port):
                if process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError((folder / "said").read_text())
                time.sleep(0.01)
            yield
        finally:
            process.terminate()
            process.wait(20)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def ports(many: int) -> list[int]:
    """As many free ones, no two alike."""
    found: list[int] = []
    while len(found) < many:
        found.append(free_port(others=found))
    return found


if __name__ == "__main__":
    try:
        fetched()
    except NotFetched as missing:
        sys.exit(str(missing))
