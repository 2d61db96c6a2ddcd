"""A machine of the cloud: the address of its metadata service leads to the emulator, and a command is run on it.

To be run in a network namespace of its own: `unshare --map-root-user --net python -m tests.integration.machine ...`.
"""

import json
import os
import subprocess
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from hssgate.hss.http import METADATA_HOST


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> int:
    """Run `hssgate` with the given arguments; the last line on stdout is what the emulator was asked."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{METADATA_HOST}/32", "dev", "lo"], check=True)
    app = Emulator(default_scenario(), now=time.time, sleep=time.sleep)
    metadata = make_server(METADATA_HOST, 80, app, handler_class=_Quiet)
    threading.Thread(target=metadata.serve_forever, daemon=True).start()
    with serve(app) as server:
        environ = os.environ | {"HSSGATE_ENDPOINT": server.url, "HUAWEICLOUD_SDK_IAM_ENDPOINT": server.url}
        ended = subprocess.run([sys.executable, "-m", "hssgate", *sys.argv[1:]], env=environ, check=False)
    sys.stdout.write(json.dumps([(request.method, request.path, request.status) for request in app.requests]) + "\n")
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
