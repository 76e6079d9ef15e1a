"""How long the derived tables take at 10^6, 10^7 and 10^8 lines of claims, and how plain pandas fares where it still fits.

    python -m tests.bench.cohort_scale 1e6 1e7 1e8 [--pandas]

Claims are drawn by DuckDB into Parquet in the system's folder for temporary files (a hundred lines a child over six years), and the
derived tables are worked out as make does, in a process of its own whose largest memory is read from the system. With --pandas
sizes up to 10^7 are also done by tests/bench/cohort_in_pandas.py, on the same files: the two cohorts must agree.
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from analysis import params

ROOT = params.ROOT
SCRATCH = Path(tempfile.gettempdir()) / "cohort_scale"
LINES_A_CHILD = 100
FILES = 8
COUNTIES = 33
PANDAS_FITS = 10_000_000

# Two lines make an event of one child and day; a hash of its number decides everything, so that the files are the same each time: kind
# (out of a thousand), how long, which diagnosis. 4 of them are of a hospital, 1 of residential treatment, 30 of an ED, where the
# first line is the facility's claim and the second the physician's.
CLAIMS = """
SELECT
    CASE WHEN kind BETWEEN 5 AND 34 AND odd = 1 THEN 10000000000 + event ELSE event END AS claim_id,
    CASE WHEN kind BETWEEN 5 AND 34 THEN 1 ELSE odd + 1 END AS line,
    event % {children} + 1 AS child_id,
    CASE WHEN kind < 4 THEN 'inpatient' WHEN kind < 5 THEN 'long_term' ELSE 'other' END AS file_type,
    from_on::TIMESTAMP AS service_from_on,
    (from_on + CASE WHEN kind < 5 THEN how % 9 WHEN kind < 35 AND odd = 0 THEN how % 20 // 17 ELSE 0 END)::TIMESTAMP AS service_to_on,
    CASE WHEN kind < 12 OR how % 10 = 0 THEN ['F32.9', 'F91.3', 'F43.10', 'F20.9', 'F33.1'][how % 5 + 1]
         ELSE ['J06.9', 'S52.501A', 'H66.90', 'Z00.129', 'J45.901', 'R10.9', 'L03.90'][how % 7 + 1] END AS diagnosis_1,
    CASE WHEN how % 40 = 0 THEN 'R45.851' END AS diagnosis_2,
    CASE WHEN kind BETWEEN 5 AND 34 AND odd = 0 THEN '0450' WHEN kind < 4 THEN '0124' WHEN kind < 5 THEN '1001' END AS revenue_code,
    CASE WHEN kind BETWEEN 5 AND 34 THEN '99284' WHEN kind >= 35 THEN ['90834', '99213', 'T1017', '92507'][how % 4 + 1] END AS procedure_code,
    CASE WHEN kind BETWEEN 5 AND 34 AND odd = 1 THEN '23' WHEN kind >= 35 THEN '11' END AS place_of_service,
    CASE WHEN kind BETWEEN 5 AND 34 AND odd = 0 THEN '131' WHEN kind < 4 THEN '111' END AS bill_type,
    NULL::VARCHAR AS patient_status,
    (20 + how % 400)::DOUBLE AS paid_usd,
    NULL::DOUBLE AS ffs_equivalent_usd
FROM (
    SELECT i // 2 AS event, i % 2 AS odd, (hash(i // 2, 1) % 1000)::INT AS kind, (hash(i // 2, 3) % 1000000)::INT AS how,
        DATE '2020-07-01' + (hash(i // 2, 2) % 2190)::INT AS from_on
    FROM range({first}, {last}) AS lines(i)
)
"""
ENROLLMENT = """
SELECT child_id, month_on::TIMESTAMP AS month_on, date_diff('day', month_on, month_on + INTERVAL 1 MONTH) AS days,
    printf('35%03d', 2 * (child_id % {counties}) + 1) AS county_fips, 'child' AS eligibility_group, NULL::VARCHAR AS plan_type
FROM (SELECT c AS child_id FROM range(1, {children} + 1) AS children(c)),
     (SELECT (DATE '2020-07-01' + INTERVAL (m) MONTH)::DATE AS month_on FROM range(72) AS months(m))
WHERE hash(child_id, month_on) % 100 > 0
"""
CHILDREN = """
SELECT c AS child_id, (DATE '2004-01-01' + (hash(c, 7) % 5800)::INT)::TIMESTAMP AS born_on, NULL::TIMESTAMP AS died_on,
    CASE WHEN c % 2 = 0 THEN 'female' ELSE 'male' END AS sex, 'hispanic' AS race_ethnicity FROM range(1, {children} + 1) AS children(c)
"""
EPISODES = """
SELECT c AS child_id, on_day AS counted_on, on_day::TIMESTAMP AT TIME ZONE 'UTC' AS dispatched_at, 'mobile' AS response_mode,
    'family' AS referral_source, NULL::VARCHAR AS response_location
FROM (SELECT c, (DATE '2022-07-01' + (hash(c, 8) % 1300)::INT)::TIMESTAMP AS on_day FROM range(1, {children} + 1, 20) AS children(c))
"""
PLACEMENTS = """
SELECT c AS child_id, on_day AS removed_on, on_day AS from_on, on_day + INTERVAL (1 + hash(c, 10) % 300) DAY AS to_on,
    CASE WHEN c % 3 = 0 THEN 'group_home' ELSE 'foster' END AS setting, NULL::VARCHAR AS exit_reason, 30.0 AS daily_rate_usd
FROM (SELECT c, (DATE '2021-07-01' + (hash(c, 9) % 1700)::INT)::TIMESTAMP AS on_day FROM range(1, {children} + 1, 50) AS children(c))
"""
DETENTIONS = """
SELECT c AS child_id, on_day AS booked_on, on_day + INTERVAL (hash(c, 12) % 20) DAY AS released_on, NULL::VARCHAR AS facility,
    NULL::VARCHAR AS charge_level
FROM (SELECT c, (DATE '2021-07-01' + (hash(c, 11) % 1700)::INT)::TIMESTAMP AS on_day FROM range(1, {children} + 1, 100) AS children(c))
"""
SITE_COUNTIES = """
SELECT printf('site-%02d', 1 + n % 15) AS site_id, printf('35%03d', 2 * n + 1) AS county_fips,
    (DATE '2022-07-01' + ((n % 15) * 60)::INT)::TIMESTAMP AS from_on, NULL::TIMESTAMP AS to_on, 1.0 AS share FROM range({counties}) AS numbers(n)
"""
TABLES = {
    "enrollment": ENROLLMENT,
    "children": CHILDREN,
    "episodes": EPISODES,
    "placements": PLACEMENTS,
    "detentions": DETENTIONS,
    "site_counties": SITE_COUNTIES,
}


def draw(lines: int, root: Path) -> None:
    """Write the tables of a state with so many lines of claims below `root`, claims in several files; nothing if they are there."""
    folder = root / "data" / "processed" / "demo"
    if (folder / "claims.parquet").is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {"children": lines // LINES_A_CHILD, "counties": COUNTIES}
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2; SET memory_limit = '2GB'; SET preserve_insertion_order = false")
        for name, query in TABLES.items():
            connection.execute(f"COPY ({query.format(**sizes)}) TO '{folder / f'{name}.parquet'}'")
        parts = folder / "claims.new"
        parts.mkdir(exist_ok=True)
        for part in range(FILES):
            query = CLAIMS.format(**sizes, first=lines * part // FILES, last=lines * (part + 1) // FILES)
            connection.execute(f"COPY ({query}) TO '{parts / f'{part}.parquet'}'")
        parts.rename(folder / "claims.parquet")


MEASURED = """
import json, sys, time
from pathlib import Path
from analysis.cohort.__main__ import derive
began = time.perf_counter()
written = derive("demo", root=Path(sys.argv[1]))
print(json.dumps({"seconds": time.perf_counter() - began, "tables": len(written)}))
"""


def take_params(root: Path) -> None:
    """The params of today, however old the files are."""
    shutil.copytree(ROOT / "params", root / "params", dirs_exist_ok=True)


def measure(root: Path) -> dict[str, float]:
    """Seconds, seconds of the cores and largest memory (GB) of deriving the tables in a process of its own, and children in the cohort."""
    take_params(root)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(root)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = after.ru_maxrss / 1e6  # of the largest so far: sizes go up
    cohort = duckdb.sql(f"SELECT count(*) FROM '{root}/data/processed/demo/cohort.parquet'").fetchall()[0][0]
    return {"seconds": json.loads(done.stdout)["seconds"], "cpu_seconds": cpu, "peak_gb": peak, "cohort": cohort}


def main(arguments: list[str]) -> int:
    """Print one line per size."""
    sizes = sorted(int(float(each)) for each in arguments if not each.startswith("--"))
    print("lines,seconds,cpu_seconds,peak_gb,children_in_cohort,pandas_seconds,ratio")
    for lines in sizes:
        root = SCRATCH / str(lines)
        draw(lines, root)
        found = measure(root)
        slow, ratio = "", ""
        if lines <= PANDAS_FITS and "--pandas" in arguments:
            from tests.bench.cohort_in_pandas import compare

            began = time.perf_counter()
            compare(root / "data" / "processed" / "demo", params.study("demo").cohort)
            slow = time.perf_counter() - began
            slow, ratio = f"{slow:.1f}", f"{slow / found['seconds']:.2f}"
        print(
            f"{lines},{found['seconds']:.1f},{found['cpu_seconds']:.1f},{found['peak_gb']:.2f},{found['cohort']},{slow},{ratio}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
