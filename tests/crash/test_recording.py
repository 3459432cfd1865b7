"""The recordings that all else rests on: they find the writes that a story cannot do without."""

import pytest

from tests.crash.conftest import Stage
from tests.crash.databases import Backend
from tests.crash.stories import STORIES

DATA = "salesforce {} /services/data/v62.0"
USER = DATA.format("PATCH") + "/sobjects/User"
ISSUES = "github {} /repos/acme/access/issues"
TOLD = {
    ISSUES.format("PATCH") + "/[0-9]*",
    ISSUES.format("PATCH") + "/comments/[0-9]*",
    "slack POST /api/chat.update",
}
LABELLED = {
    ISSUES.format("POST") + "/[0-9]*/labels",
    ISSUES.format("DELETE") + "/[0-9]*/labels/*",
}
PROVISIONED = {
    ISSUES.format("POST"),
    ISSUES.format("POST") + "/[0-9]*/comments",
    "slack POST /api/chat.postMessage",
    DATA.format("POST") + "/composite/sobjects",
    DATA.format("POST") + "/sobjects/User/005*/password",
}
ENDED = {USER + "/005*"}
NEEDED = {
    "request": {
        *TOLD,
        *LABELLED,
        *PROVISIONED,
        "slack POST /api/views.open",
        USER + "/Usher_Person_Id__c/p004",
        "onepassword POST /v1/vaults/vaultann000000000000000004/items",
    },
    "give_back": {
        *TOLD,
        *ENDED,
        DATA.format("POST") + "/composite",
        "slack POST /actions/*",
        "onepassword DELETE /v1/vaults/vaultann000000000000000004/items/[a-z0-9]*",
    },
    "expiry": {
        *TOLD,
        *ENDED,
        DATA.format("PATCH") + "/sobjects/UserLogin/0Yw*",
        "onepassword DELETE /v1/vaults/vaultcai000000000000000006/items/[a-z0-9]*",
    },
    "hand_over": {
        *TOLD,
        *ENDED,
        "slack POST /actions/*",
        DATA.format("PATCH") + "/composite/sobjects",
    },
    "onboarding": {
        *TOLD,
        *LABELLED,
        *PROVISIONED,
        USER + "/Usher_Person_Id__c/p101",
        "onepassword POST /v1/vaults/vaultnoor00000000000000101/items",
    },
}


@pytest.mark.parametrize("name", list(STORIES))
def test_a_recording_has_every_write_that_the_story_needs(stage: Stage, name: str) -> None:
    clean = stage.recording(name, Backend.SQLITE)

    found = {f"{point.service} {point.route}" for point in clean.points}

    assert NEEDED[name] - found == set(), sorted(found)
