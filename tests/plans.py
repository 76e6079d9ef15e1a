"""What the tests of plans share: the made-up state's sites to hold plans against, and a plan with every field filled in."""

import csv
from datetime import date

import pandas as pd
import yaml

from analysis import params
from analysis.brief.plans.checking import Known
from analysis.brief.plans.files import read_known

FULL = """\
site: site-04
plan_no: 2
status: agreed
started_on: 2026-07-15
lead_role: site director
coach_role: state coach
signal: {measure: episodes_per_1000, months: [2026-05, 2026-06], steps: [referral_school], words: Fewer than expected.}
story:
  own_words: |-
    Nobody took over the schools.

      - two had an old number: ours
    # they call "us" late
  causes:
    - {step: referral_school, saw: No visit since March., know: Our own list., strength: data}
aims:
  - {id: aim-1, process: signed agreements, from: 1, to: 8, by: 2026-12-31, why_enough: Seen at once.}
  - {id: aim-2, measure: episodes_per_1000, from: 3.125, to: 4.6, by: 2027-01-31, why_enough: Six months can tell.}
drivers:
  - {what: Schools call first., aims: [aim-1, aim-2], actions: [school_agreements]}
actions:
  - {action: school_agreements, owner_role: site director, start_on: 2026-08-01, ended_on: 2026-09-30, dose: Two a month., aims: [aim-1], note: Went well.}
cycles:
  - {cycle: 1, action: school_agreements, question: "Does a visit help?", plan: Two visits., prediction: One signs., started_on: 2026-08-03,
     do: Both held., ended_on: 2026-08-28, study: Both signed., act: adopt}
balancing: [in_person_share, response_in_time_share]
state_owes:
  - {what: A letter., owner_role: state program lead, by: 2026-08-31, done_on: 2026-09-04}
this_month:
  - {what: Visit two schools., owner_role: outreach worker, by: 2026-11-13, done_on: 2026-11-12}
reviews:
  - {day: 30, due_on: 2026-08-14, held_on: 2026-08-14, decided: Go on.}
exit: {rule: two_aims_met, words: Both aims.}
sign_off:
  - {role: CQI lead, signed_on: 2026-07-14}
versions:
  - {version: 1, changed_on: 2026-07-15, by_role: site director, what: As agreed.}
"""


def sites() -> pd.DataFrame:
    """One row per site of the made-up state."""
    state = yaml.safe_load((params.ROOT / "params" / "demo" / "state.yml").read_text(encoding="utf-8"))
    closed = [pd.Timestamp(each["closed_on"]) if "closed_on" in each else pd.NaT for each in state["sites"]]
    named = [(each["site_id"], each["name"]) for each in state["sites"]]
    return pd.DataFrame(named, columns=["site_id", "name"]).assign(closed_on=closed)


def counties() -> list[str]:
    with open(params.ROOT / "analysis" / "demo" / "counties.csv", encoding="utf-8", newline="") as file:
        return [row["county_name"] for row in csv.DictReader(file)]


def known() -> Known:
    return read_known(params.study("demo"), sites(), counties=counties())


DATA_END = date(2026, 10, 31)
