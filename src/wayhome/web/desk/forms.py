"""Forms of the desk. What they read goes to services, whose Problems they show."""

from django import forms

from wayhome.bulletins.models import Ask, Bulletin, BulletinText, Distribution, Kind
from wayhome.bulletins.queries import text_for
from wayhome.bulletins.services import BulletinSaid, TextSaid
from wayhome.ledger.models import Incident
from wayhome.musters.models import CASE_STATES, RollChange, RollState
from wayhome.musters.writing import WORDS_LENGTH as WRITTEN_LENGTH
from wayhome.places.region import AnyRegion
from wayhome.replies.models import Answer
from wayhome.replies.services import ANSWERS, WORDS_LENGTH
from wayhome.travellers.queries import OwnWay
from wayhome.travellers.services import REASON_LENGTH
from wayhome.trips.enrolment import LANGUAGES
from wayhome.web.forms import PlainForm, RegionMixin, day_field, moment_field, number_field

_AUTO = {"dir": "auto"}
_RIGHT_TO_LEFT = {"ar"}
LANGUAGE_WORDS = {"en": "English", "fr": "French", "es": "Spanish", "ar": "Arabic"}
MOST_DAYS = 366


class BulletinForm(RegionMixin):
    """What a bulletin says, its texts apart."""

    kind = forms.ChoiceField(label="Kind", choices=Kind.choices, initial=Kind.WARNING)
    level = forms.TypedChoiceField(
        label="Level (advisories)",
        choices=[("", "none"), *((str(n), str(n)) for n in (1, 2, 3, 4))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    distribution = forms.ChoiceField(
        label="Who may read it", choices=Distribution.choices, initial=Distribution.PUBLIC
    )
    ask = forms.ChoiceField(label="Which reply is asked", choices=Ask.choices, initial=Ask.SAFETY)
    source = forms.CharField(
        label="Source: who warns",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=_AUTO),
    )
    hazard = forms.CharField(
        label="Hazard: what has happened or may happen",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=_AUTO),
    )
    effective_at = moment_field("Takes effect (UTC; empty: when published)")
    expires_at = moment_field("Holds until (UTC)")
    lead_days = number_field(
        "Days before arrival", min_value=0, max_value=MOST_DAYS, initial=7,
        help_text="People who arrive within so many days are warned too.",
    )  # fmt: skip
    grace_days = number_field(
        "Days after departure", min_value=0, max_value=MOST_DAYS, initial=7,
        help_text="People due to have left are warned for so many days more.",
    )  # fmt: skip

    field_order = ("kind", "level", "source", "hazard", "region")

    def said(self, region: AnyRegion, texts: tuple[TextSaid, ...]) -> BulletinSaid:
        values = {name: value for name, value in self.cleaned_data.items() if name != "region"}
        return BulletinSaid(region=region, texts=texts, **values)


class TextForm(PlainForm):
    """The words in one language; the prefix of the form."""

    headline = forms.CharField(label="Headline", required=False, max_length=160)
    body = forms.CharField(
        label="What happens, where, until when",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    instruction = forms.CharField(
        label="What to do", required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    correction = forms.CharField(
        label="Correction: what people read if this proves wrong",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, language: str, *args: object, **kwargs: object) -> None:
        self.language = language
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
            if language not in LANGUAGE_WORDS:
                direction = "auto"
            field.widget.attrs |= {"lang": language, "dir": direction}

    @property
    def words(self) -> str:
        return LANGUAGE_WORDS.get(self.language, self.language)

    @property
    def is_filled(self) -> bool:
        return any(self[name].value() for name in self.fields)

    def said(self) -> TextSaid | None:
        """The words, or None where this language is empty."""
        if not any(self.cleaned_data.values()):
            return None
        return TextSaid(self.language, **self.cleaned_data)


def text_forms(data: object, texts: dict[str, BulletinText]) -> list[TextForm]:
    """A form for each language offered and each there is, filled with the texts there are."""
    names = ("headline", "body", "instruction", "correction")
    return [
        TextForm(
            language,
            data,
            prefix=language,
            initial={name: getattr(texts[language], name) for name in names}
            if language in texts
            else None,
        )
        for language in (*LANGUAGES, *sorted(texts.keys() - set(LANGUAGES)))
    ]


class MusterForm(RegionMixin):
    name = forms.CharField(label="Name", required=False, max_length=200)
    starts_at = moment_field("Begins (UTC)")
    ends_at = moment_field("Ends (UTC; empty: open)")
    safe_hours = number_field(
        "“Safe” holds for so many hours", min_value=1, max_value=168, initial=24,
        help_text="After that the person is silent again until they answer anew.",
    )  # fmt: skip
    threads = forms.TypedMultipleChoiceField(
        label="Threads whose replies count",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    incidents = forms.TypedMultipleChoiceField(
        label="Incidents it cites",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("name", "region")

    def offer(self, threads: list[Bulletin], incidents: list[Incident]) -> None:
        """What may be ticked."""
        for name, rows in (
            ("threads", [(each.pk, _thread_words(each)) for each in threads]),
            ("incidents", [(each.pk, f"{each.happened_on}: {each.what}") for each in incidents]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = rows


def _thread_words(bulletin: Bulletin) -> str:
    issue = bulletin.newest_issue
    text = text_for(issue.texts.all()) if issue else None
    return f"{bulletin.pk}: {text.headline if text else bulletin.hazard}"


class IncidentForm(RegionMixin):
    what = forms.CharField(label="What happened, in a few words", required=False, max_length=300)
    happened_on = day_field("Day")
    certainty = forms.ChoiceField(label="How sure", choices=Incident.Certainty.choices)
    source = forms.CharField(label="Source: who says so", required=False, max_length=200)
    wording = forms.CharField(
        label="Their own words, as they were",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )
    field_order = ("what", "region")


_REASON_LENGTH = RollChange._meta.get_field("reason").max_length or 60


def _reason() -> forms.CharField:
    return forms.CharField(
        label="How you know",
        required=False,
        max_length=_REASON_LENGTH - len("closed: "),
        widget=forms.TextInput(attrs=_AUTO),
    )


class ToldForm(PlainForm):
    answer = forms.ChoiceField(
        label="What they said",
        # Nothing is chosen beforehand: a slip must not make someone safe.
        choices=[
            ("", "choose"),
            *((str(each), str(Answer(each).label)) for each in ANSWERS[Ask.SAFETY]),
        ],
        error_messages={"required": "is not chosen; choose what they said"},
    )
    words = forms.CharField(
        label="In their words (sealed)",
        required=False,
        max_length=WORDS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, auto_id="told-%s", **kwargs)


class DecideForm(PlainForm):
    state = forms.ChoiceField(label="Set to")
    reason = _reason()

    def __init__(self, *args: object, sees_cases: bool, **kwargs: object) -> None:
        super().__init__(*args, auto_id="decide-%s", **kwargs)
        state = self.fields["state"]
        assert isinstance(state, forms.ChoiceField)
        state.choices = [
            (value, label)
            for value, label in RollState.choices
            if sees_cases or value not in CASE_STATES
        ]


class WriteForm(PlainForm):
    """A letter in the officer's words to one of the person's own addresses."""

    way = forms.ChoiceField(label="To")
    language = forms.ChoiceField(label="Language", choices=list(LANGUAGE_WORDS.items()))
    text = forms.CharField(
        label="What you write",
        required=False,
        max_length=WRITTEN_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5} | _AUTO),
    )

    def __init__(self, *args: object, ways: list[OwnWay], **kwargs: object) -> None:
        super().__init__(*args, auto_id="write-%s", **kwargs)
        _offer_ways(self, ways)
        if ways:
            self.fields["language"].initial = ways[0].language


class LinkForm(PlainForm):
    way = forms.ChoiceField(label="To")

    def __init__(self, *args: object, ways: list[OwnWay], **kwargs: object) -> None:
        super().__init__(*args, auto_id="link-%s", **kwargs)
        _offer_ways(self, ways)


def _offer_ways(form: PlainForm, ways: list[OwnWay]) -> None:
    field = form.fields["way"]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [(way.key, _way_words(way)) for way in ways]


def _way_words(way: OwnWay) -> str:
    language = LANGUAGE_WORDS.get(way.language, way.language)
    neutral = ", neutral wording" if way.neutral else ""
    return f"{way.address} ({way.whose}, {language}{neutral})"


class CloseForm(PlainForm):
    reason = _reason()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, auto_id="close-%s", **kwargs)


class LiftForm(PlainForm):
    reason = forms.CharField(
        label="How you know that it works again",
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs=_AUTO),
    )

    def __init__(self, contact_point_id: int, *args: object, **kwargs: object) -> None:
        super().__init__(*args, auto_id=f"lift-{contact_point_id}-%s", **kwargs)
