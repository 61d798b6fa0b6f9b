"""What every test may count on."""

import signal

# A shell starts background jobs with Ctrl-C ignored, and nohup ignores a hang-up; children inherit what is ignored and
# cannot trap it, so tests of signals would hang. What is handled here is at its default in the children.
signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)
