"""What goes into the meeting, made from the finished briefs of one period: one packet, one workbook, slides, a folder a site.

meeting.py    where everything of one period lies
delivery.py   which briefs go in, in which order, and all of it made and put in place
binding.py    the briefs as one page
paper.py      a page as a tagged PDF, through Chromium where it is installed
workbook.py   the tables as one Excel workbook
drawings.py   the statewide figures, drawn once more
slides.py     one chart, one sentence and one question a slide
folders.py    what is sent to each site, and to the meeting
"""
