"""IMAGE is split as Docker does, and a row belongs to it only on equality."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hssgate.hss.models import CicdImage
from hssgate.reference import parse_reference

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "namespace", "name", "version", "digest"),
    [
        pytest.param("app:1.0", None, "app", "1.0", None, id="name and version"),
        pytest.param("team/app:1.0", "team", "app", "1.0", None, id="namespace"),
        pytest.param("team/sub/app:1.0", "team", "sub/app", "1.0", None, id="more components belong to the name"),
        pytest.param("swr.example.com/team/app:1.0", "team", "app", "1.0", None, id="registry with a dot"),
        pytest.param("host:5000/app:1.0", None, "app", "1.0", None, id="registry with a port"),
        pytest.param("localhost/team/app:1.0", "team", "app", "1.0", None, id="localhost"),
        pytest.param("[::1]:5000/team/app:1.0", "team", "app", "1.0", None, id="IPv6 registry"),
        pytest.param(f"app@{DIGEST}", None, "app", None, DIGEST, id="digest alone"),
        pytest.param(f"r.io/team/app:1.0@{DIGEST}", "team", "app", "1.0", DIGEST, id="all of it"),
        pytest.param("Team/App:V_1.0-rc", "Team", "App", "V_1.0-rc", None, id="upper case"),
        pytest.param("a__b--c/e_f.g:1", "a__b--c", "e_f.g", "1", None, id="separators"),
    ],
)
def test_references_are_split(
    text: str, namespace: str | None, name: str, version: str | None, digest: str | None
) -> None:
    """Registry dropped, first of several components is the namespace, the rest the name."""
    reference = parse_reference(text)

    assert (reference.namespace, reference.image_name) == (namespace, name)
    assert (reference.image_version, reference.image_digest) == (version, digest)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "app", "team/app", "host:5000/app", "app:", "app@", "app@sha256:abc", "app@" + DIGEST + "0", "/app:1",
        "app/:1", "team//app:1", "app:1:2", "app:-x", "a b:1", "app:1 0", "äpp:1", "app:" + "1" * 129, "-app:1", "app-:1",
        "x" * 129 + ":1", "n" * 129 + "/app:1", "ho$t.io/app:1", "a" * 2000 + ":1", "app@" + DIGEST + "@" + DIGEST,
        "app:1\x00", "--policy:1",
    ],
    ids=lambda text: text[:20] or "empty",
)  # fmt: skip
def test_what_is_no_reference_is_refused(text: str) -> None:
    """No silent `latest`, no guess."""
    with pytest.raises(ValueError, match=r"IMAGE|app|digest|host|HSS|part|tag|names|longer"):
        parse_reference(text)


@given(st.text(max_size=200))
def test_any_text_gives_a_reference_or_a_clear_error(text: str) -> None:
    """Nothing but ValueError is ever raised, and what is accepted names a version or a digest."""
    try:
        reference = parse_reference(text)
    except ValueError as error:
        assert str(error)
    else:
        assert reference.image_version or reference.image_digest


ROW = CicdImage(
    cicd_name="shop",
    namespace="team",
    image_name="app",
    image_version="1.0",
    image_digest=DIGEST,
    scan_status="success",
)


@pytest.mark.parametrize(
    ("change", "differs_in"),
    [
        pytest.param({}, (), id="equal"),
        pytest.param({"image_name": "app2"}, ("image_name",), id="name longer"),
        pytest.param({"image_name": "App"}, ("image_name",), id="case"),
        pytest.param({"image_version": "1.0.1"}, ("image_version",), id="version longer"),
        pytest.param({"namespace": "team2"}, ("namespace",), id="namespace"),
        pytest.param({"namespace": None}, ("namespace",), id="namespace missing"),
        pytest.param({"image_digest": "sha256:" + "cd" * 32}, ("image_digest",), id="digest"),
        pytest.param({"image_digest": None}, ("image_digest",), id="digest missing"),
        pytest.param({"cicd_name": "shop-test"}, ("cicd_name",), id="identifier"),
    ],
)
def test_a_row_belongs_only_on_equality(change: dict[str, str | None], differs_in: tuple[str, ...]) -> None:
    """Filters match loosely; a reference does not."""
    reference = parse_reference(f"team/app:1.0@{DIGEST}", "shop")

    assert reference.differences(ROW.model_copy(update=change)) == differs_in
    assert reference.owns(ROW.model_copy(update=change)) is not bool(differs_in)


def test_what_is_not_asked_for_is_not_compared() -> None:
    """A bare name and version accept every namespace, digest and identifier."""
    assert parse_reference("app:1.0").owns(ROW)
