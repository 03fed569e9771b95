"""What happens in an instance before and while its workers run: ``python -m tests.support.scenes``.

``publish N``: N people in Mosul, one warning published for them and not yet planned.
``publish-and-sign-cancel N``: the same, planned, and a cancel of it signed.
``publish-cancel``: says it is ready, waits for a line, publishes the signed cancel.
"""

from __future__ import annotations

import sys
import time

import django


def main(scene: str, *rest: str) -> None:
    django.setup()
    from django.db import transaction

    from tests.support.factories import enrol_one, make_staff, publish, submit_and_sign
    from wayhome.bulletins import services
    from wayhome.bulletins.models import Bulletin
    from wayhome.officers.models import Officer

    if scene.startswith("publish") and rest:
        with transaction.atomic():
            staff = make_staff()
            for number in range(int(rest[0])):
                enrol_one(f"P{number}")
        issue = publish(staff)
        if scene == "publish-and-sign-cancel":
            submit_and_sign(staff, services.begin_cancel(staff.author, issue.bulletin_id))
    elif scene == "publish-cancel":
        officer = Officer.objects.get(email="publisher@ministry.example")
        bulletin = Bulletin.objects.get()
        readback = bulletin.readbacks.latest("pk")
        print("ready", flush=True)
        sys.stdin.readline()
        services.publish(officer, bulletin.pk, expect_count=readback.counts["people"])
        print(time.time(), flush=True)
    else:
        raise SystemExit(f"no such scene: {scene}")


if __name__ == "__main__":
    main(*sys.argv[1:])
