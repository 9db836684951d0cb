"""What stands around a gateway: the https proxy in front of Resguardo, and the application behind.

The proxy is nginx as an operator has one. It answers under one name only, and asks Resguardo under
the wallet's, so that a recipe that names nobody is refused.
"""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from msgspec import Struct

from tests.gateways import programs

_FRONT: Final = """
server {{
    listen 127.0.0.1:{https_port} ssl default_server;
    ssl_certificate {{folder}}/certificate;
    ssl_certificate_key {{folder}}/key;
    return 421;
}}
server {{
    listen 127.0.0.1:{https_port} ssl;
    server_name localhost;
    ssl_certificate {{folder}}/certificate;
    ssl_certificate_key {{folder}}/key;
    keepalive_requests 100000;
    location / {{
        proxy_pass http://resguardo;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host {host};
    }}
}}
upstream resguardo {{ server 127.0.0.1:{port} max_fails=0; keepalive 32; }}
"""


class Application(ThreadingHTTPServer):
    """The wallet's own API: tells what it was asked, as it came through the gateway."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.asked: list[dict[str, Any]] = []

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one piece; in two, the second would wait for word of the first.
    wbufsize = -1

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        told = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        assert isinstance(self.server, Application)
        self.server.asked.append(told)
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # Named by the library.
    do_GET = do_POST = do_HEAD = _answer  # noqa: N815  # the base's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the library's name)
        """It is asked with the cast's tokens: not a word."""


class Around(Struct, frozen=True, kw_only=True):
    """All that a recipe's values name."""

    application: Application
    https_port: int
    # The one that `localhost` shows at that port, or ought to.
    certificate: str
    client: str
    secret: str

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.https_port}"


@contextmanager
def around(*, port: int, host: str, client: str, secret: str) -> Generator[Around]:
    """In front of the Resguardo at `port`, which knows the wallet as `host`."""
    (https_port,) = programs.ports(1)
    certificate, key = a_certificate()
    front = _FRONT.format(https_port=https_port, host=host, port=port)
    files = {"certificate": certificate, "key": key}
    with programs.nginx(front, https_port, files), an_application() as application:
        yield Around(
            application=application,
            https_port=https_port,
            certificate=certificate,
            client=client,
            secret=secret,
        )


def a_certificate() -> tuple[str, str]:
    """For `localhost`, signed by itself; and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), private.decode()


@contextmanager
def an_application() -> Generator[Application]:
    application = Application()
    thread = threading.Thread(target=application.serve_forever)
    thread.start()
    try:
        yield application
    finally:
        application.shutdown()
        thread.join()
        application.server_close()
