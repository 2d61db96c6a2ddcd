"""`examples/comment.py`: one comment on a pull or merge request, which every later run replaces."""

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.cli.test_block_details import SEVERE, blocked
from tests.cli.test_findings import policy
from tests.conftest import Bench

pytestmark = pytest.mark.real

PROJECT = Path(__file__).parents[2]
TOKEN = "ghs_secret-of-the-job"
MARK = "<!-- comment of hssgate: hssgate -->"
HOSTS = ["github", "gitlab"]


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("comment", PROJECT / "examples" / "comment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Api:
    """The comments of one request, as both hosts serve them; `refuse` makes it answer with a status instead."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.refuse: tuple[str, int, str] | None = None  # method, status, Location
        self.address = ""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any, str]:  # noqa: ANN401 - any JSON
        if self.refuse and method == self.refuse[0]:
            return self.refuse[1], {"message": "no"}, self.refuse[2]
        path, _, query = path.partition("?")
        if path.endswith("/user"):
            return 200, {"id": 7}, ""
        number = int(query.rpartition("page=")[2] or 1)
        match method:
            case "GET":
                return 200, self.comments[(number - 1) * 100 : number * 100], ""
            case "POST":
                self.comments.append(self.written(len(self.comments) + 1, body["body"]))
            case _:
                (found,) = (one for one in self.comments if path.endswith(f"/{one['id']}"))
                found["body"] = body["body"]
        return 201, {}, ""

    @staticmethod
    def written(identity: int, body: str, *, own: bool = True) -> dict[str, Any]:
        return {
            "id": identity, "body": body, "user": {"type": "Bot" if own else "User"}, "author": {"id": 7 if own else 8},
        }  # fmt: skip


@pytest.fixture
def api() -> Iterator[Api]:
    """A server on loopback."""
    one = Api()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            given = json.loads(self.rfile.read(length)) if length else None
            one.calls.append((self.command, self.path, dict(self.headers.items())))
            status, found, location = one.answer(self.command, self.path, given)
            data = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = handle_any  # noqa: N815 - names of http.server

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    one.address = f"http://127.0.0.1:{server.server_port}"
    yield one
    server.shutdown()
    thread.join()
    server.server_close()


def environment(api: Api, host: str, folder: Path, **more: str) -> dict[str, str]:
    (folder / "event.json").write_text(json.dumps({"pull_request": {"number": 5}}))
    if host == "gitlab":
        return {
            "GITLAB_CI": "true", "CI_API_V4_URL": f"{api.address}/api/v4", "CI_PROJECT_ID": "12",
            "CI_MERGE_REQUEST_IID": "5", "MERGE_REQUEST_TOKEN": TOKEN,
        } | more  # fmt: skip
    return {
        "GITHUB_API_URL": api.address, "GITHUB_REPOSITORY": "team/app", "GITHUB_TOKEN": TOKEN,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
    } | more  # fmt: skip


def report(folder: Path, text: str) -> str:
    (folder / "r.md").write_text(text, encoding="utf-8")
    return str(folder / "r.md")


@pytest.mark.parametrize("host", HOSTS)
def test_a_report_of_judge_is_posted_once_and_then_replaced(bench: Bench, api: Api, host: str) -> None:
    """Blocked, then passed: the comment has the verdict of the last run, and there is one."""
    policy(bench, SEVERE)
    bench.play(blocked()).check("team/app:1.0")
    env = environment(api, host, bench.folder)
    comment = script()
    api.comments = [Api.written(number, "looks good to me") for number in range(1, 121)]  # of two pages

    for severity in ("Medium", "High"):
        policy(bench, f"rules: {{severity: {severity}}}")
        bench.run("judge", "report.json", "--report", "markdown=r.md")
        assert comment.main(["r.md"], env) == 0

    (written,) = api.comments[120:]
    assert written["body"].startswith(f"{MARK}\n## ✅ hssgate: passed")
    assert [method for method, *_ in api.calls if method != "GET"] == ["POST", "PUT" if host == "gitlab" else "PATCH"]
    place = "/api/v4/projects/12/merge_requests/5/notes" if host == "gitlab" else "/repos/team/app/issues/5/comments"
    assert any(path == place for _, path, _ in api.calls)


@pytest.mark.parametrize("host", HOSTS)
def test_a_pass_is_not_announced(api: Api, host: str, tmp_path: Path) -> None:
    """Where there is no comment to replace."""
    assert script().main([report(tmp_path, "## ✅ hssgate: passed\n")], environment(api, host, tmp_path)) == 0

    assert api.comments == []


@pytest.mark.parametrize("host", HOSTS)
def test_comments_of_other_people_and_other_gates_stay(api: Api, host: str, tmp_path: Path) -> None:
    """Whoever wrote the mark would be the author of the gate's words."""
    theirs = [Api.written(1, f"{MARK}\nmine", own=False), Api.written(2, "<!-- comment of hssgate: web -->\nweb")]
    api.comments = [dict(one) for one in theirs]
    path = report(tmp_path, "## ❌ hssgate: blocked\n")

    script().main([path], environment(api, host, tmp_path))

    assert api.comments[:2] == theirs
    assert [one["body"] for one in api.comments[2:]] == [f"{MARK}\n## ❌ hssgate: blocked\n"]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("refuse", "more", "expected"),
    [
        pytest.param(("GET", 401, ""), {}, "HTTP 401", id="a wrong token"),
        pytest.param(("POST", 403, ""), {}, "HTTP 403", id="no permission"),
        pytest.param(("POST", 302, "https://elsewhere.example/"), {}, "HTTP 302", id="a redirect"),
        pytest.param(None, {"GITHUB_API_URL": "http://api.example", "CI_API_V4_URL": "http://api.example"}, "https", id="plain http"),
        pytest.param(None, {"GITHUB_API_URL": "http://127.0.0.1:9", "CI_API_V4_URL": "http://127.0.0.1:9"}, "URLError", id="no connection"),
        pytest.param(None, {"GITHUB_TOKEN": "", "MERGE_REQUEST_TOKEN": ""}, "is not set", id="no token"),
        pytest.param(None, {"GITHUB_TOKEN": "a\nb", "MERGE_REQUEST_TOKEN": "a\nb"}, "is not set", id="a token of two lines"),
        pytest.param(None, {"GITHUB_EVENT_PATH": "/none", "CI_MERGE_REQUEST_IID": ""}, "no comment", id="no request"),
    ],
)  # fmt: skip
def test_what_fails_says_why_and_never_fails_the_job(
    api: Api, host: str, refuse: tuple[str, int, str] | None, more: dict[str, str], expected: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Only the gate decides; the token is in no output, and goes to no other host."""
    api.refuse = refuse

    code = script().main([report(tmp_path, "## ❌ hssgate: blocked\n")], environment(api, host, tmp_path) | more)

    out = capsys.readouterr()
    assert code == 0
    assert expected in out.err
    assert TOKEN not in out.out + out.err
    assert api.comments == []


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("text", [None, " \n"], ids=["no file", "empty"])
def test_a_gate_without_a_report_leaves_no_earlier_pass(
    api: Api, host: str, text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The earlier comment is replaced; without one, nothing is posted."""
    env, comment = environment(api, host, tmp_path), script()
    path = str(tmp_path / "missing.md") if text is None else report(tmp_path, text)

    assert comment.main([path], env) == 0
    assert (api.comments, f"no comment: {path}: " in capsys.readouterr().err) == ([], True)

    (tmp_path / "earlier").mkdir()
    for earlier in ("## ❌ blocked\n", "## ✅ passed\n"):
        comment.main([report(tmp_path / "earlier", earlier)], env)
    comment.main([path], env)

    (left,) = api.comments
    assert "hssgate wrote no report" in left["body"]
    assert "passed" not in left["body"]


@pytest.mark.parametrize("arguments", [[], ["a", "b", "c"]], ids=["none", "too many"])
def test_wrong_arguments_ask_nothing(api: Api, arguments: list[str], tmp_path: Path) -> None:
    """They end with 0 as well."""
    assert script().main(arguments, environment(api, "github", tmp_path)) == 0
    assert api.calls == []


@pytest.mark.parametrize("host", HOSTS)
def test_the_token_goes_into_one_header_and_past_every_proxy(
    api: Api, host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would see it in the clear, because loopback is asked by http."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    script().main([report(tmp_path, "## ❌\n")], environment(api, host, tmp_path))

    assert len(api.comments) == 1
    for _, path, headers in api.calls:
        assert TOKEN not in path
        holding = [name.lower() for name, value in headers.items() if TOKEN in value]
        assert holding == (["private-token"] if host == "gitlab" else ["authorization"])


def test_a_long_report_is_cut_between_its_parts() -> None:
    """Outside of collapsed sections and of code, with a note."""
    comment = script()
    parts = ["## ❌ hssgate: blocked", "<details><summary>a</summary>\n\ntable\n\n</details>", "````yaml\n\n```\n````"]
    for number in range(200):
        parts += [f"### {number}", f"<details><summary>x</summary>\n\n{'row ' * 100}\n\n</details>"]
    text = "\n\n".join(parts) + "\n"

    for room in range(2000, 12_000, 97):
        cut = comment.fitted(text, room)
        assert len(cut) <= room
        assert cut.count("<details>") == cut.count("</details>")
        assert cut.endswith(comment.CUT)
    assert comment.fitted(text, len(text)) == text
