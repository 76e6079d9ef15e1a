"""The map: how a raw extract becomes a brief.

    data/raw/<study>/            as received; the made-up state is written there by analysis.demo
      -> analysis.intake         params/<study>/source.yml maps columns and codes; every row is accepted, rejected or set aside
    data/processed/<study>/      the tables of analysis/tables.py, receipts.csv, rejected/
      -> analysis.cohort         ED visits, stays, nights away, the cohort and what became of it, where claims are there
      -> analysis.quality        one function a measure; the cards are in params/measures.yml
      -> analysis.effect         what the service changed, as far as the data can say: bounds from episodes alone
      -> analysis.savings        prices and their year, who pays on which day, ledgers, break-even
      -> analysis.brief          small counts hidden, figures, sentences, pages
    outputs/<study>/runs/        executed notebooks: stay inside
    outputs/<study>/briefs/      HTML briefs, small counts hidden
    outputs/<study>/tables/      the numbers behind them, small counts hidden

Who may import whom, one way only: tables, params, periods, intervals <- demo, intake <- cohort <- effect <- savings <- brief,
and intake <- quality <- brief <- notebooks.
"""

import pandas as pd

pd.set_option("mode.copy_on_write", True)
