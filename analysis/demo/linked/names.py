"""Names of the linked state's raw files."""

TABLES = (
    "medicaid_children", "medicaid_enrollment", "ot_header", "ot_line", "ip_header", "ip_line", "lt_header", "lt_line", "placements", "detentions", "crosswalk", "county_counts",
)  # fmt: skip
LINKED_FILES = tuple(f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet"))
