"""The local system: a local AWS, the simulators, and the real stack with the real binaries, on loopback, without Docker.

State, logs and `system.json` (addresses and names, for tests and tools) live below .local/<name>/. `--name` gives a system
of its own, so that tests do not disturb the one a person works with. What is in it is in memory only: `down` forgets it.

    python3 infra/local/system.py up
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys

import build
import machine
import processes
import progress
import services
import stack
import tools
from description import Description, Pids, Settings, forget, if_running, load, state_of
from local_aws import LocalAws
from progress import Stopped


def up(settings: Settings) -> Description:
    """Brings the system to what the checkout says now, and returns its description. Safe to repeat."""
    machine.check()
    stack.check(settings)
    settings.state.mkdir(parents=True, exist_ok=True)
    with machine.exclusive(settings.state):
        tools.ensure("ministack", "sam")
        build.build(settings.state)
        try:
            return _start(settings)
        except BaseException:
            # Half a system helps nobody; the logs stay.
            processes.stop(settings.state)
            raise


def _start(settings: Settings) -> Description:
    before = if_running(settings.name)
    aws, ministack = services.start_aws(settings, before)
    simulators, simulators_pid = services.start_simulators(settings, before)
    stack.deploy(settings, aws)
    known = stack.describe(settings, aws, simulators, Pids(ministack=ministack, simulators=simulators_pid))
    stack.put_connection_document(aws, known)
    known.write()
    return known


def down(name: str) -> None:
    """Stops all processes of a system. What was in it is gone; logs stay."""
    count = processes.stop(state_of(name))
    forget(name)
    progress.line(f"Stopped ({count} processes)." if count else "Nothing was running.")


def status(name: str) -> int:
    """Tells what runs and where. Returns 1 when the system is not complete."""
    known = load(name)
    tenants = known.tenants_of_default
    checks = {
        f"local AWS    {known.endpoint}": services.aws_answers(known.endpoint),
        f"appliance    {tenants.appliance}": machine.listens(tenants.appliance),
        f"Autotask     {tenants.autotask}": machine.listens(tenants.autotask),
    }
    for text, runs in checks.items():
        progress.line(f"{'runs   ' if runs else 'MISSING'}  {text}")
    progress.line(f"         receiver     {known.url_of_default}")
    if all(checks.values()):
        aws = LocalAws(known.endpoint)
        for queue, url in {"events": known.events_queue_url, "dead-letter": known.dead_letter_queue_url, "quarantine": known.quarantine_queue_url}.items():
            progress.line(f"         {queue + ' queue':18} {aws.messages_in(url)} messages")
    progress.line(f"         logs         {state_of(name)}/*.log, and: python3 infra/local/system.py logs")
    return 0 if all(checks.values()) else 1


def logs(name: str, function: str) -> None:
    """Prints what a function has printed, oldest first."""
    known = load(name)
    for message in LocalAws(known.endpoint).log_lines(known.log_groups[function]):
        progress.line(message)


def env(name: str) -> int:
    """Prints what a shell evaluates so that the operator's program works on this system, and cannot reach the real AWS."""
    try:
        known = load(name)
    except Stopped as stopped:
        # Not where it would be evaluated.
        print(f"{stopped.what}: {stopped.do_next}", file=sys.stderr)
        return 1
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for variable, value in {
        "AWS_ENDPOINT_URL": known.endpoint,
        "AWS_REGION": known.region,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SESSION_BRIDGE_STACK": known.stack,
    }.items():
        print(f"export {variable}={shlex.quote(value)}")
    print(f'export PATH={shlex.quote(str(build.debug_programs()))}:"$PATH"')
    return 0


def summary(known: Description) -> None:
    """Tells where the pieces of a running system are."""
    tenants = known.tenants_of_default
    progress.line()
    progress.line(progress.bold("The local system runs."))
    progress.line(f"  post events to   {known.url_of_default}")
    progress.line(f"  local AWS        {known.endpoint}  (region {known.region}, stack {known.stack})")
    progress.line(f"  simulators       {tenants.appliance}  {tenants.autotask}")
    progress.line(f"  state and logs   {state_of(known.name)}")
    progress.line("  next             make replay EVENT=events/outbound/support_conference_end.form, make watch, make demo, make down")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = Settings()
    parser.add_argument("--name", default=usual.name, help=f"which system [{usual.name}]")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up_parser = _command(commands, "up", "set up all it needs, start or renew it, and leave it running")
    for option, metavar, default, text in [
        ("--appliances", "N", usual.appliances, f"register t00, t01, ... beside `default` (at most {stack.APPLIANCES_MAX})"),
        ("--worker-timeout", "SECONDS", usual.worker_timeout, "parameter WorkerTimeoutSeconds"),
        ("--visibility", "SECONDS", usual.visibility, "parameter EventsVisibilitySeconds"),
        ("--retry-pace", "PERCENT", usual.retry_pace, "parameter RetryPacePercent"),
    ]:
        up_parser.add_argument(option, type=int, default=default, metavar=metavar, help=f"{text} [{default}]")
    up_parser.add_argument("--log-level", default=usual.log_level, metavar="LEVEL", help=f"parameter LogLevel [{usual.log_level}]")
    _command(commands, "down", "stop all of it, also after a crash; what was in it is gone, the logs stay")
    _command(commands, "status", "what runs, where, and how many messages are in its queues; exit code 1 if something is missing")
    logs_parser = _command(commands, "logs", "what a function has printed, oldest first")
    logs_parser.add_argument("--function", choices=build.FUNCTIONS, default="worker", help="whose [worker]")
    _command(commands, "env", "what a shell evaluates so that the operator's program works on this system")
    return parser.parse_args()


def _command(commands, name: str, text: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")


def main() -> int | None:
    arguments = _arguments()
    match arguments.command:
        case "up":
            return summary(up(Settings(arguments.name, arguments.appliances, arguments.worker_timeout, arguments.visibility,
                                       arguments.retry_pace, arguments.log_level)))
        case "down":
            return down(arguments.name)
        case "status":
            return status(arguments.name)
        case "env":
            return env(arguments.name)
        case _:
            return logs(arguments.name, arguments.function)


if __name__ == "__main__":
    progress.run(main)
