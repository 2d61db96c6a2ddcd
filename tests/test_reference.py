"""Tests of IMAGE references: how they are split, and which rows belong to them."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hssgate.hss.models import CicdImage
from hssgate.proof import DigestKind, ResolvedDigest
from hssgate.reference import Reference, basename, row_keys
from hssgate.reference_parser import parse_reference
from hssgate.registry_names import host_of

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
        pytest.param(f"app@{DIGEST}", None, "app", None, DIGEST, id="only a digest"),
        pytest.param(f"r.io/team/app:1.0@{DIGEST}", "team", "app", "1.0", DIGEST, id="all of it"),
        pytest.param("Team/App:V_1.0-rc", "Team", "App", "V_1.0-rc", None, id="upper case"),
        pytest.param("a__b--c/e_f.g:1", "a__b--c", "e_f.g", "1", None, id="separators"),
    ],
)
def test_references_are_split(
    text: str, namespace: str | None, name: str, version: str | None, digest: str | None
) -> None:
    """The registry is split off; the first of several components is the namespace, the rest the name."""
    reference = parse_reference(text)

    assert (reference.namespace, reference.image_name) == (namespace, name)
    assert (reference.image_version, reference.image_digest) == (version, digest)


@pytest.mark.parametrize(
    "text",
    [
        f"app@{DIGEST.upper()}", "app@sha512:" + "ab" * 64, "app@sha256-" + "ab" * 32, "app@" + "ab" * 32, DIGEST, "ab" * 32,
        f"team/{DIGEST}", f"@{DIGEST}", "a.b/" + "AB" * 32 + ":1.0",
        "", " ", "app", "team/app", "host:5000/app", "app:", "app@", "app@sha256:abc", "app@" + DIGEST + "0", "/app:1",
        "app/:1", "team//app:1", "app:1:2", "app:-x", "a b:1", "app:1 0", "äpp:1", "app:" + "1" * 129, "-app:1", "app-:1",
        "x" * 129 + ":1", "team/" + "x" * 129 + ":1", "n" * 129 + "/app:1", "ho$t.io/app:1", "a" * 2000 + ":1", "app@" + DIGEST + "@" + DIGEST,
        "app:1\x00", "--policy:1",
    ],
    ids=lambda text: text[:20] or "empty",
)  # fmt: skip
def test_an_invalid_reference_is_refused(text: str) -> None:
    """There is no default `latest` and no guess."""
    with pytest.raises(ValueError, match=r"IMAGE|app|digest|host|HSS|part|tag|names|longer"):
        parse_reference(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(f"app@{DIGEST.upper()}", f"write app@{DIGEST}", id="upper case"),
        pytest.param("app:1@" + "ab" * 32, f"write app:1@{DIGEST}", id="no algorithm"),
        pytest.param("app@sha512:" + "ab" * 64, "HSS knows images by SHA-256 only; write it like app@sha256:", id="SHA-512"),
        pytest.param("app@sha256:12", "write it like app@sha256: and 64 lower-case hexadecimal digits", id="too short"),
        pytest.param(DIGEST, "a digest alone names no image; write it like team/app@sha256:", id="in place of a name"),
        pytest.param("ab" * 32 + ":1.0", "a digest alone names no image", id="64 digits for a name"),
        pytest.param(f"@{DIGEST}", "a digest alone names no image", id="no name"),
    ],
)  # fmt: skip
def test_a_digest_written_otherwise_is_refused_with_the_form_to_write(text: str, message: str) -> None:
    """It is refused at once, and not after a wait for a row that can never appear."""
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_reference(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("https://r.io/team/app:1", "an image has no scheme; write r.io/team/app:1", id="an address"),
        pytest.param("docker://app:1", "an image has no scheme; write app:1", id="a transport"),
        pytest.param("app:1,app:2", "put blanks between several", id="commas between"),
        pytest.param("team/app:", "the tag behind the colon is empty: was the variable", id="an empty tag"),
        pytest.param("r.io:x/app:1", "write it like registry.example.com:5000/team/app:1.0", id="no port"),
    ],
)
def test_a_common_mistake_is_answered_with_what_to_write(text: str, message: str) -> None:
    """Such as what is left of a variable, or the habit of another tool."""
    with pytest.raises(ValueError, match=re.escape(message)):
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
    """The filters of the API match substrings; a reference requires equality."""
    reference = parse_reference(f"team/app:1.0@{DIGEST}", "shop")

    assert reference.differences(ROW.model_copy(update=change)) == differs_in
    assert reference.owns(ROW.model_copy(update=change)) is not bool(differs_in)


def test_fields_not_asked_for_are_not_compared() -> None:
    """A bare name and version accept every namespace, digest and identifier."""
    assert parse_reference("app:1.0").owns(ROW)


PATHS = [
    # asked, namespace, image_name, registry_name, whether it is the image
    pytest.param("team/app:1.0", None, "team/app", None, True, id="path in the name"),
    pytest.param("team/app:1.0", "", "r.io/team/app", None, True, id="registry and path in the name"),
    pytest.param("team/app:1.0", "r.io", "team/app", None, True, id="registry as the organisation"),
    pytest.param("team/app:1.0", "r.io/team", "app", None, True, id="registry before the organisation"),
    pytest.param("team/app:1.0", "x/team", "app", None, False, id="an organisation within another"),
    pytest.param("team/app:1.0", None, "app", None, False, id="no organisation"),
    pytest.param("team/app:1.0", None, None, None, False, id="no name"),
    pytest.param("team/sub/app:1.0", "team/sub", "app", None, True, id="the organisation has two components"),
    pytest.param("team/sub/app:1.0", "team", "sub/app", None, True, id="the name has two components"),
    pytest.param("r.io/team/app:1.0", "team", "app", None, True, id="registry asked for, none known"),
    pytest.param("r.io/team/app:1.0", None, "R.io:443/team/app", None, True, id="the same registry"),
    pytest.param("r.io/team/app:1.0", None, "q.io/team/app", None, False, id="another registry in the name"),
    pytest.param("r.io/team/app:1.0", "team", "app", "https://R.io/", True, id="the same registry by its address"),
    pytest.param("r.io/team/app:1.0", "team", "app", "q.io", False, id="another registry by its name"),
    pytest.param("r.io/team/app:1.0", "team", "app", "r.io:5000", False, id="another port"),
    pytest.param("r.io/team/app:1.0", "team", "app", "Basic edition 2.0", True, id="a name that is no host"),
    pytest.param("r.io/team/app:1.0", "team", "app", "swr", True, id="a word that is no host"),
    pytest.param("team/app:1.0", "team", "app", "q.io", True, id="no registry asked for"),
    pytest.param("my.org/app:1.0", None, "app", None, True, id="registry and name: no organisation"),
    pytest.param("my.org/app:1.0", "my.org", "app", None, True, id="registry and name: it is the organisation"),
    pytest.param("my.org/app:1.0", None, "my.org/app", None, True, id="registry and name: both in the name"),
    pytest.param("my.org/app:1.0", "team", "app", None, False, id="registry and name: another organisation"),
    pytest.param("my.org/app:1.0", "q.org", "app", None, False, id="registry and name: another registry"),
    pytest.param("x.io/my.org/app:1.0", "my.org", "app", "x.io", True, id="an organisation with a dot"),
    pytest.param(
        "x.io/my.org/app:1.0", "", "my.org/app", "https://X.io/", True, id="an organisation with a dot, in the name"
    ),
    pytest.param(
        "x.io/my.org/app:1.0", "x.io", "my.org/app", None, True, id="an organisation with a dot, behind its registry"
    ),
    pytest.param(
        "x.io/my.org/app:1.0", "my.org", "app", "y.io", False, id="an organisation with a dot, at another registry"
    ),
    pytest.param("x.io/my.org/app:1.0", "my.org", "app", None, False, id="perhaps a registry and no organisation"),
    pytest.param("x.io/my.org/app:1.0", "my.org", "app", "swr", False, id="a name that does not prove the registry"),
    pytest.param("x.io/my.org/app:1.0", "your.org", "app", "x.io", False, id="another organisation with a dot"),
    pytest.param(
        "x.io/my.org/team/app:1.0", "my.org", "team/app", "x.io", True, id="an organisation with a dot and a part"
    ),
    pytest.param(
        "my.org/my.org/app:1.0", "my.org", "app", "my.org", False, id="the registry, or an organisation of its name"
    ),
    pytest.param("app:1.0", "team", "app", None, True, id="only a name: any organisation"),
    pytest.param("app:1.0", None, "q.io/team/app", None, True, id="only a name: any organisation in the name"),
    pytest.param("app:1.0", "app", "other", None, False, id="a name is not an organisation"),
]


@pytest.mark.parametrize(("text", "namespace", "name", "registry_name", "is_owned"), PATHS)
def test_a_row_is_known_by_its_path_and_registry(
    text: str, namespace: str | None, name: str | None, registry_name: str | None, *, is_owned: bool
) -> None:
    """This is so for every way in which HSS fills namespace, image_name and registry_name."""
    row = CicdImage(namespace=namespace, image_name=name, image_version="1.0", registry_name=registry_name)

    reference = parse_reference(text)

    assert reference.owns(row) is is_owned
    assert reference.row_key in row_keys(row) or not is_owned  # the index of an answer finds it


@pytest.mark.parametrize(
    ("image_name", "expected"),
    [("app", "app"), ("team/app", "app"), ("r.io/team/app", "app"), ("", ""), (None, "")],
)
def test_a_name_without_its_path_is_the_last_component(image_name: str | None, expected: str) -> None:
    """A row without a name has none."""
    assert basename(image_name) == expected


BUILT, ARM = "sha256:" + "cd" * 32, "sha256:" + "ef" * 32
PUSHED = parse_reference(f"team/app:1.0@{DIGEST}")
BY_BUILD = replace(PUSHED, build_digests=(BUILT, ARM), metadata_file="build.json")
RESOLVED = replace(
    BY_BUILD,
    resolved=(
        ResolvedDigest(ARM, DigestKind.MANIFEST, "linux/arm64"),
        ResolvedDigest(BUILT, DigestKind.INDEX, None),
    ),
)


@pytest.mark.parametrize(
    ("reference", "accepted", "digest", "proof", "platform"),
    [
        pytest.param(parse_reference("team/app:1.0"), (), DIGEST, None, None, id="no digest asked for"),
        pytest.param(PUSHED, (DIGEST,), DIGEST, "by its digest", None, id="the digest in IMAGE"),
        pytest.param(BY_BUILD, (BUILT, ARM), ARM, "by build.json", None, id="the digests of the build"),
        pytest.param(RESOLVED, (ARM, BUILT), ARM, "by the registry (manifest digest, linux/arm64)", "linux/arm64", id="a platform of the registry"),
        pytest.param(RESOLVED, (ARM, BUILT), BUILT, "by the registry (index digest)", None, id="the index of the registry"),
        pytest.param(RESOLVED, (ARM, BUILT), DIGEST, None, None, id="a digest that the registry did not give"),
        pytest.param(RESOLVED, (ARM, BUILT), None, None, None, id="a row without a digest"),
    ],
)  # fmt: skip
def test_a_row_is_proven_by_the_digests_that_are_accepted(
    reference: Reference, accepted: tuple[str, ...], digest: str | None, proof: str | None, platform: str | None
) -> None:
    """Those of the registry replace those of the build, and these the one in IMAGE."""
    row = CicdImage(namespace="team", image_name="app", image_version="1.0", image_digest=digest)

    assert reference.digests == accepted
    assert reference.owns(row) is (not accepted or digest in accepted)
    assert (reference.proof_of(row), reference.platform_of(row)) == (proof, platform)


def test_an_image_that_no_row_belongs_to_is_not_proven_by_the_registry() -> None:
    """The digest in IMAGE and the file of the build are known without a row."""
    assert [one.proof_of(None) for one in (RESOLVED, BY_BUILD, PUSHED)] == [None, "by build.json", "by its digest"]


@pytest.mark.parametrize(
    ("picked", "namespace", "registry_name", "is_owned"),
    [
        pytest.param("Basic edition", "team", "Basic edition", True, id="by its name"),
        pytest.param("r.io", "team", "https://R.io:443/", True, id="by its host"),
        pytest.param("r.io", "r.io/team", None, True, id="by the registry in its path"),
        pytest.param("swr", "team", "SWR", False, id="a name has its case"),
        pytest.param("swr", "team", None, False, id="a row that names none"),
    ],
)
def test_a_registry_can_be_picked(picked: str, namespace: str, registry_name: str | None, *, is_owned: bool) -> None:
    """The option takes the name that HSS lists."""
    row = CicdImage(namespace=namespace, image_name="app", image_version="1.0", registry_name=registry_name)

    assert parse_reference("team/app:1.0", registry_name=picked).owns(row) is is_owned


def test_a_registry_can_be_picked_for_an_organisation_with_a_dot() -> None:
    """Its name in HSS need not be its host."""
    row = CicdImage(namespace="my.org", image_name="app", image_version="1.0", registry_name="swr")

    assert parse_reference("x.io/my.org/app:1.0", registry_name="swr").owns(row)
    assert not parse_reference("x.io/my.org/app:1.0", registry_name="other").owns(row)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("swr", None), ("Basic 2.0", None), ("SWR.example.com", "swr.example.com"), ("http://swr:80/", "swr:80"),
        ("https://swr.example.com:443/", "swr.example.com"), ("swr:443", "swr"), ("", None),
    ],
)  # fmt: skip
def test_a_name_is_a_host_by_its_port_or_its_dot(name: str, host: str | None) -> None:
    """Hosts are compared without case, scheme, final slash and port 443."""
    assert host_of(name) == host


@pytest.mark.parametrize(
    ("asked", "row", "unreadable", "may_be"),
    [
        pytest.param("team/app:1.0", {"namespace": "team"}, {"image_name"}, True, id="its organisation"),
        pytest.param("team/app:1.0", {"namespace": "r.io"}, {"image_name"}, True, id="a registry as the organisation"),
        pytest.param("team/app:1.0", {"namespace": "steam"}, {"image_name"}, False, id="another organisation"),
        pytest.param("my.org/app:1.0", {"namespace": "team"}, {"image_name"}, False, id="an organisation where there is none"),
        pytest.param("app:1.0", {"namespace": "team"}, {"image_name"}, True, id="any organisation"),
        pytest.param("team/app:1.0", {"image_name": "app"}, {"namespace"}, True, id="its name"),
        pytest.param("team/app:1.0", {"image_name": "app2"}, {"namespace"}, False, id="another name"),
    ],
)  # fmt: skip
def test_the_readable_fields_of_an_odd_row_may_prove_that_it_is_another(
    asked: str, row: dict[str, str], unreadable: set[str], *, may_be: bool
) -> None:
    """An unreadable row concerns only an image that it may belong to."""
    known = CicdImage.model_validate({"image_version": "1.0", **row})

    assert parse_reference(asked).may_own(known, frozenset(unreadable)) is may_be


@pytest.mark.parametrize(
    ("text", "cicd_name", "registry_name", "is_the_same"),
    [
        pytest.param("my.org/team/app:1.0", "shop", "SWR", True, id="the same"),
        pytest.param("MY.org/team/app:1.0", "shop", "SWR", True, id="the registry in another case"),
        pytest.param("other.org/team/app:1.0", "shop", "SWR", False, id="another registry"),
        pytest.param("team/app:1.0", "shop", "SWR", False, id="no registry"),
        pytest.param("my.org/other/app:1.0", "shop", "SWR", False, id="another namespace"),
        pytest.param("my.org/team/api:1.0", "shop", "SWR", False, id="another name"),
        pytest.param("my.org/team/app:1.1", "shop", "SWR", False, id="another version"),
        pytest.param(f"my.org/team/app:1.0@sha256:{'a' * 64}", "shop", "SWR", False, id="a digest"),
        pytest.param("my.org/team/app:1.0", "other", "SWR", False, id="another identifier"),
        pytest.param("my.org/team/app:1.0", "shop", None, False, id="no registry picked"),
    ],
)
def test_only_the_same_image_is_judged_once(
    text: str, cicd_name: str, registry_name: str | None, *, is_the_same: bool
) -> None:
    """Whatever differs makes it another image, which is judged by itself."""
    other = parse_reference("my.org/team/app:1.0", "shop", "SWR")

    assert (parse_reference(text, cicd_name, registry_name).identity == other.identity) is is_the_same
