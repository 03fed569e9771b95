"""``wayhome check delivery``: prove from the whole history that delivery kept its rules."""

from dataclasses import asdict

import click

from wayhome.ops.ready import as_json, ready, show


@click.command()
@as_json
def delivery(as_json: bool) -> None:
    """Prove from the whole history that nothing was lost, doubled or sent to anyone else."""
    ready()
    from wayhome.delivery.proving.proof import prove
    from wayhome.delivery.proving.report import Rule, total_broken

    rules = prove()
    broken = total_broken(rules)

    def lines(rule: Rule) -> list[str]:
        word = f"BROKEN {rule.broken} times" if rule.broken else "kept"
        return [
            f"{rule.name}: {rule.says}: {word} ({rule.rows} rows)",
            *(f"  {fact}: {value}" for fact, value in rule.facts.items()),
            *(f"  {key}" for key in rule.first),
        ]

    show(
        {"broken": broken, "rules": [asdict(rule) for rule in rules]},
        as_json,
        [
            *(line for rule in rules for line in lines(rule)),
            f"{broken} rows break a rule." if broken else "Every rule is kept.",
        ],
    )
    if broken:
        click.get_current_context().exit(1)
