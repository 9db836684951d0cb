"""What a machine hears that cannot get the programs."""

from pathlib import Path

import pytest

from tests import debian


def test_where_packages_cannot_be_had_it_says_which_are_missing_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "TOOLS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(debian.NotFetched, match=r"nginx, apache2-bin.*\n.*no apt-get"):
        debian.unpacked("servers", ("nginx", "apache2-bin"))

    assert not (tmp_path / "servers").exists()


def test_what_was_unpacked_once_is_taken_as_it_is_until_other_packages_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "TOOLS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers" / "made-for").write_text("nginx")

    assert debian.unpacked("servers", ("nginx",)) == tmp_path / "servers"
    with pytest.raises(debian.NotFetched):
        debian.unpacked("servers", ("nginx", "apache2-bin"))
