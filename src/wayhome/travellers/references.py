"""Registrations by the references under which a door wrote them: numbers, and no people."""

from collections.abc import Iterable
from typing import NamedTuple

from wayhome.travellers.models import Registration


class Kept(NamedTuple):
    """A registration as its door tells of it: numbers, and the epoch of its link."""

    registration: int
    link_epoch: int
    organisation: int | None


def by_references(door: str, references: Iterable[str]) -> list[Kept]:
    """Registrations that came through ``door`` under these references, in order of making."""
    rows = Registration.objects.filter(door=door, reference__in=list(references)).order_by("pk")
    return [Kept(*row) for row in rows.values_list("pk", "link_epoch", "organisation_id")]
