"""Claims as agencies send them: versions, voids, denials, premiums, payments of whole claims, headers beside lines, impossible days."""

import datetime

import pandas as pd
import pytest
from linked import COLUMNS, as_csv, episodes, mapping, taken_in

from analysis.intake.raw import IntakeError

EMPTY = dict.fromkeys(COLUMNS["claims"], "")
PLAIN = {
    **EMPTY, "line": "1", "child_id": "17", "file_type": "other", "service_from_on": "2025-03-01", "procedure_code": "99284",
    "paid_usd": "100", "claim_action": "original", "adjudicated_on": "2025-04-01", "claim_status": "paid", "line_status": "paid",
}  # fmt: skip


def line(claim: str, **said: str) -> str:
    """One line of a claim: plain, but for what is said."""
    return ",".join({**PLAIN, "claim_id": claim, **said}.values())


def settled(tmp_path, *lines: str, **said: object) -> pd.DataFrame:
    """The rows of claims with their fates."""
    files = {"episodes.csv": episodes("K-1"), "claims.csv": as_csv("claims", *lines)}
    extract, folder = taken_in(tmp_path, mapping("claims", **said), files)
    assert len(pd.read_parquet(folder / "claims.parquet")) == extract.tables["claims"].rows["fate"].eq("accepted").sum()
    return extract.tables["claims"].rows


CHANGED = {"claim_action": "replacement", "original_claim_id": "C1", "adjudicated_on": "2025-05-01"}
VOID = {"claim_action": "void", "original_claim_id": "C1", "adjudicated_on": "2025-06-01"}
REPLACED = "replaced by a later version of the claim"
VOIDED = "voided: the last version takes the claim back"


@pytest.mark.parametrize(("lines", "reasons"), [
    # Nothing happens to a claim that stands alone.
    ([line("C1")], [""]),
    # A replacement under a number of its own: only its lines count, all of them.
    ([line("C1"), line("C1", line="2"), line("C2", **CHANGED)], [REPLACED, REPLACED, ""]),
    # The order in the file makes no difference.
    ([line("C2", **CHANGED), line("C1")], ["", REPLACED]),
    # A void takes back the claim and its replacement, itself included.
    ([line("C1"), line("C2", **CHANGED), line("C3", **VOID)], [VOIDED, VOIDED, VOIDED]),
    # Replaced again: the last of three, chained one to the other.
    ([line("C1"), line("C2", **CHANGED), line("C3", **{**CHANGED, "original_claim_id": "C2", "adjudicated_on": "2025-06-01"})],
     [REPLACED, REPLACED, ""]),
    # Voided, then sent anew under the same family: the last version is no void.
    ([line("C1"), line("C2", **{**VOID, "adjudicated_on": "2025-05-01"}), line("C3", **{**CHANGED, "adjudicated_on": "2025-06-01"})],
     [REPLACED, REPLACED, ""]),
    # Taken back and paid anew on one day, or with no day at all: the replacement is the last word. A void alone is too.
    ([line("C1"), line("C2", **{**VOID, "adjudicated_on": "2025-04-01"}), line("C3", **{**CHANGED, "adjudicated_on": "2025-04-01"})],
     [REPLACED, REPLACED, ""]),
    ([line("C1", adjudicated_on=""), line("C3", **{**CHANGED, "adjudicated_on": ""}), line("C2", **{**VOID, "adjudicated_on": ""})],
     [REPLACED, "", REPLACED]),
    ([line("C2", **{**CHANGED, "adjudicated_on": "2025-04-01"}), line("C1")], ["", REPLACED]),
    ([line("C2", **{**VOID, "adjudicated_on": "2025-04-01"}), line("C1")], [VOIDED, VOIDED]),
    # Versions that keep the claim's number: told apart by the day of their decision.
    ([line("C1"), line("C1", paid_usd="80", claim_action="replacement", adjudicated_on="2025-05-01")], [REPLACED, ""]),
    # Versions that share the number of the family and are told apart by their own.
    ([line("A", original_claim_id="F"), line("B", original_claim_id="F", adjudicated_on="2025-05-01")], [REPLACED, ""]),
    # A void of a claim that the extract does not hold stands for no service.
    ([line("C9", **VOID)], [VOIDED]),
    # The number of another child's claim links nothing.
    ([line("C1"), line("C2", **{**CHANGED, "child_id": "18"})], ["", ""]),
    # Denied as a whole, or in one line.
    ([line("C1", claim_status="denied"), line("C2", line_status="denied"), line("C2", line="2")],
     ["the claim was denied", "the line was denied", ""]),
    # A replacement that was denied leaves nothing paid.
    ([line("C1"), line("C2", **{**CHANGED, "claim_status": "denied"})], [REPLACED, "the claim was denied"]),
    # Premiums, gross adjustments and payments for nobody are no services.
    ([line("C1", payment_kind="capitation"), line("C2", payment_kind="other"), line("C3", claim_action="amount_only")],
     ["a plan's premium, no service", "a payment for no one child's service", "an amount without a service (a credit or gross adjustment)"]),
    # The same line again, and another line under its number.
    ([line("C1"), line("C1"), line("C1", paid_usd="7")],
     ["", "the same row again, with the same claim_id and line", "claim_id and line already used by an earlier row that says something else"]),
    # Impossible days.
    ([line("C1", service_to_on="2025-02-28"), line("C2", service_to_on="2025-03-01")], ["service_to_on comes before service_from_on", ""]),
    ([line("C1", service_from_on="2026-12-31"), line("C2", service_from_on="2027-01-02")],
     ["", "service_from_on is later than these files can know"]),
])  # fmt: skip
def test_each_claim_ends_as_its_last_version_says(lines, reasons, tmp_path):
    assert settled(tmp_path, *lines)["reason"].tolist() == reasons


def test_what_is_set_aside_is_counted_by_its_reason(tmp_path):
    files = {
        "episodes.csv": episodes("K-1"),
        "claims.csv": as_csv("claims", line("C1"), line("C2", **CHANGED), line("C3", claim_status="denied")),
    }
    _, folder = taken_in(tmp_path, mapping("claims"), files)
    problems = pd.read_csv(folder / "problems.csv").set_index("problem")["raw"]
    assert problems[f"claim lines set aside: {REPLACED}"] == 1
    assert problems["claim lines set aside: the claim was denied"] == 1
    rejected = pd.read_parquet(folder / "rejected" / "claims.parquet")
    assert rejected["fate"].tolist() == ["set aside", "set aside"]
    assert "original_claim_id" not in rejected


def test_days_outside_those_that_the_files_cover_are_rejected(tmp_path):
    source = mapping("claims")
    source["tables"]["claims"]["covers"] = {"from": datetime.date(2024, 7, 1), "to": datetime.date(2025, 12, 31)}
    days = ["2024-06-30", "2024-07-01", "2025-12-31", "2026-01-01"]
    files = {
        "episodes.csv": episodes("K-1"),
        "claims.csv": as_csv("claims", *(line(f"C{n}", service_from_on=day) for n, day in enumerate(days))),
    }
    extract, _ = taken_in(tmp_path, source, files)
    assert extract.tables["claims"].rows["fate"].tolist() == ["rejected", "accepted", "accepted", "rejected"]


def test_service_before_the_child_was_born_is_rejected(tmp_path):
    files = {
        "episodes.csv": episodes("K-1"),
        "claims.csv": as_csv(
            "claims", *(line(f"C{day}", service_from_on=f"2025-03-{day}") for day in ("08", "09", "10"))
        ),
        "children_dispatch.csv": as_csv("children"),
        "children_medicaid.csv": as_csv("children", "17,A,B,2025-03-10,"),
    }
    extract, _ = taken_in(tmp_path, mapping("claims", "children"), files)
    # The day before may be a birth at midnight.
    assert extract.tables["claims"].rows["fate"].tolist() == ["rejected", "accepted", "accepted"]


def test_an_encounter_paid_nothing_keeps_its_equivalent_and_is_counted(tmp_path):
    encounter = {"payment_kind": "encounter", "paid_usd": "0"}
    files = {"episodes.csv": episodes("K-1"), "claims.csv": as_csv(
        "claims", line("C1", **encounter, ffs_equivalent_usd="240.50"), line("C2", **encounter), line("C3"))}  # fmt: skip
    _, folder = taken_in(tmp_path, mapping("claims"), files)
    claims = pd.read_parquet(folder / "claims.parquet")
    assert claims["paid_usd"].tolist() == [0, 0, 100]
    assert claims["ffs_equivalent_usd"].fillna(-1).tolist() == [240.5, -1, -1]
    problems = pd.read_csv(folder / "problems.csv").set_index("problem")
    found = problems.loc["encounter lines paid 0, kept; left are those without a fee-for-service equivalent"]
    assert (found["raw"], found["left"]) == (2, 1)


def test_the_payment_of_a_whole_claim_stands_at_its_first_line_that_counts(tmp_path):
    whole = {"payment_level": "claim", "claim_paid_usd": "900", "paid_usd": ""}
    rows = settled(
        tmp_path, line("C1", **whole, line_status="denied"), line("C1", line="3", **whole), line("C1", line="2", **whole),
        line("C2", payment_level="line", claim_paid_usd="900", paid_usd="5"),
    )  # fmt: skip
    accepted = rows[rows["fate"].eq("accepted")].set_index(["claim_id", "line"])["paid_usd"]
    assert accepted.to_dict() == {("C1", 2): 900, ("C1", 3): 0, ("C2", 1): 5}


# --- headers beside lines --------------------------------------------------------------------------------------------


def joined_source() -> dict:
    columns = {
        "claim_id": {"from": "Claim"}, "line": {"from": "Line"}, "child_id": {"from": "Member"}, "file_type": {"constant": "other"},
        "service_from_on": {"first_of": [{"from": "Day"}, {"from": "header.Day"}]}, "place_of_service": {"from": "POS"},
    }  # fmt: skip
    source = mapping()
    source["tables"]["claims"] = {
        "files": "lines.csv", "join": {"files": "headers.csv", "by": "Claim"}, "columns": columns,
    }  # fmt: skip
    return source


HEADERS = "Claim,Member,Day,POS\nC1,17,2025-03-01,23\nC2,17,2025-03-02,11\n"
LINES = "Claim,Line,Day\nC1,1,2025-03-05\nC1,2,\nC2,1,\n"


def joined(tmp_path, headers: str = HEADERS, lines: str = LINES) -> tuple[pd.DataFrame, pd.DataFrame]:
    extract, folder = taken_in(
        tmp_path, joined_source(), {"episodes.csv": episodes("K-1"), "headers.csv": headers, "lines.csv": lines}
    )
    receipts = pd.read_csv(folder / "receipts.csv").set_index("file")
    assert receipts["rows_read"].eq(receipts[["accepted", "rejected", "set_aside"]].sum(axis=1)).all()
    return extract.tables["claims"].rows, receipts


def test_each_line_has_what_its_header_says_and_its_own_day_first(tmp_path):
    rows, receipts = joined(tmp_path)
    assert rows["service_from_on"].dt.day.tolist() == [5, 1, 2]
    assert rows["place_of_service"].tolist() == ["23", "23", "11"]
    assert receipts.loc["headers.csv", ["rows_read", "accepted"]].tolist() == [2, 2]


@pytest.mark.parametrize(("headers", "lines", "fates", "header_counts"), [
    # A line whose claim has no header.
    (HEADERS, LINES + "C3,1,\n", ["accepted"] * 3 + ["rejected"], [2, 2, 0, 0]),
    # A header without lines.
    (HEADERS + "C4,17,2025-03-02,11\n", LINES, ["accepted"] * 3, [3, 2, 1, 0]),
    # The same header twice.
    (HEADERS + "C1,17,2025-03-01,23\n", LINES, ["accepted"] * 3, [3, 2, 0, 1]),
    # The same header again, its member's key without the zeros.
    (HEADERS.replace("C1,17", "C1,0017") + "C1,17,2025-03-01,23\n", LINES, ["accepted"] * 3, [3, 2, 0, 1]),
    # Two headers of one claim that differ: nobody can tell which one counts.
    (HEADERS + "C1,17,2025-03-09,23\n", LINES, ["accepted", "rejected", "rejected"], [3, 1, 2, 0]),
    # A header without a number, one with a field too few.
    (HEADERS + ",17,2025-03-09,23\nC5,17\n", LINES, ["accepted"] * 3, [4, 2, 2, 0]),
])  # fmt: skip
def test_headers_and_lines_that_do_not_fit_are_counted_in_both_files(headers, lines, fates, header_counts, tmp_path):
    rows, receipts = joined(tmp_path, headers, lines)
    assert sorted(rows["fate"]) == sorted(fates)
    assert receipts.loc["headers.csv", ["rows_read", "accepted", "rejected", "set_aside"]].tolist() == header_counts


def test_a_column_that_neither_file_has_is_named(tmp_path):
    with pytest.raises(
        IntakeError, match=r'lines\.csv: neither it nor its header file has the column "POS" \(did you mean "P0S"'
    ):
        joined(tmp_path, HEADERS.replace("POS", "P0S"))


def test_header_files_that_are_not_there_are_named(tmp_path):
    with pytest.raises(IntakeError, match=r'tables\.claims\.join\.files: "headers\.csv" matches no file'):
        taken_in(tmp_path, joined_source(), {"episodes.csv": episodes("K-1"), "lines.csv": LINES})
