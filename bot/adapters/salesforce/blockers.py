"""What depends on a user, as far as SOQL can tell it before the user is deactivated."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.soql import soql
from bot.domain.blockers import Blocker, BlockerKind
from bot.domain.field_name import FieldName
from bot.domain.text import clean

_MOST = 50
_MOST_USERS = 500
"""Reports and holders come in one answer, in which many reports must not push the holders out."""
_LONGEST_NAME = 80
_USERS = (
    "SELECT Id, Name, ManagerId, IsActive<fields> FROM User "
    "WHERE (ManagerId = {user} AND IsActive = true)<any> LIMIT {most}"
)
_ONE_FIELD = " OR {name} = {user}"
_APPROVALS = (
    "SELECT Id, ProcessInstance.TargetObjectId FROM ProcessInstanceWorkitem "
    "WHERE ActorId = {user} LIMIT {most}"
)
_JOBS = (
    "SELECT Id, CronJobDetail.Name FROM CronTrigger WHERE OwnerId = {user} "
    "AND State IN {states} LIMIT {most}"
)
_DASHBOARDS = "SELECT Id, Title FROM Dashboard WHERE RunningUserId = {user} LIMIT {most}"
USERS = "users"
_STATES = ("WAITING", "ACQUIRED", "EXECUTING", "PAUSED", "BLOCKED", "PAUSED_BLOCKED")
"""Of a job that will run again (object reference, CronTrigger)."""


def blocker_questions(user_id: str, hierarchy: Iterable[FieldName]) -> dict[str, str]:
    """Ask for everything that SOQL can tell, in four queries."""
    about: dict[str, str | int] = {"user": user_id, "most": _MOST}
    asked = {
        "approvals": soql(_APPROVALS, **about),
        "jobs": soql(_JOBS, states=_STATES, **about),
        "dashboards": soql(_DASHBOARDS, **about),
    }
    names = list(hierarchy)
    any_of = "".join(soql(_ONE_FIELD, name=name, user=user_id) for name in names)
    text = _USERS.replace("<fields>", "".join(f", {name}" for name in names))
    asked[USERS] = soql(text, user=user_id, most=_MOST_USERS).replace("<any>", any_of)
    return asked


def hierarchy_fields(described: Record) -> tuple[FieldName, ...]:
    """Find the custom fields of User that point at users."""
    return tuple(_hierarchy_fields(described.get("fields") or ()))


def blockers_found(found: Mapping[str, list[Record]], user_id: str) -> Iterator[Blocker]:
    """Read the answers; of all these, only hierarchy fields surely keep the user active."""
    users = found[USERS]
    yield from _holders(users, user_id)
    approvals = [_related(row, "ProcessInstance", "TargetObjectId") for row in found["approvals"]]
    # Which approvals block is not documented well: the refusal tells, if there is one.
    yield from _one(BlockerKind.APPROVAL, approvals, at=approvals)
    jobs = [_related(row, "CronJobDetail", "Name") for row in found["jobs"]]
    yield from _one(BlockerKind.JOB, jobs, at=["lightning/setup/ScheduledJobs/home"])
    dashboards = found["dashboards"]
    reports = [r for r in users if r["IsActive"] is True and _is(r["ManagerId"], user_id)][:_MOST]
    titles = [str(row.get("Title", "")) for row in dashboards]
    yield from _one(BlockerKind.DASHBOARD, titles, at=_ids(dashboards))
    names = [str(row.get("Name", "")) for row in reports]
    yield from _one(BlockerKind.REPORTS, names, at=_ids(reports))


def located(blockers: Iterable[Blocker], host: str) -> tuple[Blocker, ...]:
    """Make the places absolute addresses of the org."""
    return tuple(
        replace(one, where=f"https://{host}/{one.where}" if one.where else "") for one in blockers
    )


def _hierarchy_fields(fields: Iterable[Record]) -> Iterator[FieldName]:
    for field in fields:
        is_reference = field.get("type") == "reference" and "User" in field.get("referenceTo", ())
        if is_reference and field.get("custom") is True:
            yield FieldName(str(field["name"]))


def _holders(rows: Iterable[Record], user_id: str) -> Iterator[Blocker]:
    named: list[str] = []
    first = ""
    for row in rows:
        fields = [name for name, value in row.items() if _is(value, user_id)]
        fields = [name for name in fields if name not in ("Id", "ManagerId")]
        named += [f"{clean(str(row.get('Name', '')), _LONGEST_NAME)}: {one}" for one in fields]
        first = first or (str(row.get("Id", "")) if fields else "")
    if named:
        yield Blocker(kind=BlockerKind.HIERARCHY, what=tuple(named[:_MOST]), where=first)


def _is(value: object, user_id: str) -> bool:
    return str(value)[:15] == user_id[:15]


def _one(kind: BlockerKind, names: list[str], *, at: list[str]) -> Iterator[Blocker]:
    if names:
        what = tuple(clean(name, _LONGEST_NAME) for name in names)
        yield Blocker(kind=kind, what=what, where=at[0], is_hard=False)


def _related(row: Record, relation: str, field: str) -> str:
    return str((row.get(relation) or {}).get(field) or "")


def _ids(rows: Iterable[Record]) -> list[str]:
    return [str(row["Id"]) for row in rows]
