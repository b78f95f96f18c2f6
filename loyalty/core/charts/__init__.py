"""Pictures drawn on the server as inline SVG.

Pure functions of figures; they return markup without any style attribute, coloured by
the classes of `theme/charts.css`, with a title and a description for those who do not
see it. Show the same numbers as a table beside each (`core/shell/_chart.html`).
"""
