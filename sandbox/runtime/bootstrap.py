"""`bootstrap.py OFFSET HANDLER`: Lambda's runtime client, with the wall clock of the local AWS.

Runs inside the Lambda runtime, before the handler is imported. OFFSET is how many seconds the local AWS is ahead of
real time; OpenSSL reads the C library's clock, so certificates are judged by real time.
"""

import os
import runpy
import sys
import time

_, offset, handler = sys.argv
# As with `python -m`: the folder of the code comes first, not the one of this file.
sys.path[0] = os.getcwd()  # noqa: PTH109 - pathlib would be imported for this alone
if float(offset) > 0:
    import time_machine

    time_machine.travel(time.time() + float(offset)).start()
    time.time()
sys.argv = ["awslambdaric", handler]
runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
