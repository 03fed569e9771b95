"""Whether only a part of a page is asked for."""

from django.http import HttpRequest


def is_fragment(request: HttpRequest) -> bool:
    """True where a script on the page asks for one part of it again."""
    return request.headers.get("HX-Request") == "true"
