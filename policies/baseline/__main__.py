"""Serves the pack to the engine: `pulumi preview --policy-pack policies/baseline`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

# The engine starts a pack with its own folder as the only place to import from.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.baseline import rules

if __name__ == "__main__":
    PolicyPack(
        rules.NAME,
        rules.pack(datetime.now(UTC).date()).policies(),
        enforcement_level=EnforcementLevel.MANDATORY,
    )
