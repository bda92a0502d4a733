"""The template in each of its shapes, by every check that can be made of one."""

import pytest

from tests.infrastructure.checks import CHECKS
from tests.infrastructure.conftest import Assembly


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_in_the_template_is(check: str, shaped: Assembly) -> None:
    assert CHECKS[check](shaped) == []
