"""Handing the log-in over: made, set and vaulted in one step; only the item's id comes out."""

from dataclasses import replace

import structlog

from bot.domain.audit import Tag
from bot.domain.errors import Conflict, Unauthorized
from bot.domain.grant import Grant, GrantState
from bot.domain.handoff import handoff_for, tag_of
from bot.domain.people import Person
from bot.domain.policy import Delivery, System
from bot.domain.request import Request
from bot.ports import Transaction
from bot.workflows.context import (
    Context,
    SeatService,
    audit,
    item_key,
    still_wanted,
    write_once,
)

log = structlog.get_logger()


def hand_over(
    ctx: Context,
    request: Request,
    grant: Grant,
    service: SeatService,
    system: System,
    person: Person,
) -> Grant:
    """Make, set and vault the credential in one go; only the item's id comes out."""
    if system.delivery is not Delivery.ONEPASSWORD:
        return grant
    if _has_account_already(ctx, grant):
        return grant
    vault_id = person.handoff_vault
    if not vault_id:
        raise Conflict(f"{person.name} has no hand-off vault in the roster.", service="1password")
    handoff = handoff_for(request, grant, system, person, ctx.people.roster(), vault_id)

    def look(_write: object) -> str | None:
        return _find_item(ctx, vault_id, handoff.tag)

    def store() -> str:
        password = ctx.passwords.new()
        still_wanted(ctx, request)
        service.writer.set_password(grant.account, password)
        still_wanted(ctx, request)
        return ctx.vault.create_item(handoff, password)

    def settled(tx: Transaction, item_id: str) -> None:
        # Also when it was found: whoever stored it was killed before it could say so.
        audit(ctx, tx, Tag.ITEM_STORED, request.id, "usher", item=item_id, vault=vault_id)

    item_id, _is_new = write_once(
        ctx,
        key=item_key(request.id),
        owner=request.id,
        content="",
        look=look,
        act=store,
        settled=settled,
    )
    return replace(grant, vault_id=vault_id, item_id=item_id)


def with_leftover(ctx: Context, grant: Grant, person: Person | None) -> Grant:
    """Note on an abandoned grant the log-in that its request may have stored already."""
    with ctx.ledger.read() as tx:
        stored = tx.writes.get(item_key(grant.request_id))
        entries = tx.audit.of_subject(grant.request_id)
    if stored is None:
        return grant
    vaults = [entry.facts["vault"] for entry in entries if entry.tag is Tag.ITEM_STORED]
    vault_id = vaults[-1] if vaults else (person.handoff_vault if person else None)
    if not vault_id:
        return grant
    item_id = stored.address or _find_item(ctx, vault_id, tag_of(grant.request_id))
    return replace(grant, vault_id=vault_id, item_id=item_id or "")


def _find_item(ctx: Context, vault_id: str, tag: str) -> str | None:
    try:
        return ctx.vault.find_item(vault_id, tag)
    except Unauthorized:
        # A write-only token cannot look. The new item gets a password of its own, so that one
        # which an earlier try left behind opens nothing; the log names it for a person to delete.
        log.warning("delivery.orphan_possible", vault_id=vault_id, tag=tag)
        return None


def _has_account_already(ctx: Context, grant: Grant) -> bool:
    """Whether the person already has the log-in, from another level of the same system."""
    with ctx.ledger.read() as tx:
        others = tx.grants.of_person(grant.person_id)
    return any(
        other.id != grant.id
        and other.system == grant.system
        and other.state is GrantState.ACTIVE
        and other.item_id
        for other in others
    )
