"""What the made-up state is drawn from: params/demo/state.yml as one frozen record, and a named random stream for each part."""

import zlib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, StringConstraints, model_validator

from analysis.demo.companions.parts import Children, Companions, Enrollment, Entry, FirstResponse
from analysis.demo.parts import (
    Answers,
    Clocks,
    Endings,
    IndexCrisis,
    Living,
    Locations,
    Modes,
    PopulationParts,
    Positive,
    Problems,
    Program,
    Referrals,
    School,
    Stabilization,
    Use,
)
from analysis.params import ROOT, Dated, ParamsError, Record, Share, Words, as_record, did_you_mean, read_yaml, shown
from analysis.tables import SITE_ID_PATTERN

Id = Annotated[str, StringConstraints(pattern=f"^{SITE_ID_PATTERN}$")]


class Care(Record):
    """A county in a site's care; without days it holds from opening to closing."""

    fips: Annotated[str, StringConstraints(pattern=r"^\d{5}$")]
    share: Share = 1.0
    from_on: date | None = Field(default=None, alias="from")
    to_on: date | None = Field(default=None, alias="to")


class Lost(Record):
    """Shares of a site's requests that never become an episode, by the reason; of those that the reason can hold for."""

    outside_hours: Share = 0.0
    school_never_asks: Share = 0.0
    kept_on_phone: Share = 0.0


class Site(Record):
    """One site: its days, its counties and its truth."""

    site_id: Id
    name: Words
    opened_on: date
    closed_on: date | None = None
    hub_id: Id | None = None
    rate_ratio: Positive
    in_person: Share
    within_threshold: Annotated[float, Field(gt=0, lt=1)]
    spread: Positive
    asks_caller: bool = True
    lost: Lost = Lost()
    counties: tuple[Care, ...]


class RawFile(Record):
    """One raw file of episodes: text with a separator and an encoding, or a workbook with a sheet."""

    name: Words
    separator: str = ","
    encoding: Literal["utf-8", "cp1252"] = "utf-8"
    sheet: str | None = None


class Export(Record):
    """The record system's files, headers and words."""

    files: dict[int, RawFile]
    clock_format: Words
    day_format: Words
    columns: dict[str, Words]
    clerks: tuple[Words, ...]
    vehicles: tuple[Words, ...]
    words: dict[str, dict[str, tuple[Words, ...]]]


class Scenario(Record):
    """params/demo/state.yml with what one scenario changes: everything that the made-up state is drawn from.

    `effect` scales what the service changes at the index crisis: 1 as the file draws it, 0 nothing at all.
    """

    name: str
    seed: Annotated[int, Field(ge=0)]
    covers: Dated
    time_zone: Words
    threshold_minutes: Positive
    population: PopulationParts
    use: Use
    school: School
    referral_source: Referrals
    presenting_problem: Problems
    modes: Modes
    response_location: Locations
    disposition: Endings
    clocks: Clocks
    effect: Share
    index_crisis: IndexCrisis
    answers: Answers
    living: Living
    stabilization: Stabilization
    children: Children
    first_response: FirstResponse
    entry: Entry
    enrollment: Enrollment
    companions: Companions
    program: Program
    sites: tuple[Site, ...]
    export: Export
    dirt: dict[str, Annotated[int, Field(ge=0)]]

    @model_validator(mode="after")
    def _known_sites(self) -> Self:
        known = [site.site_id for site in self.sites]
        for part in (self.first_response, self.companions):
            if unknown := [site_id for site_id in _sites_named(part.model_dump()) if site_id not in known]:
                raise ValueError(f'"{unknown[0]}" is not one of sites{did_you_mean(unknown[0], known)}')
        return self

    def stream(self, part: str) -> np.random.Generator:
        """The random stream of that name: a part that comes later does not move the draws of the others.

        >>> scenario = read_scenario("base")
        >>> bool(scenario.stream("clocks").random() == scenario.stream("clocks").random())
        True
        """
        return np.random.default_rng([self.seed, zlib.crc32(part.encode())])

    def of_sites(self, knob: str) -> dict[str, object]:
        """One of the sites' values by site_id.

        >>> read_scenario("base").of_sites("rate_ratio")["site-04"]
        0.8
        """
        return {site.site_id: getattr(site, knob) for site in self.sites}


def _sites_named(content: object) -> list[str]:
    """Every site that a part says something of its own about, wherever it stands.

    >>> _sites_named({"peer": {"by_site": {"site-08": 0.0}}, "changes": ({"site_id": "site-03"},)})
    ['site-08', 'site-03']
    """
    if isinstance(content, list | tuple):
        return [name for one in content for name in _sites_named(one)]
    if not isinstance(content, dict):
        return []
    named = [name for key in content if str(key).endswith("by_site") for name in content[key]]
    own = [content["site_id"]] if "site_id" in content else []
    return named + own + [name for one in content.values() for name in _sites_named(one)]


def read_scenario(name: str = "base", *, seed: int | None = None, root: Path = ROOT) -> Scenario:
    """Everything that the made-up state of that name is drawn from; `seed` replaces the scenario's own.

    Raises ParamsError for a name that params/demo/state.yml does not hold, and for every fault in the file.

    >>> read_scenario("base").seed
    2035
    >>> read_scenario("bse")
    Traceback (most recent call last):
    analysis.params.ParamsError: params/demo/state.yml: there is no scenario "bse" (did you mean "base"?). It holds: base, no_effect.
    """
    path = root / "params" / "demo" / "state.yml"
    content = read_yaml(path)
    scenarios = content.pop("scenarios", None) or {}
    if name not in scenarios:
        known = ", ".join(scenarios) or "none"
        raise ParamsError(
            f'{shown(path)}: there is no scenario "{name}"{did_you_mean(name, list(scenarios))}. It holds: {known}.'
        )
    changed = {"name": name, **scenarios[name], **({} if seed is None else {"seed": seed})}
    return as_record({**content, **changed}, Scenario, where=shown(path))
