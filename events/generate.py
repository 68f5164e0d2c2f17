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

NAMESPACE = "https://www.beyondtrust.com/namespaces/API/reporting"
LONG = "a0f5937cd81e4b62b7e4c3d29f186b05"
DEEP = "dee9000000000000000000000000dee9"
MESSAGES = 100
CHAT_CHARACTERS = 200_000
DEPTH = 2000


def bulky_reports():
    return {"reports/long.xml": long_report().encode(), "reports/deep.xml": deep_report().encode()}


def deep_report():
    """A session with an unknown element nested until the document is DEPTH elements deep; well-formed and small."""
    nested = DEPTH - 2
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<session_list xmlns="{NAMESPACE}"><session lsid="{DEEP}">' + "<n>" * nested + "</n>" * nested
        + '<end_time timestamp="1742979600">2025-03-26T09:00:00+00:00</end_time></session></session_list>\n'
    )


class Chance:
    """A fixed sequence that looks like chance (Knuth's linear congruential generator): every run writes the same."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit

    def choose(self, values):
        return values[self.below(len(values))]


OPENINGS = ["The import stops at row", "Since the update we see error", "My colleague counted", "In the log I find line",
            "Bei uns erscheint Fehler", "Nach dem Neustart fehlen", "The invoice shows", "Please look at position"]
MIDDLES = ["of the price list \u2013 not always \u2013", "in \u201eStammdaten & Preise\u201c", "although <Save> was pressed",
           "while the status bar says \"ready\"", "für die Filiale Köln", "with a != b && c > d", "and then ]]> appears",
           "after C:\\Daten\\Übergabe\\export.csv", "(see https://wiki.example.com/erp?id=7&view=full)", "at 3 \u00d7 12,50 \u20ac"]
ENDINGS = ["which is new.", "that's why I called.", "but only for him.", "und das täglich.", "so nobody can work.",
           "could that be the proxy?", "I will send a screenshot.", "wie schon im März...", "100 % sure!"]


def sentence(chance):
    return f"{chance.choose(OPENINGS)} {chance.below(90_000) + 10_000} {chance.choose(MIDDLES)} {chance.choose(ENDINGS)}"


def chat_texts():
    """MESSAGES texts of very different length, CHAT_CHARACTERS characters in all. Each begins and ends with its number,
    so that a lost, cut or doubled part is seen."""
    chance = Chance(20250326)
    lengths = [400 + chance.below(3200) for _ in range(MESSAGES)]
    lengths[-1] += CHAT_CHARACTERS - sum(lengths)
    return [chat_text(chance, number, length) for number, length in enumerate(lengths, start=1)]


def chat_text(chance, number, length):
    text, end = f"[{number}/{MESSAGES}]", f" [end of {number}]"
    while len(text) < length:
        text += chance.choose([" ", " ", " ", "\n"]) + sentence(chance)
    whole_words = text[: length - len(end)].rsplit(" ", 1)[0]
    return whole_words.ljust(length - len(end), ".") + end


def long_report():
    start = 1742979600  # 2025-03-26T09:00:00Z
    events = [
        event(start, "Session Start"),
        event(start + 3, "Conference Member Added", CUSTOMER, data={"name": "Sabine Groß"}),
        event(start + 20, "Conference Member Added", DANA,
              data={"private_name": "Dana Whitfield", "public_name": "Dana W.", "username": "dwhitfield", "user_id": "17"}),
        event(start + 25, "System Information Retrieved", CUSTOMER, extra=system_information()),
    ]
    for number, text in enumerate(chat_texts()):
        at = start + 60 + number * 70
        events += [
            event(at, "Chat Message", DANA if number % 3 == 2 else CUSTOMER, EVERYONE, f"<body>{escaped(text)}</body>"),
            event(at + 15, "Session Foreground Window Changed", CUSTOMER,
                  data={"exeName": "erp.exe", "windowName": f"Order {70_000 + number} - ERP"}),
            event(at + 40, "Registry Value Modified", DANA, CUSTOMER,
                  data={"key_path": f"HKCU\\Software\\Example ERP\\Client\\{number}", "value_name": "Timeout", "value_data": "30"}),
        ]
    events += [
        event(start + 7100, "Session Note Added", DANA, extra="<body>Two hours of chat. Import repaired, see wiki.</body>"),
        event(start + 7200, "Conference Member Departed", DANA),
        event(start + 7200, "Conference Member Departed", CUSTOMER),
        event(start + 7200, "Session End"),
    ]
    return LONG_HEAD + "".join(events) + "  </session_details>\n</session>\n</session_list>\n"


CUSTOMER = ("customer", 621, "Sabine Groß")
DANA = ("representative", 622, "Dana Whitfield")
EVERYONE = ("everyone", 0, "Everyone")


def event(at, kind, performed_by=None, destination=None, extra="", data=None):
    lines = [f'    <event timestamp="{at}" event_type="{kind}">']
    for tag, actor in (("performed_by", performed_by), ("destination", destination)):
        if actor:
            lines.append(f'      <{tag} type="{actor[0]}" gsnumber="{actor[1]}">{actor[2]}</{tag}>')
    if extra:
        lines.append(f"      {extra}")
    if data:
        values = "".join(f'<value name="{name}" value="{escaped(value)}" />' for name, value in data.items())
        lines.append(f"      <data>{values}</data>")
    return "\n".join([*lines, "    </event>"]) + "\n"


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def system_information():
    """So many rows that the note has to leave them out first."""
    rows = "".join(f'<row><field id="name">Service {n:03}</field><field id="state">{"running" if n % 3 else "stopped"}</field></row>'
                   for n in range(400))
    return ('<system_information><category name="General"><description><field id="computer_name" name="Computer Name"/></description>'
            '<data><row><field id="computer_name">ERP-PC-3</field></row></data></category><category name="Services"><description>'
            f'<field id="name" name="Name"/><field id="state" name="State"/></description><data>{rows}</data></category></system_information>')


LONG_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>

<session_list xmlns="{NAMESPACE}">
<session lsid="{LONG}">
  <session_type>support</session_type>
  <lseq>48345</lseq>
  <start_time timestamp="1742979600">2025-03-26T09:00:00+00:00</start_time>
  <rep_join_time timestamp="1742979620">2025-03-26T09:00:20+00:00</rep_join_time>
  <end_time timestamp="1742986800">2025-03-26T11:00:00+00:00</end_time>
  <duration>02:00:00</duration>
  <external_key>T20250326.0050</external_key>
  <session_chat_view_url>https://support.example.com/session_download?x=long&amp;dl_action=chat&amp;view=1</session_chat_view_url>
  <file_transfer_count>0</file_transfer_count>
  <primary_customer gsnumber="621">Sabine Groß</primary_customer>
  <primary_rep gsnumber="622" id="17">Dana Whitfield</primary_rep>
  <customer_list>
    <customer gsnumber="621">
      <username>Sabine Groß</username>
      <public_ip>203.0.113.50:60001</public_ip>
      <private_ip>10.5.0.3</private_ip>
      <hostname>ERP-PC-3</hostname>
      <os>Windows 11 Pro x64 (23H2)</os>
      <primary_cust>1</primary_cust>
      <info><name>Sabine Groß</name><company>Example Wholesale</company><issue>ERP</issue><details>Import stops</details></info>
    </customer>
  </customer_list>
  <rep_list>
    <representative gsnumber="622" id="17">
      <username>dwhitfield</username>
      <display_name>Dana W.</display_name>
      <public_display_name>Dana W.</public_display_name>
      <private_display_name>Dana Whitfield</private_display_name>
      <public_ip>198.51.100.23:50622</public_ip>
      <private_ip>192.168.7.15</private_ip>
      <hostname>SD-WS-015</hostname>
      <os>Windows 10 Pro x64</os>
      <primary_rep>1</primary_rep>
      <seconds_involved>7180</seconds_involved>
    </representative>
  </rep_list>
  <session_details>
"""


if __name__ == "__main__":
    sys.exit(main())
