"""Measures: what the records say about a service, by place and period, each figure with its denominator.

received.py     the tables that measures are counted from
cards.py        params/measures.yml: one card a measure, with the study's own clocks and targets in place
measures/       one function a measure, named like its card: one value for each row that belongs
rows.py         what a row is: episodes, discharges, calls, staff on the last day of a month
stays.py        how long stabilization may last
scales.py       params/scales.yml: rating scales, reliable change and what chance alone gives
waits.py        minutes on a response clock
exposure.py     months of service and child-years behind a count
counts.py       the table: a measure, stratum, place and period a row
units.py        from the values of a measure to a figure: shares, counts, quantiles, means
equity.py       measures by groups of children, under a rule fixed beforehand
interaction.py  did the groups move differently?
claims_visits.py  emergency department visits and hospital stays in the claims
intervals.py    exact and score intervals
comparisons.py  a change, a target met or missed, the bounds of a share that was not fully recorded
utilization/    sites that reach fewer children than expected, and how often that is wrong
charts/         control charts, run charts, funnels, waiting curves; which for which measure, and what the last point says

intervals, waits, scales, stays <- measures <- cards <- exposure, rows <- units <- counts <- comparisons, charts, equity; exposure <- utilization
"""
