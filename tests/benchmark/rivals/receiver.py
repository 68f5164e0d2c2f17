"""The receiver, as one would write it in Python: what `make bench` measures the Rust one beside.

The same table of answers: 401 for a stranger, 200 once the event is stored (or put into quarantine, or not for us),
503 when the queue does not take it. Run by Lambda's own runtime for Python, `awslambdaric`.
"""

import base64
import binascii
import hashlib
import hmac
import json
import logging
import os
import re
from datetime import datetime, timezone
from urllib.parse import parse_qsl

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger()
logger.setLevel(os.environ.get("LOG_LEVEL", "info").upper())

EVENTS_QUEUE_URL = os.environ["EVENTS_QUEUE_URL"]
QUARANTINE_QUEUE_URL = os.environ["QUARANTINE_QUEUE_URL"]
# Pairs of appliance and SHA-256 of its token.
TOKENS = [item.strip().split("=", 1) for item in os.environ["APPLIANCE_TOKENS"].split(",")]
EVENTS = {
    "support_conference_begin",
    "support_conference_end",
    "support_conference_owner_changed",
    "support_conference_member_added",
    "support_conference_member_departed",
    "support_conference_customer_exit_survey_completed",
    "support_conference_rep_exit_survey_completed",
}
LSID = re.compile(r"[0-9A-Za-z_-]{1,64}")
BODY_BYTES_MAX = 128 * 1024

# Made once, while the function starts. The time-outs leave time for a 503 within two seconds.
sqs = boto3.client(
    "sqs", config=Config(connect_timeout=0.4, read_timeout=0.7, retries={"mode": "standard", "total_max_attempts": 2})
)


def handler(call, _context):
    http = call["requestContext"]["http"]
    if call["rawPath"] != "/ERSPost":
        return answer(404)
    if http["method"] != "POST":
        return answer(405)
    query = dict(parse_qsl(call.get("rawQueryString", "")))
    appliance = query.get("appliance", "default").lower()
    if not is_authentic(appliance, query.get("outbound_event_token", "")):
        logger.warning(json.dumps({"outcome": "refused", "source_address": http.get("sourceIp")}))
        return answer(401)
    try:
        return answer(200, receive(appliance, call))
    except (BotoCoreError, ClientError) as error:
        logger.error(json.dumps({"outcome": "unavailable", "appliance": appliance, "cause": type(error).__name__}))
        return answer(503, "unavailable")


def is_authentic(appliance, token):
    presented = hashlib.sha256(token.encode()).hexdigest()
    # A list, not a generator: every hash is compared, whichever fits.
    return any([hmac.compare_digest(presented, known.lower()) and owner == appliance for owner, known in TOKENS])


def receive(appliance, call):
    message = {"v": 1, "appliance": appliance, "received_at": datetime.now(timezone.utc).isoformat(), "source": "event"}
    try:
        body = read_body(call)
        event, lsid = read_event(body)
    except ValueError as problem:
        sqs.send_message(QueueUrl=QUARANTINE_QUEUE_URL, MessageBody=json.dumps(message | {"body": str(call.get("body"))[:BODY_BYTES_MAX]}))
        logger.error(json.dumps({"outcome": "quarantined", "appliance": appliance, "cause": str(problem)}))
        return "quarantined"
    if event not in EVENTS:
        logger.info(json.dumps({"outcome": "ignored", "appliance": appliance, "event": event}))
        return "ignored"
    sqs.send_message(
        QueueUrl=EVENTS_QUEUE_URL,
        MessageBody=json.dumps(message | {"body": body}),
        MessageGroupId=f"{appliance}:{lsid}",
        MessageDeduplicationId=hashlib.sha256(f"{appliance}\0{body}".encode()).hexdigest(),
    )
    logger.info(json.dumps({"outcome": "queued", "appliance": appliance, "event": event, "lsid": lsid}))
    return "queued"


def read_body(call):
    body = call.get("body") or ""
    if call.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ValueError("undecodable") from error
    if len(body) > BODY_BYTES_MAX:
        raise ValueError("too_large")
    return body


def read_event(body):
    form = dict(parse_qsl(body, keep_blank_values=True))
    event, lsid = form.get("event"), form.get("lsid", "")
    if not event:
        raise ValueError("no_event")
    if not LSID.fullmatch(lsid):
        raise ValueError("bad_lsid")
    return event, lsid


def answer(status, body=""):
    return {"statusCode": status, "headers": {"content-type": "text/plain"}, "body": body}
