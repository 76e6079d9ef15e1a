"""Dollars: what a unit costs and in which year, who pays which part on which day, and what it would take to pay for itself.

params/costs.csv, price_index.csv  -> prices       a price with its range, in the dollars of one year
params/shares.csv                  -> shares       who pays which part on a day: Medicaid, the state, a county
params/assumptions.csv             -> assumptions  rates and ratios from elsewhere, or illustrative
params/<study>/program.csv         -> program      what a response costs, by site and month; average and one more
quantity x price x share           -> ledger       lines by payer and fiscal year, in the form of savings.csv
                                   -> threshold    "pays for itself if X of 100 responses replaced an ED visit"
                                   -> borrowed     Connecticut's effect on local volumes, labeled borrowed
                                   -> tree         a published planning tree for people of all ages
"""
