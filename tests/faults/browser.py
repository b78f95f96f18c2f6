"""A person's browser as the fault scenarios need it: signed in, and told every status instead of an exception."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping


class Browser:
    """One session; `retry_after_missing` counts the 503 that did not say when to come back."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.retry_after_missing = 0

    def sign_in(self, username: str, password: str) -> None:
        """Sign in through the form."""
        _, page = self.get("/sign-in/")
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        status, page = self._open("/sign-in/", {"username": username, "password": password}, token)
        assert status == 200, page[:500]
        assert not re.search(r'name="password"', page)

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page, redirects followed; 0 when there was no answer."""
        return self._open(path, None, "")

    def post(self, path: str, form: Mapping[str, str]) -> int:
        """Status of a form's answer, redirects followed."""
        token = next(cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken")
        return self._open(path, form, token)[0]

    def _open(self, path: str, form: Mapping[str, str] | None, token: str) -> tuple[int, str]:
        address = self.url + path
        body = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": token}).encode() if form is not None else None
        try:
            with self.opener.open(urllib.request.Request(address, body, {"Referer": address}), timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            self.retry_after_missing += refused.code == 503 and not refused.headers.get("Retry-After")
            return refused.code, refused.read().decode()
        except OSError as broken:
            return 0, str(broken)
