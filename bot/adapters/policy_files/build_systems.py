"""Make the domain's systems and levels from the models of their files."""

from dataclasses import dataclass

from bot.adapters.policy_files.models import (
    AutoApproveModel,
    BreakGlassModel,
    BundleModel,
    IntegrationModel,
    LevelModel,
    PoolModel,
    RequestModel,
    SystemFile,
)
from bot.adapters.policy_files.places import Places
from bot.adapters.policy_files.source import START, Source
from bot.domain.policy import (
    Approvals,
    AutoApproval,
    BreakGlass,
    Bundle,
    Level,
    Pool,
    Question,
    RequestRule,
    System,
    Where,
)
from bot.domain.policy_draft import APPROVALS, KeyPath, level_path, system_path
from bot.domain.policy_integration import IntegrationRights, ObjectRights

_RULE_KEYS = ("by", "not", "approve", "longest", "questions")


@dataclass(frozen=True, kw_only=True)
class _Place:
    """What the parts of one system's file are made with."""

    start: Where
    approvals: Approvals
    keys: Places
    values: Places

    def key(self, path: KeyPath) -> Where:
        return self.keys.get(path, self.start)

    def value(self, path: KeyPath) -> Where:
        return self.values.get(path, self.start)


def system_of(
    system_id: str, source: Source, approvals: Approvals, keys: Places, values: Places
) -> System:
    """Make a system under the id by which others name it."""
    model = source.model
    assert isinstance(model, SystemFile)  # noqa: S101  # read as this kind
    start = Where(source.file, START.line, START.column)
    place = _Place(start=start, approvals=approvals, keys=keys, values=values)
    criteria = (*system_path(system_id), "auto_approve")
    return System(
        id=system_id,
        title=model.title,
        provider=model.provider,
        dri=model.dri,
        delivery=model.delivery,
        where=start,
        username=model.username,
        url=model.url or "",
        pools={name: _pool(pool) for name, pool in model.pools.items()},
        user_fields=model.user_fields,
        levels={
            name: _level(f"{system_id}/{name}", system_id, level, place)
            for name, level in model.levels.items()
        },
        hand_over=model.on_leave.hand_over if model.on_leave else {},
        auto_approve=tuple(
            _criterion(one, place.value((*criteria, index)))
            for index, one in enumerate(model.auto_approve)
        ),
        native_expiry=model.native_expiry,
    )


def _pool(model: PoolModel) -> Pool:
    return Pool(model.keep_free, model.when_full, model.seats)


def _criterion(model: AutoApproveModel, where: Where) -> AutoApproval:
    when = model.when
    return AutoApproval(
        id=model.id,
        levels=model.levels,
        approved_by=model.approved_by,
        approved_on=model.approved_on,
        record=model.record,
        where=where,
        already_had=when.already_had,
        longest=when.longest,
        engagement=when.engagement,
        roles=when.roles or (),
    )


def _level(level_id: str, system: str, model: LevelModel, place: _Place) -> Level:
    path = level_path(level_id)
    return Level(
        id=level_id,
        system=system,
        says=model.says,
        risk=model.risk,
        bundle=_bundle(model.bundle),
        where=place.key(path),
        request=_rule(model.request, (*path, "request"), place),
        break_glass=_break_glass(model.break_glass, (*path, "break_glass"), place),
        integration=_integration(model.integration),
    )


def _bundle(model: BundleModel) -> Bundle:
    return Bundle(
        licence=model.licence,
        profile=model.profile,
        permission_sets=model.permission_sets,
        permission_set_groups=model.permission_set_groups,
        permission_set_licences=model.permission_set_licences,
        packages=model.packages,
        features=tuple(feature.value for feature in model.features),
        role=model.role,
        groups=model.groups,
        queues=model.queues,
        by_hand=model.by_hand,
    )


def _integration(model: IntegrationModel | None) -> IntegrationRights | None:
    if model is None:
        return None
    return IntegrationRights(
        objects={
            name: ObjectRights(
                read=one.read,
                create=one.create,
                edit=one.edit,
                delete=one.delete,
                view_all=one.view_all,
            )
            for name, one in model.objects.items()
        }
    )


def _break_glass(model: BreakGlassModel | None, path: KeyPath, place: _Place) -> BreakGlass | None:
    if model is None:
        return None
    return BreakGlass(by=model.by, longest=model.longest, where=place.key(path))


def _rule(model: RequestModel | None, path: KeyPath, place: _Place) -> RequestRule | None:
    if model is None:
        return None
    found = {key: place.values.get((*path, key)) for key in _RULE_KEYS}
    approve = model.approve
    if approve is None:
        # The company's default is the rule then, and is shown as such.
        approve = place.approvals.default
        found["approve"] = place.values.get((*APPROVALS, "default"))
    return RequestRule(
        by=model.by,
        not_=model.not_,
        approve=approve,
        longest=model.longest,
        questions=_questions(model, (*path, "questions"), place),
        marks={key: mark for key, mark in found.items() if mark is not None},
    )


def _questions(model: RequestModel, path: KeyPath, place: _Place) -> tuple[Question, ...]:
    return tuple(
        Question(
            id=one.id,
            asks=one.asks,
            where=place.value((*path, index)),
            form=one.form,
            is_required=one.required,
        )
        for index, one in enumerate(model.questions)
    )
