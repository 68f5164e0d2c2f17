"""The stack in the local AWS: infra/template.yaml deployed with the parameters of a local system, and the connection document of the
appliance `default`. Starts nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess

import build
import machine
import progress
from description import Description, Pids, Settings, Simulators, write
from local_aws import REGION, LocalAws
from progress import Stopped

STACK = "session-bridge"
BUCKET = "session-bridge-artifacts"
ALARM_EMAIL = "none"
# Always, so that what silence needs is at work here too.
BUSINESS_HOURS = "Mon-Sun 00:00-24:00 Europe/Berlin"
# Once a day: tests and people call the poller when they want it, and what it does must not depend on the minute.
POLL_MINUTES = "1440"
# The local AWS keeps to a reservation, and tests post more at a time.
RECEIVER_CONCURRENCY = "none"
# CloudFormation takes 4,096 characters of one parameter, and 69 are needed for an appliance.
APPLIANCES_MAX = 58


def check(settings: Settings) -> None:
    """Stops when the stack cannot be what is asked for."""
    if not 0 <= settings.appliances <= APPLIANCES_MAX:
        raise Stopped(f"at most {APPLIANCES_MAX} appliances fit into the parameter", do_next="ask for fewer")


def tokens(settings: Settings) -> dict[str, str]:
    """Each appliance of the system, and the token of its URL."""
    appliances = ["default", *(f"t{number:02}" for number in range(settings.appliances))]
    return {appliance: f"local-token-{appliance}" for appliance in appliances}


def deploy(settings: Settings, aws: LocalAws) -> None:
    """Makes the stack, or renews it."""
    with progress.step("Deploy the stack into the local AWS"):
        aws.create_bucket(BUCKET)
        parameters = settings.state / "parameters.yaml"
        # JSON is YAML; a file, because the list of tokens is long.
        write(parameters, json.dumps(_parameters(settings), indent=2))
        command = ["sam", "deploy", "--template-file", str(build.packaged_template(settings.state)), "--stack-name", STACK,
                   "--s3-bucket", BUCKET, "--region", REGION, "--capabilities", "CAPABILITY_IAM",
                   "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
                   "--parameter-overrides", f"file://{parameters}"]
        environment = {**build.local_environment(), "AWS_ENDPOINT_URL": aws.endpoint}
        build.run(settings.state / "deploy.log", command, environment=environment,
                  do_next="see the log; if the template is right, repeat the command")


def _parameters(settings: Settings) -> dict[str, str]:
    hashes = [f"{appliance}={hashlib.sha256(token.encode()).hexdigest()}" for appliance, token in tokens(settings).items()]
    return {
        "ApplianceTokens": ",".join(hashes),
        "Architecture": machine.architecture(),
        "LogLevel": settings.log_level,
        "AlarmEmail": ALARM_EMAIL,
        "BusinessHours": BUSINESS_HOURS,
        "PollMinutes": POLL_MINUTES,
        "ReceiverConcurrency": RECEIVER_CONCURRENCY,
        "LedgerDeletionProtection": "false",
        "WorkerTimeoutSeconds": str(settings.worker_timeout),
        "EventsVisibilitySeconds": str(settings.visibility),
        "RetryPacePercent": str(settings.retry_pace),
    }


def describe(settings: Settings, aws: LocalAws, simulators: Simulators, pids: Pids) -> Description:
    """Where everything is."""
    outputs, resources = aws.stack_outputs(STACK), aws.stack_resources(STACK)
    return Description(
        name=settings.name,
        endpoint=aws.endpoint,
        region=REGION,
        stack=STACK,
        outbound_event_url=_on_loopback(aws, outputs["OutboundEventUrl"]),
        events_queue_url=outputs["EventsQueueUrl"],
        dead_letter_queue_url=outputs["DeadLetterQueueUrl"],
        quarantine_queue_url=outputs["QuarantineQueueUrl"],
        ledger_table=outputs["LedgerTableName"],
        connection_prefix=outputs["ConnectionPrefix"],
        alarm_topic_arn=resources["AlarmTopic"],
        functions={function: resources[function.capitalize()] for function in build.FUNCTIONS},
        log_groups={function: resources[f"{function.capitalize()}Logs"] for function in build.FUNCTIONS},
        worker_timeout_seconds=settings.worker_timeout,
        visibility_seconds=settings.visibility,
        retry_pace_percent=settings.retry_pace,
        simulators=simulators,
        appliances=tokens(settings),
        pids=pids,
    )


def _on_loopback(aws: LocalAws, url: str) -> str:
    """The address under which a function URL can be called here: its own host name does not exist."""
    found = re.fullmatch(r"https?://([^.]+)\.lambda-url\.[^/]*/(.*)", url)
    if not found:
        raise Stopped(f"the stack's URL is not a function URL: {url}", do_next="look at OutboundEventUrl in infra/template.yaml")
    return f"{aws.endpoint}/_aws/lambda-url/{found[1]}/{found[2]}"


def put_connection_document(aws: LocalAws, known: Description) -> None:
    """Writes the connection document of `default`. The simulators make it, for the tests as well."""
    with progress.step("Write the connection document of the appliance `default`"):
        command = [str(build.simulators_binary()), "connection-document", known.simulators.appliance, known.simulators.autotask, "default"]
        document = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        aws.put_secret(f"{known.connection_prefix}default", document)
