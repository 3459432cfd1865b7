"""One emulated org with a raw client and the unmodified simple_salesforce, for the test modules."""

from pathlib import Path
from typing import Any

import requests
from simple_salesforce import Salesforce, format_soql

from bot.sandbox.salesforce import SalesforceEmulator

V = "/services/data/v62.0"
BOT = "usher@acme.example.crm"
GUS = "gus.hale@acme.example.crm"
HAL = "hal.mercer@acme.example.crm"
IDA = "ida.fonseca@acme.example.crm"
TOM = "tom.reyes@acme.example.crm"
ZOE = "zoe.wild@acme.example.crm"  # inactive from the start


class Client:
    """Raw requests with a token of their own; `sf` is the SDK on the same session."""

    def __init__(self, emulator: SalesforceEmulator, folder: Path) -> None:
        self.emulator, self.org = emulator, emulator.org
        self.url = emulator.serve_tls()
        ca_file = folder / f"{emulator.org_id}.pem"
        ca_file.write_bytes(emulator.ca_pem)
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, str(ca_file)
        self.log_in()
        self.sf = Salesforce(
            instance_url=self.url, session_id=self.token, session=self.session, version="62.0"
        )

    def log_in(self) -> None:
        app = (self.emulator.client_id, self.emulator.client_secret)
        form = {"grant_type": "client_credentials"}
        token_url = f"{self.url}/services/oauth2/token"
        answer = self.session.post(token_url, data=form, auth=app, timeout=9)
        self.token = str(answer.json()["access_token"])

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """Send one request below the version."""
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        url = f"{self.url}{V}/{path}"
        return self.session.request(method, url, json=body, headers=headers, timeout=60, **more)

    def query(
        self, text: str, *values: object, resource: str = "query", **named: object
    ) -> list[dict[str, Any]]:
        """Return the records of one page, or fail with the org's refusal."""
        soql = format_soql(text, *values, **named) if values or named else text
        answer = self.call("GET", resource, params={"q": soql})
        assert answer.status_code == 200, answer.text
        records: list[dict[str, Any]] = answer.json()["records"]
        return records

    def count(self, source: str, **equal: object) -> int:
        """Count the records of an object, those with these values where some are given."""
        soql = format_soql("SELECT COUNT() FROM {:literal}", source)
        tests = [format_soql("{:literal} = {}", name, value) for name, value in equal.items()]
        if tests:
            soql = f"{soql} WHERE {' AND '.join(tests)}"
        return int(self.call("GET", "query", params={"q": soql}).json()["totalSize"])

    def refusal(self, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
        """Send what should be refused; return (status, errorCode, message)."""
        answer = self.call(method, path, body)
        assert answer.status_code >= 400, answer.text
        first = answer.json()[0]
        return answer.status_code, first["errorCode"], first["message"]

    def composite(self, *subrequests: Any, **flags: Any) -> list[tuple[int, Any]]:
        body = {"compositeRequest": list(subrequests)} | flags
        answer = self.call("POST", "composite", body).json()
        return [(one["httpStatusCode"], one["body"]) for one in answer["compositeResponse"]]

    def id(self, user: str) -> str:
        found = self.org.user(user)
        assert found is not None, user
        return found.id

    def close(self) -> None:
        self.session.close()
        self.emulator.close()


def sub(name: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """Return one subrequest of a composite."""
    one = {"method": method, "url": f"{V}/{path}", "referenceId": name}
    return one if body is None else one | {"body": body}


def record(kind: str, **values: Any) -> dict[str, Any]:
    """Return one record of a collections call."""
    return {"attributes": {"type": kind}, **values}
