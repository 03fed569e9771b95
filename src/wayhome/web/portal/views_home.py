"""The first page, and public issues in full."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_safe

from wayhome.bulletins import queries as bulletins

MOST_SHOWN = 20


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    issues = bulletins.issues_in_force(public_only=True, limit=MOST_SHOWN)
    context = {"issues": issues, "language": browser_language(request)}
    return render(request, "portal/home.html", context)


@require_safe
def issue(request: HttpRequest, issue_id: int) -> HttpResponse:
    """One public issue in all its languages, the reader's first."""
    found = bulletins.public_issue(issue_id)
    if found is None:
        raise Http404
    first = bulletins.text_for(found.texts.all(), browser_language(request))
    texts = sorted(found.texts.all(), key=lambda text: text != first)
    return render(request, "portal/issue.html", {"issue": found, "texts": texts})


def browser_language(request: HttpRequest) -> str:
    """The language that the reader's browser prefers, whether pages are offered in it or not."""
    wished = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return wished[0][0][:2] if wished else "en"
