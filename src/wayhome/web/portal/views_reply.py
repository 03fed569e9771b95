"""Answer an issue by the link in a message. A GET changes nothing, whoever follows it."""

import secrets
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome.bulletins import queries as bulletins
from wayhome.bulletins.models import Distribution, Issue
from wayhome.links import ReplyLink
from wayhome.problems import Problem
from wayhome.replies import queries as replies
from wayhome.replies import services
from wayhome.travellers import queries as travellers
from wayhome.travellers.models import Traveller
from wayhome.web.portal.links import (
    LinkDoesNotHold,
    by_link,
    device_of,
    first_name,
    initials,
    numbers,
    reply_link,
)


@by_link("GET", "HEAD", "POST")
def reply(request: HttpRequest, token: str) -> HttpResponse:
    link = reply_link(token)
    issue, people = _open(link)
    if request.method != "POST":
        return _page(request, token, link, issue, people, press=secrets.token_hex(16))
    press = request.POST.get("press", "")[:64] or secrets.token_hex(16)
    try:
        recorded = services.reply_by_link(
            link,
            request.POST.get("answer", ""),
            numbers(request.POST.getlist("people")),
            words=request.POST.get("words", ""),
            device=device_of(request),
            press=press,
        )
    except Problem as problem:
        return _page(request, token, link, issue, people, press=press, problem=problem)
    shown = urlencode({"press": recorded[0].press})
    return redirect(f"{reverse('portal:replied', args=[token])}?{shown}")


@by_link()
def done(request: HttpRequest, token: str) -> HttpResponse:
    """What was recorded, read from storage."""
    link = reply_link(token)
    issue, people = _open(link)
    recorded = replies.of_press(people[0].pk, request.GET.get("press", ""))
    return render(
        request, "portal/replied.html", {"token": token, "issue": issue, "recorded": recorded}
    )


def _open(link: ReplyLink) -> tuple[Issue, list[Traveller]]:
    try:
        return services.open_reply_link(link)
    except Problem as error:
        raise LinkDoesNotHold from error


def _page(
    request: HttpRequest,
    token: str,
    link: ReplyLink,
    issue: Issue,
    people: list[Traveller],
    *,
    press: str,
    problem: Problem | None = None,
) -> HttpResponse:
    newest = bulletins.newest_of(issue)
    shown = newest if newest and newest.distribution != Distribution.OFFICERS else issue
    chosen = numbers(request.POST.getlist("people"))
    adult, *minors = people
    language = request.GET.get("language") or travellers.language_of(link.contact_point_id)
    return render(
        request,
        "portal/reply.html",
        {
            "token": token,
            "issue": shown,
            "text": bulletins.text_for(shown.texts.all(), language),
            "texts": shown.texts.all(),
            "is_newer": shown.pk != issue.pk,
            "initials": initials(adult.name),
            "adult": adult,
            "adult_chosen": adult.pk in chosen or not request.POST,
            "minors": [(minor, first_name(minor.name), minor.pk in chosen) for minor in minors],
            "answers": services.ANSWERS[issue.ask],
            "words": request.POST.get("words", ""),
            "words_length": services.WORDS_LENGTH,
            "press": press,
            "problem": problem,
        },
        status=422 if problem else 200,
    )
