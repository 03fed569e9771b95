"""What is kept of people, why, until when, who may see it, and how to be forgotten: for anybody."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from wayhome.travellers import fields_page


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Made from the field register and the settings alone; it reads nothing about anybody."""
    return render(
        request,
        "portal/privacy.html",
        {
            "notices": fields_page.notices(),
            "deadlines": fields_page.deadlines(),
            "mail_days": max(settings.WAYHOME_RETAIN_MAIL_DAYS, 0),
            "contact": settings.WAYHOME_PRIVACY_CONTACT,
            "authority": settings.WAYHOME_PRIVACY_AUTHORITY,
        },
    )
