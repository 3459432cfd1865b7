"""What the inside needs from the outside: small protocols, domain values in and out."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from bot.domain.cards import Card, IssuePage
from bot.domain.changes import Change
from bot.domain.decision import Reason
from bot.domain.desk import LevelChoice, Mine, OnboardingCall, OnboardingStatus
from bot.domain.handover import Dependence, Failure
from bot.domain.inbound import Actor, Envelope, Submission
from bot.domain.integration_grants import Granted
from bot.domain.people import Roster
from bot.domain.plan import Holder, ReadBack, SeatView
from bot.domain.policy import Bundle, Policy, Question
from bot.domain.policy_checks_org import OrgNames
from bot.domain.policy_review import Opinion, Proposal, Standing
from bot.domain.policy_version import PolicyFiles
from bot.domain.seats import Idle, PoolCount
from bot.domain.secret import Secret
from bot.domain.vault import Handoff
from bot.rows import (
    AuditRows,
    CursorRows,
    GrantRows,
    InboxRows,
    OnboardingRows,
    PeopleRows,
    PolicyRows,
    RequestRows,
    SeatRows,
    WorkerRows,
    WriteRows,
)


class Clock(Protocol):
    """The time, always with a zone."""

    def now(self) -> datetime: ...


class PolicySource(Protocol):
    """The policy in force: the last good one."""

    def policy(self) -> Policy: ...

    def files(self, commit: str) -> PolicyFiles | None:
        """Return what a version was made of that is or was in force in this process."""

    def refresh(self) -> None:
        """Look at once whether another version is to be in force, instead of within seconds."""


class PeopleSource(Protocol):
    """Everybody, as the roster and the onboardings know them; the roster file wins."""

    def roster(self) -> Roster:
        """Return everybody without asking the database, so that a transaction may call it."""

    def refresh(self) -> None:
        """Read anew who came through onboarding; outside any transaction. Raises Unavailable."""


class PolicyReader(Protocol):
    """Reads a policy from its files, wherever they come from."""

    def read(self, content: PolicyFiles, commit: str) -> Policy:
        """Load and check a policy; raises PolicyError with every fault."""

    def review(self, content: PolicyFiles, commit: str) -> tuple[Policy, tuple[str, ...]]:
        """Read a policy, play its own tests, and tell those that fail, each with its place."""


class PolicyRepository(Protocol):
    """The Git repository where policies are reviewed; all may raise any ConnectorError."""

    def newest(self) -> str:
        """Return the commit at the tip of the default branch."""

    def files(self, commit: str) -> PolicyFiles:
        """Return the policy folder at a commit; raises NotFound when there is none.

        What is too big to be read, or no file, raises PolicyError.
        """

    def proposal(self, number: int) -> Proposal:
        """Return a pull request as it is now."""

    def proposal_head(self, number: int) -> str:
        """Return the newest commit of a pull request, to see whether it moved meanwhile."""

    def proposals_since(self, since: datetime) -> tuple[int, ...]:
        """List the open pull requests that changed since then, for events that never arrived."""


class PolicyVerdicts(Protocol):
    """What is said of policies where they are reviewed; all idempotent."""

    def set_status(self, commit: str, standing: Standing) -> None:
        """Mark a commit as in force or refused."""

    def set_check(self, commit: str, opinion: Opinion) -> None:
        """Make the check at a commit say this, with every mistake at its line."""

    def set_label(self, number: int, label: str, *, is_on: bool) -> None:
        """Put a label on a pull request, or take it off."""


class SeatReader(Protocol):
    """Looks at a system and cannot change it."""

    def observe(self, holder: Holder, bundle: Bundle | None) -> SeatView:
        """Look up the account by immutable key, the bundle's pools and unknown names.

        Raises Unavailable, RateLimited or Unauthorized.
        """

    def read_back(self, holder: Holder, bundle: Bundle | None, pools: Collection[str]) -> ReadBack:
        """Look again after changes, and at the counters of pools; raises as `observe` does.

        Without a bundle nobody asks whether log-in is frozen: the account should be inactive.
        """

    def pools(self) -> tuple[PoolCount, ...]:
        """Count the seats of all pools that the system has; raises as `observe` does."""

    def idle(self, pool: PoolCount, days: int) -> tuple[Idle, ...]:
        """Name a few who hold a seat of a pool without having logged in for so many days.

        Raises as `observe` does.
        """


class RightsReader(Protocol):
    """What the profile and the sets of a level really grant on business objects."""

    def granted(self, bundle: Bundle, objects: Collection[str]) -> Granted:
        """Read the rights on all objects, and on the fields of these; names unknown grant nothing.

        Raises Unavailable, RateLimited or Unauthorized.
        """


class OrgDirectory(RightsReader, Protocol):
    """What a system has by name, and grants, for a check of the policy against it."""

    def names(self, objects: Collection[str] = ()) -> OrgNames:
        """Read the names of everything that a level can hold, and the fields of these objects.

        An object that is not there has no fields. Raises Unavailable, RateLimited or Unauthorized.
        """


class SeatWriter(Protocol):
    """Changes one account in a system."""

    def apply(self, change: Change, holder: Holder, view: SeatView) -> SeatView:
        """Make one change and return the view for the next one, which knows an account just made.

        `view` is a look at the system taken just before; look again to see what came of it.
        Idempotent: making a change again changes nothing. Raises SeatsExhausted, Conflict (refused
        for good), OutcomeUnknown (answer lost), Unavailable, RateLimited or Unauthorized.
        """

    def apply_together(self, changes: Sequence[Change], holder: Holder, view: SeatView) -> SeatView:
        """Make changes that go together, in their order, in one call if they fit; as `apply`."""

    def set_password(self, user_id: str, password: Secret) -> None:
        """Set the password; raises Conflict with code INVALID_NEW_PASSWORD when refused."""


class RecordReader(Protocol):
    """Looks at what a leaver owns in a system and what depends on their user.

    All raise Unavailable, RateLimited or Unauthorized.
    """

    def look(self, user_id: str, kinds: Collection[str]) -> Dependence:
        """Find what depends on the user, and count as `count` does, in as few calls as can be."""

    def count(self, user_id: str, kinds: Collection[str]) -> dict[str, int]:
        """Count the open records of these kinds that a user owns."""

    def ids(self, user_id: str, kind: str) -> tuple[str, ...]:
        """Read the ids of those records."""

    def users(self, holders: Collection[Holder]) -> dict[str, str]:
        """Find the ids of people's active users that are not frozen, by person id."""

    def may_spend(self, calls: int) -> bool:
        """Whether so many calls may go into what can wait, or others need them."""


class RecordWriter(Protocol):
    """Gives records to somebody else."""

    def give(self, kind: str, record_ids: Sequence[str], user_id: str) -> tuple[Failure, ...]:
        """Change the owner of at most 200 records of one kind; returns those that were refused.

        Idempotent. Raises OutcomeUnknown, Conflict, Unavailable, RateLimited or Unauthorized.
        """


class Passwords(Protocol):
    """Makes credentials that every provider's password rules accept."""

    def new(self) -> Secret: ...


class Vault(Protocol):
    """The hand-off vaults."""

    def find_item(self, vault_id: str, tag: str) -> str | None:
        """Return the id of the item with this tag; Unauthorized when the token may not read."""

    def create_item(self, handoff: Handoff, password: Secret) -> str:
        """Store the credential and return the new item's id. Not idempotent: look first.

        Raises OutcomeUnknown, Unavailable, Unauthorized, or NotFound when the vault is not there.
        """

    def delete_item(self, vault_id: str, item_id: str) -> None:
        """Remove an item; one that is gone already is fine."""


class Chat(Protocol):
    """Messages to people in Slack; a handle is opaque and kept by the caller."""

    def find_message(self, slack_id: str, key: str, since: datetime) -> str | None:
        """Return the handle of our message with this key in the person's DM, posted since then."""

    def post(self, slack_id: str, card: Card, key: str) -> str:
        """Send a card to a person and return its handle. Not idempotent: look first.

        Raises OutcomeUnknown, NotFound (nobody to reach), Unavailable, RateLimited or Unauthorized.
        """

    def update(self, handle: str, card: Card, key: str) -> None:
        """Make the message say what the card says now; idempotent."""

    def whisper(self, slack_id: str, text: str, response_url: str = "") -> None:
        """Answer a person's click where only they see it, in plain text."""


class Members(Protocol):
    """Who is really behind a Slack id."""

    def refusal(self, slack_id: str) -> str:
        """Say why this member may not use Usher (guest, bot, outsider, gone); empty if fine."""


class Records(Protocol):
    """The issues: one per request, the record."""

    def find_issue(self, key: str, since: datetime) -> int | None:
        """Return the number of the issue that we opened for this key since then."""

    def create_issue(self, page: IssuePage, key: str) -> int:
        """Open an issue. Not idempotent: look first. Raises any ConnectorError."""

    def update_issue(self, number: int, page: IssuePage) -> None:
        """Make labels and open or closed match the page, writing only the difference."""

    def issue_url(self, number: int) -> str:
        """Return the address of an issue for people."""


class Comments(Protocol):
    """Comments on the issues; a card is rendered, a text is taken as it is."""

    def find_comment(self, number: int, key: str, since: datetime) -> str | None:
        """Return the id of our comment with this key, made since then."""

    def create_comment(self, number: int, content: Card | str, key: str) -> str:
        """Add a comment and return its id. Not idempotent: look first."""

    def update_comment(self, comment_id: str, content: Card | str, key: str) -> None:
        """Make the comment say this; idempotent."""


INBOX_TIMEOUT_S = 2.3
"""Slack gives up after three seconds; before that it gets a clear no."""


class Inbox(Protocol):
    """The durable way in."""

    def receive(self, envelope: Envelope) -> bool:
        """Keep a message durably before returning; False when its delivery id was known already.

        Raises Unavailable when the database is gone, so that the sender is told to try again.
        """

    def post(self, envelope: Envelope) -> Future[bool]:
        """Do the same without waiting; who waits for it cancels it after INBOX_TIMEOUT_S."""


class Desk(Protocol):
    """What a doorway may look up while somebody waits; reads only, from memory and the database."""

    def preview(self, submission: Submission) -> tuple[Reason, ...]:
        """Return the reasons for which this would be refused now; empty when it may go ahead."""

    def search_levels(self, words: str, limit: int) -> tuple[LevelChoice, ...]:
        """Return the levels that fit these words best, over names and descriptions."""

    def questions(self, level: str) -> tuple[Question, ...]: ...

    def mine(self, actor: Actor) -> Mine:
        """Return what this person holds and waits for; raises NotPermitted for a stranger."""

    def onboard(self, call: OnboardingCall) -> OnboardingStatus:
        """Take an onboarding in, once per caller and idempotency key.

        Raises InvalidRequest, or StaleApproval when the key was used for another body.
        """

    def onboarding(self, onboarding_id: str) -> OnboardingStatus | None:
        """Return how far an onboarding is, or None when there is none with this id."""


class Transaction(Protocol):
    """Everything one transaction can read and write; `connection` is for the engine alone."""

    @property
    def connection(self) -> Any: ...
    @property
    def requests(self) -> RequestRows: ...
    @property
    def grants(self) -> GrantRows: ...
    @property
    def seats(self) -> SeatRows: ...
    @property
    def inbox(self) -> InboxRows: ...
    @property
    def writes(self) -> WriteRows: ...
    @property
    def audit(self) -> AuditRows: ...
    @property
    def policies(self) -> PolicyRows: ...
    @property
    def people(self) -> PeopleRows: ...
    @property
    def onboardings(self) -> OnboardingRows: ...
    @property
    def workers(self) -> WorkerRows: ...
    @property
    def cursors(self) -> CursorRows: ...


class Ledger(Protocol):
    """The database; both raise Unavailable when it is gone or locked."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that commits when the block ends well."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that only reads."""


class Checkup(Protocol):
    """A thorough look at one outside service, for the doctor."""

    def complaints(
        self, *, uses_expiry: bool = False, hands_over: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Say what should be mended though calls succeed, each with its fix in the same line.

        With `uses_expiry` policy wants access to end by itself in the service too; `hands_over`
        names the objects whose records it gives to others when somebody leaves.
        """


class Health(Protocol):
    """One outside service's pulse, for /readyz and the doctor."""

    def check(self) -> Mapping[str, str]:
        """Return facts to show (version, user, rights); raises ConnectorError if wrong."""
