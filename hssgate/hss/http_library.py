"""httpx, without its command line: every other module takes it from here.

`import httpx` loads `httpx._main` as well, and with it rich and pygments where they are installed: 25 ms, which no
request needs. So httpx finds a stand-in while it loads. Its command line still works: it is loaded by the first call.
"""

import sys
from importlib import import_module
from types import ModuleType

_COMMAND_LINE = "httpx._main"


def _main(*arguments: object, **options: object) -> object:
    """Run the command line of httpx."""
    return import_module(_COMMAND_LINE).main(*arguments, **options)


if "httpx" not in sys.modules:
    _stand_in = ModuleType(_COMMAND_LINE)
    vars(_stand_in)["main"] = _main
    sys.modules[_COMMAND_LINE] = _stand_in
    try:
        import httpx
    finally:
        del sys.modules[_COMMAND_LINE]
else:
    import httpx

__all__ = ["httpx"]
