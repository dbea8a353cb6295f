"""Frozen records whose methods are made when they are first used.

`dataclasses.dataclass` writes and compiles six methods for every class while its module is imported, which
was half of what a short command waited for; most are never called (docs/decisions/0016). The decorator here
keeps the same rules for what this house writes, `@dataclass(frozen=True, slots=True)` on a class of its
own or on another such, and hands everything else to `dataclasses`. A type checker sees `dataclasses` itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

__all__ = ["asdict", "dataclass", "field", "replace"]

if TYPE_CHECKING:
    from dataclasses import asdict, dataclass, field, replace

_FIELD_OPTIONS = {"default", "default_factory", "init", "repr", "compare"}
_NO_FIELDS = ("ClassVar", "InitVar", "KW_ONLY")


class _Default:
    """What `field(default_factory=...)` leaves in a class until its decorator takes it."""

    __slots__ = ("options",)

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options


class _OnFirstUse:
    """A member that is made when somebody asks for it, and stands in the class itself from then on."""

    __slots__ = ("make", "name")

    def __init__(self, name: str, make: Callable[[type], Any]) -> None:
        self.name, self.make = name, make

    def __get__(self, instance: object, owner: type) -> Any:
        # A subclass asks as well; the member belongs to the class that has it.
        home = next((cls for cls in owner.__mro__ if cls.__dict__.get(self.name) is self), None)
        if home is None:
            # Another thread was faster.
            return getattr(owner if instance is None else instance, self.name)
        made = self.make(home)
        setattr(home, self.name, made)
        return made.__get__(instance, owner) if callable(made) else made


def _record(cls: type) -> type:
    """Return the class with slots for its annotations and the methods of a frozen dataclass."""
    members = dict(cls.__dict__)
    (base,) = cls.__bases__
    own = dict(cls.__annotations__)
    fields = {**getattr(base, "_fields_", {}), **own}
    defaults = dict(getattr(base, "_defaults_", {}))
    defaults.update((name, members.pop(name)) for name in own if name in members)
    for before, name in pairwise(fields):
        if before in defaults and name not in defaults:
            raise TypeError(f"non-default argument {name!r} follows default argument {before!r}")
    for name, default in defaults.items():
        if default.__class__.__hash__ is None:
            raise ValueError(f"mutable default {type(default)} for field {name}: use default_factory")
    members.pop("__dict__", None)
    members.pop("__weakref__", None)
    members.setdefault("__repr__", _repr)
    members.setdefault("__init__", _OnFirstUse("__init__", _initializer))
    # A class with an `__eq__` of its own has None for `__hash__`, unless it says otherwise.
    if members.get("__hash__") is None:
        members["__hash__"] = _OnFirstUse("__hash__", _hasher)
    members.setdefault("__eq__", _OnFirstUse("__eq__", _comparer))
    members.update(
        __slots__=tuple(name for name in own if name not in getattr(base, "_fields_", ())),
        __match_args__=tuple(name for name in fields if _option(defaults.get(name), "init")),
        __setattr__=_refuse,
        __delattr__=_refuse,
        __getstate__=_state,
        __setstate__=_take_state,
        __replace__=_replaced,
        __dataclass_fields__=_OnFirstUse("__dataclass_fields__", _fields),
        __dataclass_params__=_OnFirstUse("__dataclass_params__", _params),
        _fields_=fields,
        _defaults_=defaults,
    )
    made = type(cls)(cls.__name__, cls.__bases__, members)
    made.__qualname__ = cls.__qualname__
    return made


def _option(default: object, option: str) -> bool:
    """Return whether a field is to be given, shown or compared: unless its default says no."""
    return not isinstance(default, _Default) or default.options.get(option, True)


def _names_with(cls: Any, option: str) -> list[str]:
    return [name for name in cls._fields_ if _option(cls._defaults_.get(name), option)]


def _initializer(cls: Any) -> Callable[..., None]:
    """Return `__init__`, compiled: every record made from now on passes through it."""
    given: dict[str, Any] = {}
    parameters, lines = ["self"], []
    for name in cls._fields_:
        given[f"_set_{name}"] = getattr(cls, name).__set__
        value = name
        if name not in cls._defaults_:
            parameters.append(name)
        else:
            default = cls._defaults_[name]
            options = default.options if isinstance(default, _Default) else {"default": default}
            given[f"_default_{name}"] = options.get("default", _MADE)
            parameters.append(f"{name}=_default_{name}")
            if "default_factory" in options:
                given[f"_make_{name}"] = options["default_factory"]
                value = f"_make_{name}() if {name} is _made else {name}"
            if not _option(default, "init"):
                lines.append(f"  {parameters.pop()}")
        lines.append(f"  _set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("  self.__post_init__()")
    given["_made"] = _MADE
    init = _compiled(cls, f"__init__({', '.join(parameters)})", "\n".join(lines) or "  pass", given)
    init.__annotations__ = {n: cls._fields_[n] for n in cls.__match_args__} | {"return": None}
    return init


def _comparer(cls: type) -> Callable[..., Any]:
    return _compiled(
        cls,
        "__eq__(self, other)",
        "  if other.__class__ is self.__class__:\n"
        f"   return {_tuple(cls, 'self')} == {_tuple(cls, 'other')}\n"
        "  return NotImplemented",
        {},
    )


def _hasher(cls: type) -> Callable[..., Any]:
    return _compiled(cls, "__hash__(self)", f"  return hash({_tuple(cls, 'self')})", {})


def _tuple(cls: type, record: str) -> str:
    return f"({''.join(f'{record}.{name},' for name in _names_with(cls, 'compare'))})"


def _compiled(cls: type, head: str, body: str, given: dict[str, Any]) -> Callable[..., Any]:
    """Return a method of a class from its text and the values that the text names."""
    name = head.partition("(")[0]
    namespace: dict[str, Any] = {}
    # As in `dataclasses`: names in annotations are those of the record's own module.
    module = sys.modules.get(cls.__module__)
    exec(
        f"def make({', '.join(given)}):\n def {head}:\n{body}\n return {name}",
        {} if module is None else module.__dict__,
        namespace,
    )
    made: Callable[..., Any] = namespace["make"](**given)
    made.__qualname__ = f"{cls.__qualname__}.{name}"
    return made


class _Made:
    def __repr__(self) -> str:
        return "<factory>"


_MADE = _Made()


def _shadow(cls: Any, **options: Any) -> Any:
    """Return a dataclass with the same fields, for what `fields`, `asdict` and their like ask of it."""
    import dataclasses

    members: dict[str, Any] = {"__annotations__": dict(cls._fields_), "__module__": cls.__module__}
    for name, default in cls._defaults_.items():
        members[name] = dataclasses.field(**default.options) if isinstance(default, _Default) else default
    return dataclasses.dataclass(**options)(type(cls.__name__, (), members))


def _fields(cls: type) -> Any:
    return _shadow(cls, init=False, repr=False, eq=False).__dataclass_fields__


def _params(cls: type) -> Any:
    return _shadow(cls, frozen=True).__dataclass_params__


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in _names_with(self.__class__, "repr"))
    return f"{self.__class__.__qualname__}({shown})"


def _refuse(self: object, name: str, *_: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot {'assign to' if _ else 'delete'} field {name!r}")


def _state(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name in self._fields_)


def _take_state(self: Any, state: tuple[Any, ...]) -> None:
    for name, value in zip(self._fields_, state, strict=True):
        object.__setattr__(self, name, value)


def _replaced(self: Any, /, **changes: Any) -> Any:
    if "_fields_" not in self.__class__.__dict__:
        import dataclasses

        return dataclasses.replace(self, **changes)
    for name in self.__match_args__:
        if name not in changes:
            changes[name] = getattr(self, name)
    return self.__class__(**changes)


def _asdict(record: Any) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(record)


def _field(**options: Any) -> Any:
    return _Default(options)


def _dataclass(cls: type | None = None, /, **options: Any) -> Any:
    if cls is None:
        return lambda decorated: _dataclass(decorated, **options)
    if options == {"frozen": True, "slots": True} and _is_plain(cls):
        return _record(cls)
    import dataclasses

    for name, value in list(cls.__dict__.items()):
        if isinstance(value, _Default):
            setattr(cls, name, dataclasses.field(**value.options))
    return dataclasses.dataclass(**options)(cls)


def _is_plain(cls: type) -> bool:
    """Return whether a class is one that this module makes: fields only, on nothing or on another record."""
    if cls.__bases__ != (object,) and not (len(cls.__bases__) == 1 and "_fields_" in cls.__base__.__dict__):
        return False
    defaults = [value for value in cls.__dict__.values() if isinstance(value, _Default)]
    return all(default.options.keys() <= _FIELD_OPTIONS for default in defaults) and not any(
        word in str(kind) for kind in cls.__annotations__.values() for word in _NO_FIELDS
    )


if not TYPE_CHECKING:
    asdict, dataclass, field, replace = _asdict, _dataclass, _field, _replaced
