"""What GitHub reads of this repository: valid, harmless, and made of make targets that can be tried anywhere."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import check_jsonschema
import pytest
import yaml
from click.testing import CliRunner
from conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_tools"))

import stamp

GITHUB = ROOT / ".github"
WORKFLOWS = {path.name: path for path in sorted((GITHUB / "workflows").glob("*.yml"))}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
MINUTES = 360  # GitHub's own limit, which a workflow must not lean on


def read(name):
    return yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))


def jobs():
    return [(name, job, what) for name in WORKFLOWS for job, what in read(name)["jobs"].items()]


def steps(what):
    return what.get("steps", [])


def commands(what):
    return "\n".join(step.get("run", "") for step in steps(what))


def pythons(what):
    """The versions of Python that a job uses."""
    matrix = what.get("strategy", {}).get("matrix", {})
    listed = matrix.get("python", []) + [each["python"] for each in matrix.get("include", []) if "python" in each]
    named = [str(step["with"]["python-version"]) for step in steps(what) if "setup-python" in step.get("uses", "")]
    return set(listed) | {version for version in named if "matrix." not in version}


def checked(schema, *paths):
    """What the linter says of files; called here, since starting it takes longer than its work."""
    return CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", f"vendor.{schema}", "--default-filetype", "yaml", *paths])


def test_there_are_workflows():
    assert {"tests.yml", "site.yml", "links.yml", "release.yml"} <= set(WORKFLOWS)


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", "workflows/*.yml"),
        ("dependabot", "dependabot.yml"),
        ("github-issue-forms", "ISSUE_TEMPLATE/[!c]*.yml"),
        ("github-issue-config", "ISSUE_TEMPLATE/config.yml"),
        ("citation-file-format", "../CITATION.cff"),
    ],
)
def test_files_pass_their_schema(schema, files):
    paths = [str(path) for path in sorted(GITHUB.glob(files))] if ".." not in files else [str(ROOT / "CITATION.cff")]
    assert paths
    ran = checked(schema, *paths)
    assert ran.exit_code == 0, ran.output
    assert schema in " ".join(re.findall(r"vendor\.([\w-]+)", MAKEFILE)), "`make workflows` checks the same"


def test_a_broken_workflow_fails_its_schema(tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text("on: push\njobs: {one: {steps: []}}\n", encoding="utf-8")
    assert checked("github-workflows", str(broken)).exit_code == 1


def test_zizmor_finds_nothing():
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("zizmor")), "--offline", "--quiet", "--pedantic", str(GITHUB)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", WORKFLOWS)
def test_rights_are_named_and_least(name):
    workflow = read(name)
    assert workflow["permissions"] in ({}, {"contents": "read"}), "each job asks for its own"
    for job, what in workflow["jobs"].items():
        more = {right: kind for right, kind in what.get("permissions", {}).items() if kind == "write"}
        allowed = {
            ("site.yml", "publish"): {"pages", "id-token"},
            ("release.yml", "release"): {"contents"},
            ("colab.yml", "issue"): {"issues"},
        }
        assert set(more) <= allowed.get((name, job), set()), f"{name}, {job}"
        assert 0 < what.get("timeout-minutes", MINUTES) < MINUTES, f"{name}, {job}: a time limit"
        for step in steps(what):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_to_commits_and_one_action_to_one_commit(name):
    used = re.findall(r"uses: (\S+)@(\S+) # (v[\d.]+)$", WORKFLOWS[name].read_text(encoding="utf-8"), re.MULTILINE)
    everywhere = dict(
        (action, pin)
        for other in WORKFLOWS.values()
        for action, *pin in re.findall(r"uses: (\S+)@(\S+) # (v[\d.]+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = [step["uses"] for what in read(name)["jobs"].values() for step in steps(what) if "uses" in step]
    assert len(used) == len(named), "each with its version behind it"
    for action, commit, version in used:
        assert re.fullmatch(r"[0-9a-f]{40}", commit)
        assert everywhere[action] == [commit, version], action


def test_make_targets_named_in_workflows_exist():
    for name, job, what in jobs():
        for target in re.findall(r"\bmake (?:--silent )?([a-z][\w-]*)", commands(what)):
            assert target in TARGETS, f"{name}, {job}: make {target}"
    matrix = read("tests.yml")["jobs"]["tensorflow"]["strategy"]["matrix"]["include"]
    assert {f"test-{each['versions']}" for each in matrix} == {"test-oldest", "test-newest"} <= TARGETS


def test_each_target_is_phony_and_explained():
    phony = set(re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split())
    explained = set(re.findall(r'@echo "make ([\w-]+) ', MAKEFILE))
    parts = {target for target in phony if target.startswith("check-")}  # of `make check`
    assert phony - parts - {"help"} == explained
    assert phony == TARGETS


def test_the_tests_run_on_the_pythons_that_are_promised():
    everything = read("tests.yml")["jobs"]["everything"]
    promised = set(pythons(everything))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest, newest = (re.search(rf"{pattern}(\d+), (\d+)\)", MAKEFILE).groups() for pattern in (r"\(", r"<= \("))
    assert min(promised, key=lambda version: int(version[2:])) == ".".join(oldest) == project["requires-python"].removeprefix(">=")
    assert max(promised, key=lambda version: int(version[2:])) == ".".join(newest)
    assert promised == set(
        re.findall(r"3\.\d+", re.search(r"^With Python (.+) and `make`", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)[1])
    )
    for name, job, what in jobs():
        assert pythons(what) <= promised, f"{name}, {job}"


def test_no_workflow_runs_in_an_image_but_colab_s():
    """What the others need, their steps install, so that it can be read there."""
    for name, path in WORKFLOWS.items():
        if name != "colab.yml":
            assert not re.search(
                r"\bcontainer:|\bimage:|docker (run|pull)|docker://|pkg\.dev|ghcr\.io", path.read_text(encoding="utf-8")
            ), name


def test_nothing_of_a_repository_s_own_address_stands_in_them():
    """A fork changes `_config.yml` and nothing else."""
    address = stamp.configured(ROOT)
    for path in [*GITHUB.rglob("*.yml"), *GITHUB.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "pyproject.toml"]:
        text = path.read_text(encoding="utf-8")
        assert not [each for each in (stamp.PLACEHOLDER, address.repository, address.site) if each in text], path


def test_tests_of_the_library_need_no_sandbox_and_no_browser():
    stages = re.search(r"^LIBRARY := ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)[1].replace("\\\n", " ").split()
    for name in stages:
        text = (ROOT / "tests" / f"test_{name}.py").read_text(encoding="utf-8")
        assert not re.search(r"^def \w+\([^)]*\b(sandboxed|browser|show)\b|mnist_lib.grading|symlink_to", text, re.MULTILINE), name


# Links of the files for people


PEOPLE = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(GITHUB.glob("*.md"))]


@pytest.mark.parametrize("path", PEOPLE, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith("https://")]
    for target in targets:
        file, _, anchor = target.partition("#")
        other = (path.parent / file).resolve() if file else path
        assert other.exists(), f"{path.name} links {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, (
                f"{path.name} links {target}"
            )


@pytest.mark.parametrize("path", PEOPLE, ids=lambda path: path.name)
def test_files_and_commands_that_are_named_exist(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"`(?:[A-Z_]+=\S+ )?make ([a-z][\w-]*)", text):
        assert target in TARGETS, f"{path.name}: make {target}"
    for name in re.findall(r"`((?:book|mnist_lib|tests|solutions|exercises|\.github)/[\w./-]+)`", text):
        if not re.search(r"STAGE|NAME|NN", name):  # what stands for a name
            assert (ROOT / name).exists(), f"{path.name}: {name}"
