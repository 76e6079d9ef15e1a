"""Raw extracts to checked tables: every row accepted, rejected or set aside, and the reasons kept.

source.py        params/<study>/source.yml as records
raw.py           what a raw file is to the rest: rows of text, or the sentence that refuses it
files.py         one raw file, found and read: its header, its damaged rows
delimited.py     text: encoding, delimiter, quotes
spreadsheets.py  Excel and Parquet: typed cells as text
codes.py         many spellings to one code
clocks.py        local dates and times, partial ones, impossible ones, their order
columns.py       one column: its values, and why a row cannot be used
references.py    identifiers of one table in another: what belongs to nothing
rules.py         what no row may be: spans, days, scores
rows.py          one table: its rows accepted, rejected or set aside
copies.py        the same row under another id
problems.py      what was found, as counted raw and after the rules
extract.py       one study: every table read, held against each other
schema.py        the contract as a last look before anything is written
store.py         writing: all files of a study or none
start.py         a new study's folder, commented from the contract
"""
