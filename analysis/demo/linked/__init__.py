"""The linked study of the made-up state: claims, enrollment, placements and detentions, and what either response would have led to.

    settings.py       params/demo/scenarios.yml as frozen records; named random streams
    families.py       diagnosis families of a crisis
    conditions.py     negative-control conditions
    frame.py          mobile-first children of the dispatch records; expected ED-first crises by county and month
    crises.py         index crises: severity, past, and the chance that a team comes first
    pool.py           crises of both arms under one rule of assignment
    index.py          the index crises behind the raw files
    shocks.py         what befalls a child afterwards, drawn once for both arms
    paths.py          what of it happens in one arm: visits, stays, placements, detentions, bills
    outcomes.py       first days, counts, nights and dollars of paths
    past.py           other care before a crisis
    enrollment.py     months on Medicaid
    truth.py          potential outcomes and the true estimands
    direct.py         cohort, follow_up and follow_up_months without claims
    replicate.py      draw_replicate: these tables anew for each seed
    county_months.py  counties by month, and the true effect of the rollout
    claims.py         lines of claims
    newcomers.py      later visits that would otherwise make a second index crisis
    other_clients.py  the service's children on Medicaid whom no team could bring into the study
    roster.py         the other children on Medicaid, block by block
    rows.py           clean tables with the contract's columns
    state.py          LinkedState: all of it for one scenario
    extracts.py       Medicaid's files as the agency sends them
    agencies.py       files of child welfare and detention, and the crosswalk
    spoil.py          what is wrong with them
    disk.py           the files and the truth on disk

`python -m analysis.demo [--scenario NAME] [--children N] [--lines N] [--clean]` writes the raw files beside those of the dispatch
records, and data/truth/demo/<scenario>/. Nothing outside analysis/demo and the tests reads the truth.
"""
