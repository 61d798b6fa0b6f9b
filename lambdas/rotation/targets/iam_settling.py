"""Waiting until a key that was just made is accepted.

AWS names no time. Changes were seen to take 3 to 4 seconds (a report on deleted keys; unverified for new ones), and one
host may refuse a key that the next accepts; hence twice in a row. A step must not wait for longer than this: Secrets
Manager runs it again.
"""

from collections.abc import Callable

from rotation.errors import LoginRefusedError

PAUSES = (1, 2, 3, 4, 5, 5, 5)  # seconds, 25 together
ACCEPTANCES = 2


def settle(attempt: Callable[[], None], sleep: Callable[[float], None]) -> None:
    """Try until it was accepted twice in a row. LoginRefusedError at the end of the pauses; other errors at once."""
    accepted = 0
    for pause in (*PAUSES, None):
        refusal = None
        try:
            attempt()
            accepted += 1
        except LoginRefusedError as error:
            accepted, refusal = 0, error
        if accepted == ACCEPTANCES:
            return
        if pause is None:
            raise refusal or LoginRefusedError(
                "AWS accepts the key at one time and refuses it at another; rotate again in a minute"
            )
        sleep(pause)
