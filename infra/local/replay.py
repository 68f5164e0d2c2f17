"""Posts a sample event to the local system, or to any URL, and says what became of it.

    python3 infra/local/replay.py events/outbound/support_conference_end.form
    python3 infra/local/replay.py events/function-url/wrong-token.function-url.json
    python3 infra/local/replay.py events/outbound/unknown-event.form --url 'https://.../ERSPost?appliance=...&outbound_event_token=...'

Three kinds of files: a form body (`*.form`), a multipart body (`*.multipart`), and the complete payload of a function URL
(`*.function-url.json`, which brings method, path, token and body of its own). With `--url` path, appliance and token are
those of the URL, whatever the file says.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import sys
import urllib.parse
from dataclasses import dataclass, replace
from pathlib import Path

import description
import progress
from local_aws import http
from progress import Stopped

FORM = "application/x-www-form-urlencoded"

# What each answer of the receiver means, by status and body.
MEANINGS = {
    (200, "queued"): "Stored in the events queue; the worker brings it to its end. (The same bytes again within five minutes are taken for a resend and dropped.)",
    (200, "ignored"): "Authentic, but no event that Session Bridge knows: counted, stored nowhere.",
    (200, "quarantined"): "Authentic, but malformed: kept in the quarantine queue. It is answered 200 because a resend would not cure it.",
    (401, ""): "Refused: wrong or missing token, unknown appliance, or a source address that is not allowed. Stored nowhere.",
    (404, ""): "Refused: not the path of the outbound events.",
    (405, ""): "Refused: outbound events are posted.",
    (503, "unavailable"): "Could not be stored; an appliance would send it again.",
}


@dataclass
class Call:
    """One HTTP call as an appliance would make it."""

    method: str
    url: str
    content_type: str | None
    body: bytes


def call_from(path: Path, *, base: str, query: str) -> Call:
    """Reads a sample. `base` is the receiver's address up to and with /ERSPost; `query` names appliance and token."""
    if path.name.endswith(".function-url.json"):
        return _from_payload(path, base)
    url = f"{base}?{query}"
    if path.suffix == ".form":
        return Call("POST", url, FORM, path.read_bytes())
    if path.suffix == ".multipart":
        body = path.read_bytes()
        boundary = body.split(b"\r\n", 1)[0][2:].decode("ascii", errors="replace")
        return Call("POST", url, f"multipart/form-data; boundary={boundary}", body)
    raise Stopped(f"{path} is no sample that can be posted", do_next="name a *.form, *.multipart or *.function-url.json file (events/README.md lists them)")


def _from_payload(path: Path, base: str) -> Call:
    payload = json.loads(path.read_text())
    root = base.removesuffix("/ERSPost")
    query = payload.get("rawQueryString", "")
    return Call(
        method=payload["requestContext"]["http"]["method"],
        url=f"{root}{payload['rawPath']}{'?' if query else ''}{query}",
        content_type=payload.get("headers", {}).get("content-type"),
        body=_body_of(path, payload),
    )


def _body_of(path: Path, payload: dict) -> bytes:
    body = payload.get("body") or ""
    if not payload.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise Stopped(f"the body of {path} is no base64, so there is nothing that could be posted",
                      do_next="this sample is for `cargo lambda invoke --data-file` and the tests; name another") from None


def post(call: Call) -> tuple[int, str]:
    """Makes the call and returns status and body."""
    headers = {"Content-Type": call.content_type} if call.content_type else {}
    # urllib would add a form's content type to any body that has none.
    body = call.body if call.method == "POST" else None
    status, answer = http(call.method, call.url, headers=headers or {"Content-Type": ""}, body=body)
    return status, answer.decode(errors="replace")


def _call(arguments: argparse.Namespace) -> Call:
    if not arguments.event.is_file():
        raise Stopped(f"there is no file {arguments.event}", do_next="ls events/outbound events/function-url")
    if arguments.url:
        # A query the URL does not have is left out, so that a missing token can be tried.
        base, _, query = arguments.url.partition("?")
        return replace(call_from(arguments.event, base=base, query=query), url=arguments.url)
    known = description.load(arguments.name)
    token = known.appliances.get(arguments.appliance)
    if token is None:
        raise Stopped(f"the local system has no appliance {arguments.appliance}", do_next="leave APPLIANCE out, for `default`")
    query = urllib.parse.urlencode({"appliance": arguments.appliance, "outbound_event_token": token})
    return call_from(arguments.event, base=known.outbound_event_url, query=query)


def _without_token(url: str) -> str:
    base, _, query = url.partition("?")
    shown = [(name, "***" if "token" in name else value) for name, value in urllib.parse.parse_qsl(query)]
    return f"{base}?{urllib.parse.urlencode(shown, safe='*')}" if shown else base


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("event", type=Path)
    parser.add_argument("--url", help="post here instead of to the local system")
    parser.add_argument("--appliance", default="default", help="which appliance of the local system [default]")
    parser.add_argument("--name", default="local", help="which local system [local]")
    call = _call(parser.parse_args())
    progress.line(f"{call.method} {_without_token(call.url)}  ({len(call.body)} bytes)")
    try:
        status, answer = post(call)
    except OSError as failure:
        raise Stopped(f"nobody answers at {_without_token(call.url)}: {failure}", do_next="make up, or correct URL=") from failure
    progress.line(f"{status} {answer}".rstrip())
    progress.line(MEANINGS.get((status, answer), "Not an answer of the receiver; look at the URL and at the receiver's log."))
    return 0 if (status, answer) in MEANINGS and status != 503 else 1


if __name__ == "__main__":
    progress.run(main)
