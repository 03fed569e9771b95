"""``wayhome check`` and ``wayhome owed``: is all well, and what is still to be done."""

from dataclasses import asdict

import click

from wayhome.ops import ready as readiness
from wayhome.ops.commands.check_audit import audit
from wayhome.ops.commands.check_delivery import delivery
from wayhome.ops.commands.check_people import people
from wayhome.ops.ready import as_json, ready, show

LATE_SECONDS = 300


@click.group(invoke_without_command=True)
@click.option("--deploy", is_flag=True, help="Check what writing to real people needs.")
@click.option("--resolver", default="", metavar="ADDRESS[:PORT]", help="Where to look up DNS.")
@as_json
@click.pass_context
def check(context: click.Context, deploy: bool, resolver: str, as_json: bool) -> None:
    """Check database, places, the relay's setting, late work, and alarms of issues.

    With --deploy: the public address, cookies, officers, each relay, SPF, DKIM, DMARC, MX and
    bounces, each with what mends it.
    """
    if context.invoked_subcommand is not None:
        return
    ready(checked=False)
    if deploy:
        _check_deploy(resolver, as_json)
        return
    from django.conf import settings

    from wayhome.delivery import alarms, canaries
    from wayhome.delivery.bounces import health as bounces
    from wayhome.delivery.channels.smtp import read_relays
    from wayhome.delivery.queries import doubles
    from wayhome.places import pack
    from wayhome.travellers import rekeying
    from wayhome.work.queries import owed as owed_lines

    faults: list[str] = [*bounces.faults(), *canaries.faults()]
    pending = readiness.pending_migrations()
    if pending:
        faults.append(f"database: {len(pending)} upgrades are missing; run `wayhome migrate`")
    else:
        ready()
        late = [line for line in owed_lines() if line.seconds > LATE_SECONDS]
        if late:
            faults.append(
                f"owed: {len(late)} pieces of work wait more than {LATE_SECONDS} s;"
                " see `wayhome owed`, and that a worker runs"
            )
        faults += [
            f"issue {alarm.issue_id}: {alarm.wrong}; {alarm.to_do}" for alarm in alarms.standing()
        ]
        faults += rekeying.faults()
        if sent_twice := doubles():
            faults.append(f"delivery: {sent_twice} deliveries were handed over twice")
    if settings.WAYHOME_SMTP_URL:
        read_relays(settings.WAYHOME_SMTP_URL)
    facts = {
        "database": str(settings.DATABASES["default"]["ENGINE"]).rpartition(".")[2],
        "exercise": settings.WAYHOME_EXERCISE,
        "areas": len(pack.areas()),
        "mail goes to": "a relay" if settings.WAYHOME_SMTP_URL else "files",
        "mail for a person to read": bounces.count_kept(),
        "faults": faults,
    }
    lines = [f"{key}: {value}" for key, value in facts.items() if key != "faults"]
    show(
        facts,
        as_json,
        [*lines, *(f"FAULT {fault}" for fault in faults)] if faults else [*lines, "All is well."],
    )
    if faults:
        click.get_current_context().exit(1)


def _check_deploy(resolver: str, as_json: bool) -> None:
    from wayhome.ops.deploy.checks import findings
    from wayhome.ops.deploy.dns import Dns

    found = []
    for finding in findings(Dns(resolver)):
        found.append(finding)
        if not as_json:
            show(None, as_json, finding.lines())
    if as_json:
        show([asdict(finding) for finding in found], as_json, [])
    bad = sum(finding.ok is False for finding in found)
    if bad:
        click.get_current_context().exit(1)
    if not as_json:
        click.echo("All is well, as far as can be seen from here.")


check.add_command(audit)
check.add_command(delivery)
check.add_command(people)


@click.command()
@as_json
def owed(as_json: bool) -> None:
    """List what is owed, for how long, and the last error."""
    ready()
    from wayhome.work.queries import owed as owed_lines

    rows = owed_lines()
    lines = [
        f"{row.job}({row.key}) for {row.seconds} s, tried {row.tries} times"
        + (f": {row.last_error}" if row.last_error else "")
        for row in rows
    ]
    show([asdict(row) for row in rows], as_json, lines or ["Nothing is owed."])
