"""Names of the linked state's raw files."""

TABLES = (
    "medicaid_children", "medicaid_enrollment", "claims_ot_header", "claims_ot_line", "claims_ip_header", "claims_ip_line",
    "claims_lt_header", "claims_lt_line", "placements", "detentions", "crosswalk", "county_months",
)  # fmt: skip
LINKED_FILES = tuple(f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet"))
