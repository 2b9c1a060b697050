"""Secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentfm.broadcast.secret import Secret, read_secret
from latentfm.errors import OutputError


def test_a_secret_prints_as_stars() -> None:
    """Neither print nor repr nor a format gives the value away; ``reveal`` does."""
    secret = Secret("opensesame")
    assert f"{secret} {secret!r} {[secret]}" == "*** *** [***]"
    assert secret.reveal() == "opensesame"


def test_a_file_of_mode_0600_is_read(tmp_path: Path) -> None:
    """The line's end is no part of the password, other blanks are."""
    path = tmp_path / "password"
    path.write_text("open sesame \n")
    path.chmod(0o600)
    assert read_secret(path).reveal() == "open sesame "


@pytest.mark.parametrize(("mode", "content"), [(0o640, "x"), (0o604, "x"), (0o600, "\n"), (None, "")])
def test_a_file_that_will_not_do_is_refused(tmp_path: Path, mode: int | None, content: str) -> None:
    """One that others can read, that is empty or not there, gives an error which names the file and no secret."""
    path = tmp_path / "password"
    if mode is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(OutputError, match=str(path)):
        read_secret(path)


def test_a_systemd_credential_may_be_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systemd closes the folder of its credentials, so their own mode does not matter."""
    path = tmp_path / "icecast"
    path.write_text("sesame")
    path.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_secret(path).reveal() == "sesame"
