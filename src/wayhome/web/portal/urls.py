"""Addresses of the portal."""

from django.urls import path

from wayhome.web.portal import (
    views_codes,
    views_data,
    views_enrol,
    views_home,
    views_link,
    views_mine,
    views_party,
    views_privacy,
    views_reach,
    views_reply,
    views_still,
    views_trips,
    views_watch,
)

app_name = "portal"
_MY = "my/<str:token>"
_REACH = f"{_MY}/reach/<int:reach_id>"

urlpatterns = [
    path("", views_home.home, name="home"),
    path("issues/<int:issue_id>/", views_home.issue, name="issue"),
    path("enrol/", views_enrol.enrol, name="enrol"),
    path("enrol/for-someone/", views_enrol.enrol_someone, name="enrol-someone"),
    path("enrol/kept/<str:token>/", views_enrol.kept, name="kept"),
    path("enrol/done/<str:token>/", views_enrol.done, name="enrolled"),
    path("v/<str:token>/", views_codes.press, name="verify"),
    path("still/<str:token>/", views_still.still, name="still"),
    path(f"{_MY}/", views_trips.my_trips, name="my-trips"),
    path(f"{_MY}/answer/", views_trips.answer, name="my-answer"),
    path(f"{_MY}/stays/<int:stay_id>/", views_trips.stay, name="my-stay"),
    path(f"{_MY}/stays/<int:stay_id>/ended/", views_mine.ended, name="my-ended"),
    path(f"{_MY}/stays/new/", views_mine.add, {"what": "stay"}, name="my-new-stay"),
    path(f"{_MY}/legs/new/", views_mine.add, {"what": "leg"}, name="my-new-leg"),
    path(f"{_MY}/name/<int:registration_id>/", views_mine.names, name="my-name"),
    path(f"{_MY}/addresses/new/", views_mine.add_address, name="my-new-address"),
    path(f"{_REACH}/", views_reach.terms, name="my-reach"),
    path(f"{_REACH}/stop/", views_reach.stop, name="my-stop"),
    path(f"{_REACH}/code/", views_mine.code, name="my-code"),
    path(f"{_REACH}/remove/", views_mine.remove_address, name="my-remove"),
    path(f"{_MY}/watches/", views_mine.watches, name="my-watches"),
    path(f"{_MY}/leave/", views_party.leave, name="my-leave"),
    path(f"{_MY}/guardian/<int:registration_id>/", views_party.guardian, name="my-guardian"),
    path(f"{_MY}/wishes/<int:wish_id>/", views_party.answer_wish, name="my-wish"),
    path(f"{_MY}/link/", views_mine.revoke, name="my-revoke"),
    path(f"{_MY}/kept/", views_data.what_is_kept, name="my-data"),
    path(f"{_MY}/data.json", views_data.download, {"form": "json"}, name="my-json"),
    path(f"{_MY}/data.zip", views_data.download, {"form": "zip"}, name="my-csv"),
    path(f"{_MY}/forget/", views_data.forget, name="my-forget"),
    path("privacy/", views_privacy.privacy, name="privacy"),
    path("my-link/", views_link.ask, name="ask-link"),
    path("my-link/asked/", views_link.asked, name="link-asked"),
    path("my-link/new/", views_mine.revoked, name="revoked"),
    path("forgotten/", views_data.forgotten, name="forgotten"),
    path("r/<str:token>/", views_reply.reply, name="reply"),
    path("r/<str:token>/done/", views_reply.done, name="replied"),
    path("w/<str:token>/", views_watch.watch, name="watch"),
]
