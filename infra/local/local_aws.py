"""The few calls that the local system makes to the local AWS, with the standard library alone.

Requests are not really signed, which only an emulator accepts: this cannot talk to the real AWS, not even by mistake.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

from progress import Stopped

REGION = "eu-central-1"
TIMEOUT_SECONDS = 30
# Proxy settings of the machine must not lead away from loopback.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Stopped):
    """The local AWS answered with an error, or not at all; `code` is the name that AWS gives it."""

    def __init__(self, code: str, message: str):
        super().__init__(f"the local AWS: {code}: {message}", do_next="see .local/<name>/ministack.log; make down, then repeat the command")
        self.code = code


def http(method: str, url: str, *, headers: dict[str, str] | None = None, body: bytes | None = None,
         timeout: float = TIMEOUT_SECONDS) -> tuple[int, bytes]:
    """Makes one request and returns status and body, whatever the status. Raises `OSError` when nobody answers."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with _DIRECT.open(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read()


class LocalAws:
    """The local AWS at one endpoint."""

    def __init__(self, endpoint: str):
        self.endpoint = endpoint

    def call(self, service: str, target: str, **arguments) -> dict:
        """Calls a service that speaks JSON. `target` is what the API calls X-Amz-Target."""
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": target,
            "Authorization": _authorization(service),
        }
        status, answer = self._exchange("POST", "", headers, json.dumps(arguments).encode())
        content = json.loads(answer or b"{}")
        if status != 200:
            code = str(content.get("__type", status)).rsplit("#", 1)[-1]
            raise Refused(code, str(content.get("message") or content.get("Message") or ""))
        return content

    def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
        try:
            return http(method, f"{self.endpoint}/{path}", headers=headers, body=body)
        except OSError as failure:
            raise Refused("no answer", f"{self.endpoint}: {failure}") from failure

    def stack_outputs(self, stack: str) -> dict[str, str]:
        """The outputs of a CloudFormation stack."""
        return self._stack_pairs(stack, "Outputs", "OutputKey", "OutputValue")

    def stack_resources(self, stack: str) -> dict[str, str]:
        """The physical name of each resource of a stack, by its name in the template."""
        root = self._query("cloudformation", Action="DescribeStackResources", Version="2010-05-15", StackName=stack)
        return _pairs(root, "StackResources", "LogicalResourceId", "PhysicalResourceId")

    def _stack_pairs(self, stack: str, container: str, key: str, value: str) -> dict[str, str]:
        root = self._query("cloudformation", Action="DescribeStacks", Version="2010-05-15", StackName=stack)
        return _pairs(root, container, key, value)

    def _query(self, service: str, **arguments: str) -> ElementTree.Element:
        """Calls a service that speaks the older form-and-XML protocol."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": _authorization(service)}
        status, answer = self._exchange("POST", "", headers, urllib.parse.urlencode(arguments).encode())
        if status != 200:
            raise Refused(str(status), answer.decode(errors="replace")[:500])
        return ElementTree.fromstring(answer)

    def create_bucket(self, name: str) -> None:
        """Makes a bucket; it is no error that it exists."""
        place = f"<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        headers = {"Authorization": _authorization("s3")}
        status, answer = self._exchange("PUT", name, headers, place.encode())
        if status not in (200, 409):
            raise Refused(str(status), answer.decode(errors="replace")[:500])

    def put_secret(self, name: str, value: str) -> None:
        """Sets a secret, making it when it is new."""
        try:
            self.call("secretsmanager", "secretsmanager.CreateSecret", Name=name, SecretString=value)
        except Refused as refused:
            if refused.code != "ResourceExistsException":
                raise
            self.call("secretsmanager", "secretsmanager.PutSecretValue", SecretId=name, SecretString=value)

    def log_lines(self, group: str) -> Iterator[str]:
        """What a log group holds, oldest first."""
        arguments = {"logGroupName": group}
        while True:
            answer = self.call("logs", "Logs_20140328.FilterLogEvents", **arguments)
            yield from (event["message"].rstrip() for event in answer.get("events", []))
            if not answer.get("nextToken"):
                return
            arguments["nextToken"] = answer["nextToken"]

    def function_environment(self, function: str) -> dict[str, str]:
        """The variables that a function was deployed with."""
        headers = {"Authorization": _authorization("lambda")}
        status, answer = self._exchange("GET", f"2015-03-31/functions/{function}/configuration", headers, None)
        if status != 200:
            raise Refused(str(status), answer.decode(errors="replace")[:500])
        return json.loads(answer)["Environment"]["Variables"]

    def messages_in(self, queue_url: str) -> int:
        """How many messages a queue holds, those being worked on included."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.call("sqs", "AmazonSQS.GetQueueAttributes", QueueUrl=queue_url, AttributeNames=counts)
        return sum(int(answer["Attributes"][name]) for name in counts)


def _authorization(service: str) -> str:
    return (f"AWS4-HMAC-SHA256 Credential=local/20250101/{REGION}/{service}/aws4_request, "
            "SignedHeaders=host, Signature=0")


def _pairs(root: ElementTree.Element, container: str, key: str, value: str) -> dict[str, str]:
    """The key-value pairs of every member of a list in an XML answer, by local names."""
    found = {}
    for element in root.iter():
        if _local_name(element) != container:
            continue
        for member in element:
            fields = {_local_name(field): field.text or "" for field in member}
            if key in fields:
                found[fields[key]] = fields.get(value, "")
    return found


def _local_name(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
