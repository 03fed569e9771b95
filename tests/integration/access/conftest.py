"""A desk with something behind every address, and one officer of each role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.factories import (
    Staff,
    enrol_one,
    make_officer,
    publish,
    region,
    warning,
    work,
)
from wayhome.bulletins import services as bulletins
from wayhome.musters import services as musters
from wayhome.musters.models import Muster, RollEntry
from wayhome.officers import invitations, sessions
from wayhome.officers import recovery as recoveries
from wayhome.officers.account_models import Passkey
from wayhome.officers.glass import break_glass
from wayhome.officers.models import BrokenGlass, Officer
from wayhome.officers.roles import Role
from wayhome.travellers.likeness import compare
from wayhome.travellers.models import ContactPoint
from wayhome.travellers.organisations import bind_officer, make_organisation
from wayhome.travellers.services import suppress
from wayhome.trips.services import enrol
from wayhome.web.desk.views_enrol import token_of as enrolled_token
from wayhome.work import clock


def with_passkey(officer: Officer) -> Passkey:
    return Passkey.objects.create(
        officer=officer, credential_id="x", public=b"", handle="h", name="Key",
        made_at=clock.database_now(),
    )  # fmt: skip


@pytest.fixture
def officers(db: None) -> dict[Role, Officer]:
    """One of each role; the organisation's belongs to one that has registered somebody."""
    from tests.support.factories import said

    made = {role: make_officer(f"the-{role.value.replace(' ', '-')}", role) for role in Role}
    university = make_organisation("uni", "University of Elsewhere")
    enrol(said("Uma Student", mail="uma@example.org"), organisation=university, door="organisation")
    bind_officer(made[Role.ORGANISATION], "uni")
    return made


@dataclass(frozen=True)
class World:
    """What there is, by the names that routes give to its numbers; and who is in it.

    ``tokens``: by the name of the route, what stands in its address, for an officer or nobody.
    """

    numbers: dict[str, int]
    tokens: dict[str, Callable[[Officer | None], str]]
    people: dict[str, int]  # traveller by name
    muster: Muster
    entry: RollEntry


@pytest.fixture
def world(officers: dict[Role, Officer], staff: Staff, settings: Any, tmp_path: Path) -> World:
    settings.WAYHOME_DATA_DIR = tmp_path
    ann, bob = enrol_one("Ann Ash"), enrol_one("Bob Birch")
    issue = publish(staff)
    work()
    draft = bulletins.draft(staff.author, warning(hazard="another"))
    muster = musters.open_muster(
        staff.author,
        name="Mosul",
        region=region(),
        starts_at=clock.now() - timedelta(days=1),
        threads=[issue.bulletin],
    )
    work()
    entry = RollEntry.objects.get(muster=muster, traveller=ann)
    point = ContactPoint.objects.get(address="bob@example.org")
    suppress(point, "mailbox unavailable")
    break_glass(staff.author, "cases", "Somebody was taken this morning")
    twin = enrol_one("Ash Ann", mail="ann.ash@example.org")
    compare([ann.pk, twin.pk])
    # An officer to do things to, who is signed in and has a passkey; somebody invited; one whom two
    # others are to let back in.
    spare, lost = (make_officer(name, Role.VIEWER) for name in ("spare", "lost"))
    session = sessions.begin(spare, sessions.Way.PASSWORD, device="Firefox", network="192.0.2.7")
    invited = invitations.invite(
        staff.administrator, email="new@ministry.example", name="New", office="", role="viewer"
    )
    recovery = recoveries.ask(staff.administrator, lost.pk, "I know her voice")
    return World(
        numbers={
            "bulletin_id": draft.pk,
            "issue_id": issue.pk,
            "muster_id": muster.pk,
            "entry_id": entry.pk,
            "contact_point_id": point.pk,
            "number": BrokenGlass.objects.get().pk,
            "traveller_id": ann.pk,
            "one_id": ann.pk,
            "other_id": twin.pk,
            "officer_id": spare.pk,
            "session_id": session.pk,
            "passkey_id": with_passkey(spare).pk,
            "invitation_id": invited.invitation.pk,
            "recovery_id": recovery.pk,
        },
        tokens={
            "desk:invited": lambda _: invited.link.split("/")[-2],
            "desk:enrolled": lambda officer: enrolled_token(
                officer.pk if officer else 0, [ann.registrations.get().pk]
            ),
        },
        people={"Ann Ash": ann.pk, "Bob Birch": bob.pk},
        muster=muster,
        entry=entry,
    )
