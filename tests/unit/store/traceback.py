"""What a person would read of an error."""


def told(error: BaseException | None) -> str:
    """All that a traceback would say."""
    return "" if error is None else f"{error} {error!r} {told(error.__cause__)} {told(error.__context__)}"
