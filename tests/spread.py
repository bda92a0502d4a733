"""How the tests are spread over several processes: what shares something dear stays together, the longest first."""

from typing import Any

import pytest

# Folders whose tests share what is dear to make: an image, clouds, stacks. Elsewhere the tests of a file stay together.
TOGETHER = ("tests/e2e/", "tests/image/", "tests/infrastructure/", "tests/localcloud/", "tests/unit/client/")
# What starts first, so that all processes end at about the same time; the rest follows in the order of its names.
FIRST = (
    "tests/e2e/",
    "tests/image/",
    "tests/formats/",
    "tests/infrastructure/",
    "tests/handlers/",
    "tests/localcloud/",
)


def group(nodeid: str) -> str:
    """What a test stays together with."""
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])


def sort(items: list[pytest.Item]) -> None:
    """Into the order in which groups are handed out."""
    items.sort(key=lambda item: next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST)))


def is_worker(config: pytest.Config) -> bool:
    """Whether this is one of several processes that run tests, and prints nothing."""
    return hasattr(config, "workeroutput")


def hand_on(config: Any, **values: object) -> None:
    """To the process that prints."""
    config.workeroutput["handed"] = values


def handed_on(node: Any) -> dict[str, Any] | None:
    """What a process handed on; None where it died."""
    handed: dict[str, Any] | None = getattr(node, "workeroutput", {}).get("handed")
    return handed


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415  only with several processes

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

        def remove_node(self, node: Any) -> str | None:
            """A test that killed its process has failed and is not tried again; what stood behind it is run."""
            units = self.assigned_work[node].values()
            killer = next((test for unit in units for test, done in unit.items() if not done), None)
            for unit in units:
                unit.update({killer: True} if killer in unit else {})
            super().remove_node(node)
            return killer

    config.option.loadscopereorder = False
    return Scheduling(config, log)
