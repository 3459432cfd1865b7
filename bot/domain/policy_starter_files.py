"""The files of a first policy, with a question to answer wherever nobody has decided yet."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from bot.domain.policy import IT_GROUP, MANAGER, Risk
from bot.domain.policy_starter import SYSTEM, Starter, StarterGroup, StarterRole
from bot.domain.policy_starter_accounts import Open
from bot.domain.policy_starter_cases import starter_cases
from bot.domain.policy_starter_levels import StarterLevel
from bot.domain.policy_starter_yaml import comment, entry, listed, scalar
from bot.domain.seats import UNLIMITED, PoolCount
from bot.domain.text import clean

QUESTION = "TODO:"
_LONGEST_SAYS = 500
_EXTRAS = ("permission_sets", "permission_set_groups", "permission_set_licences")
_REASONS: Mapping[Open, str] = {
    Open.OWN: "Usher's own",
    Open.UNKNOWN: "of nobody in the roster",
    Open.SEVERAL_PEOPLE: "of one person or another",
    Open.SEVERAL_ACCOUNTS: "of people with several accounts",
    Open.LEFT: "of people who have left",
    Open.FROZEN: "frozen",
}


def starter_files(starter: Starter) -> dict[str, str]:
    """Return the files by their names in the policy directory; the same facts, the same text."""
    files: Mapping[str, Iterable[str]] = {
        "company.yml": _company(starter),
        "roles.yml": _roles(starter),
        f"systems/{SYSTEM}.yml": _system(starter),
        f"tests/{SYSTEM}.yml": starter_cases(starter),
    }
    return {name: "".join(f"{line}\n" for line in lines) for name, lines in files.items()}


def questions_in(files: Mapping[str, str]) -> int:
    """Count what is left for people to decide."""
    return sum(text.count(QUESTION) for text in files.values())


# ---- company ------------------------------------------------------------------------------------


def _company(starter: Starter) -> Iterator[str]:
    zones = [person.timezone for person in starter.roster]
    share = f"{zones.count(starter.timezone)} of {len(zones)} people have this zone"
    yield "kind: company"
    yield from _ask(f"Is this the company's short name, and its time zone ({share})?")
    yield f"id: {scalar(starter.company)}"
    yield f"timezone: {scalar(starter.timezone)}"
    yield from _ask("Whose public holidays are no business days? For example")
    yield "# holidays: US"
    yield from _ask("How soon do people get an answer, and how soon is a leaver's access gone?")
    yield "# answer_within: 1bd"
    yield "# revoke_within: 24h"
    yield from _ask("Where do people find help? For example")
    yield '# help: { slack: "#help-it", github_label: ":help-it" }'
    yield "groups:"
    yield from _group(starter.it, "This group answers when nobody else can")
    if starter.security is not None:
        yield from _group(starter.security, "This group must agree to critical levels")
    yield from _approvals(starter)


def _group(group: StarterGroup, does: str) -> Iterator[str]:
    why = f" {QUESTION} Are these the right people? They were chosen by role and department."
    yield from comment(f"{does}.{why if group.is_guess else ''}", indent=2)
    backup = f", backup: {IT_GROUP}" if len(group.members) == 1 else ""
    yield f"  {group.id}: {{ members: {listed(group.members)}{backup} }}"


def _approvals(starter: Starter) -> Iterator[str]:
    yield "approvals:"
    yield from _ask("Who says yes where a level does not say who?", indent=2)
    yield f"  default: [{MANAGER}]"
    if starter.security is None:
        yield from _ask(
            "Who is security? Nobody was found, so IT must agree to critical levels.", indent=2
        )
    yield f"  critical_adds: [{starter.critical_adds}]"


# ---- roles --------------------------------------------------------------------------------------


def _roles(starter: Starter) -> Iterator[str]:
    yield from comment(
        "Every role of the roster. None gives anything on day one yet; what everybody in a role has"
        f" may be its birthright: write it as birthright: [{SYSTEM}/…]."
    )
    yield "kind: roles"
    yield "roles:"
    for role in starter.roles:
        yield from _role(role, starter)


def _role(role: StarterRole, starter: Starter) -> Iterator[str]:
    held = [
        f"{SYSTEM}/{level.name}"
        for level in starter.levels
        if level.risk is not Risk.CRITICAL and level.roles.get(role.id) == role.people
    ]
    if held:
        who = "The only one" if role.people == 1 else f"All {role.people}"
        have = "has" if role.people == 1 else "have"
        yield from _ask(f"{who} in this role {have} {held[0]} today. Is it a birthright?", indent=2)
    if len(role.departments) > 1:
        count = len(role.departments)
        text = f"People in this role are in {count} departments, most in this one. Is it right?"
        yield from _ask(text, indent=2)
    department = role.departments[0] if role.departments else "any"
    yield f"  {scalar(role.id)}: {{ department: {scalar(department)} }}"


# ---- the system ---------------------------------------------------------------------------------


def _system(starter: Starter) -> Iterator[str]:
    yield from comment(
        "Salesforce as it is: one level for each combination of profile and sets that people have."
        " Roles, packages, feature licences, public groups and queues are left out, and to your"
        f" admins, as long as no level names any.{_without_level(starter)}"
    )
    yield "kind: system"
    yield f"id: {SYSTEM}"
    yield "title: Salesforce"
    yield "provider: salesforce"
    yield from _ask("Who owns Salesforce? Name a group of company.yml.")
    yield f"dri: {starter.it.id}"
    most = "Most accounts have" if starter.is_sso else "Most accounts do not have"
    yield from _ask(f"Is this how people get in? {most} a single sign-on identity.")
    yield f"delivery: {'sso' if starter.is_sso else 'onepassword'}"
    placed = len(starter.census.placed)
    fitting = f"{placed - len(starter.odd_usernames)} of {placed}"
    yield from _ask(f"Shall new user names look like this? {fitting} have such a one today.")
    yield f"username: {scalar(starter.username)}"
    if starter.url:
        yield f"url: {scalar(starter.url)}"
    yield "pools:"
    yield from _ask("Shall seats be kept free for people who start?", indent=2)
    for pool in starter.pools:
        yield from _pool(pool)
    yield "levels:"
    for level in starter.levels:
        yield from _level(level)


def _without_level(starter: Starter) -> str:
    reasons = Counter(one.because for one in starter.census.unplaced)
    if not reasons:
        return ""
    count = sum(reasons.values())
    accounts = "1 active account has" if count == 1 else f"{count} active accounts have"
    told = ", ".join(f"{reasons[one]} {_REASONS[one]}" for one in Open if reasons[one])
    return f" {accounts} none ({told}): usher policy init lists every one."


def _pool(pool: PoolCount) -> Iterator[str]:
    total = "without a limit" if pool.total == UNLIMITED else f"{pool.total} bought"
    state = "" if pool.is_active else ", switched off"
    facts = f"{total}, {pool.used} used{state}"
    yield f"  {scalar(pool.name)}: {{ keep_free: 0, when_full: wait }}  # {facts}"


def _level(level: StarterLevel) -> Iterator[str]:
    is_critical = level.risk is Risk.CRITICAL
    people = "1 person has" if len(level.people) == 1 else f"{len(level.people)} people have"
    roles = ", ".join(f"{count} {role}" for role, count in level.roles.items())
    yield f"  {scalar(level.name)}:"
    yield from comment(f"{people} this today: {roles}.", indent=4)
    yield from _ask("What can one do with it, in the words of those who ask?", indent=4)
    yield f"    says: {scalar(_says(level))}"
    if is_critical:
        yield from _ask("It looks like administration. Is it?", indent=4)
    else:
        yield from _ask("Is it low (then Slack may approve it too), high or critical?", indent=4)
    yield f"    risk: {level.risk}"
    yield from _bundle(level)
    yield "    request:"
    ends = " Critical access always ends; today it does not." if is_critical else ""
    yield from _ask(f"Who may ask, who says yes, and for how long at most?{ends}", indent=6)
    yield from entry("by", level.roles, indent=6)
    yield f"      approve: [{MANAGER}]"
    yield f"      longest: {level.longest}"


def _bundle(level: StarterLevel) -> Iterator[str]:
    bundle = level.bundle
    yield "    bundle:"
    yield f"      licence: {scalar(bundle.licence)}"
    yield f"      profile: {scalar(bundle.profile)}"
    for key in _EXTRAS:
        if names := getattr(bundle, key):
            yield from entry(key, names, indent=6)


def _says(level: StarterLevel) -> str:
    extras = [name for key in _EXTRAS for name in getattr(level.bundle, key)]
    more = f" and {', '.join(extras)}" if extras else ""
    return clean(f"Salesforce with the profile {level.bundle.profile}{more}.", _LONGEST_SAYS)


def _ask(text: str, *, indent: int = 0) -> Iterator[str]:
    yield from comment(f"{QUESTION} {text}", indent=indent)
