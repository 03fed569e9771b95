"""Words for codes, ages and languages in templates."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils.translation import get_language_info

from wayhome.bulletins.queries import text_for
from wayhome.places.errors import PlaceError
from wayhome.places.placing import area_words
from wayhome.travellers.models import Registration
from wayhome.travellers.queries import name_entered
from wayhome.travellers.zones import is_zone
from wayhome.web.portal import links
from wayhome.work import clock

register = template.Library()


@register.filter
def area(code: str) -> str:
    """ "Anbar, Iraq" for IQ-AN; the code itself where the pack does not know it."""
    try:
        return area_words(code) if code else "no area"
    except (PlaceError, KeyError):
        return code


@register.filter
def language(code: str) -> str:
    """ "Arabic" for ar."""
    try:
        return str(get_language_info(code)["name"])
    except KeyError:
        return code


@register.filter
def text(texts: object, code: str = "en") -> object:
    """The text in a language, else in English, else in any."""
    return text_for(texts.all(), code)  # type: ignore[attr-defined]


@register.filter
def moment(value: datetime | None) -> str:
    """ "13 June 2014, 06:00 UTC", the way every time is shown."""
    if value is None:
        return ""
    return f"{value.day} {value:%B %Y, %H:%M} UTC"


@register.filter
def there(value: datetime | None, zone: str) -> str:
    """ " (09:00 in Asia/Baghdad)" after a moment in UTC, with the day where it is another one;
    empty where the zone is not known or is UTC."""
    if value is None or not zone or zone == "UTC" or not is_zone(zone):
        return ""
    local = value.astimezone(ZoneInfo(zone))
    day = "" if local.date() == value.date() else f"{local.day} {local:%B}, "
    return f" ({day}{local:%H:%M} in {zone})"


@register.filter
def ago(value: datetime | None) -> str:
    """ "3 min ago", by the instance's clock."""
    if value is None:
        return ""
    return f"{lasting(int((clock.now() - value).total_seconds()))} ago"


@register.filter
def lasting(seconds: int) -> str:
    """ "90 s" is "1 min"; the largest unit alone."""
    seconds = max(0, int(seconds))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


@register.filter
def entered_name(registration: Registration) -> str:
    """The name that a registration came with, whatever record it was joined to."""
    return name_entered(registration)


@register.filter
def item(mapping: dict[str, object], key: str) -> object:
    """One value of a mapping, 0 where it has none."""
    return mapping.get(key, 0)


@register.filter
def own_language(code: str) -> str:
    """A language as its readers call it: "العربية" for ar."""
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code


@register.filter
def first_name(name: str) -> str:
    """ "Ada B." of "Ada Byron"."""
    return links.first_name(name)
