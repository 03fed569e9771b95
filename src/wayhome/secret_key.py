"""The signing key, made once in the data folder, readable by its owner alone."""

import os
import secrets
from pathlib import Path


def read_or_make(data_dir: Path) -> str:
    """Return the key in ``data_dir/secret.key``; make it, atomically, where there is none."""
    path = data_dir / "secret.key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    data_dir.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"secret.key.{os.getpid()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # of two processes that start at once, one wins and both read it
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text(encoding="ascii").strip()
