"""What AWS asks: list prices of one region on one day, without free tiers, discounts and taxes.

Each stands on a pricing page of AWS (page). Most of those pages fill their figures in by script, so that what could be
read of them is the page's text or somebody's dated copy of it: read says which, and nothing where the figure was found
nowhere and is only remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass

REGION, DATE = "us-east-1", "2026-11-25"
HOURS_A_MONTH = 730


@dataclass(frozen=True)
class Price:
    """dollars for one unit. page: AWS's page that rules. read: where the figure was read, empty: not verified."""

    dollars: float
    unit: str
    page: str
    read: str = ""


PRICES: Mapping[str, Price] = {
    "lambda GB-second": Price(
        0.0000166667, "GB-second, x86", "AWS Lambda pricing", "cloudchipr.com, AWS Lambda Pricing"
    ),
    "lambda request": Price(0.20e-6, "request", "AWS Lambda pricing", "api-evangelist/aws-lambda, 2026-05"),
    "lambda disk": Price(3.09e-8, "GB-second above 512 MB", "AWS Lambda pricing", "api-evangelist/aws-lambda, 2026-05"),
    "fargate vCPU": Price(0.04048, "vCPU-hour, x86", "AWS Fargate pricing", "factualminds.com, June 2026"),
    "fargate memory": Price(0.004445, "GB-hour", "AWS Fargate pricing", "factualminds.com, June 2026"),
    "fargate disk": Price(0.000111, "GB-hour above 20 GB", "AWS Fargate pricing", "vantage.sh, Fargate Pricing"),
    "g4dn.xlarge": Price(0.526, "hour", "Amazon EC2 On-Demand pricing"),
    "g5.xlarge": Price(1.006, "hour", "Amazon EC2 On-Demand pricing", "factualminds.com, June 2026"),
    "g6.xlarge": Price(0.8048, "hour", "Amazon EC2 On-Demand pricing"),
    # The page's only readable example is c6a.2xlarge: $0.037 an hour, 12 % of that instance's price.
    "managed instance": Price(0.12, "share of the instance's price", "Amazon ECS pricing"),
    "step transition": Price(0.025e-3, "state transition", "AWS Step Functions pricing", "the page itself"),
    "s3 put": Price(0.005e-3, "PUT, COPY, POST, LIST", "Amazon S3 pricing", "devnotes.tech, S3 Pricing"),
    "s3 get": Price(0.0004e-3, "GET and the rest", "Amazon S3 pricing", "devnotes.tech, S3 Pricing"),
    "s3 storage": Price(0.023, "GB-month", "Amazon S3 pricing", "devnotes.tech, S3 Pricing"),
    "data out": Price(0.09, "GB to the internet", "Amazon S3 pricing", "devnotes.tech, S3 Pricing"),
    "kms key": Price(1.0, "key-month, one more for each rotation", "AWS KMS pricing", "the page itself"),
    "kms request": Price(0.03e-4, "request", "AWS KMS pricing", "wring.co, March 2026"),
    "interface endpoint": Price(0.01, "hour in each zone", "AWS PrivateLink pricing", "factualminds.com, June 2026"),
    "public address": Price(0.005, "IPv4 address-hour", "Amazon VPC pricing", "factualminds.com, June 2026"),
    "alarm": Price(0.10, "alarm-month", "Amazon CloudWatch pricing"),
    "dashboard": Price(3.0, "dashboard-month", "Amazon CloudWatch pricing", "factualminds.com, June 2026"),
    "metric": Price(0.30, "metric-month", "Amazon CloudWatch pricing", "signoz.io, February 2026"),
    "logs": Price(0.50, "GB taken in", "Amazon CloudWatch pricing", "factualminds.com, June 2026"),
    "trace": Price(5e-6, "trace recorded", "AWS X-Ray pricing", "the page itself"),
    "dns name": Price(
        0.0005, "name-month of the DNS firewall", "Amazon Route 53 pricing", "the page, copy of 2026-09-20"
    ),
    "dns query": Price(
        0.60e-6, "query through the DNS firewall", "Amazon Route 53 pricing", "the page, copy of 2026-09-20"
    ),
    "image storage": Price(0.10, "GB-month in the registry", "Amazon ECR pricing"),
}


def dollars(name: str, amount: float = 1.0) -> float:
    """The price of so many units."""
    return PRICES[name].dollars * amount
