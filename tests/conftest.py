"""Fixtures for all tests: where the optional media and weights are, and how to do without them."""

import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from redactor import models
from redactor.identity import weights
from tests import spread
from tests.spread import pytest_xdist_make_scheduler  # noqa: F401  a hook

ROOT = Path(__file__).resolve().parent.parent
# Where `make validator` puts Node packages; the lock beside them says which.
ASL_VALIDATOR = ROOT / "build" / "node"

# How long an example takes depends on what else the machine does. All else is as hypothesis has it, in CI too.
settings.register_profile("unhurried", settings(deadline=None, suppress_health_check=[HealthCheck.too_slow]))
settings.load_profile("unhurried")


def shared(*parts: str) -> Path:
    """A path in the optional folder of real clips beside the checkout (REDACTOR_SHARED overrides where it is)."""
    return Path(os.environ.get("REDACTOR_SHARED", ROOT.parent / "shared")).joinpath(*parts)


def _validator_is_here() -> bool:
    """In the versions that the lock of this checkout names."""
    wanted, there = (folder / "package-lock.json" for folder in (ROOT / "requirements" / "node", ASL_VALIDATOR))
    return there.is_file() and there.read_bytes() == wanted.read_bytes()


def with_shared_models() -> dict[str, str]:
    """The environment, in which weights are looked for beside the checkout too."""
    folders = [os.environ.get(models.PATH_VARIABLE, ""), str(shared("models"))]
    return {**os.environ, models.PATH_VARIABLE: os.pathsep.join(filter(None, folders))}


# Marker -> (whether its tests can run here, why not). Those that cannot are deselected, never skipped one by one.
TOOLS: Mapping[str, tuple[Callable[[], bool], str]] = {
    "ffmpeg": (lambda: bool(shutil.which("ffmpeg") and shutil.which("ffprobe")), "ffmpeg is not installed"),
    "chromium": (lambda: bool(shutil.which("chromium") and shutil.which("chromedriver")), "chromium is not installed"),
    "buildah": (
        lambda: bool(shutil.which("buildah") and shutil.which("debootstrap")) and os.geteuid() == 0,
        "buildah and debootstrap are not there for root",
    ),
    "npm": (_validator_is_here, "asl-validator is not here (make validator)"),
    "identity": (lambda: bool(weights.choose(with_shared_models()).models), "dlib or its weights are not here"),
    "media": (lambda: shared("media").is_dir(), "there is no folder of real clips beside the checkout"),
}
# Without these --all-tools is content: they are nothing that anybody could install.
OPTIONAL = {"identity", "media"}
# The property of a test's report that is a line for the end of the run.
LINE = "line"
# Lines for the end of the run that say what was left out, and the tests that were.
_TOLD = pytest.StashKey[list[str]]()
_DESELECTED = pytest.StashKey[list[str]]()
# Of a test that must run and cannot: why.
_LACKING = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real clips with reference boxes; a test that asks for it carries the marker media."""
    return shared("media")


@pytest.fixture(autouse=True)
def no_cloud_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees an account of the person who runs it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """tell(line) prints a line at the end of the run, whichever process runs the test."""
    return partial(record_property, LINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-tools", action="store_true", help="fail where a tool is missing or a test was skipped")
    parser.addoption("--whole-sets", action="store_true", help="run all of the sets that are only sampled otherwise")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_TOLD], config.stash[_DESELECTED] = [], []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes out the tests whose tool is missing; with --all-tools they stay, and fail, but for real clips and dlib."""
    missing = [name for name, (there, _) in TOOLS.items() if not there()]
    without = {item: name for item in items for name in missing if name in _markers(item)}
    if config.getoption("--all-tools"):
        for item in [item for item, name in without.items() if name not in OPTIONAL]:
            item.stash[_LACKING] = TOOLS[without.pop(item)][1]
    told = Counter(without.values()).items()
    config.stash[_TOLD] += [f"deselected, as {TOOLS[name][1]}: {count}" for name, count in told]
    _leave_out(config, items, set(without))
    _sample(config, items)
    if spread.is_worker(config):
        spread.sort(items)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _LACKING in item.stash:
        pytest.fail(item.stash[_LACKING], pytrace=False)


def _sample(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the tests marked of_set(name, sampled=...) leaves only the sampled ones, unless --whole-sets is given."""
    marked = [(item, mark) for item in items if (mark := item.get_closest_marker("of_set"))]
    left_out = {item for item, mark in marked if not mark.kwargs["sampled"] and not config.getoption("--whole-sets")}
    every, missing = Counter(mark.args[0] for _, mark in marked), Counter(m.args[0] for i, m in marked if i in left_out)
    for name, count in every.items():
        run = count - missing[name]
        config.stash[_TOLD].append(f"{name}: {f'sampled, {run} of {count}' if run < count else f'all {count}'}")
    _leave_out(config, items, left_out)


def _leave_out(config: pytest.Config, items: list[pytest.Item], left_out: set[pytest.Item]) -> None:
    items[:] = [item for item in items if item not in left_out]
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))


def _markers(item: pytest.Item) -> set[str]:
    uses_media = "shared_media" in getattr(item, "fixturenames", ())
    return {marker.name for marker in item.iter_markers()} | ({"media"} if uses_media else set())


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        item.config.stash[_DESELECTED].append(item.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With --all-tools a skipped test is a failed run. One of several processes hands on what it would print."""
    config = session.config
    if spread.is_worker(config):
        spread.hand_on(config, told=config.stash[_TOLD], deselected=config.stash[_DESELECTED])
    elif config.getoption("--all-tools") and _skipped(config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """X-Ray's recorder leaves its socket open, and Python says so on the way out."""
    if core := sys.modules.get("aws_xray_sdk.core"):
        core.xray_recorder.emitter._socket.close()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process ended: all leave out the same, so each may say what."""
    config, handed = node.config, spread.handed_on(node)
    if handed is not None:
        config.stash[_TOLD] = handed["told"]
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        reporter.stats["deselected"] = [SimpleNamespace(nodeid=nodeid) for nodeid in handed["deselected"]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    calls = [report for report in reports if getattr(report, "when", "") == "call"]
    told = [value for report in calls for name, value in report.user_properties if name == LINE]
    for line in [*config.stash[_TOLD], *told]:
        terminalreporter.write_line(str(line))
    if config.getoption("--all-tools") and (skipped := _skipped(config)):
        terminalreporter.write_line(f"failed, as here every test must run: {skipped} skipped")


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter else 0
