"""Frozen dataclasses that are fast to define, for the modules that `check` imports."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def record(cls: type[T], /) -> type[T]: ...


@overload
def record(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T] | None = None, /, *, kw_only: bool = False) -> type[T] | Callable[[type[T]], type[T]]:
    """Return the class as a frozen dataclass, like `@dataclass(frozen=True)` but faster to define.

    `dataclass` generates and compiles six methods for each class, which took an eighth of a whole `check` on Python
    3.11 (`benchmarks/startup.py`). Here five of them are functions shared by all classes; only `__init__` is compiled.

    Args:
        cls: the class, whose fields are all set by `__init__`.
        kw_only: whether `__init__` takes the fields by keyword only.
    """

    def made(plain: type[T]) -> type[T]:
        for name, method in _SHARED.items():
            setattr(plain, name, method)
        return dataclass(repr=False, eq=False, kw_only=kw_only)(plain)

    return made if cls is None else made(cls)


def _set_once(self: Any, name: str, value: object) -> None:  # noqa: ANN401 - a record of any class
    # `dataclass` does not know that the class is frozen, so its `__init__` assigns with `self.name = value`. The first
    # assignment of each field is therefore allowed, and any later one is refused.
    if name in self.__dict__ or name not in self.__dataclass_fields__:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")
    self.__dict__[name] = value


def _never_delete(self: Any, name: str) -> None:  # noqa: ANN401
    del self
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _values(self: Any) -> tuple[object, ...]:  # noqa: ANN401
    return tuple(getattr(self, found.name) for found in self.__dataclass_fields__.values() if found.compare)


def _equals(self: Any, other: object) -> bool:  # noqa: ANN401
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:  # noqa: ANN401
    return hash(_values(self))


def _shown(self: Any) -> str:  # noqa: ANN401
    fields = (found.name for found in self.__dataclass_fields__.values() if found.repr)
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in fields)})"


_SHARED = {
    "__setattr__": _set_once,
    "__delattr__": _never_delete,
    "__eq__": _equals,
    "__hash__": _hash,
    "__repr__": _shown,
}
