"""The closed vocabulary of policy files, one model for each kind of file."""

from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.adapters.policy_files.forms import (
    Holidays,
    Login,
    Name,
    Term,
    TermOrPermanent,
    Text,
    WebAddress,
    Zone,
)
from bot.domain.policy import Delivery, Provider, Risk, WhenFull

# Strict models take neither a list for a tuple nor text for an enum, and YAML has nothing else.
Names = Annotated[tuple[Name, ...], Field(strict=False)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]


class Closed(BaseModel):
    """Nothing unknown, nothing converted, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


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
    keep_free: Annotated[int, Field(ge=0)] = 0
    when_full: Annotated[WhenFull, Field(strict=False)] = WhenFull.WAIT


class BundleModel(Closed):
    licence: Text = ""
    profile: Text = ""
    permission_sets: Texts = ()
    permission_set_licences: Texts = ()
    by_hand: Texts = ()


class RequestModel(Closed):
    by: Names
    not_: Names = Field(default=(), alias="not")
    approve: Names | None = None
    longest: TermOrPermanent


class LevelModel(Closed):
    says: Text
    risk: Annotated[Risk, Field(strict=False)]
    bundle: BundleModel
    request: RequestModel | None = None


class SystemFile(Closed):
    kind: Literal["system"]
    id: Name
    title: Text
    provider: Annotated[Provider, Field(strict=False)]
    dri: Name
    urgent: UrgentModel | None = None
    delivery: Annotated[Delivery, Field(strict=False)]
    username: Text = "{mail}"
    url: WebAddress | None = None
    pools: dict[Text, PoolModel] = Field(default_factory=dict)
    levels: dict[Name, LevelModel]


PolicyFile = Annotated[CompanyFile | RolesFile | SystemFile, Field(discriminator="kind")]

FILE_MODELS: dict[str, type[Closed]] = {
    "company": CompanyFile,
    "roles": RolesFile,
    "system": SystemFile,
}

# The language as designed has more than this version knows: refused by name, never ignored.
LATER_KINDS = ("separation", "tests")
LATER_KEYS = {"system": ("on_leave", "auto_approve")}


@cache
def policy_file() -> TypeAdapter[CompanyFile | RolesFile | SystemFile]:
    """Return the one entry to all kinds; built on first use."""
    return TypeAdapter(PolicyFile)
