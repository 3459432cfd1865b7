"""The office's CRM, in which accounts drift from what was granted."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from bot.domain.audit import Tag
from bot.domain.changes import Part
from bot.domain.drift_kinds import Kind
from bot.domain.drift_snapshot import OrgSnapshot, OrgUser
from bot.domain.grant import Grant
from bot.domain.plan import Scope
from bot.domain.policy import Removals
from bot.workflows.reconciling import HEAL, Drift, find_drift, heal, start_healing
from tests.workflows.office import Office

ME = "cli:root"


class Org:
    """The office's CRM as a whole read would show it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.more: dict[str, Any] = {}
        self.meanwhile: Callable[[], object] = lambda: None

    def read(self, _scope: Scope) -> OrgSnapshot:
        seats = self.office.seats.seats
        users = {
            seat.user_id: OrgUser(
                id=seat.user_id,
                username=seat.username,
                name=person_id,
                mail=f"{person_id}@acme.example",
                person_id=seat.person_id,
                sso="",
                is_active=seat.is_active,
                is_frozen=seat.is_frozen,
                profile=seat.profile,
                licence=seat.licence,
                role=seat.role,
                user_type="Standard",
                created=None,
                last_login=None,
                features=seat.features,
                parts=seat.parts,
                ends=seat.ends,
            )
            for person_id, seat in seats.items()
        }
        self.meanwhile()
        usual = {"taken_at": self.office.clock.now(), "own_user_id": "005-usher"}
        return OrgSnapshot(users=users, **{**usual, **self.more})

    def drift(self) -> Drift:
        office = self.office
        roster, policy = office.people.roster(), office.policies.policy()
        return find_drift(office.ledger, policy, roster, "crm", self.read)

    def mend(self, *, work: bool = True) -> list[str]:
        start_healing(self.office.ctx, self.drift(), actor=ME)
        return self.office.work() if work else []

    def change(self, person_id: str, **changes: Any) -> None:
        seats = self.office.seats.seats
        seats[person_id] = replace(seats[person_id], **changes)

    def add_set(self, person_id: str, name: str) -> None:
        held = self.office.seats.seats[person_id].held(Part.SET)
        self.change(person_id, parts={Part.SET: held | {name}})

    def kinds(self) -> list[Kind]:
        return [one.kind for one in self.drift().findings]

    def tags(self, subject: str) -> list[Tag]:
        drift = (Tag.DRIFT_HEALING, Tag.DRIFT_HEALED, Tag.DRIFT_LEFT)
        return [tag for tag in self.office.tags(subject) if tag in drift]

    def grant_of(self, person_id: str) -> Grant:
        with self.office.store.read() as tx:
            (found,) = tx.grants.of_person(person_id)
        return found


def made(office: Office) -> Org:
    """Let the office mend drift, ten accounts at a time."""
    office._bodies[HEAL] = partial(heal, office.ctx)
    now = office.policies.now
    company = replace(now.company, removals=Removals(count=10, percent=100))
    office.policies.now = replace(now, company=company)
    return Org(office)
