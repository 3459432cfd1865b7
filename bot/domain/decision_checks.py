"""The checks of people, and of what somebody has already. Which count, and when, is in `decision`.

A check takes exactly the facts that it looks at and looks at nothing else: whoever decides in bulk
may keep what it found under its arguments.
"""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain.decision_values import Ask, Check, Finding, Reason
from bot.domain.people import Person, Roster
from bot.domain.policy import IT_GROUP, Policy, Role, Separation
from bot.domain.quoting import quoted
from bot.domain.rule_checks import listed, plain
from bot.domain.spelling import closest

# ---- what cannot be judged at all ---------------------------------------------------------------


def what_is_unknown(ask: Ask, policy: Policy, roster: Roster) -> tuple[Finding, ...]:
    """Say which of the level, the requester and the person nobody knows."""
    found = []
    if policy.level(ask.level_id) is None:
        found.append(_unknown_level(ask.level_id, policy))
    if roster.get(ask.requester_id) is None:
        found.append(_not_in_roster("you", "level"))
    if roster.get(ask.person_id) is None and ask.person_id != ask.requester_id:
        found.append(_not_in_roster("the person it is for", "for_whom"))
    return tuple(found)


def _unknown_level(level_id: str, policy: Policy) -> Finding:
    known = sorted(level.id for level in policy.levels)
    # People often leave the system out, so that half of the name is enough to guess.
    near = closest(level_id, known, likeness=0.5)
    hint = f"Did you mean «{near}»?" if near else f"Known levels: {', '.join(known[:12])}."
    reason = Reason(text=f"There is no level {quoted(level_id)}.", next_step=hint)
    return Finding(Check(rule="levels", fact="an unknown level", held=False), reason)


def _not_in_roster(who: str, field: str) -> Finding:
    reason = Reason(
        text=f"I do not find {who} in the roster.",
        next_step="Ask IT to add or correct the entry, then ask again.",
        field=field,
    )
    return Finding(Check(rule="roster", fact="not in the roster", held=False), reason)


# ---- who it is for, and who asks ----------------------------------------------------------------

_NO_LAST_DAY = Finding(Check(rule="roster last_day", fact="no last day"))
_FOR_THEMSELVES = Finding(Check(rule="requester", fact="asks for themselves"))
_AT_WORK = Finding(Check(rule="requester", fact="is at work"))


def has_not_left(person: Person, today: date) -> Finding:
    """Nobody holds access after their last day."""
    last = person.last_day
    if last is None:
        return _NO_LAST_DAY
    has_left = last < today
    check = Check(rule="roster last_day", fact=f"last day {last}; today {today}", held=not has_left)
    if not has_left:
        return Finding(check)
    text = f"{person.name} has left the company."
    step = "Ask IT if the roster is wrong."
    return Finding(check, Reason(text=text, next_step=step, field="for_whom"))


def has_started(person: Person, today: date) -> Finding:
    """Nobody asks before their first day."""
    first = person.first_day
    if first <= today:
        return Finding(Check(rule="roster first_day", fact=f"first day {first}"))
    check = Check(rule="roster first_day", fact=f"first day {first}; today {today}", held=False)
    text = f"{person.name} starts on {first}."
    step = "Ask on or after that day; what the role gives comes by itself."
    return Finding(check, Reason(text=text, next_step=step, field="for_whom"))


def requester_is_at_work(requester: Person, now: datetime) -> Finding:
    """Whoever asks for somebody else works here."""
    if requester.is_active(now):
        return _AT_WORK
    check = Check(rule="requester", fact="is not at work", held=False)
    return Finding(check, Reason(text=f"{requester.name} is not active.", next_step="Ask IT."))


def may_ask_for_person(requester: Person, person: Person, policy: Policy) -> Finding:
    """Only the person, their manager and IT ask for access."""
    if requester.id == person.id:
        return _FOR_THEMSELVES
    if requester.id == person.manager_id:
        return Finding(Check(rule="requester", fact="is the manager"))
    if policy.is_member(requester, IT_GROUP):
        return Finding(Check(rule="requester", fact="is in it"))
    fact = "is not the person, their manager, or in it"
    reason = Reason(
        text=f"{requester.name} may not ask for access for {person.name}.",
        next_step=f"{person.name}, their manager, or somebody in IT can ask.",
        field="for_whom",
    )
    return Finding(Check(rule="requester", fact=fact, held=False), reason)


def role_is_known(person: Person, role: Role | None) -> Finding:
    """The person's role is one that policy knows."""
    fact = f"role {plain(person.role)}"
    if role is not None:
        return Finding(Check(rule=f"roles.{role.id}", fact=fact, where=str(role.where)))
    reason = Reason(
        text=f"No policy knows the role {quoted(person.role)} of {person.name}.",
        next_step="Ask IT to add the role to policies/roles.yml.",
        field="for_whom",
    )
    return Finding(Check(rule="roles", fact=f"{fact} is not in roles.yml", held=False), reason)


# ---- what there is already ----------------------------------------------------------------------

_NOT_YET = Finding(Check(rule="held", fact="neither held nor asked for"))


def is_not_there_yet(
    level_id: str, person: Person, held: Mapping[str, datetime | None], pending: frozenset[str]
) -> Finding:
    """One person has a level once."""
    if level_id in held:
        until = held[level_id]
        end = f"until {person.local_time(until)}" if until else "for good"
        fact, text = f"held {end}", f"{person.name} already holds {level_id} {end}."
        step = "Give it back first if it should end on another day."
    elif level_id in pending:
        fact, text = "asked for already", f"{person.name} has already asked for {level_id}."
        step = "See /access mine for how it stands."
    else:
        return _NOT_YET
    return Finding(Check(rule="held", fact=fact, held=False), Reason(text=text, next_step=step))


def ends_in_time(person: Person, last_day: date, end: datetime | None) -> Finding:
    """Access ends with the person's last day, where they work."""
    end_day = end.astimezone(ZoneInfo(person.timezone)).date() if end else None
    fact = f"ends {end_day or 'never'}; last day {last_day}"
    if end_day is not None and end_day <= last_day:
        return Finding(Check(rule="roster last_day", fact=fact))
    reason = Reason(
        text=f"{person.name}'s last day is {last_day}.",
        next_step="Ask for a time that ends by then.",
        field="how_long",
    )
    return Finding(Check(rule="roster last_day", fact=fact, held=False), reason)


def separations_of(level_id: str, policy: Policy) -> tuple[Separation, ...]:
    """Return the separation rules that name a level."""
    return tuple(rule for rule in policy.separations if level_id in rule.never_both)


def other_sides(
    rule: Separation, level_id: str, held: Mapping[str, datetime | None], pending: frozenset[str]
) -> tuple[str, ...]:
    """Return which levels of a separation, beside this one, are held or asked for."""
    return tuple(
        name for name in rule.never_both if name != level_id and (name in held or name in pending)
    )


def is_kept_apart(
    rule: Separation,
    level_id: str,
    others: tuple[str, ...],
    *,
    exceeds_exception: bool | None,
) -> Finding:
    """Nobody has both sides of a separation, but for its exception and no longer than it says.

    `exceeds_exception` is None where no exception counts: policy has none, or nobody is asked.
    """
    name, where = f"separation.{rule.id}", str(rule.where)
    if not others:
        sides = ", ".join(one for one in rule.never_both if one != level_id)
        return Finding(Check(rule=name, fact=f"without {sides}", where=where))
    fact = f"has or has asked for {', '.join(others)}"
    if exceeds_exception is False:
        return Finding(Check(rule=name, fact=f"{fact}; by exception", where=where))
    step = f"Give back {listed(others)} first, or withdraw the request for it."
    if exceeds_exception and rule.exception:
        longest = rule.exception.longest.in_words()
        fact = f"{fact}; by exception at most {longest}"
        step = f"Ask for at most {longest}, or give back {listed(others)} first."
    reason = Reason(
        text=f"{level_id} and {listed(others)} are never for one person: {rule.why}",
        rule=name,
        where=where,
        next_step=step,
        field="how_long" if exceeds_exception else "level",
    )
    return Finding(Check(rule=name, fact=fact, held=False, where=where), reason)
