"""Mistakes that only the whole policy shows: unknown names, dead ends, rules that clash.

One module for each part of the language; here they come together.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import bot.domain.policy_checks_content as content
import bot.domain.policy_checks_integration as integration
import bot.domain.policy_checks_levels as levels
import bot.domain.policy_checks_people as people
import bot.domain.policy_checks_separation as separation
import bot.domain.policy_checks_systems as systems
from bot.domain.policy_draft import Draft, Finding

_CHECKS: tuple[Callable[[Draft], Iterator[Finding]], ...] = (
    people.groups,
    people.company_approvals,
    people.clocks,
    people.owners,
    people.role_names,
    people.requesters,
    people.approvers,
    people.deadlocks,
    levels.birthrights,
    levels.accounts_of_birthrights,
    levels.critical_levels,
    levels.critical_adds,
    levels.unreachable_levels,
    levels.bundles,
    levels.questions,
    levels.emergencies,
    content.named_twice,
    content.without_api,
    content.native_expiry,
    content.feature_seats,
    integration.rights,
    integration.accounts,
    systems.usernames,
    systems.user_fields,
    systems.pools,
    systems.hand_over,
    systems.auto_approvals,
    separation.rules,
    separation.broken_by_birthrights,
)


def check_policy(draft: Draft) -> tuple[Finding, ...]:
    """List every mistake that no single file shows."""
    fresh = replace(draft)  # with guesses of its own: the same draft, the same answer
    return draft.sound(finding for check in _CHECKS for finding in check(fresh))
