"""A desk in memory: a few levels to search, what somebody holds, and the reasons a test sets."""

from bot.domain.decision import Reason
from bot.domain.desk import LevelChoice, Mine, OnboardingCall, OnboardingStatus
from bot.domain.errors import NotPermitted, StaleApproval
from bot.domain.inbound import Actor, Submission
from bot.domain.policy import Question, Risk

LEVELS = (
    LevelChoice(
        id="salesforce/standard",
        says="Work with accounts and opportunities",
        risk=Risk.LOW,
        system_title="Salesforce",
    ),
    LevelChoice(
        id="salesforce/reports", says="Read reports", risk=Risk.LOW, system_title="Salesforce"
    ),
    LevelChoice(
        id="salesforce/admin",
        says="Change the setup",
        risk=Risk.CRITICAL,
        system_title="Salesforce",
    ),
    LevelChoice(id="gong/listen", says="Listen to calls", risk=Risk.HIGH, system_title="Gong"),
)


class FakeDesk:
    """Implements the Desk port; a person without an entry in `holdings` is unknown."""

    def __init__(self, levels: tuple[LevelChoice, ...] = LEVELS) -> None:
        self.levels = levels
        self.reasons: tuple[Reason, ...] = ()
        self.asked: dict[str, tuple[Question, ...]] = {}
        self.holdings: dict[str, Mine] = {}
        self.failure: Exception | None = None
        self.onboardings: dict[tuple[str, str], OnboardingStatus] = {}
        self.calls: dict[tuple[str, str], OnboardingCall] = {}

    def preview(self, submission: Submission) -> tuple[Reason, ...]:
        self._fail()
        return self.reasons

    def search_levels(self, words: str, limit: int) -> tuple[LevelChoice, ...]:
        self._fail()
        wanted = words.casefold().split()
        found = [
            level
            for level in self.levels
            if all(w in f"{level.id} {level.says} {level.system_title}".casefold() for w in wanted)
        ]
        return tuple(found[:limit])

    def questions(self, level: str) -> tuple[Question, ...]:
        return self.asked.get(level, ())

    def mine(self, actor: Actor) -> Mine:
        self._fail()
        if actor.slack_id not in self.holdings:
            raise NotPermitted("I do not find you in the roster.", next_step="Ask IT to add you.")
        return self.holdings[actor.slack_id]

    def onboard(self, call: OnboardingCall) -> OnboardingStatus:
        self._fail()
        key = (call.caller, call.idempotency_key)
        if self.calls.setdefault(key, call).fingerprint != call.fingerprint:
            raise StaleApproval("This key was used for another body.")
        is_new = key not in self.onboardings
        self.onboardings[key] = OnboardingStatus(
            id=f"ob-{len(self.onboardings) + 1}" if is_new else self.onboardings[key].id,
            person_id=call.person_id,
            first_day=call.first_day,
            is_new=is_new,
            items=(),
        )
        return self.onboardings[key]

    def onboarding(self, onboarding_id: str) -> OnboardingStatus | None:
        self._fail()
        return next((ob for ob in self.onboardings.values() if ob.id == onboarding_id), None)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
