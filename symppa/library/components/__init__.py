"""Components: what systems are built from."""
