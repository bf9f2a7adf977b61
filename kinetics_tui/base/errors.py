"""Errors that are the user's to mend, and the one that is ours.

UserError              one plain sentence with what to do next; ends a command with exit code 2
+-- AnnotationError    an annotation file or selection that cannot be used
+-- DatasetError       a dataset folder or ledger that cannot be used
+-- EngineError        the engine cannot be started or reached, or refuses a command
|   +-- EngineSilentError  it is there and does not answer; exit code 5
+-- SettingsError      the settings file, a variable or an option that cannot be used
+-- ReportError        files that a report cannot be made of, or written to
"""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend; ``str(error)`` is one plain sentence naming it and the remedy."""


class AnnotationError(UserError):
    """An annotation file, a release or a selection that cannot be used."""


class DatasetError(UserError):
    """A dataset folder or its ledger that cannot be used."""


class EngineError(UserError):
    """The engine cannot be started or reached, or refuses a command."""


class EngineSilentError(EngineError):
    """The engine is there and does not answer: it is stopped, or waits for its disk."""


class SettingsError(UserError):
    """A settings file, environment variable or option that cannot be used."""


class ReportError(UserError):
    """Records that a report cannot be made of, or a file that it cannot be written to."""


class EngineDiedError(Exception):
    """The engine died or could not start, through a fault of its own; the text is one plain sentence."""
