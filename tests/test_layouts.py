"""The mappings that ship: every one of the contract, and each read from a small file with the columns that it names."""

import shutil

import pandas as pd
import pytest
from linked import episodes, mapping, taken_in, write_study

from analysis.intake.layouts import Layout
from analysis.intake.source import read_source
from analysis.params import ROOT, ParamsError, read_record
from analysis.tables import SENT

LAYOUTS = sorted(path.stem for path in (ROOT / "params" / "sources").glob("*.yml"))


def workspace(tmp_path):
    shutil.copytree(ROOT / "params" / "sources", tmp_path / "params" / "sources")
    return tmp_path


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_fits_the_contract(name, tmp_path):
    layout = read_record(ROOT / "params" / "sources" / f"{name}.yml", Layout)
    table = {"layout": name, "files": "x.csv"} | ({"join": {"files": "y.csv"}} if "join" in layout.mapping else {})
    source = mapping()
    source["tables"][layout.table] = table
    write_study(workspace(tmp_path), source, {})
    columns = read_source("state", root=tmp_path).tables[layout.table].columns
    assert {column.name for column in SENT[layout.table].columns if column.required} <= set(columns)


# One ED visit: a facility claim of two lines, paid line by line, and a physician's encounter paid nothing.
OT_HEADERS = pd.DataFrame({
    "OT_LINK_KEY": ["L1", "L2"], "MSIS_IDENT_NUM": ["0017", "17"], "ORGNL_CLM_NUM": ["F1", "F2"], "ADJDCTN_DT": ["2025-04-01", "2025-04-02"],
    "SRVC_BGNNG_DT": ["2025-03-01", "2025-03-01"], "SRVC_ENDG_DT": ["2025-03-02", "2025-03-01"], "ADJSTMT_IND": ["0", "0"],
    "CLM_TYPE_CD": ["1", "3"], "PYMT_LVL_IND": ["2", "2"], "BILL_TYPE_CD": ["0131", None], "SRVC_PLC_CD": [None, "23"],
    "DGNS_1_CD": ["F329", "F329"], "DGNS_2_CD": ["R45851", None], "TOT_MDCD_PD_AMT": [650.0, 0.0],
})  # fmt: skip
OT_LINES = pd.DataFrame({
    "OT_LINK_KEY": ["L1", "L1", "L2"], "LINE_NUM": [1, 2, 1], "SRVC_BGNNG_DT": ["2025-03-01", None, "2025-03-01"],
    "SRVC_ENDG_DT": ["2025-03-01", None, "2025-03-01"], "REV_CD": ["0450", "0300", None], "PRCDR_CD": ["99284", "80053", "99284"],
    "MDCD_PD_AMT": [600.0, 50.0, 0.0], "MDCD_FFS_EQUIV_AMT": [None, None, 95.0], "CLL_STUS_CD": ["1", "542", "1"],
    "ORGNL_CLM_NUM": ["F1", "F1", "F2"], "ADJDCTN_DT": ["2025-04-01", "2025-04-01", "2025-04-02"],
})  # fmt: skip


def test_taf_other_services_are_read_from_header_and_line_files(tmp_path):
    source = mapping()
    source["tables"]["claims"] = {
        "parts": [{"layout": "tmsis_ot", "files": "otl_*.parquet", "join": {"files": "oth_*.parquet"}}]
    }
    files = {"episodes.csv": episodes("K-1"), "oth_2025.parquet": OT_HEADERS, "otl_2025.parquet": OT_LINES}
    _, folder = taken_in(workspace(tmp_path), source, files)
    claims = pd.read_parquet(folder / "claims.parquet")
    assert claims[["line", "file_type", "procedure_code", "paid_usd", "payment_kind"]].to_numpy().tolist() == [
        [1, "other", "99284", 600.0, "fee_for_service"], [1, "other", "99284", 0.0, "encounter"],
    ]  # fmt: skip
    assert claims["ffs_equivalent_usd"].fillna(0).tolist() == [0, 95]
    assert set(claims["child_id"]) == {2}
    rejected = pd.read_parquet(folder / "rejected" / "claims.parquet")
    assert rejected["reason"].tolist() == ["the line was denied"]


def test_taf_inpatient_and_long_term_care_stand_beside_other_services_in_one_table(tmp_path):
    header = {"MSIS_IDENT_NUM": "17", "ORGNL_CLM_NUM": "F", "ADJDCTN_DT": "2025-04-01", "ADJSTMT_IND": "0", "CLM_TYPE_CD": "1",
              "PYMT_LVL_IND": "1", "BILL_TYPE_CD": "0111", "PTNT_STUS_CD": "01", "ADMSN_DT": "2025-03-03", "DSCHRG_DT": "2025-03-09",
              "SRVC_BGNNG_DT": "2025-03-03", "SRVC_ENDG_DT": "2025-03-31", "DRG_CD": "885", "TOT_MDCD_PD_AMT": "7000", "ADMTG_DGNS_CD": "R45851",
              **{f"DGNS_{n}_CD": f"F3{n}" for n in range(1, 13)}}  # fmt: skip
    line = {"LINE_NUM": "1", "SRVC_BGNNG_DT": "2025-03-04", "SRVC_ENDG_DT": "2025-03-04", "REV_CD": "0124", "MDCD_PD_AMT": "0",
            "MDCD_FFS_EQUIV_AMT": "", "CLL_STUS_CD": "1", "ORGNL_CLM_NUM": "F", "ADJDCTN_DT": "2025-04-01"}  # fmt: skip
    files, parts = {"episodes.csv": episodes("K-1")}, []
    for kind in ("ip", "lt"):
        key = f"{kind.upper()}_LINK_KEY"
        files[f"{kind}_h.csv"] = pd.DataFrame([{key: f"{kind}1", **header, "ORGNL_CLM_NUM": kind}])
        files[f"{kind}_l.csv"] = pd.DataFrame([{key: f"{kind}1", **line, "LINE_NUM": n} for n in (1, 2)])
        parts.append({"layout": f"tmsis_{kind}", "files": f"{kind}_l.csv", "join": {"files": f"{kind}_h.csv"}})
    source = mapping()
    source["tables"]["claims"] = {"parts": parts}
    _, folder = taken_in(workspace(tmp_path), source, files)
    claims = pd.read_parquet(folder / "claims.parquet")
    shown = claims.assign(first=claims["service_from_on"].dt.day, last=claims["service_to_on"].dt.day)
    assert shown[["file_type", "line", "first", "last", "paid_usd"]].to_numpy().tolist() == [
        ["inpatient", 1, 3, 9, 7000.0], ["inpatient", 2, 3, 9, 0.0],      # the admission's days, its payment once
        ["long_term", 1, 3, 31, 7000.0], ["long_term", 2, 3, 31, 0.0],    # the bill's days
    ]  # fmt: skip
    assert claims["other_diagnoses"].tolist()[0] == "|".join([f"F3{n}" for n in range(3, 13)] + ["R45851"])


def test_a_flat_837_is_read_with_the_state_s_own_headers_over_it(tmp_path):
    header = ["PAYER_CLAIM_CONTROL_NUMBER", "LX01", "MemberNo", "FILE_TYPE", "DTP_472", "DTP_434", "DTP_472_END", "HI_ABK", "SV_PROCEDURE",
              "SV105", "BILL_TYPE", "CL103", "CLM05_3", "REF_F8", "BPR16", "CLP02", "SVC03", "CLP04", "SV201", "HI_ABJ",
              *(f"HI_ABF_{n}" for n in range(1, 12))]  # fmt: skip
    rows = [
        ["P1", "1", "17", "P", "20250301", "", "", "F329", "99284", "23", "", "", "1", "", "20250401", "1", "90", "90", "", ""],
        ["P2", "1", "17", "P", "20250301", "", "", "F329", "99285", "23", "", "", "7", "P1", "20250501", "1", "120", "120", "", ""],
        ["P3", "1", "17", "I", "", "20250302", "20250304", "F329", "", "", "111", "01", "1", "", "20250401", "4", "0", "0", "0124", ""],
    ]  # fmt: skip
    source = mapping()
    source["tables"]["claims"] = {
        "layout": "x12_837_flat",
        "files": "837.csv",
        "columns": {"child_id": {"from": "MemberNo"}},
    }
    files = {
        "episodes.csv": episodes("K-1"),
        "837.csv": pd.DataFrame([row + [""] * 11 for row in rows], columns=header),
    }
    extract, folder = taken_in(workspace(tmp_path), source, files)
    assert extract.tables["claims"].rows["fate"].tolist() == ["set aside", "accepted", "set aside"]
    assert pd.read_parquet(folder / "claims.parquet")[["procedure_code", "paid_usd"]].to_numpy().tolist() == [
        ["99285", 120.0]
    ]


AFCARS = ["E4", "E69", "E112", "E113", "E115", "E117", "E119", "E120", "E121", "E153", "E155"]


@pytest.mark.parametrize(("said", "setting"), [
    ({"E113": "1"}, "foster"),
    ({"E113": "1", "E115": "1"}, "treatment_foster"),
    ({"E113": "1", "E117": "1"}, "kin"),
    ({"E113": "1", "E119": "1", "E115": "0"}, "kin"),
    *(({"E120": code}, setting) for setting, codes in {
        "group_home": "1 2 3 7", "residential": "4 5 6", "other": "8", "detention": "9", "hospital": "10 11", "runaway": "12 13",
        "family": "14"}.items() for code in codes.split()),
    ({"E121": "4"}, "runaway"),
    ({"E121": "1"}, None),           # in the state, and nothing says in what
    ({"E120": "77"}, None),          # no code of AFCARS
])  # fmt: skip
def test_afcars_elements_give_one_setting(said, setting, tmp_path):
    row = {**dict.fromkeys(AFCARS, ""), "E4": "5", "E112": "2025-03-01", "E113": "0", **said}
    source = mapping()
    source["tables"]["placements"] = {"layout": "afcars_2020", "files": "afcars.csv"}
    extract, _ = taken_in(
        workspace(tmp_path), source, {"episodes.csv": episodes("K-1"), "afcars.csv": pd.DataFrame([row])}
    )
    rows = extract.tables["placements"].rows
    assert rows["setting"].fillna("").tolist() == [setting or ""]
    assert rows["fate"].tolist() == ["accepted" if setting else "rejected"]


def test_an_arrangement_ends_with_the_next_one_or_with_the_exit_and_the_last_report_counts(tmp_path):
    plain = {**dict.fromkeys(AFCARS, ""), "E4": "5", "E69": "2025-03-01", "E113": "1"}
    first = [{**plain, "E112": "2025-03-01"}, {**plain, "E112": "2025-04-10"}]
    second = [
        {**plain, "E112": "2025-04-10", "E153": "2025-06-01", "E155": "1"},
        {**plain, "E4": "6", "E112": "2025-05-05"},
    ]
    source = mapping()
    source["tables"]["placements"] = {"layout": "afcars_2020", "files": "afcars_*.csv"}
    files = {
        "episodes.csv": episodes("K-1"),
        "afcars_2025A.csv": pd.DataFrame(first),
        "afcars_2025B.csv": pd.DataFrame(second),
    }
    extract, folder = taken_in(workspace(tmp_path), source, files)
    assert extract.tables["placements"].rows["reason"].tolist() == ["", "a later file says it anew", "", ""]
    placements = pd.read_parquet(folder / "placements.parquet")
    days = placements[["from_on", "to_on"]].apply(lambda column: column.dt.strftime("%m-%d"))
    assert days.fillna("").to_numpy().tolist() == [["03-01", "04-10"], ["04-10", "06-01"], ["05-05", ""]]
    assert placements["exit_reason"].fillna("").tolist() == ["", "reunified", ""]


@pytest.mark.parametrize(("table", "says"), [
    ({"layout": "tmsis_to", "files": "x.csv"}, '"tmsis_to" is not a layout of params/sources/ (did you mean "tmsis_ot"?)'),
    ({"layout": "afcars_2020", "files": "x.csv"}, '"afcars_2020" is for the table placements'),
    ({"layout": "tmsis_ot", "files": "x.csv"}, '"join" needs "files"'),
    ({"layout": "x12_837_flat", "files": "x.csv", "columns": {"claim_id": None}}, "claim_id is missing; every row needs it"),
    ({"layout": "x12_837_flat", "files": "x.csv", "columns": {"clam_id": {"from": "A"}}}, '"clam_id" is not a column that can be mapped'),
])  # fmt: skip
def test_a_layout_that_cannot_be_used_so_is_refused(table, says, tmp_path):
    source = mapping()
    source["tables"]["claims"] = table
    write_study(workspace(tmp_path), source, {})
    with pytest.raises(ParamsError) as refusal:
        read_source("state", root=tmp_path)
    assert says in str(refusal.value)
