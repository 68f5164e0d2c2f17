#!/usr/bin/env python3
"""Writes the samples that nobody should edit by hand: the Lambda payloads and queue messages around the bodies in
outbound/, and the bulky reports. Everything else in events/ is written by hand; the README says what each file shows.

    python3 events/generate.py            writes the files
    python3 events/generate.py --check    writes nothing; ends with 1 if a committed file differs

It takes no input but outbound/, no clock and no chance: two runs write the same bytes.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

EVENTS = Path(__file__).resolve().parent
FORM = "application/x-www-form-urlencoded"

# What a local system configures is the SHA-256 of this token, never the token.
TOKEN = "local-token-default"
APPLIANCE_ADDRESS = "198.51.100.20"
URL_ID = "abcdefghijklmnopqrstuvwxyz012345"
HOST = f"{URL_ID}.lambda-url.eu-central-1.on.aws"
RECEIVED = 1742304441  # 2025-03-18T13:27:21Z, one second after the canonical session has ended


def main():
    files = {**function_urls(), **queue_batches(), **bulky_reports()}
    changed = [path for path, content in files.items() if not same(path, content)]
    if "--check" in sys.argv[1:]:
        print("\n".join(f"differs: events/{path}" for path in changed) or f"{len(files)} files as generated")
        return 1 if changed else 0
    for path in changed:
        (EVENTS / path).write_bytes(files[path])
    print(f"{len(changed)} of {len(files)} files written")
    return 0


def same(path, content):
    file = EVENTS / path
    return file.exists() and file.read_bytes() == content


def outbound(name):
    return (EVENTS / "outbound" / name).read_bytes()


def as_json(value):
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


# --- function URL payloads -----------------------------------------------------------------------------------------

SEVEN = [
    "support_conference_begin",
    "support_conference_end",
    "support_conference_owner_changed",
    "support_conference_member_added",
    "support_conference_member_departed",
    "support_conference_customer_exit_survey_completed",
    "support_conference_rep_exit_survey_completed",
]


def function_urls():
    end = outbound("support_conference_end.form")
    payloads = {name: payload(outbound(f"{name}.form")) for name in SEVEN}
    payloads |= {f"{name}-plain": payload(outbound(f"{name}.form"), plain=True) for name in
                 ["support_conference_end", "support_conference_member_added", "support_conference_member_added-customer",
                  "support_conference_customer_exit_survey_completed"]}
    payloads |= {name: payload(outbound(f"{name}.form")) for name in
                 ["non-latin-name", "raw-utf8", "control-characters", "invalid-utf8", "unknown-event", "unknown-lsid",
                  "malformed-no-event", "malformed-bad-lsid", "malformed-no-lsid"]}
    payloads |= {
        "appliance-default-in-capitals": payload(end, query={"appliance": "Default", "outbound_event_token": TOKEN}),
        "appliance-not-named": payload(end, query={"outbound_event_token": TOKEN}),
        "wrong-token": payload(end, query={"appliance": "default", "outbound_event_token": "not-the-token"}),
        "missing-token": payload(end, query={"appliance": "default"}),
        "unknown-appliance": payload(end, query={"appliance": "nobody_knows.me", "outbound_event_token": TOKEN}),
        "wrong-token-and-broken-base64": payload(
            end, query={"appliance": "default", "outbound_event_token": "not-the-token"}, raw_body="%%% not base64 %%%"),
        "get": payload(b"", method="GET"),
        "other-path": payload(end, path="/favicon.ico"),
        "empty-body": payload(b""),
        "absent-body": payload(b"", absent=True),
        "broken-base64": payload(end, raw_body="ZXZlbnQ9c3VwcG9ydF9jb25mZXJlbmNlX2VuZA=%%%"),
        "json-plain": payload(outbound("malformed-json.form"), plain=True, content_type="application/json"),
        "multipart": multipart("support_conference_end.multipart"),
        "multipart-customer-joined": multipart("support_conference_member_added.multipart"),
        "multipart-truncated": multipart("malformed-truncated.multipart"),
        "multipart-without-boundary": payload(
            outbound("support_conference_end.multipart"), content_type="multipart/form-data"),
        "no-content-type": payload(end, content_type=None),
    }
    return {f"function-url/{name}.function-url.json": as_json(value) for name, value in payloads.items()}


def multipart(name):
    body = outbound(name)
    boundary = body.split(b"\r\n", 1)[0].removeprefix(b"--").decode()
    return payload(body, content_type=f"multipart/form-data; boundary={boundary}")


def payload(body, *, query=None, method="POST", path="/ERSPost", plain=False, absent=False, raw_body=None,
            content_type=FORM):
    """What Lambda hands to a function behind a function URL (payload format 2.0). A form arrives as base64, a text
    content type or some emulators bring it as plain text; `raw_body` is a base64 body as it stands."""
    query = {"appliance": "default", "outbound_event_token": TOKEN} if query is None else query
    encoded = body.decode() if plain else base64.b64encode(body).decode()
    headers = {
        "accept": "*/*",
        "content-length": str(len(body)),
        "content-type": content_type,
        "host": HOST,
        "x-amzn-tls-version": "TLSv1.2",
        "x-amzn-trace-id": "Root=1-67d97439-0123456789abcdef01234567",
        "x-forwarded-for": APPLIANCE_ADDRESS,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    nothing = absent or method == "GET"
    if nothing:
        del headers["content-length"], headers["content-type"]
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "&".join(f"{key}={value}" for key, value in query.items()),
        "headers": {key: value for key, value in headers.items() if value is not None},
        "queryStringParameters": query,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": URL_ID,
            "domainName": HOST,
            "domainPrefix": URL_ID,
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": APPLIANCE_ADDRESS,
                "userAgent": "",
            },
            "requestId": "5f0c8a4e-1f7d-4c1b-9a35-d2b6c7e8f901",
            "routeKey": "$default",
            "stage": "$default",
            "time": "18/Mar/2025:13:27:21 +0000",
            "timeEpoch": RECEIVED * 1000,
        },
        **({} if nothing else {"body": encoded if raw_body is None else raw_body}),
        "isBase64Encoded": not plain and not nothing,
    }


# --- queue batches -------------------------------------------------------------------------------------------------

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:session-bridge-events.fifo"
PRINTER = "7d1f0c52a9be4e6f8a3b90d4c6e21f57"
NON_LATIN = "5b8e21d7c4f94a06b1d3e97250ac68f4"


def queue_batches():
    end = message(outbound("support_conference_end.form"))
    batches = {name: [record(message(outbound(f"{name}.form")), PRINTER)] for name in SEVEN}
    batches |= {
        "support_conference_end-base64": [record(message(outbound("support_conference_end.form"), encode=True), PRINTER)],
        "raw-utf8-base64": [record(message(outbound("raw-utf8.form")), PRINTER)],
        "multipart": [record(message(outbound("support_conference_end.multipart"), encode=True), PRINTER)],
        "poll": [record(message(f"event=support_conference_end&lsid={PRINTER}".encode(), source="poll"), PRINTER)],
        "replay": [record(message(outbound("support_conference_end.form"), source="replay"), PRINTER)],
        "second-delivery": [record(end, PRINTER, receives=2)],
        "two-records": [record(end, PRINTER),
                        record(message(outbound("non-latin-name.form")), NON_LATIN, number=2)],
        "two-records-first-malformed": [record("{", PRINTER),
                                        record(message(outbound("non-latin-name.form")), NON_LATIN, number=2)],
        "malformed-not-json": [record("event=support_conference_end&lsid=" + PRINTER, PRINTER)],
        "malformed-truncated-json": [record(end[:60], PRINTER)],
        "malformed-no-body": [record(compact({"v": 1, "appliance": "default", "received_at": "2025-03-18T13:27:21Z",
                                              "source": "event"}), PRINTER)],
        "malformed-broken-base64": [record(compact({"v": 1, "appliance": "default", "received_at": "2025-03-18T13:27:21Z",
                                                    "source": "event", "body_base64": "%%%"}), PRINTER)],
        "malformed-bad-lsid": [record(message(outbound("malformed-bad-lsid.form")), "none")],
        "unknown-version": [record(compact({"v": 2, "appliance": "default", "envelope": {"kind": "from the future"}}),
                                   PRINTER)],
        "unknown-key": [record(end[:-1] + ',"added_by_a_later_release":true}', PRINTER)],
    }
    return {f"queue/{name}.sqs.json": as_json({"Records": records}) for name, records in batches.items()}


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def message(body, source="event", encode=False):
    """A queue message: the raw body as it came, in base64 where its bytes are not plain printable ASCII."""
    value = {"v": 1, "appliance": "default", "received_at": "2025-03-18T13:27:21Z", "source": source}
    if encode or not all(0x20 <= byte < 0x7F for byte in body):
        value["body_base64"] = base64.b64encode(body).decode()
    else:
        value["body"] = body.decode()
    return compact(value)


def record(body, lsid, number=1, receives=1):
    """One record as the event source mapping of a FIFO queue delivers it."""
    return {
        "messageId": f"00000000-0000-4000-8000-{number:012d}",
        "receiptHandle": f"invented-receipt-handle-{number}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(RECEIVED * 1000),
            "SequenceNumber": f"188{number:017d}",
            "MessageGroupId": f"default:{lsid}",
            "SenderId": "AROAEXAMPLEEXAMPLE:session-bridge-receiver",
            "MessageDeduplicationId": hashlib.sha256(f"default\n{body}".encode()).hexdigest(),
            "ApproximateFirstReceiveTimestamp": str(RECEIVED * 1000 + 40),
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode()).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": "eu-central-1",
    }


# --- bulky reports -------------------------------------------------------------------------------------------------


def bulky_reports():
    return {}


if __name__ == "__main__":
    sys.exit(main())
