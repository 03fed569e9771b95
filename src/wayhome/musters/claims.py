"""What people ask about themselves while a muster may cover them: kept as said, not carried out.

Silence is a state and answers are claims: no link may take a person out of reach while officers
look for them. An officer carries it out, or the end of the muster does.
"""

from collections.abc import Iterable

from wayhome.links import CodeLink
from wayhome.musters.models import RollEntry
from wayhome.officers.access import require
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers import codes, contact_policy, own_details
from wayhome.travellers.contact_policy import By
from wayhome.travellers.models import Reach, Registration
from wayhome.travellers.queries import own_reaches, spoken_for
from wayhome.trips import services as trips
from wayhome.trips.enrolment import StaySaid
from wayhome.trips.models import Stay
from wayhome.work import clock
from wayhome.work.db import writes


def covers(traveller_ids: set[int]) -> bool:
    """Whether an open muster has an open entry for one of these people."""
    return bool(covered(traveller_ids))


def covered(traveller_ids: Iterable[int]) -> set[int]:
    """Those of these people for whom an open muster has an open entry."""
    entries = RollEntry.objects.filter(traveller_id__in=list(traveller_ids), closed_at=None)
    open_ones = entries.filter(muster__closed_at=None)
    return set(open_ones.values_list("traveller_id", flat=True))


@writes
def stop_by(registration: Registration, reach_id: int) -> Reach:
    """A person asks on their own page that nothing more comes to one of their addresses."""
    reach = own_reach(registration, reach_id)
    by = By(registration_id=registration.pk)
    if covers(contact_policy.served_by(reach)):
        return contact_policy.ask_to_stop(reach.pk, by)
    return contact_policy.stop(reach.pk, by)


@writes
def carry_out_stop(officer: Officer, reach_id: int, why: str) -> Reach:
    """An officer carries out what was asked, though a muster covers the person."""
    require(officer, Verb.MUSTER)
    if not why.strip():
        raise Problem("why", "is empty", "say how you know that it was they who asked")
    if not Reach.objects.filter(pk=reach_id, stop_asked_at__isnull=False).exists():
        raise Problem("stop", "was not asked for", "reload the page")
    return contact_policy.stop(reach_id, By(officer), why)


@writes
def remove_by(registration: Registration, reach_id: int, *, sure: bool) -> Reach:
    """A person removes one of their addresses. While a muster covers whom it serves, it is kept as
    a wish that nothing more comes there."""
    reach = own_reach(registration, reach_id)
    own_details.check_removal(registration, reach, sure=sure)
    if covers(contact_policy.served_by(reach)):
        return contact_policy.ask_to_stop(reach.pk, By(registration_id=registration.pk))
    return own_details.remove_address(reach, registration.pk)


@writes
def not_mine_by(link: CodeLink) -> None:
    """Whoever reads an address says that they did not give it: it is used for that registration no
    more, unless a muster covers whom it serves. They learn nothing of whose it was."""
    code = codes.pressing(link)
    if code is None:
        return
    if covers(contact_policy.served_by(code.reach)):
        said_by = By(registration_id=code.reach.registration_id)
        contact_policy.ask_to_stop(code.reach_id, said_by)
    else:
        own_details.remove_address(code.reach, None, "said not to be theirs")


def carry_out_stops() -> int:
    """Carry out what was asked by people whom no muster covers any more; returns how many."""
    done = 0
    for reach in contact_policy.stops_asked():
        if not covers(contact_policy.served_by(reach)):
            by = By(registration_id=reach.registration_id)
            contact_policy.stop(reach.pk, by, "asked before; no muster covers them any more")
            done += 1
    return done


@writes
def change_stay_by(stay: Stay, said: StaySaid) -> Stay:
    """A person says on their own page that a stay of theirs is elsewhere, or on other days. While
    officers look for them it takes them off nothing: both places count."""
    if not covers({stay.trip.registration.traveller_id}):
        return trips.change_stay(stay.pk, said=said)
    same_place = said.country is None and said.place.strip() == stay.words
    longer = said.arrive <= stay.arrive and (
        said.depart is None or (stay.depart is not None and said.depart >= stay.depart)
    )
    if same_place and longer:
        return trips.change_stay(stay.pk, said=said)
    return trips.claim_stay(stay.pk, said)


@writes
def end_stay_by(stay: Stay) -> bool:
    """A person says that they have left a stay of theirs, or are not going. Returns False where a
    muster covers them: then it takes them off nothing, and is an answer to be kept as said."""
    if covers({stay.trip.registration.traveller_id}):
        return False
    today = clock.today()
    if stay.arrive > today:
        trips.withdraw_stay(stay.pk)
    elif stay.depart is None or stay.depart > today:
        trips.change_stay(stay.pk, depart=today)
    return True


def settle_stays() -> int:
    """What people said of their stays holds alone once no muster covers them; returns of how many
    trips."""
    settled = 0
    for traveller_id, trip_ids in trips.travellers_with_claims().items():
        if not covers({traveller_id}):
            for trip_id in trip_ids:
                trips.settle_claims(trip_id)
                settled += 1
    return settled


def own_reach(registration: Registration, reach_id: int) -> Reach:
    """One of the person's own addresses; Problem where it is none."""
    found = [each for each in own_reaches(spoken_for(registration)) if each.pk == reach_id]
    if not found:
        raise Problem("address", "is none of yours", "reload the page")
    return found[0]
