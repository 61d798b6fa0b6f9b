"""The log of the local AWS: where things failed and with which type of error, never an error's text.

The text of an exception, ours or moto's, may quote a value. Every logger of the process writes through this.
"""

import logging
import sys
import threading
import traceback
from types import TracebackType

_log = logging.getLogger(__name__)
_Failure = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class WithoutTexts(logging.Formatter):
    """Shows of an exception, and of what it came from, the lines of code and the type."""

    def formatException(self, ei: _Failure) -> str:  # noqa: N802 - logging's name
        """The frames and the type of the exception, then of its causes."""
        parts: list[str] = []
        error = ei[1]
        while error is not None:
            parts.append(f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}")
            error = error.__cause__ or error.__context__
        return "caused by ".join(parts)


def set_up_log() -> None:
    """Send every warning, and what ends a thread, to stderr in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(WithoutTexts("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    threading.excepthook = _thread_ended


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread is not None else "?"
    failure = ended.exc_value and (ended.exc_type, ended.exc_value, ended.exc_traceback)
    _log.error("thread %s ended", name, exc_info=failure)
