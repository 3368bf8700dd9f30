"""Reports: what a judgement and its evidence look like, as page, text and data.

`source` makes chapters from results, the renderers make text from chapters. A chapter
without runs (a plan, a tree of another tool) is rendered by the same functions.
"""
