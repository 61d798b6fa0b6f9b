"""The contract suite proves that the layer is needed: on stock moto every test marked `diverges` fails."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_divergence_fails_on_stock_moto_and_everything_else_passes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract/aws"],
        cwd=ROOT,
        env={**os.environ, "AWS_CONTRACT": "moto"},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    found = re.search(r"(\d+) xfailed", done.stdout)
    assert found is not None
    assert int(found.group(1)) >= 30
