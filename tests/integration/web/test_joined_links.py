"""What the link of somebody who proved nothing opens once an officer joined their record."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.integration.web.conftest import Links
from wayhome.bulletins.models import Issue
from wayhome.officers.access import access_for
from wayhome.officers.models import Look, Officer
from wayhome.replies.models import Reply
from wayhome.travellers.models import Reach, Registration
from wayhome.travellers.queries import names
from wayhome.travellers.services import add_reach, repoint
from wayhome.travellers.vouching import document_seen
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def stranger(
    client: Client, form: dict[str, str], family: list[Registration], links: Links, author: Officer
) -> str:
    """Somebody enrolled the adult of the family once more, from Paris; the two are one now."""
    sent = form | {"people": "1", "person-0-name": "Amina", "mail": "stranger@example.org"}
    sent |= {"stay-0-place": "Paris", "stay-0-country": "France"}
    page = client.post("/enrol/", sent, follow=True).content.decode()
    (path,) = re.findall(r"/my/[^\"<]+/", page)[:1]
    of_stranger = Registration.objects.order_by("-pk")[0]
    repoint(of_stranger, family[0].traveller, why="the same passport", by_officer=author.pk)
    run_until_idle()
    names(access_for(author, "muster of Mosul"), "test", [family[0].traveller_id])
    Look.objects.update(hour=clock.now() - timedelta(hours=30))
    return path


def test_it_opens_what_came_with_it_and_nothing_else(
    client: Client, stranger: str, links: Links, family: list[Registration]
) -> None:
    adult, child = (each.traveller for each in family)
    client.post(links.trips + "answer/", {"answer": "needs help", "people": [adult.pk]})
    whole = client.get(links.trips).content.decode()
    secrets = [adult.name, child.name, "Mosul", "What concerns you now", "muster of Mosul"]
    assert [each for each in secrets if each not in whole] == []
    page = client.get(stranger).content.decode()
    assert [each for each in secrets if each in page] == []
    assert "Paris" in page
    assert "Amina" in page
    assert page.count("Nothing yet") == 1


def test_it_answers_for_nobody_and_nothing_of_the_other(
    client: Client, stranger: str, issue: Issue, family: list[Registration]
) -> None:
    adult, child = (each.traveller_id for each in family)
    for sent in (
        {"answer": "safe", "people": [adult], "issue": issue.pk},
        {"answer": "safe", "people": [child]},
        {"answer": "safe", "people": [adult, child]},
    ):
        assert client.post(stranger + "answer/", sent).status_code == 422
    assert not Reply.objects.exists()


def _verify(address: str) -> None:
    Reach.objects.filter(contact_point__address=address).update(verified_at=clock.now())


def test_an_address_of_the_strangers_own_proves_nothing(
    client: Client, stranger: str, family: list[Registration]
) -> None:
    """Whoever enrolled somebody else under her name reads their own mail well."""
    _verify("stranger@example.org")
    page = client.get(stranger).content.decode()
    assert family[1].traveller.name not in page
    assert "What concerns you now" not in page


def test_it_opens_all_once_an_address_is_proven_for_both(
    client: Client, stranger: str, family: list[Registration]
) -> None:
    reach = Reach.objects.get(contact_point__address="stranger@example.org")
    add_reach(family[0], reach.contact_point, verified_at=clock.now())
    _verify("stranger@example.org")
    page = client.get(stranger).content.decode()
    assert family[1].traveller.name in page
    assert "What concerns you now" in page


def test_it_opens_all_once_an_officer_saw_a_document(
    client: Client, stranger: str, family: list[Registration], author: Officer
) -> None:
    _verify("stranger@example.org")
    document_seen(author, Registration.objects.order_by("-pk")[0].pk, "passport")
    assert family[1].traveller.name in client.get(stranger).content.decode()
