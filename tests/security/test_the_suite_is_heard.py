"""The scan of all the suite says hears what it must: each kind of leak, on purpose."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.security.tokens import new_code, new_id, new_secret, new_token
from tests.leaks import Ears

ROOT = Path(__file__).parents[2]
WORD = "a-word-that-nobody-may-ever-read"
# A suite of one test, which says in some way what it must not; or something else.
SUITE = """
import logging, subprocess, sys
from tests.leaks import EARS
EARS.hide({hidden!r})
def test_says(tmp_path):
    word = {said!r}
    {speaks}
"""
WAYS = {
    "print": "print(word)",
    "error": "print(word, file=sys.stderr)",
    "log": "logging.getLogger('x').warning('it is %s', word)",
    "child": "subprocess.run([sys.executable, '-c', f'print({word!r})'], check=True)",
    "command": "subprocess.run([sys.executable, '-c', f'import sys; sys.stderr.write({word!r})'],"
    " capture_output=True, check=True)",
    "file": "subprocess.run([sys.executable, '-c', f'print({word!r})'],"
    " stdout=open(tmp_path / 'log', 'wb'), check=True)",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_secret", [True, False])
def test_a_leak_fails_the_test_at_which_it_happens(
    tmp_path: Path, way: str, *, is_secret: bool
) -> None:
    said = WORD if is_secret else "nothing-that-anybody-would-hide"
    suite = tmp_path / "test_suite.py"
    suite.write_text(SUITE.format(hidden=WORD, said=said, speaks=WAYS[way]))
    command = ["-m", "pytest", "-q", "-p", "tests.leaks", "-p", "no:cacheprovider", str(suite)]
    ran = subprocess.run(
        [sys.executable, *command, f"--rootdir={tmp_path}", "-c", os.devnull],
        # Only what is tested: other plug-ins take seconds to load.
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == int(is_secret), ran.stdout
    assert ("Said what nobody may read" in ran.stdout) == is_secret


def test_people_and_their_secrets_are_heard() -> None:
    ears = Ears()
    token, secret, code = new_token(), new_secret(), new_code(8)
    ears.hide(token, secret)
    ears.hide_code(code)
    said = ["Olga", "carl@correo.example", "carl%40correo.example", "+54 9 11 2345-6789"]
    for word in [*said, "+5491123456789", token, secret, code]:
        assert ears.found(f"it is {word}"), word
        assert ears.found(f'{{"error": "{word}"}}'), word


def test_what_names_nobody_is_not_heard() -> None:
    ears = Ears()
    code = "123456"
    ears.hide_code(code)
    for said in (
        f"{new_id()}",
        f"worker [{code}] ended, pid {code}, Process {code}",
        f"2026-03-14T12:00:00.{code}Z",
        f"0x{code}, olga-1, postgres:{code}",
        new_token(),
    ):
        assert not ears.found(said), said
    ears.begin()
    assert not ears.found(code)
