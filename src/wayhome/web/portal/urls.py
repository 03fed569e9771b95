"""Addresses of the portal."""

from django.urls import path

from wayhome.web.portal import (
    views_enrol,
    views_home,
    views_link,
    views_reach,
    views_reply,
    views_trips,
    views_watch,
)

app_name = "portal"

urlpatterns = [
    path("", views_home.home, name="home"),
    path("issues/<int:issue_id>/", views_home.issue, name="issue"),
    path("enrol/", views_enrol.enrol, name="enrol"),
    path("enrol/done/<str:token>/", views_enrol.done, name="enrolled"),
    path("my/<str:token>/", views_trips.my_trips, name="my-trips"),
    path("my/<str:token>/answer/", views_trips.answer, name="my-answer"),
    path("my/<str:token>/stays/<int:stay_id>/", views_trips.stay, name="my-stay"),
    path("my/<str:token>/reach/<int:reach_id>/", views_reach.terms, name="my-reach"),
    path("my/<str:token>/reach/<int:reach_id>/stop/", views_reach.stop, name="my-stop"),
    path("my-link/", views_link.ask, name="ask-link"),
    path("my-link/asked/", views_link.asked, name="link-asked"),
    path("r/<str:token>/", views_reply.reply, name="reply"),
    path("r/<str:token>/done/", views_reply.done, name="replied"),
    path("w/<str:token>/", views_watch.watch, name="watch"),
]
