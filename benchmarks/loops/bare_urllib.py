"""The same with only the standard library, and with a token, because it has no signature."""

import json
import sys
import time
import urllib.request
from urllib.parse import urlencode

endpoint, project, name, version = sys.argv[1:]
query = urlencode({"image_name": name, "image_version": version})
request = urllib.request.Request(  # noqa: S310 - the emulator's address
    f"{endpoint}/v5/{project}/image/cicd/images?{query}", headers={"X-Auth-Token": "emulator-token"}
)
while True:
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        rows = json.load(answer)["data_list"]
    if rows and rows[0]["scan_status"] == "success":
        sys.exit(1 if rows[0]["severity_level"] == "High" else 0)
    time.sleep(5)
