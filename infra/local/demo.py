"""The main job, shown on the local system: a session end becomes a note and a time entry, and stays exactly one of each.

    python3 infra/local/demo.py

Starts the local system if need be and leaves it running. Returns 1 when the ticket does not hold exactly one note and one
time entry of the session at the end. Each run is a session of its own: the ledger remembers the earlier ones.
"""

from __future__ import annotations

import json
import time
import urllib.parse
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone

import progress
import replay
import system
from description import Description, Settings, state_of
from local_aws import LocalAws, http
from progress import Stopped, bold, line, step
from tools import ROOT

SAMPLE_EVENT = ROOT / "events" / "outbound" / "support_conference_end.form"
SAMPLE_REPORT = ROOT / "events" / "reports" / "printer-without-surveys.xml"
TICKET = "T20250318.0042"
# Far more than it ever takes; what is not there by then will not come.
DELIVERY_SECONDS = 60
LOOK_EVERY_SECONDS = 0.02


@dataclass
class Session:
    """The session of this run, and the way to everything that concerns it."""

    lsid: str
    known: Description

    @property
    def aws(self) -> LocalAws:
        return LocalAws(self.known.endpoint)

    def event(self, **changes: str) -> bytes:
        """The sample event, made one of this session."""
        variables = dict(urllib.parse.parse_qsl(SAMPLE_EVENT.read_text()))
        return urllib.parse.urlencode({**variables, "lsid": self.lsid, **changes}).encode()

    def written(self) -> tuple[int, int]:
        """How many notes and time entries of this session the simulated Autotask holds."""
        notes, entries = (self._rows(entity) for entity in ("TicketNotes", "TimeEntries"))
        return sum(self.lsid in json.dumps(note) for note in notes), sum(self.lsid in json.dumps(entry) for entry in entries)

    def _rows(self, entity: str) -> list[dict]:
        return json.loads(_simulator("GET", f"{self.known.tenants_of_default.autotask}/_sim/rows/{entity}"))["rows"]

    def ticket(self) -> str:
        """The ticket as a technician reads it."""
        address = f"{self.known.tenants_of_default.autotask}/_sim/tickets/{TICKET}.txt"
        return _simulator("GET", address).decode()

    def waiting(self) -> int:
        """How many messages are in the events queue."""
        return self.aws.messages_in(self.known.events_queue_url)


def _simulator(method: str, url: str, body: bytes | None = None) -> bytes:
    status, answer = http(method, url, body=body)
    if status != 200:
        raise Stopped(f"the simulator refused {method} {url}: {status} {answer.decode(errors='replace')[:200]}",
                      do_next="make down, then repeat make demo", log=state_of("local") / "simulators.log")
    return answer


def main() -> int:
    session = Session(uuid.uuid4().hex, system.up(Settings()))
    prepare(session)
    show("The ticket before", session.ticket())
    deliver(session)
    show("The ticket after", session.ticket())
    replay_three_times(session)
    return verdict(session)


def prepare(session: Session) -> None:
    """Gives the simulated Autotask its default data, and the simulated appliance the report of the session."""
    with step(f"A session ended on the appliance: {session.lsid}, its key is {TICKET}"):
        _simulator("POST", f"{session.known.tenants_of_default.autotask}/_sim/reset")
        report = f"{session.known.tenants_of_default.appliance}/_sim/sessions/{session.lsid}"
        _simulator("PUT", report, SAMPLE_REPORT.read_bytes())


def deliver(session: Session) -> None:
    """Posts the event as the appliance does, and waits for what comes of it."""
    with step("The appliance posts its event"):
        started = time.monotonic()
        post(session, session.event())
        answered = time.monotonic() - started
    note_after = wait_for(session, lambda notes, entries: notes >= 1, "the note", started)
    both_after = wait_for(session, lambda notes, entries: notes >= 1 and entries >= 1, "the time entry", started)
    wait_until_drained(session)
    line(f"   answered 200 after {answered * 1000:.0f} ms, note written after {bold(f'{note_after * 1000:.0f} ms')}, "
         f"time entry after {both_after * 1000:.0f} ms")


def post(session: Session, body: bytes) -> None:
    call = replay.Call("POST", session.known.url_of_default, replay.FORM, body)
    status, answer = replay.post(call)
    if (status, answer) != (200, "queued"):
        raise give_up(f"the receiver answered {status} {answer}", "receiver")


def wait_for(session: Session, is_there, what: str, started: float) -> float:
    """Looks until something was written; returns the seconds since the event."""
    told = started
    while not is_there(*session.written()):
        now = time.monotonic()
        if now - started > DELIVERY_SECONDS:
            raise give_up(f"{what} did not appear within {DELIVERY_SECONDS} s", "worker")
        if now - told > 5:
            told = now
            line(f"   waiting for {what}: {now - started:.0f} s, {session.waiting()} messages in the queue")
        time.sleep(LOOK_EVERY_SECONDS)
    return time.monotonic() - started


def wait_until_drained(session: Session) -> None:
    """Waits until the worker has brought every message to its end."""
    deadline = time.monotonic() + DELIVERY_SECONDS
    while session.waiting():
        if time.monotonic() > deadline:
            raise give_up(f"{session.waiting()} messages are still in the events queue", "worker")
        time.sleep(LOOK_EVERY_SECONDS)


def give_up(what: str, function: str) -> Stopped:
    return Stopped(what, do_next=f"python3 infra/local/system.py logs --function {function}", log=state_of("local") / "ministack.log")


def replay_three_times(session: Session) -> None:
    """Sends the same session end again, each time so that the queue cannot take it for a duplicate."""
    with step("The same session end again, in three ways that pass the queue's own deduplication"):
        post(session, session.event(timestamp=str(int(time.time()))))
        line("   1. posted with another timestamp: other bytes, so another message")
        for number in (2, 3):
            send_replay(session)
            line(f"   {number}. put into the queue as a replay, with a deduplication id of its own")
        wait_until_drained(session)


def send_replay(session: Session) -> None:
    message = {
        "v": 1,
        "appliance": "default",
        "received_at": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "source": "replay",
        "body": session.event().decode(),
    }
    session.aws.call("sqs", "AmazonSQS.SendMessage", QueueUrl=session.known.events_queue_url, MessageBody=json.dumps(message),
                     MessageGroupId=f"default:{session.lsid}", MessageDeduplicationId=uuid.uuid4().hex)


def verdict(session: Session) -> int:
    notes, entries = session.written()
    given_up = session.aws.messages_in(session.known.dead_letter_queue_url)
    line(f"   the queue is empty; the ticket holds {notes} note and {entries} time entry of this session, {given_up} messages were given up")
    line()
    if (notes, entries) != (1, 1):
        line(bold("NOT exactly once."))
        return 1
    line(bold("Nothing changed: one note, one time entry."))
    line("The local system still runs: make replay EVENT=..., make down.")
    return 0


def show(title: str, text: str) -> None:
    line()
    line(bold(title))
    for row in text.rstrip().splitlines():
        line(f"  | {row}")
    line()


if __name__ == "__main__":
    progress.run(main)
