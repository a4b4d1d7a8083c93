"""The systemd units are accepted by systemd itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here")
def test_the_units_verify(tmp_path: Path) -> None:
    for name in ("leadledger.service", "leadledger.timer"):
        unit = (DEPLOY / name).read_text(encoding="utf-8")
        # The program's place on a server is not its place here; what is verified is everything else.
        (tmp_path / name).write_text(
            unit.replace("/opt/leadledger/bin/leadledger", "/bin/true"), encoding="utf-8"
        )

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
