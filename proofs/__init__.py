"""Proofs of what the rotation promises, on real servers: each prints what it tried, its aim and its verdict."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

# The functions' code imports itself as `rotation`, `retire` and so on, as it does in Lambda.
sys.path.insert(0, str(ROOT / "lambdas"))
