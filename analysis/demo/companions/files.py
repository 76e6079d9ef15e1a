"""The tables beside the episodes as the record system exports them: its own headers and words, days in its own form."""

from collections.abc import Mapping

import pandas as pd

from analysis.demo.draws import day_text
from analysis.tables import RECEIVED, WEEKDAYS

WORKBOOK = "outreach"  # kept by the sites' coordinators in a workbook of their own
SHEET = "Outreach log"

HEADERS: dict[str, dict[str, str]] = {
    "contacts": {
        "contact_id": "Contact No", "episode_id": "Episode No", "contacted_on": "Contact Date", "mode": "How",
        "result": "Result", "minutes": "Minutes",
    },
    "scales": {
        "episode_id": "Episode No", "scale": "Form", "rater": "Filled in By", "occasion": "When", "rated_on": "Date of Form",
        "score": "Total",
    },
    "referrals": {
        "referral_id": "Referral No", "episode_id": "Episode No", "referred_on": "Referred", "service": "Referred To",
        "first_kept_on": "First Appointment Kept",
    },
    "calls": {
        "call_id": "Call No", "called_on": "Call Date", "site_id": "Site", "county_fips": "County", "channel": "Line",
        "recommended_mode": "Response Asked For", "outcome": "Call Ended", "episode_id": "Episode No",
    },
    "staff": {
        "staff_id": "Staff No", "site_id": "Site", "role": "Position", "hired_on": "Hired", "left_on": "Left",
        "certified_on": "Certified",
    },
    "training": {
        "staff_id": "Staff No", "module": "Course", "completed_on": "Completed", "hours": "Hours",
    },
    "outreach": {
        "event_id": "Event No", "site_id": "Site", "held_on": "Date", "audience": "Audience", "partner": "Partner",
        "attendees": "Attended",
    },
    "readiness": {
        "site_id": "Site", "assessed_on": "Assessed", "domain": "Domain", "items_met": "Met", "items": "Items",
    },
    "satisfaction": {
        "survey_id": "Survey No", "site_id": "Site", "episode_id": "Episode No", "respondent": "Asked", "sent_on": "Sent",
        "answered_on": "Answered", "score": "Overall",
    },
    "site_hours": {
        "site_id": "Site", "from_on": "From", "to_on": "To", "weekday": "Day", "from_hour": "Opens", "to_hour": "Closes",
    },
    "staffing": {"site_id": "Site", "month_on": "Month", "funded": "FTE Funded", "filled": "FTE Filled"},
}  # fmt: skip

# The record system's word for each code; the words for a response are those of the episodes.
WORDS: dict[str, dict[str, dict[str, str]]] = {
    "contacts": {
        "mode": {"in_person": "Visit", "video": "Video", "phone": "Phone", "text": "Text or email"},
        "result": {"kept": "Took place", "missed": "No show", "cancelled": "Called off"},
    },
    "scales": {
        "scale": {"ohio_problems": "Ohio Problem Severity", "ohio_functioning": "Ohio Functioning"},
        "rater": {"worker": "Worker", "parent": "Caregiver"},
        "occasion": {"intake": "Intake", "discharge": "Closing"},
    },
    "referrals": {
        "service": {
            "outpatient": "Outpatient", "intensive_in_home": "In-home", "wraparound": "Wraparound", "psychiatry": "Psychiatry",
            "primary_care": "Doctor", "school": "School supports", "peer_support": "Peers", "substance_use": "SUD program",
            "respite": "Respite", "residential": "RTC", "other": "Other service",
        },
    },
    "calls": {
        "channel": {
            "line_988": "988", "site_line": "Local line", "statewide_line": "State line", "line_911": "911", "walk_in": "Walk-in",
            "text": "Text or chat",
        },
        "recommended_mode": {
            "mobile": "Face to face", "deferred_mobile": "Face to face later", "phone": "Phone only",
        },
        "outcome": {
            "by_phone": "Settled by phone", "dispatched": "Team sent", "referred": "Referred on", "emergency": "911 called",
            "abandoned": "Hung up",
        },
    },
    "staff": {
        "role": {
            "clinician": "Clinician", "family_peer": "Family peer", "youth_peer": "Youth peer", "adult_peer": "Peer",
            "community_support": "CSW", "supervisor": "Supervisor",
        },
    },
    "training": {
        "module": {
            "model": "MRSS model", "crisis_assessment": "Crisis assessment", "suicide_screening": "Suicide and safety planning",
            "trauma": "Trauma", "family_engagement": "Families and peers", "culture": "Culture and language",
            "stabilization": "Stabilization", "safety": "Field safety",
        },
    },
    "outreach": {
        "audience": {
            "school": "Schools", "emergency_department": "EDs", "primary_care": "Doctors", "police": "Police and 911",
            "child_welfare": "Protective services", "juvenile_justice": "Juvenile probation", "tribal_program": "Tribal program",
            "families": "Families", "other": "Others",
        },
    },
    "readiness": {
        "domain": {
            "leadership": "Leadership", "staffing": "Staffing", "hours": "Hours", "dispatch": "Dispatch", "training": "Training",
            "partners": "Partners", "data": "Data", "equity": "Equity",
        },
    },
    "satisfaction": {"respondent": {"family": "Family", "youth": "Youth", "referrer": "Referrer"}},
    "site_hours": {"weekday": WEEKDAYS},
}  # fmt: skip


def write_out(raw: Mapping[str, pd.DataFrame], day_format: str) -> dict[str, pd.DataFrame]:
    """The tables as text under the record system's headers, "" where missing; a value that is no code stays as it is.

    The workbook's days stay days.
    """
    return {name: _as_text(name, raw[name], day_format) for name in HEADERS}


def _as_text(name: str, raw: pd.DataFrame, day_format: str) -> pd.DataFrame:
    words, text = WORDS.get(name, {}), pd.DataFrame(index=raw.index)
    for column, header in HEADERS[name].items():
        kind, values = RECEIVED[name].column(column).kind, raw[column]
        if kind == "day":
            days = pd.to_datetime(values)
            # A workbook has date cells.
            text[header] = days if name == WORKBOOK else day_text(days, day_format)
        elif kind in ("number", "count"):
            text[header] = values.map("{:g}".format, na_action="ignore").fillna("")
        else:
            text[header] = values.map(words[column]).fillna(values).fillna("") if column in words else values.fillna("")
    return text
