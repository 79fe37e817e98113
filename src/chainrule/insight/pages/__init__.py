"""Pages and displays: markup that escapes, charts as SVG, arrays as images."""
