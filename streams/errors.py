"""Errors a user may see; the command line prints them in one line and exits with their code.

NewsloomError
 ├── UsageError          2  the call is off
 ├── BrokerError         3  no broker, or it does not answer as it should
 │    ├── RefusedError   3  a broker answers, and does not let us in, or is not to be trusted
 │    └── JarError       3  Kafka's jars cannot be had, or are not what the lock says
 ├── InputError          4  a file or archive that cannot be taken
 └── AuditError          1  the topics do not agree with the recomputation
"""

__all__ = ["AuditError", "BrokerError", "InputError", "JarError", "NewsloomError", "RefusedError", "UsageError"]


class NewsloomError(Exception):
    """Base of all; `exit_code` is the command's."""

    exit_code = 1


class UsageError(NewsloomError):
    """The call is off."""

    exit_code = 2


class BrokerError(NewsloomError):
    """No broker, or it does not answer as it should."""

    exit_code = 3


class RefusedError(BrokerError):
    """A broker answers, and does not let us in, or is not to be trusted; waiting does not help."""


class JarError(BrokerError):
    """Kafka's jars cannot be had, or are not what the lock says."""


class InputError(NewsloomError):
    """A file or archive that cannot be taken."""

    exit_code = 4


class AuditError(NewsloomError):
    """The topics do not agree with the recomputation."""
