"""Frozen dataclasses that are fast to define, for the modules that `check` imports."""

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
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
    3.11 (`benchmarks/startup.py`). Here nothing is compiled: five of them are functions shared by all classes, and
    `__init__` is a closure over the fields.

    Args:
        cls: the class, whose fields are all set by `__init__`.
        kw_only: whether `__init__` takes the fields by keyword only.
    """

    def made(plain: type[T]) -> type[T]:
        for name, method in _SHARED.items():
            setattr(plain, name, method)
        plain.__doc__ = plain.__doc__ or plain.__name__  # `dataclass` would write the signature, which takes 1 ms
        plain = dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(plain)
        plain.__init__ = _init_of(plain)  # type: ignore[method-assign] # of a class just defined
        return plain

    return made if cls is None else made(cls)


def _init_of(cls: type[T]) -> Callable[..., None]:
    """Return the `__init__` that `dataclass` would compile."""
    all_fields = fields(cls)  # type: ignore[arg-type] # a dataclass, as the caller knows
    positional = tuple(found.name for found in all_fields if not found.kw_only)
    defaults = tuple((found.name, found.default, found.default_factory) for found in all_fields)

    def init(self: T, *values: object, **named: object) -> None:
        if len(values) > len(positional):
            raise TypeError(f"{cls.__qualname__} takes {len(positional)} values by position, not {len(values)}")
        for name, value in zip(positional, values, strict=False):
            if name in named:
                raise TypeError(f"{cls.__qualname__}: {name} is given twice")
            named[name] = value
        found = self.__dict__
        for name, default, factory in defaults:
            if name in named:
                found[name] = named.pop(name)
            elif default is not MISSING:
                found[name] = default
            elif factory is not MISSING:
                found[name] = factory()
            else:
                raise TypeError(f"{cls.__qualname__}: {name} is missing")
        if named:
            raise TypeError(f"{cls.__qualname__} has no field {', '.join(named)}")

    return init


def _never_set(self: Any, name: str, value: object) -> None:  # noqa: ANN401 - a record of any class
    del self, value
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


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
    "__setattr__": _never_set,
    "__delattr__": _never_delete,
    "__eq__": _equals,
    "__hash__": _hash,
    "__repr__": _shown,
}
