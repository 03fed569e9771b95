"""What happens in an instance before and while its workers run: ``python -m tests.support.scenes``.

``publish N``: N people in Mosul, one warning published for them and not yet planned.
``publish-for-half-an-hour N``: the same; the warning expires half an hour from now.
``publish-and-sign-cancel N``: the same, planned, and a cancel of it signed.
``publish-cancel``: says it is ready, waits for a line, publishes the signed cancel; says when, or
``refused`` where another officer was first.
``sign N``: N people, and a warning signed. ``publish-signed``: as above, of that warning.
``crowd N``: P0 and N more people in Mosul, made by SQL, and one warning as above.
``stop`` and ``resume``: an officer holds the sending of the one issue, and releases it.
``enrol FIRST N``: N more people in Mosul, each in a transaction of their own.
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta

import django


def main(scene: str, *rest: str) -> None:
    django.setup()
    from django.db import transaction

    from tests.support import crowd
    from tests.support.factories import enrol_one, make_staff, publish, submit_and_sign, warning
    from wayhome.bulletins import services
    from wayhome.bulletins.models import Bulletin, Issue
    from wayhome.delivery import dispatching
    from wayhome.officers.models import Officer
    from wayhome.problems import Problem
    from wayhome.travellers import searching
    from wayhome.work import clock
    from wayhome.work.db import know_tables

    if scene.startswith("publish") and rest:
        with transaction.atomic():
            staff = make_staff()
            for number in range(int(rest[0])):
                enrol_one(f"P{number}")
        half_an_hour = warning(expires_at=clock.now() + timedelta(minutes=30))
        issue = publish(staff, half_an_hour if scene.endswith("half-an-hour") else None)
        if scene == "publish-and-sign-cancel":
            submit_and_sign(staff, services.begin_cancel(staff.author, issue.bulletin_id))
    elif scene == "sign":
        with transaction.atomic():
            staff = make_staff()
            for number in range(int(rest[0])):
                enrol_one(f"P{number}")
        submit_and_sign(staff, services.draft(staff.author, warning()))
    elif scene in ("publish-cancel", "publish-signed"):
        officer = Officer.objects.get(email="publisher@ministry.example")
        bulletin = Bulletin.objects.get()
        readback = bulletin.readbacks.latest("pk")
        print("ready", flush=True)
        sys.stdin.readline()
        try:
            services.publish(officer, bulletin.pk, expect_count=readback.counts["people"])
        except Problem:
            print("refused", flush=True)
        else:
            print(time.time(), flush=True)
    elif scene == "crowd":
        with transaction.atomic():
            staff = make_staff()
            first = enrol_one("P0")
            crowd.people(first, int(rest[0]))
        know_tables()
        searching.rebuild()
        publish(staff)
    elif scene in ("stop", "resume"):
        officer = Officer.objects.get(email="publisher@ministry.example")
        turn = dispatching.stop if scene == "stop" else dispatching.resume
        turn(officer, Issue.objects.get().pk, "a test")
    elif scene == "enrol":
        for number in range(int(rest[0]), int(rest[0]) + int(rest[1])):
            enrol_one(f"P{number}")
    else:
        raise SystemExit(f"no such scene: {scene}")


if __name__ == "__main__":
    main(*sys.argv[1:])
