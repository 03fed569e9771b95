"""Draft, submit, sign, publish, update, cancel. ``publish`` is where the main path begins."""

from datetime import timedelta

from django.conf import settings

from wayhome.bulletins import rules
from wayhome.bulletins.drafts import (
    BulletinSaid,
    TextSaid,
    hands,
    locked,
    step,
    take,
    write_texts,
)
from wayhome.bulletins.models import (
    Bulletin,
    BulletinText,
    Issue,
    IssueKind,
    IssueText,
    Readback,
    State,
    Step,
)
from wayhome.officers import audit
from wayhome.officers.access import require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.places.region import parse
from wayhome.problems import Problem, Problems
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

__all__ = [
    "BulletinSaid",
    "TextSaid",
    "ask_readback",
    "begin_cancel",
    "begin_update",
    "draft",
    "drop",
    "edit",
    "fill_readback",
    "give_back",
    "publish",
    "sign",
    "submit",
]


@writes
def draft(officer: Officer, said: BulletinSaid) -> Bulletin:
    """A new bulletin in draft; incomplete is allowed, impossible is not."""
    require(officer, Verb.COMPOSE)
    bulletin = Bulletin(made_by=officer.pk, made_at=clock.now())
    take(bulletin, said)
    bulletin.save()
    write_texts(bulletin, said.texts, officer)
    step(bulletin, officer, Step.Did.DRAFTED)
    return bulletin


@writes
def edit(officer: Officer, bulletin_id: int, said: BulletinSaid, *, version: int) -> Bulletin:
    """Change a draft that is at ``version``; a submitted or signed one goes back to draft.

    The editor of a cancel may change its words only.
    """
    require(officer, Verb.COMPOSE)
    bulletin = locked(bulletin_id)
    if bulletin.version != version:
        raise Problem("version", "another officer has changed the draft", "reload and edit again")
    if bulletin.state in (State.PUBLISHED, State.CANCELLED):
        raise Problem("state", f"is {bulletin.state}", "begin an update or a cancel")
    rules.check_transition(bulletin, State.DRAFT)
    if bulletin.issue_kind != IssueKind.CANCEL:
        take(bulletin, said)
    bulletin.state = State.DRAFT
    bulletin.version += 1
    bulletin.save()
    before = list(bulletin.texts.all())
    bulletin.texts.all().delete()
    write_texts(bulletin, said.texts, officer, before)
    step(bulletin, officer, Step.Did.EDITED)
    return bulletin


@writes
def submit(officer: Officer, bulletin_id: int) -> Bulletin:
    """Ask for a readback and a signature; Problems lists what is missing."""
    require(officer, Verb.COMPOSE)
    bulletin = locked(bulletin_id)
    rules.check_transition(bulletin, State.SUBMITTED)
    found = rules.faults(bulletin, list(bulletin.texts.all()))
    if found:
        raise Problems(found)
    bulletin.state = State.SUBMITTED
    bulletin.save(update_fields=["state"])
    step(bulletin, officer, Step.Did.SUBMITTED)
    audit.record(officer, Deed.SUBMITTED, "bulletin", bulletin.pk, f"version {bulletin.version}")
    tell("bulletins.submitted", bulletin.pk)
    return bulletin


@writes
def ask_readback(officer: Officer, bulletin_id: int) -> None:
    """Have storage read back again: the last readback has grown old."""
    require(officer, Verb.COMPOSE)
    bulletin = locked(bulletin_id)
    if bulletin.state not in (State.SUBMITTED, State.SIGNED):
        raise Problem("state", f"is {bulletin.state}", "submit it first")
    tell("bulletins.submitted", bulletin.pk)


@writes
def fill_readback(
    bulletin_id: int,
    version: int,
    counts: dict[str, object],
    region_words: str,
    usual: int | None,
) -> Readback | None:
    """Called by the job that counts: keep what storage holds of the version in hand.

    ``counts`` of ``version`` has at least ``people``, ``certain`` and ``possible``. None where
    the draft has changed or gone back to its author meanwhile.
    """
    bulletin = locked(bulletin_id)
    if bulletin.version != version or bulletin.state not in (State.SUBMITTED, State.SIGNED):
        return None
    return Readback.objects.create(
        bulletin=bulletin,
        version=bulletin.version,
        draft_hash=rules.draft_hash(bulletin, list(bulletin.texts.all())),
        region_hash=rules.region_hash(parse(bulletin.region)),
        region_words=region_words,
        counts=counts,
        usual=usual,
        made_at=clock.now(),
    )


@writes
def give_back(officer: Officer, bulletin_id: int, why: str) -> Bulletin:
    """Return what was submitted or signed to its author, with a reason."""
    require(officer, Verb.COMPOSE)
    bulletin = locked(bulletin_id)
    if bulletin.state not in (State.SUBMITTED, State.SIGNED):
        raise Problem("state", f"is {bulletin.state}", "only what is submitted can be returned")
    bulletin.state = State.DRAFT
    bulletin.version += 1
    bulletin.save(update_fields=["state", "version"])
    step(bulletin, officer, Step.Did.RETURNED, why=why)
    audit.record(officer, Deed.RETURNED, "bulletin", bulletin.pk, why)
    return bulletin


@writes
def sign(
    officer: Officer, bulletin_id: int, readback_id: int, expect_count: int | None = None
) -> Bulletin:
    """Sign what was read back. The signer has neither written nor submitted this version."""
    require(officer, Verb.SIGN)
    bulletin = locked(bulletin_id)
    rules.check_transition(bulletin, State.SIGNED)
    if officer.pk in hands(bulletin):
        raise Problem(
            "officer", f"{officer.name} wrote or submitted this", "another officer must sign it"
        )
    readback = _fresh_readback(bulletin)
    if readback.pk != readback_id:
        raise Problem("readback", "is not the newest", "read the newest one and sign that")
    _check_count(readback, expect_count)
    bulletin.state = State.SIGNED
    bulletin.save(update_fields=["state"])
    step(bulletin, officer, Step.Did.SIGNED, readback=readback)
    audit.record(officer, Deed.SIGNED, "readback", readback.pk, f"of bulletin {bulletin.pk}")
    return bulletin


@writes
def publish(officer: Officer, bulletin_id: int, expect_count: int | None = None) -> Issue:
    """Publish the signed version as the newest issue of its thread and owe its delivery.

    In the same transaction the older issues of the thread stop being newest, which holds all
    that they have not yet sent. Problem where there is no fresh readback that matches what was
    signed, or where its count is unusual and ``expect_count`` does not repeat it.
    """
    require(officer, Verb.PUBLISH)
    bulletin = locked(bulletin_id)
    after = State.CANCELLED if bulletin.issue_kind == IssueKind.CANCEL else State.PUBLISHED
    rules.check_transition(bulletin, after)
    readback = _fresh_readback(bulletin)
    signature = bulletin.steps.filter(did=Step.Did.SIGNED, version=bulletin.version).latest("at")
    signed = signature.readback
    if signed is None or (signed.draft_hash, signed.region_hash) != (
        readback.draft_hash,
        readback.region_hash,
    ):
        raise Problem("readback", "is not what was signed", "return it and have it signed again")
    _check_count(readback, expect_count)
    now = clock.now()
    if bulletin.expires_at is not None and bulletin.expires_at <= now:
        raise Problem("expires", "has passed meanwhile", "return it and set a later time")
    issue = Issue.objects.create(
        bulletin=bulletin,
        n=bulletin.issues.count() + 1,
        issue_kind=bulletin.issue_kind,
        readback=readback,
        signed_by=signature.officer_id,
        published_by=officer.pk,
        published_at=now,
        **{name: getattr(bulletin, name) for name in rules.CONTENT}
        | {"effective_at": bulletin.effective_at or now},
    )
    for text in bulletin.texts.all():
        if text.vouched_by is None:
            raise Problem(f"text ({text.language})", "nobody vouches for it", "return it")
        IssueText.objects.create(
            issue=issue,
            vouched_by=text.vouched_by,
            **{name: getattr(text, name) for name in rules.TEXT_CONTENT},
        )
    bulletin.newest_issue = issue
    bulletin.state = after
    bulletin.save(update_fields=["newest_issue", "state"])
    step(bulletin, officer, Step.Did.PUBLISHED, readback=readback)
    audit.record(officer, Deed.PUBLISHED, "issue", issue.pk, f"of bulletin {bulletin.pk}")
    tell("bulletins.published", issue.pk)
    return issue


@writes
def begin_update(officer: Officer, bulletin_id: int, said: BulletinSaid | None = None) -> Bulletin:
    """Take a published bulletin in hand again; the issue in force stays so until publication."""
    return _begin(officer, bulletin_id, IssueKind.UPDATE, said)


@writes
def begin_cancel(officer: Officer, bulletin_id: int) -> Bulletin:
    """Draft the cancel of what is in force, with the correction written beforehand."""
    return _begin(officer, bulletin_id, IssueKind.CANCEL, None)


@writes
def drop(officer: Officer, bulletin_id: int) -> Bulletin:
    """Drop the follow-up in hand; what is in force stays in force."""
    require(officer, Verb.COMPOSE)
    bulletin = locked(bulletin_id)
    if bulletin.newest_issue is None or bulletin.state in (State.PUBLISHED, State.CANCELLED):
        raise Problem("state", f"is {bulletin.state}", "only a follow-up in hand can be dropped")
    issue = bulletin.newest_issue
    bulletin.state = State.PUBLISHED
    bulletin.issue_kind = issue.issue_kind
    bulletin.version += 1
    for name in rules.CONTENT:  # what was dropped is not what it says
        setattr(bulletin, name, getattr(issue, name))
    bulletin.save()
    bulletin.texts.all().delete()
    for text in issue.texts.all():
        BulletinText.objects.create(
            bulletin=bulletin,
            vouched_by=text.vouched_by,
            **{name: getattr(text, name) for name in rules.TEXT_CONTENT},
        )
    step(bulletin, officer, Step.Did.DROPPED)
    return bulletin


def _begin(
    officer: Officer, bulletin_id: int, kind: IssueKind, said: BulletinSaid | None
) -> Bulletin:
    require(officer, Verb.COMPOSE)
    bulletin = locked(bulletin_id)
    if bulletin.newest_issue is None or bulletin.state == State.CANCELLED:
        raise Problem("state", f"is {bulletin.state}", "only what is published can be followed up")
    # A cancel overtakes an update in hand, but not a cancel: its words are somebody's work.
    overtakes = kind == IssueKind.CANCEL and bulletin.issue_kind != IssueKind.CANCEL
    if bulletin.state != State.PUBLISHED and not overtakes:
        raise Problem("state", f"is {bulletin.state}", "finish or cancel the version in hand")
    bulletin.issue_kind = kind
    bulletin.state = State.DRAFT
    bulletin.version += 1
    issue = bulletin.newest_issue
    for name in rules.CONTENT:
        setattr(bulletin, name, getattr(issue, name))
    bulletin.effective_at = None
    if kind == IssueKind.CANCEL:
        bulletin.ask = "none"
        bulletin.expires_at = None
    if said is not None:
        take(bulletin, said)
    bulletin.save()
    bulletin.texts.all().delete()
    before = list(issue.texts.order_by("language"))
    if kind == IssueKind.CANCEL:
        # Who vouched for a text vouched for the correction that was written with it.
        before = [_correction_of(text) for text in before]
    texts = said.texts if said is not None else tuple(_said(text) for text in before)
    write_texts(bulletin, texts, officer, before)
    step(bulletin, officer, Step.Did.EDITED)
    return bulletin


def _correction_of(text: IssueText) -> IssueText:
    return IssueText(
        language=text.language,
        headline=text.headline,
        body=text.correction,
        vouched_by=text.vouched_by,
    )


def _said(text: IssueText) -> TextSaid:
    return TextSaid(**{name: getattr(text, name) for name in rules.TEXT_CONTENT})


def _fresh_readback(bulletin: Bulletin) -> Readback:
    readback = bulletin.readbacks.order_by("pk").last()
    if readback is None or readback.version != bulletin.version:
        raise Problem("readback", "there is none of this version", "wait for it, then read it")
    oldest = clock.now() - timedelta(minutes=settings.WAYHOME_READBACK_MINUTES)
    if readback.made_at < oldest:
        raise Problem("readback", "is too old", "ask for a new one")
    if readback.draft_hash != rules.draft_hash(
        bulletin, list(bulletin.texts.all())
    ) or readback.region_hash != rules.region_hash(parse(bulletin.region)):
        raise Problem("readback", "differs from the draft", "ask for a new one")
    return readback


def _check_count(readback: Readback, expect_count: int | None) -> None:
    people = int(readback.counts["people"])
    if readback.usual is None:
        unusual = people == 0
    else:
        unusual = people == 0 or people >= rules.UNUSUAL_TIMES * max(readback.usual, 1)
    if expect_count is not None and expect_count != people:
        raise Problem(
            "expect-count", f"is {expect_count}, storage counts {people}", "check the region"
        )
    if unusual and expect_count is None:
        usual = "nobody" if people == 0 else f"usually {readback.usual}"
        raise Problem(
            "expect-count",
            f"{people} people would be reached ({usual})",
            f"if that is right, repeat it: {people}",
        )
