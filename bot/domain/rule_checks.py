"""The checks of a level's own rule: who may ask, how long, in an emergency, and who says yes."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.approvers import Need
from bot.domain.decision_values import Check, Finding, Reason
from bot.domain.durations import Calendar, Duration, Unit
from bot.domain.people import Engagement, Person
from bot.domain.policy import (
    EVERYONE,
    AutoApproval,
    BreakGlass,
    Level,
    Policy,
    RequestRule,
    Risk,
    Role,
    Where,
)
from bot.domain.quoting import quoted

_ANOTHER_LEVEL = "Ask for another level, or ask the system's owner to change the rule."
_USUAL_WAY = "Ask for it in the usual way."
_LATER = "Ask for it after the first day."
_PLAIN = re.compile(r"[a-z0-9-]{1,60}")


def plain(name: str) -> str:
    """Show a name of the roster, which need not be one of policy."""
    return name if _PLAIN.fullmatch(name) else quoted(name)


def listed(names: Sequence[str]) -> str:
    return " or ".join(names) or "nobody"


# ---- what the level's rule says -----------------------------------------------------------------


def cannot_be_asked_for(level: Level) -> Finding:
    """A level without `request` comes with a role or not at all."""
    check = Check(rule=level.id, fact="has no request rule", held=False, where=str(level.where))
    reason = Reason(
        text=f"{level.id} cannot be asked for; it only comes with a role.",
        rule=level.id,
        where=str(level.where),
        next_step="Ask the system's owner.",
    )
    return Finding(check, reason)


def is_not_barred(level: Level, rule: RequestRule, role: str, engagement: Engagement) -> Finding:
    """`not` names roles and engagements."""
    barred = next((name for name in (role, engagement) if name in rule.not_), None)
    name, where = f"{level.id} request.not", str(level.mark("not"))
    fact = f"role {plain(role)}, engagement {engagement}; not for: {', '.join(rule.not_)}"
    check = Check(rule=name, fact=fact, held=barred is None, where=where)
    if barred is None:
        return Finding(check)
    text = f"{level.id} is not for {barred}."
    return Finding(check, Reason(text=text, rule=name, where=where, next_step=_ANOTHER_LEVEL))


def may_be_asked_by(level: Level, rule: RequestRule, role: str) -> Finding:
    """`by` names roles, or everyone."""
    name, where, by = f"{level.id} request.by", str(level.mark("by")), listed(rule.by)
    may = role in rule.by or EVERYONE in rule.by
    fact = f"role {plain(role)}; may ask: {by}"
    check = Check(rule=name, fact=fact, held=may, where=where)
    if may:
        return Finding(check)
    text = f"{level.id} may be asked for by {by}; the role {quoted(role)} is not named."
    return Finding(check, Reason(text=text, rule=name, where=where, next_step=_ANOTHER_LEVEL))


def exceeds(asked: Duration, limit: Duration, now: datetime, calendar: Calendar) -> bool:
    """Whether access from now would end later than the limit allows.

    The moment matters only where one of the two is in business days.
    """
    if limit.amount is None or asked.amount is None:
        return limit.amount is not None
    if asked.unit is limit.unit:
        return asked.amount > limit.amount
    if Unit.BUSINESS_DAYS in (asked.unit, limit.unit):
        end, latest = asked.after(now, calendar), limit.after(now, calendar)
        return end is not None and latest is not None and end > latest
    return _hours(asked) > _hours(limit)


def _hours(duration: Duration) -> int:
    return (duration.amount or 0) * (24 if duration.unit is Unit.DAYS else 1)


def is_short_enough(level: Level, rule: RequestRule, asked: Duration, *, too_long: bool) -> Finding:
    """Longer than `longest` is refused, and not cut."""
    name, where = f"{level.id} request.longest", str(level.mark("longest"))
    return _length(level, asked, rule.longest, too_long=too_long, rule=name, where=where)


def _length(
    level: Level, asked: Duration, longest: Duration, *, too_long: bool, rule: str, where: str
) -> Finding:
    fact = f"asked: {asked.in_words()}; at most: {longest.in_words()}"
    check = Check(rule=rule, fact=fact, held=not too_long, where=where)
    if not too_long:
        return Finding(check)
    reason = Reason(
        text=f"{asked.in_words().capitalize()} is too long for {level.id}.",
        rule=rule,
        where=where,
        next_step=f"Ask for at most {longest.in_words()}.",
        field="how_long",
    )
    return Finding(check, reason)


# ---- in an emergency, and on joining ------------------------------------------------------------


def place_of_glass(level: Level) -> Where:
    return level.break_glass.where if level.break_glass else level.where


def may_break_glass(level: Level, requester: Person, person: Person, policy: Policy) -> Finding:
    """Members of the groups in `by` may help themselves."""
    name, where, glass = f"{level.id} break_glass", str(place_of_glass(level)), level.break_glass
    by = glass.by if glass else ()
    group = next((group for group in by if policy.is_member(requester, group)), None)
    if glass is None:
        fact, text = "not written", f"{level.id} has no rule for emergencies."
    elif requester.id != person.id:
        fact, text = "asks for somebody else", "In an emergency people can only help themselves."
    elif group is None:
        fact = f"in none of: {', '.join(by)}"
        text = f"In an emergency {level.id} is for members of {listed(by)} only."
    else:
        return Finding(Check(rule=name, fact=f"is in {group}", where=where))
    reason = Reason(text=text, rule=name, where=where, next_step=_USUAL_WAY)
    return Finding(Check(rule=name, fact=fact, held=False, where=where), reason)


def is_short_emergency(
    level: Level, glass: BreakGlass, asked: Duration, *, too_long: bool
) -> Finding:
    """An emergency is over soon."""
    name, where = f"{level.id} break_glass", str(glass.where)
    return _length(level, asked, glass.longest, too_long=too_long, rule=name, where=where)


def comes_with_role(level: Level, role: Role) -> Finding:
    """Onboarding gives what is among the role's birthrights."""
    name, where = f"roles.{role.id} birthright", str(role.where)
    fact = f"gives: {', '.join(role.birthright) or 'nothing'}"
    if level.id in role.birthright:
        return Finding(Check(rule=name, fact=fact, where=where))
    text = f"The role {role.id} does not give {level.id} on day one."
    reason = Reason(text=text, rule=name, where=where, next_step=_LATER)
    return Finding(Check(rule=name, fact=fact, held=False, where=where), reason)


def may_be_automatic(level: Level) -> Finding:
    """Critical access is never given without an approval."""
    name, where = f"{level.id} risk", str(level.where)
    if level.risk is not Risk.CRITICAL:
        return Finding(Check(rule=name, fact=f"risk {level.risk}", where=where))
    text = f"{level.id} is critical and never given without an approval."
    reason = Reason(text=text, rule=name, where=where, next_step=_LATER)
    return Finding(Check(rule=name, fact="risk critical", held=False, where=where), reason)


# ---- who says yes --------------------------------------------------------------------------------


def is_approved_beforehand(
    rule: AutoApproval,
    level: Level,
    *,
    had_it: bool,
    role: str,
    engagement: Engagement,
    too_long: bool,
) -> Check:
    """All conditions of a criterion hold; one that is not written holds for everybody."""
    longest = rule.longest.in_words() if rule.longest else ""
    conditions = (
        (rule.already_had, f"had it before: {_yes(had_it)}", rule.already_had is had_it),
        (rule.longest, f"at most {longest}: {_yes(not too_long)}", not too_long),
        (rule.engagement, f"engagement {engagement}", rule.engagement is engagement),
        (rule.roles, f"role {plain(role)}", role in rule.roles),
    )
    written = [(fact, met) for wanted, fact, met in conditions if wanted not in (None, ())]
    return Check(
        rule=f"{level.system} auto_approve.{rule.id}",
        fact="approved beforehand? " + "; ".join(fact for fact, _ in written),
        held=all(met for _, met in written),
        where=str(rule.where),
    )


def _yes(answer: object) -> str:
    return "yes" if answer else "no"


def somebody_is_left(
    level: Level, needs: Sequence[Need], unfilled: Sequence[Need]
) -> Iterator[Finding]:
    """Each yes that is needed has somebody of its own who could give it."""
    rule = f"{level.id} request.approve"
    for need in needs:
        backups = f", with {' and '.join(need.backups)}" if need.backups else ""
        fact = f"{need.because}{backups}: {len(need.from_)} can answer"
        if need not in unfilled:
            yield Finding(Check(rule=rule, fact=fact, where=need.where))
            continue
        reason = Reason(
            text=f"Nobody is left who could approve as {need.because}.",
            rule=rule,
            where=need.where,
            next_step="Ask IT to name more approvers or a backup in policies/company.yml.",
        )
        yield Finding(Check(rule=rule, fact=fact, held=False, where=need.where), reason)
