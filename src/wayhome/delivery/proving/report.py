"""What a rule found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from wayhome.delivery.types import DeliveryKey

NAMED = 20


@dataclass
class Rule:
    """One rule: rows looked at, how many break it, the first of those by key, and facts beside
    it that break nothing."""

    name: str
    says: str
    rows: int = 0
    broken: int = 0
    first: list[str] = field(default_factory=list)
    facts: dict[str, int | float | str] = field(default_factory=dict)

    def breaks(self, key: object, why: str) -> None:
        self.broken += 1
        if len(self.first) < NAMED:
            self.first.append(f"{key}: {why}")

    def counts(self, fact: str, n: int = 1) -> None:
        """Count something that is worth knowing and breaks nothing."""
        self.facts[fact] = int(self.facts.get(fact, 0)) + n

    def names(self, fact: str, key: object) -> None:
        """Count it and name the first few."""
        self.counts(fact)
        named = str(self.facts.get(f"{fact}: the first", ""))
        if named.count(" ") < NAMED - 1:
            self.facts[f"{fact}: the first"] = f"{named} {key}".strip()


def key_words(key: DeliveryKey) -> str:
    """A delivery by its numbers: issue/letter/contact point/channel."""
    return "/".join(str(part) for part in key)


def total_broken(rules: Iterable[Rule]) -> int:
    return sum(rule.broken for rule in rules)
