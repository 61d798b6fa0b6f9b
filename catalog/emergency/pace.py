"""How fast an emergency goes: what it takes of the writes that the account has, and how many secrets go on at once."""

from __future__ import annotations

from dataclasses import dataclass

WRITES_OF_A_ROTATION = 2
"""PutSecretValue and the move of AWSCURRENT. Secrets Manager itself clears AWSPENDING: docs/adr/0010."""
WRITES_OF_A_RETIREMENT = 1
"""The label AWSPREVIOUS is taken off."""
WRITES_A_SECOND = 47
"""What an emergency takes of the 50 a second that PutSecretValue and UpdateSecretVersionStage have together in an
account and region; the rest is for what goes on besides:
docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html"""
SECONDS_OF_A_RETIREMENT = 1.2
"""What two functions, one calling the other, take to answer (unverified on AWS). If they are faster, writes are refused
for a moment and tried again; if they are slower, so is the emergency."""
MANY = 1000
"""From so many secrets on the writes are what an emergency waits for; fewer are done within seconds anyway."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds between two looks at a rotation, and how many looks until it counts as failed.

    With `label_later` the old credential dies at once as always, and its label AWSPREVIOUS goes when the retirement
    that finishSecret has planned runs after the overlap: a third of all writes is not made in the emergency. What is
    started again then retires once more what it has retired already.
    """

    seconds: int = 3
    looks: int = 100
    label_later: bool = False

    @classmethod
    def of(cls, number: int) -> Pace:
        """The pace for a catalogue of so many secrets."""
        return cls(label_later=number >= MANY)

    @property
    def writes(self) -> int:
        """Writes of one secret within the emergency."""
        return WRITES_OF_A_ROTATION + (0 if self.label_later else WRITES_OF_A_RETIREMENT)

    @property
    def at_once(self) -> int:
        """How many secrets may be in work at the same time: none is done before its first look and its retirement."""
        return int(WRITES_A_SECOND * (self.seconds + SECONDS_OF_A_RETIREMENT) / self.writes)
