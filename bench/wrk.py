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


# Each post is sent once: one thread, and an end that is an error rather than a repetition.
_ONCE: Final = """
local posts = {{ {posts} }}
local at = 0
wrk.method = "POST"
wrk.headers["Host"] = "{host}"
wrk.headers["Origin"] = "{origin}"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
request = function()
  at = at + 1
  local post = posts[at]
  if post == nil then post = {{ "", "used-up=1" }} end
  wrk.headers["Cookie"] = post[1]
  return wrk.format(nil, nil, nil, post[2])
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
    quoted = ", ".join(f'"{body}"' for body in bodies)
    script = _SCRIPT.format(bodies=quoted, host=host, authorization=authorization)
    return _run(url, script, folder, connections)


def different_posts_a_second(
    url: str,
    *,
    host: str,
    origin: str,
    posts: Sequence[tuple[str, str]],
    folder: Path,
    connections: int,
) -> float:
    """Answers a second, each to a post of its own: cookies and body."""
    quoted = ", ".join(f'{{"{cookie}", "{body}"}}' for cookie, body in posts)
    return _run(url, _ONCE.format(posts=quoted, host=host, origin=origin), folder, connections)


def _run(url: str, script: str, folder: Path, connections: int) -> float:
    found = shutil.which("wrk")
    if found is None:
        raise NoWrk(NoWrk.__doc__)
    path = folder / "wrk.lua"
    path.write_text(script)
    done = subprocess.run(
        [found, "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout=10s", "-s", str(path), url],
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
