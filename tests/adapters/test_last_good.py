"""What is in force while something newer is being read, or is broken."""

from bot.adapters.last_good import LastGood


def test_whoever_asks_during_a_reload_gets_what_is_in_force() -> None:
    versions = iter(["first", "second"])
    state = {"seen": 0}
    asked_meanwhile: list[str] = []

    def load() -> str:
        version = next(versions)
        if version == "second":
            asked_meanwhile.append(kept.refresh())
        return version

    kept = LastGood(load, lambda: state["seen"])
    state["seen"] = 1

    assert kept.refresh() == "second"
    assert asked_meanwhile == ["first"]
    assert kept.value == "second"
