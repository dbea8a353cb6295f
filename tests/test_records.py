"""The house's records do as dataclasses do: each expectation here is a real dataclass beside them."""

import copy
import dataclasses
import inspect
import pickle
import typing
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard import records


def both(source: str):
    """Return a class made from one text by the house's decorator and by `dataclasses`."""
    made = []
    for dataclass, field in ((records.dataclass, records.field), (dataclasses.dataclass, dataclasses.field)):
        # The types of a signature are looked up in the class's module.
        namespace = {"dataclass": dataclass, "field": field, "__name__": __name__}
        exec("from __future__ import annotations\n@dataclass(frozen=True, slots=True)\n" + source, namespace)
        made.append(namespace["Trade"])
    return made


TRADE = '''
class Trade:
    """One trade."""
    symbol: str
    shares: int = 1
    notes: tuple = ()
    lots: list = field(default_factory=list)
    secret: str = field(default="s", repr=False)
    seen: dict = field(default_factory=dict, init=False, compare=False)
    kind: str = field(default="k", init=False)

    @property
    def double(self): return 2 * self.shares
'''


@given(st.text(max_size=3), st.integers(0, 2), st.integers(0, 2))
def test_records_are_equal_hash_and_print_as_dataclasses_do(symbol, first, second):
    for source in (TRADE, TRADE.replace("list", "tuple")):
        ours, theirs = both(source)
        a, b, c, d = ours(symbol, first), ours(symbol, second), theirs(symbol, first), theirs(symbol, second)
        assert (a == b) is (c == d)
        assert (a != b) is (c != d)
        assert a != c
        assert repr(a) == repr(c)
        assert a.double == 2 * first
        if "tuple" in source.split("lots")[1]:
            assert (hash(a) == hash(b)) is (hash(c) == hash(d))
            assert hash(a) == hash(c)


def test_a_record_tells_of_itself_what_a_dataclass_does():
    ours, theirs = both(TRADE)
    assert [str(inspect.signature(cls)) for cls in (ours,)] == [str(inspect.signature(theirs))]
    assert ours.__match_args__ == theirs.__match_args__
    assert ours.__slots__ == theirs.__slots__
    assert [(f.name, f.type, f.default, f.repr) for f in dataclasses.fields(ours)] == [
        (f.name, f.type, f.default, f.repr) for f in dataclasses.fields(theirs)
    ]
    assert dataclasses.is_dataclass(ours)
    assert ours.__dataclass_params__.frozen
    assert typing.get_type_hints(ours) == typing.get_type_hints(theirs)
    assert typing.get_type_hints(ours.__init__) == typing.get_type_hints(theirs.__init__)
    assert ours.__doc__ == theirs.__doc__
    assert ours.__qualname__ == theirs.__qualname__
    assert dataclasses.asdict(ours("A")) == dataclasses.asdict(theirs("A"))
    assert not hasattr(ours("A"), "__dict__")
    assert not hasattr(ours("A"), "__weakref__")


def test_a_record_is_refused_what_a_dataclass_is_refused():
    for cls in both(TRADE):
        record = cls("A")
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'shares'"):
            record.shares = 2
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'shares'"):
            del record.shares
        for arguments, named in [((), {}), (("A",), {"no_field": 1}), (("A", 1, 2, 3, 4, 5), {})]:
            with pytest.raises(TypeError, match=r"__init__\(\)"):
                cls(*arguments, **named)
        with pytest.raises(TypeError):
            records.replace(record, no_field=1)
    for source in ("class Trade:\n a: int = 1\n b: int", "class Trade:\n a: list = []"):
        with pytest.raises((TypeError, ValueError), match=r"default"):
            both(source)


def test_defaults_that_are_made_are_made_for_each_record():
    first, second = (both(TRADE)[0]("A") for _ in range(2))
    first.lots.append(1)
    assert second.lots == []


def test_a_record_can_be_copied_pickled_and_changed(monkeypatch):
    ours, _ = both(TRADE)
    monkeypatch.setitem(globals(), "Trade", ours)
    record = ours("A", 3, lots=[[1]])
    for again in (copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
        assert again == record
        assert again is not record
    assert copy.deepcopy(record).lots[0] is not record.lots[0]
    for replace in (records.replace, dataclasses.replace):
        assert replace(record, shares=4) == ours("A", 4, lots=[[1]])
        assert replace(record) == record
    match record:
        case ours(symbol, shares):
            assert (symbol, shares) == ("A", 3)


def test_methods_that_a_class_has_are_its_own():
    for cls in both(
        "class Trade:\n a: int\n"
        " def __eq__(self, other): return True\n"
        " def __repr__(self): return 'mine'\n"
        " def __post_init__(self):\n  if self.a < 0: raise ValueError('negative')\n"
    ):
        assert cls(1) == cls(2)
        assert repr(cls(1)) == "mine"
        assert hash(cls(1)) != hash(cls(2))
        with pytest.raises(ValueError, match="negative"):
            cls(-1)
    for cls in both("class Trade:\n a: int\n def __hash__(self): return 7\n"):
        assert hash(cls(1)) == 7
        assert cls(1) == cls(1)


def test_what_the_house_does_not_write_is_left_to_dataclasses():
    @records.dataclass
    class Open:
        a: int
        b: list = records.field(default_factory=list)

    opened = Open(1)
    opened.a = 2
    assert opened == Open(2)
    assert Open.__hash__ is None

    for cls in both("class Trade:\n a: int\n b: int = field(default=0, kw_only=True)\n"):
        assert repr(cls(1, b=2)) == "Trade(a=1, b=2)"


def test_a_record_on_another_has_the_fields_of_both():
    """As `dataclasses` has it: first the base's, then its own, and never equal to the base."""
    for dataclass, field in ((records.dataclass, records.field), (dataclasses.dataclass, dataclasses.field)):

        @dataclass(frozen=True, slots=True)
        class Base:
            a: int
            b: list = field(default_factory=list, compare=False)

            def __hash__(self):
                return 5

        @dataclass(frozen=True, slots=True)
        class Derived(Base):
            c: int = 2
            __hash__ = Base.__hash__

        first = Derived(1, c=3)
        assert repr(first).endswith("Derived(a=1, b=[], c=3)")
        assert [f.name for f in dataclasses.fields(Derived)] == ["a", "b", "c"]
        assert Derived.__slots__ == ("c",)
        assert first == Derived(1, [7], 3)
        assert first != Derived(1, [], 4)
        assert first != Base(1)
        assert hash(first) == 5
        assert records.replace(first, a=9) == dataclasses.replace(first, a=9) == Derived(9, [], 3)
        assert isinstance(copy.copy(first), Base)


def test_a_record_first_used_by_many_threads_is_whole():
    for _ in range(50):
        ours, _ = both(TRADE)
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda n, cls=ours: cls("A", n), range(16)))
        assert [record.shares for record in made] == list(range(16))


def test_importing_a_record_compiles_nothing():
    """Held by its kind: no method of the class exists before somebody asks for it."""
    ours, _ = both(TRADE)
    late = {name for name, member in vars(ours).items() if type(member).__name__ == "_OnFirstUse"}
    assert {"__init__", "__eq__", "__hash__", "__dataclass_fields__"} <= late
    ours("A")
    assert inspect.isfunction(vars(ours)["__init__"])
