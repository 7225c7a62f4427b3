"""Model, part, parts, table: declarations held together, and models inside models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, ClassVar

import sympy as sp

from symppa.errors import DeclarationError, DimensionError, UnknownNameError, WiringError
from symppa.language import checks
from symppa.language.declarations import COLUMN, Name

_births = count(1)


def join(path: str, name: str) -> str:
    """A dotted path."""
    return f"{path}.{name}" if path and name else path or name


class Group:
    """Like parts by name, or the columns of a table."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members, self._name = dict(members), ""

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else instance._seen(self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._members:
            raise UnknownNameError(self._name or "the group", name, self._members)
        return self._members[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._members.values())


def parts(**members: Any) -> Any:
    """Like parts held by name: `stages = parts(qkv=Readout(...), wo=Readout(...))`."""
    for name, member in members.items():
        if not isinstance(member, Model):
            raise DeclarationError(f"parts({name}=...) holds models, not {member!r}")
    return Group(members)


def table(key: str, **columns: str) -> Any:
    """Columns, each with its unit, over the sparse whole numbers called `key`; the rows are a value."""
    if not columns:
        raise DeclarationError("table(key, column='unit', ...) needs at least one column")
    return Group({name: Name(COLUMN, unit, f"{name.replace('_', ' ')} by {key}") for name, unit in columns.items()})


def total_of(group: Any, name: str) -> Any:
    """Sum of one formula over the members of a group."""
    return sp.Add(*[getattr(member, name) for member in group])


def part(interface: type[Model], *, default: type[Model] | None = None, **wires: Any) -> Any:
    """A replaceable part: a keyword, a description or `--set` picks a subclass, or passes an existing part."""
    if default is not None and not issubclass(default, interface):
        raise WiringError(f"part({interface.__name__}): its default {default.__name__} is no {interface.__name__}")
    made = interface(**wires)
    made._slot, made._chosen = True, default or interface
    return made


class View:
    """A part or group seen through its parent; its attributes are references relative to the outermost model."""

    def __init__(self, root: Model, path: str) -> None:
        self._root, self._path = root, path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._root._seen(join(self._path, name))

    def __iter__(self) -> Iterator[Any]:
        names = self._root._names()
        depth = self._path.count(".") + 1
        heads = dict.fromkeys(".".join(n.split(".")[: depth + 1]) for n in names if n.startswith(self._path + "."))
        return (self._root._seen(head) for head in heads)

    def __reduce__(self) -> Any:
        return View, (self._root, self._path)


class Model:
    """A set of declarations. An instance is a model, or a part with its wires.

    >>> from symppa.language import formula, given
    >>> class Memory(Model):
    ...     traffic = given("byte", "bytes moved")
    ...     bandwidth = given("byte/s", "sustained bandwidth")
    ...     busy_time = formula("s", traffic / bandwidth, "time the port is occupied", derived=True)
    >>> Memory().expression("busy_time")
    traffic/bandwidth
    """

    _declared: ClassVar[dict[str, Name]] = {}
    _parts: ClassVar[dict[str, Model]] = {}
    _groups: ClassVar[dict[str, Group]] = {}
    _born: ClassVar[int] = 0

    def __init__(self, **wires: Any) -> None:
        self._wires, self._references = wires, {}  # type: dict[str, Any], dict[str, Name]
        self._slot, self._chosen, self._like = False, type(self), None  # type: bool, type[Model], Model | None
        self._name, self._home = "", None  # type: str, type[Model] | None
        for name in wires:
            if name not in self._declared and name not in self._parts and name not in self._groups:
                givens = [n for n, d in self._declared.items() if d.role != "formula"]
                raise UnknownNameError(type(self).__name__, name, [*givens, *self._parts])

    def with_(self, **wires: Any) -> Any:
        """The same model once more, its unwired givens shared, some wires replaced."""
        other = type(self)(**{**self._wires, **wires})
        other._slot, other._chosen, other._like = self._slot, self._chosen, self._like or self
        return other

    def expression(self, name: str, *, flat: bool = False) -> Any:
        """The sympy expression of a formula, over the names it uses, or over givens alone."""
        from symppa.language.scope import expression

        return expression(self, name, flat)

    def reference(self, path: str) -> Any:
        """The declaration at a dotted path, as seen from this model."""
        found = self._seen(path)
        if not isinstance(found, Name):
            raise WiringError(f"{type(self).__name__}.{path} is a part, not a quantity")
        return found

    def _seen(self, path: str) -> Any:
        found = self._sought(path)
        if found is None:
            raise UnknownNameError(type(self).__name__, path, self._names())
        return found

    def _sought(self, path: str) -> Any:
        """What stands at a dotted path; None where nothing does: looking for near names takes long."""
        if path in self._references:
            return self._references[path]
        cls, rest, hops = type(self), path, ()  # type: type[Model], str, tuple[str, ...]
        while rest not in cls._declared:
            hop = next((p for p in cls._parts if rest == p or rest.startswith(p + ".")), None)
            if hop is None or rest == hop:
                return View(self, path) if hop is not None or rest in cls._groups else None
            cls, rest, hops = cls._parts[hop]._chosen, rest[len(hop) + 1 :], (*hops, hop)
        return self._refer(hops, cls._declared[rest])

    def _refer(self, hops: tuple[str, ...], target: Name) -> Name:
        made = Name(target.role, target.unit_text, target.meaning)
        made.hops, made.attr, made.target, made.owner = hops, target.attr, target, self
        self._references[".".join((*hops, target.attr))] = made
        self._baptize(made)
        return made

    def _baptize(self, reference: Name) -> None:
        reference.name = ".".join(filter(None, (self._name, *reference.hops, reference.attr)))

    @classmethod
    def _names(cls) -> list[str]:
        """Every declaration, parts included, by dotted path."""
        inner = [join(p, name) for p, made in cls._parts.items() for name in made._chosen._names()]
        return [*cls._declared, *inner]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise UnknownNameError(type(self).__name__, name, self._names())

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else View(instance, self._name)

    def __reduce__(self) -> Any:
        if self._home is not None:
            return _part_of, (self._home, self._name)
        return _rebuilt, (type(self), self._wires, self._slot, self._chosen, self._like)

    def __deepcopy__(self, memo: Any) -> Model:
        return self

    def to_frame(self) -> Any:
        """The nomenclature as a pandas DataFrame: symbol, role, unit, meaning, domain, default and source by name."""
        from importlib import import_module

        return import_module("symppa.reports.model").to_frame(self)

    def to_xarray(self) -> Any:
        """The nomenclature as an xarray Dataset."""
        from importlib import import_module

        return import_module("symppa.reports.model").to_xarray(self)

    def plot(self, path: Any = None) -> Any:
        """A matplotlib figure of what is computed from what; written to `path` when given."""
        from importlib import import_module

        return import_module("symppa.reports.model").plot(self, path)

    def __repr__(self) -> str:
        roles = [d.role for d in self._declared.values()]
        counts = {"given": roles.count("given"), "formula": roles.count("formula"), "part": len(self._parts)}
        told = [f"{n} {role}{'s' if n != 1 else ''}" for role, n in counts.items() if n or role != "part"]
        return f"<{type(self).__name__}: {', '.join(told)}>"

    def _repr_latex_(self) -> str:
        from symppa.language.document import align

        return align(self)

    def _repr_html_(self) -> str:
        from symppa.language.document import nomenclature_html

        return nomenclature_html(self)

    def __init_subclass__(cls) -> None:
        cls._declared, cls._parts, cls._groups = {}, {}, {}
        for base in reversed(cls.__mro__[1:]):
            if issubclass(base, Model):
                cls._declared |= base._declared
                cls._parts |= base._parts
                cls._groups |= base._groups
        own = {k: v for k, v in vars(cls).items() if isinstance(v, Name | Model | Group)}
        problems: list[str] = []
        for key, value in own.items():
            _bind(cls, key, value, problems)
        for key, value in own.items():
            checks.check(cls, key, value, problems)
        if problems:
            text = "\n".join("  " + p.replace("\n", "\n  ") for p in problems)
            raise DimensionError(f"{cls.__name__}:\n{text}")
        checks.check_symbols(cls)
        cls._born = next(_births)


RESERVED = frozenset(n for n in vars(Model) if not n.startswith("_"))


def _bind(cls: type[Model], key: str, value: Any, problems: list[str]) -> None:
    """Give a declaration its name and its class."""
    if key.startswith("_") or key in RESERVED:
        raise DeclarationError(f"{cls.__name__}.{key}: the name is taken by the language; choose another")
    if isinstance(value, Group):
        value._name = key
        cls._groups[key] = value
        for label, member in value._members.items():
            _bind_one(cls, join(key, label), member, problems)
    else:
        _bind_one(cls, key, value, problems)


def _bind_one(cls: type[Model], name: str, member: Any, problems: list[str]) -> None:
    if member.owner is not None if isinstance(member, Name) else member._home is not None:
        other = member.owner if isinstance(member, Name) else member._home
        place = getattr(other, "__name__", type(other).__name__)
        raise WiringError(f"{cls.__name__}.{name} is already declared as {place}.{getattr(member, 'attr', '') or name}")
    if isinstance(member, Model):
        member._name, member._home = name, cls
        cls._parts[name] = member
        for reference in member._references.values():
            member._baptize(reference)
        return
    before = cls._declared.get(name)
    if before is not None and before.dimension != member.dimension:
        problems.append(f"{name!r} replaces one of {before.dimension} by {member.unit_text}")
    if before is not None and member.role == "formula":
        _inherit(member, before)
    member.name = member.attr = name
    member.owner = cls
    cls._declared[name] = member


def _inherit(member: Name, before: Name) -> None:
    """A formula that replaces another keeps the meaning and the symbol it does not state, and may build on it."""
    if member.expr is not ... and before.expr not in (None, ...):
        member.expr = member.expr.xreplace({before: before.expr})
    member.meaning = member.meaning or before.meaning
    member.symbol = member.symbol or before.symbol


def _part_of(home: type[Model], name: str) -> Model:
    return home._parts[name]


def _rebuilt(cls: type[Model], wires: dict[str, Any], slot: bool, chosen: type[Model], like: Model | None) -> Model:
    made = cls(**wires)
    made._slot, made._chosen, made._like = slot, chosen, like
    return made


def descendants(cls: type[Model]) -> list[type[Model]]:
    """Every subclass, nearest first."""
    return [d for c in cls.__subclasses__() for d in (c, *descendants(c))]
