"""Starts the command line: `python -m secretsctl`, and the console script `secretsctl`."""

from __future__ import annotations

import sys

INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it


def main() -> None:
    """Run `secretsctl`; the exit code is the verdict, and no failure shows a traceback."""
    try:
        from secretsctl.app import app  # here, so that Ctrl-C during the imports is quiet too

        app(prog_name="secretsctl")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
