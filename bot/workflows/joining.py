"""Checking an onboarding call against the roster and the policy, before anything is kept."""

from collections.abc import Iterator

from bot.domain.desk import OnboardingCall
from bot.domain.errors import InvalidRequest
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import Role
from bot.domain.quoting import quoted
from bot.workflows.context import Context


def checked(ctx: Context, call: OnboardingCall) -> tuple[Person, Role]:
    """Return the person, as the roster has them if it does, and their role.

    Raises InvalidRequest for a call that contradicts the roster or the policy.
    """
    roster = ctx.people.roster()
    _refuse_somebody_elses(roster, call)
    _refuse_approvers_login(ctx, call)
    role = ctx.policy().roles.get(call.role)
    if role is None:
        raise InvalidRequest(
            f"No policy knows the role {quoted(call.role)}.",
            next_step=f"Known roles: {', '.join(sorted(ctx.policy().roles))}.",
            field="person.role",
        )
    manager = roster.get(call.manager_id)
    if manager is None or not manager.is_on_file:
        raise InvalidRequest(
            "The roster file does not know this manager.",
            next_step="Send the id of a person in the roster file.",
            field="person.manager_id",
        )
    known = roster.get(call.person_id)
    if known is not None:
        _refuse_contradiction(known, call)
    return known or _person(call), role


def _refuse_somebody_elses(roster: Roster, call: OnboardingCall) -> None:
    same_id, same_mail = roster.get(call.person_id), roster.by_mail(call.mail)
    if (same_id and same_id.mail.casefold() != call.mail.casefold()) or (
        same_mail and same_mail.id != call.person_id
    ):
        raise InvalidRequest(
            "The roster has this id or mail address for somebody else.",
            next_step="Send the id and mail of one and the same person.",
            field="person.id",
        )
    in_use = (call.github and roster.by_github(call.github)) or (
        call.slack_id and roster.by_slack(call.slack_id)
    )
    if in_use and in_use.id != call.person_id:
        raise InvalidRequest(
            "The roster has this GitHub login or Slack id for somebody else.",
            next_step="Send this person's own, or leave it out.",
            field="person.github",
        )


def _refuse_approvers_login(ctx: Context, call: OnboardingCall) -> None:
    """Let nobody become an approver by the word of whoever holds an API token."""
    login = (call.github or "").casefold()
    groups = ctx.policy().company.groups.values()
    named = [g.id for g in groups if login in {member.casefold() for member in g.members}]
    if named and not _is_in_file(ctx, call.person_id, login):
        raise InvalidRequest(
            f"The policy names the GitHub login {quoted(call.github or '')} as a member of "
            f"{', '.join(named)}, and the roster file does not have it for this person.",
            next_step="Add the person to the roster file first, or leave the login out.",
            field="person.github",
        )


def _is_in_file(ctx: Context, person_id: str, login: str) -> bool:
    """Say whether it is the roster file, not an earlier onboarding, that knows this login."""
    known = ctx.people.roster().get(person_id)
    if known is None or (known.github or "").casefold() != login:
        return False
    with ctx.ledger.read() as tx:
        return person_id not in {joined.id for joined in tx.people.all()}


def _refuse_contradiction(known: Person, call: OnboardingCall) -> None:
    fields = list(_differing(known, call))
    if fields:
        raise InvalidRequest(
            f"Usher knows this person already, and not as this call says ({', '.join(fields)}).",
            next_step="Correct the roster, or send what it says.",
            field=f"person.{fields[0]}",
        )


def _differing(known: Person, call: OnboardingCall) -> Iterator[str]:
    for field in ("name", "role", "manager_id", "timezone", "first_day", "last_day"):
        if getattr(known, field) != getattr(call, field):
            yield field
    # HR systems seldom know the vault: left out, it claims nothing
    if call.handoff_vault not in (None, known.handoff_vault):
        yield "handoff_vault"


def _person(call: OnboardingCall) -> Person:
    return Person(
        id=call.person_id,
        mail=call.mail,
        name=call.name,
        role=call.role,
        first_day=call.first_day,
        timezone=call.timezone,
        engagement=Engagement(call.engagement),
        department=call.department,
        manager_id=call.manager_id,
        last_day=call.last_day,
        github=call.github,
        slack_id=call.slack_id,
        handoff_vault=call.handoff_vault,
        is_on_file=False,
    )
