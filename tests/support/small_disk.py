"""A disk of a few megabytes that a test can fill: a tmpfs, which only root may mount."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


class SmallDisk:
    """Use as a context; ``PermissionError`` where this user may not mount."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self.megabytes = megabytes
        self._filler = folder / "filler"

    def __enter__(self) -> SmallDisk:
        self.folder.mkdir(parents=True, exist_ok=True)
        size = f"size={self.megabytes}m,mode=0777"
        command = ["mount", "-t", "tmpfs", "-o", size, "wayhome-test", str(self.folder)]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise PermissionError(done.stderr.strip())
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def fill(self) -> None:
        """Nothing more fits, not a byte."""
        with self._filler.open("ab", buffering=0) as filler:
            for block in (2**20, 2**12):
                try:
                    while True:
                        filler.write(b"\0" * block)
                except OSError:
                    continue
        assert shutil.disk_usage(self.folder).free == 0, os.listdir(self.folder)

    def make_room(self) -> None:
        self._filler.unlink()
