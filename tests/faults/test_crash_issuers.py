"""A rotation, retirement, heal or emergency that dies, and dies again in its recovery: key rings and issuers' APIs.

A sample; `python -m proofs crash` tries all.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.faults.acts import ACTS, Act
from tests.faults.samples import sampled
from tests.faults.subjects import SUBJECTS

NAMES = ("keyring", "grafana-admin", "iam-access-key", "ses-smtp", "openai", "sentry")
# Defects of others that this has found, see test_crash_found.py: the mark goes when they are mended.
WAITING = dict.fromkeys(
    (("grafana-admin", "overdue rotation"), ("grafana-admin", "retirement")),
    "waits for GrafanaAdmin.retire to log in with any version that works",
)
NO_SERVERS = cast("Any", None)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.id)
@pytest.mark.parametrize("name", NAMES)
def test_whatever_dies_at_an_issuer_locks_nobody_out_and_recovers_in_two_runs(
    name: str, act: Act, request: pytest.FixtureRequest
) -> None:
    if (name, act.id) in WAITING:
        request.applymarker(pytest.mark.xfail(strict=True, reason=WAITING[name, act.id]))
    tally = sampled(name, lambda: SUBJECTS[name](NO_SERVERS), act)
    assert tally is None or tally.breaches == []
