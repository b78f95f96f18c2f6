"""What a browser would send of a form: the fields of a piece of HTML, with their values."""

from html.parser import HTMLParser

from django.http import QueryDict


class Fields(HTMLParser):
    """The names and values of every field that would be sent, and the names and values of the buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.buttons: dict[str, str] = {}
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: tuple[str, str] | None = None
        self.feed(html)
        self.close()

    def query(self, **more: str) -> QueryDict:
        """The form as it would be sent; `more` is added, with `__` for a dot in a name."""
        query = QueryDict(mutable=True)
        for name, value in self.sent:
            query.appendlist(name, value)
        for name, value in more.items():
            query[name.replace("__", ".")] = value
        return query

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("name"):
            is_box = given.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in given:
                self.sent.append((given["name"], given.get("value", "on" if is_box else "")))
        elif tag == "select":
            self._select = (given["name"], [])
        elif tag == "option" and self._select:
            self._select[1].append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._area = (given["name"], "")
        elif tag == "button" and "disabled" not in given:
            self.buttons[given.get("aria-label", given.get("value", ""))] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area = (self._area[0], self._area[1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            name, options = self._select
            chosen = next((value for value, selected in options if selected), options[0][0] if options else "")
            self.sent.append((name, chosen))
            self._select = None
        elif tag == "textarea" and self._area:
            name, text = self._area
            self.sent.append((name, text.removeprefix("\n")))  # as a browser does
            self._area = None
