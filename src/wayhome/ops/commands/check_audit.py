"""``wayhome check audit``: prove that what is closed in the audit trail was never changed."""

from dataclasses import asdict

import click

from wayhome.ops.ready import as_json, ready, show


@click.command()
@click.option(
    "--expect", default="", metavar="HASH", help="A hash that was kept: is it in the chain?"
)
@as_json
def audit(expect: str, as_json: bool) -> None:
    """Prove the whole audit trail; name the first wrong batch or row.

    Prints the newest hash: keep it where nobody who runs this host can change it.
    """
    ready()
    from wayhome.officers.audit_check import prove
    from wayhome.problems import Problem

    expect = expect.strip().lower()
    if expect and (len(expect) != 64 or set(expect) - set("0123456789abcdef")):
        raise Problem("expect", "is no hash", "give the 64 digits that this command printed")
    proof = prove(expect)
    lines = [
        f"{proof.rows} rows in {proof.batches} closed batches, {proof.open_rows} not closed yet",
        *(
            f"late: row {each.row} of {each.at:%Y-%m-%d %H:%M:%S} UTC, taken in by batch"
            f" {each.batch}: ask what it was"
            for each in proof.late
        ),
        *(f"FAULT {fault}" for fault in proof.faults),
        *([f"newest hash: {proof.newest}"] if proof.newest else []),
        *([f"{expect} is in the chain"] if expect and not proof.faults else []),
        *([] if proof.faults else ["Nothing was changed."]),
    ]
    show(asdict(proof), as_json, lines)
    if proof.faults:
        click.get_current_context().exit(1)
