"""``wayhome run``: pages and work in one tree of processes, stopped by one signal."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.support.commands import Instance, fresh_instance

pytestmark = pytest.mark.acceptance
PATIENCE_SECONDS = 60


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _get(port: int, path: str) -> int:
    """Status of a page; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _wait_for(port: int, path: str, status: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if _get(port, path) == status:
            return
        time.sleep(0.2)
    raise AssertionError(f"{path} never answered {status}")


def test_run_serves_works_and_stops(tmp_path: Path) -> None:
    with fresh_instance(tmp_path) as instance:
        if "WAYHOME_DATABASE_URL" in instance.environment:
            refused = instance.run("run", "--port", str(_free_port()))
            assert refused.returncode == 2
            assert "wayhome migrate" in refused.stderr
            assert instance.run("migrate").returncode == 0
        port = _free_port()
        running = instance.start("run", "--port", str(port))
        try:
            _wait_for(port, "/healthz", 200)
            assert _get(port, "/") == 200
            assert _get(port, "/enrol/") == 200
            children = psutil.Process(running.pid).children(recursive=True)
            assert len(children) >= 2
            _one_bulletin_gets_its_readback(instance, tmp_path)
        finally:
            running.send_signal(signal.SIGTERM)
            code = running.wait(timeout=PATIENCE_SECONDS)
        assert code == 0
        psutil.wait_procs(children, timeout=10)
        assert not [child for child in children if child.is_running()]


def _one_bulletin_gets_its_readback(instance: Instance, folder: Path) -> None:
    """The worker of the tree does what the commands owe."""
    made = instance.run("officer", "add", "a@example.org", "--name", "A", "--role", "officer")
    assert made.returncode == 0, made.stderr
    (folder / "advisory.json").write_text(
        '{"kind": "advisory", "level": 2, "region": "Iraq", "source": "S", "hazard": "H",'
        ' "texts": [{"language": "en", "headline": "H", "body": "B", "instruction": "I",'
        ' "correction": "C"}]}',
        encoding="utf-8",
    )
    number = instance.json(
        "bulletin", "draft", str(folder / "advisory.json"), "--as", "a@example.org"
    )["bulletin"]
    assert instance.run("bulletin", "submit", str(number), "--as", "a@example.org").returncode == 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if instance.run("bulletin", "readback", str(number)).returncode == 0:
            return
        time.sleep(0.2)
    raise AssertionError("no worker read the bulletin back")


def test_run_ends_when_a_child_dies(tmp_path: Path) -> None:
    with fresh_instance(tmp_path) as instance:
        assert instance.run("migrate").returncode == 0
        port = _free_port()
        running = subprocess.Popen(
            [sys.executable, "-m", "wayhome.ops.cli", "run", "--port", str(port)],
            env=dict(instance.environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port, "/healthz", 200)
            (worker,) = [
                child
                for child in psutil.Process(running.pid).children()
                if child.cmdline()[-1] == "worker"
            ]
            os.kill(worker.pid, signal.SIGKILL)
            assert running.wait(timeout=PATIENCE_SECONDS) != 0
            assert _get(port, "/healthz") == 0
        finally:
            if running.poll() is None:
                running.kill()
