"""Low use: which sites reach fewer children than expected, which cannot be told yet, and how often that answer is wrong.

parameters.py   params/low_use.yml: the constants of the rule, each with its source
expected.py     episodes expected of each site and month, from the other sites' rates by age
dispersion.py   month shocks inside sites, the spread between them, and the chance of so few episodes
posterior.py    chances of a site's rate ratio, from all sites at once
look.py         one month's look at every site
rule.py         the classes: can't tell yet, watch, fewer than expected, in the expected range
leaving.py      when a plan may end
error_rates.py  the whole rule on simulated sites that work as usual, and on some that do not

No site is ranked anywhere: of the lowest three observed in a month, 38 in 100 are truly lowest.
"""
