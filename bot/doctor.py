"""The doctor: every setting, credential and right, each with what to do about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.adapters.policy_files.loader import faults_of_files_against
from bot.app import Usher
from bot.domain.errors import ConnectorError, NotFound, PolicyError, SettingsError
from bot.domain.policy import Policy, Provider
from bot.ports import Health
from bot.settings import load_settings
from bot.tables import is_migrated

_IN_ORG = "policy in Salesforce"
_MOST_FAULTS = 10


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at; `text` says what it is, or how to mend it."""

    part: str
    is_fine: bool
    text: str


def examine(environ: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """Look at everything and go on after a fault, so that one run shows them all."""
    return tuple(_examine(environ))


def _examine(environ: Mapping[str, str] | None) -> Iterator[Finding]:
    try:
        settings = load_settings(environ)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding(part="settings", is_fine=False, text=problem)
        return
    yield Finding(part="settings", is_fine=True, text="complete")
    try:
        usher = Usher(settings)
    except PolicyError as error:
        for fault in error.faults:
            yield Finding(part="policy", is_fine=False, text=fault)
        return
    try:
        policy = usher.policies.policy()
        yield Finding(part="policy", is_fine=True, text=f"{len(policy.levels)} levels")
        yield from _roster(usher)
        yield _database(usher)
        for name, service in usher.services.health.items():
            pulse = _service(name, service)
            yield pulse
            yield from (one for one in _complaints(usher, name) if one.text != pulse.text)
            if name == Provider.SALESFORCE and pulse.is_fine:
                yield from _org(usher, policy)
        yield _policy_repository(usher)
    finally:
        usher.stop(0)


def _roster(usher: Usher) -> Iterator[Finding]:
    roster, policy = usher.roster_file.roster(), usher.policies.policy()
    unknown = sorted({p.role for p in roster} - set(policy.roles))
    if unknown:
        text = f"roles without a policy: {', '.join(unknown)}; add them to roles.yml"
        yield Finding(part="roster", is_fine=False, text=text)
    else:
        yield Finding(part="roster", is_fine=True, text=f"{len(roster)} people")
    logins = {(p.github or "").casefold() for p in roster}
    for group in policy.company.groups.values():
        strangers = [m for m in group.members if m.casefold() not in logins]
        if strangers:
            text = f"{group.id} names {', '.join(strangers)}, whom the roster does not know"
            yield Finding(part="groups", is_fine=False, text=f"{text} ({group.where})")


def _database(usher: Usher) -> Finding:
    try:
        if is_migrated(usher.settings.database_url.reveal()):
            return Finding(part="database", is_fine=True, text="up to date")
    except ConnectorError as error:
        return Finding(part="database", is_fine=False, text=error.detail)
    return Finding(part="database", is_fine=False, text="not up to date; run: usher migrate")


def _policy_repository(usher: Usher) -> Finding:
    """Look where policies are reviewed; without a folder there, the directory stays in force."""
    part, name = "policy repository", usher.settings.github.policy_repo
    repository = usher.services.policies.repository
    try:
        commit = repository.newest()
        count = len(repository.files(commit).files)
    except NotFound as error:
        text = f"{name}: {error.detail} POLICY_DIR is in force until it has one."
        return Finding(part=part, is_fine=True, text=text)
    except PolicyError as error:
        return Finding(part=part, is_fine=False, text=f"{name}: {error.faults[0]}")
    except ConnectorError as error:
        return Finding(part=part, is_fine=False, text=f"{name}: {error.detail}")
    return Finding(part=part, is_fine=True, text=f"{name}, {count} files at {commit[:12]}")


def _complaints(usher: Usher, name: str) -> Iterator[Finding]:
    systems = [one for one in usher.policies.policy().systems.values() if one.provider == name]
    uses_expiry = any(one.native_expiry for one in systems)
    hands_over = {kind for one in systems for kind in one.hand_over}
    if checkup := usher.services.checkups.get(name):
        for text in checkup.complaints(uses_expiry=uses_expiry, hands_over=hands_over):
            yield Finding(part=name, is_fine=False, text=text)


def _org(usher: Usher, policy: Policy) -> Iterator[Finding]:
    """Hold the policy in force against the org, as `usher policy check --live` does."""
    content = usher.policies.files(policy.commit)
    is_used = any(one.provider is Provider.SALESFORCE for one in policy.systems.values())
    if content is None or not is_used:
        return
    try:
        faults = faults_of_files_against(content, usher.services.org)
    except ConnectorError as error:
        yield Finding(part=_IN_ORG, is_fine=False, text=error.detail)
        return
    for fault in faults[:_MOST_FAULTS]:
        yield Finding(part=_IN_ORG, is_fine=False, text=fault)
    if len(faults) > _MOST_FAULTS:
        text = f"and {len(faults) - _MOST_FAULTS} more; run: usher policy check --live"
        yield Finding(part=_IN_ORG, is_fine=False, text=text)
    if not faults:
        yield Finding(part=_IN_ORG, is_fine=True, text="has all that it names")


def _service(name: str, service: Health) -> Finding:
    try:
        facts = service.check()
    except ConnectorError as error:
        return Finding(part=name, is_fine=False, text=error.detail)
    text = ", ".join(f"{key} {value}" for key, value in facts.items())
    return Finding(part=name, is_fine=True, text=text)
