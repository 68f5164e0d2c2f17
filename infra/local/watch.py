"""The functions under development: built anew at each change of the code, and called one by one with the samples of `events/`.

    python3 infra/local/watch.py            runs `cargo lambda watch` until it is interrupted
    python3 infra/local/watch.py --prepare  does all but that, and says what would be run

`cargo lambda watch` is Lambda; all else is the local system's: queues, ledger, connection documents and both neighbours, with the
environment that the deployed functions have. It starts that system if it does not run, and leaves it running. The samples'
sessions are made known to the simulated appliance. What a sample is answered is in events/README.md.
"""

from __future__ import annotations

import argparse
import platform
import shlex
import subprocess
import sys
from pathlib import Path

import build
import machine
import progress
import system
import tools
from description import Description, Settings, load, state_of, write
from local_aws import REGION, LocalAws, http
from progress import Stopped
from tools import ROOT

# What the samples of events/queue are about, and the report of each.
REPORTS = {
    "7d1f0c52a9be4e6f8a3b90d4c6e21f57": "printer.xml",
    "5b8e21d7c4f94a06b1d3e97250ac68f4": "non-latin.xml",
}
# Where `cargo lambda invoke` looks if it is not told otherwise.
PORT = 9000


def environment_of_functions(known: Description) -> dict[str, str]:
    """The variables of both deployed functions, and the way to the local AWS. The same names mean the same in both."""
    aws = LocalAws(known.endpoint)
    variables: dict[str, str] = {}
    for function in known.functions.values():
        variables |= aws.function_environment(function)
    return {
        **variables,
        "AWS_ENDPOINT_URL": known.endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def prepare(name: str) -> list[str]:
    """Makes everything ready; returns the command."""
    known = running(name)
    tools.ensure("sam")
    put_reports(known)
    variables = state_of(name) / "watch.env"
    # A value with a space must be quoted, and an empty one cannot be read; to the functions that is the same as none.
    write(variables, "".join(f'{variable}="{value}"\n' for variable, value in environment_of_functions(known).items() if value))
    # Only the loopback address: the default is every address of the machine.
    return ["cargo", "lambda", "watch", "--invoke-address", machine.loopback(), "--invoke-port", str(PORT), "--env-file", str(variables)]


def running(name: str) -> Description:
    try:
        return load(name)
    except Stopped:
        return system.up(Settings(name))


def put_reports(known: Description) -> None:
    with progress.step("Make the samples' sessions known to the simulated appliance"):
        for lsid, report in REPORTS.items():
            address = f"{known.tenants_of_default.appliance}/_sim/sessions/{lsid}"
            status, answer = http("PUT", address, body=(ROOT / "events" / "reports" / report).read_bytes())
            if status != 200:
                raise Stopped(f"the simulated appliance refused {report}: {status} {answer.decode(errors='replace')[:200]}",
                              do_next="make down, then repeat make watch")


def explain(command: list[str]) -> None:
    elsewhere = "" if machine.loopback() == "::1" else f" --invoke-address {machine.loopback()}"
    progress.line()
    progress.line(progress.bold("In another terminal (the first call of a function builds it):"))
    progress.line(f'  export PATH="{tools.TOOLS}/sam/bin:$PATH"')
    for function, sample in (("receiver", "function-url/support_conference_end.function-url.json"), ("worker", "queue/support_conference_end.sqs.json")):
        progress.line(f"  cargo lambda invoke{elsewhere} {function} --data-file events/{sample}")
    progress.line()
    progress.line(shlex.join(command))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="local", help="which local system [local]")
    parser.add_argument("--prepare", action="store_true", help="make everything ready, and do not watch")
    arguments = parser.parse_args()
    command = prepare(arguments.name)
    explain(command)
    if arguments.prepare:
        return 0
    return subprocess.run(command, cwd=ROOT, env={**build.local_environment(), **runner()}).returncode


def runner() -> dict[str, str]:
    """Lets cargo run each function below with_deadline.py, which says why."""
    target = f"{platform.machine()}-unknown-linux-gnu".upper().replace("-", "_")
    return {f"CARGO_TARGET_{target}_RUNNER": shlex.join([sys.executable, str(Path(__file__).parent / "with_deadline.py")])}


if __name__ == "__main__":
    progress.run(main)
