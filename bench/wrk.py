"""Throughput over HTTP with wrk, which keeps a fixed number of connections busy."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

SECONDS: Final = 8
# Each thread starts elsewhere in the list, so that they do not walk in step.
_SCRIPT: Final = """
local bodies = {{ {bodies} }}
local at = math.random(#bodies)
wrk.method = "POST"
wrk.headers["Host"] = "{host}"
wrk.headers["Authorization"] = "{authorization}"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
request = function()
  at = at % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[at])
end
"""


class NoWrk(Exception):
    """wrk is not installed; on Debian: apt-get install wrk."""


def posts_a_second(
    url: str,
    *,
    host: str,
    authorization: str,
    bodies: Sequence[str],
    folder: Path,
    connections: int,
) -> float:
    """Answers a second; any answer that is not 2xx stops the measurement."""
    found = shutil.which("wrk")
    if found is None:
        raise NoWrk(NoWrk.__doc__)
    path = folder / "wrk.lua"
    quoted = ", ".join(f'"{body}"' for body in bodies)
    path.write_text(_SCRIPT.format(bodies=quoted, host=host, authorization=authorization))
    done = subprocess.run(  # an installed program, our own words
        [found, "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", str(path), url],
        capture_output=True,
        text=True,
        check=True,
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"not every answer was good:\n{done.stdout}")
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
    if rate is None:
        raise RuntimeError(f"wrk told no rate:\n{done.stdout}")
    return float(rate[1])
