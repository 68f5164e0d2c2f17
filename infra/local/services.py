"""The programs of a local system that run in the background: the local AWS, and the simulators of the neighbours. What is deployed into
the first is the business of stack.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import build
import machine
import processes
import progress
import tools
from description import Description, Settings, Simulators
from local_aws import REGION, LocalAws


def start_aws(settings: Settings, before: Description | None) -> tuple[LocalAws, int]:
    """The local AWS and its process id: the one that runs, if it answers."""
    if before and aws_answers(before.endpoint):
        return LocalAws(before.endpoint), before.pids.ministack
    with progress.step("Start the local AWS"):
        # Whatever an earlier one left behind.
        processes.stop(settings.state)
        port = machine.free_port("aws")
        endpoint = f"http://127.0.0.1:{port}"
        command = [str(tools.python_of("ministack")), "-m", "ministack"]
        process = processes.start(settings.state, "ministack", command, _aws_environment(settings.state, port, endpoint))
        machine.wait_for(process, settings.state / "ministack.log", lambda: aws_answers(endpoint), "the local AWS")
        return LocalAws(endpoint), process.pid


def aws_answers(endpoint: str) -> bool:
    """Whether the local AWS at this address is well."""
    return machine.answers(f"{endpoint}/_ministack/health")


def _aws_environment(state: Path, port: int, endpoint: str) -> dict[str, str]:
    """All that the local AWS gets; the functions inherit it, so nothing of this machine's own environment is in it."""
    temporary = state / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(state),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        # Where the functions find AWS: without it they would call the real one.
        "AWS_ENDPOINT_URL": endpoint,
    }


def start_simulators(settings: Settings, before: Description | None) -> tuple[Simulators, int]:
    """The simulators and their process id: those that run, if they are what was just built."""
    binary = build.simulators_binary()
    built = hashlib.sha256(binary.read_bytes()).hexdigest()
    if before and processes.is_alive(settings.state, before.pids.simulators):
        if before.simulators.built == built:
            return before.simulators, before.pids.simulators
        processes.stop(settings.state, [before.pids.simulators])
    with progress.step("Start the simulators of the appliance and of Autotask"):
        addresses = {side: f"127.0.0.1:{machine.free_port(side)}" for side in ("appliance", "autotask")}
        command = [str(binary), "--appliance", addresses["appliance"], "--autotask", addresses["autotask"]]
        process = processes.start(settings.state, "simulators", command, {"PATH": os.environ.get("PATH", "")})
        log = settings.state / "simulators.log"
        machine.wait_for(process, log, lambda: _base_urls(log), "the simulators")
        return Simulators(built=built, **_base_urls(log)), process.pid


def _base_urls(log: Path) -> dict[str, str]:
    """Where the simulators listen: one line of JSON that they print once they do, empty before."""
    first = log.read_text(errors="replace").partition("\n")
    return json.loads(first[0]) if first[1] and first[0].startswith("{") else {}
