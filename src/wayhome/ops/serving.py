"""Web and worker in one process tree, which ends as one."""

import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

STOP_SECONDS = 20
APPLICATION = "wayhome.wsgi:application"


def web_command(
    port: int, host: str, processes: int, threads: int, application: str = APPLICATION
) -> list[str]:
    """The server of the pages."""
    return [
        *(sys.executable, "-m", "gunicorn", application),
        *("--bind", f"{host}:{port}", "--workers", str(processes), "--threads", str(threads)),
        *("--log-level", "warning", "--logger-class", "wayhome.ops.web_log.WebLog"),
        *("--graceful-timeout", "10"),
    ]


def serve(port: int, host: str = "127.0.0.1", processes: int = 1, threads: int = 8) -> int:
    """Run both children until a signal, or until one of them ends; its exit code."""
    work = [sys.executable, "-m", "wayhome.ops.cli", "worker"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "wayhome.settings"}
    commands = (web_command(port, host, processes, threads), work)
    children = [subprocess.Popen(command, env=environment) for command in commands]
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping.is_set() and all(child.poll() is None for child in children):
        stopping.wait(0.3)
    ended = [child.poll() for child in children if child.poll() is not None]
    _end(children)
    return 0 if stopping.is_set() else (ended[0] or 1)


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()  # what it had leased is taken over by the next worker
