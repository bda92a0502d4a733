"""EventBridge in small: events of S3 and Step Functions go through the rules to the state machine and to Report."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

from infrastructure.rules import Rule
from localcloud.events import matches, transform
from localcloud.journal import ExecutionEnded, ExecutionStarted, Journal, Undelivered
from localcloud.patches.hooks import Dropped, Ended
from localcloud.workers import Reply

# An asynchronous invocation is tried three times; Lambda waits one minute, then two.
_WAITS = (60.0, 120.0)


class Bridge:
    """account, region: what events say. start(input): starts an execution and returns its ARN.

    invoke(target, payload): calls a step. retry_wait_factor: as the cloud's.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        account: str,
        region: str,
        start: Callable[[str], str],
        invoke: Callable[[str, bytes], Reply],
        journal: Journal,
        retry_wait_factor: float,
    ) -> None:
        self._rules, self._account, self._region = rules, account, region
        self._start, self._invoke, self._journal = start, invoke, journal
        self._waits = [wait * retry_wait_factor for wait in _WAITS]
        self._closed = threading.Event()
        # One thread starts executions, so uploads start in the order they came; reports need not wait for each other.
        self._starts = ThreadPoolExecutor(1, "localcloud-starts")
        self._calls = ThreadPoolExecutor(2, "localcloud-reports")
        self._settled: dict[str, threading.Event] = {}
        self._guard = threading.Lock()

    def dropped(self, dropped: Dropped) -> None:
        """An object was created. Returns at once; never raises."""
        event = self._event("aws.s3", "Object Created", [f"arn:aws:s3:::{dropped.bucket}"], _object_detail(dropped))
        self._deliver(event, about=dropped)

    def ended(self, ended: Ended) -> None:
        """An execution ended. It is settled when every target of its event has answered."""
        self._journal.write(ExecutionEnded(ended.execution, ended.status, ended.error, ended.cause))
        detail = _status_detail(ended)
        event = self._event("aws.states", "Step Functions Execution Status Change", [ended.execution], detail)
        deliveries = self._deliver(event)
        threading.Thread(target=self._settle, args=(ended.execution, deliveries), daemon=True).start()

    def wait_until_settled(self, execution: str, timeout: float) -> bool:
        """Whether the execution ended, and what its end causes is done, within `timeout` seconds."""
        return self._settled_event(execution).wait(timeout)

    def stop(self) -> None:
        """Delivers nothing more."""
        self._closed.set()

    def close(self) -> None:
        """Drops what is not delivered yet and waits for what is under way."""
        self.stop()
        for executor in (self._starts, self._calls):
            executor.shutdown(wait=True, cancel_futures=True)

    def _deliver(self, event: Mapping[str, Any], about: Dropped | None = None) -> list[Future[None]]:
        deliveries = []
        for rule in self._rules:
            if self._closed.is_set() or not matches(rule.pattern, event):
                continue
            executor = self._starts if rule.target == "state machine" else self._calls
            deliveries.append(executor.submit(self._guarded, rule, event, about))
        return deliveries

    def _guarded(self, rule: Rule, event: Mapping[str, Any], about: Dropped | None) -> None:
        try:
            transformer = rule.transformer
            handed = transform(transformer.paths, transformer.template, event) if transformer else json.dumps(event)
            self._targets(rule, about)(handed)
        except Exception as error:  # noqa: BLE001  told in the journal
            # EventBridge puts this into a dead letter queue; the rule's other events go on.
            self._journal.write(Undelivered(rule.name, f"{type(error).__name__}: {error}"))

    def _targets(self, rule: Rule, about: Dropped | None) -> Callable[[str], None]:
        return partial(self._begin, about) if rule.target == "state machine" else partial(self._call, rule)

    def _begin(self, about: Dropped | None, handed: str) -> None:
        execution = self._start(handed)
        if about:
            self._journal.write(ExecutionStarted(execution, about.key, about.version))

    def _call(self, rule: Rule, handed: str) -> None:
        for wait in [*self._waits, None]:
            reply = self._invoke(rule.target, handed.encode())
            if not reply.failed or self._closed.is_set():
                return
            if wait is not None:
                self._closed.wait(wait)
        self._journal.write(Undelivered(rule.name, f"{reply.error}: {reply.payload['errorMessage']}"))

    def _settle(self, execution: str, deliveries: Sequence[Future[None]]) -> None:
        for delivery in deliveries:
            while not delivery.done() and not self._closed.is_set():
                self._closed.wait(0.02)
        self._settled_event(execution).set()

    def _settled_event(self, execution: str) -> threading.Event:
        with self._guard:
            return self._settled.setdefault(execution, threading.Event())

    def _event(self, source: str, kind: str, resources: list[str], detail: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": source,
            "account": self._account,
            "time": datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": resources,
            "detail": detail,
        }


def _object_detail(dropped: Dropped) -> dict[str, Any]:
    """Amazon S3 User Guide, "EventBridge event message structure"; the key is as it is, not URL-encoded."""
    return {
        "version": "0",
        "bucket": {"name": dropped.bucket},
        "object": {
            "key": dropped.key,
            "size": dropped.size,
            "etag": dropped.etag,
            "version-id": dropped.version,
            "sequencer": dropped.sequencer,
        },
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": "123456789012",
        "source-ip-address": "127.0.0.1",
        "reason": dropped.reason,
    }


def _status_detail(ended: Ended) -> dict[str, Any]:
    """AWS Step Functions Developer Guide, "Step Functions event examples"."""
    return {
        "executionArn": ended.execution,
        "stateMachineArn": ended.state_machine,
        "name": ended.name,
        "status": ended.status,
        "startDate": ended.start,
        "stopDate": ended.stop,
        "input": ended.input,
        "output": ended.output,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE" if ended.status == "SUCCEEDED" else "REDRIVABLE",
        "redriveStatusReason": None,
        "inputDetails": {"included": True},
        "outputDetails": None if ended.output is None else {"included": True},
        "error": ended.error,
        "cause": ended.cause,
    }
