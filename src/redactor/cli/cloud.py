"""A stack as the commands use it, and what they all do when it cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from redactor.cli.options import FAILED, refuse
from redactor.cli.wishes import WrongUsage
from redactor.client.following import Following
from redactor.client.jobs import Jobs
from redactor.client.stack import Deployed
from redactor.errors import InputError, RedactorError
from redactor.flow import Flow, stack_outputs
from redactor.store import Missing, Store


@dataclass(frozen=True)
class Remote:
    """One stack: its outputs, its bucket, its executions."""

    stack: Deployed
    store: Store
    flow: Flow
    jobs: Jobs
    following: Following


def connect(name: str, videos: int = 1) -> Remote:
    """Finds the stack in the account, or at the endpoint, that the environment names. videos: how many are followed.

    Raises Missing, AccessDenied, TryAgain, InvalidKey.
    """
    stack = Deployed.of(name, stack_outputs)
    store, flow = Store(stack.bucket), Flow()
    return Remote(stack, store, flow, Jobs(stack, store, flow, max(100, 4 * videos)), Following(store, flow))


@contextmanager
def told() -> Iterator[None]:
    """Turns what goes wrong between here and the stack into a sentence and an exit status."""
    try:
        yield
    except (WrongUsage, InputError, Missing) as error:
        refuse(str(error))
    except RedactorError as error:
        typer.echo(f"redactor: {error.code}: {error.message}", err=True)
        raise typer.Exit(FAILED) from error
