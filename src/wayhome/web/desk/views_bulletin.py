"""One bulletin: its state, what was read back, and the steps that lead to publication."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from wayhome.bulletins import queries, rules, services
from wayhome.bulletins.drafts import hands
from wayhome.bulletins.models import Bulletin, IssueKind, State
from wayhome.officers.models import Officer
from wayhome.officers.queries import officer_names
from wayhome.officers.roles import Verb
from wayhome.places.doubts import doubts
from wayhome.places.region import parse
from wayhome.places.words import in_words
from wayhome.problems import Problem, Problems
from wayhome.web.desk.diff import changes
from wayhome.web.desk.drawing import map_of
from wayhome.web.desk.gate import desk


@desk(Verb.SEE_BULLETINS)
def bulletin(request: HttpRequest, officer: Officer, bulletin_id: int) -> HttpResponse:
    return _page(request, officer, bulletin_id)


@desk(Verb.SEE_BULLETINS)
def readback(request: HttpRequest, officer: Officer, bulletin_id: int) -> HttpResponse:
    """The part of the page that waits for the readback."""
    found = _find(bulletin_id)
    return render(request, "desk/in_hand.html", _in_hand(officer, found, []))


@desk(None, "POST")
def step(request: HttpRequest, officer: Officer, bulletin_id: int, step: str) -> HttpResponse:
    """One step of one officer. The service decides whether it may be taken."""
    take = _STEPS.get(step)
    if take is None:
        raise Http404
    try:
        said = take(officer, bulletin_id, request.POST)
    except Problems as error:
        return _page(request, officer, bulletin_id, error.problems)
    except Problem as problem:
        return _page(request, officer, bulletin_id, [problem])
    messages.success(request, said)
    if step == "publish":
        newest = _find(bulletin_id).newest_issue_id
        return redirect("desk:issue", newest)
    if step in ("update", "cancel"):
        return redirect("desk:edit", bulletin_id)
    return redirect("desk:bulletin", bulletin_id)


def _submit(officer: Officer, number: int, sent: QueryDict) -> str:
    services.submit(officer, number)
    return "Submitted. Storage is being read back."


def _ask(officer: Officer, number: int, sent: QueryDict) -> str:
    services.ask_readback(officer, number)
    return "A new readback is on its way."


def _give_back(officer: Officer, number: int, sent: QueryDict) -> str:
    why = sent.get("why", "").strip()
    if not why:
        raise Problem("reason", "is empty", "say what the author should change")
    services.give_back(officer, number, why)
    return "Returned to its author."


def _sign(officer: Officer, number: int, sent: QueryDict) -> str:
    services.sign(officer, number, _number(sent, "readback") or 0, _number(sent, "expect_count"))
    return "Signed. It can be published now."


def _publish(officer: Officer, number: int, sent: QueryDict) -> str:
    services.publish(officer, number, _number(sent, "expect_count"))
    return "Published. Sending has begun."


def _update(officer: Officer, number: int, sent: QueryDict) -> str:
    services.begin_update(officer, number)
    return "The update is a draft; the issue in force stays so until the update is published."


def _cancel(officer: Officer, number: int, sent: QueryDict) -> str:
    services.begin_cancel(officer, number)
    return "The cancel is a draft, worded as the correction was written beforehand."


def _drop(officer: Officer, number: int, sent: QueryDict) -> str:
    services.drop(officer, number)
    return "Dropped. What is in force stays in force."


_STEPS: dict[str, Callable[[Officer, int, QueryDict], str]] = {
    "submit": _submit,
    "ask": _ask,
    "return": _give_back,
    "sign": _sign,
    "publish": _publish,
    "update": _update,
    "cancel": _cancel,
    "drop": _drop,
}


def _number(sent: QueryDict, name: str) -> int | None:
    """A whole number of a form; None where the field is empty or absent."""
    text = sent.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 15:
        field = name.replace("_", "-")
        raise Problem(field, f"{text[:20]!r} is no whole number", "use digits only")
    return int(text)


def _find(bulletin_id: int) -> Bulletin:
    found = queries.find(bulletin_id)
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, officer: Officer, bulletin_id: int, problems: list[Problem] | None = None
) -> HttpResponse:
    found = _find(bulletin_id)
    region = parse(found.region)
    steps = list(found.steps.order_by("pk"))
    names = officer_names([found.made_by, *(each.officer_id for each in steps)])
    context = _in_hand(officer, found, problems or []) | {
        "steps": [(each, names.get(each.officer_id, "")) for each in steps],
        "issues": list(found.issues.order_by("-n")),
        "problems": problems or [],
        "region_words": in_words(region),
        "doubts": doubts(region),
    }
    return render(request, "desk/bulletin.html", context, status=422 if problems else 200)


def _in_hand(officer: Officer, found: Bulletin, problems: list[Problem]) -> dict[str, object]:
    """What the version in hand needs next, and whether this officer may do it."""
    state = State(found.state)
    is_out = state in (State.SUBMITTED, State.SIGNED)
    newest = queries.readback_in_hand(found) if is_out else None
    compose = officer.may(Verb.COMPOSE)
    issue = found.newest_issue
    asked = any(problem.field == "expect-count" for problem in problems)
    return {
        "bulletin": found,
        "texts": list(found.texts.all()),
        "is_out": is_out,
        "readback": newest,
        "is_old": newest is not None and queries.is_old(newest),
        "asks_count": asked or (newest is not None and queries.is_unusual(newest)),
        "map": map_of(parse(found.region)),
        "faults": rules.faults(found, list(found.texts.all())) if state == State.DRAFT else [],
        "changes": changes(found, issue) if issue and state in queries.IN_HAND else None,
        "may_edit": compose and state in queries.IN_HAND,
        "may_submit": compose and state == State.DRAFT,
        "may_return": compose and is_out,
        "may_sign": officer.may(Verb.SIGN) and state == State.SUBMITTED,
        "is_hand": officer.pk in hands(found),
        "may_publish": officer.may(Verb.PUBLISH) and state == State.SIGNED,
        "may_update": compose and state == State.PUBLISHED,
        "may_cancel": compose
        and issue is not None
        and state != State.CANCELLED
        and not (state in queries.IN_HAND and found.issue_kind == IssueKind.CANCEL),
        "may_drop": compose and issue is not None and state in queries.IN_HAND,
    }
