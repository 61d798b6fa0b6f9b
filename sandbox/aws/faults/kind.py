"""The kinds of faults."""

from enum import StrEnum


class Kind(StrEnum):
    """What happens to a call that a fault hits."""

    THROTTLE = "throttle"  # refused with the service's own throttling error
    ERROR = "error"  # refused with `code`, `message` and `status`
    DELAY = "delay"  # served after `seconds`
    DROP_BEFORE = "drop-before"  # not served; the connection is closed
    DROP_AFTER = "drop-after"  # served; the connection is closed instead of the answer
