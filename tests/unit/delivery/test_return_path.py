"""Return paths: each names its delivery, none can be made elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from wayhome.delivery import return_path as paths
from wayhome.delivery.return_path import read_return_path, return_path
from wayhome.delivery.types import DeliveryKey

pytestmark = pytest.mark.unit

ids = st.integers(1, 2**40)
keys = st.builds(
    lambda is_issue, number, point, channel: DeliveryKey(
        number if is_issue else 0, 0 if is_issue else number, point, channel
    ),
    st.booleans(),
    ids,
    ids,
    st.sampled_from(["mail", "sms"]),
)
# The fixture holds still while the examples change.
steady = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
LONGEST_LOCAL = "b" * 26


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.WAYHOME_BOUNCE_ADDRESS = "bounces@wayhome.example"
    settings.SECRET_KEY = "one"


@steady
@given(keys)
def test_it_names_its_delivery_however_the_case_was_folded(key: DeliveryKey) -> None:
    address = return_path(*key)
    for written in (address, address.upper(), address.title(), f" <{address}> "):
        assert read_return_path(written) == key


@steady
@given(keys, st.sampled_from(["b", "bounces", LONGEST_LOCAL]))
def test_its_local_part_fits(key: DeliveryKey, local: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.WAYHOME_BOUNCE_ADDRESS", f"{local}@wayhome.example")
        assert paths.fault() == ""
        address = return_path(*key)
        assert address.startswith(f"{local}+")
        assert len(address.rpartition("@")[0].encode()) <= 64
        assert read_return_path(address) == key


@steady
@given(keys, keys)
def test_no_two_deliveries_share_one(one: DeliveryKey, other: DeliveryKey) -> None:
    assert (return_path(*one) == return_path(*other)) == (one == other)


@steady
@given(keys, st.data())
def test_a_changed_one_is_none(key: DeliveryKey, data: st.DataObject) -> None:
    local, _, domain = return_path(*key).rpartition("@")
    name, _, token = local.rpartition("+")
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
    assume(other != token[at])
    changed = f"{name}+{token[:at]}{other}{token[at + 1 :]}@{domain}"
    # The last letter has bits to spare: what differs in these alone is the same token.
    assert read_return_path(changed) in ((None, key) if at == len(token) - 1 else (None,))
    assert read_return_path(f"{name}+{token[:at]}@{domain}") is None
    assert read_return_path(f"{name}+{token}{other}{other}@{domain}") is None


@steady
@given(keys)
def test_one_of_another_instance_is_none(key: DeliveryKey) -> None:
    address = return_path(*key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.SECRET_KEY", "two")
        assert read_return_path(address) is None
    assert read_return_path(address.replace("@wayhome.", "@elsewhere.")) is None
    assert read_return_path(address.replace("bounces+", "others+")) is None


@steady
@given(st.one_of(st.text(), st.from_regex(r"\Abounces\+[a-z2-7]{0,90}@wayhome\.example\Z")))
def test_anything_else_is_none(address: str) -> None:
    assert read_return_path(address) is None


@pytest.mark.parametrize(
    "address",
    ["bounces", "@wayhome.example", "b ounces@wayhome.example", "ü@wayhome.example",
     f"{LONGEST_LOCAL}b@wayhome.example", "bounces@way home.example", "bounces@"],
)  # fmt: skip
def test_a_setting_that_does_not_serve_is_said_and_stops_no_mail(
    settings: Any, address: str
) -> None:
    settings.WAYHOME_BOUNCE_ADDRESS = address
    assert paths.fault().startswith("WAYHOME_BOUNCE_ADDRESS: ")
    assert return_path(1, 0, 1, "mail") == ""


def test_without_the_setting_there_is_none(settings: Any) -> None:
    address = return_path(1, 0, 1, "mail")
    settings.WAYHOME_BOUNCE_ADDRESS = ""
    assert paths.fault() == ""
    assert return_path(1, 0, 1, "mail") == ""
    assert read_return_path(address) is None
    assert not paths.is_bounce_address("")
