"""The ROI briefs: ED diversion, placement, dollars, from episodes alone; and the request for what would narrow them."""
