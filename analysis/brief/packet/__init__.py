"""What goes into the meeting, made from the finished briefs of one period: one packet, one workbook, slides, a folder a site.

binding.py    the briefs as one page, and the order of everything else
paper.py      a page as a tagged PDF, through Chromium where it is installed
workbook.py   the tables as one Excel workbook
slides.py     one chart, one sentence and one question a slide
folders.py    what is sent to each site, and to the meeting
"""
