"""Search for rows that the caller may have meant, where an image was not found."""

from collections.abc import Callable

from hssgate.errors import ApiError
from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.reference import Reference
from hssgate.waiting.image import ImageState

_MOST_SEARCHES = 3


class SimilarRows:
    """A few searches of one run, so that a crowd of misspelt names does not become a crowd of requests.

    Args:
        find: returns rows that resemble a reference, in at most so many seconds; raises ApiError.
    """

    def __init__(self, find: Callable[[Reference, float], Listing[CicdImage]]) -> None:
        self._find = find
        self._searches = 0

    def add_to(self, image: ImageState, left: float) -> None:
        """Add similar rows to an image of which there is none, in the seconds that are left; they decide nothing."""
        if image.has_rows or left <= 0 or self._searches >= _MOST_SEARCHES:
            return
        self._searches += 1
        try:
            image.add_similar_rows(self._find(image.reference, left).rows)
        except ApiError:
            return
