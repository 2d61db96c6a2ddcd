"""Profile file of the official SDK: `~/.huaweicloud/credentials`, section `[basic]`.

Source: the SDK's profile provider.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from hssgate.cli.connect.variables import refuse_half, sendable
from hssgate.errors import Misused
from hssgate.files import read_bounded
from hssgate.hss.credentials import AccessKey, Federation, IdTokenFile
from hssgate.hss.secret import Secret
from hssgate.record import record
from hssgate.text import clean

VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
SECTION = "basic"
_USUAL = Path("~", ".huaweicloud", "credentials")
_LARGEST = 1024 * 1024  # bytes


@record
class Profile:
    """A section of the file.

    Args:
        path: of the file.
        values: by key.
    """

    path: Path
    values: Mapping[str, str]

    def get(self, key: str) -> str | None:
        """Return a value, or None if it is missing or empty."""
        return self.values.get(key, "").strip() or None

    @property
    def credentials(self) -> AccessKey | Federation:
        """The credentials of the section.

        Raises:
            Misused: they are missing or incomplete, or cannot be sent in a header.
        """
        source = _where(self.path)
        ak, sk, token = self.get("ak"), self.get("sk"), self.get("security_token")
        idp_id, path = self.get("idp_id"), self.get("id_token_file")
        for key, value in (("ak", ak), ("sk", sk), ("security_token", token), ("idp_id", idp_id)):
            if value:
                sendable(value, f"{source}: {key}")
        if ak and sk:
            return AccessKey(ak=ak, sk=Secret(sk), security_token=Secret(token) if token else None, source=source)
        if idp_id and path:
            return Federation(idp_id=idp_id, id_token=IdTokenFile(path=Path(path)), source=source)
        refuse_half({"ak": ak, "sk": sk}, {"security_token": token}, f"{source}: ")
        refuse_half({"idp_id": idp_id, "id_token_file": path}, {}, f"{source}: ")
        raise Misused(f"{source}: its section [{SECTION}] has neither ak and sk nor idp_id and id_token_file")


def read_profile(named: str | None, environ: Mapping[str, str], warn: Callable[[str], None]) -> Profile | None:
    """Return the profile, or None if the default file does not exist and no other file is named.

    Args:
        named: the file that the variable names.
        environ: the environment variables, for the home folder.
        warn: called with a line if other users of this machine can read the file.

    Raises:
        Misused: the file cannot be read, or lacks the section.
    """
    # A file that the caller named must exist and have the section: silently using other credentials could judge images
    # of another account. The default file is optional, since many machines have one for other tools. The path may be a
    # pipe (`<(vault read ...)`), so it is read once and with limits. Messages show neither a line of the file nor the
    # cause: configparser quotes the line, which may contain the secret key.
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if not named and not home:
        return None
    path = Path(named) if named else Path(home or "", *_USUAL.parts[1:])
    if not named and not path.is_file():
        return None
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=True)
    try:
        raw = read_bounded(path, _LARGEST)
        if len(raw) > _LARGEST:
            raise Misused(f"{_where(path)}: it is larger than 1 MiB")
        parser.read_string(raw.decode("utf-8-sig"))
    except (OSError, ValueError, configparser.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is no profile file ({type(error).__name__})"
        raise Misused(f"{_where(path)}: {reason}") from None
    if not parser.has_section(SECTION):
        if named:
            raise Misused(f"{_where(path)}: it has no section [{SECTION}]")
        return None
    if os.name == "posix" and path.stat().st_mode & 0o077:
        warn(f"{_where(path)}: others on this machine can read it; run `chmod 600` on it")
    return Profile(path, dict(parser[SECTION]))


def _where(path: Path) -> str:
    return f"the profile file {clean(path, 300)}"
