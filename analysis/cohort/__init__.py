"""Who is compared with whom, from which day, and what happened to them after. Expressions that DuckDB and Spark work out alike.

engine.py       DuckDB, or Spark with ENGINE=spark; tables in and out; days as whole numbers
spans.py        spans of one child that touch are one
diagnoses.py    what a diagnosis says: tier, family, injury, negative control
ed.py           claims merged into ED visits
stays.py        hospital, residential and boarding stays, bridged
removals.py     removals, living arrangements in care, short police holds
nights.py       nights away from home, each once
enrollment.py   months of enrollment as spans
crises.py       contacts chained into crises; the first contact is the arm
eligibility.py  every rule of entry, about the first response or before
target_trial.py first eligible crisis of each child, the common band, the index visit
baseline.py     what was known before the first response
follow.py       how long watched, first events after
months.py       events, nights and dollars by month of 30 days
county_months.py the rollout panel
attrition.py    who was left out, and why
build.py        all of it in order
"""
