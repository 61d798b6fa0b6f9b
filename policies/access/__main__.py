"""`python -m policies.access EXPORT --env NAME [--json]`, `--document` for ACCESS.md; the exit code is the verdict."""

import sys

from policies.access.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
