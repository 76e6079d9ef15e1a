"""Where plans lie: params/<study>/plans/<site_id>.yml, their older versions in history/, and what they are held against."""

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from analysis.brief.plans.actions import read_actions
from analysis.brief.plans.checking import Known, Place, as_plan
from analysis.brief.plans.lines import read_lines, repeated
from analysis.brief.plans.records import Plan
from analysis.params import ROOT, ParamsError, Record, Study, Words, did_you_mean, read_record
from analysis.quality.cards import read_cards

NAMES = "place_names.yml"


class PlaceNames(Record):
    """params/<study>/place_names.yml: towns, schools and programs that a check for people's names lets through."""

    names: tuple[Words, ...] = ()


def read_known(study: Study, sites: pd.DataFrame, *, counties: Iterable[str] = (), root: Path = ROOT) -> Known:
    """What a study's plans are held against. Takes one row per site (site_id, name, closed_on) and the counties' names."""
    places = {
        str(row["site_id"]): Place(str(row["name"]), None if pd.isna(row["closed_on"]) else row["closed_on"].date())
        for row in sites.to_dict("records")
    }
    own = root / "params" / study.name / NAMES
    listed = read_record(own, PlaceNames).names if own.exists() else ()
    counties = [str(each) for each in counties]
    names = {*(place.name for place in places.values()), *counties, *(f"{each} County" for each in counties), *listed}
    measures = {name: card.title for name, card in read_cards(study, root=root).cards.items()}
    return Known(places, measures, read_actions(root=root), frozenset({*names, study.title, study.service}))


def known_of(study: Study, *, root: Path = ROOT) -> Known:
    """What the plans of a study are held against, from its tables; a ParamsError where there are none yet."""
    folder = root / "data" / "processed" / study.name
    if not (folder / "sites.parquet").exists():
        raise ParamsError(f"The sites of {study.name} are not known yet. Run make data STUDY={study.name} first.")
    population = folder / "population.parquet"
    counties = pd.read_parquet(population)["county_name"].dropna().unique() if population.exists() else ()
    return read_known(study, pd.read_parquet(folder / "sites.parquet"), counties=counties, root=root)


def plan_path(study: str, site: str, *, root: Path = ROOT) -> Path:
    """Where the plan of a site lies, or would."""
    return root / "params" / study / "plans" / f"{site}.yml"


def read_plan(study: str, site: str, known: Known, *, root: Path = ROOT) -> Plan | None:
    """The plan of a site; None where it has none. Whatever is wrong with the file is a ParamsError, a sentence a fault."""
    _need_site(site, known)
    path = plan_path(study, site, root=root)
    if not path.exists():
        return None
    where = path.relative_to(root).as_posix()
    content, locate = read_lines(_bytes(path, where), where, names=known.names)
    plan = as_plan(content, known, where=where, locate=locate)
    if plan.site != site:
        raise ParamsError(
            f"{where}{locate(('site',))}: site: is another site's than the file's name says. Correct one of the two."
        )
    return plan


def read_plans(study: str, known: Known, *, root: Path = ROOT) -> dict[str, Plan]:
    """Every plan of the study by site. A file for a site that is not there, or that is not called <site_id>.yml, is an error."""
    folder = root / "params" / study / "plans"
    found = sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))
    for path in found:
        # A file's name may hold a person's: it is said again only where it is a site's.
        where = (
            path.relative_to(root).as_posix() if path.stem in known.sites else f"{folder.relative_to(root).as_posix()}/"
        )
        if path.suffix != ".yml":
            raise ParamsError(
                f"{where}: only plans called <site_id>.yml lie here. Rename the other file, or move it elsewhere."
            )
        if path.stem not in known.sites:
            near = did_you_mean(path.stem, list(known.sites)) if repeated(path.stem) else ""
            raise ParamsError(
                f"{where}: a plan{repeated(path.stem)} is for no site of this study{near}. Sites: {', '.join(known.sites)}."
            )
    plans = {path.stem: read_plan(study, path.stem, known, root=root) for path in found}
    return {site: plan for site, plan in plans.items() if plan is not None}


def write_new(study: str, site: str, text: str, *, root: Path = ROOT) -> Path:
    """Write a plan where there is none; an existing one is never written over."""
    path = plan_path(study, site, root=root)
    if path.exists():
        raise ParamsError(
            f"{path.relative_to(root).as_posix()} exists already and stays as it is. Edit it, or fill in its form."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path


def replace_plan(study: str, old: Plan | None, new: Plan, text: str, *, root: Path = ROOT) -> Path | None:
    """Put a newer version in place and keep the older one, byte for byte, in history/; None where nothing has changed.

    A changed plan has to say what changed: one line more under versions, those before it as they were.
    """
    path = plan_path(study, new.site, root=root)
    if old is None:
        return write_new(study, new.site, text, root=root)
    if new == old:
        return None
    if new.versions[: len(old.versions)] != old.versions or len(new.versions) != len(old.versions) + 1:
        raise ParamsError(
            f"versions: the plan has changed, so one line more is needed: version {len(old.versions) + 1}, the day, the role and what "
            "changed; the lines before it stay as they are. Nothing was written."
        )
    kept = path.parent / "history" / f"{new.site}.v{len(old.versions)}.yml"
    content = path.read_bytes()
    if kept.exists() and kept.read_bytes() != content:
        raise ParamsError(
            f"{kept.relative_to(root).as_posix()} exists already and is another plan. Move it away first. Nothing was written."
        )
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(content)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8", newline="\n")
    os.replace(fresh, path)
    return path


def _need_site(site: str, known: Known) -> None:
    if site not in known.sites:
        raise ParamsError(
            f'"{site}" is not a site of this study{did_you_mean(site, list(known.sites))}. Sites: {", ".join(known.sites)}.'
        )


def _bytes(path: Path, where: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise ParamsError(f"{where} cannot be read as a file. Is it a folder, or locked?") from None
