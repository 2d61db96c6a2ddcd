"""Tests of globs: which images, ids and packages they fit, and which globs are refused."""

import json
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hssgate.policy import globs
from hssgate.policy.globs import (
    check_rule_glob,
    file_glob,
    fits_text,
    id_glob,
    image_glob,
    literal,
    literal_id,
    package_glob,
)
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Policy
from hssgate.policy.rules import Subject, rules_for
from hssgate.text import clean
from hssgate.verdict import PolicySource
from tests.cli.test_findings import finding, scenario
from tests.conftest import Bench
from tests.support.law import is_named_by

NOW = 1_790_000_000.0


@pytest.fixture(autouse=True)
def _no_expression_is_left_from_another_test() -> None:
    """Otherwise a cached glob would hide an error in how globs are compiled."""
    globs._with_slashes.cache_clear()


@pytest.mark.parametrize(
    ("glob", "namespace", "name", "version", "fits"),
    [
        pytest.param("legacy/*", "legacy", "app", "1.0", True, id="any image of a namespace"),
        pytest.param("legacy/*", "other", "legacy", "1.0", False, id="a name is no namespace"),
        pytest.param("legacy/*", None, "app", "1.0", False, id="no namespace"),
        pytest.param("legacy/*", "legacy", "sub/app", "1.0", False, id="a star does not cross a slash"),
        pytest.param("legacy/**", "legacy", "sub/app", "1.0", True, id="two stars do"),
        pytest.param("legacy/**", "legacy", "app", "1.0", True, id="two stars take a single part"),
        pytest.param("legacy/**", "legacy2", "app", "1.0", False, id="another namespace"),
        pytest.param("legacy/*", None, "legacy/app", "1.0", True, id="the namespace is part of the name"),
        pytest.param("team/app*", "team", "app-prod", "1.0", True, id="a name that begins so"),
        pytest.param("team/app*", "team", "app-prod/secret", "1.0", False, id="an image below a name that begins so"),
        pytest.param("team/app?", "team", "app/", "1.0", False, id="a question mark does not cross a slash"),
        pytest.param("team/app?", "team", "app1", "1.0", True, id="a question mark is one character"),
        pytest.param("team/app?", "team", "app", "1.0", False, id="not none"),
        pytest.param("**/app", "team", "sub/app", "1.0", True, id="at any depth"),
        pytest.param("**/app", None, "app", "1.0", False, id="a slash is a slash"),
        pytest.param("*/app", "team", "sub/app", "1.0", False, id="in a namespace, no deeper"),
        pytest.param("app", "team", "app", "1.0", True, id="a name in any namespace, any version"),
        pytest.param("app", None, "app", None, True, id="a name without namespace and version"),
        pytest.param("app", "team", "sub/app", "1.0", True, id="the last part of a name"),
        pytest.param("app", "app", "web", "1.0", False, id="not the namespace"),
        pytest.param("app*", "team", "app/web", "1.0", False, id="not a part before the last"),
        pytest.param("ap", "team", "app", "1.0", False, id="a part of a name"),
        pytest.param("*", "team", "sub/app", "1.0", True, id="any image"),
        pytest.param("**", None, "app", None, True, id="any image, with two stars"),
        pytest.param("app:1.*", "team", "app", "1.0", True, id="a version by glob"),
        pytest.param("app:1.*", "team", "app", "2.1.0", False, id="another version"),
        pytest.param("app:1.0", "team", "app", "1.0", True, id="a version"),
        pytest.param("app:1.0", "team", "app", "1.0.1", False, id="a longer version"),
        pytest.param("app:1.0", "team", "app", None, False, id="no version"),
        pytest.param("app:*", "team", "app", None, True, id="any version, even none"),
        pytest.param("app:????", "team", "app", None, False, id="no version, where it must have four characters"),
        pytest.param("*:1.0", "team", "sub/app", "1.0", True, id="any image of a version"),
        pytest.param("team/app:1.0", "team", "app", "1.0", True, id="namespace, name and version"),
        pytest.param("team/*:1.?", "team", "app", "1.10", False, id="one character of a version"),
        pytest.param("TEAM/*", "team", "app", "1.0", False, id="another case"),
        pytest.param("te.m/app", "team", "app", "1.0", False, id="a dot is a dot"),
        pytest.param("team/app", None, "reg.example.com:5000/team/app", "1.0", True, id="a registry in the name is not compared"),
        pytest.param("team/app", "reg.example.com", "team/app", "1.0", True, id="a registry in place of the namespace"),
        pytest.param("*/app", None, "reg.example.com/app", "1.0", False, id="a registry is no namespace"),
        pytest.param("app", None, "localhost/app", "1.0", True, id="localhost is a registry"),
        pytest.param("*/app", None, "localhost/app", "1.0", False, id="and no namespace"),
        pytest.param("*/app", None, "reg:5000/app", "1.0", False, id="nor is one with a port"),
        pytest.param("*/app", None, "registry/app", "1.0", True, id="a single word is a namespace"),
        pytest.param("my.org/app", "my.org", "app", "1.0", True, id="a namespace may contain a dot"),
        pytest.param("my.org/**", "my.org", "app", "1.0", True, id="and have two stars behind it"),
        pytest.param("a*b**c*/d", "a", "x/b/c/d", "1", False, id="a star before two stars does not cross"),
        pytest.param("team/a*b*c*d", "team", "axxbxxcxd", "1", True, id="several stars"),
        pytest.param("team/a*b*c*d", "team", "axxcxxbxd", "1", False, id="several stars, in another order"),
        pytest.param("**/a*b*c/**", "team", "axxbxxc/d", "1", True, id="several stars between two stars"),
        pytest.param("**a*b", "x", "a/ab", "1", True, id="not the first place that fits"),
    ],
)  # fmt: skip
def test_a_glob_fits_or_it_does_not(
    glob: str, namespace: str | None, name: str, version: str | None, fits: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """`*` and `?` stay within a part; without `/` the last part counts, without `:` any version."""
    assert Subject(namespace, name, version).matches([image_glob(glob)]) is fits
    assert is_named_by({"namespace": namespace, "image_name": name, "image_version": version}, glob) is fits


@pytest.mark.parametrize(
    ("glob", "why"),
    [
        pytest.param("reg.example.com/team/app", "the registry reg.example.com is not compared; write team/app", id="registry"),
        pytest.param("reg.example.com/team/**:1.*", "the registry reg.example.com is not compared; write team/**:1.*", id="registry and version"),
        pytest.param("*.example.com/team/app", "the registry *.example.com is not compared; write team/app", id="any registry of a domain"),
        pytest.param("localhost/team/app", "the registry localhost is not compared; write team/app", id="localhost"),
        pytest.param("reg:5000/app", "the registry reg:5000 is not compared; write app", id="registry with a port"),
        pytest.param("team/app:1/x", "only a version follows a colon; write namespace/name:version", id="colon before the last slash"),
        pytest.param("app:1:2", "only a version follows a colon; write namespace/name:version", id="two colons"),
        pytest.param("app@sha256:abc", "a digest is not compared; leave out what begins with @", id="digest"),
        pytest.param("{app,web}", "'{' has no meaning here, and no image name contains it; write * or ?, or a glob for each", id="alternatives"),
        pytest.param("app}", "'}' has no meaning here, and no image name contains it; write * or ?, or a glob for each", id="brace"),
        pytest.param("app[12]", "'[' has no meaning here, and no image name contains it; write * or ?, or a glob for each", id="set"),
        pytest.param("app]", "']' has no meaning here, and no image name contains it; write * or ?, or a glob for each", id="bracket"),
        pytest.param("!team/app", "no image name contains '!'; write a glob such as team/* or app:1.*, one for each line", id="negation"),
        pytest.param("team/app, team/web", "no image name contains ','; write a glob such as team/* or app:1.*, one for each line", id="a list in one text"),
        pytest.param(" team/X", "no image name contains a blank; write a glob such as team/* or app:1.*, one for each line", id="blank"),
        pytest.param("team/app\u200b", "no image name contains '\\u200b'; write a glob such as team/* or app:1.*, one for each line", id="invisible character"),
        pytest.param("team/аpp", "no image name contains 'а'; write a glob such as team/* or app:1.*, one for each line", id="Cyrillic letter"),
        pytest.param("app\n", "no image name contains a blank; write a glob such as team/* or app:1.*, one for each line", id="line break"),
        pytest.param("team/", "a part of it is empty; write a glob such as team/* or app:1.*", id="nothing after the slash"),
        pytest.param("/app", "a part of it is empty; write a glob such as team/* or app:1.*", id="nothing before the slash"),
        pytest.param("team//app", "a part of it is empty; write a glob such as team/* or app:1.*", id="two slashes"),
        pytest.param("app:", "a part of it is empty; write a glob such as team/* or app:1.*", id="no version"),
        pytest.param("r." + "r" * 298 + "/team/app", "the registry r." + "r" * 184 + "…", id="a long registry"),
    ],
)  # fmt: skip
def test_a_glob_that_can_fit_no_image_is_refused(bench: Bench, glob: str, why: str) -> None:
    """The message has the reason and what to write, and no request is sent."""
    override = {"images": [glob], "rules": {"severity": "High"}, "reason": "r"}
    Path("p.json").write_text(json.dumps({"rules": {"severity": "Low"}, "overrides": [override]}), encoding="utf-8")

    ended = bench.answer(lambda _request: pytest.fail("asked")).check("team/app:1.0", "--policy", "p.json")

    assert ended.code == 2
    assert "p.json: overrides[0].images[0]: " in ended.err
    assert f" can never fit: {why}\n" in ended.err


GLOBS = st.lists(st.sampled_from(["a", "b", "/", "*", "**", "?", ".", ":1"]), min_size=1, max_size=9).map("".join)
NAMES = st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


@given(GLOBS, st.none() | NAMES, NAMES, st.sampled_from([None, "1", "11", "a"]))
@example("**a*b", "x", "a/ab", None)
@example("*a*b/a?*", None, "ab/aba/aab", None)
def test_globs_fit_as_in_a_simple_reference_implementation(
    glob: str, namespace: str | None, name: str, version: str | None
) -> None:
    """The compiled expression never backtracks; trying every possible match gives the same result."""
    try:
        image_glob(glob)
    except ValueError:
        return
    row = {"namespace": namespace, "image_name": name, "image_version": version}

    assert Subject(namespace, name, version).matches([glob]) is is_named_by(row, glob)


@pytest.mark.parametrize("glob", ["*a" * 240 + "b", "**a" * 160 + "b", "?*" * 240 + "b", "*a**" * 120 + "/b"])
def test_a_glob_of_many_wildcards_costs_no_more_than_others(glob: str) -> None:
    """A path that almost fits does not cause exponential backtracking."""
    assert not Subject("a" * 128, "a" * 128, "a" * 128).matches([image_glob(glob)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("CVE-2024-1234 exp:2027", "no id contains a blank", id="an end behind the id"),
        pytest.param("CVE-2024-1234,CVE-2024-1235", "no id contains ','", id="two ids"),
        pytest.param("CVE-2024-1234\nCVE-2024-1235", "no id contains a blank", id="two lines"),
        pytest.param("CVE-2024-1234#why", "no id contains '#'", id="comment"),
        pytest.param("CVE-2024-{1,2}", "no id contains '{'", id="alternatives"),
        pytest.param("CVE\u20112024\u20111234", "no id contains '\u2011'", id="dash of a word processor"),
        pytest.param("CVE-2024-1234\u200b", "no id contains '\\u200b'", id="invisible character"),
        pytest.param(" \t", "is blank; write the id of a finding or of a CVE", id="blank"),
    ],
)
def test_an_id_that_no_finding_can_have_is_refused(text: str, expected: str) -> None:
    """Otherwise the entry would silently never fit."""
    with pytest.raises(ValueError, match=r"^(?:can never fit|is blank)") as caught:
        id_glob(text)

    ending = "; write one id, such as CVE-2024-1234, in each entry"
    assert str(caught.value) in {expected, f"can never fit: {expected}{ending}"}


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        pytest.param(package_glob, "open\u200bssl", "contains an invisible character; type the package's name again", id="invisible character"),
        pytest.param(package_glob, "openssl\x1b[31m", "contains an invisible character; type the package's name again", id="colour"),
        pytest.param(package_glob, " ", "is blank; write the package's name, or take the line out", id="blank"),
        pytest.param(file_glob, "/app/\u200b.env", "contains an invisible character; type the path again", id="invisible character in a path"),
        pytest.param(file_glob, " ", "is blank; write the path of the file in the image, such as /app/.env", id="blank path"),
        pytest.param(check_rule_glob, "1.\u200b3", "contains an invisible character; type the id again", id="invisible character in a baseline check"),
        pytest.param(check_rule_glob, " ", "is blank; write the id of the baseline check, such as 1.3.*", id="blank baseline check"),
    ],
)  # fmt: skip
def test_a_name_with_invisible_characters_is_refused(read: Callable[[str], str], text: str, expected: str) -> None:
    """Nobody could see the mistake in an invisible character."""
    with pytest.raises(ValueError, match=r"^(?:contains|is blank)") as caught:
        read(text)

    assert str(caught.value) == expected


def test_names_are_taken_without_the_blanks_around_them() -> None:
    """A package may contain blanks, an id may not."""
    assert (id_glob(" CVE-2024-1* "), package_glob(" Visual  C++ ")) == ("CVE-2024-1*", "Visual  C++")


def test_wildcards_in_a_name_are_escaped_in_its_entry() -> None:
    """The entry to paste fits exactly that name."""
    for name in ("a*", "a?", "a[b]"):
        assert fits_text(literal(name), name)
        assert fits_text(literal_id(name), name)
        assert not fits_text(literal(name), "ab")
        assert not fits_text(literal_id(name), "ab")


@given(st.text(min_size=1, max_size=20))
def test_entries_to_paste_are_valid_and_fit(text: str) -> None:
    """Entries are valid for any name of a finding or package."""
    shown = clean(text)
    if shown:
        assert fits_text(id_glob(literal_id(shown)).lower(), shown.lower())
        assert fits_text(package_glob(literal(shown)), shown)


@pytest.mark.parametrize(
    ("image", "name", "code"),
    [
        pytest.param("team/app-prod:1.0", "app-prod", 0, id="the named image"),
        pytest.param("team/app-prod/secret:1.0", "app-prod/secret", 10, id="an image below it"),
    ],
)
def test_an_override_applies_only_to_images_that_it_names(bench: Bench, image: str, name: str, code: int) -> None:
    """`team/app*` once fitted any path with that beginning, across slashes."""
    Path("hssgate.yaml").write_text(
        "rules: {vulnerabilities: 0}\n"
        "overrides: [{images: ['team/app*'], rules: {vulnerabilities: 9}, reason: being replaced}]\n"
    )

    ended = bench.play(scenario([finding("V-1")], image_name=name)).check(image)

    assert ended.code == code


@pytest.mark.parametrize(
    ("image", "namespace", "code"), [("legacy/app:1.0", "legacy", 0), ("team/legacy:1.0", "team", 10)]
)
def test_an_ignore_entry_fits_no_image_by_its_short_name(bench: Bench, image: str, namespace: str, code: int) -> None:
    """`legacy/*` names a namespace."""
    Path("hssgate.yaml").write_text(
        "rules: {vulnerabilities: 0}\nignore: [{vulnerability: V-1, images: ['legacy/*'], reason: being replaced}]\n"
    )
    name = image.partition("/")[2].partition(":")[0]

    ended = bench.play(scenario([finding("V-1")], image_name=name, namespace=namespace)).check(image)

    assert ended.code == code


def can_fit(glob: str) -> bool:
    try:
        return bool(image_glob(glob))
    except ValueError:
        return False


ENTRY_GLOBS = st.lists(GLOBS.filter(can_fit), min_size=1, max_size=3)
ENTRIES = st.fixed_dictionaries({"images": ENTRY_GLOBS, "reason": st.just("r")}) | st.fixed_dictionaries(
    {"images": ENTRY_GLOBS, "reason": st.just("r"), "rules": st.just({"severity": "High", "scan_age": "9h"})}
)


@given(
    st.lists(ENTRIES, max_size=3), ENTRIES, st.integers(0, 3),
    st.none() | NAMES, NAMES, st.none() | st.text(string.ascii_lowercase, min_size=1, max_size=2),
)  # fmt: skip
def test_an_entry_changes_nothing_for_images_that_it_does_not_fit(
    others: list[dict[str, object]], added: dict[str, object], place: int,
    namespace: str | None, name: str, version: str | None,
) -> None:  # fmt: skip
    """This is so for any policy and any position of the entry in it."""
    row = {"namespace": namespace, "image_name": name, "image_version": version}
    patterns = added["images"]
    assert isinstance(patterns, list)
    subject = Subject(namespace, name, version)

    without, with_it = (_in_force(entries, subject) for entries in (others, [*others[:place], added, *others[place:]]))

    fits = any(is_named_by(row, glob) for glob in patterns)
    assert fits or with_it == without
    if fits and "rules" not in added:
        assert len(with_it[1]) == len(without[1]) + 1


def _in_force(entries: list[dict[str, object]], subject: Subject) -> tuple[object, list[object]]:
    policy = Policy.model_validate(
        {
            "rules": {"severity": "Low"},
            "overrides": [entry for entry in entries if "rules" in entry],
            "ignore": [{"vulnerability": "V-1", **entry} for entry in entries if "rules" not in entry],
        }
    )
    rules = rules_for(LoadedPolicy(policy, PolicySource("p.yaml", "0")), subject, NOW)
    return (rules.limits, rules.scan), [entry for _, entry in rules.ignores.entries]
