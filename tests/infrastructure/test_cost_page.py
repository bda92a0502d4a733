"""docs/cost.md is made from the code, and what stands while nobody uses it is what the stack makes."""

from collections import Counter

import pytest

from benchmarks import costpage
from infrastructure.rules import KEPT
from infrastructure.settings import COMPUTE, Settings, project_context
from redactor.measured import assumed
from redactor.prices import PRICES, dollars
from tests.conftest import ROOT
from tests.infrastructure.conftest import Assembly


def test_the_page_is_what_the_code_says() -> None:
    assert costpage.DOCUMENT.read_text() == costpage.document(), "make cost writes it anew"


def test_what_stands_idle_is_counted_in_the_template(shaped: Assembly) -> None:
    kinds = Counter(resource["Type"] for resource in shaped.resources.values())
    assert kinds["AWS::CloudWatch::Alarm"] == costpage.ALARMS
    assert kinds["AWS::CloudWatch::Dashboard"] == costpage.DASHBOARDS
    assert kinds["AWS::KMS::Key"] == 1
    assert kinds["AWS::EC2::NatGateway"] == 0
    names = [
        name
        for resource in shaped.resources.values()
        if resource["Type"] == "AWS::Route53Resolver::FirewallDomainList"
        for name in resource["Properties"]["Domains"]
    ]
    assert len(names) == costpage.NAMES


def test_machines_are_kept_as_often_as_is_counted_and_longer_than_they_stay() -> None:
    assert KEPT.schedule == f"rate({costpage.PERIOD} minutes)"
    assert assumed("kept") > 60 * costpage.PERIOD
    (kept,) = {one.rows["calls that keep machines of Accept and Plan"] for one in costpage.IDLE}
    calls = 2 * 730 * 60 / costpage.PERIOD
    assert dollars("trace", calls) < kept < 2 * dollars("trace", calls)


def test_interface_endpoints_are_those_of_isolated_tasks(shaped: Assembly, full: Assembly) -> None:
    def endpoints(assembly: Assembly) -> list[int]:
        """The subnets, one in each zone, of each endpoint."""
        return [
            len(resource["Properties"]["SubnetIds"])
            for resource in assembly.resources.values()
            if resource["Type"] == "AWS::EC2::VPCEndpoint"
            and resource["Properties"].get("VpcEndpointType") == "Interface"
        ]

    assert len(endpoints(shaped)) in costpage.ENDPOINTS.values()
    assert endpoints(full) == [2] * costpage.ENDPOINTS["auto"]


@pytest.mark.parametrize("one", costpage.IDLE, ids=str)
def test_an_idle_row_is_a_deployment_that_can_be(one: costpage.Idle) -> None:
    settings = Settings.of({**project_context(), "redactor:profile": one.profile, "redactor:compute": one.compute})
    stand = settings.isolated_tasks and bool(settings.tasks)
    assert one.zones == (settings.zones if stand else 0)
    assert costpage.ENDPOINTS.keys() == COMPUTE.keys()


def test_operations_names_the_same_idle_prices() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    month = dollars("interface endpoint", 730)
    assert f"$ {month:.2f} a month" in page
    for one in costpage.IDLE:
        assert f"$ {sum(one.rows.values()):.2f}" in page, one


def test_what_was_not_verified_is_said() -> None:
    page = costpage.document()
    assert page.count("**not verified**") == sum(not price.read for price in PRICES.values())
    assert "not measured" in page


def test_the_readme_leads_to_the_page() -> None:
    assert "docs/cost.md" in (ROOT / "README.md").read_text()
