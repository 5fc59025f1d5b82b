import subprocess
import sys

from testing import ROOT


def test_the_script_starts():
    done = subprocess.run(
        [sys.executable, ROOT / "recipes/benchmarks/models.py", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "usage: models.py" in done.stdout
