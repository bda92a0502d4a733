"""CloudFormation in small: DescribeStacks of one stack, with the outputs by which a client finds its way.

moto's own CloudFormation would load 50 services (1.5 s at each start) to tell the same four lines.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from localcloud.ranges import App, Start

_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
_CREATED = "2026-01-01T00:00:00Z"


class Stacks:
    """WSGI middleware: requests that are signed for CloudFormation are answered here, all others by the app.

    outputs: key -> value, read at each request.
    """

    def __init__(self, app: App, name: str, outputs: Mapping[str, str]) -> None:
        self._app, self._name, self._outputs = app, name, outputs

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        if "/cloudformation/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return self._app(environ, start_response)
        asked = parse_qs(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode())
        status, body = self._answer(asked)
        data = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()
        start_response(status, [("Content-Type", "text/xml"), ("Content-Length", str(len(data)))])
        return [data]

    def _answer(self, asked: Mapping[str, list[str]]) -> tuple[str, str]:
        action, name = asked.get("Action", [""])[0], asked.get("StackName", [self._name])[0]
        if action != "DescribeStacks":
            return _refused("InvalidAction", f"the embedded cloud answers DescribeStacks only, not {action}")
        if name != self._name:
            return _refused("ValidationError", f"Stack with id {name} does not exist")
        return "200 OK", self._described()

    def _described(self) -> str:
        outputs = "".join(
            f"<member><OutputKey>{escape(key)}</OutputKey><OutputValue>{escape(value)}</OutputValue></member>"
            for key, value in self._outputs.items()
        )
        stack = (
            f"<StackName>{escape(self._name)}</StackName><StackId>{escape(self._name)}</StackId>"
            f"<CreationTime>{_CREATED}</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>"
            f"<Outputs>{outputs}</Outputs>"
        )
        return (
            f'<DescribeStacksResponse xmlns="{_NAMESPACE}"><DescribeStacksResult><Stacks><member>{stack}</member>'
            "</Stacks></DescribeStacksResult><ResponseMetadata><RequestId>local</RequestId></ResponseMetadata>"
            "</DescribeStacksResponse>"
        )


def _refused(code: str, message: str) -> tuple[str, str]:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return (
        "400 Bad Request",
        f'<ErrorResponse xmlns="{_NAMESPACE}">{error}<RequestId>local</RequestId></ErrorResponse>',
    )
