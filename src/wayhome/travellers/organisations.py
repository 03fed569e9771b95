"""Organisations: made, closed or opened by whoever runs the host; what their own officers see."""

import re

from wayhome.officers import audit
from wayhome.officers.access import OrganisationAccess
from wayhome.officers.audit import Deed
from wayhome.officers.models import Compartment, Officer
from wayhome.officers.services import bind, set_closed
from wayhome.problems import Problem
from wayhome.travellers.models import Organisation, Registration
from wayhome.travellers.seeing import own_people
from wayhome.travellers.services import clean_name
from wayhome.work.db import writes

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


@writes
def make_organisation(
    code: str, name: str, *, closed: bool = False, by: Officer | None = None
) -> Organisation:
    """A new organisation with a compartment of its own, closed to general officers or not."""
    if not _CODE.fullmatch(code):
        raise Problem("code", f"{code[:40]!r} does not serve", "use 2 to 40 of a-z, 0-9 and -")
    if Organisation.objects.filter(code=code).exists():
        raise Problem("code", f"{code} is taken", "use another")
    made = Organisation.objects.create(code=code, name=clean_name(name))
    audit.record(by, Deed.ORGANISATION_MADE, "organisation", made.pk, code)
    set_closed(compartment_of(made), closed, by=by)
    return made


@writes
def compartment_of(organisation: Organisation) -> Compartment:
    """The compartment of an organisation; made, open, where it has none yet."""
    if organisation.compartment is None:
        organisation.compartment, _ = Compartment.objects.get_or_create(
            name=f"organisation {organisation.code}", defaults={"closed": False}
        )
        organisation.save(update_fields=["compartment"])
    return organisation.compartment


@writes
def bind_officer(officer: Officer, code: str, *, by: Officer | None = None) -> None:
    """Let an officer of role *organisation* see what this organisation registered."""
    bind(officer, compartment_of(find(code)), by=by)


@writes
def set_organisation_closed(code: str, closed: bool, *, by: Officer | None = None) -> Organisation:
    """Close what it registered to whoever is not cleared for its compartment, or open it."""
    organisation = find(code)
    set_closed(compartment_of(organisation), closed, by=by)
    return organisation


def find(code: str) -> Organisation:
    """Problem where there is none of this code."""
    found = Organisation.objects.select_related("compartment").filter(code=code).first()
    if found is None:
        raise Problem("organisation", f"{code[:40]!r} is unknown", "make it first")
    return found


def of_compartment(compartment_id: int) -> Organisation | None:
    return Organisation.objects.filter(compartment_id=compartment_id).first()


def registrations_of(
    access: OrganisationAccess, view: str, *, after: int = 0, limit: int = 50
) -> list[Registration]:
    """What the officer's own organisation registered, by number; looks are recorded."""
    rows = own_people(access.compartment_id).filter(pk__gt=after)
    page = list(rows.select_related("traveller").order_by("pk")[:limit])
    access.record(view, [registration.traveller_id for registration in page])
    return page


def every_organisation(limit: int = 1000) -> list[Organisation]:
    """Organisations with their compartments, by code."""
    return list(Organisation.objects.select_related("compartment").order_by("code")[:limit])
