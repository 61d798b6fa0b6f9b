"""What every test may count on."""

import signal

# A shell starts background jobs with Ctrl-C ignored, and children inherit that; tests of an interruption would hang.
signal.signal(signal.SIGINT, signal.default_int_handler)
