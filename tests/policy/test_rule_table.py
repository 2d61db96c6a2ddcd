"""Tests of the rule table: each rule is declared and reads exactly the fields that it declares."""

from typing import Any

import pytest

from hssgate.hss.models import CicdImage, Finding, Level
from hssgate.policy.checks import Facts
from hssgate.policy.document import read_document
from hssgate.policy.findings import FetchedFindings, Findings
from hssgate.policy.ignores import Ignores
from hssgate.policy.judge import all_accept, judge_row
from hssgate.policy.key_help import meaning_of
from hssgate.policy.rule_kinds import LimitRule, ScanRule
from hssgate.policy.rule_table import ROW_FIELDS, RULES, Rules
from hssgate.policy.rules import RulesInForce
from hssgate.policy.schema import policy_schema
from hssgate.policy.starter import starter_policy
from hssgate.reference_parser import parse_reference
from hssgate.waiting.groups import COMPARED, Phase, compared_fields, group_rows, judged_fields

NOW = 1_790_000_000.0
TEXTS = {"scan_status": ("success", "failed"), "severity_level": ("Low", "High")}
UNLISTED = Findings((Finding(vul_id="CVE-2024-1", repair_necessity="immediate_repair"),))


def values_of(field: str) -> tuple[object, object]:
    """Two values of a field: texts where it is a text, else numbers."""
    by_type = ("a", "b") if "str" in str(CicdImage.model_fields[field].annotation) else (900, 5000)
    return TEXTS.get(field, by_type)


def row(**changed: object) -> CicdImage:
    """A finished row that has every field which any rule reads, changed as given."""
    fields = {name: values_of(name)[0] for name in COMPARED} | {"latest_scan_time": int(NOW * 1000) - 1000}
    return CicdImage.model_validate({"image_name": "app", "image_version": "1"} | fields | changed)


def rule(name: str) -> Any:  # noqa: ANN401 - of any kind
    """The rule as the starter shows it."""
    example = read_document(f"{name}: {RULES[name].example}", ".yaml").data
    return getattr(Rules.model_validate(example), name)


class Spy(CicdImage):
    """A row that notes which of its fields are read."""

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - as its base class has it
        value = super().__getattribute__(name)
        if name in type(self).model_fields:
            super().__getattribute__("__dict__").setdefault("_read", set()).add(name)
        return value


def fields_read(name: str, found: CicdImage, findings: FetchedFindings) -> set[str]:
    """Judge a row by one rule, and return the fields of the row that were read."""
    spy = Spy.model_construct(**dict(found))
    spy.__dict__.pop("_read", None)
    given: LimitRule | ScanRule = rule(name)
    if isinstance(given, ScanRule):
        all_accept([RulesInForce({}, given, Ignores(()))], spy)
    else:
        judge_row(Facts(spy, findings, NOW), RulesInForce({name: given}, None, Ignores(())))
    return set(spy.__dict__.get("_read", set()))


def test_every_rule_of_the_model_has_an_entry() -> None:
    """The entries are in the order of judging, and each part of an entry is set."""
    assert [*RULES] == [*Rules.model_fields]
    assert all((spec.fields or spec.detail) and spec.help and spec.example for spec in RULES.values())


@pytest.mark.parametrize("name", [*RULES])
def test_help_starter_and_schema_are_made_from_the_entry(name: str) -> None:
    """An editor, the starter policy and the schema show the same line, and the example is a value of the rule."""
    described = policy_schema()["$defs"]["Rules"]["properties"][name]["description"]
    (line,) = [line for line in starter_policy().splitlines() if line.lstrip("# ").startswith(f"{name}: ")]

    assert meaning_of(name) == described == RULES[name].help
    assert line.endswith(f"# {RULES[name].help}")
    assert f"{name}: {RULES[name].example} " in line
    assert rule(name) is not None


@pytest.mark.parametrize("name", [*RULES])
@pytest.mark.parametrize(
    "findings", [pytest.param(None, id="only the row"), pytest.param(UNLISTED, id="findings read")]
)
@pytest.mark.parametrize("gap", [pytest.param(False, id="full row"), pytest.param(True, id="empty row")])
def test_a_rule_reads_the_fields_that_it_declares_and_no_other(name: str, findings: FetchedFindings, gap: bool) -> None:  # noqa: FBT001
    """Otherwise two rows that differ in a field of the rule could count as equal."""
    read = fields_read(name, CicdImage() if gap else row(), findings)

    assert read <= {*RULES[name].fields}
    if findings or not RULES[name].needs_findings:
        assert read | fields_read(name, CicdImage(), findings) == {*RULES[name].fields}


@pytest.mark.parametrize("name", [*RULES])
def test_every_field_that_a_rule_reads_is_compared(name: str) -> None:
    """The field exists in the row and is compared both between rows of one time and between two reads."""
    assert {*RULES[name].fields} <= CicdImage.model_fields.keys()
    assert {*RULES[name].fields} <= {*ROW_FIELDS} <= {*COMPARED}


def test_the_compared_fields() -> None:
    """What the rules read, and what identifies an image: nothing is missing, and a new rule adds its fields itself."""
    assert {*COMPARED} >= {
        "image_id", "image_digest", "scan_status", "scan_failed_code", "latest_scan_time", "severity_level", "vul_num",
        "unsafe_setting_num", "malicious_file_num",
    }  # fmt: skip
    assert {*COMPARED} - {*ROW_FIELDS} == {"image_id", "image_digest"}


@pytest.mark.parametrize("field", [name for name in COMPARED if name != "latest_scan_time"])
def test_rows_of_one_time_that_differ_in_a_compared_field_are_ambiguous(field: str) -> None:
    """Either row may be the newest; this is so even if only one of them has the field."""
    others = [row(**{field: value}) for value in (values_of(field)[1], None) if (field, value) != ("scan_status", None)]

    for other in others:
        (row_group,) = group_rows(parse_reference("app:1"), [row(), other])

        assert (row_group.phase, row_group.others) == (Phase.AMBIGUOUS, (row(), other))


@pytest.mark.parametrize("field", COMPARED)
def test_the_fields_of_a_row_are_compared_by_value(field: str) -> None:
    """The image's id identifies a result, and changes no verdict."""
    other = row(**{field: values_of(field)[1]})

    assert compared_fields(row()) == compared_fields(row())
    assert compared_fields(row()) != compared_fields(other)
    assert (judged_fields(row()) == judged_fields(other)) is (field == "image_id")


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        pytest.param("vulnerabilities", {*Level}, id="all"),
        pytest.param("high_vulnerabilities", {Level.HIGH}, id="high"),
        pytest.param("medium_vulnerabilities", {Level.MEDIUM}, id="medium"),
        pytest.param("low_vulnerabilities", {Level.LOW}, id="low"),
        pytest.param("unsafe_settings", set(), id="none"),
    ],
)
def test_a_rule_counts_findings_of_its_levels(name: str, levels: set[Level]) -> None:
    """A rule for some levels needs the list of findings; HSS counts all of them in one number."""
    assert RULES[name].levels == levels
    assert RULES[name].needs_findings is (len(levels) == 1)
