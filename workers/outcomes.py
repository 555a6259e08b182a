"""Why a job stopped."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one run of a job."""

    DONE = "done"
    NOTHING = "nothing to do"
    AGAIN = "try again"
    NEVER = "never will work"
