"""Brings forth a worker for each line that it is told: what all of them need is loaded once."""

import asyncio
import os
import signal
import sys

from server import settings, worker

if __name__ == "__main__":
    # The kernel buries them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        if pid := os.fork():
            print(pid, flush=True)  # noqa: T201 - Whoever asked kills it.
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sys.stdin.close()
        asyncio.run(worker.run(settings.load()))
        os._exit(0)
