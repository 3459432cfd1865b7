"""Make the domain's policy from the models of its files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.adapters.policy_files.build_systems import system_of
from bot.adapters.policy_files.holiday_calendar import holidays_of
from bot.adapters.policy_files.models import (
    ApprovalsModel,
    CompanyFile,
    RolesFile,
    SeparationFile,
    SystemFile,
)
from bot.adapters.policy_files.places import Places
from bot.adapters.policy_files.source import START, Source
from bot.domain.durations import Calendar
from bot.domain.policy import (
    Approvals,
    Company,
    Group,
    Policy,
    Removals,
    Role,
    Separation,
    SeparationException,
    Where,
)
from bot.domain.policy_draft import GROUPS, ROLES, SEPARATIONS, Draft, KeyPath, system_path


@dataclass(frozen=True, kw_only=True)
class Sources:
    """All files of a policy; systems by the id under which others name them, tests by file."""

    company: Source
    roles: Source
    separation: Source | None
    systems: Mapping[str, Source]
    tests: Mapping[str, Source]

    def by_prefix(self) -> Iterator[tuple[KeyPath, Source]]:
        yield ("company",), self.company
        yield ("roles",), self.roles
        if self.separation is not None:
            yield ("separation",), self.separation
        for system_id, source in self.systems.items():
            yield system_path(system_id), source
        for file, source in self.tests.items():
            yield ("tests", file), source

    def __iter__(self) -> Iterator[Source]:
        return (source for _, source in self.by_prefix())


def build_draft(sources: Sources) -> Draft:
    """Put the files together; the result is a policy only if nothing has a fault."""
    by_prefix = dict(sources.by_prefix())
    keys = Places({prefix: (one.file, one.document.keys) for prefix, one in by_prefix.items()})
    values = Places({prefix: (one.file, one.document.values) for prefix, one in by_prefix.items()})
    company = _company(sources.company, keys)
    systems = {
        system_id: system_of(system_id, source, company.approvals, keys, values)
        for system_id, source in sources.systems.items()
    }
    return Draft(
        policy=Policy(
            commit="",
            company=company,
            roles=_roles(sources.roles, keys),
            systems=systems,
            separations=tuple(_separations(sources.separation, values)),
        ),
        keys=keys,
        values=values,
        broken=frozenset(
            (*prefix, *path) for prefix, one in by_prefix.items() for path in one.broken
        ),
        mentions=dict(_mentions(sources.systems)),
    )


def _mentions(systems: Mapping[str, Source]) -> Iterator[tuple[str, str]]:
    for system_id, source in systems.items():
        if isinstance(source.model, SystemFile) and source.model.urgent:
            yield system_id, source.model.urgent.mention


def _company(source: Source, keys: Places) -> Company:
    model = source.model
    assert isinstance(model, CompanyFile)  # noqa: S101  # read as this kind
    start = Where(source.file, START.line, START.column)
    removals = model.limits.removals if model.limits else None
    return Company(
        id=model.id,
        calendar=Calendar(
            model.timezone, holidays_of(model.holidays) if model.holidays else frozenset()
        ),
        where=start,
        approvals=_approvals(model.approvals),
        answer_within=model.answer_within,
        revoke_within=model.revoke_within,
        unused_after=model.unused_after,
        review_every=model.review_every,
        removals=Removals(removals.count, removals.percent) if removals else None,
        help_slack=model.help.slack,
        help_github_label=model.help.github_label,
        groups={
            name: Group(
                id=name,
                members=group.members,
                backup=group.backup,
                where=keys.get((*GROUPS, name), start),
            )
            for name, group in model.groups.items()
        },
    )


def _approvals(model: ApprovalsModel) -> Approvals:
    clocks = {"remind_after", "escalate_after", "lapse_after"}
    written = {name: term for name in clocks if (term := getattr(model, name)) is not None}
    return replace(Approvals(default=model.default, critical_adds=model.critical_adds), **written)


def _roles(source: Source, keys: Places) -> dict[str, Role]:
    model = source.model
    assert isinstance(model, RolesFile)  # noqa: S101  # read as this kind
    start = Where(source.file, START.line, START.column)
    return {
        name: Role(
            id=name,
            department=role.department,
            birthright=role.birthright,
            where=keys.get((*ROLES, name), start),
        )
        for name, role in model.roles.items()
    }


def _separations(source: Source | None, values: Places) -> Iterable[Separation]:
    if source is None:
        return
    model = source.model
    assert isinstance(model, SeparationFile)  # noqa: S101  # read as this kind
    start = Where(source.file, START.line, START.column)
    for index, rule in enumerate(model.rules):
        path = (*SEPARATIONS, index)
        exception = None
        if rule.exception is not None:
            exception = SeparationException(
                approve=rule.exception.approve,
                longest=rule.exception.longest,
                where=values.get((*path, "exception"), start),
            )
        yield Separation(
            id=rule.id,
            never_both=rule.never_both,
            why=rule.why,
            where=values.get(path, start),
            exception=exception,
        )
