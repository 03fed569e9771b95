"""What there is to do, what is owed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.bulletins import queries as bulletins
from wayhome.bulletins.models import Bulletin, State
from wayhome.delivery.queries import count_owed as count_deliveries
from wayhome.musters.queries import states_of_open
from wayhome.officers.models import Officer
from wayhome.officers.queries import officer_names
from wayhome.officers.roles import Verb
from wayhome.web.desk.gate import desk
from wayhome.work.queries import count_owed
from wayhome.work.queries import owed as owed_lines

_WAITS_FOR = {
    State.DRAFT: "its author, to submit it",
    State.SUBMITTED: "a second officer, to sign it",
    State.SIGNED: "an officer, to publish it",
}


@desk(None)
def home(request: HttpRequest, officer: Officer) -> HttpResponse:
    if not officer.may(Verb.SEE_BULLETINS):
        return redirect("desk:organisation")
    in_hand = bulletins.in_hand()
    names = officer_names(bulletin.made_by for bulletin in in_hand)
    return render(
        request,
        "desk/home.html",
        {
            "issues": bulletins.issues_in_force(),
            "in_hand": [(each, _waits_for(each), names.get(each.made_by, "")) for each in in_hand],
            "musters": states_of_open() if officer.may(Verb.SEE_NUMBERS) else [],
            "owed": count_owed(),
            "deliveries": count_deliveries(),
        },
    )


@desk(Verb.SEE_OWED)
def owed(request: HttpRequest, officer: Officer) -> HttpResponse:
    """What is owed, for how long, how often it was tried, and why it failed last."""
    context = {"lines": owed_lines(), "count": count_owed(), "deliveries": count_deliveries()}
    return render(request, "desk/owed.html", context)


def _waits_for(bulletin: Bulletin) -> str:
    return _WAITS_FOR.get(State(bulletin.state), "nobody")
