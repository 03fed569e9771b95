"""Seal what hurts most under a key of the person's own (AES-256-GCM, RFC 5116).

The key is in a store of its own (``key_store``), wrapped by a master key (``master_keys``) that is
in no database. Destroying it erases every sealed byte, in history and in every backup. What is
sealed is bound to its person, table, field and row: moved to another, it does not open.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wayhome.travellers import key_store, master_keys
from wayhome.travellers.key_store import StoredKey
from wayhome.travellers.models import Traveller
from wayhome.travellers.privacy_models import KeyStoreMark

ERASED = "(erased)"
_NONCE = 12
_FORM = b"\x01"  # what follows: nonce, ciphertext, tag

_checked: set[str] = set()


class WrongKeys(Exception):
    """This process holds other keys than those that its database was sealed with."""


@dataclass(frozen=True)
class Sealed:
    """Where sealed octets stand: ``place`` is ``table.column``, ``row`` the row's number."""

    key_id: int
    octets: bytes
    place: str
    row: int


def seal(traveller: Traveller, text: str, *, place: str, row: int) -> tuple[int, bytes]:
    """Return (key id, sealed octets) of ``text``, to stand in ``place`` (``table.column``) of
    ``row``; call it inside the transaction that stores it."""
    key = _key_of(traveller.pk)
    return key.id, _FORM + _seal(_unwrap(key), text.encode(), _about(key.id, place, row))


def unseal(sealed: Sealed) -> str:
    """The text again, or a plain word where its key was destroyed."""
    return unseal_many([sealed])[0]


def unseal_many(sealed: Iterable[Sealed]) -> list[str]:
    """The same for several, in their order, reading each key once.

    WrongKeys where one does not open: it was moved or changed, or the keys are another database's.
    """
    wanted = list(sealed)
    if not wanted:
        return []
    check_store()
    stored = key_store.get(each.key_id for each in wanted)
    keys = {key_id: _unwrap(key) for key_id, key in stored.items()}
    return [_unseal(keys.get(each.key_id), each) for each in wanted]


def check_store() -> None:
    """WrongKeys where the store is not the one that this database was sealed with: on another
    host without the shared store, or after the store was lost, nothing may look merely erased."""
    stamp = key_store.stamp()
    if stamp in _checked:
        return
    mark, _ = KeyStoreMark.objects.get_or_create(id=1, defaults={"stamp": stamp})
    if mark.stamp != stamp:
        raise WrongKeys(
            "WAYHOME_KEYS_URL: this is not the key store that the database was sealed with;"
            " give every host the same one, or put the lost one back"
        )
    _checked.add(stamp)


def master_in_use() -> str:
    """The name of the master key that wraps new keys: the newest when ``rotate`` was last run."""
    name = key_store.word("master")
    if not name:
        key_store.say("master", list(master_keys.held())[-1], once=True)
        name = key_store.word("master")
    return name


def wrap_again(key: StoredKey, master: str) -> bool:
    """Wrap a person's key by ``master``; False where it was changed or destroyed meanwhile."""
    wrapped = _seal(_master(master), _unwrap(key), _about_key(key.id, key.traveller_id, master))
    return key_store.rewrap(key, master, wrapped)


def _key_of(traveller_id: int) -> StoredKey:
    check_store()
    key = key_store.of_traveller(traveller_id)
    if key is not None:
        return key
    key_id, master = key_store.fresh_id(), master_in_use()
    fresh = os.urandom(master_keys.KEY_OCTETS)
    wrapped = _seal(_master(master), fresh, _about_key(key_id, traveller_id, master))
    return key_store.add(StoredKey(key_id, traveller_id, master, wrapped))


def _unwrap(key: StoredKey) -> bytes:
    about = _about_key(key.id, key.traveller_id, key.master)
    try:
        return _open(_master(key.master), key.wrapped, about)
    except InvalidTag as error:
        raise WrongKeys(
            f"WAYHOME_MASTER_KEYS: {key.master} is another key than the one that wrapped"
        ) from error


def _unseal(key: bytes | None, sealed: Sealed) -> str:
    if key is None:
        return ERASED
    about = _about(sealed.key_id, sealed.place, sealed.row)
    octets = bytes(sealed.octets)
    try:
        if octets[:1] != _FORM:
            raise InvalidTag
        return _open(key, octets[1:], about).decode()
    except InvalidTag as error:
        raise WrongKeys(
            f"{sealed.place}: row {sealed.row} does not open: it was changed, or moved here"
        ) from error


def _master(name: str) -> bytes:
    keys = master_keys.held()
    if name not in keys:
        raise WrongKeys(
            f"WAYHOME_MASTER_KEYS: the master key {name} is not held here; give it to this host"
        )
    return keys[name]


def _about(key_id: int, place: str, row: int) -> bytes:
    return f"wayhome sealed {key_id} {place} {row}".encode()


def _about_key(key_id: int, traveller_id: int, master: str) -> bytes:
    return f"wayhome key {key_id} {traveller_id} {master}".encode()


def _seal(key: bytes, plain: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def _open(key: bytes, sealed: bytes, about: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
