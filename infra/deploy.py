"""Deploys what `make build` has built into the AWS account that the environment leads to.

    python3 infra/deploy.py --architecture arm64 --stack session-bridge

The first time it asks for what has no default and writes it to infra/deployment.<stack>.yaml, which is yours to edit and is
not committed. It stores no secret: of a token only the hash. The connection documents are written by hand afterwards.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import secrets
import subprocess
import sys
import zoneinfo
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "local"))
import progress  # noqa: E402
import tools  # noqa: E402
from progress import Stopped  # noqa: E402
from tools import ROOT  # noqa: E402

BUILT = ROOT / ".aws-sam" / "build"
# The processor that an ELF file says it is for.
ELF_MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
# As in the template, which has the last word.
APPLIANCE_ID = r"[0-9A-Za-z._]{1,60}"
TOKEN_HASH = r"[0-9A-Fa-f]{64}"
EMAIL_OR_NONE = r"none|[^@,\s]+@[^@,\s]+[.][^@,\s]+"
DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
HOURS_OR_OFF = f"off|{DAY}(-{DAY})? {TIME}-({TIME}|24:00) [A-Za-z][A-Za-z0-9_+/-]*"
# A shell variable that was not set has this hash; no token has.
HASH_OF_NOTHING = hashlib.sha256(b"").hexdigest()
# The template's reservation for the public function, and what AWS wants to stay unreserved.
RECEIVER_CONCURRENCY = 10
UNRESERVED_AT_LEAST = 100

# Runs with the SAM tools' Python, which has the AWS library: who are we, and where?
WHO_AND_WHERE = """
import sys, boto3
session = boto3.Session()
if session.get_credentials() is None: sys.exit("no credentials")
if session.region_name is None: sys.exit("no region")
print(session.client("sts").get_caller_identity()["Account"], session.region_name)
"""


# As above. An account of which this may not be asked deploys as the template says.
UNRESERVED = """
import boto3
print(boto3.client("lambda").get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"])
"""


def check_build(architecture: str) -> None:
    """Refuses to deploy nothing, or binaries that the functions could not run."""
    for function in ("Receiver", "Worker"):
        binary = BUILT / function / "bootstrap"
        if not (BUILT / "template.yaml").exists() or not binary.exists():
            raise Stopped("nothing is built yet", do_next=f"make build ARCH={architecture}")
        with open(binary, "rb") as file:
            machine = int.from_bytes(file.read(20)[18:20], "little")
        if ELF_MACHINES.get(machine) != architecture:
            raise Stopped(f"{function} was built for {ELF_MACHINES.get(machine, 'another machine')}, not for {architecture}",
                          do_next=f"make build ARCH={architecture}, or deploy with the ARCH it was built for")


def environment() -> dict[str, str]:
    """What SAM is run with. It knows only the older name of the region's variable."""
    region = {"AWS_DEFAULT_REGION": os.environ["AWS_REGION"]} if os.environ.get("AWS_REGION") else {}
    return {**os.environ, **region, "PATH": tools.path_with_tools(), "SAM_CLI_TELEMETRY": "0"}


def check_account() -> tuple[str, str]:
    """Returns account and region, or says what is missing to reach them."""
    answer = subprocess.run([str(tools.python_of("sam")), "-c", WHO_AND_WHERE], env=environment(), capture_output=True, text=True)
    if answer.returncode == 0:
        account, region = answer.stdout.split()
        return account, region
    cause = (answer.stderr.strip().splitlines() or ["unknown"])[-1]
    if cause == "no credentials":
        raise Stopped("no AWS credentials were found", do_next="sign in (aws sso login, aws configure) and set AWS_PROFILE, or set "
                      "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if they are temporary, AWS_SESSION_TOKEN")
    if cause == "no region":
        raise Stopped("no AWS region is set", do_next="set AWS_REGION, for example: AWS_REGION=eu-central-1 make deploy")
    raise Stopped(f"AWS could not be asked whose credentials these are: {cause}", do_next="sign in again, correct AWS_PROFILE, or look at the network; then repeat make deploy")


def ensure_settings(path: Path) -> None:
    """Asks for what has no default, unless that was done before."""
    if path.exists():
        return
    if not sys.stdin.isatty():
        raise Stopped(f"{path} does not exist, and there is nobody to ask", do_next="run make deploy in a terminal once, or write the file: "
                      'ApplianceTokens: "<appliance id>=<sha256 of its token>" and AlarmEmail: "<address or none>", a line each (and BusinessHours, to be told of silence)')
    progress.line("The first deployment of this stack. Four questions; everything else has a default.")
    appliance = _ask("Id of the appliance, as it will stand in its URL", APPLIANCE_ID, "default")
    token = _ask("Its token, 16 characters or more (empty: a new one is made)", r"|[^\s&#%+]{16,}", "") or secrets.token_urlsafe(32)
    email = _ask("Who is told when something needs a person (e-mail address, or none)", EMAIL_OR_NONE, None)
    hours = _ask_hours()
    path.write_text(_settings_file(appliance, token, email, hours) + _reservation())
    progress.line(f"\nWritten to {path}; the other settings of README.md can be added there.")
    progress.line(f"Token of {appliance}: {progress.bold(token)}   (shown this once; only its hash is kept)\n")


def _ask(question: str, pattern: str, default: str | None) -> str:
    while True:
        given = input(f"  {question}{f' [{default}]' if default else ''}: ").strip()
        answer = given or (default or "")
        if re.fullmatch(pattern, answer):
            return answer
        progress.line("    That does not fit.")


def _ask_hours() -> str:
    question = "When events should come, to be told of silence (Mon-Fri 08:00-18:00 Europe/Berlin, or off)"
    while True:
        hours = _ask(question, HOURS_OR_OFF, None)
        if problem := _problem_of_hours(hours):
            progress.line(f"    {problem}")
        else:
            return hours


def _problem_of_hours(hours: str) -> str | None:
    """What the template's pattern cannot see: a zone that does not exist, hours of no length."""
    if hours == "off":
        return None
    _, times, zone = hours.split(" ")
    opens, closes = times.split("-")
    if opens == closes:
        return "BusinessHours: begin and end are the same."
    known = zoneinfo.available_timezones()
    # A machine may have no list of zones; then the worker says it.
    return f"BusinessHours: there is no time zone {zone}." if known and zone not in known else None


def _reservation() -> str:
    """The line that does without a reservation, if the account cannot have one and the person agrees."""
    answer = subprocess.run([str(tools.python_of("sam")), "-c", UNRESERVED], env=environment(), capture_output=True, text=True)
    if answer.returncode != 0 or int(answer.stdout) >= UNRESERVED_AT_LEAST + RECEIVER_CONCURRENCY:
        return ""
    progress.line(f"\nThe public function should have {RECEIVER_CONCURRENCY} concurrent executions of its own: they bound what a flood of calls can")
    progress.line(f"cost, and keep it from the account's other functions. This account has {answer.stdout.strip()} left, and AWS wants {UNRESERVED_AT_LEAST} to stay")
    progress.line("unreserved (a new account has 10 in all). More are free: Service Quotas > Lambda > Concurrent executions.")
    if _ask("Deploy without a reservation for now (yes, or no to stop)", "yes|no", "no") == "no":
        raise Stopped("the account cannot reserve concurrency", do_next="ask for a higher quota, then repeat make deploy")
    return "# Take this line out when the account's quota of concurrent executions allows it.\nReceiverConcurrency: none\n"


def check_settings(path: Path) -> None:
    """Refuses what CloudFormation would refuse only after minutes, or what would lock an appliance out."""
    settings = dict(re.findall(r"""^(\w+):\s*["']?(.*?)["']?\s*$""", path.read_text(), re.MULTILINE))
    for number, item in enumerate(settings.get("ApplianceTokens", "").split(","), start=1):
        appliance, _, token_hash = item.strip().partition("=")
        # What is there is not repeated: it may be a token.
        if not re.fullmatch(APPLIANCE_ID, appliance):
            raise Stopped(f"item {number} of ApplianceTokens does not begin with an appliance id (1 to 60 letters, digits, dots, underscores)",
                          do_next=f"correct {path}")
        if not re.fullmatch(TOKEN_HASH, token_hash) or token_hash.lower() == HASH_OF_NOTHING:
            raise Stopped(f"ApplianceTokens has no hash of a token for {appliance} (was a shell variable empty?): each of its events would be refused",
                          do_next=f'correct {path}; the hash is: printf %s "$TOKEN" | sha256sum')
    hours = settings.get("BusinessHours", "off")
    if not re.fullmatch(HOURS_OR_OFF, hours):
        raise Stopped("BusinessHours is not written as Mon-Fri 08:00-18:00 Europe/Berlin, or off", do_next=f"correct {path}")
    if problem := _problem_of_hours(hours):
        raise Stopped(problem, do_next=f"correct {path}")


def _settings_file(appliance: str, token: str, email: str, hours: str) -> str:
    return (
        "# Parameters of this stack (infra/template.yaml describes them all). Renew it with: make deploy\n"
        "# Several appliances, or two tokens while one is replaced, are separated by commas.\n"
        f'ApplianceTokens: "{appliance}={hashlib.sha256(token.encode()).hexdigest()}"\n'
        f'AlarmEmail: "{email}"\n'
        f'BusinessHours: "{hours}"\n'
    )


def deploy(stack: str, architecture: str, settings: Path) -> int:
    """Lets SAM do it, in this terminal, and returns its exit code."""
    command = ["sam", "deploy", "--template-file", str(BUILT / "template.yaml"), "--config-file", str(ROOT / "infra" / "samconfig.toml"),
               "--stack-name", stack, "--parameter-overrides", f"file://{settings}", f"Architecture={architecture}"]
    return subprocess.run(command, cwd=ROOT, env=environment()).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", choices=sorted(ELF_MACHINES.values()), required=True)
    parser.add_argument("--stack", required=True)
    arguments = parser.parse_args()
    settings = ROOT / "infra" / f"deployment.{arguments.stack}.yaml"
    check_build(arguments.architecture)
    account, region = check_account()
    ensure_settings(settings)
    check_settings(settings)
    progress.line(f"Deploying {arguments.stack} into account {account}, region {region}.")
    outcome = deploy(arguments.stack, arguments.architecture, settings)
    if outcome != 0:
        raise Stopped("sam deploy did not finish", do_next="read its last lines above; repeating make deploy is safe")
    progress.line(f"Next: write the connection document of each appliance as the secret {arguments.stack}/connections/<appliance id>,")
    progress.line("      then paste OutboundEventUrl?appliance=<id>&outbound_event_token=<token> into the appliance's Outbound Events page.")
    return 0


if __name__ == "__main__":
    progress.run(main)
