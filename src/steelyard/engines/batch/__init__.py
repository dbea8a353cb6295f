"""Many accounts at compiled speed: valued, judged, planned and replayed in whole numbers."""
