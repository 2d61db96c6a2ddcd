"""Groups of images that are polled with one request."""

from collections.abc import Callable
from dataclasses import dataclass

from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.reference import Reference
from hssgate.waiting.image import ImageState
from hssgate.waiting.retry import Failures


@dataclass(frozen=True)
class PollGroup:
    """Images that are polled with one request.

    Args:
        references: the images.
        fetch: returns the list, in at most so many seconds; raises ApiError.
    """

    references: tuple[Reference, ...]
    fetch: Callable[[float], Listing[CicdImage]]


class OpenGroup:
    """A poll group while it is polled.

    Args:
        number: of the group in its run, from 0.
        group: what is polled.
        due: when it is polled first, on the monotonic clock.
        most_changes: of the state of an image that are kept as evidence.
    """

    def __init__(self, number: int, group: PollGroup, due: float, most_changes: int) -> None:
        self.number = number
        self.fetch = group.fetch
        self.images = [ImageState(reference, most_changes) for reference in group.references]
        self.left = len(self.images)  # that are open
        self.due = due
        self.failures = Failures()

    @property
    def open(self) -> list[ImageState]:
        """The images that are still waited for."""
        return [image for image in self.images if image.ending is None]
