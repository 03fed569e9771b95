"""The roll: people by state, and one person with history, ways to reach, and decisions."""

import secrets

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.delivery.letters_sent import letters_to
from wayhome.musters import queries, services
from wayhome.musters.models import CASE_STATES, Muster, RollState
from wayhome.musters.queries import Line
from wayhome.officers.access import Access, access_for
from wayhome.officers.models import Officer
from wayhome.officers.queries import CASE_PURPOSE, officer_names
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.replies.queries import words_of_many
from wayhome.replies.services import reply_told
from wayhome.travellers.contact_policy import WHY_LENGTH
from wayhome.travellers.queries import own_ways, reach_steps, ways_to_reach
from wayhome.trips.queries import stays_of
from wayhome.web.desk.forms import CloseForm, DecideForm, LinkForm, ToldForm, WriteForm
from wayhome.web.desk.gate import desk
from wayhome.web.forms import faults_of, moment

ON_A_PAGE = 50
_VIEW = "roll entry"


@desk(Verb.SEE_PEOPLE)
def roll(request: HttpRequest, officer: Officer, muster_id: int) -> HttpResponse:
    """People in one state, a page at a time. Every name shown is a recorded look."""
    muster = _muster(muster_id)
    state = request.GET.get("state", RollState.SILENT)
    if state not in RollState.values:
        state = RollState.SILENT
    area = request.GET.get("area", "").replace("\0", "?")[:10]
    after = request.GET.get("after", "")
    access = _access(officer, muster, is_case=state in CASE_STATES)
    lines = queries.lines(
        access,
        muster_id,
        state=state,
        area=area,
        after=int(after) if after.isdecimal() and len(after) < 19 else 0,
        limit=ON_A_PAGE,  # one more would be a look at somebody who is not shown
    )
    context = {
        "muster": muster,
        "state": state,
        "area": area,
        "lines": lines,
        "next": lines[-1].entry_id if len(lines) == ON_A_PAGE else None,
        "states": [
            (value, label)
            for value, label in RollState.choices
            if access.sees_cases or value not in CASE_STATES
        ],
        "areas": sorted(queries.board(muster_id).by_area),
    }
    return render(request, "desk/roll.html", context)


@desk(Verb.SEE_PEOPLE)
def entry(request: HttpRequest, officer: Officer, muster_id: int, entry_id: int) -> HttpResponse:
    return entry_page(request, officer, muster_id, entry_id)


@desk(Verb.MUSTER, "POST")
def told(request: HttpRequest, officer: Officer, muster_id: int, entry_id: int) -> HttpResponse:
    """Record what the person told this officer. It is a claim like any other."""
    _, line = find_line(officer, muster_id, entry_id)
    form = ToldForm(request.POST)
    if form.is_valid():
        try:
            reply_told(
                officer,
                line.traveller_id,
                form.cleaned_data["answer"],
                words=form.cleaned_data["words"],
            )
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            messages.success(request, "Recorded. The roll takes it in within a moment.")
            return redirect("desk:entry", muster_id, entry_id)
    return entry_page(request, officer, muster_id, entry_id, told_form=form)


@desk(Verb.MUSTER, "POST")
def decide(request: HttpRequest, officer: Officer, muster_id: int, entry_id: int) -> HttpResponse:
    """Set the entry, having spoken to the person or a witness."""
    access, _ = find_line(officer, muster_id, entry_id)
    form = DecideForm(request.POST, sees_cases=access.sees_cases)
    if form.is_valid():
        try:
            services.decide(
                officer,
                entry_id,
                form.cleaned_data["state"],
                reason=form.cleaned_data["reason"],
                seen_since=moment(request.POST.get("seen_since", "")),
            )
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            messages.success(request, "Set, with your name and reason.")
            return redirect("desk:entry", muster_id, entry_id)
    return entry_page(request, officer, muster_id, entry_id, decide_form=form)


@desk(Verb.CLOSE, "POST")
def close(request: HttpRequest, officer: Officer, muster_id: int, entry_id: int) -> HttpResponse:
    """Close the entry: it is settled, and this officer knows how."""
    find_line(officer, muster_id, entry_id)
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            services.close_entry(
                officer,
                entry_id,
                reason=form.cleaned_data["reason"],
                seen_since=moment(request.POST.get("seen_since", "")),
            )
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            messages.success(request, "Closed, with your name and reason.")
            return redirect("desk:entry", muster_id, entry_id)
    return entry_page(request, officer, muster_id, entry_id, close_form=form)


def entry_page(
    request: HttpRequest,
    officer: Officer,
    muster_id: int,
    entry_id: int,
    *,
    told_form: ToldForm | None = None,
    decide_form: DecideForm | None = None,
    close_form: CloseForm | None = None,
    write_form: WriteForm | None = None,
    link_form: LinkForm | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    access, line = find_line(officer, muster_id, entry_id)
    seen = queries.changed_at(entry_id)  # before the history: what comes between is not yet seen
    history = queries.history(access, entry_id)
    words = words_of_many(access, [change.reply for change in history if change.reply])
    names = officer_names(
        [change.officer_id for change in history]
        + [change.reply.officer_id for change in history if change.reply]
    )
    forms = (told_form, decide_form, close_form, write_form, link_form)
    bound = [form for form in forms if form is not None]
    reaches = ways_to_reach(access, _VIEW, line.traveller_id)
    writable = own_ways(access, _VIEW, line.traveller_id)
    steps = reach_steps(access, _VIEW, line.traveller_id, reaches)
    letters = letters_to(access, _VIEW, line.traveller_id)
    names |= officer_names(
        [step.officer_id for step in steps] + [each.letter.officer_id for each in letters]
    )
    context = {
        "muster": _muster(muster_id),
        "line": line,
        "seen_since": seen.isoformat() if seen else "",
        "history": [
            (
                change,
                names.get(change.officer_id or (change.reply and change.reply.officer_id) or 0, ""),
                words.get(change.reply_id or 0, ""),
            )
            for change in history
        ],
        "ways": reaches,
        "writable": writable,
        "steps": [(step, names.get(step.officer_id or 0, "")) for step in steps],
        "letters": [(each, names.get(each.letter.officer_id or 0, "")) for each in letters],
        "write_form": write_form or WriteForm(ways=writable),
        "link_form": link_form or LinkForm(ways=writable),
        "press": request.POST.get("press") or secrets.token_hex(16),
        "kept_why": request.POST.get("why", ""),
        "kept_reach": request.POST.get("reach", ""),
        "why_length": WHY_LENGTH,
        "problem": problem,
        "stays": stays_of(access, _VIEW, line.traveller_id),
        "told_form": told_form or ToldForm(),
        "decide_form": decide_form
        or DecideForm(sees_cases=access.sees_cases, initial={"state": line.state}),
        "close_form": close_form or CloseForm(),
        "may_close": officer.may(Verb.CLOSE)
        and line.state not in services.UNSETTLED
        and not line.closed,
        "faults": faults_of(bound),
    }
    return render(request, "desk/entry.html", context, status=422 if bound or problem else 200)


def find_line(officer: Officer, muster_id: int, entry_id: int) -> tuple[Access, Line]:
    """The entry as this officer may see it; as unknown where it is not theirs to see."""
    access = _access(officer, _muster(muster_id), is_case=queries.is_case(entry_id))
    line = queries.line(access, muster_id, entry_id)
    if line is None:
        raise Http404
    return access, line


def _muster(muster_id: int) -> Muster:
    found = queries.find(muster_id)
    if found is None:
        raise Http404
    return found


def _access(officer: Officer, muster: Muster, *, is_case: bool) -> Access:
    purpose = f"muster of {muster.name}"
    return access_for(officer, f"{CASE_PURPOSE}{purpose}" if is_case else purpose)
