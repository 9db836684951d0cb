"""How fast a gateway hears whether a session lives, beside PostgreSQL's own select."""

from base64 import b64encode
from typing import Final
from urllib.parse import urlencode, urlsplit

from bench import pgbench, wrk
from bench.ground import CLIENT, Ground, serving
from bench.processes import memory_of
from bench.results import tell

CONNECTIONS: Final = 32


def measure(ground: Ground) -> None:
    """One web process, 32 connections, the client authenticated, never stale."""
    reference = pgbench.prepared_select(ground, connections=CONNECTIONS)
    basic = b64encode(f"{CLIENT}:{ground.secret}".encode()).decode()
    with serving(ground) as process:
        rate = wrk.posts_a_second(
            f"http://127.0.0.1:{ground.port}/oauth/introspect",
            host=urlsplit(ground.origin).netloc,
            authorization=f"Basic {basic}",
            bodies=[urlencode({"token": token}) for token in ground.tokens],
            folder=ground.folder,
            connections=CONNECTIONS,
        )
        memory = memory_of(process.pid)
    tell(
        "introspection over HTTP, one process, 32 connections",
        rate,
        "1/s",
        reference=reference,
        reference_name="pgbench --select-only, prepared, 32 connections",
    )
    tell("memory of a web process under that load", memory, "MB")
