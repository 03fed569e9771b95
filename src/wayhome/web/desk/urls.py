"""Addresses of the desk."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from wayhome.web.desk import (
    views_addresses,
    views_bulletin,
    views_compose,
    views_home,
    views_incident,
    views_letters,
    views_muster,
    views_progress,
    views_roll,
)

app_name = "desk"
_ENTRY = "musters/<int:muster_id>/roll/<int:entry_id>"

urlpatterns = [
    path("", views_home.home, name="home"),
    path("sign-in/", views_home.SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("owed/", views_home.owed, name="owed"),
    path("addresses/", views_addresses.addresses, name="addresses"),
    path("addresses/<int:contact_point_id>/lift/", views_addresses.lift, name="lift"),
    path("preview/", views_compose.preview, name="preview"),
    path("bulletins/new/", views_compose.new, name="new"),
    path("bulletins/<int:bulletin_id>/", views_bulletin.bulletin, name="bulletin"),
    path("bulletins/<int:bulletin_id>/readback/", views_bulletin.readback, name="readback"),
    path("bulletins/<int:bulletin_id>/edit/", views_compose.edit, name="edit"),
    path("bulletins/<int:bulletin_id>/<slug:step>/", views_bulletin.step, name="step"),
    path("issues/<int:issue_id>/", views_progress.progress, name="issue"),
    path("issues/<int:issue_id>/stop/", views_progress.stop, name="stop-issue"),
    path("issues/<int:issue_id>/resume/", views_progress.resume, name="resume-issue"),
    path("incidents/new/", views_incident.new, name="new-incident"),
    path("musters/", views_muster.musters, name="musters"),
    path("musters/new/", views_muster.new, name="new-muster"),
    path("musters/<int:muster_id>/", views_muster.board, name="muster"),
    path("musters/<int:muster_id>/close/", views_muster.close, name="close-muster"),
    path("musters/<int:muster_id>/roll/", views_roll.roll, name="roll"),
    path(f"{_ENTRY}/", views_roll.entry, name="entry"),
    path(f"{_ENTRY}/told/", views_roll.told, name="told"),
    path(f"{_ENTRY}/decide/", views_roll.decide, name="decide"),
    path(f"{_ENTRY}/close/", views_roll.close, name="close-entry"),
    path(f"{_ENTRY}/write/", views_letters.write, name="write"),
    path(f"{_ENTRY}/link/", views_letters.link, name="send-link"),
    path(f"{_ENTRY}/address/", views_letters.address, name="decide-address"),
]
