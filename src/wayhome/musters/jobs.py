"""Jobs of this room: fill rolls, take replies, put late joiners on, let *safe* expire."""

from wayhome.musters import claims, joined_records, reconfirming, services
from wayhome.work.registry import batch_job, job

MINUTE = 60


@job("musters.fill", on=("musters.opened",))
def fill(key: str) -> None:
    services.fill(int(key))


@job("musters.fill_after_issue", on=("bulletins.published",))
def fill_after_issue(_key: str) -> None:
    """A new issue may bring its audience onto the rolls that count its thread."""
    for muster_id in services.open_musters():
        services.fill(muster_id)


@batch_job("musters.take_replies", batch=50, on=("replies.recorded",))
def take_replies(keys: list[str]) -> None:
    services.take_replies([int(key) for key in keys])


@batch_job("musters.join", batch=100, on=("trips.placed",))
def join(keys: list[str]) -> None:
    for muster_id in services.open_musters():
        services.fill(muster_id, [int(key) for key in keys])


@job("musters.follow_joins", on=("travellers.repointed",))
def follow_joins(key: str) -> None:
    joined_records.follow(int(key))


@job("musters.refill", every=10 * MINUTE)
def refill(_key: str) -> None:
    """Days pass: stays begin within the period of open musters."""
    for muster_id in services.open_musters():
        services.fill(muster_id)


@job("musters.expire_safe", every=MINUTE)
def expire_safe(_key: str) -> None:
    services.expire_safe()


@job("musters.carry_out_claims", on=("musters.released",))
def carry_out_claims(_key: str) -> None:
    """A muster or an entry was closed: what people asked meanwhile is done now."""
    claims.carry_out_stops()
    claims.settle_stays()


@job("musters.claims_left", every=10 * MINUTE)
def claims_left(_key: str) -> None:
    """What was asked at the very moment when a muster closed, and came too late for the above."""
    claims.carry_out_stops()
    claims.settle_stays()


@job("musters.ask_still", every=60 * MINUTE)
def ask_still(_key: str) -> None:
    """Stays begin, last and end: people are asked whether what they said still holds."""
    reconfirming.ask_due()
