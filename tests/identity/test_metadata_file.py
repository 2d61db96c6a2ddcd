"""Build metadata files are read as buildx and bake write them, and nothing else is taken for one."""

import json

import pytest

from hssgate.identity.metadata_file import Build, parse_metadata

INDEX, CONFIG = f"sha256:{'a' * 64}", f"sha256:{'c' * 64}"
BUILD = {
    "buildx.build.ref": "builder/builder0/abc",
    "containerimage.config.digest": CONFIG,
    "containerimage.descriptor": {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": INDEX, "size": 856},
    "containerimage.digest": INDEX,
    "image.name": "registry.example/team/app:1.0",
}


def raw(document: object) -> bytes:
    return json.dumps(document).encode()


def test_a_build_has_its_names_and_digests() -> None:
    """Several names stand in one text, with commas between."""
    document = BUILD | {"image.name": "registry.example/team/app:1.0, registry.example/team/app:latest"}

    (build,) = parse_metadata(raw(document))

    assert build == Build(("registry.example/team/app:1.0", "registry.example/team/app:latest"), INDEX, CONFIG)
    assert build.digests == (INDEX, CONFIG)


def test_an_index_of_several_platforms_proves_its_own_digest_alone() -> None:
    """Buildx gives no config digest there."""
    document = {key: value for key, value in BUILD.items() if key != "containerimage.config.digest"}

    assert parse_metadata(raw(document))[0].digests == (INDEX,)


def test_bake_writes_a_build_for_each_target() -> None:
    """What is not a target, such as warnings, is passed over."""
    other = BUILD | {"image.name": "registry.example/team/job:1.0"}

    builds = parse_metadata(raw({"app": BUILD, "job": other, "buildx.build.warnings": [{"vertex": "x"}]}))

    assert [build.names for build in builds] == [("registry.example/team/app:1.0",), ("registry.example/team/job:1.0",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(b"", "not valid JSON", id="empty"),
        pytest.param(b"\xff{}", "not valid JSON", id="not-text"),
        pytest.param(b"[" * 200_000, "nested too deep", id="deep"),
        pytest.param(b"[]", "not a JSON object", id="list"),
        pytest.param(b"{}", "no image in it", id="no-build"),
        pytest.param(raw({"containerimage.digest": INDEX}), '"image.name" is missing', id="a-digest-alone"),
        pytest.param(raw({"containerimage.config.digest": INDEX}), '"image.name" is missing', id="a-config-alone"),
        pytest.param(b'{"image.name": "a:1", "image.name": "b:1"}', "a key stands twice", id="duplicate"),
        pytest.param(raw(BUILD | {"image.name": None}), '"image.name" is missing', id="no-name"),
        pytest.param(raw(BUILD | {"image.name": " "}), '"image.name" is missing', id="blank-name"),
        pytest.param(raw(BUILD | {"image.name": " , "}), '"image.name" is missing', id="commas-alone"),
        pytest.param(raw({"image.name": "a:1"}), '"containerimage.digest" is missing', id="not-pushed"),
        pytest.param(raw(BUILD | {"containerimage.digest": 5}), "is '5', not sha256:", id="digest-a-number"),
        pytest.param(raw(BUILD | {"containerimage.digest": INDEX.upper()}), "lower-case", id="digest-upper-case"),
        pytest.param(
            raw({"app": BUILD | {"containerimage.config.digest": "x"}}), 'app: "containerimage.config', id="target"
        ),
    ],
)
def test_anything_else_is_refused_with_the_place(text: bytes, message: str) -> None:
    """The message says what is wrong and where."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        parse_metadata(text)
    assert message in str(caught.value)
