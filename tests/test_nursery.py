"""How a grader asks for a kernel that is forked, and what it hears where none can be had."""

import os
import socket
import sys
import threading

import pytest

pytest.importorskip("nbgrader")

from mnist_lib.grading import nursery

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


def heard(*pieces):
    """A descriptor from which these bytes are read, and then nothing."""
    reading, writing = os.pipe()
    for piece in pieces:
        os.write(writing, piece)
    os.close(writing)
    return reading


def test_a_sandbox_that_stands_tells_its_first_process():
    assert nursery.wait_until_made(None, heard(b'{\n    "child-pid": 4711\n}\n'), heard(b"ready\n")) == 4711


def test_what_is_told_in_pieces_is_put_together():
    reading, writing = os.pipe()
    os.write(writing, b'{"child-')
    later = threading.Timer(0.05, lambda: (os.write(writing, b'pid": 12}'), os.close(writing)))
    later.start()
    assert nursery.wait_until_made(None, reading, heard(b"ready\n")) == 12
    later.join()


@pytest.mark.parametrize(
    ("info", "output", "says"),
    [
        ([], [b"ready"], "bubblewrap ended"),
        ([b'{"child-pid"'], [b"ready"], "bubblewrap ended"),
        ([b'{"child-pid": 12}'], [], "bubblewrap ended"),
        ([b'{"child-pid": 12}'], [b"bwrap: no"], "the sandbox did not stand"),
    ],
)
def test_a_sandbox_that_does_not_come_about_is_said(info, output, says):
    with pytest.raises(nursery.NoNursery, match=f"^{says}$"):
        nursery.wait_until_made(None, heard(*info), heard(*output))


def test_a_sandbox_that_says_nothing_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(nursery, "TO_FORK", 0.05)
    reading, writing = os.pipe()
    with pytest.raises(nursery.NoNursery, match="bubblewrap ended"):
        nursery.wait_until_made(None, reading, heard(b"ready"))
    os.close(writing)


@pytest.fixture
def answering(tmp_path):
    """A socket that answers one request for a kernel; a list of what it was asked."""
    threads = []

    def answer(text):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(tmp_path / "socket"))
        listener.listen(1)
        asked = []

        def serve():
            with listener, listener.accept()[0] as channel:
                data, descriptors, _, _ = socket.recv_fds(channel, 2**20, 3)
                asked.append((data, len(descriptors)))
                for each in descriptors:
                    os.close(each)
                channel.sendall(text)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return str(tmp_path / "socket"), asked

    yield answer
    for each in threads:
        each.join(10)


def test_a_kernel_is_asked_for_with_its_three_descriptors(answering):
    address, asked = answering(str(os.getpid()).encode())
    kernel = nursery.fork_into(address, os.getpid(), {"home": "/"}, 1)
    try:
        assert asked == [(b'{"home": "/"}', 3)]
        assert os.readlink(f"/proc/self/fd/{kernel}") == "anon_inode:[pidfd]"
    finally:
        os.close(kernel)


def test_a_child_that_could_not_join_and_a_nursery_that_is_gone_are_told_apart(answering, tmp_path):
    address, _ = answering(b"0")
    with pytest.raises(nursery.NoNursery, match="its child could not join the sandbox"):
        nursery.fork_into(address, os.getpid(), {}, 1)
    with pytest.raises(nursery.NoNursery, match="it is gone"):
        nursery.fork_into(str(tmp_path / "nowhere"), os.getpid(), {}, 1)
