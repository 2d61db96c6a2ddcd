"""Tests that a record behaves like the same class with `@dataclass(frozen=True)`."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from hssgate.record import record


@record
class Sample:
    """With everything that a field can ask for."""

    name: str
    count: int = 0
    hidden: str = field(default="", repr=False)
    beside: list[int] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class Twin:
    """The same, by the standard library."""

    name: str
    count: int = 0
    hidden: str = field(default="", repr=False)
    beside: list[int] = field(default_factory=list, compare=False)


@record
class Other:
    """With the first fields of `Sample`."""

    name: str
    count: int = 0


@record(kw_only=True)
class RowNames:
    """With a field that is given by name."""

    name: str


def test_a_record_without_docstring_has_its_name_for_one() -> None:
    """Its signature, which `dataclass` would write instead, takes a millisecond to find out."""

    @record
    class Bare:
        name: str

    assert Bare.__doc__ == "Bare"
    assert Sample.__doc__ == "With everything that a field can ask for."


def test_a_record_equals_its_dataclass_in_construction_repr_and_hash() -> None:
    """Positional arguments, defaults, factories, `repr=False` fields and the hash are the same."""
    one, twin = Sample("a", 2, "b"), Twin("a", 2, "b")

    assert repr(one) == repr(twin).replace("Twin", "Sample") == "Sample(name='a', count=2, beside=[])"
    assert hash(one) == hash(twin)
    assert [found.name for found in fields(one)] == [found.name for found in fields(twin)]


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        pytest.param(Sample("a", 1, "b", [7]), True, id="only what is not compared differs"),
        pytest.param(Sample("a", 1, "c"), False, id="a hidden field differs"),
        pytest.param(Sample("a", 2, "b"), False, id="a field differs"),
        pytest.param(Other("a", 1), False, id="another class"),
        pytest.param(("a", 1, "b"), False, id="no record"),
    ],
)
def test_equality_is_of_class_and_compared_fields(other: object, equal: bool) -> None:  # noqa: FBT001
    """Two records are equal if they have the same class and equal compared fields."""
    assert (Sample("a", 1, "b") == other) is equal


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda one: setattr(one, "count", 3), id="a field that was given"),
        pytest.param(lambda one: setattr(one, "hidden", "x"), id="a field that has its default"),
        pytest.param(lambda one: setattr(one, "unknown", 1), id="what is no field"),
        pytest.param(lambda one: delattr(one, "name"), id="deleting"),
    ],
)
def test_nothing_can_be_changed(change: Callable[[Any], None]) -> None:
    """Setting or deleting a field is refused and changes nothing."""
    one = Sample("a")

    with pytest.raises(FrozenInstanceError):
        change(one)

    assert one == Sample("a")
    assert not hasattr(one, "unknown")


def test_a_changed_copy_is_a_new_record() -> None:
    """`replace` works, also for a record with keyword-only fields."""
    one = Sample("a", 1)

    assert replace(one, count=2) == Sample("a", 2)
    assert one.count == 1
    assert RowNames(name="x") == RowNames(name="x")
    with pytest.raises(TypeError):
        RowNames("x")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda: Sample(count=1), "name is missing", id="a field that has no default"),  # type: ignore[call-arg]
        pytest.param(lambda: Sample("a", 1, "b", [], 5), "takes 4 values by position, not 5", id="too many"),  # type: ignore[call-arg]
        pytest.param(lambda: Sample("a", name="b"), "name is given twice", id="by position and by name"),  # type: ignore[misc]
        pytest.param(lambda: Sample("a", colour=1, size=2), "no field colour, size", id="no field"),  # type: ignore[call-arg]
    ],
)
def test_wrong_arguments_are_a_type_error_as_of_any_function(make: Callable[[], Sample], message: str) -> None:
    """The message names the class and the field."""
    with pytest.raises(TypeError, match=f"Sample.*{message}"):
        make()


def test_each_record_gets_a_default_of_its_own() -> None:
    """A factory is called for each record; records with fields by name and position are equal."""
    one, other = Sample("a"), Sample(count=0, name="a", beside=[])

    one.beside.append(1)

    assert other.beside == []
    assert one == other
