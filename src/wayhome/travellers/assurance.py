"""How sure it is that a registration is who it says: raised and lowered with who, when and why."""

from wayhome.officers import audit
from wayhome.officers.audit import Deed
from wayhome.travellers.door_models import AssuranceStep
from wayhome.travellers.models import Registration
from wayhome.work import clock
from wayhome.work.db import writes


@writes
def raise_to(
    registration: Registration,
    assurance: int,
    why: str,
    *,
    officer_id: int | None = None,
    reach_id: int | None = None,
) -> None:
    """At least so sure from now on; what is surer already stays, and no step is written."""
    if registration.assurance < assurance:
        set_to(registration, assurance, why, officer_id=officer_id, reach_id=reach_id)


@writes
def set_to(
    registration: Registration,
    assurance: int,
    why: str,
    *,
    officer_id: int | None = None,
    reach_id: int | None = None,
    document: str = "",
    office: str = "",
) -> None:
    """Just so sure from now on; a step is written even where it is as sure as before."""
    step = AssuranceStep.objects.create(
        registration=registration,
        was=registration.assurance,
        now=assurance,
        document=document,
        office=office,
        why=why[:300],
        officer_id=officer_id,
        reach_id=reach_id,
        at=clock.now(),
    )
    if officer_id is not None:  # why stands in the step: it may speak of the person
        said = f"{step.was} to {step.now}, step {step.pk}"
        audit.record(officer_id, Deed.ASSURANCE_SET, "registration", registration.pk, said)
    if registration.assurance != assurance:
        registration.assurance = assurance
        registration.save(update_fields=["assurance"])
