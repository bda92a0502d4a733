"""The images, built from their Dockerfiles without a Docker engine, on a base made of Debian's packages."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcloud.cloud import Cloud
from redactor import models
from tests.conftest import ROOT, with_shared_models
from tests.media_factory import face_clip

# The Debian whose Python is that of the functions and of the image's own base.
SUITE = "trixie"


class Builder:
    """buildah with a storage of its own. It works inside containers too: no user namespaces, no overlays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._command = ["buildah", f"--root={folder / 'storage'}", f"--runroot={folder / 'run'}"]
        self._command += ["--storage-driver=vfs"]

    def __call__(self, *words: str) -> str:
        """What the command prints; raises CalledProcessError, its errors in the test's own output."""
        done = subprocess.run([*self._command, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()

    @contextmanager
    def running(
        self, container: str, words: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A command in a container, as nobody; it is killed with all that it started."""
        told = [f"--env={name}={value}" for name, value in environment.items()]
        command = [*self._command, "run", "--isolation=chroot", "--user=65534:65534", *told, container, "--", *words]
        with log.open("ab") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    made = Builder(tmp_path_factory.mktemp("buildah"))
    yield made
    made("rm", "--all")
    made("rmi", "--all", "--force")


@pytest.fixture(scope="session")
def base(builder: Builder) -> str:
    """A stand-in for the Dockerfile's own base: a Python with pip of its own and nothing else.

    Debian's packages are unpacked and not set up, which takes a quarter of the time; what a Python needs of that is
    done by hand.
    """
    fetched = builder.folder / "base"
    wanted = ["--download-only", "--variant=minbase", "--include=python3,python3-venv", SUITE, str(fetched)]
    with (builder.folder / "debootstrap.log").open("wb") as log:
        subprocess.run(["debootstrap", *wanted], check=True, stdout=log, stderr=log)
    container = builder("from", "scratch")
    root = Path(builder("mount", container))
    for package in (fetched / "var" / "cache" / "apt" / "archives").glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(root)], check=True)
    shutil.rmtree(fetched)
    authorities = sorted((root / "usr" / "share" / "ca-certificates").rglob("*.crt"))
    trusted = "".join(path.read_text() for path in authorities)
    (root / "etc" / "ssl" / "certs" / "ca-certificates.crt").write_text(trusted)
    builder("run", "--isolation=chroot", container, "--", "python3", "-m", "venv", "/usr/local")
    builder("commit", "--quiet", "--rm", container, "localhost/base")
    return "localhost/base"


@pytest.fixture(scope="session")
def image(builder: Builder, base: str) -> str:
    return built(builder, base, "worker")


def built(builder: Builder, base: str, kind: str) -> str:
    """The image of the checkout as it is, with the weights where `make models` puts them. kind: worker or gpu."""
    models.bring(ROOT / "build" / "models", with_shared_models())
    secrets = [f"--secret=id=pip,src={_pip(builder.folder)}", f"--secret=id=certificates,src={_certificates()}"]
    how = ["--isolation=chroot", "--pull-never", "--quiet", "--platform=linux/amd64", f"--build-arg=BASE={base}"]
    builder("bud", *how, *secrets, f"--file=containers/{kind}/Dockerfile", f"--tag=localhost/{kind}", ".")
    return f"localhost/{kind}"


@pytest.fixture(scope="session")
def config(builder: Builder, image: str) -> dict[str, Any]:
    """What the image says of itself."""
    told: dict[str, Any] = json.loads(builder("inspect", "--type=image", image))["OCIv1"]
    return told


@pytest.fixture(scope="session")
def container(builder: Builder, image: str) -> str:
    return builder("from", "--pull-never", image)


@dataclass(frozen=True)
class Done:
    """A job that this machine has done: what the image must come to as well."""

    cloud: Cloud
    job: str
    execution: str

    def read(self, name: str) -> bytes:
        key = f"work/{self.job}/{name}"
        data: bytes = self.cloud.s3().get_object(Bucket=self.cloud.bucket, Key=key)["Body"].read()
        return data

    def forget(self, name: str) -> None:
        self.cloud.s3().delete_object(Bucket=self.cloud.bucket, Key=f"work/{self.job}/{name}")

    @property
    def event(self) -> dict[str, Any]:
        return {"job": self.job, "execution": self.execution, "n": 0}


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    clip = face_clip(tmp_path_factory.mktemp("clip") / "foo.mp4", frames=24, faces=2, width=640, height=360).path
    found = {models.PATH_VARIABLE: with_shared_models()[models.PATH_VARIABLE]}
    with Cloud(1, bucket="image", environment=found) as cloud:
        cloud.s3().upload_file(str(clip), "image", "input/foo.mp4")
        execution = cloud.started("input/foo.mp4")
        ended = cloud.wait(execution, 240)
        assert ended["status"] == "SUCCEEDED", ended
        yield Done(cloud, json.loads(ended["output"])["job"], execution)


@pytest.fixture
def surroundings(done: Done) -> dict[str, str]:
    """What a deployed function or task finds in its environment, with this cloud in place of AWS."""
    ours = {name: value for name, value in done.cloud.environment.items() if name != models.PATH_VARIABLE}
    return {**ours, "AWS_LAMBDA_FUNCTION_NAME": "detect", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}


def _certificates() -> str:
    """The machine's own, which may know a proxy's."""
    return os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or ""


def _pip(folder: Path) -> Path:
    """pip's settings here, but for files, which the image has not; a file that only the step that installs sees."""
    command = ["python3", "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    settings = dict[str, str]()
    # One `kind.name='value'` a line, where the kinds are files and :env:, which counts more.
    for line in sorted(listed, key=lambda line: line.startswith(":env:")):
        if (found := re.match(r"(?:global|:env:)\.([\w-]+)='(?!/|file:)(.*)'", line)) and found[1] != "cert":
            settings[found[1]] = found[2]
    lines = [f"{name} = {value}" for name, value in settings.items()]
    path = folder / "pip.conf"
    path.write_text("\n".join(["[global]", *lines, "cert = /run/secrets/certificates"]) + "\n")
    return path
