"""HSS with hostile text in every field: rows, findings, their CVEs, and details."""

import json
from collections.abc import Callable

import httpx

from hssgate.text import clean
from tests.reports.test_formats import HOSTILE
from tests.waiting.test_poller import ROW

TEXTS = HOSTILE | {
    "cell": "a | b \\| c \\\\| d",
    "backticks": "`` ` ``` x ~~~~",
    "fence": "```\n```` close me",
    "blocks": "# heading\n- item\n1. one\n> quote\n---",
    "emphasis": "**a** __b__ *c* _d_ ~~e~~ ~f~",
    "links": "[a](http://h) ![b](http://h/i.png) <http://h> [c]: http://h",
    "addresses": "https://h/x www.h.org __www.h.org mail@h.org mailto:mail@h.org ftp://h",
    "references": "@team team/app#12 #12 !34 GH-56 ~label %2.0 &7 $8 ^9 [[wiki]] [issue:1] *iteration:1",
    "emoji": ":tada: :+1: :100: at 10:29:12",
    "command": "/close",
    "command of a runner": "##[stop-commands]x ##vso[task.complete]y",
    "HTML": "<img src=x onerror=alert(1)><a href='javascript:x'>y</a><!-- --><svg onload=x></details><table>",
    "attribute": '" onmouseover="alert(1)" style=\'x:url(http://h)\' x=`y`',
    "references in HTML": "&#60;b&#62; &lt;b&gt; &amp;lt; &nbsp;",
    "style": "</style><style>*{background:url(http://h)}</style>",
    "title": "</title></head><body><h1>Passed</h1>",
}


def policy_with(text: str) -> str:
    """Return a JSON policy with the text in its reason, without characters that a file cannot contain."""
    reason = text.encode("utf-8", "replace").decode()[:500]
    reason = reason if clean(reason) else "why"
    rules = {"severity": "Low", "high_vulnerabilities": 0, "vulnerabilities": {"limit": 0, "action": "warn"}}
    return json.dumps({"rules": rules, "ignore": [{"vulnerability": "IGNORED", "reason": reason}]})


def world(text: str) -> Callable[[httpx.Request], httpx.Response]:
    """Return a handler whose responses contain the text in every text field."""
    named = {"image_id": "id", "namespace": text[:128], "registry_name": text, "image_digest": text, "cicd_name": text}
    row: dict[str, object] = {**ROW, **named, "severity_level": "High", "vul_num": 2, "unsafe_setting_num": 0}
    finding: dict[str, object] = {
        "app_name": text,
        "version": text,
        "solution": text,
        "app_path": text,
        "repair_necessity": text,
    }
    lists: dict[str, list[dict[str, object]]] = {
        "/vulnerabilities": [finding | {"vul_id": text}, finding | {"vul_id": "IGNORED"}],
        "/cve": [{"cve_id": text}],
        "/malwares": [{"file_path": text, "description": text, "severity": text}],
        "/sensitive": [{"file_path": "/x", "name": text, "severity": text}],
        "/check-rules": [{"check_rule_name": text, "check_name": f"{text}!", "scan_result": "failed"}],
    }

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        rows = next((listed for ending, listed in lists.items() if path.endswith(ending)), [row])
        return httpx.Response(
            200,
            content=json.dumps({"total_num": len(rows), "data_list": rows}),
            headers={"X-Request-Id": "request-1"},
        )

    return answer
