"""Attacks on the grader: a short set of the most telling ones, through `grade_one`. All of them run in `make bench-grading`."""

import sys

import hostile
import pytest

SEED = 987654321
# Only sets that need no TensorFlow: seconds each.
SHORT = (
    "syntax_transformer",
    "execution_replaced",
    "forged_result",
    "reference_called",
    "gradebook_written",
    "smuggled_by_value",
    "smuggled_by_outputs",
    "smuggled_as_unanswered",
    "smuggled_by_keyring",
    "network_reached",
    "daemon_left",
    "namespaces_made",
    "live_page",
    "message_stream_without_text",
    "strange_objects",
    "kernel_exits",
)


@pytest.fixture(scope="module")
def assignments(sandboxed):
    from mnist_lib.grading.assignment import prepare

    return {name: prepare(name, seed=SEED) for name in sorted({hostile.ATTACKS[each].set for each in SHORT})}


@pytest.fixture(scope="module")
def outside(sandboxed):
    with hostile.surroundings() as surroundings:
        yield surroundings


def test_there_are_enough_attacks_of_every_kind():
    assert len(hostile.ATTACKS) >= 45
    assert {attack.kind for attack in hostile.ATTACKS.values()} == set(hostile.KINDS)
    assert all(attack.because for attack in hostile.ATTACKS.values() if attack.admitted)
    assert all(attack.admitted <= sum(hostile.worth(attack.set).values()) for attack in hostile.ATTACKS.values())


@pytest.mark.parametrize("name", SHORT)
def test_an_attack_gets_nothing(name, assignments, outside):
    attack = hostile.ATTACKS[name]
    row = hostile.tries(attack, assignments[attack.set], *outside)
    assert not row.ended.startswith("the grader failed"), row.ended
    assert row.tried, f"the attack never ran, so it shows nothing: {row.ended}"
    assert row.found == []
    assert row.points <= attack.admitted


def test_what_is_looked_for_would_be_seen(assignments):
    """The eyes of these tests, tried on what they must see: a page with a secret in it, and a live one."""
    import hashlib

    assignment = assignments["02-loading"]
    digest = hashlib.sha256(assignment.secret.files["graded.npz"]).hexdigest()[:16]
    assert hostile.secrets_in(f"<p>came <b>{digest[:5]}</b>{digest[5:]}.</p>", assignment)
    assert hostile.secrets_in("<p>nothing</p>", assignment) == []
    shown = hashlib.sha256(assignment.public.files["graded.npz"]).hexdigest()[:16]
    assert hostile.secrets_in(f"<p>{shown}</p>", assignment) == []
    for tag in ("<script>", "<img src=x onerror=alert(1)>", '<a href="javascript:x">', "<iframe src=x>", "<img src='http://127.0.0.1/'>"):
        assert hostile.live_in(f"<body><p>text</p>{tag}</body>"), tag
    assert hostile.live_in("<body><p>&lt;script&gt; onerror=1</p></body>") == []


def test_what_is_reached_outside_would_be_seen():
    """The same for what lies outside: a file changed, a server reached, a process that stayed."""
    import socket
    import subprocess

    with hostile.surroundings() as (outside, reached):
        assert reached() == []
        (outside.course / "class" / "seeds.json").write_text("{}", encoding="utf-8")
        socket.create_connection(("127.0.0.1", outside.port)).close()
        left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", outside.marker])
        try:
            said = " ".join(reached())
        finally:
            left.kill()
            left.wait()
        assert "seeds.json" in said
        assert "1 connections" in said
        assert f"process that outlived it: {left.pid}" in said


def test_the_digest_that_attacks_smuggle_is_that_of_what_they_read(assignments, outside):
    """Without this, an attack could leak something that nobody looks for: the secret run, for the teacher alone, shows the digest."""
    import hashlib

    from mnist_lib.grading.one import grade_one

    attack = hostile.ATTACKS["smuggled_by_outputs"]
    assignment = assignments[attack.set]
    result = grade_one(attack.make(outside[0]), assignment, limits=hostile.limits_for(attack.set))
    for trial, text in ((assignment.secret, result.executed), (assignment.public, result.page)):
        digest = hashlib.sha256(trial.files["graded.npz"]).hexdigest()[:16]
        assert digest in text
