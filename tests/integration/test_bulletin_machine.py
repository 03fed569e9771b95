"""Whatever officers do, in any order: nothing goes out that another officer has not signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.forms.models import model_to_dict
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.support.factories import ENGLISH, enrol, make_officer, warning
from wayhome.audience.services import read_back
from wayhome.bulletins import services
from wayhome.bulletins.models import Bulletin, BulletinText, Issue, IssueKind, Readback, State, Step
from wayhome.bulletins.services import BulletinSaid
from wayhome.officers.access import Refused
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.problems import Problem, Problems
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

WHO = st.integers(0, 4)
SMOOTH = ("nothing", "nothing")
MISHAPS = st.sampled_from(  # what happens before the signature, and what after it
    (
        *(SMOOTH, SMOOTH),
        *((mishap, "nothing") for mishap in ("time", "tampering", "edit")),
        *(("nothing", mishap) for mishap in ("time", "tampering", "edit", "return")),
    )
)
HEADLINES = st.sampled_from(("Leave now", "Stay inside", "Go to the airport"))


class Desk(RuleBasedStateMachine):
    """Five officers and one bulletin."""

    bulletin: Bulletin
    officers: list[Officer]

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.frozen: dict[int, Any] = {}
        self.wrote: set[int] = set()  # who had a hand in what is not yet published
        self.signed: tuple[int, Any] | None = None  # who signed what words

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(headline=HEADLINES)
    def begin(self, headline: str) -> None:
        enrol("Ann")
        self.officers = [
            make_officer("a", Role.OFFICER),
            make_officer("b", Role.APPROVER),
            make_officer("c", Role.APPROVER),
            make_officer("d", Role.VIEWER),
            make_officer("e", Role.ADMINISTRATOR),
        ]
        self.bulletin = services.draft(self.officers[0], self.words(headline))
        self.wrote = {self.officers[0].pk}

    def words(self, headline: str) -> BulletinSaid:
        return warning(texts=(replace(ENGLISH, headline=headline),))

    def attempt(self, step: Any, *args: Any, **kwargs: Any) -> Any:
        """What a step gives; None where it is refused, and then nothing has changed."""
        before = self.content()
        try:
            with transaction.atomic():
                done = step(*args, **kwargs)
        except (Problem, Problems, Refused):
            self.bulletin.refresh_from_db()
            assert self.content() == before
            return None
        self.bulletin.refresh_from_db()
        return done or True

    def content(self) -> Any:
        """All that would be published, read from storage."""
        row = Bulletin.objects.get(pk=self.bulletin.pk)
        texts = BulletinText.objects.filter(bulletin=row).order_by("language")
        fields = ("kind", "region", "source", "hazard", "ask", "distribution", "expires_at")
        words = ("language", "headline", "body", "instruction", "correction")
        return (
            [getattr(row, name) for name in (*fields, "issue_kind")],
            [[getattr(text, name) for name in words] for text in texts],
        )

    @rule(who=WHO, headline=HEADLINES)
    def edit(self, who: int, headline: str) -> None:
        officer = self.officers[who]
        if self.attempt(
            services.edit,
            officer,
            self.bulletin.pk,
            self.words(headline),
            version=self.bulletin.version,
        ):
            self.wrote.add(officer.pk)
            self.signed = None

    @rule(who=WHO, headline=HEADLINES)
    def edit_what_is_stale(self, who: int, headline: str) -> None:
        version = self.bulletin.version - 1
        said = self.words(headline)
        args = (self.officers[who], self.bulletin.pk, said)
        assert self.attempt(services.edit, *args, version=version) is None

    @rule(who=WHO)
    def submit(self, who: int) -> None:
        officer = self.officers[who]
        if self.attempt(services.submit, officer, self.bulletin.pk):
            self.wrote.add(officer.pk)

    @rule()
    def storage_is_read_back(self) -> None:
        read_back(self.bulletin.pk)

    @rule()
    def an_hour_passes(self) -> None:
        Readback.objects.update(made_at=clock.now() - timedelta(minutes=61))

    @rule()
    def somebody_tampers_with_the_stored_words(self) -> None:
        BulletinText.objects.filter(bulletin=self.bulletin).update(
            body=f"Pay {self.bulletin.version}."
        )

    @rule(who=WHO, newest=st.booleans())
    def sign(self, who: int, newest: bool) -> None:
        officer = self.officers[who]
        rows = Readback.objects.filter(bulletin=self.bulletin).order_by("pk")
        readback = rows.last() if newest else rows.first()
        if readback is None:
            return
        if self.attempt(services.sign, officer, self.bulletin.pk, readback.pk):
            assert officer.pk not in self.wrote
            assert officer.role == Role.APPROVER
            self.signed = (officer.pk, self.content())

    @rule(who=WHO)
    def publish(self, who: int) -> None:
        before = self.content()
        issue = self.attempt(services.publish, self.officers[who], self.bulletin.pk)
        if issue is None:
            return
        assert isinstance(issue, Issue)
        assert self.signed is not None, "published without a signature"
        signer, signed = self.signed
        assert signer not in self.wrote
        assert signed == before, "published other words than were signed"
        assert issue.signed_by == signer
        assert [t.headline for t in issue.texts.all()] == [text[1] for text in signed[1]]
        assert [t.body for t in issue.texts.all()] == [text[2] for text in signed[1]]
        assert issue.readback.made_at > clock.now() - timedelta(minutes=60)
        assert self.bulletin.newest_issue_id == issue.pk
        self.wrote, self.signed = set(), None

    @rule(
        who=st.sampled_from((0, 0, 2, 3)),
        writer=st.sampled_from((0, 0, 1)),
        signer=st.sampled_from((2, 2, 1)),
        mishaps=MISHAPS,
    )
    def the_way_to_publication(
        self, who: int, writer: int, signer: int, mishaps: tuple[str, str]
    ) -> None:
        """Done as it should be, a draft goes out: the rules block no honest officer. Where
        something happens on the way, it does not."""
        if self.bulletin.state == State.CANCELLED:
            return
        if self.bulletin.state == State.PUBLISHED:
            assert self.attempt(services.begin_update, self.officers[writer], self.bulletin.pk)
            self.wrote.add(self.officers[writer].pk)
            self.signed = None
        else:
            self.edit(writer, "Leave now")
        self.submit(0)
        read_back(self.bulletin.pk)
        self.happens(mishaps[0])
        self.sign(signer, newest=True)
        self.happens(mishaps[1])
        issues, wrote = Issue.objects.count(), set(self.wrote)
        self.publish(who)
        may = self.officers[who].role in (Role.OFFICER, Role.APPROVER)
        another = self.officers[signer].pk not in wrote
        smooth = mishaps == SMOOTH and may and another
        assert Issue.objects.count() == issues + smooth

    def happens(self, mishap: str) -> None:
        if mishap == "time":
            self.an_hour_passes()
        elif mishap == "tampering":
            self.somebody_tampers_with_the_stored_words()
        elif mishap == "edit":
            self.edit(0, "Go to the airport")
        elif mishap == "return":
            self.give_back(2)

    @rule(who=WHO)
    def give_back(self, who: int) -> None:
        if self.attempt(services.give_back, self.officers[who], self.bulletin.pk, "unclear"):
            self.signed = None

    @rule(who=WHO)
    def begin_update(self, who: int) -> None:
        if self.attempt(services.begin_update, self.officers[who], self.bulletin.pk):
            self.wrote.add(self.officers[who].pk)
            self.signed = None

    @rule(who=WHO)
    def begin_cancel(self, who: int) -> None:
        if self.attempt(services.begin_cancel, self.officers[who], self.bulletin.pk):
            self.wrote.add(self.officers[who].pk)
            self.signed = None

    @rule(who=WHO)
    def drop(self, who: int) -> None:
        newest = self.bulletin.newest_issue_id
        if self.attempt(services.drop, self.officers[who], self.bulletin.pk):
            self.signed = None
            self.wrote = set()  # nothing is left of what was dropped
            assert self.bulletin.state == State.PUBLISHED
            assert self.bulletin.newest_issue_id == newest is not None

    @invariant()
    def what_was_published_stays_as_it_was(self) -> None:
        for issue in Issue.objects.prefetch_related("texts"):
            now = [model_to_dict(issue), [model_to_dict(text) for text in issue.texts.all()]]
            assert self.frozen.setdefault(issue.pk, now) == now
        assert len(self.frozen) == Issue.objects.count()

    @invariant()
    def the_newest_issue_is_in_force_and_a_cancel_is_the_last(self) -> None:
        if not hasattr(self, "bulletin"):
            return
        issues = list(Issue.objects.order_by("n"))
        assert [issue.n for issue in issues] == list(range(1, len(issues) + 1))
        assert self.bulletin.newest_issue_id == (issues[-1].pk if issues else None)
        assert all(issue.issue_kind != IssueKind.CANCEL for issue in issues[:-1])
        cancelled = bool(issues) and issues[-1].issue_kind == IssueKind.CANCEL
        assert (self.bulletin.state == State.CANCELLED) == cancelled

    @invariant()
    def every_publication_is_in_the_steps(self) -> None:
        published = Step.objects.filter(did=Step.Did.PUBLISHED).count()
        assert published == Issue.objects.count()


def test_no_path_publishes_without_another_officers_signature_on_the_same_words() -> None:
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
