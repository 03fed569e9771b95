"""Compose a bulletin, with a preview that counts people and writes nothing."""

from dataclasses import fields

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from wayhome.audience.services import Counts, count, window_of
from wayhome.bulletins import queries, services
from wayhome.bulletins.models import Bulletin, BulletinText, Distribution, IssueKind
from wayhome.bulletins.services import BulletinSaid, TextSaid
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.places.doubts import doubts
from wayhome.places.region import AnyRegion, parse
from wayhome.places.resolve import resolve
from wayhome.places.words import in_words
from wayhome.problems import Problem, Problems
from wayhome.web.desk.drawing import map_of
from wayhome.web.desk.forms import BulletinForm, TextForm, text_forms
from wayhome.web.desk.gate import desk
from wayhome.web.forms import faults_of
from wayhome.work import clock


@desk(Verb.COMPOSE, "GET", "HEAD", "POST")
def new(request: HttpRequest, officer: Officer) -> HttpResponse:
    return _compose(request, officer, None)


@desk(Verb.COMPOSE, "GET", "HEAD", "POST")
def edit(request: HttpRequest, officer: Officer, bulletin_id: int) -> HttpResponse:
    bulletin = queries.find(bulletin_id)
    if bulletin is None:
        raise Http404
    if request.method != "POST" and bulletin.state not in queries.IN_HAND:
        messages.warning(request, "This is published: begin an update or a cancel to change it.")
        return redirect("desk:bulletin", bulletin_id)
    return _compose(request, officer, bulletin)


@desk(Verb.COMPOSE, "POST")
def preview(request: HttpRequest, officer: Officer) -> HttpResponse:
    """The preview alone, asked for again as the officer writes."""
    form = BulletinForm(request.POST)
    form.is_valid()
    number = request.POST.get("bulletin", "")
    bulletin = queries.find(int(number)) if number.isdecimal() and len(number) < 19 else None
    return render(request, "desk/preview.html", _preview(form, _region(form, bulletin)))


def _compose(request: HttpRequest, officer: Officer, bulletin: Bulletin | None) -> HttpResponse:
    sent = _chosen(request.POST) if request.method == "POST" else None
    is_cancel = bulletin is not None and bulletin.issue_kind == IssueKind.CANCEL
    form = BulletinForm(None if is_cancel else sent, initial=_initial(bulletin))
    texts = text_forms(sent, _texts(bulletin))
    context: dict[str, object] = {}
    if sent is not None:
        region = parse(bulletin.region) if bulletin and is_cancel else None
        if not is_cancel:
            form.is_valid()
            region = _region(form, bulletin)
        if sent.get("do") == "preview" and not is_cancel:
            context = _preview(form, region)
        elif region is not None and (is_cancel or form.is_valid()) and _all_valid(texts):
            kept = _keep(officer, bulletin, form, texts, region, sent)
            if kept is not None:
                messages.success(request, f"Kept as version {kept.version}.")
                return redirect("desk:bulletin", kept.pk)
    context |= {
        "bulletin": bulletin,
        "form": form,
        "texts": texts,
        "is_cancel": is_cancel,
        "version": (sent and sent.get("version")) or (bulletin.version if bulletin else ""),
        "faults": faults_of([form, *texts]) if sent is not None else [],
    }
    return render(request, "desk/compose.html", context, status=422 if context["faults"] else 200)


def _chosen(sent: QueryDict) -> QueryDict:
    """What was sent; with the meaning of the region that the officer chose instead."""
    if "instead" not in sent:
        return sent
    chosen = sent.copy()
    chosen["region"], chosen["do"] = str(sent["instead"]), "preview"
    return chosen


def _keep(
    officer: Officer,
    bulletin: Bulletin | None,
    form: BulletinForm,
    texts: list[TextForm],
    region: AnyRegion,
    sent: QueryDict,
) -> Bulletin | None:
    """Draft or edit; None where a fault is shown instead."""
    words = tuple(text for each in texts if (text := each.said()) is not None)
    try:
        if bulletin is None:
            return services.draft(officer, form.said(region, words))
        if bulletin.issue_kind == IssueKind.CANCEL:
            said = _unchanged(bulletin, region, words)
        else:
            said = form.said(region, words)
        version = sent.get("version", "")
        return services.edit(
            officer,
            bulletin.pk,
            said,
            version=int(version) if version.isdecimal() and len(version) < 19 else 0,
        )
    except Problems as error:
        problems = error.problems
    except Problem as problem:
        problems = [problem]
    shown_in = form if form.is_bound else texts[0]
    for fault in problems:
        shown_in.show(fault.field, fault)
    return None


def _all_valid(texts: list[TextForm]) -> bool:
    valid = [text.is_valid() for text in texts]  # every one, so that every fault is shown
    return all(valid)


def _region(form: BulletinForm, bulletin: Bulletin | None) -> AnyRegion | None:
    """The region as written; what was not touched stays exactly what storage holds."""
    if bulletin is not None:
        stored = parse(bulletin.region)
        if (form.cleaned_data.get("region") or "").strip() == in_words(stored).strip():
            return stored
    return form.read_region()


def _preview(form: BulletinForm, region: AnyRegion | None) -> dict[str, object]:
    if region is None:
        return {
            "previewed": True,
            "problems": list(form["region"].errors),
            "instead": form.instead,
        }
    values = form.cleaned_data
    effective_at = values.get("effective_at")
    try:
        clock.check_range("effective_at", effective_at)
    except Problem:  # said beside the field when the draft is kept
        effective_at = None
    asked = Bulletin(
        effective_at=effective_at,
        lead_days=values.get("lead_days", 7),
        grace_days=values.get("grace_days", 7),
    )
    verified_only = values.get("distribution") == Distribution.VERIFIED
    counts: Counts = count(resolve(region), window_of(asked), verified_only=verified_only)
    return {
        "previewed": True,
        "counts": counts,
        "region_words": in_words(region),
        "doubts": doubts(region),
        "map": map_of(region),
    }


def _initial(bulletin: Bulletin | None) -> dict[str, object] | None:
    if bulletin is None:
        return None
    names = [each.name for each in fields(BulletinSaid) if each.name not in ("region", "texts")]
    return {name: getattr(bulletin, name) for name in names} | {
        "region": in_words(parse(bulletin.region))
    }


def _texts(bulletin: Bulletin | None) -> dict[str, BulletinText]:
    return {text.language: text for text in bulletin.texts.all()} if bulletin else {}


def _unchanged(bulletin: Bulletin, region: AnyRegion, texts: tuple[TextSaid, ...]) -> BulletinSaid:
    names = [each.name for each in fields(BulletinSaid) if each.name not in ("region", "texts")]
    return BulletinSaid(
        region=region, texts=texts, **{name: getattr(bulletin, name) for name in names}
    )
