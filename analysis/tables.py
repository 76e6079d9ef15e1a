"""The contract: every table, what one row is, its columns, codes and units. Everything else reads it from here.

The data dictionary (docs/data_dictionary.md), the checks at intake, the types at rest, the made-up state and the hiding of
small counts all follow these declarations. A table that comes later is one more `Table` in `TABLES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# --- rules that belong to the tables ---------------------------------------------------------------------------------

# A later row with the same clock times, first problem and disposition is a copy only where at least this many real clock
# times are there to agree; with fewer, two brief records of one quiet hour look alike by chance and are only listed.
COPY_NEEDS_CLOCKS = 3

# A wait from request to arrival longer than this is taken for a slip of the date; a clock may set its own limit.
LONGEST_WAIT_HOURS = 24

# Requests end with the extract; a visit that was under way may end later, by no more than the eight weeks of stabilization.
CLOCKS_RUN_ON_DAYS = 56

# A file of which more than this share of a date column cannot be read has been mapped with the wrong format: stop.
UNREADABLE_STOPS_AT = 0.5

# A site's id becomes part of a path and a file name.
SITE_ID_PATTERN = r"[a-z0-9][a-z0-9_-]{0,39}"
STATEWIDE = "statewide"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    kind : str
        `key` (an agency's identifier, at rest an integer), `text`, `texts` (several, joined by "|"), `code` (one of `codes`),
        `codes` (several of them, joined by "|"), `clock` (a local date and time), `day`, `number`, `count` (a whole number),
        `share` (0 to 1), `flag`.
    required : bool
        A row without a readable value here is rejected.
    identifying : bool
        Its values never stand in a message, a log, a brief or a rejected row; one that is no key is not kept at all.
    counts_children : bool
        Small values are hidden in anything that leaves `runs/`.
    derived : bool
        Made at intake; a source cannot be mapped to it.
    known_as : str
        What the field's own records call it (T-MSIS/TAF for claims, AFCARS for child welfare): for a data request.
    """

    name: str
    kind: str
    means: str
    unit: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    identifying: bool = False
    counts_children: bool = False
    derived: bool = False
    at_least: float | None = None
    at_most: float | None = None
    pattern: str | None = None
    known_as: str = ""

    @property
    def kept(self) -> bool:
        """False for names, birth dates and the like: read for the linkage, and written nowhere."""
        return self.kind == "key" or not self.identifying


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes
    ----------
    row : str
        What one row is, in words.
    key : tuple of str
        The columns that tell rows apart.
    system : str
        Whose key of a child (one of `SYSTEMS`) its `child_id` is, unless source.yml says another.
    becomes : str
        The table in which its rows stand at rest, where that is another: another form in which agencies send it.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    derived: bool = False
    system: str = ""
    becomes: str = ""

    def column(self, name: str) -> Column:
        """The column of that name.

        >>> TABLES["episodes"].column("requested_at").kind
        'clock'
        """
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    @property
    def mapped(self) -> list[Column]:
        """The columns that a source may be mapped to."""
        return [column for column in self.columns if not column.derived]

    @property
    def kept(self) -> tuple[Column, ...]:
        """The columns that are written."""
        return tuple(column for column in self.columns if column.kept)


# --- code sets: code -> the words a brief uses -----------------------------------------------------------------------

RESPONSE_MODES = {
    "mobile": "in person, at once",
    "deferred_mobile": "in person, at a later time the family chose",
    "telehealth": "by video",
    "phone": "by phone only",
    "none": "no response",
}
IN_PERSON_MODES = ("mobile", "deferred_mobile")

URGENCIES = {
    "emergent": "emergent",
    "urgent": "urgent",
    "scheduled": "at a time the family chose",
}

ATTEMPT_RESULTS = {
    "contact": "met the person",
    "not_found": "could not find the person",
    "refused": "the person or family declined",
    "safety": "no contact because of a safety concern",
    "cancelled": "cancelled before arrival",
    "other": "other",
}
# A visit that was called off before the team arrived was not attempted.
ATTEMPTED_RESULTS = ("contact", "not_found", "refused", "safety", "other")

# Connecticut PIC's referrer groups with those of a dispatch service beside them.
REFERRAL_SOURCES = {
    "family": "self or family",
    "school": "school",
    "emergency_department": "emergency department",
    "community_provider": "community provider",
    "primary_care": "primary care",
    "child_welfare": "child welfare",
    "foster_parent": "foster or resource parent",
    "juvenile_justice": "juvenile justice or probation",
    "police": "police",
    "line_988": "988",
    "line_911": "911",
    "tribal_program": "tribal program",
    "other": "other",
}

PRESENTING_PROBLEMS = {
    "suicidality": "suicidal thoughts or attempt",
    "self_harm": "self-harm",
    "harm_to_others": "harm or risk of harm to self, others or property",
    "aggression": "agitation, aggression or disruptive behavior",
    "family_conflict": "family or other conflict",
    "school_problem": "school problem",
    "runaway": "running away",
    "truancy": "truancy",
    "substance_use": "substance use",
    "trauma": "trauma",
    "psychosis": "disorganized thinking, paranoia or psychosis",
    "depression": "depression",
    "anxiety": "anxiety",
    "grief": "grief",
    "functioning": "difficulty functioning",
    "service_need": "needs or concerns about services",
    "other": "other",
}

RESPONSE_LOCATIONS = {
    "home": "home",
    "school": "school",
    "emergency_department": "emergency department",
    "foster_or_group_home": "foster or group home",
    "shelter": "shelter",
    "police": "police station",
    "community": "elsewhere in the community",
    "clinic": "clinic",
}

DISPOSITIONS = {
    "community": "stayed at home, at school or in the community",
    "respite": "respite or other family",
    "crisis_stabilization": "crisis center or stabilization unit",
    "emergency_department": "emergency department",
    "inpatient": "hospital admission",
    "sobering": "sobering or detox",
    "detention": "arrest or detention",
    "placement_change": "another placement",
    "other": "other",
}

# What the caller would have done without the service, in the caller's own words at the call.
COUNTERFACTUALS = {
    "emergency_department": "gone to an emergency department",
    "police_or_911": "called the police or 911",
    "called_provider": "called another provider",
    "waited": "waited",
    "nothing": "done nothing",
    "other": "something else",
}

# Settings from the least to the most restrictive, as child-welfare records (AFCARS) and claims can tell them apart.
LIVING_SITUATIONS = {
    "family": "with parents",
    "kin": "with kin",
    "foster": "foster home",
    "treatment_foster": "treatment foster home",
    "group_home": "group home or shelter",
    "residential": "residential treatment",
    "hospital": "hospital",
    "detention": "detention",
    "runaway": "run away, whereabouts unknown",
    "other": "other",
}
AT_HOME = ("family", "kin", "foster")  # settings that a placement would take a child away from

CLAIM_FILES = {
    "inpatient": "inpatient",
    "long_term": "long-term care and residential",
    "other": "outpatient, ED, professional",
}

# What a version of a claim does to the versions before it (T-MSIS adjustment indicator, X12 claim frequency code).
CLAIM_ACTIONS = {
    "original": "sent for the first time",
    "replacement": "replaces an earlier version",
    "void": "takes an earlier version back",
    "amount_only": "an amount without a service (credit or gross adjustment)",
}
CLAIM_STATUSES = {"paid": "paid or accepted", "denied": "denied"}
PAYMENT_KINDS = {
    "fee_for_service": "fee for service",
    "encounter": "encounter under a managed-care plan",
    "capitation": "a plan's monthly premium, no service",
    "other": "a payment for no one child's service (service tracking, supplemental)",
}
PAYMENT_LEVELS = {"claim": "paid for the claim as a whole", "line": "paid line by line"}

# Whose key of a child a child_id is. A crosswalk joins the keys of two or more of them.
SYSTEMS = {
    "dispatch": "the service's own record system",
    "medicaid": "Medicaid",
    "child_welfare": "child welfare (foster care)",
    "detention": "juvenile detention",
}

# What is known only once stabilization has ended.
DISCHARGE_COLUMNS = ("discharged_on", "discharge_reason", "living_at_discharge")

DISCHARGE_REASONS = {
    "goals_met": "goals met",
    "family_declined": "the family declined",
    "lost": "lost to follow-up",
    "moved": "moved away",
    "higher_care": "needed more care",
    "aged_out": "aged out",
}

# What came of a suicide screen (a named tool such as the C-SSRS or the ASQ) at the first response.
SUICIDE_SCREENS = {
    "negative": "screened, no risk found",
    "positive": "screened, risk found",
    "declined": "offered and declined",
    "not_done": "not done",
}
SCREENED = ("negative", "positive")

SEXES = {"female": "girls", "male": "boys", "other": "another or not said"}

# The minimum categories of OMB's Statistical Policy Directive 15 (2024), one a child, with more than one told apart.
RACES = {
    "american_indian": "American Indian or Alaska Native",
    "asian": "Asian",
    "black": "Black or African American",
    "hispanic": "Hispanic or Latino",
    "middle_eastern": "Middle Eastern or North African",
    "pacific_islander": "Native Hawaiian or Pacific Islander",
    "white": "White",
    "several": "more than one",
}

INSURANCES = {
    "medicaid": "Medicaid or CHIP",
    "commercial": "commercial",
    "tribal": "Indian Health Service or tribal",
    "none": "none",
    "other": "other",
}

CONTACT_MODES = {
    "in_person": "in person",
    "video": "by video",
    "phone": "by phone",
    "text": "by text or e-mail",
}
CONTACT_RESULTS = {"kept": "took place", "missed": "the family was not there", "cancelled": "called off"}

# One line a rating: the scale, who rated, and when in the episode.
SCALES = {
    "ohio_problems": "Ohio Scales, Problem Severity",
    "ohio_functioning": "Ohio Scales, Functioning",
    "cans": "CANS, total of the needs items",
}
# The lowest and the highest score of each scale. Ohio Scales: 20 items of 0 to 5, and 20 of 0 to 4
# (https://psypack.com/assessments/ohio-youth-problem-functioning-and-satisfaction-scales-w-form). CANS: as wide as the column.
SCALE_RANGES = {"ohio_problems": (0, 100), "ohio_functioning": (0, 80), "cans": (0, 300)}
RATERS = {"worker": "worker", "parent": "parent or caregiver", "youth": "youth"}
OCCASIONS = {"intake": "at intake", "discharge": "at discharge"}

REFERRED_TO = {
    "outpatient": "outpatient therapy",
    "intensive_in_home": "intensive in-home therapy",
    "wraparound": "high-fidelity wraparound",
    "psychiatry": "psychiatry or medication",
    "primary_care": "primary care",
    "school": "school supports",
    "peer_support": "peer or family support",
    "substance_use": "substance use treatment",
    "respite": "respite",
    "residential": "residential treatment",
    "other": "other",
}

CALL_CHANNELS = {
    "line_988": "988",
    "site_line": "the site's own line",
    "statewide_line": "the statewide crisis line",
    "line_911": "passed on by 911",
    "walk_in": "walk-in",
    "text": "text or chat",
}
CALL_OUTCOMES = {
    "by_phone": "settled on the phone",
    "dispatched": "a team was sent",
    "referred": "referred elsewhere",
    "emergency": "passed on to 911",
    "abandoned": "ended before it was answered",
}

STAFF_ROLES = {
    "clinician": "clinician",
    "family_peer": "certified family peer",
    "youth_peer": "certified youth peer",
    "adult_peer": "certified peer",
    "community_support": "community support worker",
    "supervisor": "supervisor",
    "other": "other",
}

# Parts of the 40-hour curriculum; the hours of a part stand in each row.
TRAINING_MODULES = {
    "model": "the MRSS model and its values",
    "crisis_assessment": "crisis assessment and de-escalation",
    "suicide_screening": "suicide screening and safety planning",
    "trauma": "trauma-informed care",
    "family_engagement": "working with families and peers",
    "culture": "culture, language and tribal communities",
    "stabilization": "stabilization, referral and discharge",
    "safety": "safety in the field and telehealth",
}

OUTREACH_AUDIENCES = {
    "school": "schools",
    "emergency_department": "emergency departments",
    "primary_care": "primary care and pediatrics",
    "police": "police and 911",
    "child_welfare": "child welfare and foster parents",
    "juvenile_justice": "juvenile justice",
    "tribal_program": "tribal programs",
    "families": "families and the public",
    "other": "others",
}

READINESS_DOMAINS = {
    "leadership": "leadership and contract",
    "staffing": "staffing and supervision",
    "hours": "hours of cover",
    "dispatch": "dispatch and call routing",
    "training": "training and certification",
    "partners": "agreements with partners",
    "data": "records and reporting",
    "equity": "language and cultural access",
}

RESPONDENTS = {"family": "family", "youth": "youth", "referrer": "referrer"}

WEEKDAYS = {
    "monday": "Monday", "tuesday": "Tuesday", "wednesday": "Wednesday", "thursday": "Thursday",
    "friday": "Friday", "saturday": "Saturday", "sunday": "Sunday",
}  # fmt: skip

CLOCK_NOTES = {
    "time": "a real clock time",
    "date_only": "a date without a time (exactly midnight)",
    "missing": "not recorded",
    "unreadable": "not a date in the declared format",
    "impossible_date": "outside the days that the extract covers",
    "impossible_order": "before an earlier event of the same episode",
}

# The clocks of one episode in the order in which they happen.
CLOCKS = ("requested_at", "dispatched_at", "arrived_at", "engaged_at", "departed_at")
CLOCK_WORDS = {
    "requested_at": "request", "dispatched_at": "dispatch", "arrived_at": "arrival",
    "engaged_at": "first contact", "departed_at": "departure",
}  # fmt: skip
# Pairs that must come in this order; the first four are the ones a report counts. A departure is not held against the first
# contact: teams that met nobody are recorded either way round.
ORDERED_CLOCKS = (
    ("requested_at", "dispatched_at"),
    ("dispatched_at", "arrived_at"),
    ("arrived_at", "engaged_at"),
    ("arrived_at", "departed_at"),
    ("requested_at", "arrived_at"),
    ("requested_at", "engaged_at"),
    ("requested_at", "departed_at"),
    ("dispatched_at", "engaged_at"),
    ("dispatched_at", "departed_at"),
)

AGE_BANDS = {"0-4": (0, 4), "5-11": (5, 11), "12-17": (12, 17), "18-20": (18, 20)}

# --- the tables ------------------------------------------------------------------------------------------------------


def _clock(name: str, means: str) -> tuple[Column, Column]:
    return (
        Column(name, "clock", means, unit="local date and time, time zone of the study"),
        Column(f"{name}_note", "code", f"What became of {name}", codes=CLOCK_NOTES, derived=True),
    )


EPISODES = Table(
    "episodes",
    row="one crisis episode: one response that a team opened to one call",
    key=("episode_id",),
    system="dispatch",
    columns=(
        Column("episode_id", "key", "The episode", required=True, identifying=True),
        Column("child_id", "key", "The child, the same in every episode", identifying=True),
        Column(
            "site_id", "text", "The site that answered, or the place served", required=True, pattern=SITE_ID_PATTERN
        ),
        Column("county_fips", "text", "County where the response took place", pattern=r"\d{5}"),
        *_clock("requested_at", "The call for help was handed to the service"),
        *_clock("dispatched_at", "A team was sent"),
        *_clock("arrived_at", "The team arrived"),
        *_clock("engaged_at", "First face-to-face contact"),
        *_clock("departed_at", "The team left"),
        Column("age_years", "number", "Age at the request", unit="years", at_least=0, at_most=120),
        Column("sex", "code", "The child's sex", codes=SEXES),
        Column("race_ethnicity", "code", "The child's race and ethnicity", codes=RACES),
        Column("insurance", "code", "Who pays for the child's care", codes=INSURANCES),
        Column("urgency", "code", "How soon the caller said help was needed", codes=URGENCIES),
        Column("recommended_mode", "code", "The response that the call asked for", codes=RESPONSE_MODES),
        Column("response_mode", "code", "The response that was given", codes=RESPONSE_MODES),
        Column("attempt_result", "code", "What came of the visit", codes=ATTEMPT_RESULTS),
        Column("referral_source", "code", "Who asked for help", codes=REFERRAL_SOURCES),
        Column(
            "referrer",
            "text",
            "The school or other organization that asked, by name: for the site's own eyes, in no brief",
        ),
        Column("presenting_problem", "code", "First problem named at the call", codes=PRESENTING_PROBLEMS),
        Column("presenting_problems", "codes", "Every problem named at the call", codes=PRESENTING_PROBLEMS),
        Column("response_location", "code", "Where the response took place", codes=RESPONSE_LOCATIONS),
        Column("team_size", "count", "Team members who went", at_least=0, at_most=20),
        Column("clinician_present", "flag", "A licensed or supervised clinician was in the team"),
        Column("peer_present", "flag", "A family, youth or adult peer was in the team"),
        Column("law_enforcement_present", "flag", "Police were there at any time of the response"),
        Column(
            "phone_support", "flag", "Somebody stayed with the family by phone, or called back, until the team arrived"
        ),
        Column("crisis_assessment", "flag", "A crisis assessment was done at the first response"),
        Column(
            "suicide_screen", "code", "What came of the suicide screen at the first response", codes=SUICIDE_SCREENS
        ),
        Column("safety_plan", "flag", "A safety plan was made with the family at the first response"),
        Column(
            "initial_completed_on",
            "day",
            "Day on which the first response was complete: assessment, screen, plan, next step agreed",
        ),
        Column("enrolled_on", "day", "First day of stabilization; empty where there was none"),
        Column("disposition", "code", "How the first response ended", codes=DISPOSITIONS),
        Column("would_have_done", "code", "What the caller would have done without the service", codes=COUNTERFACTUALS),
        Column("living_at_start", "code", "Where the child lived at the call", codes=LIVING_SITUATIONS),
        Column("discharged_on", "day", "Last day of stabilization; empty while open or where there was none"),
        Column("discharge_reason", "code", "Why the episode was closed", codes=DISCHARGE_REASONS),
        Column("living_at_discharge", "code", "Where the child lived at discharge", codes=LIVING_SITUATIONS),
        Column("entered_on", "day", "Day on which the record was entered"),
        Column("counted_on", "day", "The day whose month counts the episode", derived=True),
        Column("counted_from", "code", "The clock that gave counted_on", codes=CLOCK_WORDS, derived=True),
        Column("file", "text", "File under data/raw that held the row", derived=True),
        Column("row_number", "count", "Line in that file; the header is line 1", derived=True),
    ),
)

SITES = Table(
    "sites",
    row="one site (or place served) of the study",
    key=("site_id",),
    columns=(
        Column("site_id", "text", "The site", required=True, pattern=SITE_ID_PATTERN),
        Column("name", "text", "Its name as a brief prints it", required=True),
        Column("opened_on", "day", "First day of service; empty where not known"),
        Column("closed_on", "day", "Last day of service; empty while open"),
        Column("hub_id", "text", "The lead agency's site, where sites belong to one", pattern=SITE_ID_PATTERN),
        Column("has_scorecard", "flag", "False for rows that count in the totals only", required=True),
    ),
)

SITE_COUNTIES = Table(
    "site_counties",
    row="one site in one county over one span of days",
    key=("site_id", "county_fips", "from_on"),
    columns=(
        Column("site_id", "text", "The site", required=True, pattern=SITE_ID_PATTERN),
        Column("county_fips", "text", "The county", required=True, pattern=r"\d{5}"),
        Column("from_on", "day", "First day on which the site covers it", required=True),
        Column("to_on", "day", "Last day; empty while it does"),
        Column("share", "share", "Part of the county's children in the site's care; sums to at most 1 a county and day",
               required=True, at_least=0, at_most=1),
    ),
)  # fmt: skip

POPULATION = Table(
    "population",
    row="one county, year and age band",
    key=("county_fips", "year", "age_band"),
    columns=(
        Column("county_fips", "text", "The county", required=True, pattern=r"\d{5}"),
        Column("county_name", "text", "Its name"),
        Column("year", "count", "Calendar year", required=True, at_least=1990, at_most=2100),
        Column("age_band", "code", "Age band", required=True, codes={band: f"{band} years" for band in AGE_BANDS}),
        Column("children", "count", "Residents in the band", unit="children", required=True, at_least=0),
        Column("children_in_poverty", "count", "Of these, below the poverty line", unit="children", at_least=0),
        Column("source", "text", "Where the figure is from", required=True),
    ),
)

_SITE = Column("site_id", "text", "The site", required=True, pattern=SITE_ID_PATTERN)
_EPISODE = Column("episode_id", "key", "The episode, as in the episodes", required=True, identifying=True)

CONTACTS = Table(
    "contacts",
    row="one contact with a family, kept or not, after the first response of an episode",
    key=("contact_id",),
    columns=(
        Column("contact_id", "key", "The contact", required=True, identifying=True),
        _EPISODE,
        Column("contacted_on", "day", "Day of the contact", required=True),
        Column("mode", "code", "How", codes=CONTACT_MODES),
        Column("result", "code", "What came of it", codes=CONTACT_RESULTS),
        Column("minutes", "number", "How long it took", unit="minutes", at_least=0, at_most=1440),
    ),
)

SCALES_TABLE = Table(
    "scales",
    row="one rating of one child on one scale, by one rater on one occasion of an episode",
    key=("episode_id", "scale", "rater", "occasion"),
    columns=(
        _EPISODE,
        Column("scale", "code", "Which scale", codes=SCALES, required=True),
        Column("rater", "code", "Who rated", codes=RATERS, required=True),
        Column("occasion", "code", "When in the episode", codes=OCCASIONS, required=True),
        Column("rated_on", "day", "Day of the rating"),
        Column("score", "number", "The score; the range and the good direction of each scale stand in params/scales.yml",
               required=True, at_least=0, at_most=300),
    ),
)  # fmt: skip

REFERRALS = Table(
    "referrals",
    row="one referral of a child to one service, made in an episode",
    key=("referral_id",),
    columns=(
        Column("referral_id", "key", "The referral", required=True, identifying=True),
        _EPISODE,
        Column("referred_on", "day", "Day of the referral", required=True),
        Column("service", "code", "To what", codes=REFERRED_TO),
        Column("first_kept_on", "day", "Day of the first kept appointment; empty where none is known"),
    ),
)

CALLS = Table(
    "calls",
    row="one contact with a line (988, the state's, a site's) about a child, whether or not a team was sent",
    key=("call_id",),
    columns=(
        Column("call_id", "key", "The call", required=True, identifying=True),
        Column("called_on", "day", "Day of the call", required=True),
        Column("site_id", "text", "The site that answers for the child's county; empty where nobody knows", pattern=SITE_ID_PATTERN),
        Column("county_fips", "text", "County of the child", pattern=r"\d{5}"),
        Column("channel", "code", "By which way", codes=CALL_CHANNELS),
        Column("recommended_mode", "code", "The response that the call asked for", codes=RESPONSE_MODES),
        Column("outcome", "code", "How the call ended", codes=CALL_OUTCOMES),
        Column("episode_id", "key", "The episode that it opened, as in the episodes; empty where none", identifying=True),
    ),
)  # fmt: skip

STAFF = Table(
    "staff",
    row="one member of a site's staff",
    key=("staff_id",),
    columns=(
        Column("staff_id", "key", "The member of staff", required=True, identifying=True),
        _SITE,
        Column("role", "code", "Role in the team", codes=STAFF_ROLES),
        Column("hired_on", "day", "First day", required=True),
        Column("left_on", "day", "Last day; empty while employed"),
        Column("certified_on", "day", "Day of certification; empty where there is none"),
    ),
)

TRAINING = Table(
    "training",
    row="one part of the curriculum that one member of staff completed",
    key=("staff_id", "module"),
    columns=(
        Column("staff_id", "key", "The member of staff, as in staff", required=True, identifying=True),
        Column("module", "code", "Part of the curriculum", codes=TRAINING_MODULES, required=True),
        Column("completed_on", "day", "Day of completion", required=True),
        Column("hours", "number", "Hours of the part", unit="hours", required=True, at_least=0, at_most=80),
    ),
)

OUTREACH = Table(
    "outreach",
    row="one outreach event of a site",
    key=("event_id",),
    columns=(
        Column("event_id", "key", "The event", required=True),
        _SITE,
        Column("held_on", "day", "Day of the event", required=True),
        Column("audience", "code", "For whom", codes=OUTREACH_AUDIENCES),
        Column("partner", "text", "The partner's name, for the site's own eyes"),
        Column("attendees", "count", "People who came", at_least=0),
    ),
)

READINESS = Table(
    "readiness",
    row="one domain of one readiness assessment of a site",
    key=("site_id", "assessed_on", "domain"),
    columns=(
        _SITE,
        Column("assessed_on", "day", "Day of the assessment", required=True),
        Column("domain", "code", "Which domain", codes=READINESS_DOMAINS, required=True),
        Column("items_met", "count", "Items of the domain that were met", required=True, at_least=0),
        Column("items", "count", "Items of the domain", required=True, at_least=1),
    ),
)

SATISFACTION = Table(
    "satisfaction",
    row="one survey that was sent, answered or not",
    key=("survey_id",),
    columns=(
        Column("survey_id", "key", "The survey", required=True, identifying=True),
        _SITE,
        Column("episode_id", "key", "The episode that it asks about, as in the episodes; empty where it is none", identifying=True),
        Column("respondent", "code", "Who was asked", codes=RESPONDENTS, required=True),
        Column("sent_on", "day", "Day on which it was sent", required=True),
        Column("answered_on", "day", "Day of the answer; empty where there was none"),
        Column("score", "number", "Overall satisfaction, 1 (not at all) to 5 (very)", at_least=1, at_most=5),
    ),
)  # fmt: skip

SITE_HOURS = Table(
    "site_hours",
    row="one stretch of hours on one weekday in which a site's teams can go out, over one span of days",
    key=("site_id", "from_on", "weekday", "from_hour"),
    columns=(
        _SITE,
        Column("from_on", "day", "First day on which these hours hold", required=True),
        Column("to_on", "day", "Last day; empty while they do"),
        Column("weekday", "code", "Day of the week", codes=WEEKDAYS, required=True),
        Column("from_hour", "count", "First hour, local time", required=True, at_least=0, at_most=23),
        Column("to_hour", "count", "Hour at which it ends, 24 at midnight", required=True, at_least=1, at_most=24),
    ),
)

STAFFING = Table(
    "staffing",
    row="one site and month: positions",
    key=("site_id", "month_on"),
    columns=(
        _SITE,
        Column("month_on", "day", "First day of the month", required=True),
        Column("funded", "number", "Funded positions", unit="full-time equivalents", required=True, at_least=0),
        Column(
            "filled",
            "number",
            "Of these, filled at the end of the month",
            unit="full-time equivalents",
            required=True,
            at_least=0,
        ),
    ),
)

CHILDREN = Table(
    "children",
    row="one child; as received, one person key of one system",
    key=("child_id",),
    system="dispatch",
    columns=(
        Column("child_id", "key", "The child, the same in every table", required=True, identifying=True),
        Column("first_name", "text", "Given name, for the linkage alone", identifying=True, known_as="ELGBL_1ST_NAME"),
        Column("last_name", "text", "Surname, for the linkage alone", identifying=True, known_as="ELGBL_LAST_NAME"),
        Column("born_on", "day", "Date of birth, for the linkage alone", identifying=True, known_as="BIRTH_DT, AFCARS E5"),
        Column("sex", "code", "The child's sex", codes=SEXES, known_as="SEX_CD"),
        Column("race_ethnicity", "code", "The child's race and ethnicity", codes=RACES, known_as="RACE_ETHNCTY_FLAG"),
        Column("died_on", "day", "Day of death; empty where none is known", known_as="DEATH_DT"),
        Column("born_month_on", "day", "First day of the month of birth", derived=True),
    ),
)  # fmt: skip

CROSSWALK = Table(
    "crosswalk",
    row="one child, with the keys that two or more systems have for it (at rest: one key, as a keyed hash, and its number)",
    key=("dispatch_id", "medicaid_id", "child_welfare_id", "detention_id"),
    becomes="crosswalk",
    columns=tuple(
        Column(f"{system}_id", "key", f"Key of the child in the records of {words}", identifying=True)
        for system, words in SYSTEMS.items()
    ),
)

CLAIMS = Table(
    "claims",
    row="one line of a Medicaid claim or encounter",
    key=("claim_id", "line"),
    system="medicaid",
    columns=(
        Column("claim_id", "key", "The claim (this version of it)", required=True, identifying=True, known_as="CLM_ID"),
        Column("line", "count", "Line of the claim", required=True, at_least=1, known_as="LINE_NUM"),
        Column("child_id", "key", "The child, as in the episodes", required=True, identifying=True,
               known_as="MSIS_IDENT_NUM, through the agency's link"),
        Column("file_type", "code", "Which claims file", codes=CLAIM_FILES, required=True),
        Column("service_from_on", "day", "First day of service or admission", required=True, known_as="SRVC_BGNNG_DT, ADMSN_DT"),
        Column("service_to_on", "day", "Last day of service or discharge", known_as="SRVC_ENDG_DT, DSCHRG_DT"),
        Column("diagnosis_1", "text", "Principal diagnosis, ICD-10-CM", known_as="DGNS_1_CD"),
        Column("diagnosis_2", "text", "Second diagnosis, ICD-10-CM", known_as="DGNS_2_CD"),
        Column("other_diagnoses", "texts", "Further diagnoses, ICD-10-CM", known_as="DGNS_3_CD to DGNS_12_CD, ADMTG_DGNS_CD"),
        Column("revenue_code", "text", "Revenue code", known_as="REV_CD"),
        Column("procedure_code", "text", "CPT or HCPCS", known_as="PRCDR_CD"),
        Column("place_of_service", "text", "CMS place of service", known_as="SRVC_PLC_CD"),
        Column("bill_type", "text", "Type of bill", known_as="BILL_TYPE_CD"),
        Column("patient_status", "text", "Discharge status", known_as="PTNT_STUS_CD"),
        Column("drg", "text", "Diagnosis-related group", known_as="DRG_CD"),
        Column("paid_usd", "number", "Paid by Medicaid or its plan", unit="US dollars", known_as="MDCD_PD_AMT"),
        Column("ffs_equivalent_usd", "number", "Fee-for-service equivalent of an encounter", unit="US dollars",
               known_as="MDCD_FFS_EQUIV_AMT"),
        Column("claim_paid_usd", "number", "Paid for the claim as a whole, as its header says", unit="US dollars",
               known_as="TOT_MDCD_PD_AMT"),
        Column("payment_level", "code", "Whether the claim or each line is paid", codes=PAYMENT_LEVELS, known_as="PYMT_LVL_IND"),
        Column("payment_kind", "code", "Fee for service, or encounter", codes=PAYMENT_KINDS, known_as="CLM_TYPE_CD"),
        Column("claim_action", "code", "What this version does to those before it", codes=CLAIM_ACTIONS, known_as="ADJSTMT_IND"),
        Column("original_claim_id", "text", "The claim of which this is a version, or that it replaces", identifying=True,
               known_as="ORGNL_CLM_NUM"),
        Column("adjudicated_on", "day", "Day on which this version was decided", known_as="ADJDCTN_DT"),
        Column("claim_status", "code", "What became of the claim", codes=CLAIM_STATUSES, known_as="CLM_STUS_CTGRY_CD"),
        Column("line_status", "code", "What became of the line", codes=CLAIM_STATUSES, known_as="CLL_STUS_CD"),
    ),
)  # fmt: skip

_MONTHS = [f"{month:02d}" for month in range(1, 13)]
_ENROLLED = (
    Column("child_id", "key", "The child, as in the episodes", required=True, identifying=True, known_as="MSIS_IDENT_NUM"),
    Column("county_fips", "text", "County of residence", pattern=r"\d{5}", known_as="ELGBL_CNTY_CD"),
)  # fmt: skip

ENROLLMENT = Table(
    "enrollment",
    row="one child and month of Medicaid enrollment",
    key=("child_id", "month_on"),
    system="medicaid",
    columns=(
        _ENROLLED[0],
        Column("month_on", "day", "First day of the month", required=True),
        Column("days", "count", "Days enrolled in the month", required=True, at_least=0, at_most=31,
               known_as="MDCD_ENRLMT_DAYS_01..12"),
        _ENROLLED[1],
        Column("eligibility_group", "text", "Eligibility group", known_as="ELGBLTY_GRP_CD_01..12"),
        Column("plan_type", "text", "Managed-care plan type", known_as="MC_PLAN_TYPE_CD_01..12"),
    ),
)  # fmt: skip

ENROLLMENT_SPANS = Table(
    "enrollment_spans",
    row="one span of days of one child's Medicaid enrollment",
    key=("child_id", "from_on", "to_on"),
    system="medicaid",
    becomes="enrollment",
    columns=(
        _ENROLLED[0],
        Column("from_on", "day", "First day of enrollment", required=True, known_as="ENRLMT_EFCTV_DT"),
        Column("to_on", "day", "Last day; empty while it lasts", known_as="ENRLMT_END_DT"),
        _ENROLLED[1],
        Column("eligibility_group", "text", "Eligibility group"),
        Column("plan_type", "text", "Managed-care plan type"),
    ),
)

ENROLLMENT_YEARS = Table(
    "enrollment_years",
    row="one calendar year of one child's Medicaid enrollment, with a column for each month",
    key=("child_id", "year"),
    system="medicaid",
    becomes="enrollment",
    columns=(
        _ENROLLED[0],
        Column("year", "count", "Calendar year", required=True, at_least=1990, at_most=2100),
        _ENROLLED[1],
        *(Column(f"days_{month}", "count", f"Days enrolled in month {month}", at_least=0, at_most=31,
                 known_as=f"MDCD_ENRLMT_DAYS_{month}") for month in _MONTHS),
        *(Column(f"eligibility_group_{month}", "text", f"Eligibility group in month {month}",
                 known_as=f"ELGBLTY_GRP_CD_{month}") for month in _MONTHS),
        *(Column(f"plan_type_{month}", "text", f"Managed-care plan type in month {month}",
                 known_as=f"MC_PLAN_TYPE_CD_{month}") for month in _MONTHS),
    ),
)  # fmt: skip

PLACEMENTS = Table(
    "placements",
    row="one living arrangement of one child in care",
    key=("child_id", "from_on"),
    system="child_welfare",
    columns=(
        Column("child_id", "key", "The child, as in the episodes", required=True, identifying=True,
               known_as="AFCARS record number, through the agency's link"),
        Column("removed_on", "day", "Day of removal from home", known_as="AFCARS E69"),
        Column("from_on", "day", "First day of the living arrangement", required=True, known_as="AFCARS E112"),
        Column("to_on", "day", "Day on which the child left it; empty while it lasts. Where the file has none: the first day of the "
               "child's next arrangement, or the day of exit, whichever comes first"),
        Column("exited_on", "day", "Day of exit from care", known_as="AFCARS E153"),
        Column("setting", "code", "Kind of living arrangement", codes=LIVING_SITUATIONS, required=True,
               known_as="AFCARS E113 to E120"),
        Column("exit_reason", "text", "Reason of exit from care", known_as="AFCARS E155"),
        Column("daily_rate_usd", "number", "What the agency pays a day", unit="US dollars", at_least=0),
    ),
)  # fmt: skip

DETENTIONS = Table(
    "detentions",
    row="one stay of one child in detention",
    key=("child_id", "booked_on"),
    system="detention",
    columns=(
        Column("child_id", "key", "The child, as in the episodes", required=True, identifying=True),
        Column("booked_on", "day", "Day of booking", required=True),
        Column("released_on", "day", "Day of release; empty while detained"),
        Column("facility", "text", "Facility"),
        Column("charge_level", "text", "Most serious charge"),
    ),
)

COUNTY_COUNTS = Table(
    "county_counts",
    row="one county and calendar month as agencies counted it, where they send counts in place of children's records",
    key=("county_fips", "month_on"),
    columns=(
        Column("county_fips", "text", "The county of residence", required=True, pattern=r"\d{5}"),
        Column("month_on", "day", "First day of the month", required=True),
        Column("children", "count", "Children whose visits are counted: enrolled, or residents", unit="children", at_least=0),
        Column("bh_ed_visits", "count", "Behavioral ED visits that began in the month", counts_children=True, at_least=0),
        Column("injury_ed_visits", "count", "ED visits for an injury nobody meant that began in the month", counts_children=True, at_least=0),
        Column("removals", "count", "Removals from home without holds", counts_children=True, at_least=0),
        Column("bookings", "count", "Bookings into detention", counts_children=True, at_least=0),
    ),
)  # fmt: skip

LINKAGE_TABLE = Table(
    "linkage",
    row="one table that names children, and one site of the episodes (linkage.csv, inside only)",
    key=("table", "site_id"),
    derived=True,
    columns=(
        Column("table", "text", "The table", required=True),
        Column("site_id", "text", "The site whose episodes they are, or 'all'", required=True),
        Column("system", "text", "Whose keys; empty where the study tells none apart"),
        Column("rows_without_key", "count", "Accepted rows that name no child", counts_children=True),
        Column("keys", "count", "Person keys in accepted rows", counts_children=True),
        Column("children", "count", "Children that they stand for", counts_children=True),
        Column("merged_keys", "count", "Keys beyond one a child", counts_children=True),
        Column("linked", "count", "Children found in claims or enrollment", counts_children=True),
        Column("linked_share", "share", "Of the children, those found there"),
        Column("linked_by_same_key", "count", "Of the linked, by the same key", counts_children=True),
        Column("linked_by_crosswalk", "count", "Of the linked, by the crosswalk", counts_children=True),
        Column("linked_by_name", "count", "Of the linked, by name and birth date", counts_children=True),
        Column("conflicts", "count", "Keys whose links were refused", counts_children=True),
        Column("ambiguous_names", "count", "Keys whose name and birth date fit more than one", counts_children=True),
    ),
)

MEASURES_TABLE = Table(
    "measures",
    row="one measure, stratum, place and period (written under outputs/, small counts hidden)",
    key=("measure", "stratum", "site_id", "period"),
    derived=True,
    columns=(
        Column("measure", "text", "Id of the measure's card in params/measures.yml", required=True),
        Column("stratum", "text", "Part of a mix, or 'all'", required=True),
        Column("site_id", "text", "The site, a hub with its sites (site-06+), or 'statewide'", required=True),
        Column("period", "text", "Month 2026-10, quarter 2026Q3, fiscal year SFY2026 or a span", required=True),
        Column("numerator", "count", "Episodes (or children) counted", counts_children=True),
        Column("denominator", "number", "Episodes the measure is out of; child-years for a rate", counts_children=True),
        Column("value", "number", "Share 0 to 1, minutes, or a rate per 1,000 children and year"),
        Column("low", "number", "Lower end of the 95% interval"),
        Column("high", "number", "Upper end of the 95% interval"),
        Column(
            "not_measurable",
            "count",
            "Episodes that belong to the measure but lack what it needs",
            counts_children=True,
        ),
        Column("hidden", "flag", "True where a small count, or one that would give it away, is hidden", required=True),
    ),
)

PROBLEMS_TABLE = Table(
    "problems",
    row="one kind of problem in one table (counts of rows and entries, not of people)",
    key=("table", "problem", "where"),
    derived=True,
    columns=(
        Column("table", "text", "The table; empty for a file that no table reads"),
        Column("problem", "text", "What was found", required=True),
        Column("where", "text", "The column, the file, or 'clocks' or 'rows' where several take part"),
        Column("raw", "count", "Rows (or spellings) as counted raw"),
        Column("without_partial", "count", "The same once midnights are no times"),
        Column("left", "count", "The same after the rules"),
    ),
)

EFFECTS_TABLE = Table(
    "effects",
    row="one estimate, or one pair of bounds (written under outputs/)",
    key=("design", "estimand", "estimator", "outcome", "subgroup", "horizon_days", "scale"),
    derived=True,
    columns=(
        Column("design", "text", "Which study design; episodes_alone before any linkage", required=True),
        Column("estimand", "text", "What is estimated, in words", required=True),
        Column("estimator", "text", "How", required=True),
        Column("outcome", "text", "The outcome", required=True),
        Column("ed_definition", "text", "Which rule makes an ED visit"),
        Column("subgroup", "text", "All, or a group of children", required=True),
        Column("horizon_days", "count", "Days after the first contact; 0 is the crisis itself"),
        Column("scale", "text", "difference, ratio, rate_ratio or odds_ratio", required=True),
        Column("unit", "text", "What the estimate is counted in"),
        Column("treated_value", "number", "The outcome with the service"),
        Column("comparison_value", "number", "The outcome without it"),
        Column("estimate", "number", "The estimate; missing where there are only bounds"),
        Column("low", "number", "Lower end of the interval or bound"),
        Column("high", "number", "Upper end of the interval or bound"),
        Column("n_treated", "count", "Episodes (or children) with the service", counts_children=True),
        Column("n_comparison", "count", "Episodes (or children) without it", counts_children=True),
        Column("grade", "text", "strong, suggestive or can't tell yet", required=True),
        Column("why_not", "text", "Why it is no better"),
    ),
)

SAVINGS_TABLE = Table(
    "savings",
    row="one line of a ledger (written under outputs/); amount_usd is quantity x unit_usd x share",
    key=("design", "route", "horizon_days", "fiscal_year", "ledger", "payer", "item", "timing"),
    derived=True,
    columns=(
        Column("design", "text", "Which study design the quantity is from", required=True),
        Column("route", "text", "How the quantity comes about", required=True),
        Column("horizon_days", "count", "Days after the first contact; 0 is the crisis itself"),
        Column("fiscal_year", "text", "State fiscal year, SFY2026", required=True),
        Column("ledger", "text", "Whose books: program_cost, payer, societal", required=True),
        Column("payer", "text", "Who pays", required=True),
        Column("item", "text", "The line of params/costs.csv, or the program's own cost", required=True),
        Column("quantity", "number", "How many units"),
        Column("unit_usd", "number", "Price of a unit in price_year", unit="US dollars"),
        Column("share", "share", "The payer's share on that date", at_least=0, at_most=1),
        Column("cashable", "text", "cashable_now, on_step, capacity_released or non_cash"),
        Column("timing", "text", "inside or after the enhanced-match window, or always"),
        Column("amount_usd", "number", "The product of the row", unit="US dollars"),
        Column("low", "number", "Lower bound of the amount", unit="US dollars"),
        Column("high", "number", "Upper bound of the amount", unit="US dollars"),
        Column("price_year", "count", "The year whose dollars these are"),
    ),
)

UTILIZATION_TABLE = Table(
    "utilization",
    row="one site: its crises against those expected of it (written under outputs/)",
    key=("site_id",),
    derived=True,
    columns=(
        Column("site_id", "key", "The site", required=True),
        Column("expected", "number", "Crises expected in the period, of an ordinary site with its children; whole"),
        Column("observed", "count", "Crises seen; missing where hidden", counts_children=True),
        Column("ratio", "number", "Observed over expected; missing where observed is hidden"),
        Column("low", "number", "Lower end of the ratio's exact 95% interval"),
        Column("high", "number", "Upper end"),
        Column("class", "text", "cant_tell_yet, watch, below_expected, expected_range; missing where not judged"),
        Column("months_until_judgeable", "count", "Months to come until 50 crises were expected"),
        Column("period", "text", "The months that were counted", required=True),
        Column("words", "text", "The class in words", required=True),
        Column("why", "text", "Why not judged, or why not more"),
        Column("expected_at_target", "number", "Crises at what the program means to reach, where it says so; whole"),
    ),
)

# --- derived from the linked tables by analysis/cohort ----------------------------------------------------------------

ARMS = {
    "mobile_first": "a mobile team was the first response",
    "ed_first": "an emergency department was the first response",
}

STAY_KINDS = {
    "boarding": "waiting in an emergency department, two midnights or more",
    "inpatient": "hospital",
    "residential": "residential treatment, by claims",
}

# Kinds of a night away from home; where two meet in one night, the first of this list counts.
NIGHT_KINDS = {
    "inpatient": "hospital, for behavioral health",
    "residential": "residential treatment",
    "detention": "detention",
    "boarding": "waiting in an emergency department",
    "congregate": "group home, shelter or institution, in care",
    "foster": "foster home, kin or another home, in care",
    "runaway": "run away from care, or whereabouts unknown",
    "hold": "a short police hold that did not become a placement",
}
PLACED_KINDS = ("congregate", "foster", "runaway")  # nights in care after a removal that is no hold

# Why a child is no longer watched; where two fall on one day, the first of this list counts.
FOLLOW_UP_ENDS = {
    "death": "died",
    "age": "turned 21",
    "data_cut": "the records end",
    "disenrolled": "left Medicaid",
}

DIAGNOSIS_FAMILIES = {
    "suicidality": "suicidal thoughts",
    "self_harm": "self-harm or attempt",
    "psychosis": "psychosis",
    "mood": "depression and bipolar disorder",
    "anxiety_trauma": "anxiety, trauma and stress",
    "disruptive": "disruptive behavior and attention",
    "developmental": "developmental and intellectual",
    "substance": "substance use",
    "other_mental": "another mental disorder",
    "social": "family, school and other circumstances (Z codes)",
    "none": "no such diagnosis on the day's claims",
}

_CHILD = Column("child_id", "key", "The child, as in the episodes", required=True, identifying=True)

ED_VISITS = Table(
    "ed_visits",
    row="one emergency department visit: the claims of one child whose starts lie within a day of each other",
    key=("child_id", "visit"),
    derived=True,
    columns=(
        _CHILD,
        Column("visit", "count", "The child's visits in order, 1 the first", required=True, at_least=1),
        Column("from_on", "day", "Day of arrival", required=True),
        Column("to_on", "day", "Day on which the child left, or was admitted", required=True),
        Column("claims", "count", "Claims that were merged into the visit", required=True, at_least=1),
        Column("tier_a", "flag", "Principal diagnosis of mental illness (F01 to F09, F20 to F99)", required=True),
        Column("tier_b", "flag", "Tier A, or a principal diagnosis of substance use (F10 to F19)", required=True),
        Column("tier_c", "flag", "Tier B, or suicidal thoughts or self-harm in any position", required=True),
        Column("tier_d", "flag", "Any of these in any position", required=True),
        Column("injury", "flag", "Principal diagnosis of an injury that nobody meant", required=True),
        Column("diagnosis", "text", "Principal diagnosis: a behavioral one before another, the first claim's before a later one's"),
        Column("diagnosis_family", "code", "Family of that diagnosis", codes=DIAGNOSIS_FAMILIES, required=True),
        Column("control", "text", "Negative-control condition of the principal diagnosis (params/bh_codes.yml); empty for none"),
        Column("midnights_boarded", "count", "Midnights between arrival and leaving, where they make it boarding; else 0",
               unit="nights", required=True, at_least=0),
        Column("becomes_stay", "flag", "An admission began while the visit lasted or the day after: in dollars the stay alone counts",
               required=True),
        Column("is_index", "flag", "The visit, or one that touches it, is how an ed_first child came into the cohort: no outcome",
               required=True),
    ),
)  # fmt: skip

STAYS = Table(
    "stays",
    row="one stay of one child, from the first day to the last, across transfers and interim bills of its kind",
    key=("child_id", "kind", "from_on"),
    derived=True,
    columns=(
        _CHILD,
        Column("kind", "code", "Kind of stay", codes=STAY_KINDS, required=True),
        Column("from_on", "day", "First day", required=True),
        Column("to_on", "day", "Last day", required=True),
        Column("nights", "count", "Midnights between the two", unit="nights", required=True, at_least=0),
        Column("behavioral", "flag", "A claim of the stay has a diagnosis of tier C", required=True),
        Column("bridged", "count", "Claims that were bridged into the first: 0 for a stay of one claim", required=True,
               at_least=0),
    ),
)  # fmt: skip

REMOVALS = Table(
    "removals",
    row="one removal of one child from home, to the end of its last living arrangement",
    key=("child_id", "removed_on"),
    derived=True,
    columns=(
        _CHILD,
        Column("removed_on", "day", "Day of removal", required=True),
        Column("ended_on", "day", "Last day of the last arrangement away from home; empty while it lasts"),
        Column("is_hold", "flag", "A short police hold (48 hours or less): no placement", required=True),
        Column("first_setting", "code", "Where the child went first", codes=LIVING_SITUATIONS, required=True),
        Column("moves", "count", "Changes of the living arrangement", required=True, at_least=0),
        Column("first_stricter_on", "day", "First move to a more restrictive setting; empty for none"),
        Column("nights", "count", "Nights away from home, to the end of the records", unit="nights", required=True, at_least=0),
        Column("congregate_nights", "count", "Of these, in a group home, shelter, institution or hospital", unit="nights",
               required=True, at_least=0),
    ),
)  # fmt: skip

NIGHTS_AWAY = Table(
    "nights_away",
    row="one child and span of nights of one kind; the spans of a child never overlap",
    key=("child_id", "from_on"),
    derived=True,
    columns=(
        _CHILD,
        Column("from_on", "day", "Day before the first night", required=True),
        Column("to_on", "day", "Day after the last night", required=True),
        Column("kind", "code", "Where, by precedence", codes=NIGHT_KINDS, required=True),
        Column("nights", "count", "Midnights between the two", unit="nights", required=True, at_least=1),
    ),
)


def _prior(name: str, means: str, unit: str = "", *, absent: str = "") -> Column:
    empty = f"; empty where the study has no {absent}" if absent else ""
    return Column(
        name, "count", f"{means}; the index day is not in it{empty}", unit=unit, required=not absent, at_least=0
    )


COHORT = Table(
    "cohort",
    row="one child in the study: the first eligible crisis, as it stood at the first response",
    key=("child_id",),
    derived=True,
    columns=(
        _CHILD,
        Column("index_on", "day", "Time zero: the day of the first response", required=True),
        Column("arm", "code", "Who responded first", codes=ARMS, required=True),
        Column("site_id", "text", "The site that covers the county of residence on the index day, in both arms", required=True),
        Column("county_fips", "text", "County of residence on the index day", required=True, pattern=r"\d{5}"),
        Column("age_years", "number", "Age on the index day", unit="years", required=True, at_least=0, at_most=21),
        Column("sex", "code", "The child's sex", codes=SEXES),
        Column("race_ethnicity", "code", "The child's race and ethnicity", codes=RACES),
        Column("eligibility_group", "text", "Eligibility group in the month of the index day"),
        Column("months_enrolled_before", "count", "Months with enrollment among the 24 before the month of the index day",
               unit="months", required=True, at_least=0, at_most=24),
        Column("diagnosis_family", "code", "Gravest family of diagnoses on the claims of the index day",
               codes=DIAGNOSIS_FAMILIES, required=True),
        Column("in_common_band", "flag", "The family is one that both arms see (study.yml, cohort: common_band)", required=True),
        _prior("prior_ed_30", "Emergency department visits of any kind in the 30 days before"),
        _prior("prior_ed_180", "The same in the 180 days before"),
        _prior("prior_ed_365", "The same in the 365 days before"),
        _prior("prior_bh_ed_30", "Of these, behavioral (the study's tier), in the 30 days before"),
        _prior("prior_bh_ed_180", "The same in the 180 days before"),
        _prior("prior_bh_ed_365", "The same in the 365 days before"),
        _prior("prior_inpatient_nights_365", "Behavioral hospital nights in the 365 days before", "nights"),
        _prior("prior_residential_nights_365", "Nights in residential treatment in the 365 days before", "nights"),
        _prior("prior_placement_nights_365", "Nights placed in care in the 365 days before, without holds", "nights", absent="placements"),
        _prior("prior_detention_nights_365", "Nights in detention in the 365 days before", "nights", absent="detentions"),
        _prior("prior_outpatient_180", "Days with an outpatient behavioral visit in the 180 days before", "days"),
        Column("prior_cost_365_usd", "number", "Paid by Medicaid or its plan in the 365 days before; the index day is not in it",
               unit="US dollars", required=True),
        Column("in_foster_care", "flag", "In care after a removal on the day before the index day; empty where the study has no placements"),
    ),
)  # fmt: skip

_DAY = "in days after the index day, which is day 0; empty where it was not seen while the child was watched"

FOLLOW_UP = Table(
    "follow_up",
    row="one child of the cohort: how long watched, and the day of each first event",
    key=("child_id",),
    derived=True,
    columns=(
        _CHILD,
        Column("followed_days", "count", "Last day on which the child was watched; the index day is day 0", unit="days",
               required=True, at_least=0),
        Column("ended_by", "code", "Why no longer", codes=FOLLOW_UP_ENDS, required=True),
        Column("first_bh_ed_day", "count", f"First behavioral ED visit that is not the index visit, {_DAY}", unit="days", at_least=0),
        Column("first_inpatient_day", "count", f"First behavioral admission, {_DAY}", unit="days", at_least=0),
        Column("first_residential_day", "count", f"First day in residential treatment, {_DAY}", unit="days", at_least=0),
        Column("first_placement_day", "count", f"First removal from home that is no hold, {_DAY}", unit="days", at_least=0),
        Column("first_stricter_day", "count", f"First move in care to a more restrictive setting, {_DAY}", unit="days", at_least=0),
        Column("first_detention_day", "count", f"First booking, {_DAY}", unit="days", at_least=0),
        Column("death_day", "count", f"Day of death, {_DAY}", unit="days", at_least=0),
    ),
)  # fmt: skip


def _in_month(name: str, means: str, unit: str = "", *, absent: str = "") -> Column:
    empty = f"; empty where the study has no {absent}" if absent else ""
    return Column(name, "count", f"{means}{empty}", unit=unit, required=not absent, at_least=0)


FOLLOW_UP_MONTHS = Table(
    "follow_up_months",
    row="one child of the cohort and one month of 30 days after the index day, for as long as the child was watched",
    key=("child_id", "month"),
    derived=True,
    columns=(
        _CHILD,
        Column("month", "count", "Month 0 holds days 0 to 29; the last one ends with the day before the horizon", required=True, at_least=0),
        _in_month("watched_days", "Days of the month on which the child was watched", "days"),
        _in_month("enrolled_days", "Of these, days enrolled", "days"),
        _in_month("bh_ed_visits", "Behavioral ED visits without the index visit"),
        _in_month("bh_ed_visits_without_stay", "Of these, those that did not become a stay: the ones that have a price of their own"),
        _in_month("ed_visits", "ED visits of any kind without the index visit"),
        _in_month("inpatient_nights", "Behavioral hospital nights", "nights"),
        _in_month("residential_nights", "Nights in residential treatment", "nights"),
        _in_month("boarding_nights", "Nights of waiting in an emergency department", "nights"),
        _in_month("placement_nights", "Nights placed in care, without holds", "nights", absent="placements"),
        _in_month("congregate_nights", "Of these, in a group home, shelter or institution", "nights", absent="placements"),
        _in_month("detention_nights", "Nights in detention", "nights", absent="detentions"),
        _in_month("hold_nights", "Nights of a short police hold", "nights", absent="placements"),
        _in_month("nights_away", "All nights away from home: the sum of the parts that the study has", "nights"),
        Column("ed_cost_usd", "number", "Paid for ED visits that became no stay", unit="US dollars", required=True),
        Column("inpatient_cost_usd", "number", "Paid for hospital stays, with the ED visits that became one", unit="US dollars", required=True),
        Column("residential_cost_usd", "number", "Paid for residential treatment by Medicaid", unit="US dollars", required=True),
        Column("crisis_cost_usd", "number", "Paid for crisis response and stabilization", unit="US dollars", required=True),
        Column("other_cost_usd", "number", "Paid for all other claims", unit="US dollars", required=True),
        Column("placement_cost_usd", "number", "Daily rate of child welfare times the nights at it; empty where the study has no placements",
               unit="US dollars"),
        Column("cost_usd", "number", "The sum of the parts that the study has, all from time zero on, in both arms", unit="US dollars", required=True),
    ),
)  # fmt: skip

COUNTY_MONTHS = Table(
    "county_months",
    row="one county and calendar month, with or without a site",
    key=("county_fips", "month_on"),
    derived=True,
    columns=(
        Column("county_fips", "text", "The county of residence", required=True, pattern=r"\d{5}"),
        Column("month_on", "day", "First day of the month", required=True),
        Column("children", "count", "Children enrolled on any day of the month; residents where there is no enrollment",
               unit="children", at_least=0),
        Column("bh_ed_visits", "count", "Behavioral ED visits (the study's tier) that began in the month", counts_children=True, at_least=0),
        Column("injury_ed_visits", "count", "ED visits for an injury nobody meant that began in the month", counts_children=True, at_least=0),
        Column("removals", "count", "Removals from home without holds", counts_children=True, at_least=0),
        Column("bookings", "count", "Bookings into detention", counts_children=True, at_least=0),
        Column("site_live_days", "count", "Days of the month on which a site covered the county", unit="days", required=True,
               at_least=0, at_most=31),
    ),
)  # fmt: skip

ATTRITION = Table(
    "attrition",
    row="one step from all crises to the cohort, in order",
    key=("step",),
    derived=True,
    columns=(
        Column("step", "count", "1 is where it begins", required=True, at_least=1),
        Column("rule", "text", "Name of the step", required=True),
        Column("why", "text", "The reason in words", required=True),
        Column("crises_left_out", "count", "Crises left out at this step", counts_children=True, required=True, at_least=0),
        Column("crises", "count", "Crises that remain", counts_children=True, required=True, at_least=0),
        Column("children", "count", "Children who remain", counts_children=True, required=True, at_least=0),
        Column("mobile_first", "count", "Of the crises that remain, mobile first", counts_children=True, required=True, at_least=0),
        Column("ed_first", "count", "Of the crises that remain, ED first", counts_children=True, required=True, at_least=0),
        Column("marked_only", "flag", "The crises stay in the cohort and are marked, not left out", required=True),
    ),
)  # fmt: skip

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        EPISODES,
        SITES,
        SITE_COUNTIES,
        POPULATION,
        CONTACTS,
        SCALES_TABLE,
        REFERRALS,
        CALLS,
        STAFF,
        TRAINING,
        OUTREACH,
        READINESS,
        SATISFACTION,
        SITE_HOURS,
        STAFFING,
        CHILDREN,
        CROSSWALK,
        CLAIMS,
        ENROLLMENT,
        ENROLLMENT_SPANS,
        ENROLLMENT_YEARS,
        PLACEMENTS,
        DETENTIONS,
        COUNTY_COUNTS,
        LINKAGE_TABLE,
        ED_VISITS,
        STAYS,
        REMOVALS,
        NIGHTS_AWAY,
        COHORT,
        FOLLOW_UP,
        FOLLOW_UP_MONTHS,
        COUNTY_MONTHS,
        ATTRITION,
        MEASURES_TABLE,
        PROBLEMS_TABLE,
        EFFECTS_TABLE,
        SAVINGS_TABLE,
        UTILIZATION_TABLE,
    )
}
# What a source may be mapped to; and of these, what stands in data/processed/ under its own name.
SENT = {name: table for name, table in TABLES.items() if not table.derived}
RECEIVED = {name: table for name, table in SENT.items() if not table.becomes}
REQUIRED_TABLES = ("episodes", "sites")
