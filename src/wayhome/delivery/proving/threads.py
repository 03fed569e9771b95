"""Issues as the other rules need them, and what was published: unchanged, planned, in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from wayhome.bulletins.models import Bulletin, BulletinText, Issue, IssueText, Readback, Step
from wayhome.bulletins.rules import CONTENT, draft_hash
from wayhome.delivery.models import Dispatch
from wayhome.delivery.proving.report import Rule
from wayhome.work.models import Owed

_AT_ONCE = 200


@dataclass(frozen=True)
class Published:
    """One issue and its place in its thread.

    ``followed_at``: when the next issue of the thread was published. ``planned_at``: None also
    while its planning is owed.
    """

    pk: int
    kind: str
    distribution: str
    published_at: datetime
    expires_at: datetime | None
    earlier: tuple[int, ...]
    followed_at: datetime | None
    is_newest: bool
    planned_at: datetime | None
    planning_is_owed: bool

    def holds(self, now: datetime) -> bool:
        return self.is_newest and (self.expires_at is None or self.expires_at > now)


def published() -> Iterator[Published]:
    """All issues, thread by thread in their order."""
    owed = {
        int(key.split("/")[0])
        for key in Owed.objects.filter(job="delivery.plan").values_list("key", flat=True)
    }
    for chunk in _chunks():
        threads = {issue.bulletin_id for issue in chunk}
        order: dict[int, list[tuple[int, datetime]]] = {thread: [] for thread in threads}
        known = Issue.objects.filter(bulletin_id__in=threads).order_by("bulletin_id", "n")
        for thread, pk, at in known.values_list("bulletin_id", "pk", "published_at"):
            order[thread].append((pk, at))
        planned = dict(
            Dispatch.objects.filter(pk__in=[issue.pk for issue in chunk]).values_list(
                "pk", "planned_at"
            )
        )
        for issue in chunk:
            of_thread = order[issue.bulletin_id]
            place = [pk for pk, _ in of_thread].index(issue.pk)
            after = of_thread[place + 1 :]
            yield Published(
                pk=issue.pk,
                kind=issue.issue_kind,
                distribution=issue.distribution,
                published_at=issue.published_at,
                expires_at=issue.expires_at,
                earlier=tuple(pk for pk, _ in of_thread[:place]),
                followed_at=after[0][1] if after else None,
                is_newest=issue.bulletin.newest_issue_id == issue.pk,
                planned_at=None if issue.pk in owed else planned.get(issue.pk),
                planning_is_owed=issue.pk in owed,
            )


def prove_published() -> Rule:
    """What was signed is what went out: its hash can be made again from the issue."""
    rule = Rule("4 unchanged", "each issue is, word for word, what was read back and signed")
    for chunk in _chunks():
        for issue in chunk:
            rule.rows += 1
            key = f"issue {issue.pk}"
            readback = issue.readback
            if readback.bulletin_id != issue.bulletin_id:
                rule.breaks(key, "was read back as another bulletin")
            if readback.draft_hash not in _hashes(issue, readback):
                rule.breaks(key, "its words or its region differ from what was read back")
            signed = Step.objects.filter(
                bulletin_id=issue.bulletin_id,
                did=Step.Did.SIGNED,
                version=readback.version,
                officer_id=issue.signed_by,
                readback__draft_hash=readback.draft_hash,
                readback__region_hash=readback.region_hash,
            )
            if not signed.exists():
                rule.breaks(key, "was not signed as it was read back")
    return rule


def prove_planned(issues: list[Published], now: datetime) -> Rule:
    """What holds has been planned to its end, or a row owes that."""
    rule = Rule("3 planned", "each issue in force was planned to its end, or that is owed")
    for issue in issues:
        if not issue.holds(now):
            continue
        rule.rows += 1
        if issue.planning_is_owed:
            rule.counts("being planned")
        elif issue.planned_at is None:
            rule.breaks(f"issue {issue.pk}", "was never planned, and nothing owes that")
    return rule


def _hashes(issue: Issue, readback: Readback) -> set[str]:
    """As its draft may have been: one that began when published named no moment."""
    texts = [_as_draft(text) for text in issue.texts.all()]
    found = set()
    moments = {issue.effective_at}
    if issue.effective_at == issue.published_at:
        moments.add(None)
    for moment in moments:
        content = {name: getattr(issue, name) for name in CONTENT} | {"effective_at": moment}
        draft = Bulletin(
            pk=issue.bulletin_id,
            version=readback.version,
            issue_kind=issue.issue_kind,
            **content,
        )
        found.add(draft_hash(draft, texts))
    return found


def _as_draft(text: IssueText) -> BulletinText:
    return BulletinText(
        language=text.language,
        headline=text.headline,
        body=text.body,
        instruction=text.instruction,
        correction=text.correction,
        vouched_by=text.vouched_by,
    )


def _chunks() -> Iterator[list[Issue]]:
    after = 0
    while True:
        found = list(
            Issue.objects.filter(pk__gt=after)
            .select_related("bulletin", "readback")
            .prefetch_related("texts")
            .order_by("pk")[:_AT_ONCE]
        )
        if not found:
            return
        yield found
        after = found[-1].pk
