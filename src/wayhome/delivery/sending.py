"""Send one slice: lease it, hand its messages over outside any transaction, record the results.

Results are written every quarter second or fifty messages, under the lease's token: a worker
that was overtaken finds its token gone and stops. Whatever a relay has taken is in the journal
first, so that a killed worker doubles at most the messages in flight, with their Message-IDs.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from wayhome.delivery import journal, leasing, putting_off, relays, sending_sql
from wayhome.delivery.leasing import Lease, Overtaken
from wayhome.delivery.mailing import Mailing, mailing_of
from wayhome.delivery.policy import NotBefore, Withdrawn
from wayhome.delivery.recording import Tried
from wayhome.delivery.sending_sql import OwedDelivery
from wayhome.delivery.types import DeliveryKey, Outcome, Outgoing, RouteDown, Session
from wayhome.work import clock, worker
from wayhome.work.clock import database_now
from wayhome.work.errors import without_values
from wayhome.work.registry import source

log = logging.getLogger(__name__)

BATCH_MESSAGES = 50
BATCH_SECONDS = 0.25
# A slice may take minutes by a slow relay: what people and officers decide meanwhile holds for
# the rest of it.
POLICY_SECONDS = 1.0
_OVERTAKEN = "another worker has taken it over"
_ENDING = "the worker is asked to end"
_IN_DOUBT = "the worker was asked to end before the relay had answered: it may have gone"


class _Sender(threading.local):
    """What one sending thread keeps: its journal, and open sessions while there is work."""

    def __init__(self) -> None:
        self.journal = journal.Journal()
        self.sessions: dict[str, Session] = {}

    def session(self, way: relays.Way) -> Session:
        if way.name not in self.sessions:
            self.sessions[way.name] = way.open(way.has_sent)
        return self.sessions[way.name]

    def drop(self, name: str) -> None:
        session = self.sessions.pop(name, None)
        if session is not None:
            session.close()

    def rest(self) -> None:
        """Nothing is due: keep no relay waiting."""
        for name in list(self.sessions):
            self.drop(name)
        self.journal.close()


_sender = _Sender()


@source("delivery.send", threads=lambda: settings.WAYHOME_SEND_THREADS, rest=lambda: _sender.rest())
def send_one_slice() -> bool:
    """Send the slice due first; False where none is due."""
    _sender.journal.settle()
    journal.settle_orphans()
    leased = leasing.lease()
    if leased is None:
        _sender.rest()
        return False
    run = _Run(leased)
    began = time.monotonic()
    try:
        if not run.send(_sender.session(leased.way)):
            _sender.drop(leased.way.name)
    except RouteDown as error:
        log.warning("%s: relay %s is down: %s", leased.slice, leased.way.name, error)
        _sender.drop(leased.way.name)
        relays.note_sent(leased.way.name, run.sent, time.monotonic() - began)
        run.route_down(error, leased.way)
    except BaseException:
        _sender.drop(leased.way.name)  # whatever it was in the middle of is in no known state
        raise
    else:
        relays.note_sent(leased.way.name, run.sent, time.monotonic() - began)
    return True


class _Run:
    """One slice on its way out."""

    def __init__(self, leased: Lease) -> None:
        self._slice = leased.slice
        self._relay = leased.way.name
        owed = sending_sql.deliveries_of(self._slice.pk)
        # What stopped the route the last time must not come first again.
        first = self._slice.tries % max(len(owed), 1)
        self._owed = owed[first:] + owed[:first]
        self._mailing = self._mailing_of(self._owed)
        self._as_read = {delivery.key: delivery for delivery in self._owed}
        self._read_again = time.monotonic() + POLICY_SECONDS
        # Given to the session, outcome unknown, and since when.
        self._in_hand: list[tuple[OwedDelivery, Outgoing, float]] = []
        self._batch: list[Tried] = []
        self._unsure = False
        self._batch_ends = time.monotonic() + BATCH_SECONDS
        self._later: dict[DeliveryKey, int] = {}
        self._doubtful: set[DeliveryKey] = set()
        self._not_before: dict[datetime, list[DeliveryKey]] = defaultdict(list)
        self._stop = ""
        self.sent = 0

    def _mailing_of(self, owed: list[OwedDelivery]) -> Mailing:
        return mailing_of(self._slice.issue_id, self._slice.lane, owed)

    def send(self, session: Session) -> bool:
        """False where a message was left in the middle: its session is of no more use."""
        left = False
        for outcome in session.send(self._messages(), self._still_goes):
            if outcome is not None:
                self._took(outcome)
            elif worker.is_stopping():
                self._stop, left = _ENDING, True
                self._took(Outcome("later", _IN_DOUBT, doubt=True))
                break
            else:
                self._keep_lease()
        self.finish()
        if self._stop:
            log.warning("%s: %s", self._slice, self._stop)
            leasing.release(self._slice)
        else:
            leasing.close(self._slice)
        return not left

    def _keep_lease(self) -> None:
        """The relay takes its time over a content. A database that is away meanwhile is no reason
        to hang up: whether it was taken would never be heard, and it would come twice."""
        try:
            self._flush()
        except (DatabaseError, InterfaceError) as error:
            self._unsure = True  # whether that was recorded: a commit may be heard by nobody
            log.warning("%s: the relay is waited for, the database is away: %s", self._slice, error)

    def finish(self) -> None:
        """Record what is known and put later what must go later."""
        self._flush()
        if self._stop != _OVERTAKEN:
            putting_off.put_later(self._slice, self._later, self._doubtful, self._not_before)
        self._later, self._not_before = {}, defaultdict(list)

    def route_down(self, error: RouteDown, way: relays.Way) -> None:
        """Its relay is to rest, or it was no more than the message in hand.

        A message at which the relay failed is set aside, so that nothing waits behind it. Where
        the relay takes others and fails at that one again, it is put off as any other would be.
        """
        suspect = self._in_hand[0][0].key if error.at_message and self._in_hand else None
        was_aside = suspect is not None and putting_off.is_aside(self._slice)
        if was_aside and way.is_well:
            self._took(Outcome("later", str(error)))
            self.finish()
            if self._stop != _OVERTAKEN:
                leasing.close(self._slice)
            relays.note_blamed(way.name)
            return
        self.finish()
        if suspect is not None:
            putting_off.set_aside(self._slice, suspect, str(error))
        leasing.release(self._slice, str(error))
        relays.mark_down(way.name, str(error), database_now(), grows=not was_aside)

    def _messages(self) -> Iterator[Outgoing]:
        for delivery in self._owed:
            if worker.is_stopping():
                self._stop = _ENDING
            if self._stop:
                return
            current = self._current(delivery)
            message = self._prepared(current) if current is not None else None
            if message is not None:
                self._in_hand.append((delivery, message, time.monotonic()))
                yield message
            self._flush_if_due()

    def _still_goes(self) -> bool:
        """Whether the message that goes next may go: it was made some time ago where the relay
        took its time for the one before, or to connect."""
        delivery, message, since = self._in_hand[0]
        waited = time.monotonic() - since
        if waited >= BATCH_SECONDS and not self._stop:
            self._stop_if_held()
        if not self._stop and (waited < POLICY_SECONDS or self._is_still(delivery, message)):
            return True
        self._in_hand.pop(0)
        return False

    def _is_still(self, delivery: OwedDelivery, message: Outgoing) -> bool:
        current = self._current(delivery)
        again = self._prepared(current) if current is not None else None
        if again is not None and again != message:
            # Its links have changed, or whom it names: anew, at once.
            self._not_before[database_now()].append(delivery.key)
        return again == message

    def _current(self, delivery: OwedDelivery) -> OwedDelivery | None:
        """The delivery and its address as they are now; None where it is no longer owed here."""
        if time.monotonic() >= self._read_again:
            rest = sending_sql.deliveries_of(self._slice.pk)
            self._as_read = {each.key: each for each in rest}
            self._mailing = self._mailing_of(rest)
            self._read_again = time.monotonic() + POLICY_SECONDS
        return self._as_read.get(delivery.key)

    def _prepared(self, delivery: OwedDelivery) -> Outgoing | None:
        """The message, or None where it is not to go now; that is then noted."""
        try:
            return self._decided(delivery, clock.now())
        except Exception as error:
            # A fault of ours with one message must neither stop nor repeat the others.
            log.exception("contact point %s", delivery.contact_point_id)
            said = without_values(f"{type(error).__name__}: {error}")
            self._note(delivery, "later", f"fault: {said}")
            return None

    def _decided(self, delivery: OwedDelivery, now: datetime) -> Outgoing | None:
        if self._mailing.is_too_old(delivery, now):
            self._note(delivery, "too old", "what it says holds no longer")
            return None
        verdict = self._mailing.verdict(delivery, now)
        if isinstance(verdict, Withdrawn):
            self._note(delivery, "withdrawn", verdict.why)
        elif isinstance(verdict, NotBefore):
            due = database_now() + (verdict.moment - now) + timedelta(minutes=1)
            # By the minute, so that a night's messages share slices in the morning.
            self._not_before[due.replace(second=0, microsecond=0)].append(delivery.key)
        else:
            return self._mailing.render(delivery, verdict.served)
        return None

    def _took(self, outcome: Outcome) -> None:
        delivery, *_ = self._in_hand.pop(0)
        if outcome.doubt:
            self._doubtful.add(delivery.key)
        tried = self._note(delivery, outcome.result, outcome.detail, outcome.status)
        if outcome.result == "sent":
            self.sent += 1
            if not _sender.journal.add(tried):
                self._flush()  # no journal: the database must know of each at once
        self._flush_if_due()

    def _note(self, delivery: OwedDelivery, outcome: str, detail: str, status: str = "") -> Tried:
        tried = Tried(delivery.key, outcome, detail, status, self._relay, clock.now())
        self._batch.append(tried)
        return tried

    def _flush_if_due(self) -> None:
        if len(self._batch) >= BATCH_MESSAGES or time.monotonic() >= self._batch_ends:
            self._flush()
            if not self._stop:
                self._stop_if_held()

    def _stop_if_held(self) -> None:
        if not sending_sql.still_sendable(self._slice.pk):
            self._stop = "its issue is held: a newer one speaks, or it was stopped"

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        try:
            tries = leasing.record(self._slice, batch, unsure=self._unsure)
        except Overtaken:
            # What was handed over was handed over: the history must say so.
            journal.settle(batch)
            self._stop = _OVERTAKEN
        except BaseException:
            self._batch = batch
            raise
        else:
            self._unsure = False
            self._later |= {t.key: tries[t.key] for t in batch if t.outcome == "later"}
        _sender.journal.wipe()
        self._batch_ends = time.monotonic() + BATCH_SECONDS
