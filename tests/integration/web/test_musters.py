"""Musters on the desk: numbers first, and what each look leaves behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from wayhome.bulletins.models import Issue
from wayhome.ledger.models import Incident
from wayhome.musters import services as musters
from wayhome.musters.models import Muster, RollChange, RollEntry
from wayhome.officers.models import Look, Officer
from wayhome.officers.services import clear
from wayhome.places.reading import read
from wayhome.replies.models import Reply
from wayhome.travellers.models import Registration, Traveller
from wayhome.travellers.services import repoint
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def muster(author: Officer, issue: Issue) -> Muster:
    opened = musters.open_muster(
        author,
        name="Mosul",
        region=read("Nineveh, Iraq"),
        starts_at=clock.now() - timedelta(hours=1),
        threads=[issue.bulletin],
    )
    run_until_idle()
    return opened


@pytest.fixture
def entry(muster: Muster, family: list[Registration]) -> RollEntry:
    return RollEntry.objects.get(muster=muster, traveller_id=family[0].traveller_id)


def test_a_muster_is_opened_with_its_incident(
    desk: Client, issue: Issue, family: list[Registration]
) -> None:
    incident = {
        "what": "Mosul has fallen",
        "region": "Mosul, Iraq",
        "happened_on": clock.today().isoformat(),
        "certainty": "reported",
        "source": "A paper",
        "wording": "The city fell.",
    }
    for missing in ("what", "region", "happened_on", "source", "wording"):
        assert desk.post("/desk/incidents/new/", incident | {missing: ""}).status_code == 422
    assert desk.post("/desk/incidents/new/", incident).status_code == 302
    form = {
        "name": "Mosul",
        "region": "Nineveh, Iraq",
        "starts_at": (clock.now() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"),
        "safe_hours": "24",
        "threads": [str(issue.bulletin_id)],
        "incidents": [str(Incident.objects.get().pk)],
    }
    for wrong in (
        {"name": ""},
        {"region": "Qqqqqqq"},
        {"starts_at": ""},
        {"safe_hours": "0"},
        {"ends_at": "2001-01-01T00:00"},
        {"threads": ["99"]},
    ):
        assert desk.post("/desk/musters/new/", form | wrong).status_code == 422, wrong
    page = desk.post("/desk/musters/new/", form, follow=True).content.decode()
    for shown in ("Mosul has fallen", "The city fell.", "Leave Mosul", "The roll is being filled"):
        assert shown in page
    run_until_idle()
    board = desk.get(f"/desk/musters/{Muster.objects.get().pk}/").content.decode()
    assert board.index("silent</a>") < board.index("needs help</a>")
    assert '<li class="silent"><b>2</b>' in board


@pytest.mark.parametrize(
    ("begins", "ends"), [("0014-06-15T08:00", ""), ("2014-06-15T08:00", "9999-12-31T23:59")]
)
def test_a_slip_in_the_year_is_said(desk: Client, begins: str, ends: str) -> None:
    """One muster whose roll cannot be filled would keep late joiners off every other."""
    form = {"name": "Mosul", "region": "Nineveh, Iraq", "safe_hours": "24"}
    page = desk.post("/desk/musters/new/", form | {"starts_at": begins, "ends_at": ends})
    assert page.status_code == 422
    assert "check the year" in page.content.decode()
    assert Muster.objects.count() == 0


def test_the_board_names_nobody_and_the_roll_records_each_look(
    desk: Client, author: Officer, muster: Muster, entry: RollEntry
) -> None:
    board = desk.get(f"/desk/musters/{muster.pk}/").content.decode()
    assert "Amina" not in board
    assert Look.objects.count() == 0
    roll = desk.get(f"/desk/musters/{muster.pk}/roll/?state=silent").content.decode()
    assert "Amina Haddad" in roll
    looks = Look.objects.all()
    assert {look.purpose for look in looks} == {"muster of Mosul"}
    assert {look.traveller_id for look in looks} == set(
        RollEntry.objects.values_list("traveller_id", flat=True)
    )
    page = desk.get(f"/desk/musters/{muster.pk}/roll/{entry.pk}/").content.decode()
    assert "amina@example.org" in page
    assert "Mosul, Iraq" in page


def test_a_child_is_reached_through_its_family(
    desk: Client, muster: Muster, family: list[Registration]
) -> None:
    child = RollEntry.objects.get(muster=muster, traveller_id=family[1].traveller_id)
    page = desk.get(f"/desk/musters/{muster.pk}/roll/{child.pk}/").content.decode()
    assert "amina@example.org" in page
    assert "+9647901234567" in page


def test_the_roll_is_paged_and_filtered(
    desk: Client, muster: Muster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wayhome.web.desk.views_roll.ON_A_PAGE", 1)
    path = f"/desk/musters/{muster.pk}/roll/?state=silent"
    first = desk.get(path).content.decode()
    assert "Amina Haddad" in first
    assert "Bo Haddad" not in first
    assert Look.objects.count() == 1  # whoever is not shown was not looked at
    last = RollEntry.objects.order_by("pk")[0].pk
    assert "Bo Haddad" in desk.get(f"{path}&after={last}").content.decode()
    assert "Nobody" in desk.get(f"{path}&area=IQ-AN").content.decode()
    assert "Nobody" in desk.get(f"{path}&after=x&state=departed").content.decode()


def say(person: Registration, answer: str, minutes: int) -> None:
    """What a person said so many minutes ago, not yet taken onto any roll."""
    Reply.objects.create(
        registration=person,
        answer=answer,
        channel="link",
        said_at=clock.now() - timedelta(minutes=minutes),
        recorded_at=clock.now(),
        press=f"{answer} {minutes}",
    )


def heard(*, newest_first: bool = False) -> None:
    keys = list(Reply.objects.order_by("-said_at" if newest_first else "said_at"))
    for reply in keys:
        musters.take_replies([reply.pk])


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_call_for_help_stands_in_whatever_order_words_arrive(
    entry: RollEntry, family: list[Registration], newest_first: bool
) -> None:
    say(family[0], "needs help", 20)
    say(family[0], "safe", 10)
    heard(newest_first=newest_first)
    entry.refresh_from_db()
    assert (entry.state, entry.later_claim) == ("needs help", "safe")


def test_what_was_said_before_an_officer_decided_moves_nothing_but_a_call_for_help(
    entry: RollEntry, family: list[Registration], author: Officer
) -> None:
    musters.decide(author, entry.pk, "departed", reason="Seen at the gate")
    say(family[0], "safe", 10)
    heard()
    entry.refresh_from_db()
    assert entry.state == "departed"
    say(family[0], "needs help", 5)
    heard()
    entry.refresh_from_db()
    assert entry.state == "needs help"


def test_a_closed_entry_that_calls_for_help_is_open_again(
    desk: Client, entry: RollEntry, family: list[Registration], author: Officer, signer: Officer
) -> None:
    musters.decide(author, entry.pk, "safe", reason="Spoke to her")
    musters.close_entry(signer, entry.pk, reason="Arrived")
    say(family[0], "needs help", 0)
    heard()
    page = desk.get(f"/desk/musters/{entry.muster_id}/").content.decode()
    assert "0 closed by an officer" in page
    musters.decide(author, entry.pk, "safe", reason="Spoke to her")
    musters.close_entry(signer, entry.pk, reason="Arrived")
    musters.decide(author, entry.pk, "silent", reason="It was another")
    page = desk.get(f"/desk/musters/{entry.muster_id}/").content.decode()
    assert "0 closed by an officer" in page


@pytest.mark.django_db(transaction=True)
def test_what_is_said_while_an_officer_reads_stops_the_decision(
    desk: Client, muster: Muster, entry: RollEntry, family: list[Registration]
) -> None:
    say(family[0], "needs help", 20)
    heard()
    path = f"/desk/musters/{muster.pk}/roll/{entry.pk}/"
    seen = desk.get(path).context["seen_since"]
    say(family[0], "departed", 10)
    heard()
    decided = {"state": "safe", "reason": "A neighbour", "seen_since": seen}
    page = desk.post(f"{path}decide/", decided)
    assert "was changed meanwhile" in page.content.decode()
    decided["seen_since"] = page.context["seen_since"]
    assert desk.post(f"{path}decide/", decided).status_code == 302


def test_what_is_told_of_a_record_that_was_joined_is_refused(
    desk: Client, muster: Muster, entry: RollEntry, family: list[Registration]
) -> None:
    twin = Traveller.objects.create(name="Amina H.", made_at=clock.now())
    repoint(family[0], twin, why="same passport", by_officer=None)
    run_until_idle()
    page = desk.post(f"/desk/musters/{muster.pk}/roll/{entry.pk}/told/", {"answer": "safe"})
    assert page.status_code == 422
    assert "was joined with another record" in page.content.decode()


def test_no_address_of_the_roll_breaks_it(desk: Client, muster: Muster) -> None:
    for odd in ("area=%00", "state=%00", "after=" + "9" * 5000, "area=" + "x" * 500):
        assert desk.get(f"/desk/musters/{muster.pk}/roll/?{odd}").status_code == 200


@pytest.mark.django_db(transaction=True)  # what is refused is rolled back as in earnest
def test_told_decided_closed(
    desk: Client, second_desk: Client, muster: Muster, entry: RollEntry
) -> None:
    path = f"/desk/musters/{muster.pk}/roll/{entry.pk}/"
    unchosen = desk.post(f"{path}told/", {"answer": "", "words": "Leg broken"})
    assert "choose what they said" in unchosen.content.decode()
    told = {"answer": "needs help", "words": "Leg broken"}
    assert desk.post(f"{path}told/", told).status_code == 302
    run_until_idle()
    assert Reply.objects.get().channel == "officer"
    page = desk.get(path)
    assert "Leg broken" in page.content.decode()
    seen = page.context["seen_since"]
    entry.refresh_from_db()
    assert entry.state == "needs help"

    assert "Close the entry" not in page.content.decode()
    close = {"reason": "done", "seen_since": seen}
    assert "set what you know first" in second_desk.post(f"{path}close/", close).content.decode()
    decided = {"state": "safe", "reason": "Spoke to her", "seen_since": seen}
    no_reason = desk.post(f"{path}decide/", decided | {"reason": ""})
    assert "say how you know" in no_reason.content.decode()
    assert RollChange.objects.filter(why="officer").count() == 0
    assert desk.post(f"{path}decide/", decided).status_code == 302
    entry.refresh_from_db()
    assert entry.state == "safe"

    late = desk.post(f"{path}decide/", decided | {"state": "departed"})
    assert "changed meanwhile" in late.content.decode()  # what was seen is no longer so
    seen = desk.get(path).context["seen_since"]
    close = {"reason": "Arrived at home", "seen_since": seen}
    assert "Close the entry" not in desk.get(path).content.decode()
    assert desk.post(f"{path}close/", close).status_code == 403
    assert second_desk.post(f"{path}close/", close).status_code == 302
    page = desk.get(path).content.decode()
    assert "Arrived at home" in page
    assert "Olga Approver" in page


def test_cases_are_seen_by_the_cleared_only(
    desk: Client,
    second_desk: Client,
    author: Officer,
    signer: Officer,
    muster: Muster,
    entry: RollEntry,
) -> None:
    clear(signer, "cases")
    path = f"/desk/musters/{muster.pk}/roll/{entry.pk}/"
    assert "detained" not in desk.get(path).content.decode()
    assert desk.post(f"{path}decide/", {"state": "detained", "reason": "x"}).status_code == 422
    seen = second_desk.get(path).context["seen_since"]
    decided = {"state": "detained", "reason": "His brother says so", "seen_since": seen}
    assert second_desk.post(f"{path}decide/", decided).status_code == 302

    assert desk.get(path).status_code == 404
    listed = f"/desk/musters/{muster.pk}/roll/?state=detained"
    assert "Amina" not in desk.get(listed).content.decode()
    assert "Amina" in second_desk.get(listed).content.decode()
    board = desk.get(f"/desk/musters/{muster.pk}/").content.decode()
    assert "in a closed compartment" in board
    assert "detained" not in board
    assert Look.objects.filter(officer_id=signer.pk, purpose__startswith="cases: ").exists()

    since = second_desk.get(path).context["seen_since"]
    freed = {"state": "safe", "reason": "Freed", "seen_since": since}
    assert second_desk.post(f"{path}decide/", freed).status_code == 302
    page = desk.get(path).content.decode()
    assert "brother" not in page
    assert "detained" not in page


def test_a_muster_is_closed_on_purpose_only(
    desk: Client, second_desk: Client, muster: Muster
) -> None:
    path = f"/desk/musters/{muster.pk}/"
    assert "Close this muster" not in desk.get(path).content.decode()
    assert desk.post(f"{path}close/", {"sure": "yes"}).status_code == 403
    assert "Close this muster" in second_desk.get(path).content.decode()
    assert "Not closed" in second_desk.post(f"{path}close/", follow=True).content.decode()
    second_desk.post(f"{path}close/", {"sure": "yes"})
    muster.refresh_from_db()
    assert muster.closed_at is not None
    assert "Close this muster" not in second_desk.get(path).content.decode()
