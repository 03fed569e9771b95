"""Record what is reported."""

from datetime import date

from wayhome.ledger.models import Incident
from wayhome.officers import audit
from wayhome.officers.access import require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.places.region import AnyRegion
from wayhome.places.resolve import storable
from wayhome.problems import Problem
from wayhome.work import clock
from wayhome.work.db import writes


@writes
def record_incident(
    officer: Officer,
    *,
    what: str,
    region: AnyRegion,
    happened_on: date,
    certainty: str,
    source: str,
    wording: str,
) -> Incident:
    """Keep one incident with its source and wording."""
    require(officer, Verb.MUSTER)
    for name, value in (("what", what), ("source", source), ("wording", wording)):
        if not value.strip():
            raise Problem(name, "is empty", "say it in a few words")
    if certainty not in Incident.Certainty.values:
        raise Problem("certainty", f"{certainty!r} is none", "use reported, claimed or confirmed")
    incident = Incident.objects.create(
        what=what.strip()[:300],
        region=storable(region),
        happened_on=happened_on,
        certainty=certainty,
        source=source.strip()[:200],
        wording=wording,
        recorded_by=officer.pk,
        recorded_at=clock.now(),
    )
    audit.record(officer, Deed.INCIDENT_RECORDED, "incident", incident.pk)
    return incident
