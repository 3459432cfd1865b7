"""Make the domain's policy from the models of its files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.adapters.policy_files.holiday_calendar import holidays_of
from bot.adapters.policy_files.models import (
    ApprovalsModel,
    BundleModel,
    CompanyFile,
    LevelModel,
    RequestModel,
    RolesFile,
    SystemFile,
)
from bot.adapters.policy_files.source import START, Source
from bot.adapters.policy_files.strict_yaml import Mark
from bot.domain.durations import Calendar
from bot.domain.policy import (
    Approvals,
    Bundle,
    Company,
    Group,
    Level,
    Policy,
    Pool,
    RequestRule,
    Role,
    System,
    Where,
)
from bot.domain.policy_draft import Draft, KeyPath, level_path


@dataclass(frozen=True, kw_only=True)
class Sources:
    """All files of a policy; systems by the id under which others name them."""

    company: Source
    roles: Source
    systems: Mapping[str, Source]

    def by_prefix(self) -> Iterable[tuple[KeyPath, Source]]:
        yield ("company",), self.company
        yield ("roles",), self.roles
        for system_id, source in self.systems.items():
            yield ("systems", system_id), source


def build_draft(sources: Sources) -> Draft:
    """Put the files together; the result is a policy only if nothing has a fault."""
    keys: dict[KeyPath, Where] = {}
    values: dict[KeyPath, Where] = {}
    broken: set[KeyPath] = set()
    for prefix, source in sources.by_prefix():
        keys.update(_places(source, prefix, source.document.keys))
        values.update(_places(source, prefix, source.document.values))
        broken.update((*prefix, *path) for path in source.broken)
    company = _company(sources.company, keys)
    policy = Policy(
        commit="",
        company=company,
        roles=_roles(sources.roles, keys),
        systems={
            system_id: _system(system_id, source, company.approvals, keys, values)
            for system_id, source in sources.systems.items()
        },
    )
    return Draft(policy=policy, keys=keys, values=values, broken=frozenset(broken))


def _places(source: Source, prefix: KeyPath, marks: Mapping[KeyPath, Mark]) -> dict[KeyPath, Where]:
    return {
        (*prefix, *path): Where(source.file, mark.line, mark.column) for path, mark in marks.items()
    }


def _place(source: Source, places: Mapping[KeyPath, Where], path: KeyPath) -> Where:
    return places.get(path) or Where(source.file, START.line, START.column)


def _company(source: Source, keys: Mapping[KeyPath, Where]) -> Company:
    model = source.model
    assert isinstance(model, CompanyFile)  # noqa: S101  # read as this kind
    days = holidays_of(model.holidays) if model.holidays else frozenset()
    return Company(
        id=model.id,
        calendar=Calendar(model.timezone, days),
        where=Where(source.file, START.line, START.column),
        approvals=_approvals(model.approvals),
        help_slack=model.help.slack,
        groups={
            name: Group(
                id=name,
                members=group.members,
                backup=group.backup,
                where=_place(source, keys, ("company", "groups", name)),
            )
            for name, group in model.groups.items()
        },
    )


def _approvals(model: ApprovalsModel) -> Approvals:
    clocks = {"remind_after", "escalate_after", "lapse_after"}
    written = {name: term for name in clocks if (term := getattr(model, name)) is not None}
    return replace(Approvals(default=model.default, critical_adds=model.critical_adds), **written)


def _roles(source: Source, keys: Mapping[KeyPath, Where]) -> dict[str, Role]:
    model = source.model
    assert isinstance(model, RolesFile)  # noqa: S101  # read as this kind
    return {
        name: Role(
            id=name,
            department=role.department,
            birthright=role.birthright,
            where=_place(source, keys, ("roles", "roles", name)),
        )
        for name, role in model.roles.items()
    }


def _system(
    system_id: str,
    source: Source,
    approvals: Approvals,
    keys: Mapping[KeyPath, Where],
    values: Mapping[KeyPath, Where],
) -> System:
    model = source.model
    assert isinstance(model, SystemFile)  # noqa: S101  # read as this kind
    return System(
        id=system_id,
        title=model.title,
        provider=model.provider,
        dri=model.dri,
        delivery=model.delivery,
        where=Where(source.file, START.line, START.column),
        username=model.username,
        url=model.url or "",
        pools={name: Pool(pool.keep_free, pool.when_full) for name, pool in model.pools.items()},
        levels={
            name: _level(system_id, name, level, source, approvals, keys, values)
            for name, level in model.levels.items()
        },
    )


def _level(
    system_id: str,
    name: str,
    model: LevelModel,
    source: Source,
    approvals: Approvals,
    keys: Mapping[KeyPath, Where],
    values: Mapping[KeyPath, Where],
) -> Level:
    level_id = f"{system_id}/{name}"
    path = level_path(level_id)
    return Level(
        id=level_id,
        system=system_id,
        says=model.says,
        risk=model.risk,
        bundle=_bundle(model.bundle),
        where=_place(source, keys, path),
        request=_rule(model.request, (*path, "request"), approvals, values),
    )


def _bundle(model: BundleModel) -> Bundle:
    return Bundle(
        licence=model.licence,
        profile=model.profile,
        permission_sets=model.permission_sets,
        permission_set_licences=model.permission_set_licences,
        by_hand=model.by_hand,
    )


def _rule(
    model: RequestModel | None,
    path: KeyPath,
    approvals: Approvals,
    values: Mapping[KeyPath, Where],
) -> RequestRule | None:
    if model is None:
        return None
    marks = {
        key: values[(*path, key)]
        for key in ("by", "not", "approve", "longest")
        if (*path, key) in values
    }
    approve = model.approve
    if approve is None:
        # The company's default is the rule then, and is shown as such.
        approve = approvals.default
        default: KeyPath = ("company", "approvals", "default")
        marks.update({"approve": values[default]} if default in values else {})
    return RequestRule(
        by=model.by, not_=model.not_, approve=approve, longest=model.longest, marks=marks
    )
