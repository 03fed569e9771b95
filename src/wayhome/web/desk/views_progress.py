"""How far the sending of an issue is, and what came back."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from wayhome.bulletins import queries
from wayhome.delivery.queries import progress as progress_of
from wayhome.officers.models import Officer
from wayhome.officers.queries import officer_names
from wayhome.replies.queries import answered_by_kind, answered_people
from wayhome.web.desk.gate import desk
from wayhome.web.htmx import is_fragment


@desk(None)
def progress(request: HttpRequest, officer: Officer, issue_id: int) -> HttpResponse:
    issue = queries.find_issue(issue_id)
    if issue is None:
        raise Http404
    numbers = progress_of(issue)
    names = officer_names([issue.signed_by, issue.published_by])
    context = {
        "issue": issue,
        "progress": numbers,
        "answers": answered_by_kind([issue.pk]),
        "answered": answered_people([issue.pk]),
        "is_newest": issue.bulletin.newest_issue_id == issue.pk,
        # Nothing is asked for again and again once all is sent: a reply may take its time.
        "every": "2s" if numbers.owed or not numbers.audience else "15s",
        "signed_by": names.get(issue.signed_by, ""),
        "published_by": names.get(issue.published_by, ""),
    }
    page = "desk/progress_part.html" if is_fragment(request) else "desk/progress.html"
    return render(request, page, context)
