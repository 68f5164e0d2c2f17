"""The worker, as one would write it in Python: what `make bench` measures the Rust one beside.

A session's end becomes a note and a time entry in Autotask. A DynamoDB item per session says what has been written, so that
a message that comes twice writes nothing twice. Run by Lambda's own runtime for Python, `awslambdaric`.

It does the main job and no more: no look-ups of writes whose answer was lost, no pauses, no attachments, no surveys.
"""

import base64
import json
import logging
import os
import re
import time
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timezone
from functools import lru_cache
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

logger = logging.getLogger()
logger.setLevel(os.environ.get("LOG_LEVEL", "info").upper())

CONNECTION_PREFIX = os.environ["CONNECTION_PREFIX"]
RETENTION_SECONDS = int(os.environ["LEDGER_DAYS"]) * 86_400
TIMEOUT = (5, 30)
NOTE_CHARACTERS_MAX = 30_000
TICKET = re.compile(r"T\d{8}\.\d+", re.IGNORECASE)

# Made once, while the function starts.
config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
ledger = boto3.resource("dynamodb", config=config).Table(os.environ["LEDGER_TABLE"])
secrets = boto3.client("secretsmanager", config=config)


def handler(batch, _context):
    failures = []
    for record in batch["Records"]:
        # FIFO: what follows a failure is handed back untouched.
        if failures or not delivered(record):
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def delivered(record):
    try:
        message = json.loads(record["body"])
        form = parse_qs(message["body"])
        outcome = deliver(message["appliance"], form["event"][0], form["lsid"][0])
        logger.info(json.dumps({"outcome": outcome, "appliance": message["appliance"], "lsid": form["lsid"][0]}))
        return True
    except Exception:
        logger.exception("the message comes again")
        return False


def deliver(appliance, event, lsid):
    if event != "support_conference_end":
        return "ignored"
    written = claim(appliance, lsid)
    if written is None:
        return "already_done"
    connection = connect(appliance)
    session = connection.appliance.session(lsid)
    ticket = connection.autotask.ticket(TICKET.search(session.findtext("external_key", ""))[0])
    zone = ZoneInfo(connection.document["time_zone"])
    if "note" not in written:
        record(appliance, lsid, "note", connection.autotask.create_note(ticket, session, zone))
    if "time_entry" not in written:
        record(appliance, lsid, "time_entry", connection.autotask.create_time_entry(ticket, session, zone), is_last=True)
    return "delivered"


# --- the ledger: what has been written ------------------------------------------------------------------------------


def claim(appliance, lsid):
    """The item of the session, or None if all of it has been written."""
    now = int(time.time())
    try:
        answer = ledger.update_item(
            Key={"appliance": appliance, "lsid": lsid},
            UpdateExpression="SET claimed_at = :now, expires_at = :expires_at ADD claims :one",
            ConditionExpression="attribute_not_exists(finished_at)",
            ExpressionAttributeValues={":now": now, ":expires_at": now + RETENTION_SECONDS, ":one": 1},
            ReturnValues="ALL_NEW",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return None
        raise
    return answer["Attributes"]


def record(appliance, lsid, write, written_id, is_last=False):
    update = "SET #write = :id" + (", finished_at = :now" if is_last else "")
    ledger.update_item(
        Key={"appliance": appliance, "lsid": lsid},
        UpdateExpression=update,
        ConditionExpression="attribute_not_exists(#write)",
        ExpressionAttributeNames={"#write": write},
        ExpressionAttributeValues={":id": written_id} | ({":now": int(time.time())} if is_last else {}),
    )


# --- the neighbours -------------------------------------------------------------------------------------------------


class Connection:
    def __init__(self, document):
        self.document = document
        self.appliance = Appliance(document["appliance"])
        self.autotask = Autotask(document["autotask"])


@lru_cache(maxsize=None)
def connect(appliance):
    secret = secrets.get_secret_value(SecretId=CONNECTION_PREFIX + appliance)
    return Connection(json.loads(secret["SecretString"]))


class Appliance:
    def __init__(self, settings):
        self.url = settings["url"]
        self.credentials = (settings["oauth"]["client_id"], settings["oauth"]["client_secret"])
        self.http = requests.Session()
        # The vendor asks for it.
        self.http.headers["connection"] = "close"
        self.token_expires = 0

    def session(self, lsid):
        """The report of the session, as an element without namespaces."""
        self.renew_token()
        form = {"generate_report": "SupportSession", "lsid": lsid}
        answer = self.http.post(f"{self.url}/api/reporting", data=form, timeout=TIMEOUT)
        answer.raise_for_status()
        root = ElementTree.fromstring(answer.content)
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        if root.tag == "error" or (session := root.find("session")) is None:
            raise LookupError("the report is not ready")
        return session

    def renew_token(self):
        if time.time() < self.token_expires:
            return
        form = {"grant_type": "client_credentials"}
        answer = self.http.post(f"{self.url}/oauth2/token", data=form, auth=self.credentials, timeout=TIMEOUT)
        answer.raise_for_status()
        token = answer.json()
        self.http.headers["authorization"] = f"Bearer {token['access_token']}"
        self.token_expires = time.time() + token["expires_in"] - 60


class Autotask:
    def __init__(self, settings):
        self.url = settings["zone_url"] + "V1.0"
        self.time_entry = settings["time_entry"]
        self.http = requests.Session()
        self.http.headers.update(
            {"ApiIntegrationCode": settings["integration_code"], "UserName": settings["username"], "Secret": settings["secret"]}
        )
        self.resource = lru_cache(maxsize=1024)(self.resource)
        self.role = lru_cache(maxsize=128)(self.role)

    def ticket(self, number):
        return self.find("Tickets", [{"op": "eq", "field": "ticketNumber", "value": number}], ["id", "ticketNumber"])["id"]

    def resource(self, login):
        is_login = [{"op": "eq", "field": field, "value": login} for field in ("email", "email2", "email3", "userName")]
        return self.find("Resources", [{"op": "eq", "field": "isActive", "value": True}, {"op": "or", "items": is_login}])["id"]

    def role(self, name):
        return self.find("Roles", [{"op": "eq", "field": "name", "value": name}], ["id", "name"])["id"]

    def find(self, entity, conditions, fields=None):
        query = {"filter": conditions} | ({"includeFields": fields} if fields else {})
        rows = self.post(f"{entity}/query", query)["items"]
        if len(rows) != 1:
            raise LookupError(f"{len(rows)} {entity} instead of one")
        return rows[0]

    def create_note(self, ticket, session, zone):
        note = {
            "ticketID": ticket,
            "title": f"{title(session)} [{session.get('lsid')}/note.session]",
            "description": note_text(session, zone),
            "noteType": 1,
            "publish": 2,
        }
        return self.post(f"Tickets/{ticket}/Notes", note)["itemId"]

    def create_time_entry(self, ticket, session, zone):
        defaults = self.time_entry["defaults"]
        technician = primary_technician(session)
        login = technician.findtext("username")
        start, end = moment(session, "start_time"), moment(session, "end_time")
        entry = {
            "ticketID": ticket,
            "resourceID": self.resource(f"{login}@{self.time_entry['default_domain']}"),
            "roleID": self.role(defaults["roleName"]),
            "dateWorked": f"{start.astimezone(zone):%Y-%m-%d}T00:00:00Z",
            "startDateTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "endDateTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "summaryNotes": defaults["summaryNotes"],
            "internalNotes": f"[{session.get('lsid')}/time]\n{title(session)}, {technician.findtext('private_display_name')}",
        }
        return self.post("TimeEntries", entry)["itemId"]

    def post(self, path, body):
        answer = self.http.post(f"{self.url}/{path}", json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()


# --- the texts ------------------------------------------------------------------------------------------------------


def moment(session, name):
    return datetime.fromtimestamp(int(session.find(name).get("timestamp")), timezone.utc)


def primary_technician(session):
    technicians = session.findall("rep_list/representative")
    return next((one for one in technicians if one.findtext("primary_rep") == "1"), technicians[0])


def title(session):
    return f"Remote session {session.findtext('lseq')}, {session.findtext('duration')}, {session.findtext('primary_rep')}"


def note_text(session, zone):
    """The note: who, when, what was done, files, chat. The chat goes last, and gives way if the note is too long."""
    start, end = moment(session, "start_time").astimezone(zone), moment(session, "end_time").astimezone(zone)
    head = [
        f"REMOTE SUPPORT SESSION {session.findtext('lseq')}     {start:%d %b %Y, %H:%M}-{end:%H:%M} ({zone.key} {start:%z})",
        *(f"Customer     {customer_text(customer)}" for customer in session.iterfind("customer_list/customer")),
        "Technicians  " + "; ".join(technician_text(one) for one in session.iterfind("rep_list/representative")),
    ]
    if link := session.findtext("session_chat_view_url"):
        head.append(f"Chat         {link}")
    work, files, timeline = [], [], []
    for event in session.iterfind("session_details/event"):
        add_event(event, zone, work, files, timeline)
    sections = [("WORK DONE", work), (f"FILES ({len(files)})", files), (f"CHAT AND ACTIONS ({len(timeline)})", timeline)]
    parts = ["\n".join(head), *("\n".join([name, *lines]) for name, lines in sections if lines)]
    return "\n\n".join(parts)[:NOTE_CHARACTERS_MAX]


def customer_text(customer):
    info = customer.find("info")
    who = [info.findtext("name"), info.findtext("company")] if info is not None else [customer.findtext("username")]
    where = [customer.findtext("hostname"), customer.findtext("os")]
    return f"{', '.join(filter(None, who))}; {', '.join(filter(None, where))}"


def technician_text(technician):
    minutes = round(int(technician.findtext("seconds_involved", "0")) / 60)
    return f"{technician.findtext('private_display_name')}, {minutes} min"


def add_event(event, zone, work, files, timeline):
    kind, by = event.get("event_type"), event.find("performed_by")
    if by is None or by.get("type") == "system":
        return
    at = datetime.fromtimestamp(int(event.get("timestamp")), zone)
    if kind == "Chat Message":
        timeline.append(f"{at:%H:%M:%S} {by.text}: {body(event)}")
    elif kind == "Session Note Added":
        work.append(f"{at:%H:%M} {by.text}: {body(event)}")
    elif kind in ("File Upload", "File Download"):
        data = {value.get("name"): value.get("value") for value in event.iterfind("data/value")}
        files.append(f"{at:%H:%M} {data.get('filename')}, {int(data.get('filesize', 0)) / 1e6:.1f} MB")
        timeline.append(f"{at:%H:%M:%S} * {by.text} sent {data.get('filename')}")
    elif kind == "Command Shell Session Started":
        timeline.append(f"{at:%H:%M:%S} * {by.text} opened a command shell")
    elif kind == "Registry Value Modified":
        timeline.append(f"{at:%H:%M:%S} * {by.text} changed the registry")


def body(event):
    if encoded := event.findtext("encoded_body"):
        return base64.b64decode(encoded).decode(errors="replace")
    return event.findtext("body", "")
