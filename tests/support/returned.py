"""Mail that comes back, in the shapes of servers in use; every word of it is invented."""

from __future__ import annotations

import base64
from textwrap import dedent

OURS = """\
Message-ID: <wh-7-0123456789abcdef0123456789abcdef@wayhome.example>
From: Wayhome <alerts@wayhome.example>
Subject: Leave Mosul now
Auto-Submitted: auto-generated

There is fighting.
"""


def message(headers: str, body: str) -> bytes:
    lines = f"{dedent(headers).strip()}\n\n{dedent(body)}".replace("\n", "\r\n")
    return lines.encode("utf-8", "surrogateescape")


def report(
    fields: str,
    *,
    to: str,
    report_type: str = "delivery-status",
    message_id: str = "<1@mx.example>",
    more: str = "",
    returned: str = OURS,
    returned_type: str = "message/rfc822",
    encoding: str = "7bit",
) -> bytes:
    """A multipart/report around ``fields``."""
    machine = dedent(fields).strip()
    if encoding == "base64":
        machine = base64.encodebytes(machine.encode()).decode().strip()
    kind = "feedback-report" if report_type == "feedback-report" else report_type
    head = f"""\
        From: Mail Delivery System <MAILER-DAEMON@mx.example>
        To: {to}
        Subject: Undelivered mail
        Date: Tue, 10 Jun 2014 06:00:00 +0000
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type={report_type}; boundary="=_b"
    """
    lines = [dedent(head).strip()]
    lines += [f"Message-Id: {message_id}"] if message_id else []
    lines += [dedent(more).strip()] if more else []
    lines += ["", "This is a report.", "", "--=_b"]
    lines += ["Content-Type: text/plain; charset=utf-8", "", "It could not be delivered.", ""]
    lines += ["--=_b", f"Content-Type: message/{kind}"]
    lines += [f"Content-Transfer-Encoding: {encoding}", "", machine, ""]
    lines += ["--=_b", f"Content-Type: {returned_type}", "", returned, "--=_b--", ""]
    return "\n".join(lines).replace("\n", "\r\n").encode()


def dsn(to: str, recipient: str, status: str = "5.1.1", action: str = "failed", words: str = "",
        **more: str) -> bytes:  # fmt: skip
    """A plain report of one recipient, as Postfix shapes it."""
    words = words or f"550 {status} <{recipient}>: there is no such mailbox"
    return report(
        f"""\
        Reporting-MTA: dns; mx.example
        X-Postfix-Queue-ID: 4ABC12
        Arrival-Date: Tue, 10 Jun 2014 05:59:58 +0000 (UTC)

        Final-Recipient: rfc822; {recipient}
        Original-Recipient: rfc822;{recipient}
        Action: {action}
        Status: {status}
        Remote-MTA: dns; mail.there.example
        Diagnostic-Code: smtp; {words}
        """,
        to=to,
        **more,  # type: ignore[arg-type]
    )


def exim(to: str, recipient: str) -> bytes:
    """Exim says 5.0.0 of everything and keeps the remote server's words in the diagnostic."""
    return report(
        f"""\
        Reporting-MTA: dns; relay.example

        Action: failed
        Final-Recipient: rfc822;{recipient}
        Status: 5.0.0
        Remote-MTA: dns; mail.there.example
        Diagnostic-Code: smtp; 550-5.1.1 The account does not exist here.
         550 5.1.1 Look for slips of the pen.
        """,
        to=to,
        more=f"X-Failed-Recipients: {recipient}",
    )


def exchange(to: str, recipient: str) -> bytes:
    return report(
        f"""\
        Reporting-MTA: dns;EX01.there.example
        Received-From-MTA: dns;relay.example
        Arrival-Date: Tue, 10 Jun 2014 05:59:58 +0000

        Final-Recipient: rfc822;{recipient}
        Action: failed
        Status: 5.1.10
        Diagnostic-Code: smtp;550 5.1.10 ADR.NotFound; not found by lookup of addresses
        X-Display-Name: Ann
        """,
        to=to,
        returned_type="text/rfc822-headers",
    )


def gmail(to: str, recipient: str) -> bytes:
    return report(
        f"""\
        Reporting-MTA: dns; googlemail.example
        Arrival-Date: Tue, 10 Jun 2014 05:59:58 +0000
        X-Original-Message-ID: <wh-7-0123456789abcdef0123456789abcdef@wayhome.example>

        Final-Recipient: rfc822; {recipient}
        Action: failed
        Status: 5.1.1
        Remote-MTA: dns; smtp-in.googlemail.example. (192.0.2.26, the server of the domain.)
        Diagnostic-Code: smtp; 550-5.1.1 The account that you wrote to does not exist. Please
         550-5.1.1 look for slips of the pen. More at 550 5.1.1
         https://help.example/?p=NoSuchUser q12si34567wab.8 - gsmtp
        Last-Attempt-Date: Tue, 10 Jun 2014 06:00:00 -0700 (PDT)
        """,
        to=to,
        more=f"X-Failed-Recipients: {recipient}",
    )


def in_utf8(to: str, recipient: str, encoding: str = "8bit") -> bytes:
    return report(
        f"""\
        Reporting-MTA: dns; mx.example

        Final-Recipient: utf-8; {recipient}
        Action: failed
        Status: 5.1.1
        Diagnostic-Code: smtp; 550 5.1.1 bu posta kutusu yok: çöp
        """,
        to=to,
        report_type="global-delivery-status",
        returned_type="message/global",
        encoding=encoding,
    )


def complaint(to: str, kind: str = "abuse", return_path: str = "", returned: str = OURS) -> bytes:
    path = f"\nOriginal-Mail-From: <{return_path}>" if return_path else ""
    return report(
        f"Feedback-Type: {kind}\nUser-Agent: Complaints/1.0\nVersion: 1{path}",
        to=to,
        report_type="feedback-report",
        returned=returned,
        message_id="<complaint@fbl.example>",
    )


def qmail(to: str, recipient: str) -> bytes:
    """No standard, no Message-ID (QSBMF)."""
    return message(
        f"""\
        Return-Path: <>
        From: MAILER-DAEMON@there.example
        To: {to}
        Subject: failure notice
        Date: 10 Jun 2014 06:00:00 -0000
        """,
        f"""\
        Hi. This is the qmail-send program at there.example.
        I'm afraid that it could not be handed to the following address.

        <{recipient}>:
        Sorry, there is no mailbox here by that name. (#5.1.1)

        --- Below this line is a copy of the message.
        """,
    )


def out_of_office(to: str) -> bytes:
    return message(
        f"""\
        From: Ann <ann@example.org>
        To: {to}
        Subject: Automatic reply: Leave Mosul now
        Auto-Submitted: auto-replied
        X-Auto-Response-Suppress: All
        Message-ID: <away@example.org>
        """,
        """\
        I am away until Monday.
        """,
    )


def from_a_person(to: str) -> bytes:
    return message(
        f"""\
        From: Ann <ann@example.org>
        To: {to}
        Subject: Re: Leave Mosul now
        Message-ID: <help@example.org>
        """,
        """\
        Your message
        ann@example.org
        because: I need help
        """,
    )
