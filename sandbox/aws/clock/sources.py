"""What comes due in the local AWS besides EventBridge's schedules and what its queues hold."""

from collections.abc import Callable

from sandbox.aws.clock.expiry import KeyDeletions, LogRetention
from sandbox.aws.clock.source import Source
from sandbox.aws.memory.memory import Memory
from sandbox.aws.secretsmanager.coming_due import DueDeletions, DueRotations
from sandbox.aws.secretsmanager.storage import SecretStorage


def due_sources(
    *, account: str, memory: Memory, storage: SecretStorage, wake_rotation: Callable[[], None]
) -> tuple[Source, ...]:
    """Scheduled rotations, deletions of secrets and keys, and the retention of logs."""
    return (
        DueRotations(storage=storage, wake=wake_rotation),
        DueDeletions(storage=storage),
        KeyDeletions(account=account, memory=memory),
        LogRetention(account=account, memory=memory),
    )
