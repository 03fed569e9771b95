"""Addresses of signing in and of accounts."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from wayhome.web.desk import (
    views_account,
    views_account_invited,
    views_account_officers,
    views_account_sign_in,
)

_OFFICER = "officers/<int:officer_id>"

# What strangers may open.
open_patterns = [
    path("sign-in/", views_account_sign_in.sign_in, name="sign-in"),
    path("sign-in/code/", views_account_sign_in.factor, name="factor"),
    path("sign-in/passkey/", views_account_sign_in.passkey, name="passkey"),
    path(
        "sign-in/passkey/question/",
        views_account_sign_in.passkey_question,
        name="passkey-question",
    ),
    path("sign-in/set-up/", views_account_sign_in.set_up, name="set-up"),
    path("sign-in/set-up/question/", views_account_sign_in.set_up_question, name="set-up-question"),
    path("sign-in/resume/", views_account_sign_in.resume, name="resume"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    # Its token is a key: the name of this address is in ``work.logs``.
    path("invited/<str:token>/", views_account_invited.invited, name="invited"),
    path("invitation/", views_account_invited.accept, name="accept"),
]
OPEN = tuple(str(pattern.name) for pattern in open_patterns)

urlpatterns = [
    *open_patterns,
    path("account/", views_account.account, name="account"),
    path("account/read/", views_account.read_notices, name="read-notices"),
    path("account/passkeys/new/", views_account.new_passkey, name="new-passkey"),
    path(
        "account/passkeys/question/",
        views_account.new_passkey_question,
        name="new-passkey-question",
    ),
    path(
        "account/passkeys/<int:passkey_id>/remove/",
        views_account.remove_passkey,
        name="remove-passkey",
    ),
    path("account/code-app/", views_account.code_app, name="code-app"),
    path("account/code-app/begin/", views_account.begin_app, name="begin-code-app"),
    path("account/code-app/remove/", views_account.remove_app, name="remove-code-app"),
    path("account/recovery-codes/", views_account.new_codes, name="new-codes"),
    path("account/password/", views_account.change_password, name="change-password"),
    path("account/sessions/<int:session_id>/end/", views_account.end_session, name="end-session"),
    path("account/sessions/end-others/", views_account.end_others, name="end-others"),
    path("officers/", views_account_officers.officers, name="officers"),
    path("officers/invite/", views_account_officers.invite, name="invite"),
    path("invitations/<int:invitation_id>/revoke/", views_account_officers.revoke, name="revoke"),
    path(f"{_OFFICER}/", views_account_officers.one, name="officer"),
    path(f"{_OFFICER}/change/", views_account_officers.change, name="change-officer"),
    path(f"{_OFFICER}/deactivate/", views_account_officers.deactivate, name="deactivate-officer"),
    path(f"{_OFFICER}/reactivate/", views_account_officers.reactivate, name="reactivate-officer"),
    path(
        f"{_OFFICER}/end-sessions/",
        views_account_officers.end_sessions,
        name="end-officer-sessions",
    ),
    path(f"{_OFFICER}/recover/", views_account_officers.ask_recovery, name="ask-recovery"),
    path(
        "recoveries/<int:recovery_id>/confirm/",
        views_account_officers.confirm_recovery,
        name="confirm-recovery",
    ),
    path(
        "recoveries/<int:recovery_id>/withdraw/",
        views_account_officers.withdraw_recovery,
        name="withdraw-recovery",
    ),
]
