"""What pages ask with: the sidebar, rows and draws, a drawing, a player, what is behind a page."""
