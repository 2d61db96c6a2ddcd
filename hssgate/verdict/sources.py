"""Files that a verdict was made by: policies, and what they read."""

from hssgate.record import record


@record
class FeedSource:
    """A feed that a policy reads.

    Args:
        path: path of the file.
        sha256: SHA-256 of its bytes.
        date: when it was published, in epoch seconds; None if it does not say so.
    """

    path: str
    sha256: str
    date: float | None


@record
class KnownSource:
    """The file of known findings that a policy reads.

    Args:
        path: path of the file.
        sha256: SHA-256 of its bytes.
    """

    path: str
    sha256: str


@record
class PolicySource:
    """A policy that was applied.

    Args:
        path: path as the caller gave it, or relative to the current folder if it was found, or `built-in`.
        sha256: SHA-256 of its bytes.
        searched: first and last folder that were searched for a default file, which may be the same; None for a policy
            that was given or found.
        in_repository: path relative to the root of the repository, if the search found the file above.
        contact: whom to ask about a block, if the policy says so.
        feeds: files of exploited vulnerabilities that it reads.
        known: file of known findings that it reads.
    """

    path: str
    sha256: str
    searched: tuple[str, str] | None = None
    in_repository: str | None = None
    contact: str | None = None
    feeds: tuple[FeedSource, ...] = ()
    known: KnownSource | None = None
