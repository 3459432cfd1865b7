"""An emulated org with a clock and people in it, for the test modules about access."""

import time
from itertools import count
from pathlib import Path
from typing import Any

from simple_salesforce import format_soql

from bot.sandbox.salesforce import SalesforceEmulator, UserSnapshot
from bot.sandbox.salesforce.settings import GroupLock, Settings
from tests.sandbox.salesforce_org import Client, record

SELLERS = "Standard User"
INBOX = "InboxWithEinsteinActivityCapture"
INBOX_PSL = f"{INBOX}Psl"


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class People(Client):
    """The raw client of an org with unlimited seats, where every user made is a new one."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.clock = Clock()
        super().__init__(SalesforceEmulator(clock=self.clock, **options), folder)
        self.admin = self.emulator.admin
        self._numbers = count(1)
        self._sellers = ""
        self.reset()

    def reset(self) -> None:
        """Put switches, locks and totals back to where every case starts."""
        self.org.database.settings = Settings()
        self.org.database.group_lock = GroupLock(self.clock)
        self.org.lag_counters(is_lagging=False)
        for pool in self.org.pools():
            if pool.kind == "user licence":
                self.org.set_total(pool.name, -1)
        for name in (INBOX_PSL, "SalesforceCPQPsl", "acmesign"):
            self.org.set_total(name, -1)

    def person(self, **changes: Any) -> dict[str, Any]:
        name = f"p{next(self._numbers)}"
        if not self._sellers:
            self._sellers = self.named("Profile", SELLERS)
        values = {
            "Username": f"{name}@acme.example.crm",
            "LastName": name,
            "Email": f"{name}@acme.example",
            "Alias": name,
            "CommunityNickname": name,
            "TimeZoneSidKey": "America/New_York",
            "LocaleSidKey": "en_US",
            "EmailEncodingKey": "UTF-8",
            "LanguageLocaleKey": "en_US",
            "ProfileId": self._sellers,
        }
        return values | changes

    def make(self, **changes: Any) -> str:
        """Create a user and return the id."""
        return self.post("User", **self.person(**changes))

    def ask(self, text: str, *values: str) -> list[dict[str, Any]]:
        """Query with values in the place of the braces, quoted."""
        return self.query(format_soql(text, *values))

    def collect(self, records: list[dict[str, Any]]) -> list[str]:
        """Create many records in one call and return their ids."""
        answer = self.call("POST", "composite/sobjects", {"records": records}).json()
        assert all(one["success"] for one in answer), answer
        return [str(one["id"]) for one in answer]

    def assign_to_many(self, number: int, name: str) -> list[str]:
        """Assign a permission set to as many new users and return the assignments' ids."""
        users = self.collect([record("User", **self.person()) for _ in range(number)])
        set_id = self.named("PermissionSet", name)
        return self.collect(
            [
                record("PermissionSetAssignment", AssigneeId=one, PermissionSetId=set_id)
                for one in users
            ]
        )

    def named(self, entity: str, name: str) -> str:
        """Return the id of a record by its API name."""
        columns = {"PackageLicense": "NamespacePrefix", "Profile": "Name", "PermissionSet": "Name"}
        column = columns.get(entity, "DeveloperName")
        text = "SELECT Id FROM {:literal} WHERE {:literal} = {}"
        return str(self.ask(text, entity, column, name)[0]["Id"])

    def post(self, entity: str, **values: Any) -> str:
        answer = self.call("POST", f"sobjects/{entity}", values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def patch(self, entity: str, record_id: str, **values: Any) -> None:
        answer = self.call("PATCH", f"sobjects/{entity}/{record_id}", values)
        assert answer.status_code == 204, answer.text

    def delete(self, entity: str, record_id: str) -> None:
        answer = self.call("DELETE", f"sobjects/{entity}/{record_id}")
        assert answer.status_code == 204, answer.text

    def refused(self, entity: str, **values: Any) -> str:
        """Create what should be refused and return the code; the status is 400."""
        status, code, _ = self.refusal("POST", f"sobjects/{entity}", values)
        assert status == 400
        return code

    def refused_patch(self, entity: str, record_id: str, **values: Any) -> str:
        status, code, _ = self.refusal("PATCH", f"sobjects/{entity}/{record_id}", values)
        assert status == 400
        return code

    def assign(self, user: str, name: str, **more: Any) -> str:
        """Assign a permission set."""
        set_id = self.named("PermissionSet", name)
        return self.post("PermissionSetAssignment", AssigneeId=user, PermissionSetId=set_id, **more)

    def assign_group(self, user: str, name: str, **more: Any) -> str:
        """Assign a permission set group."""
        group = self.named("PermissionSetGroup", name)
        values = {"AssigneeId": user, "PermissionSetGroupId": group, **more}
        return self.post("PermissionSetAssignment", **values)

    def user(self, key: str) -> UserSnapshot:
        found = self.org.user(key)
        assert found is not None
        return found

    def login_of(self, user: str) -> dict[str, Any]:
        text = "SELECT Id, IsFrozen, IsPasswordLocked FROM UserLogin WHERE UserId = {}"
        (row,) = self.ask(text, user)
        return row

    def in_(self, seconds: float) -> str:
        """Return the moment so many seconds from now, as the API writes it."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock.now + seconds))
