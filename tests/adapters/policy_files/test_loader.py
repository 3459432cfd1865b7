"""The loader through its public door: a directory in, a policy out that says all of it."""

import shutil
from datetime import date
from pathlib import Path

from bot.adapters.policy_files.loader import load_all, load_case_files, load_policy
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.people import Engagement
from bot.domain.policy import (
    AutoApproval,
    Bundle,
    Pool,
    Provider,
    QuestionForm,
    Removals,
    Risk,
    WhenFull,
    Where,
)
from bot.domain.policy_integration import ALL, IntegrationRights, ObjectRights
from tests.adapters.policy_files.folders import SALESFORCE, SHIPPED, Edit

SEEDED = Path(__file__).with_name("seeded") / "policies"


def test_the_shipped_policies_load() -> None:
    policy = load_policy(SHIPPED, commit="abc")

    level = policy.level("salesforce/view-only")
    assert policy.commit == "abc"
    assert level is not None
    assert level.request is not None
    assert (level.risk, level.request.not_) == (Risk.LOW, ("consultant",))
    assert level.request.longest == Duration(90, Unit.DAYS)
    assert policy.systems["gong"].provider is Provider.TASK
    assert policy.systems["salesforce"].pools == {"Salesforce": Pool(keep_free=1)}
    assert policy.roles["csm"].birthright == ("salesforce/standard",)
    standard = policy.level("salesforce/standard")
    assert standard is not None
    assert standard.request is not None
    assert standard.request.longest == PERMANENT


def test_every_rule_knows_its_file_line_and_column(policies: Path) -> None:
    policy = load_policy(policies, commit="abc")

    level = policy.level("salesforce/view-only")
    assert level is not None
    assert level.where == Where("policies/systems/salesforce.yml", 11, 3)
    assert level.mark("longest") == Where("policies/systems/salesforce.yml", 15, 80)
    assert level.mark("not").column == 37
    assert policy.roles["csm"].where == Where("policies/roles.yml", 5, 3)
    assert policy.company.groups["it"].where == Where("policies/company.yml", 11, 3)


def test_business_days_come_from_the_named_calendar(policies: Path, edit: Edit) -> None:
    edit("company.yml", "holidays: US", "holidays: DE-BY")

    calendar = load_policy(policies).company.calendar

    assert calendar.timezone == "America/Chicago"
    assert date(2026, 1, 6) in calendar.holidays
    assert date(2040, 12, 25) in calendar.holidays


def test_without_a_calendar_only_weekends_are_free(policies: Path, edit: Edit) -> None:
    edit("company.yml", "holidays: US\n", "")

    assert load_policy(policies).company.calendar.holidays == frozenset()


def test_a_level_without_approve_follows_the_companys_default(policies: Path, edit: Edit) -> None:
    edit(SALESFORCE, "approve: [manager], longest: 90d", "longest: 90d")
    edit("company.yml", "default: [manager]", "default: [it]")

    level = load_policy(policies).level("salesforce/view-only")

    assert level is not None
    assert level.request is not None
    assert level.request.approve == ("it",)
    assert level.mark("approve") == Where("policies/company.yml", 15, 12)


def test_a_company_may_leave_its_approvals_to_the_defaults(policies: Path, edit: Edit) -> None:
    text = (policies / "company.yml").read_text()
    (policies / "company.yml").write_text(text.partition("approvals:")[0])
    edit(SALESFORCE, "risk: critical", "risk: high")
    edit(SALESFORCE, "approve: [manager], longest: 90d", "longest: 90d")

    policy = load_policy(policies)

    level = policy.level("salesforce/view-only")
    assert level is not None
    assert level.request is not None
    assert level.request.approve == ("manager",)
    assert level.mark("approve") == level.where
    assert policy.company.approvals.lapse_after == Duration(7, Unit.DAYS)


# ---- the whole vocabulary -----------------------------------------------------------------------


def test_everything_that_the_files_say_reaches_the_policy(tmp_path: Path) -> None:
    shutil.copytree(SEEDED, tmp_path / "policies")
    policy = load_policy(tmp_path / "policies", commit="abc")
    company, salesforce = policy.company, policy.systems["salesforce"]

    assert company.answer_within == Duration(1, Unit.BUSINESS_DAYS)
    assert company.revoke_within == Duration(24, Unit.HOURS)
    assert company.removals == Removals(10, 5)
    assert company.help_github_label == ":help-it"
    assert salesforce.user_fields == {"Department": "{department}", "Title": "{role}"}
    assert salesforce.hand_over == {"Opportunity": "manager", "Lead": "gtm-systems"}
    (criterion,) = salesforce.auto_approve
    assert criterion == AutoApproval(
        id="renew-view-only",
        levels=("view-only",),
        approved_by="security",
        approved_on=date(2026, 11, 2),
        record="acme/access#4821",
        where=criterion.where,
        already_had=True,
        longest=Duration(30),
        engagement=Engagement.CORE,
        roles=("csm", "engineer"),
    )
    assert [rule.id for rule in policy.separations] == [
        "crm-admin-and-automation",
        "admin-and-recorder",
    ]
    exception = policy.separations[0].exception
    assert exception is not None
    assert (exception.approve, exception.longest) == (("security",), Duration(14))
    assert policy.separations[1].exception is None


def test_everything_that_a_level_can_hold_reaches_the_policy(tmp_path: Path) -> None:
    shutil.copytree(SEEDED, tmp_path / "policies")
    crm = load_policy(tmp_path / "policies", commit="abc").systems["crm-eu"]

    assert crm.native_expiry
    assert crm.pools == {
        "Salesforce": Pool(keep_free=2),
        "package SBQQ": Pool(when_full=WhenFull.ASK),
        "feature Marketing": Pool(seats=25),
    }
    assert crm.levels["quotes"].integration is None
    assert crm.levels["quotes"].bundle == Bundle(
        licence="Salesforce",
        profile="Standard User",
        permission_set_groups=("Sales_Team",),
        packages=("SBQQ",),
        features=("Marketing",),
        role="Sales_EMEA",
        groups=("All_Sales",),
        queues=("Inbound_Leads",),
    )
    assert type(crm.levels["quotes"].bundle.features[0]) is str  # as it is stored
    assert crm.levels["sync"].integration == IntegrationRights(
        objects={
            "Account": ObjectRights(read=("Name", "Phone"), edit=("Score__c",)),
            "Lead": ObjectRights(read=(ALL,), create=("LastName", "Company"), delete=True),
            "Case": ObjectRights(view_all=True),
        }
    )


def test_questions_and_emergencies_know_their_places(tmp_path: Path) -> None:
    shutil.copytree(SEEDED, tmp_path / "policies")
    policy = load_policy(tmp_path / "policies", commit="abc")
    text = (SEEDED / "systems/salesforce.yml").read_text().splitlines()
    sales, admin = policy.level("salesforce/sales"), policy.level("salesforce/admin")

    assert sales is not None
    assert sales.request is not None
    assert [(one.id, one.form, one.is_required) for one in sales.request.questions] == [
        ("linkedin", QuestionForm.LINK, True),
        ("seats", QuestionForm.NUMBER, False),
    ]
    assert "id: linkedin" in text[sales.request.questions[0].where.line - 1]
    assert text[sales.mark("questions").line - 1].strip().startswith("- { id: linkedin")
    assert admin is not None
    assert admin.break_glass is not None
    assert (admin.break_glass.by, admin.break_glass.longest) == (
        ("gtm-systems",),
        Duration(4, Unit.HOURS),
    )
    assert text[admin.break_glass.where.line - 1].strip().startswith("break_glass:")
    assert (
        text[policy.systems["salesforce"].auto_approve[0].where.line - 1]
        .strip()
        .startswith("- id: renew-view-only")
    )


def test_a_policy_comes_with_its_tests_and_the_seats_that_are_written_down(
    policies: Path, edit: Edit
) -> None:
    edit(SALESFORCE, "keep_free: 1", "seats: 25, keep_free: 1")

    loaded = load_all(policies)

    assert loaded.policy.systems["salesforce"].pools["Salesforce"].seats == 25
    assert loaded.content.name == "policies"
    by_file = {one.file: one for one in load_case_files(policies)}
    assert by_file.keys() == {one.file for one in loaded.cases}
    suite = by_file["policies/tests/salesforce.yml"]
    where = suite.places["cases", 0]
    line = (policies / "tests/salesforce.yml").read_text().splitlines()[where.line - 1]
    assert suite.model.cases[0].name in line
