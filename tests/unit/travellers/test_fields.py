"""The field register names every column there is, and what it promises is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from wayhome.problems import Problem
from wayhome.travellers import fields, fields_page, retention
from wayhome.travellers.erasers import erasers
from wayhome.travellers.fields import Personal, Until

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]


def columns() -> set[tuple[str, str]]:
    return {
        (model._meta.db_table, field.column)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
        if field.column
    }


def test_every_column_of_every_model_is_classed_and_no_other() -> None:
    register = set(fields.register())
    assert sorted(columns() - register) == [], "class them in travellers/fields_*.py"
    assert sorted(register - columns()) == [], "there are no such columns"


def test_whatever_is_personal_goes_by_a_rule_or_with_the_person() -> None:
    rules = {rule.name for rule in retention.rules()}
    for name, of in fields.register().items():
        if isinstance(of, Personal):
            assert of.rule in rules or of.rule in list(Until), name
            assert of.purpose in fields.PURPOSES, name


def test_every_room_with_travellers_personal_fields_has_an_eraser() -> None:
    named = {of.eraser for of in fields.register().values() if isinstance(of, Personal)} - {""}
    assert named == {room for room, _ in erasers()}


def test_only_officers_and_the_system_have_personal_fields_that_no_eraser_takes() -> None:
    without = {
        table
        for (table, _), of in fields.register().items()
        if isinstance(of, Personal) and not of.eraser
    }
    of_officers = {
        "officer", "broken_glass", "passkey", "totp", "recovery_code", "invitation", "recovery",
        "officer_session", "officer_notice",
    }  # fmt: skip
    assert without == of_officers | {"django_session", "owed"}


def test_every_sealed_column_is_binary_and_every_binary_one_is_sealed() -> None:
    sealed = {
        name for name, of in fields.register().items() if isinstance(of, Personal) and of.sealed
    }
    binary = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if field.get_internal_type() == "BinaryField"
    }
    assert sealed == binary - {("passkey", "public")}  # a public key is no secret


def test_erasers_run_from_the_top_down() -> None:
    rooms = [room for room, _ in erasers()]
    assert rooms.index("musters") < rooms.index("replies") < rooms.index("delivery")
    assert rooms.index("delivery") < rooms.index("trips") < rooms.index("travellers")


def test_the_reference_page_is_true() -> None:
    page = (ROOT / "docs/reference/fields.md").read_text(encoding="utf-8")
    assert page == fields_page.page() + "\n", (
        "run `wayhome privacy fields > docs/reference/fields.md`"
    )


def test_the_operator_names_another_legal_ground(settings: Any) -> None:
    settings.WAYHOME_LEGAL_BASIS = json.dumps({"warn": "Consular Act, section 9"})
    assert fields.basis_of(fields.WARN) == "Consular Act, section 9"
    assert fields.basis_of(fields.CARE) == fields.CARE.basis
    for wrong in ('{"sell": "none"}', "no json", "[1]"):
        settings.WAYHOME_LEGAL_BASIS = wrong
        with pytest.raises(Problem, match="WAYHOME_LEGAL_BASIS"):
            fields.basis_of(fields.WARN)
