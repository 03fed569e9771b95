"""One thing that was looked at, and how it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """``ok`` None: it cannot be judged from here, and ``said`` tells where to look."""

    what: str
    ok: bool | None
    said: str
    fix: str = ""

    def lines(self) -> list[str]:
        word = {True: "ok", False: "NOT OK", None: "look"}[self.ok]
        first = f"{word:<7} {self.what}: {self.said}"
        return [first, *(f"        fix: {line}" for line in self.fix.splitlines())]


def txt_record(name: str, value: str) -> str:
    """A TXT record as a zone file has it: strings of at most 255 bytes (RFC 1035, 3.3.14)."""
    parts = [value[at : at + 255] for at in range(0, len(value), 255)]
    shown = " ".join(f'"{part}"' for part in parts)
    return f"{name}. TXT {f'( {shown} )' if len(parts) > 1 else shown}"
