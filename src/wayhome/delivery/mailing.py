"""What a slice carries: one issue, or letters. Each says who is served and renders messages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from wayhome.audience import services as audience
from wayhome.bulletins.models import Distribution, Issue, IssueKind
from wayhome.delivery import rendering, sending_sql
from wayhome.delivery.canaries import canary_points
from wayhome.delivery.letter_rendering import render_letter
from wayhome.delivery.models import Lane
from wayhome.delivery.policy import Occasion, Verdict, Withdrawn, decide, deciding
from wayhome.delivery.sending_sql import OwedDelivery, Served
from wayhome.delivery.types import Outgoing
from wayhome.letters.models import Letter
from wayhome.links import registrations_linked
from wayhome.work import clock


class Mailing(Protocol):
    def is_too_old(self, delivery: OwedDelivery, now: datetime) -> bool: ...

    def verdict(self, delivery: OwedDelivery, now: datetime) -> Verdict: ...

    def render(self, delivery: OwedDelivery, served: Sequence[Served]) -> Outgoing: ...


def mailing_of(issue_id: int, lane: int, deliveries: Sequence[OwedDelivery]) -> Mailing:
    """Everything that messages of one issue (or letters: 0) need, read at once."""
    if issue_id:
        return _OfIssue(issue_id, lane, [each.contact_point_id for each in deliveries])
    return _OfLetters([each.letter_id for each in deliveries])


class _OfIssue:
    def __init__(self, issue_id: int, lane: int, contact_points: Sequence[int]) -> None:
        self._issue = Issue.objects.prefetch_related("texts").get(pk=issue_id)
        self._render = rendering.Renderer(self._issue)
        self._warns = lane == Lane.WARNING
        self._canaries = canary_points()
        earlier = audience.earlier_issues(self._issue)
        self._followed = sending_sql.may_have_got(contact_points, earlier) if earlier else set()
        self._served: dict[int, list[Served]] = defaultdict(list)
        for row in sending_sql.served_by(contact_points, clock.now(), issue_id):
            self._served[row.contact_point_id].append(row)

    def is_too_old(self, delivery: OwedDelivery, now: datetime) -> bool:
        return self._issue.expires_at is not None and self._issue.expires_at <= now

    def verdict(self, delivery: OwedDelivery, now: datetime) -> Verdict:
        corrects = self._issue.issue_kind != IssueKind.FIRST
        occasion = Occasion(
            now=now,
            waits=not self._warns,
            verified_only=self._issue.distribution == Distribution.VERIFIED and not corrects,
            without_people=delivery.contact_point_id in self._followed | self._canaries,
        )
        return decide(occasion, delivery, self._served[delivery.contact_point_id])

    def render(self, delivery: OwedDelivery, served: Sequence[Served]) -> Outgoing:
        # The language that they chose for this address, which may differ from the address's own.
        if served and (language := deciding(served)[0].language):
            delivery = replace(delivery, language=language)
        return self._render(delivery, served)


class _OfLetters:
    def __init__(self, letter_ids: Sequence[int]) -> None:
        self._letters = Letter.objects.in_bulk(list(letter_ids))
        points = sorted({letter.contact_point_id for letter in self._letters.values()})
        self._served: dict[tuple[int, int], list[Served]] = defaultdict(list)
        self._at_point: dict[int, list[Served]] = defaultdict(list)
        for row in sending_sql.served_by(points, clock.now()):
            self._served[(row.contact_point_id, row.registration_id)].append(row)
            self._at_point[row.contact_point_id].append(row)

    def is_too_old(self, delivery: OwedDelivery, now: datetime) -> bool:
        return self._letters[delivery.letter_id].expires_at <= now

    def verdict(self, delivery: OwedDelivery, now: datetime) -> Verdict:
        letter = self._letters[delivery.letter_id]
        if not letter.text:
            return Withdrawn("its text was forgotten")
        occasion = Occasion(
            now,
            waits=letter.kind not in (Letter.Kind.CODE, Letter.Kind.LINK, Letter.Kind.NOTICE),
            # What opens somebody's page, or an officer wrote to somebody, goes to an address only
            # while it is verified as theirs.
            verified_only=letter.kind not in (Letter.Kind.CODE, Letter.Kind.NOTICE),
            # A code goes to an address that serves nobody yet: that is what it is for. A notice
            # goes to an officer, who is none of those whom addresses serve.
            without_people=letter.kind in (Letter.Kind.CODE, Letter.Kind.NOTICE),
        )
        return decide(occasion, delivery, self._serves(letter))

    def _serves(self, letter: Letter) -> list[Served]:
        """Whom the address serves of those whom the letter concerns; of anyone, where it is of
        several."""
        if letter.registration_id is not None:
            return self._served[(letter.contact_point_id, letter.registration_id)]
        served = self._at_point[letter.contact_point_id]
        if letter.kind == Letter.Kind.LINK:
            # It holds the links of several: each of them must be there still, and verified.
            verified = {row.registration_id for row in served if row.verified}
            if not registrations_linked(letter.text) <= verified:
                return []
        return served

    def render(self, delivery: OwedDelivery, served: Sequence[Served]) -> Outgoing:
        return render_letter(self._letters[delivery.letter_id], delivery)
