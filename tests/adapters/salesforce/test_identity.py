"""Who is surely the same person, and who must never be touched."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.adapters.salesforce.gateway import PERSON_FIELD
from bot.adapters.salesforce.identity import ADMIN_PROFILE, is_active_admin
from bot.domain.errors import Conflict
from bot.domain.plan import Deactivate, Freeze, Holder, SeatView, plan_seat
from bot.domain.policy import Bundle
from bot.domain.secret import Secret
from tests.adapters.salesforce.org_bench import Bench, Connected

STANDARD = Bundle(licence="Salesforce", profile="Standard User")
NORA = "nora.quist@acme.example.crm"


def test_an_inactive_user_with_the_persons_id_is_reactivated(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    zoe = make_person("p015", "Zoe Wild")
    before = salesforce.emulator.org.user("p015")
    assert not before.is_active

    view = salesforce.converge(zoe, STANDARD)

    assert plan_seat(view, zoe, STANDARD).changes == ()
    assert salesforce.emulator.org.user("p015").id == before.id


def test_user_name_and_mail_together_are_enough_to_adopt(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    nora = make_person("p900", "Nora Quist")
    before = salesforce.emulator.org.user(NORA)

    view = salesforce.converge(nora, STANDARD)

    assert plan_seat(view, nora, STANDARD).changes == ()
    assert salesforce.emulator.org.user("p900").id == before.id


def test_the_sso_identity_is_enough_to_adopt(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    user_id = salesforce.emulator.org.user(NORA).id
    fields = {"FederationIdentifier": "nora.new@acme.example", "Email": "other@acme.example"}
    salesforce.writing.update("User", user_id, fields)
    nora = make_person("p900", "Nora New")

    view = salesforce.reader.observe(nora, STANDARD)

    assert (view.seat.user_id, view.seat.person_id, view.refusal) == (user_id, None, "")


def test_the_mail_of_a_refreshed_sandbox_is_still_the_persons(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    salesforce.emulator.admin.change_mail(NORA, "nora.quist@acme.example.invalid")

    view = salesforce.reader.observe(make_person("p900", "Nora Quist"), STANDARD)

    assert view.refusal == ""
    assert view.seat is not None


def test_a_mail_address_alone_finds_nobody(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    twin = make_person("p900", "Nora Quist", username="nora.q@acme.example.crm")

    view = salesforce.reader.observe(twin, STANDARD)

    assert (view.seat, view.refusal) == (None, "")


def test_a_user_name_with_another_mail_may_be_somebody_else(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    other = make_person("p900", "Nora Quist", mail="nora.quist2@acme.example")

    view = salesforce.reader.observe(other, STANDARD)

    assert view.seat is None
    assert "another mail address" in view.refusal


def test_a_user_name_of_another_person_is_refused(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    namesake = make_person("p901", "Zoe Wild")

    view = salesforce.reader.observe(namesake, STANDARD)

    assert view.seat is None
    assert "another person id" in view.refusal
    with pytest.raises(Conflict, match="another person id"):
        salesforce.converge(namesake, STANDARD)


def test_two_users_who_could_be_the_person_are_refused(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    hal = salesforce.emulator.org.user("hal.mercer@acme.example.crm")
    fields = {"FederationIdentifier": "nora.quist@acme.example"}
    salesforce.writing.update("User", hal.id, fields)

    view = salesforce.reader.observe(make_person("p900", "Nora Quist"), STANDARD)

    assert view.seat is None
    assert "several users" in view.refusal


def test_the_person_id_wins_over_other_traces(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    hal = salesforce.emulator.org.user("hal.mercer@acme.example.crm")
    salesforce.writing.update("User", hal.id, {PERSON_FIELD: "p900"})

    view = salesforce.reader.observe(make_person("p900", "Nora Quist"), STANDARD)

    assert (view.seat.user_id, view.refusal) == (hal.id, "")


def test_the_bots_own_user_is_never_touched(
    bench: Bench, salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    bot = make_person(
        "p999", "Usher Bot", mail="usher.bot@acme.example", username=bench.emulator.bot_username
    )

    view = salesforce.reader.observe(bot, STANDARD)

    assert "Usher itself" in view.refusal
    with pytest.raises(Conflict):
        salesforce.converge(bot, None)
    unguarded = type(view)(seat=view.seat, handles=view.handles)
    with pytest.raises(Conflict, match="works as"):
        salesforce.writer.apply(Deactivate(), bot, unguarded)
    with pytest.raises(Conflict, match="works as"):
        salesforce.writer.set_password(view.seat.user_id, Secret("Canary-password-123"))
    assert bench.emulator.org.user(bench.emulator.bot_username).is_active


def test_the_last_administrator_besides_the_bot_is_never_touched(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    gus = make_person("p002", "Gus Hale")

    view = salesforce.reader.observe(gus, STANDARD)

    assert "last active administrator" in view.refusal
    with pytest.raises(Conflict):
        salesforce.writer.apply(Freeze(), gus, view)
    assert not salesforce.emulator.org.user("gus.hale@acme.example.crm").is_frozen


def test_one_administrator_of_several_can_be_changed(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    admin = Bundle(licence="Salesforce", profile="System Administrator")
    ivy = make_person("p010", "Ivy Chen")
    salesforce.converge(ivy, admin)

    view = salesforce.converge(ivy, None)

    assert plan_seat(view, ivy, None).changes == ()
    assert not salesforce.emulator.org.user("p010").is_active


@pytest.mark.parametrize("threads", [1, 2])
def test_of_the_last_two_administrators_one_stays(
    salesforce: Connected, make_person: Callable[..., Holder], threads: int
) -> None:
    """Each was looked at while the other was still there."""
    gus, ivy = make_person("p002", "Gus Hale"), make_person("p010", "Ivy Chen")
    salesforce.converge(ivy, Bundle(licence="Salesforce", profile="System Administrator"))
    views = [salesforce.reader.observe(one, None) for one in (gus, ivy)]
    assert [view.refusal for view in views] == ["", ""]

    def end(one: Holder, view: SeatView) -> str:
        try:
            salesforce.writer.apply_together((Freeze(), Deactivate()), one, view)
        except Conflict as error:
            return error.detail
        return ""

    with ThreadPoolExecutor(threads) as pool:
        refused = [why for why in pool.map(end, (gus, ivy), views) if why]

    assert len(refused) == 1
    assert "last active administrator" in refused[0]
    users = [salesforce.emulator.org.user(one.username) for one in (gus, ivy)]
    assert sorted(user.is_active and not user.is_frozen for user in users) == [False, True]


def test_users_who_are_no_people_are_never_touched(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    chatter = Bundle(licence="Chatter Free", profile="Chatter Free User")
    ann = make_person("p004", "Ann Ortiz")
    salesforce.converge(ann, chatter)

    view = salesforce.reader.observe(ann, chatter)

    assert "not a standard user" in view.refusal


# ---- programs, administrators by permission sets, and the platform's own ------------------------

API_ONLY = "Minimum Access - API Only Integrations"
SYNC = Bundle(licence="Salesforce Integration", profile=API_ONLY)


def test_a_level_for_an_integration_has_a_user_of_its_own(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    sync = make_person("p950", "Warehouse Sync")

    view = salesforce.converge(sync, SYNC)

    assert plan_seat(view, sync, SYNC).changes == ()
    assert salesforce.reader.observe(sync, None).refusal == ""  # and it can end
    refused = salesforce.reader.observe(sync, STANDARD)
    assert "user of an integration" in refused.refusal
    with pytest.raises(Conflict, match="level is for people"):
        plan_seat(refused, sync, STANDARD)


def test_a_persons_user_never_becomes_a_programs(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    ann = make_person("p004", "Ann Ortiz")
    salesforce.converge(ann, STANDARD)

    view = salesforce.reader.observe(ann, SYNC)

    assert "a person's user" in view.refusal
    with pytest.raises(Conflict, match="needs a user of its own"):
        plan_seat(view, ann, SYNC)


def test_an_integration_that_somebody_else_made_is_not_adopted(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    admin = salesforce.emulator.admin
    admin.create_user("etl@acme.example.crm", profile=API_ONLY)
    etl = make_person("p951", "Etl", mail="etl@acme.example", username="etl@acme.example.crm")

    for bundle in (SYNC, None):
        assert "has no person id" in salesforce.reader.observe(etl, bundle).refusal
    admin.change_user("etl@acme.example.crm", **{PERSON_FIELD: "p951"})
    assert salesforce.reader.observe(etl, SYNC).refusal == ""


def test_administrators_by_permission_sets_count_and_frozen_ones_do_not(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    gus, admin = make_person("p002", "Gus Hale"), salesforce.emulator.admin
    admin.create_user("second@acme.example.crm", profile="System Administrator")
    assert salesforce.reader.observe(gus, STANDARD).refusal == ""

    admin.freeze("second@acme.example.crm")

    assert "last active administrator" in salesforce.reader.observe(gus, STANDARD).refusal


def test_the_automated_process_is_never_touched(
    salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    salesforce.emulator.admin.change_user("autoproc@acme.example.crm", **{PERSON_FIELD: "p952"})
    robot = make_person("p952", "Automated Process")

    view = salesforce.reader.observe(robot, STANDARD)

    assert "not a standard user" in view.refusal
    with pytest.raises(Conflict, match="standard users only"):
        plan_seat(view, robot, None)


ROW = {"IsActive": True, "Profile": {"Name": "Ops", "PermissionsManageUsers": True}}


@pytest.mark.parametrize(
    ("sets", "is_admin"),
    [([], False), ([{"PermissionsModifyAllData": True}], True), ([{"Name": "Plain"}], False)],
)
def test_profile_and_sets_make_an_administrator_together(
    sets: list[dict[str, object]], *, is_admin: bool
) -> None:
    assert is_active_admin(ROW, sets) is is_admin
    assert not is_active_admin({**ROW, "IsActive": False}, sets)
    assert is_active_admin({"IsActive": True, "Profile": {"Name": ADMIN_PROFILE}}, sets)
