"""Commands without their cold start: Wayhome is loaded once for an environment, and each command is
a process that is forked from it.

``python -m tests.support.forked`` takes a command a line (JSON: arguments, folder, files for what
it prints) and answers with its exit code.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE_SECONDS = 300  # a command that runs longer is killed


class Loaded:
    """One environment's loaded process; ``run`` is ``wayhome`` in it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env=dict(environment),
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            printed = [Path(folder) / name for name in ("out", "err")]
            said = [list(arguments), str(cwd), *map(str, printed)]
            self._process.stdin.write(json.dumps(said) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
            assert answer, f"the process that runs commands has ended at {arguments}"
            out, err = (path.read_text(encoding="utf-8") for path in printed)
        return subprocess.CompletedProcess(list(arguments), int(answer), out, err)

    def close(self) -> None:
        self._process.communicate("")


def serve() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wayhome.settings")
    from wayhome.ops.cli import main
    from wayhome.ops.ready import ready

    ready(checked=False)
    for line in sys.stdin:
        arguments, folder, *printed = json.loads(line)
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            for number, path in zip((1, 2), printed, strict=True):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            signal.alarm(PATIENCE_SECONDS)
            sys.argv = ["wayhome", *arguments]
            main()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
