"""``wayhome check people``: is everybody found by their names, and where joins put them."""

import click

from wayhome.ops.ready import as_json, ready, show

NAMED = 20


@click.command()
@click.option("--mend", is_flag=True, help="Set right what is not found as it is named.")
@click.option("--rebuild", is_flag=True, help="Write what names are found by anew, all of it.")
@as_json
def people(mend: bool, rebuild: bool, as_json: bool) -> None:
    """Check that every record is found by its names, and is where its joins put it.

    Records are told by number; nobody is named.
    """
    ready()
    from wayhome.travellers import search_sql, searching
    from wayhome.travellers.joining import astray

    if rebuild:
        searching.rebuild()
    astray_now = astray()
    drifted = [number for between in searching.sweep() for number in searching.drift(between)]
    mended = searching.index(drifted) if mend else 0
    indexed = search_sql.is_indexed()
    faults = []
    if drifted and not mend:
        faults.append(
            f"search: {len(drifted)} records are not found as they are named"
            f" ({', '.join(map(str, drifted[:NAMED]))}); run `wayhome check people --mend`"
        )
    if astray_now:
        faults.append(
            f"joins: {len(astray_now)} entries are not where their joins put them"
            f" ({', '.join(map(str, astray_now[:NAMED]))}); report it"
        )
    if not indexed:
        faults.append(
            "search: this database has no index of names (an SQLite without FTS5); people are"
            " found, slowly: use a Python whose SQLite has it, and `wayhome check people --rebuild`"
        )
    facts = {
        "indexed": indexed,
        "not found as named": len(drifted),
        "mended": mended,
        "entries astray": len(astray_now),
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
