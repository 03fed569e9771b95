"""How far the sending of an issue is and what came back; officers stop and resume it here."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.bulletins import queries
from wayhome.bulletins.models import Issue, State
from wayhome.delivery import alarms, dispatching
from wayhome.delivery.canaries import canary_lines
from wayhome.delivery.models import Dispatch, DispatchStep
from wayhome.delivery.queries import Progress
from wayhome.delivery.queries import progress as progress_of
from wayhome.officers.models import Officer
from wayhome.officers.queries import officer_names
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.replies.queries import answered_by_kind, answered_people
from wayhome.web.desk.gate import desk
from wayhome.web.htmx import is_fragment

# The columns of the table by channel, and the facts that each adds up.
COLUMNS = (
    ("planned", ("planned",)),
    ("owed or held", ("owed", "held")),
    ("sent", ("sent",)),
    ("delivered", ("delivered",)),
    ("refused", ("refused",)),
    ("bounced", ("bounced",)),
    ("withdrawn", ("withdrawn",)),
    ("too old", ("too old",)),
)


@desk(Verb.SEE_BULLETINS)
def progress(request: HttpRequest, officer: Officer, issue_id: int) -> HttpResponse:
    return _page(request, officer, issue_id)


@desk(Verb.PUBLISH, "POST")
def stop(request: HttpRequest, officer: Officer, issue_id: int) -> HttpResponse:
    """Hold what the issue still owes."""
    return _turn(request, officer, issue_id, dispatching.stop, "Stopped. It is no correction.")


@desk(Verb.PUBLISH, "POST")
def resume(request: HttpRequest, officer: Officer, issue_id: int) -> HttpResponse:
    """Send what was held by a stop."""
    return _turn(request, officer, issue_id, dispatching.resume, "Resumed. What was held goes out.")


def _turn(
    request: HttpRequest,
    officer: Officer,
    issue_id: int,
    turn: Callable[[Officer, int, str], Dispatch],
    said: str,
) -> HttpResponse:
    try:
        turn(officer, issue_id, request.POST.get("why", ""))
    except Problem as problem:
        return _page(request, officer, issue_id, problem)
    messages.success(request, said)
    return redirect("desk:issue", issue_id)


def _page(
    request: HttpRequest, officer: Officer, issue_id: int, problem: Problem | None = None
) -> HttpResponse:
    issue = queries.find_issue(issue_id)
    if issue is None:
        raise Http404
    numbers = progress_of(issue)
    steps = dispatching.steps_of(issue.pk)
    names = officer_names(
        [issue.signed_by, issue.published_by, *(step.officer_id for step in steps)]
    )
    is_newest = issue.bulletin.newest_issue_id == issue.pk
    stopped = numbers.held_why == "stopped"
    may_turn = officer.may(Verb.PUBLISH) and is_newest
    context = {
        "issue": issue,
        "progress": numbers,
        "columns": [name for name, _ in COLUMNS],
        "channels": _by_channel(numbers),
        "answers": answered_by_kind([issue.pk]),
        "answered": answered_people([issue.pk]),
        "alarms_here": alarms.standing(issue.pk),
        "canaries": canary_lines(issue.pk),
        "is_newest": is_newest,
        # Nothing is asked for again and again once all is sent: a reply may take its time.
        "every": "2s" if numbers.owed or not numbers.audience else "15s",
        "signed_by": names.get(issue.signed_by, ""),
        "published_by": names.get(issue.published_by, ""),
        "steps": [(step, names.get(step.officer_id, "")) for step in steps],
        "stop": _last_stop(steps) if stopped else None,
        "stopped_by": names.get(steps[-1].officer_id, "") if steps else "",
        "may_stop": may_turn and not stopped,
        "may_resume": may_turn and stopped,
        "may_follow": officer.may(Verb.COMPOSE) and _can_be_followed(issue),
        "why_length": dispatching.WHY_LENGTH,
        "kept_why": request.POST.get("why", ""),
        "problem": problem,
    }
    page = "desk/progress_part.html" if is_fragment(request) else "desk/progress.html"
    return render(request, page, context, status=422 if problem else 200)


def _by_channel(numbers: Progress) -> list[tuple[str, list[int]]]:
    return [
        (channel, [sum(facts.get(fact, 0) for fact in summed) for _, summed in COLUMNS])
        for channel, facts in numbers.by_channel.items()
    ]


def _last_stop(steps: list[DispatchStep]) -> DispatchStep | None:
    return steps[-1] if steps else None


def _can_be_followed(issue: Issue) -> bool:
    """Whether an update or a cancel of it may be begun here; one in hand is on its own page."""
    return issue.bulletin.newest_issue_id == issue.pk and issue.bulletin.state == State.PUBLISHED
