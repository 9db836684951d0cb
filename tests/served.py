"""The service as an operator starts it: the server itself, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import IO

from service.processes import answers
from service.settings import Settings
from tests.demos import ROOT, until


def environment_of(settings: Settings, port: int) -> dict[str, str]:
    """The test's database and keys, on this port of the loopback."""
    return {
        **os.environ,
        "RESGUARDO_DATABASE_URL": settings.database_url,
        "RESGUARDO_KEYS": str(settings.keys),
        "RESGUARDO_LISTEN": f"127.0.0.1:{port}",
        "RESGUARDO_CONSOLE_ORIGIN": f"http://console.localhost:{port}",
        "RESGUARDO_SMTP_URL": settings.smtp_url,
        "RESGUARDO_SMTP_PLAIN": "1",
        "RESGUARDO_HTTP_ON_LOOPBACK": "1",
    }


@contextmanager
def serving(
    environment: Mapping[str, str], *, said: IO[bytes] | None = None
) -> Generator[subprocess.Popen[bytes]]:
    """Ready to answer; gone afterwards. All it says goes into `said`, if that is given."""
    command = [sys.executable, "-m", "service", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said) as process:
        try:
            ready = f"http://{environment['RESGUARDO_LISTEN']}/health/ready"
            # One that cannot start says so at once; one on a busy machine has time.
            until(lambda: process.poll() is not None or answers(ready), within=110)
            assert process.poll() is None, f"it ended with {process.poll()}"
            yield process
        finally:
            process.terminate()
            process.wait(60)
