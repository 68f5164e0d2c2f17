"""The local system: a local AWS, the simulators, and the real stack with the real binaries, on loopback, without Docker.

    python3 infra/local/system.py up      sets up all it needs, starts or renews it, leaves it running
    python3 infra/local/system.py status  what runs, and where
    python3 infra/local/system.py logs    what the functions printed (--function receiver or worker)
    python3 infra/local/system.py down    stops all of it, also after a crash

State, logs and `system.json` (addresses and names, for tests and tools) live below .local/<name>/. `--name` gives a system
of its own, so that tests do not disturb the one a person works with. What is in it is in memory only: `down` forgets it.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import processes
import progress
import tools
from local_aws import REGION, LocalAws, http
from progress import Stopped
from tools import ROOT

# Where a system answers when nobody else does; the usual port of a local AWS first.
PREFERRED_PORTS = {"aws": 4566, "appliance": 4580, "autotask": 4581}
STACK = "session-bridge"
BUCKET = "session-bridge-artifacts"
ALARM_EMAIL = "none"
# Always, so that what silence needs is at work here too.
BUSINESS_HOURS = "Mon-Sun 00:00-24:00 Europe/Berlin"
# The local AWS keeps to a reservation, and tests post more at a time.
RECEIVER_CONCURRENCY = "none"
START_SECONDS = 60
# CloudFormation takes 4,096 characters of one parameter, and 69 are needed for an appliance.
APPLIANCES_MAX = 58
FUNCTIONS = ("receiver", "worker")
CORRECT_THE_CODE = "correct what the compiler says, then repeat the command"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


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


def state_of(name: str) -> Path:
    """Where a system keeps its state and logs."""
    return ROOT / ".local" / name


def load(name: str) -> dict:
    """The description of a running system, as `up` wrote it."""
    description = state_of(name) / "system.json"
    if not description.exists() or not processes.of_system(state_of(name)):
        raise Stopped("the local system is not running", do_next="make up")
    return json.loads(description.read_text())


# ---------------------------------------------------------------------------------------------------------- up

def up(settings: Settings) -> dict:
    """Brings the system to what the checkout says now, and returns its description. Safe to repeat."""
    _check_machine(settings)
    settings.state.mkdir(parents=True, exist_ok=True)
    with _alone(settings.state):
        tools.ensure("ministack", "sam")
        _build(settings)
        try:
            return _start(settings)
        except BaseException:
            # Half a system helps nobody; the logs stay.
            processes.stop(settings.state)
            raise


def _start(settings: Settings) -> dict:
    before = _description_if_running(settings)
    aws, ministack_pid = _start_aws(settings, before)
    simulators, simulators_pid = _start_simulators(settings, before)
    tokens = {appliance: f"local-token-{appliance}" for appliance in _appliances(settings)}
    _deploy(settings, aws, tokens)
    description = _describe(settings, aws, simulators, tokens)
    description["pids"] = {"ministack": ministack_pid, "simulators": simulators_pid}
    _put_connection_document(aws, description)
    _write(settings.state / "system.json", json.dumps(description, indent=2) + "\n")
    return description


def _check_machine(settings: Settings) -> None:
    if platform.system() != "Linux":
        raise Stopped("the local system runs the functions' Linux binaries as processes", do_next="use Linux, or a Linux container or virtual machine")
    if platform.machine() not in ARCHITECTURES:
        raise Stopped(f"no Lambda architecture is like {platform.machine()}", do_next="use an x86_64 or arm64 machine")
    if not 0 <= settings.appliances <= APPLIANCES_MAX:
        raise Stopped(f"at most {APPLIANCES_MAX} appliances fit into the parameter", do_next="ask for fewer")


@contextlib.contextmanager
def _alone(state: Path):
    """Lets one verb at a time work on a system."""
    with open(state / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stopped("another verb is at work on this system", do_next="wait for it, or end it, and repeat") from None
        yield


# ------------------------------------------------------------------------------------------------------- build

def _build(settings: Settings) -> None:
    for function in FUNCTIONS:
        with progress.step(f"Build the {function} as for the cloud (the first time takes some minutes)"):
            # What `sam build` would run, but that says nothing until it is done, and hides what the compiler says.
            command = ["cargo", "lambda", "build", "--release", "--locked", "--bin", function]
            _run(settings, f"build-{function}", command, directory=ROOT / "functions" / function, do_next=CORRECT_THE_CODE)
    with progress.step("Package the functions"):
        command = ["sam", "build", "--template-file", str(ROOT / "infra" / "template.yaml"),
                   "--build-dir", str(settings.state / "build"), "--parameter-overrides", f"Architecture={_architecture()}"]
        _run(settings, "build", command, do_next=CORRECT_THE_CODE)
    with progress.step("Build the simulators"):
        command = ["cargo", "build", "--package", "simulators"]
        _run(settings, "build-simulators", command, do_next=CORRECT_THE_CODE)


def _architecture() -> str:
    return ARCHITECTURES[platform.machine()]


def _run(settings: Settings, name: str, command: list[str], *, do_next: str, directory: Path = ROOT,
         environment: dict[str, str] | None = None) -> None:
    """Runs a tool to its end, showing that it is alive; what it prints goes to `<state>/<name>.log`."""
    log_path = settings.state / f"{name}.log"
    with open(log_path, "wb") as log:
        process = subprocess.Popen(command, cwd=directory, env=environment or _tool_environment(), stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT)
    started = last_told = time.monotonic()
    while process.poll() is None:
        time.sleep(0.1)
        if time.monotonic() - last_told >= 30:
            last_told = time.monotonic()
            compiled = log_path.read_text(errors="replace").count(" Compiling ")
            progress.line(f"   {last_told - started:.0f} s" + (f", {compiled} packages compiled" if compiled else ""))
    if process.returncode != 0:
        raise Stopped(f"`{' '.join(command[:3])}` failed", do_next=do_next, log=log_path)


def _tool_environment() -> dict[str, str]:
    return {**os.environ, "PATH": tools.path_with_tools(), "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION}


# --------------------------------------------------------------------------------------- local AWS, simulators

def _description_if_running(settings: Settings) -> dict:
    """What an earlier `up` wrote, if the system that it describes still runs."""
    description = settings.state / "system.json"
    if not description.exists():
        return {}
    known = json.loads(description.read_text())
    return known if processes.is_alive(settings.state, known["pids"]["ministack"]) else {}


def _start_aws(settings: Settings, before: dict) -> tuple[LocalAws, int]:
    if before and _answers(f"{before['endpoint']}/_ministack/health"):
        return LocalAws(before["endpoint"]), before["pids"]["ministack"]
    with progress.step("Start the local AWS"):
        # Whatever an earlier one left behind.
        processes.stop(settings.state)
        port = _free_port("aws")
        endpoint = f"http://127.0.0.1:{port}"
        command = [str(tools.python_of("ministack")), "-m", "ministack"]
        process = processes.start(settings.state, "ministack", command, _aws_environment(settings, port, endpoint))
        _wait_for(process, settings.state / "ministack.log", lambda: _answers(f"{endpoint}/_ministack/health"), "the local AWS")
        return LocalAws(endpoint), process.pid


def _aws_environment(settings: Settings, port: int, endpoint: str) -> dict[str, str]:
    """All that the local AWS gets; the functions inherit it, so nothing of this machine's own environment is in it."""
    temporary = settings.state / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(settings.state),
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


def _start_simulators(settings: Settings, before: dict) -> tuple[dict, int]:
    binary = _simulators_binary()
    built = hashlib.sha256(binary.read_bytes()).hexdigest()
    known = before.get("simulators", {})
    pid = before.get("pids", {}).get("simulators")
    if processes.is_alive(settings.state, pid):
        if known.get("built") == built:
            return known, pid
        processes.stop(settings.state, [pid])
    with progress.step("Start the simulators of the appliance and of Autotask"):
        addresses = {side: f"127.0.0.1:{_free_port(side)}" for side in ("appliance", "autotask")}
        command = [str(binary), "--appliance", addresses["appliance"], "--autotask", addresses["autotask"]]
        process = processes.start(settings.state, "simulators", command, {"PATH": os.environ.get("PATH", "")})
        log = settings.state / "simulators.log"
        _wait_for(process, log, lambda: _base_urls(log), "the simulators")
        return {"built": built, **_base_urls(log)}, process.pid


def _base_urls(log: Path) -> dict[str, str]:
    """Where the simulators listen: one line of JSON that they print once they do, empty before."""
    first = log.read_text(errors="replace").partition("\n")
    return json.loads(first[0]) if first[1] and first[0].startswith("{") else {}


def _simulators_binary() -> Path:
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    answer = subprocess.run(command, cwd=ROOT, env=_tool_environment(), capture_output=True, check=True)
    return Path(json.loads(answer.stdout)["target_directory"]) / "debug" / "simulators"


def _free_port(purpose: str) -> int:
    """The usual port, or any that is free when somebody else has it."""
    for port in (PREFERRED_PORTS[purpose], 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
    raise Stopped("no free port on the loopback address", do_next="end some programs that listen")


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError):
        return http("GET", url, timeout=5)[0] == 200
    return False


def _listens(address: str) -> bool:
    host, port = address.split(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
        return True
    return False


def _wait_for(process: subprocess.Popen, log: Path, is_ready, what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if process.poll() is not None:
            raise Stopped(f"{what} ended at once", do_next="see the log, then repeat the command", log=log)
        if time.monotonic() > deadline:
            raise Stopped(f"{what} did not answer within {START_SECONDS} s", do_next="see the log, then repeat the command", log=log)
        time.sleep(0.1)


# ------------------------------------------------------------------------------------------------------ deploy

def _deploy(settings: Settings, aws: LocalAws, tokens: dict[str, str]) -> None:
    with progress.step("Deploy the stack into the local AWS"):
        aws.create_bucket(BUCKET)
        parameters = settings.state / "parameters.yaml"
        # JSON is YAML; a file, because the list of tokens is long.
        _write(parameters, json.dumps(_parameters(settings, tokens), indent=2))
        command = ["sam", "deploy", "--template-file", str(settings.state / "build" / "template.yaml"), "--stack-name", STACK,
                   "--s3-bucket", BUCKET, "--region", REGION, "--capabilities", "CAPABILITY_IAM",
                   "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
                   "--parameter-overrides", f"file://{parameters}"]
        _run(settings, "deploy", command, environment=_deploy_environment(aws), do_next="see the log; if the template is right, repeat the command")


def _parameters(settings: Settings, tokens: dict[str, str]) -> dict[str, str]:
    hashes = [f"{appliance}={hashlib.sha256(token.encode()).hexdigest()}" for appliance, token in tokens.items()]
    return {
        "ApplianceTokens": ",".join(hashes),
        "Architecture": _architecture(),
        "LogLevel": settings.log_level,
        "AlarmEmail": ALARM_EMAIL,
        "BusinessHours": BUSINESS_HOURS,
        "ReceiverConcurrency": RECEIVER_CONCURRENCY,
        "LedgerDeletionProtection": "false",
        "WorkerTimeoutSeconds": str(settings.worker_timeout),
        "EventsVisibilitySeconds": str(settings.visibility),
        "RetryPacePercent": str(settings.retry_pace),
    }


def _deploy_environment(aws: LocalAws) -> dict[str, str]:
    """An environment in which no credentials of the real AWS are left, so nothing can be deployed there by mistake."""
    inherited = {name: value for name, value in _tool_environment().items() if not name.startswith("AWS_")}
    return {
        **inherited,
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


# ------------------------------------------------------------------------------------- description, connection

def _appliances(settings: Settings) -> list[str]:
    return ["default", *(f"t{number:02}" for number in range(settings.appliances))]


def _describe(settings: Settings, aws: LocalAws, simulators: dict, tokens: dict[str, str]) -> dict:
    outputs, resources = aws.stack_outputs(STACK), aws.stack_resources(STACK)
    return {
        "name": settings.name,
        "endpoint": aws.endpoint,
        "region": REGION,
        "stack": STACK,
        "outbound_event_url": _on_loopback(aws, outputs["OutboundEventUrl"]),
        "events_queue_url": outputs["EventsQueueUrl"],
        "dead_letter_queue_url": outputs["DeadLetterQueueUrl"],
        "quarantine_queue_url": outputs["QuarantineQueueUrl"],
        "ledger_table": outputs["LedgerTableName"],
        "connection_prefix": outputs["ConnectionPrefix"],
        "alarm_topic_arn": resources["AlarmTopic"],
        "functions": {"receiver": resources["Receiver"], "worker": resources["Worker"]},
        "log_groups": {"receiver": resources["ReceiverLogs"], "worker": resources["WorkerLogs"]},
        "worker_timeout_seconds": settings.worker_timeout,
        "visibility_seconds": settings.visibility,
        "retry_pace_percent": settings.retry_pace,
        "simulators": simulators,
        "appliances": tokens,
    }


def _on_loopback(aws: LocalAws, url: str) -> str:
    """The address under which a function URL can be called here: its own host name does not exist."""
    found = re.fullmatch(r"https?://([^.]+)\.lambda-url\.[^/]*/(.*)", url)
    if not found:
        raise Stopped(f"the stack's URL is not a function URL: {url}", do_next="look at OutboundEventUrl in infra/template.yaml")
    return f"{aws.endpoint}/_aws/lambda-url/{found[1]}/{found[2]}"


def _put_connection_document(aws: LocalAws, description: dict) -> None:
    with progress.step("Write the connection document of the appliance `default`"):
        document = _connection_document(description["simulators"], tenant="default")
        aws.put_secret(f"{description['connection_prefix']}default", document)


def _connection_document(simulators: dict, *, tenant: str) -> str:
    """The connection document that leads to one tenant of the simulators; they make it, for the tests as well."""
    command = [str(_simulators_binary()), "connection-document", simulators["appliance"], simulators["autotask"], tenant]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _write(path: Path, text: str) -> None:
    """Writes a file so that a reader sees the old or the new one, never half of it."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text)
    unfinished.replace(path)


# -------------------------------------------------------------------------------------------- down, status, logs

def down(name: str) -> None:
    """Stops all processes of a system. What was in it is gone; logs stay."""
    count = processes.stop(state_of(name))
    (state_of(name) / "system.json").unlink(missing_ok=True)
    progress.line(f"Stopped ({count} processes)." if count else "Nothing was running.")


def status(name: str) -> int:
    """Tells what runs and where. Returns 1 when the system is not complete."""
    known = load(name)
    aws = LocalAws(known["endpoint"])
    checks = {
        f"local AWS    {known['endpoint']}": _answers(f"{known['endpoint']}/_ministack/health"),
        f"appliance    {known['simulators']['appliance']}/t/default": _listens(known["simulators"]["appliance"].split("//")[1]),
        f"Autotask     {known['simulators']['autotask']}/t/default": _listens(known["simulators"]["autotask"].split("//")[1]),
    }
    for text, runs in checks.items():
        progress.line(f"{'runs   ' if runs else 'MISSING'}  {text}")
    progress.line(f"         receiver     {known['outbound_event_url']}?appliance=default&outbound_event_token={known['appliances']['default']}")
    if all(checks.values()):
        for queue in ("events", "dead_letter", "quarantine"):
            progress.line(f"         {queue.replace('_', '-') + ' queue':18} {aws.messages_in(known[queue + '_queue_url'])} messages")
    progress.line(f"         logs         {state_of(name)}/*.log, and: python3 infra/local/system.py logs")
    return 0 if all(checks.values()) else 1


def logs(name: str, function: str) -> None:
    """Prints what a function has printed, oldest first."""
    known = load(name)
    aws = LocalAws(known["endpoint"])
    arguments = {"logGroupName": known["log_groups"][function]}
    while True:
        answer = aws.call("logs", "Logs_20140328.FilterLogEvents", **arguments)
        for event in answer.get("events", []):
            progress.line(event["message"].rstrip())
        if not answer.get("nextToken"):
            return
        arguments["nextToken"] = answer["nextToken"]


def summary(description: dict) -> None:
    """Tells where the pieces of a running system are."""
    progress.line()
    progress.line(progress.bold("The local system runs."))
    progress.line(f"  post events to   {description['outbound_event_url']}?appliance=default&outbound_event_token={description['appliances']['default']}")
    progress.line(f"  local AWS        {description['endpoint']}  (region {description['region']}, stack {description['stack']})")
    progress.line(f"  simulators       {description['simulators']['appliance']}/t/default  {description['simulators']['autotask']}/t/default")
    progress.line(f"  state and logs   {state_of(description['name'])}")
    progress.line("  next             make replay EVENT=events/outbound/support_conference_end.form, make demo, make down")


# -------------------------------------------------------------------------------------------------- command line

def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="local", help="which system [local]")
    verbs = parser.add_subparsers(dest="verb", required=True)
    usual = Settings()
    up_parser = verbs.add_parser("up")
    for option, metavar, default, text in [
        ("--appliances", "N", usual.appliances, f"register t00, t01, ... beside `default` (at most {APPLIANCES_MAX})"),
        ("--worker-timeout", "SECONDS", usual.worker_timeout, "parameter WorkerTimeoutSeconds"),
        ("--visibility", "SECONDS", usual.visibility, "parameter EventsVisibilitySeconds"),
        ("--retry-pace", "PERCENT", usual.retry_pace, "parameter RetryPacePercent"),
    ]:
        up_parser.add_argument(option, type=int, default=default, metavar=metavar, help=f"{text} [{default}]")
    up_parser.add_argument("--log-level", default=usual.log_level, help=f"parameter LogLevel [{usual.log_level}]")
    verbs.add_parser("down")
    verbs.add_parser("status")
    logs_parser = verbs.add_parser("logs")
    logs_parser.add_argument("--function", choices=["receiver", "worker"], default="worker")
    return parser.parse_args()


def main() -> int | None:
    arguments = _arguments()
    if arguments.verb == "up":
        wanted = Settings(arguments.name, arguments.appliances, arguments.worker_timeout, arguments.visibility,
                          arguments.retry_pace, arguments.log_level)
        return summary(up(wanted))
    if arguments.verb == "down":
        return down(arguments.name)
    if arguments.verb == "status":
        return status(arguments.name)
    return logs(arguments.name, arguments.function)


if __name__ == "__main__":
    progress.run(main)
