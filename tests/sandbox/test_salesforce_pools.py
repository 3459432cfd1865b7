"""Packages, feature licences and pools that close in the Salesforce emulator; with sources."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from bot.sandbox.salesforce.objects import FEATURES
from tests.sandbox.salesforce_people import INBOX, INBOX_PSL, People

LIMIT = "LICENSE_LIMIT_EXCEEDED"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    one = People(tmp_path_factory.mktemp("crm"))
    yield one
    one.close()


@pytest.fixture
def crm(shared: People) -> Iterator[People]:
    yield shared
    shared.reset()


def package(crm: People, user: str, name: str = "acmesign") -> dict[str, str]:
    return {"UserId": user, "PackageLicenseId": crm.named("PackageLicense", name)}


# ---- managed packages


def test_packages_show_what_is_allowed_and_used(crm: People) -> None:
    # Object reference PackageLicense; salesforce.md §2
    crm.post("UserPackageLicense", **package(crm, crm.make()))

    rows = crm.query(
        "SELECT NamespacePrefix, AllowedLicenses, UsedLicenses, Status FROM PackageLicense "
        "ORDER BY NamespacePrefix"
    )
    found = {one["NamespacePrefix"]: one for one in rows}

    assert found["acmemaps"]["AllowedLicenses"] == -1
    assert found["acmesign"]["UsedLicenses"] == crm.org.package("acmesign")[1] >= 1
    assert found["oldtool"]["Status"] == "Expired"


def test_a_package_licence_is_given_once(crm: People) -> None:
    # Object reference UserPackageLicense; the code is [M]
    ann = crm.make()
    crm.post("UserPackageLicense", **package(crm, ann))

    assert crm.refused("UserPackageLicense", **package(crm, ann)) == "DUPLICATE_VALUE"
    assert crm.user(ann).packages == ("acmesign",)


def test_a_full_package_is_refused_until_a_row_is_deleted(crm: People) -> None:
    # Object reference PackageLicense ("number of licenses allowed and in use"); the code is [M]
    row = crm.post("UserPackageLicense", **package(crm, crm.make()))
    crm.org.set_total("acmesign", crm.org.package("acmesign")[1])
    bob = crm.make()

    assert crm.refused("UserPackageLicense", **package(crm, bob)) == LIMIT
    crm.delete("UserPackageLicense", row)
    assert crm.post("UserPackageLicense", **package(crm, bob))


def test_deactivation_does_not_free_a_package(crm: People) -> None:
    # Help 000386472
    ann = crm.make()
    row = crm.post("UserPackageLicense", **package(crm, ann))
    used = crm.org.package("acmesign")[1]

    crm.patch("User", ann, IsActive=False)
    assert crm.org.package("acmesign")[1] == used
    crm.delete("UserPackageLicense", row)
    assert crm.org.package("acmesign")[1] == used - 1


def test_an_unlimited_package_takes_everybody(crm: People) -> None:
    # salesforce.md §2: -1 is a site licence
    for _ in range(3):
        crm.post("UserPackageLicense", **package(crm, crm.make(), "acmemaps"))

    assert crm.org.package("acmemaps")[0] == -1


def test_an_expired_package_takes_nobody(crm: People) -> None:
    # Object reference PackageLicense.Status; salesforce.md §2, Availability
    assert crm.refused("UserPackageLicense", **package(crm, crm.make(), "oldtool")) == LIMIT


def test_a_package_licence_is_not_for_inactive_users(crm: People) -> None:
    # Strict reading [M]
    ann = crm.make(IsActive=False)

    assert crm.refused("UserPackageLicense", **package(crm, ann)) == "INACTIVE_OWNER_OR_USER"


def test_a_package_licence_cannot_be_changed(crm: People) -> None:
    # Field reference UserPackageLicense: neither field has Update
    row = crm.post("UserPackageLicense", **package(crm, crm.make()))

    assert crm.refused_patch("UserPackageLicense", row, UserId=crm.make()) == (
        "INVALID_TYPE_FOR_OPERATION"
    )


def test_packages_and_setup_rows_are_made_together_by_the_sdk(crm: People) -> None:
    # The same through the unmodified simple_salesforce
    ann = crm.make()
    made = crm.sf.UserPackageLicense.create(package(crm, ann))

    assert made["success"]
    assert crm.sf.UserPackageLicense.delete(made["id"]) == 204
    assert crm.user(ann).packages == ()


def test_packages_themselves_are_read_only(crm: People) -> None:
    # Object reference PackageLicense, supported calls
    described = crm.call("GET", "sobjects/PackageLicense/describe").json()

    assert (described["createable"], described["keyPrefix"]) == (False, "050")
    assert crm.refused("PackageLicense", NamespacePrefix="x") == "INVALID_TYPE_FOR_OPERATION"


# ---- feature licences


@pytest.mark.parametrize("flag", list(FEATURES))
def test_each_feature_licence_is_refused_when_none_is_left(crm: People, flag: str) -> None:
    # Help 000387847 (000221882): fourteen features, one sentence
    crm.org.set_total(flag, crm.org.feature(flag)[1] + 1)
    ann = crm.make(**{flag: True})
    bob = crm.make()

    assert crm.refused("User", **crm.person(**{flag: True})) == LIMIT
    assert crm.refused_patch("User", bob, **{flag: True}) == LIMIT
    crm.patch("User", ann, **{flag: False})
    crm.patch("User", bob, **{flag: True})
    crm.org.set_total(flag, 2)
    crm.patch("User", bob, IsActive=False)


def test_a_reactivation_takes_its_feature_licences_again(crm: People) -> None:
    # salesforce.md §2: deactivation frees them [3P], reactivation draws again
    flag = "UserPermissionsKnowledgeUser"
    ann = crm.make(**{flag: True})
    crm.patch("User", ann, IsActive=False)
    crm.org.set_total(flag, crm.org.feature(flag)[1])

    assert crm.refused_patch("User", ann, IsActive=True) == LIMIT
    assert crm.user(ann).features == (flag,)


def test_a_freeze_keeps_feature_licences(crm: People) -> None:
    # salesforce.md §2, "Not freed by"
    flag = "UserPermissionsOfflineUser"
    ann = crm.make(**{flag: True})
    used = crm.org.feature(flag)[1]

    crm.patch("UserLogin", crm.login_of(ann)["Id"], IsFrozen=True)

    assert crm.org.feature(flag)[1] == used
    crm.patch("User", ann, IsActive=False)
    assert crm.org.feature(flag)[1] == used - 1


# ---- pools that close, lag, and are freed


@pytest.mark.parametrize("pool", ["Salesforce", INBOX_PSL, "acmesign"])
def test_a_closed_pool_takes_nobody(crm: People, pool: str) -> None:
    # salesforce.md §2: Status other than Active is none free
    ann = crm.make()
    attempts = {
        "Salesforce": lambda: crm.refused("User", **crm.person()),
        INBOX_PSL: lambda: crm.refused(
            "PermissionSetAssignment",
            AssigneeId=ann,
            PermissionSetId=crm.named("PermissionSet", INBOX),
        ),
        "acmesign": lambda: crm.refused("UserPackageLicense", **package(crm, ann)),
    }
    crm.org.close_pool(pool)

    try:
        assert attempts[pool]() == LIMIT
    finally:
        crm.org.close_pool(pool, status="Active")


def test_a_permission_set_licence_ends_on_its_day(crm: People) -> None:
    # Object reference PermissionSetLicense.ExpirationDate
    ann, psl = crm.make(), crm.named("PermissionSetLicense", "SalesConsoleUserPsl")
    today = crm.org.database.now().date()
    crm.org.close_pool("SalesConsoleUserPsl", status="Active", ends=today - timedelta(days=1))
    body = {"AssigneeId": ann, "PermissionSetLicenseId": psl}

    assert crm.refused("PermissionSetLicenseAssign", **body) == LIMIT
    crm.org.close_pool("SalesConsoleUserPsl", status="Active", ends=date(2099, 1, 1))
    assert crm.post("PermissionSetLicenseAssign", **body)


def test_all_shown_counters_can_lag(crm: People) -> None:
    # salesforce.md §2: counters may lag, the API's answer is the only lock
    ann = crm.make()
    shown = crm.query("SELECT UsedLicenses FROM PackageLicense WHERE NamespacePrefix = 'acmesign'")
    crm.org.lag_counters()
    crm.post("UserPackageLicense", **package(crm, ann))
    crm.assign(ann, INBOX)

    text = "SELECT UsedLicenses FROM PackageLicense WHERE NamespacePrefix = 'acmesign'"
    assert crm.query(text) == shown
    psl = "SELECT UsedLicenses FROM PermissionSetLicense WHERE DeveloperName = {}"
    assert crm.ask(psl, INBOX_PSL)[0]["UsedLicenses"] == crm.org.psl(INBOX_PSL)[1] - 1


def test_an_oversubscribed_package_stays_closed_after_one_left(crm: People) -> None:
    # Help 000384813, as for user licences
    rows = [crm.post("UserPackageLicense", **package(crm, crm.make())) for _ in range(3)]
    crm.org.set_total("acmesign", 1)
    crm.delete("UserPackageLicense", rows[0])

    assert crm.refused("UserPackageLicense", **package(crm, crm.make())) == LIMIT


def test_deactivation_frees_only_the_listed_permission_set_licences(crm: People) -> None:
    # Help 000394412: CPQ, Billing and Advanced Approvals; all others stay burnt
    ann = crm.make()
    crm.assign(ann, "SalesforceCPQUser")
    crm.assign(ann, INBOX)
    cpq, inbox = crm.org.psl("SalesforceCPQPsl")[1], crm.org.psl(INBOX_PSL)[1]

    crm.patch("User", ann, IsActive=False)

    assert crm.org.psl("SalesforceCPQPsl")[1] == cpq - 1
    assert crm.org.psl(INBOX_PSL)[1] == inbox
    assert crm.user(ann).permission_set_licences == (INBOX_PSL, "SalesforceCPQPsl")


def test_a_return_needs_the_freed_licence_again(crm: People) -> None:
    # Help 000394412; that the full pool refuses the return is [M]
    ann = crm.make()
    crm.assign(ann, "SalesforceCPQUser")
    crm.patch("User", ann, IsActive=False)
    crm.org.set_total("SalesforceCPQPsl", crm.org.psl("SalesforceCPQPsl")[1])

    assert crm.refused_patch("User", ann, IsActive=True) == LIMIT
