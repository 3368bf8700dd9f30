"""Errors a user can act on: each says what, where and what to do.

`exit_status` is the process status of docs/design.md: 1 a rule failed, 2 bad
usage, config or plan, 3 the environment is not ready, 4 the run failed.
"""


class MlpsError(Exception):
    """Root of every error that is shown as text, never as a traceback."""

    exit_status = 2


class ConfigError(MlpsError):
    """A config, override or choice that can't become a plan."""


class PlanError(MlpsError):
    """A file that is no plan, or a plan that was changed."""


class EvidenceError(MlpsError):
    """An evidence file that can't be read or does not match its schema."""

    exit_status = 1


class NotReadyError(MlpsError):
    """The environment is not ready: at least one rank said ERROR."""

    exit_status = 3


class RunFailedError(MlpsError):
    """A run that started and did not reach its end."""

    exit_status = 4


class NotRecordedError(MlpsError):
    """A rule asked for something the evidence does not hold (NO_EVIDENCE)."""

    exit_status = 1
