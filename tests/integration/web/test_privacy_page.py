"""The privacy page says what is kept, why, until when, who sees it, and how to be forgotten."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from wayhome.travellers import fields, retention

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def page(client: Client) -> str:
    answer = client.get("/privacy/")
    assert answer.status_code == 200
    assert not answer.cookies
    return re.sub(r"\s+", " ", unescape(answer.content.decode()))


def test_everything_of_a_traveller_in_the_register_is_on_it(client: Client) -> None:
    said = page(client)
    for table in fields.tables():
        for of in table.personal.values():
            if of.eraser:
                shown = of.what if of.sealed else table.notice
                assert shown, table.name
                assert f"<li>{shown}</li>" in said, table.name
    for purpose in fields.PURPOSES[:4]:
        assert purpose.words[1:] in said
        assert purpose.basis in said
    for rule in retention.rules():
        assert rule.words in said
    assert "an officer's mail address" not in said


def test_days_ground_and_contact_are_the_operators(client: Client, settings: Any) -> None:
    settings.WAYHOME_RETAIN_STAY_DAYS = 17
    settings.WAYHOME_RETAIN_LOOK_DAYS = 0
    settings.WAYHOME_LEGAL_BASIS = '{"warn": "Consular Act, section 9"}'
    settings.WAYHOME_PRIVACY_CONTACT = "Data office, data@ministry.example"
    settings.WAYHOME_PRIVACY_AUTHORITY = "Data Protection Commissioner"
    said = page(client)
    assert "17 days" in said
    assert "not by itself" in said
    for words in ("Consular Act, section 9", "data@ministry.example", "Protection Commissioner"):
        assert words in said


def test_every_page_of_the_portal_leads_there(client: Client) -> None:
    for path in ("/", "/enrol/", "/my-link/"):
        assert 'href="/privacy/"' in client.get(path).content.decode()


def test_it_changes_nothing_and_takes_nothing(client: Client) -> None:
    assert client.post("/privacy/").status_code == 405
    assert client.head("/privacy/").status_code == 200
