"""The law: which verb every page of the desk, every command and every query of people asks for.

With ``officers.roles`` it says of each role what it may. The desk's gate asks it by the name of
the route and commands by the words that call them; what has no line here is refused.
"""

from dataclasses import dataclass
from enum import StrEnum

from wayhome.officers.roles import MAY, Role, Verb


class Open(StrEnum):
    """Who may, where no verb is asked for."""

    EVERYBODY = "everybody"  # signed in or not
    EVERY_OFFICER = "every officer"
    OPERATOR = "who runs the host"  # commands, which ask for no officer


Ask = Verb | Open


@dataclass(frozen=True)
class View:
    """What is asked before a view. ``recent``: also that the officer proved lately who they are."""

    asks: Ask
    recent: bool = False

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that may; none of them where officers are not asked for."""
        if isinstance(self.asks, Verb):
            return frozenset(role for role in Role if self.asks in MAY[role])
        return frozenset() if self.asks == Open.OPERATOR else frozenset(Role)


# By the name of the route. Where one route has several steps, each has a line: "route step".
PAGES: dict[str, View] = {
    "desk:sign-in": View(Open.EVERYBODY),
    "desk:sign-out": View(Open.EVERYBODY),
    "desk:factor": View(Open.EVERYBODY),
    "desk:passkey": View(Open.EVERYBODY),
    "desk:passkey-question": View(Open.EVERYBODY),
    "desk:set-up": View(Open.EVERYBODY),
    "desk:set-up-question": View(Open.EVERYBODY),
    "desk:resume": View(Open.EVERYBODY),
    "desk:invited": View(Open.EVERYBODY),
    "desk:accept": View(Open.EVERYBODY),
    "desk:prove": View(Open.EVERY_OFFICER),
    "desk:account": View(Open.EVERY_OFFICER),
    "desk:read-notices": View(Open.EVERY_OFFICER),
    "desk:new-passkey": View(Open.EVERY_OFFICER, recent=True),
    "desk:new-passkey-question": View(Open.EVERY_OFFICER, recent=True),
    "desk:remove-passkey": View(Open.EVERY_OFFICER, recent=True),
    "desk:code-app": View(Open.EVERY_OFFICER, recent=True),
    "desk:begin-code-app": View(Open.EVERY_OFFICER, recent=True),
    "desk:remove-code-app": View(Open.EVERY_OFFICER, recent=True),
    "desk:new-codes": View(Open.EVERY_OFFICER, recent=True),
    "desk:change-password": View(Open.EVERY_OFFICER, recent=True),
    "desk:end-session": View(Open.EVERY_OFFICER),
    "desk:end-others": View(Open.EVERY_OFFICER),
    "desk:officers": View(Verb.MANAGE_OFFICERS),
    "desk:invite": View(Verb.MANAGE_OFFICERS, recent=True),
    "desk:revoke": View(Verb.MANAGE_OFFICERS),
    "desk:officer": View(Verb.MANAGE_OFFICERS),
    "desk:change-officer": View(Verb.MANAGE_OFFICERS, recent=True),
    "desk:deactivate-officer": View(Verb.MANAGE_OFFICERS, recent=True),
    "desk:reactivate-officer": View(Verb.MANAGE_OFFICERS, recent=True),
    "desk:end-officer-sessions": View(Verb.MANAGE_OFFICERS, recent=True),
    "desk:ask-recovery": View(Verb.MANAGE_OFFICERS, recent=True),
    "desk:confirm-recovery": View(Verb.MANAGE_OFFICERS, recent=True),
    "desk:withdraw-recovery": View(Verb.MANAGE_OFFICERS),
    "desk:home": View(Open.EVERY_OFFICER),
    "desk:organisation": View(Verb.SEE_OWN_PEOPLE),
    "desk:enrol": View(Verb.ENROL),
    "desk:enrolled": View(Verb.ENROL),
    "desk:bursts": View(Verb.ENROL),
    "desk:people": View(Verb.SEE_PEOPLE),
    "desk:purpose": View(Verb.SEE_PEOPLE),
    "desk:likely": View(Verb.SEE_PEOPLE),
    "desk:person": View(Verb.SEE_PEOPLE),
    "desk:vouch": View(Verb.ENROL),
    "desk:person-address": View(Verb.MUSTER),
    "desk:part": View(Verb.ENROL),
    "desk:beside": View(Verb.SEE_PEOPLE),
    "desk:join": View(Verb.ENROL),
    "desk:owed": View(Verb.SEE_OWED),
    "desk:addresses": View(Verb.SEE_PEOPLE),
    "desk:lift": View(Verb.ENROL),
    "desk:preview": View(Verb.COMPOSE),
    "desk:new": View(Verb.COMPOSE),
    "desk:edit": View(Verb.COMPOSE),
    "desk:bulletin": View(Verb.SEE_BULLETINS),
    "desk:readback": View(Verb.SEE_BULLETINS),
    "desk:step submit": View(Verb.COMPOSE),
    "desk:step ask": View(Verb.COMPOSE),
    "desk:step return": View(Verb.COMPOSE),
    "desk:step sign": View(Verb.SIGN, recent=True),
    "desk:step publish": View(Verb.PUBLISH, recent=True),
    "desk:step update": View(Verb.COMPOSE),
    "desk:step cancel": View(Verb.COMPOSE),
    "desk:step drop": View(Verb.COMPOSE),
    "desk:issue": View(Verb.SEE_BULLETINS),
    "desk:stop-issue": View(Verb.PUBLISH),
    "desk:resume-issue": View(Verb.PUBLISH),
    "desk:new-incident": View(Verb.MUSTER),
    "desk:musters": View(Verb.SEE_NUMBERS),
    "desk:new-muster": View(Verb.MUSTER),
    "desk:muster": View(Verb.SEE_NUMBERS),
    "desk:close-muster": View(Verb.CLOSE),
    "desk:roll": View(Verb.SEE_PEOPLE),
    "desk:export-roll": View(Verb.EXPORT, recent=True),
    "desk:entry": View(Verb.SEE_PEOPLE),
    "desk:told": View(Verb.MUSTER),
    "desk:decide": View(Verb.MUSTER),
    "desk:close-entry": View(Verb.CLOSE),
    "desk:write": View(Verb.MUSTER),
    "desk:send-link": View(Verb.MUSTER),
    "desk:decide-address": View(Verb.MUSTER),
    "desk:break-glass": View(Verb.BREAK_GLASS, recent=True),
    "desk:glass": View(Verb.SEE_GLASS),
    "desk:acknowledge-glass": View(Verb.AUDIT),
    "desk:looks": View(Verb.AUDIT),
    "desk:audit": View(Verb.AUDIT),
}

# By the words after ``wayhome``. Who runs the host holds the database: those ask for no officer.
COMMANDS: dict[str, View] = {
    "audience": View(Open.OPERATOR),
    "bench audience": View(Open.OPERATOR),
    "bench dispatch": View(Open.OPERATOR),
    "bench enrol": View(Open.OPERATOR),
    "bench import": View(Open.OPERATOR),
    "bench search": View(Open.OPERATOR),
    "bulletin cancel": View(Verb.COMPOSE),
    "bulletin draft": View(Verb.COMPOSE),
    "bulletin list": View(Open.OPERATOR),
    "bulletin progress": View(Open.OPERATOR),
    "bulletin publish": View(Verb.PUBLISH),
    "bulletin readback": View(Open.OPERATOR),
    "bulletin resume": View(Verb.PUBLISH),
    "bulletin sign": View(Verb.SIGN),
    "bulletin stop": View(Verb.PUBLISH),
    "bulletin submit": View(Verb.COMPOSE),
    "bulletin update": View(Verb.COMPOSE),
    "check": View(Open.OPERATOR),
    "check audit": View(Open.OPERATOR),
    "check delivery": View(Open.OPERATOR),
    "check people": View(Open.OPERATOR),
    "demo": View(Open.OPERATOR),
    "django": View(Open.OPERATOR),
    "enrol exchange-key": View(Open.OPERATOR),
    "enrol export": View(Verb.EXPORT),
    "enrol import": View(Open.OPERATOR),
    "keys add": View(Open.OPERATOR),
    "keys drop": View(Open.OPERATOR),
    "keys rotate": View(Open.OPERATOR),
    "keys status": View(Open.OPERATOR),
    "mail dkim-key": View(Open.OPERATOR),
    "mail take": View(Open.OPERATOR),
    "migrate": View(Open.OPERATOR),
    "muster list": View(Open.OPERATOR),
    "muster open": View(Verb.MUSTER),
    "muster show": View(Open.OPERATOR),
    "officer add": View(Open.OPERATOR),
    "officer bind": View(Open.OPERATOR),
    "officer clear": View(Open.OPERATOR),
    "officer end-sessions": View(Open.OPERATOR),
    "officer invite": View(Open.OPERATOR),
    "officer list": View(Open.OPERATOR),
    "officer recover": View(Open.OPERATOR),
    "officer role": View(Open.OPERATOR),
    "officer unclear": View(Open.OPERATOR),
    "organisation add": View(Open.OPERATOR),
    "organisation closed": View(Open.OPERATOR),
    "organisation list": View(Open.OPERATOR),
    "organisation new-code": View(Open.OPERATOR),
    "owed": View(Open.OPERATOR),
    "places find": View(Open.OPERATOR),
    "places levels": View(Open.OPERATOR),
    "places region": View(Open.OPERATOR),
    "privacy asks": View(Open.OPERATOR),
    "privacy compact": View(Open.OPERATOR),
    "privacy deleted": View(Open.OPERATOR),
    "privacy erase": View(Verb.PRIVACY),
    "privacy fields": View(Open.OPERATOR),
    "privacy hold": View(Verb.PRIVACY),
    "privacy holds": View(Verb.PRIVACY),
    "privacy lift": View(Verb.PRIVACY),
    "privacy reapply": View(Open.OPERATOR),
    "privacy retention": View(Open.OPERATOR),
    "run": View(Open.OPERATOR),
    "worker": View(Open.OPERATOR),
}

# Queries that return people to an officer: each takes the Access that the verb gives.
QUERIES: dict[str, View] = {
    "delivery.letters_sent.letters_to": View(Verb.SEE_PEOPLE),
    "musters.exporting.export_roll": View(Verb.EXPORT),
    "musters.of_person.entries_of": View(Verb.SEE_PEOPLE),
    "musters.queries.history": View(Verb.SEE_PEOPLE),
    "musters.queries.line": View(Verb.SEE_PEOPLE),
    "musters.queries.lines": View(Verb.SEE_PEOPLE),
    "replies.queries.words_of": View(Verb.SEE_PEOPLE),
    "replies.queries.words_of_many": View(Verb.SEE_PEOPLE),
    "travellers.legal_hold.holds": View(Verb.PRIVACY),
    "travellers.organisations.registrations_of": View(Verb.SEE_OWN_PEOPLE),
    "travellers.person.likeness_between": View(Verb.SEE_PEOPLE),
    "travellers.person.open_likenesses": View(Verb.SEE_PEOPLE),
    "travellers.person.record": View(Verb.SEE_PEOPLE),
    "travellers.private.facts_of": View(Verb.SEE_PEOPLE),
    "travellers.queries.bouncing_addresses": View(Verb.SEE_PEOPLE),
    "travellers.queries.names": View(Verb.SEE_PEOPLE),
    "travellers.queries.own_ways": View(Verb.SEE_PEOPLE),
    "travellers.queries.reach_steps": View(Verb.SEE_PEOPLE),
    "travellers.queries.suppressed_addresses": View(Verb.SEE_PEOPLE),
    "travellers.queries.ways_to_reach": View(Verb.SEE_PEOPLE),
    "travellers.searching.search": View(Verb.SEE_PEOPLE),
    "travellers.vouching.steps": View(Verb.SEE_PEOPLE),
    "trips.queries.places_now": View(Verb.SEE_PEOPLE),
    "trips.queries.stays_of": View(Verb.SEE_PEOPLE),
    "trips.queries.stays_of_registrations": View(Verb.SEE_OWN_PEOPLE),
}


def page(route: str, step: str = "") -> View | None:
    """The line of a route, or of a step of it; None where there is none, and nobody may."""
    return PAGES.get(route) or PAGES.get(f"{route} {step}")


def steps(route: str) -> list[str]:
    """The steps of a route that has any."""
    return [name.partition(" ")[2] for name in PAGES if name.startswith(f"{route} ")]
