"""Compartments of people: which registrations an officer may see, and so which travellers.

A registration is in the compartment of the organisation that made it. A traveller is seen through
their registrations: who has none that this access may see is not there at all. A record that was
joined to another, and has none left, is seen as those that it had.
"""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from wayhome.officers.access import Access
from wayhome.officers.models import Compartment
from wayhome.travellers.models import (
    ContactPoint,
    Organisation,
    Reach,
    Registration,
    Repointing,
    Traveller,
)


def hidden_organisations(access: Access) -> list[int]:
    """Organisations whose registrations are closed to this access."""
    closed = access.closed_to()
    if not closed:
        return []
    rows = Organisation.objects.filter(compartment_id__in=closed)
    return list(rows.values_list("pk", flat=True))


def closed_organisations() -> list[int]:
    """Organisations whose registrations are closed to whoever is not cleared."""
    closed = Compartment.objects.filter(closed=True).values("pk")
    return list(Organisation.objects.filter(compartment__in=closed).values_list("pk", flat=True))


def seen_by(access: Access, registration: str = "") -> Q:
    """That a registration may be seen; ``registration``: the path to it, "" for its own rows."""
    hidden = hidden_organisations(access)
    path = f"{registration}__" if registration else ""
    return ~Q(**{f"{path}organisation_id__in": hidden}) if hidden else Q()


def people_seen_by(access: Access, traveller: str = "pk") -> Q:
    """That a traveller may be seen; ``traveller``: the column that holds their number."""
    hidden = hidden_organisations(access)
    return ~_hidden(hidden, traveller) if hidden else Q()


def in_closed_compartments(traveller: str = "pk") -> Q | None:
    """That a traveller is seen by nobody who is not cleared; None where there is no such."""
    closed = closed_organisations()
    return _hidden(closed, traveller) if closed else None


def seen(access: Access, traveller_ids: Iterable[int]) -> set[int]:
    """Those among these travellers whom this access may see."""
    ids = set(traveller_ids)
    if not hidden_organisations(access):
        return ids
    rows = Traveller.objects.filter(people_seen_by(access), pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def points_seen_by(access: Access) -> "QuerySet[ContactPoint]":
    """Contact points, those apart that are used for nobody whom this access may see."""
    if not hidden_organisations(access):
        return ContactPoint.objects.all()
    uses = Reach.objects.filter(contact_point=OuterRef("pk"), ended_at=None)
    return ContactPoint.objects.filter(
        ~Exists(uses) | Exists(uses.filter(seen_by(access, "registration")))
    )


def own_people(compartment_id: int) -> "QuerySet[Registration]":
    """What the organisation of a compartment registered."""
    return Registration.objects.filter(organisation__compartment_id=compartment_id)


def _hidden(organisations: list[int], traveller: str) -> Q:
    now = Registration.objects.filter(traveller_id=OuterRef(traveller))
    once = Repointing.objects.filter(from_traveller_id=OuterRef(traveller))
    closed = Q(organisation_id__in=organisations)
    was_closed = Q(registration__organisation_id__in=organisations)
    is_closed = Q(Exists(now.filter(closed))) & ~Q(Exists(now.exclude(closed)))
    was = Q(Exists(once.filter(was_closed))) & ~Q(Exists(once.exclude(was_closed)))
    return is_closed | (~Q(Exists(now)) & was)
