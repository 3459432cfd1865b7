"""Before the repository has policies the directory is in force; afterwards the repository is."""

from tests.end_to_end.house import House

IT = "octo-it-1"


def put_into_git(house: House) -> str:
    folder = house.policy_dir
    files = {f"policies/{f.relative_to(folder)}": f.read_bytes() for f in folder.rglob("*.yml")}
    return house.world.github.commit_files("main", files, "Put the policies into Git", IT)


def test_until_the_repository_has_policies_the_directory_is_in_force(own_house: House) -> None:
    sha = own_house.world.github.commit_files("main", {"README.md": b"# Requests\n"}, "Begin", IT)
    own_house.settle()

    assert own_house.usher.policies.policy().commit.startswith("sha256:")
    assert own_house.world.github.statuses(sha) == []


def test_a_restarted_bot_goes_on_under_the_adopted_policy(own_house: House) -> None:
    sha = put_into_git(own_house)
    own_house.settle()

    own_house.restart_bot()

    assert own_house.usher.policies.policy().commit == sha
