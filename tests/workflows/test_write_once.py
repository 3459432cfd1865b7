"""The journal makes one outbound creation have one effect, whatever is lost on the way."""

from collections.abc import Callable

import pytest

from bot.domain.errors import OutcomeUnknown, Unavailable
from bot.domain.journal import Write
from bot.workflows.context import write_once
from tests.workflows.office import Office


class Outside:
    """Something outside that keeps what is created there."""

    def __init__(self) -> None:
        self.things: list[str] = []
        self.looks = 0
        self.during: Callable[[], None] = lambda: None

    def look(self, _write: Write) -> str | None:
        self.looks += 1
        return self.things[0] if self.things else None

    def act(self) -> str:
        self.during()
        self.things.append(f"thing-{len(self.things) + 1}")
        return self.things[-1]

    def act_and_lose_the_answer(self) -> str:
        self.act()
        raise OutcomeUnknown("lost")

    def fail(self) -> str:
        raise Unavailable("down")


@pytest.fixture
def outside() -> Outside:
    return Outside()


def write(
    office: Office, outside: Outside, act: Callable[[], str] | None = None, content: str = "c"
) -> tuple[str, bool]:
    return write_once(
        office.ctx,
        key="k",
        owner="o",
        content=content,
        look=outside.look,
        act=act or outside.act,
    )


def kept(office: Office) -> Write:
    with office.store.read() as tx:
        found = tx.writes.get("k")
    assert found is not None
    return found


def test_a_new_write_is_made_without_looking(office: Office, outside: Outside) -> None:
    assert write(office, outside) == ("thing-1", True)

    assert outside.looks == 0
    assert (kept(office).address, kept(office).content) == ("thing-1", "c")


def test_a_known_write_is_neither_made_nor_looked_for(office: Office, outside: Outside) -> None:
    write(office, outside)

    assert write(office, outside, content="other") == ("thing-1", False)

    assert (outside.things, outside.looks) == (["thing-1"], 0)
    assert kept(office).content == "c"


def test_a_write_whose_answer_was_lost_is_found(office: Office, outside: Outside) -> None:
    with pytest.raises(OutcomeUnknown):
        write(office, outside, outside.act_and_lose_the_answer)

    assert write(office, outside) == ("thing-1", False)

    assert outside.things == ["thing-1"]
    assert kept(office).content == ""  # what it says is unknown, so that it is updated


def test_a_write_that_surely_did_not_get_through_is_made_without_looking(
    office: Office, outside: Outside
) -> None:
    with pytest.raises(Unavailable):
        write(office, outside, outside.fail)

    assert write(office, outside) == ("thing-1", True)

    assert outside.looks == 0


def test_a_crash_after_the_effect_and_before_the_note_is_found(
    office: Office, outside: Outside
) -> None:
    outside.during = office.break_database
    with pytest.raises(Unavailable):
        write(office, outside)
    office.mend_database()

    assert write(office, outside) == ("thing-1", False)


def test_nothing_is_made_when_the_intent_cannot_be_noted(office: Office, outside: Outside) -> None:
    office.break_database()

    with pytest.raises(Unavailable):
        write(office, outside)

    assert outside.things == []
