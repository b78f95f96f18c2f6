"""What the engines say when they cannot run, in words that name the next step."""


class EngineError(RuntimeError):
    """An engine cannot start, stop or be found; the text says why and what to do."""
