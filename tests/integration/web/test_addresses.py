"""Addresses that bounce: who may see them, what a look leaves, and lifting with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from tests.integration.web.conftest import signed_in
from tests.support.deliveries import sent
from tests.support.factories import register
from wayhome.delivery.receipts import record
from wayhome.officers.access import Refused
from wayhome.officers.models import Look, Officer
from wayhome.officers.roles import Role
from wayhome.problems import Problem
from wayhome.travellers import services
from wayhome.travellers.models import (
    ContactPoint,
    PartyMember,
    Reach,
    Registration,
    Suppression,
    Traveller,
)
from wayhome.work import clock
from wayhome.work.models import Owed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PAGE = "/desk/addresses/"


@pytest.fixture
def mail(family: list[Registration]) -> ContactPoint:
    return ContactPoint.objects.get(kind="mail")


@pytest.fixture
def suppressed(mail: ContactPoint) -> ContactPoint:
    record(sent(mail), "bounced", "dsn", "a", "5.1.1", "550 5.1.1 no mailbox")
    mail.refresh_from_db()
    assert mail.suppressed_at is not None
    Owed.objects.all().delete()
    return mail


def owed() -> set[tuple[str, str]]:
    return set(Owed.objects.values_list("job", "key"))


def read(client: Client, query: str = "") -> str:
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_what_why_since_when_and_whose(
    desk: Client, suppressed: ContactPoint
) -> None:
    page = read(desk)
    for shown in ("amina@example.org", "5.1.1: 550 5.1.1 no mailbox", "Amina Haddad", "Bo Haddad",
                  "issue 7"):  # fmt: skip
        assert shown in page
    assert "No other address" not in page  # they have a telephone


def test_whoever_has_no_other_address_is_marked(desk: Client, suppressed: ContactPoint) -> None:
    phone = ContactPoint.objects.get(kind="phone")
    for change in ({"stopped_at": clock.now()}, {"hostile_since": clock.now()},
                   {"ended_at": clock.now()}, {"purpose": Reach.Purpose.EMERGENCY}):  # fmt: skip
        was = Reach.objects.filter(contact_point=phone).values(*change)[0]
        Reach.objects.filter(contact_point=phone).update(**change)
        assert read(desk).count("<strong>No other address</strong>") == 1, change
        Reach.objects.filter(contact_point=phone).update(**was)
    services.suppress(phone, "no such number")
    assert read(desk).count("<strong>No other address</strong>") == 2
    # The child has one of its own.
    point = services.contact_point("mail", "bo@example.org")
    services.add_reach(Registration.objects.get(traveller__name="Bo Haddad"), point)
    assert read(desk).count("No other address: <bdi>Amina Haddad</bdi></strong>") == 2


def test_each_person_shown_is_a_look_and_nobody_else(
    desk: Client, author: Officer, suppressed: ContactPoint, family: list[Registration]
) -> None:
    stranger = register("Cy Other")
    PartyMember.objects.filter(registration=family[1]).update(until=clock.now())
    assert "Bo Haddad" not in read(desk)
    assert set(Look.objects.values_list("officer_id", "traveller_id", "view", "purpose")) == {
        (author.pk, family[0].traveller_id, "addresses that bounce", "addresses that bounce")
    }
    assert stranger.traveller.name not in read(desk)


def test_an_address_of_many_names_a_few(desk: Client, suppressed: ContactPoint) -> None:
    for number in range(9):
        someone = register(f"Person {number}")
        services.add_reach(someone, suppressed)
    page = read(desk)
    assert "and 6 more" in page
    assert Look.objects.count() == 5


def test_what_bounces_and_is_still_written_to(desk: Client, mail: ContactPoint) -> None:
    record(sent(mail), "bounced", "dsn", "a", "5.7.1", "550 5.7.1 rejected by policy")
    page = read(desk)
    assert "No address is suppressed" in page
    assert "code 5.7.1: <q" in page
    assert "amina@example.org" in page


def test_it_is_paged(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wayhome.web.desk.views_addresses.ON_A_PAGE", 2)
    now = clock.now()
    for number in range(5):
        point = services.contact_point("mail", f"p{number}@example.org")
        services.suppress(point, "gone")
        # Two share one moment: the number of the address tells them apart.
        ContactPoint.objects.filter(pk=point.pk).update(
            suppressed_at=now - timedelta(hours=number // 2)
        )
    seen, query = [], ""
    for _ in range(3):
        page = read(desk, query)
        seen.append([n for n in range(5) if f"p{n}@example.org" in page])
        if "Next page" not in page:
            break
        query = page.split('href="?after=')[1].split('"')[0]
        query = f"?after={query}"
    assert seen == [[0, 1], [2, 3], [4]]
    for nonsense in ("?after=x", "?after=/", "?after=2014-06-10T00:00:00/x", "?after=%00/1"):
        read(desk, nonsense)


def test_lifting_needs_a_reason_and_is_recorded(
    desk: Client, author: Officer, suppressed: ContactPoint, family: list[Registration]
) -> None:
    path = f"{PAGE}{suppressed.pk}/lift/"
    refused = desk.post(path, {"reason": "  "})
    assert refused.status_code == 422
    assert "say how you know that the address works again" in refused.content.decode()
    suppressed.refresh_from_db()
    assert suppressed.suppressed_at is not None
    assert owed() == set()

    done = desk.post(path, {"reason": "She called, and reads it again"}, follow=True)
    assert "It is written to again" in done.content.decode()
    assert "No address is suppressed" in done.content.decode()
    suppressed.refresh_from_db()
    assert (suppressed.suppressed_at, suppressed.suppressed_why, suppressed.bounces) == (
        None,
        "",
        0,
    )
    steps = Suppression.objects.order_by("pk").values_list("did", "why", "officer_id")
    assert list(steps) == [
        ("suppressed", "5.1.1: 550 5.1.1 no mailbox", None),
        ("lifted", "She called, and reads it again", author.pk),
    ]
    # Whoever it serves is warned of what is in force, as a late joiner is.
    joined = {(job, key) for job, key in owed() if job == "delivery.join"}
    assert joined == {("delivery.join", str(each.traveller_id)) for each in family}

    again = desk.post(path, {"reason": "once more"})
    assert again.status_code == 422
    assert "is not suppressed" in again.content.decode()
    assert Suppression.objects.count() == 2


def test_what_was_decided_before_stays_to_be_read(
    desk: Client, author: Officer, suppressed: ContactPoint
) -> None:
    services.lift(author, suppressed.pk, "She called")
    services.suppress(suppressed, "gone again")
    page = read(desk)
    assert "gone again" in page
    assert "lifted by" in page
    assert author.name in page
    assert "She called" in page


def test_roles(officer_of: Callable[[str], Officer], suppressed: ContactPoint) -> None:
    viewer, administrator = officer_of(Role.VIEWER), officer_of(Role.ADMINISTRATOR)
    page = read(signed_in(viewer))
    assert "amina@example.org" in page
    assert "Write to it again" not in page
    assert signed_in(administrator).get(PAGE).status_code == 403
    for officer in (viewer, administrator):
        answer = signed_in(officer).post(f"{PAGE}{suppressed.pk}/lift/", {"reason": "x"})
        assert answer.status_code == 403
        with pytest.raises(Refused):
            services.lift(officer, suppressed.pk, "x")
    assert Suppression.objects.filter(did="lifted").count() == 0
    assert signed_in(officer_of(Role.OFFICER)).post(f"{PAGE}999/lift/").status_code == 404


def test_names_and_words_from_outside_are_escaped(desk: Client, mail: ContactPoint) -> None:
    Traveller.objects.update(name="<i>Amina</i>")
    record(sent(mail), "bounced", "dsn", "a", "5.1.1", "<script>550</script>")
    page = read(desk)
    assert "<script>550" not in page
    assert "<i>Amina" not in page


def test_suppressing_twice_is_once(mail: ContactPoint) -> None:
    assert services.suppress(mail, "gone")
    assert not services.suppress(mail, "gone too")
    assert [step.why for step in Suppression.objects.all()] == ["gone"]


def test_a_reason_too_long_is_refused(author: Officer, suppressed: ContactPoint) -> None:
    with pytest.raises(Problem, match="reason"):
        services.lift(author, suppressed.pk, "x" * 301)
