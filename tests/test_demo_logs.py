"""What the children write goes to files; the terminal shows only what someone should read."""

import io
from pathlib import Path

from service.demo.log_files import LogFiles

CALM = '{"event": "delivery.recorded", "error": null, "level": "info"}\n'
GRAVE = '{"event": "worker.step-failed", "error": "OSError", "level": "warning"}\n'


def test_a_line_says_itself_whether_it_is_for_the_terminal(tmp_path: Path) -> None:
    terminal = io.StringIO()
    lines = LogFiles(tmp_path, terminal)

    lines.write(f"worker | {CALM}")
    lines.write(f"worker | {GRAVE}")
    lines.write("web | [WARNING] it took long\n")

    assert terminal.getvalue() == f"worker: {GRAVE}web: [WARNING] it took long\n"
    assert (tmp_path / "worker.log").read_text() == CALM + GRAVE
