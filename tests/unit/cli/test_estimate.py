"""`redactor estimate` reads a header, says what a job would take, and makes nothing up."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redactor.cli.app import app
from redactor.costs import FUNCTIONS
from tests.media_factory import face_clip


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("estimate") / "foo.mp4"
    face_clip(path, frames=24, width=320, height=160, face_height=56, faces=1, gop=6)
    return path


def told(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["estimate", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def rows(text: str) -> dict[str, list[str]]:
    """The table by the first cell; cells are two blanks apart."""
    cut = [re.split(r" {2,}", line.strip()) for line in text.splitlines()]
    return {cells[0]: cells[1:] for cells in cut}


def test_it_tells_seconds_and_dollars_by_step_for_every_way_to_compute(video: Path, monkeypatch) -> None:
    monkeypatch.setenv("REDACTOR_MODEL_PATH", "/nowhere")
    monkeypatch.setenv("REDACTOR_MODEL_FETCH", "0")
    text = told(video)
    assert "24 frames of 51200 pixels in 1 segments" in text
    table = rows(text)
    assert table.keys() >= {*FUNCTIONS, "state transitions", "S3 requests", "all", "by the clock"}
    assert len(table["plan"]) == 7
    assert table["detect"][-2:] == ["not measured", "not measured"]
    assert table["all"][-2:] == ["not measured", "not measured"]
    assert f"gpu: detect would take {24 * 0.0071:.1f} s in one task, as on an H200" in text
    lambda_seconds, lambda_dollars, fargate_seconds, fargate_dollars = map(float, table["redact"][1:5])
    assert 0 < lambda_seconds < fargate_seconds
    assert 0 < lambda_dollars < fargate_dollars
    assert "2026-" in text


def test_it_can_be_asked_for_one(video: Path, tmp_path: Path) -> None:
    preset = tmp_path / "preset.json"
    preset.write_text('{"mode": "analyze", "experimentalOptions": {"segmentSeconds": "1/4"}}')
    text = told(video, "--compute", "lambda", "--preset", preset)
    assert "fargate" not in text
    assert "gpu" not in text
    assert "in 4 segments" in text
    assert "redact" not in rows(text)


@pytest.mark.parametrize("data", [b"", b"not a video"])
def test_what_is_no_video_is_refused_by_name(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "foo.mp4"
    path.write_bytes(data)
    done = CliRunner().invoke(app, ["estimate", str(path)])
    assert done.exit_code == 2
    assert "foo.mp4: " in done.stderr
