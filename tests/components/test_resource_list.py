"""Every resource of the prod stack, by type and name: a change of this list is a change of what is deployed.

After a wanted change: `UPDATE_SNAPSHOT=1 pytest tests/components/test_resource_list.py`, and review the difference.
"""

import os
from pathlib import Path

from tests.components.recording import programme

SNAPSHOT = Path(__file__).with_name("prod_resources.txt")


def test_the_prod_stack_declares_these_resources_and_no_other() -> None:
    lines = sorted(f"{resource.token} {resource.name}" for resource in programme("prod").recorded)
    assert len(lines) == len(set(lines))
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    assert lines == SNAPSHOT.read_text(encoding="utf-8").splitlines()
