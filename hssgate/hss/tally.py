"""Number of rows of a list: received against announced, and which page is the last one."""

from hssgate.hss.responses import Page, Row


class Tally:
    """Compares the number of received rows with `total_num` of the pages.

    A `total_num` below the number of received rows cannot be the size of the list: some servers count the rows of the
    page. Such a value is ignored, even if it changes. Any other value must stay equal on all pages.

    Args:
        received: rows before the first page.

    Attributes:
        received: rows on all pages.
        announced: the last `total_num` that exceeded the received rows.
        is_counted: whether any page had a `total_num`.
    """

    def __init__(self, received: int = 0) -> None:
        self.received = received
        self.announced: int | None = None
        self.is_counted = False

    def contradicts(self, page: Page[Row]) -> bool:
        """Whether a page, not yet added, shows that the list has changed."""
        if page.total_num is None or self.announced is None:
            return False
        return page.total_num >= self.received + page.size and page.total_num != self.announced

    def add(self, page: Page[Row]) -> None:
        """Add the rows of the next page."""
        has_changed = self.contradicts(page)
        self.received += page.size
        if page.total_num is not None:
            self.is_counted = True
            if has_changed or page.total_num > self.received:
                self.announced = page.total_num

    @property
    def is_complete(self) -> bool:
        """Whether all announced rows were received."""
        return self.announced is None or self.received >= self.announced

    def ends_with(self, page: Page[Row], limit: int) -> bool:
        """Whether the page added last is the last page.

        A server that sends no `total_num` may also limit the page size to less than requested: then only an empty
        page is the last one.

        Args:
            page: the page added last.
            limit: requested page size.
        """
        return page.size == 0 or (page.size < limit and self.is_counted and self.is_complete)
