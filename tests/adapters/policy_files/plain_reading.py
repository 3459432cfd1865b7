"""What policy files may say, read plainly from the language's description: the loader's second eye.

It knows nothing of the loader and its models, and only says yes or no: whatever the loader accepts
must be right here as well. What a policy may mean (deadlocks, dates, calendars) is not its matter.
"""

import re
from collections.abc import Callable, Iterator, Mapping

import yaml

Names = Mapping[str, frozenset[str]]
Form = Callable[[yaml.Node, Names], bool]
TAG = "tag:yaml.org,2002:"
POWER_OF_TEN = re.compile(r"[0-9.]+[eE][+-]?[0-9]+")


def text(pattern: str = r"(?s).*\S.*") -> Form:
    return lambda node, _: plain(node, "str") and bool(re.fullmatch(pattern, str(node.value)))


def plain(node: yaml.Node, tag: str) -> bool:
    """Say whether YAML reads this kind of value, here and in programs that know powers of ten."""
    return (
        isinstance(node, yaml.ScalarNode)
        and node.tag == TAG + tag
        and not (not node.style and POWER_OF_TEN.fullmatch(str(node.value)))
    )


def word(*words: str) -> Form:
    return text("|".join(words))


def number(least: int, most: int = 10**18) -> Form:
    def is_number(node: yaml.Node, _: Names) -> bool:
        digits = plain(node, "int") and re.fullmatch(r"0|[1-9][0-9]*", str(node.value))
        return bool(digits) and least <= int(str(node.value)) <= most

    return is_number


def switch(node: yaml.Node, _: Names) -> bool:
    return plain(node, "bool") and node.value in ("true", "false")


def name_of(*sections: str, also: tuple[str, ...] = ()) -> Form:
    """Accept a name that one of these sections declares, or one of the language's own."""
    return lambda node, names: (
        plain(node, "str")
        and (node.value in also or any(node.value in names[section] for section in sections))
    )


def several(form: Form, *, least: int = 0) -> Form:
    def is_list(node: yaml.Node, names: Names) -> bool:
        return (
            isinstance(node, yaml.SequenceNode)
            and len(node.value) >= least
            and all(form(item, names) for item in node.value)
        )

    return is_list


def unlike(form: Form, *, least: int = 0) -> Form:
    """Accept a list of names that differ in more than capitals."""

    def is_list(node: yaml.Node, names: Names) -> bool:
        if not several(form, least=least)(node, names):
            return False
        return len({item.value.casefold() for item in node.value}) == len(node.value)

    return is_list


def either(*forms: Form) -> Form:
    return lambda node, names: any(form(node, names) for form in forms)


def each(key: Form, value: Form, *, least: int = 0) -> Form:
    def is_mapping(node: yaml.Node, names: Names) -> bool:
        return (
            isinstance(node, yaml.MappingNode)
            and all(key(k, names) and value(v, names) for k, v in node.value)
            and len({k.value for k, _ in node.value}) == len(node.value) >= least
        )

    return is_mapping


def block(*, least: int = 0, may: Mapping[str, Form] | None = None, **must: Form) -> Form:
    """Accept exactly these keys; a trailing underscore keeps a key from being Python's."""
    needed = {key.rstrip("_"): form for key, form in must.items()}
    forms = {**needed, **(may or {})}

    def is_block(node: yaml.Node, names: Names) -> bool:
        if not each(text(), lambda *_: True, least=least)(node, names):
            return False
        found = {key.value: value for key, value in node.value}
        return needed.keys() <= found.keys() <= forms.keys() and all(
            forms[key](value, names) for key, value in found.items()
        )

    return is_block


ID = text(r"[a-z0-9]+(-[a-z0-9]+)*")
TEXT = text()
SOME_TIME = text(r"[1-9][0-9]{0,4}(h|d|bd)")
ANY_TIME = text(r"[1-9][0-9]{0,4}(h|d|bd)|permanent")
DAY = text(r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
MOMENT = text(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?")
ROLE, GROUP, LEVEL = name_of("roles"), name_of("groups"), name_of("levels")
APPROVER = name_of("groups", also=("manager",))
API_NAME = text(r"[A-Za-z][A-Za-z0-9_]*")
FEATURES = (
    *("Avantgo", "ChatterAnswers", "Interaction", "JigsawProspecting", "Knowledge", "LiveAgent"),
    *("Marketing", "Mobile", "Offline", "SFContent", "SiteforceContributor", "SiteforcePublisher"),
    "Support",
)
ENGAGEMENT = word("core", "consultant")

COMPANY = block(
    kind=word("company"),
    id=ID,
    timezone=text(r"[\w+-]+(/[\w+-]+)*"),
    groups=each(
        ID,
        block(members=several(text(r"[A-Za-z0-9][A-Za-z0-9_-]*"), least=1), may={"backup": GROUP}),
    ),
    may={
        "holidays": text(r"[A-Z]{2,3}(-[A-Z0-9]+)?"),
        "answer_within": SOME_TIME,
        "revoke_within": SOME_TIME,
        "unused_after": SOME_TIME,
        "review_every": SOME_TIME,
        "help": block(may={"slack": TEXT, "github_label": TEXT}),
        "approvals": block(
            may={
                "default": several(APPROVER, least=1),
                "critical_adds": several(APPROVER),
                "remind_after": SOME_TIME,
                "escalate_after": SOME_TIME,
                "lapse_after": SOME_TIME,
            }
        ),
        "limits": block(may={"removals": block(count=number(0), percent=number(0, 100))}),
    },
)
ROLES = block(
    kind=word("roles"),
    roles=each(ID, block(department=TEXT, may={"birthright": several(LEVEL)})),
)
QUESTION = block(id=ID, asks=TEXT, may={"form": word("text", "link", "number"), "required": switch})


def request(*, also: tuple[str, ...] = ("everyone",)) -> Form:
    return block(
        by=several(name_of("roles", also=also), least=1),
        longest=ANY_TIME,
        may={
            "not": several(name_of("roles", also=("core", "consultant"))),
            "approve": several(APPROVER, least=1),
            "questions": several(QUESTION),
        },
    )


BY_HAND = {
    "licence": TEXT,
    "profile": TEXT,
    "permission_sets": unlike(TEXT),
    "permission_set_licences": unlike(TEXT),
    "by_hand": several(TEXT),
}
BUNDLE = block(
    may={
        **BY_HAND,
        "permission_set_groups": unlike(API_NAME),
        "packages": unlike(text(r"[A-Za-z][A-Za-z0-9_]{0,14}")),
        "features": unlike(word(*FEATURES)),
        "role": API_NAME,
        "groups": unlike(API_NAME),
        "queues": unlike(API_NAME),
    }
)
NONE = several(lambda *_: False)
TASK = block(
    may={
        **BY_HAND,
        **dict.fromkeys(
            ("permission_set_groups", "packages", "features", "groups", "queues"), NONE
        ),
    }
)
FIELDS = either(
    unlike(text(r"(?!all$)[A-Za-z][A-Za-z0-9_]*"), least=1), several(word("all"), least=1)
)
OBJECT = block(
    least=1,
    may={"read": FIELDS, "create": FIELDS, "edit": FIELDS, "delete": switch, "view_all": switch},
)
INTEGRATION = block(objects=each(API_NAME, OBJECT, least=1))
BREAK_GLASS = block(by=several(GROUP, least=1), longest=text(r"([1-9]|1[0-9]|2[0-4])h|1d"))
RISK = word("low", "high", "critical")


def level_with(bundle: Form) -> Form:
    return block(
        says=TEXT,
        risk=RISK,
        bundle=bundle,
        may={"request": request(), "break_glass": BREAK_GLASS},
    )


PROGRAM = block(
    says=TEXT,
    risk=RISK,
    bundle=BUNDLE,
    integration=INTEGRATION,
    may={"request": request(also=())},
)
AUTO_APPROVE = block(
    id=ID,
    levels=several(ID, least=1),
    when=block(
        least=1,
        may={
            "already_had": switch,
            "longest": ANY_TIME,
            "engagement": ENGAGEMENT,
            "roles": several(ROLE, least=1),
        },
    ),
    approved_by=GROUP,
    approved_on=DAY,
    record=text(r"[\w.-]+/[\w.-]+#[0-9]+|https://\S+"),
)


def system(provider: str, level: Form, expiry: Form) -> Form:
    return block(
        kind=word("system"),
        id=ID,
        title=TEXT,
        provider=word(provider),
        dri=GROUP,
        delivery=word("sso", "onepassword", "vendor_email"),
        levels=each(ID, level, least=1),
        may={
            "url": text(r"https://\S+"),
            "native_expiry": expiry,
            "urgent": block(may={"mention": GROUP, "slack": TEXT}),
            "username": text(r"(?s).*\{(mail|mail_name|id|name|role|department)\}.*"),
            "pools": each(
                TEXT,
                block(
                    may={
                        "seats": number(0),
                        "keep_free": number(0),
                        "when_full": word("wait", "ask"),
                    }
                ),
            ),
            "user_fields": each(TEXT, TEXT),
            "on_leave": block(may={"hand_over": each(TEXT, APPROVER)}),
            "auto_approve": several(AUTO_APPROVE),
        },
    )


SYSTEM = either(
    system("salesforce", either(level_with(BUNDLE), PROGRAM), switch),
    system("task", level_with(TASK), lambda node, _: plain(node, "bool") and node.value == "false"),
)
SEPARATION = block(
    kind=word("separation"),
    rules=several(
        block(
            id=ID,
            never_both=several(LEVEL, least=2),
            why=TEXT,
            may={"exception": block(approve=several(GROUP, least=1), longest=SOME_TIME)},
        )
    ),
)
EVENTS = ("joined", "left", "role_changed", "request")
CASE = block(
    name=TEXT,
    expect=block(
        least=1,
        may={
            "grants": several(LEVEL),
            "revokes": several(LEVEL),
            "decision": word("allowed", "needs_approval", "refused"),
            "from": several(TEXT),
            "rule": TEXT,
            "says": TEXT,
            "approved": switch,
        },
    ),
    may={
        "joined": TEXT,
        "left": TEXT,
        "role_changed": block(who=TEXT, to=ROLE),
        "request": block(
            who=TEXT,
            level=LEVEL,
            may={
                "days": number(1),
                "for": ANY_TIME,
                "by": TEXT,
                "answers": each(ID, TEXT),
                "emergency": switch,
            },
        ),
        "has": several(LEVEL),
        "had": several(LEVEL),
        "at": MOMENT,
        "approved_by": several(TEXT),
    },
)
TESTS = block(
    kind=word("tests"),
    people=each(
        TEXT,
        block(
            role=ROLE,
            may={
                **dict.fromkeys(("manager", "department", "github", "timezone"), TEXT),
                "engagement": ENGAGEMENT,
                "first_day": DAY,
                "last_day": DAY,
            },
        ),
    ),
    cases=several(
        lambda node, names: (
            CASE(node, names) and sum(key.value in EVENTS for key, _ in node.value) == 1
        )
    ),
)
FORMS = {"company.yml": COMPANY, "roles.yml": ROLES, "separation.yml": SEPARATION}


def wrong_files(files: Mapping[str, str]) -> list[str]:
    """Name the files that no policy may have, in a policy of these files."""
    documents = {file: document(content) for file, content in files.items()}
    names = declared(documents)
    return [
        file for file, node in documents.items() if node is None or not form_of(file)(node, names)
    ]


def form_of(file: str) -> Form:
    return FORMS.get(file, SYSTEM if file.startswith("systems/") else TESTS)


def document(content: str) -> yaml.Node | None:
    """Compose the one document of a file; None if there is anything in it that is only for YAML."""
    try:
        events = [*yaml.parse(content, yaml.CSafeLoader)]
        if any(is_foreign(event) for event in events):
            return None
        node = yaml.compose(content, yaml.CSafeLoader)
    except yaml.YAMLError:
        return None
    return node


def is_foreign(event: yaml.Event) -> bool:
    return (
        isinstance(event, yaml.AliasEvent)
        or bool(getattr(event, "anchor", None))
        or bool(getattr(event, "tag", None))
        or bool(getattr(event, "version", None))
    )


def declared(documents: Mapping[str, yaml.Node | None]) -> Names:
    return {
        "groups": frozenset(keys(documents["company.yml"], "groups")),
        "roles": frozenset(keys(documents["roles.yml"], "roles")),
        "levels": frozenset(
            f"{file.removeprefix('systems/').removesuffix('.yml')}/{level}"
            for file, node in documents.items()
            if file.startswith("systems/")
            for level in keys(node, "levels")
        ),
    }


def keys(node: yaml.Node | None, section: str) -> Iterator[str]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == section and isinstance(value, yaml.MappingNode):
            yield from (name.value for name, _ in value.value)
