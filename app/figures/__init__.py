"""Arrays in, figures out: sprites of pixels, charts, and what is drawn over a plane."""
