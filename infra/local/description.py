"""What is known of a running local system: where everything is, and what it was asked to be. `up` writes it to
.local/<name>/system.json for tests and tools; README.md beside this file explains each member.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import processes
from progress import Stopped
from tools import ROOT


@dataclass
class Settings:
    """What a system is asked to be."""

    name: str = "local"
    appliances: int = 0
    worker_timeout: int = 90
    visibility: int = 540
    retry_pace: int = 100
    log_level: str = "info"

    @property
    def state(self) -> Path:
        return state_of(self.name)


@dataclass
class Simulators:
    """Running simulators: base URLs, and the hash of the binary that runs."""

    built: str
    appliance: str
    autotask: str

    def tenants(self, tenant: str) -> Tenants:
        return Tenants(f"{self.appliance}/t/{tenant}", f"{self.autotask}/t/{tenant}")


@dataclass
class Tenants:
    """One tenant of each simulator: URLs, below which `/_sim/` is the control."""

    appliance: str
    autotask: str


@dataclass
class Pids:
    """The processes that `up` starts; the functions are children of the first."""

    ministack: int
    simulators: int


@dataclass
class Description:
    """A running system."""

    name: str
    endpoint: str
    region: str
    stack: str
    outbound_event_url: str
    events_queue_url: str
    dead_letter_queue_url: str
    quarantine_queue_url: str
    ledger_table: str
    connection_prefix: str
    alarm_topic_arn: str
    # By `receiver`, `worker` and `poller`: what they are called in Lambda, and where their logs are.
    functions: dict[str, str]
    log_groups: dict[str, str]
    worker_timeout_seconds: int
    visibility_seconds: int
    retry_pace_percent: int
    simulators: Simulators
    # By appliance id: the token of its URL, in the clear.
    appliances: dict[str, str]
    pids: Pids

    @property
    def url_of_default(self) -> str:
        """Where the appliance `default` posts its events to."""
        return f"{self.outbound_event_url}?appliance=default&outbound_event_token={self.appliances['default']}"

    @property
    def tenants_of_default(self) -> Tenants:
        """The neighbours that the connection document of `default` leads to."""
        return self.simulators.tenants("default")

    def write(self) -> None:
        write(_path(self.name), json.dumps(dataclasses.asdict(self), indent=2) + "\n")


def state_of(name: str) -> Path:
    """Where a system keeps its state and logs."""
    return ROOT / ".local" / name


def load(name: str) -> Description:
    """The description of a running system, as `up` wrote it."""
    if not _path(name).exists() or not processes.of_system(state_of(name)):
        raise Stopped("the local system is not running", do_next="make up")
    description = _read(name)
    if description is None:
        raise Stopped("the local system was started by another version of this checkout", do_next="make down, then make up")
    return description


def if_running(name: str) -> Description | None:
    """What an earlier `up` wrote, if the system that it describes still runs and is of this version."""
    description = _read(name)
    return description if description and processes.is_alive(state_of(name), description.pids.ministack) else None


def forget(name: str) -> None:
    """Removes the description of a system that was stopped."""
    _path(name).unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Writes a file so that a reader sees the old or the new one, never half of it."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text)
    unfinished.replace(path)


def _path(name: str) -> Path:
    return state_of(name) / "system.json"


def _read(name: str) -> Description | None:
    try:
        members = json.loads(_path(name).read_text())
        members |= {"simulators": Simulators(**members["simulators"]), "pids": Pids(**members["pids"])}
        return Description(**members)
    except (FileNotFoundError, KeyError, TypeError):
        return None
