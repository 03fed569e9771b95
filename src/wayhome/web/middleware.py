"""Headers of every page: nothing from elsewhere runs, nothing personal is kept or indexed."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# Pages without anything personal: the only ones that may be kept and found by search engines.
_PUBLIC = ("portal:home", "portal:issue", "healthz")


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Set the policy, and keep every page that is not public out of caches and indexes."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        match = request.resolver_match
        if match is None or match.view_name not in _PUBLIC:
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
        else:
            response.headers.setdefault("Cache-Control", "no-cache")
        patch_vary_headers(response, ["HX-Request"])
        return response

    return respond
