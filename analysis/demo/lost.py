"""Requests that never become an episode, and why: at sites of truly low use for a known reason."""

import numpy as np
import pandas as pd

from analysis.demo.companions.hours import is_covered
from analysis.demo.scenario import Scenario
from analysis.tables import IN_PERSON_MODES

REASONS = {
    "outside_hours": "the team does not go out at that hour, and nobody goes in its place",
    "school_never_asks": "the school does not know of the team, or does not call it",
    "kept_on_phone": "the call center settles on the phone what should have been a visit",
}


def add_lost(requests: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds chance_lost (0 to 1) and lost_to, the reason for which the request never became an episode, missing where it did.

    Takes one row per request with site_id, requested_at, referral_source and recommended_mode. A request is lost for at most one
    reason; where two would hold it is the first of REASONS. A site without a reason loses none.
    """
    rng, site_id = scenario.stream("lost"), requests["site_id"]
    lost = scenario.of_sites("lost")
    chance = {reason: site_id.map(lambda site, of=reason: getattr(lost[site], of)).to_numpy() for reason in REASONS}
    applies = {
        "outside_hours": ~is_covered(requests, scenario),
        "school_never_asks": requests["referral_source"].eq("school").to_numpy(),
        "kept_on_phone": requests["recommended_mode"].isin(IN_PERSON_MODES).to_numpy(),
    }
    here = {reason: np.where(applies[reason], chance[reason], 0.0) for reason in REASONS}
    drawn = rng.random((len(REASONS), len(requests)))
    goes = [drawn[at] < here[reason] for at, reason in enumerate(REASONS)]
    return requests.assign(
        chance_lost=1 - np.prod([1 - each for each in here.values()], axis=0),
        lost_to=np.select(goes, list(REASONS), None),
    )
