"""Calls of one JSON API over HTTPS that is always verified, with a different error for each trouble.

Standard library only: the package of this target stays small, and nothing adds proxies from the environment, redirects
or retries of its own. `http.client` does none of the three.
"""

import base64
import json
import re
import ssl
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Any, Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError

TIMEOUT_SECONDS = 10
MAXIMUM_BYTES = 8 * 2**20
_REFUSED, _BUSY = (401, 403), (429, 503, 529)  # 529: Anthropic's overloaded_error
# What an API calls its error is worth telling; a text may quote the request. No digits and no capitals: a word that
# looks like this is no key.
_WORD = re.compile(r"[a-z][a-z_.-]{0,47}")
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_PATH = re.compile(r"/[\x21-\x7e]*")
_NEXT = re.compile(r'<([^>]*)>[^,]*;\s*rel="next"(?:[^,]*;\s*results="(true|false)")?')


class StatusError(RotationError):
    """The API answered with a status that is none of the three standard errors; a caller may know what it means."""

    def __init__(self, text: str, status: int, code: str | None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class Api(Protocol):
    """What a target needs of an API, already logged in."""

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Run one request and give the JSON of its answer, None when that is empty."""

    def page(self, path: str) -> tuple[Any, str | None]:
        """GET, with the path of the next page when the answer's Link header names one (RFC 8288)."""


Connect = Callable[[str, str | None, Mapping[str, str]], Api]


def place(url: str) -> str:
    """The server of a `url`, for errors; RotationError when it is no URL of an API."""
    return f"the API at {_checked(url).netloc}"


def bearer(key: str) -> Mapping[str, str]:
    """The header that logs in with a key (OpenAI, Sentry)."""
    return {"Authorization": f"Bearer {key}"}


def basic(username: str, password: str) -> Mapping[str, str]:
    """The header that logs in with user name and password (RFC 7617, in UTF-8)."""
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")}


class ApiSession:
    """One login at one API: `ApiSession(url, ca_pem, headers).call("GET", "/v1/models")`.

    Each call is a connection of its own, so nothing has to be closed and a reused line that the server has just cut
    cannot hide whether a POST was carried out. `url` may have a path, which goes before every other.
    """

    def __init__(self, url: str, ca_pem: str | None, headers: Mapping[str, str]) -> None:
        self._url = _checked(url)
        self._place = place(url)
        self._ca_pem = ca_pem
        for name, value in headers.items():
            # http.client checks too, but quotes the value in its error.
            if not _PRINTABLE.fullmatch(value):
                raise RotationError(f"header {name} would hold characters that HTTP cannot carry; correct the secret")
        self._headers = {"User-Agent": "llm-observatory-secrets", "Accept": "application/json", **headers}

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Run one request and give the JSON of its answer, None when that is empty.

        LoginRefusedError (401, 403), ServerBusyError (429, 503, 529), ServerUnreachableError (no connection, a bad
        certificate, no whole answer: the request may have been carried out), StatusError for every other status.
        """
        return self._send(method, path, body)[0]

    def page(self, path: str) -> tuple[Any, str | None]:
        """GET, with the path of the next page. Sentry names one always, and says `results="false"` at the end."""
        answer, link = self._send("GET", path, None)
        found = _NEXT.search(link)
        if found is None or found[2] == "false":
            return answer, None
        # Only its path: a link that names another host must not take the credential there.
        following = urlsplit(urljoin(self._url.geturl(), found[1]))
        path = following.path.removeprefix(self._url.path)
        return answer, f"{path}?{following.query}" if following.query else path

    def _send(self, method: str, path: str, body: Mapping[str, object] | None) -> tuple[Any, str]:
        what = f"{method} {path}"
        if not _PATH.fullmatch(path):
            raise RotationError(
                f"a path for {self._place} holds characters that no URL can; correct the secret's fields"
            )
        sent = None if body is None else json.dumps(body).encode("ascii")
        headers = self._headers if sent is None else {**self._headers, "Content-Type": "application/json"}
        try:
            context = ssl.create_default_context(cadata=self._ca_pem)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            connection = HTTPSConnection(
                self._url.hostname or "", self._url.port, timeout=TIMEOUT_SECONDS, context=context
            )
            try:
                connection.request(method, self._url.path + path, sent, headers)
                response = connection.getresponse()
                raw = response.read(MAXIMUM_BYTES + 1)
                if response.length and len(raw) <= MAXIMUM_BYTES:
                    raise IncompleteRead(b"")  # read(n) says nothing when the line is cut
            finally:
                connection.close()
        except (OSError, HTTPException) as error:
            raise _unreachable(error, self._place) from None
        if len(raw) > MAXIMUM_BYTES:
            raise RotationError(f"{self._place} answered {what} with more than {MAXIMUM_BYTES} bytes; see what it is")
        return _read(response, raw, self._place, what), response.getheader("Link") or ""


def _read(response: HTTPResponse, raw: bytes, place: str, what: str) -> Any:
    try:
        answer = json.loads(raw) if raw.strip() else None
    except ValueError:
        answer = None
        if response.status < 300:
            raise RotationError(f"{place} answered {what} with no JSON; see whether `url` is that API") from None
    if response.status < 300:
        return answer
    code = _code(answer)
    detail = f"{response.status}, {code}" if code else str(response.status)
    if response.status in _REFUSED:
        raise LoginRefusedError(
            f"{place} refused {what} ({detail}): the credential is wrong, off or lacks the permission; "
            f"look it up in the API's console"
        )
    if response.status in _BUSY:
        raise ServerBusyError(f"{place} has no room for {what} ({detail}); try again later")
    if response.status < 400:
        raise StatusError(
            f"{place} answered {what} with a redirect ({detail}), which is never followed; correct `url`",
            response.status,
            code,
        )
    raise StatusError(f"{place} refused {what} ({detail}); see the API's documentation", response.status, code)


def _code(answer: Any) -> str | None:
    """The API's own word for its error: OpenAI and Anthropic `error.code`, `error.type`; Grafana `messageId`."""
    if not isinstance(answer, dict):
        return None
    inner = answer.get("error")
    found = [inner.get("code"), inner.get("type")] if isinstance(inner, dict) else []
    words = [word for word in (*found, answer.get("messageId")) if isinstance(word, str) and _WORD.fullmatch(word)]
    return words[0] if words else None


def _checked(url: str) -> SplitResult:
    wrong = RotationError("field `url` must be https://host[:port][/path] and nothing more; correct it with secretsctl")
    try:
        parts = urlsplit(url)
        complete = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise wrong from None
    if not complete or "@" in parts.netloc or parts.query or parts.fragment or not _PRINTABLE.fullmatch(url):
        raise wrong
    return parts._replace(path=parts.path.rstrip("/"))


def _unreachable(error: Exception, place: str) -> ServerUnreachableError:
    if isinstance(error, ssl.SSLCertVerificationError):
        detail, advice = error.verify_message, "check CA_PEM and the host name in `url`"
    elif isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        detail, advice = f"TLS: {error.reason}", "check CA_PEM and the server's TLS settings; TLS is never given up"
    elif isinstance(error, (HTTPException, ssl.SSLEOFError)):
        detail, advice = f"no whole answer: {type(error).__name__}", "see whether it is up and speaks HTTPS there"
    else:
        detail, advice = type(error).__name__, "check `url` and the function's network path"
    return ServerUnreachableError(f"{place} cannot be reached ({detail}); {advice}")
