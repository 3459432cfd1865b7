"""The closed vocabulary of policy files, one model for each kind of file."""

from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema

from bot.adapters.policy_files.forms import (
    MOST_DAYS,
    Day,
    DeveloperName,
    EmergencyTerm,
    FieldName,
    Holidays,
    LocalTime,
    Login,
    Name,
    PersonId,
    Prefix,
    Record,
    ShortText,
    Term,
    TermOrPermanent,
    Text,
    WebAddress,
    Zone,
)
from bot.domain.decision import Answer
from bot.domain.people import Engagement
from bot.domain.policy import Delivery, Provider, QuestionForm, Risk, WhenFull
from bot.domain.policy_checks_levels import MOST_QUESTIONS
from bot.domain.policy_pools import Feature

# Strict models take neither a list for a tuple nor text for an enum, and YAML has nothing else.
Names = Annotated[tuple[Name, ...], Field(strict=False)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
DeveloperNames = Annotated[tuple[DeveloperName, ...], Field(strict=False)]
Features = Annotated[tuple[Annotated[Feature, Field(strict=False)], ...], Field(strict=False)]
PersonIds = Annotated[tuple[PersonId, ...], Field(strict=False)]

# What can happen in a test case: exactly one of them.
EVENTS = ("joined", "left", "role_changed", "request")


class Closed(BaseModel):
    """Nothing unknown, nothing converted, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the files, in which a key without a value is a mistake and never a null."""
        schema = handler(core_schema)
        for field in handler.resolve_ref_schema(schema).get("properties", {}).values():
            kept = [choice for choice in field.pop("anyOf", ()) if choice != {"type": "null"}]
            field.update(*kept)
            if field.get("default", ...) is None:
                del field["default"]
        return schema


class HelpModel(Closed):
    slack: Text = ""
    github_label: Text = ""


class GroupModel(Closed):
    members: Annotated[tuple[Login, ...], Field(strict=False)]
    backup: Name | None = None


class ApprovalsModel(Closed):
    default: Names = ("manager",)
    critical_adds: Names = ()
    remind_after: Term | None = None
    escalate_after: Term | None = None
    lapse_after: Term | None = None


class RemovalsModel(Closed):
    count: Annotated[int, Field(ge=1)]
    percent: Annotated[int, Field(ge=1, le=100)]


class LimitsModel(Closed):
    removals: RemovalsModel


class CompanyFile(Closed):
    kind: Literal["company"]
    id: Name
    timezone: Zone
    holidays: Holidays | None = None
    answer_within: Term | None = None
    revoke_within: Term | None = None
    unused_after: Term | None = None
    review_every: Term | None = None
    help: HelpModel = Field(default_factory=HelpModel)
    groups: dict[Name, GroupModel]
    approvals: ApprovalsModel = Field(default_factory=ApprovalsModel)
    limits: LimitsModel | None = None


class RoleModel(Closed):
    department: Text
    birthright: Texts = ()


class RolesFile(Closed):
    kind: Literal["roles"]
    roles: dict[Name, RoleModel]


class UrgentModel(Closed):
    mention: Name
    slack: Text = ""


class PoolModel(Closed):
    seats: Annotated[int, Field(ge=0)] | None = None
    keep_free: Annotated[int, Field(ge=0)] = 0
    when_full: Annotated[WhenFull, Field(strict=False)] = WhenFull.WAIT


class BundleModel(Closed):
    licence: Text = ""
    profile: Text = ""
    permission_sets: Texts = ()
    permission_set_groups: DeveloperNames = ()
    permission_set_licences: Texts = ()
    packages: Annotated[tuple[Prefix, ...], Field(strict=False)] = ()
    features: Features = ()
    role: DeveloperName = ""
    groups: DeveloperNames = ()
    queues: DeveloperNames = ()
    by_hand: Texts = ()


class QuestionModel(Closed):
    id: Name
    asks: ShortText
    form: Annotated[QuestionForm, Field(strict=False)] = QuestionForm.TEXT
    required: bool = True


Questions = Annotated[
    tuple[QuestionModel, ...],
    Field(strict=False, json_schema_extra={"maxItems": MOST_QUESTIONS}),
]


class RequestModel(Closed):
    by: Names
    not_: Names = Field(default=(), alias="not")
    approve: Names | None = None
    longest: TermOrPermanent
    questions: Questions = ()


class BreakGlassModel(Closed):
    by: Names
    longest: EmergencyTerm


class ObjectModel(Closed):
    """The rights to one object; what is not written is not asked for."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    read: DeveloperNames = ()
    create: DeveloperNames = ()
    edit: DeveloperNames = ()
    delete: bool = False
    view_all: bool = False


class IntegrationModel(Closed):
    objects: Annotated[
        dict[DeveloperName, ObjectModel], Field(json_schema_extra={"minProperties": 1})
    ]


class LevelModel(Closed):
    says: Text
    risk: Annotated[Risk, Field(strict=False)]
    bundle: BundleModel
    request: RequestModel | None = None
    break_glass: BreakGlassModel | None = None
    integration: IntegrationModel | None = None


class OnLeaveModel(Closed):
    hand_over: dict[FieldName, Name]


class ConditionsModel(Closed):
    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    already_had: bool | None = None
    longest: Term | None = None
    engagement: Annotated[Engagement, Field(strict=False)] | None = None
    roles: Names | None = None


class AutoApproveModel(Closed):
    id: Name
    levels: Texts
    when: ConditionsModel
    approved_by: Name
    approved_on: Day
    record: Record


class SystemFile(Closed):
    kind: Literal["system"]
    id: Name
    title: ShortText
    provider: Annotated[Provider, Field(strict=False)]
    dri: Name
    urgent: UrgentModel | None = None
    delivery: Annotated[Delivery, Field(strict=False)]
    username: Text = "{mail}"
    url: WebAddress | None = None
    user_fields: dict[FieldName, Text] = Field(default_factory=dict)
    pools: dict[Text, PoolModel] = Field(default_factory=dict)
    levels: Annotated[dict[Name, LevelModel], Field(json_schema_extra={"minProperties": 1})]
    on_leave: OnLeaveModel | None = None
    auto_approve: Annotated[tuple[AutoApproveModel, ...], Field(strict=False)] = ()
    native_expiry: bool = False


class ExceptionModel(Closed):
    approve: Names
    longest: Term


class SeparationModel(Closed):
    id: Name
    never_both: Texts
    why: Text
    exception: ExceptionModel | None = None


class SeparationFile(Closed):
    kind: Literal["separation"]
    rules: Annotated[tuple[SeparationModel, ...], Field(strict=False)]


class PersonModel(Closed):
    """Somebody in a test; what is not written is as it is for most people."""

    role: Name
    manager: PersonId | None = None
    engagement: Annotated[Engagement, Field(strict=False)] = Engagement.CORE
    department: Text | None = None
    github: Login | None = None
    first_day: Day | None = None
    last_day: Day | None = None
    timezone: Zone | None = None


class RoleChangeModel(Closed):
    who: PersonId
    to: Name


class AskModel(Closed):
    """A request in a test: how long it is for stands in one of `days` and `for`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["days"]}, {"required": ["for"]}]}
    )

    who: PersonId
    level: Text
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = None
    for_: TermOrPermanent | None = Field(default=None, alias="for")
    by: PersonId | None = None
    answers: dict[Name, Text] = Field(default_factory=dict)
    emergency: bool = False


class ExpectModel(Closed):
    """What must come out; which of it goes with what happens is checked with the case."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    grants: Texts | None = None
    revokes: Texts | None = None
    decision: Annotated[Answer, Field(strict=False)] | None = None
    from_: PersonIds | None = Field(default=None, alias="from")
    rule: Text | None = None
    says: Text | None = None
    approved: bool | None = None


class CaseModel(Closed):
    """One case; which keys go together is checked where all files are known."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [event]} for event in EVENTS]}
    )

    name: Text
    joined: PersonId | None = None
    left: PersonId | None = None
    role_changed: RoleChangeModel | None = None
    request: AskModel | None = None
    has: Texts = ()
    had: Texts = ()
    at: LocalTime | None = None
    approved_by: PersonIds = ()
    expect: ExpectModel


class TestsFile(Closed):
    __test__ = False  # pytest takes every class of this name for its own

    kind: Literal["tests"]
    people: dict[PersonId, PersonModel]
    cases: Annotated[tuple[CaseModel, ...], Field(strict=False)]


FileModel: TypeAlias = CompanyFile | RolesFile | SystemFile | SeparationFile | TestsFile
PolicyFile = Annotated[FileModel, Field(discriminator="kind")]

FILE_MODELS: dict[str, type[Closed]] = {
    "company": CompanyFile,
    "roles": RolesFile,
    "system": SystemFile,
    "separation": SeparationFile,
    "tests": TestsFile,
}


@cache
def policy_file() -> TypeAdapter[FileModel]:
    """Return the one entry to all kinds; built on first use."""
    return TypeAdapter(PolicyFile)
