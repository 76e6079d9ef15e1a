"""Briefs: what a reader gets.

numbers.py      the measures of one period, small counts hidden; windows.py the spans of time that the briefs show; hiding.py
monthly.py      the statewide brief; scorecard.py one site's page; records.py data quality, with other_agencies.py
panels.py       pieces that several briefs share; wording.py sentences with numbers; figures.py; markup.py HTML
small_counts/   what is hidden, how fine a place may be shown, the tables that may be sent on
roi/            ED diversion, placement and dollars from episodes alone; the data request
linked/         who is in the linked study, and who is not
packet/         what goes into the meeting: packet, PDF, workbook, slides, folders to send
press/          notebooks run, pages made, what they were made from, the index
"""
